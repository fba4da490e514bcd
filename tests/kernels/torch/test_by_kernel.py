"""A module that has a kernel work out its loss: the same numbers, and without the kernel wherever
that cannot."""

import copy
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.kernels.settings import Features
from tests.cases import ZOO, model
from tests.extent import WIDE
from tests.kernels.c.compiler import needs_compiler, quick
from tests.kernels.truth import truth

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

T, B, D, H, C = 4, 3, 3, 4, 2
PRECISE = 1e-10

ENDS = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"
IDS = "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U); L = mean(ce(y[t], softmax(h[t] @ Z)))"
LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-2]); p = h[T-1] @ V; L = mse(y, p)"
FIXED = "s: fixed; s: init(0.5); h[t] = tanh(x[t] @ W + s * h[t-1] @ U); L = mse(y, h[T])"


def of(name: str) -> Any:
    return model(name) if name in ZOO else symrnn.parse(name)


def class_of(module: Any) -> Any:
    kinds = [v for name, v in vars(module).items() if isinstance(v, type) and name[0] != "_"]
    (kind,) = [k for k in kinds if issubclass(k, torch.nn.Module)]
    return kind


def pair(
    name: str = "mgu",
    steps: int = T,
    backend: str = "numpy",
    wrt: tuple[str, ...] = (),
    features: Features | None = None,
    **more: Any,
) -> tuple[Any, Any]:
    """Two modules with the same numbers: one that a kernel works for, and one by itself."""
    features = features or Features()
    kernel = of(name).kernel(steps, wrt=wrt, backend=backend, **features)
    if backend == "c":
        kernel = quick(kernel.__source__)
    module = of(name).kernel(steps, backend="torch", **features)
    dims = {dim: {"D": D, "C": C}.get(dim, H) for dim in module.DIMS}
    given: dict[str, Any] = {**dims, "dtype": torch.float64, **more}
    one, other = class_of(module)(**given, kernel=kernel), class_of(module)(**given)
    with torch.no_grad():
        drawn = torch.Generator().manual_seed(1)
        for value in one.parameters():
            value.copy_(torch.rand(value.shape, generator=drawn) - 0.4)
    other.load_state_dict(one.state_dict())
    return one, other


def numbers(*shape: int, dtype: Any = None) -> Any:
    values = np.random.default_rng(sum(shape)).random(shape)
    return torch.tensor(values, dtype=dtype or torch.float64)


X, Y = numbers(T, B, D), numbers(B, C)


def is_by_kernel(loss: Any) -> bool:
    return type(loss.grad_fn).__name__ == "_WeighedBackward"


def gradients(loss: Any, *leaves: Any) -> list[Any]:
    return list(torch.autograd.grad(loss, leaves))


def assert_alike(pair: tuple[Any, Any], *given: Any, leaves: Any = (), **more: Any) -> None:
    """A kernel has done it, and the loss and all gradients are those of the module by itself."""
    one, other = (cell.loss(*given, **more) for cell in pair)
    assert is_by_kernel(one)
    assert not is_by_kernel(other)
    assert one.dtype == other.dtype
    assert abs(one.item() - other.item()) <= PRECISE
    found, wanted = (
        gradients(3 * loss, *cell.parameters(), *leaves)
        for loss, cell in zip((one, other), pair, strict=True)
    )
    for mine, true in zip(found, wanted, strict=True):
        assert mine.shape == true.shape
        assert float((mine - true).norm()) <= PRECISE * max(float(true.norm()), 1e-3)


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


def test_gradcheck_by_parameters() -> None:
    cell, _ = pair("lstm")
    assert torch.autograd.gradcheck(lambda *_: cell.loss(X, Y), tuple(cell.parameters()))


