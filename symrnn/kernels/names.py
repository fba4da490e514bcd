"""Names in a generated function: each for one thing."""

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.kernels.program.program import Program

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


def own_names(program: Program, dims: Sequence[str]) -> Mapping[str, str]:
    """The name in a generated function of each dimension, pack and array, by `dim H`, `pack W` and
    `x`: their own, unless something else is called so.

    >>> from symrnn.kernels.program.program import Array
    >>> arrays = {name: Array(name, "input", ()) for name in ("x", "zip")}
    >>> own_names(Program(1, arrays, {}), "H")
    {'dim H': 'H', 'x': 'x', 'zip': 'zip_2'}
    """
    names, found = Names(), dict[str, str]()
    for name in dims:
        found[f"dim {name}"] = names.new(name)
    for pack in program.packs:
        found[f"pack {pack.name}"] = names.new(pack.name)
    for name in program.arrays:
        found[name] = names.new(name)
    return found
