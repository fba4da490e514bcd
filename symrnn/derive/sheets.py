"""The views by name, and what may be done to any of them: the batch, the column convention."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from symrnn.derive.build import ONE, times
from symrnn.derive.columns import as_columns
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.formula import Big, Equation, Formula, Marked, Name, Sheet, Times, Total
from symrnn.derive.length import check
from symrnn.derive.views.chain import chain
from symrnn.derive.views.closed import closed
from symrnn.derive.views.delta import delta
from symrnn.derive.views.expanded import expanded
from symrnn.derive.views.forward import forward
from symrnn.derive.views.local import local
from symrnn.derive.views.paths import paths
from symrnn.derive.views.product import products
from symrnn.derive.views.uses import uses
from symrnn.errors import UsageError, suggestion
from symrnn.language.tree import BATCH, Add, Div, Neg, Ref, Size

Sheets = tuple[Sheet, ...]


def numbers(derivation: Derivation, names: Sequence[str] = (), **extra: Any) -> Sheets:
    """The worked example; only this view needs NumPy, which takes as long to import as the others
    to write."""
    from symrnn.derive.views import numbers as view

    return view.numbers(derivation, names, **extra)


VIEWS: dict[str, Callable[..., Sheets]] = {
    "chain": chain,
    "local": local,
    "closed": closed,
    "delta": delta,
    "product": products,
    "paths": paths,
    "uses": uses,
    "forward": forward,
    "expanded": expanded,
    "numbers": numbers,
}

ABOUT = {
    "chain": "The chain rule, path by path",
    "local": "Local derivatives",
    "closed": "In closed form",
    "delta": "The backward recursion",
    "product": "As products of Jacobians",
    "paths": "Every path on its own",
    "uses": "The sum over the uses of a parameter",
    "forward": "Carried forward with the steps",
    "expanded": "In inputs and weights alone",
    "numbers": "A worked example",
}

BY_STEP = ("chain", "local", "closed")
"""Views that write every step out, and could become too long."""


@dataclass(frozen=True)
class Request:
    """What is to be shown of a derivation."""

    views: tuple[str, ...] = ()
    wrt: tuple[str, ...] = ()
    columns: bool = False
    batch: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the view `numbers` needs: data and η."""


def check_views(views: Sequence[str]) -> None:
    for view in views:
        if view not in VIEWS:
            raise UsageError(
                f"unknown view '{view}'{suggestion(view, list(VIEWS))}\nthere are"
                f" {', '.join(VIEWS)}"
            )


def sheets_of(derivation: Derivation, view: str, request: Request) -> Sheets:
    """The sheets of one view."""
    check_views([view])
    names = derivation.chosen(request.wrt)
    if view in BY_STEP:
        check(derivation, view, names)
    extra = request.extra if view == "numbers" else {}
    found = VIEWS[view](derivation, names, **extra)
    return as_columns(found) if request.columns and not derivation.scalar else found


def over_batch(sheets: Sheets) -> Sheets:
    """Each gradient as the average over the sequences of a batch."""
    names = {sheet.about for sheet in sheets if sheet.about}

    def averaged(formula: Formula) -> Formula:
        sign = isinstance(formula, Neg)
        inner = formula.arg if isinstance(formula, Neg) else formula
        whole = Big("sum", "b", Ref("", "1"), Ref("", "B"), Neg(inner) if sign else inner)
        return times(Div(ONE, Size(BATCH)), whole)

    def changed(equation: Equation) -> Equation:
        match equation.left:
            case Total(of=of, by=Ref(name=name, base="")) if of == LOSS:
                if names and name not in names:
                    return equation
                rights = tuple(map(averaged, equation.rights))
                return replace(equation, rights=rights, by_terms=False)
        return equation

    note = (
        "The loss is the mean over B sequences; within the sum all variables, and L, are those of"
        " sequence b. ",
    )
    return tuple(
        replace(
            sheet,
            equations=tuple(map(changed, sheet.equations)),
            note=(*note, *sheet.note) if position == 0 else sheet.note,
        )
        for position, sheet in enumerate(sheets)
    )


def update_rules(derivation: Derivation, wrt: Sequence[str] = ()) -> Sheet:
    """w^new = w^old - η ∂L/∂w^old, for each parameter."""
    parameters = {s.name for s in derivation.plain.named("parameter")}
    equations = []
    for name in derivation.chosen(wrt):
        if name in parameters:
            old = Marked(Ref(name), "old")
            step = Neg(Times((Name(r"\eta"), Total(LOSS, old))))
            equations.append(Equation(Marked(Ref(name), "new"), (Add((old, step)),)))
    return Sheet(("Update rules",), tuple(equations))
