"""A mistake in a generated kernel does not get past the checks.

Every mutant of a kernel is caught, or shown to be no mistake at all: it computes the same. By
default some of them are tried, drawn by seed; `make test-wide` tries them all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import takewhile
from types import ModuleType

import numpy as np
import pytest

from symrnn.interpret.oracle import error
from symrnn.kernels.load import load_source
from symrnn.kernels.settings import Features
from symrnn.kernels.verification.calls import nothing_in_memory, of_kernel
from symrnn.kernels.verification.case import Case, case
from symrnn.kernels.verification.checks import checks
from symrnn.kernels.verification.exact import larger
from symrnn.kernels.verification.pieces import chain
from symrnn.kernels.verification.reference import Reference, reference
from symrnn.kernels.verification.report import CENTRAL, COMPLEX, Check
from symrnn.language.arrays import Array
from tests.cases import ZOO, model, state_names
from tests.extent import FEW, WIDE, draws
from tests.mutants import Laboratory, Mutant

MANY = draws(20, 50, 10**9)
SEEDS = ((0, 2), (1, 3), (2, 1))  # and the number of sequences
LOOPED = ZOO if WIDE else ["birnn", "elman", "gru_torch", "jordan"]

HARMLESS = {
    ("names", False): "the steps of a scratch array lie in another order",
    ("number", False): "a slice ends past the end, an array is larger, scratch lies otherwise",
    ("names", True): "two scratch arrays of a loop, each in the place of the other",
    ("number", True): "a matrix with one row is copied onto itself",
    ("transpose", True): "a vector, which has nothing to transpose",
    ("operands", True): "a product of two vectors",
    ("drop", True): "what the statement computes lies there already",
    ("step", True): "another name for the same place",
}
"""Why a mutant may compute the same: by its kind, and whether it is in a pass or in a view."""


@dataclass(frozen=True)
class Tried:
    """A kernel, and the numbers that it is tried on."""

    laboratory: Laboratory
    cases: tuple[Case, ...]
    references: dict[int, Reference] = field(default_factory=dict)

    @property
    def module(self) -> ModuleType:
        return self.laboratory.module

    def checks(self, draw: int) -> Iterator[Check]:
        """What is worked out once for every kernel, and held against each.

        Complex steps and differences are left out: they take long, and what they compare, the
        forward pass and the gradient, is held against 50 digits already.
        """
        made = self.cases[draw]
        if draw not in self.references:
            self.references[draw] = reference(made, every=False)
        found = checks(self.module, made, self.references[draw])
        return takewhile(lambda check: check.against not in (COMPLEX, CENTRAL), found)

    def caught(self, mutant: Mutant, draw: int) -> bool:
        """Whether verification says so, on one of the draws of numbers."""
        with self.laboratory.with_mistake(mutant):
            return any(check.holds is False for check in self.checks(draw))

    def results(self) -> list[Array]:
        """All that a kernel gives for all the numbers."""
        found = []
        for made in self.cases:
            for data in (made.data, larger(made, 1000)):
                with nothing_in_memory(self.module):
                    kernel = self.module.Kernel(made.batch, **made.dims)
                    arrays = of_kernel(kernel, made, data).arrays()
                if made.no_step is None:
                    single = chain(self.module, replace(made, data=data)).arrays()
                    arrays |= {f"step {name}": array for name, array in single.items()}
                found += [arrays[name] for name in sorted(arrays)]
        return found

    def is_same(self, mutant: Mutant, wanted: list[Array]) -> bool:
        """Bit by bit, but for the order in which a sum is taken over steps that lie otherwise."""
        with self.laboratory.with_mistake(mutant):
            try:
                found = self.results()
            except (ValueError, IndexError):  # shapes that fit each other in one draw only
                return False
        return all(
            np.array_equal(ours, theirs, equal_nan=True) or error(ours, theirs) < 1e-15
            for ours, theirs in zip(found, wanted, strict=True)
        )


@cache
def tried(
    name: str, steps: int, loops: bool, wrt: tuple[str, ...] = (), forward_only: bool = False
) -> Tried:
    features: Features = {"forward_only": forward_only}
    source = model(name).generate(steps, loops, wrt, **features)
    cases = (
        case(model(name).written, steps, wrt, batch, seed=seed, features=features)
        for seed, batch in SEEDS
    )
    return Tried(Laboratory(load_source(source, name), source), tuple(cases))


def every_mutant_is_caught(name: str, of: Tried, figures: list[str]) -> None:
    assert all(check.holds is not False for check in of.checks(0))
    mutants = of.laboratory.mutants()
    order = np.random.default_rng(0).permutation(len(mutants))[:MANY]
    left = [mutant for i in order if not of.caught(mutant := mutants[i], 0)]
    right = of.results()
    same = [mutant for mutant in left if of.is_same(mutant, right)]
    others = [mutant for mutant in left if mutant not in same]
    survivors = [str(m) for m in others if not (of.caught(m, 1) or of.caught(m, 2))]
    figures.append(
        f"mutants of {name}: {len(mutants)}, tried {len(order)}, caught"
        f" {len(order) - len(same) - len(survivors)}, equivalent {len(same)},"
        f" survivors {len(survivors)}"
    )
    if len(mutants) < MANY:
        figures += [f"    {mutant}" for mutant in same if mutant.in_pass]
    assert survivors == []
    assert [str(m) for m in same if (m.kind, m.in_pass) not in HARMLESS] == []
    assert FEW or len(same) < len(order) / 5  # few say nothing of a share


@pytest.mark.parametrize("name", ZOO)
def test_mistakes_in_a_kernel_that_is_written_out(name: str, figures: list[str]) -> None:
    every_mutant_is_caught(f"{name}, T = 3", tried(name, 3, False), figures)


@pytest.mark.parametrize("name", LOOPED)
def test_mistakes_in_a_loop(name: str, figures: list[str]) -> None:
    wrt = ("x", *state_names(model(name)))
    every_mutant_is_caught(f"{name}, T = 5 in a loop", tried(name, 5, True, wrt), figures)


@pytest.mark.parametrize("name", ["birnn", "char", "elman", "gru", "lstm"])
def test_mistakes_in_a_kernel_without_gradients(name: str, figures: list[str]) -> None:
    of = tried(name, 4, True, (), True)
    every_mutant_is_caught(f"{name}, T = 4, forward only", of, figures)


def test_mutants_differ_from_the_source_and_leave_it_as_it_was() -> None:
    of = tried("elman", 3, False)
    kinds = Counter(mutant.kind for mutant in of.laboratory.mutants())
    assert kinds.keys() == {
        *("drop", "function", "operands", "transpose", "number", "step", "names"),
    }
    for mutant in of.laboratory.mutants():
        before, _, after = str(mutant).partition(": ")[2].partition("  ->  ")
        assert before != after
    assert of.laboratory.originals.items() <= of.module.__dict__.items()


def drop_of(of: Tried, call: str) -> Mutant:
    return next(
        mutant
        for mutant in of.laboratory.mutants()
        if mutant.kind == "drop" and f": {call}(" in str(mutant)
    )


def test_memory_that_happens_to_hold_the_right_number_does_not_help() -> None:
    of = tried("elman", 3, False)
    mutant = drop_of(of, "tanh")
    with of.laboratory.with_mistake(mutant):
        assert "second call" in {check.what for check in of.checks(0) if check.holds is False}
