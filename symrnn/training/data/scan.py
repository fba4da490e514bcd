"""The first pass over a running text: its tokens counted, and places in it to start from."""

import os
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from symrnn.errors import DataError
from symrnn.files import opened
from symrnn.language.table import Array
from symrnn.training.data.counting import Counting
from symrnn.training.data.files import start_of
from symrnn.training.data.pieces import Place, pieces
from symrnn.training.data.tokens import Tokeniser

LOOK = 1 << 16
"""So far a boundary between training and validation is looked for."""


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a running text, its number of tokens, and where some of them begin."""

    place: Place
    tokens: int
    offsets: Array
    """Bytes where pieces begin."""
    before: Array
    """How many tokens of the part stand before each."""

    def near(self, token: int) -> tuple[Place, int]:
        """A place to read from, and how many tokens come there before this one."""
        at = int(np.searchsorted(self.before, token, "right")) - 1
        start = int(self.offsets[at])
        return Place(self.place.path, start, self.place.stop), token - int(self.before[at])


@dataclass(frozen=True, eq=False)
class Scan:
    """What is known of a text after one pass: little, however large it is."""

    training: Part
    validation: Part | None
    counting: Counting
    """Of the training part."""
    stamp: tuple[int, int]
    """Size and time of the file."""


def scan(path: Path, tokeniser: Tokeniser, share: float, chunk: int) -> Scan:
    """The end of the text is for validation: this share of its bytes."""
    counting = Counting(tokeniser)
    with opened(path) as file:
        size, _ = stamp = stamp_of(file)
        start = start_of(path, file)
        stop = _boundary(file, start + round((1 - share) * (size - start)), size) if share else size
        texts = pieces(file, Place(path, start, stop), tokeniser, chunk)
        training = _part(Place(path, start, stop), texts, counting.add)
        validation = None
        if share:
            texts = pieces(file, Place(path, stop, size), tokeniser, chunk)
            validation = _part(Place(path, stop, size), texts, tokeniser.count)
    _check(path, tokeniser, training, validation)
    return Scan(training, validation, counting, stamp)


def stamp_of(file: BinaryIO) -> tuple[int, int]:
    """Size and time of a file: with these, it is taken for the same."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _part(place: Place, texts: Iterator[tuple[int, str]], count: Callable[[str], int]) -> Part:
    offsets, before = array("q"), array("q")
    total = 0
    for offset, text in texts:
        offsets.append(offset)
        before.append(total)
        total += count(text)
    return Part(place, total, np.array(offsets), np.array(before))


def _boundary(file: BinaryIO, about: int, size: int) -> int:
    """Behind the next white space; or, where there is none, before the next character."""
    file.seek(about)
    ahead = file.read(LOOK)
    found = [at + 1 for mark in b"\n \t" if (at := ahead.find(mark)) >= 0]
    if found:
        return about + min(found)
    inside = next((n for n, byte in enumerate(ahead) if byte & 0xC0 != 0x80), len(ahead))
    return min(about + inside, size)


def _check(path: Path, tokeniser: Tokeniser, training: Part, validation: Part | None) -> None:
    """To learn what comes next, there must be a next one."""
    for part, what, cure in (
        (training, "to train on", "a longer text"),
        (validation, "kept apart for validation", "a longer text, another share, or a share of 0"),
    ):
        if part is not None and part.tokens < 2:
            unit = tokeniser.unit[: -1 if part.tokens == 1 else None]
            raise DataError(f"{path} has {part.tokens} {unit} {what}; expected two or more: {cure}")
