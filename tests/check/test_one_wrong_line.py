"""One wrong line among right ones: it is found wrong, and nothing else is."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from symrnn.check.claims import RIGHT, RIGHT_IF, WRONG, Unread
from symrnn.derive.exercises.mistakes import Change, changes
from symrnn.derive.formula import Equation, Formula
from symrnn.derive.pieces import put, walk
from symrnn.errors import CheckError
from tests.check.judged import reports
from tests.check.lines import Page
from tests.check.test_rewritings import KNOWN, PAGES
from tests.extent import draws


def printed(page: Page, equation: Equation, right: Formula) -> str:
    alone = replace(equation, rights=(right,), by_terms=False, reasons=())
    return " ".join(page.output.latex_printer.equation(alone, 0, 0)).replace("&", "")


def slips(page: Page) -> list[tuple[Equation, Change]]:
    """What could go wrong in the lines of a page."""
    known = frozenset(p for e in page.equations for right in e.rights for p in walk(right))
    return [(e, change) for e in page.equations for change in changes(e, known)]


def differs(page: Page, one: Formula, other: Formula) -> bool:
    """Whether two formulas have other values at some step, by the formulas of the page."""
    for step in range(1, (page.steps or 3) + 1):
        at = {**KNOWN, "t": step}
        try:
            with np.errstate(all="ignore"):
                a, b = page.evaluator(one, at), page.evaluator(other, at)
                if not np.allclose(a, b, 1e-9, 1e-12, equal_nan=True):
                    return True
        except CheckError:
            continue  # not worked out here: a partial the wrong way round
        except ValueError:
            return True  # the shapes do not fit
    return False


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_it_alone_is_found_wrong(page: Page) -> None:
    rng = random.Random(f"{page}")
    right = [printed(page, e, e.rights[-1]) for e in page.equations]
    found = [each for each in slips(page) if differs(page, *sides(*each))]
    for equation, change in rng.sample(found, min(len(found), draws(1, 4, 40))):
        wrong = printed(page, equation, sides(equation, change)[1])
        check(page, right, wrong)


def sides(equation: Equation, change: Change) -> tuple[Formula, Formula]:
    last = equation.rights[-1]
    return last, put(last, change.path, change.new)


def check(page: Page, right: Sequence[str], wrong: str) -> None:
    (report,) = reports(page.derived, [*right, wrong], notation=page.notation)
    for line in report.writing.lines:
        if isinstance(line, Unread):
            assert line.line.text == wrong, line.message
            assert "there is no step" in line.message
    for verdict in report.verdicts:
        number = verdict.said.line.number
        if number <= len(right):
            assert verdict.status in (RIGHT, RIGHT_IF), (wrong, verdict.said.line.text)
        else:
            assert verdict.status == WRONG, (wrong, verdict.under)
