"""The cell magic `%%rnn`: equations in, derivation out; in IPython where it is installed."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

import symrnn
from symrnn.cli import main

CELL = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)\nL = mse(y, h[T])\n"
DOUBTFUL = "h[t] = tanh(x[t] @ W + h[t-1] @ U)\nk[t] = x[t] @ V\nL = mse(y, h[T])\n"


class Shell:
    """What is used of IPython's."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.magics: dict[str, Callable[[str, str], Any]] = {}

    def register_magic_function(
        self, magic: Callable[[str, str], Any], magic_kind: str, magic_name: str
    ) -> None:
        self.magics[f"{magic_kind} {magic_name}"] = magic

    def push(self, names: dict[str, Any]) -> None:
        self.names |= names

    def __call__(self, line: str, cell: str = CELL) -> Any:
        return self.magics["cell rnn"](line, cell)


@pytest.fixture
def shell() -> Shell:
    found = Shell()
    symrnn.load_ipython_extension(found)
    return found


def test_a_cell_shows_the_derivation_and_names_the_model(shell: Shell) -> None:
    shown = shell("cell --steps 3 --view chain --notation N1")
    model = shell.names["cell"]
    assert model.text == CELL
    assert (model.name, list(shell.names)) == ("cell", ["cell"])
    assert repr(shown) == model.derive(3).text("chain", notation="N1").rstrip()
    html = shown._repr_html_()
    assert html.startswith('<section id="cell-1">\n<h2>The chain rule, path by path</h2>')
    assert html.count("<section") == 1
    assert "<svg" not in html
    assert shown._repr_latex_().startswith("$$\n")
    assert "x_{i3}" in shown._repr_latex_()  # the letters of N1


def test_without_a_name_it_is_model_and_without_steps_the_recursion(shell: Shell) -> None:
    shown = shell("")
    assert repr(shown) == shell.names["model"].derive().text("delta").rstrip()


def test_what_would_be_too_long_is_the_recursion(shell: Shell) -> None:
    assert "δ" in repr(shell("cell --steps 200"))
    with pytest.raises(Exception, match="the view chain for T = 200 would have"):
        shell("cell --steps 200 --view chain")


def test_the_network_is_drawn_where_it_is_asked_for(shell: Shell) -> None:
    assert "<svg" in shell("cell --steps 3 --figure")._repr_html_()
    with pytest.raises(Exception, match="a picture needs a number of steps"):
        shell("cell --figure")


def test_a_model_without_a_loss_shows_its_equations(shell: Shell) -> None:
    shown = shell("cell", "h[t] = tanh(x[t] @ W + h[t-1] @ U)")
    assert shown is shell.names["cell"]
    assert shell("cell --head steps", "h[t] = tanh(x[t] @ W + h[t-1] @ U)") is not None
    assert shell.names["cell"].system.loss == "L"


@pytest.mark.parametrize(
    "options",
    [
        "--steps 3 --view chain,local --format unicode",
        "--steps 2 --view closed --scalar --format latex --wrt U",
        "--format json",
        "--steps 2 --exercise --seed 3",
        "--symbols",
    ],
)
def test_options_mean_what_they_mean_to_the_command(
    shell: Shell, capsys: pytest.CaptureFixture[str], options: str
) -> None:
    assert shell(f"cell {options}") is None
    here = capsys.readouterr().out
    assert main(["derive", "-e", CELL, *options.split()]) == 0
    assert here.replace("cell", "-e") == capsys.readouterr().out


def test_a_file_may_be_written(shell: Shell, tmp_path: Any) -> None:
    assert shell(f"cell --steps 2 -o {tmp_path}/cell.html") is None
    assert (tmp_path / "cell.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ("cell", "h[t] = tanh(x[t @ W", "cell, line 1, column 14: '[' was never closed\n"),
        ("cell", f"{CELL}O[t] = tanhh(h[t])", "cell, line 3, column 8: unknown function"),
        ("cell --vew chain", CELL, "unrecognized arguments: --vew chain"),
        ("cell --view chian", CELL, "unknown view 'chian'; did you mean 'chain'?"),
        ("cell --steps three", CELL, "argument --steps: invalid int value: 'three'"),
        ("cell --steps 0", CELL, "cannot unroll 0 steps"),
        ("cell two", CELL, "unrecognized arguments: two"),
        ("3x", CELL, "'3x' is no name"),
        ("lambda", CELL, "'lambda' is no name"),
        ("cell 'a", CELL, "%%rnn cell 'a: No closing quotation"),
        ("cell --strict", DOUBTFUL, "cell, line 2, column 15: nothing leads from V to L"),
        ("cell --notation N9", CELL, "unknown notation 'N9'"),
        ("cell", "", "cell: the text holds no equation"),
    ],
)
def test_what_is_wrong_is_one_message_with_its_place(
    shell: Shell, line: str, cell: str, said: str
) -> None:
    with pytest.raises(Exception, match=r"(?s).") as caught:
        shell(line, cell)
    assert str(caught.value).startswith(said)
    assert type(caught.value).__name__ == "UsageError"
    assert caught.value.__cause__ is None


def test_what_is_doubtful_is_said_and_shown_all_the_same(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("cell", DOUBTFUL) is not None
    said = capsys.readouterr().err
    assert said.startswith("symrnn: warning: cell, line 2, column 15: nothing leads from V to L")
    assert ".py" not in said


def test_help_is_printed(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("--help") is None
    assert capsys.readouterr().out.startswith("usage: %%rnn [-h] [--strict]")
    assert shell.names == {}


def test_nothing_imports_ipython_for_itself() -> None:
    code = "import sys, symrnn.cli.notebook; print('IPython' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


# in IPython


class Ran(NamedTuple):
    result: Any
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], Ran]]:
    if importlib.util.find_spec("IPython") is None:
        pytest.skip("IPython is not installed")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()

    def ran(cell: str) -> Ran:
        capsys.readouterr()
        found = shell.run_cell(cell)
        return Ran(found, *capsys.readouterr())

    assert ran("%load_ext symrnn").result.success
    yield ran
    InteractiveShell.clear_instance()


def test_ipython_shows_a_cell_and_knows_its_model(run: Callable[[str], Ran]) -> None:
    found = run(f"%%rnn cell --steps 2\n{CELL}")
    assert found.result.success
    assert "<math" in found.result.result._repr_html_()
    assert run("cell.name").result.result == "cell"
    assert run("steps = 2").result.success
    assert "T = 2" in run("cell.derive(steps)").out
    again = run(f"%%rnn cell --steps {{steps + 1}}\n{CELL}")  # as in other magics
    assert "{t=3}" in again.out


def test_ipython_shows_an_error_without_a_traceback(run: Callable[[str], Ran]) -> None:
    found = run("%%rnn cell\nh[t] = tanh(x[t @ W\n")
    assert not found.result.success
    assert found.err.startswith("UsageError: cell, line 1, column 14: '[' was never closed\n")
    assert "Traceback" not in found.out + found.err
    assert found.err.count("\n") == 3


def test_a_model_of_numbers_alone_shows_itself() -> None:
    assert r"\text{no equations}" in symrnn.parse("h = 3")._repr_latex_()
