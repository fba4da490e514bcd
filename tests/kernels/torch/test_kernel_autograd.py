"""What autograd does with the loss of a module that has a kernel."""

from typing import Any

import pytest

from tests.kernels.c.compiler import needs_compiler
from tests.kernels.torch.pairs import (
    ENDS,
    FIXED,
    LAGS,
    B,
    C,
    D,
    H,
    X,
    Y,
    assert_alike,
    assert_near,
    gradients,
    is_by_kernel,
    numbers,
    pair,
)

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def test_memory_is_not_written_to_again() -> None:
    one, other = pair(wrt=("x",))
    x = X.clone().requires_grad_()
    leaves = [x, *one.parameters()]
    first, second = one.loss(x, Y), one.loss(2 * x, Y)
    found = torch.autograd.grad(first, leaves, retain_graph=True)
    kept = [value.clone() for value in found]
    for value in found:
        value.zero_()
    assert all(map(torch.equal, gradients(first, *leaves), kept))
    wanted = gradients(other.loss(2 * x, Y), x, *other.parameters())
    assert all(
        torch.allclose(a, b, rtol=1e-9)
        for a, b in zip(gradients(second, *leaves), wanted, strict=True)
    )
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        gradients(second, *leaves)


@needs_compiler
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_many_graphs_have_gradients_of_their_own(backend: str) -> None:
    """Memory for gradients goes from a graph that is gone to another one, and to no other."""
    cells = pair(backend=backend)
    (one, _), leaves = cells, [list(cell.parameters()) for cell in cells]
    for count in (7, 2, 5):
        losses = [[cell.loss(n * X, Y) for n in range(count)] for cell in cells]
        del losses[0][1], losses[1][1]  # its memory is free for what follows
        for cell, values in zip(cells, losses, strict=True):
            values.append(cell.loss(-X, Y))
        for mine, true in zip(*losses, strict=True):
            found = torch.autograd.grad(mine, leaves[0], retain_graph=True)
            assert_near(found, gradients(true, *leaves[1]))
            assert_near(gradients(mine, *leaves[0]), found)
        kept = one.loss(X, Y)
        del losses, mine, true
        assert_near(gradients(one.loss(X, Y), *leaves[0]), gradients(kept, *leaves[0]))


@needs_compiler
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_a_call_is_not_taken_for_the_one_before(backend: str) -> None:
    """States that are given once and then are not, other numbers of sequences, losses alone."""
    cells = pair(backend=backend, wrt=("h0",))
    state = torch.rand(B, H, dtype=torch.float64)
    asked = state.clone().requires_grad_()
    for _ in range(2):
        assert_alike(cells, X, Y)
        assert_alike(cells, X.flip(0), Y)
        assert_alike(cells, X, Y, state)
        assert_alike(cells, X, Y, asked, leaves=(asked,))
        assert_alike(cells, X, Y)
        with torch.no_grad():
            assert torch.allclose(cells[0].loss(X, Y, state), cells[1].loss(X, Y, state))
        assert_alike(cells, X[:, :2], Y[:2])
        assert_alike(cells, X.transpose(0, 1).contiguous().transpose(0, 1), Y)
        with torch.no_grad():
            for value in cells[0].parameters():
                value.mul_(0.9)
        cells[1].load_state_dict(cells[0].state_dict())


@needs_compiler
@pytest.mark.parametrize("name", [FIXED, LAGS, ENDS, "birnn", "gru_torch", "char"])
@pytest.mark.parametrize("steps", [1, 4])
def test_calls_that_are_alike(name: str, steps: int) -> None:
    """Each is one copy and one call in C, with whatever parameters and inputs there are then."""
    cells = pair(name, steps, backend="c", wrt=("x",))
    for n in range(4):
        x = (numbers(steps, B, D) - n / 4).requires_grad_(n > 1)
        y = numbers(steps, B, C) if name in ("char", "birnn") else numbers(B, C)
        with torch.no_grad():
            for values in zip(*(cell.state_dict().values() for cell in cells), strict=True):
                for value in values:
                    value.add_(0.1 * n)
        assert_alike(cells, x, y, leaves=(x,) if n > 1 else ())


