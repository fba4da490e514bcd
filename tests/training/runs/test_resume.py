"""Killed at any moment, a run goes on as if it had never been stopped: the same bits at the end."""

import json
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from symrnn.cli import main
from tests.extent import draws
from tests.training.runs.setting import Here, finished, labelled, numbers, same, start, text

KILLS = draws(2, 8, 50)
RUN = (
    "train lstm --data book.txt --hidden 12 --epochs 3 --batch 4 --steps 20 --dropout 0.1"
    " --recurrent-dropout 0.1 --schedule warmup:10,cosine"
)


def untimed(out: str) -> str:
    return re.sub(r"in [\d.]+ s, [\d,]+ tokens a second", "in no time", out)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text, and a run on it that nothing has stopped; and how long it took."""
    folder = tmp_path_factory.mktemp("whole")
    text(folder / "book.txt", 12_000)
    before = time.perf_counter()
    assert finished(start(folder, *RUN.split(), "--out", "whole", "--quiet")).status == 0
    (folder / "seconds").write_text(str(time.perf_counter() - before))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_a_random_moment_it_goes_on_to_the_same_bits(whole: Path, seed: int) -> None:
    rng = random.Random(seed)
    run = whole / f"killed-{seed}"
    options = ("--quiet", "--save-every", rng.choice(["0", "0.02", "0.2"]))
    process = start(whole, *RUN.split(), "--out", run.name, *options)
    try:
        process.wait(rng.uniform(0.1, 1.0) * float((whole / "seconds").read_text()))
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    command = ["train", "--resume", run.name] if run.exists() else [*RUN.split(), "--out", run.name]
    said = finished(start(whole, *command, *options))
    assert said.status == 0, said.err
    assert same(run, whole / "whole")
    assert not list(run.glob(".*"))  # what was cut off has been swept away
    shutil.rmtree(run)


@pytest.mark.parametrize("moment", ["begins", "steps"])
@pytest.mark.parametrize(
    ("number", "status", "what"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "ended")],
)
def test_a_request_to_end_is_heard_between_two_steps(
    whole: Path, number: int, status: int, what: str, moment: str
) -> None:
    run = whole / f"asked-{number}-{moment}"
    process = start(whole, *RUN.split(), "--out", run.name)
    assert process.stderr is not None
    process.stderr.readline()  # what it is going to do; the handlers come right after it
    if moment == "begins":
        time.sleep(0.1)
    else:
        process.stderr.readline()
    process.send_signal(number)
    said = finished(process)
    assert said.status == status
    assert said.out == ""
    (step,) = re.findall(rf"symrnn: {what} at step (\d+); symrnn train --resume", said.err)
    said = finished(start(whole, "train", "--resume", run.name))
    assert said.status == 0
    assert said.err.startswith(f"{run.name}: from step {step} on\n")
    assert same(run, whole / "whole")
    shutil.rmtree(run)


def test_a_run_that_is_over_says_so_again(
    here: Here, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(whole)
    before = (whole / "whole/weights.safetensors").read_bytes()
    one, two = (here("train", "--resume", "whole", "--quiet") for _ in range(2))
    assert (one.status, one.err) == (0, "")
    assert untimed(one.out) == untimed(two.out)
    assert (whole / "whole/weights.safetensors").read_bytes() == before


def test_more_epochs_are_as_many_from_the_beginning(here: Here, tmp_path: Path) -> None:
    labelled(tmp_path / "colours.csv", 30)
    command = "train gru --data colours.csv --hidden 6 --batch 8 --dropout 0.1 --quiet"
    here.result(f"{command} --epochs 5 --out long")
    here.result(f"{command} --epochs 2 --out short")
    here.result("train --resume short --epochs 5 --quiet")
    assert same(tmp_path / "short", tmp_path / "long")


@pytest.mark.slow
def test_patience_is_remembered(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz")
    command = "train gru --data mean.npz --hidden 8 --batch 8 --learning-rate 0.05 --quiet"
    out = here.result(f"{command} --patience 4 --epochs 500 --out long")
    (ended,) = re.findall(r"epochs +(\d+) of 500", out)
    here.result(f"{command} --patience 4 --epochs {int(ended) - 2} --out short")
    found = here.result("train --resume short --epochs 500 --quiet")
    assert untimed(found) == untimed(out).replace("long", "short")
    assert same(tmp_path / "short", tmp_path / "long")
    again = here.result("train --resume short --epochs 900 --quiet")  # patience is at its end
    assert re.search(rf"epochs +{ended} of 900: 4 without", again)


# what contradicts the run


def short(folder: Path) -> Path:
    """A table, and a run on it that is over."""
    labelled(folder / "colours.csv", 30)
    command = "train lstm --data colours.csv --hidden 6 --batch 8 --epochs 2 --out run --quiet"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*command.split(), "--dropout", "0.1"]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return short(tmp_path_factory.mktemp("trained")).parent


@pytest.fixture
def run(here: Here, tmp_path: Path, trained: Path) -> Path:
    """A copy of a short run; its data are those of the original."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--hidden 64", "--hidden 64 contradicts the run's 6; a resumed run keeps its"),
        ("--hidden H=7", "--hidden 7 contradicts the run's 6;"),
        ("--batch 9", "--batch 9 contradicts the run's 8;"),
        ("--steps 9", "--steps 9 contradicts the run's 5;"),
        ("--epochs 1", "--epochs 1 contradicts the run's 2;"),
        ("--optimiser sgd", "--optimiser sgd contradicts the run's adam;"),
        ("--learning-rate 1", "--learning-rate 1.0 contradicts the run's 0.002;"),
        ("--schedule cosine", "--schedule cosine contradicts the run's constant;"),
        ("--clip 3", "--clip 3.0 contradicts the run's 1.0;"),
        ("--seed 3", "--seed 3 contradicts the run's 0;"),
        ("--patience 3", "--patience 3 contradicts the run's none;"),
        ("--validation 0.5", "--validation 0.5 contradicts the run's none;"),
        ("--dropout 0.2", "--dropout 0.2 contradicts the run's 0.1;"),
        ("--zoneout 0.2", "--zoneout 0.2 contradicts the run's none;"),
        ("--head binary", "--head binary contradicts the run's classes;"),
        ("--lower", "--lower True contradicts the run's False;"),
        ("--unit characters", "--unit characters contradicts the run's none;"),
        (
            "--out other",
            "--resume goes on in its own directory with its own model; leave out --out",
        ),
        ("-e h=x", "--resume goes on in its own directory with its own model; leave out -e"),
        ("--data hello", "--data hello contradicts the run's "),
        ("--data other.csv", "other.csv has changed since the run began, and its own data are"),
    ],
)
def test_a_resumed_run_keeps_its_configuration(
    here: Here, run: Path, options: str, message: str
) -> None:
    labelled(run.parent / "other.csv", 31)
    assert here.refusal(f"train --resume run {options}").startswith(message)


