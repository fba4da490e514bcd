"""`symrnn derive` as it is typed: what it prints, what it refuses, what it writes."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Float

import symrnn
from symrnn.cli import main
from symrnn.errors import DataError


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["derive", *words]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    return caught.out


def typed(command: str) -> list[str]:
    """The words of a command."""
    return command.split()


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["derive", *words]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.startswith("symrnn: ")
    assert "Traceback" not in caught.err
    return caught.err.removeprefix("symrnn: ")


def test_the_default_is_the_chain_of_every_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "elman", "--steps", "3")
    assert [line for line in found.splitlines() if line.startswith("%")] == [
        f"% chain: Gradient with respect to {name}" for name in ("w_i", "w_h", "b", "w_o", "b_o")
    ]
    assert found.count(r"\right]_{t=3}") == 3


def test_without_steps_it_is_the_recursion(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "elman").startswith("% delta: Forward\n")


def test_several_views_and_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, *typed("elman --steps 2 --view closed,chain --wrt w_h,b"))
    assert [line[2:] for line in found.splitlines() if line.startswith("%")] == [
        f"{view}: Gradient with respect to {name}"
        for view in ("closed", "chain")
        for name in ("w_h", "b")
    ]


def test_inputs_and_initial_states(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(
        capsys,
        *typed("elman --steps 2 --wrt x,O0 --view chain --format unicode --scalar"),
    )
    assert found == (
        "Gradient with respect to x₁\n    ∂L/∂x₁ = ∂L/∂ŷ · ∂ŷ/∂O₂ · ∂O₂/∂O₁ · ∂O₁/∂x₁\n\n"
        "Gradient with respect to x₂\n    ∂L/∂x₂ = ∂L/∂ŷ · ∂ŷ/∂O₂ · ∂O₂/∂x₂\n\n"
        "Gradient with respect to O₀\n    ∂L/∂O₀ = ∂L/∂ŷ · ∂ŷ/∂O₂ · ∂O₂/∂O₁ · ∂O₁/∂O₀\n"
    )


def test_dimensions_that_have_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    words = typed("elman_n4 --steps 1 --wrt w_o --view closed --format unicode")
    assert said(capsys, *words).endswith("∂L/∂w_o = O₁ᵀ (ŷ - y)/C\n")
    assert said(capsys, *words, "--dims", "C=1").endswith("∂L/∂w_o = O₁ᵀ (ŷ - y)\n")


def test_the_batch_is_averaged_over(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, *typed("elman --wrt b_o --batch --format unicode"))
    assert found.endswith("∂L/∂b_o = 1/B ∑_{b=1}^{B} (ŷ - y)/C\n")


def test_updates_and_symbols(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, *typed("elman --wrt w_h --update --symbols --format unicode"))
    assert "learning rate" in found
    assert "parameter" in found
    assert "w_h^{new} = w_h^{old} - η ∂L/∂w_h^{old}" in found
    latex = said(capsys, *typed("elman --wrt w_h --update --symbols"))
    assert r"w_h^{\mathrm{new}} &= w_h^{\mathrm{old}} - \eta" in latex
    assert r"\rowgap" not in latex  # a fragment brings no macros of its own


def test_data_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, *typed("elman --steps 3 --format json --wrt w_h")))
    assert (found["model"], found["steps"], found["form"]) == ("elman", 3, "matrix")
    terms = found["gradients"]["w_h"]
    assert [term["step"] for term in terms] == ["3", "2", "1"]
    assert terms[0]["path"] == [["L", "ŷ"], ["ŷ", "O₃"], ["O₃", "w_h"]]
    assert [f["equals_total"] for f in terms[0]["factors"]] == [True, True, False]
    assert terms[0]["factors"][2]["closed"]["text"] == "O₂ᵀ · ∂L/∂O₃ · diag(1 - O₃²)"
    assert terms[0]["closed"]["text"] == "O₂ᵀ ((ŷ - y)/C w_oᵀ ⊙ (1 - O₃²))"
    (sheet,) = found["views"][0]["sheets"]
    assert sheet["about"] == "w_h"
    assert sheet["equations"][0]["left"]["text"] == "∂L/∂w_h"


def test_python_text_runs(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(
        capsys,
        *typed("elman --steps 2 --scalar --view closed --wrt w_h --format sympy"),
    )
    names: dict[str, object] = {}
    exec(compile(found, "derived", "exec"), names)
    assert "O_1" in {str(symbol) for symbol in names["dL_dw_h"].free_symbols}  # type: ignore[attr-defined]


def test_a_notation_of_ones_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('time = "superscript"\n[symbols]\nO = "s"\nw_h = "W_{ss}"\n')
    found = said(capsys, *f"elman --notation {mine} --wrt w_h --view delta".split())
    assert r"s^{(t)} &= \tanh" in found
    assert r"\frac{\partial L}{\partial W_{ss}}" in found


def test_an_exercise_and_its_solution(capsys: pytest.CaptureFixture[str]) -> None:
    words = "elman_n4 --steps 3 --scalar --view closed --wrt w_h --exercise --format unicode"
    blank, solution = said(capsys, *words.split()).split("Gradient with respect to w_h")[1:]
    assert "(1)" in blank
    assert "____" in blank
    assert "____" not in solution
    formulas = blank.partition("\nSolution")[0].splitlines()
    assert len(formulas) == len(solution.splitlines())


def test_a_slip_is_told_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    words = typed("elman_n4 --steps 3 --scalar --view closed --wrt w_h --format unicode")
    right = said(capsys, *words).splitlines()
    for seed in range(6):
        wrong = said(capsys, *words, "--slip", str(seed))
        shown, told = wrong.split("Right is\n")
        assert shown.splitlines()[1:4] != right[1:4]
        assert right[1] in told.splitlines()
    assert wrong == said(capsys, *words, "--slip", "5")


def test_a_worked_example(capsys: pytest.CaptureFixture[str]) -> None:
    words = typed("elman_n4 --view numbers --data notes --wrt w_o --eta 0.1 --format unicode")
    found = said(capsys, *words)
    assert found.startswith("Given\n")
    assert "x₁ w_i" in found
    assert "[1, 0, 0]" in found
    assert "w_o^{new} = w_o - η ∂L/∂w_o" in found
    assert found != said(capsys, *words, "--row", "2")
    assert found != said(capsys, *words, "--seed", "1")


def test_a_worked_example_of_given_widths(capsys: pytest.CaptureFixture[str]) -> None:
    words = typed("elman --view numbers --dims D=3,H=1 --steps 1 --format unicode")
    found = said(capsys, *words).splitlines()
    assert found[1:5] == [
        "    x₁  = [-0.8, -0.6, -0.5]",
        "    w_i = [0.5; -0.9; 0.9]",
        "    w_h = 0.3",
        "    b   = -0.9",
    ]
    # the same widths in letters
    assert "1/C" not in said(capsys, *typed("elman --dims C=1 --wrt w_o --format unicode"))


def test_weights_of_other_widths_than_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "weights.json"
    path.write_text('{"w_i": [[1], [2]], "w_h": [[1]], "w_o": [[1]]}')
    words = [*typed("elman_n4 --view numbers --weights"), str(path), "--dims"]
    assert refused(capsys, *words, "H=2") == (
        f"{path}: w_i has shape (2, 1); expected (D, H) with H = 2 by --dims: leave H away there,"
        " or change w_i\n"
    )
    assert "w_h &= 1" in said(capsys, *words, "D=2,H=1")


def test_an_initial_state_is_among_what_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    words = typed("elman_n4 --view numbers --steps 2 --dims H=2 --format")
    given = said(capsys, *words, "unicode").split("\n\n")[0].splitlines()
    assert given[-2:] == ["    O₀  = [0, 0]", "    η   = 0.001"]
    names: dict[str, Any] = {}
    exec(compile(said(capsys, *words, "sympy"), "derived", "exec"), names)
    assert names["O_0"].tolist() == [[0.0, 0.0]]
    assert not names["dL_dw_h"].free_symbols  # everything is a number
    backwards = typed("--view numbers --steps 2 --scalar --format unicode -e")
    text = "h[t]=tanh(x[t]@W+h[t+2]@U); L=mse(y,h[1])"
    given = said(capsys, *backwards, text).split("\n\n")[0].splitlines()
    assert given[-3:-1] == ["    h₃ = 0", "    h₄ = 0"]


def test_an_initial_state_with_a_name_is_not_said_to_be_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for view in ("delta", "numbers"):
        words = typed(f"elman --wrt O0 --steps 1 --view {view} --format")
        assert "O₀ = O₀" not in said(capsys, *words, "unicode")
        assert "O_0 &= O_0" not in said(capsys, *words, "latex")
        assert "O₀ = O₀" not in said(capsys, *words, "html")
    python = said(capsys, *typed("elman --wrt O0 --steps 1 --view delta --scalar --format sympy"))
    assert "\nO_0 = O0\n" in python  # two names there


def test_a_gradient_without_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    text = "h[t]=tanh(x[t]+h[t-1]); L=mse(y,h[T])"
    found = said(capsys, "-e", text, *typed("--wrt h0 --format unicode"))
    assert found.endswith("∂L/∂h₀ = δ₁\n")


@pytest.mark.parametrize("name", ["elman", "lstm", "birnn"])
def test_python_text_of_matrices_needs_no_view(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [name, *typed("--steps 2 --format sympy")]
    assert said(capsys, *words) == said(capsys, *words, "--view", "closed")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "elman --view chian",
            "unknown view 'chian'; did you mean 'chain'?\nthere are steps, chain, ",
        ),
        ("elman --steps 0", "cannot unroll 0 steps; expected a number from 1 to"),
        ("elman --steps -3", "cannot unroll -3 steps"),
        ("elman --wrt w_x", "'w_x' is no parameter, input or initial state; did you mean 'w_"),
        ("elman --notation N7", "unknown notation 'N7'"),
        ("elman --notation book", "unknown notation 'book'; did you mean 'books'?"),
        ("elman --notation ./none.toml", "cannot read './none.toml'"),
        ("elman --steps 1000", "the view chain for T = 1000 would have 1,507,504 factors"),
        ("elman --steps 9999 --view closed", "the view closed for T = 9999 would have "),
        ("elman --steps 30 --view expanded", "∂L/∂w_i for T = 30 would have "),
        ("elman --view expanded", "the view expanded needs a number of steps (--steps)"),
        ("elman --dims Q=3", "the model has no dimension 'Q'"),
        ("elman --width 7", "--width 7: expected 0 (no limit) or at least 20"),
        ("elman --digits 0", "--digits 0: expected a number from 1 to 17"),
        ("elman --figure --format html", "a picture needs a number of steps; say --steps"),
        ("elman --data notes", "--data and --weights are for a worked example"),
        (
            "elman_n4 --view numbers --dims D=2 --data notes",
            "the notes' data: x has shape (3, 3);"
            " expected (T, D) with D = 2 by --dims: leave D away there, or change x\n",
        ),
        ("elman --view numbers --dims Q=3", "the model has no dimension 'Q'"),
        (
            "elman --dims D=1,H=3 --scalar",
            "H = 3 is asked for, and in the scalar form every width"
            " is 1: leave one of --scalar and --dims H away\n",
        ),
        ("elman --view numbers --batch", "--batch averages over all sequences, and a worked"),
        (
            "-e h[t]=tanh(x[t]+h[t-1]);L=mse(y,h[T])",
            "no parameters; what else there can be a gradient by, --wrt asks for: x, h0\n",
        ),
        ("-e T=1;h=tanh(q);L=mse(y,h);q:input", "no parameters; what else there can be a gradient"),
        ("elman --view numbers --eta nan", "--eta nan: expected a number"),
        ("elman --view numbers --data notes --row 4", "there is no row 4 in the notes' data"),
        ("elman --view numbers --data ./none.json", "cannot read './none.json'"),
        ("elman --row 2", "--row is for a worked example; say --view numbers\n"),
        ("elman --row 1 --view chain", "--row is for a worked example"),
        ("elman --eta 0.1 --update", "--eta is for a worked example"),
        ("elman --seed 1", "--seed is for a worked example and for an exercise; say --view"),
        ("elman --slip 1 --seed 1", "--seed is for a worked example and for an exercise"),
        (
            "elman -o x.docx",
            "-o x.docx: .docx tells no format; say one with --format,",
        ),
        (
            "elman -o x.html --format pdf",
            "-o x.html and --format pdf: a file that ends in .html"
            " holds html; change one of them\n",
        ),
        ("elman -o x.pdf --format tex", "-o x.pdf and --format tex: a file that ends in .pdf"),
        ("elman --exercise --slip 1", "--exercise and --slip are two different sheets"),
        ("-e h[t]=x[t] --steps 2", "the model has no loss to derive"),
        ("elman --steps 2 -o ./none/x.tex", "cannot write ./none/x.tex"),
    ],
)
def test_bad_input(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, *words.split()).startswith(message)


def test_what_is_refused_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "derivation.tex"
    target.write_text("mine")
    refused(capsys, "elman", "--steps", "1000", "-o", str(target))
    assert target.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("format_", typed("latex tex html unicode sympy json"))
def test_a_file_holds_what_would_be_printed(
    format_: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["elman", "--steps", "2", "--scalar", "--format", format_]
    printed = said(capsys, *words)
    target = tmp_path / "derivation"
    assert said(capsys, *words, "-o", str(target)) == ""
    assert target.read_text("utf-8") == printed


@pytest.mark.parametrize(
    "hostile",
    [r"\input{/etc/passwd}", "<script>alert(1)</script>", "% \\end{document}", "ŷ — 中文 \u202e"],
)
def test_comments_of_a_model_are_text(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"# {hostile}\nh[t] = tanh(x[t] @ W); L = mse(y, h[T])"
    page = said(capsys, "-e", text, "--steps", "1", "--format", "html")
    assert "<script" not in page
    paper = said(capsys, "-e", text, "--steps", "1", "--format", "tex")
    assert r"\input{" not in paper
    assert paper.count(r"\end{document}") == 1
    assert paper.isascii()


@pytest.mark.parametrize("format_", typed("latex tex html unicode"))
def test_what_is_no_parameter_has_no_update(
    format_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(capsys, *typed(f"elman --wrt O0 --steps 1 --update --format {format_}"))
    assert "Update rules" not in found
    both = said(capsys, *typed(f"elman --wrt O0,w_h --steps 1 --update --format {format_}"))
    assert "Update rules" in both


def test_a_file_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "elman", "-o", "") == "-o '': expected the name of a file\n"


@pytest.mark.parametrize("option", ["--view", "--wrt"])
@pytest.mark.parametrize("names", ["", ",", " , "])
def test_names_that_are_none(option: str, names: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["derive", "elman", option, names])
    assert left.value.code == 2
    said = f"argument {option}: '{names}' holds no name; expected one or more, as a,b"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "words", "begins"),
    [
        ("a.tex", "", "\\documentclass"),
        ("a.tex", "--format latex", "% delta: Forward"),
        ("a.tex", "--format tex", "\\documentclass"),
        ("a.TXT", "", "Forward\n"),
        ("a.txt", "--format latex", "% delta: Forward"),
        ("a.htm", "", "<!DOCTYPE html>"),
        ("a.json", "", "{\n"),
        ("a.md", "--format unicode", "Forward\n"),
        ("a", "", "% delta: Forward"),
    ],
)
def test_what_a_file_holds(
    file: str, words: str, begins: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / file
    assert said(capsys, "elman", *words.split(), "-o", str(target)) == ""
    assert target.read_text("utf-8").lstrip("% \n").startswith(begins.lstrip("% "))


def test_a_link_into_a_folder_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link, target = tmp_path / "link.tex", tmp_path / "none" / "x.tex"
    link.symlink_to(target)
    assert refused(capsys, "elman", "-o", str(link)) == (
        f"cannot write {link}: it is a link to {target}, and there is no folder {target.parent};"
        " make it first\n"
    )


def test_symbols_for_names_that_the_model_has_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[symbols]\nO = "s"\nw_hh = "W"\n')
    assert main(["derive", "elman", "--notation", str(mine)]) == 0
    caught = capsys.readouterr()
    assert "s_t" in caught.out
    assert caught.err == (
        f"symrnn: note: {mine} has a symbol for 'w_hh', and the model has no such name; did you"
        " mean 'w_h'?\n"
    )


def test_a_number_over_a_dimension_is_one_fraction(capsys: pytest.CaptureFixture[str]) -> None:
    text = "h[t]=tanh(x[t]@W+h[t-1]@U); L=mse(y,h[T])"
    assert "δ_T = 2/C ((h_T - y) ⊙ (1 - h_T²))" in said(capsys, "-e", text, "--format", "unicode")
    assert r"\frac{2}{C} \, ((h_T - y)" in said(capsys, "-e", text)
    steps = "h[t]=tanh(x[t]@W+h[t-1]@U); L=mean(mse(y[t],h[t]))"
    words = typed("--steps 2 --scalar --view delta --format sympy")
    names: dict[str, Any] = {}
    exec(compile(said(capsys, "-e", steps, *words), "derived", "exec"), names)
    assert not names["dL_dW"].has(Float)  # 2/T is 1, not 1.0


def test_a_document_has_a_width_in_any_case(capsys: pytest.CaptureFixture[str]) -> None:
    words = typed("lstm --steps 3 --format tex --scalar --view closed --wrt W_i")
    assert said(capsys, *words, "--width", "0") == said(capsys, *words)
    wide = said(capsys, *words[:3], "--view", "closed", "--wrt", "W_i", "--width", "0")
    assert max(map(len, wide.splitlines())) > 400  # fragments have none


def test_python_draws_the_data_of_a_worked_example_as_the_command_line_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for words, steps in (("elman", None), ("elman_n4 --steps 2 --scalar", 2)):
        said_there = said(capsys, *typed(f"{words} --view numbers --format unicode"))
        model = symrnn.load(words.split()[0])
        derivation = model.derive(steps, scalar="--scalar" in words)
        assert derivation.text("numbers") == said_there
    notes = said(capsys, *typed("elman_n4 --view numbers --data notes --eta 0.1 --format unicode"))
    found = symrnn.load("elman_n4").derive()
    assert found.text("numbers", data="notes", eta=0.1) == notes
    with pytest.raises(DataError, match="w_i is missing: expected an array of shape"):
        found.text("numbers", data={"x": np.ones((3, 1, 2)), "y": np.ones((1, 1))})


@pytest.mark.parametrize("notation", ["default", "books"])
@pytest.mark.parametrize("model", ["elman_n4 --scalar", "lstm --steps 2 --dims H=2,D=2"])
def test_worked_numbers_have_blanks_and_slips(
    model: str, notation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = typed(f"{model} --view numbers --notation {notation} --format unicode")
    right = said(capsys, *words)
    blanks = said(capsys, *words, "--exercise")
    task, solution = blanks.split("Solution: A worked example")
    assert solution.split("Nothing is left out:\n\n")[1] == right
    assert re.search(r"= \(\d+\)____\n", task), "a value is left blank"
    wrong = said(capsys, *words, "--slip", "3")
    asked, told = wrong.split("The slip\n")
    assert asked.split("\n\n", 1)[1] != right
    assert "From there on the wrong value is used." in " ".join(told.split())
    line = told.rstrip().splitlines()[-1].strip()
    assert line in [each.strip() for each in right.splitlines()]


def test_a_sum_of_widths_stands_in_brackets_where_it_is_multiplied(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = said(capsys, *typed("bilstm --format unicode --symbols"))
    assert "(H + H_h_b) × C" in found
    tex = said(capsys, *typed("bilstm --format latex --symbols"))
    assert r"$(H + H_{h,b})$ × $C$".replace("×", r"$\times$") in tex
