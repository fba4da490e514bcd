"""The kernels of a run, and a run directory that is read to predict with."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from symrnn.errors import UsageError
from symrnn.kernels.load import check_compiler, compile_for, load_source
from symrnn.kernels.settings import Sizes
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.training.data import Batch, Vocabulary, one_hot
from symrnn.training.kernels import put
from symrnn.training.masks import neutral_masks
from symrnn.training.runs.architecture import roles
from symrnn.training.runs.config import Config
from symrnn.training.runs.folder import WEIGHTS, Folder

# the kernels, and what they are fed with


DTYPE = np.float32
PLAIN, LENGTHS = "kernel.py", "kernel_lengths.py"


class Kernels:
    """The kernel for sequences of T steps, and one that takes lengths where some are shorter; both
    have the same theta. And the batches of data as their inputs.

    Other `steps` than those of the run are for longer sequences to predict with.
    """

    def __init__(
        self,
        model: Model,
        config: Config,
        batch: int | None = None,
        steps: int | None = None,
        backend: str = "numpy",
    ) -> None:
        made = config.kernel
        self.config, self.roles = config, roles(model)
        self.steps = steps or made.steps
        self.sources = {PLAIN: model.generate(self.steps, ids=made.ids, backend=backend)}
        if made.ragged:
            self.sources[LENGTHS] = model.generate(
                self.steps, ids=made.ids, backend=backend, lengths=True
            )
        self.modules = {name: load_source(s, f"{model.name}") for name, s in self.sources.items()}
        size = batch or config.data.batch
        self.plain: Any = self.modules[PLAIN].Kernel(size, dtype=DTYPE, **made.dims)
        self.ragged: Any = None
        if made.ragged:
            shared = {"theta": self.plain.theta, "dtheta": self.plain.dtheta}
            if hasattr(self.plain, "fixed"):
                shared["fixed"] = self.plain.fixed
            self.ragged = self.modules[LENGTHS].Kernel(size, dtype=DTYPE, **shared, **made.dims)
        check_compiler(self.modules[PLAIN])

    def start(self, seed: int, weights: Mapping[str, Array]) -> None:
        """Parameters as the model says that they start, or as they are given."""
        drawn = self.modules[PLAIN].init_params(seed, DTYPE, **self.config.kernel.dims)
        put(self.plain, {**drawn, **weights})

    def of(self, inputs: dict[str, Any]) -> Any:
        """The kernel that such inputs are for."""
        return self.ragged if "lengths" in inputs else self.plain

    def compile_for(self, batch: Batch, rows: int) -> None:
        """Compile now what so many rows of such a batch are worked out by, where there is something
        to compile."""
        name, size = PLAIN, rows
        if self.of(self.inputs(batch)) is self.ragged:  # for all numbers of sequences at once
            name, size = LENGTHS, self.ragged.batch
        compile_for(self.modules[name], Sizes(self.config.kernel.dims, size, DTYPE.__name__))

    def inputs(self, batch: Batch, target: bool = True) -> dict[str, Any]:
        """A batch under the model's own names; one-hot rows where it takes no ids."""
        task, x, y = self.config.task, self.roles.x, self.roles.y
        found: dict[str, Any] = {x.name: self._rows("x", x.name, batch["x"], task.features)}
        if target and y is not None:
            found[y.name] = self._rows("y", y.name, batch["y"], task.outputs)
        if batch["lengths"].min() < self.steps:
            found["lengths"] = batch["lengths"]
        return found

    def neutral(self, kernel: Any, batch: int) -> dict[str, Array]:
        """Masks to evaluate with."""
        return neutral_masks(kernel, batch, self.config.training.masks)

    def _rows(self, said: str, name: str, value: Array, width: int) -> Array:
        plain = said not in self.config.task.ids or name in self.config.kernel.ids
        return value if plain else one_hot(value, width, DTYPE)

    # what carries on

    @property
    def carries(self) -> bool:
        """Whether a batch of running text goes on where the one before has ended."""
        return self.is_text and bool(self.modules[PLAIN].STATES)

    @property
    def is_text(self) -> bool:
        """Whether what is predicted is the next token."""
        return is_text(self.config)

    @property
    def causal(self) -> bool:
        return bool(self.modules[PLAIN].CAUSAL)


def is_text(config: Config) -> bool:
    """Whether a model predicts the next token: a class at every step, which has no label."""
    return config.task.kind == "steps" and not config.task.labels


# what has been trained


@dataclass(frozen=True)
class Trained:
    """The model of a run, to predict with."""

    folder: Folder
    config: Config
    model: Model
    vocabulary: Vocabulary | None

    def kernels(
        self,
        batch: int,
        steps: int | None = None,
        ragged: bool = False,
        backend: str = "numpy",
    ) -> Kernels:
        """With the weights of the run; for sequences of so many steps, or up to so many."""
        made = replace(self.config.kernel, ragged=ragged)
        found = Kernels(self.model, replace(self.config, kernel=made), batch, steps, backend)
        params = self.folder.weights(self.model, made.dims)
        for name, value in params.items():
            found.plain.params[name][...] = value
        return found

    def kernels_as_trained(self, batch: int, steps: int, ragged: bool) -> Kernels:
        """The same by the back end of the run where that can be, and so to the bit as in
        training."""
        if self.config.training.backend != "numpy":
            with suppress(UsageError):  # a machine without a compiler, to name one
                return self.kernels(batch, steps, ragged, self.config.training.backend)
        return self.kernels(batch, steps, ragged)


def trained(path: str | Path) -> Trained:
    """A run directory, read."""
    folder = Folder(path)
    config = folder.config()
    if not (folder / WEIGHTS).exists():
        raise UsageError(f"{path} has no {WEIGHTS}; it has not been trained yet")
    return Trained(folder, config, folder.model(config), folder.vocabulary(config))
