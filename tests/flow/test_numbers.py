"""What flow finds is held against the gradient, and against what other hands work out."""

from pathlib import Path

import numpy as np
import pytest

import symrnn
from symrnn.flow.data import Flow
from symrnn.flow.entries import weighed
from symrnn.flow.measure import measure
from symrnn.flow.step import Step, recurrences
from symrnn.flow.terms import ONCE, StepTerms
from symrnn.interpret.interpreter import Interpreter, Result, interpret
from symrnn.interpret.oracle import complex_step, gradient
from symrnn.language import parse
from symrnn.language.arrays import Array
from symrnn.model import Model
from tests.cases import ZOO, model, numbers, odd_widths

PAPERS = {p.stem: p for p in sorted(Path(__file__).parent.parent.glob("papers/*.rnn"))}
BATCH = 2


class Passes:
    """Backward passes by hand: one for each weighing of what enters."""

    def __init__(self, of: Model, steps: int) -> None:
        self.of, self.steps = of, steps
        self.data = numbers(of.written, steps, BATCH)
        self.weighed = weighed(of.adjoint)
        self.run = Interpreter(self.weighed.system)

    def terms(self, each: Array, outside: float) -> StepTerms:
        rows = np.broadcast_to(each[:, np.newaxis, np.newaxis], (self.steps, BATCH, 1))
        own = {self.weighed.each: rows, self.weighed.outside: np.full((BATCH, 1), outside)}
        result = self.run({**self.data, **own}, self.steps)
        return StepTerms(self.weighed, result, odd_widths(self.of.written))


def with_loss(of: Model) -> Model:
    return of if of.system.loss is not None else of.with_head("binary")


def close(found: Array, wanted: Array, whole: Array) -> bool:
    size = max(float(np.linalg.norm(whole)), 1e-6)
    return float(np.linalg.norm(found - wanted)) <= 1e-12 * size


@pytest.mark.parametrize("name", [*ZOO, *PAPERS])
@pytest.mark.parametrize("steps", [1, 4])
def test_the_terms_of_the_steps_sum_to_the_gradient(name: str, steps: int) -> None:
    of = with_loss(symrnn.load(PAPERS.get(name, name)))
    passes = Passes(of, steps)
    whole = interpret(of.adjoint, passes.data, steps)
    terms = passes.terms(np.ones(steps), 1)
    assert list(terms.parameters) == [s.name for s in of.system.named("parameter")]
    for bar in terms.parameters.values():
        found = np.sum([terms.at(bar, at)[0] for at in (ONCE, *range(1, steps + 1))], axis=0)
        assert close(found, whole[bar], whole[bar]), bar


@pytest.mark.parametrize("name", ["elman_steps", "birnn", "jordan", "bilstm", "lstm"])
def test_columns_of_the_triangle_sum_to_what_a_step_adds(name: str) -> None:
    steps = 4
    passes = Passes(model(name), steps)
    all_of_it = passes.terms(np.ones(steps), 1)
    one_by_one = [passes.terms(row, 0) for row in np.eye(steps)]
    outside = passes.terms(np.zeros(steps), 1)
    for bar in all_of_it.parameters.values():
        for place in (ONCE, *range(1, steps + 1)):
            wanted = all_of_it.at(bar, place)
            found = np.sum([each.at(bar, place) for each in (*one_by_one, outside)], axis=0)
            assert close(found, wanted, wanted), (bar, place, found, wanted)


@pytest.mark.parametrize("entry", [1, 3])
def test_a_row_of_the_triangle_sums_to_the_gradient_of_that_loss_alone(entry: int) -> None:
    """The loss of one step, written down as a text of its own, and its complex step."""
    steps = 3
    passes = Passes(model("elman_steps"), steps)
    terms = passes.terms(np.eye(steps)[entry - 1], 0)
    text = model("elman_steps").text
    assert "mean(mse(y[t], yhat[t]))" in text
    place = "T" if entry == steps else str(entry)
    alone = parse(text.replace("mean(mse(y[t], yhat[t]))", f"mse(y[{place}], yhat[{place}]) / 3"))
    slope = complex_step(alone, passes.data, steps)
    for name, bar in terms.parameters.items():
        found = sum(terms.at(bar, at)[0] for at in (ONCE, *range(1, steps + 1)))
        wanted = gradient(slope, passes.data, name)
        assert np.abs(found - wanted).max() < 1e-14, name


def test_passes_side_by_side_are_the_passes_one_by_one() -> None:
    passes = Passes(model("birnn"), 3)
    found = flow_of("birnn", 3, BATCH)
    for row, step in enumerate(found.entries):
        alone = passes.terms(np.eye(3)[step - 1], 0)
        for each in found.parameters:
            assert each.triangle is not None
            bar = alone.parameters[each.name]
            wanted = [np.linalg.norm(alone.at(bar, place)[0]) for place in (1, 2, 3)]
            assert np.allclose(each.triangle[row], wanted, rtol=1e-12, atol=1e-16)