def test_a_gradient_that_the_kernel_has_not_is_worked_out_without_it() -> None:
    one, other = pair()
    x = X.clone().requires_grad_()
    for _ in range(2):  # once to see that it is missing
        loss = one.loss(x, Y)
        assert not is_by_kernel(loss)
        assert torch.equal(gradients(loss, x)[0], gradients(other.loss(x, Y), x)[0])
    assert is_by_kernel(one.loss(X, Y))


def test_batches_come_first() -> None:
    cells = pair("char", wrt=("x",), batch_first=True)
    x, y = numbers(B, T, D).requires_grad_(), numbers(B, T, C)
    assert_alike(cells, x, y, leaves=(x,))
    assert_alike(cells, x[:2], y[:2], leaves=(x,))


@needs_compiler
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_sequences_with_lengths(backend: str) -> None:
    cells = pair(backend=backend, wrt=("x",), features=Features(lengths=True))
    x = X.clone().requires_grad_()
    for lengths in (None, [4, 1, 2], torch.tensor([1, 4, 4])):
        assert_alike(cells, x, Y, lengths=lengths, leaves=(x,))
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


def test_states_of_several_steps_windows_and_what_is_fixed() -> None:
    x = X.clone().requires_grad_()
    states = numbers(2, B, H).requires_grad_()
    assert_alike(pair(LAGS, wrt=("x", "h0")), x, Y, states, leaves=(x, states))
    assert_alike(pair(ENDS, 6, features=Features(truncate=2)), numbers(6, B, D), Y)
    cells = pair(FIXED)
    for cell in cells:
        cell.s.copy_(numbers(C))
    assert_alike(cells, X, Y)


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


# what autograd does with it


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


def test_without_gradients_the_loss_alone_is_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = model("mgu").kernel(T)
    cell = class_of(model("mgu").kernel(T, backend="torch"))(D, H, C, kernel=kernel)
    x, y = X.float(), Y.float()
    wanted = cell.loss(x, y).detach()
    monkeypatch.delattr(kernel.Kernel, "loss_and_grads")
    with torch.no_grad():
        assert torch.equal(cell.loss(x, y), wanted)
    with torch.inference_mode():
        assert torch.equal(cell.loss(x, y), wanted)
    monkeypatch.undo()
    assert torch.equal(cell.loss(x, y).detach(), wanted)


def test_a_first_call_in_inference_mode_does_no_harm() -> None:
    cells = pair()
    with torch.inference_mode():
        cells[0].loss(X, Y)
    assert_alike(cells, X, Y)


def test_threads_have_kernels_of_their_own() -> None:
    one, other = pair()
    wanted = [other.loss(n * X, Y).item() for n in range(8)]
    wrong: list[int] = []

    def work(n: int) -> None:
        for _ in range(30):
            if abs(one.loss(n * X, Y).item() - wanted[n]) > 1e-10:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_copies_and_pickles() -> None:
    one, _ = pair()
    for other in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        loss = other.loss(X, Y)
        assert is_by_kernel(loss)
        assert torch.equal(loss, one.loss(X, Y))
        with torch.no_grad():
            other.W_f.add_(1)
        assert not torch.equal(other.loss(X, Y), one.loss(X, Y))
    assert "kernel" not in str(list(one.state_dict()))


def test_files_stand_alone(tmp_path: Path) -> None:
    """Both as files: a module with its kernel goes to another process by their names."""
    (tmp_path / "cell.py").write_text(model("mgu").generate(4, backend="torch"))
    (tmp_path / "cell_np.py").write_text(model("mgu").generate(4))
    begin = "import cell, pickle, sys, torch; x, y = torch.ones(4, 2, 3), torch.ones(2, 1);"
    write = (
        "import cell_np; net = cell.Mgu(3, 4, 1, kernel=cell_np);"
        "open('net', 'wb').write(pickle.dumps(net));"
    )
    read = "net = pickle.load(open('net', 'rb'));"
    end = "loss = net.loss(x, y); print(loss.item(), loss.grad_fn.name(), 'symrnn' in sys.modules)"
    said = []
    for program in (begin + write + end, begin + read + end):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1]
    assert said[0].endswith("_WeighedBackward False\n")


