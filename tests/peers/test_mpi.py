"""`mpiexec -n 2 symrnn train …`: processes that really exchange what one process has alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symrnn import weights
from tests.kernels.c.compiler import needs_compiler
from tests.peers.launchers import started, without
from tests.training.runs.setting import (
    ROOT,
    Said,
    finished,
    labelled,
    numbers,
    records,
    start,
    text,
)

pytestmark = pytest.mark.skipif(bool(without("mpirun")), reason=without("mpirun"))


def launch(count: int, where: Path, *command: str, **more: str) -> subprocess.Popen[bytes]:
    """Python in so many processes."""
    return started(["mpirun", "-n", str(count), "python", *command], where, **more)


def mpi(count: int, where: Path, *arguments: str) -> Said:
    return finished(launch(count, where, "-m", "symrnn", *arguments))


# the same run

TRAININGS = {
    "elman": "elman --data mean.npz --regress --batch 20 --epochs 3 --schedule cosine --clip 0.1",
    "lengths": "birnn --data colours.csv --batch 8 --epochs 3 --dropout 0.2 --patience 1",
    "text": "lstm --data book.txt --steps 20 --batch 5 --epochs 2 --head steps",
}


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, and a run of one process on each."""
    found = tmp_path_factory.mktemp("ranks")
    numbers(found / "mean.npz")
    labelled(found / "colours.csv")
    text(found / "book.txt")
    for name, training in TRAININGS.items():
        said = finished(start(found, *of(training, name)))
        assert said.status == 0, said.err
    return found


def of(training: str, name: str) -> list[str]:
    return f"train {training} --hidden 6 --out {name}".split()


def alike(one: Path, other: Path) -> None:
    """Two runs that came to the same numbers, as far as single precision goes."""
    a, b = (weights.load(run / "weights.safetensors") for run in (one, other))
    for name, value in a.items():
        np.testing.assert_allclose(b[name], value, rtol=1e-3, atol=1e-4, err_msg=name)
    for found, wanted in zip(records(other), records(one), strict=True):
        assert found.keys() == wanted.keys()
        for name, value in wanted.items():
            assert found[name] == pytest.approx(value, rel=1e-3), name


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", TRAININGS)
def test_the_same_run_as_of_one_process(where: Path, name: str, count: int) -> None:
    run = f"{name}-{count}"
    said = mpi(count, where, *of(TRAININGS[name], run))
    assert said.status == 0, said.err
    assert said.out.count("  weights ") == 1
    assert said.err.count(" parameters, ") == 1
    alike(where / name, where / run)


EXACT = """
import sys
import numpy as np
import symrnn
from symrnn import training

ranks = training.launched()
rng = np.random.default_rng(0)
model = symrnn.load("lstm").with_head("steps").with_dropout("h")
module = model.kernel(6, ids=("x", "y"), lengths=True)
kernel = training.started(module, ranks.most(7), D=5, H=4, C=5)
trainer = training.Trainer(
    kernel, training.SGD(0.5), clip=0.1, carry=True, masks={"drop_h": 0.3}, ranks=ranks
)
losses = []
for _ in range(5):
    x, y = rng.integers(5, size=(2, 6, 7))
    batch = {"x": x, "y": y, "lengths": rng.integers(1, 7, 7)}
    losses.append(trainer.train_step(batch).loss)
state = trainer.state()
if ranks.rank == 0:
    np.savez(sys.argv[1], losses=losses, **state)
"""


def test_in_double_precision_to_twelve_digits(where: Path) -> None:
    (where / "exact.py").write_text(EXACT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "exact.py", "1.npz"], cwd=where, env=environment, check=True)
    wanted = np.load(where / "1.npz")
    for count in (2, 3):
        said = finished(launch(count, where, "exact.py", f"{count}.npz"))
        assert said.status == 0, said.err
        found = np.load(where / f"{count}.npz")
        assert set(found) == set(wanted)
        assert found["theta"].dtype == np.float64
        for name in found:
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1), (3, 2)])
def test_another_number_goes_on(where: Path, before: int, after: int) -> None:
    """From the middle of an epoch, with states that are carried: the checkpoint holds all rows."""
    run = where / f"{before}-{after}"
    command = [*of(TRAININGS["text"], run.name), "--save-every", "0"]
    stopped = launch(before, where, "-c", STOPPED, *command)
    said = finished(stopped)
    assert said.status == 130, said.err
    assert said.err.endswith(
        f"interrupted at step 17; symrnn train --resume {run.name} goes on from there\n"
    )
    resume = ["train", "--resume", run.name, "--quiet"]
    said = mpi(after, where, *resume) if after > 1 else finished(start(where, *resume))
    assert said.status == 0, said.err
    alike(where / "text", run)


STOPPED = """
import os, signal, sys
from symrnn import launcher
from symrnn.cli import main
from symrnn.training import trainer

class Interrupted(trainer.Trainer):
    def train_step(self, *batch):
        if self.count == 16 and launcher.place().rank == launcher.place().size - 1:
            os.kill(os.getpid(), signal.SIGINT)
        return super().train_step(*batch)

import symrnn.training.runs.session as session
session.Trainer = Interrupted
sys.exit(main(sys.argv[1:]))
"""


@needs_compiler
def test_the_quickest_back_end_is_that_of_all(where: Path) -> None:
    said = mpi(2, where, *of("elman --data cat-mat-rat --epochs 3 --backend auto", "quick"))
    assert said.status == 0, said.err
    assert said.err.count("back end: ") == 1
    assert mpi(2, where, "train", "--resume", "quick", "--backend", "auto").status == 0


