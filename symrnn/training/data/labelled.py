"""Labelled texts: a table (.csv, .tsv or .jsonl, one example a row) as sequences of ids."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.language.arrays import Array
from symrnn.training.data.contract import Options, Task
from symrnn.training.data.examples import Examples, shortened, split
from symrnn.training.data.targets import classes_of, values_of
from symrnn.training.data.text import whole
from symrnn.training.data.vocabulary import Counting, Tokeniser, Vocabulary

# the table


TEXTS = "text", "sentence", "review", "content", "comment", "document", "message", "body"
LABELS = "label", "class", "category", "sentiment", "target", "y", "labels", "rating", "score"
"""Names of columns, in the order in which they are looked for."""

MAX_CELL = 1 << 27
MANY, WIDE = 20, 40
"""So many columns are listed in a message, and so many letters of each."""

Rows = list[tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class Table:
    """Texts and labels as they stand in a file, and the line where each begins."""

    path: Path
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...]
    column: str
    """The name of the column with the labels."""

    def where(self, row: int) -> str:
        """
        >>> Table(Path("a.csv"), ("x",), ("1",), (2,), "label").where(0)
        'a.csv, line 2'
        """
        return f"{self.path}, line {self.lines[row]}"


def read_texts(path: Path, text: str | None = None) -> tuple[list[int], list[str]]:
    """The column of texts alone, and the line where each row begins; there may be no labels."""
    columns, rows = _read(path)
    column = _column(path, columns, text, TEXTS, "text")
    return [line for line, _ in rows], [_text(path, line, row, column) for line, row in rows]


def read_table(path: Path, text: str | None = None, label: str | None = None) -> Table:
    """The columns of these names, or of usual ones."""
    columns, rows = _read(path)
    texts = _column(path, columns, text, TEXTS, "text")
    labels = _column(path, columns, label, LABELS, "label")
    if texts == labels:
        raise UsageError(f"{path}: the column '{texts}' cannot be both text and label")
    lines = tuple(line for line, _ in rows)
    pairs = [
        (_text(path, line, row, texts), _label(path, line, row, labels).strip())
        for line, row in rows
    ]
    for line, (_, found) in zip(lines, pairs, strict=True):
        if not found:
            raise DataError(
                f"{path}, line {line}: the label is empty; expected one in the column '{labels}'"
            )
    return Table(path, tuple(t for t, _ in pairs), tuple(n for _, n in pairs), lines, labels)


def _read(path: Path) -> tuple[list[str], Rows]:
    """The names of the columns, and at least one row."""
    content = whole(path)
    columns, rows = (_objects if path.suffix.lower() == ".jsonl" else _cells)(path, content)
    if not rows:
        raise DataError(f"{path} has a header and no rows; expected a row for each example")
    return columns, rows


def _column(
    path: Path, columns: list[str], asked: str | None, usual: tuple[str, ...], what: str
) -> str:
    there = f"{path} has {_listed(columns)}"
    if asked is not None:
        if columns.count(asked) > 1:
            raise DataError(f"{there}, more than one called '{asked}'")
        if asked not in columns:
            near = suggestion(asked, columns[:MANY])
            raise DataError(f"{there}, and none called '{asked}'{near}")
        return asked
    lower = [each.strip().lower() for each in columns]
    for name in usual:
        if lower.count(name) == 1:
            return columns[lower.index(name)]
    raise DataError(
        f"{there}; expected one called '{what}'. Give it that name, or say which holds the {what}s"
    )


def _listed(columns: list[str]) -> str:
    """
    >>> _listed(["text", "label"])
    "the columns 'text', 'label'"
    """
    said = ", ".join(
        repr(each if len(each) <= WIDE else f"{each[:WIDE]}…") for each in columns[:MANY]
    )
    more = len(columns) - MANY
    return f"the columns {said}" + (f" and {more:,} more" if more > 0 else "")


def _cells(path: Path, content: str) -> tuple[list[str], Rows]:
    """The header, and the rows, each with the line where it begins; empty lines are passed over."""
    reader = csv.reader(
        io.StringIO(content, newline=""), delimiter=_mark(path, content), strict=True
    )
    rows: list[tuple[int, list[str]]] = []
    line = 1
    before = csv.field_size_limit(MAX_CELL)
    try:
        for row in reader:
            if len(row) > 1 or any(cell.strip() for cell in row):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}, line {line}: {error}; expected each cell in quotes or without any, and"
            ' "" for a quote inside of quotes'
        ) from None
    finally:
        csv.field_size_limit(before)
    if not rows:
        raise DataError(f"{path} holds empty lines alone; expected a header and rows")
    columns = rows[0][1]
    for line, row in rows[1:]:
        if len(row) != len(columns):
            raise DataError(
                f"{path}, line {line}: {len(row)} cell{'s' * (len(row) > 1)}; expected"
                f" {len(columns)}, as in the header. A text with {reader.dialect.delimiter!r} in it"
                " stands in quotes"
            )
    return columns, [(line, dict(zip(columns, row, strict=True))) for line, row in rows[1:]]


def _mark(path: Path, content: str) -> str:
    """What stands between cells: by the name of the file, or what the header has in its place."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    header = content.lstrip().partition("\n")[0]
    return next((mark for mark in ",;\t" if mark in header), ",")


def _objects(path: Path, content: str) -> tuple[list[str], Rows]:
    """The names in the first line, and the rows; empty lines are passed over."""
    rows = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:  # the last for brackets without end
            said = str(error)
            if isinstance(error, json.JSONDecodeError):
                said = f"{error.msg}, column {error.colno}"
            raise DataError(
                f"{path}, line {number}: no JSON: {said}; expected an object in each line"
            ) from None
        if not isinstance(found, dict):
            raise DataError(
                f'{path}, line {number}: no object; expected one, such as {{"text": "…", "label":'
                ' "…"}'
            )
        rows.append((number, found))
    if not rows:
        raise DataError(f"{path} holds empty lines alone; expected an object in each line")
    return list(rows[0][1]), rows


def _text(path: Path, line: int, row: dict[str, Any], column: str) -> str:
    text = row.get(column)
    if not isinstance(text, str):
        raise DataError(f"{path}, line {line}: '{column}' is {_kind(text)}; expected a text")
    return text


def _label(path: Path, line: int, row: dict[str, Any], column: str) -> str:
    match row.get(column):
        case str() as label:
            return label
        case bool() as label:
            return str(label).lower()
        case int() | float() as label:
            return repr(label)
        case other:
            raise DataError(
                f"{path}, line {line}: '{column}' is {_kind(other)}; expected a text or a number"
            )


def _kind(value: Any) -> str:
    match value:
        case None:
            return "missing"
        case list() | dict():
            return "a list" if isinstance(value, list) else "an object"
    return "true or false" if isinstance(value, bool) else "a number"


# its texts as ids


def labelled(path: Path, options: Options) -> Examples:
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
    return Examples(
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
