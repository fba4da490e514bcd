"""How vectors lie and which matrix a derivative is: one convention for a document."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from symrnn.derive.formula import Equation, Immediate, Marked, Total, Words
from symrnn.derive.pieces import walk
from symrnn.language.tree import NARROW, Ref
from symrnn.system.symbols import Symbols


@dataclass(frozen=True)
class Convention:
    """How vectors lie and which matrix a derivative is: one choice for a document."""

    columns: bool = False
    """Whether a variable is a column and x W is written W x."""
    denominator: bool = False
    """Whether ∂u/∂v has a row for each entry of v."""
    vectors_turned: bool = False
    """Whether ∂L/∂v is the transpose of what v is."""
    matrices_turned: bool = False
    """Whether ∂L/∂W is the transpose of what W is."""


def conventions(
    equations: Sequence[Equation], symbols: Symbols, columns: bool
) -> tuple[Convention, ...]:
    """The conventions that make a difference for these equations, that of `derive` first."""
    sides = [side for e in equations for side in (e.left, *e.rights)]
    parts = [part for side in sides for part in walk(side)]
    kinds = {_kind(part, symbols) for part in parts if isinstance(part, Total | Immediate)}

    def both(kind: str) -> Collection[bool]:
        return (False, True) if kind in kinds else (False,)

    return tuple(
        Convention(lie, lie != other, vectors, matrices)
        for lie in (columns, not columns)
        for vectors in both("vector")
        for matrices in both("matrix")
        for other in both("jacobian")
    )


def _kind(part: Total | Immediate, symbols: Symbols) -> str:
    if not isinstance(part.of, Ref) or not is_number(symbols, part.of.name):
        return "jacobian"
    by = part.by.arg if isinstance(part.by, Marked) else part.by
    matrix = isinstance(by, Ref) and len(symbols[by.name].shape) == 2
    return "matrix" if matrix else "vector"


def is_number(symbols: Symbols, name: str) -> bool:
    """Whether a variable is one number, as a loss is: its derivatives are gradients."""
    return symbols[name].shape in ((), (NARROW,))


ROWS, COLUMNS = "variables are rows, x W", "variables are columns, W x"
NUMERATOR = "∂u/∂v has a row for each entry of u"
DENOMINATOR = "∂u/∂v has a row for each entry of v"


def said(convention: Convention, tried: Sequence[Convention]) -> Words:
    """A convention in words, as far as another one would have made a difference."""
    if len(tried) == 1:
        return ()
    parts = [COLUMNS if convention.columns else ROWS]
    if len({each.denominator != each.columns for each in tried}) > 1:
        parts.append(DENOMINATOR if convention.denominator else NUMERATOR)
    for turned, letter in ((convention.vectors_turned, "v"), (convention.matrices_turned, "W")):
        if turned:
            parts.append(f"∂L/∂{letter} is the transpose of what {letter} is")
    return ("; ".join(parts),)
