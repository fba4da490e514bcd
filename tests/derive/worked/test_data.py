"""Data for a worked example: from a file, from the notes, or made up; and all that can be wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.derive.worked import data as files
from symrnn.derive.worked.data import meaning, worked_data
from symrnn.errors import DataError, SymrnnError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.language.arrays import Array
from symrnn.language.tree import Written
from symrnn.system import resolve
from tests.cases import ZOO, model

File = Callable[[Any], str]
N4 = model("elman_n4").written


def made(written: Written, **options: Any) -> tuple[dict[str, Array], int]:
    return worked_data(written, resolve(written), **options)


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Writes a file of JSON, or of this very text or these bytes, and gives its path."""

    def write(content: Any) -> str:
        path = tmp_path / f"file{len(list(tmp_path.iterdir()))}.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


# what is made up


@pytest.mark.parametrize("name", ZOO)
def test_made_up_numbers_fit_every_model(name: str) -> None:
    written = model(name).written
    data, steps = made(written)
    assert steps == 3
    result = interpret(written, data, steps)
    assert np.isfinite(result.loss)
    for symbol in resolve(written).values():
        if symbol.role == "parameter":
            numbers = data[symbol.name]
            assert ((abs(numbers) > 0.05) & (abs(numbers) < 0.95)).all()
            np.testing.assert_array_equal(numbers, numbers.round(1))


def test_two_features_two_units_and_one_target() -> None:
    data, steps = made(model("elman").written, steps=5)
    assert {name: value.shape for name, value in data.items()} == {
        "x": (5, 1, 2), "y": (1, 1), "w_i": (2, 2), "w_h": (2, 2), "b": (2,), "w_o": (2, 1),
        "b_o": (1,),
    }  # fmt: skip
    assert steps == 5
    assert set(data["y"].ravel()) <= {0, 1}


def test_the_scalar_form_has_one_of_everything_that_is_open() -> None:
    data, _ = made(model("lstm").written, scalar=True)
    assert all(value.shape[-1] == 1 for value in data.values())
    assert made(symrnn.parse("x: 4\nL = mse(y, x[T] @ W)").written, scalar=True)[0]["W"].shape == (
        4,
        1,
    )


def test_declared_widths_and_steps_are_kept() -> None:
    text = "x: 4\nh: 3\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T] @ V)"
    data, _ = made(symrnn.parse(text).written)
    assert data["W"].shape == (4, 3)
    fixed = symrnn.parse("T = 2\nh[1] = tanh(x[1] @ w)\nh[2] = tanh(x[2] @ w)\nL = mse(y, h[2])")
    assert made(fixed.written)[1] == 2
    with pytest.raises(UsageError, match="3 steps were asked for; the text says T = 2"):
        made(fixed.written, steps=3)


def test_classes_are_one_hot() -> None:
    data, _ = made(model("char").written, steps=6)
    assert data["y"].shape == (6, 1, 2)
    np.testing.assert_array_equal(np.sort(data["y"]), np.tile([0.0, 1.0], (6, 1, 1)))


def test_an_input_that_is_a_target_too_keeps_its_width() -> None:
    data, _ = made(
        symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mean(mse(x[t+1], h[t] @ V))").written
    )
    assert data["x"].shape == (3, 1, 2)


