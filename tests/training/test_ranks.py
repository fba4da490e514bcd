"""Several ranks do what one process does with the whole batch."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

import symrnn
from symrnn.errors import DataError, Diverged, UsageError
from symrnn.language.arrays import Array
from symrnn.launcher import Place, place
from symrnn.model import Model
from symrnn.training import SGD, Adam, Ranks, Step, Trainer, fit, started
from symrnn.training.ranks import ALONE, MpiRanks, launched
from tests.kernels.c.compiler import needs_compiler
from tests.training.together import together

STEPS = 5
EXACT = 1e-12


class Case(NamedTuple):
    """A model, how its kernel is made, and how it is trained."""

    model: Model
    options: Mapping[str, Any] = {}
    training: Mapping[str, Any] = {}
    sizes: tuple[int, ...] = (7, 7, 6, 2, 1)
    """Of its batches, of which some have fewer rows than there are ranks."""


STEADY = (7,) * 5
PENALTY = """h[t] = tanh(x[t] @ W + h[t-1] @ U)
L = mean(ce(y[t], softmax(h[t] @ V))) + 0.01 * total(W**2)"""
LAGS = """h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ R)
L = sum(mse(y[t], h[t] @ V))"""

CASES = {
    "elman": Case(symrnn.load("elman"), training={"clip": 0.05}),
    "lengths": Case(symrnn.load("birnn"), {"lengths": True}, {"value_clip": 1e-3}),
    "text": Case(
        symrnn.load("lstm").with_head("steps"), {"ids": ("x", "y")}, {"carry": True}, STEADY
    ),
    "fewer rows than ranks": Case(symrnn.load("char"), training={"carry": True}, sizes=(2,) * 4),
    "masks": Case(
        symrnn.load("gru").with_dropout("h", recurrent="h").with_zoneout("h"),
        training={"masks": {"drop_h": 0.5, "keep_h": 0.2, "zone_h": 0.1}, "seed": 3},
    ),
    "penalty": Case(symrnn.parse(PENALTY), training={"schedule": "step:2:0.5"}),
    "states of two lags": Case(symrnn.parse(LAGS), training={"carry": True}, sizes=STEADY),
    "weights": Case(symrnn.load("elman_steps").with_weights()),
    "c": Case(symrnn.load("gru"), {"backend": "c"}, sizes=(2, 2)),
    "batch first": Case(symrnn.load("mgu"), {"batch_first": True}),
}


@cache
def module(name: str) -> Any:
    case = CASES[name]
    return case.model.kernel(STEPS, **case.options)


def dims(name: str) -> dict[str, Any]:
    return {each: 3 + i for i, each in enumerate(module(name).DIMS)}


def batches(name: str) -> list[dict[str, Any]]:
    file, rng = module(name), np.random.default_rng(1)
    masks = CASES[name].training.get("masks", {})
    found = []
    for size in CASES[name].sizes:
        batch: dict[str, Any] = {}
        extents = {"T": STEPS, "B": size, **dims(name)}
        for each, axes in file.INPUTS.items():
            shape = [sum(extents.get(p, 0) or int(p) for p in str(a).split("+")) for a in axes]
            if each in getattr(file, "IDS", {}):
                batch[each] = rng.integers(extents[file.IDS[each]], size=shape)
            elif each not in masks:
                batch[each] = rng.uniform(size=shape)
        if CASES[name].options.get("lengths"):
            batch["lengths"] = rng.integers(1, STEPS + 1, size)
        found.append(batch)
    return found


class Trained(NamedTuple):
    steps: list[Step]
    theta: Array
    state: dict[str, Any]


def trainer(name: str, ranks: Ranks) -> Trainer:
    rows = ranks.most(max(CASES[name].sizes))
    kernel = started(module(name), rows, **dims(name))
    return Trainer(kernel, SGD(0.5, momentum=0.9), ranks=ranks, **CASES[name].training)


def trained(name: str, ranks: Ranks = ALONE) -> Trained:
    own = trainer(name, ranks)
    steps = [own.train_step(batch) for batch in batches(name)]
    return Trained(steps, own.kernel.theta.copy(), own.state())


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[needs_compiler] if n == "c" else []) for n in CASES]
)
def test_the_same_as_alone(name: str, size: int) -> None:
    alone, all_of_them = trained(name), together(size, lambda ranks: trained(name, ranks))
    for each in all_of_them:
        for found, wanted in zip(each.steps, alone.steps, strict=True):
            np.testing.assert_allclose(found[:4], wanted[:4], rtol=EXACT)
        assert np.linalg.norm(each.theta - alone.theta) <= EXACT * np.linalg.norm(alone.theta)
        assert each.theta.tobytes() == all_of_them[0].theta.tobytes()
        assert each.state.keys() == alone.state.keys()
        for key, value in alone.state.items():
            np.testing.assert_allclose(each.state[key], value, rtol=1e-9, atol=EXACT, err_msg=key)
    assert alone.steps[-1].loss != alone.steps[0].loss


@pytest.mark.parametrize("name", ["text", "fewer rows than ranks", "states of two lags", "masks"])
@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (2, 3)])
def test_another_number_of_ranks_goes_on(name: str, before: int, after: int) -> None:
    """States that are carried lie in rows, which other ranks have then."""
    data, whole = batches(name), trained(name)

    def begin(ranks: Ranks) -> dict[str, Any]:
        own = trainer(name, ranks)
        for batch in data[:2]:
            own.train_step(batch)
        return own.state()

    def go_on(ranks: Ranks) -> Array:
        own = trainer(name, ranks)
        own.restore(state)
        for batch in data[2:]:
            own.train_step(batch)
        return own.kernel.theta

    state = together(before, begin)[0] if before > 1 else begin(ALONE)
    for theta in together(after, go_on) if after > 1 else [go_on(ALONE)]:
        assert np.linalg.norm(theta - whole.theta) <= EXACT * np.linalg.norm(whole.theta)


def test_a_step_is_one_sum() -> None:
    def sums(ranks: MpiRanks) -> int:
        trained("text", ranks)
        found: int = ranks._all.sums
        return found

    assert together(3, sums) == [len(STEADY)] * 3


def test_what_one_rank_has_wrong_is_known_to_all() -> None:
    """A loss that is no number in one row is none of the whole batch."""
    odd = {**batches("elman")[0]}
    odd["x"] = odd["x"].copy()
    odd["x"][0, 1, 0] = np.nan

    def step(ranks: Ranks) -> str:
        own = trainer("elman", ranks)
        before = own.kernel.theta.copy()
        with pytest.raises(Diverged) as said:
            own.train_step(odd)
        np.testing.assert_array_equal(own.kernel.theta, before)
        return str(said.value)

    assert set(together(2, step)) == {step(ALONE)}


def test_fit_with_validation_and_patience() -> None:
    data = batches("elman")

    def fitted(ranks: Ranks) -> tuple[str, int, Array]:
        kernel = started(module("elman"), max(CASES["elman"].sizes), **dims("elman"))
        history = fit(
            kernel, data, Adam(0.1), 30, validate=lambda k: -float(k.theta[0]), patience=2,
            ranks=ranks,
        )  # fmt: skip
        return history.ended, len(history.epochs), kernel.theta

    ended, count, theta = fitted(ALONE)
    assert ended == "patience"
    for each in together(2, fitted):
        assert each[:2] == (ended, count)
        np.testing.assert_allclose(each[2], theta, rtol=1e-9)


def test_rows_are_each_somewhere_once() -> None:
    whole = np.arange(2 * 7).reshape(2, 7)

    def parts(ranks: Ranks) -> tuple[int, int, Array]:
        own = ranks.own(whole, 1)
        np.testing.assert_array_equal(ranks.whole({"h": own}, {"h": 1})["h"], whole)
        return ranks.rows(7), ranks.most(7), own

    found = together(3, parts)
    assert [rows for rows, _, _ in found] == [3, 2, 2]
    assert {most for _, most, _ in found} == {3}
    assert [own[0].tolist() for _, _, own in found] == [[0, 3, 6], [1, 4], [2, 5]]


def test_a_rank_without_rows_may_have_anything_for_a_gradient() -> None:
    def mean(ranks: MpiRanks) -> tuple[float, list[float]]:
        gradient = np.full(2, np.nan if ranks.rank else 3.0)
        return ranks.mean(gradient, 5.0, 1.0 - ranks.rank), gradient.tolist()

    assert together(2, mean) == [(5.0, [3.0, 3.0])] * 2


# what is agreed upon


def test_a_call_that_fails_on_one_fails_on_all() -> None:
    def call(ranks: MpiRanks) -> str:
        def own() -> int:
            if ranks.rank == 1:
                raise DataError("no such file")
            if ranks.rank == 2:
                raise MemoryError
            return ranks.rank

        with pytest.raises(UsageError) as said:
            ranks.agreed(own)
        return str(said.value)

    assert together(3, call) == ["rank 1 of 3: no such file"] * 3
    assert together(2, lambda ranks: ranks.agreed(lambda: ranks.rank)) == [0, 1]


def test_a_wish_of_one_is_granted_to_all_with_the_next_step() -> None:
    def heard(ranks: MpiRanks) -> list[bool]:
        found = []
        for step in range(3):
            ranks.wish("save", ranks.rank == 1 and step == 1)
            ranks.mean(np.ones(2), 1.0, 0.5)
            found.append(ranks.agree("save", False))
            assert not ranks.agree("end", True)
        return found

    assert together(2, heard) == [[False, True, False]] * 2


# launchers


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, Place()),
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, Place()),
        ({"PMI_RANK": "3", "PMI_SIZE": "4", "MPI_LOCALRANKID": "1"}, Place(3, 4, 1)),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}, Place(1, 2, 0)),
        ({"PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_LOCALID": "1"}, Place(1, 2, 1)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, Place()),  # a script of sbatch is one process
        ({"PMIX_RANK": "0"}, Place()),
        ({"PMI_RANK": "-1", "PMI_SIZE": "two"}, Place()),
    ],
)
def test_what_launchers_say(said: dict[str, str], found: Place) -> None:
    assert place(said) == found


def test_without_a_launcher_no_library_of_mpi_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mpi4py", None)  # importing it would fail
    assert launched(Place()) is ALONE
    with pytest.raises(UsageError, match=r"has started 2 processes, and mpi4py, .*symrnn\[mpi\]"):
        launched(Place(0, 2))
