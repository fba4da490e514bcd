"""Lines that are right are found right, slips are found wrong, and what is open is said."""

import pytest

import symrnn
from symrnn.check.claims import RIGHT, RIGHT_IF, UNJUDGED, WRONG
from symrnn.check.judging import Settled, judge
from symrnn.derive.exercises.slips import matters_for, plant
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.output import Look, Output
from symrnn.derive.sheets import Request
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from tests.cases import model
from tests.check.judging.judging import equations_of, judged, statuses, under, writing_of
from tests.extent import draws, pairs

VIEWED = [view for view in VIEWS if view not in ("numbers", "expanded")]
FORMS = ("scalar", "default", "N3")
CELLS = ("elman", "elman_steps", "gru", "birnn", "jordan", "leaky", "lstm")
"""Others are read from what is printed, in tests/check."""


@pytest.mark.parametrize(("view", "name", "form"), pairs(VIEWED, CELLS, FORMS))
def test_what_derive_prints_is_right(view: str, name: str, form: str) -> None:
    notation = "default" if form == "scalar" else form
    steps = 2 if view == "paths" else None
    derivation = model(name).derive(steps, scalar=form == "scalar")
    try:
        equations = equations_of(derivation, view, notation)
    except UsageError:
        pytest.skip("there is no such view of this model")
    columns = load_notation(notation).orientation == "column"
    found = judge(writing_of(derivation, equations), derivation, steps=steps, columns=columns)
    assert set(statuses(found)) == {RIGHT}
    assert found.settled.convention.columns == (form == "N3")


@pytest.mark.parametrize(
    ("view", "name", "form"),
    pairs(["chain", "closed", "delta", "local"], CELLS, ("scalar", "matrix")),
)
def test_planted_slips_are_wrong_and_nothing_else_is(view: str, name: str, form: str) -> None:
    steps = 3 if view in ("chain", "closed") else None
    derivation = model(name).derive(steps, scalar=form == "scalar")
    output = Output(derivation, Request((view,)), Look("default"))
    sheets = tuple(sheet for part in output.parts() for sheet in part.sheets)
    try:
        matters = matters_for(derivation, sheets)
        slips = [plant(sheets, seed, matters) for seed in range(draws(1, 1, 4))]
    except (UsageError, KeyError):
        pytest.skip("alike gates stand as one there, and no slip is planted in them")
    for planted, slip in slips:
        equations = [e for sheet in planted for e in sheet.equations]
        found = judge(writing_of(derivation, equations), derivation, steps=steps)
        wrong = [v.said.equation for v in found.report.verdicts if v.status != RIGHT]
        assert wrong == [slip.wrong]


# readings

CHAIN = (
    r"\frac{\partial L}{\partial w_h} = \frac{\partial L}{\partial \hat y}"
    r" \frac{\partial \hat y}{\partial O_3} "
)
SUM = (
    r"\frac{\partial L}{\partial w_h} = \sum_j \frac{\partial L}{\partial \hat y}"
    r"\frac{\partial \hat y}{\partial O_j}\frac{\partial O_j}{\partial w_h}"
)
LAST = CHAIN + r"\frac{\partial O_3}{\partial w_h}"


@pytest.mark.parametrize("scalar", [False, True])
def test_a_reading_is_found_and_said(scalar: bool) -> None:
    found = judged("elman", SUM, steps=3, scalar=scalar)
    (verdict,) = found.report.verdicts
    assert verdict.status == RIGHT_IF
    assert "is the immediate derivative" in under(verdict)
    assert "it fails if it is the total derivative" in under(verdict)
    assert " without bounds runs from 1 to " in found.report.conventions
    (verdict,) = judged("elman", LAST, steps=3, scalar=scalar).report.verdicts
    assert verdict.status == RIGHT_IF
    assert "is the total derivative" in under(verdict)


