"""Kernels that are right hold against their text; those that were tampered with do not."""

import json
from fractions import Fraction
from math import e, log10
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import DataError, SymrnnError
from symrnn.interpret.arithmetic import mpmath_objects
from symrnn.interpret.oracle import gradient, precise
from symrnn.kernels.load import load_source
from symrnn.kernels.verification.calls import value_of
from symrnn.kernels.verification.case import case, with_lines
from symrnn.kernels.verification.checks import checks
from symrnn.kernels.verification.exact import NO_NUMBER, SHARES, larger, worked_out
from symrnn.kernels.verification.generated import compare, verify_source
from symrnn.kernels.verification.reference import reference
from symrnn.kernels.verification.report import CENTRAL, COMPLEX, PRECISE, Report
from symrnn.language import parse
from symrnn.system import initial_states, normal
from tests.cases import ZOO, explicit_states, model, state_names

TWO_BACK = "h[t] = tanh(x[t] @ W + h[t-1] @ U + u * h[t-2] + b); q[t] = tanh(x[t] @ V + v * q[t+2])"


def failed(report: Report) -> list[tuple[str, str]]:
    return [(check.what, check.against) for check in report.failed]


# what is right


@pytest.mark.parametrize("name", ZOO)
def test_every_model_of_the_zoo_holds(name: str) -> None:
    states = state_names(model(name))
    report = model(name).verify(2, wrt=["x", *states], seed=1)
    assert failed(report) == []
    wanted = [s.name for s in model(name).system.named("parameter")] + ["x", *states]
    oracles = [PRECISE, CENTRAL] if name == "indrnn" else [PRECISE, COMPLEX, CENTRAL]
    for oracle in oracles:
        checked = [c.what for c in report.checks if c.against == oracle and c.holds]
        assert [w for w in checked if w.startswith("gradient")] == [f"gradient {n}" for n in wanted]


@pytest.mark.parametrize("name", ["elman", "birnn", "indrnn", "gru_torch"])
def test_loops_hold(name: str) -> None:
    assert failed(model(name).verify(6, loops=True, batch=3, seed=2)) == []


def test_states_of_several_steps_both_ways_and_a_text_without_loss() -> None:
    mine = symrnn.parse(f"{TWO_BACK}; p = h[T] @ R + q[1]")
    for steps in (1, 2, 4):
        report = mine.verify(steps, wrt=["x", "h0", "qT1"])
        assert failed(report) == []
        assert {"output p", "state h0", "state qT1"} <= {c.what for c in report.checks}
        assert "loss" not in {c.what for c in report.checks}


def test_a_prediction_without_a_name_is_an_output_all_the_same() -> None:
    report = symrnn.parse("h[t] = tanh(x[t] @ W); L = mse(y, h[T] @ V)").verify()
    assert failed(report) == []
    assert "output yhat" in {check.what for check in report.checks}


@pytest.mark.parametrize("steps", [1, 3])
def test_a_model_without_inputs_holds(steps: int) -> None:
    """Its states alone say how many sequences there are."""
    text = "h[t] = tanh(h[t-1] @ U + h[t-2] * v); L = mse(y, h[T] @ w)"
    report = symrnn.parse(text).verify(steps)
    assert report.holds, str(report)


def test_a_model_without_parameters_holds() -> None:
    assert failed(symrnn.parse("p[t] = 0.5 * p[t-1] + tanh(x[t])").verify()) == []


def test_numbers_are_positive_where_the_text_needs_it() -> None:
    assert failed(symrnn.parse("h[t] = log(x[t] @ W); L = mse(y, h[T])").verify()) == []


def test_a_text_without_real_numbers_is_refused() -> None:
    with pytest.raises(DataError, match=r"seed 3 the text itself gives no .* try another --seed"):
        symrnn.parse("h[t] = sqrt(0 - square(x[t]) @ W); L = mse(y, h[T])").verify(seed=3)


def test_sizes_and_seed_are_as_asked() -> None:
    report = model("elman").verify(2, batch=3, dims={"H": 5}, seed=4)
    assert (report.batch, report.dims["H"], report.seed, report.holds) == (3, 5, 4, True)
    assert len(set(report.dims.values())) == 3


# the numbers that kernels are held against


def test_a_line_for_each_state_is_as_if_it_had_been_written() -> None:
    for text in (f"{TWO_BACK}; L = mse(y, h[T])", model("bilstm").text):
        written = parse(text)
        states = initial_states(normal(written))
        assert set(with_lines(written, states).definitions) == set(
            explicit_states(written).definitions
        )


