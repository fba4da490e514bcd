"""Modules for PyTorch without gradients: what they give, what is not there, and what they keep."""

import random
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.kernels.settings import Features
from symrnn.kernels.torch.module import class_name
from symrnn.kernels.verification.generated import verify_source
from tests.cases import model
from tests.extent import draws
from tests.grammar import Writer
from tests.kernels.test_forward_only import TEXTS

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def made(name: str, steps: int, text: str = "", alone: bool = True, **more: Any) -> Any:
    """The module of a model, or of a text under a name."""
    of = symrnn.parse(text, name) if text else model(name)
    module = of.kernel(steps, backend="torch", forward_only=alone)
    generator = torch.Generator().manual_seed(0)
    widths = {dim: 2 + place for place, dim in enumerate(module.DIMS)}
    return getattr(module, class_name(name))(**widths, generator=generator, **more)


# what it gives


@pytest.mark.parametrize(
    ("steps", "batch", "features"),
    [(1, 1, Features()), (5, 3, Features()), (12, 2, Features(batch_first=True))],
    ids=["one step", "5 steps", "12 steps, batch first"],
)
@pytest.mark.parametrize("name", TEXTS)
def test_it_gives_what_its_text_says(name: str, steps: int, batch: int, features: Features) -> None:
    of = symrnn.parse(TEXTS[name], name)
    asked: Features = {**features, "forward_only": True}
    report = of.verify(steps, batch=batch, backend="torch", **asked)
    assert report.holds, str(report)


@pytest.mark.parametrize("name", ["char", "lstm"])
def test_class_ids(name: str) -> None:
    ids = ("x", "y") if name == "char" else ("x",)
    report = model(name).verify(4, backend="torch", forward_only=True, ids=ids)
    assert report.holds, str(report)


@pytest.mark.parametrize("seed", range(draws(2, 8, 200)))
def test_a_random_system_without_gradients(seed: int) -> None:
    choose = random.Random(seed)
    of = symrnn.parse(Writer(choose, rough=seed % 3 == 0, attention=True).text())
    report = of.verify(choose.randint(3, 7), batch=2, seed=seed, backend="torch", forward_only=True)
    assert report.holds, str(report)


@pytest.mark.parametrize("name", ["lstm", "birnn", "bilstm"])
def test_a_trained_module_hands_it_its_parameters(name: str) -> None:
    trained, alone = made(name, 9, alone=False), made(name, 9)
    trained.reset_parameters(torch.Generator().manual_seed(1))
    alone.load_state_dict(trained.state_dict())
    x = torch.randn(9, 3, 2)
    for found, wanted in zip(alone(x), trained(x), strict=True):
        assert found.keys() == wanted.keys()
        for key, value in wanted.items():
            assert torch.allclose(found[key], value, atol=1e-6), key


def test_a_wrong_forward_pass_does_not_hold() -> None:
    source = model("elman").generate(12, backend="torch", forward_only=True)
    right = "h_at[t - 1]".replace("h", "O")
    assert right in source
    assert verify_source(source, "elman.py", 2, {}, 0).holds
    assert not verify_source(source.replace(right, "O_at[0]"), "elman.py", 2, {}, 0).holds


# what is not there


def test_there_are_no_gradients() -> None:
    cell = made("elman", 4)
    module = sys.modules[type(cell).__module__]
    gone = ("loss_and_grads", "vjp", "graphed", "_forward_gradient", "_loss_gradient", "_ONCE")
    assert not any(hasattr(module, name) for name in gone)
    assert "autograd.Function" not in module.__dict__["__source__"]
    x, y = torch.randn(4, 3, 2, requires_grad=True), torch.ones(3, 4)
    outputs, states = cell(x)
    assert not any(value.requires_grad for value in (*outputs.values(), *states.values()))
    assert not cell.loss(x, y).requires_grad


def test_what_it_gives_may_go_into_a_graph() -> None:
    """What a loop makes in inference mode may not, and is a tensor of its own therefore."""
    cell, head = made("birnn", 6), torch.nn.Linear(5, 1)
    outputs, states = cell(torch.randn(6, 3, 2))
    for value in (*outputs.values(), *states.values()):
        assert not value.is_inference()
    head(outputs["O"]).sum().backward()
    assert head.weight.grad.abs().sum() > 0


def test_kernels_are_no_part_of_it() -> None:
    with pytest.raises(UsageError, match="with --forward-only leaves no work to kernels; expected"):
        model("elman").kernel(4, backend="torch", forward_only=True, cpu="c")
    with pytest.raises(TypeError, match="kernel"):
        made("elman", 4, kernel=())


def test_compile_and_export_take_it_as_it_is() -> None:
    cell, x = made("lstm", 5), torch.randn(5, 3, 2)
    wanted = cell(x)[0]["yhat"]
    compiled = torch.compile(cell, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(x)[0]["yhat"], wanted)
    assert torch.equal(torch.export.export(cell, (x,)).module()(x)[0]["yhat"], wanted)


@pytest.mark.parametrize(
    ("name", "said"), [("lstm", "steps ok"), ("birnn", "nothing to check: no gradients here")]
)
def test_a_file_says_what_it_checks(name: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "alone.py"
    path.write_text(model(name).generate(4, backend="torch", forward_only=True), "utf-8")
    done = subprocess.run([sys.executable, "-W", "ignore", str(path)], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert said in done.stdout.decode()


# what it keeps


class _Alive(torch.utils._python_dispatch.TorchDispatchMode):  # type: ignore[misc, name-defined]
    """How many tensors of a shape are there at a time, not counting parts of larger ones."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape, self.now, self.most = shape, 0, 0

    def gone(self) -> None:
        self.now -= 1

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), more: Any = None
    ) -> Any:
        found = function(*args, **(more or {}))
        for value in found if isinstance(found, list | tuple) else (found,):
            if not isinstance(value, torch.Tensor) or value.shape != self.shape:
                continue
            if value.untyped_storage().nbytes() == value.nbytes:
                self.now += 1
                self.most = max(self.most, self.now)
                weakref.finalize(value, self.gone)
        return found


LAGS = "h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-3]); p = h[T-1] @ V; L = mse(y, p)"


@pytest.mark.parametrize(("name", "text"), [("lstm", ""), ("mgu", ""), ("lags", LAGS)])
def test_no_history_is_kept(name: str, text: str) -> None:
    """As many states are there at a time as later steps read, whatever the number of steps."""
    found = []
    for steps in (8, 60):
        cell = made(name, steps, text, dtype=torch.float64)
        hidden, x = cell.dims["H"], torch.randn(steps, 7, cell.dims["D"], dtype=torch.float64)
        with _Alive(7, hidden) as alive:
            cell(x)
        found.append(alive.most)
    assert found[0] == found[1] < 25
    with _Alive(7, hidden) as plain:
        made(name, 60, text, alone=False, dtype=torch.float64)(x)
    assert plain.most > 60
