"""Dropout: where masks go, what they come to, and what is refused."""

import numpy as np
import pytest

import symrnn
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.language import parse
from symrnn.system import with_dropout
from tests.cases import explicit_states, model, numbers

H = "h[t] = tanh(x[t] @ W + h[t-1] @ U)\n"


def test_what_is_printed() -> None:
    assert model("gru").with_dropout(["x", "h"], "h").text == (
        "drop_x: D\n"
        "drop_h: H\n"
        "keep_h: H\n"
        "keep_h: input\n"
        "z[t] = sigmoid((x[t] * drop_x[t]) @ W_z + (h[t-1] * keep_h) @ U_z + b_z)\n"
        "r[t] = sigmoid((x[t] * drop_x[t]) @ W_r + (h[t-1] * keep_h) @ U_r + b_r)\n"
        "n[t] = tanh((x[t] * drop_x[t]) @ W_n + (r[t] * (h[t-1] * keep_h)) @ U_n + b_n)\n"
        "h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]\n"
        "yhat = sigmoid((h[T] * drop_h[T]) @ w_y + b_y)\n"
        "L = bce(y, yhat)\n"
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{H}p = mean(h[t])\nL = mse(y, p @ V)", "p = mean(h[t] * drop_h[t])"),
        (f"{H}L = mse(y, h[T-1] @ V)", "L = mse(y, (h[T-1] * drop_h[T]) @ V)"),
        (f"{H}L = mse(y, h[2] @ V)", "L = mse(y, (h[2] * drop_h[2]) @ V)"),
        (f"{H}V: (H, 2)\nL = mse(h[1] @ V, h[T] @ V)", "L = mse(h[1] @ V, (h[T] * drop_h[T]) @ V)"),
        (f"{H}q[t] = h[t-1] @ V; L = mse(y, q[T])", "q[t] = (h[t-1] * drop_h[t]) @ V"),
        ("h = x[T] @ W; L = mse(y, h @ V)", "L = mse(y, (h * drop_h) @ V)"),
        ("h[t] = x[t] @ W; g[t] = h[t] * g[t-1]; L = mse(y, g[T])", None),
        ("h: input; k[t] = x[t] @ W + h; L = mse(y, k[T])", "k[t] = x[t] @ W + h * drop_h"),
    ],
)
def test_wherever_it_is_read_outside_of_its_recurrence(text: str, wanted: str | None) -> None:
    found = symrnn.parse(text).with_dropout("h")
    assert (wanted or "g[t] = h[t] * drop_h[t] * g[t-1]") in found.text.splitlines()
    assert found.verify(steps=3).holds


def test_an_input_that_is_a_target_too_is_dropped_where_it_is_none() -> None:
    text = f"{H}L = mean(mse(x[t+1], h[t] @ V + x[t-1]))"
    found = symrnn.parse(text).with_dropout("x").text
    assert "mse(x[t+1], h[t] @ V + x[t-1] * drop_x[t-1])" in found


def test_a_state_that_is_handed_in_is_not_lost_to_a_mask_outside_of_the_steps() -> None:
    plain = explicit_states(parse(f"{H}q[t] = h[t-1] @ V\nL = mean(mse(y[t], q[t]))"))
    data = numbers(plain, 3, batch=2)
    mask = {"drop_h": np.ones((3, 2, data["h0"].shape[-1]))}
    changed = with_dropout(plain, ["h"])
    assert interpret(changed, {**data, **mask}).loss == interpret(plain, data).loss


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("h[t] = relu(x[t] @ W + u * h[t-1])", "h[t] = relu(x[t] @ W + u * (h[t-1] * keep_h))"),
        ("h[t] = x[t] @ W + u * h[t-1]", "h[t] = x[t] @ W + u * (h[t-1] * keep_h)"),
        (
            "h[t] = 0.9 * h[t-1] + tanh(x[t] @ W + h[t-2] @ U)",
            "h[t] = 0.9 * h[t-1] + tanh(x[t] @ W + (h[t-2] * keep_h) @ U)",
        ),
        (
            "m[t] = r[t] * h[t+1]; h[t] = r[t] * m[t] + tanh(x[t] @ W + h[t+1] @ U)",
            "m[t] = r[t] * h[t+1]",
        ),
        (
            "m[t] = r[t] * h[t-1]; h[t] = tanh(x[t] @ W + m[t] @ U)",
            "m[t] = r[t] * (h[t-1] * keep_h)",
        ),
    ],
)
def test_inside_a_recurrence_what_goes_through_a_weight_is_dropped(text: str, wanted: str) -> None:
    found = symrnn.parse(f"{text}; L = mse(y, h[1] @ V)").with_dropout(recurrent="h")
    assert wanted in found.text.splitlines()
    assert found.verify(steps=3).holds


def test_masks_do_what_they_do_by_hand() -> None:
    changed = model("elman_n4").with_dropout("O", "O")
    data = numbers(changed.written, 4, batch=3)
    O = np.zeros((3, data["w_h"].shape[0]))  # noqa: E741, N806  (the model's own name)
    for x in data["x"]:
        O = np.tanh(x @ data["w_i"] + (O * data["keep_O"]) @ data["w_h"])  # noqa: E741, N806
    wanted = 1 / (1 + np.exp(-(O * data["drop_O"][-1]) @ data["w_o"]))
    params = {name: data[name] for name in ("w_i", "w_h", "w_o")}
    masks = {name: data[name] for name in ("x", "drop_O", "keep_O")}
    outputs, _ = changed.kernel(4).forward(params, **masks)
    assert np.allclose(outputs["yhat"], wanted, rtol=1e-13)


def test_what_cannot_be_dropped_is_refused() -> None:
    with pytest.raises(UsageError, match="'OO' is no input or variable to drop features of; did y"):
        model("elman").with_dropout("OO")
    with pytest.raises(UsageError, match=r"'w_h' is no input or .*; there are x, O, yhat"):
        model("elman").with_dropout("w_h")
    with pytest.raises(
        UsageError, match="'x' is no variable to drop features of in its recurrence"
    ):
        model("elman").with_dropout(recurrent="x")
    with pytest.raises(UsageError, match="nothing to drop; name inputs or variables"):
        model("elman").with_dropout()
    with pytest.raises(EquationError, match="no equation outside of its recurrence reads c, but"):
        model("lstm").with_dropout("c")
    with pytest.raises(EquationError, match="no equation outside of its recurrence reads yhat"):
        model("elman").with_dropout("yhat")
    with pytest.raises(EquationError, match="no recurrence reads yhat at another step; recurrent"):
        model("elman").with_dropout(recurrent="yhat")
    with pytest.raises(EquationError, match=r"c\[t-1\] is only carried on, and a mask there"):
        model("lstm").with_dropout(recurrent="c")
