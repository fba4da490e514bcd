"""What autograd does with a module, and what it must not find."""

from typing import Any

import pytest

import symrnn
from tests.kernels.torch.modules import B, C, D, H, X, Y, gradients, made, numbers

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize("name", ["lstm", "mgu", "birnn", "char"])
def test_gradcheck(name: str) -> None:
    cell, x = made(name, 3), numbers(3, 2, D).requires_grad_()
    y = numbers(3, 2, C) if name in ("birnn", "char") else numbers(2, C)
    y = y / y.sum(-1, keepdim=True)
    states = [numbers(2, H).requires_grad_() for _ in cell(x)[1]]

    def forward(x: Any, *rest: Any) -> tuple[Any, ...]:
        outputs, after = cell(x, *rest[: len(states)])
        return (*outputs.values(), *after.values())

    def loss(x: Any, *rest: Any) -> Any:
        return cell.loss(x, y, *rest[: len(states)])

    for function in (forward, loss):
        assert torch.autograd.gradcheck(function, (x, *states, *cell.parameters()))


def test_two_graphs_at_once_and_one_twice() -> None:
    cell = made()
    first, second = cell.loss(X, Y), cell.loss(2 * X, Y)
    once = torch.autograd.grad(first, list(cell.parameters()), retain_graph=True)
    other = gradients(second, cell)
    again = gradients(first, cell)
    assert all(map(torch.equal, once, again))
    assert not torch.equal(once[0], other[0])
    assert all(map(torch.equal, other, gradients(cell.loss(2 * X, Y), cell)))


def test_the_incoming_gradient_scales_the_result() -> None:
    cell = made()
    for one, other in zip(
        gradients(3 * cell.loss(X, Y), cell), gradients(cell.loss(X, Y), cell), strict=True
    ):
        assert torch.allclose(one, 3 * other, rtol=1e-14, atol=0)


@pytest.mark.filterwarnings("ignore:.*create_graph")
def test_a_gradient_of_a_gradient_is_refused() -> None:
    cell = made()
    (found,) = torch.autograd.grad(cell.loss(X, Y), [cell.W_i], create_graph=True)
    with pytest.raises(RuntimeError, match="lstm has a gradient, and no gradient of that"):
        found.sum().backward()


def test_transformations_of_functions_are_refused() -> None:
    cell = made()
    with pytest.raises(RuntimeError, match="functorch transforms"):
        torch.func.grad(lambda x: cell.loss(x, Y))(X)
    with pytest.raises(RuntimeError, match="functorch transforms"):
        torch.func.vmap(lambda x: cell(x)[0]["yhat"])(torch.stack((X, X)))


def test_without_a_gradient_nothing_is_kept() -> None:
    cell = made()
    with torch.no_grad():
        outputs, states = cell(X)
        loss = cell.loss(X, Y)
    assert not any(value.requires_grad for value in (loss, *outputs.values(), *states.values()))
    assert torch.equal(loss, cell.loss(X, Y).detach())


def test_gradients_share_no_memory() -> None:
    """Two biases that are added to the same have the same gradient: clipping scales each once."""
    cell = made("gru_torch")
    cell.loss(X, Y).backward()
    before = {name: p.grad.clone() for name, p in cell.named_parameters()}
    assert torch.equal(before["b_r"], before["c_r"])
    norm = torch.nn.utils.clip_grad_norm_(cell.parameters(), 1e-3)
    for name, p in cell.named_parameters():
        assert torch.allclose(p.grad, before[name] * 1e-3 / (norm + 1e-6), rtol=1e-12, atol=0)


@pytest.mark.parametrize("steps", [1, 3])
def test_what_is_the_same_at_an_input_and_a_result_shares_no_memory(steps: int) -> None:
    """g adds inputs of this step and of the one before, so cotangents are gradients as they are,
    and the last input is a state as it is."""
    text = "h[t] = u + h[t-1]; g[t] = h[t] + x[t] + k[t] + x[t-1]"
    module = symrnn.parse(text).kernel(steps, backend="torch")
    x, k = (torch.rand(steps, 2, 3, requires_grad=True) for _ in range(2))
    before = torch.rand(2, 3, requires_grad=True)
    cell = module.Model(3)
    outputs, states = cell(x, k, x0=before)
    weight = torch.rand(steps, 2, 3)
    found = [x, k, before, cell.u]
    grads = torch.autograd.grad(outputs["g"], found, weight)
    kept = [weight.clone(), *(grad.clone() for grad in grads)]
    states["x0"].detach().zero_()
    assert x[-1].all()
    for grad in grads:
        grad.mul_(2)
    assert torch.equal(weight, kept[0])
    assert all(torch.equal(grad, 2 * was) for grad, was in zip(grads, kept[1:], strict=True))


@pytest.mark.parametrize("name", ["mgu", "birnn", "indrnn"])
@pytest.mark.parametrize("steps", [1, 4])
def test_what_comes_back_is_for_autograd(name: str, steps: int) -> None:
    """Loops run in inference mode, whose tensors nothing can be done with in place or on the way
    back: none of them gets out."""
    cell, x = made(name, steps), numbers(steps, B, D).requires_grad_()
    outputs, states = cell(x)
    found = [*outputs.values(), *states.values()]
    sum(value.sum() for value in found).backward()
    found += [x.grad, *(p.grad for p in cell.parameters() if p.grad is not None)]
    assert not any(value.is_inference() for value in found)
    with torch.no_grad():
        inside = cell(x)[0]
    assert not any(value.is_inference() for value in inside.values())
    with torch.inference_mode():
        assert all(map(torch.equal, cell(x)[0].values(), outputs.values()))


@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (1, 3), (4, 1)])
def test_inputs_that_are_no_piece_of_memory(steps: int, batch: int) -> None:
    cell = made(steps=steps)
    x = numbers(D, batch, steps).transpose(0, 2)
    y = numbers(C, batch).t()
    loss = cell.loss(x, y)
    wanted = cell.loss(x.contiguous(), y.contiguous())
    assert torch.equal(loss, wanted)
    assert all(map(torch.allclose, gradients(loss, cell), gradients(wanted, cell)))
