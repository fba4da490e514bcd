"""Data by the name of a file, or the notes' own data by their name."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.library.notes import ANIMALS, FILM_REVIEWS, FILM_WORDS, LETTERS, REVIEWS, WORD
from symrnn.training.data.arrays import arrays
from symrnn.training.data.contract import Data, Options, Task
from symrnn.training.data.examples import Examples, shortened, split
from symrnn.training.data.labelled import labelled
from symrnn.training.data.running import running
from symrnn.training.data.targets import of_ids
from symrnn.training.data.vocabulary import Tokeniser, Vocabulary

# the notes' data


def animals(options: Options) -> Examples:
    """cat mat rat, rat rat mat, mat mat cat (N1, N4)."""
    return _reviews("cat-mat-rat", ANIMALS, REVIEWS, options)


def film(options: Options) -> Examples:
    """movie was good, movie was bad, movie was not good (N2)."""
    return _reviews("reviews", FILM_WORDS, FILM_REVIEWS, options)


def hello(options: Options) -> Examples:
    """After each letter of hello the next one (N5)."""
    vocabulary = Vocabulary(tuple(LETTERS), tokeniser=Tokeniser("characters"))
    ids = vocabulary.encode(WORD)
    steps, cut = shortened(np.array([len(ids) - 1]), options.steps)
    train, validation = split(1, options.validation or 0, options.seed, "hello")
    task = Task("steps", len(vocabulary), len(vocabulary), ("x", "y"), timed=True)
    x, y = [ids[:-1][:steps]], [ids[1:][:steps]]
    return Examples(task, steps, options.batch, x, y, train, validation, vocabulary, cut)


BUILT_IN: dict[str, Callable[[Options], Examples]] = {
    "cat-mat-rat": animals,
    "reviews": film,
    "hello": hello,
}


def _reviews(
    name: str, words: tuple[str, ...], reviews: tuple[tuple[str, int], ...], options: Options
) -> Examples:
    vocabulary = Vocabulary(words)
    ids = [vocabulary.encode(text) for text, _ in reviews]
    labels = of_ids(np.array([answer for _, answer in reviews]), ("0", "1"))
    steps, cut = shortened(np.array([len(each) for each in ids]), options.steps)
    train, validation = split(len(ids), options.validation or 0, options.seed, name, labels.ids)
    task = Task("binary", len(words), 1, ids=("x",), labels=labels.classes)
    x = [each[:steps] for each in ids]
    return Examples(
        task, steps, options.batch, x, labels.targets, train, validation, vocabulary, cut
    )


# any data


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
