"""From the terminal to a run directory: each kind of data, with the defaults and without."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn import weights
from symrnn.cli.train import OPTIMISERS as NAMES
from symrnn.training import OPTIMISERS
from tests.training.runs.setting import (
    Here,
    finished,
    labelled,
    numbers,
    records,
    same,
    start,
    text,
)


@pytest.mark.parametrize(
    "command",
    [
        "elman --data cat-mat-rat",  # N1, N4
        "elman_n4 --data cat-mat-rat",
        "elman --data reviews",  # N2: reviews of different lengths
        "elman_outside --data reviews",
        "birnn --data reviews",
        "bilstm --data reviews --hidden 8",
    ],
)
def test_the_reviews_of_the_notes_are_all_learnt(here: Here, command: str) -> None:
    out = here.result(f"train {command} --quiet")
    model, data = command.split()[0], command.split()[2]
    assert out.startswith(f"{model}-{data}\n")
    assert "  accuracy  100.0 % (training)\n" in out
    ones = 2 if data == "cat-mat-rat" else 1
    assert f"  0  {3 - ones}  0\n  1  0  {ones}\n" in out


@pytest.mark.parametrize("model", ["char", "lstm", "jordan"])
def test_hello_is_learnt_letter_by_letter(here: Here, model: str) -> None:  # N5
    out = here.result(f"train {model} --data hello --out run --quiet")
    assert out.endswith("at temperature 0.5:\nhello\n\nat temperature 1.0:\nhello\n")
    found = here.result("sample run --start h --length 4 --temperature 0")
    assert found == "hello\n"


@pytest.mark.slow
def test_the_same_from_another_process(tmp_path: Path) -> None:
    said = finished(start(tmp_path, "train", "char", "--data", "hello"))
    assert said.status == 0
    assert re.match(r"char: 17,540 parameters, D=4 H=128 C=4; 1 batches of up to 32", said.err)
    lines = said.err.splitlines()[1:]
    assert len(lines) == 10
    assert all(
        re.fullmatch(
            r"epoch \d+ of 1000: loss [\d.e-]+, [\d,]+ tokens/s, \|gradient\| [\d.e-]+"
            r"(, 0:0\d left)?",
            line,
        )
        for line in lines
    )
    options = ("--start", "h", "--length", "4", "--temperature", "0")
    sampled = start(tmp_path, "sample", "char-hello", *options)
    assert finished(sampled) == (0, "hello\n", "")


def test_a_run_directory_has_all_that_there_is_to_know(here: Here, tmp_path: Path) -> None:
    here.result("train elman --data reviews --hidden 5 --epochs 7 --quiet")
    run = tmp_path / "elman-reviews"
    there = {path.name for path in run.iterdir()}
    assert there - {"loss.png"} == {
        *("model.rnn", "config.json", "vocabulary.json", "checkpoint.npz", "metrics.jsonl"),
        *("weights.safetensors", "kernel.py", "kernel_lengths.py"),
    }
    model = symrnn.load("elman")
    assert (run / "model.rnn").read_text() == model.text
    found = weights.load(run / "weights.safetensors", model, {"D": 5, "H": 5, "C": 1})
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}
    assert (run / "kernel.py").read_text() == model.generate(4, ids=["x"])
    assert (run / "kernel_lengths.py").read_text() == model.generate(4, ids=["x"], lengths=True)
    config = json.loads((run / "config.json").read_text())
    assert config["data"]["source"] == "reviews"
    assert config["training"]["epochs"] == 7
    assert config["kernel"]["dims"] == {"D": 5, "H": 5, "C": 1}
    told = list(records(run))
    assert [r["step"] for r in told if "norm" in r] == list(range(1, 8))
    assert [r["epoch"] for r in told if "mean_loss" in r] == list(range(1, 8))


def test_classes_by_their_names_from_a_table(here: Here, tmp_path: Path) -> None:
    labelled(tmp_path / "colours.csv")
    out = here.result("train lstm --data colours.csv --hidden 16 --epochs 40 --batch 8 --quiet")
    assert "  accuracy  100.0 % (validation)\n" in out
    assert re.search(r"^ +blue +green +red$", out, re.MULTILINE)
    text = symrnn.load(tmp_path / "lstm-colours/model.rnn").text
    assert "softmax" in text  # the head that suits
    assert (tmp_path / "lstm-colours/kernel_lengths.py").exists()


def test_numbers_from_arrays(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz")
    out = here.result("train elman --data mean.npz --hidden 16 --epochs 150 --quiet")
    (error,) = re.findall(r"squared error +([\d.e-]+) \(validation\)", out)
    assert float(error) < 0.1
    assert "what is" not in out


def test_numbers_from_a_table_by_regression(here: Here, tmp_path: Path) -> None:
    rows = [f"{'a ' * (n % 7 + 1)}b,{n % 7 / 2}" for n in range(70)]
    (tmp_path / "count.csv").write_text("text,value\n" + "\n".join(rows))
    options = "--label value --hidden 16 --epochs 60"
    for how in ("--regress", "--head regress"):
        out = here.result(f"train elman --data count.csv {options} {how} --quiet")
        (error,) = re.findall(r"squared error +([\d.e-]+) \(validation\)", out)
        assert float(error) < 0.1


def test_classes_and_numbers_at_every_step(here: Here, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 6, 2))
    numbers(tmp_path / "sign.npz", x=x, y=(x[..., 0] > 0).astype(int), lengths=np.full(60, 6))
    out = here.result("train gru --data sign.npz --hidden 12 --epochs 40 --quiet")
    (right,) = re.findall(r"accuracy +([\d.]+) %", out)
    assert float(right) > 80
    numbers(tmp_path / "twice.npz", x=x, y=2 * x[..., :1], lengths=np.full(60, 6))
    out = here.result("train elman_steps --data twice.npz --hidden 12 --epochs 40 --quiet")
    assert "squared error" in out
    refused = here.refusal("train gru --data twice.npz")
    assert "numbers at every step" in refused
    assert "--head FILE" in refused


def test_a_running_text_carries_its_states(here: Here, tmp_path: Path) -> None:
    text(tmp_path / "book.txt")
    options = "--hidden 16 --batch 4 --epochs 4 --steps 20"
    out = here.result(f"train char --data book.txt {options} --quiet")
    (bits,) = re.findall(r"bits per character +([\d.]+) \(validation\)", out)
    assert 0.5 < float(bits) < 3.2  # far below log2 of the number of characters
    with np.load(tmp_path / "char-book/checkpoint.npz") as checkpoint:
        assert checkpoint["trainer.carried.h0"].shape == (4, 16)
        assert checkpoint["trainer.carried.h0"].any()


def test_words_of_a_running_text(here: Here, tmp_path: Path) -> None:
    text(tmp_path / "book.txt")
    options = "--unit words --lower --hidden 8 --batch 4 --epochs 2 --max-size 6"
    out = here.result(f"train gru --data book.txt {options} --quiet")
    assert "bits per word" in out


@pytest.mark.slow
@pytest.mark.parametrize("options", ["", "--dropout 0.3 --zoneout 0.1 --recurrent-dropout 0.2"])
def test_the_same_seed_gives_the_same_run(here: Here, tmp_path: Path, options: str) -> None:
    labelled(tmp_path / "colours.csv", 30)
    command = f"train lstm --data colours.csv --hidden 6 --epochs 3 --batch 8 --quiet {options}"
    for seed in "012":
        said = finished(start(tmp_path, *command.split(), "--out", seed, PYTHONHASHSEED=seed))
        assert said.status == 0, said.err
    one, two, three = (tmp_path / seed for seed in "012")
    assert same(one, two)
    assert same(one, three)
    for name in ("model.rnn", "config.json", "vocabulary.json", "kernel.py"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    here.result(f"{command} --out other --seed 1")
    assert not same(one, tmp_path / "other")


def test_masks_by_a_number_or_by_name(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz")
    for options, masks in (
        ("stacked --dropout 0.2", {"drop_h1": 0.2, "drop_h2": 0.2, "drop_x": 0.2}),
        ("stacked --dropout h2=0.5", {"drop_h2": 0.5}),
        ("lstm --zoneout 0.1 --recurrent-dropout h=0.3", {"keep_h": 0.3} | {"zone_h": 0.1}),
    ):
        here.result(f"train {options} --data mean.npz --hidden 4 --epochs 1 --out run --quiet")
        config = json.loads((tmp_path / "run/config.json").read_text())
        found = config["training"]["masks"]
        assert masks.items() <= found.items()
        here.result("evaluate run")
        for path in (tmp_path / "run").iterdir():
            path.unlink()


def test_a_mask_of_the_text_itself_gets_its_probability(here: Here, tmp_path: Path) -> None:
    masked = symrnn.load("elman_n4").with_dropout("O")
    (tmp_path / "mine.rnn").write_text(masked.text)
    command = "train ./mine.rnn --data cat-mat-rat --epochs 5 --quiet"
    assert (
        here.refusal(command)
        == ("drop_O is a mask of mine; say how likely it is: --dropout O=0.2\n").strip()
    )
    here.result(f"{command} --dropout O=0.2")
    assert (tmp_path / "mine-cat-mat-rat/model.rnn").read_text() == masked.text


def test_a_model_in_letters_of_its_own(here: Here, tmp_path: Path) -> None:
    (tmp_path / "mine.rnn").write_text(
        "s[t] = tanh(u[t] @ A + s[t-1] @ B)\np = sigmoid(s[T] @ V)\nL = bce(answer, p)\n"
    )
    out = here.result("train ./mine.rnn --data reviews --hidden 12 --out run --quiet")
    assert "accuracy  100.0 %" in out
    assert here.result("predict run", "movie was good").split("\t")[1] == "1"


def test_a_formula_of_the_authors_own_is_a_loss_for_any_task(here: Here) -> None:
    equations = (
        "h[t] = tanh(x[t] @ W + h[t-1] @ U); yhat = sigmoid(h[T] @ V); y: target;"
        " y: C; L = mean(rowmean((y - yhat)**2))"
    )
    said = here("train", "-e", equations, "--data", "cat-mat-rat", "--quiet")
    if said.status == 0:
        assert "accuracy  100.0 %" in said.out
    else:  # a formula that the language does not have is said
        assert said.err.startswith("symrnn: ")


def test_more_epochs_of_patience_than_there_is_progress(here: Here, tmp_path: Path) -> None:
    numbers(tmp_path / "mean.npz")
    options = "--hidden 8 --epochs 500 --patience 2 --learning-rate 0.05 --batch 8"
    out = here.result(f"train gru --data mean.npz {options} --quiet")
    ended, waited = re.findall(r"epochs +(\d+) of 500: (\d) without a lower validation", out)[0]
    assert int(ended) < 500
    assert waited == "2"
    assert re.search(rf"weights\.safetensors, of epoch {int(ended) - 2}\n", out)


def test_a_run_overwrites_nothing(here: Here, tmp_path: Path) -> None:
    for name in ("char-hello", "char-hello-2", "char-hello-3"):
        here.result("train char --data hello --hidden 4 --epochs 2 --quiet")
        assert (tmp_path / name / "weights.safetensors").exists()
    kept = (tmp_path / "char-hello/checkpoint.npz").read_bytes()
    refused = here.refusal("train char --data hello --out char-hello")
    assert "char-hello is there already, and a run overwrites nothing" in refused
    assert (tmp_path / "char-hello/checkpoint.npz").read_bytes() == kept


def test_the_options_know_every_optimiser() -> None:
    assert tuple(OPTIMISERS) == NAMES


@pytest.mark.parametrize("optimiser", NAMES)
def test_every_optimiser_and_a_schedule(here: Here, optimiser: str) -> None:
    options = f"--optimiser {optimiser} --schedule warmup:5,cosine --epochs 20 --hidden 4"
    here.result(f"train char --data hello {options} --out run --quiet")
    last = list(records(Path("run")))[-2]
    assert last["rate"] < 1e-4