def test_a_seed_decides_and_weights_do_not_hang_on_the_data() -> None:
    one, again, other = (made(N4, seed=seed)[0] for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["w_i"], other["w_i"])
    longer, _ = made(N4, seed=1, steps=7)
    np.testing.assert_array_equal(one["w_i"], longer["w_i"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "the seed is -1"),
        ({"steps": 0}, "0 steps; expected a number from 1 to 1,000"),
        ({"steps": 10**9}, "1,000,000,000 steps; expected a number from 1 to 1,000"),
        ({"row": 2}, "there is no row 2: without data one sequence is made up"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made(N4, **options)


def test_huge_declared_widths_are_refused_before_anything_is_made() -> None:
    text = "h: 1000000\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T] @ V)"
    with pytest.raises(UsageError, match=r"with 1,000,00\d,\d+,\d+ made-up numbers"):
        made(symrnn.parse(text).written)


# the notes


@pytest.mark.parametrize(
    ("row", "words", "answer"), [(1, [0, 1, 2], 1), (2, [2, 2, 1], 1), (3, [1, 1, 0], 0)]
)
def test_the_reviews(row: int, words: list[int], answer: int) -> None:
    data, steps = made(N4, data="notes", row=row)
    assert steps == 3
    np.testing.assert_array_equal(data["x"][:, 0], np.eye(3)[words])
    np.testing.assert_array_equal(data["y"], [[answer]])
    assert data["w_i"].shape == (3, 2)


def test_the_reviews_as_classes() -> None:
    written = model("elman").with_head("classes").written
    data, _ = made(written, data="notes", row=3)
    np.testing.assert_array_equal(data["y"], [[1, 0]])


@pytest.mark.parametrize("name", ["notes", "hello"])
def test_hello_in_five_steps(name: str) -> None:
    """Behind its last letter the word begins again; fewer steps are its first letters."""
    for asked in (None, 5, 4):
        data, steps = made(model("char").written, steps=asked, data=name)
        assert steps == (asked or 5)
        np.testing.assert_array_equal(data["x"][:, 0].argmax(-1), [0, 1, 2, 2, 3][:steps])
        np.testing.assert_array_equal(data["y"][:, 0].argmax(-1), [1, 2, 2, 3, 0][:steps])


def test_the_reviews_of_films() -> None:
    data, steps = made(N4, data="reviews", row=3)
    assert steps == 4
    np.testing.assert_array_equal(data["x"][:, 0].argmax(-1), [0, 1, 4, 2])


def test_words_and_letters_as_numbers() -> None:
    """In the scalar form each is the number of its place."""
    data, _ = made(N4, data="cat-mat-rat", row=2, scalar=True)
    np.testing.assert_array_equal(data["x"].ravel(), [3, 3, 2])
    np.testing.assert_array_equal(data["y"], [[1]])
    assert meaning(N4, resolve(N4), True, "notes") == "cat = 1, mat = 2, rat = 3"
    assert meaning(N4, resolve(N4), False, "notes") == ""
    every = model("elman_steps").written
    data, _ = made(every, data="hello", scalar=True)
    np.testing.assert_array_equal(data["x"].ravel(), [1, 2, 3, 3, 4])
    np.testing.assert_array_equal(data["y"].ravel(), [2, 3, 3, 4, 1])


@pytest.mark.parametrize(
    ("name", "data", "scalar", "message"),
    [
        ("char", "hello", True, "one of several classes: leave --scalar away"),
        ("char", "reviews", False, "for a model with a target once; y is one at every step"),
        ("elman_n4", "hello", False, "for a model with a target at every step; y is one once"),
    ],
)
def test_the_notes_data_of_another_kind(name: str, data: str, scalar: bool, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made(model(name).written, data=data, scalar=scalar)


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (
            None,
            {"row": 4},
            UsageError,
            "no row 4 in the notes' data; expected a number from 1 to 3",
        ),
        (None, {"row": 0}, UsageError, "no row 0 in the notes' data"),
        (None, {"steps": 4}, UsageError, "4 steps were asked for; x in the notes' data has 3"),
        ("x: 4\nL = mse(y, x[T] @ W)", {}, DataError, r"expected \(T, 4\), which is \(3, 4\) here"),
        (
            "L = mse(y, x[T] @ W + z[T] @ V)",
            {},
            UsageError,
            r"asks for y \(target, once\), x \(input, at every step\), z",
        ),
        (
            "h[t] = tanh(h[t-1] @ U + x[t+1] @ V)\nL = mean(mse(x[t], h[t] @ W))",
            {},
            UsageError,
            r"asks for x \(input, at every step\): give data as a JSON file",
        ),
        ("L = mean(mse(y[t], x[t] @ W))", {"row": 2}, UsageError, "expected 1, it holds one"),
    ],
)
def test_the_notes_data_where_it_does_not_fit(
    text: str | None, options: dict[str, int], error: type[SymrnnError], message: str
) -> None:
    written = symrnn.parse(text).written if text else N4
    with pytest.raises(error, match=message):
        made(written, data="notes", **options)


# files

X = [[1, 0], [0.5, -1], [0, 2]]


def test_one_sequence(file: File) -> None:
    data, steps = made(N4, data=file({"x": X, "y": [1]}))
    assert steps == 3
    np.testing.assert_array_equal(data["x"], np.array(X)[:, np.newaxis])
    np.testing.assert_array_equal(data["y"], [[1]])
    again, _ = made(N4, data=file({"x": X, "y": 1}), steps=3)
    np.testing.assert_array_equal(again["y"], [[1]])


def test_width_one_needs_no_brackets(file: File) -> None:
    data, _ = made(N4, data=file({"x": [1, 2, 3, 4], "y": 0}))
    np.testing.assert_array_equal(data["x"].ravel(), [1, 2, 3, 4])
    assert data["x"].shape == (4, 1, 1)


@pytest.mark.parametrize("y", [[1, 0], [[1], [0]]])
def test_one_of_several_sequences(file: File, y: Any) -> None:
    path = file({"x": [X, np.zeros((3, 2)).tolist()], "y": y})
    first, _ = made(N4, data=path)
    second, _ = made(N4, data=path, row=2)
    np.testing.assert_array_equal(first["x"][:, 0], X)
    assert not second["x"].any()
    assert (first["y"].item(), second["y"].item()) == (1, 0)
    with pytest.raises(UsageError, match=r"no row 3 in .*; expected a number from 1 to 2"):
        made(N4, data=path, row=3)


def test_a_mark_at_the_beginning_of_a_file_is_no_part_of_it(file: File) -> None:
    assert made(N4, data=file(b'\xef\xbb\xbf{"x": [[1]], "y": [1]}'))[1] == 1


def test_weights_from_a_file_fix_the_sizes(file: File) -> None:
    path = file({"w_i": [[1, 2, 3]], "w_h": np.eye(3).tolist(), "w_o": [[1], [2], [3]]})
    data, steps = made(N4, weights=path)
    assert (data["x"].shape, steps) == ((3, 1, 1), 3)
    np.testing.assert_array_equal(data["w_h"], np.eye(3))
    scalar, _ = made(N4, weights=file({"w_i": 0.5, "w_h": 0.1, "w_o": -1}))
    assert scalar["w_o"].shape == (1, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": X}, 'y missing; expected "x" (T, D), "y" (C)'),
        ({"x": X, "Y": 1}, "'Y' is not asked for; did you mean 'y'"),
        ({"x": X, "y": 1, "w_h": 1}, "'w_h' is not asked for"),
        ({"x": [[1, 0], [1]], "y": 1}, "x is ragged: where one has another there are 1 entries, 2"),
        ({"x": [[1, 0], 1], "y": 1}, "x is ragged"),
        ({"x": [], "y": 1}, "x holds an empty list"),
        ({"x": [[], []], "y": 1}, "x holds an empty list"),
        ({"x": [["a"]], "y": 1}, "x holds the text 'a'; expected numbers"),
        ({"x": [[None]], "y": 1}, "x holds null"),
        ({"x": [[True]], "y": 1}, "x holds true"),
        ({"x": {"a": 1}, "y": 1}, "x holds an object"),
        ({"x": [[1, [2]]], "y": 1}, "x holds a list"),
        ('{"x": [[NaN]], "y": 1}', "x holds nan; expected finite numbers"),
        ('{"x": [[1e999]], "y": 1}', "the number 1e999 is too large; expected less than"),
        (
            '{"x": [[' + "9" * 400 + ']], "y": 1}',
            "the number 9999999999… (400 characters) is too large; expected less than 1.8e308",
        ),
        ('{"x": [[-Infinity]], "y": 1}', "x holds -inf; expected finite numbers"),
        ('{"x": [[1, 1]], "y": 1, "x": [[1, 2]]}', "'x' is given 2 times; expected it once"),
        ({"x": 1, "y": 1}, "x has shape (); expected (T, D) for one sequence"),
        ({"x": [[X]], "y": 1}, "x has shape (1, 1, 3, 2); expected (T, D) for one sequence"),
        ({"x": X, "y": [[1]]}, "y has shape (1, 1); expected (C) for one sequence"),
        ({"x": [X, X], "y": [1, 2, 3]}, "the numbers of sequences differ: 2 for x, 3 for y"),
        ([1, 2], 'holds a list; expected an object with "x" (T, D)'),
        ("{\n  'x': 1}", "line 2, column 3: no JSON:"),
        ("", "line 1, column 1: no JSON:"),
        (b'{"x": "\xff"}', "is no text in UTF-8 (byte 8)"),
        ("[" * 200_000, "brackets within brackets too deep"),
    ],
)
def test_a_file_of_data_that_does_not_fit(file: File, content: Any, message: str) -> None:
    path = file(content)
    with pytest.raises(DataError) as caught:
        made(N4, data=path)
    assert str(caught.value).startswith(path)
    assert message in str(caught.value)