# what goes wrong

FAILING = """
import sys
from symrnn import launcher
from symrnn.cli import main
from symrnn.errors import DataError
import symrnn.training.runs.session as session

class Failing(session.Trainer):
    def train_step(self, *batch):
        if self.count == 5 and str(launcher.place().rank) in sys.argv[1]:
            raise {error}
        return super().train_step(*batch)

session.Trainer = Failing
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("error", "ranks", "status", "said"),
    [
        ("DataError('the disk is gone')", "1", 2, "rank 1 of 3: the disk is gone"),
        ("DataError('the disk is gone')", "012", 2, "the disk is gone"),
        ("MemoryError", "2", 2, "rank 2 of 3: there is not enough memory"),
        ("KeyboardInterrupt", "01", 130, "interrupted"),
    ],
)
def test_one_that_fails_ends_all_with_one_message(
    where: Path, tmp_path: Path, error: str, ranks: str, status: int, said: str
) -> None:
    run = tmp_path / "run"
    command = f"train elman --data cat-mat-rat --hidden 3 --epochs 6 --out {run} --quiet".split()
    found = finished(launch(3, where, "-c", FAILING.format(error=error), ranks, *command))
    assert (found.status, found.out) == (status, ""), found
    assert f"symrnn: {said}\n" in found.err
    assert found.err.count("symrnn: ") == 1, found.err  # a launcher may have a word of its own
    again = finished(start(where, "train", "--resume", str(run), "--quiet"))
    assert again.status == 0, again.err


def test_a_defect_is_shown_where_it_happened(where: Path, tmp_path: Path) -> None:
    command = f"train elman --data cat-mat-rat --hidden 3 --out {tmp_path / 'run'} --quiet".split()
    found = finished(
        launch(2, where, "-c", FAILING.format(error="ZeroDivisionError"), "1", *command)
    )
    assert found.status == 1
    assert found.err.startswith("symrnn: rank 1 of 2: Traceback")
    assert found.err.endswith("ZeroDivisionError\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("train elman --data nosuch.csv", "cannot read nosuch.csv: No such file or directory\n"),
        ("train - --data hello", "standard input is that of one process; expected a file, or -e"),
        ("train elman", "no data given; expected --data FILE, or --data cat-mat-rat, "),
        ("train elman --data mean.npz --out elman", "elman is there already, and a run overwrites"),
        ("train --resume nosuch", "nosuch is not there; expected the directory of a run"),
        ("train elman --epohcs 3", "error: unrecognized arguments: --epohcs 3\n"),
        (
            "train -e L=size(B)*mse(y,h[T]);h[t]=tanh(x[t]@W+h[t-1]) --data cat-mat-rat --out run",
            "model reads size(B), the number of sequences in a batch, which are shared out here"
            " among several processes; expected a model without, or one process\n",
        ),
    ],
)
def test_what_is_refused_is_refused_once(where: Path, command: str, said: str) -> None:
    found = mpi(2, where, *command.split())
    assert (found.status, found.out) == (2, "")
    assert found.err.count("symrnn: ") == 1
    assert found.err.partition("symrnn: ")[2].startswith(said), found.err
    assert not (where / "run").exists()


def test_ranks_that_would_train_different_runs_are_refused(where: Path) -> None:
    different = "import os, sys; from symrnn.cli import main; sys.exit(main([*sys.argv[1:],"
    found = finished(
        launch(
            2, where, "-c", f"{different} '--seed', os.environ['PMI_RANK']]))",
            *of(TRAININGS["elman"], "different"),
        )
    )  # fmt: skip
    assert found.status == 2
    assert found.err == (
        "symrnn: rank 1 of 2 is ready for another run than the first: it has other options, other"
        " data or another version of symrnn; expected the same everywhere\n"
    )
    assert not (where / "different").exists()


def test_a_loss_that_is_no_number_is_said_once(where: Path) -> None:
    options = "--optimiser sgd --clip 0 --learning-rate 3e38 --validation 0 --batch 60 --epochs 3"
    found = mpi(2, where, *of(f"elman --data mean.npz --regress {options} --quiet", "lost"))
    assert (found.status, found.out) == (1, "")
    assert re.fullmatch(
        r"symrnn: step \d: .*\nlost keeps the weights from before; start anew with .*\n", found.err
    )


def test_a_folder_that_another_run_holds(where: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with open(where / "elman/metrics.jsonl", "ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = mpi(2, where, "train", "--resume", "elman", "--epochs", "9")
    assert found == (
        2, "", "symrnn: another process is training in elman; wait for its end\n"
    )  # fmt: skip


def test_without_mpi4py_nothing_is_trained(where: Path, tmp_path: Path) -> None:
    (tmp_path / "mpi4py").mkdir()
    (tmp_path / "mpi4py/__init__.py").write_text("raise ImportError('no such library')\n")
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    command = ("-m", "symrnn", *of(TRAININGS["elman"], "none"))
    found = finished(launch(2, where, *command, PYTHONPATH=path))
    assert (found.status, found.out) == (2, "")
    assert found.err.startswith("symrnn: a launcher has started 2 processes, and mpi4py, by which")
    assert found.err.count("symrnn: ") == 1
    assert not (where / "none").exists()


def test_a_launcher_of_another_mpi_is_found_out(where: Path) -> None:
    """Each process would be alone, and write where the others write."""
    said = {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"}
    found = finished(start(where, *of(TRAININGS["elman"], "none"), **said))
    assert (found.status, found.out) == (2, "")
    assert "has started 2 processes, and each knows of 1: mpi4py uses another MPI" in found.err
    assert not (where / "none").exists()
