"""Zoneout: new values under names of their own, and what is refused."""

import numpy as np
import pytest

import symrnn
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.training import masks
from tests.cases import model, numbers


def test_what_is_printed() -> None:
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
def test_masks_do_what_they_do_by_hand(loops: bool) -> None:
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
