"""The interpreter, against plain NumPy written out by hand, and what it refuses."""

from fractions import Fraction

import numpy as np
import pytest

from symrnn.errors import DataError
from symrnn.interpret.arithmetic import mpmath_objects
from symrnn.interpret.interpreter import Interpreter, interpret
from symrnn.language import parse
from symrnn.language.arrays import Array
from tests.cases import ZOO, model, numbers


def test_elman_by_hand() -> None:
    data = numbers(model("elman").written, steps=3, batch=2)
    state = np.zeros((2, len(data["b"])))
    for x in data["x"]:
        state = np.tanh(x @ data["w_i"] + state @ data["w_h"] + data["b"])
    yhat = 1 / (1 + np.exp(-(state @ data["w_o"] + data["b_o"])))
    y = data["y"]
    loss = -(y * np.log(yhat) + (1 - y) * np.log(1 - yhat)).mean(1).mean()
    found = interpret(model("elman").written, data)
    assert np.allclose(found["yhat"], yhat, rtol=1e-14)
    assert found.loss == pytest.approx(loss, rel=1e-14)


def test_a_backward_recurrence_and_a_concat_by_hand() -> None:
    data = numbers(model("birnn").written, steps=3, batch=2)
    ahead = np.zeros((2, len(data["b_f"])))
    back = np.zeros((2, len(data["b_b"])))
    forward: list[Array] = []
    backward: list[Array] = []
    for x in data["x"]:
        ahead = np.tanh(x @ data["w_if"] + ahead @ data["w_hf"] + data["b_f"])
        forward.append(ahead)
    for x in data["x"][::-1]:
        back = np.tanh(x @ data["w_ib"] + back @ data["w_hb"] + data["b_b"])
        backward.insert(0, back)
    rows = np.concatenate([np.stack(forward), np.stack(backward)], -1) @ data["w_o"] + data["b_o"]
    found = interpret(model("birnn").written, data)
    assert np.allclose(found["O"], rows, rtol=1e-13)
    assert found.loss == pytest.approx(((rows - data["y"]) ** 2).mean(), rel=1e-13)


def test_a_boundary_lags_and_steps_from_both_ends() -> None:
    written = parse(
        "h[0] = s\nh[t] = h[t-1] + 10 * h[t-2] + x[t+1]\nv = h[T-1] + 100 * h[2] + x[9]"
    )
    x = np.array([1.0, 2, 3, 4]).reshape(4, 1, 1)
    h = [0.0, 5.0]  # steps -1 and 0
    for following in (2, 3, 4, 0):
        h.append(h[-1] + 10 * h[-2] + following)
    found = interpret(written, {"x": x, "s": np.array([5.0])})
    assert found["h"].ravel().tolist() == h[2:]
    assert found["v"].item() == h[4] + 100 * h[3]


def test_additions_land_at_their_step_alone() -> None:
    written = parse("h[t] = x[t]\nh[T] += b\nh[2] += 10 * b\nh[5] += b")
    found = interpret(written, {"x": np.zeros((3, 1, 1)), "b": np.ones(1)})
    assert found["h"].ravel().tolist() == [0, 10, 1]


def test_row_functions_by_hand() -> None:
    written = parse(
        "x: 3\na = concat(x[1], softmax(x[1]))\nb = part(a, 2, 2)\nc = pad(b, 1, 4)\n"
        "d = logsumexp(x[1]) + rowsum(x[1]) * rowmean(x[1])"
    )
    x = np.array([1.0, 2.0, 4.0])
    soft = np.exp(x) / np.exp(x).sum()
    found = interpret(written, {"x": x.reshape(1, 1, 3)})
    assert np.allclose(found["a"], [np.concatenate([x, soft])])
    assert np.allclose(found["c"], [[0, x[2], soft[0], 0]])
    assert np.allclose(found["d"], np.log(np.exp(x).sum()) + 7 * 7 / 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_keeps_the_dtype_of_the_data(dtype: type[np.generic]) -> None:
    data = {n: v.astype(dtype) for n, v in numbers(model("lstm").written, 2, 2).items()}
    found = interpret(model("lstm").adjoint, data)
    assert found["yhat"].dtype == dtype
    assert found["d_W_i"].dtype == dtype


def test_fifty_digits_are_fifty_digits() -> None:
    on = mpmath_objects(50)
    data = {"x": on.array([[[on.number(Fraction(1, 3))]]])}
    found = interpret(parse("h[t] = exp(x[t])"), data, arithmetic=on)
    assert str(found["h"].item()).startswith("1.39561242508608952862812531960258683759790651519")


def test_a_function_is_worked_out_for_each_argument_and_kept() -> None:
    on = mpmath_objects(50)
    for _ in range(2):
        found = on.apply("exp", [on.number(Fraction(0)), on.number(Fraction(1))])
        assert [str(value)[:22] for value in found] == ["1.0", "2.71828182845904523536"]
        halves = on.apply("sigmoid", [on.number(Fraction(0)), on.number(Fraction(1))])
        assert [str(value)[:22] for value in halves] == ["0.5", "0.73105857863000487925"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": None}, r"x is missing: expected an array of shape \(T, B, D\)"),
        ({"w_ii": np.ones(2)}, r"'w_ii' is not asked for; did you mean 'w_i'\?"),
        ({"x": np.ones((3, 2))}, r"x has shape \(3, 2\); expected an array of shape \(T, B, D\)"),
        ({"w_h": np.ones((3, 4))}, r"w_h has shape \(3, 4\); .* \(H, H\), which is \(3, 3\)"),
        ({"y": np.ones((5, 5))}, r"y has shape \(5, 5\); expected .* \(B, C\), which is \(2, 5\)"),
        ({"x": np.ones((0, 2, 2))}, "0 steps; expected at least 1"),
        ({"x": np.ones((3, 0, 2)), "y": np.ones((0, 5))}, "every size must be at least 1"),
        ({"b": np.array(["a", "b", "c"])}, "b holds <U1; expected numbers"),
    ],
)
def test_data_that_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    data = {**numbers(model("elman").written, 3, 2), **change}
    with pytest.raises(DataError, match=message):
        interpret(model("elman").written, {n: v for n, v in data.items() if v is not None})


def test_without_a_sequence_the_steps_must_be_said() -> None:
    written = parse("h[t] = h[t-1] + b")
    with pytest.raises(DataError, match="say how many steps"):
        interpret(written, {"b": np.ones(2)})
    assert interpret(written, {"b": np.ones(2)}, steps=3)["h"].shape == (3, 1, 2)


OWN = "h[0] = tanh(k @ A); h[t] = u * h[t-1] + x[t] @ W; h[1] += r * k; L = mse(y, h[T])"


@pytest.mark.parametrize("name", [*ZOO, "own"])
def test_what_has_not_moved_is_taken_from_before(name: str) -> None:
    written = parse(OWN) if name == "own" else model(name).written
    steps = written.steps or 3
    run, data = Interpreter(written), numbers(written, steps, 2)
    first = run(data, steps)
    for each in data:
        moved = {**data, each: data[each] + 0.125}
        alone, after = run(moved, steps), run(moved, steps, before=first)
        reached = run.reached({each})
        assert alone.values.keys() == after.values.keys()
        for at, value in alone.values.items():
            np.testing.assert_array_equal(value, after.values[at])
            assert (after.values[at] is first.values[at]) == (at[0] not in reached)
