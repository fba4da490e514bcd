"""predict, sample and evaluate: what they print, for people and for programs."""

import json
from pathlib import Path

import numpy as np
import pytest

from symrnn.cli import main
from symrnn.training.runs.trained import Kernels, trained
from tests.training.runs.setting import Here, finished, numbers, start


@pytest.fixture
def there(here: Here, runs: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.chdir(runs)
    return here


def test_predictions_are_lines(there: Here) -> None:
    lines = there.result("predict animals", "cat mat rat", "mat mat cat").splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["cat mat rat", "1"], ["mat mat cat", "0"]]
    assert all(0.9 < float(line.split("\t")[2]) <= 1 for line in lines)


def test_predictions_as_json_have_every_probability(there: Here) -> None:
    found = json.loads(there.result("predict colours --format json", "red blue", "green"))
    assert [row["of"] for row in found] == ["red blue", "green"]
    assert [row["prediction"] for row in found] == ["blue", "green"]
    for row in found:
        assert list(row["probabilities"]) == ["blue", "green", "red"]
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert row["probability"] == max(row["probabilities"].values())


def test_a_sequence_may_be_longer_than_any_that_was_learnt(there: Here) -> None:
    out = there.result("predict colours", "red " * 40 + "blue", "red")
    assert [line.split("\t")[1] for line in out.splitlines()] == ["blue", "red"]


def test_neighbours_change_no_prediction(there: Here) -> None:
    texts = ["red", "blue green", "green red blue", "blue " * 9]
    alone = [there.result("predict colours", text) for text in texts]
    assert there.result("predict colours", *texts) == "".join(alone)


@pytest.mark.parametrize("name", ["some.csv", "some.tsv", "some.jsonl", "some.txt"])
def test_predictions_of_files_need_no_labels(there: Here, name: str) -> None:
    texts = ["red blue", "green"]
    mark = {"csv": "\n", "tsv": "\n", "jsonl": "\n", "txt": "\n"}[name[5:]]
    rows = [json.dumps({"text": t}) for t in texts] if name.endswith("jsonl") else texts
    header = ["text"] if name[5:] in ("csv", "tsv") else []
    Path(name).write_text(mark.join([*header, *rows]) + "\n")
    out = there.result(f"predict colours --data {name}")
    assert out == there.result("predict colours", *texts)


