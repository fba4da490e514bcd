"""The README tells the truth: every command prints what it shows, every example runs."""

import re
from pathlib import Path

import pytest

from symrnn.cli import main
from symrnn.language.table import ARITY

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
GENERATED = Path(__file__).parent.parent / "generated"
CONSOLE = re.findall(r"```console\n\$ symrnn ([^\n]*)\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_is_something_to_check() -> None:
    assert len(CONSOLE) >= 3
    assert PYTHON


@pytest.mark.parametrize(("command", "wanted"), CONSOLE, ids=[c for c, _ in CONSOLE])
def test_commands_print_what_is_shown(
    command: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 0
    found = capsys.readouterr().out
    if command.startswith("verify"):  # how small an error is belongs to the machine
        found, wanted = (re.sub(r"\d\.\de[-+]\d\d", "#", text) for text in (found, wanted))
    assert found == wanted


def test_the_formulas_are_those_that_are_derived(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```math\n(.*?)```", README, re.DOTALL)
    command = "derive elman_n4 --steps 3 --scalar --view closed --width 0"
    assert main(command.split()) == 0
    derived = capsys.readouterr().out
    lines = [line.removesuffix(r" \\") for line in block.splitlines() if "&=" in line]
    assert len(lines) == 3
    for line in lines:
        left, right = line.split(" &= ")
        assert f"{left} &= " in derived
        assert f"&= {right}\n" in derived


@pytest.mark.parametrize("example", PYTHON)
def test_examples_run(
    example: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # for what they write
    monkeypatch.syspath_prepend(GENERATED)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_table_of_the_language_names_every_function() -> None:
    table = README[README.index("## The language") : README.index("## Can it be trusted?")]
    missing = [name for name in ARITY if not re.search(rf"\b{name}\b", table)]
    assert missing == []
