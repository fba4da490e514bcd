"""Comments say what a model is and what its names mean, and nothing else depends on them."""

import pytest

import symrnn
from symrnn.language.parse import parse
from symrnn.language.printer import show

LOSS = "\nL = mse(y, h[T])"


@pytest.mark.parametrize(
    ("text", "title", "meanings"),
    [
        ("h[t] = x[t] + h[t-1]", "", {}),
        ("# A sum\nh[t] = x[t] + h[t-1]", "A sum", {}),
        ("\n\n#  A sum #\n# second line\n\nh[t] = x[t]", "A sum", {}),
        ("# sum.rnn: A sum\nh[t] = x[t]", "A sum", {}),
        ("# see: a sum\nh[t] = x[t]", "see: a sum", {}),
        ("h[t] = x[t]  # A sum", "", {"h": "A sum"}),
        ("x: 4  # readings\nh[t] = x[t] @ W", "", {"x": "readings"}),
        ("b: init(1)  # starts open\nh[t] = x[t] + b", "", {}),
        ("# T\n\n# kept\nh[t] = x[t]", "T", {"h": "kept"}),
        ("# T\n\n# gates\nz[t] = x[t]\nr[t] = z[t]", "T", {}),
        ("# T\n\n# kept\nh[t] = x[t]  # nearer", "T", {"h": "nearer"}),
        ("h[t] = (x[t] +\n  x[t-1])  # both", "", {"h": "both"}),
        ("h[t] = (x[t] +  # now\n  x[t-1])", "", {}),
        ("h[t] = x[t]; g[t] = h[t]  # which", "", {}),
        ("h[0] = h0  # where it starts\nh[t] = x[t] + h[t-1]  # state", "", {"h": "state"}),
        ("# кот 中\nh[t] = x[t]  # 中", "кот 中", {"h": "中"}),
        ("#\nh[t] = x[t]  #", "", {}),
    ],
)
def test_what_comments_say(text: str, title: str, meanings: dict[str, str]) -> None:
    said = parse(text).remarks
    assert (said.title, dict(said.meanings)) == (title, meanings)


def test_a_text_is_the_same_with_other_comments() -> None:
    one, other = parse("# A\nh[t] = x[t]  # b"), parse("h[t] = x[t]")
    assert one == other
    assert hash(one) == hash(other)
    assert parse(show(one)) == one


def test_another_head_keeps_the_meanings_of_the_body_and_not_the_title() -> None:
    lstm = symrnn.load("lstm")
    said = lstm.with_head("classes").written.remarks
    assert said.title == ""
    assert said.meanings["f"] == "forget gate"


def test_masks_keep_title_and_meanings() -> None:
    lstm = symrnn.load("lstm")
    assert lstm.with_dropout("h").written.remarks == lstm.written.remarks
