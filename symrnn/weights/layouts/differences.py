"""What to say of a recurrence that no layer of a framework computes: which equation differs.

A cell with a hole in it, where any one thing may stand, may still match: then the equation that
belongs into the hole is the one that differs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from symrnn.language.printer import show_definition
from symrnn.language.tree import Written
from symrnn.system.symbols import Symbols
from symrnn.weights.layouts.matching import Binding, gates, match, match_but, pattern
from symrnn.weights.layouts.polynomials import functions_in
from symrnn.weights.layouts.recurrences import Recurrence
from symrnn.weights.layouts.tables import FRAMEWORKS, Cell, Framework, Layer, cell, framework

MOST_HOLES = 3


@dataclass(frozen=True)
class Near:
    """A layer that comes near, and what stands in the model where they differ."""

    layer: Layer
    holes: tuple[str, ...]
    found: Binding


def refusal(of: str, written: Written, symbols: Symbols, target: Recurrence, table: str) -> str:
    """Why a recurrence of the model `of` is no layer of the framework `table`."""
    asked = framework(table)
    name = " and ".join(target.states)
    near = _nearest(asked, symbols, target)
    layers = ", ".join(map(str, asked.layers))
    if near is None:
        said = (
            f"{of}: no layer of {asked.title} computes the recurrence of {name}\nthere are {layers}"
        )
    else:
        there, here = _equations(near, written, target)
        said = (
            f"{of}: no layer of {asked.title} computes the recurrence of {name};"
            f" the nearest is {near.layer}\n"
            f"there  {_lines(there)}\nhere   {_lines(here)}"
        )
    others = list(_elsewhere(symbols, target, table))
    verb = "computes" if len(others) == 1 else "compute"
    return said + (f"\n{' and '.join(others)} {verb} it" if others else "")


def _lines(equations: list[str]) -> str:
    return "\n       ".join(equations)


def _equations(near: Near, written: Written, target: Recurrence) -> tuple[list[str], list[str]]:
    """The equations that differ: the layer's and the model's."""
    known = cell(near.layer.cell)
    own = {d.target.name: show_definition(d) for d in written.definitions if d.target.base == "t"}
    here: dict[str, None] = {}
    for hole in near.holes:
        value = near.found.open.get(hole)
        state = near.found.states.get(hole)
        names = [name for name, poly in target.values.items() if poly == value and name in own]
        names = [state] if state else names or [n for n in target.states if n in own]
        here.update((own[name], None) for name in names[:1] if name in own)
    return [known.equations[hole] for hole in near.holes], list(here)


def _nearest(asked: Framework, symbols: Symbols, target: Recurrence) -> Near | None:
    """The layer of which most remains with fewest holes in it."""
    best: tuple[tuple[int, ...], Near] | None = None
    for layer in asked.layers:
        known = cell(layer.cell)
        unlike = len(_functions(pattern(known.name)) ^ _functions(target))
        for count in range(1, MOST_HOLES + 1):
            for holes in combinations(known.equations, count):
                for found in _with_holes(known, target, symbols, holes):
                    bound = sum(bool(pieces) for pieces in found.weights.values())
                    rank = (-bound, 0 if bound else len(known.equations), unlike, count)
                    if best is None or rank < best[0]:
                        best = rank, Near(layer, holes, found)
    return best[1] if best else None


def _with_holes(
    known: Cell, target: Recurrence, symbols: Symbols, holes: tuple[str, ...]
) -> Iterator[Binding]:
    """How the rest of the cell matches, as it is or with one gate of the other sense."""
    for turned in ("", *gates(known)):
        if turned not in holes:
            found = match_but(known, target, symbols, holes, (turned,) if turned else ())
            if found is not None:
                yield found


def _functions(target: Recurrence) -> set[str]:
    return set().union(*map(functions_in, target.states.values()))


def _elsewhere(symbols: Symbols, target: Recurrence, table: str) -> list[str]:
    """Layers of other frameworks that do compute it."""
    found: list[str] = []
    for name in FRAMEWORKS:
        if name == table:
            continue
        other = framework(name)
        for layer in other.layers:
            if match(cell(layer.cell), target, symbols) is not None:
                found.append(f"{other.title}'s {layer}")
                break
    return found
