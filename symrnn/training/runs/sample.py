"""Text from a language model: each token drawn from what the model says of the next one."""

import numpy as np

from symrnn.errors import UsageError
from symrnn.language.table import Array
from symrnn.training.data import Vocabulary
from symrnn.training.kernels import blanks
from symrnn.training.runs.kernels import DTYPE, Kernels
from symrnn.training.runs.scores import squashed

MOST = 10_000_000
"""So many tokens can be asked for; they are held in memory."""


def sample(
    kernels: Kernels,
    vocabulary: Vocabulary,
    start: str,
    length: int,
    temperature: float = 1.0,
    seed: int = 0,
) -> str:
    """The start, and so many tokens more. A temperature of 0 takes the likeliest each time; below
    1 the likely ones are likelier yet."""
    if not 0 <= temperature < np.inf:
        raise UsageError(
            f"--temperature is {temperature}; expected a number from 0 up, such as 0.8"
        )
    if not 0 <= length <= MOST:
        wanted = "from 0 up" if length < 0 else f"up to {MOST:,}"
        raise UsageError(f"--length is {length}; expected a whole number {wanted}")
    ids = vocabulary.encode(start).tolist()
    if not ids:
        raise UsageError(
            f"--start {start!r} holds no {vocabulary.tokeniser.unit}; expected one or more"
        )
    rng = np.random.default_rng(seed)
    unknown = None if vocabulary.unknown is None else vocabulary.tokens.index(vocabulary.unknown)
    stepping = _Stepping(kernels)
    for one in ids:
        found = stepping.after(one)
    for _ in range(length):
        ids.append(drawn(found, temperature, rng, unknown))
        found = stepping.after(ids[-1])
    return vocabulary.decode(ids)


def drawn(
    probabilities: Array, temperature: float, rng: np.random.Generator, never: int | None = None
) -> int:
    """A class by its probability, at this temperature; one of them never.

    >>> drawn(np.array([0.2, 0.5, 0.3]), 0, np.random.default_rng(0), never=1)
    2
    """
    with np.errstate(all="ignore"):
        logs = np.log(probabilities.astype(np.float64))
        if never is not None and len(logs) > 1:
            logs[never] = -np.inf
        if temperature == 0:
            return int(logs.argmax())
        raised = np.exp((logs - logs.max()) / temperature)
    return int(rng.choice(len(raised), p=raised / raised.sum()))


class _Stepping:
    """A model that is shown one token after the other."""

    def __init__(self, kernels: Kernels) -> None:
        self.kernels, self.kernel = kernels, kernels.plain
        self.states: dict[str, Array] = {}
        masks = kernels.neutral(self.kernel, 1)
        axes = kernels.modules["kernel.py"].INPUTS
        self.masks = {n: m[0] if axes[n][0] == "T" else m for n, m in masks.items()}
        self.ids = kernels.roles.x.name in kernels.config.kernel.ids

    def after(self, token: int) -> Array:
        """What comes next, as probabilities."""
        x = np.array([token])
        if not self.ids:
            x = np.eye(self.kernels.config.task.features, dtype=DTYPE)[x]
        given = {self.kernels.roles.x.name: x, **self.masks, **self.states}
        outputs, states = self.kernel.step(**given, **blanks(self.kernel, given, stepwise=True))
        self.states = {name: array.copy() for name, array in states.items()}
        name = self.kernels.roles.prediction
        if name is None:
            raise UsageError(
                "the model gives its prediction no name; expected a loss of two names, as in"
                " L = mean(ce(y[t], yhat[t]))"
            )
        found: Array = squashed(self.kernels, outputs[name])[0]
        return found
