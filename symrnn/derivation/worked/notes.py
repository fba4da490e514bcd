"""The notes' data as arrays: one review of three words, or 'hello' letter by letter."""

import numpy as np

from symrnn.derivation.worked.known import Known
from symrnn.errors import UsageError
from symrnn.functions import Array
from symrnn.notes import ANIMALS, LETTERS, REVIEWS, WORD
from symrnn.system.symbols import Symbol


def notes_data(work: Known, row: int) -> dict[str, Array]:
    inputs = [s for s in work.asked if s.role == "input"]
    targets = [s for s in work.asked if s.role == "target"]
    if len(inputs) != 1 or not inputs[0].timed or len(targets) != 1:
        there = ", ".join(f"{s.name} ({s.role}, {_when(s)})" for s in work.asked) or "nothing"
        raise UsageError(
            "the notes' data is for a model with one input that runs over time and one target;"
            f" this one asks for {there}: give data as a JSON file"
        )
    (x,), (y,) = inputs, targets
    if y.timed:
        picked(row, 1, "the notes' data for a target at every step")
        rows = np.eye(len(LETTERS))[[LETTERS.index(letter) for letter in WORD]]
        return {x.name: rows[:-1], y.name: rows[1:]}
    words, answer = REVIEWS[picked(row, len(REVIEWS), "the notes' data")]
    vectors = np.eye(len(ANIMALS))[[ANIMALS.index(word) for word in words.split()]]
    one = np.eye(2)[answer] if work.is_class(y) else np.array([float(answer)])
    return {x.name: vectors, y.name: one}


def _when(symbol: Symbol) -> str:
    return "at every step" if symbol.timed else "once"


def picked(row: int, count: int, source: str) -> int:
    if not 1 <= row <= count:
        raise UsageError(
            f"there is no row {row} in {source}; expected"
            f" {f'a number from 1 to {count}' if count > 1 else '1, it holds one sequence'}"
        )
    return row - 1
