"""What a call in a generated function works on, before it has a name.

    h_3       StepView: h at step 3
    h_prev    Each: h at the step before, in a loop
    x_rows    View: x at all steps, as the rows of one matrix
    half      Constant: the number 0.5

Operands are made by `places` and `statements`, which know no names but those of arrays, and get
theirs in `allot`, in the order in which they appear.
"""

from dataclasses import dataclass

from symrnn.kernels.program.program import Now
from symrnn.language.tree import Width


@dataclass(frozen=True)
class View:
    """Some of an array, under a name of its own: `h_rows = h.reshape(3 * B, H)`."""

    text: str
    wish: str
    """The name that it should have."""
    argument: bool = False
    """Whether it is of an input that is read where it lies: then it is made in each call."""
    of: "Operand | None" = None
    """The operand that it is a view of; then `text` is what comes behind the name of that."""


@dataclass(frozen=True)
class StepView:
    """One step of an array. Those of steps beside each other are made together."""

    names: tuple[str, ...]
    part: tuple[Width, Width] | None
    text: str
    """All steps."""
    step: int
    wish: str
    whole: str
    """What all the steps together should be called, if they need a name."""


@dataclass(frozen=True)
class Each:
    """What a loop goes through: an array of views, one for each of its steps."""

    text: str
    wish: str
    uses: frozenset[str] = frozenset()
    """The functions that make it."""


@dataclass(frozen=True)
class Constant:
    """A number made of numbers and sizes."""

    text: str


@dataclass(frozen=True)
class Ones:
    """So many ones: a product with them is the quickest sum that NumPy has."""

    text: str
    wish: str


@dataclass(frozen=True)
class Turned:
    """A matrix, transposed: as it lies, or as a copy that BLAS reads faster."""

    of: "Operand"
    copied: bool = False


Operand = str | View | StepView | Each | Constant | Ones | Turned
"""A text is the name of an array, which is known already."""


@dataclass(frozen=True)
class Call:
    """A statement: a pattern with holes, `tanh({0}, {1})`, and what they are filled with."""

    pattern: str
    operands: tuple[Operand, ...]
    uses: frozenset[str]
    """The functions that it calls."""


def call(pattern: str, *operands: Operand, uses: str = "") -> Call:
    """
    >>> call("dot({0}, {1}, {2})", "x", "W", "x_W").uses
    frozenset({'dot'})
    """
    return Call(pattern, operands, frozenset({uses or pattern.partition("(")[0]}))


def said(step: int) -> str:
    """A step in a name.

    >>> said(3), said(-1)
    ('3', 'm1')
    """
    return str(step) if step >= 0 else f"m{-step}"


LOOPED = {0: "t", -1: "prev", 1: "next"}


def looped(label: str, now: Now) -> str:
    """The name of a view inside a loop: `h_t`, `h_prev`, `h_prev2`, `h_next`."""
    shift = now.shift
    if shift in LOOPED:
        return f"{label}_{LOOPED[shift]}"
    return f"{label}_{'prev' if shift < 0 else 'next'}{abs(shift)}"
