"""Data by the name of a file, or by a name of their own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.training.data.arrays import arrays
from symrnn.training.data.batch import Data
from symrnn.training.data.labelled import labelled
from symrnn.training.data.notes import BUILT_IN
from symrnn.training.data.options import Options
from symrnn.training.data.running import running
from symrnn.training.data.task import Task

READERS: dict[str, Callable[[Path, Options], Data]] = {
    ".csv": labelled,
    ".tsv": labelled,
    ".jsonl": labelled,
    ".txt": running,
    ".npz": arrays,
}


def open_data(source: str | Path, options: Options | None = None) -> Data:
    """The data in a file, by how its name ends, or the notes' data by their name.

    >>> data = open_data("cat-mat-rat")
    >>> data.task.kind, data.task.dims, data.steps
    ('binary', {'D': 3, 'C': 1}, 3)
    """
    options = options or Options()
    data = _reader(source)(options)
    if options.known:
        _check(source, data.task, options.known.task)
    return data


def _reader(source: str | Path) -> Callable[[Options], Data]:
    if isinstance(source, str) and source in BUILT_IN:
        return BUILT_IN[source]
    path = Path(source)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(
            f"'{source}' is neither a file of a known kind nor data that come along"
            f"{suggestion(str(source), list(BUILT_IN))}; expected a name that ends with"
            f" {', '.join(READERS)}, or {', '.join(BUILT_IN)}"
        )
    return partial(reader, path)


def _check(source: str | Path, found: Task, known: Task) -> None:
    """Refuse data of another task than the one that is known."""
    for what, one, other in (
        ("the task", found.kind, known.kind),
        ("the width of x", found.features, known.features),
        ("the width of y", found.outputs, known.outputs),
        ("a target at every step", found.timed, known.timed),
    ):
        if one != other:
            raise DataError(
                f"{source} is no data for this model: {what} is {one}; trained on was {other}"
            )