# where it does not apply


def test_it_is_left_alone_where_somebody_looks_on() -> None:
    one, other = pair()
    compiled = torch.compile(one.loss, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(X, Y), other.loss(X, Y))
    half, y = pair(dtype=torch.float32), Y.float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = [cell.loss(X.float(), y) for cell in half]
    assert losses[0].dtype == torch.bfloat16
    assert torch.equal(*losses)
    few = pair(dtype=torch.bfloat16)
    assert torch.equal(*(cell.loss(X.bfloat16(), Y.bfloat16()) for cell in few))
    with pytest.raises(RuntimeError, match="functorch"):
        torch.func.grad(lambda x: one.loss(x, Y))(X)
    with torch.autograd.forward_ad.dual_level(), pytest.raises(NotImplementedError):
        one.loss(torch.autograd.forward_ad.make_dual(X, X), Y)


def test_another_dtype_is_another_kernel() -> None:
    cells = pair()
    for cell in cells:
        cell.float()
    one, other = (cell.loss(X.float(), Y.float()) for cell in cells)
    assert is_by_kernel(one)
    assert torch.allclose(one, other, rtol=1e-5)
    for cell in cells:
        cell.double()
    assert_alike(cells, X, Y)


@pytest.mark.parametrize(
    ("x", "y", "kind", "said"),
    [
        (X[:2], Y, ValueError, r"x has shape \(2, 3, 3\); expected \(4, 3, 3\), the axes \(T, B,"),
        (X, Y[:2], ValueError, r"y has shape \(2, 2\); expected \(3, 2\), the axes \(B, C\)"),
        (X[0], Y, ValueError, r"x has shape \(3, 3\); expected"),
        (X.float(), Y, TypeError, "x is torch.float32, and the parameters are torch.float64; exp"),
        (X.numpy(), Y, TypeError, "x is a ndarray; expected a tensor"),
        (None, Y, TypeError, r"x is missing; expected a tensor with the axes \(T, B, D\)"),
    ],
)
def test_what_does_not_fit_is_said_as_without_a_kernel(
    x: Any, y: Any, kind: type[Exception], said: str
) -> None:
    one, _ = pair()
    with pytest.raises(kind, match=said):
        one.loss(x, y)
    assert is_by_kernel(one.loss(X, Y))


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (SimpleNamespace(), "the kernel SimpleNamespace has no loss_and_grads; expected a module"),
        (lambda: model("mgu").kernel(T + 1), "STEPS of the kernel mgu_t5: 5; expected 4"),
        (lambda: model("mgu").kernel(T, forward_only=True), "the kernel mgu_t4 has no loss_and_g"),
        (lambda: model("elman").kernel(T), r"PARAMS of the kernel elman_t4: \{'w_i'"),
        (
            lambda: model("mgu").kernel(T, truncate=2),
            "TRUNCATE of the kernel mgu_t4: 2; expected N",
        ),
        (lambda: model("mgu").kernel(T, lengths=True), "the kernel mgu_t4 is made with --lengths"),
        (lambda: model("mgu").kernel(T, batch_first=True), "INPUTS and STATES of the kernel mgu"),
        (lambda: model("mgu").kernel(T, D=5, H=H, C=C), "SIZES of the kernel mgu_t4: {'D': 5"),
        (
            lambda: symrnn.parse(model("mgu").text.replace("tanh", "sin"), "mgu").kernel(T),
            "the kernel mgu_t4 has other equations; expected those of this file",
        ),
    ],
)
def test_a_kernel_of_something_else_is_refused(kernel: Any, said: str) -> None:
    made = kernel() if callable(kernel) else kernel
    with pytest.raises((TypeError, ValueError), match=said):
        class_of(model("mgu").kernel(T, backend="torch"))(D, H, C, kernel=made)