def test_the_reference_is_the_text_at_50_digits() -> None:
    made = case(model("elman").written, 3, ["O0"])
    wanted = reference(made)
    slope = precise(made.written, made.data, 3)
    for name in ("w_h", "O0"):
        found = wanted.slopes[name].reshape(made.shape(name))
        assert (found == gradient(slope, made.data, name)).all()


def test_what_moves_for_one_slope_is_back_for_the_next() -> None:
    made = case(model("elman").written, 3, ["O0"])
    value = value_of(model("elman").kernel(3, wrt="O0"), made, np.float64)
    before = value(made.data)
    moved = {name: made.data[name] + 0.1 for name in ("w_h", "x", "O0")}
    for name, array in moved.items():
        assert value({**made.data, name: array}) != before, name
        assert value(made.data) == before, name


def test_above_four_steps_there_is_one_direction_of_length_one() -> None:
    made = case(model("elman").written, 5)
    wanted = reference(made)
    assert not wanted.every
    for name, ways in wanted.ways.items():
        assert ways.shape == (1, *made.shape(name))
        assert np.linalg.norm(ways) == pytest.approx(1)
    report = model("elman").verify(5)
    assert report.holds
    assert "50 digits: a random direction of each gradient\n" in str(report)


def test_states_are_grouped_earliest_first() -> None:
    made = case(parse(f"{TWO_BACK}; L = mse(y, h[T] @ R + q[1])"), 2)
    assert made.groups == {"h0": ("hm1", "h0"), "qT1": ("qT1", "qT2")}


# what is wrong


def tried(change: str, to: str, steps: int = 3) -> Report:
    """An Elman network's file with one thing in it changed."""
    source = model("elman").generate(steps)
    assert change in source
    return verify_source(source.replace(change, to, 1), "elman.py")


def test_a_file_as_generated_holds() -> None:
    report = tried("STEPS", "STEPS")
    assert report.holds
    assert str(report).endswith("\nholds: 33 checks\n")


def test_a_wrong_text_is_wrong_in_the_value_and_not_in_the_differences() -> None:
    report = tried("O[t] = tanh(x", "O[t] = sin(x")
    assert ("loss", PRECISE) in failed(report)
    assert not {against for _, against in failed(report)} & {COMPLEX, CENTRAL}


@pytest.mark.parametrize(
    ("change", "to", "note"),
    [
        ("import numpy as np", "import numpy as np; 1 / 0", "raised ZeroDivisionError"),
        ("import numpy as np", "raise SystemExit(0)", "raised SystemExit"),
        ("STEPS = 3", "STEPS = 4", "STEPS is 4, not 3"),
        ('STATES = {"O0"', 'STATES = {"O1"', "STATES: O0 is missing; STATES: O1 is not"),
        ("def forward(params", "def forwards(params", "raised AttributeError"),
        ("return value, _copies(grads)", "return value, {}", "gradient w_i is missing"),
        ("return value, _copies(grads)", "return value, None", "raised AttributeError"),
        (
            "return value, _copies(grads)",
            "return value, {k: v[:1] for k, v in grads.items()}",
            "gradient w_i has shape",
        ),
        (
            "return value, _copies(grads)",
            "return value, {k: v * np.nan for k, v in grads.items()}",
            "gradient w_i is not finite",
        ),
        ("return value, _copies(grads)", "return value + 1, _copies(grads)", "loss gives"),
        ("result_type(*kinds)", "dtype(float)", "loss is float64"),
        ("plan.zeros.get(name)", "plan.zeros.get(name) + 1", ""),
    ],
)
def test_what_a_kernel_does_wrong_is_a_failed_check_and_no_traceback(
    change: str, to: str, note: str
) -> None:
    report = tried(change, to)
    assert not report.holds
    assert any(check.note.startswith(note) for check in report.failed) or note in str(report)


def test_what_is_left_from_a_call_before_is_noticed() -> None:
    plain = load_source(model("elman").generate(2), "elman")
    made = case(model("elman").written, 2)
    wanted = reference(made)

    class Stale(plain.Kernel):  # type: ignore[name-defined, misc]
        def forward(self, **inputs: Any) -> Any:
            outputs, states = super().forward(**inputs)
            self.first = getattr(self, "first", outputs["yhat"].copy())
            return {"yhat": self.first}, states

    plain.Kernel = Stale  # type: ignore[attr-defined]
    found = [check.what for check in checks(plain, made, wanted) if check.holds is False]
    assert found == ["second call", "states fed back", "one by one"]


