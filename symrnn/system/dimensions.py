"""Names for the widths that a text leaves open: D for x, C for the target, H for the first state.

Whatever comes after the first of its sort is named after its variable: H_q, D_u.
"""

from collections.abc import Iterator, Mapping

from symrnn.language.tree import Ref, Written, walk
from symrnn.system import names
from symrnn.system.symbols import Symbols
from symrnn.system.unify import Sum, flat


def name_open_widths(
    written: Written, symbols: Symbols, shapes: Mapping[str, tuple[Sum, ...]], taken: set[str]
) -> None:
    """Give a name to each open width that an input, a target or a variable has."""
    for letter, group in _groups(written, symbols):
        first = True
        for name in group:
            parts, number = flat(shapes[name][0])
            if len(parts) != 1 or number:
                continue
            known = parts[0].name is not None
            if not known:
                parts[0].name = names.free(letter if first else f"{letter}_{name}", taken)
                taken.add(parts[0].name)
            # a state that is as wide as the target leaves the H to the next one
            first = first and known and letter == "H"


def _groups(written: Written, symbols: Symbols) -> Iterator[tuple[str, list[str]]]:
    """Inputs with x first, targets, and variables with the states first."""
    lagged = {
        node.name
        for definition in written.definitions
        for node in walk(definition.body)
        if isinstance(node, Ref) and node.base == "t" and node.shift
    }
    for letter, role in (("D", "input"), ("C", "target"), ("H", "variable"), ("H", "adjoint")):
        group = [symbol.name for symbol in symbols.values() if symbol.role == role]
        group.sort(key=lambda name: (name != "x", name not in lagged))
        yield letter, group
