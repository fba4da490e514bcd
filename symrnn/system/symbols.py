"""What each name stands for: its role, whether it runs over time, its shape."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from symrnn.language.tree import Ref, Width

Role = Literal[
    "input",
    "target",
    "parameter",
    "fixed",
    "constant",
    "variable",
    "weight",
    "adjoint",
    "total",
]
"""What is `fixed` is handed in as a parameter is, and not trained. A `variable` has a row for each
sequence; a `weight` is computed of what is handed in without rows, and has none itself. An
`adjoint` is linear in adjoints and has rows as a variable has; a `total` is summed over the batch:
the loss, or the gradient of a parameter or of a weight."""

GIVEN: tuple[Role, ...] = ("parameter", "fixed")
"""What is handed in and has no row for each sequence."""
ROWLESS: tuple[Role, ...] = (*GIVEN, "constant", "weight", "total")
"""What has no row for each sequence."""

Symbols = dict[str, "Symbol"]

PI = Fraction(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211"
)
"""The value of the name `pi`, unless a text gives it another: to 95 digits, as a number of a text
has at most a hundred."""


@dataclass(frozen=True, slots=True)
class Symbol:
    name: str
    role: Role
    timed: bool = False
    shape: tuple[Width, ...] = ()
    """(n,) for rows and vectors, (n, m) for a matrix, () for a constant and the loss."""

    value: Fraction | None = None
    """The number, for a constant."""

    start: Fraction | str | None = None
    """How a parameter starts, where the text says so."""

    onehot: bool = False
    """Each row of this target sums to one."""

    output: bool = False
    of: Ref | None = None
    """What it is the adjoint of."""

    keeps: str = ""
    """The input of which it keeps earlier steps."""

    weighs: str = field(default="", compare=False)
    """The variable whose adjoint it is, as the caller hands it in; no text says so."""

    @property
    def double(self) -> Fraction:
        """The number of a constant as a kernel works with it: of pi, its double."""
        assert self.value is not None
        return Fraction(repr(float(PI))) if self.value == PI else self.value

    @property
    def width(self) -> Width:
        """The features of one row."""
        return self.shape[-1] if self.shape else Width((), 1)


def dimensions(symbols: Symbols) -> list[str]:
    """The named dimensions, in order of appearance."""
    roles = ("input", "target", "variable", *GIVEN)
    asked = [s for s in symbols.values() if s.role in roles]
    return list(dict.fromkeys(name for s in asked for width in s.shape for name in width.names))
