"""A text file: read whole, in pieces of whole tokens, and in one first pass over a long one."""

import codecs
import os
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from symrnn.errors import DataError
from symrnn.files import opened
from symrnn.language.arrays import Array
from symrnn.training.data.vocabulary import Counting, Tokeniser


def whole(path: Path) -> str:
    """The text of a file."""
    with opened(path) as file:
        start = start_of(path, file)
        file.seek(start)
        return decoded(path, file.read(), start)


def start_of(path: Path, file: BinaryIO) -> int:
    """Where the text begins: behind a byte order mark, if there is one. A file without text is an
    error."""
    head = file.read(3)
    start = 3 if head == codecs.BOM_UTF8 else 0
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise DataError(f"{path} is a text in UTF-16; expected UTF-8: convert it")
    if file.seek(0, os.SEEK_END) == start:
        raise DataError(f"{path} is empty; expected a text")
    return start


def decoded(path: Path, data: bytes, offset: int) -> str:
    """A part of a file that begins and ends between characters."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        place = offset + error.start
    with opened(path) as file:
        line, left = 1, place
        while left and (part := file.read(min(left, 1 << 16))):
            line, left = line + part.count(b"\n"), left - len(part)
    raise DataError(
        f"{path}, line {line}: this is no UTF-8 (byte {place + 1:,} of the file); expected a text"
        " in UTF-8: convert it"
    ) from None


# piece by piece


@dataclass(frozen=True)
class ByteRange:
    """Some bytes of a file, from one boundary between tokens to another."""

    path: Path
    start: int
    stop: int


def pieces(
    file: BinaryIO, place: ByteRange, tokeniser: Tokeniser, chunk: int
) -> Iterator[tuple[int, str]]:
    """The text there, and for each piece of it the byte where it begins.

    What a chunk leaves unfinished (a character, the end of a line, a word) begins the next piece.
    Others may read the same file in between.
    """
    offset = place.start
    held = b""
    while offset + len(held) < place.stop:
        file.seek(offset + len(held))
        read = file.read(min(chunk, place.stop - offset - len(held)))
        data = held + read
        last = not read or offset + len(data) >= place.stop
        whole = len(data) if last else _whole(data)
        text = decoded(place.path, data[:whole], offset)
        keep = len(text) if last else tokeniser.complete(text)
        used = whole - len(text[keep:].encode())
        if keep:
            yield offset, text[:keep]
        offset, held = offset + used, data[used:]
        if not read:
            return


def _whole(data: bytes) -> int:
    """How many bytes are whole characters: all but the beginning of one at the end.

    >>> _whole("aé".encode()[:-1]), _whole("aé".encode())
    (1, 3)
    """
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC0:  # the first of 2, 3 or 4
            wanted = 2 + (byte >= 0xE0) + (byte >= 0xF0)
            return len(data) - back if back < wanted else len(data)
        if byte < 0x80:
            break
    return len(data)


# the first pass over a running text


LOOK = 1 << 16
"""So far a boundary between training and validation is looked for."""


@dataclass(frozen=True, eq=False)
class TextPart:
    """A part of a running text, its number of tokens, and where some of them begin."""

    place: ByteRange
    tokens: int
    offsets: Array
    """Bytes where pieces begin."""
    before: Array
    """How many tokens of the part stand before each."""

    def near(self, token: int) -> tuple[ByteRange, int]:
        """A place to read from, and how many tokens come there before this one."""
        at = int(np.searchsorted(self.before, token, "right")) - 1
        start = int(self.offsets[at])
        return ByteRange(self.place.path, start, self.place.stop), token - int(self.before[at])


@dataclass(frozen=True, eq=False)
class Scan:
    """What is known of a text after one pass: little, however large it is."""

    training: TextPart
    validation: TextPart | None
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
        texts = pieces(file, ByteRange(path, start, stop), tokeniser, chunk)
        training = _part(ByteRange(path, start, stop), texts, counting.add)
        validation = None
        if share:
            texts = pieces(file, ByteRange(path, stop, size), tokeniser, chunk)
            validation = _part(ByteRange(path, stop, size), texts, tokeniser.count)
    _check(path, tokeniser, training, validation)
    return Scan(training, validation, counting, stamp)


def stamp_of(file: BinaryIO) -> tuple[int, int]:
    """Size and time of a file: with these, it is taken for the same."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _part(
    place: ByteRange, texts: Iterator[tuple[int, str]], count: Callable[[str], int]
) -> TextPart:
    offsets, before = array("q"), array("q")
    total = 0
    for offset, text in texts:
        offsets.append(offset)
        before.append(total)
        total += count(text)
    return TextPart(place, total, np.array(offsets), np.array(before))


def _boundary(file: BinaryIO, about: int, size: int) -> int:
    """Behind the next white space; or, where there is none, before the next character."""
    file.seek(about)
    ahead = file.read(LOOK)
    found = [at + 1 for mark in b"\n \t" if (at := ahead.find(mark)) >= 0]
    if found:
        return about + min(found)
    inside = next((n for n, byte in enumerate(ahead) if byte & 0xC0 != 0x80), len(ahead))
    return min(about + inside, size)


def _check(
    path: Path, tokeniser: Tokeniser, training: TextPart, validation: TextPart | None
) -> None:
    """To learn what comes next, there must be a next one."""
    for part, what, cure in (
        (training, "to train on", "a longer text"),
        (validation, "kept apart for validation", "a longer text, another share, or a share of 0"),
    ):
        if part is not None and part.tokens < 2:
            unit = tokeniser.unit[: -1 if part.tokens == 1 else None]
            raise DataError(f"{path} has {part.tokens} {unit} {what}; expected two or more: {cure}")
