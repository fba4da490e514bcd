"""Exams: numbers of blanks, kinds of slips, variants, and keys that fit their sheets."""

import random
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from symrnn.cli import main
from symrnn.derive.derivation import Derivation
from symrnn.derive.exercises import FACTOR, INDEX, KINDS, PLUS, REVERSED, SIGN, TRANSPOSE
from symrnn.derive.exercises.blanks import Sheets, exercise, filled, room, shared
from symrnn.derive.exercises.exam import Variant, key, variants, with_points
from symrnn.derive.exercises.exercise import (
    ALL,
    Task,
    exercise_in_numbers,
    misput,
    with_blanks,
    worked_out,
)
from symrnn.derive.exercises.slips import matters_for, plant
from symrnn.derive.formula import Blank, Chain, Equation, Odot, Product, Times, Value
from symrnn.derive.output import Look, Output
from symrnn.derive.pieces import walk
from symrnn.derive.sheets import Request
from symrnn.errors import CheckError, UsageError
from tests.cases import ZOO, model
from tests.derive.exercises.test_blanks import sheets_of
from tests.derive.exercises.test_exercise import worked
from tests.derive.exercises.test_slips import VIEWS, Numbers, equations


def blanks(sheets: Sheets) -> list[int]:
    rights = (right for e in equations(sheets) for right in e.rights)
    return [each.number for right in rights for each in walk(right) if isinstance(each, Blank)]


# how many blanks


@pytest.mark.parametrize("view", ["chain", "closed", "local", "delta"])
@pytest.mark.parametrize("name", ["elman", "elman_n4", "lstm", "char", "birnn"])
def test_there_are_as_many_blanks_as_are_asked_for(name: str, view: str) -> None:
    sheets = sheets_of(name, view)
    for count in {1, min(2, room(sheets)), room(sheets) - 1, room(sheets)}:
        for seed in range(3):
            found, answers = exercise(sheets, seed, count)
            assert blanks(found) == list(range(1, count + 1))
            assert filled(found, answers) == sheets
            assert exercise(sheets, seed, count) == (found, answers)
            for product in (p for e in equations(found) for r in e.rights for p in walk(r)):
                if isinstance(product, Chain | Times | Odot | Product):
                    gaps = [isinstance(factor, Blank) for factor in product.factors]
                    assert not any(one and other for one, other in pairwise(gaps))


def test_blanks_are_shared_out_by_the_room_that_there_is() -> None:
    for seed in range(20):
        found = shared(random.Random(seed), [3, 0, 2, 9], 11)
        assert sum(found) == 11
        assert all(one <= most for one, most in zip(found, [3, 0, 2, 9], strict=True))


@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("name", ["elman", "lstm", "birnn"])
def test_as_many_values_are_left_blank_as_are_asked_for(name: str, scalar: bool) -> None:
    _, _, sheets = worked(name, scalar)
    for count in (1, 3, len(worked_out(sheets))):
        found, answers = exercise_in_numbers(sheets, 2, count)
        assert sorted(set(blanks(found))) == list(range(1, count + 1))
        assert filled(found, answers) == sheets
        formulas = [e.rights[0] for e in equations(found) if len(e.rights) > 1]
        assert formulas == [e.rights[0] for e in equations(sheets) if len(e.rights) > 1]
    results = [e.rights[-1] for e in equations(found[1:]) if len(e.rights) > 1]
    given = [v for e in equations(sheets[:1]) for v in e.rights]
    zero = [v for v in results if isinstance(v, Value) and not any(map(any, v.rows))]
    assert all(isinstance(v, Blank) or v in given or v in zero for v in results), "all of them"


def output(name: str, views: tuple[str, ...], scalar: bool = False) -> Output:
    derivation = Derivation(name, model(name).written, 3, scalar=scalar)
    return Output(derivation, Request(views), Look())


def test_several_views_share_the_blanks_and_count_on() -> None:
    out = output("elman", ("chain", "closed", "local"))
    task = with_blanks(out.parts(), 4, 12)
    numbers = [n for part in task.asked for n in blanks(part.sheets)]
    assert numbers == list(range(1, 13)) == [n for n, _ in task.answers]
    for asked, solved in zip(task.asked, task.solution, strict=True):
        assert filled(asked.sheets, task.answers) == solved.sheets
    most = sum(room(part.sheets) for part in task.solution)
    assert len(with_blanks(out.parts(), 4, ALL).answers) == most
    with pytest.raises(UsageError, match=f"these equations bear {most} blanks, .* {most + 1} are"):
        with_blanks(out.parts(), 4, most + 1)


def test_where_nothing_can_be_left_blank_it_is_said() -> None:
    found = Derivation("sum", model("elman").written, 1, scalar=True)
    out = Output(found, Request(("closed",), ("b_o",)), Look())
    with pytest.raises(UsageError, match="there is nothing to leave blank in these equations"):
        with_blanks(out.parts(), 0)


# which slips


