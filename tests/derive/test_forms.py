"""The forms of the notes: sums over uses, total derivatives by a weight, losses of single steps."""

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Immediate, Total
from symrnn.errors import UsageError
from tests.cases import model
from tests.derive.test_views import evaluator, sheets_of


def body(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


def test_the_sum_over_the_steps_of_the_notes() -> None:
    """N2: ∂L/∂w = Σ_j ∂L/∂ŷ · ∂ŷ/∂O_j · ∂O_j/∂w, with each ∂ŷ/∂O_j spelt out."""
    found = model("elman_outside").derive(3, scalar=True).text("uses", "w_h", notation="N2")
    line = "Here ∂Oₜ/∂w_h is immediate, every other occurrence held fixed; all other ∂ are total."
    assert line in found.replace("\n", " ")
    assert body(found) == [
        "∂L/∂w_h = ∑_{j=1}^{3} ∂L/∂ŷ · ∂ŷ/∂Oⱼ · ∂Oⱼ/∂w_h",
        "= [∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂w_h]_{t=3}",
        "+ [∂L/∂ŷ · ∂ŷ/∂O₂ · ∂O₂/∂w_h]_{t=2}",
        "+ [∂L/∂ŷ · ∂ŷ/∂O₁ · ∂O₁/∂w_h]_{t=1}",
        "∂ŷ/∂O₂ = ∂ŷ/∂O₃ · ∂O₃/∂O₂",
        "∂ŷ/∂O₁ = ∂ŷ/∂O₃ · ∂O₃/∂O₂ · ∂O₂/∂O₁",
    ]


def test_the_same_for_any_number_of_steps() -> None:
    assert body(model("elman_n4").derive().text("uses", "w_h")) == [
        "∂L/∂w_h = ∑_{t=1}^{T} Oₜ₋₁ᵀ · ∂L/∂ŷ · ∂ŷ/∂Oₜ · diag(1 - Oₜ²)",
        "∂ŷ/∂Oₜ = ∂ŷ/∂Oₜ₊₁ · ∂Oₜ₊₁/∂Oₜ,   t = T - 1, …, 1",
    ]


def test_the_sum_of_n3_in_both_its_right_readings() -> None:
    """Σ_t ∂L/∂h_t · ∂⁺h_t/∂W, and Σ_t ∂L_t/∂h_t · ∂h_t/∂W with the total ∂h_t/∂W."""
    found = symrnn.parse("""
        h[t] = sigmoid(x[t] @ W_ih + h[t-1] @ W_hh + b_h)
        q[t] = h[t] @ W_ho
        L    = sum(mse(y[t], q[t]))
    """)
    derivation = found.derive(scalar=True)
    assert body(derivation.text("uses", "W_hh", notation="N3"))[0] == (
        "∂L/∂W_hh = ∑_{t=1}^{T} ∂L/∂hₜ · ∂hₜ/∂W_hh"
    )
    assert body(found.derive().text("uses", "W_hh", notation="N3"))[0] == (
        "∂L/∂W_hh = ∑_{t=1}^{T} diag(hₜ ⊙ (1 - hₜ)) · ∂L/∂hₜ · hₜ₋₁ᵀ"
    )
    assert body(found.derive().text("forward", "b_h", notation="N3"))[4:] == [
        "∂hₜ/∂b_h = ∂⁺hₜ/∂b_h + ∂hₜ₋₁/∂b_h · ∂hₜ/∂hₜ₋₁,   t = 1, …, T",
        "∂h₀/∂b_h = 0",
    ]
    assert body(derivation.text("forward", "W_hh", notation="N3"))[2:] == [
        "∂L/∂W_hh = ∑_{t=1}^{T} ∂Lₜ/∂hₜ · ∂hₜ/∂W_hh",
        "∂Lₜ/∂hₜ   = ∂Lₜ/∂qₜ · ∂qₜ/∂hₜ",
        "∂hₜ/∂W_hh = ∂⁺hₜ/∂W_hh + ∂hₜ/∂hₜ₋₁ · ∂hₜ₋₁/∂W_hh,   t = 1, …, T",
        "∂h₀/∂W_hh = 0",
    ]


def test_the_last_step_alone_is_right_with_a_total_derivative() -> None:
    """N2, four steps: ∂L/∂w = ∂L/∂ŷ · ∂ŷ/∂O_4 · ∂O_4/∂w."""
    found = model("elman_n4").derive(4, scalar=True).text("forward", "w_h", notation="N2")
    assert body(found)[0] == "∂L/∂w_h = ∂L/∂ŷ · ∂ŷ/∂O₄ · ∂O₄/∂w_h"
    assert body(found)[-1] == "∂O₂/∂w_h = ∂⁺O₂/∂w_h + ∂O₂/∂O₁ · ∂⁺O₁/∂w_h"


def test_the_six_paths_of_three_steps() -> None:
    found = body(model("elman_steps").derive(3).text("paths", "W_h", width=100))
    assert found[3:] == [
        "L  = L₁/3 + L₂/3 + L₃/3",
        "∂L/∂W_h = [h₂ᵀ · ∂L/∂L₃ · ∂L₃/∂ŷ₃ · ∂ŷ₃/∂h₃ · diag(1 - h₃²)]_{t=3}",
        "+ [h₁ᵀ · ∂L/∂L₂ · ∂L₂/∂ŷ₂ · ∂ŷ₂/∂h₂ · diag(1 - h₂²)]_{t=2}",
        "+ [h₁ᵀ · ∂L/∂L₃ · ∂L₃/∂ŷ₃ · ∂ŷ₃/∂h₃ · ∂h₃/∂h₂ · diag(1 - h₂²)]_{t=2}",
        "+ [h₀ᵀ · ∂L/∂L₁ · ∂L₁/∂ŷ₁ · ∂ŷ₁/∂h₁ · diag(1 - h₁²)]_{t=1}",
        "+ [h₀ᵀ · ∂L/∂L₂ · ∂L₂/∂ŷ₂ · ∂ŷ₂/∂h₂ · ∂h₂/∂h₁ · diag(1 - h₁²)]_{t=1}",
        "+ [h₀ᵀ · ∂L/∂L₃ · ∂L₃/∂ŷ₃ · ∂ŷ₃/∂h₃ · ∂h₃/∂h₂ · ∂h₂/∂h₁ · diag(1 - h₁²)]_{t=1}",
    ]


def test_too_many_paths_are_counted_and_refused() -> None:
    with pytest.raises(UsageError, match=r"[\d,]+ paths lead to W_f with 40 steps"):
        model("lstm").derive(40).text("paths", "W_f")
    with pytest.raises(UsageError, match="needs a number of steps"):
        model("lstm").derive().text("paths", "W_f")


def test_a_loss_of_a_step_is_no_other_letter() -> None:
    """Where the model has an L_1 of its own the losses of the steps are ℓ."""
    text = "L_1 = 0.5 * g; q[t] = x[t] @ W + L_1; L = mean(mse(y[t], q[t]))"
    found = symrnn.parse(text.replace("; ", "\n")).derive(2).text("paths", "W")
    assert "∂L/∂ℓ₂ · ∂ℓ₂/∂q₂" in found
    two = "q[t] = x[t] @ W; L = mean(mse(y[t], q[t])) + 0.1 * sum(mse(z[t], q[t]))"
    found = symrnn.parse(two.replace("; ", "\n")).derive(2).text("paths", "W")
    assert {"L⁽¹⁾₂", "L⁽²⁾₁"} <= set(found.replace("/", " ").replace("∂", "").split())


def test_cross_entropy_in_its_terms() -> None:
    """N4: ∂L/∂ŷ = -y/ŷ + (1 - y)/(1 - ŷ) = (ŷ - y)/(ŷ (1 - ŷ))."""
    found = body(model("elman_n4").derive(3, scalar=True).text("local", "w_o"))
    assert found[:2] == ["∂L/∂ŷ   = -y/ŷ + (1 - y)/(1 - ŷ)", "= (ŷ - y)/(ŷ (1 - ŷ))"]


@pytest.mark.parametrize("form", ["scalar", "matrix"])
@pytest.mark.parametrize("name", ["birnn", "char", "elman", "elman_steps", "gru", "jordan"])
def test_every_right_side_of_an_equation_is_the_same_number(name: str, form: str) -> None:
    derivation = Derivation(name, model(name).written, 3, scalar=form == "scalar")
    for view in ("local", "uses", "closed"):
        sheets = sheets_of(derivation, view)
        work = evaluator(derivation, sheets, 3, False)
        for equation in (e for sheet in sheets for e in sheet.equations if len(e.rights) > 1):
            assert isinstance(equation.left, Total | Immediate)
            first, *others = (work(right) for right in equation.rights)
            for other in others:
                np.testing.assert_allclose(other, first, rtol=1e-12, atol=1e-14)


N2 = "O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h) + b; yhat = sigmoid(O[T] @ w_k) + b_4; L = y - yhat"


def test_the_loss_of_n2_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """y is a target, and what the loss is made of is one number wide."""
    found = symrnn.parse(N2.replace("; ", "\n"))
    assert found.system.symbols["y"].role == "target"
    assert [str(w) for w in found.system.symbols["w_k"].shape] == ["H", "1"]
    assert body(found.derive(3, scalar=True).text("local", "b_4")) == [
        "∂L/∂ŷ   = -1",
        "∂ŷ/∂b_4 = 1",
    ]
    assert main(["verify", "-e", N2]) == 0
    assert "holds" in capsys.readouterr().out
    kernel = found.kernel(steps=3)
    params = kernel.init_params(D=3, H=2)
    x = np.eye(3)[[[0], [1], [2]]]
    loss, _ = kernel.loss_and_grads(params, x=x, y=np.ones((1, 1)))
    outputs, _ = kernel.forward(params, x=x)
    assert loss == pytest.approx(1 - outputs["yhat"].item())


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("q = x[T] @ W; L = (q - y)**2", "target"),
        ("q[t] = x[t] @ W; L = mean(square(y[t] - q[t]))", "target"),
        ("q = x[T] @ W; L = mse(z, q) + rowsum(q * y)", "parameter"),
        ("q = x[T] @ W - y; L = mse(z, q)", "parameter"),
        ("q = x[T] @ W; y: parameter; L = rowsum(square(q - y))", "parameter"),
    ],
)
def test_what_stands_in_a_difference_in_the_loss_alone_is_a_target(text: str, role: str) -> None:
    assert symrnn.parse(text.replace("; ", "\n")).system.symbols["y"].role == role