def test_one_reading_serves_a_document() -> None:
    """The last term alone needs a total derivative, and its neighbour an immediate one."""
    chain = LAST + (
        r"+ \frac{\partial L}{\partial \hat y}\frac{\partial \hat y}{\partial O_3}"
        r"\frac{\partial O_3}{\partial O_2}\frac{\partial O_2}{\partial w_h}"
        r"+ \frac{\partial L}{\partial \hat y}\frac{\partial \hat y}{\partial O_3}"
        r"\frac{\partial O_3}{\partial O_2}\frac{\partial O_2}{\partial O_1}"
        r"\frac{\partial O_1}{\partial w_h}"
    )
    found = judged("elman", chain.replace("w_h", "w_i"), chain, LAST, steps=3)
    assert statuses(found) == [RIGHT_IF] * 3
    assert "other lines need another reading" in under(found.report.verdicts[2])
    assert found.settled.choices["∂", "O", "w_h"] == "others"


def test_a_wrong_chain_is_right_under_no_reading() -> None:
    """N4's middle term: ∂O_2/∂O_3 is zero."""
    turned = LAST + (
        r"+ \frac{\partial L}{\partial \hat y}\frac{\partial \hat y}{\partial O_2}"
        r"\frac{\partial O_2}{\partial O_3}\frac{\partial O_3}{\partial w_h}"
        r"+ \frac{\partial L}{\partial \hat y}\frac{\partial \hat y}{\partial O_3}"
        r"\frac{\partial O_3}{\partial O_2}\frac{\partial O_2}{\partial O_1}"
        r"\frac{\partial O_1}{\partial w_h}"
    )
    for scalar in (False, True):
        assert statuses(judged("elman_n4", turned, SUM, steps=3, scalar=scalar)) == [
            WRONG,
            RIGHT_IF,
        ]


def test_gates_held_or_not() -> None:
    """∂h_t/∂h_{t-1} = z_t with the gates held; as a row it is the diagonal."""
    for text in (r"z_t", r"\mathrm{diag}(z_t)"):
        line = r"\frac{\partial h_t}{\partial h_{t-1}} = " + text
        (verdict,) = judged("gru", line).report.verdicts
        assert verdict.status == RIGHT_IF
        assert "every other variable held fixed" in under(verdict)
        assert ("entry by entry" in under(verdict)) == (text == "z_t")
    assert statuses(
        judged("gru", r"\frac{\partial^{+} h_t}{\partial h_{t-1}} = \mathrm{diag}(z_t)")
    ) == [RIGHT]
    assert statuses(judged("gru", r"\frac{\partial h_t}{\partial h_{t-1}} = 1 - z_t")) == [WRONG]


# conventions

BACK = r"\delta_t = \delta_{t+1} w_h^\top \odot (1 - O_t^2)"
LAST_DELTA = r"\delta_T = \frac{1}{C} (\hat y - y) w_o^\top \odot (1 - O_T^2)"


def test_rows_and_columns_are_told_apart() -> None:
    rows = judged("elman", LAST_DELTA + "", BACK + r", \quad t < T")
    assert statuses(rows) == [RIGHT, RIGHT]
    assert not rows.settled.convention.columns
    columns = judged("elman", r"\delta_t = (w_h^\top \delta_{t+1}) \odot (1 - O_t^2), \quad t < T")
    assert statuses(columns) == [RIGHT]
    assert columns.settled.convention.columns
    assert any("variables are columns" in str(part) for part in columns.report.conventions)
    mixed = judged(
        "elman",
        LAST_DELTA,
        BACK + r", \quad t < T",
        r"\frac{\partial L}{\partial w_h} = \sum_{t=1}^{T} O_{t-1}^\top \delta_t",
        r"\frac{\partial L}{\partial w_i} = \sum_{t=1}^{T} \delta_t x_t^\top",
    )
    assert statuses(mixed) == [RIGHT, RIGHT, RIGHT, WRONG]


