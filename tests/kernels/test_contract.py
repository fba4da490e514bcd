"""What a generated module promises, and how it says no."""

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.kernels.load import load_source
from symrnn.language.arrays import Array
from tests.cases import ZOO, model


@pytest.fixture(scope="module")
def elman() -> ModuleType:
    return model("elman").kernel(4)


SIZES = {"D": 3, "H": 2, "C": 1}


def numbers(batch: int = 2, dtype: Any = np.float64, steps: int = 4) -> dict[str, Array]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(steps, batch, 3)).astype(dtype)
    return {"x": x, "y": rng.uniform(size=(batch, 1)).astype(dtype)}


def test_the_module_says_what_it_is(elman: ModuleType) -> None:
    assert elman.STEPS == 4
    assert elman.PARAMS == {
        "w_i": ("D", "H"),
        "w_h": ("H", "H"),
        "b": ("H",),
        "w_o": ("H", "C"),
        "b_o": ("C",),
    }
    assert elman.INPUTS == {"x": ("T", "B", "D"), "y": ("B", "C")}
    assert elman.STATES == {"O0": ("B", "H")}
    assert elman.OUTPUTS == {"yhat": ("B", "C")}


@pytest.mark.parametrize("name", ZOO)
def test_every_file_holds_its_own_check(name: str) -> None:
    for steps in (1, 3, 50):
        module = model(name).kernel(steps)
        for error, allowed in module.self_check().values():
            assert error <= allowed


def test_any_batch_up_to_the_largest(elman: ModuleType) -> None:
    kernel = elman.Kernel(5, **SIZES)
    for name, value in elman.init_params(0, **SIZES).items():
        kernel.params[name][...] = value
    params = dict(kernel.params)
    for batch in (5, 1, 3, 5):
        loss, grads = kernel.loss_and_grads(**numbers(batch))
        wanted, exact = elman.loss_and_grads(params, **numbers(batch))
        assert loss == wanted
        assert all(np.array_equal(grads[name], exact[name]) for name in exact)
    with pytest.raises(ValueError, match="x has 6 sequences; expected 1 to 5"):
        kernel.loss(**numbers(6))


def test_a_state_is_carried_from_one_kernel_to_the_next() -> None:
    whole, half = model("lstm").kernel(8), model("lstm").kernel(4)
    params = whole.init_params(0, **SIZES)
    data = numbers(steps=8)
    outputs, states = whole.forward(params, x=data["x"])
    _, middle = half.forward(params, x=data["x"][:4])
    again, final = half.forward(params, x=data["x"][4:], **middle)
    assert np.array_equal(outputs["yhat"], again["yhat"])
    assert {name: v.tolist() for name, v in states.items()} == {
        name: v.tolist() for name, v in final.items()
    }


def test_a_state_of_several_steps_is_one_array_oldest_first() -> None:
    found = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-3])")
    whole, half = found.kernel(6), found.kernel(3)
    assert whole.STATES == {"h0": (3, "B", "H")}
    params = whole.init_params(0, D=3, H=2)
    x = numbers(steps=6)["x"]
    outputs, _ = whole.forward(params, x=x)
    first, states = half.forward(params, x=x[:3])
    assert np.array_equal(states["h0"], first["h"])
    second, _ = half.forward(params, x=x[3:], **states)
    assert np.array_equal(outputs["h"], np.concatenate([first["h"], second["h"]]))


def test_gradients_by_inputs_and_states_where_asked() -> None:
    module = model("elman").kernel(2, wrt=("x", "O0"))
    params = module.init_params(0, **SIZES)
    data = {**numbers(steps=2), "O0": np.full((2, 2), 0.3)}
    _, grads = module.loss_and_grads(params, **data)
    for name in ("x", "O0"):
        moved = data[name].astype(complex)
        entry = (1,) * moved.ndim
        moved[entry] += 1e-30j
        own = {key: value.astype(complex) for key, value in params.items()}
        slope = module.loss(own, **{**data, name: moved}).imag / 1e-30
        assert grads[name][entry] == pytest.approx(slope, rel=1e-12)


def test_a_loss_without_parameters_has_no_gradients() -> None:
    module = symrnn.parse("L = mean(mse(y[t], tanh(x[t])))").kernel(2)
    loss, grads = module.loss_and_grads({}, x=np.zeros((2, 1, 3)), y=np.ones((2, 1, 3)))
    assert (loss, grads) == (1, {})


def test_a_model_without_a_loss_carries_cotangents_back() -> None:
    module = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)").kernel(3)
    assert not hasattr(module, "loss")
    params = module.init_params(0, D=3, H=2)
    x = numbers(steps=3)["x"]
    weights = {"h": np.random.default_rng(2).normal(size=(3, 2, 2))}
    found = module.vjp(params, weights, x=x)
    moved = {name: value.astype(complex) for name, value in params.items()}
    moved["U"][0, 1] += 1e-30j
    outputs, _ = module.forward(moved, x=x)
    assert found["U"][0, 1] == pytest.approx((weights["h"] * outputs["h"]).sum().imag / 1e-30)
    with pytest.raises(TypeError, match="q is no output; there are h"):
        module.vjp(params, {"q": weights["h"]}, x=x)


