"""A running text: every token once, in order, wherever the file is cut, in little memory."""

import os
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from symrnn.errors import DataError, SymrnnError, UsageError
from symrnn.language.arrays import Array
from symrnn.training.data import Batch, Options, Tokeniser, open_data
from symrnn.training.data.running import Running, StreamLayout
from symrnn.training.data.text import ByteRange, pieces
from symrnn.training.data.vocabulary import UNITS, Unit

QUOTE = "To be, or not to be: that is the question.\n" * 20


def opened(path: Path, content: str | bytes, **options: Any) -> Running:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return cast(Running, open_data(path, Options(**{"validation": 0, "batch": 2, **options})))


def epoch(data: Running) -> list[Batch]:
    return list(data.train_batches(0, np.random.default_rng(0)))


def streams(batches: list[Batch], what: str) -> list[list[int]]:
    """The ids of each stream, its windows put together."""
    found: list[list[int]] = [[] for _ in batches[0]["lengths"]]
    for batch in batches:
        ids: Array = dict(batch)[what]  # type: ignore[assignment]
        for row, length in enumerate(batch["lengths"]):
            found[row] += ids[:length, row].tolist()
            assert not ids[length:, row].any()
    return found


def through(batches: list[Batch]) -> list[int]:
    """The ids of the text, out of all streams: each begins where the one before has ended."""
    inputs, targets = streams(batches, "x"), streams(batches, "y")
    for one, following in zip(inputs, targets, strict=True):
        assert one[1:] == following[:-1]
    for one, following in zip(inputs[1:], targets[:-1], strict=True):
        assert one[0] == following[-1]
    return [inputs[0][0], *(each for stream in targets for each in stream)]


# which tokens stand where


