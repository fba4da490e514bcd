"""Parameters in files: .npz and .safetensors, never pickle.

- `expected`     names and shapes: what is missing, extra or misshapen
- `npz`          NumPy's archive of arrays
- `safetensors`  a header in JSON, and the numbers one after the other

>>> import tempfile, symrnn
>>> params = symrnn.load("elman").kernel(steps=3).init_params(D=2, H=3, C=1)
>>> with tempfile.TemporaryDirectory() as folder:
...     save(f"{folder}/elman.safetensors", params)
...     found = load(f"{folder}/elman.safetensors", symrnn.load("elman"))
>>> found["w_i"].shape
(2, 3)
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from symrnn import files
from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array
from symrnn.weights import npz, safetensors
from symrnn.weights.expected import Expected, check

__all__ = ["check", "load", "save"]

Path = str | os.PathLike[str]

FORMATS: dict[
    str, tuple[Callable[[BinaryIO], dict[str, Array]], Callable[[Mapping[str, Array]], bytes]]
] = {
    ".npz": (npz.decode, npz.encode),
    ".safetensors": (safetensors.decode, safetensors.encode),
}
"""What reads and what writes a file, by the ending of its name."""


def save(path: Path, params: Mapping[str, Any]) -> None:
    """Write arrays by name, in the format that the ending of the file asks for; whole or not at
    all."""
    encode = FORMATS[_format(path)][1]
    try:
        data = encode({name: np.asanyarray(value) for name, value in params.items()})
    except DataError as error:
        raise DataError(f"cannot write {os.fspath(path)}: {error}") from None
    files.write(path, data)


def load(
    path: Path, expected: Expected | None = None, dims: Mapping[str, int] | None = None
) -> dict[str, Array]:
    """The arrays in a file, by name.

    `expected` says which there must be: a model, or the PARAMS of a kernel. The shapes have to
    agree with each other, and with the `dims` that are given. What a file promises is held against
    what it has before memory is taken for it.
    """
    decode = FORMATS[_format(path)][0]
    try:
        with files.opened(path) as file:
            found = decode(file)
        if expected is not None:
            check(found, expected, dims)
    except DataError as error:
        raise DataError(f"{os.fspath(path)}: {error}") from None
    if expected is None and dims:
        raise UsageError("dims say something of a model; say which one is expected")
    return found


def _format(path: Path) -> str:
    name = os.fspath(path)
    ending = os.path.splitext(name)[1].lower()
    if ending not in FORMATS:
        raise UsageError(f"{name}: expected a name that ends in {' or '.join(FORMATS)}")
    return ending