def test_the_layout_of_a_jacobian() -> None:
    jacobian = r"\frac{\partial O_t}{\partial O_{t-1}} = "
    chain = r"\frac{\partial L}{\partial O_{T-1}} = "
    numerator = judged(
        "elman",
        jacobian + r"\mathrm{diag}(1 - O_t^2) w_h^\top",
        chain + r"\frac{\partial L}{\partial O_T} \frac{\partial O_T}{\partial O_{T-1}}",
    )
    assert statuses(numerator) == [RIGHT, RIGHT]
    assert not numerator.settled.convention.denominator
    turned = judged(
        "elman",
        jacobian + r"w_h \mathrm{diag}(1 - O_t^2)",
        chain + r"\frac{\partial L}{\partial O_T} \frac{\partial O_T}{\partial O_{T-1}}",
    )
    assert WRONG in statuses(turned)


def test_what_is_meant_can_be_said_beforehand() -> None:
    turned = r"\frac{\partial L}{\partial w_o} = \frac{1}{C} (\hat y - y)^\top O_T"
    found = judged("elman", turned)
    assert statuses(found) == [RIGHT]
    assert found.settled.convention.matrices_turned
    assert statuses(judged("elman", turned, fixed=Settled())) == [WRONG]
    immediate = Settled(choices={("∂", "O", "w_h"): "others"})
    assert statuses(judged("elman", SUM, steps=3, fixed=immediate)) == [RIGHT]
    assert statuses(judged("elman", LAST, steps=3, fixed=immediate)) == [WRONG]


def test_a_sign_is_no_convention() -> None:
    """δ = -∂L/∂a may be; ∂L/∂w = -(the truth) may not."""
    minus = judged("elman", LAST_DELTA.replace("(\\hat y - y)", "(y - \\hat y)"), BACK + ", t < T")
    assert statuses(minus) == [RIGHT, RIGHT]
    right = r"\frac{\partial L}{\partial w_o} = \frac{1}{C} O_T^\top (\hat y - y)"
    assert statuses(judged("elman", right)) == [RIGHT]
    assert statuses(judged("elman", right.replace(r"\frac{1}", r"-\frac{1}"))) == [WRONG]


def test_one_output() -> None:
    """N4's ∂L/∂ŷ is that of a single ŷ."""
    text = r"\frac{\partial L}{\partial \hat y} = \frac{\hat y - y}{\hat y (1 - \hat y)}"
    (verdict,) = judged("elman_n4", text).report.verdicts
    assert verdict.status == RIGHT_IF
    assert "C = 1" in under(verdict)
    assert statuses(judged("elman_n4", text, scalar=True)) == [RIGHT]


def test_what_fits_only_numbers_is_wrong_for_matrices() -> None:
    text = r"\frac{\partial L}{\partial w_h} = (\hat y - y) w_o (1 - O_1^2) O_0"
    assert statuses(judged("elman_n4", text, steps=1, scalar=True)) == [RIGHT]
    assert statuses(judged("elman_n4", text, steps=1)) == [WRONG]


# steps


def test_for_which_steps_a_line_holds() -> None:
    (verdict,) = judged("elman", BACK).report.verdicts
    assert verdict.status == RIGHT_IF
    assert under(verdict) == "It holds for … < … only."
    (verdict,) = judged("elman", LAST_DELTA.replace("T", "t")).report.verdicts
    assert (verdict.status, under(verdict)) == (RIGHT_IF, "It holds for … = … only.")
    other = r"\frac{\partial L}{\partial w_h} = \sum_{t=1}^{T} O_{t-1}^\top \delta_t"
    assert statuses(judged("elman", LAST_DELTA.replace("T", "t"), other)) == [WRONG, RIGHT]


def test_a_sum_over_no_steps_is_zero() -> None:
    """At t = T and T - 1 the second sum has no terms."""
    left = r"\sum_{k=t}^{T} O_k = O_t + O_{t+1} + \sum_{k=t+2}^{T} O_k, \quad t = T - 1, \ldots, 1"
    assert statuses(judged("elman", left)) == [RIGHT]


def test_as_many_steps_as_are_named() -> None:
    """What is said of O_{T-4} needs five steps at least."""
    line = r"\frac{\partial O_T}{\partial O_{T-4}} = \frac{\partial O_T}{\partial O_{T-2}}"
    line += r"\frac{\partial O_{T-2}}{\partial O_{T-4}}"
    found = judged("elman", line)
    assert statuses(found) == [RIGHT]
    assert max(point.steps for point in found.points) > 4
    assert statuses(judged("elman", line.replace("T-2", "T-3", 1))) == [WRONG]


