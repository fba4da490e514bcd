"""What is said of wrong lines as people write them."""

import pytest

from symrnn.check import reading, sources
from symrnn.check.claims import WRONG, Fault
from symrnn.check.faults import fault
from symrnn.check.judging import judge
from symrnn.derive.derived import Derived
from symrnn.derive.formula import Formula
from symrnn.derive.notation.notation import load_notation
from tests.cases import model


def partial(of: str, by: str) -> str:
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


YHAT = r"\hat y"
Y = partial("L", YHAT)
FIRST = Y + partial(YHAT, "O_3")
W3 = FIRST + partial("O_3", "w_h")
W2 = FIRST + partial("O_3", "O_2") + partial("O_2", "w_h")
W1 = FIRST + partial("O_3", "O_2") + partial("O_2", "O_1") + partial("O_1", "w_h")
TURNED = Y + partial(YHAT, "O_2") + partial("O_2", "O_3") + partial("O_3", "w_h")
L = partial("L", "w_h") + " = "

ELMAN = {
    # what the notes get wrong
    rf"{partial('L', 'w_o')} = \frac{{\hat y - y}}{{\hat y (1 - \hat y)}} \sigma (1 - \sigma)": (
        "missing factor",
        "O₃ is missing",
    ),
    rf"{partial(YHAT, 'w_o')} = \sigma (1 - \sigma)": (
        "missing factor",
        "O₃ is missing",
    ),
    f"{L} {W3} + {TURNED} + {W1}": (
        "time index",
        "∂O₂/∂O₃ is zero: O₂ does not depend on O₃; the steps are mixed up:"
        " ∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · ∂O₂/∂w_h belongs there",
    ),
    f"{L} {FIRST} + {partial('L', 'w_h')} + {W2} + {W1}": (
        "plus for product",
        "there is a plus before ∂L/∂w_h where a product belongs, and ∂O₃/∂w_h belongs there, not"
        " ∂L/∂w_h",
    ),
    f"{partial('L', 'w_o')} = {FIRST} {partial('O_3', 'w_o')}": (
        "wrong operand",
        "∂O₃/∂w_o is zero: O₃ does not depend on w_o; ∂ŷ/∂w_o belongs there",
    ),
    rf"w_{{h,\text{{new}}}} = w_{{h,\text{{old}}}} - \eta {Y}": (
        "wrong operand",
        "∂L/∂w_h^{old} belongs there, not ∂L/∂ŷ",
    ),
    # sums and brackets
    f"{L} {FIRST} \\frac{{\\partial^+ O_3}}{{\\partial w_h}}": (
        "missing term",
        "the terms ∂L/∂ŷ · ∂ŷ/∂O₂ · ∂⁺O₂/∂w_h, ∂L/∂ŷ · ∂ŷ/∂O₁ · ∂⁺O₁/∂w_h are missing",
    ),
    rf"{L} (\hat y - y) w_o [(1 - O_3^2) O_2 + (1 - O_3^2) w_h (1 - O_2^2) O_1"
    r" + (1 - O_3^2) w_h (1 - O_2^2) (1 - O_1^2) O_0]": ("missing factor", "w_h is missing"),
    r"\frac{\partial L}{\partial w_i} = (\hat y - y) w_o (1 - O_3^2) x_3"
    r" + w_h (1 - O_2^2) (x_2 + w_h (1 - O_1^2) x_1)": ("missing factor", "brackets are missing"),
    r"\frac{\partial L}{\partial w_i} = (\hat y - y) w_o (1 - O_3^2)"
    r" (x_3 + w_h (1 - O_2^2) (x_2 + w_h (1 - O_1)^2 x_1))": (
        "wrong derivative",
        "1 - O₁² belongs there, not (1 - O₁)²",
    ),
    rf"{L} \sum_{{t=1}}^{{3}} {Y} {partial(YHAT, 'O_t')}"
    r" (1 - O_t^2) O_t": ("time index", "Oₜ₋₁ belongs there, not Oₜ"),
    # one thing for another
    rf"{Y} = \frac{{y}}{{\hat y}} - \frac{{1 - y}}{{1 - \hat y}}": ("sign", "the sign is flipped"),
    rf"{Y} = \frac{{\hat y - y}}{{\hat y (1 + \hat y)}}": ("sign", "a minus is missing before ŷ"),
    rf"{partial('L', 'w_o')} = 2 (\hat y - y) O_3": ("extra factor", "2 is a factor too many"),
    r"O_2 = \tanh(x_2 w_i + O_2 w_h)": ("time index", "O₁ belongs there, not O₂"),
    f"{partial('O_2', 'O_3')} = w_h (1 - O_3^2)": (
        "time index",
        "∂O₂/∂O₃ is zero: O₂ does not depend on O₃; this is ∂O₃/∂O₂",
    ),
}
LSTM = {
    r"\frac{\partial c_t}{\partial f_t} = c_t": ("time index", "cₜ₋₁ belongs there, not cₜ"),
    r"h_t = o_t \odot c_t": ("wrong operand", "tanh(cₜ) belongs there, not cₜ"),
    r"\frac{\partial L}{\partial c_t} = \frac{\partial L}{\partial h_t} \odot o_t"
    r" \odot (1 - \tanh(c_t)) + \frac{\partial L}{\partial c_{t+1}} \odot f_{t+1}": (
        "wrong derivative",
        "1 - tanh²(cₜ) belongs there, not 1 - tanh(cₜ)",
    ),
}
COLUMNS = {
    r"\delta^{(t)} = W_{hh} \delta^{(t+1)} \odot (1 - (h^{(t)})^2)": (
        "transpose or order",
        "w_h has to be transposed",
    ),
    r"\frac{\partial L}{\partial h^{(t)}} = W_{hh}^\top (1 - (h^{(t+1)})^2)"
    r" \odot \frac{\partial L}{\partial h^{(t+1)}}": (
        "transpose or order",
        "the brackets are wrong",
    ),
    r"\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^T \delta^{(t)} h^{(t)\top}": (
        "time index",
        "Oₜ₋₁ belongs there, not Oₜ",
    ),
}
CASES = [
    *(("elman_n4", 3, "default", text, *told) for text, told in ELMAN.items()),
    *(("lstm", None, "default", text, *told) for text, told in LSTM.items()),
    *(("elman", None, "books", text, *told) for text, told in COLUMNS.items()),
]


