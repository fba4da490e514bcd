"""Where a framework has the weights of a model: found by what the model computes, not by names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from symrnn.errors import LayoutError
from symrnn.language.tree import ZERO, Ref, Width
from symrnn.model import Model
from symrnn.system import System
from symrnn.system.symbols import Symbols
from symrnn.system.system import Linear, Scale, Term
from symrnn.weights.layouts.differences import refusal
from symrnn.weights.layouts.matching import Binding, Piece, match
from symrnn.weights.layouts.polynomials import Function, Poly, TooLongError, atom
from symrnn.weights.layouts.recurrences import Recurrence, recurrences
from symrnn.weights.layouts.tables import Entry, Framework, Layer, cell, framework, said

Prefix = str | Sequence[str]


@dataclass(frozen=True)
class Way:
    """One recurrence of a layer: the state that it gives out, and what stands for its letters."""

    state: str
    direction: int
    reads: Poly
    weights: Mapping[str, tuple[Piece, ...]]
    width: Width


@dataclass(frozen=True)
class Placed:
    """A layer of the framework, with the recurrences of the model that it computes."""

    layer: Layer
    direction: str
    ways: tuple[Way, ...]
    prefix: str = ""
    number: int = 0

    @property
    def gives(self) -> Poly:
        """What comes out of it at each step."""
        states = tuple(atom(Ref(way.state, "t")) for way in self.ways)
        return states[0] if len(states) == 1 else atom(Function("concat", states))


@dataclass(frozen=True)
class Tensor:
    """One tensor of a layer: one recurrence's, or that of both directions along its first axis."""

    key: str
    entry: Entry
    ways: tuple[int, ...]
    """Which of the layer's recurrences."""
    optional: str = ""
    """The same for tensors that are there or missing together."""


@dataclass(frozen=True)
class Layout:
    """All layers; printed, it tells what lies where."""

    model: str
    framework: Framework
    layers: tuple[Placed, ...]
    modules: tuple[str, ...] = ("",)
    """What the keys begin with."""

    def tensors(self, placed: Placed) -> Iterator[Tensor]:
        """The tensors of a layer, in the order of the table."""
        names = self.framework.directions[placed.direction].ways
        each = [(name, (n,)) for n, name in enumerate(names)]
        together = [("", tuple(range(len(names))))]
        for name, ways in together if self.framework.direction_axis else each:
            where = {"layer": placed.number, "way": name}
            for entry in placed.layer.entries:
                group = next((keys for keys in placed.layer.optional if entry.key in keys), ())
                key = placed.prefix + entry.key.format(**where)
                yield Tensor(key, entry, ways, " ".join(sorted(group)))

    def settings(self, placed: Placed) -> dict[str, Any]:
        """How the layer has to be made, beside its widths."""
        return {**placed.layer.settings, **self.framework.directions[placed.direction].settings}

    def __str__(self) -> str:
        lines: list[str] = []
        for placed in self.layers:
            lines.append(f"{self.framework.title} {said(placed.layer.name, self.settings(placed))}")
            tensors = list(self.tensors(placed))
            wide = max(len(tensor.key) for tensor in tensors)
            lines += [f"  {t.key:<{wide}}  {_letters(placed, t)}" for t in tensors]
        return "\n".join(lines) + "\n"


def _letters(placed: Placed, tensor: Tensor) -> str:
    return "; ".join(
        " | ".join(_pieces(placed.ways[n].weights[letter]) for letter in row)
        for n in tensor.ways
        for row in tensor.entry.rows
    )


def _pieces(pieces: tuple[Piece, ...]) -> str:
    found = ""
    for piece in pieces:
        sign = "-" if piece.sign < 0 else "+" if found else ""
        rows = "[…]" if piece.weight.rows else ""
        found += f"{sign}{piece.weight.name}{rows}{'.T' * piece.weight.transposed}"
    return found or "0"


def layout(model: Model, table: str, prefix: Prefix = "") -> Layout:
    """Which layers of a framework compute the recurrences of a model, and where its weights lie.

    >>> import symrnn
    >>> print(layout(symrnn.load("elman"), "keras"), end="")
    Keras SimpleRNN
      kernel            w_i
      recurrent_kernel  w_h
      bias              b
    """
    system, asked = model.system, framework(table)
    if system.steps is not None:
        raise LayoutError(f"{model.name} is written out for {system.steps} steps; leave T = … away")
    try:
        targets = recurrences(system)
        found = [_way(model, system, target, table) for target in targets]
    except (TooLongError, RecursionError):
        raise LayoutError(
            f"{model.name}: a step of it is longer than that of any layer of {asked.title}"
        ) from None
    if not found:
        raise LayoutError(f"{model.name} has no recurrence; a layer of {asked.title} is one")
    layers, modules = _placed(model.name, asked, _paired(model.name, asked, found), prefix)
    return Layout(model.name, asked, layers, modules)


