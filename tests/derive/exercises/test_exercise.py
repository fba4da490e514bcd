"""Worked numbers as an exercise, and with a slip."""

import numpy as np
import pytest

from symrnn.derive.derivation import Derivation
from symrnn.derive.exercises.blanks import Sheets, filled
from symrnn.derive.exercises.exercise import exercise_in_numbers, misput
from symrnn.derive.formula import Blank, Equation, Formula, Value
from symrnn.derive.pieces import walk
from symrnn.derive.sheets import Request, sheets_of
from symrnn.derive.worked.data import worked_data
from tests.cases import model

MODELS = ("elman", "elman_n4", "lstm", "char", "birnn")


def worked(name: str, scalar: bool, columns: bool = False) -> tuple[Derivation, Request, Sheets]:
    found = model(name)
    data, steps = worked_data(found.written, found.system.symbols, 2, scalar=scalar)
    derivation = Derivation(name, found.written, steps, scalar=scalar)
    request = Request(("numbers",), columns=columns, extra={"data": data, "eta": 0.1})
    return derivation, request, sheets_of(derivation, "numbers", request)


def equations(sheets: Sheets) -> list[Equation]:
    return [equation for sheet in sheets for equation in sheet.equations]


def leaves(sheets: Sheets, kind: type[Formula]) -> list[Formula]:
    rights = (right for e in equations(sheets) for right in e.rights)
    return [part for right in rights for part in walk(right) if isinstance(part, kind)]


@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_values_are_left_blank_and_no_other_line_gives_them_away(name: str, scalar: bool) -> None:
    _, _, sheets = worked(name, scalar)
    for seed in range(3):
        found, answers = exercise_in_numbers(sheets, seed)
        assert filled(found, answers) == sheets
        assert found[0] == sheets[0], "what is given stays"
        shown = leaves(found, Value)
        assert len(answers) >= (1 if name == "char" and scalar else 2)
        for number, value in answers:
            assert value not in shown
            assert isinstance(value, Value)
            assert np.any(value.rows)
            assert any(e.rights[-1] == Blank(number) for e in equations(found)), "to be worked out"
        read = [blank.number for blank in leaves(found, Blank) if isinstance(blank, Blank)]
        assert list(dict.fromkeys(read)) == [number for number, _ in answers]


def test_another_seed_leaves_other_values_blank() -> None:
    _, _, sheets = worked("elman", False)
    assert len({exercise_in_numbers(sheets, seed)[1] for seed in range(8)}) > 3


@pytest.mark.parametrize(("scalar", "columns"), [(True, False), (False, False), (False, True)])
@pytest.mark.parametrize("name", MODELS)
def test_one_line_is_wrong_and_what_follows_is_worked_out_with_it(
    name: str, scalar: bool, columns: bool
) -> None:
    if name == "char" and scalar:
        pytest.skip("one class: its probability is 1, and every gradient 0")
    derivation, request, sheets = worked(name, scalar, columns)
    for seed in range(4):
        wrong, told = misput(derivation, request, sheets, seed)
        assert misput(derivation, request, sheets, seed) == (wrong, told)
        (right,) = told.equations
        pairs = list(zip(equations(sheets), equations(wrong), strict=True))
        assert all(a.left == b.left for a, b in pairs)
        assert all(a.rights[0] == b.rights[0] for a, b in pairs), "the formulas stay right"
        place = next(i for i, (a, _) in enumerate(pairs) if a == right)
        assert [a == b for a, b in pairs[:place]] == [True] * place, "nothing before it is changed"
        mistaken = pairs[place][1]
        assert mistaken.rights[-1] != right.rights[-1]
        for _, equation in pairs[place + 1 :]:  # the right values are gone wherever it is read
            inside = [part for r in equation.rights[1:-1] for part in walk(r)]
            assert right.rights[-1] not in inside or _again(right, pairs, place)


def _again(right: Equation, pairs: list[tuple[Equation, Equation]], place: int) -> bool:
    """Whether the same numbers stand for something else as well."""
    others = [a.rights[-1] for i, (a, _) in enumerate(pairs) if i != place]
    return right.rights[-1] in others


def test_the_wrong_number_is_what_its_line_comes_to() -> None:
    """By hand: elman_n4 with a factor that was not put in."""
    derivation, request, sheets = worked("elman_n4", True)
    data = request.extra["data"]
    x, w_i, w_h, w_o = (float(data[n].ravel()[0]) for n in ("x", "w_i", "w_h", "w_o"))
    last = float(data["x"].ravel()[1])
    o_1 = np.tanh(x * w_i)
    o_2 = np.tanh(last * w_i + o_1 * w_h)
    right, *wrong = (round(1 / (1 + np.exp(-z)), 9) for z in (o_2 * w_o, o_2, w_o))
    found = set[float]()
    for seed in range(60):
        mistaken, *_ = misput(derivation, request, sheets, seed)
        predicted = next(e.rights[-1] for e in equations(mistaken) if "yhat" in str(e.left))
        assert isinstance(predicted, Value)
        found.add(round(predicted.rows[0][0], 9))
        if right in found and found & {*wrong}:
            return
    pytest.fail(f"{right} and one of {wrong} are not among {found}")