def test_another_model_contradicts_it_too(here: Here, run: Path) -> None:
    assert here.refusal("train gru --resume run").startswith("MODEL gru contradicts the run's lstm")


def test_what_agrees_is_no_contradiction(here: Here, run: Path) -> None:
    options = "--hidden 6 --batch 8 --steps 5 --epochs 2 --dropout h=0.1 --head classes --seed 0"
    here.result(f"train lstm --resume run {options} --quiet")


def test_data_may_have_moved(here: Here, tmp_path: Path) -> None:
    run = short(tmp_path)
    (run.parent / "colours.csv").rename(run.parent / "moved.csv")
    assert "colours.csv: No such file" in here.refusal("train --resume run")
    here.result("train --resume run --data moved.csv --epochs 3 --quiet")


def test_data_that_have_changed(here: Here, tmp_path: Path) -> None:
    run = short(tmp_path)
    with open(run.parent / "colours.csv", "a") as file:
        file.write("red,red\n")
    assert "colours.csv has changed since the run began" in here.refusal("train --resume run")


# what has been touched


@pytest.mark.parametrize("name", ["model.rnn", "config.json", "vocabulary.json"])
def test_an_edited_file_is_refused(here: Here, run: Path, name: str) -> None:
    path = run / name
    path.write_text(path.read_text() + "\n")
    assert here.refusal("train --resume run").startswith(
        f"run/{name} is not what the run began with; a resumed run keeps its model and its"
    )
    here.result("predict run", "red")  # it can be used all the same


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("version", 2, 'that this version of symrnn reads; expected "version": 1'),
        ("model", 3, "'model' is 3"),
        ("kernel", [], "'kernel' is []"),
        ("training", {}, "'training' has no 'epochs'"),
        ("odd", 1, "there is an unknown 'odd'"),
    ],
)
def test_a_configuration_that_is_none(
    here: Here, run: Path, part: str, value: object, said: str
) -> None:
    content = json.loads((run / "config.json").read_text())
    content[part] = value
    (run / "config.json").write_text(json.dumps(content))
    for command in ("train --resume run", "predict run red", "evaluate run", "sample run"):
        message = here.refusal(command)
        assert message.startswith("run/config.json is no configuration of a run")
        assert said in message


def test_a_configuration_of_other_widths(here: Here, run: Path) -> None:
    content = json.loads((run / "config.json").read_text())
    content["kernel"]["dims"]["H"] = 7
    (run / "config.json").write_text(json.dumps(content))
    assert here.refusal("predict run red").startswith("run/weights.safetensors: ")


@pytest.mark.parametrize("harm", ["empty", "short", "flipped", "other"])
def test_a_damaged_checkpoint(here: Here, run: Path, harm: str) -> None:
    path = run / "checkpoint.npz"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    harmed = {
        "empty": b"",
        "short": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "other": None,
    }[harm]
    if harmed is None:
        np.savez(path, x=np.ones(3))
    else:
        path.write_bytes(harmed)
    message = here.refusal("train --resume run")
    assert message.startswith("run/checkpoint.npz")
    assert "the run cannot be resumed from it" in message
    here.result("predict run", "red")


def test_a_checkpoint_that_is_gone(here: Here, run: Path) -> None:
    (run / "checkpoint.npz").unlink()
    assert here.refusal("train --resume run").startswith("run has no checkpoint.npz; it cannot be")


def test_lines_that_are_gone_are_said(here: Here, run: Path) -> None:
    (run / "metrics.jsonl").write_text("")
    said = here("train", "--resume", "run", "--epochs", "3")
    assert said.status == 0
    assert "run/metrics.jsonl is shorter than it was" in said.err


def test_nothing_in_a_run_directory_is_executed(here: Here, run: Path) -> None:
    for name in ("kernel.py", "kernel_lengths.py"):
        (run / name).write_text("raise SystemExit('executed')")
    here.result("train --resume run --epochs 3 --quiet")
    for command in ("predict run red", "evaluate run"):
        here.result(command)


def test_one_process_at_a_time(here: Here, run: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    with open(run / "metrics.jsonl", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert here.refusal("train --resume run --epochs 9").startswith(
            "another process is training in run; wait for its end"
        )
