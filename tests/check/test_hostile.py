"""Whatever is handed in ends within a second, in a report or in one message."""

import re
import time
import warnings

import pytest

from symrnn.check.claims import RIGHT, Unread
from symrnn.check.sources import Kind
from symrnn.derive.derived import Derived
from symrnn.errors import SymrnnError
from tests.cases import model
from tests.check.hostile_texts import DOCUMENTS, FORMULAS
from tests.check.judged import reports

EVERY: dict[str, tuple[Kind, str]] = {
    **{name: ("formula", text) for name, text in FORMULAS.items()},
    **DOCUMENTS,
}
LONGEST = 1.0
"""Seconds of a processor."""

MOST = 2_000
"""Characters of a message."""

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]")
MACHINERY = re.compile(r"Traceback|[a-z]+Error\b| object at 0x|\b[A-Z][a-z]+\([a-z]+=")


@pytest.fixture(scope="module")
def derived() -> Derived:
    found = model("elman_n4").derive(3, scalar=True)
    reports(found, r"\frac{\partial L}{\partial w_o} = (\hat{y} - y) O_3")  # imports are done
    return found


@pytest.mark.parametrize("name", EVERY)
def test_it_ends_in_a_report_or_in_one_message(name: str, derived: Derived) -> None:
    kind, text = EVERY[name]
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = reports(derived, [text] if kind == "formula" else text, kind)
            told = found.text()
            forms = [told, found.json(), found.csv()]
        except SymrnnError as error:
            forms = [str(error)[:MOST]]
    assert time.process_time() - start < LONGEST
    for form in forms:
        assert not MACHINERY.search(form)
        assert not UNPRINTABLE.search(form), repr(form[:500])


@pytest.mark.parametrize("name", ["long", "a tower", "a far sum", "over zero", "signs", "itself"])
def test_nothing_of_it_is_found_right(name: str, derived: Derived) -> None:
    try:
        (report,) = reports(derived, [FORMULAS[name]])
    except SymrnnError:
        return
    assert all(verdict.status != RIGHT for verdict in report.verdicts)
    for line in report.writing.lines:
        if isinstance(line, Unread):
            assert 0 <= line.span[0] <= line.span[1] <= len(line.line.text)
