"""Gradients in inputs, targets and weights alone: right, and counted before they are built."""

import re
from time import process_time

import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Formula, Total
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.pieces import children, walk
from symrnn.derive.printing.latex import Latex
from symrnn.derive.views import expanded as view
from symrnn.derive.views.expanded import view as expanded
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.tree import Ref, Written
from symrnn.system import normal, resolve
from tests.cases import ZOO, model, odd_widths, oracle
from tests.extent import FEW


def leaves(formula: Formula) -> int:
    return sum(1 for part in walk(formula) if not any(children(part)))


def latex(derivation: Derivation) -> list[str]:
    letters, deltas = letters_for(derivation, load_notation("default"))
    printer = Latex(letters, deltas)
    return ["\n".join(printer.rows([e], 80)) for s in expanded(derivation) for e in s.equations]


def check(name: str, written: Written, steps: int, scalar: bool) -> int:
    """Hold every gradient that is not refused against the oracle; how many there are."""
    wide = odd_widths(written)
    dims = dict.fromkeys(wide, 1) if scalar else wide
    data = sample(written, resolve(written), dims, steps, 1, seed=steps)
    values = interpret(normal(written, stable=False), data, steps)
    evaluate, judge = Evaluator((), values, data, dims), oracle(written, data, steps)
    derivation = Derivation(name, written, steps, scalar=scalar)
    count = 0
    for parameter in derivation.parameters:
        try:
            (sheet,) = expanded(derivation, [parameter])
        except UsageError:
            continue
        (equation,) = sheet.equations
        assert sheet.about == parameter
        assert equation.left == Total(LOSS, Ref(parameter))
        (formula,) = equation.rights
        for part in walk(formula):
            assert not isinstance(part, Total)
            if isinstance(part, Ref) and values.symbols[part.name].role == "variable":
                assert part.base == "1"
                assert not 0 <= part.shift < steps, "only what lies before the first step stays"
        assert judge.misses(evaluate(formula), data, parameter) <= 1, parameter
        count += 1
    return count


@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("name", ZOO)
def test_every_gradient_of_the_zoo_for_one_step(name: str, scalar: bool) -> None:
    written = model(name).written
    parameters = [s for s in resolve(written).values() if s.role == "parameter"]
    assert check(name, written, 1, scalar) == len(parameters)


@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("name", ZOO)
def test_every_gradient_of_the_zoo_for_two_steps_or_refused(name: str, scalar: bool) -> None:
    found = check(name, model(name).written, 2, scalar)
    assert found or name in ("lstm_peephole",)


def test_three_steps_of_the_notes_network() -> None:
    assert check("elman_n4", model("elman_n4").written, 3, scalar=True) == 3


def test_sums_over_time_and_boundaries_are_put_in() -> None:
    text = "h[0] = h0\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mse(y, mean(h[t]) @ V)"
    assert check("m", symrnn.parse(text).written, 3, scalar=False) == 4


def test_one_step_in_print() -> None:
    derivation = Derivation("n4", model("elman_n4").written, 1, scalar=True)
    assert latex(derivation)[2] == (
        r"\frac{\partial L}{\partial w_o} &= (\sigma(\tanh(x_1 \, w_i + O_0 \, w_h) \, w_o) - y)"
        r" \, \tanh(x_1 \, w_i + O_0 \, w_h)"
    )


@pytest.mark.parametrize(
    ("name", "steps", "scalar"),
    [("elman_n4", 3, True), ("elman", 2, False), ("gru", 2, True), ("lstm", 2, False),
     ("char", 3, False), ("birnn", 2, True)],
)  # fmt: skip
def test_the_count_is_that_of_the_formula(
    name: str, steps: int, scalar: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    derivation = Derivation(name, model(name).written, steps, scalar=scalar)
    monkeypatch.setattr(view, "LIMIT", 10**6)
    built = {sheet.about: leaves(sheet.equations[0].rights[0]) for sheet in expanded(derivation)}
    for parameter, count in built.items():
        monkeypatch.setattr(view, "LIMIT", count)
        assert expanded(derivation, [parameter])
        monkeypatch.setattr(view, "LIMIT", count - 1)
        said = re.escape(
            f"∂L/∂{parameter} for T = {steps} would have {count:,} symbols (the limit is"
            f" {count - 1:,}); use --view closed, or delta for any T"
        )
        with pytest.raises(UsageError, match=f"^{said}$"):
            expanded(derivation, [parameter])


@pytest.mark.parametrize(
    ("name", "count"), [("elman", "1,414,200"), ("lstm", r"about 10\^\d+"), ("bilstm", "about")]
)
def test_a_hundred_steps_are_refused_at_once(name: str, count: str) -> None:
    written = model(name).written
    start = process_time()
    with pytest.raises(UsageError, match=f"T = 100 would have {count}"):
        expanded(Derivation(name, written, 100))
    assert process_time() - start < 10  # to unroll is most of it


def test_a_symbolic_number_of_steps_is_refused() -> None:
    with pytest.raises(UsageError, match=r"needs a number of steps \(--steps\)"):
        expanded(Derivation("n4", model("elman_n4").written))


def test_a_long_and_thin_formula_prints_or_is_refused() -> None:
    written = symrnn.parse("h[t] = a * h[t-1] + x[t]; L = mse(y, h[T])").written

    def prints(steps: int) -> bool:
        try:
            return bool(latex(Derivation("m", written, steps, scalar=True)))
        except UsageError:
            return False

    found = list(map(prints, range(5, 60, 9 if FEW else 3)))
    assert found[0]
    assert not found[-1]
    assert found == sorted(found, reverse=True)


def test_depth_is_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "DEEPEST", 3)
    with pytest.raises(UsageError, match=r"deep \(the limit is 3\); use --view closed"):
        expanded(Derivation("n4", model("elman_n4").written, 3, scalar=True))


def test_the_gradient_by_an_input_has_a_sheet_for_each_step() -> None:
    written = model("elman_n4").written
    derivation = Derivation("n4", written, 2, wrt=("x",), scalar=True)
    sheets = expanded(derivation, ["x"])
    assert [sheet.title[1] for sheet in sheets] == [Ref("x", "1", 0), Ref("x", "1", 1)]
    dims = dict.fromkeys(odd_widths(written), 1)
    data = sample(written, resolve(written), dims, 2, 1)
    evaluate = Evaluator((), interpret(normal(written), data, 2), data, dims)
    found = np.stack([evaluate(sheet.equations[0].rights[0]) for sheet in sheets])
    assert oracle(written, data, 2).misses(found, data, "x") <= 1
