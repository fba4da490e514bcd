"""Files of text as they come: where one begins, and where it is no UTF-8."""

import codecs
import os
from pathlib import Path
from typing import BinaryIO

from symrnn.errors import DataError
from symrnn.files import opened


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
