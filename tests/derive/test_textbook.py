"""What a textbook prints, letter by letter."""

import pytest

import symrnn
from tests.cases import model


def test_the_chain_of_the_notes() -> None:
    """N1, on paper: three bracketed products, of t = 3, 2, 1 in this order."""
    found = model("elman").derive(steps=3, scalar=True).latex("chain", "w_h", notation="N1")
    first = r"\frac{\partial L}{\partial \hat{y}} \cdot \frac{\partial \hat{y}}{\partial O_3} \cdot"
    assert (
        found
        == "% chain: Gradient with respect to w_h\n% Here ∂Oₜ/∂w_h is immediate, every other"
        + " occurrence held fixed; all other ∂ are total.\n\\[\n\\begin{aligned}\n"
        + rf"\frac{{\partial L}}{{\partial w_h}} &= \left[ {first}"
        + r" \frac{\partial O_3}{\partial w_h} \right]_{t=3} \\"
        + "\n"
        + rf"&\quad {{}}+ \left[ {first} \frac{{\partial O_3}}{{\partial O_2}} \cdot"
        + r" \frac{\partial O_2}{\partial w_h} \right]_{t=2} \\"
        + "\n"
        + rf"&\quad {{}}+ \left[ {first} \frac{{\partial O_3}}{{\partial O_2}} \cdot"
        + r" \frac{\partial O_2}{\partial O_1} \cdot \frac{\partial O_1}{\partial w_h}"
        + r" \right]_{t=1}"
        + "\n\\end{aligned}\n\\]\n"
    )


def test_the_chain_of_matrices_is_a_product_of_matrices() -> None:
    derivation = model("elman").derive(steps=2)
    assert derivation.text(["chain", "local"], "w_h").splitlines() == [
        "Gradient with respect to w_h",
        "    ∂L/∂w_h = [O₁ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₂ · diag(1 - O₂²)]_{t=2}",
        "              + [O₀ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₂ · ∂O₂/∂O₁ · diag(1 - O₁²)]_{t=1}",
        "",
        "Local derivatives",
        "∂u/∂v has a row for each entry of u and a column for each entry of v: rows ∂L/∂u",
        "are multiplied with it from the right.",
        "    ∂L/∂ŷ   = 1/C (-y/ŷ + (1 - y)/(1 - ŷ))",
        "            = (ŷ - y)/(C (ŷ ⊙ (1 - ŷ)))",
        "    ∂ŷ/∂O₂  = diag(ŷ ⊙ (1 - ŷ)) w_oᵀ",
        "    ∂O₂/∂O₁ = diag(1 - O₂²) w_hᵀ",
    ]


def test_the_product_runs_back_in_rows_and_forth_in_columns() -> None:
    derivation = model("elman").derive()
    rows = derivation.text("product", "w_h", width=0).splitlines()
    assert rows[1] == (
        "    ∂L/∂w_h = ∑_{k=1}^{T} Oₖ₋₁ᵀ · ∂⁺L/∂O_T · (∏_{j=T}^{k+1} ∂Oⱼ/∂Oⱼ₋₁) · diag(1 - Oₖ²)"
    )
    assert rows[-1] == "    ∂Oₜ/∂Oₜ₋₁ = diag(1 - Oₜ²) w_hᵀ"
    columns = derivation.text("product", "w_h", width=0, notation="N3").splitlines()
    assert columns[1] == (
        "    ∂L/∂W_hh = ∑_{k=1}^{T} diag(1 - hₖ²) · (∏_{j=k+1}^{T} ∂hⱼ/∂hⱼ₋₁) · ∂L/∂h_T · hₖ₋₁ᵀ"
    )
    assert columns[-1] == "    ∂hₜ/∂hₜ₋₁ = W_hhᵀ diag(1 - hₜ²)"


def test_the_immediate_derivative_is_printed_as_such_but_in_the_notes() -> None:
    own = model("elman").derive(steps=3, scalar=True).latex("chain", "w_h")
    assert own.count(r"\partial^{+} O_") == 3
    assert r"\partial^{+} \hat{y}" not in own
    for notes in ("N1", "N2", "N3", "N4", "N5"):
        chain = model("elman").derive(3, scalar=True).latex("chain", notation=notes)
        assert r"\partial^{+}" not in chain


def test_cross_entropy_after_a_sigmoid_is_a_difference() -> None:
    found = model("elman_n4").derive(steps=3, scalar=True).text("closed", "w_o")
    assert found == "Gradient with respect to w_o\n    ∂L/∂w_o = (ŷ - y) O₃\n"


def test_cross_entropy_after_a_softmax_is_a_difference_where_targets_sum_to_one() -> None:
    found = model("char").derive(steps=1).text("closed", "b_y")
    assert found == "Gradient with respect to b_y\n    ∂L/∂b_y = ŷ₁ - y₁\n"
    soft = symrnn.parse(model("char").text.replace("y: onehot\n", ""))
    found = soft.derive(steps=1).text("closed", "b_y")
    assert found == "Gradient with respect to b_y\n    ∂L/∂b_y = y₁ 1_C ŷ₁ - y₁\n"


