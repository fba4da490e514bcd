"""The functions of a text, as a derivation shows them: each is defined once, and f′ too."""

from collections.abc import Iterable, Sequence

from symrnn.derivation.formula import (
    Apply,
    Equation,
    Formula,
    Minus,
    Name,
    Power,
    Ratio,
    Sheet,
    Sum,
    Times,
    walk,
)
from symrnn.derivation.notation.glyph import GREEK
from symrnn.errors import CheckError
from symrnn.language.elementwise import own_functions
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Own, Pow, Ref


def definitions(sheets: Iterable[Sheet]) -> tuple[Sheet, ...]:
    """A sheet with the functions of the text that these sheets apply; none, if they apply none."""
    found: dict[Own, None] = {}
    for sheet in sheets:
        for equation in sheet.equations:
            for part in (p for right in equation.rights for p in walk(right)):
                if isinstance(part, Apply) and part.own is not None:
                    found.update(dict.fromkeys(_with_callees(part.own)))
    # a derivative stands behind its function
    ordered = sorted(found, key=lambda own: own.of is not None)
    return (Sheet(("Functions",), tuple(map(_equation, ordered))),) if found else ()


def _with_callees(own: Own) -> list[Own]:
    whole = own.of or own
    return [*own_functions([whole.body]), whole, *own_functions([own.body]), own]


def _equation(own: Own) -> Equation:
    letters = tuple(Name(_letter(arg)) for arg in own.args)
    return Equation(Apply(own.name, letters, own), (in_place_of(own.args, letters, own.body),))


def _letter(name: str) -> str:
    return rf"\{name}" if name in GREEK else name.replace("_", "")


def in_place_of(names: tuple[str, ...], args: Sequence[Formula], body: Expr) -> Formula:
    """A definition as a formula, with these arguments."""
    known = dict(zip(names, args, strict=True))

    def formula(expr: Expr) -> Formula:
        match expr:
            case Num():
                return expr
            case Ref(name=name):
                return known[name]
            case Neg(arg=arg):
                return Minus(formula(arg))
            case Add(terms=terms):
                return Sum(tuple(map(formula, terms)))
            case Mul(left=left, right=right):
                return Times((formula(left), formula(right)))
            case Div(left=left, right=right):
                return Ratio(formula(left), formula(right))
            case Pow(left=left, right=right):
                return Power(formula(left), formula(right))
            case Call(function=function, args=args, own=own):
                return Apply(function, tuple(map(formula, args)), own)
        raise CheckError(f"no definition holds {type(expr).__name__}")

    return formula(body)
