"""The parts that a run is put together from."""

from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
import symrnn.training
from symrnn.errors import DataError, UsageError
from symrnn.training.data import Known, Options, Position, Task, open_data
from symrnn.training.runs import checkpoint
from symrnn.training.runs.architecture import (
    DROPOUT,
    RECURRENT,
    ZONEOUT,
    ids_of,
    suits,
    under_head,
    widths,
    with_masks,
)
from symrnn.training.runs.checkpoint import RunProgress
from symrnn.training.runs.config import Config, Made, Reading, Training
from symrnn.training.runs.folder import default_path
from symrnn.training.runs.log import Log
from tests.cases import ZOO

BINARY = Task("binary", 5, 1, ids=("x",), labels=("no", "yes"))
CLASSES = Task("classes", 5, 3, ids=("x", "y"), labels=("a", "b", "c"))
STEPS = Task("steps", 7, 7, ids=("x", "y"), timed=True)
VALUES = Task("regress", 5, 2)
CONFIG = Config(
    "elman",
    None,
    Reading("/a.csv", "00", validation=0.25, unit="words"),
    Training(10, masks={"drop_O": 0.5}),
    Made(3, True, ("x",), {"D": 5, "H": 4, "C": 1}, {"H": 4}),
    BINARY,
)


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("task", [BINARY, CLASSES, STEPS, VALUES], ids=lambda task: task.kind)
def test_every_model_gets_a_head_that_suits(name: str, task: Task) -> None:
    model = symrnn.load(name)
    found, head = under_head(model, task, None)
    assert suits(found, task) is None
    assert (found is model) == (head is None) == (suits(model, task) is None)
    assert set(ids_of(found, task)) <= set(task.ids)
    dims, hidden = widths(found, task, 4)
    assert (dims["D"], dims["C"]) == (task.features, task.outputs)
    assert set(hidden.values()) == {4}


def test_ids_are_left_to_those_who_take_them() -> None:
    assert ids_of(symrnn.load("char"), STEPS) == ("x", "y")
    assert ids_of(symrnn.load("char").with_dropout("x"), STEPS) == ("y",)
    mine = symrnn.parse("h[t] = x[t] * a + h[t-1] @ U; yhat = sigmoid(h[T]); L = bce(y, yhat)")
    assert ids_of(mine, BINARY) == ()


def test_widths_that_the_text_fixes() -> None:
    mine = symrnn.parse("x: 5; h: 8; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T] @ V)")
    assert widths(mine, BINARY, None) == ({"C": 1}, {})
    with pytest.raises(UsageError, match="x has the width 5 in the model; the data have 6"):
        widths(mine, replace(BINARY, features=6), None)
    tied = symrnn.parse(
        "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mean(mse(y[t], h[t] @ transpose(W)))"
    )
    with pytest.raises(UsageError, match=r"y has the width D in the model \(5\); the data have 2"):
        widths(tied, replace(VALUES, timed=True), None)


def test_masks_of_each_kind() -> None:
    lstm = symrnn.load("lstm")
    _, found = with_masks(lstm, [(DROPOUT, 0.1), (RECURRENT, 0.2), (ZONEOUT, 0.3)], ["x"])
    assert found == {"drop_h": 0.1, "keep_h": 0.2, "zone_h": 0.3, "zone_c": 0.3}
    _, found = with_masks(lstm, [(DROPOUT, 0.1)], [])
    assert found == {"drop_h": 0.1, "drop_x": 0.1}
    _, found = with_masks(symrnn.load("birnn"), [(DROPOUT, {"O_b": 0.5})], [])
    assert found == {"drop_O_b": 0.5}


def test_a_configuration_reads_back() -> None:
    assert Config.of(CONFIG.text().encode(), "here") == CONFIG
    with pytest.raises(DataError, match="here is no configuration of a run: no JSON"):
        Config.of(b"{", "here")


@pytest.mark.parametrize("best", [None, np.arange(3, dtype=np.float32)])
def test_a_checkpoint_reads_back(tmp_path: Path, best: Any) -> None:
    rng = np.random.default_rng(3)
    progress = RunProgress(
        epoch=2,
        position=Position(2, 7, dict(rng.bit_generator.state)),
        loss=0.1 + 0.2,
        lowest=inf if best is None else 0.3,
        best=best,
        digests={"model.rnn": "00"},
    )
    state = {"theta": np.ones(3, np.float32), "count": 9, "rng": np.arange(6, dtype=np.uint64)}
    checkpoint.save(tmp_path / "a.npz", state, progress)
    found, again = checkpoint.load(tmp_path / "a.npz")
    assert (found["theta"] == state["theta"]).all()
    assert int(found["count"]) == 9
    assert found["rng"].dtype == np.uint64
    same = again.best is best if best is None else (again.best == best).all()
    assert same
    assert replace(again, best=None) == replace(progress, best=None)
    assert again.position is not None
    assert again.position.rng().random() == rng.random()


def test_lines_behind_a_checkpoint_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with Log(path) as log:
        log.write({"step": 1})
        length = log.settle()
        log.write({"step": 2})
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'
    with Log(path, length) as log:
        assert not log.lost
        log.write({"step": 3})
    assert path.read_text() == '{"step": 1}\n{"step": 3}\n'
    with Log(path, 1000) as log:
        assert log.lost


def test_names_of_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_path("nets/my net.rnn", "/data/my book.txt") == Path("my-net-my-book")
    assert default_path("-e", "hello") == Path("model-hello")
    Path("char-hello").mkdir()
    Path("char-hello-2").write_text("")
    assert default_path("char", "hello") == Path("char-hello-3")


# data in the numbers of what is known


def test_a_table_in_known_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\na b,yes\nb c,no\nc,yes\n")
    (tmp_path / "b.csv").write_text("text,label\nc d,no\n")
    data = open_data(tmp_path / "a.csv", Options(validation=0))
    known = Known(data.task, data.vocabulary)
    other = open_data(tmp_path / "b.csv", Options(validation=0, known=known))
    assert other.task == data.task
    assert other.vocabulary == data.vocabulary
    (batch,) = other.train_batches(0, np.random.default_rng(0))
    assert batch["y"].tolist() == [[0.0]]
    assert other.remarks == ("the vocabulary has 1 of 2 words; the others are unknown",)


def test_arrays_in_known_classes(tmp_path: Path) -> None:
    x = np.ones((4, 2, 3))
    np.savez(tmp_path / "a.npz", x=x, y=[5, 7, 9, 7])
    np.savez(tmp_path / "b.npz", x=x, y=[9, 9, 9, 9])
    np.savez(tmp_path / "c.npz", x=x, y=[9, 9, 9, 8])
    known = Known(open_data(tmp_path / "a.npz", Options(validation=0)).task)
    data = open_data(tmp_path / "b.npz", Options(validation=0, known=known))
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    assert batch["y"].tolist() == [2, 2, 2, 2]
    with pytest.raises(DataError, match="y holds the label 8, which is not among those trained"):
        open_data(tmp_path / "c.npz", Options(validation=0, known=known))


def test_the_function_that_runs_a_trainer_keeps_its_name() -> None:
    assert callable(symrnn.training.run)  # no package may be called like it
