"""The .safetensors format: the length of a header, the header, the numbers.

    8 bytes     how long the header is, the lowest byte first
    the header  JSON: {"w": {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]}, …}
    the rest    the numbers of all arrays, without gaps, rows first, the lowest byte first

Read strictly: every byte belongs to exactly one array, or the file is refused. The header is held
against the size of the file first; arrays are read one by one.

This is by hand, and not by the package of the format, since a training run writes its weights so
unless it is told otherwise, and asks for NumPy alone. The package would not save much: it wants a
whole file in memory or a path that it opens itself, so that a device or a pipe in the place of a
file, a header that promises more than there is, and a name given twice would still be refused here,
each with a message of one line. Where the package is installed, a test lets each read what the
other has written.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from symrnn import files
from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.weights.expected import numbers

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
    "BOOL": "|b1",
}  # fmt: skip
NAMES = {np.dtype(said): name for name, said in DTYPES.items()}

METADATA = "__metadata__"
LONGEST_HEADER = 100_000_000  # the format's own limit
MOST_AXES = 32  # of an array of NumPy 1; one of NumPy 2 has some more
FIELDS = {"dtype", "shape", "data_offsets"}

Entry = tuple[str, tuple[int, ...], int, int]
"""Type, shape, begin and end of an array."""


def encode(params: Mapping[str, Array]) -> bytes:
    """The bytes of a file; what has the longest numbers comes first, so that all lie aligned."""
    header: dict[str, Any] = {}
    pieces: list[bytes] = []
    end = 0
    for name in sorted(params, key=lambda name: (-params[name].dtype.itemsize, name)):
        value = numbers(name, params[name])
        dtype = value.dtype.newbyteorder("<")
        if dtype not in NAMES:
            raise DataError(f"{name} holds {value.dtype}, which .safetensors has not; .npz has it")
        if name == METADATA:
            raise DataError(f"no array can be called {METADATA} in a .safetensors file")
        pieces.append(np.ascontiguousarray(value, dtype).tobytes())
        begin, end = end, end + len(pieces[-1])
        said = {"dtype": NAMES[dtype], "shape": list(value.shape), "data_offsets": [begin, end]}
        header[name] = said
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *pieces])


def decode(file: BinaryIO) -> dict[str, Array]:
    """The arrays of a file, by name, in the order in which they lie."""
    header, body = _parts(file)
    entries = {name: _entry(name, said) for name, said in header.items() if name != METADATA}
    _check_metadata(header.get(METADATA, {}))
    lying = sorted(entries.items(), key=lambda entry: entry[1][2:])
    _check_places(lying, body)
    found: dict[str, Array] = {}
    for name, (dtype, shape, _, _) in lying:
        flat = np.empty(math.prod(shape), dtype)
        if files.fill(file, flat) < flat.nbytes:
            raise DataError(f"the file is cut short: it ends in '{name[:60]}'")
        flat = flat.astype(flat.dtype.newbyteorder("="), copy=False)
        try:
            found[name] = flat.reshape(shape)
        except ValueError:  # 0 times more than an axis can have
            raise DataError(f"'{name[:60]}' has shape {tuple(shape)}, which no array has") from None
    return found


def _check_places(lying: Sequence[tuple[str, Entry]], body: int) -> None:
    """Each array begins where the one before has ended, and the last ends with the file."""
    reached = 0
    for name, (_, _, begin, end) in lying:
        if begin != reached:
            what = "overlaps what is before it" if begin < reached else "leaves a gap before it"
            raise DataError(f"'{name[:60]}' {what}: it begins at byte {begin}, expected {reached}")
        if end > body:
            raise DataError(
                f"the file is cut short: '{name[:60]}' ends at byte {end} of the numbers, and there"
                f" are {body}"
            )
        reached = end
    if reached != body:
        raise DataError(f"{body - reached} bytes at the end belong to no array")


def _parts(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header as it was read, and how many bytes of numbers come behind it."""
    there = files.size(file)
    start = file.read(9)
    if there < 8:
        said = "is empty" if not there else "is cut short"
        raise DataError(f"the file {said}; expected the 8 bytes that a .safetensors begins with")
    length = int.from_bytes(start[:8], "little")
    if length > LONGEST_HEADER or start[8:9] not in (b"{", b""):
        raise DataError("the file is no .safetensors: it does not begin as one does")
    if 8 + length > there:
        raise DataError(
            f"the file is cut short: a header of {length} bytes, and {there - 8} are there"
        )
    file.seek(8)
    try:
        header = json.loads(file.read(length).decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        said = str(error).splitlines()[0][:200]
        raise DataError(f"the header of the file is no JSON that can be read: {said}") from None
    if not isinstance(header, dict):
        raise DataError("the header of the file holds no names; expected a JSON object")
    return header, there - 8 - length


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, said in pairs:
        if name in found:
            raise DataError(f"the header of the file names '{name[:60]}' twice")
        found[name] = said
    return found


def _entry(name: str, said: Any) -> Entry:
    """Type, shape, begin and end of one array, if they go together."""
    if not isinstance(said, dict) or said.keys() != FIELDS:
        raise DataError(f"'{name[:60]}' in the header: expected {', '.join(sorted(FIELDS))}")
    dtype, shape, offsets = said["dtype"], said["shape"], said["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise DataError(
            f"'{name[:60]}' holds {str(dtype)[:20]}, which NumPy has not; expected one of"
            f" {', '.join(DTYPES)}"
        )
    if not _sizes(shape) or not _sizes(offsets) or len(offsets) != 2:
        raise DataError(
            f"'{name[:60]}' in the header: shape and data_offsets are lists of whole numbers,"
            " the latter of two"
        )
    if len(shape) > MOST_AXES:
        raise DataError(f"'{name[:60]}' has {len(shape)} axes; expected {MOST_AXES} at most")
    begin, end = offsets
    wanted = math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize
    if end - begin != wanted:
        raise DataError(
            f"'{name[:60]}' has shape {tuple(shape)} of {dtype}, which takes {wanted} bytes; there"
            f" are {end - begin}"
        )
    return DTYPES[dtype], tuple(shape), begin, end


def _sizes(found: Any) -> bool:
    return isinstance(found, list) and all(type(n) is int and 0 <= n < 1 << 62 for n in found)


def _check_metadata(said: Any) -> None:
    if not isinstance(said, dict) or not all(isinstance(v, str) for v in said.values()):
        raise DataError(f"{METADATA} in the header: expected names with a text each")
