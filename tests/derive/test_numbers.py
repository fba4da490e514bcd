"""Worked examples: every line in numbers is right by the line before it."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Equation, Formula, Marked, Name, Sheet, Total, Value
from symrnn.derive.pieces import walk
from symrnn.derive.views import numbers as view
from symrnn.derive.views.numbers import printed
from symrnn.derive.views.numbers import view as numbers
from symrnn.derive.worked.data import worked_data
from symrnn.errors import DataError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Num, Ref, Written
from symrnn.model import Model
from symrnn.system import normal, resolve
from tests.cases import ZOO, explicit_states, model, odd_widths, oracle

Sheets = dict[str, Sheet]


def data_for(written: Written, scalar: bool, steps: int, seed: int = 0) -> dict[str, Array]:
    wide = odd_widths(written)
    dims = dict.fromkeys(wide, 1) if scalar else {n: 1 + size % 3 for n, size in wide.items()}
    return sample(written, resolve(written), dims, steps, 1, seed)


def by_title(sheets: tuple[Sheet, ...]) -> Sheets:
    return {str(sheet.title[0]).split(":")[0]: sheet for sheet in sheets}


def in_numbers(formula: Formula) -> Array:
    """A formula without letters, worked out."""
    written = symrnn.load("elman_n4").written
    data = data_for(written, True, 1)
    with np.errstate(all="ignore"):
        return Evaluator((), interpret(normal(written), data, 1), data, {})(formula)


def value(equation: Equation) -> Array:
    last = equation.rights[-1]
    assert isinstance(last, Value)
    return np.array(last.rows)


def gradients(sheets: tuple[Sheet, ...]) -> Iterator[tuple[str, Array]]:
    for equation in by_title(sheets)["Terms and gradients"].equations:
        assert isinstance(equation.left, Total)
        assert isinstance(equation.left.by, Ref)
        yield equation.left.by.name, value(equation)


@pytest.fixture
def no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "LIMIT", 10**6)


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("name", ZOO)
def test_each_line_in_numbers_gives_the_value(name: str, scalar: bool) -> None:
    written = model(name).written
    data = data_for(written, scalar, 2)
    sheets = numbers(Derivation(name, written, 2, scalar=scalar), data=data)
    lines = 0
    for equation in (e for sheet in sheets for e in sheet.equations):
        wanted = value(equation)
        for right in equation.rights[1:-1]:
            assert not any(isinstance(part, Ref | Total | Name) for part in walk(right))
            np.testing.assert_allclose(
                np.broadcast_to(in_numbers(right), wanted.shape), wanted, rtol=1e-13, atol=1e-15
            )
            lines += 1
    assert lines > 5


@pytest.mark.usefixtures("no_limit")
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("scalar", [True, False])
@pytest.mark.parametrize("name", ["char", "elman", "elman_n4", "gru", "jordan", "leaky", "lstm"])
def test_the_gradients_are_those_of_the_oracle(name: str, scalar: bool, steps: int) -> None:
    written = model(name).written
    data = data_for(written, scalar, steps, seed=steps)
    judge = oracle(written, data, steps)
    sheets = numbers(Derivation(name, written, steps, scalar=scalar), data=data)
    found = dict(gradients(sheets))
    assert list(found) == [s.name for s in resolve(written).values() if s.role == "parameter"]
    for parameter, gradient in found.items():
        assert judge.misses(gradient, data, parameter) <= 1, parameter


def test_the_notes_data_worked_out_by_hand() -> None:
    written = model("elman_n4").written
    w_i, w_h, w_o, eta = (0.5, -0.3, 0.8), 0.7, 0.9, 0.001
    weights = {"w_i": np.array([w_i]).T, "w_h": np.array([[w_h]]), "w_o": np.array([[w_o]])}
    data, steps = worked_data(written, resolve(written), data="notes", row=2)
    sheets = by_title(numbers(Derivation("n4", written, steps), data={**data, **weights}, eta=eta))
    # rat rat mat, so x_t w_i is 0.8, 0.8, -0.3
    o1 = math.tanh(0.8)
    o2 = math.tanh(0.8 + o1 * w_h)
    o3 = math.tanh(-0.3 + o2 * w_h)
    yhat = 1 / (1 + math.exp(-o3 * w_o))
    d3 = (yhat - 1) * w_o * (1 - o3**2)
    d2 = d3 * w_h * (1 - o2**2)
    d1 = d2 * w_h * (1 - o1**2)

    forward = [value(e).item() for e in sheets["Forward pass"].equations]
    pre = [0.8, 0.8 + o1 * w_h, -0.3 + o2 * w_h]
    assert forward == pytest.approx(
        [pre[0], o1, pre[1], o2, pre[2], o3, yhat, -math.log(yhat)], abs=1e-14
    )
    backward = [value(e).item() for e in sheets["Backward pass"].equations]
    assert backward == pytest.approx([d3, d2, d1], abs=1e-14)
    by_w_i, by_w_h, by_w_o = sheets["Terms and gradients"].equations
    assert value(by_w_i).ravel() == pytest.approx([0, d3, d2 + d1], abs=1e-14)
    assert value(by_w_h).item() == pytest.approx(d3 * o2 + d2 * o1, abs=1e-14)
    assert value(by_w_o).item() == pytest.approx((yhat - 1) * o3, abs=1e-14)
    updates = sheets["Update"].equations
    *_, rate = sheets["Given"].equations
    assert value(rate).item() == eta
    assert value(updates[1]).item() == pytest.approx(w_h - eta * (d3 * o2 + d2 * o1), abs=1e-14)
    assert value(updates[0]).ravel() == pytest.approx(
        [0.5, -0.3 - eta * d3, 0.8 - eta * (d2 + d1)], abs=1e-14
    )


def test_a_gradient_shows_each_term_as_a_number() -> None:
    written = model("elman_n4").written
    sheets = numbers(Derivation("n4", written, 3, scalar=True), data=data_for(written, True, 3))
    by_w_h = by_title(sheets)["Terms and gradients"].equations[1]
    formula, put_in, terms, _ = by_w_h.rights
    assert isinstance(formula, Add)
    assert isinstance(put_in, Add)
    assert isinstance(terms, Add)
    assert [type(term) for term in terms.terms] == [Value] * 3
    for one, other in zip(put_in.terms, terms.terms, strict=True):
        np.testing.assert_array_equal(in_numbers(one), in_numbers(other))
    assert terms.terms[2] == Value(((0.0,),))  # O_0 is zero


@pytest.mark.parametrize("name", ["elman", "gru_torch"])
def test_an_update_goes_down_the_gradient(name: str) -> None:
    written = model(name).written
    data = data_for(written, True, 2)
    sheets = numbers(Derivation(name, written, 2, scalar=True), data=data, eta=0.25)
    found = dict(gradients(sheets))
    updates = by_title(sheets)["Update"].equations
    assert [update.left for update in updates] == [Marked(Ref(p), "new") for p in found]
    for update, (parameter, gradient) in zip(updates, found.items(), strict=True):
        wanted = data[parameter].reshape(gradient.shape) - 0.25 * gradient
        np.testing.assert_allclose(value(update), wanted, rtol=1e-15)


def test_nothing_is_printed_twice_in_a_row() -> None:
    model_ = symrnn.parse("h[t] = tanh(x[t] @ w + h[t-1]); L = mse(y, h[T])")
    sheets = numbers(
        Derivation("m", model_.written, 1, scalar=True), data=data_for(model_.written, True, 1)
    )
    for equation in (e for sheet in sheets for e in sheet.equations):
        for one, other in zip(equation.rights, equation.rights[1:], strict=False):
            assert one != other
    elman = model("elman").written
    found = numbers(Derivation("m", elman, 1, scalar=True), data=data_for(elman, True, 1))
    by_b = by_title(found)["Terms and gradients"].equations[2]
    assert by_b.rights[:1] == (Total(LOSS, Ref("a_O", "1")),)
    assert len(by_b.rights) == 2  # δ_1, and what is both the number put in and the value


def test_a_constant_of_the_text_stays_as_it_is_written() -> None:
    written = model("leaky").written
    sheets = numbers(Derivation("m", written, 1, scalar=True), data=data_for(written, True, 1))
    put_in = by_title(sheets)["Forward pass"].equations[1].rights[1]
    assert [str(part.value) for part in walk(put_in) if isinstance(part, Num)] == [
        "1", "1/10", "1/10",
    ]  # fmt: skip


def test_chosen_parameters_alone() -> None:
    written = model("elman").written
    data = data_for(written, True, 2)
    sheets = by_title(numbers(Derivation("m", written, 2, scalar=True), ["w_o"], data=data))
    assert "Backward pass" not in sheets  # ŷ - y needs no δ
    assert [e.left for e in sheets["Terms and gradients"].equations] == [Total(LOSS, Ref("w_o"))]
    assert [e.left for e in sheets["Update"].equations] == [Marked(Ref("w_o"), "new")]


def test_an_input_has_a_gradient_and_no_update() -> None:
    written = model("elman").written
    data = data_for(written, False, 2)
    judge = oracle(written, data, 2)
    sheets = numbers(Derivation("m", written, 2, wrt=("x",)), ["x"], data=data)
    assert "Update" not in by_title(sheets)
    found = np.stack([gradient for _, gradient in gradients(sheets)])
    assert judge.misses(found, data, "x") <= 1


def test_an_initial_state_is_what_the_data_says_or_zero() -> None:
    written = model("elman").written
    data = data_for(written, False, 2)
    derivation = Derivation("m", written, 2, wrt=("O0",))
    width = data["w_h"].shape[0]
    for start in (None, np.linspace(0.2, 0.5, width).reshape(1, width)):
        given = data if start is None else {**data, "O0": start}
        found = dict(gradients(numbers(derivation, data=given)))
        whole = {**data, "O0": np.zeros((1, width)) if start is None else start}
        judge = oracle(explicit_states(written), whole, 2)
        assert judge.misses(found["O0"], whole, "O0") <= 1
        assert judge.misses(found["w_h"], whole, "w_h") <= 1


def test_without_steps_those_of_the_data_are_taken() -> None:
    written = model("elman_n4").written
    data = data_for(written, True, 3)
    given = numbers(Derivation("m", written, 3, scalar=True), data=data)
    assert numbers(Derivation("m", written, scalar=True), data=data) == given


def test_sums_over_time_inside_the_model() -> None:
    model_ = symrnn.parse(
        "h[t] = tanh(x[t] @ W + h[t-1] @ U)\np = mean(h[t])\nL = mse(y, p @ V + sum(x[t]) @ Z)"
    )
    data = data_for(model_.written, False, 3)
    judge = oracle(model_.written, data, 3)
    for name, gradient in gradients(numbers(Derivation("m", model_.written, 3), data=data)):
        assert judge.misses(gradient, data, name) <= 1, name


def test_numbers_too_large_print_as_they_are() -> None:
    grows = symrnn.parse("h[t] = h[t-1] * u * h[t-1] + x[t]; L = mse(y, h[T])")
    data = {"x": np.full((9, 1, 1), 1e9), "u": np.array([1e9]), "y": np.zeros((1, 1))}
    sheets = numbers(Derivation("m", grows.written, 9, scalar=True), data=data)
    (gradient,) = by_title(sheets)["Terms and gradients"].equations
    assert not np.isfinite(value(gradient)).any()


def test_one_too_many_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    written = model("elman").written
    derivation, data = Derivation("m", written, 3), data_for(written, False, 3)
    count = printed(numbers(derivation, data=data))
    monkeypatch.setattr(view, "LIMIT", count)
    assert numbers(derivation, data=data)
    monkeypatch.setattr(view, "LIMIT", count - 1)
    with pytest.raises(UsageError, match=f"would print {count} numbers .*take fewer steps"):
        numbers(derivation, data=data)


def test_a_huge_example_is_refused_before_it_is_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    written = model("elman").written
    data = sample(written, resolve(written), {"D": 2, "H": 50, "C": 1}, 100, 1)

    def never(derivation: Derivation) -> None:
        raise AssertionError("derived")

    monkeypatch.setattr(view, "deltas", never)
    with pytest.raises(UsageError, match=r"would print at least 5,\d\d\d numbers"):
        numbers(Derivation("m", written, 100), data=data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.ones((2, 3, 1)), "y": np.ones((3, 1))}, "3 sequences; a worked example shows"),
        ({"x": np.zeros((4, 1, 1))}, "x has shape"),
        ({"wh": np.zeros((1, 1))}, "'wh' is not asked for; did you mean 'w_h'"),
    ],
)
def test_data_that_does_not_fit(change: dict[str, Array], message: str) -> None:
    written = model("elman_n4").written
    with pytest.raises(DataError, match=message):
        numbers(Derivation("m", written, 2, scalar=True), data=data_for(written, True, 2) | change)


def test_wide_data_in_the_scalar_form_is_refused() -> None:
    written = model("elman_n4").written
    with pytest.raises(UsageError, match="in the scalar form every width is 1"):
        numbers(Derivation("m", written, 2, scalar=True), data=data_for(written, False, 2))


def test_a_text_that_fixes_its_steps() -> None:
    text = "T = 2\nh[1] = tanh(x[1] @ w)\nh[2] = tanh(x[2] @ w + h[1] @ u)\nL = mse(y, h[2])\n"
    found: Model = symrnn.parse(text)
    data = data_for(found.written, False, 2)
    judge = oracle(found.written, data, 2)
    for name, gradient in gradients(numbers(Derivation("m", found.written), data=data)):
        assert judge.misses(gradient, data, name) <= 1, name
