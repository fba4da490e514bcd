"""Parameters in files: there and back, and every kind of damage said in one message."""

import io
import json
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn import weights
from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array

ENDINGS = (".npz", ".safetensors")
MODEL = symrnn.load("elman")


def params(dtype: Any = np.float64) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    shapes = {"w_i": (2, 3), "w_h": (3, 3), "b": (3,), "w_o": (3, 1), "b_o": (1,)}
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def said(path: Path, expected: Any = None, **more: Any) -> str:
    """The one message with which a file is refused, without its name."""
    with pytest.raises(DataError) as caught:
        weights.load(path, expected, **more)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


# there and back


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f8", np.int64, bool])
@pytest.mark.parametrize("ending", ENDINGS)
def test_arrays_come_back_as_they_were(tmp_path: Path, ending: str, dtype: Any) -> None:
    path, wanted = tmp_path / f"w{ending}", params(dtype)
    weights.save(path, wanted)
    found = weights.load(path)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
        assert found[name].dtype == value.dtype.newbyteorder("=")
        found[name][...] = 0  # an array of its own, that can be written to


@pytest.mark.parametrize("ending", ENDINGS)
def test_transposed_views_scalars_nan_and_foreign_names(tmp_path: Path, ending: str) -> None:
    wanted: dict[str, Any] = {
        "rnn.weight_ih_l0": np.arange(6.0).reshape(2, 3).T,
        "a/b": np.float32(2.5),
        "ŷ": np.array([np.nan, np.inf, -0.0]),
    }
    weights.save(tmp_path / f"w{ending}", wanted)
    found = weights.load(tmp_path / f"w{ending}")
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
        assert found[name].shape == np.shape(value)


def test_complex_numbers_are_for_npz(tmp_path: Path) -> None:
    weights.save(tmp_path / "w.npz", params(np.complex128))
    assert weights.load(tmp_path / "w.npz", MODEL)["b"].dtype == np.complex128
    with pytest.raises(DataError, match=r"w_h holds complex128, which \.safetensors has not"):
        weights.save(tmp_path / "w.safetensors", {"w_h": params(np.complex128)["w_h"]})
    assert not (tmp_path / "w.safetensors").exists()


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_is_the_same_each_time(tmp_path: Path, ending: str) -> None:
    for name in ("one", "two"):
        weights.save(tmp_path / f"{name}{ending}", params())
    assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_numpy_reads_ours_and_we_read_numpys(tmp_path: Path) -> None:
    wanted = params(np.float32)
    weights.save(tmp_path / "ours.npz", wanted)
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as archive:
        assert set(archive) == set(wanted)
        np.testing.assert_array_equal(archive["w_h"], wanted["w_h"])
    savers: list[Any] = [np.savez, np.savez_compressed]
    for save in savers:
        save(tmp_path / "theirs.npz", **wanted)
        found = weights.load(tmp_path / "theirs.npz", MODEL)
        np.testing.assert_array_equal(found["w_i"], wanted["w_i"])


def test_the_safetensors_package_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    theirs = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    wanted = {**params(np.float32), "f": np.ones(3, np.float16), "n": np.ones((2, 2))}
    weights.save(tmp_path / "ours.safetensors", wanted)
    theirs.save_file(wanted, tmp_path / "theirs.safetensors", metadata={"format": "pt"})
    found = theirs.load_file(tmp_path / "ours.safetensors")
    ours = weights.load(tmp_path / "theirs.safetensors")
    assert found.keys() == ours.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
        np.testing.assert_array_equal(ours[name], value)
        assert found[name].dtype == ours[name].dtype == value.dtype


# what is expected


def test_a_kernels_own_parameters_are_expected_too(tmp_path: Path) -> None:
    kernel = symrnn.load("birnn").kernel(steps=2)
    wanted = kernel.init_params(D=2, H=3, H_O_b=4, C=1)
    weights.save(tmp_path / "w.npz", wanted)
    found = weights.load(tmp_path / "w.npz", kernel.PARAMS, {"D": 2, "H": 3})
    assert found["w_o"].shape == (7, 1)