def kinds_found(name: str, view: str) -> Iterator[str]:
    """The kinds of which a slip can be planted, each of which makes a gradient wrong."""
    derivation = Derivation(name, model(name).written, 3)
    sheets = VIEWS[view](derivation)
    matters = matters_for(derivation, sheets)
    at = cache(lambda seed: Numbers(derivation, False, seed))
    for kind in KINDS:
        with suppress(UsageError):
            planted, slip = plant(sheets, 1, matters, (kind,))
            assert slip.kind == kind
            assert plant(sheets, 1, matters, (kind,)) == (planted, slip)
            # a partial the wrong way round is zero, and has no value
            impossible = (CheckError, ValueError) if kind == REVERSED else ()
            with suppress(*impossible):
                # what relu lets through depends on the numbers: a slip matters at some of them
                assert any(at(seed).worst(planted) > 1e-6 for seed in range(5, 65))
            yield kind


@pytest.mark.parametrize("view", ["closed", "chain", "delta"])
@pytest.mark.parametrize("name", ZOO)
def test_a_slip_of_each_kind_changes_a_gradient(name: str, view: str) -> None:
    assert set(kinds_found(name, view)) > {PLUS}


def test_each_kind_is_found_somewhere() -> None:
    found = {kind for view in ("closed", "chain") for kind in kinds_found("elman", view)}
    assert found == set(KINDS)


def test_a_kind_that_cannot_be_planted_is_named() -> None:
    derivation = Derivation("elman", model("elman").written, 3, scalar=True)
    sheets = VIEWS["closed"](derivation)
    matters = matters_for(derivation, sheets)
    with pytest.raises(UsageError, match="no slip of the kind transpose would change a gradient"):
        plant(sheets, 1, matters, ("transpose",))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (SIGN, "A sign"),
        (PLUS, "Where"),
        (TRANSPOSE, "The value of"),
        (INDEX, "The value of"),
        (FACTOR, "The factor"),
    ],
)
def test_wrong_numbers_are_of_the_kind_that_is_asked_for(kind: str, told: str) -> None:
    derivation, request, sheets = worked("elman", scalar=False)
    wrong, right = misput(derivation, request, sheets, 3, (kind,))
    assert str(right.note[0]).startswith(told)
    assert wrong != sheets


def test_what_no_line_of_numbers_holds_is_said() -> None:
    derivation, request, sheets = worked("elman", scalar=False)
    with pytest.raises(UsageError, match="no slip of the kind partial would change a value"):
        misput(derivation, request, sheets, 3, (REVERSED,))


# variants, points, keys


def made(views: tuple[str, ...], count: int | None, seed: int) -> Variant:
    out = output("elman_n4", views)
    return Variant(out, with_blanks(out.parts(), seed, count))


def test_variants_differ_and_one_key_tells_them_all() -> None:
    found = variants(lambda shift: made(("closed",), 3, 5 + shift), 4)
    assert [each.name for each in found] == [f"Variant {n}" for n in range(1, 5)]
    asked = [each.task.asked[0].sheets for each in found]
    assert all(asked.count(sheets) == 1 for sheets in asked)
    parts = [chapter for _, chapters in key(found) for chapter in chapters]
    assert [part.title for part in parts] == [
        *(f"Variant {n}: Answers" for n in range(1, 5)),
        "Solution: In closed form",
    ]
    for each, part in zip(found, parts, strict=False):
        answers = tuple(enumerate((e.rights[0] for e in part.sheets[0].equations), 1))
        assert filled(each.task.asked[0].sheets, answers) == parts[-1].sheets


def test_there_are_only_so_many_variants() -> None:
    few = output("elman_n4", ("chain",), scalar=True)
    few = Output(few.derivation, Request(("chain",), ("w_o",)), Look())
    with pytest.raises(UsageError, match="no more than 2 variants of this sheet were found"):
        variants(lambda shift: Variant(few, with_blanks(few.parts(), shift)), 3)


def test_points_are_said_of_each_blank_or_of_the_slip() -> None:
    out = output("elman_n4", ("closed",))
    task = with_blanks(out.parts(), 0, 3)
    assert with_points(task, 2).asked[0].task == "Fill in the blanks (2 points each)."
    assert with_points(task, 1).asked[0].task == "Fill in the blanks (1 point each)."
    slip = Task(task.asked, task.solution)
    assert with_points(slip, 4).asked[0].task == "Fill in the blanks (4 points)."


EXAM = "elman_n4 --steps 3 --scalar --view closed --exercise --blanks 4 --exam --points 2"


def written(folder: Path, words: str) -> dict[str, str]:
    assert main(["derive", *words.replace("DIR", str(folder)).split()]) == 0
    return {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir())}