def test_a_product_of_jacobians_for_any_two_steps() -> None:
    left = r"\frac{\partial O_t}{\partial O_k} = "
    body = r"\frac{\partial O_j}{\partial O_{j-1}}"
    for scalar in (False, True):
        assert statuses(judged("elman", left + r"\prod_{j=k+1}^{t}" + body, scalar=scalar)) == [
            RIGHT
        ]
        assert statuses(judged("elman", left + r"\prod_{j=k}^{t}" + body, scalar=scalar)) == [WRONG]


# what follows


def test_what_follows_from_a_wrong_line_is_said() -> None:
    wrong = r"\frac{\partial L}{\partial w_o} = (\hat y - y) O_2 = O_2 \hat y - O_2 y = O_1 \hat y"
    found = judged("elman_n4", wrong, steps=3, scalar=True).report.verdicts
    assert [v.status for v in found] == [WRONG] * 3
    assert [v.follows for v in found] == [None, True, False]
    hence = (
        r"\frac{\partial \hat y}{\partial w_o} = \hat y (1 - \hat y)",
        r"\frac{\partial L}{\partial w_o} = \frac{\partial L}{\partial \hat y}"
        r"\frac{\partial \hat y}{\partial w_o} = \hat y - y",
    )
    found = judged("elman_n4", *hence, steps=3, scalar=True).report.verdicts
    assert [v.status for v in found] == [WRONG, RIGHT, WRONG]
    assert found[2].follows
    alone = r"\frac{\partial L}{\partial w_o} = \hat y - y"  # a chain that is not written
    found = judged("elman_n4", hence[0], alone, steps=3, scalar=True).report.verdicts
    assert found[1].follows


def test_a_counter_example_shows_both_sides() -> None:
    wrong = r"\frac{\partial L}{\partial w_o} = \hat y - y"
    (verdict,) = judged("elman_n4", wrong, steps=3, scalar=True).report.verdicts
    example = verdict.example
    assert example is not None
    assert example.left != example.right
    assert {"x", "w_i", "w_h", "w_o", "y", "T"} <= set(example.values)


# updates, counts, numbers


def test_update_rules() -> None:
    rule = r"w_h^{new} = w_h^{old} - \eta \frac{\partial L}{\partial "
    assert statuses(judged("elman", rule + "w_h}")) == [RIGHT]
    assert statuses(judged("elman", rule + "b}")) == [WRONG]
    assert statuses(judged("elman", rule.replace("- ", "+ ") + "w_h}")) == [WRONG]


def test_counts() -> None:
    assert statuses(judged("elman", r"15 + 9 + 3 + 4 = 31")) == [RIGHT]
    assert statuses(judged("elman", r"15 + 9 + 3 + 4 = 32")) == [WRONG]
    assert statuses(judged("elman", r"\# = D H + H^2 + H + H C + C")) == [RIGHT]
    assert statuses(judged("elman", r"\# = D H + H^2 + H + H C")) == [WRONG]
    assert statuses(judged("elman", r"\# = 31")) == [UNJUDGED]
    sizes = ("D = 5", "H = 3", "C = 1")
    assert statuses(judged("elman", *sizes, r"\# = 31"))[-1] == RIGHT
    assert statuses(judged("elman", *sizes, r"\# = 32"))[-1] == WRONG


GIVEN = ("x_1 = 0.5", "x_2 = -1", "O_0 = 0", "w_i = 0.8", "w_h = 0.3", "w_o = 2", "y = 1")


