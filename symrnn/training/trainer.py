"""One step of training after the other."""

from collections.abc import Mapping
from copy import deepcopy
from math import inf, isfinite, sqrt
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from symrnn.errors import DataError, Diverged, UsageError
from symrnn.language.arrays import Array
from symrnn.training.kernels import (
    Inputs,
    Kernel,
    check_kernel,
    own_rows,
    sequences,
    shape,
    steps,
    table,
)
from symrnn.training.masks import check_masks, draw_masks, neutral_masks
from symrnn.training.optimisers import Adam, Optimiser, check_array
from symrnn.training.ranks import ALONE, Ranks
from symrnn.training.schedules import Constant, Schedule
from symrnn.training.schedules import schedule as schedule_of

# gradients that are too long, or have entries that are too large; in place


SMALL = 1e-30  # below it, squares of single precision have lost digits


def norm(vector: Array) -> float:
    """The Euclidean norm, also where squares overflow; nan or inf if an entry is.

    >>> norm(np.array([3.0, 4.0]))
    5.0
    >>> f"{norm(np.array([3e30, 4e30], np.float32)):.6}"
    '5e+30'
    """
    with np.errstate(all="ignore"):
        square = float(vector.dot(vector))
    if SMALL < square < inf:
        return sqrt(square)
    largest = float(np.abs(vector).max(initial=0))
    if not isfinite(largest) or not largest:
        return largest
    scaled = vector.astype(np.float64) / largest
    return largest * sqrt(float(scaled.dot(scaled)))


def clip_norm(gradient: Array, most: float, found: float | None = None) -> float:
    """Shorten the gradient to the norm `most` if it is longer; its norm before is the answer.

    `found` is that norm, if it is known already.

    >>> gradient = np.array([3.0, 4.0])
    >>> clip_norm(gradient, 1.0), gradient.round(12).tolist()
    (5.0, [0.6, 0.8])
    """
    found = norm(gradient) if found is None else found
    if found > most:
        np.multiply(gradient, most / found, gradient)
    return found


def clip_value(gradient: Array, most: float) -> None:
    """Cut every entry off at -most and most.

    >>> gradient = np.array([3.0, -4.0, 0.5])
    >>> clip_value(gradient, 1.0)
    >>> gradient.tolist()
    [1.0, -1.0, 0.5]
    """
    np.minimum(gradient, most, out=gradient)
    np.maximum(gradient, -most, out=gradient)


# the trainer


class Step(NamedTuple):
    """One step: its number from 1 on, loss, norm of the gradient before clipping, learning rate,
    seconds; in a run also the epoch, from 0 on, and the tokens, if they are counted."""

    number: int
    loss: float
    norm: float
    rate: float
    seconds: float
    epoch: int = 0
    tokens: int | None = None


