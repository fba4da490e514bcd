"""What someone who works with PyTorch expects of a module."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import symrnn
from symrnn.weights.layouts import load, store
from tests.cases import model
from tests.kernels.torch.modules import B, C, D, H, T, X, Y, gradients, made, numbers

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


LAYERS = {"elman": "RNN", "lstm": "LSTM", "gru_torch": "GRU"}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_pytorch_is_the_same_function(name: str) -> None:
    layer = getattr(torch.nn, LAYERS[name])(D, H, dtype=torch.float64)
    cell = made(name)
    weights = {key: value.numpy() for key, value in layer.state_dict().items()}
    own = load(model(name), weights, "pytorch")
    state = {**cell.state_dict(), **{key: torch.tensor(value) for key, value in own.items()}}
    cell.load_state_dict(state)
    x = X.clone().requires_grad_()
    after = cell(x)[1]
    found, last = layer(x)
    for one, other in zip(after.values(), last if name == "lstm" else [last], strict=True):
        assert torch.allclose(one, other[0], rtol=0, atol=1e-12)
    key = next(iter(after))
    (ours,) = torch.autograd.grad(after[key].sum(), x)
    (theirs,) = torch.autograd.grad(found[-1].sum(), x)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
    params = {key: value.numpy() for key, value in cell.state_dict().items()}
    back = store(model(name), params, "pytorch")
    assert set(back) == set(weights)


def test_compile_with_one_graph() -> None:
    cell = made()
    compiled = torch.compile(cell.loss, fullgraph=True, backend="aot_eager")
    x = X.clone().requires_grad_()
    wanted = torch.autograd.grad(cell.loss(x, Y), [x, *cell.parameters()])
    found = torch.autograd.grad(compiled(x, Y), [x, *cell.parameters()])
    assert all(map(torch.equal, found, wanted))
    forward = torch.compile(cell, fullgraph=True, backend="aot_eager")
    assert torch.equal(forward(X)[0]["yhat"], cell(X)[0]["yhat"])


def test_the_operators_are_what_they_say_they_are() -> None:
    module = model("lstm").kernel(T, backend="torch")
    cell = made()
    sizes, given = module._ready(
        cell.params(), {"x": X, "y": Y}, cell.dims, False, (), module._EVERY
    )
    for one in (module._FORWARD, module._LOSS):
        tensors = list(one.tensors(sizes, cell.params(), given))
        torch.library.opcheck(one.operator, ("eager", sizes, tensors))


def test_one_function_between_two_products_can_be_compiled() -> None:
    cell, wanted = made("mgu", fuse="compile"), made("mgu")
    assert cell.fuse == "compile"
    assert torch.allclose(cell.loss(X, Y), wanted.loss(X, Y), rtol=1e-12, atol=0)
    for one, other in zip(
        gradients(cell.loss(X, Y), cell), gradients(wanted.loss(X, Y), wanted), strict=True
    ):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-14)


def test_or_be_a_kernel_of_triton(tmp_path: Path) -> None:
    """On a CPU Triton's interpreter says what a kernel does."""
    pytest.importorskip("triton", reason="Triton is not installed")
    for name in ("lstm_peephole", "gru", "indrnn"):
        (tmp_path / f"{name}.py").write_text(model(name).generate(5, backend="torch"))
    program = """
import torch, lstm_peephole, gru, indrnn
for module, kind in ((lstm_peephole, "LstmPeephole"), (gru, "Gru"), (indrnn, "Indrnn")):
    make = getattr(module, kind)
    cells = [make(3, 5, 1, dtype=torch.float64, fuse=f) for f in ("triton", "eager")]
    cells[1].load_state_dict(cells[0].state_dict())
    x, y = torch.rand(5, 7, 3, dtype=torch.float64), torch.rand(7, 1, dtype=torch.float64)
    losses = [cell.loss(x, y) for cell in cells]
    grads = [torch.autograd.grad(l, list(c.parameters())) for l, c in zip(losses, cells)]
    assert torch.allclose(*losses, rtol=1e-12, atol=0)
    assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-13) for a, b in zip(*grads))
    print(len(module._KERNELS) > 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "True\nTrue\nTrue\n", done.stderr


def test_what_fuse_cannot_be_is_said() -> None:
    with pytest.raises(ValueError, match="fuse is 'fast'; expected one of eager, compile, triton"):
        made(fuse="fast")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_cuda_graph_needs_a_gpu() -> None:
    cell = made()
    graphed = sys.modules[type(cell).__module__].graphed
    with pytest.raises(RuntimeError, match="a CUDA graph needs a GPU, and there is none here"):
        graphed(cell, X, Y)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_cuda_graph_is_the_same() -> None:
    cell = made("lstm").cuda()
    graphed = sys.modules[type(cell).__module__].graphed
    loss = graphed(cell, X.cuda(), Y.cuda())
    found, wanted = loss(2 * X.cuda(), Y.cuda()), cell.loss(2 * X.cuda(), Y.cuda())
    assert torch.allclose(found, wanted)
    assert all(map(torch.allclose, gradients(found, cell), gradients(wanted, cell)))


def test_export_of_the_forward_pass() -> None:
    cell = made()
    program = torch.export.export(cell, (X,))
    assert torch.equal(program.module()(X)[0]["yhat"], cell(X)[0]["yhat"])


def test_functional_call() -> None:
    cell = made()
    params = {name: value.detach() for name, value in cell.named_parameters()}
    outputs, _ = torch.func.functional_call(cell, params, (X,))
    assert torch.equal(outputs["yhat"], cell(X)[0]["yhat"])


def test_autocast_works_in_few_bits_and_gives_gradients_in_many() -> None:
    cell, x, y = made(dtype=torch.float32), X.float(), Y.float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = cell.loss(x, y)
        outputs, states = cell(x)
    assert loss.dtype == outputs["yhat"].dtype == states["c0"].dtype == torch.bfloat16
    for value in gradients(loss, cell):
        assert value.dtype == torch.float32
    assert abs(loss.item() - cell.loss(x, y).item()) < 0.02


@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
def test_other_numbers(dtype: Any, near: float) -> None:
    wanted, cell = made(), made(dtype=dtype)
    cell.load_state_dict(wanted.state_dict())
    loss = cell.loss(X.to(dtype), Y.to(dtype))
    true = wanted.loss(X, Y)
    assert loss.dtype == dtype
    assert abs(loss.item() - true.item()) < near
    for one, other in zip(gradients(loss, cell), gradients(true, wanted), strict=True):
        assert one.dtype == dtype
        assert float((one - other).norm()) < near * max(float(other.norm()), 0.1)


def test_copies_and_pickles() -> None:
    cell = made()
    for other in (copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))):
        assert torch.equal(other.loss(X, Y), cell.loss(X, Y))
        with torch.no_grad():
            other.W_i.add_(1)
        assert not torch.equal(other.W_i, cell.W_i)


def test_a_pickle_in_another_process(tmp_path: Path) -> None:
    cell = made(steps=2)
    (tmp_path / "cell.pickle").write_bytes(pickle.dumps(cell))
    program = (
        "import pickle, torch; cell = pickle.load(open('cell.pickle', 'rb'));"
        "print(sum(p.sum() for p in cell.parameters()).item())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == sum(p.sum() for p in cell.parameters()).item()


def test_a_file_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "cell.py").write_text(model("mgu").generate(4, backend="torch"))
    program = "import sys; sys.path.insert(0, '.'); import cell; print(cell.self_check());"
    program += "print('symrnn' in sys.modules, 'numpy' in cell.__dict__)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\nFalse False\n"


def test_states_go_on_and_batches_come_first() -> None:
    cell, half = made("char", 6), made("char", 3)
    half.load_state_dict(cell.state_dict())
    outputs, _ = cell(X)
    first, states = half(X[:3])
    second, _ = half(X[3:], **states)
    assert torch.allclose(torch.cat((first["yhat"], second["yhat"])), outputs["yhat"], atol=1e-14)
    turned = made("char", 6, batch_first=True)
    turned.load_state_dict(cell.state_dict())
    assert torch.equal(turned(X.transpose(0, 1))[0]["yhat"], outputs["yhat"].transpose(0, 1))
    state: dict[str, Any] = {}
    for x in X:
        found, state = cell.step(x, **state)
    assert torch.allclose(found["yhat"], outputs["yhat"][-1], atol=1e-14)


def test_what_looks_like_the_call_before_is_checked_as_well() -> None:
    cell = made("char", 6, batch_first=True)
    x, y = X.transpose(0, 1), numbers(B, T, C)
    first = cell.loss(x, y)
    assert torch.equal(cell.loss(x, y), first)
    assert torch.equal(cell(x)[0]["yhat"], cell(x)[0]["yhat"])
    for wrong in (x[:, 1:], x[:-1], x[..., 1:], x.float(), x.numpy(), None):
        with pytest.raises((TypeError, ValueError), match=r"^[xy] (has|is)"):
            cell.loss(wrong, y)
    state = numbers(B, H)
    name = next(iter(cell(x)[1]))
    moved, still = cell.loss(x, y, **{name: state}), cell.loss(x, y, **{name: 0 * state})
    assert torch.equal(still, first)
    assert not torch.equal(moved, first)


def test_a_step_that_looks_like_a_sequence_is_checked_as_a_step() -> None:
    cell = made("char")
    cell(X)
    with pytest.raises(ValueError, match=r"x has shape \(6, 5, 4\); expected"):
        cell.step(X)


def test_what_was_seen_is_not_kept_for_ever() -> None:
    cell = made("elman", 2)
    for batch in range(1, 100):
        cell(torch.zeros(2, batch, D, dtype=torch.float64))
    seen = sys.modules[type(cell).__module__]._SEEN
    assert 0 < len(seen) <= 64


def test_parameters_start_as_the_text_says() -> None:
    cell = made("lstm_peephole", H=40)
    assert set(cell.b_f.tolist()) == {1.0}
    assert set(cell.b_i.tolist()) == {0.0}
    bound = (6 / (D + 40)) ** 0.5
    assert 0.9 * bound < cell.W_i.abs().max().item() <= bound
    assert set(dict(cell.named_parameters())) == set(model("lstm_peephole").kernel(2).PARAMS)


def test_names_that_a_module_has_for_itself() -> None:
    text = "h[t] = tanh(x[t] @ half + h[t-1] @ params + type); L = mse(y, h[T])"
    module = symrnn.parse(text).kernel(3, backend="torch")
    cell = module.Model(*(2, 3))
    assert set(cell.state_dict()) == {"half_", "params_", "type_"}
    assert cell.loss(torch.ones(3, 2, 2), torch.ones(2, 3)).requires_grad


def test_widths_that_are_called_as_what_a_class_is_told() -> None:
    text = "h: kernel; x: self; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"
    module = symrnn.parse(text).kernel(3, backend="torch")
    cell = module.Model(self_2=2, kernel_2=3)
    assert cell.dims == {"self": 2, "kernel": 3}
    assert cell.U.shape == (3, 3)
    assert module.self_check()


def test_what_is_fixed_is_a_buffer() -> None:
    text = "s: fixed; s: init(0.5); h[t] = tanh(x[t] @ W + s * h[t-1]); L = mse(y, h[T])"
    cell = symrnn.parse(text).kernel(3, backend="torch").Model(2, 3)
    assert [name for name, _ in cell.named_buffers()] == ["s"]
    assert [name for name, _ in cell.named_parameters()] == ["W"]
    assert cell.s.tolist() == [0.5] * 3


@pytest.mark.parametrize(
    ("x", "y", "kind", "said"),
    [
        (X[:4], Y, ValueError, r"x has shape \(4, 5, 4\); expected \(6, 5, 4\), the axes \(T, B,"),
        (X, Y[:2], ValueError, r"y has shape \(2, 2\); expected \(5, 2\), the axes \(B, C\)"),
        (X[0], Y, ValueError, r"x has shape \(5, 4\); expected"),
        (X.float(), Y, TypeError, "x is torch.float32, and the parameters are torch.float64; exp"),
        (X.long(), Y, TypeError, "x is torch.int64, and the parameters are torch.float64; exp"),
        (X.numpy(), Y, TypeError, "x is a ndarray; expected a tensor"),
        (None, Y, TypeError, r"x is missing; expected a tensor with the axes \(T, B, D\)"),
    ],
)
def test_what_does_not_fit_is_said(x: Any, y: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        made().loss(x, y)
