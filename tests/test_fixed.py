"""What is handed in and not trained: a reservoir, a memory, a mask."""

import numpy as np
import pytest

import symrnn
from symrnn import training
from symrnn.errors import DataError, EquationError
from symrnn.interpret.oracle import complex_step, gradient
from symrnn.interpret.sample import sample
from symrnn.kernels.settings import Features
from symrnn.system import resolve

RESERVOIR = """R: fixed
R: init(orthogonal)
V: fixed
h[t] = tanh(x[t] @ V + h[t-1] @ R + b)
b: fixed
yhat = h[T] @ w
L = mse(y, yhat)"""
LMU = """A: fixed
B: fixed
B: (1, M)
e: (D, 1)
m[t] = m[t-1] @ A + x[t] @ e @ B
h[t] = tanh(x[t] @ W + m[t] @ V)
L = mse(y, h[T])"""
DIMS = {"D": 2, "C": 3, "H": 4, "M": 5}
WAYS: tuple[Features, ...] = (
    {},
    {"lengths": True},
    {"checkpoint": True},
    {"batch_first": True},
    {"truncate": 2},
)


@pytest.mark.parametrize("text", [RESERVOIR, LMU])
def test_it_has_no_gradient_and_moves_no_other(text: str) -> None:
    model = symrnn.parse(text)
    kernel = model.kernel(steps=3)
    fixed = {s.name for s in model.system.named("fixed")}
    dims = {name: DIMS[name] for name in kernel.DIMS}
    data = sample(model.written, resolve(model.written), dims, 3, 2)
    params = {n: data[n] for n in (*kernel.PARAMS, *kernel.FIXED)}
    _, grads = kernel.loss_and_grads(params, x=data["x"], y=data["y"])
    assert kernel.FIXED.keys() == fixed
    assert grads.keys() == kernel.PARAMS.keys()
    slope = complex_step(model.written, data, 3)
    for name, found in grads.items():
        assert np.allclose(found, gradient(slope, data, name), rtol=1e-12, atol=1e-14)
    assert not any(f"d_{name} =" in str(model.adjoint) for name in fixed)


@pytest.mark.parametrize("ways", WAYS, ids=lambda ways: ", ".join(ways) or "plain")
def test_kernels_of_every_kind_take_it_and_can_be_asked_for_its_gradient(
    ways: Features,
) -> None:
    wrt = () if "truncate" in ways else ("A",)
    assert symrnn.parse(LMU).verify(5, wrt=wrt, **ways).holds


def test_a_kernel_keeps_it_apart_from_theta() -> None:
    module = symrnn.parse(RESERVOIR).kernel(steps=3)
    held = np.ones((2, 4))
    rest = {"V": held, "b": np.zeros(4)}
    kernel = training.started(module, batch=1, params=rest, D=2, H=4, C=1)
    assert kernel.theta.size == kernel.dtheta.size == 4
    reservoir = kernel.params["R"]
    assert np.allclose(reservoir @ reservoir.T, np.eye(4))
    batch = {"x": np.ones((3, 1, 2)), "y": np.ones((1, 1))}
    before = {name: array.copy() for name, array in kernel.params.items()}
    training.fit(kernel, [batch], training.SGD(0.1), epochs=2)
    assert (kernel.params["w"] != before["w"]).any()
    for name in ("R", "V", "b"):
        assert (kernel.params[name] == before[name]).all()


def test_what_is_missing_is_named() -> None:
    module = symrnn.parse(RESERVOIR).kernel(steps=3)
    params = module.init_params(D=2, H=4, C=1)
    assert params.keys() == {"w", "R"}
    with pytest.raises(TypeError, match=r"V, which is fixed, is missing; it has the axes \(D, H\)"):
        module.loss(params, x=np.ones((3, 1, 2)), y=np.ones((1, 1)))
    with pytest.raises(DataError, match="is fixed and missing: hand it in, or say in the model"):
        training.started(module, batch=1, D=2, H=4, C=1)
    with pytest.raises(EquationError, match="x has a time index; what is fixed has none"):
        symrnn.parse("x: fixed; h[t] = x[t] + b")
    with pytest.raises(EquationError, match="A is a fixed array; parameter is said of a parameter"):
        symrnn.parse("A: fixed; A: parameter; h[t] = x[t] @ A")


def test_print_and_summary() -> None:
    model = symrnn.parse(LMU)
    assert symrnn.parse(str(model.system)).system == model.system
    shown = str(model.summary({"D": 2, "M": 5, "C": 3}))
    assert "total 23: 23 in matrices" in shown
    assert "fixed\n  A  (5, 5)  25\n  B  (1, 5)   5\n" in shown
    assert "∂L/∂A" not in model.derive().text("delta")
    assert "∂L/∂A = ∑_{t=1}^{T} mₜ₋₁ᵀ ∂L/∂mₜ" in model.derive(wrt="A").text("delta")
