"""The sheets of what is asked for: chosen views, for columns, averaged over the batch.

Column convention: every formula transposed, with columns for rows and Wᵀ called W.

    δ_t w_hᵀ ⊙ (1 - O_t²)   =>   w_hᵀ … read as columns: (W_hhᵀ δ_t) ⊙ (1 - h_t²)

A view that writes every step out is refused where nobody would read it. How long it would be is
found without writing it, for any T.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from symrnn.derive.build import times, transposed
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.formula import (
    Big,
    Blocks,
    Chain,
    Equation,
    Formula,
    Immediate,
    Marked,
    Name,
    Ones,
    Product,
    Shape,
    Sheet,
    Times,
    Total,
    Value,
    Words,
    Zeros,
)
from symrnn.derive.pieces import map_children
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError, suggestion
from symrnn.language.tree import BATCH, ONE, Add, Div, Neg, Part, Ref, Size, Transpose
from symrnn.system.windows import Windows

Sheets = tuple[Sheet, ...]


@dataclass(frozen=True)
class Request:
    """What is to be shown of a derivation."""

    views: tuple[str, ...] = ()
    wrt: tuple[str, ...] = ()
    columns: bool = False
    batch: bool = False
    evenly: bool = False
    """Whether what paths share at some step has a total at each, so that all steps look alike."""
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
    row = VIEWS[view]
    if request.evenly and row.begins_at_totals:
        derivation = derivation.even
    if row.is_long:
        check_length(derivation, view, names)
    found = row(derivation, names, **(request.extra if row.in_numbers else {}))
    return as_columns(found) if request.columns and not derivation.scalar else found


# how long a view would be

MOST = 20_000
"""Partial derivatives in all terms together: some hundred pages."""

FITTED = (8, 9, 10)
"""The numbers of steps at which the length is counted to know it for any other."""


def count_factors(derivation: Derivation, names: Sequence[str] = ()) -> int:
    """The partial derivatives in the terms of these parameters.

    >>> from symrnn.language.parse import parse
    >>> written = parse("h[t] = tanh(u * h[t-1] + x[t]); L = mse(y, h[T])")
    >>> [count_factors(Derivation("mine", written, steps)) for steps in (1, 2, 3, 20)]
    [2, 5, 9, 230]
    """
    steps = derivation.steps
    if derivation.windows is not None:
        return _within_windows(derivation, derivation.windows, names)
    if steps is None or steps <= FITTED[-1]:
        return _counted(derivation, names)
    a, b, c = (_counted(replace(derivation, steps=each), names) for each in FITTED)
    far = steps - FITTED[0]  # a term grows by the same number of factors from step to step
    return a + far * (b - a) + far * (far - 1) // 2 * (c - 2 * b + a)


def _within_windows(derivation: Derivation, cut: Windows, names: Sequence[str]) -> int:
    """The same where backpropagation is cut: every window beyond the first few adds as much more
    as the one before it."""
    whole = count_factors(replace(derivation, steps=cut.size, truncate=None), names)
    if whole > MOST:
        return whole
    start = cut.steps % cut.size + cut.size * -(-FITTED[0] // cut.size)
    if cut.steps <= start + 2 * cut.size:
        return _counted(derivation, names)
    a, b, c = (
        _counted(replace(derivation, steps=start + more * cut.size), names) for more in range(3)
    )
    far = (cut.steps - start) // cut.size
    return a + far * (b - a) + far * (far - 1) // 2 * (c - 2 * b + a)


def _counted(derivation: Derivation, names: Sequence[str]) -> int:
    paths = derivation.paths
    depth: dict[Ref, int] = {LOSS: 0}
    for node in derivation.network.edges:
        if paths.is_total(node):
            depth[node] = 1
        else:
            (edge,) = derivation.network.edges[node]
            depth[node] = depth.get(paths.node(edge.of), 0) + 1
    targets = [t for name in derivation.chosen(names) for t in derivation.targets(name)]
    return sum(
        depth.get(paths.node(edge.of), 0) + 1
        for target in (*targets, *derivation.totals(names))
        for edge in derivation.network.edges.get(paths.node(target), [])
    )


def check_length(derivation: Derivation, view: str, names: Sequence[str] = ()) -> None:
    """Refuse what nobody would read."""
    found = count_factors(derivation, names)
    if found > MOST:
        raise UsageError(
            f"the view {view} for T = {derivation.steps} would have {found:,} factors (the limit is"
            f" {MOST:,}); delta and product say the same for any T"
        )


# columns for rows

ROWS = (
    "∂u/∂v has a row for each entry of u and a column for each entry of v: rows ∂L/∂u are"
    " multiplied with it from the right. "
)
COLUMNS = (
    "∂u/∂v has a row for each entry of v and a column for each entry of u: columns ∂L/∂u are"
    " multiplied with it from the left. "
)
"""Which matrix a partial derivative is."""


def as_columns(sheets: tuple[Sheet, ...]) -> tuple[Sheet, ...]:
    """The same equations for column vectors."""

    def words(parts: Words) -> Words:
        said = {ROWS: COLUMNS}
        return tuple(said.get(p, p) if isinstance(p, str) else flipped(p) for p in parts)

    return tuple(
        replace(
            sheet,
            note=words(sheet.note),
            equations=tuple(
                replace(
                    e,
                    left=flipped(e.left),
                    rights=tuple(map(flipped, e.rights)),
                    reasons=tuple(map(words, e.reasons)),
                )
                for e in sheet.equations
            ),
        )
        for sheet in sheets
    )


def flipped(formula: Formula) -> Formula:
    """The transpose of a formula, in letters that stand for the transposes of the old ones."""
    match formula:
        case Ref() | Total():
            return formula
        case Immediate(by=by):
            return replace(formula, by=flipped(by))
        case Ones():
            return Transpose(formula)
        case Product(factors=factors):
            return Product(tuple(map(flipped, reversed(factors))))
        case Chain(factors=factors):
            return Chain(tuple(map(flipped, reversed(factors))))
        case Big(sign="prod", low=low, high=high, body=body):
            return replace(formula, low=high, high=low, body=flipped(body))
        case Transpose(arg=Part() | Blocks() as arg):
            return Transpose(flipped(arg))
        case Transpose(arg=arg):
            return transposed(flipped(arg))
        case Blocks(rows=rows):
            return Blocks(tuple(tuple(map(flipped, column)) for column in zip(*rows, strict=True)))
        case Value(rows=values):
            return Value(tuple(zip(*values, strict=True)))
        case Zeros(rows=rows, columns=columns):
            return Zeros(columns, rows)
        case Shape(rows=rows, columns=columns):
            return Shape(columns, rows)
    return map_children(formula, flipped)


# the batch, and updates


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
