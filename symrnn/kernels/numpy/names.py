"""Names in a generated function: each for one thing, and how those of views end.

A view is named after what it shows: `h_3` for h at step 3, `h_prev` for the step before the one of
a loop, `x_rows` for all steps and sequences as the rows of one matrix.
"""

import keyword
from dataclasses import dataclass, field

from symrnn.kernels.program.program import Now

RESERVED = {
    *keyword.kwlist,
    *("np", "B", "dtype", "theta", "dtheta", "array", "empty", "ones", "zeros", "piece", "self"),
    *(
        "zip",
        "tuple",
        "list",
        "range",
        "len",
        "step",
        "forward",
        "loss",
        "backward",
        "Plan",
        "total",
    ),
    *("softplus", "highest", "dot", "matmul", "copyto", "print", "int", "float"),
    *("add", "subtract", "multiply", "divide", "negative", "power", "tanh", "exp", "log", "log1p"),
    *("sinh", "cosh", "arctan", "erf"),
    *("expm1", "sqrt", "square", "sin", "cos", "maximum", "minimum", "greater", "equal"),
    *("STEPS", "PARAMS", "FIXED", "INPUTS", "STATES", "OUTPUTS", "DIMS", "START", "Kernel", "plan"),
    *("IDS", "take", "look_up", "scatter", "pick", "add_at"),
    *("rows", "N", "given", "fixed", "inputs", "cotangents", "name", "value", "shape", "batch"),
}
"""Names that a generated function has for itself."""


@dataclass
class Names:
    """Python names, each for one thing."""

    taken: set[str] = field(default_factory=lambda: set(RESERVED))

    def new(self, wish: str) -> str:
        name, count = wish, 2
        while name in self.taken:
            name, count = f"{wish}_{count}", count + 1
        self.taken.add(name)
        return name


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
