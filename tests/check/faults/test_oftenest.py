"""What people get wrong oftenest: ⊙ left out, a factor of a mean, one letter for another."""

import pytest

from symrnn.check.checking import Text, check
from symrnn.check.claims import RIGHT, WRONG
from symrnn.check.faults.budget import EVERY, Budget
from symrnn.model import Model
from tests.cases import model
from tests.check.faults.test_faults import found, partial, shown

MEAN = """
h[0] = 0
h[t] = tanh(x[t] @ W_x + h[t-1] @ W_h + b)
yhat[t] = h[t] @ W_y
L = mean(mse(y[t], yhat[t]))
"""
GATE = r"\frac{\partial L}{\partial c_t}"
L_H = partial("L", "w_h") + " = "
ROWS = {
    L_H + r"\sum_{t=1}^T O_{t-1}^T \frac{\partial L}{\partial O_t} (1 - O_t^2)": (
        "ill-shaped",
        "⊙ (entry by entry) belongs between ∂L/∂Oₜ and 1 - Oₜ²",
        "∑_{t=1}^{T} Oₜ₋₁ᵀ (∂L/∂Oₜ ⊙ (1 - Oₜ²))",
    ),
    partial("L", r"\hat y") + r" = \frac{1}{C} \frac{\hat y - y}{\hat y (1 - \hat y)}": (
        "ill-shaped",
        "⊙ (entry by entry) belongs between ŷ and 1 - ŷ",
        "1/C ((ŷ - y)/(ŷ ⊙ (1 - ŷ)))",
    ),
    partial("O_t", "O_{t-1}") + r" = w_h^T (1 - O_t^2)": (
        "ill-shaped",
        "diag(1 - Oₜ²) belongs there, not 1 - Oₜ², before w_hᵀ",
        "diag(1 - Oₜ²) w_hᵀ",
    ),
    L_H + r"\sum_{t=1}^T O_{t-1} \odot (\frac{\partial L}{\partial O_t} \odot (1 - O_t^2))": (
        "transpose or order",
        "a product of matrices, and not ⊙",
        "∑_{t=1}^{T} Oₜ₋₁ᵀ (∂L/∂Oₜ ⊙ (1 - Oₜ²))",
    ),
    partial("L", "O_T") + r" = \frac{1}{C} w_o (\hat y - y)": (
        "transpose or order",
        "(ŷ - y) w_oᵀ belongs there, not w_o (ŷ - y)",
        "1/C (ŷ - y) w_oᵀ",
    ),
}
GATES = {
    r"h_t = o_t \tanh(c_t)": ("ill-shaped", "between oₜ and tanh(cₜ)", "oₜ ⊙ tanh(cₜ)"),
    r"c_t = f_t c_{t-1} + i_t g_t": ("ill-shaped", "as in fₜ ⊙ cₜ₋₁", "fₜ ⊙ cₜ₋₁ + iₜ ⊙ gₜ"),
}
MEANS = {
    partial("L", "W_y") + r" = \sum_{t=1}^T h_t^T (\hat y_t - y_t)": (
        "missing factor",
        "2/(T C) is missing: the loss is a mean of squares over the steps and the entries",
        "2/(T C) ∑_{t=1}^{T} hₜᵀ (ŷₜ - yₜ)",
    ),
    partial("L", "b")
    + r" = \frac{1}{T} \sum_{t=1}^T \frac{\partial L}{\partial h_t} \odot (1 - h_t^2)": (
        "extra factor",
        "1/T is a factor too many",
        "∑_{t=1}^{T} ∂L/∂hₜ ⊙ (1 - hₜ²)",
    ),
}
NESTED = r"(\hat y - y) w_o (1 - O_3^2) (O_2 + w_h (1 - O_2^2) (O_1 + w_h (1 - O_1^2) O_0))"
WORKED = "(ŷ - y) w_o (1 - O₃²) (O₂ + w_h (1 - O₂²) (O₁ + w_h (1 - O₁²) O₀))"
SCALARS = {
    L_H + NESTED.replace("w_h", "w_i", 1): ("wrong operand", "w_h belongs there, not w_i", WORKED),
    L_H + r"\sum_{k=1}^2 \frac{\partial L}{\partial O_3} \frac{\partial O_3}{\partial O_k}"
    r" \frac{\partial O_k}{\partial w_h}": (
        "time index",
        "∑_{k=1}^{3}",
        "∑_{k=1}^{3} ∂L/∂O₃ · ∂O₃/∂Oₖ · ∂Oₖ/∂w_h",
    ),
}
CASES = [
    *(("elman", None, text, *told) for text, told in ROWS.items()),
    *(("lstm", None, text, *told) for text, told in GATES.items()),
    *(("mean", None, text, *told) for text, told in MEANS.items()),
    *(("elman_n4", 3, text, *told) for text, told in SCALARS.items()),
]


def named(name: str) -> Model:
    import symrnn

    return symrnn.parse(MEAN, name) if name == "mean" else model(name)


