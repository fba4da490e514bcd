"""The .npz format: a zip archive with an array in NumPy's own format for each name.

It is read member by member, each held against its own header before anything is made of it, and
objects are refused: an archive cannot run code. What is written is the same to the byte each time.
"""

import io
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO

import numpy as np

from symrnn.errors import DataError
from symrnn.functions import Array
from symrnn.weights.expected import numbers

SUFFIX = ".npy"
DAMAGE = (
    *(EOFError, IndexError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError),
    *(lzma.LZMAError, struct.error, zlib.error),
)
"""What reading a damaged archive may end in, beside its own exception."""
UNREADABLE = (MemoryError, RecursionError, SyntaxError, TypeError, ValueError)
"""The same for the header of an array, which is a literal of Python."""
LARGEST = 1 << 34
"""More bytes than this are not unpacked."""


def encode(params: Mapping[str, Array]) -> bytes:
    """The bytes of an archive."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, value in params.items():
            one = io.BytesIO()
            np.lib.format.write_array(one, numbers(name, value), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(name + SUFFIX), one.getvalue())
    return whole.getvalue()


def decode(data: bytes) -> dict[str, Array]:
    """The arrays of an archive, by name."""
    if not data:
        raise DataError("the file is empty; expected a .npz archive of arrays")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive)
    except zipfile.BadZipFile:
        begins = data.startswith(b"PK")
        said = "is cut short or damaged" if begins else "is no .npz archive"
        raise DataError(f"the file {said}; expected one that numpy.savez writes") from None
    except DAMAGE as error:
        raise DataError(f"the archive is damaged or packed in another way: {error}") from None


def _members(archive: zipfile.ZipFile) -> dict[str, Array]:
    members = archive.infolist()
    if sum(member.file_size for member in members) > LARGEST:
        raise DataError(f"the archive unpacks to more than {LARGEST:,} bytes")
    found: dict[str, Array] = {}
    for member in members:
        name = member.filename.removesuffix(SUFFIX)
        if name == member.filename:
            raise DataError(f"the archive holds '{name[:60]}'; expected arrays alone, *{SUFFIX}")
        if name in found:
            raise DataError(f"the archive holds '{name[:60]}' twice")
        with archive.open(member) as file:
            found[name] = _array(name, file, member.file_size)
    return found


def _array(name: str, file: IO[bytes], size: int) -> Array:
    read = np.lib.format
    try:
        version = read.read_magic(file)
        header = read.read_array_header_1_0 if version == (1, 0) else read.read_array_header_2_0
        shape, columns_first, dtype = header(file)
    except UNREADABLE as error:
        said = (str(error).splitlines() or ["it is no header"])[0]
        raise DataError(f"{name} does not begin as an array of NumPy does: {said}") from None
    if dtype.hasobject:
        raise DataError(f"{name} holds objects, which are never read; expected numbers")
    if dtype.kind not in "fciub":
        raise DataError(f"{name} holds {dtype}; expected numbers")
    wanted, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if wanted != there:
        raise DataError(
            f"{name} has shape {shape} of {dtype}, which takes {wanted} bytes; there are {there}"
        )
    flat = np.frombuffer(file.read(), dtype).astype(dtype.newbyteorder("="))
    return flat.reshape(shape, order="F" if columns_first else "C")
