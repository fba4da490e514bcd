"""A module that has a kernel work out its loss: the same numbers."""

import numpy as np
import pytest

from symrnn.kernels.settings import Features
from tests.cases import ZOO, model
from tests.extent import WIDE
from tests.kernels.c.compiler import needs_compiler, quick
from tests.kernels.torch.pairs import (
    ALONE,
    ENDS,
    FIXED,
    IDS,
    LAGS,
    PRECISE,
    B,
    C,
    D,
    H,
    T,
    X,
    Y,
    assert_alike,
    assert_passes_alike,
    class_of,
    gradients,
    is_by_kernel,
    numbers,
    pair,
)
from tests.kernels.truth import truth

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

# the same numbers


@needs_compiler
@pytest.mark.parametrize(
    ("name", "steps", "batch"),
    [
        (n, *s)
        for i, n in enumerate(ZOO)
        for j, s in enumerate(((3, 4), (1, 1)))
        if WIDE or i % 2 == j
    ],
)
def test_loss_and_gradients_are_those_of_the_equations(name: str, steps: int, batch: int) -> None:
    true, module = truth(name, steps, batch), model(name).kernel(steps, backend="torch")
    kernel = quick(model(name).generate(steps, backend="c"))
    shapes = [
        (axes, true.data[key].shape) for key, axes in module._EVERY.items() if key in true.data
    ]
    shapes += [(axes, true.data[key].shape) for key, axes in module.PARAMS.items()]
    dims = {a: n for axes, shape in shapes for a, n in zip(axes, shape, strict=True)}
    dims = {dim: dims[dim] for dim in module.DIMS}
    cell = class_of(module)(**dims, dtype=torch.float64, kernel=kernel)
    cell.load_state_dict(
        {module._attribute(key): torch.tensor(true.data[key]) for key in module.PARAMS}
    )
    given = {key: torch.tensor(true.data[key]) for key in module._EVERY if key in true.data}
    given = {key: given[key] for key in (*module._LOSS_NEEDS, *module.STATES) if key in given}
    loss = cell.loss(**given)
    assert is_by_kernel(loss)
    assert abs(loss.item() - true.loss) <= PRECISE * max(1, abs(true.loss))
    params = cell.params()
    loss.backward()
    for key, wanted in true.gradients.items():
        norm = max(float(np.linalg.norm(wanted)), 1e-3)
        assert float(np.linalg.norm(params[key].grad.numpy() - wanted)) <= PRECISE * norm, key


@pytest.mark.parametrize("backend", ["numpy", pytest.param("c", marks=needs_compiler)])
def test_gradients_by_inputs_and_states(backend: str) -> None:
    cells = pair(backend=backend, wrt=("x", "h0"))
    x, state = X.clone().requires_grad_(), numbers(B, H).requires_grad_()
    assert_alike(cells, x, Y, state, leaves=(x, state))
    assert_alike(cells, x, Y, leaves=(x,))
    assert_alike(cells, X, Y, state, leaves=(state,))
    assert_alike(cells, X, Y)
    assert torch.autograd.gradcheck(lambda x, s, *_: cells[0].loss(x, Y, s), (x, state))
    assert_passes_alike(cells, x, state, leaves=(x, state))
    assert_passes_alike(cells, x, leaves=(x,), of=["yhat"])
    assert_passes_alike(cells, X, state, leaves=(state,), of=["h0"])
    forward = lambda x, s, *_: (cells[0](x, s)[0]["yhat"], cells[0](x, s)[1]["h0"])  # noqa: E731
    assert torch.autograd.gradcheck(forward, (x, state))


def test_gradcheck_by_parameters() -> None:
    cell, _ = pair("lstm")
    assert torch.autograd.gradcheck(lambda *_: cell.loss(X, Y), tuple(cell.parameters()))
    forward = lambda *_: (*cell(X)[0].values(), *cell(X)[1].values())  # noqa: E731
    assert torch.autograd.gradcheck(forward, tuple(cell.parameters()))


def test_a_gradient_that_the_kernel_has_not_is_worked_out_without_it() -> None:
    one, other = pair()
    x = X.clone().requires_grad_()
    for _ in range(2):  # once to see that it is missing
        loss = one.loss(x, Y)
        assert not is_by_kernel(loss)
        assert torch.equal(gradients(loss, x)[0], gradients(other.loss(x, Y), x)[0])
        assert not is_by_kernel(one(x)[0]["yhat"])
    assert is_by_kernel(one.loss(X, Y))
    assert is_by_kernel(one(X)[0]["yhat"])


