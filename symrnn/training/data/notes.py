"""The notes' data, by name."""

from collections.abc import Callable

import numpy as np

from symrnn.library.notes import ANIMALS, FILM_REVIEWS, FILM_WORDS, LETTERS, REVIEWS, WORD
from symrnn.training.data.labels import of_ids
from symrnn.training.data.options import Options
from symrnn.training.data.sequences import Sequences, shortened
from symrnn.training.data.split import split
from symrnn.training.data.task import Task
from symrnn.training.data.tokens import Tokeniser
from symrnn.training.data.vocabulary import Vocabulary


def animals(options: Options) -> Sequences:
    """cat mat rat, rat rat mat, mat mat cat (N1, N4)."""
    return _reviews("cat-mat-rat", ANIMALS, REVIEWS, options)


def film(options: Options) -> Sequences:
    """movie was good, movie was bad, movie was not good (N2)."""
    return _reviews("reviews", FILM_WORDS, FILM_REVIEWS, options)


def hello(options: Options) -> Sequences:
    """After each letter of hello the next one (N5)."""
    vocabulary = Vocabulary(tuple(LETTERS), tokeniser=Tokeniser("characters"))
    ids = vocabulary.encode(WORD)
    steps, cut = shortened(np.array([len(ids) - 1]), options.steps)
    train, validation = split(1, options.validation or 0, options.seed, "hello")
    task = Task("steps", len(vocabulary), len(vocabulary), ("x", "y"), timed=True)
    x, y = [ids[:-1][:steps]], [ids[1:][:steps]]
    return Sequences(task, steps, options.batch, x, y, train, validation, vocabulary, cut)


BUILT_IN: dict[str, Callable[[Options], Sequences]] = {
    "cat-mat-rat": animals,
    "reviews": film,
    "hello": hello,
}


def _reviews(
    name: str, words: tuple[str, ...], reviews: tuple[tuple[str, int], ...], options: Options
) -> Sequences:
    vocabulary = Vocabulary(words)
    ids = [vocabulary.encode(text) for text, _ in reviews]
    labels = of_ids(np.array([answer for _, answer in reviews]), ("0", "1"))
    steps, cut = shortened(np.array([len(each) for each in ids]), options.steps)
    train, validation = split(len(ids), options.validation or 0, options.seed, name, labels.ids)
    task = Task("binary", len(words), 1, ids=("x",), labels=labels.classes)
    x = [each[:steps] for each in ids]
    return Sequences(
        task, steps, options.batch, x, labels.targets, train, validation, vocabulary, cut
    )
