"""What is written as elsewhere: read where it means one thing, else refused with what to write."""

import re

import pytest

import symrnn
from symrnn.errors import SymrnnError
from symrnn.language import parse
from symrnn.language.foreign import LATEX, SIGNS, SPELLINGS, WORDS, letter, spelling
from symrnn.language.source import plain
from symrnn.language.table import ARITY
from tests.cases import ZOO, model
from tests.foreign_texts import READ


def test_no_word_of_the_table_is_a_function_of_the_language() -> None:
    own = {name.lower() for name in ARITY} | {name.replace("_", "").lower() for name in ARITY}
    assert sorted(own & {word.lower() for word in WORDS}) == []


@pytest.mark.parametrize("said", sorted({*WORDS.values(), *LATEX.values(), *SIGNS.values()}))
def test_what_is_to_be_written_instead_is_part_of_the_language(said: str) -> None:
    called = re.findall(r"(?<![\w.\"])([a-z_]+)\(", said.replace("model.with_dropout", ""))
    assert [name for name in called if name not in ARITY] == []


@pytest.mark.parametrize("name", ZOO)
def test_nothing_in_a_model_is_taken_for_foreign(name: str) -> None:
    text = plain(model(name).text)
    assert text.text == model(name).text
    for line in text.lines:
        assert spelling(line.split("#")[0]) is None
        assert letter(line.split("#")[0]) is None


@pytest.mark.parametrize(("text", "wanted"), READ.items())
def test_letters_that_mean_one_thing_are_read(text: str, wanted: str) -> None:
    assert parse(text) == parse(wanted)
    assert symrnn.parse(text).text == text
    assert symrnn.parse(text).verify(steps=2).holds


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = σ(x[t]) ⊙ «blorp»(y[t])",
        "h[t] = x[t]² + x[t]¹⁰ − «blorp»(σ(y[t])²)",
        "a[t] = σ(x[t])²\nh[t] = σ(a[t])² + «blorp»(x[t]) # σ(²",
    ],
)
def test_carets_stand_in_the_columns_of_the_author(text: str) -> None:
    with pytest.raises(SymrnnError) as caught:
        symrnn.parse(re.sub("[«»]", "", text), "mine")
    before, marked, _ = re.split("[«»]", text)
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
    said, shown, carets = str(caught.value).split("\n")
    assert said.startswith(f"mine, line {line}, column {column + 1}: ")
    assert shown == "    " + re.sub("[«»]", "", text).split("\n")[line - 1]
    assert carets == "    " + " " * column + "^" * len(marked)


@pytest.mark.parametrize(
    "line", ["a" * 10**5, "ö" * 10**5, "σ(" * 10**5, "²" * 10**5, "x_{" * 10**5, "hₜ " * 50_000]
)
def test_a_long_line_is_read_in_no_time(line: str) -> None:
    text = plain(line)
    assert len(text.columns.get(0, line)) >= len(line)
    spelling(text.text)
    letter(text.text)


def test_every_spelling_is_met_by_a_text() -> None:
    from tests.foreign_texts import FOREIGN

    lines = [
        re.sub("[«»]", "", text).split("\n")[0] for texts in FOREIGN.values() for text in texts
    ]
    for pattern, _ in SPELLINGS:
        assert any(re.search(pattern, plain(line).text) for line in lines), pattern
