"""The command line: results on stdout, one message on stderr, status 0 or 2."""

import io
import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

import symrnn
from symrnn.cli import COMMANDS, main
from symrnn.language import parse
from symrnn.system import normal, unroll
from tests.cases import ZOO

ROOT = Path(symrnn.__file__).parents[1]
MINE = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"


class Said(NamedTuple):
    status: object
    out: str
    err: str


class Here:
    """The command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Said:
        try:
            status: object = main(arguments)
        except SystemExit as leaving:
            status = leaving.code
        return Said(status, *self.capsys.readouterr())

    def result(self, *arguments: str) -> str:
        said = self(*arguments)
        assert (said.status, said.err) == (0, "")
        return said.out


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(capsys)


# results


def test_models_lists_each_with_what_it_is(here: Here) -> None:
    lines = here.result("models").splitlines()
    assert [line.split()[0] for line in lines] == ZOO
    assert "leaky          Leaky integrator: the state moves a fixed fraction of the way" in (
        "\n".join(lines)
    )
    found = json.loads(here.result("models", "--format", "json"))
    assert {row["name"]: row["about"] for row in found} == symrnn.models()


@pytest.mark.parametrize("name", ZOO)
def test_show_prints_the_text_as_it_was_written(here: Here, name: str) -> None:
    assert here.result("show", name) == (ROOT / f"symrnn/library/models/{name}.rnn").read_text(
        "utf-8"
    )


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize(
    "how",
    ["--normal", "--adjoint", "--unroll 3", "--adjoint --unroll 3", "--adjoint --wrt x"],
)
def test_what_show_prints_is_a_text_that_reads_back_as_the_same_system(
    here: Here, name: str, how: str
) -> None:
    model = symrnn.load(name)
    wanted = model.gradient(["x"] if "--wrt" in how else []) if "--adjoint" in how else model.system
    if "--unroll" in how:
        wanted = unroll(wanted, 3)
    assert normal(parse(here.result("show", name, *how.split()))) == wanted


def test_show_normal(here: Here) -> None:
    title, widths, equations = here.result("show", "-e", MINE, "--normal").split("\n\n")
    assert title == "# -e: normal form"
    assert widths.startswith("# widths and roles\nx: D\n")
    assert equations == (
        "# the model\na_h[t] = x[t] @ W + h[t-1] @ U\nh[t] = tanh(a_h[t])\n"
        "l_h = mse(y, h[T])\nL = l_h\n"
    )


def test_show_adjoint_unrolled(here: Here) -> None:
    lines = here.result("show", "elman", "--adjoint", "--unroll", "3").splitlines()
    assert lines[:4] == ["# elman: with its adjoint, 3 steps", "", "# widths and roles", "T = 3"]
    assert "a_O[1] = x[1] @ w_i + O[0] @ w_h + b" in lines
    assert "d_O[3] = d_a_yhat @ transpose(w_o)" in lines
    assert "d_O[2] = d_a_O[3] @ transpose(w_h)" in lines


def test_show_gradients_by_inputs_and_initial_states_if_asked(here: Here) -> None:
    asked = {"d_x[t] = d_a_O[t] @ transpose(w_i)", "d_O0 = d_O_0", "O0: input"}
    plain = set(here.result("show", "elman", "--adjoint").splitlines())
    assert asked <= set(here.result("show", "elman", "--adjoint", "--wrt", "x, O0").splitlines())
    assert not asked & plain


def test_show_under_another_head(here: Here, tmp_path: Path) -> None:
    body = "O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h + b)\n"
    assert here.result("show", "elman", "--head", "steps") == (
        f"y: onehot\n{body}yhat[t] = softmax(O[t] @ w_y + b_y)\nL = mean(ce(y[t], yhat[t]))\n"
    )
    head = tmp_path / "mine.rnn"
    head.write_text("L = mse(y, state[T] @ V)")
    found = here.result("show", "elman", "--head", str(head))
    assert found == body + "L = mse(y, O[T] @ V)\n"


def test_show_with_weights_and_masks(here: Here) -> None:
    options = "--head steps --step-weights --dropout O,x --recurrent-dropout O --zoneout O"
    assert here.result("show", "elman", *options.split()).splitlines() == [
        "y: onehot",
        "weights: 1",
        "drop_O: H",
        "drop_x: D",
        "keep_O: H",
        "keep_O: input",
        "zone_O: H",
        "new_O[t] = tanh((x[t] * drop_x[t]) @ w_i + (O[t-1] * keep_O) @ w_h + b)",
        "O[t] = zone_O[t] * O[t-1] + (1 - zone_O[t]) * new_O[t]",
        "yhat[t] = softmax((O[t] * drop_O[t]) @ w_y + b_y)",
        "L = sum(weights[t] * ce(y[t], yhat[t])) / sum(weights[t])",
    ]


@pytest.mark.parametrize("command", ["summary", "derive", "generate --steps 2", "verify"])
def test_every_command_takes_weights_and_masks(here: Here, command: str) -> None:
    options = "char --step-weights --dropout h --recurrent-dropout h --zoneout h"
    found = here.result(*command.split(), *options.split())
    assert "weights" in found or "char-weights-dropout-zoneout: 3 steps" in found


def test_show_as_json(here: Here) -> None:
    written = json.loads(here.result("show", "gru", "--format", "json"))
    assert written == {"model": "gru", "form": "written", "text": symrnn.load("gru").text}
    found = json.loads(here.result("show", "gru", "--adjoint", "--unroll", "2", "--format", "json"))
    wanted = unroll(symrnn.load("gru").adjoint, 2)
    assert found["steps"] == 2
    assert normal(parse(found["text"])) == wanted
    assert [row["name"] for row in found["symbols"]] == list(wanted.symbols)
    assert len(found["equations"]) == len(wanted.equations)


def test_summary_counts(here: Here) -> None:
    lines = here.result("summary", "elman", "--dims", "D=5,H=3,C=1").splitlines()
    assert lines[0] == "elman: dimensions D H C (D=5, H=3, C=1)"
    assert "  total 31: 27 in matrices, 4 in vectors" in lines
    assert "  w_h  (3, 3)   9" in lines
    assert "  O0  (B, H)    read as O[0]" in lines
    found = json.loads(here.result("summary", "elman", "--dims", "D=5,H=3,C=1", "--format", "json"))
    assert found["total"] == 31
    assert sum(row["count"] for row in found["parameters"]) == 31


def test_summary_says_which_widths_are_missing(here: Here) -> None:
    last = "  total: say how wide it is, --dims "
    assert last + "D=…,H=…,C=…" in here.result("summary", "elman").splitlines()
    assert last + "H=…" in here.result("summary", "elman", "--dims", "C=1,D=5").splitlines()


def test_a_model_is_a_name_a_path_a_file_a_text_or_standard_input(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = symrnn.load("leaky").text
    Path("mine.rnn").write_text(text, "utf-8")
    Path("mine.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    ways = ["leaky", "mine.rnn", "./mine.txt", str(tmp_path / "mine.rnn"), "-", "-f mine.txt"]
    for way in ways:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert here.result("show", *way.split()) == text
    assert here.result("show", "-e", text) == text


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"serve"}))  # which never ends by itself
def test_help_shows_examples_that_work(
    here: Here, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = here.result(command, "--help")
    if command in ("predict", "sample", "evaluate"):  # of runs that are there
        for trained in ("elman --data cat-mat-rat", "char --data hello"):
            here.result("train", *trained.split(), "--quiet")
    examples = re.findall(r"^(?:example:|        ) (symrnn .*)", page, re.MULTILINE)
    assert examples
    assert f"example: symrnn {command}" in page
    for example in examples:
        words = shlex.split(example)[1:]
        words += ["--quiet"] if command == "train" else []
        printed = here.result(*words)
        assert Path(words[-1]).stat().st_size if "-o" in words else printed


def test_help_and_version_of_the_whole(here: Here) -> None:
    assert "example: symrnn show elman --adjoint" in here.result("--help")
    assert here.result("--version") == f"symrnn {symrnn.__version__}\n"


# refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("show elmann", "symrnn: unknown model 'elmann'; did you mean 'elman'?"),
        ("show none.rnn", "symrnn: cannot read 'none.rnn': "),
        ("show ./none", "symrnn: cannot read './none': "),
        ("show ./", "symrnn: cannot read './': "),
        ("show -f .", "symrnn: cannot read '.': "),
        ("show latin.rnn", "symrnn: latin.rnn, line 2: byte 0xf6 is not UTF-8; save the file as"),
        ("summary", "symrnn: no model given; expected one of MODEL, -f FILE or -e TEXT"),
        ("show elman gru", "symrnn: error: unrecognized arguments: gru"),
        ("show elman -e h=1", "symrnn: several models given; expected one of MODEL, -f FILE or"),
        ("show -f a -e h=1", "symrnn: several models given; expected one of MODEL, -f FILE or"),
        ("show elman --unroll 0", "symrnn: cannot unroll 0 steps; expected a number from 1 to"),
        ("show elman --unroll -1", "symrnn: cannot unroll -1 steps; expected a number from 1 to"),
        ("show elman --unroll 1000000", "symrnn: cannot unroll 1000000 steps; expected a number"),
        ("show elman --unroll x", "symrnn show: error: argument --unroll: invalid int value: 'x'"),
        ("show elman --adjoint --wrt w_i", "symrnn: 'w_i' is no input or initial state; there"),
        ("show elman --adjoint --wrt O_0", "symrnn: 'O_0' is no input or initial state; did you"),
        ("show elman --wrt x", "symrnn: --wrt asks for gradients; say --adjoint too"),
        ("show elman --head step", "symrnn: unknown head 'step'; did you mean 'steps'?"),
        ("show elman --step-weights", "symrnn: the loss has no terms that a weight for each step"),
        (
            "show elman --dropout Q",
            "symrnn: 'Q' is no input or variable to drop features of; there",
        ),
        ("show elman --recurrent-dropout x", "symrnn: 'x' is no variable to drop features of in"),
        ("show elman --zoneout o", "symrnn: 'o' is no variable; did you mean 'O'?; there are O,"),
        ("show elman --zoneout ,", "symrnn show: error: argument --zoneout: ',' holds no name"),
        ("show elman --head ./none", "symrnn: cannot read './none': "),
        ("show elman --normal --adjoint", "symrnn show: error: argument --adjoint: not allowed"),
        ("show elman --format xml", "symrnn show: error: argument --format: invalid choice: 'xml'"),
        ("show -e h[t]=x[t] --adjoint", "symrnn: the model has no loss; write L = …"),
        ("summary elman --dims D", "symrnn summary: error: argument --dims: 'D' is no width; exp"),
        ("summary elman --dims D=x", "symrnn summary: error: argument --dims: 'D=x' is no width"),
        ("summary elman --dims D=1,D=2", "symrnn summary: error: argument --dims: D is given tw"),
        ("summary elman --dims h=3", "symrnn: the model has no dimension 'h'; did you mean 'H'?"),
        ("summary elman --dims D=0", "symrnn: D=0: a width is a whole number from 1 to 1,000,000"),
        ("show -e h[t]=tanhh(x[t])", "symrnn: -e, line 1, column 6: unknown function 'tanhh'; di"),
        ("summary bad.rnn", "symrnn: bad.rnn, line 2, column 16: '[' was never closed"),
        ("show -", "symrnn: standard input, line 1, column 1: a cycle within one time step: "),
        ("shwo elman", "symrnn: error: argument COMMAND: invalid choice: 'shwo'"),
        ("", "symrnn: error: the following arguments are required: COMMAND"),
    ],
)
def test_bad_input_ends_in_one_message_and_status_2(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"h[t] = h[t] + x[t]")))
    Path("latin.rnn").write_bytes("h[t] = x[t]\n# größer".encode("latin-1"))
    Path("bad.rnn").write_text("# title\nh[t] = x[t] + x[t\n")
    found = here(*arguments.split())
    assert (found.status, found.out) == (2, "")
    assert found.err.startswith(("symrnn", "usage: symrnn"))
    (said,) = [line for line in found.err.splitlines() if line.startswith("symrnn")]
    assert said.startswith(message)
    assert "Traceback" not in found.err
