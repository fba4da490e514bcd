"""The .npz format: a zip archive with an array in NumPy's own format for each name.

The one reader of it, for data, weights and checkpoints. It goes member by member, and holds what
each promises against what the file has before memory is taken for it; objects are refused, so that
an archive cannot run code. What is written is the same to the byte each time.
"""

import io
import lzma
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, BinaryIO

import numpy as np

from symrnn import files
from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.weights.expected import numbers

SUFFIX = ".npy"
MAGIC = b"\x93NUMPY"
DAMAGE = (
    *(EOFError, IndexError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError),
    *(lzma.LZMAError, struct.error, zlib.error),
)
"""What reading a damaged archive may end in, beside its own exception."""
UNREADABLE = (
    *(MemoryError, RecursionError, SyntaxError, TypeError, ValueError),
    tokenize.TokenError,
)
"""The same for the header of an array, which is a literal of Python."""
LONGEST_HEADER = 10_000
"""Bytes; that of an array of numbers has some dozens."""
MARGIN = 1 << 10
"""More bytes than what stands around an array takes."""
ROOM, TIMES = 1 << 28, 100
"""An archive may unpack to so many bytes, and so many times as many as it has."""


def accept(names: Sequence[str]) -> None:
    """Any names will do."""


def encode(params: Mapping[str, Array]) -> bytes:
    """The bytes of an archive."""
    whole = io.BytesIO()
    whole.seek(sum(value.nbytes + len(name) + MARGIN for name, value in params.items()))
    whole.write(b"0")  # all the room at once: a memory that is full in its middle breaks a ZipFile
    whole.seek(0)
    with zipfile.ZipFile(whole, "w") as archive:
        for name, value in params.items():
            one = io.BytesIO()
            np.lib.format.write_array(one, numbers(name, value), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(name + SUFFIX), one.getvalue())
    whole.truncate()
    return whole.getvalue()


def decode(
    file: BinaryIO, check_names: Callable[[Sequence[str]], None] = accept
) -> dict[str, Array]:
    """The arrays of an archive, by name; `check_names` may refuse these before any is read."""
    there = files.size(file)
    if not there:
        raise DataError("the file is empty; expected a .npz archive of arrays")
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive, there)
            check_names(list(members))
            return {name: _array(name, archive, member) for name, member in members.items()}
    except zipfile.BadZipFile as error:
        file.seek(0)
        begins = file.read(2) == b"PK"
        said = f"is cut short or damaged ({error})" if begins else "is no .npz archive"
        raise DataError(f"the file {said}; expected one that numpy.savez writes") from None
    except DAMAGE as error:
        said = str(error) or "it ends too early"
        raise DataError(f"the archive is damaged or packed in another way: {said}") from None


def _members(archive: zipfile.ZipFile, there: int) -> dict[str, zipfile.ZipInfo]:
    """The members by the names of their arrays, if all together are of a size that can be."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(SUFFIX)
        if name == member.filename:
            raise DataError(f"the archive holds '{name[:60]}'; expected arrays alone, *{SUFFIX}")
        if name in found:
            raise DataError(f"the archive holds '{name[:60]}' twice")
        found[name] = member
    size, most = sum(member.file_size for member in found.values()), max(ROOM, TIMES * there)
    if size > most:
        raise DataError(
            f"the archive has {there:,} bytes and unpacks to {size:,}; expected {most:,} at most:"
            " save it with numpy.savez, which does not pack"
        )
    return found


def _array(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    with archive.open(member) as file:
        shape, columns_first, dtype = _header(name, file)
        wanted, there = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
        if wanted != there:
            raise DataError(
                f"{name} has shape {shape} of {dtype}, which takes {wanted} bytes; there are"
                f" {there}"
            )
        flat = np.empty(wanted // dtype.itemsize, dtype)
        if files.fill(file, flat) < wanted or file.read(1):  # at the end the sum is checked
            raise DataError(f"{name} is cut short or damaged: {wanted} bytes are promised")
    flat = flat.astype(dtype.newbyteorder("="), copy=False)
    return flat.reshape(shape, order="F" if columns_first else "C")


def _header(name: str, file: IO[bytes]) -> tuple[tuple[int, ...], bool, Any]:
    """Shape, whether columns come first, and dtype; no more is read than a header needs."""
    start = file.read(8)
    wide = file.read(2 if start[6:7] == b"\x01" else 4)
    length = int.from_bytes(wide, "little")
    if start[:6] != MAGIC or start[6:7] not in (b"\x01", b"\x02", b"\x03"):
        raise DataError(f"{name} does not begin as an array of NumPy does")
    if length > LONGEST_HEADER:
        raise DataError(
            f"{name} has a header of {length:,} bytes; expected {LONGEST_HEADER:,} at most, and an"
            " array of plain numbers has some dozens"
        )
    read = np.lib.format
    header = read.read_array_header_1_0 if len(wide) == 2 else read.read_array_header_2_0
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python 2, which wrote 3L
            shape, columns_first, dtype = header(io.BytesIO(wide + file.read(length)))
    except UNREADABLE as error:
        said = (str(error).splitlines() or ["it is no header"])[0][:200]
        raise DataError(f"{name} does not begin as an array of NumPy does: {said}") from None
    if dtype.hasobject:
        raise DataError(
            f"{name} holds objects, as lists of different lengths become, and these are never read;"
            " expected numbers"
        )
    if dtype.kind not in "fciub":
        raise DataError(f"{name} holds {str(dtype)[:40]}; expected numbers")
    if any(n < 0 for n in shape):
        raise DataError(f"{name} has shape {shape}; expected no size below 0")
    return shape, columns_first, dtype
