"""The notes' data as arrays: one review of three words, or 'hello' letter by letter.

In the scalar form a word or a letter is the number of its place in the vocabulary.
"""

import numpy as np

from symrnn.derive.worked.known import Known
from symrnn.errors import UsageError
from symrnn.language.table import Array
from symrnn.library.notes import ANIMALS, FILM_REVIEWS, FILM_WORDS, LETTERS, REVIEWS, WORD
from symrnn.system.symbols import Symbol

BUILT_IN = ("notes", "cat-mat-rat", "reviews", "hello")
"""What may stand for a file; `notes` is what suits the model, hello or cat-mat-rat."""

TEXTS = {"cat-mat-rat": (ANIMALS, REVIEWS), "reviews": (FILM_WORDS, FILM_REVIEWS)}


def notes_data(work: Known, row: int, name: str = "notes") -> dict[str, Array]:
    x, y = _pair(work)
    kind = ("hello" if y.timed else "cat-mat-rat") if name == "notes" else name
    if y.timed != (kind == "hello"):
        raise UsageError(
            f"{name} is for a model with a target {'at every step' if kind == 'hello' else 'once'};"
            f" {y.name} is one {_when(y)}"
        )
    if work.scalar and (work.is_class(y) or (y.timed and work.loss(y) != "mse")):
        raise UsageError(
            f"in the scalar form every width is 1, and {y.name} is one of several classes: leave"
            " --scalar away"
        )
    if kind == "hello":
        picked(row, 1, "the notes' data for a target at every step")
        count = min(work.dims.get("(T)", len(WORD)), len(WORD))
        letters = WORD[:count]
        after = (WORD * 2)[1 : count + 1]  # behind its last letter the word begins again
        return {x.name: _rows(letters, LETTERS, work), y.name: _rows(after, LETTERS, work)}
    vocabulary, reviews = TEXTS[kind]
    text, answer = reviews[picked(row, len(reviews), "the notes' data")]
    one = np.eye(2)[answer] if work.is_class(y) else np.array([float(answer)])
    return {x.name: _rows(text.split(), vocabulary, work), y.name: one}


def encoding(work: Known, name: str) -> str:
    """What the numbers of the scalar form stand for."""
    if not work.scalar or name not in BUILT_IN:
        return ""
    kind = ("hello" if _pair(work)[1].timed else "cat-mat-rat") if name == "notes" else name
    vocabulary = TEXTS[kind][0] if kind in TEXTS else LETTERS
    return ", ".join(f"{word} = {place}" for place, word in enumerate(vocabulary, 1))


def _rows(tokens: "str | list[str]", vocabulary: "str | tuple[str, ...]", work: Known) -> Array:
    places = [vocabulary.index(token) for token in tokens]
    if work.scalar:
        return np.array([[place + 1.0] for place in places])
    return np.asarray(np.eye(len(vocabulary))[places])


def _pair(work: Known) -> tuple[Symbol, Symbol]:
    """The one input and the one target."""
    inputs = [s for s in work.asked if s.role == "input"]
    targets = [s for s in work.asked if s.role == "target"]
    if len(inputs) != 1 or not inputs[0].timed or len(targets) != 1:
        there = ", ".join(f"{s.name} ({s.role}, {_when(s)})" for s in work.asked) or "nothing"
        raise UsageError(
            "the notes' data is for a model with one input that runs over time and one target;"
            f" this one asks for {there}: give data as a JSON file"
        )
    return inputs[0], targets[0]


def _when(symbol: Symbol) -> str:
    return "at every step" if symbol.timed else "once"


def picked(row: int, count: int, source: str) -> int:
    if not 1 <= row <= count:
        raise UsageError(
            f"there is no row {row} in {source}; expected"
            f" {f'a number from 1 to {count}' if count > 1 else '1, it holds one sequence'}"
        )
    return row - 1