def test_a_kernel_that_writes_to_what_it_is_given_is_caught() -> None:
    report = tried(
        "    kernel = Kernel(_batch", '    inputs["x"][...] = 0\n    kernel = Kernel(_batch'
    )
    assert "raised ValueError: assignment destination is read-only" in str(report)


def test_a_file_that_differs_is_told_by_its_first_line() -> None:
    source = model("lstm").generate(2, wrt="x", passes=["hoist"], name="my lstm")
    assert compare(source, "lstm.py").holds
    lines = source.split("\n")
    number = next(i for i, line in enumerate(lines) if line.strip().startswith("tanh("))
    lines[number] = lines[number].replace("tanh", "sin")
    found = compare("\n".join(lines), "lstm.py")
    assert (found.line, found.found) == (number + 1, lines[number])
    assert found.wanted == source.split("\n")[number]
    assert str(found).endswith(
        f"DOES NOT HOLD: line {number + 1} is not what is generated from its text\n"
    )


@pytest.mark.parametrize("change", ["\r\n", "end", "short"])
def test_every_byte_counts(change: str) -> None:
    source = model("elman").generate(2)
    other = {"\r\n": source.replace("\n", "\r\n"), "end": source + "\n", "short": source[:-1]}
    assert not compare(other[change], "elman.py").holds


@pytest.mark.parametrize(
    "text",
    [
        'h[t] = tanh(x[t] @ W) # \\ and """ and \'quotes\'\nL = mse(y, h[T])',
        "# Its gradient:\nh[t] = tanh(x[t] @ W)\n\n\n# σ\nL = mse(y, h[T])\n\n",
        "  h[t] = tanh(x[t] @ W)\n  L = mse(y, h[T])   ",
        "T = 2\nh[1] = tanh(x[1] @ W)\nh[2] = tanh(x[2] @ W + h[1] @ U)\nL = mse(y, h[2])",
    ],
)
def test_texts_of_all_kinds_come_back_out_of_their_file(text: str) -> None:
    source = symrnn.parse(text, "mine").generate(2)
    assert compare(source, "mine.py").holds
    assert verify_source(source, "mine.py").holds


def test_a_loss_that_overflows_is_caught_by_large_numbers() -> None:
    plain = load_source(model("elman").generate(2), "elman")
    made = case(model("elman").written, 2)

    class Careless(plain.Kernel):  # type: ignore[name-defined, misc]
        def loss(self, **inputs: Any) -> Any:
            return super().loss(**inputs) + 0 * np.exp(np.abs(self.theta).max())

    plain.Kernel = Careless  # type: ignore[attr-defined]
    found = [check.what for check in checks(plain, made, reference(made)) if check.holds is False]
    assert found == ["large numbers"]


def test_of_a_chaotic_system_nothing_is_asked_with_large_numbers() -> None:
    report = symrnn.parse("h[t] = sin(3 * h[t-1] @ U + x[t] @ W); L = mse(y, h[T])").verify(12)
    (check,) = [check for check in report.checks if check.what == "large numbers"]
    assert check.holds
    assert check.allowed is not None
    assert check.allowed > 1


# the report


def test_the_report_as_json_has_every_figure() -> None:
    report = model("indrnn").verify(2)
    found = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert (found["model"], found["steps"], found["loops"], found["holds"]) == (
        "indrnn",
        2,
        False,
        True,
    )
    assert len(found["checks"]) == len(report.checks)
    skipped = {c["against"]: c["note"] for c in found["checks"] if c["holds"] is None}
    assert skipped[COMPLEX] == "not applicable: relu"


def test_the_report_as_text() -> None:
    lines = str(model("indrnn").verify(1, dims={"D": 2, "H": 3, "C": 4})).splitlines()
    assert lines[0] == "indrnn: 1 step written out, 2 sequences, D=2 H=3 C=4, seed 0"
    assert lines[2].split() == ["50", "digits", "central"]
    assert lines[3].split() == ["allowed", "1.0e-12", "1.0e-07"]
    assert lines[-2:] == ["complex step: not applicable: relu", "holds: 28 checks"]
    (line,) = [line for line in lines if line.startswith("gradient w_y ")]
    assert [word for word in line.split() if word == "ok"] == ["ok", "ok"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"batch": 0}, "0 sequences; expected a number from 1 to 1,000,000"),
        ({"seed": -1}, "the seed is -1; expected 0 or more"),
        ({"dims": {"h": 3}}, "no dimension 'h'; did you mean 'H'"),
        ({"dims": {"H": 0}}, "H=0: a width is a whole number from 1 to 1,000,000"),
        ({"dims": {"H": 1000}}, "numbers for parameters and inputs, more than 200,000"),
        ({"steps": 0}, "cannot make a kernel of 0 steps; expected a number from 1"),
        ({"wrt": "z"}, "'z' is no input or state to take"),
    ],
)
def test_what_makes_no_sense_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(SymrnnError, match=message):
        model("elman").verify(**asked)