def test_results_in_numbers_are_right_to_their_digits() -> None:
    """O_1 = tanh(0.4) = 0.379949, O_2 = tanh(-0.8 + 0.3 O_1) = -0.59542"""
    lines = (r"O_1 = \tanh(0.4) = 0.3799", r"O_2 = \tanh(-0.8 + 0.3 \cdot 0.3799) = -0.5954")
    found = judged("elman_n4", *GIVEN, *lines, steps=2, scalar=True)
    assert statuses(found) == [RIGHT] * (len(GIVEN) + 4)
    for line in (r"O_1 = 0.3798", r"O_1 = \tanh(0.8)", r"O_2 = 0.5954"):
        assert statuses(judged("elman_n4", *GIVEN, line, steps=2, scalar=True))[-1] == WRONG
    assert (
        statuses(judged("elman_n4", *GIVEN[:3], "O_1 = 0.3799", steps=2, scalar=True))[-1]
        == UNJUDGED
    )
    assert statuses(judged("elman_n4", "O_1 = 0.3799", steps=2, scalar=True)) == [UNJUDGED]


@pytest.mark.parametrize("notation", ["default", "N3"])
def test_a_worked_example_is_right(notation: str) -> None:
    derivation = symrnn.load("elman_n4").derive(2, dims={"H": 2})
    from symrnn.check.reading import known, read
    from symrnn.check.sources import lines

    text = derivation.latex("numbers", notation=notation, width=0)
    writing = read(lines(text, "tex"), known(derivation, notation))
    columns = load_notation(notation).orientation == "column"
    found = judge(writing, derivation, steps=2, columns=columns)
    assert set(statuses(found)) == {RIGHT}
    number = text.rindex(r"0.4")
    changed = text[:number] + "0.5" + text[number + 3 :]
    writing = read(lines(changed, "tex"), known(derivation, notation))
    found = judge(writing, derivation, steps=2, columns=columns)
    assert WRONG in statuses(found)


def test_a_state_that_starts_at_zero() -> None:
    """With O_0 = 0 the first step's term may be left out; without, it may not."""
    text = r"\frac{\partial L}{\partial w_h} = (\hat y - y) w_o (1 - O_2^2) O_1"
    assert statuses(judged("elman_n4", text, steps=2, scalar=True)) == [WRONG]
    assert statuses(judged("elman_n4", "O_0 = 0", text, steps=2, scalar=True)) == [RIGHT, RIGHT_IF]


def test_a_writers_own_letter_stands_for_what_it_is_defined_to_be() -> None:
    error = r"e = \hat y - y"
    found = judged("elman_n4", error, r"\frac{\partial L}{\partial w_o} = e O_T", scalar=True)
    assert statuses(found) == [RIGHT, RIGHT]
    found = judged("elman_n4", error, r"\frac{\partial L}{\partial w_o} = -e O_T", scalar=True)
    assert statuses(found) == [RIGHT, WRONG]


def test_where_every_gradient_is_zero_that_is_said() -> None:
    """A softmax of one class is 1, whatever goes in."""
    found = judged("char", r"\frac{\partial L}{\partial b_h} = 0", scalar=True)
    assert any("is zero" in str(part) for part in found.report.conventions)


def test_small_errors_are_caught() -> None:
    text = r"\frac{\partial L}{\partial w_o} = 0.99 (\hat y - y) O_T"
    assert statuses(judged("elman_n4", text, scalar=True)) == [WRONG]
    assert statuses(judged("elman_n4", text.replace("0.99", "0.99999999"), scalar=True)) == [WRONG]


@pytest.mark.slow
def test_sums_that_nobody_can_work_out_are_not_judged() -> None:
    sums = "".join(rf"\sum_{{{letter}=1}}^{{T}} " for letter in "abcdefgijk")
    (verdict,) = judged(
        "elman", r"\frac{\partial L}{\partial w_h} = " + sums + "O_k"
    ).report.verdicts
    assert verdict.status == UNJUDGED
    assert "too many terms" in verdict.why


def test_a_function_with_a_kink() -> None:
    """A missing derivative of ReLU is seen, and a right one is right."""
    cell = symrnn.parse("h[t] = relu(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])")
    back = r"\frac{\partial L}{\partial h_t} = \left(\frac{\partial L}{\partial h_{t+1}}"
    slope = r" \odot [h_{t+1} > 0]"
    rest = r"\right) U^\top, \quad t = T - 1, \ldots, 1"
    assert statuses(judged(cell, back + slope + rest)) == [RIGHT]
    assert statuses(judged(cell, back + rest)) == [WRONG]