class Trainer:
    """A kernel and whatever training it remembers.

    `clip` is the longest gradient allowed, `value_clip` the largest entry, cut off first. With
    `carry` the last states of a step are the first of the next. `masks` says with which
    probability each mask of the model drops or keeps a feature; they are drawn from `seed`. Where
    there are several `ranks`, each is handed the same batches and works on its own rows of them.

    >>> import symrnn
    >>> from symrnn.training.kernels import started
    >>> kernel = started(symrnn.load("elman").kernel(steps=2), batch=1, D=2, H=3, C=1)
    >>> trainer = Trainer(kernel, Adam(0.1), clip=1.0)
    >>> step = trainer.train_step({"x": np.ones((2, 1, 2)), "y": np.ones((1, 1))})
    >>> step.number, step.loss > 0, step.rate
    (1, True, 0.1)
    """

    def __init__(
        self,
        kernel: Kernel,
        optimiser: Optimiser | None = None,
        *,
        schedule: Schedule | str | None = None,
        clip: float | None = None,
        value_clip: float | None = None,
        carry: bool = False,
        masks: Mapping[str, float] | None = None,
        seed: int = 0,
        ranks: Ranks = ALONE,
    ) -> None:
        check_kernel(kernel)
        for name, limit in (("clip", clip), ("value_clip", value_clip)):
            if limit is not None and not limit > 0:
                raise UsageError(f"{name} is {limit}; expected a number above 0, or None")
        self.masks = dict(masks or {})
        check_masks(kernel, self.masks)
        if carry and not table(kernel, "STATES"):
            raise UsageError("carry: the model has no states to carry from one step to the next")
        self.kernel, self.carry, self.carried = kernel, carry, dict[str, Array]()
        self.clip, self.value_clip = clip, value_clip
        named = schedule_of(schedule) if isinstance(schedule, str) else schedule
        self.schedule: Schedule = named or Constant()
        self.memory = (optimiser or Adam()).start(kernel.theta)
        self.rng = np.random.default_rng(seed)
        self.ranks = ranks

    def __copy__(self) -> "Trainer":
        return deepcopy(self)  # a trainer of its own: two that move one theta would both be wrong

    @property
    def count(self) -> int:
        """The steps done."""
        return self.memory.count

    def train_step(self, inputs: Inputs, share: float = 1.0) -> Step:
        """One step on one batch. A loss or a gradient that is nan or infinite raises Diverged, and
        theta stays what it was. What is in `inputs` goes before what is carried or drawn. A batch
        that is only a share of the others, such as the end of a text, says so: its gradient, once
        it is clipped, counts so much."""
        start = perf_counter()
        with np.errstate(all="ignore"):  # what is no number is said once, and not by NumPy
            return self._step(inputs, share, start)

    def _step(self, inputs: Inputs, share: float, start: float) -> Step:
        kernel, memory = self.kernel, self.memory
        loss, gradient = self._pass(inputs), kernel.dtheta
        length = norm(gradient)
        if not (isfinite(loss) and isfinite(length)):
            raise _diverged(memory.count + 1, loss, length, inputs, kernel.dtype)
        if self.value_clip is not None:
            clip_value(gradient, self.value_clip)
        if self.clip is not None:
            clip_norm(gradient, self.clip, length if self.value_clip is None else None)
        if share != 1.0:
            np.multiply(gradient, share, gradient)
        scale = float(self.schedule(memory.count))
        if self.carry:
            self._keep(self._states(inputs))
        memory.step(gradient, scale)
        rate = memory.optimiser.learning_rate * scale
        return Step(memory.count, loss, length, rate, perf_counter() - start)

    def _pass(self, inputs: Inputs) -> float:
        """The loss of the batch, which all ranks share; its gradient is in the kernel then. A loss
        is a mean over the rows, so that each rank's counts as it has rows."""
        kernel, ranks = self.kernel, self.ranks
        if ranks.size == 1:
            own = self._completed(inputs) if self.carried or self.masks else inputs
            return float(kernel.loss_and_grads(**own)[0])
        batch = sequences(kernel, inputs)
        own, rows = self._completed(inputs), ranks.rows(batch)
        loss = float(kernel.loss_and_grads(**own)[0]) if rows else 0.0
        return ranks.mean(kernel.dtheta, loss, rows / batch)

    def reset(self) -> None:
        """Forget the states carried: the next step starts at zero, or with those handed in."""
        self.carried = {}

    def neutral(self, batch: int) -> dict[str, Array]:
        """Masks to evaluate with, for so many sequences."""
        return neutral_masks(self.kernel, batch, self.masks)

    def _completed(self, inputs: Inputs) -> Inputs:
        """This rank's rows of the inputs, with what is carried and what is drawn."""
        batch = sequences(self.kernel, inputs)
        rows = self.ranks.rows(batch)
        for name, value in self.carried.items():
            axes = table(self.kernel, "STATES")[name]
            if name not in inputs and value.shape[axes.index("B")] != rows:
                raise DataError(
                    f"{name} is carried on from {value.shape[axes.index('B')]} sequences, and now"
                    f" there are {rows}; expected as many, or reset() before"
                )
        drawn = draw_masks(self.kernel, self.masks, batch, self.rng, steps(self.kernel, inputs))
        return {**self.carried, **own_rows(self.kernel, {**drawn, **inputs}, self.ranks)}

    def _states(self, inputs: Inputs) -> Mapping[str, Array]:
        """The last states of this rank's rows, if it has any."""
        kernel = self.kernel
        if self.ranks.size == 1 or self.ranks.rows(sequences(kernel, inputs)):
            return kernel.states
        axes = table(kernel, "STATES")
        return {name: np.empty(shape(kernel, axes[name], 0), kernel.dtype) for name in axes}

    def _keep(self, states: Mapping[str, Array]) -> None:
        for name, value in states.items():
            kept = self.carried.get(name)
            if kept is not None and kept.shape == value.shape:
                np.copyto(kept, value)
            else:
                self.carried[name] = value.copy()

    # to stop, and to go on bit for bit

    def state(self) -> dict[str, Any]:
        """Everything that goes on: arrays, copied, and the number of steps, under flat names. All
        ranks have to ask at once, and to each the same is said, whatever their number."""
        carried = self.ranks.whole(self.carried, self._rows()) if self.carried else {}
        return {
            "theta": self.kernel.theta.copy(),
            "count": self.count,
            "rng": _to_words(self.rng),
            **{f"optimiser.{name}": array.copy() for name, array in self.memory.state.items()},
            **{f"carried.{name}": array.copy() for name, array in carried.items()},
        }

    def _rows(self) -> dict[str, int]:
        """Along which axis the rows of each state lie."""
        return {name: axes.index("B") for name, axes in table(self.kernel, "STATES").items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state` gave, into a trainer made alike; nothing changes if it does not
        fit."""
        remembered = _below("optimiser.", state)
        carried = _below("carried.", state)
        missing = {"theta", "count", "rng"} - state.keys()
        if missing:
            raise DataError(f"the state has no '{min(missing)}'; expected one of Trainer.state()")
        odd = carried.keys() - table(self.kernel, "STATES").keys()
        if odd:
            raise DataError(f"the state carries '{min(odd)}', which the kernel does not have")
        check_array("theta", np.asarray(state["theta"]), self.kernel.theta)
        words = np.asarray(state["rng"])
        check_array("rng", words, _to_words(self.rng))
        self.memory.restore(remembered, int(state["count"]))
        self.kernel.theta[...] = state["theta"]
        rows, ranks = self._rows(), self.ranks
        own = {name: ranks.own(array, rows[name]) for name, array in carried.items()}
        self.carried = {name: array.copy() for name, array in own.items()}
        _from_words(self.rng, words)


def _below(prefix: str, state: Mapping[str, Any]) -> dict[str, Array]:
    return {
        name.removeprefix(prefix): np.asarray(value)
        for name, value in state.items()
        if name.startswith(prefix)
    }


def _diverged(number: int, loss: float, length: float, inputs: Inputs, dtype: Any) -> Diverged:
    """What is said where there is no number to go on with, with the likeliest reason."""
    what = f"step {number}: the loss is {loss:.4g} and the norm of the gradient {length:.4g}"
    advice = "try a smaller learning rate, or clip=1.0"
    if number == 1:  # nothing has been learnt yet
        advice = "the parameters are those to start from: scale the data to the order of 1"
    for name, value in inputs.items():
        if "lengths" in inputs:  # padding may be anything
            break
        value = np.asarray(value)
        if not np.isfinite(value).all():
            advice = f"{name} holds nan or inf; expected numbers"
            break
        if value.dtype.kind == "f" and not np.isfinite(value.astype(dtype)).all():
            advice = f"{name} holds {abs(value).max():.4g}; expected numbers that {dtype} has"
            break
    return Diverged(f"{what}; theta is as it was before; {advice}", number, loss, length)


# the generator's state as six words: four of two long numbers, two of a number kept for later

WORD = 2**64


def _to_words(rng: np.random.Generator) -> Array:
    found = rng.bit_generator.state
    inner = found["state"]
    words = [*divmod(inner["state"], WORD), *divmod(inner["inc"], WORD)]
    return np.array([*words, found["has_uint32"], found["uinteger"]], np.uint64)


def _from_words(rng: np.random.Generator, words: Array) -> None:
    a, b, c, d, has, kept = (int(word) for word in words)
    inner = {"state": a * WORD + b, "inc": c * WORD + d}
    kind = rng.bit_generator.state["bit_generator"]
    rng.bit_generator.state = {
        "bit_generator": kind,
        "state": inner,
        "has_uint32": has,
        "uinteger": kept,
    }
