"""Column convention: every formula transposed, with columns for rows and Wᵀ called W.

δ_t w_hᵀ ⊙ (1 - O_t²)   =>   w_hᵀ … read as columns: (W_hhᵀ δ_t) ⊙ (1 - h_t²)
"""

from dataclasses import replace

from symrnn.derive.build import transposed
from symrnn.derive.formula import (
    Big,
    Blocks,
    Chain,
    Formula,
    Immediate,
    Ones,
    Product,
    Sheet,
    Total,
    Value,
    Zeros,
    map_children,
)
from symrnn.language.tree import Part, Ref, Transpose

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

    def words(parts: tuple["str | Formula", ...]) -> tuple["str | Formula", ...]:
        said = {ROWS: COLUMNS}
        return tuple(said.get(p, p) if isinstance(p, str) else flipped(p) for p in parts)

    return tuple(
        replace(
            sheet,
            note=words(sheet.note),
            equations=tuple(
                replace(e, left=flipped(e.left), rights=tuple(map(flipped, e.rights)))
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
    return map_children(formula, flipped)