def _way(model: Model, system: System, target: Recurrence, table: str) -> tuple[Layer, Way]:
    """The first layer of the table that computes a recurrence."""
    for layer in framework(table).layers:
        known = cell(layer.cell)
        found = match(known, target, system.symbols)
        if found is not None:
            _check_start(model.name, framework(table).title, system, target)
            _check_shapes(model.name, layer, known.system, system.symbols, found)
            (reads,) = found.open.values()
            state = found.states[known.output]
            width = system.symbols[state].width
            return layer, Way(state, target.direction, reads, found.weights, width)
    raise LayoutError(refusal(model.name, model.written, system.symbols, target, table))


def _check_start(model: str, title: str, system: System, target: Recurrence) -> None:
    """A layer starts at zero or where its caller says."""
    for equation in system.equations:
        at = equation.target
        if at.name not in target.values or at.base == "t":
            continue
        terms = equation.terms if isinstance(equation, Linear) else None
        if terms is not None and all(_is_harmless(term, system.symbols) for term in terms):
            continue
        raise LayoutError(
            f"{model}: the text says where {at.name} starts; a layer of {title} starts at zero or"
            " where its caller says. Leave the boundary away and hand the state in, or declare it"
            " an input"
        )


def _is_harmless(term: Term, symbols: Symbols) -> bool:
    """Whether a term of a boundary is zero or an input, which a caller hands in."""
    handed_in = term.ref is not None and symbols[term.ref.name].role == "input"
    return term.by == Scale(ZERO) or (handed_in and term.by == Scale())


def _check_shapes(
    model: str, layer: Layer, known: System, symbols: Symbols, found: Binding
) -> None:
    """The weights are as wide as each other where those of the layer are."""
    dims: dict[str, Width] = {}
    for letter, pieces in found.weights.items():
        for piece in pieces:
            shape = symbols[piece.weight.name].shape
            if piece.weight.rows:
                shape = (piece.weight.rows[1], shape[1])
            if piece.weight.transposed:
                shape = shape[::-1]
            for width, size in zip(known.symbols[letter].shape, shape, strict=True):
                (name,) = width.names
                if dims.setdefault(name, size) != size:
                    raise LayoutError(
                        f"{model}: {piece.weight.name} has a width of {size}, and other weights of"
                        f" the recurrence have {dims[name]}; in a {layer.name} they are the same"
                    )


def _paired(model: str, asked: Framework, found: list[tuple[Layer, Way]]) -> list[Placed]:
    """A forward and a backward recurrence over the same input are one layer."""
    layers: list[Placed] = []
    waiting = list(found)
    while waiting:
        layer, way = waiting.pop(0)
        other = next(
            (
                pair
                for pair in waiting
                if pair[0] == layer
                and pair[1].direction == -way.direction
                and pair[1].reads == way.reads
            ),
            None,
        )
        if other is not None:
            waiting.remove(other)
            ways = tuple(sorted((way, other[1]), key=lambda w: -w.direction))
            layers.append(Placed(layer, "bidirectional", ways))
            continue
        direction = "forward" if way.direction > 0 else "reverse"
        if direction not in asked.directions:
            raise LayoutError(
                f"{model}: {way.state} runs backwards, and no forward {layer.name} reads the same;"
                f" layers of {asked.title} run forwards or both ways"
            )
        layers.append(Placed(layer, direction, (way,)))
    return layers


def _placed(
    model: str, asked: Framework, layers: list[Placed], prefix: Prefix
) -> tuple[tuple[Placed, ...], tuple[str, ...]]:
    """Each layer with its number and what its keys begin with."""
    many = len(layers) > 1
    if not isinstance(prefix, str):
        if len(prefix) != len(layers):
            states = ", ".join(" and ".join(w.state for w in p.ways) for p in layers)
            raise LayoutError(
                f"{len(prefix)} prefixes for {len(layers)} layers of {model} ({states}); expected"
                " one for each"
            )
        modules = tuple(prefix)
    elif many and not asked.stacks:
        modules = tuple(prefix + asked.module.format(layer=n) for n in range(len(layers)))
    else:
        if many:
            _check_stack(model, asked, layers)
        placed = (replace(p, prefix=prefix, number=n) for n, p in enumerate(layers))
        return tuple(placed), (prefix,)
    return tuple(replace(p, prefix=m) for p, m in zip(layers, modules, strict=True)), modules


def _check_stack(model: str, asked: Framework, layers: list[Placed]) -> None:
    """Several layers in one object are alike, and each reads the one below it."""
    for below, placed in pairwise(layers):
        alike = (below.layer, below.direction) == (placed.layer, placed.direction)
        if not alike or placed.ways[0].reads != below.gives:
            what = placed.ways[0].state
            does = "reads something else" if alike else f"is {placed.layer!s}, {placed.direction}"
            raise LayoutError(
                f"{model}: in one object of {asked.title} all layers are alike and each reads the"
                f" one below; the layer of {what} {does}. Give each layer a prefix of its own"
            )
