"""Labelled texts: from a table to sequences of ids."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from symrnn.errors import DataError
from symrnn.language.table import Array
from symrnn.training.data.counting import Counting
from symrnn.training.data.labels import classes_of, values_of
from symrnn.training.data.options import Options
from symrnn.training.data.sequences import Sequences, shortened
from symrnn.training.data.split import split
from symrnn.training.data.tables import read_table
from symrnn.training.data.task import Task
from symrnn.training.data.tokens import Tokeniser
from symrnn.training.data.vocabulary import Vocabulary


def labelled(path: Path, options: Options) -> Sequences:
    """The examples of a .csv, .tsv or .jsonl file; the vocabulary is of those trained on."""
    table = read_table(path, options.text, options.label)
    if options.values:
        labels = values_of(table.labels, table.where)
    else:
        labels = classes_of(table.labels, f"{path}, column '{table.column}'", options.labels)
    train, validation = split(len(table.texts), options.share, options.seed, str(path), labels.ids)
    tokeniser = options.tokeniser or Tokeniser(options.unit or "words", options.lower)
    counting = Counting(tokeniser)
    for row in train:
        counting.add(table.texts[row])
    vocabulary = vocabulary_of(counting, options)
    ids = encoded(vocabulary, table.texts, table.where)
    steps, cut = shortened(np.array([len(each) for each in ids]), options.steps)
    task = Task(
        labels.kind,
        len(vocabulary),
        labels.outputs,
        ids=("x", "y") if labels.kind == "classes" else ("x",),
        labels=labels.classes,
    )
    remarks = (*cut, *left_out(counting, vocabulary))
    x = [each[:steps] for each in ids]
    return Sequences(
        task, steps, options.batch, x, labels.targets, train, validation, vocabulary, remarks
    )


def encoded(
    vocabulary: Vocabulary, texts: Sequence[str], where: Callable[[int], str]
) -> list[Array]:
    """The ids of each text; it is said where one stands that has none."""
    found = []
    for row, text in enumerate(texts):
        try:
            ids = vocabulary.encode(text)
        except DataError as error:
            raise DataError(f"{where(row)}: {error}") from None
        if not len(ids):
            raise DataError(
                f"{where(row)}: the text {text[:40]!r} holds no {vocabulary.tokeniser.unit};"
                " expected one or more"
            )
        found.append(ids)
    return found


def vocabulary_of(counting: Counting, options: Options) -> Vocabulary:
    """The known one, or that of the tokens that were counted."""
    if options.known and options.known.vocabulary:
        return options.known.vocabulary
    return Vocabulary.built(
        counting.counts, counting.tokeniser, options.min_count, options.max_size
    )


def left_out(counting: Counting, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What has to be said about tokens that are not in the vocabulary."""
    there = counting.counts.keys() - {vocabulary.unknown}
    known = len(there & set(vocabulary.tokens))
    if known == len(there):
        return ()
    unit = counting.tokeniser.unit
    return (f"the vocabulary has {known:,} of {len(there):,} {unit}; the others are unknown",)