def without(name: str) -> dict[str, Array]:
    return {key: value for key, value in params().items() if key != name}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("changed", "dims", "message"),
    [
        (without("b"), None, "b of shape (H) missing; expected w_i, w_h, b, w_o, b_o"),
        (
            {**params(), "w_x": np.ones(3)},
            None,
            "'w_x': no such parameter; did you mean 'w_o'?; expected w_i, w_h, b, w_o, b_o",
        ),
        (
            {**params(), "b": np.ones(4)},
            None,
            "b has shape (4,); expected (H), which is (3,) with H = 3",
        ),
        ({**params(), "b": np.ones((1, 3))}, None, "b has shape (1, 3); expected (H)"),
        (
            {**params(), "w_i": params()["w_i"].T},
            {"D": 2},
            "w_i has shape (3, 2); expected (D, H), which is (2, 3) with D = 2, H = 3",
        ),
        (
            params(),
            {"H": 8},
            "w_i has shape (2, 3); expected (D, H), which is (2, 8) with D = 2, H = 8",
        ),
        (
            {**params(), "w_i": np.ones((0, 3))},
            None,
            "w_i has shape (0, 3); expected (D, H); every size must be at least 1",
        ),
    ],
    ids=["missing", "extra", "misshapen", "an axis more", "transposed", "dims", "empty"],
)
def test_entries_that_do_not_fit_are_named(
    tmp_path: Path, ending: str, changed: dict[str, Array], dims: Any, message: str
) -> None:
    path = tmp_path / f"w{ending}"
    weights.save(path, changed)
    assert said(path, MODEL, dims=dims) == message


# names of files


def test_names_that_are_no_files() -> None:
    with pytest.raises(UsageError, match=r"w\.pt: expected a name that ends in \.npz or"):
        weights.load("w.pt")
    with pytest.raises(UsageError, match=r"w\.json: expected a name that ends in"):
        weights.save("w.json", params())
    with pytest.raises(UsageError, match=r"cannot read /no/such/w\.npz: No such file"):
        weights.load("/no/such/w.npz")
    with pytest.raises(UsageError, match="there is no folder"):
        weights.save("/no/such/w.npz", params())


def test_dims_without_a_model_say_nothing(tmp_path: Path) -> None:
    weights.save(tmp_path / "w.npz", params())
    with pytest.raises(UsageError, match="dims say something of a model; say which one"):
        weights.load(tmp_path / "w.npz", dims={"D": 2})


# damaged files