@given(st.integers(1, 9), st.integers(2, 7), st.integers(1, 200))
def test_every_step_is_in_one_window(rows: int, steps: int, more: int) -> None:
    tokens = rows + more
    windows = StreamLayout.of(tokens, rows, steps)
    seen: list[int] = []
    for window in range(len(windows)):
        lengths = windows.lengths(window)
        assert lengths.min() >= 1
        assert lengths.max() <= steps
        for begin, length in zip(windows.begins(window), lengths, strict=True):
            seen += range(begin, begin + length)
    assert sorted(seen) == list(range(tokens - 1))
    full = StreamLayout.of(tokens, rows, steps, tail=False)
    assert (full.full, full.rest) == ((tokens - 1) // rows // steps, ())


PIECES = st.text(st.sampled_from("ab é日🙂\r\n'.\u0301"), max_size=40) | st.text(max_size=40)


@given(PIECES, st.integers(1, 9), st.sampled_from(UNITS))
@example("a\r\nb", 2, "characters")
@example("🙂🙂", 3, "characters")
@example("don't", 4, "words")
def test_pieces_are_whole_tokens_whatever_the_chunk(text: str, chunk: int, unit: Unit) -> None:
    tokeniser = Tokeniser(unit)
    content = text.encode()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes(content)
        with open(path, "rb") as file:
            found = list(pieces(file, ByteRange(path, 0, len(content)), tokeniser, chunk))
    assert "".join(piece for _, piece in found) == text
    assert [each for _, piece in found for each in tokeniser.split(piece)] == tokeniser.split(text)
    for offset, piece in found:
        assert content[offset:].decode().startswith(piece)


@given(
    st.text(st.sampled_from("ab é日🙂\r\n'."), min_size=30, max_size=200),
    st.sampled_from(UNITS),
    st.booleans(),
    st.integers(1, 4),
    st.integers(2, 6),
    st.sampled_from([1, 5, 64, 1 << 16]),
    st.sampled_from([0, 0.1, 0.4]),
)
def test_an_epoch_is_the_text(
    text: str, unit: Unit, lower: bool, batch: int, steps: int, chunk: int, share: float
) -> None:
    text += "\n"  # between words there is a boundary for the validation part
    tokens = Tokeniser(unit, lower).split(text)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        options: dict[str, Any] = {"unit": unit, "lower": lower, "validation": share}
        try:
            data = opened(path, text, batch=batch, steps=steps, chunk=chunk, **options)
        except DataError:  # too short
            assert (1 - share) * len(tokens) <= batch + 20 or share * len(tokens) < 30
            return
        object.__setattr__(data, "chunk", chunk)
        batches, held = epoch(data), list(data.validation_batches())
        words = data.vocabulary.tokens
        there = [words[each] for each in through(batches)]
        kept = [words[each] for each in through(held)] if held else []
        assert there == tokens[: len(there)]
        assert len(there) + len(kept) == len(tokens)
        rest = zip(kept, tokens[len(there) :], strict=True)
        assert all(one in (token, words[0]) for one, token in rest)
        assert bool(held) == bool(share)
        assert len(batches) == data.batches
        assert [each["reset"] for each in batches] == [True] + [False] * (len(batches) - 1)
        assert data.ragged == any((b["lengths"] < steps).any() for b in batches + held)
        assert sum(each["tokens"] for each in batches) == len(there) - 1
        for batch_of in batches:
            assert batch_of["x"].shape == batch_of["y"].shape == (steps, batch)


# what is read


def test_a_small_text(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.txt", "hello", batch=1, steps=4)
    assert (data.task.kind, data.task.ids, data.task.timed) == ("steps", ("x", "y"), True)
    assert data.task.dims == {"D": 5, "C": 5}
    assert not data.ragged
    (batch,) = epoch(data)
    assert data.vocabulary.decode(batch["x"][:, 0]) == "hell"
    assert data.vocabulary.decode(batch["y"][:, 0]) == "ello"


def test_the_same_text_with_other_ends_of_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "one\n\n\ntwo\nthree\n"
    same = [text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text]
    for unit in UNITS:
        found = [
            through(epoch(opened(tmp_path / f"{n}.txt", each, unit=unit, batch=1, chunk=chunk)))
            for n, each in enumerate(same)
            for chunk in (1, 2, 3, 7, 100)
        ]
        assert found == [found[0]] * len(found)
        assert len(found[0]) == (3 if unit == "words" else len(text))


def test_words(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.txt", QUOTE, unit="words", lower=True, batch=4, steps=10)
    assert set(data.vocabulary.tokens) == {
        "<unk>", "to", "be", ",", "or", "not", ":", "that", "is", "the", "question", "."
    }  # fmt: skip
    assert data.vocabulary.decode(epoch(data)[0]["x"][:6, 0]) == "to be , or not to"


def test_the_end_is_kept_apart_and_new_tokens_there_are_unknown(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.txt", QUOTE + "ZZ zz ZZ", unit="words", validation=0.01)
    (batch,) = data.validation_batches()
    assert data.vocabulary.decode(batch["y"][: batch["tokens"], 0]) == "<unk> <unk>"
    assert batch["reset"]
    data = opened(tmp_path / "b.txt", "é" * 500, unit="characters", validation=0.3)
    assert data.scan.training.tokens == 350


def test_without_the_tail_every_window_is_full(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.txt", QUOTE, steps=9, batch=5, validation=0.2, tail=False)
    batches = epoch(data)
    assert not data.ragged
    for batch in [*batches, *data.validation_batches()]:
        assert (batch["lengths"] == 9).all()
    assert len(batches) == data.batches == (data.scan.training.tokens - 1) // 5 // 9


def test_a_vocabulary_that_is_too_small_is_said(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.txt", QUOTE, unit="words", max_size=4)
    assert data.remarks == ("the vocabulary has 3 of 12 words; the others are unknown",)


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", {}, " is empty; expected a text"),
        ("\ufeff", {}, " is empty; expected a text"),
        (
            " \n ",
            {"unit": "words"},
            " has 0 words to train on; expected two or more: a longer text",
        ),
        (
            "abcdefgh",
            {"validation": 0.1},
            " has 1 character kept apart for validation; expected two or more: a longer text,"
            " another share, or a share of 0",
        ),
        (
            "hello",
            {"batch": 5},
            " has 5 characters to train on; 5 parallel streams need 6 or more: use a smaller batch"
            " or a longer text",
        ),
        (
            "hello",
            {"batch": 1, "steps": 5, "tail": False},
            " has 5 characters to train on; a stream needs 6 or more: use fewer steps or windows"
            " that are not full or a longer text",
        ),
        (
            b"ab\ncd\n" * 20000 + b"e\xc3(\n",
            {},
            ", line 40001: this is no UTF-8 (byte 120,002 of the file); expected a text in UTF-8:"
            " convert it",
        ),
        (
            b"ab\ncd\xe2\x82",
            {"chunk": 1},
            ", line 2: this is no UTF-8 (byte 6 of the file); expected a text in UTF-8: convert it",
        ),
        (QUOTE.encode("utf-16"), {}, " is a text in UTF-16; expected UTF-8: convert it"),
    ],
)
def test_bad_texts(
    content: str | bytes, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SymrnnError) as error:
        opened(tmp_path / "a.txt", content, **options)
    assert str(error.value) == f"{tmp_path / 'a.txt'}{said}"


def test_a_window_of_one_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="steps is 1; expected 2 or more for a running text"):
        opened(tmp_path / "a.txt", QUOTE, steps=1)


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    data = opened(tmp_path / "a.txt", QUOTE)
    (tmp_path / "a.txt").write_text(QUOTE[::-1] + "\n")
    with pytest.raises(DataError, match=r"a.txt has changed since it was first read"):
        epoch(data)


# large texts


def written(path: Path, block: str, size: int) -> int:
    """A file of so many bytes or more; how many blocks there are."""
    count = -(-size // len(block.encode()))
    with open(path, "w", encoding="utf-8", newline="") as file:
        for _ in range(count):
            file.write(block)
    return count


@pytest.mark.slow
def test_a_large_text_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    letters = np.random.default_rng(0).integers(97, 123, 99_000).astype(np.uint8).tobytes()
    block = letters.decode() + "é日🙂 \r\n" * 100
    count = written(path, block, 30_000_000)
    assert os.path.getsize(path) >= 30_000_000
    tracemalloc.start()
    try:
        data = open_data(path, Options(batch=16, steps=1000))
        batches = data.train_batches(0, np.random.default_rng(0))
        tokens = sum(batch["tokens"] for batch in batches)
        tokens += sum(batch["tokens"] for batch in data.validation_batches())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert tokens == count * (99_000 + 500) - 2
    assert peak < 20_000_000


@pytest.mark.parametrize("unit", UNITS)
def test_a_line_of_a_megabyte(unit: Unit, tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    blocks = written(path, "many short words. ", 1_000_000)
    data = cast(Running, open_data(path, Options(unit=unit, batch=4, validation=0)))
    assert data.scan.training.tokens == blocks * (4 if unit == "words" else 18)
    assert len(through(epoch(data))) == data.scan.training.tokens


def test_a_word_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "word.txt"
    path.write_text("x" * 1_000_000)
    data = cast(Running, open_data(path, Options(unit="words", batch=4, validation=0)))
    assert data.scan.training.tokens == 10_000
    assert data.vocabulary.tokens == ("<unk>", "x" * 100)
