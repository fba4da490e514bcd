"""Bad input ends in one message and status 2, and no directory is made."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.training.runs.setting import Here, labelled, numbers


@pytest.fixture
def files(here: Here, tmp_path: Path) -> Path:
    labelled(tmp_path / "colours.csv", 30)
    numbers(tmp_path / "mean.npz")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "short.txt").write_text("ab")
    (tmp_path / "latin.txt").write_bytes("größer".encode("latin-1") * 99)
    (tmp_path / "one.csv").write_text("text,label\na,1\nb,1\n")
    (tmp_path / "other.csv").write_text("text,answer\na,1\nb,0\n")
    x = np.ones((8, 3, 2))
    x[1, 2, 0] = np.nan
    numbers(tmp_path / "nan.npz", x=x, y=np.arange(8.0), lengths=np.full(8, 3))
    ragged = np.array([[1.0], [1.0, 2.0]], dtype=object)
    np.savez(tmp_path / "ragged.npz", x=ragged, y=np.arange(2))
    (tmp_path / "two.rnn").write_text("h[t] = tanh(x[t] @ W + u[t] @ V); L = mse(y, h[T])")
    (tmp_path / "broken.rnn").write_text("h[t] = tanh(x[t")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "no model given; expected MODEL, -f FILE or -e TEXT, or --resume DIR"),
        ("elman", "no data given; expected --data FILE, or --data cat-mat-rat, reviews, hello"),
        ("elmann --data hello", "unknown model 'elmann'; did you mean 'elman'?"),
        ("broken.rnn --data hello", "broken.rnn, line 1, column 14: '[' was never closed"),
        ("two.rnn --data mean.npz", "two has the inputs: x, u; data have one, at every step."),
        ("-e h[t]=x[t]@W --data hello --head nosuch", "unknown head 'nosuch'"),
        ("elman --data helo", "'helo' is neither a file of a known kind nor data that come along"),
        ("elman --data none.txt", "cannot read none.txt: No such file or directory"),
        ("elman --data empty.txt", "empty.txt is empty; expected a text"),
        ("elman --data short.txt", "short.txt has"),
        ("elman --data latin.txt", "latin.txt, line 1: this is no UTF-8 (byte 3 of the file)"),
        ("elman --data one.csv", "one.csv, column 'label': every label is '1'; expected two"),
        ("elman --data other.csv", "other.csv has the columns 'text', 'answer'; expected one"),
        ("elman --data other.csv --label anser", "other.csv has the columns 'text', 'answer', and"),
        ("elman --data nan.npz", "nan.npz: x holds nan at [1, 2, 0]"),
        ("elman --data ragged.npz", "ragged.npz: x holds objects"),
        ("elman --data cat-mat-rat --head classes", "the head classes is not for these data, whi"),
        ("elman --data cat-mat-rat --head steps", "the head steps is not for these data, which"),
        ("birnn --data hello", "birnn reads later steps, and with them what it has to predict"),
        ("elman --data hello --hidden D=3", "--hidden: D is what the data say; there are H"),
        ("elman --data hello --hidden K=3", "--hidden: K is no dimension of the model; there"),
        ("elman --data hello --hidden 10000000", "--hidden: H = 10000000; expected a whole number"),
        ("elman --data hello --steps 0", "steps is 0; expected a whole number from 1 up"),
        ("elman --data hello --batch 0", "batch is 0; expected a whole number from 1 up"),
        ("elman --data hello --validation 1", "the share for validation is 1.0; expected"),
        ("elman --data hello --seed -1", "--seed is -1; expected a whole number from 0 up"),
        ("elman --data hello --clip -1", "--clip is -1.0; expected a number above 0"),
        ("elman --data hello --clip nan", "--clip is nan; expected a number above 0"),
        ("elman --data hello --learning-rate -1", "--learning-rate is -1.0; expected a number abo"),
        ("elman --data hello --learning-rate 0", "--learning-rate is 0.0; expected a number above"),
        ("elman --data hello --learning-rate nan", "--learning-rate is nan; expected a number abo"),
        ("elman --data hello --learning-rate 1e400", "--learning-rate is inf; expected a number a"),
        ("elman --data hello --schedule cosin:3", "schedule 'cosin:3': 'cosin' is none; did you"),
        ("elman --data hello --patience 3", "--patience is for a validation; expected --validat"),
        ("elman --data hello --dropout 1", "--dropout: the probability is 1; expected one from 0"),
        ("elman --data hello --dropout Q=0.1", "'Q' is no input or variable to drop features of"),
        ("elman --data hello --out no/such/dir", "cannot make no/such/dir: there is no folder no"),
        ("elman --data hello --out one.csv", "one.csv is there already, and a run overwrites"),
        ("--resume nowhere", "nowhere is not there; expected the directory of a run of symrnn tra"),
        ("--resume .", ". is no directory of a run: it has no model.rnn; expected one that symrnn"),
        ("--resume one.csv", "one.csv is a file; expected the directory of a run of symrnn train"),
    ],
)
def test_training(here: Here, files: Path, command: str, message: str) -> None:
    before = set(files.iterdir())
    assert here.refusal(f"train {command}").startswith(message)
    assert set(files.iterdir()) == before


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--epochs 0", "argument --epochs: '0' is no whole number from 1 up"),
        ("--hidden x", "argument --hidden: 'x' is no whole number from 1 up"),
        ("--dropout much", "argument --dropout: 'much' is no probability; expected a number such"),
        ("--save-every -1", "argument --save-every: '-1' is no number of seconds from 0 up"),
        ("--optimiser adm", "argument --optimiser: invalid choice: 'adm'"),
    ],
)
def test_an_argument_that_is_none(here: Here, option: str, said: str) -> None:
    found = here("train", "elman", "--data", "hello", *option.split())
    assert found.status == 2
    assert said in found.err


def test_a_folder_that_cannot_be_written(here: Here, tmp_path: Path) -> None:
    if not Path("/proc/self").exists() and os.geteuid() == 0:
        pytest.skip("root may write everywhere, and there is no /proc")
    closed = Path("/proc")
    if os.geteuid() != 0:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
    refused = here.refusal(f"train char --data hello --epochs 2 --out {closed}/run")
    assert refused.startswith(f"cannot make {closed}/run: ")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("predict nowhere x", "nowhere is not there; expected the directory of a run"),
        ("predict animals", "nothing to predict of given; expected one of TEXT … and --data"),
        ("predict animals cat --data hello", "both texts and --data given; expected one of"),
        ("predict animals dog", "text 1: 'dog' is not in the vocabulary; expected one of cat, mat"),
        ("predict animals --data hello", "text 1: 'hell' is not in the vocabulary"),
        ("predict animals --data book.md", "'book.md' is neither a file of a known kind"),
        ("sample animals", "animals holds a model for the task 'binary'; samples are for one of"),
        ("sample hello --start x", "'x' is not in the vocabulary; expected one of h, e, l, o"),
        ("sample hello --temperature -1", "--temperature is -1.0; expected a number from 0 up"),
        ("sample hello --temperature nan", "--temperature is nan; expected a number from 0 up"),
        ("sample hello --length -1", "--length is -1; expected a whole number from 0 up"),
        ("sample hello --length 99999999999999999999", "--length is 99999999999999999999; expecte"),
        ("sample hello --seed -1", "--seed is -1; expected a whole number from 0 up"),
        ("evaluate animals --data hello", "hello is no data for this model: the task is steps; "),
        ("evaluate animals --data none.csv", "cannot read none.csv: "),
        ("evaluate colours --data odd.csv", "odd.csv, column 'label': the label 'pink' is not amo"),
    ],
)
def test_using_a_run(
    here: Here, runs: Path, monkeypatch: pytest.MonkeyPatch, command: str, message: str
) -> None:
    monkeypatch.chdir(runs)
    (runs / "odd.csv").write_text("text,label\nred,red\nblue,pink\n")
    assert here.refusal(command).startswith(message)


def test_sampling_without_a_start(here: Here, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    said = here("sample", "hello", "--start", "")
    assert (said.status, said.out) == (2, "")
    assert said.err == "symrnn: --start '' holds no characters; expected one or more\n"
