"""What is told of claims, in each format: marks, places, what belongs there, what is kept safe."""

import csv
import io
import json
from dataclasses import replace

import pytest

import symrnn
from symrnn.check.claims import (
    RIGHT,
    RIGHT_IF,
    UNJUDGED,
    WRONG,
    Example,
    Fault,
    Line,
    Report,
    Said,
    Unread,
    Verdict,
    Writing,
)
from symrnn.check.report import Reports
from symrnn.derive.formula import Equation, Formula, Immediate, Times, Total
from symrnn.derive.notation.notation import load_notation
from symrnn.errors import HIDDEN
from symrnn.language.tree import Add, Neg, Ref

DERIVED = symrnn.load("elman_n4").derive(3, scalar=True)
L, Y, YHAT, W = Ref("L"), Ref("y"), Ref("yhat"), Ref("w_o")
LAST = Ref("O", "1", 2)
ERROR: Formula = Add((YHAT, Neg(Y)))

TEXT = r"\frac{\partial L}{\partial w_o} = (\hat y - y)"
SAID = Said(
    Line(TEXT, 4, "notes.tex"),
    Equation(Total(L, W), (ERROR,)),
    right_spans=({(): (34, 46)},),
)
FAULT = Fault(
    "missing factor",
    (0,),
    (LAST, " is missing"),
    term=1,
    step=Ref("", "1", 2),
    corrected=Times((ERROR, LAST)),
)
EXAMPLE = Example({"y": 1.0, "O_3": [[0.5, 0.25]]}, 0.125, 0.25)
MISSING = Verdict(SAID, 0, WRONG, fault=FAULT, example=EXAMPLE)
FINE = Verdict(replace(SAID, line=Line("a = b", 1)), 0, RIGHT)
UNKNOWN = Unread(Line(r"x = \foo", 7), r"\foo is unknown", (4, 8))


def writing(*verdicts: Verdict, name: str = "notes.tex", unread: tuple[Unread, ...] = ()) -> Report:
    lines = {id(verdict.said): verdict.said for verdict in verdicts}.values()
    return Report(Writing((*lines, *unread), name=name), verdicts)


def told(*reports: Report) -> Reports:
    return Reports(reports, DERIVED, load_notation("default"))


def test_a_wrong_line_is_marked_underlined_explained_and_corrected() -> None:
    assert told(writing(FINE, MISSING)).text() == (
        "✓ 1  a = b\n"
        "✗ 4  \\frac{\\partial L}{\\partial w_o} = (\\hat y - y)\n"
        "                                       ^^^^^^^^^^^^\n"
        "     missing factor in term 1, t = 3: O₃ is missing\n"
        "     it should read\n"
        "         ∂L/∂w_o = (ŷ - y) O₃\n"
        "     with y = 1, O_3 = [0.5 0.25]: the left side is 0.125, this is 0.25\n"
        "\n"
        "1 wrong, 1 right\n"
    )


def test_a_long_line_is_broken_and_each_part_of_the_place_underlined() -> None:
    text = "a = " + " + ".join(["b c d"] * 20)
    said = Said(Line(text), Equation(L, (YHAT,)), right_spans=({(): (70, 90)},))
    fault = replace(FAULT, corrected=None)
    lines = told(writing(Verdict(said, 0, WRONG, fault=fault))).text().splitlines()
    assert max(map(len, lines)) <= 80
    under = [line for line in lines if set(line.strip()) == {"^"}]
    assert sum(line.count("^") for line in under) == 20
    assert len(under) == 2


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([writing(FINE)], 0),
        ([writing(replace(FINE, status=RIGHT_IF, under=("It is immediate.",)))], 0),
        ([writing(FINE, replace(FINE, status=UNJUDGED, why="no steps"))], 2),
        ([writing(FINE, unread=(UNKNOWN,))], 2),
        ([writing()], 2),
        ([writing(MISSING, unread=(UNKNOWN,))], 1),
        ([writing(FINE), writing(MISSING)], 1),
    ],
)
def test_the_status_is_that_of_the_worst_line(found: list[Report], status: int) -> None:
    reports = told(*found)
    assert reports.status == status
    assert reports.holds == (status == 0)


def test_several_writings_have_a_line_each_with_what_is_wrong_first() -> None:
    later = replace(MISSING, said=replace(SAID, line=Line(TEXT, 9)))
    assert told(
        writing(FINE, name="ann.tex"),
        writing(FINE, MISSING, later, name="benjamin.tex"),
        writing(name="c.tex", unread=(UNKNOWN,)),
    ).text() == (
        "✓ ann.tex       1 right\n"
        "✗ benjamin.tex  line 4: missing factor in term 1, t = 3: O₃ is missing\n"
        "? c.tex         line 7: \\foo is unknown\n"
    )


