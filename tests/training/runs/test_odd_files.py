"""Files that are none, texts that are empty, names without end: one message that can be read."""

import os
import shutil
from pathlib import Path

import pytest

from tests.test_files import special
from tests.training.runs.setting import Here

NAMES = "config.json", "vocabulary.json", "checkpoint.npz", "weights.safetensors", "metrics.jsonl"


@pytest.fixture
def there(here: Here, runs: Path, tmp_path: Path) -> Here:
    for name in ("animals", "colours"):
        shutil.copytree(runs / name, tmp_path / name)
    return here


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", NAMES)
def test_a_run_of_something_else_than_files(
    there: Here, tmp_path: Path, name: str, kind: str
) -> None:
    (tmp_path / "animals" / name).unlink()
    special(tmp_path, kind).rename(tmp_path / "animals" / name)
    said = there.refusal("train --resume animals --epochs 300 --quiet")
    if name == "config.json":
        assert said.startswith("animals is no directory of a run: it has no config.json")
    else:
        assert said == f"cannot read animals/{name}: it is a {kind}; expected a file"


@pytest.mark.parametrize("ending", ["npz", "csv", "tsv", "jsonl", "txt"])
def test_data_that_have_no_end(here: Here, tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a.{ending}").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / f"b.{ending}")
    for name, kind in (("a", "device"), ("b", "pipe")):
        said = here.refusal(f"train elman --data {name}.{ending} --quiet")
        assert said == f"cannot read {name}.{ending}: it is a {kind}; expected a file"


def test_a_configuration_that_is_a_disk(there: Here, tmp_path: Path) -> None:
    os.truncate(tmp_path / "animals/config.json", 1 << 40)
    assert there.refusal("predict animals cat") == (
        "animals/config.json holds more than 1,048,576 bytes; the configuration of a run is a page"
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", 'text,more\nred,1\n\n" ",2\n', "a.csv, line 4: the text ' ' holds no words; ex"),
        (
            "a.tsv",
            "text\tb\nred\t1\n \t2\n",
            "a.tsv, line 3: the text ' ' holds no words; ex",
        ),
        ("a.jsonl", '{"text": "red"}\n\n{"text": ""}\n', "a.jsonl, line 3: the text '' holds no w"),
    ],
)
def test_an_empty_text_has_a_line(
    there: Here, tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    assert there.refusal(f"predict colours --data {name}").startswith(message)


def test_an_empty_text_among_several(there: Here) -> None:
    assert there.refusal("predict colours", "red", "") == (
        "text 2: the text '' holds no words; expected one or more"
    )


def test_an_unknown_word_has_a_line(there: Here, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\ncat mat,1\ncat dog,0\n")
    (tmp_path / "a.txt").write_text("cat mat\n\ncat dog\n")
    for command in (
        "predict animals --data a.csv",
        "evaluate animals --data a.csv",
        "predict animals --data a.txt",
    ):
        assert f"a.{command[-3:]}, line 3: 'dog' is not in the vocabulary" in there.refusal(command)


def test_columns_without_end(here: Here, tmp_path: Path) -> None:
    names = [f"column number {n}" for n in range(200_000)]
    (tmp_path / "a.csv").write_text(",".join(names) + "\n" + "," * 199_999 + "\n")
    for more in ("", " --label column"):
        said = here.refusal(f"train elman --data a.csv --quiet{more}")
        assert said.startswith("a.csv has the columns 'column number 0', 'column number 1', ")
        assert " and 199,980 more" in said
        assert len(said) < 1_000
    (tmp_path / "b.csv").write_text(f"text,{'x' * 100_000}\na,b\n")
    assert len(here.refusal("train elman --data b.csv --quiet")) < 200


def test_no_letter_commands_a_terminal(there: Here, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\nred,\x1b[31mred\x07\u202e\nblue,blue\n")
    for command in (
        ["predict", "nowhere\x1b[2J", "x"],
        ["train", "elman\x1b[2J", "--data", "hello"],
        ["train", "elman", "--data", "hello\x1b[2J"],
        ["train", "elman", "--data", "hello", "--head", "\x1b[2J"],
        ["train", "elman", "--data", "hello", "--hidden", "\x1b[2J"],
        ["train", "elman", "--data", "hello", "--optimiser", "\x1b[2J"],
        ["\x1b[2J"],
        ["sample", "animals", "--\x1b[2J"],
        ["evaluate", "colours", "--data", "a.csv"],
    ):
        said = there(*command)
        assert said.status == 2
        assert said.err.count("\n") >= 1
        assert not any(letter in said.err for letter in "\x1b\x07\u202e"), said.err
        assert r"\x1b[" in said.err
    (line,) = there.result("predict colours", "red \x1b[31m\r").splitlines()
    assert line.startswith("red \\x1b[31m\\r\t")


def test_no_letter_of_a_result_commands_a_terminal(
    there: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a file it goes as it is."""
    (tmp_path / "a.txt").write_text("a\x1bb" * 400)
    there.result("train char --data a.txt --epochs 60 --hidden 8 --batch 2 --out run --quiet")
    command = "sample run --length 6 --start a --temperature 0"
    assert there.result(command) == "a\x1bba\x1bba\n"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert there.result(command) == "a\\x1bba\\x1bba\n"
