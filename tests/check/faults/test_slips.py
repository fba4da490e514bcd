"""What `derive --slip` plants is found, and named as it names it."""

from dataclasses import replace

import pytest

from symrnn.check.claims import RIGHT, WRONG
from symrnn.derive.derivation import Derivation
from symrnn.derive.exercises import FACTOR, INDEX, PATH, PLUS, REVERSED, SIGN, TRANSPOSE
from symrnn.derive.exercises.slips import matters_for, plant
from symrnn.derive.sheets import Request, sheets_of
from tests.cases import model
from tests.check.faults.test_mutants import UNCLEAR, Case
from tests.extent import draws

MODELS = ("elman", "elman_n4", "lstm", "birnn", "gru")
VIEWS = ("chain", "closed", "local", "delta")
SEEDS = draws(2, 6, 40)

CALLED = {
    FACTOR: ("missing factor",),
    PATH: ("missing term",),
    INDEX: ("time index", "wrong operand"),
    TRANSPOSE: ("transpose or order",),
    REVERSED: ("time index", "wrong operand"),
    SIGN: ("sign",),
    PLUS: ("plus for product",),
}
"""What a slip of each kind is called."""


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", MODELS)
def test_a_planted_slip_is_found_and_named(name: str, view: str, figures: list[str]) -> None:
    steps = None if view == "delta" else 3
    scalar = (MODELS.index(name) + VIEWS.index(view)) % 2 == 0
    derivation = Derivation(name, model(name).written, steps, scalar=scalar)
    case = Case(derivation, columns=False)
    sheets = sheets_of(derivation, view, Request((view,)))
    matters = matters_for(derivation, sheets)
    slips = [plant(sheets, seed, matters)[1] for seed in range(SEEDS)]
    wrong = [replace(slip.wrong, rights=slip.wrong.rights[-1:]) for slip in slips]
    found = case.faults(wrong)
    assert all(verdict.status == WRONG for verdict, _ in found)
    told = [fault for _, fault in found if fault is not None]
    assert len(told) == len(slips)
    assert not [fault for fault in told if fault.kind in UNCLEAR]
    named = [f.kind in CALLED[slip.kind] for f, slip in zip(told, slips, strict=True)]
    assert sum(named) >= 0.9 * len(named)
    pairs = [(e, f.corrected) for e, f in zip(wrong, told, strict=True) if f.corrected is not None]
    assert len(pairs) == len(told)
    corrected = [replace(equation, rights=(right,)) for equation, right in pairs]
    assert {v.status for v in case.judged(corrected).report.verdicts} == {RIGHT}
