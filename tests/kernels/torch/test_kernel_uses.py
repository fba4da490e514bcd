"""What is done with a module that has a kernel, and where it does without."""

import copy
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import symrnn
from symrnn.errors import UsageError
from tests.cases import model
from tests.kernels.c.compiler import needs_compiler
from tests.kernels.torch.pairs import (
    ALONE,
    B,
    C,
    D,
    H,
    T,
    X,
    Y,
    assert_alike,
    class_of,
    is_by_kernel,
    pair,
)

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


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


@needs_compiler
def test_one_call_makes_a_module_and_its_kernels(tmp_path: Path) -> None:
    module = model("mgu").kernel(2, backend="torch", cpu="c")
    assert module is model("mgu").kernel(2, backend="torch", cpu="c")
    assert module.__name__ != model("mgu").kernel(2, backend="torch").__name__
    net, x, y = module.Mgu(D, H, C), torch.ones(2, B, D), torch.ones(B, C)
    assert is_by_kernel(net.loss(x, y))
    assert is_by_kernel(net(x)[1]["h0"])
    assert not is_by_kernel(module.Mgu(D, H, C, kernel=()).loss(x, y))
    (tmp_path / "net").write_bytes(pickle.dumps(copy.deepcopy(net)))
    program = (
        "import pickle, torch; net = pickle.load(open('net', 'rb'));"
        f"loss = net.loss(torch.ones(2, {B}, {D}), torch.ones({B}, {C}));"
        "print(loss.item(), loss.grad_fn.name())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{net.loss(x, y).item()} _WeighedBackward\n"
    alone = symrnn.parse(ALONE)
    module = alone.kernel(2, backend="torch", cpu="c")
    assert is_by_kernel(module.Model(D, H)(x)[0]["h"])
    with pytest.raises(ValueError, match=r"kernel model_t2: \('h',\); expected \('h', 'h_T'\), wi"):
        module.Model(D, H, kernel=alone.kernel(2, wrt=("x",)))
    with pytest.raises(UsageError, match="cpu= is for modules of the back end torch, and this"):
        model("mgu").kernel(2, backend="c", cpu="c")


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
        (
            SimpleNamespace(),
            "the kernel SimpleNamespace has no loss_and_grads and no vjp; expected a",
        ),
        (lambda: model("mgu").kernel(T + 1), "STEPS of the kernel mgu_t5: 5; expected 4"),
        (
            lambda: model("mgu").kernel(T, forward_only=True),
            "the kernel mgu_t4 has no loss_and_grads and no vjp",
        ),
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