# the Jacobian of a step


@pytest.mark.parametrize("name", ["elman", "lstm", "bilstm", "gru", "stacked", "jordan", "leaky"])
def test_the_jacobian_of_a_step_is_what_a_complex_step_finds(name: str) -> None:
    steps = 3
    of = model(name)
    data, dims = numbers(of.written, steps, BATCH), odd_widths(of.written)
    values = interpret(of.system, data, steps)
    for recurrence in recurrences(of.system):
        found = Step(of.system, recurrence).jacobians(values, dims, BATCH)
        wanted = by_moving(of, recurrence.states, recurrence.direction, data, values)
        assert found.shape[0] == steps - 1
        assert np.abs(found - wanted).max() < 1e-14


def by_moving(
    of: Model, states: tuple[str, ...], way: int, data: dict[str, Array], values: Result
) -> Array:
    """∂s_t/∂s_{t-1} out of the first step, started from what the state was: at each step in turn,
    one entry of one state moved by ih."""
    names = {s: f"{s}_start" for s in states}
    place = "0" if way > 0 else "T+1"
    lines = [f"{s}[{place}] = {name}\n{name}: input" for s, name in names.items()]
    run = Interpreter(parse("\n".join([of.text, *lines])))
    widths = [values[s].shape[-1] for s in states]
    columns = []
    order = range(1, values.steps) if way > 0 else range(values.steps - 2, -1, -1)
    timed = {s.name for s in of.system.named("input", "target") if s.timed}
    for t in order:
        own = {n: v[t : t + 1] if n in timed else v for n, v in data.items()}
        before = {name: values[s][t - way] for s, name in names.items()}
        rows = []
        for name in before:
            for entry in range(before[name].shape[-1]):
                moved = before[name].astype(complex)
                moved[:, entry] += 1e-30j
                result = run({**own, **before, name: moved}, 1)
                out = np.concatenate([result[each][0] for each in states], axis=-1)
                rows.append(out.imag / 1e-30)
        columns.append(np.stack(rows, axis=-1))
    assert sum(widths) == columns[0].shape[-1]
    return np.stack(columns)


def test_a_state_of_two_lags_is_both_of_its_steps() -> None:
    text = "h[t] = u * h[t-1] + v * h[t-2] + x[t]; L = mse(y, h[T])"
    params = {"u": [0.5], "v": [0.25]}
    found = symrnn.parse(text).flow(params, {"x": np.ones((4, 1, 1)), "y": [[0.0]]})
    (each,) = found.recurrences
    assert each.width == 2
    assert each.eigenvalues is not None
    golden = np.roots([1, -0.5, -0.25])
    assert np.allclose(np.sort(each.eigenvalues[1, 0].real), np.sort(golden))


# the whole, by hand


def flow_of(name: str, steps: int, batch: int = 2) -> Flow:
    of = model(name)
    data = numbers(of.written, steps, batch)
    given = {s.name for s in of.system.named("parameter", "fixed")}
    params = {n: v for n, v in data.items() if n in given}
    return of.flow(params, {n: v for n, v in data.items() if n not in given})


LINE = "h[t] = u * h[t-1] + x[t]; L = mse(y, h[T])"


def test_a_line_by_hand() -> None:
    """h_t = 2 h_{t-1} + 1 is 1, 3, 7; L = 49, ∂L/∂h_3 = 14; step t adds 14 · 2^{3-t} h_{t-1}."""
    found = symrnn.parse(LINE).flow({"u": [2.0]}, {"x": np.ones((3, 1, 1)), "y": [[0.0]]})
    assert (found.loss, found.entries) == (49, (3,))
    (u,) = found.parameters
    assert u.terms.tolist() == [0, 28, 42]
    assert (u.norm, u.once) == (70, 0)
    assert u.cosines.tolist() == [0, 1, 1]
    assert u.triangle is not None
    assert u.triangle.tolist() == [[0, 28, 42]]
    (h,) = found.recurrences
    assert h.delta.tolist() == [56, 28, 14]
    assert h.profile.tolist() == [14, 28, 56]
    assert h.norms is not None
    assert h.norms.tolist() == [2, 2]
    assert h.product_norms is not None
    assert h.product_norms.tolist() == [2, 4]
    assert h.verdict.factor == pytest.approx(2)
    assert h.symbols == ("∂hₜ/∂hₜ₋₁ = diag(u)",)


@pytest.mark.parametrize(
    ("u", "word", "reach"),
    [(0.5, "vanishing", 6), (0.9, "healthy", 29), (1.1, "healthy", 29), (2.0, "exploding", 29)],
)
def test_the_verdict_on_a_line(u: float, word: str, reach: int) -> None:
    """0.5^6 is above 1 % and 0.5^7 below."""
    found = symrnn.parse(LINE).flow({"u": [u]}, {"x": np.ones((30, 1, 1)), "y": [[0.0]]})
    verdict = found.recurrences[0].verdict
    assert verdict.word == word
    assert verdict.factor == pytest.approx(u)
    assert verdict.reach == (reach if u < 1 else 29)


