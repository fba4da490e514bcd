"""What `derive` prints, `check` reads, and finds right: every model, view and notation."""

from dataclasses import replace

import pytest

from symrnn.check.claims import Said
from symrnn.derive.views import VIEWS
from symrnn.errors import SymrnnError
from tests.cases import ZOO
from tests.check.judged import alarms, reports
from tests.check.lines import Page
from tests.extent import pairs

ANY = ("delta", "product", "forward")
"""Views for any number of steps."""

LONG, LONGEST = 20_000, 90_000
"""Characters; what is longer is printed for one parameter alone, or left out."""

LOOKS = ("default", "books", "N3", "N4", "scalar")
"""Notations, rows and columns, times below and above; and letters for numbers."""


@pytest.mark.parametrize(
    ("name", "view", "look"), pairs(ZOO, [view for view in VIEWS if view != "numbers"], LOOKS)
)
def test_what_is_printed_is_right(name: str, view: str, look: str) -> None:
    scalar = look == "scalar"
    page = Page(name, view, "default" if scalar else look, scalar, steps=None if view in ANY else 2)
    try:
        latex = page.latex
        if len(latex) > LONG:
            page = replace(page, wrt=tuple(page.derived.chosen()[:1]))
            latex = page.latex
    except SymrnnError as error:
        pytest.skip(f"{error}")
    if len(latex) > LONGEST:
        pytest.skip("longer than what is read")
    found = reports(page.derived, latex, "tex", page.notation)
    told = alarms(found)
    assert not told, "\n".join(["", *told])
    (report,) = found
    said = [line for line in report.writing.lines if isinstance(line, Said)]
    assert sum(len(line.equation.rights) for line in said) >= latex.count(" &= ")