def test_a_reading_is_told_with_its_letters() -> None:
    if_immediate = ("It holds if ", Immediate(LAST, Ref("w_h")), " is immediate.")
    text = told(writing(replace(FINE, status=RIGHT_IF, under=if_immediate))).text()
    assert "~ 1  a = b\n     It holds if ∂⁺O₃/∂w_h is immediate.\n" in text


def test_what_is_inherited_says_so() -> None:
    later = replace(MISSING, follows=True)
    assert "(it follows from what is wrong before it)" in (
        told(writing(later)).text().replace("\n     ", " ")
    )


def test_each_right_side_of_a_chain_has_its_own_verdict() -> None:
    said = replace(
        SAID, equation=Equation(L, (YHAT, ERROR)), right_spans=({(): (0, 4)}, {(): (10, 12)})
    )
    chain = writing(Verdict(said, 0, RIGHT), Verdict(said, 1, WRONG, fault=FAULT))
    text = told(chain).text()
    assert "right side 2: missing factor" in text
    assert "right side 1" not in text
    assert "\n               ^^\n" in text


def test_json_tells_everything() -> None:
    (found,) = json.loads(told(writing(FINE, MISSING, unread=(UNKNOWN,))).json())
    right, wrong, unread = found["lines"]
    assert found["status"] == WRONG
    assert right["claims"][0]["status"] == RIGHT
    assert unread["message"] == r"\foo is unknown"
    (claim,) = wrong["claims"]
    assert claim["left"] == r"\frac{\partial L}{\partial w_o}"
    assert claim["fault"] == {
        "kind": "missing factor",
        "term": 1,
        "step": "3",
        "span": [34, 46],
        "says": "O₃ is missing",
        "corrected": r"(\hat{y} - y) \, O_3",
    }
    assert claim["example"] == {
        "values": {"y": 1.0, "O_3": [[0.5, 0.25]]},
        "left": 0.125,
        "right": 0.25,
    }


def test_csv_has_a_row_for_each_claim_and_nothing_that_a_spreadsheet_works_out() -> None:
    goes_on = replace(MISSING, said=replace(SAID, line=Line("= 1 + cmd|' /C calc'!A0")))
    rows = list(csv.DictReader(io.StringIO(told(writing(FINE, goes_on, unread=(UNKNOWN,))).csv())))
    assert [row["status"] for row in rows] == [RIGHT, WRONG, "cannot read"]
    assert rows[1]["text"].startswith("'=")
    assert rows[1]["corrected"] == r"(\hat{y} - y) \, O_3"
    assert rows[1]["kind"] == "missing factor"


def test_the_page_has_every_line_and_obeys_nothing_that_it_shows() -> None:
    hostile = Unread(Line("<script>alert(1)</script>", 9), "<b>no</b>", (0, 3))
    page = told(writing(FINE, MISSING, unread=(hostile,))).html()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>no" not in page
    assert "missing factor in term 1, t = 3: " in page
    assert page.count("<math") >= 4


def test_the_page_of_several_begins_with_a_table() -> None:
    page = told(writing(FINE, name="ann.tex"), writing(MISSING, name="ben.tex")).html()
    assert page.index("<table") < page.index("ann.tex") < page.index("<section")


def test_a_terminal_is_shown_nothing_that_it_would_obey() -> None:
    said = replace(SAID, line=Line("a = \x1b[31mb\tc"))
    assert "\x1b" not in told(writing(Verdict(said, 0, RIGHT))).text()


def test_no_format_holds_what_a_terminal_would_obey() -> None:
    hidden = Unread(Line("a\x1b[31m\u202e", 1), "no\x07\x9b", (0, 1))
    found = told(writing(FINE, unread=(hidden,), name="b\x7f.tex"))
    for form in (found.text(), found.json(), found.csv(), found.html()):
        assert not HIDDEN.search(form)
        assert "�" in form


def test_of_many_numbers_the_steps_are_told_and_json_has_the_rest() -> None:
    many = Example({"T": 4, "t": 1, "W": [[0.5] * 9] * 9}, [[1.0, 2.0]], [[1.0, 3.0]])
    found = told(writing(replace(MISSING, example=many)))
    assert (
        "with T = 4, t = 1, and drawn numbers (--format json has them): the left"
        " side is [1 2], this is [1 3]"
    ) in " ".join(found.text().split())
    assert len(json.loads(found.json())[0]["lines"][0]["claims"][0]["example"]["values"]["W"]) == 9