def test_a_file_of_a_loop_does_not_grow_with_its_steps() -> None:
    one, other = (model("elman").generate(steps, loops=True) for steps in (100, 900))
    assert one.count("\n") == other.count("\n")


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"x": None}, TypeError, r"x is missing; expected an array of shape \(4, 2, 3\)"),
    ({"y": None}, TypeError, r"y is missing; expected an array of shape \(2, 1\)"),
    ({"z": np.zeros(2)}, TypeError, "'z' is no input; there are x, y, O0"),
    ({"x": np.zeros((4, 2, 5))}, ValueError, r"x has shape \(4, 2, 5\); expected \(4, 2, 3\)"),
    ({"x": np.zeros((3, 2, 3))}, ValueError, r"x has shape \(3, 2, 3\); expected \(4, 2, 3\)"),
    ({"x": np.zeros(4)}, ValueError, r"x has shape \(4,\); expected the axes \(T, B, D\)"),
    ({"y": np.zeros((2, 1), complex)}, TypeError, "y is complex, and the kernel works in float64"),
    ({"y": np.array([["a"], ["b"]])}, TypeError, "y holds <U1; expected numbers"),
    ({"y": np.array([[0.5], [np.nan]])}, ValueError, r"y holds nan, first at \(1, 0\)"),
]


@pytest.mark.parametrize(("change", "kind", "message"), BAD)
def test_bad_inputs_are_named(
    elman: ModuleType, change: dict[str, Any], kind: type[Exception], message: str
) -> None:
    kernel = elman.Kernel(2, **SIZES)
    for name, value in elman.init_params(0, **SIZES).items():
        kernel.params[name][...] = value
    inputs = {key: v for key, v in {**numbers(), **change}.items() if v is not None}
    with pytest.raises(kind, match=message):
        kernel.loss_and_grads(**inputs)


def test_bad_sizes_and_vectors_are_named(elman: ModuleType) -> None:
    with pytest.raises(TypeError, match="'K' is no dimension; there are D, H, C"):
        elman.Kernel(1, K=3, **SIZES)
    with pytest.raises(TypeError, match="the dimension H is missing"):
        elman.Kernel(1, D=3, C=1)
    with pytest.raises(ValueError, match="H is 0; expected a whole number, at least 1"):
        elman.Kernel(1, **{**SIZES, "H": 0})
    with pytest.raises(ValueError, match="batch is True"):
        elman.Kernel(True, **SIZES)
    with pytest.raises(TypeError, match="dtype is int64; expected float32"):
        elman.Kernel(1, dtype=int, **SIZES)
    with pytest.raises(TypeError, match=r"theta is float64 of shape \(3,\); expected float64"):
        elman.Kernel(1, theta=np.zeros(3), **SIZES)
    params = elman.init_params(0, **SIZES)
    with pytest.raises(TypeError, match="'w' is no parameter; there are w_i, w_h"):
        elman.loss({**params, "w": 1}, **numbers())
    del params["w_h"]
    with pytest.raises(TypeError, match=r"the parameter w_h is missing; it has the axes \(H, H\)"):
        elman.loss(params, **numbers())


# numbers at the edge


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["elman", "lstm", "gru_torch"])
def test_where_the_loss_is_finite_the_kernel_is_too(name: str, dtype: Any) -> None:
    module = model(name).kernel(5)
    params = module.init_params(0, dtype, **SIZES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for scale in (1e4, 1e-30):
            data = numbers(steps=5, dtype=dtype)
            loss, grads = module.loss_and_grads(params, x=data["x"] * dtype(scale), y=data["y"])
            assert np.isfinite(loss)
            assert all(np.isfinite(g).all() for g in grads.values())
    wide = {key: value * dtype(1e4) for key, value in params.items()}
    loss, grads = module.loss_and_grads(wide, **data)
    assert np.isfinite(loss)
    assert all(np.isfinite(g).all() for g in grads.values())


def test_what_overflows_says_so_in_the_loss() -> None:
    module = symrnn.parse("h[t] = x[t] @ W + h[t-1] @ U; L = mse(y, h[T])").kernel(2000)
    params = {"W": np.ones((1, 1)), "U": np.full((1, 1), 3.0)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, _ = module.loss_and_grads(params, x=np.ones((2000, 1, 1)), y=np.zeros((1, 1)))
    assert not np.isfinite(loss)


@pytest.mark.parametrize("name", ["and", "class", "np", "B", "theta", "add", "T_", "plan"])
def test_names_that_the_file_needs_for_itself(name: str) -> None:
    if name in ("and", "class"):
        text = f"h_{name}[t] = tanh(x[t] @ W_{name}); L = mse(y, h_{name}[T])"
    else:
        text = f"h[t] = tanh(x[t] @ {name}); L = mse(y, h[T])"
    module = load_source(symrnn.parse(text).generate(2), "named")
    assert all(error <= allowed for error, allowed in module.self_check().values())


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = tanh(log(x[t]) @ W + h[t-1] @ U); L = mse(y, h[T])",
        "h[t] = (x[t] @ W) ** 0.5 + sqrt(b) * h[t-1]; L = mse(y, h[T])",
        "h[t] = tanh(log(relu(x[t])) @ W + h[t-1] @ U); L = mse(y, h[T])",
        "f(z) = z * log1p(z); h[t] = f(x[t]) + h[t-1]; L = mse(y, h[T])",
    ],
)
def test_the_check_of_a_file_draws_numbers_that_the_text_has_a_value_for(text: str) -> None:
    module = symrnn.parse(text).kernel(1)
    assert all(error <= allowed for error, allowed in module.self_check().values())
