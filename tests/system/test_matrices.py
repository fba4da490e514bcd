"""Matrices that are computed of parameters, and penalties on them: cells from papers and others."""

import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.sheets import as_columns
from symrnn.derive.views import VIEWS
from symrnn.errors import EquationError, SymrnnError, UsageError, WidthError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import complex_step, gradient
from symrnn.interpret.sample import sample
from symrnn.language import parse
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref
from symrnn.model import Model
from symrnn.system import normal, resolve, unroll
from symrnn.weights import layouts

MASKED = """M: fixed
h[t] = tanh(x[t] @ W + h[t-1] @ (U * M) + b)
L = mse(y, h[T] @ V) + 0.01 * total(U**2)"""
ANTISYMMETRIC = """gamma: 1
eye: fixed
h[t] = h[t-1] + 0.1 * tanh(x[t] @ W + h[t-1] @ (U - transpose(U) - gamma * eye) + b)
L = mse(y, h[T] @ V)"""  # Chang et al. 2019
STOCHASTIC = """h[t] = h[t-1] @ softmax(A) + x[t] @ softmax(transpose(B))
b: H
L = ce(y, softmax(h[T])) + 0.1 * total(A / (1 + A**2)) + 0.5 * total(b**2)"""
NAMED = """V = U * tanh(M)
G = softmax(V) / rowsum(1 + V**2)
h[t] = tanh(x[t] @ W + h[t-1] @ V + b)
k[t] = tanh(k[t+1] @ transpose(G) + h[t] @ G)
L = mean(mse(y[t], k[t] @ P)) + 0.01 * total(V**2)"""
LOW_RANK = """g: H
P: (H, 2)
h[t] = tanh(x[t] @ W + h[t-1] @ (P @ Q) + (tanh(g) * h[t-1]) @ (tanh(g) * R))
L = mse(y, h[T] @ V) + 0.1 * total((P @ Q)**2)"""
LRU = """a = exp(-exp(nu))
g: 1
h[t] = a * h[t-1] + sqrt(1 - a**2) * (x[t] @ W) + sigmoid(g) * softmax(c)
L = mse(y, h[T]) + 0.1 * total(nu * c)"""  # Orvieto et al. 2023, its real part
GRAM = """s: 1
g: 1
U: (3, H)
h[t] = tanh(x[t] @ W + h[t-1] @ (transpose(U) @ U) + s * h[t-2])
L = mse(y, h[T]) + 0.3 * total(U * U / (1 + U**2)) + g * total(U)"""
TIED = """E = W * m
m: H
h[t] = tanh(x[t] @ E + h[t-1] @ U)
xhat[t] = h[t] @ transpose(E)
L = mean(mse(x[t+1], xhat[t])) + 0.1 * total(E)"""
GATES = """M: fixed
i[t] = sigmoid(x[t] @ (W_i * M) + h[t-1] @ sigmoid(U_i) + b_i)
z[t] = tanh(x[t] @ (W_z * M) + h[t-1] @ sigmoid(U_z) + b_z)
h[t] = (1 - i[t]) * h[t-1] + i[t] * z[t]
L = mean(ce(y[t], softmax(h[t] @ (V - transpose(V)))))"""
SQUARED = """r: 1
h[t] = tanh(x[t] @ W + h[t-1] @ U)
L = mse(y, h[T]) + total(W) * total(W) + r * total(U * U) * rowsum(h[T])"""
UNREAD = """V: (D, H)
V = tanh(W)
h[t] = tanh(x[t] @ W + h[t-1] @ U)
L = mse(y, h[T])"""  # nothing reads V
CELLS = {
    name.lower(): text
    for name, text in globals().copy().items()
    if name.isupper() and isinstance(text, str)
}
VIEWS_TRUE_FOR_NUMBERS = ("chain", "closed", "delta", "product")


def drawn(model: Model, steps: int, batch: int, size: int | None = None) -> dict[str, Array]:
    return sample(model.written, resolve(model.written), dims(model, size), steps, batch, seed=3)


def dims(model: Model, size: int | None = None) -> dict[str, int]:
    found = {n for s in model.system.symbols.values() for w in s.shape for n in w.names}
    return {name: size or 2 + place for place, name in enumerate(sorted(found))}


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
def test_the_gradient_is_the_slope(text: str) -> None:
    model = symrnn.parse(text)
    data = drawn(model, 4, 2)
    slope = complex_step(model.written, data, 4)
    for system in (model.adjoint, unroll(model.adjoint, 4)):
        found = interpret(system, data, 4)
        for symbol in model.system.named("parameter"):
            own, wanted = found.adjoint_of(symbol.name), gradient(slope, data, symbol.name)
            assert own is not None
            assert own.shape == wanted.shape
            assert np.linalg.norm(own - wanted) <= 1e-12 * max(1.0, float(np.linalg.norm(wanted)))


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
def test_it_reads_back(text: str) -> None:
    model = symrnn.parse(text)
    for system in (model.system, model.adjoint, unroll(model.adjoint, 2)):
        assert normal(parse(str(system))) == system


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
def test_the_kernel_holds(text: str) -> None:
    assert symrnn.parse(text).verify(3).holds


