"""The functions of a text, as a derivation shows them: each is defined once, and f′ too."""

from collections.abc import Iterable

from symrnn.derive.formula import Equation, Name, Sheet, walk
from symrnn.derive.notation.glyph import GREEK
from symrnn.derive.slopes import formula_of
from symrnn.language.elementwise import own_functions
from symrnn.language.tree import Call, Own


def functions_of(sheets: Iterable[Sheet]) -> tuple[Sheet, ...]:
    """A sheet with the functions of the text that these sheets apply; none, if they apply none."""
    found: dict[Own, None] = {}
    for sheet in sheets:
        for equation in sheet.equations:
            for part in (p for right in equation.rights for p in walk(right)):
                if isinstance(part, Call) and part.own is not None:
                    found.update(dict.fromkeys(_with_callees(part.own)))
    # a derivative stands behind its function
    ordered = sorted(found, key=lambda own: own.of is not None)
    return (Sheet(("Functions",), tuple(map(_equation, ordered))),) if found else ()


def _with_callees(own: Own) -> list[Own]:
    whole = own.of or own
    return [*own_functions([whole.body]), whole, *own_functions([own.body]), own]


def _equation(own: Own) -> Equation:
    letters = tuple(Name(_letter(arg)) for arg in own.args)
    return Equation(
        Call(own.name, letters, own),
        (formula_of(own.body, dict(zip(own.args, letters, strict=True))),),
    )


def _letter(name: str) -> str:
    return rf"\{name}" if name in GREEK else name.replace("_", "")