def found(derived: Derived, text: str, notation: str) -> Fault | None:
    letters = load_notation(notation)
    columns = letters.orientation == "column"
    known = reading.known(derived, letters, {}, derived.steps, columns)
    writing = reading.read(sources.lines(text, "formula"), known)
    judged = judge(writing, derived, steps=derived.steps, columns=letters.orientation == "column")
    (verdict,) = judged.report.verdicts
    assert verdict.status == WRONG
    return fault(judged, verdict)


@pytest.mark.parametrize(("name", "steps", "notation", "text", "kind", "says"), CASES)
def test_a_wrong_line_is_explained(
    name: str, steps: int | None, notation: str, text: str, kind: str, says: str
) -> None:
    derived = model(name).derive(steps, scalar=name == "elman_n4")
    told = found(derived, text, notation)
    assert told is not None
    words = [part if isinstance(part, str) else derived.show(part) for part in told.says]
    assert "".join(words).startswith(says)
    assert told.kind == kind
    assert told.corrected is not None


def shown(derived: Derived, formula: Formula | None) -> str:
    assert formula is not None
    return derived.show(formula)


def test_the_first_wrong_term_is_named_with_its_step() -> None:
    derived = model("elman_n4").derive(3, scalar=True)
    told = found(derived, f"{L} {W3} + {TURNED} + {W1}", "default")
    assert told is not None
    assert told.term == 2
    assert told.step is not None
    assert told.step.shift == 1
    assert shown(derived, told.corrected) == (
        "∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂w_h + ∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · ∂O₂/∂w_h"
        " + ∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · ∂O₂/∂O₁ · ∂O₁/∂w_h"
    )


def test_where_nothing_helps_the_line_of_the_derivation_is_given() -> None:
    derived = model("elman_n4").derive(3, scalar=True)
    told = found(derived, rf"{L} (\hat y - y) w_o \tanh(O_3) O_2", "default")
    assert told is not None
    assert told.kind == "compound"
    assert shown(derived, told.corrected).startswith("(ŷ - y) w_o (1 - O₃²) O₂ + ")
