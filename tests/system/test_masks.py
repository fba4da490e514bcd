"""Dropout and zoneout: where masks go, what they come to, and what is refused."""

import numpy as np
import pytest

import symrnn
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.language import parse
from symrnn.system import with_dropout
from symrnn.training import masks
from tests.cases import explicit_states, model, numbers

H = "h[t] = tanh(x[t] @ W + h[t-1] @ U)\n"


def test_what_is_printed_of_dropout() -> None:
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


def test_dropout_does_what_it_does_by_hand() -> None:
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


def test_what_is_printed_of_zoneout() -> None:
    assert model("lstm").with_zoneout(["h", "c"]).text == (
        "b_f: init(1)\n"
        "zone_h: H\n"
        "zone_c: H\n"
        "i[t] = sigmoid(x[t] @ W_i + h[t-1] @ U_i + b_i)\n"
        "f[t] = sigmoid(x[t] @ W_f + h[t-1] @ U_f + b_f)\n"
        "g[t] = tanh(x[t] @ W_g + h[t-1] @ U_g + b_g)\n"
        "o[t] = sigmoid(x[t] @ W_o + h[t-1] @ U_o + b_o)\n"
        "new_c[t] = f[t] * c[t-1] + i[t] * g[t]\n"
        "c[t] = zone_c[t] * c[t-1] + (1 - zone_c[t]) * new_c[t]\n"
        "new_h[t] = o[t] * tanh(c[t])\n"
        "h[t] = zone_h[t] * h[t-1] + (1 - zone_h[t]) * new_h[t]\n"
        "yhat = sigmoid(h[T] @ w_y + b_y)\n"
        "L = bce(y, yhat)\n"
    )


def test_a_backward_recurrence_keeps_what_comes_after() -> None:
    lines = model("birnn").with_zoneout("O_b").text.splitlines()
    assert "O_b[t] = zone_O_b[t] * O_b[t+1] + (1 - zone_O_b[t]) * new_O_b[t]" in lines


@pytest.mark.parametrize("loops", [False, True])
def test_zoneout_does_what_it_does_by_hand(loops: bool) -> None:
    changed = model("elman_n4").with_zoneout("O")
    data = numbers(changed.written, 4, batch=3)
    zone = masks.zoneout(np.random.default_rng(0), data["zone_O"].shape, 0.5)
    O = np.full(zone.shape[1:], 0.5)  # noqa: E741, N806  (the model's own name)
    params = {name: data[name] for name in ("w_i", "w_h", "w_o")}
    _, states = changed.kernel(4, loops).forward(params, x=data["x"], zone_O=zone, O0=O)
    for x, keeps in zip(data["x"], zone, strict=True):
        O = np.where(keeps == 1, O, np.tanh(x @ data["w_i"] + O @ data["w_h"]))  # noqa: E741, N806
    assert np.allclose(states["O0"], O, rtol=1e-14)


@pytest.mark.parametrize("name", ["lstm", "bilstm"])
def test_where_every_mask_is_one_a_state_stays_at_its_start(name: str) -> None:
    states = {"lstm": ["h", "c"], "bilstm": ["h_f", "c_f", "h_b", "c_b"]}[name]
    changed = model(name).with_zoneout(states)
    data = numbers(changed.written, 3, batch=2)
    ones = {f"zone_{state}": np.ones_like(data[f"zone_{state}"]) for state in states}
    found = interpret(changed.written, {**data, **ones})
    assert not any(found[state].any() for state in states)
    assert all(found[f"new_{state}"].any() for state in states if state.startswith("c"))


def test_a_boundary_and_what_is_declared_stay_with_the_state() -> None:
    text = "h: output\nh[0] = h0\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T])"
    found = symrnn.parse(text).with_zoneout("h")
    assert "h[0] = h0" in found.text.splitlines()
    assert [symbol.name for symbol in found.system.outputs] == ["h"]
    assert found.verify(steps=2).holds


def test_a_narrow_state_stays_narrow() -> None:
    text = "s: 1\ns[t] = sigmoid(x[t] @ w + u * s[t-1])\nh[t] = s[t] * (x[t] @ W)\nL = mse(y, h[T])"
    found = symrnn.parse(text).with_zoneout("s")
    assert "zone_s: 1" in found.text.splitlines()
    assert found.verify(steps=3).holds


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(UsageError, match="'hh' is no variable; did you mean 'h'"):
        model("gru").with_zoneout(["hh"])
    with pytest.raises(UsageError, match="nothing to keep; name states"):
        model("gru").with_zoneout([])
    with pytest.raises(EquationError, match=r"i is no state: its recurrence .* is for c, h"):
        model("lstm").with_zoneout(["i"])
    with pytest.raises(EquationError, match=r"yhat is no state: .* zoneout is for O$"):
        model("elman").with_zoneout("yhat")
    far = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-2] @ U)")
    with pytest.raises(EquationError, match="zoneout is for states, and the model has none"):
        far.with_zoneout("h")
