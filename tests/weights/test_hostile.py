"""Memory is bounded by the file: what one promises is held against what it has."""

import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn import weights
from symrnn.errors import DataError
from symrnn.training.data import open_data

MAGIC = b"\x93NUMPY"
ROOT = Path(symrnn.__file__).parents[1]


def member(header: str | bytes, body: bytes = b"", version: int = 1) -> bytes:
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return MAGIC + bytes([version, 0]) + length + text + body


def header(shape: Any, descr: Any = "<f8") -> str:
    return f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}}}\n"


def archive(path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("x.npy", content)
        made.writestr("y.npy", content)
    return path


def bomb(path: Path, size: int) -> Path:
    """So many MB of zeros in a file of a few kB for each."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
        made.open("x.npy", "w") as file,
    ):
        for _ in range(size):
            file.write(bytes(1 << 20))
    return path


NO_START = "x does not begin as an array of NumPy does"
ODD = {
    "a promise": (
        member(header((10**9, 10**3)), b"0" * 64),
        "x has shape (1000000000, 1000) of float64, which takes 8000000000000 bytes; there are 64",
    ),
    "0 times too many": (
        member(header((10**30, 0))),
        "the archive is damaged or packed in another way: ",
    ),
    "below 0": (
        member(header((-1, -3)), b"0" * 24),
        "x has shape (-1, -3); expected no size below 0",
    ),
    "a text without an end": (member(b"{'a': '''"), f"{NO_START}: "),
    "brackets": (member(b"(" * 9_000), f"{NO_START}: "),
    "no letters": (member(b"\xff\xfe{"), f"{NO_START}: "),
    "names missing": (member(b"{'descr': '<f8'}"), f"{NO_START}: "),
    "an unknown version": (member(header((3,)), version=9), NO_START),
    "a long header": (
        member(header((3,)).ljust(10_001)),
        "x has a header of 10,001 bytes; expected 10,000 at most",
    ),
    "a very long header": (
        MAGIC + b"\x02\x00\xff\xff\xff\xff",
        "x has a header of 4,294,967,295 bytes; expected 10,000 at most",
    ),
    "objects": (member(header((3,), "|O"), b"0" * 24), "x holds objects, as lists of different"),
    "long letters": (
        member(header((3,), "<U500000000")),
        "x holds <U500000000; expected numbers",
    ),
    "records": (
        member(header((1,), [("a", "<f8")]), b"0" * 8),
        "x holds [('a', '<f8')]; expected numbers",
    ),
}


@pytest.mark.parametrize("odd", ODD)
def test_weights_and_data_have_one_reader_and_one_message(tmp_path: Path, odd: str) -> None:
    content, message = ODD[odd]
    path = archive(tmp_path / "a.npz", content)
    for read in (weights.load, open_data):
        with pytest.raises(DataError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: {message}")
        assert len(str(caught.value)) < 1_000


def test_python_2_is_still_read(tmp_path: Path) -> None:
    """It wrote its long numbers with an L; NumPy warns of it, and nobody has to know."""
    content = member("{'descr': '<f8', 'fortran_order': False, 'shape': (2L,)}\n", bytes(16))
    assert weights.load(archive(tmp_path / "a.npz", content))["x"].tolist() == [0, 0]


def test_a_name_twice(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as made:
        made.writestr("x.npy", member(header((1,)), bytes(8)))
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("x.npy", member(header((1,)), bytes(8)))
    with pytest.raises(DataError, match=r"a.npz: the archive holds 'x' twice"):
        open_data(tmp_path / "a.npz")


def test_more_than_a_file_should_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.npz, "ROOM", 1 << 20)
    path = bomb(tmp_path / "a.npz", 8)
    for read in (weights.load, open_data):
        with pytest.raises(DataError, match=r"bytes and unpacks to 8,388,608; expected [\d,]+ at"):
            read(path)


def test_an_archive_that_says_more_than_it_has(tmp_path: Path) -> None:
    """The sizes of a member, in both of its headers, replaced by others."""
    content = member(header((1000,)), bytes(8_000))
    path = archive(tmp_path / "a.npz", content)
    data = path.read_bytes()
    for other in (1, 1 << 20, 1 << 28, 1 << 31):
        changed = data.replace(struct.pack("<I", len(content)), struct.pack("<I", other))
        assert changed != data
        path.write_bytes(changed)
        with pytest.raises(DataError, match=r"a.npz: "):
            weights.load(path)


def test_packed_data_that_are_mostly_zero_are_read(tmp_path: Path) -> None:
    wanted = np.eye(500)
    np.savez_compressed(tmp_path / "a.npz", x=wanted)
    assert (tmp_path / "a.npz").stat().st_size < wanted.nbytes / 100
    np.testing.assert_array_equal(weights.load(tmp_path / "a.npz")["x"], wanted)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"shape": [1] * 100, "data_offsets": [0, 4]}, "'w' has 100 axes; expected 32 at most"),
        ({"shape": [0, 1 << 61], "data_offsets": [0, 0]}, "4 bytes at the end belong to no array"),
        ({"shape": [1 << 61], "data_offsets": [0, 1 << 63]}, "'w' in the header: shape and data"),
        ({"shape": [1 << 50], "data_offsets": [0, 1 << 52]}, "the file is cut short: 'w' ends at"),
    ],
)
def test_tensors(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    text = json.dumps({"w": {"dtype": "F32", **said}}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4))
    with pytest.raises(DataError) as caught:
        weights.load(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_tensor_of_no_numbers_and_no_shape(tmp_path: Path) -> None:
    text = json.dumps(
        {"w": {"dtype": "F32", "shape": [0, 1 << 61], "data_offsets": [0, 0]}}
    ).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(DataError, match=r"'w' has shape \(0, 2305843009213693952\), which no arr"):
        weights.load(path)


# in a process that may take little memory

LIMITED = """
import resource, sys
from symrnn import weights
from symrnn.errors import DataError
with open("/proc/self/statm") as file:
    there = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (there + int(sys.argv[1]),) * 2)
for path in sys.argv[2:]:
    try:
        print(sum(array.nbytes for array in weights.load(path).values()))
    except DataError as error:
        print(error)
"""
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system has no /proc"
)


def limited(room: int, *paths: Path) -> list[str]:
    """What reading says in a process that may take so much more memory."""
    command = [sys.executable, "-c", LIMITED, str(room), *map(str, paths)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()


@needs_proc
def test_a_file_is_read_with_little_more_memory_than_it_has(tmp_path: Path) -> None:
    size = 40 << 20
    paths = [tmp_path / f"w{ending}" for ending in (".npz", ".safetensors")]
    for path in paths:
        weights.save(path, {"w": np.zeros(size // 8)})
    assert limited(size + (12 << 20), *paths) == [str(size)] * 2


@needs_proc
def test_what_is_promised_takes_no_memory(tmp_path: Path) -> None:
    promise = archive(tmp_path / "a.npz", ODD["a promise"][0])
    one, two = limited(12 << 20, promise, bomb(tmp_path / "b.npz", 300))
    assert "which takes 8000000000000 bytes; there are 64" in one
    assert "unpacks to 314,572,800" in two
