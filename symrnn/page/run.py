"""A run of training on a page: its model, its weights, a batch of its data, its log."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from symrnn.model import Model

if TYPE_CHECKING:
    from symrnn.training.runs.plain_batch import PlainBatch
    from symrnn.training.runs.scores import Scores
    from symrnn.training.runs.trained import Trained


@dataclass(frozen=True)
class Run:
    """The run in a directory, on its own data or on others of the same kind."""

    path: str
    data: str | None = None

    @cached_property
    def trained(self) -> "Trained":
        from symrnn.training.runs.trained import trained

        return trained(self.path)

    @property
    def model(self) -> Model:
        return self.trained.model

    @cached_property
    def batch(self) -> "PlainBatch":
        """What `symrnn flow` takes of a run."""
        from symrnn.training.runs.plain_batch import of_run

        return of_run(self.path, self.data)

    @cached_property
    def scores(self) -> "tuple[Scores, str]":
        """Its scores, and on what."""
        from symrnn.training.runs.scores import evaluate

        return evaluate(self.trained, self.data)

    @cached_property
    def log(self) -> list[dict[str, Any]]:
        """The lines of its log; none where it has been taken away."""
        from symrnn.training.runs.folder import METRICS
        from symrnn.training.runs.log import records

        path = self.trained.folder / METRICS
        return list(records(path)) if path.exists() else []

    @property
    def name(self) -> str:
        """The name of its directory."""
        return self.trained.folder.path.resolve().name
