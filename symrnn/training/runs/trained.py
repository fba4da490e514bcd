"""What has been trained: a run directory, read to predict with."""

from dataclasses import dataclass, replace
from pathlib import Path

from symrnn.errors import UsageError
from symrnn.model import Model
from symrnn.training.data import Vocabulary
from symrnn.training.runs.config import Config
from symrnn.training.runs.folder import WEIGHTS, Folder
from symrnn.training.runs.kernels import Kernels


@dataclass(frozen=True)
class Trained:
    """The model of a run, to predict with."""

    folder: Folder
    config: Config
    model: Model
    vocabulary: Vocabulary | None

    def kernels(self, batch: int, steps: int | None = None, ragged: bool = False) -> Kernels:
        """With the weights of the run; for sequences of so many steps, or up to so many."""
        made = replace(self.config.kernel, ragged=ragged)
        found = Kernels(self.model, replace(self.config, kernel=made), batch, steps)
        params = self.folder.weights(self.model, made.dims)
        for name, value in params.items():
            found.plain.params[name][...] = value
        return found


def trained(path: str | Path) -> Trained:
    """A run directory, read."""
    folder = Folder(path)
    config = folder.config()
    if not (folder / WEIGHTS).exists():
        raise UsageError(f"{path} has no {WEIGHTS}; it has not been trained yet")
    return Trained(folder, config, folder.model(config), folder.vocabulary(config))
