"""What a run ends with: a picture that decides nothing, a word where the loss has grown; and what
the end of a text counts."""

import re
from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn import weights
from symrnn.training import SGD, Trainer, started
from symrnn.training.data import Options, open_data
from tests.training.runs.setting import Here, finished, numbers, start, text

SHORT = "train elman --data cat-mat-rat --hidden 2 --epochs 1 --quiet --out"


# the picture


@pytest.mark.parametrize("name", [r"$\frac$", "a$b$c_^", "\x1b[31mred", "größer", "漢字", "a\nb"])
def test_any_name_has_a_picture(here: Here, tmp_path: Path, name: str) -> None:
    pytest.importorskip("matplotlib")
    said = here(*SHORT.split(), name)
    assert (said.status, said.err) == (0, "")
    assert (tmp_path / name / "loss.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    said = finished(start(tmp_path, *SHORT.split(), "\udcff\udcfe"))
    assert (said.status, said.err) == (0, "")
    assert (tmp_path / "\udcff\udcfe/weights.safetensors").exists()
    assert finished(start(tmp_path, "evaluate", "\udcff\udcfe")).status == 0


def test_what_cannot_be_drawn_is_said_in_a_word(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    here.result(f"{SHORT} run")
    (tmp_path / "run/loss.png").unlink()
    (tmp_path / "run/loss.png").mkdir()
    out = here.result("train --resume run --quiet")
    assert re.search(r"  picture  +none: .*loss.png: it is a folder", out)
    (tmp_path / "run/loss.png").rmdir()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no font\nat all")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    assert "none: no font\n" in here.result("train --resume run --quiet")
    with open(tmp_path / "run/metrics.jsonl", "ab") as file:
        file.write(b"no JSON\n")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert "picture   run/loss.png" in here.result("train --resume run --quiet")  # it was cut off


# a loss that has grown


def test_a_loss_that_has_grown_is_said(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz")
    equations = "h[t] = x[t] @ W + 0.9 * h[t-1]; yhat = h[T] @ V; L = mse(y, yhat)"
    options = "--data mean.npz --optimiser sgd --clip 0 --hidden 4 --batch 60 --validation 0"
    said = here(
        "train", "-e", equations, *options.split(),
        *("--learning-rate", "3", "--epochs", "1", "--out", "run", "--quiet"),
    )  # fmt: skip
    found = re.fullmatch(
        r"symrnn: the loss has grown from ([\d.]+) to ([\d.e+]+): the weights are worse than those"
        r" to start from; start anew with a smaller --learning-rate\n",
        said.err,
    )
    assert found is not None, said
    assert float(found[2]) > 10 * float(found[1])
    assert said.status == 1
    assert "  loss " in said.out  # what there is to tell is told all the same
    assert here("train", "--resume", "run", "--quiet").status == 1


def test_parameters_that_are_no_numbers_are_never_saved(here: Here, tmp_path: Path) -> None:
    """The last step takes them beyond the largest number: no later one notices."""
    numbers(tmp_path / "mean.npz")
    options = "--data mean.npz --optimiser sgd --clip 0 --hidden 4 --validation 0 --batch 60"
    more = "--learning-rate 3e38 --epochs 1 --out run --quiet"
    said = here("train", "elman", "--regress", *options.split(), *more.split())
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("symrnn: step ")
    assert said.err.count("\n") == 2
    found = weights.load("run/weights.safetensors")
    assert all(np.isfinite(array).all() for array in found.values())


def test_data_that_single_precision_has_not(here: Here, tmp_path: Path) -> None:
    x = np.ones((60, 6, 2))
    x[3, 1, 0] = 1e300
    numbers(tmp_path / "large.npz", x=x)
    assert here.refusal("train elman --data large.npz --quiet") == (
        "large.npz: x holds 1e+300 at [3, 1, 0]; expected numbers up to 3.4e38, as single precision"
        " has, at every step that counts"
    )
    (tmp_path / "large.csv").write_text("text,label\n" + "a,1\nb,2\n" * 9 + "c,-1e39\n")
    assert here.refusal("train elman --data large.csv --regress --quiet") == (
        "large.csv, line 20: the label is '-1e39'; expected a number up to 3.4e38, since"
        " regression is asked for"
    )
    numbers(tmp_path / "many.npz", x=np.full((60, 6, 2), 1e30), y=np.full(60, 1e30))
    said = here("train", "elman", "--data", "many.npz", "--quiet", "--out", "run")
    assert said.status == 1
    assert said.err.startswith("symrnn: step 1: the loss is inf and the norm of the gradient ")
    assert said.err.endswith(
        "; theta is as it was before; the parameters are those to start from: scale the data to the"
        " order of 1\n"
        "run keeps the weights from before; start anew with numbers of the order of 1\n"
    )


# the end of a text


def test_the_end_of_a_text_counts_by_its_steps(here: Here, tmp_path: Path) -> None:
    """The run is a loop over the batches in which the gradient of the last has its share."""
    path = text(tmp_path / "book.txt", 1200)
    options = "--steps 10 --batch 4 --validation 0 --hidden 5 --optimiser sgd --learning-rate 0.5"
    here.result(f"train char --data book.txt {options} --epochs 2 --quiet --out run")
    data = open_data(path, Options(steps=10, batch=4, validation=0))
    dims = {"D": data.task.features, "H": 5, "C": data.task.outputs}
    plain = symrnn.load("char").kernel(10, ids=("x", "y"))
    ragged = symrnn.load("char").kernel(10, ids=("x", "y"), lengths=True)
    kernel = started(plain, 4, dtype=np.float32, **dims)
    short = ragged.Kernel(4, dtype=np.float32, theta=kernel.theta, dtheta=kernel.dtheta, **dims)
    trainer = Trainer(kernel, SGD(0.5), clip=1.0, carry=True)
    shares = []
    for epoch in range(2):
        trainer.reset()
        for batch in data.train_batches(epoch, np.random.default_rng(0)):
            tokens = int(batch["lengths"].sum())
            whole = tokens == 40
            inputs = {"x": batch["x"], "y": batch["y"]}
            trainer.kernel = kernel if whole else short
            trainer.train_step(
                inputs if whole else {**inputs, "lengths": batch["lengths"]}, tokens / 40
            )
            shares.append(tokens / 40)
    assert 0 < min(shares) < 1
    found = weights.load("run/weights.safetensors")
    for name, value in kernel.params.items():
        np.testing.assert_array_equal(found[name], value)
