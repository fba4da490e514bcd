"""How wide the rows of a system are, as numbers as far as its dimensions have some."""

from collections.abc import Iterable, Mapping

from symrnn.language.tree import NARROW, Ref, Width
from symrnn.system.system import System


class Sizes:
    """Widths in one system; `dims` gives numbers to dimensions, `T` and `B` among them."""

    def __init__(self, system: System, dims: Mapping[str, int]) -> None:
        self.system, self.symbols = system, system.symbols
        self.dims = {"B": 1, **dims}
        if system.steps is not None:
            self.dims["T"] = system.steps

    def width(self, width: Width) -> Width:
        """The width, as a number as far as its dimensions have one."""
        known = sum(self.dims[name] for name in width.names if name in self.dims)
        names = tuple(name for name in width.names if name not in self.dims)
        return Width(names, width.number + known)

    def width_of(self, ref: Ref) -> Width:
        return self.width(self.symbols[ref.name].width)

    def shape_of(self, name: str) -> tuple[Width, Width]:
        """Rows and columns; a vector is a row."""
        shape = tuple(map(self.width, self.symbols[name].shape))
        return (shape[0], shape[1]) if len(shape) == 2 else (NARROW, shape[0] if shape else NARROW)

    def is_matrix(self, name: str) -> bool:
        """Whether a parameter is a matrix that is not a single number."""
        symbol = self.symbols[name]
        return len(symbol.shape) == 2 and self.shape_of(name) != (NARROW, NARROW)


def widest(widths: Iterable[Width]) -> Width:
    return next((w for w in widths if w != NARROW), NARROW)


def together(widths: Iterable[Width]) -> Width:
    total = Width()
    for width in widths:
        total += width
    return total


def less(whole: Width, part: Width) -> Width:
    """What remains of a width."""
    names = list(whole.names)
    for name in part.names:
        names.remove(name)
    return Width(tuple(names), whole.number - part.number)
