"""Arrays in an .npz file: what y may be, and all that can be wrong."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training.data import Options, open_data
from symrnn.training.data.examples import Examples

X = np.arange(24.0).reshape(4, 3, 2)
NAN = float("nan")


def opened(folder: Path, arrays: dict[str, Any], **options: Any) -> Examples:
    np.savez(folder / "a.npz", **arrays)
    return cast(Examples, open_data(folder / "a.npz", Options(**{"validation": 0, **options})))


ONE_HOT = np.eye(3)[[0, 2, 1, 1]]
STEPS = np.array([[1, 2, 5], [5, 5, 5], [1, 1, 2], [2, 2, 2]])


@pytest.mark.parametrize(
    ("y", "regress", "kind", "outputs", "targets"),
    [
        (np.array([0, 1, 1, 0]), False, "binary", 1, [[0.0], [1.0], [1.0], [0.0]]),
        (np.array([0, 1, 1, 0.0]), False, "binary", 1, [[0.0], [1.0], [1.0], [0.0]]),
        (np.array([True, False, True, True]), False, "binary", 1, [[1.0], [0.0], [1.0], [1.0]]),
        (np.array([[7], [9], [9], [7]]), False, "binary", 1, [[0.0], [1.0], [1.0], [0.0]]),
        (np.eye(2)[[1, 0, 0, 1]], False, "binary", 1, [[1.0], [0.0], [0.0], [1.0]]),
        (np.array([4, -1, 9, 4]), False, "classes", 3, [1, 0, 2, 1]),
        (ONE_HOT, False, "classes", 3, [0, 2, 1, 1]),
        (np.eye(5, dtype=int)[[0, 2, 1, 1]], False, "classes", 5, [0, 2, 1, 1]),
        (np.array([0.5, 1, 2, 3]), False, "regress", 1, [[0.5], [1.0], [2.0], [3.0]]),
        (np.array([0, 1, 1, 0]), True, "regress", 1, [[0.0], [1.0], [1.0], [0.0]]),
        (ONE_HOT + 1, False, "regress", 3, (ONE_HOT + 1).tolist()),
        (ONE_HOT, True, "regress", 3, ONE_HOT.tolist()),
    ],
)
def test_one_target_for_each_example(
    y: Array, regress: bool, kind: str, outputs: int, targets: list[Any], tmp_path: Path
) -> None:
    data = opened(tmp_path, {"x": X, "y": y}, regress=regress)
    task = data.task
    assert (task.kind, task.features, task.outputs, task.timed) == (kind, 2, outputs, False)
    assert task.ids == (("y",) if kind == "classes" else ())
    assert np.asarray(data.y).tolist() == targets
    assert not data.ragged
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    order = [int(each) for each in batch["x"][0, :, 0] // 6]
    np.testing.assert_array_equal(batch["x"], X.transpose(1, 0, 2)[:, order])
    assert batch["y"].tolist() == [targets[each] for each in order]
    assert batch["tokens"] == 12


@pytest.mark.parametrize(
    ("y", "kind", "outputs", "targets"),
    [
        (STEPS, "steps", 3, [0, 1, 2]),
        (STEPS[:, :, np.newaxis], "steps", 3, [0, 1, 2]),
        (np.eye(6)[STEPS], "steps", 6, [1, 2, 5]),
        (np.full((4, 3, 2), 0.5), "regress", 2, [[0.5, 0.5]] * 3),
    ],
)
def test_targets_at_every_step(
    y: Array, kind: str, outputs: int, targets: list[Any], tmp_path: Path
) -> None:
    data = opened(tmp_path, {"x": X, "y": y})
    task = data.task
    assert (task.kind, task.outputs, task.timed) == (kind, outputs, True)
    assert task.ids == (("y",) if kind == "steps" else ())
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    at = int(np.argmin(batch["x"][0, :, 0]))
    assert batch["y"][:, at].tolist() == targets


def test_what_is_behind_the_end_is_not_looked_at(tmp_path: Path) -> None:
    x, y = X.copy(), np.eye(3)[[[0, 1, 2]] * 4]
    x[1, 2:] = y[1, 2:] = NAN
    data = opened(tmp_path, {"x": x, "y": y, "lengths": np.array([3, 2, 1, 3])}, steps=4)
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    assert batch["x"].shape == (4, 4, 2)
    assert np.isfinite(batch["x"]).all()
    assert (data.ragged, batch["tokens"]) == (True, 9)
    at = batch["lengths"].tolist().index(2)
    assert batch["x"][:, at].tolist() == [*X[1, :2].tolist(), [0, 0], [0, 0]]
    assert batch["y"][:, at].tolist() == [0, 1, 0, 0]


def test_sequences_are_cut_to_the_steps(tmp_path: Path) -> None:
    data = opened(tmp_path, {"x": X.astype("float32"), "y": STEPS}, steps=2)
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    assert batch["x"].shape == (2, 4, 2)
    assert batch["x"].dtype == np.float32
    assert batch["y"].shape == (2, 4)
    assert data.remarks == ("4 of 4 sequences are longer than 2 steps and are cut there",)


RAGGED = np.array([[[1.0]], [[1.0], [2.0]]], dtype=object)
NAMES = "; expected x (n, T, D), y, and lengths (n,) if sequences differ, as numpy.savez writes"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y": None}, f": y is missing{NAMES}"),
        ({"z": X}, f": there is no use for 'z'{NAMES}"),
        ({"length": X}, f": there is no use for 'length'; did you mean 'lengths'?{NAMES}"),
        (
            {"x": RAGGED},
            ": x holds objects, as lists of different lengths become, and these are never read;"
            " expected numbers",
        ),
        ({"x": X + 1j}, ": x holds complex128; expected real numbers"),
        ({"y": np.array(list("abab"))}, ": y holds <U1; expected numbers"),
        (
            {"x": X[0]},
            ": x has shape (3, 2); expected examples, steps and features (n, T, D), none of them"
            " 0: put an axis of width 1 at the end",
        ),
        (
            {"x": X[:0], "y": STEPS[:0]},
            ": x has shape (0, 3, 2); expected examples, steps and features (n, T, D), none of"
            " them 0",
        ),
        (
            {"y": np.zeros(5)},
            ": y has shape (5,); expected one for each of the 4 examples of x",
        ),
        ({"y": np.array(1)}, ": y has shape (); expected one for each of the 4 examples of x"),
        (
            {"x": np.where(X == 11, NAN, X)},
            ": x holds nan at [1, 2, 1]; expected finite numbers at every step that counts",
        ),
        (
            {"y": np.array([0, 1, np.inf, 1])},
            ": y holds inf at [2]; expected finite numbers at every step that counts",
        ),
        (
            {"lengths": np.array([1, 2, 3])},
            ": lengths have shape (3,) and hold int64; expected whole numbers, one for each of the"
            " 4 examples of x",
        ),
        (
            {"lengths": np.array([1, 2, 3, 4])},
            ": lengths hold 4 at [3]; expected 1 to 3, the steps of x",
        ),
        (
            {"lengths": np.array([1, 0, 3, 3])},
            ": lengths hold 0 at [1]; expected 1 to 3, the steps of x",
        ),
        (
            {"y": np.ones(4, int)},
            ": every label in y is 1; expected two classes or more, or numbers and regression",
        ),
        (
            {"y": np.ones((4, 3), bool)},
            ": every label in y is True; expected two classes or more, or numbers and regression",
        ),
        (
            {"y": ONE_HOT.astype(int)},
            ": y with shape (4, 3) may be one-hot rows, or a label at each of the 3 steps;"
            " expected labels (n,) for the first, one-hot rows (n, T, C) for the second",
        ),
        (
            {"y": np.arange(16).reshape(4, 4)},
            ": y holds whole numbers with shape (4, 4), for 3 steps; expected labels (n,) or (n,"
            " T), one-hot rows (n, C) or (n, T, C), or floats for regression",
        ),
        (
            {"y": np.zeros((4, 2, 2))},
            ": y holds numbers with shape (4, 2, 2), for 3 steps; expected labels (n,) or (n, T),"
            " one-hot rows (n, C) or (n, T, C), or floats for regression",
        ),
    ],
)
def test_bad_arrays(arrays: dict[str, Any], said: str, tmp_path: Path) -> None:
    good = {"x": X, "y": np.array([0, 1, 0, 1])}
    given = {name: each for name, each in {**good, **arrays}.items() if each is not None}
    with pytest.raises(DataError) as error:
        opened(tmp_path, given)
    assert str(error.value) == f"{tmp_path / 'a.npz'}{said}"


def test_no_archive_and_a_broken_one(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_text("x")
    with pytest.raises(DataError, match=r"a.npz: the file is no .npz archive; expected one that"):
        open_data(path)
    np.savez(path, x=X, y=STEPS)
    content = bytearray(path.read_bytes())
    content[200:210] = b"0123456789"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a.npz: the file is cut short or damaged \(Bad CRC"):
        open_data(path)
    path.write_bytes(content[:300] + content[420:])
    with pytest.raises(DataError, match=r"a.npz: the (file|archive) is "):
        open_data(path)
