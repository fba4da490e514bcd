"""Data and weights for a worked example: from a file, from the notes, or made up by a seed."""

from collections.abc import Mapping

import numpy as np

from symrnn.derive.worked.files import sequences, weights_of
from symrnn.derive.worked.known import Known
from symrnn.derive.worked.notes import BUILT_IN, encoding, notes_data
from symrnn.errors import UsageError
from symrnn.language.table import Array
from symrnn.language.tree import Written
from symrnn.system.symbols import Symbols


def worked_data(
    written: Written,
    symbols: Symbols,
    steps: int | None = None,
    data: str | None = None,
    row: int = 1,
    weights: str | None = None,
    seed: int = 0,
    scalar: bool = False,
    dims: Mapping[str, int] | None = None,
) -> tuple[dict[str, Array], int]:
    """One sequence, its target and all parameters, and the number of steps.

    `data` is the name of the notes' data or the path of a JSON file, of which `row` picks one
    sequence; `weights` is the path of another; `dims` are widths that both must have. What is not
    given is made up by the seed, in the scalar form with width 1.
    """
    if seed < 0:
        raise UsageError(f"the seed is {seed}; expected a whole number from 0 on")
    work = Known(written, symbols, scalar)
    work.choose(steps, written.steps)
    work.fix(dims or {})
    if data in BUILT_IN:
        work.take(notes_data(work, row, data), "the notes' data")
    elif data is not None:
        work.take(sequences(work, data, row), data)
    elif row != 1:
        raise UsageError(f"there is no row {row}: without data one sequence is made up")
    if weights is not None:
        work.take(weights_of(work, weights), weights)
    work.fill(np.random.default_rng([seed, 0]), work.asked)
    work.fill(np.random.default_rng([seed, 1]), work.parameters)
    return work.found, work.steps


def meaning(written: Written, symbols: Symbols, scalar: bool, data: str | None) -> str:
    """What the numbers of the data stand for, where they stand for something."""
    return encoding(Known(written, symbols, scalar), data) if data is not None else ""