def test_common_factors_stand_in_front() -> None:
    found = model("elman_n4").derive(steps=3, scalar=True).text("closed", "w_h")
    assert found.splitlines()[1:] == [
        "    ∂L/∂w_h = (ŷ - y) w_o (1 - O₃²) O₂",
        "              + (ŷ - y) w_o (1 - O₃²) w_h (1 - O₂²) O₁",
        "              + (ŷ - y) w_o (1 - O₃²) w_h (1 - O₂²) w_h (1 - O₁²) O₀",
        "            = (ŷ - y) w_o (1 - O₃²) (O₂ + w_h (1 - O₂²) (O₁ + w_h (1 - O₁²) O₀))",
    ]


def test_the_recursion_of_a_plain_recurrence() -> None:
    found = model("elman").derive().text("delta", "w_h").splitlines()
    assert found[7:13] == [
        "Here δₜ = ∂L/∂aₜ.",
        "    δ_T = (ŷ - y)/C w_oᵀ ⊙ (1 - O_T²)",
        "    δₜ  = δₜ₊₁ w_hᵀ ⊙ (1 - Oₜ²),   t = T - 1, …, 1",
        "",
        "Gradients",
        "    ∂L/∂w_h = ∑_{t=1}^{T} Oₜ₋₁ᵀ δₜ",
    ]


def test_columns_are_the_transpose() -> None:
    found = model("elman").derive().text("delta", "w_h", notation="N3").splitlines()
    assert found[1] == "    aₜ = W_ih xₜ + W_hh hₜ₋₁ + b_h"
    assert found[9] == "    δₜ  = W_hhᵀ δₜ₊₁ ⊙ (1 - hₜ²),   t = T - 1, …, 1"
    assert found[-1] == "    ∂L/∂W_hh = ∑_{t=1}^{T} δₜ hₜ₋₁ᵀ"


def test_paths_that_multiply_share_totals() -> None:
    """An LSTM has as many terms as steps: what several paths share has an equation."""
    derivation = model("lstm").derive(steps=4)
    assert {len(derivation.terms(name)) for name in ("W_i", "U_f", "b_o")} == {4}
    assert len(derivation.terms("w_y")) == 1
    totals = [(node.name, node.shift + 1) for node in derivation.totals()]
    assert totals == [("h", 3), ("c", 3), ("h", 2), ("c", 2), ("h", 1), ("c", 1)]


def test_a_term_knows_its_step_its_path_and_its_factors() -> None:
    derivation = model("elman").derive(steps=3)
    last = derivation.terms("w_h")[1]
    assert last.step is not None
    assert (last.step.base, last.step.shift + 1) == ("1", 2)
    names = [(edge.of.name, edge.by.name) for edge in last.path]
    assert names == [("L", "yhat"), ("yhat", "O"), ("O", "O"), ("O", "w_h")]
    *before, use = derivation.factors(last)
    assert [type(factor).__name__ for factor in (*before, use)] == ["Immediate"] * 4
    assert [getattr(factor, "alone", None) for factor in before] == [True] * 3
    assert not getattr(use, "alone", True)  # w_h is used at other steps too


def test_block_jacobians_where_the_state_has_parts() -> None:
    found = model("lstm").derive().text("product", "U_f")
    assert "∂s_t/∂s_{t-1}" in found.replace("∂sₜ/∂sₜ₋₁", "∂s_t/∂s_{t-1}")
    assert "diag(fₜ)" in found


def test_what_a_parameter_does_not_reach_is_zero() -> None:
    text = "h[t] = tanh(x[t] @ W); k[t] = u * x[t]; L = mse(y, h[T])"
    derivation = symrnn.parse(text).derive(steps=2)
    assert derivation.text("chain", "u") == "Gradient with respect to u\n    ∂L/∂u = 0\n"
    assert derivation.text("closed", "u") == "Gradient with respect to u\n    ∂L/∂u = 0\n"


@pytest.mark.parametrize("steps", [1, 2])
def test_steps_fixed_by_the_text_are_the_steps(steps: int) -> None:
    text = f"T = {steps}; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"
    fixed = symrnn.parse(text).derive()
    free = symrnn.parse(text.split("; ", 1)[1]).derive(steps=steps)
    assert fixed.text("chain") == free.text("chain")


def test_notebooks_show_the_default_view() -> None:
    derivation = model("elman").derive(steps=2)
    shown = derivation._repr_latex_()
    assert shown.count("$$") == 2 * 5
    assert r"\left[ \frac{\partial L}{\partial \hat{y}}" in shown
    page = derivation._repr_html_()
    assert page.count("<math") == 5
    assert "<script" not in page


def test_a_softmax_over_time_is_one_line_each_way() -> None:
    text = "h[t] = tanh(x[t] @ W + h[t-1] @ U); e[t] = h[t] @ v; e: 1; a[t] = timesoftmax(e[t])"
    lines = symrnn.parse(f"{text}; L = mse(y, sum(a[t] * h[t]) @ V)").derive().text("delta")
    assert "    aₜ  = exp(eₜ)/(∑_{s=1}^{T} exp(eₛ))\n" in lines
    assert (
        "    ∂L/∂eₜ  = aₜ (2/C ((∑_{t=1}^{T} aₜ hₜ) V - y) Vᵀ hₜᵀ\n"
        "              - 2/C ∑_{s=1}^{T} ((∑_{t=1}^{T} aₜ hₜ) V - y) Vᵀ hₛᵀ aₛ),\n"
        "              t = T, …, 1\n"
    ) in lines
    assert "stop" not in lines
