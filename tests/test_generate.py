"""`symrnn generate` and `symrnn show --program`, and a file that knows what it was made of."""

from pathlib import Path

import pytest

import symrnn
from symrnn.cli import main
from symrnn.kernels.generate import origin
from tests.cases import ZOO, model


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    found = capsys.readouterr()
    assert found.err == ""
    return found.out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    try:
        status: object = main(words)
    except SystemExit as leaving:
        status = leaving.code
    found = capsys.readouterr()
    assert (status, found.out) == (2, "")
    assert "Traceback" not in found.err
    return found.err


def again(source: str) -> str:
    known = origin(source)
    settings = known.settings
    made = symrnn.parse(known.text, known.name)
    return made.generate(settings.steps, settings.loops, settings.wrt, known.name, settings.passes)


@pytest.mark.parametrize("name", ZOO)
def test_a_file_knows_what_it_was_made_of(name: str) -> None:
    for source in (
        model(name).generate(3),
        model(name).generate(9, wrt=model(name).system.named("input")[0].name),
        model(name).generate(2, passes=("hoist",), loops=True, name="mine too"),
    ):
        assert again(source) == source


def test_text_that_would_end_the_docstring_does_not() -> None:
    text = '# """ \\ \\n """\nh[t] = tanh(x[t] @ W)  # \'\'\' {{ x }} {% y %}\nL = mse(y, h[T])\n'
    source = symrnn.parse(text, "odd").generate(2)
    assert origin(source).text == text
    assert again(source) == source


def test_the_same_file_every_time_and_wherever_it_goes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "kernel.py"
    printed = said(capsys, "generate", "lstm", "--steps", "4")
    assert said(capsys, "generate", "lstm", "--steps", "4", "-o", str(path)) == ""
    assert path.read_text("utf-8") == printed == model("lstm").generate(4)


def test_few_steps_are_written_out_and_many_are_a_loop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    few, many = (said(capsys, "generate", "elman", "--steps", str(t)) for t in (8, 9))
    assert "forward_steps" not in few
    assert "forward_steps" in many
    assert "forward_steps" in said(capsys, "generate", "elman", "--steps", "3", "--loop")
    assert "forward_steps" not in said(capsys, "generate", "elman", "--steps", "9", "--unroll")


def test_a_program_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "show", "elman", "--program", "--steps", "5", "--passes", "none")
    assert "for t = 1 … 5:\n    x_w_i[t] = x[t] @ w_i\n" in found
    assert "x_w_i[1 … 5] = x[1 … 5] @ w_i" in said(
        capsys, "show", "elman", "--program", "--steps", "5"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("generate elman", "the following arguments are required: --steps"),
        ("generate elman --steps 0", "0 steps; expected a number from 1 to"),
        ("generate elman --steps -3", "-3 steps; expected a number from 1 to"),
        ("generate elman --steps three", "invalid int value: 'three'"),
        ("generate elmna --steps 3", "did you mean 'elman'"),
        ("generate elman --steps 3 --wrt z", "'z' is no input or state to take a gradient by"),
        ("generate elman --steps 3 --passes hoits", "'hoits' is no pass that can be chosen"),
        ("generate elman --steps 3 --loop --unroll", "not allowed with argument"),
        ("generate elman --steps 10000 --unroll", "statements, more than 50,000; a loop does"),
        ("generate elman --steps 3 -o /no/such/folder/k.py", "there is no folder"),
        ("show elman --program", "--program is for a number of steps; say --steps T"),
        ("show elman --steps 3", "--steps is for --program"),
        ("show elman --passes hoist", "--passes is for --program"),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], words: str, message: str) -> None:
    assert message in refused(capsys, *words.split())


def test_a_name_on_several_lines_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    said_no = refused(capsys, "generate", "elman", "--steps", "3", "--name", "a\nb")
    assert "names no kernel; expected a name on one line" in said_no
