"""A derivation as a piece of a paper: labels, columns, and the author's macros."""

import re
from pathlib import Path

import pytest

from symrnn.cli import main
from symrnn.derive.pages.macros import read_macros
from symrnn.derive.views import VIEWS
from tests.cases import ZOO, model
from tests.derive.pages.test_overfull import complaints_of, needs_tex

COLUMNS = r"""\documentclass[10pt,twocolumn]{article}
\usepackage[textwidth=502pt,columnsep=10pt,textheight=650pt]{geometry}
\usepackage{amsmath}
\begin{document}
"""
"""Two columns of 246 pt, which are --width 57."""

OWN = "forget_gate_of_memory[t] = sigmoid(x[t] @ W_x + forget_gate_of_memory[t-1] @ W_h);"
OWN += "L = mse(y, forget_gate_of_memory[T])"

MINE = r"""% what the paper defines
\newcommand{\Wf}{W_f} \newcommand*{\Wi}{W_{i}} \renewcommand{\Uf}{U_f}
\def\state{h_t}
\newcommand{\Loss}{L}\newcommand{\letter}{W}\newcommand{\hh}{h}\newcommand{\cell}{\hat{y}}
"""


def printed(capsys: pytest.CaptureFixture[str], *asked: str) -> str:
    assert main(["derive", *asked]) == 0
    return capsys.readouterr().out


@needs_tex
def test_columns_of_a_paper_hold_every_formula(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fragment = ["--format", "tex", "--fragment", "--width", "57"]
    asked = [[name] for name in ZOO] + [["-e", OWN], ["-e", OWN, "--steps", "2"]]
    pieces = [f"\\typeout{{@@ {a}}}\n" + printed(capsys, *a, *fragment) for a in asked]
    tex = COLUMNS + "\\clearpage\n".join(pieces) + "\\end{document}\n"
    assert complaints_of(tex, tmp_path) == []


@pytest.mark.parametrize("name", ZOO)
def test_each_equation_has_a_label_of_its_own(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(capsys, name, "--format", "tex", "--fragment", "--update", "--width", "50")
    labels = re.findall(r"\\label\{([^}]*)\}", text)
    assert len(labels) == len(set(labels)) > 3
    assert all(re.fullmatch(r"eq:[A-Za-z0-9_+:-]+", label) for label in labels), labels
    rows = sum(
        len(re.split(r" \\\\\n", b)) for b in re.findall(r"align\}\n(.*?)\n\\end", text, re.S)
    )
    assert rows == len(labels) + text.count(r"\notag")
    assert "documentclass" not in text


def test_labels_do_not_depend_on_what_else_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    fragment = ("lstm", "--format", "tex", "--fragment", "--wrt")
    one, two = (printed(capsys, *fragment, names) for names in ("U_f", "W_i,U_f"))
    labels = [set(re.findall(r"\\label\{([^}]*)\}", text)) for text in (one, two)]
    assert "eq:lstm-delta-U_f" in labels[0]
    assert labels[0] < labels[1]


def labelled(text: str) -> dict[str, str]:
    """What stands on the left of each labelled equation."""
    pieces = re.split(r"\\label\{([^}]*)\}", text)
    found = dict(zip(pieces[1::2], pieces[0::2], strict=False))
    assert len(found) == len(pieces) // 2
    sides = {
        label: re.findall(r"^([\\A-Za-z][^&\n]*)&=", body, re.M) for label, body in found.items()
    }
    return {label: own[-1] for label, own in sides.items()}


@pytest.mark.parametrize("view", sorted(set(VIEWS) - {"expanded", "numbers"}))
@pytest.mark.parametrize("name", ["elman", "char", "lstm"])
def test_a_label_means_the_same_whatever_else_is_shown(
    name: str, view: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [name, "--format", "tex", "--fragment", "--scalar", "--view", view]
    asked += [] if view == "product" else ["--steps", "2"]
    whole = labelled(printed(capsys, *asked))
    assert all("frac" not in label and "partial" not in label for label in whole)
    for parameter in ("b", "b_h", "b_f"):
        if parameter in model(name).derive().parameters:
            one = labelled(printed(capsys, *asked, "--wrt", parameter))
            common = [label for label in one if label in whole]
            assert f"eq:{name}-{view}-{parameter}" in common or view == "local"
            assert all(one[label] == whole[label] for label in common)
            assert len(common) == len(one) or view == "steps"


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("form", [["latex", "--all"], ["tex", "--fragment"]])
def test_macros_expand_to_what_is_printed_without(
    name: str, form: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.tex"
    file.write_text(MINE)
    without = printed(capsys, name, "--format", *form)
    text = printed(capsys, name, "--format", *form, "--macros", str(file))
    assert r"\Loss" in text
    if name == "lstm":
        assert r"\Wf" in text
        assert r"\Wi" in text
        assert r"\state" in text
        assert r"\letter" not in text
    for macro, body in read_macros(MINE, "").bodies.items():
        literal = body.replace("{i}", "i").replace("\\", r"\\")
        text = re.sub(rf"\{macro}(?![A-Za-z])( (?=[A-Za-z]))?", literal, text)
    assert text == without


def test_a_symbol_within_another_is_left_alone() -> None:
    macros = read_macros(r"\def\h{h} \def\a{a} \def\one{1} \newcommand{\W}{W_{hh}}", "m")
    kept = r"$h_t + a^{f}_t + 12 + \hat{h} + W_{hh,1} + \mathrm{a} + f_h$"
    assert macros.in_text(kept) == kept
    changed = macros.in_text(r"$h^{\top} + a h + \frac{a}{W_{hh}^{2}} + 1$ \label{a} h")
    assert changed == r"$\h^{\top} + \a \h + \frac{\a}{\W^{2}} + \one$ \label{a} h"


@needs_tex
def test_a_document_defines_the_macros_that_it_uses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.tex"
    file.write_text(MINE)
    text = printed(capsys, "lstm", "--format", "tex", "--macros", str(file))
    assert r"\renewcommand{\Wf}{W_f}" in text
    assert r"{\letter}" not in text
    assert complaints_of(text, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read"),
        ("no macro", "defines no macro"),
        ("\n\\newcommand{\\Wf}{W_{f}", "line 2: the braces of \\Wf are not closed"),
        ("\\newcommand{Wf}{W_f}", "line 1: this \\newcommand cannot be read"),
        ("\\def\\a{\\b}\\def\\b{\\a}", "is defined by itself"),
        (b"\xff\xfe", "no UTF-8"),
    ],
)
def test_a_broken_file_of_macros_is_one_message(
    text: str | bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.tex"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["derive", "lstm", "--macros", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_macros_with_arguments_are_left_alone_and_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.tex"
    file.write_text("\\newcommand{\\v}[1]{#1}\\def\\w#1{#1}\\def\\Wf{W_f}")
    assert main(["derive", "lstm", "--macros", str(file)]) == 0
    assert capsys.readouterr().err.count("left alone: \\v, \\w\n") == 1


@pytest.mark.parametrize(
    "asked",
    [
        ["--fragment", "--format", "pdf"],
        ["--fragment", "--steps", "2", "--figure"],
        ["--fragment", "--symbols"],
        ["--fragment", "--title", "T"],
        ["--macros", "m.tex", "--format", "html"],
    ],
)
def test_what_makes_no_sense_is_refused(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["derive", "lstm", *asked]) == 2
    assert asked[0] in capsys.readouterr().err
