"""Where a message says that something is wrong, an editor marks the same columns."""

import re

import pytest

from symrnn.errors import SymrnnError
from symrnn.model import read
from symrnn.page.live.complaint import complaint
from tests.test_bad_input import REFUSED


@pytest.mark.parametrize(("text", "error", "said"), REFUSED)
def test_a_complaint_marks_what_the_carets_mark(
    text: str, error: type[SymrnnError], said: str
) -> None:
    with pytest.raises(error) as caught:
        read(re.sub("[«»]", "", text), "mine")
    found = complaint(str(caught.value), "mine")
    if "«" not in text:
        assert (found.line, found.message) == (0, f"mine: {said}")
        return
    before, marked, _ = re.split("[«»]", text)
    line, start = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
    assert (found.line, found.start, found.end) == (line, start, start + len(marked))
    assert found.said == said


def test_what_follows_the_carets_belongs_to_it() -> None:
    text = "h[t] = x[t] @ W + h[t-1] @ U\nh: 64\nU: (32, 32)"
    with pytest.raises(SymrnnError) as caught:
        read(text, "mine")
    found = complaint(str(caught.value), "mine")
    assert (found.line, found.start) == (1, 18)
    assert found.said.endswith("meets 32\n  64 comes from `h: 64`, line 2\n"
                               "  32 comes from `U: (32, 32)`, line 3")  # fmt: skip


def test_a_message_without_a_place_is_about_no_line() -> None:
    found = complaint("mine: the text has 7 characters", "mine")
    assert (found.line, found.said) == (0, "mine: the text has 7 characters")