def test_predictions_of_arrays_and_of_data_that_come_along(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz")
    here.result("train elman --data mean.npz --hidden 4 --epochs 2 --out run --quiet")
    lines = here.result("predict run --data mean.npz").splitlines()
    assert [line.split("\t")[0] for line in lines] == [str(n) for n in range(60)]
    with np.load(tmp_path / "mean.npz") as file:
        np.savez(tmp_path / "bare.npz", x=file["x"], lengths=file["lengths"])
        np.savez(tmp_path / "wide.npz", x=np.ones((2, 3, 5)))
    assert here.result("predict run --data bare.npz").splitlines() == lines
    assert here.refusal("predict run --data wide.npz") == "wide.npz: x has the width 5; expected 2"
    assert here.refusal("predict run", "text").startswith("elman was trained on numbers, not on")


def test_tabs_and_line_ends_stay_in_their_cell(there: Here) -> None:
    (line,) = there.result("predict colours", "red\tblue\ngreen").splitlines()
    assert line.split("\t")[0] == r"red\tblue\ngreen"


def test_the_next_character(there: Here) -> None:
    lines = there.result("predict hello", "h", "hel", "hell").splitlines()
    assert [line.split("\t")[1] for line in lines] == ["e", "l", "o"]
    (row,) = json.loads(there.result("predict hello --format json", "he"))
    assert set(row["probabilities"]) == set("helo")


def test_a_text_that_fixes_the_number_of_steps(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz", x=np.ones((60, 3, 2)), lengths=np.full(60, 3))
    equations = "T = 3; h[t] = tanh(x[t] @ W + h[t-1] @ U); yhat = h[T] @ V; L = mse(y, yhat)"
    said = here(
        "train",
        "-e",
        equations,
        *["--data", "mean.npz", "--epochs", "1", "--out", "run", "--quiet"],
    )
    assert said.status == 0, said.err
    assert len(here.result("predict run --data mean.npz").splitlines()) == 60
    assert "validation, 6 sequences" in here.result("evaluate run")
    np.savez(tmp_path / "long.npz", x=np.ones((2, 4, 2)))
    refused = here.refusal("predict run --data long.npz")
    assert refused == "model is for 3 steps; there is a sequence of 4"


# samples


def test_a_sample_is_the_same_for_the_same_seed(there: Here) -> None:
    one = there.result("sample book --length 50 --seed 7")
    assert one == there.result("sample book --length 50 --seed 7")
    assert one != there.result("sample book --length 50 --seed 8")
    assert len(one) == 1 + 50 + len("\n")


def test_a_sample_begins_as_it_is_told_to(there: Here) -> None:
    begun = there.result("sample book --length 9 --temperature 0", "--start", "the cat ")
    assert begun.startswith("the cat ")
    assert len(begun) == len("the cat ") + 9 + len("\n")
    first = Path("book.txt").read_text()[0]
    assert there.result("sample book --length 3").startswith(first)
    assert there.result("sample book --length 0 --start cat") == "cat\n"


def test_step_by_step_is_what_the_kernel_says_of_the_whole(there: Here) -> None:
    run = trained("book")
    kernels: Kernels = run.kernels(1, 30)
    assert run.vocabulary is not None
    greedy = there.result("sample book --temperature 0 --start t --length 30")[:-1]
    ids = run.vocabulary.encode(greedy)
    outputs, _ = kernels.plain.forward(x=ids[:-1, np.newaxis])
    likely = outputs["yhat"][:, 0].copy()
    likely[:, 0] = 0  # the unknown token is never drawn
    assert likely.argmax(-1).tolist() == ids[1:].tolist()


def test_a_low_temperature_is_nearly_the_likeliest(there: Here) -> None:
    cold = there.result("sample book --length 40 --temperature 1e-9")
    assert cold == there.result("sample book --length 40 --temperature 0")


def test_a_sample_of_a_model_with_masks(here: Here) -> None:
    masks = "--dropout 0.1 --recurrent-dropout 0.1 --zoneout 0.1"
    here.result(f"train lstm --data hello {masks} --hidden 24 --epochs 400 --out run --quiet")
    assert here.result("sample run --start h --length 4 --temperature 0") == "hello\n"


# evaluation


def test_evaluation_says_what_the_end_of_training_said(there: Here) -> None:
    end = there.result("train --resume colours --quiet")
    found = there.result("evaluate colours")
    for name in ("loss", "accuracy"):
        (one,) = [line.split()[1] for line in end.splitlines() if line.split()[:1] == [name]]
        (two,) = [line.split()[1] for line in found.splitlines() if line.split()[:1] == [name]]
        assert one == two
    assert found.splitlines()[1] == "  on        validation, 6 sequences"


def test_evaluation_for_programs(there: Here) -> None:
    found = json.loads(there.result("evaluate animals --format json"))
    assert found["on"] == "training"
    assert found["counted"] == 3
    assert found["accuracy"] == 1
    assert found["confusion"] == [[1, 0], [0, 2]]
    assert found["labels"] == ["0", "1"]


def test_evaluation_on_other_data_in_the_runs_own_numbers(there: Here) -> None:
    Path("more.csv").write_text("text,label\nred blue,blue\nblue purple red,red\n")
    found = json.loads(there.result("evaluate colours --format json --data more.csv"))
    assert (found["counted"], found["labels"]) == (2, ["blue", "green", "red"])
    assert found["confusion"] == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_evaluation_counts_bits(there: Here) -> None:
    Path("again.txt").write_text("the cat sat on a mat rat")
    found = json.loads(there.result("evaluate book --format json --data again.txt"))
    assert found["counted"] == 23
    assert found["bits per character"] == pytest.approx(found["loss"] / np.log(2), rel=1e-5)


def test_they_work_as_processes(runs: Path) -> None:
    assert finished(start(runs, "evaluate", "hello")).out.startswith("hello\n  on ")
    assert finished(start(runs, "predict", "animals", "cat mat rat")).out.startswith("cat mat")


def test_a_target_that_the_loss_reads_of_earlier_steps_is_no_matter_of_sampling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("hello world, hello there. " * 20)
    Path("mine.rnn").write_text(
        "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U)\nyhat[t] = softmax(h[t] @ Q)\n"
        "y: onehot\nL = mean(ce(y[t], yhat[t])) + 0.1 * mean(mse(y[t-1], yhat[t]))\n"
    )
    options = "--steps 10 --batch 2 --epochs 1 --hidden 4 --out run"
    assert main(["train", "mine.rnn", "--data", "text.txt", *options.split()]) == 0
    capsys.readouterr()
    assert main(["sample", "run", "--start", "hell", "--length", "9"]) == 0
    said = capsys.readouterr().out.rstrip("\n").rpartition("\n")[2]
    assert (said[:4], len(said)) == ("hell", 13)
