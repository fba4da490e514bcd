"""Examples kept apart, put into batches, and an epoch that is taken up again."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symrnn.errors import DataError, UsageError
from symrnn.training.data import Batch, Data, Options, Position, open_data
from symrnn.training.data.examples import POOL, bucketed, in_order, split


def same(one: Batch, other: Batch) -> bool:
    numbers: tuple[dict[str, Any], dict[str, Any]] = {**one}, {**other}
    return all(np.array_equal(value, numbers[1][name]) for name, value in numbers[0].items())


@given(st.lists(st.integers(1, 9), max_size=300), st.integers(1, 4), st.integers(0, 9))
def test_every_sequence_is_in_one_batch(lengths: list[int], batch: int, seed: int) -> None:
    array = np.array(lengths, int)
    for batches in (bucketed(array, batch, np.random.default_rng(seed)), in_order(array, batch)):
        rows = np.concatenate([np.arange(0), *batches])
        assert sorted(rows.tolist()) == list(range(len(lengths)))
        assert sum(len(each) < batch for each in batches) <= 1
        assert len(batches) == -(-len(lengths) // batch)


def test_batches_hold_similar_lengths_in_no_order() -> None:
    lengths = np.random.default_rng(0).integers(1, 1000, 8 * POOL)
    batches = bucketed(lengths, 8, np.random.default_rng(1))
    assert np.mean([np.ptp(lengths[each]) for each in batches]) < 50  # 780 if drawn freely
    longest = [lengths[each].max() for each in batches]
    assert longest != sorted(longest)
    again = bucketed(lengths, 8, np.random.default_rng(1))
    assert all(map(np.array_equal, batches, again))


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=80),
    st.floats(0.01, 0.99),
    st.integers(0, 5),
)
def test_a_split_takes_of_each_class_its_share(labels: list[int], share: float, seed: int) -> None:
    classes = np.array(labels)
    counts = Counter(labels)
    if max(counts.values()) == 1:
        with pytest.raises(DataError, match="too few examples"):
            split(len(labels), share, seed, "a.csv", classes)
        return
    train, validation = split(len(labels), share, seed, "a.csv", classes)
    assert sorted([*train, *validation]) == list(range(len(labels)))
    room = len(labels) - len(counts)
    assert len(validation) == min(max(1, round(share * len(labels))), room)
    kept = Counter(classes[validation].tolist())
    for each, count in counts.items():
        assert kept[each] < count
        if len(validation) < room:
            assert kept[each] >= min(int(share * count), count - 1)
    again = split(len(labels), share, seed, "a.csv", classes)
    assert np.array_equal(again[1], validation)


def test_too_few_examples_to_split() -> None:
    with pytest.raises(DataError) as error:
        split(1, 0.1, 0, "a.csv")
    assert str(error.value) == (
        "a.csv: there are too few examples to keep some apart for validation; expected two or"
        " more: give more, or a share of 0"
    )


def sources(folder: Path) -> list[tuple[Path, Options]]:
    rng = np.random.default_rng(0)
    rows = [
        f"{' '.join('abcd'[n] for n in rng.integers(0, 4, 1 + k % 7))},{k % 3}" for k in range(50)
    ]
    (folder / "a.csv").write_text("text,label\n" + "\n".join(rows))
    (folder / "a.txt").write_text("to be or not to be, that is the question\n" * 9)
    np.savez(folder / "a.npz", x=rng.normal(size=(20, 5, 2)), y=np.arange(20) % 2)
    few = Options(batch=3, validation=0.2, steps=5)
    return [(folder / name, few) for name in ("a.csv", "a.txt", "a.npz")]


def test_an_epoch_goes_on_from_any_place_in_it(tmp_path: Path) -> None:
    for path, options in sources(tmp_path):
        data = open_data(path, options)
        rng = np.random.default_rng(5)
        for epoch in range(2):
            batches = data.train_batches(epoch, rng)
            rng_after = rng.bit_generator.state
            places, seen = [batches.position], []
            for batch in batches:
                seen.append(batch)
                places.append(batches.position)
                rng.random()  # the trainer draws from the same generator
            assert len(seen) == data.batches > 3
            rng.bit_generator.state = rng_after
            for done, place in enumerate(places):
                saved: dict[str, Any] = json.loads(json.dumps(asdict(place)))
                rest = open_data(path, options).restore(Position(**saved))
                assert rest.position == place == Position(epoch, done, place.state)
                assert all(map(same, list(rest), seen[done:]))
                assert rest.position == places[-1]


def test_epochs_differ_and_follow_from_the_generator(tmp_path: Path) -> None:
    (path, options), *_ = sources(tmp_path)
    data = open_data(path, options)
    rng = np.random.default_rng(5)
    one, two = list(data.train_batches(0, rng)), list(data.train_batches(1, rng))
    assert not all(map(same, one, two))
    assert all(map(same, one, data.train_batches(0, np.random.default_rng(5))))
    held = [list(data.validation_batches()) for _ in range(2)]
    assert all(map(same, *held))
    assert sum(batch["x"].shape[1] for batch in held[0]) == 10


def test_a_position_of_no_generator() -> None:
    data = open_data("hello")
    with pytest.raises(DataError, match="the saved position is of no random generator"):
        data.restore(Position(0, 0, {"bit_generator": "seed"}))


# the notes' data


def whole(data: Data) -> Batch:
    (batch,) = data.train_batches(0, np.random.default_rng(0))
    assert not list(data.validation_batches())
    return batch


def test_cat_mat_rat() -> None:
    data = open_data("cat-mat-rat")
    assert (data.task.kind, data.task.dims, data.task.ids) == ("binary", {"D": 3, "C": 1}, ("x",))
    assert data.vocabulary is not None
    assert data.vocabulary.tokens == ("cat", "mat", "rat")
    batch = whole(data)
    found = {(data.vocabulary.decode(x), *y) for x, y in zip(batch["x"].T, batch["y"], strict=True)}
    assert found == {("cat mat rat", 1), ("rat rat mat", 1), ("mat mat cat", 0)}
    assert batch["y"].dtype == float
    assert (batch["tokens"], batch["reset"], data.ragged) == (9, True, False)


def test_reviews_of_a_film() -> None:
    data = open_data("reviews")
    assert (data.task.kind, data.task.dims, data.steps) == ("binary", {"D": 5, "C": 1}, 4)
    batch = whole(data)
    assert data.ragged
    assert data.vocabulary is not None
    found = {
        (data.vocabulary.decode(x[:length]), *y)
        for x, y, length in zip(batch["x"].T, batch["y"], batch["lengths"], strict=True)
    }
    assert found == {("movie was good", 1), ("movie was bad", 0), ("movie was not good", 0)}
    assert data.task.labels == ("0", "1")


def test_hello() -> None:
    data = open_data("hello")
    assert (data.task.kind, data.task.dims, data.task.ids) == (
        "steps",
        {"D": 4, "C": 4},
        ("x", "y"),
    )
    batch = whole(data)
    assert data.vocabulary is not None
    assert data.vocabulary.decode(batch["x"][:, 0]) == "hell"
    assert data.vocabulary.decode(batch["y"][:, 0]) == "ello"
    short = open_data("hello", Options(steps=3))
    assert short.remarks == ("1 of 1 sequences is longer than 3 steps and is cut there",)
    assert whole(short)["y"].shape == (3, 1)
    with pytest.raises(DataError, match="hello: there are too few examples"):
        open_data("hello", Options(validation=0.5))


def test_a_source_of_no_known_kind() -> None:
    with pytest.raises(UsageError) as error:
        open_data("review")
    assert str(error.value) == (
        "'review' is neither a file of a known kind nor data that come along; did you mean"
        " 'reviews'?; expected a name that ends with .csv, .tsv, .jsonl, .txt, .npz, or"
        " cat-mat-rat, reviews, hello"
    )


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "txt", "npz"])
def test_a_file_that_is_not_there(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*a\.\w+: No such file or directory"):
        open_data(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": 0}, "steps is 0; expected a whole number from 1 up"),
        ({"batch": 0}, "batch is 0; expected a whole number from 1 up"),
        ({"max_size": 1}, "max_size is 1; expected a whole number from 2 up"),
        ({"validation": 1.0}, "the share for validation is 1.0; expected a number from 0"),
        ({"unit": "lines"}, "'lines' is no unit of texts; there are words and characters"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        Options(**options)
    assert str(error.value).startswith(said)


def test_no_sympy() -> None:
    import subprocess
    import sys

    script = "import sys, symrnn.training.data; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