def test_a_case_is_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[tuple[str, bytes]]:
        data = case(model("lstm").written, 2, seed=seed).data
        return [(name, array.tobytes()) for name, array in data.items()]

    assert drawn(5) == drawn(5) != drawn(6)


def test_a_loss_may_compare_two_variables() -> None:
    text = "h[t] = tanh(x[t] * u + h[t-1] * v); h: 1; L = mean(mse(h[t-1], h[t]) + mse(y[t], h[t]))"
    assert symrnn.parse(text).verify(3).holds


@pytest.mark.parametrize(
    "line",
    [
        "L = mse(y, h[T]) + 0.1 * rowsum(u * u)",
        "r = rowmean(u * u); L = mse(y, h[T]) + r",
        "k = softmax(g); L = mse(y, h[T] * k)",
        "k = concat(g, q); h: 5; g: 2; L = mse(y, h[T] + k)",
    ],
)
def test_what_is_made_of_parameters_alone_is_there_for_every_sequence(line: str) -> None:
    made = symrnn.parse(f"h[t] = tanh(x[t] @ W + h[t-1] * u); {line}")
    assert failed(made.verify(2)) == []
    assert failed(made.verify(4, loops=True, batch=3)) == []


# numbers that no float can hold


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("h[t] = exp(x[t] @ W) / (1 + exp(x[t] @ W)); L = mse(y, h[T])", "100"),
        ("h[t] = tanh(x[t] @ W); yhat = exp(-exp(exp(h[T] @ V))); L = mse(y, yhat)", ""),
        ("h[t] = log(exp(x[t] @ W)); L = mse(y, h[T])", "100"),
        ("h[t] = tanh(x[t] @ W); L = bce(y, sigmoid(h[T] @ V))", "1000"),
        ("h[t] = max(x[t] @ W, h[t-1] @ U); L = mse(y, h[T])", "1000"),
    ],
)
def test_an_exp_that_the_text_asks_for_may_overflow(text: str, times: str) -> None:
    """Parameters are then enlarged as far as the text's own exp is a number that a float holds."""
    report = symrnn.parse(text).verify(2)
    (large,) = [check for check in report.checks if check.what == "large numbers"]
    assert failed(report) == []
    note = f"parameters {times} times as large" if times else "not applicable: no parameters, num"
    assert large.holds is (True if times else None)
    assert large.note.startswith(note)


def test_where_no_larger_parameters_are_possible_the_check_does_not_apply() -> None:
    text = "h[t] = tanh(x[t] + h[t-1]); L = mse(y, h[T] * exp(400 + 40 * square(a)) * 0); a: 1"
    made = case(parse(text.replace(" * 0", " * exp(-650)")), 2)
    made.data["a"][...] = 2.5  # 400 + 250 is below 709, and with 5 it is 1400
    assert reference(made).large is None


def test_few_digits_that_give_something_else_are_not_believed() -> None:
    """A fifth of the digits that 4.9 z asks for leaves a few of 1 - σ(z): a number, and a wrong
    one."""
    text = "z = x[T] @ w; r = 4.9 * z; r: output; L = bce(y, sigmoid(z))"
    believed = 0
    for seed in range(8):
        made = case(parse(text), 1, batch=1, dims={"C": 1}, seed=seed)
        found = reference(made).large
        assert found is not None
        data = larger(made, found.times)
        exact = worked_out(made, data, 3000)
        wanted = float(exact.loss)
        assert found.value == pytest.approx(wanted, rel=1e-13)
        digits = round(SHARES[0] * (60 + exact.largest() * log10(e)))
        try:
            few = float(worked_out(made, data, digits).loss)
        except NO_NUMBER:
            continue
        believed += abs(few / wanted - 1) > 1e-12
    assert believed


def test_functions_far_out_are_what_they_tend_to() -> None:
    on = mpmath_objects(3000)
    huge = on.apply("exp", [on.number(Fraction(2**90))])
    assert np.isinf(float(on.apply("exp", huge)[0]))
    assert float(on.apply("exp", -huge)[0]) == 0
    assert float(on.apply("sigmoid", -huge)[0]) == 0
    assert float(on.apply("tanh", -huge)[0]) == -1
    assert np.isnan(float(on.apply("sin", huge)[0]))
