"""One thing wrong in a right formula: it is called wrong, and what it is and where is said."""

import random
from dataclasses import dataclass, replace

import pytest

from symrnn.check.claims import RIGHT, RIGHT_IF, Fault, Line, Said, Verdict, Writing
from symrnn.check.faults import fault
from symrnn.check.judging import Judged, Settled, judge
from symrnn.check.judging.conventions import Convention
from symrnn.check.judging.truth import OTHERS, STEP, TOTAL
from symrnn.check.judging.values import reading_key
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Immediate, Total
from symrnn.derive.pieces import at_path, walk
from symrnn.derive.sheets import Request, sheets_of
from symrnn.errors import UsageError
from tests.cases import ZOO, model
from tests.check.faults.mutants import KINDS, mutants, shuffled
from tests.extent import FEW, WIDE, draws

VIEWS = ("chain", "closed", "local", "uses", "delta", "product")
FORMS = ("scalar", "rows", "columns")
SYMBOLIC = ("delta", "product")
EACH = draws(1, 4, 20)
"""So many mutants of each model in each view."""

UNCLEAR = ("compound", "ill-shaped")


@dataclass(frozen=True)
class Made:
    """A mutant: what was done to which equation."""

    kind: str
    right: Equation
    wrong: Equation


@dataclass(frozen=True)
class Case:
    derivation: Derivation
    columns: bool

    def judged(self, equations: list[Equation]) -> Judged:
        """The verdicts under one convention, and with ∂⁺ for the immediate derivative."""
        lines = tuple(Said(Line(""), equation) for equation in equations)
        usual = {"∂": TOTAL, "∂⁺": OTHERS}
        sides = (side for e in equations for side in (e.left, *e.rights))
        keys = {
            reading_key(part)
            for side in sides
            for part in walk(side)
            if isinstance(part, Total | Immediate)
        }
        choices = {key: usual.get(key[0], STEP) for key in keys}
        fixed = Settled(Convention(self.columns, self.columns), choices)
        return judge(Writing(lines), self.derivation, steps=self.derivation.steps, fixed=fixed)

    def faults(self, equations: list[Equation]) -> list[tuple[Verdict, Fault | None]]:
        """The verdicts, and what is wrong with each line by itself: none follows from another."""
        judged = self.judged(equations)
        verdicts = [replace(verdict, follows=None) for verdict in judged.report.verdicts]
        return [(verdict, fault(judged, verdict)) for verdict in verdicts]


def made(name: str, view: str, form: str, count: int) -> tuple[Case, list[Made]]:
    """Mutants of right lines of a model in a view, every other line in another order. The kind is
    drawn first, so that all are as many. What a letter s_t is, only a reader knows: such lines are
    left out."""
    steps = None if view in SYMBOLIC else 3
    derivation = Derivation(name, model(name).written, steps, scalar=form == "scalar")
    request = Request((view,), columns=form == "columns")
    try:
        sheets = sheets_of(derivation, view, request)
    except UsageError:
        return Case(derivation, False), []
    equations = [replace(e, rights=e.rights[-1:]) for s in sheets for e in s.equations if e.rights]
    rng, found = random.Random(f"{name} {view} {form}"), list[Made]()
    for number, equation in enumerate(rng.choices(equations, k=count)):
        if number % 2:
            equation = replace(equation, rights=(shuffled(equation.rights[0], rng),))
        every = list(mutants(equation.rights[0], steps))
        kinds = sorted({kind for kind, _ in every})
        if kinds:
            kind = rng.choice(kinds)
            wrong = rng.choice([new for each, new in every if each == kind])
            found.append(Made(kind, equation, replace(equation, rights=(wrong,))))
    case = Case(derivation, form == "columns")
    verdicts = case.judged([each.right for each in found]).report.verdicts
    known = (each for each, v in zip(found, verdicts, strict=True) if v.status == RIGHT)
    return case, list(known)


def names_of(view: str) -> list[str]:
    first = VIEWS.index(view)
    return ZOO[first::4] if FEW else ZOO if WIDE else ZOO[first % 2 :: 2]


@pytest.mark.parametrize("view", VIEWS)
def test_what_is_wrong_with_a_mutant_is_said(view: str, figures: list[str]) -> None:
    wrong = named = as_made = equal = 0
    for number, name in enumerate(names_of(view)):
        form = FORMS[(number + VIEWS.index(view)) % 3]
        if (name, form) == ("char", "scalar"):
            continue  # one class: its probability is 1, and every gradient 0
        case, every = made(name, view, form, EACH)
        found = case.faults([each.wrong for each in every])
        corrected: list[Equation] = []
        for each, (verdict, told) in zip(every, found, strict=True):
            if told is None:
                # it is equal in value, right at one end, or reads a step that there is not
                assert verdict.status in (RIGHT, RIGHT_IF) or each.kind == "index"
                equal += verdict.status == RIGHT
                continue
            wrong += 1
            assert told.corrected is not None
            assert at_path(each.wrong.rights[0], told.path) is not None
            corrected.append(replace(each.wrong, rights=(told.corrected,)))
            if told.kind not in UNCLEAR:
                named += 1
                as_made += told.kind == KINDS[each.kind]
        if corrected:
            verdicts = case.judged(corrected).report.verdicts
            assert {verdict.status for verdict in verdicts} == {RIGHT}
    figures.append(
        f"check, mutants of {view}: {wrong} wrong, {named} with kind and place, {as_made} of the"
        f" kind that was made; {equal} are equal in value"
    )
    assert named >= 0.9 * wrong
    assert as_made >= 0.9 * named


def test_what_is_called_right_is_equal_in_value() -> None:
    """A mutant that is called right is so for another draw of numbers, and in other widths."""
    for number, name in enumerate(ZOO[::5]):
        case, every = made(name, "closed", FORMS[number % 3], 4 * EACH)
        verdicts = case.judged([each.wrong for each in every]).report.verdicts
        again = judge(
            Writing(tuple(verdict.said for verdict in verdicts if verdict.status == RIGHT)),
            case.derivation,
            steps=case.derivation.steps,
            seed=7,
            fixed=Settled(Convention(case.columns, case.columns)),
        )
        assert all(verdict.status == RIGHT for verdict in again.report.verdicts)


@pytest.mark.parametrize("view", ["chain", "closed", "delta"])
def test_the_corrected_line_is_the_line_that_was(view: str) -> None:
    """In most cases the edit is the very one that was made."""
    case, every = made("gru", view, "rows", 12)
    found = case.faults([each.wrong for each in every])
    told = [(each, f) for each, (_, f) in zip(every, found, strict=True) if f is not None]
    same = [f for each, f in told if f.corrected == each.right.rights[0]]
    assert len(same) >= 0.5 * len(told)
