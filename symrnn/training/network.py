"""A model under a read-out with one row a sequence, and the kernels that train it and read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from symrnn.errors import EstimatorError, SymrnnError, UsageError
from symrnn.language.arrays import Array
from symrnn.language.parse import parse as parse_text
from symrnn.language.table import LOSSES
from symrnn.language.tree import BATCH, STEPS, Call, Width, refs, walk
from symrnn.model import Model, load, parse
from symrnn.system import with_head
from symrnn.system.occurrences import head_names
from symrnn.system.summary import Line
from symrnn.training.conventions import Sequences, check_whole
from symrnn.training.data.examples import in_order
from symrnn.training.kernels import blanks, put


@dataclass(frozen=True)
class SequenceNetwork:
    """A model, and what its input, its target and its prediction are called."""

    model: Model
    input: str
    target: str
    output: str

    @property
    def losses(self) -> set[str]:
        """The losses that its text names: bce, ce, mse."""
        bodies = [definition.body for definition in self.model.written.definitions]
        nodes = chain.from_iterable(map(walk, bodies))
        return {node.function for node in nodes if isinstance(node, Call)} & LOSSES.keys()

    def sizes(self, features: int, columns: int, hidden: int | Mapping[str, int]) -> dict[str, int]:
        """Every width: D and C from the data, the others as they are asked for."""
        summary = self.model.summary()
        lines = {line.name: line.axes[-1] for line in summary.inputs}
        found = dict[str, int]()
        for name, size in ((self.input, features), (self.target, columns)):
            fit_width(found, name, lines[name], size, EstimatorError)
        rest = [name for name in summary.dims if name not in found]
        wanted = hidden if isinstance(hidden, Mapping) else dict.fromkeys(rest, hidden)
        if wanted.keys() != set(rest):
            raise EstimatorError(
                f"hidden is {dict(wanted)}; expected a width for each of {', '.join(rest)}, or one"
                " number for all"
            )
        for name in rest:
            check_whole("hidden", wanted[name])
            found[name] = int(wanted[name])
        return found

    def inputs(
        self, data: Sequences, places: Array, targets: Array | None = None
    ) -> dict[str, Any]:
        """What a kernel is given for some of the sequences."""
        found = {self.input: data.padded(places)}
        if data.stacked is None:
            found["lengths"] = data.lengths[places]
        if targets is not None:
            found[self.target] = targets[places]
        return found

    def masked(self) -> tuple["SequenceNetwork", list[str]]:
        """The same with dropout on what the read-out reads, and the names of the masks."""
        head = head_names(self.model.written)
        timed = {symbol.name for symbol in self.model.system.symbols.values() if symbol.timed}
        states = [
            ref.name
            for definition in self.model.written.definitions
            if definition.target.name in head
            for ref in refs(definition.body)
            if ref.name in timed - head
        ]
        model = self.model.with_dropout(list(dict.fromkeys(states)))
        known = {line.name for line in self.model.summary().inputs}
        masks = [line.name for line in model.summary().inputs if line.name not in known]
        return replace(self, model=model), masks


def network(model: str | Path | Model, head: str | Path) -> SequenceNetwork:
    """A model (a name, a path, a text or a Model) under a head (a name, a path or a text).

    >>> found = network("elman", "classes")
    >>> found.input, found.target, found.output, sorted(found.losses)
    ('x', 'y', 'yhat', ['ce'])
    """
    if isinstance(model, str):
        model = parse(model) if "=" in model else load(model)
    elif isinstance(model, Path):
        model = load(model)
    elif not isinstance(model, Model):
        raise EstimatorError(
            f"model is of type {type(model).__name__}; expected a name such as 'lstm', the path of"
            " a .rnn file, equations, or a Model"
        )
    if "=" in str(head):
        text = parse_text(str(head), "head")
        model = Model(f"{model.name}-head", with_head(model.written, text))
    else:
        model = model.with_head(head)
    return _named(model)


def _named(model: Model) -> SequenceNetwork:
    """The model, and the names that are its input, target and prediction."""
    inputs, outputs = model.summary().inputs, model.summary().outputs
    target = [line for line in inputs if line.note == "target"]
    given = [line for line in inputs if line.note != "target"]
    if len(given) != 1 or given[0].axes[:2] != (STEPS, BATCH):
        raise EstimatorError(
            f"{model.name} reads {_listed(given)}; expected one input with a row at every step,"
            " such as x[t]"
        )
    if len(target) != 1 or target[0].axes[0] != BATCH:
        raise EstimatorError(
            f"the target of {model.name} is {_listed(target)}; expected one with a row for the"
            " whole sequence, such as y: head 'binary', 'classes' or 'regress', or one of your own"
        )
    alike = [line.name for line in outputs if line.axes == target[0].axes]
    if not alike:
        raise EstimatorError(
            f"no output of {model.name} is as wide as its target; there is {_listed(outputs)}"
        )
    return SequenceNetwork(model, given[0].name, target[0].name, alike[-1])


def _listed(lines: tuple[Line, ...] | list[Line]) -> str:
    return ", ".join(line.name for line in lines) or "nothing"


def fit_width(
    found: dict[str, int],
    name: str,
    width: Width,
    size: int,
    error: type[SymrnnError] = UsageError,
) -> None:
    """Add to the dimensions that are `found` what data of this size say of the width of `name`.

    >>> found = {"H": 4}
    >>> fit_width(found, "y", Width(("H", "C"), 1), 7)
    >>> found
    {'H': 4, 'C': 2}
    """
    known = sum(found.get(each, 0) for each in width.names) + width.number
    free = [each for each in width.names if each not in found]
    if len(free) == 1 and size > known:
        found[free[0]] = size - known
    elif free or known != size:
        stands = f" ({known})" if width.names and not free else ""
        raise error(f"{name} has the width {width} in the model{stands}; the data have {size}")


# kernels


def module(network: SequenceNetwork, data: Sequences) -> Any:
    """The kernel's module for these sequences; made once, and kept for as long as it is in use."""
    steps = int(data.lengths.max())
    if data.stacked is None:  # a kernel with lengths takes fewer steps too: few kernels for all
        steps = 1 << (steps - 1).bit_length()
    return _module(network.model, steps, data.stacked is None)