def test_a_state_is_no_number_because_the_loss_is_one() -> None:
    with pytest.raises(symrnn.errors.SymrnnError, match="one number for each sequence"):
        symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = y - h[T]")


def test_a_worked_example_says_what_its_numbers_stand_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = "derive elman_n4 --scalar --view numbers --data cat-mat-rat --format unicode"
    assert main(words.split()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "Given",
        "cat = 1, mat = 2, rat = 3.",
        "    x₁  = 1",
        "    x₂  = 2",
        "    x₃  = 3",
    ]


@pytest.mark.parametrize("view", ["delta", "product", "chain", "local", "closed", "numbers"])
@pytest.mark.parametrize(
    "equations",
    [
        "m[t] = h[t] - mean(h[t])",
        "e: 1; e[t] = h[t] @ v; m[t] = h[t] * exp(e[t]) / sum(exp(e[t]))",
        "m[t] = h[t] - mean(h[t] - mean(h[t-1]))",
    ],
)
def test_a_sum_over_time_within_an_equation_is_derived(
    equations: str, view: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"h[t] = tanh(x[t] @ W + h[t-1] @ U); {equations}; L = mse(y, m[T] @ V)"
    for steps in ("1", "2"):
        assert main(["derive", "-e", text, "--steps", steps, "--view", view]) == 0
    assert "\\partial L" in capsys.readouterr().out
