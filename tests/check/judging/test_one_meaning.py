"""What is open is one choice for a document, and what holds by chance is wrong."""

import re

import pytest

from symrnn.check.claims import RIGHT, RIGHT_IF, WRONG
from tests.check.judging.judging import judged, statuses, under

GATES = {
    "g": r"\frac{\partial L}{\partial c_t} \odot i_t",
    "i": r"\frac{\partial L}{\partial c_t} \odot g_t",
    "f": r"\frac{\partial L}{\partial c_t} \odot c_{t-1}",
    "o": r"\frac{\partial L}{\partial h_t} \odot \tanh(c_t)",
}
SLOPES = {k: rf" \odot {k}_t \odot (1 - {k}_t)" for k in "ifo"} | {"g": r" \odot (1 - g_t^2)"}


def gate(name: str, slope: bool = True, sign: str = "") -> str:
    return rf"\delta^{name}_t = {sign}{GATES[name]}{SLOPES[name] if slope else ''}"


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("slope", [True, False])
def test_the_deltas_of_all_gates_may_mean_one_thing_or_another(sign: str, slope: bool) -> None:
    lines = [gate(name, slope, sign) for name in GATES]
    assert statuses(judged("lstm", *lines, scalar=True)) == [RIGHT] * 4


@pytest.mark.parametrize(("odd", "scalar"), [("f", False), *((k, True) for k in "gio")])
def test_the_deltas_of_all_gates_mean_the_same(odd: str, scalar: bool) -> None:
    slopes = [gate(name, name != odd) for name in GATES]
    signs = [gate(name, True, "-" if name == odd else "") for name in GATES]
    below = [re.sub(r"delta\^(.)_t", r"delta_{\1,t}", line) for line in slopes]
    for lines in (slopes, signs, below):
        wanted = [WRONG if name == odd else RIGHT for name in GATES]
        assert statuses(judged("lstm", *lines, scalar=scalar)) == wanted


def test_the_delta_is_wrong_and_not_the_gradient_with_it() -> None:
    lines = (gate("f", sign="-"), gate("g"), r"\frac{\partial L}{\partial b_f} = \sum_t \delta^f_t")
    assert statuses(judged("lstm", *lines)) == [WRONG, RIGHT, RIGHT]


def test_a_letter_may_be_said_to_mean_something_else() -> None:
    said = r"\delta^f_t = \frac{\partial L}{\partial f_t}"
    lines = (said, gate("f", False), gate("g"), gate("i"))
    assert statuses(judged("lstm", *lines)) == [RIGHT] * 4


LOCAL = r"\frac{\partial O_3}{\partial w_h} = O_2 (1 - O_3^2)"
HENCE = (
    r"\frac{\partial L}{\partial w_h} = \frac{\partial L}{\partial O_3}"
    r" \frac{\partial O_3}{\partial w_h}"
)
PATHS = (
    r"\frac{\partial L}{\partial w_h} = \sum_{k=1}^3 \frac{\partial L}{\partial O_3}"
    r" \frac{\partial O_3}{\partial O_k} \frac{\partial O_k}{\partial w_h}"
)
BACK = (
    r"\frac{\partial O_k}{\partial w_h} = (1 - O_k^2)"
    r" (O_{k-1} + w_h \frac{\partial O_{k-1}}{\partial w_h})"
)


@pytest.mark.parametrize("lines", [(LOCAL, HENCE), (PATHS, BACK), (BACK, PATHS)])
def test_what_a_line_says_a_derivative_is_serves_the_others(lines: tuple[str, ...]) -> None:
    for line in lines:
        assert statuses(judged("elman", line, steps=3, scalar=True)) == [RIGHT_IF]
    assert WRONG in statuses(judged("elman", *lines, steps=3, scalar=True))
    for kept in ((LOCAL, PATHS), (BACK, HENCE)):
        assert WRONG not in statuses(judged("elman", *kept, steps=3, scalar=True))


def test_a_line_that_holds_in_any_reading_leaves_it_open() -> None:
    chain = (
        r"\frac{\partial O_3}{\partial w_h} = \frac{\partial O_3}{\partial a_3}"
        r" \frac{\partial a_3}{\partial w_h}"
    )
    for line, status in ((chain, {RIGHT, RIGHT_IF}), (BACK.replace("w_h ", "w_i "), {WRONG})):
        first, *others = statuses(judged("elman", line, HENCE, PATHS, steps=3, scalar=True))
        assert first in status
        assert WRONG not in others


O_T = r"\frac{\partial O_T}{\partial O_k} = "


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("elman", O_T + r"\prod_{j=k+1}^{T} w_i O_j"),
        ("elman", O_T + r"w_i^{T-k}"),
        ("elman", r"\frac{\partial L}{\partial O_t} = (\hat y - y) w_o w_i^{T-t}"),
        ("lstm", r"\frac{\partial c_T}{\partial c_k} = \prod_{j=k}^{T-1} f_j"),
        ("gru", r"\frac{\partial h_T}{\partial h_k} = \prod_{j=k+1}^{T} (1 - z_j)"),
    ],
)
def test_a_product_of_nothing_is_no_evidence(model: str, line: str) -> None:
    (verdict,) = judged(model, line, scalar=True).report.verdicts
    assert verdict.status == WRONG
    assert " = T only" in verdict.why


def test_zero_is_zero_under_no_reading_that_is_sought_for_it() -> None:
    turned = (
        r"\frac{\partial L}{\partial O_1} = \frac{\partial L}{\partial O_3}"
        r" \frac{\partial O_2}{\partial O_3} \frac{\partial O_1}{\partial O_2}"
    )
    assert statuses(judged("elman", turned, steps=3, scalar=True)) == [WRONG]
    zero = r"\frac{\partial O_2}{\partial O_3} = 0"
    assert statuses(judged("elman", zero, steps=3, scalar=True)) == [RIGHT]


# where a ∏ ends

FIRST = r"\frac{\partial L}{\partial O_1} = (\hat y - y) "


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (FIRST + r"w_o \prod_{j=2}^{3} (1 - O_j^2) w_h", RIGHT),
        (FIRST + r"w_o \left(\prod_{j=2}^{3} (1 - O_j^2) w_h\right)", RIGHT),
        (FIRST + r"\left(\prod_{j=2}^{3} (1 - O_j^2) w_h\right) w_o", RIGHT),
        (FIRST + r"w_h^2 \prod_{j=2}^{3} (1 - O_j^2) w_o", RIGHT_IF),
        (FIRST + r"\prod_{j=2}^{3} (1 - O_j^2) w_h w_o", RIGHT),
        (FIRST + r"w_o \prod_{j=2}^{3} (1 - O_j^2) w_i", WRONG),
        (FIRST + r"w_o w_h \prod_{j=2}^{3} (1 - O_j^2) w_h", RIGHT_IF),
        (FIRST + r"\left(w_o \prod_{j=2}^{3} (1 - O_j^2) w_h + 0\right)", RIGHT),
    ],
)
def test_a_product_ends_at_one_place_or_another(line: str, status: str) -> None:
    (verdict,) = judged("elman", line, steps=3, scalar=True).report.verdicts
    assert verdict.status == status
    assert ("the ∏" in under(verdict)) == (status == RIGHT_IF)
