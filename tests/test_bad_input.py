"""Bad input of every kind ends in one clear message, with carets under what is wrong."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import symrnn
from symrnn.errors import EquationError, LanguageError, SymrnnError, WidthError
from tests.bad_texts import TABLES
from tests.cases import ZOO, model

REFUSED = [
    pytest.param(text, error, said, id=re.sub("[«»]", "", text) or "nothing")
    for error, table in TABLES.items()
    for said, texts in table.items()
    for text in texts
]


def refusal(text: str) -> SymrnnError:
    """What a text ends in; the message speaks of the text, never of the machinery."""
    with pytest.raises(SymrnnError) as caught:
        symrnn.parse(text, "mine")
    assert not re.search(r"Traceback|<ast\.|\b[A-Z]\w+\(\w+=| object at 0x", str(caught.value))
    return caught.value


@pytest.mark.parametrize(("text", "error", "said"), REFUSED)
def test_the_message_and_its_place(text: str, error: type[SymrnnError], said: str) -> None:
    found = refusal(re.sub("[«»]", "", text))
    assert type(found) is error
    if "«" not in text:
        assert str(found) == f"mine: {said}"
        return
    before, marked, after = re.split("[«»]", text)
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
    assert str(found).split("\n") == [
        f"mine, line {line}, column {column + 1}: {said}",
        "    " + (before + marked + after).split("\n")[line - 1],
        "    " + " " * column + "^" * len(marked),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "h[t] = x[t] @ W + h[t-1] @ U\nh: 64\nU: (32, 32)",
            "mine, line 1, column 19: a contradiction of widths: 64 here meets 32\n"
            "    h[t] = x[t] @ W + h[t-1] @ U\n"
            "                      ^^^^^^^^^^\n"
            "  64 comes from `h: 64`, line 2\n"
            "  32 comes from `U: (32, 32)`, line 3",
        ),
        (
            "x: P\nh: Q\nh[t] = x[t] + h[t-1]",
            "mine, line 3, column 8: a contradiction of widths: P here meets Q\n"
            "    h[t] = x[t] + h[t-1]\n"
            "           ^^^^^^^^^^^^^\n"
            "  P comes from `x: P`, line 1\n"
            "  Q comes from `h: Q`, line 2",
        ),
    ],
)
def test_a_contradiction_of_widths_cites_the_statements_that_made_it(
    text: str, message: str
) -> None:
    found = refusal(text)
    assert type(found) is WidthError
    assert str(found) == message


DEEP = r"line 1, column \d+: an expression more than 60 deep; name a part of it"
LONG = "line 1, column 1: an expression too long or nested too deeply to read; give a part of it a"
NESTED = "line 1, column 68: brackets nested more than 60 deep; name a part of it"
LARGE = r"the text has 1,0\d\d,\d\d\d characters; the limit is 200,000. A model is a few lines of"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        pytest.param("# " + "x" * 10**6, LanguageError, LARGE, id="a megabyte of comment"),
        pytest.param("h[t] = x[t]\n" * 90_000, LanguageError, LARGE, id="a megabyte of lines"),
        pytest.param(f"h[t] = {'(' * 10_000}x{')' * 10_000}", LanguageError, NESTED, id="brackets"),
        pytest.param(f"h[t] = {'(' * 61}x{')' * 61}", LanguageError, NESTED, id="61 brackets"),
        pytest.param("h = " + "-" * 200 + "x", LanguageError, DEEP, id="unary minus"),
        pytest.param("h = " + "-" * 100_000 + "x", LanguageError, LONG, id="100,000 of them"),
        pytest.param("h = " + "2**" * 70 + "2", LanguageError, DEEP, id="tower of powers"),
        pytest.param("h = " + "x * " * 70 + "x", LanguageError, DEEP, id="product"),
        pytest.param("h = " + "x + " * 40_000 + "x", LanguageError, LONG, id="sum"),
        pytest.param("h = x\0", LanguageError, "line 1, column 6: a NUL character", id="NUL"),
        pytest.param("h = 'a'; b = x\udcff", LanguageError, "line 1, column 15: bytes", id="bytes"),
        pytest.param("h = " + "9" * 200, LanguageError, "a number must lie between", id="200 9s"),
        pytest.param("h = " + "9" * 5000, LanguageError, "a number with more than", id="5000 9s"),
        pytest.param(
            "a0[t] = x[t]\n"
            + "\n".join(f"a{i + 1}[t] = concat(a{i}[t], a{i}[t])" for i in range(40)),
            WidthError,
            "line 10, column 9: a width of too many parts; join fewer rows by concat",
            id="2^40 parts",
        ),
        pytest.param(
            "\n".join(f"a{i}[t] = tanh(a{(i + 1) % 3000}[t])" for i in range(3000)),
            EquationError,
            r"line 1, column 1: a cycle within one time step: a0\[t\] needs .* needs a5\[t\] …;",
            id="a cycle of 3000 equations",
        ),
    ],
)
def test_what_is_too_large_is_refused_in_a_few_words(
    text: str, error: type[SymrnnError], said: str
) -> None:
    found = refusal(text)
    assert type(found) is error
    assert re.search(said, str(found).split("\n")[0])
    assert len(str(found)) < 500


@pytest.mark.slow
def test_a_chain_of_thousands_of_equations_is_no_bad_input() -> None:
    links = "\n".join(f"a{i + 1}[t] = tanh(a{i}[t])" for i in range(3000))
    long = symrnn.parse(f"a0[t] = x[t] @ W\n{links}\nL = mse(y, a3000[T])")
    assert len(long.adjoint.equations) > 6000


def test_as_deep_as_is_allowed() -> None:
    deep = "tanh(" * 59 + "x[t]" + ")" * 59
    assert len(symrnn.parse(f"h[t] = {deep}").system.equations) == 59


SCRAPS = [
    *("[T]", "[t+1]", "[1]", "@W", "**2", "/0", "t", "T", "L", "h", "x", "y", "(", ")", ",", "="),
    *("+", "-", "1e9", ":", "\n", " ", ";", "h[0]=x", "sum(", "mean(", "mse(", "tanh(", "concat("),
    *("size(T)", "transpose(", "batchsum(", ":init(1)", ":3", ":input", ":onehot", "+=", "#", ""),
]
EDITS = st.tuples(st.integers(0, 10**4), st.integers(0, 3), st.sampled_from(SCRAPS))


@pytest.mark.filterwarnings("ignore::symrnn.ModelWarning")
@given(st.sampled_from(ZOO), st.lists(EDITS, min_size=1, max_size=4))
def test_whatever_a_slip_of_the_pen_makes_of_a_model_it_is_read_or_refused(
    name: str, edits: list[tuple[int, int, str]]
) -> None:
    text = model(name).text
    for place, gone, put in edits:
        place %= len(text)
        text = text[:place] + put + text[place + gone :]
    try:
        symrnn.parse(text, "mine")
    except SymrnnError as error:
        message = str(error)
    else:
        return
    assert re.match(r"mine, line \d+, column \d+: .*\n    .*\n +\^", message)