def test_a_sequence_and_a_target_of_different_lengths(file: File) -> None:
    path = file({"x": np.eye(3).tolist(), "y": [[1, 0], [0, 1]]})
    with pytest.raises(DataError, match=r"y has shape \(2, 2\); expected \(T, C\) with T = 3 by x"):
        made(model("char").written, data=path)


def test_steps_other_than_those_of_the_file(file: File) -> None:
    path = file({"x": X, "y": 1})
    with pytest.raises(UsageError, match=r"5 steps were asked for; x in .* has 3: leave --steps"):
        made(N4, data=path, steps=5)


def test_a_one_hot_target_that_is_none(file: File) -> None:
    path = file({"x": [[1], [2]], "y": [[1, 0], [1, 1]]})
    with pytest.raises(DataError, match="row 2 of y sums to 2; the text says y: onehot"):
        made(model("char").written, data=path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"w_i": [[1]], "w_o": [[1]]}, "w_h missing; expected \"w_i\" (D, H), \"w_h\" (H, H)"),
        ({"w_i": [[1]], "w_h": [[1]], "w_O": [[1]]}, "'w_O' is not asked for; did you mean 'w_o'"),
        ({"w_i": [1], "w_h": [[1]], "w_o": [[1]]}, "w_i has shape (1,); expected (D, H)"),
        ({"w_i": [[1, 2], [3, 4]], "w_h": [[1]], "w_o": [[1]]},
         "w_h has shape (1, 1); expected (H, H) with H = 2 by w_i in "),
        ({"w_i": [[1]], "w_h": [[1]], "w_o": [[1]]}, "w_i has shape (1, 1); expected (D, H) with"
         " D = 2 by x in "),
    ],
)  # fmt: skip
def test_a_file_of_weights_that_does_not_fit(file: File, content: Any, message: str) -> None:
    data, weights = file({"x": X, "y": 1}), file(content)
    with pytest.raises(DataError) as caught:
        made(N4, data=data, weights=weights)
    assert str(caught.value).startswith(weights)
    assert message in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (str(tmp_path / "none.json"), str(tmp_path), "a\0b"):
        with pytest.raises(UsageError, match="cannot read"):
            made(N4, data=path)
        with pytest.raises(UsageError, match="cannot read"):
            made(N4, weights=path)
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    (tmp_path / "big.json").write_text('{"x": [[1]], "y": 1}')
    with pytest.raises(DataError, match="holds more than 10 bytes"):
        made(N4, data=str(tmp_path / "big.json"))


def test_concatenated_widths_are_checked(file: File) -> None:
    text = "p: 2\nq: 1\np[t] = tanh(x[t] @ P)\nq[t] = tanh(x[t] @ Q)\n"
    written = symrnn.parse(text + "L = mse(y, concat(p[T], q[T]) @ V)").written
    good = {"P": [[1, 2]], "Q": [[1]], "V": [[1], [2], [3]]}
    assert made(written, weights=file(good))[0]["V"].shape == (3, 1)
    with pytest.raises(DataError, match=r"V has shape \(2, 1\); expected \(3, C\), which is \(3,"):
        made(written, weights=file({**good, "V": [[1], [2]]}))
