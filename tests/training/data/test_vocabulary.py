"""Texts into tokens and ids, and back; bad vocabularies."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symrnn.errors import DataError, UsageError
from symrnn.training.data import Tokeniser, Vocabulary, one_hot
from symrnn.training.data import vocabulary as vocabulary_file
from symrnn.training.data.vocabulary import UNITS, Counting, Unit

TEXTS = st.text(st.sampled_from("ab'’é\u0301_.! \r\n\tΣİ日🙂\N{REPLACEMENT CHARACTER}")) | st.text()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It's the dogs' 3.5 km!", "It's|the|dogs|'|3|.|5|km|!"),
        ("don’t 'quote' ''", "don’t|'|quote|'|'|'"),
        ("snake_case\tand\r\nlines", "snake|_|case|and|lines"),
        ("हिन्दी cafe\u0301 日本", "हिन्दी|cafe\u0301|日本"),
        ("a" * 250, "|".join(["a" * 100, "a" * 100, "a" * 50])),
    ],
)
def test_words(text: str, tokens: str) -> None:
    assert Tokeniser("words").split(text) == tokens.split("|")


def test_lower_case_is_of_each_word_and_of_each_character() -> None:
    assert Tokeniser("words", lower=True).split("ΑΣ ABC") == ["ας", "abc"]
    assert Tokeniser("characters", lower=True).split("ΑΣİ\r\nX\r") == list("ασİ\nx\n")


@given(TEXTS, TEXTS, st.sampled_from(UNITS), st.booleans())
def test_what_is_complete_has_the_same_tokens_whatever_follows(
    text: str, more: str, unit: Unit, lower: bool
) -> None:
    tokeniser = Tokeniser(unit, lower)
    keep = tokeniser.complete(text)
    both = tokeniser.split(text[:keep]) + tokeniser.split(text[keep:] + more)
    assert both == tokeniser.split(text + more)


@given(TEXTS, st.sampled_from(UNITS), st.booleans())
def test_ids_say_the_same_tokens_again(text: str, unit: Unit, lower: bool) -> None:
    tokeniser = Tokeniser(unit, lower)
    tokens = tokeniser.split(text)
    counting = Counting(tokeniser)
    assert counting.add(text) == counting.total == tokeniser.count(text) == len(tokens)
    assert counting.counts == Counter(tokens)
    vocabulary = Vocabulary.built(counting.counts, tokeniser)
    ids = vocabulary.encode(text)
    assert [vocabulary.tokens[each] for each in ids] == tokens
    assert vocabulary.ids_of(tokens).tolist() == ids.tolist()
    assert tokeniser.split(vocabulary.decode(ids)) == tokens


def test_a_vocabulary_has_the_most_frequent_tokens() -> None:
    counts = Counter(["b", "b", "b", "a", "a", "d", "d", "c"])
    built = Vocabulary.built(counts, Tokeniser(), min_count=2, max_size=3)
    assert built.tokens == ("<unk>", "b", "a")
    assert built.encode("a c b new <unk>").tolist() == [2, 0, 1, 0, 0, 0, 0]
    characters = Vocabulary.built(Counter("aab"), Tokeniser("characters"))
    assert characters.tokens == ("\N{REPLACEMENT CHARACTER}", "a", "b")
    assert characters.encode("ba\N{REPLACEMENT CHARACTER}\U0010ffff").tolist() == [2, 1, 0, 0]


@pytest.mark.parametrize("unit", UNITS)
def test_without_an_unknown_token_another_one_is_an_error(unit: Unit) -> None:
    vocabulary = Vocabulary(("a", "b"), tokeniser=Tokeniser(unit))
    with pytest.raises(DataError, match=r"^'c' is not in the vocabulary; expected one of a, b$"):
        vocabulary.encode("bca" if unit == "characters" else "b c a")


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_a_vocabulary_is_read_as_it_was_saved(tokens: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Vocabulary(tuple(tokens), tokens[0], Tokeniser("words", lower=True))
        vocabulary.save(Path(folder) / "words.json")
        assert Vocabulary.load(Path(folder) / "words.json") == vocabulary


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "no JSON"),
        ("[]", "names are missing"),
        ({"tokens": "ab"}, "'tokens' is no list of texts"),
        ({"tokens": []}, "there are no tokens"),
        ({"tokens": ["a", "a"]}, "a token is there twice"),
        ({"unit": "lines"}, "'unit' or 'lower' says nothing that is known"),
        ({"unknown": "c"}, "the unknown token 'c' is not among the tokens"),
        ({"unit": "characters", "tokens": ["ab"]}, "a token is no single character"),
    ],
)
def test_a_bad_vocabulary(content: str | dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "v.json"
    good = {"unit": "words", "lower": False, "unknown": None, "tokens": ["a"]}
    path.write_text(content if isinstance(content, str) else json.dumps({**good, **content}))
    with pytest.raises(DataError) as error:
        Vocabulary.load(path)
    assert str(error.value).startswith(f"{path} is no vocabulary: {said}")


def test_a_vocabulary_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*v.json: No such file"):
        Vocabulary.load(tmp_path / "v.json")


def test_counting_forgets_rare_words_alone_and_at_the_same_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vocabulary_file, "MOST_WORDS", 5)
    monkeypatch.setattr(vocabulary_file, "BLOCK", 8)
    words = [word for n in range(40) for word in ("often", f"w{n}")]
    at_once, one_by_one = Counting(Tokeniser()), Counting(Tokeniser())
    at_once.add(" ".join(words))
    for word in words:
        one_by_one.add(word)
    assert at_once.counts == one_by_one.counts
    assert at_once.counts["often"] == 40
    assert len(at_once.counts) <= 5


def test_one_hot_rows_of_ids() -> None:
    rows = one_hot(np.array([[1, 0]]), 2, np.float32)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[[0, 1], [1, 0]]]