def test_batches_come_first() -> None:
    cells = pair("char", wrt=("x",), batch_first=True)
    x, y = numbers(B, T, D).requires_grad_(), numbers(B, T, C)
    assert_alike(cells, x, y, leaves=(x,))
    assert_alike(cells, x[:2], y[:2], leaves=(x,))
    assert_passes_alike(cells, x[:2], leaves=(x,))


@needs_compiler
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_sequences_with_lengths(backend: str) -> None:
    cells = pair(backend=backend, wrt=("x",), features=Features(lengths=True))
    x = X.clone().requires_grad_()
    for lengths in (None, [4, 1, 2], torch.tensor([1, 4, 4])):
        assert_alike(cells, x, Y, lengths=lengths, leaves=(x,))
        assert_passes_alike(cells, x, lengths=lengths, leaves=(x,))
    short = X[:2].clone().requires_grad_()
    assert_alike(cells, short, Y, leaves=(short,))
    assert_alike(cells, short, Y, lengths=[2, 1, 2], leaves=(short,))
    with pytest.raises(ValueError, match="lengths from 1 to 9; expected 1 to 4"):
        cells[0].loss(X, Y, lengths=[1, 9, 1])


@needs_compiler
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_class_ids(backend: str) -> None:
    cells = pair(IDS, backend=backend, features=Features(ids=("x", "y")))
    rng = np.random.default_rng(0)
    x, y = (torch.tensor(rng.integers(C, size=(T, B))) for _ in "xy")
    assert_alike(cells, x, y)
    assert_alike(cells, x, y.int())
    assert_passes_alike(cells, x)


def test_states_of_several_steps_windows_and_what_is_fixed() -> None:
    x = X.clone().requires_grad_()
    states = numbers(2, B, H).requires_grad_()
    assert_alike(pair(LAGS, wrt=("x", "h0")), x, Y, states, leaves=(x, states))
    assert_passes_alike(pair(LAGS, wrt=("x", "h0")), x, states, leaves=(x, states))
    last = pair(LAGS, 1, wrt=("x", "h0"))  # a state of two steps, of which one is the one before
    assert_passes_alike(last, x[:1], states, leaves=(x, states))
    assert_alike(pair(ENDS, 6, features=Features(truncate=2)), numbers(6, B, D), Y)
    cells = pair(FIXED)
    for cell in cells:
        cell.s.copy_(numbers(C))
    assert_alike(cells, X, Y)
    assert_passes_alike(cells, X)


@pytest.mark.parametrize("name", ["birnn", "lstm", "char", "gru_torch", ALONE])
def test_outputs_and_final_states(name: str) -> None:
    cells = pair(name, wrt=("x",), backend="numpy")
    x = X.clone().requires_grad_()
    assert_passes_alike(cells, x, leaves=(x,))
    with torch.no_grad():
        one, other = (cell(x) for cell in cells)
    for mine, true in zip(one, other, strict=True):
        assert list(mine) == list(true)
        assert all(torch.allclose(mine[key], true[key], rtol=1e-12) for key in true)


def test_few_numbers() -> None:
    cells = pair("lstm", 1, dtype=torch.float32)
    x, y = numbers(1, 1, D, dtype=torch.float32), numbers(1, C, dtype=torch.float32)
    one, other = (cell.loss(x, y) for cell in cells)
    assert is_by_kernel(one)
    assert one.dtype == torch.float32
    assert abs(one.item() - other.item()) < 1e-6


@pytest.mark.parametrize("batch", [5, 1, 2, 6])
def test_any_number_of_sequences(batch: int) -> None:
    cells = pair()
    assert_alike(cells, X, Y)
    assert_alike(cells, numbers(T, batch, D), numbers(batch, C))
    assert_alike(cells, X, Y)


def test_inputs_that_are_no_piece_of_memory() -> None:
    x, y = numbers(D, B, T).transpose(0, 2), numbers(C, B).t()
    assert_alike(pair(), x, y)
    assert_alike(pair(), x[:1].expand(T, B, D), y)


def test_numbers_that_are_none_are_none_in_the_loss() -> None:
    one, other = pair()
    for x, y in ((X, Y * float("nan")), (X * float("nan"), Y), (X, Y * float("inf"))):
        assert torch.equal(one.loss(x, y), other.loss(x, y)) or one.loss(x, y).isnan()
