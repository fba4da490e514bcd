"""Planted errors: one equation changes, its gradient is wrong, and the explanation fits."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.exercises import (
    FACTOR,
    INDEX,
    KINDS,
    PATH,
    PLUS,
    REVERSED,
    SIGN,
    TRANSPOSE,
)
from symrnn.derive.exercises.blanks import Sheets
from symrnn.derive.exercises.slips import Slip, matters_for, plant
from symrnn.derive.formula import Equation, Immediate, Total
from symrnn.derive.pieces import walk
from symrnn.derive.views.chain import view as chain
from symrnn.derive.views.closed import view as closed
from symrnn.derive.views.delta import view as delta
from symrnn.derive.views.local import view as local
from symrnn.errors import CheckError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language import parse
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Num, Ref
from symrnn.system import with_states
from tests.cases import explicit_states, model, odd_widths, oracle

MODELS = ("elman", "elman_n4", "lstm", "char", "birnn", "gru")
VIEWS = {"chain": chain, "closed": closed, "local": local, "delta": delta}


def equations(sheets: Sheets) -> list[Equation]:
    return [equation for sheet in sheets for equation in sheet.equations]


def words(slip: Slip) -> str:
    """The explanation, with … for each formula."""
    return "".join(part if isinstance(part, str) else "…" for part in slip.says)


class Numbers:
    """What sheets are worth at random numbers, initial states among them, and the oracle."""

    def __init__(self, derivation: Derivation, scalar: bool, seed: int = 5) -> None:
        self.derivation, self.steps = derivation, derivation.steps or 3
        system = with_states(derivation.plain)
        widths = odd_widths(derivation.written)
        self.dims = dict.fromkeys(widths, 1) if scalar else widths
        self.data = sample(derivation.written, system.symbols, self.dims, self.steps, 1, seed=seed)
        self.values = interpret(system, self.data, self.steps)
        self.oracle = oracle(explicit_states(derivation.written), self.data, self.steps)

    def gradients(self, sheets: Sheets) -> dict[str, Array]:
        names = self.derivation.parameters
        asked = {Total(LOSS, Ref(name)) for name in names}
        given = [*equations(sheets), *equations(local(self.derivation))]
        if not asked & {equation.left for equation in given}:
            given += equations(chain(self.derivation))
        on = Evaluator(given, self.values, self.data, self.dims)
        return {n: on(Total(LOSS, Ref(n))).reshape(self.data[n].shape) for n in names}

    def worst(self, sheets: Sheets) -> float:
        """How far any gradient is off, relative to its norm."""
        with np.errstate(all="ignore"):
            found = self.gradients(sheets)
        misses = [self.oracle.misses(g, self.data, n) for n, g in found.items()]
        return max(misses) * self.oracle.tolerance


@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("view", ["chain", "closed", "local", "delta"])
@pytest.mark.parametrize("name", MODELS)
def test_one_equation_changes_and_its_gradient_is_wrong(name: str, view: str, scalar: bool) -> None:
    if name == "char" and scalar:
        pytest.skip("one class: its probability is 1, and every gradient 0")
    derivation = Derivation(name, model(name).written, 3, scalar=scalar)
    sheets = VIEWS[view](derivation)
    matters, numbers = matters_for(derivation, sheets), Numbers(derivation, scalar)
    assert numbers.worst(sheets) < 1e-12
    for seed in range(8):
        planted, slip = plant(sheets, seed, matters)
        pairs = zip(equations(sheets), equations(planted), strict=True)
        (changed,) = [(a, b) for a, b in pairs if a != b]
        assert changed == (slip.equation, slip.wrong)
        assert slip.equation.left == slip.wrong.left
        assert any(slip.place == each for each in walk(slip.equation.rights[-1]))
        try:
            assert numbers.worst(planted) > 1e-6
        except CheckError:
            assert slip.kind == REVERSED


@pytest.mark.parametrize("name", MODELS)
def test_the_same_seed_plants_the_same_slip(name: str) -> None:
    derivation = Derivation(name, model(name).written, 3)
    sheets = closed(derivation)
    first = [plant(sheets, seed, matters_for(derivation, sheets)) for seed in range(5)]
    again = [plant(sheets, seed, matters_for(derivation, sheets)) for seed in range(5)]
    assert first == again


def slips(name: str, view: str, steps: int | None = 3, scalar: bool = True) -> list[Slip]:
    derivation = Derivation(name, model(name).written, steps, scalar=scalar)
    sheets = VIEWS[view](derivation)
    matters = matters_for(derivation, sheets)
    return [plant(sheets, seed, matters)[1] for seed in range(41)]


EXPECTED = {
    "chain": {FACTOR, PATH, INDEX, REVERSED, PLUS},
    "closed": {FACTOR, PATH, INDEX, SIGN, PLUS, TRANSPOSE},
    "local": {FACTOR, INDEX, SIGN, PLUS, TRANSPOSE},
    "delta": {FACTOR, INDEX, SIGN, PLUS},
}


@pytest.mark.parametrize("view", sorted(EXPECTED))
def test_every_kind_occurs_and_none_prevails(view: str) -> None:
    # among numbers the closed form has its common factors in front: no sum of whole paths is left
    counts = Counter(slip.kind for slip in slips("elman", view, scalar=view in ("chain", "delta")))
    assert set(counts) == EXPECTED[view]
    assert max(counts.values()) <= 41 // 2
    assert min(counts.values()) >= 3


def test_together_the_views_have_every_kind() -> None:
    assert set().union(*EXPECTED.values()) == set(KINDS)


def test_a_missing_factor_is_named_with_its_step() -> None:
    found = [slip for slip in slips("elman", "chain") if slip.kind == FACTOR]
    for slip in found:
        assert "he factor … is missing" in words(slip)
        assert slip.right in slip.says
        assert slip.wrong_part is None
        assert slip.right in set(walk(slip.place))
        if slip.equation.by_terms:
            assert words(slip).startswith("In the term of … = … the factor")
            pairs = zip(_terms(slip.equation), _terms(slip.wrong), strict=True)
            (position,) = (i for i, (a, b) in enumerate(pairs) if a != b)
            # the last step comes first
            assert slip.says[3] == Num(Fraction(3 - position))


def _terms(equation: Equation) -> tuple[object, ...]:
    right = equation.rights[-1]
    return right.terms if isinstance(right, Add) else (right,)


def test_a_reversed_partial_says_which_does_not_depend_on_which() -> None:
    for slip in slips("elman_n4", "chain"):
        if slip.kind == REVERSED:
            wrong, right = slip.wrong_part, slip.right
            assert isinstance(wrong, Immediate)
            assert isinstance(right, Immediate)
            assert (wrong.of, wrong.by) == (right.by, right.of)
            assert slip.says[-5:] == (wrong.of, " does not depend on ", wrong.by,
                                      ", so that partial is zero", ".")  # fmt: skip


@pytest.mark.parametrize(
    ("view", "kind"), [("chain", INDEX), ("chain", REVERSED), ("closed", INDEX), ("closed", SIGN)]
)
def test_a_wrong_piece_is_named_beside_the_right_one(view: str, kind: str) -> None:
    found = [slip for slip in slips("elman", view, scalar=False) if slip.kind == kind]
    assert found
    for slip in found:
        assert slip.place == slip.right
        assert slip.wrong_part != slip.right
        assert "… is written for …" in words(slip)
        assert slip.wrong_part in slip.says
        assert slip.right in slip.says


def test_a_lost_path_leaves_one_term_less() -> None:
    for slip in slips("elman", "closed"):
        if slip.kind == PATH:
            assert set(_terms(slip.equation)) - set(_terms(slip.wrong)) == {slip.right}
            assert len(_terms(slip.wrong)) == 2


def test_the_symbolic_derivation_is_judged_at_three_steps() -> None:
    found = Counter(slip.kind for slip in slips("gru", "delta", steps=None, scalar=False))
    assert len(found) == 6


def test_what_matters_is_asked_of_the_caller() -> None:
    sheets = closed(Derivation("elman", model("elman").written, 3))
    seen: list[Sheets] = []

    def third(changed: Sheets) -> bool:
        seen.append(changed)
        return len(seen) == 3

    planted, _ = plant(sheets, 0, third)
    assert planted == seen[-1]
    with pytest.raises(UsageError, match="nothing to get wrong"):
        plant(sheets, 0, lambda changed: False)


def test_without_a_product_there_is_nothing_to_get_wrong() -> None:
    written = parse("p = x[1] + b; L = p; x: 1; b: 1")
    derivation = Derivation("sum", written, 1, scalar=True)
    sheets = closed(derivation)
    with pytest.raises(UsageError, match="nothing to get wrong"):
        plant(sheets, 0, matters_for(derivation, sheets))