@lru_cache(maxsize=32)
def _module(model: Model, steps: int, lengths: bool) -> Any:
    return model.kernel(steps, loops=True, lengths=lengths)


class Reader:
    """What a network says of sequences, and how far it is off, for parameters of any values."""

    def __init__(
        self,
        network: SequenceNetwork,
        data: Sequences,
        batch: int,
        dims: Mapping[str, int],
        dtype: Any,
    ) -> None:
        self.network, self.data = network, data
        batch = min(batch, len(data))
        self.kernel: Any = module(network, data).Kernel(batch, dtype=dtype, **dims)
        self.blocks = in_order(data.lengths, batch)

    def outputs(self, params: Mapping[str, Array]) -> Array:
        """Predictions, (n, C)."""
        put(self.kernel, params)
        found = None
        for places in self.blocks:
            inputs = self.network.inputs(self.data, places)
            outputs, _ = self.kernel.forward(**inputs, **blanks(self.kernel, inputs))
            rows = outputs[self.network.output]
            if found is None:
                found = np.empty((len(self.data), rows.shape[1]), rows.dtype)
            found[places] = rows
        assert found is not None, "there is at least one sequence"
        return found

    def loss(self, params: Mapping[str, Array], targets: Array) -> float:
        """The mean loss."""
        put(self.kernel, params)
        losses = [
            float(self.kernel.loss(**self.network.inputs(self.data, places, targets)))
            for places in self.blocks
        ]
        return float(np.average(losses, weights=[len(places) for places in self.blocks]))