@pytest.mark.parametrize(("name", "steps", "text", "kind", "says", "corrected"), CASES)
def test_it_is_one_fault_with_what_belongs_there(
    name: str, steps: int | None, text: str, kind: str, says: str, corrected: str
) -> None:
    derived = named(name).derive(steps, scalar=name == "elman_n4")
    told = found(derived, text, "default")
    assert told is not None
    words = "".join(part if isinstance(part, str) else derived.show(part) for part in told.says)
    assert says in words
    assert told.kind == kind
    assert shown(derived, told.corrected) == corrected


def test_one_sign_stands_at_one_place() -> None:
    derived = model("elman").derive(3, scalar=True)
    text = partial("L", r"\hat y") + r" = -\frac{y}{\hat y} - \frac{1 - y}{1 - \hat y}"
    told = found(derived, text, "default")
    assert told is not None
    assert told.kind == "sign"
    assert shown(derived, told.corrected) == "-y/ŷ + (1 - y)/(1 - ŷ)"
    text = r"h_t = (1 - z_t) n_t + (1 - z_t) h_{t-1}"
    derived = model("gru").derive(scalar=True)
    told = found(derived, text, "default")
    assert told is not None
    assert shown(derived, told.corrected) in (
        "(1 - zₜ) nₜ + zₜ hₜ₋₁",
        "zₜ nₜ + (1 - zₜ) hₜ₋₁",
    )


EMPTY = {
    r"\frac{\partial O_T}{\partial O_k} = \prod_{j=k+1}^{T} w_i O_j": "∏_{j=k+1}^{T} ∂Oⱼ/∂Oⱼ₋₁",
    r"\frac{\partial L}{\partial O_t} = (\hat y - y) w_o w_i^{T-t}": "∂L/∂Oₜ₊₁ · ∂Oₜ₊₁/∂Oₜ",
    r"\frac{\partial L}{\partial O_1} = \frac{\partial L}{\partial O_3}"
    r" \frac{\partial O_2}{\partial O_3} \frac{\partial O_1}{\partial O_2}": "∂L/∂ŷ · ",
}


@pytest.mark.parametrize(("text", "corrected"), EMPTY.items())
def test_what_agrees_where_nothing_stands_is_wrong(text: str, corrected: str) -> None:
    """An empty product, a power of zero, 0 = 0: they tell nothing."""
    derived = model("elman").derive(3 if "O_3" in text else None, scalar=True)
    told = found(derived, text, "default")
    assert told is not None
    assert shown(derived, told.corrected).startswith(corrected)


def test_a_product_over_one_step_too_many_is_shorter() -> None:
    derived = model("char").derive()
    text = r"\frac{\partial h_t}{\partial h_k} = \prod_{j=k}^{t} W_{hh}^\top"
    told = found(derived, text + r" \operatorname{diag}(1 - h_j^2)", "N5")
    assert told is not None
    assert told.kind == "time index"
    assert shown(derived, told.corrected) == "∏_{j=k+1}^{t} W_hhᵀ diag(1 - hⱼ²)"


def test_what_is_zero_is_put_in_nowhere() -> None:
    derived = model("char").derive()
    text = partial("L", "h_t") + r" = \frac{\partial L}{\partial \hat y_t}"
    text += partial(r"\hat y_t", "h_t") + " + " + partial("L", "h_{t+1}")
    told = found(derived, text, "default")
    assert told is not None
    assert "∂⁺L/∂hₜ₊₁" not in shown(derived, told.corrected)


def test_a_definition_that_does_not_fit_is_called_so() -> None:
    derived = model("elman").derive()
    lines = (
        r"q_t = \frac{\partial L}{\partial O_t} (1 - O_t^2)",
        L_H + r"\sum_{t=1}^T O_{t-1}^\top q_t",
        r"\frac{\partial L}{\partial w_o} = \frac{1}{C} O_T^\top (\hat y - y)",
    )
    (report,) = check(derived, [Text(lines, "formula")])
    first, second, _ = report.verdicts
    assert [each.status for each in report.verdicts] == [WRONG, WRONG, RIGHT]
    assert first.fault is not None
    assert first.fault.kind == "ill-shaped"
    assert shown(derived, first.fault.corrected) == "∂L/∂Oₜ ⊙ (1 - Oₜ²)"
    assert second.follows
    assert second.fault is not None
    assert shown(derived, second.fault.corrected).startswith("∑_{t=1}^{T} ")


@pytest.mark.slow
def test_lines_share_what_a_document_may_take() -> None:
    """A document of lines in which nothing helps says that the search was cut short."""
    derived = model("lstm").derive()
    line = GATE.replace("c_t", "h_t") + rf" = {GATE} W_o^\top \odot i_t \odot (1 - f_t) \odot c_t"
    (report,) = check(derived, [Text((line,) * 12, "formula")])
    says = [verdict.fault.says for verdict in report.verdicts if verdict.fault is not None]
    assert len(says) == 12
    assert all("cut short" in str(each[-1]) for each in says)
    budget = Budget(EVERY)
    parts = [budget.of_a_line() for _ in range(2)]
    parts[0].spend(EVERY // 2)
    assert budget.left == EVERY // 2
    assert budget.of_a_line().left < parts[1].left