def test_an_exam_and_its_key_are_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = f"{EXAM} --variants 3 --seed 7 -o DIR/exam.tex --solution DIR/key.txt"
    found = written(tmp_path, words)
    assert capsys.readouterr() == ("", "")
    assert list(found) == ["exam-1.tex", "exam-2.tex", "exam-3.tex", "key.txt"]
    for number in (1, 2, 3):
        text = found[f"exam-{number}.tex"]
        assert rf"cross-entropy. Variant {number}\par" in text
        assert r"Name:~\hrulefill" in text
        assert r"Points:~\underline{\hspace{1.5cm}}~/ 8" in text
        assert text.count("(4)") == 1
        assert "(2 points each)" in text
        assert "Solution" not in text
        answers = found["key.txt"].split(f"Variant {number}: Answers")[1].split("Variant")[0]
        assert re.findall(r"\((\d)\) = \S", answers) == ["1", "2", "3", "4"]
    assert written(tmp_path, words) == found, "the same seed, the same bytes"


def test_numbers_of_variants_are_drawn_anew(tmp_path: Path) -> None:
    words = "elman_n4 --scalar --steps 2 --view numbers --exercise --blanks all --variants 2"
    found = written(tmp_path, f"{words} -o DIR/a.txt --solution DIR/key.txt")
    one, other = found["a-1.txt"], found["a-2.txt"]
    given = [text.split("Forward pass")[0] for text in (one, other)]
    assert given[0] != given[1]
    assert all(line in found["key.txt"] for text in given for line in text.splitlines()[4:])
    assert one.count("____") == other.count("____") > 8


@pytest.mark.parametrize("ending", ["html", "tex"])
def test_a_slip_in_an_exam(ending: str, tmp_path: Path) -> None:
    words = "elman --steps 2 --view closed --slip 3 --slip-kinds sign --exam --variants 2"
    found = written(tmp_path, f"{words} -o DIR/e.{ending} --solution DIR/k.{ending}")
    assert "Variant 1: The slip" in found[f"k.{ending}"]
    assert "Variant 2: The slip" in found[f"k.{ending}"]
    assert found[f"k.{ending}"].count("the sign is wrong") == 2
    assert all("/ 1" in found[f"e-{n}.{ending}"] for n in (1, 2))
    assert not any("the sign is wrong" in found[f"e-{n}.{ending}"] for n in (1, 2))


def test_without_a_file_of_its_own_the_solution_stands_after_the_exam(tmp_path: Path) -> None:
    (text,) = written(tmp_path, f"{EXAM} -o DIR/exam.html").values()
    assert (
        text.index('class="fields"') < text.index("Exercise: In closed") < text.rindex("Solution:")
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--blanks 3", "--blanks is for an exercise; say --exercise"),
        ("--slip-kinds sign", "--slip-kinds is for a planted error; say --slip SEED"),
        ("--slip 1 --slip-kinds sing", "--slip-kinds sing: no such kind of slip; did you mean"),
        ("--exam", "--exam is for an exercise; say --exercise, or --slip SEED"),
        ("--solution a.pdf", "--solution is for an exercise"),
        ("--exercise --solution a.pdf", "--solution is a file beside the exercise; say where that"),
        ("--exercise --exam", "--exam is for a document, and latex is none; take tex, pdf, html"),
        ("--exercise --points 2", "--points is for the line of an exam; say --exam"),
        ("--exercise --exam --points 0 -o a.tex", "--points 0: expected a number of points"),
        ("--exercise --variants 2 -o a.tex", "--variants need a file for the solution of all"),
        ("--exercise --variants 0 -o a.tex --solution b.tex", "--variants 0: expected a number"),
        ("--exercise -o a.json --solution b.tex", "--solution is for what is read, and json is"),
        ("--exercise -o a.tex --solution b.py", "--solution is for what is read, and sympy is"),
        ("--exercise -o a.tex --solution b.docx", "--solution b.docx: .docx tells no format"),
        ("--exercise -o DIR/a.tex --solution DIR/a.tex", "cannot write DIR/a.tex: another result"),
        ("--exercise -o DIR/a.tex --solution DIR/no/b.tex", "cannot write DIR/no/b.tex: there is"),
        ("--exercise -o DIR/a.tex --solution DIR", "--solution DIR"),
        ("--exercise --blanks 999 -o DIR/a.tex --solution DIR/b.tex", "these equations bear 7 bl"),
    ],
)
def test_what_does_not_go_together_is_refused_and_nothing_is_written(
    words: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = str(tmp_path / "here.d")
    Path(here).mkdir()
    typed = f"elman_n4 --steps 2 {words}".replace("DIR", here)
    assert main(["derive", *typed.split()]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.startswith(f"symrnn: {message.replace('DIR', here)}")
    assert not list(Path(here).iterdir())


def test_equations_of_the_key_are_numbered_as_the_blanks() -> None:
    variant = made(("local",), 2, 1)
    (chapter,) = variant.answers
    left = [e.left for e in chapter.sheets[0].equations if isinstance(e, Equation)]
    assert variant.output.plain_printer.line(left[0]) == "(1)"
    assert variant.output.latex_printer.line(left[1]) == "(2)"
