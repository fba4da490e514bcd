"""The program of a folder: it trains on the notes' data where they fit, and without gradients works
out the same as NumPy."""

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.training.data import open_data
from tests.cases import model
from tests.kernels.c.compiler import compiled, needs_compiler

pytestmark = needs_compiler
STRICT_FLOATS = ("-O1", "-Wdouble-promotion")


def printed(where: Path, made: Model, steps: int, *flags: str, **more: Any) -> str:
    for file, text in made.generate_files(steps, **more).items():
        (where / file).write_text(text)
    assert compiled(where, *STRICT_FLOATS, *flags) == ""
    return subprocess.check_output([where / "made"], text=True)


def losses(said: str) -> list[float]:
    return [float(line.split()[-1]) for line in said.splitlines()]


# on the notes' data

SMALL = {"D": 3, "H": 4, "C": 1}


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_reviews_are_learned(batch: int, tmp_path: Path) -> None:
    said = printed(tmp_path, model("elman_n4"), 3, dims=SMALL, batch=batch)
    assert (
        "cat mat rat (good), rat rat mat (good), mat mat cat (bad)"
        in (tmp_path / "main.c").read_text()
    )
    first, *_, last = losses(said)
    assert last < 0.1 < 0.5 < first


@pytest.mark.parametrize("ids", [(), ("x",), ("x", "y"), ("y",)])
def test_letters_are_learned_as_rows_and_as_ids(ids: tuple[str, ...], tmp_path: Path) -> None:
    dims = {"D": 4, "H": 6, "C": 4}
    said = printed(tmp_path, model("char"), 4, dims=dims, ids=ids)
    assert "the letters of hello" in (tmp_path / "main.c").read_text()
    first, *_, last = losses(said)
    assert last < 0.1 < 1 < first


@pytest.mark.parametrize(
    ("name", "steps", "ids"), [("elman_n4", 3, ("x",)), ("char", 4, ("x", "y"))]
)
def test_they_are_the_data_that_training_has(
    name: str, steps: int, ids: tuple[str, ...], tmp_path: Path
) -> None:
    data = open_data({3: "cat-mat-rat", 4: "hello"}[steps])
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    module = model(name).kernel(steps, ids=ids)
    dims = {"D": data.task.features, "H": 4, "C": data.task.outputs}
    kernel = module.Kernel(batch["y"].shape[-1 if name == "char" else 0], **dims)
    kernel.theta[...] = np.linspace(-1, 1, kernel.theta.size)
    files = model(name).generate_files(
        steps, dims=dims, batch=kernel.batch, ids=ids, dtype="float64", weights=kernel.params
    )
    files["main.c"] = files["main.c"].replace("epoch <= 200", "epoch < 1").replace("%.4f", "%.15g")
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    assert compiled(tmp_path) == ""
    said = subprocess.check_output([tmp_path / "made"], text=True)
    wanted = kernel.loss(x=batch["x"], y=batch["y"])
    assert losses(said) == [pytest.approx(float(wanted), rel=1e-13)]


@pytest.mark.parametrize("dims", [{"D": 2}, {"C": 2}])
def test_elsewhere_numbers_are_made_up(dims: dict[str, int], tmp_path: Path) -> None:
    said = printed(tmp_path, model("elman_n4"), 3, dims={**SMALL, **dims})
    assert "made up" in (tmp_path / "main.c").read_text()
    first, *_, last = losses(said)
    assert last < first


def test_another_width_than_the_data_have_is_refused(tmp_path: Path) -> None:
    printed(tmp_path, model("elman_n4"), 3, dims=SMALL)
    assert "these data are for ELMAN_N4_D = 3" in compiled(tmp_path, "-DELMAN_N4_D=2")


# without gradients


class Drawn:
    """The numbers that the example draws."""

    def __init__(self) -> None:
        self.seed = 1

    def number(self) -> float:
        self.seed = (self.seed * 1664525 + 1013904223) % 2**32
        return (self.seed >> 8) / 2**24

    def filled(self, *shape: int) -> Array:
        return np.array([self.number() - 0.5 for _ in range(int(np.prod(shape)))]).reshape(shape)


def parameters(kernel: Any, drawn: Drawn) -> None:
    for value in kernel.params.values():
        value[...] = drawn.filled(*value.shape)


def test_steps_are_those_of_numpy(tmp_path: Path) -> None:
    made = symrnn.parse(
        "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U + h[t-2] @ Q); y[t] = sigmoid(h[t] @ Z)",
        "two",
    )
    module = made.kernel(6)
    dims = dict(zip(module.DIMS, (3, 5, 2), strict=True))
    said = printed(tmp_path, made, 6, dims=dims, batch=2, forward_only=True)
    drawn = Drawn()
    kernel = module.Kernel(2, **dims)
    parameters(kernel, drawn)
    x = np.stack([drawn.filled(2, 3) for _ in range(6)])
    kernel.forward(x=x)
    found = numbers(said, "y")
    np.testing.assert_allclose(found, kernel.outputs["y"].ravel(), atol=6e-5)


def numbers(said: str, name: str) -> Array:
    """All numbers behind a name, line by line."""
    texts = re.findall(rf" {name}((?: -?[\d.]+)+)", said)
    return np.array([float(word) for text in texts for word in text.split()])


def test_a_sequence_without_steps_is_that_of_numpy(tmp_path: Path) -> None:
    made = model("birnn")
    module = made.kernel(4)
    dims = dict(zip(module.DIMS, (3, 5, 4, 2), strict=True))
    said = printed(tmp_path, made, 4, dims=dims, batch=2, forward_only=True)
    drawn = Drawn()
    kernel = module.Kernel(2, **dims)
    parameters(kernel, drawn)
    kernel.forward(x=drawn.filled(4, 2, 3))
    for name, value in kernel.outputs.items():
        np.testing.assert_allclose(numbers(said, name), value.ravel(), atol=6e-5)


def test_nothing_handed_in_is_nothing_made_up(tmp_path: Path) -> None:
    """A recurrence without inputs, with its weights: there is nothing to draw."""
    made = symrnn.parse("h: 2\nh[t] = tanh(h[t-1] @ U + b)", "alone")
    params = made.kernel(3).init_params(0, np.float32)
    said = printed(tmp_path, made, 3, weights=params, forward_only=True)
    assert "drawn" not in (tmp_path / "main.c").read_text()
    assert said.count("step") == 3