@pytest.mark.parametrize("name", ["masked", "stochastic", "low_rank", "gates"])
@pytest.mark.parametrize("feature", ["lengths", "checkpoint", "forward_only", "ids", "truncate"])
def test_kernels_of_every_kind(name: str, feature: str) -> None:
    value = {"ids": ("x",), "truncate": 2}.get(feature, True)
    assert symrnn.parse(CELLS[name]).verify(4, **{feature: value}).holds  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["rows", "columns", "scalar"])
@pytest.mark.parametrize("name", CELLS)
def test_what_is_printed_is_the_gradient(name: str, form: str) -> None:
    model = symrnn.parse(CELLS[name])
    if form == "scalar" and name in ("gram", "low_rank"):
        pytest.skip("a width that is a number is not 1")
    for steps, count in ((2, 2), (None, 4), (1, 1)):
        data = drawn(model, count, 1, 1 if form == "scalar" else None)
        wanted = interpret(model.adjoint, data, count)
        derivation = Derivation("cell", model.written, steps, scalar=form == "scalar")
        for view in VIEWS_TRUE_FOR_NUMBERS:
            try:
                sheets = VIEWS[view](derivation)
            except UsageError:
                assert view == "product"
                continue
            sheets = (*sheets, *VIEWS["local"](derivation)) if view == "chain" else sheets
            sheets = as_columns(sheets) if form == "columns" else sheets
            work = Evaluator(
                [e for sheet in sheets for e in sheet.equations],
                interpret(derivation.plain, data, count),
                data,
                dims(model, 1 if form == "scalar" else None),
                form == "columns",
            )
            for symbol in model.system.named("parameter"):
                found = work(Total(LOSS, Ref(symbol.name)))
                own = wanted.adjoint_of(symbol.name)
                assert own is not None
                turned = found.T if form == "columns" else found
                assert np.allclose(turned.reshape(own.shape), own, rtol=1e-10, atol=1e-12), view


def test_the_textbook_line() -> None:
    text = symrnn.parse(MASKED).derive().text("delta")
    assert "    m_U = U ⊙ M\n" in text
    assert "∂L/∂m_U = ∑_{t=1}^{T} hₜ₋₁ᵀ δₜ\n" in text
    assert "∂L/∂U = ∂L/∂m_U ⊙ M + 0.02 U\n" in text
    scalar = symrnn.parse(ANTISYMMETRIC).derive(scalar=True).text("delta")
    assert "m_U = U - U - γ eye" in scalar


def test_normal_form() -> None:
    system = symrnn.parse(ANTISYMMETRIC).system
    assert "transpose_U = transpose(U)\nm_U = U - transpose_U - gamma * eye\n" in str(system)
    assert system.symbols["m_U"].role == "weight"
    assert "d_gamma = total(-(d_m_U * eye))\n" in str(symrnn.parse(ANTISYMMETRIC).adjoint)


def test_a_penalty_is_added_once() -> None:
    """It is no mean over the batch, and no sum over the steps or the lengths."""
    module = symrnn.parse("h[t] = u * h[t-1] + x[t] @ W; L = mse(y, h[T]) + 0.5 * total(W**2)")
    kernel = module.kernel(steps=3, lengths=True)
    params = {"u": np.zeros(2), "W": np.full((2, 2), 3.0)}
    for batch in (1, 3):
        inputs = {"x": np.zeros((3, batch, 2)), "y": np.zeros((batch, 2))}
        value, grads = kernel.loss_and_grads(params, **inputs, lengths=np.arange(1, batch + 1))
        assert value == 18
        assert (grads["W"] == 3).all()


def test_nothing_is_allocated_after_the_first_call() -> None:
    kernel = symrnn.parse(MASKED).kernel(steps=3).Kernel(2, D=2, H=3, C=1)
    inputs = {"x": np.ones((3, 2, 2)), "y": np.ones((2, 1))}
    kernel.loss_and_grads(**inputs)
    plan = next(iter(kernel._plans.values()))
    kernel.params["U"][...] = 2
    kernel.fixed["M"][...] = np.eye(3)
    _, grads = kernel.loss_and_grads(**inputs)
    assert next(iter(kernel._plans.values())) is plan
    assert np.allclose(grads["U"] - 0.04, np.diag(np.diagonal(grads["U"] - 0.04)))


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (
            "h[t] = x[t] @ (h[t-1] * W)",
            EquationError,
            "right of @ stand parameters, and h has a ti",
        ),
        ("h[t] = x[t] @ W + b; L = mse(y, h[T]) + total(h[T])", EquationError, "h has a row for"),
        (
            "V = W * M; h[t] = x[t] @ V + V",
            WidthError,
            "V is a matrix; beside rows it stands right",
        ),
        ("b: H; h[t] = x[t] @ transpose(tanh(b))", WidthError, "takes a matrix; a vector has no"),
        ("W: (D, H); M: (D, K); h[t] = x[t] @ (W * M)", WidthError, "contradiction of widths"),
        ("W: (D, H); h[t] = x[t] @ concat(W, W)", WidthError, "take rows, not matrices"),
    ],
)
def test_what_does_not_go(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        symrnn.parse(text)


def test_no_layer_computes_it() -> None:
    with pytest.raises(SymrnnError, match="no layer of PyTorch computes the recurrence of h"):
        layouts.layout(symrnn.parse(MASKED), "pytorch")
