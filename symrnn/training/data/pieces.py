"""A text file piece by piece: each piece is whole tokens, whatever the size of a chunk."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from symrnn.training.data.files import decoded
from symrnn.training.data.tokens import Tokeniser


@dataclass(frozen=True)
class Place:
    """Some bytes of a file, from one boundary between tokens to another."""

    path: Path
    start: int
    stop: int


def pieces(
    file: BinaryIO, place: Place, tokeniser: Tokeniser, chunk: int
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