@pytest.mark.parametrize("ending", ENDINGS)
def test_truncated_files_are_refused_wherever_they_end(tmp_path: Path, ending: str) -> None:
    whole, cut = tmp_path / f"whole{ending}", tmp_path / f"cut{ending}"
    weights.save(whole, params())
    data = whole.read_bytes()
    for length in range(0, len(data), 3):
        cut.write_bytes(data[:length])
        assert said(cut, MODEL)


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_changed_byte_is_more_than_a_message(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"w{ending}"
    weights.save(path, params())
    data = path.read_bytes()
    rng = np.random.default_rng(1)
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        with suppress(DataError):  # where nothing checks it, a number becomes another one
            found = weights.load(path, MODEL)
            assert {n: v.shape for n, v in found.items()} == {
                n: v.shape for n, v in params().items()
            }


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def member(value: Any, pickled: bool = False) -> bytes:
    whole = io.BytesIO()
    np.lib.format.write_array(whole, np.asarray(value), allow_pickle=pickled)
    return whole.getvalue()


class Trap:
    """Whoever unpickles it is caught."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("a pickle was read",)


def test_objects_are_never_read(tmp_path: Path) -> None:
    trap = np.empty(1, object)
    trap[0] = Trap()
    path = archive(tmp_path / "w.npz", {"b.npy": member(trap, pickled=True)})
    assert said(path) == (
        "b holds objects, as lists of different lengths become, and these are never read; expected"
        " numbers"
    )
    (tmp_path / "p.npz").write_bytes(pickle.dumps(Trap()))
    assert said(tmp_path / "p.npz").startswith("the file is no .npz archive; expected one that")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"b.txt": b"hello"}, "the archive holds 'b.txt'; expected arrays alone, *.npy"),
        ({"b.npy": b"hello"}, "b does not begin as an array of NumPy does"),
        ({"b.npy": b""}, "b does not begin as an array of NumPy does"),
        ({"b.npy": member("text")}, "b holds <U4; expected numbers"),
        (
            {"b.npy": member(np.ones(3))[:-1]},
            "b has shape (3,) of float64, which takes 24 bytes; there are 23",
        ),
        (
            {"b.npy": member(np.ones(3)).replace(b"(3,)", b"(9,)")},
            "b has shape (9,) of float64, which takes 72 bytes; there are 24",
        ),
    ],
    ids=["a text", "no array", "nothing", "letters", "cut", "too large a shape"],
)
def test_archives_of_something_else(
    tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    assert said(archive(tmp_path / "w.npz", members)).startswith(message)


def test_an_archive_with_a_name_twice(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as made:
        made.writestr("b.npy", member(np.ones(3)))
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("b.npy", member(np.zeros(3)))
    assert said(tmp_path / "w.npz") == "the archive holds 'b' twice"


def tensors(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty; expected the 8 bytes that a .safetensors begins with"),
        (b"1234", "the file is cut short; expected the 8 bytes"),
        (b"\xff" * 20, "the file is no .safetensors: it does not begin as one does"),
        (b"PK\3\4" + b"0" * 50, "the file is no .safetensors"),
        (tensors({"b": entry()})[:20], "the file is cut short: a header of"),
        (tensors(b"{nonsense}"), "the header of the file is no JSON that can be read: "),
        (tensors(b"{" * 200_000), "the header of the file is no JSON that can be read: "),
        (tensors(b'{"b": 1, "b": 2}'), "the header of the file names 'b' twice"),
        (tensors({"b": 7}), "'b' in the header: expected data_offsets, dtype, shape"),
        (
            tensors({"b": {**entry(), "more": 1}}, b"0" * 8),
            "'b' in the header: expected data_offsets, dtype, shape",
        ),
        (tensors({"b": entry("BF16")}, b"0" * 8), "'b' holds BF16, which NumPy has not"),
        (tensors({"b": entry([])}, b"0" * 8), "'b' holds [], which NumPy has not"),
        (tensors({"b": entry(shape=[-2])}, b"0" * 8), "'b' in the header: shape and data_offsets"),
        (tensors({"b": entry(shape=[2.0])}, b"0" * 8), "'b' in the header: shape and"),
        (tensors({"b": entry(shape=[True, 2])}, b"0" * 8), "'b' in the header: shape and"),
        (tensors({"b": entry(shape=[1 << 70])}, b"0" * 8), "'b' in the header: shape and"),
        (tensors({"b": entry(offsets=[0])}, b"0" * 8), "'b' in the header: shape and"),
        (
            tensors({"b": entry(shape=[3])}, b"0" * 8),
            "'b' has shape (3,) of F32, which takes 12 bytes; there are 8",
        ),
        (tensors({"b": entry(offsets=[8, 0])}, b"0" * 8), "'b' has shape (2,) of F32"),
        (
            tensors({"b": entry()}, b"0" * 7),
            "the file is cut short: 'b' ends at byte 8 of the numbers, and there are 7",
        ),
        (tensors({"b": entry()}, b"0" * 9), "1 bytes at the end belong to no array"),
        (
            tensors({"b": entry(offsets=[4, 12])}, b"0" * 12),
            "'b' leaves a gap before it: it begins at byte 4, expected 0",
        ),
        (
            tensors({"b": entry(), "c": entry(offsets=[4, 12])}, b"0" * 12),
            "'c' overlaps what is before it: it begins at byte 4, expected 8",
        ),
        (
            tensors({"b": entry(), "c": entry()}, b"0" * 8),
            "'c' overlaps what is before it: it begins at byte 0, expected 8",
        ),
        (
            tensors({"__metadata__": {"n": 1}, "b": entry()}, b"0" * 8),
            "__metadata__ in the header: expected names with a text each",
        ),
    ],
)
def test_damaged_safetensors(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "w.safetensors").write_bytes(data)
    assert said(tmp_path / "w.safetensors").startswith(message)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_no_number_is_not_written(tmp_path: Path, ending: str) -> None:
    for value in ("text", [object()], np.datetime64("2020-01-01")):
        with pytest.raises(DataError, match=r"cannot write .*: b holds .*; expected numbers"):
            weights.save(tmp_path / f"w{ending}", {"b": value})
    assert list(tmp_path.iterdir()) == []


def test_metadata_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no array can be called __metadata__"):
        weights.save(tmp_path / "w.safetensors", {"__metadata__": np.ones(2)})