def test_flat_units_are_counted() -> None:
    """tanh is flat beyond ±0.975: at 0, 1, 3 and 5 twice of four."""
    text = "h[t] = tanh(x[t] + w * h[t-1]); L = mse(y, h[T])"
    x = np.array([[[0.0, 1.0, 3.0, -5.0]]])
    found = symrnn.parse(text).flow({"w": np.zeros(4)}, {"x": x, "y": np.zeros((1, 4))})
    (h,) = found.saturation
    assert (h.name, h.function, h.share.tolist()) == ("h", "tanh", [0.5])
    assert h.slope[0] == pytest.approx(np.mean(1 - np.tanh(x) ** 2))


def test_one_step_hands_nothing_on() -> None:
    found = flow_of("lstm", 1, 1)
    assert found.recurrences[0].verdict.word == "none"
    assert "there is one step" in str(found)


def test_a_model_without_recurrence_says_so() -> None:
    of = symrnn.parse("z[t] = tanh(x[t] @ W); L = mean(mse(y[t], z[t]))")
    found = of.flow({"W": np.ones((2, 3))}, {"x": np.ones((4, 1, 2)), "y": np.zeros((4, 1, 3))})
    assert not found.recurrences
    assert "no recurrence" in str(found)
    assert found.parameter("W").reach == 0
    triangle = found.parameter("W").triangle
    assert triangle is not None
    assert np.count_nonzero(triangle - np.diag(np.diag(triangle))) == 0


def test_what_is_nan_is_told() -> None:
    found = symrnn.parse(LINE).flow({"u": [np.nan]}, {"x": np.ones((3, 1, 1)), "y": [[0.0]]})
    assert found.recurrences[0].verdict.word == "not finite"
    assert "the loss is nan" in str(found)
    assert found.as_dict()["loss"] is None


def test_a_parameter_that_nothing_uses_has_a_gradient_of_zero() -> None:
    of = symrnn.parse("p: 2; p: parameter; " + LINE)
    found = of.flow({"u": [0.5], "p": [1.0, 1.0]}, {"x": np.ones((3, 1, 1)), "y": [[0.0]]})
    p = found.parameter("p")
    assert (p.norm, p.once, p.reach, p.terms.tolist()) == (0, 0, None, [0, 0, 0])


def test_without_triangle_the_verdict_rests_on_the_longest_way() -> None:
    of = symrnn.parse("h[t] = u * h[t-1] + x[t]; L = mean(mse(y[t], h[t]))")
    data = {"x": np.ones((20, 1, 1)), "y": np.zeros((20, 1, 1))}
    found = of.flow({"u": [0.5]}, data, triangle=False)
    assert found.parameters[0].triangle is None
    assert found.recurrences[0].verdict.word == "vanishing"
    assert found.recurrences[0].verdict.factor == pytest.approx(0.5)
    assert found.recurrences[0].profile == pytest.approx(
        2 * 2 / 20 * 0.5 ** np.arange(20), rel=1e-5
    )


def test_many_passes_are_worked_out_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = flow_of("elman_steps", 5)
    monkeypatch.setattr("symrnn.flow.measure.NUMBERS", 1)
    monkeypatch.setattr("symrnn.flow.step.NUMBERS", 1)
    parts = flow_of("elman_steps", 5)
    for one, other in zip(whole.parameters, parts.parameters, strict=True):
        assert one.triangle is not None
        assert other.triangle is not None
        assert np.allclose(one.triangle, other.triangle, rtol=1e-12)
    found = [flow.recurrences[0].eigenvalues for flow in (whole, parts)]
    assert found[0] is not None
    assert found[1] is not None
    assert np.allclose(found[0], found[1])


@pytest.mark.parametrize(
    ("params", "inputs", "said"),
    [
        ({"u": [0.5]}, {"x": np.ones((3, 1, 1))}, "y is missing"),
        ({"u": [0.5], "x": [1.0]}, {"x": [1.0]}, "'x' is given twice"),
        ({"u": [0.5j]}, {"x": np.ones((3, 1, 1)), "y": [[0.0]]}, "u holds complex128"),
        ({"u": [0.5], "w": [1]}, {"x": np.ones((3, 1, 1)), "y": [[0]]}, "'w' is not asked for"),
    ],
)
def test_what_does_not_fit_is_said(
    params: dict[str, object], inputs: dict[str, object], said: str
) -> None:
    with pytest.raises(symrnn.SymrnnError, match=said):
        symrnn.parse(LINE).flow(params, inputs)


def test_a_model_without_loss_is_refused() -> None:
    with pytest.raises(symrnn.SymrnnError, match="flow is of a loss"):
        measure("m", parse("h[t] = u * h[t-1] + x[t]"), {"u": [0.5]}, {"x": np.ones((2, 1, 1))})