@needs_compiler
def test_what_autograd_offers_works_as_without() -> None:
    one, other = pair(backend="c")
    leaves, wanted = list(one.parameters()), gradients(other.loss(X, Y), *other.parameters())
    halves = []
    for cell in (one, other):
        loss = cell.loss(X, Y)
        loss /= 2
        halves.append(gradients(loss, *cell.parameters()))
    assert_near(halves[0], halves[1])
    assert_near([2 * grad for grad in halves[0]], wanted)
    with torch.autograd.graph.save_on_cpu():
        loss = one.loss(X, Y)
    assert_near(gradients(loss, *leaves), wanted)
    loss = torch.utils.checkpoint.checkpoint(lambda x: one.loss(x, Y), X, use_reentrant=False)
    assert_near(gradients(loss, *leaves), wanted)
    weights = torch.tensor([1.0, 3.0], dtype=torch.float64)
    found = torch.autograd.grad(one.loss(X, Y), leaves, weights, is_grads_batched=True)
    assert_near([rows[0] for rows in found], wanted)
    assert_near([rows[1] / 3 for rows in found], wanted)
    assert torch.autograd.grad(one.loss(X, Y), [one.U_f])[0].shape == (H, H)


def test_a_parameter_of_a_transformation_that_is_over_keeps_its_gradient() -> None:
    one, _ = pair()
    one.loss(X, Y)
    left: list[Any] = []

    def transformed(w: Any) -> Any:
        left.append(w)
        return w.sum()

    torch.func.grad(transformed)(one.W_f)
    named = {**dict(one.named_parameters()), "W_f": left[0]}
    loss = torch.func.functional_call(torch_loss(one), {f"net.{n}": p for n, p in named.items()}, X)
    assert_near(gradients(loss, one.W_f), gradients(one.loss(X, Y), one.W_f))


def torch_loss(net: Any) -> Any:
    """A module whose forward pass is a loss."""

    class Loss(torch.nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Any) -> Any:
            return self.net.loss(x, Y)

    return Loss()


def test_gradients_add_up_and_steps_of_training_are_the_same() -> None:
    cells = pair(wrt=("x",))
    optimisers = [torch.optim.SGD(cell.parameters(), lr=0.5, momentum=0.9) for cell in cells]
    for step in range(6):
        for cell, optimiser in zip(cells, optimisers, strict=True):
            optimiser.zero_grad(set_to_none=step % 2 == 0)
            for part in (X, -X):
                (0.5 * cell.loss(part + step, Y)).backward()
            torch.nn.utils.clip_grad_norm_(cell.parameters(), 0.1)
            optimiser.step()
    for one, other in zip(*(cell.parameters() for cell in cells), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-10)


def test_parameters_that_are_not_trained_have_no_gradient() -> None:
    cells = pair()
    for cell in cells:
        cell.U_f.requires_grad_(False)
    loss = cells[0].loss(X, Y)
    loss.backward()
    assert is_by_kernel(loss)
    assert cells[0].U_f.grad is None
    cells[1].loss(X, Y).backward()
    assert torch.allclose(cells[0].U_n.grad, cells[1].U_n.grad, rtol=1e-10)


@pytest.mark.filterwarnings("ignore:.*create_graph")
def test_a_gradient_of_a_gradient_is_refused() -> None:
    cell, _ = pair()
    (found,) = torch.autograd.grad(cell.loss(X, Y), [cell.W_f], create_graph=True)
    with pytest.raises(RuntimeError, match="mgu has a gradient, and no gradient of that"):
        found.sum().backward()


@pytest.mark.filterwarnings("ignore:.*create_graph")
def test_forward_passes_are_graphs_as_well() -> None:
    one, other = pair()
    first, second = one(X)[0]["yhat"].sum(), one(2 * X)[0]["yhat"].sum()
    leaves = list(one.parameters())
    found = torch.autograd.grad(first, leaves, retain_graph=True)
    kept = [value.clone() for value in found]
    for value in found:
        value.zero_()
    assert all(map(torch.equal, gradients(first, *leaves), kept))
    assert_near(kept, gradients(other(X)[0]["yhat"].sum(), *other.parameters()))
    (again,) = torch.autograd.grad(second, [one.W_f], create_graph=True)
    with pytest.raises(RuntimeError, match="mgu has a gradient, and no gradient of that"):
        again.sum().backward()
    third = one(X)[0]["yhat"].sum()
    with torch.no_grad():
        one.U_f.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        third.backward()
