"""A notation applied to a system: who gets which symbol, and no two references alike."""

import re
from itertools import product
from pathlib import Path

import pytest

import symrnn
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import load_notation, read_notation
from symrnn.errors import UsageError
from symrnn.language.tree import Ref
from symrnn.system import unroll
from tests.cases import ZOO, model
from tests.derive.notation.systems import (
    DEFAULT,
    NASTY,
    NOTATIONS,
    assert_all_different,
    latex,
    nasty,
    references,
    user,
)

SYMBOLS = [
    ("default", "elman", r"x_t w_i O_t w_h b w_o b_o \hat{y} y L"),
    ("default", "char", r"x_t W_{xh} h_t W_{hh} b_h W_{hy} b_y \hat{y}_t y_t L"),
    ("default", "stacked", r"x_t W_1 h^{(1)}_t U_1 b_1 W_2 h^{(2)}_t U_2 b_2 w_y b_y \hat{y} y L"),
    ("default", "leaky", r"\alpha h_t x_t W_x W_h b w_y b_y \hat{y} y L"),
    (
        "default",
        "birnn",
        r"x_t w_{if} O_{f,t} w_{hf} b_f w_{ib} O_{b,t} w_{hb} b_b H_t w_o b_o O_t",
    ),
    ("default", "bilstm", r"x_t W_{i,f} h_{f,t} U_{i,f} b_{i,f} i_{f,t} W_{f,f} U_{f,f} b_{f,f}"),
    ("N1", "elman", r"x_{it} w_i O_t w_h b w_o b_o \hat{y} y L"),
    ("N2", "elman_outside", r"x_{1t} w_i O_t w_h b w_k b_4 \hat{y} y L"),
    ("N2", "birnn", r"x_{1t} w_{if} O_{ft} w_{hf} b_f w_{ib} O_{bt} w_{hb} b_b H_t w_o b_o O_t"),
    ("N3", "elman", r"x_t W_{ih} h_t W_{hh} b_h W_{ho} b_o \hat{y} y L"),
    ("N4", "elman_n4", r"x_{1t} w_i O_t w_h w_o \hat{y} y L"),
    ("N5", "char", r"x_t W_{xh} h_t W_{hh} b_h W_{hy} b_y y_t y^{\ast}_t L"),
    ("N5", "elman", r"x_t W_{xh} h_t W_{hh} b_h W_{hy} b_y y y^{\ast} L"),
    ("books", "elman", r"x^{(t)} W_{xh} h^{(t)} W_{hh} b W_{hy} b_o \hat{y} y L"),
    ("books", "elman_steps", r"x^{(t)} W_{xh} h^{(t)} W_{hh} b_h W_{hy} b_y \hat{y}^{(t)}"),
    ("books", "stacked", r"x^{(t)} W_1 h_1^{(t)} U_1 b_1 W_2 h_2^{(t)} U_2 b_2 W_{hy} b_y"),
]


@pytest.mark.parametrize(("notation", "name", "wanted"), SYMBOLS)
def test_the_letters_of_a_model(notation: str, name: str, wanted: str) -> None:
    found = list(latex(notation, name).values())
    assert found[: len(wanted.split())] == wanted.split()


def test_an_entry_gives_way_to_a_name_that_is_the_symbol_already() -> None:
    # birnn: H is the state and O the output, though O is the state of elman
    found = latex("books", "birnn")
    assert (found["H"], found["O"]) == ("h^{(t)}", "O^{(t)}")
    system = symrnn.parse("h[t] = tanh(x[t] @ W_ih + h[t-1] @ w_i); O[t] = h[t] @ v").system
    letters = Letters(load_notation("N3"), system)
    names = ("h", "O", "W_ih", "w_i")
    assert [letters.latex(Ref(n)) for n in names] == ["h", "O", "W_{ih}", "w_i"]


@pytest.mark.parametrize(
    ("notation", "name", "wanted"),
    [
        ("default", "elman", {"a_O": "a_t", "d_a_O": r"\delta_t", "d_a_yhat": r"\delta^{\hat{y}}"}),
        ("default", "elman", {"d_O": r"\bar{O}_t", "d_w_h": r"\bar{w}_h", "l_yhat": r"\ell"}),
        ("default", "elman_outside", {"a_tanh_O": "a_t", "d_a_sigmoid_yhat": r"\delta^{\hat{y}}"}),
        ("default", "lstm", {"a_i": "a^{i}_t", "d_a_i": r"\delta^{i}_t", "l_yhat": r"\ell"}),
        ("default", "lstm", {"tanh_c": r"\mathrm{tanh}_{c,t}", "a_yhat": r"a^{\hat{y}}"}),
        ("default", "char", {"d_a_h": r"\delta^{h}_t", "d_a_yhat": r"\delta^{\hat{y}}_t"}),
        ("default", "stacked", {"a_h1": "a^{(1)}_t", "d_a_h2": r"\delta^{(2)}_t"}),
        ("default", "bilstm", {"d_a_i_f": r"\delta^{i_f}_t", "d_h_b": r"\bar{h}_{b,t}"}),
        ("default", "gru_torch", {"u_n": "u_{n,t}", "u_n_2": r"u^{\prime}_{n,t}"}),
        ("default", "gru", {"d_u_n": r"\delta^{u_n}_t"}),
        ("N3", "elman", {"d_O": r"\bar{h}_t", "d_a_O": r"\delta_t"}),
        ("N5", "char", {"d_a_yhat": r"\delta^{y}_t"}),
        ("books", "elman", {"d_a_O": r"\delta^{(t)}", "d_a_yhat": r"\delta_{\hat{y}}"}),
        ("books", "lstm", {"d_a_i": r"\delta_i^{(t)}"}),
    ],
)
def test_what_symrnn_made_up_has_the_letters_of_textbooks(
    notation: str, name: str, wanted: dict[str, str]
) -> None:
    found = latex(notation, name)
    assert {name: found[name] for name in wanted} == wanted


def test_what_the_author_wrote_is_not_made_up() -> None:
    text = "a_O[t] = x[t] @ W + O[t-1] @ U; O[t] = tanh(a_O[t]); L = mse(y, O[T])"
    system = symrnn.parse(text).adjoint
    assert Letters(DEFAULT, system).latex(Ref("d_a_O", "t")) == r"\delta_t"
    own = Letters(DEFAULT, system, own=("a_O", "O", "L"))
    assert own.latex(Ref("a_O", "t")) == "a_{O,t}"
    assert own.latex(Ref("d_a_O", "t")) == r"\bar{a}_{O,t}"


def test_a_name_of_the_author_that_looks_like_a_made_up_one_has_no_delta() -> None:
    text = "{0}[t] = x[t] @ W + O[t-1] @ U; O[t] = tanh({0}[t]); L = mse(y, O[T])"
    named, other = (symrnn.parse(text.format(n)).derive().latex("delta") for n in ("a_O", "z"))
    for step in "tT":
        named = named.replace(f"a_{{O,{step}}}", f"z_{step}")
    assert named.replace("a_{O,t+1}", "z_{t+1}") == other


@pytest.mark.parametrize("notation", NOTATIONS)
def test_own_letters_are_the_same_with_and_without_the_adjoint(notation: str) -> None:
    for name in ZOO:
        primal = Letters(load_notation(notation), model(name).system)
        both = Letters(load_notation(notation), model(name).adjoint)
        for ref in references(model(name).system):
            assert primal.latex(ref) == both.latex(ref)


@pytest.mark.parametrize(("name", "notation"), list(product(ZOO, NOTATIONS)))
def test_models_of_the_zoo_print_no_two_references_alike(name: str, notation: str) -> None:
    assert_all_different(Letters(load_notation(notation), model(name).adjoint))


@pytest.mark.parametrize(("name", "notation"), list(product(NASTY, NOTATIONS)))
def test_nasty_names_print_no_two_references_alike(name: str, notation: str) -> None:
    assert_all_different(Letters(load_notation(notation), nasty(name)))


def test_an_unrolled_system_prints_no_two_references_alike() -> None:
    assert_all_different(Letters(DEFAULT, unroll(model("lstm").adjoint, 14)))


@pytest.mark.parametrize(
    ("name", "ref", "wanted"),
    [
        ("times", Ref("h", "t"), "h_t"),
        ("times", Ref("h_t"), r"\mathrm{h\_t}"),
        ("times", Ref("h_1"), r"\mathrm{h\_1}"),
        ("times", Ref("h1"), "h^{(1)}"),
        ("late times", Ref("h_57"), r"\mathrm{h\_57}"),
        ("late times", Ref("h__1"), r"\mathrm{h\_\_1}"),
        ("subscripts", Ref("W_hh"), "W_{hh}"),
        ("subscripts", Ref("W_h_h"), "W_{h,h}"),
        ("subscripts", Ref("Wh_h"), r"\mathrm{Wh\_h}"),
        ("accents", Ref("yhat", "t"), r"\hat{y}_t"),
        ("accents", Ref("y_hat"), r"y_{\mathrm{hat}}"),
        ("greek", Ref("alpha"), r"\alpha"),
        ("greek", Ref("Alpha"), r"\mathit{Alpha}"),
        ("greek", Ref("Omega"), r"\Omega"),
        ("delta", Ref("delta", "t"), r"\mathrm{delta}_t"),
        ("delta", Ref("eta"), r"\mathrm{eta}"),
        ("delta", Ref("d_a_delta", "t"), r"\delta_t"),
        ("state", Ref("O0"), "O^{(0)}"),
        ("state", Ref("O", "1", -1), "O_0"),
        ("state", Ref("O_0"), r"\mathrm{O\_0}"),
        ("before", Ref("a", "t"), "a_t"),
    ],
)
def test_who_keeps_a_symbol_and_who_does_not(name: str, ref: Ref, wanted: str) -> None:
    assert Letters(DEFAULT, nasty(name)).latex(ref) == wanted


def test_symbols_that_differ_in_their_font_alone_differ_in_plain_text_too(tmp_path: Path) -> None:
    mine = user(tmp_path, "[symbols]\nw_i = 'w'\nw_h = '\\mathbf{w}'")
    letters = Letters(mine, model("elman").system)
    assert [letters.latex(Ref(n)) for n in ("w_i", "w_h")] == ["w", r"\mathbf{w}"]
    assert [letters.plain(Ref(n)) for n in ("w_i", "w_h")] == ["w", "w_h"]


@pytest.mark.parametrize(
    ("rows", "names", "mark"),
    [
        ("w_i = 'W'\nw_h = 'W'", ("w_h", "w_i"), "W"),
        ("w_i = 'W'\nw_h = '{W}'", ("w_h", "w_i"), "W"),
        ("w_i = 'W'\nw_h = '\\mathit{W}'", ("w_h", "w_i"), "W"),
        ("w_i = 'w_h'", ("w_i", "w_h"), "w_h"),
        ("b = 'O_3'\nO = 'O'", ("O", "b"), "O_3"),
        ("b = 'O_{T - 1}'\nO = 'O'", ("O", "b"), "O_{T-1}"),
        ("b = 'O_{t-40}'\nO = 'O'", ("O", "b"), "O_{t-40}"),
        ("b = '\\eta'", ("b", "the learning rate"), r"\eta"),
        ("O = '\\delta'", ("O", "the adjoints"), r"\delta"),
    ],
)
def test_two_names_with_one_symbol(
    tmp_path: Path, rows: str, names: tuple[str, str], mark: str
) -> None:
    mine = user(tmp_path, f"[symbols]\n{rows}")
    with pytest.raises(UsageError) as caught:
        Letters(mine, model("elman").system)
    said = str(caught.value)
    assert all(name in said for name in names)
    assert f"would both be printed {mark};" in said


def test_what_a_builtin_table_may_say_a_users_may_not() -> None:
    text = "[symbols]\nw_i = 'W'\nw_h = 'W'"
    letters = Letters(read_notation("n", text, "n", strict=False), model("elman").system)
    assert [letters.latex(Ref(n)) for n in ("w_i", "w_h")] == ["W", "w_h"]


LAYER_NORM = """
    h[t] = tanh(x[t] @ W + (h[t-1] / sqrt(rowmean(square(h[t-1] - rowmean(h[t-1]))) + eps)) @ U)
    eps = 0.001
    e[t] = exp(tanh(h[t] @ A + b) @ v)
    A: (H, K)
    e: 1
    L = mse(y, sum(e[t] * h[t]) / sum(e[t]))
"""


def test_what_normal_form_names_is_called_after_the_variable_that_it_belongs_to() -> None:
    """No a^{sqrt_{i,2}}_t: the parts of an equation are counted."""
    derivation = symrnn.parse(LAYER_NORM).derive()
    output = derivation.output()
    for printer in (output.latex_printer, output.plain_printer):
        letters = printer.letters
        print_ = letters.latex if printer is output.latex_printer else letters.plain
        names = [print_(Ref(s.name)) for s in letters.system.symbols.values()]
        assert not [n for n in names if re.search("sqrt|square|tanh|sum|mean|exp", n)]
        assert len(set(names)) == len(names)
    text = derivation.text("delta")
    assert "a^(h,1)_t = hₜ₋₁ - hₜ₋₁/H 1_H" in text
    assert "a^(h,2)_t = (a^(h,1)_t)²/H 1_H + ε" in text
    assert "aʰₜ       = xₜ W" in text
    assert "δ^(h,2)_t = ∂L/∂a^(h,2)_t" in text


def test_a_pre_activation_alone_needs_no_number() -> None:
    text = "h[t] = 2 * tanh(x[t] @ W + h[t-1] @ U); q[t] = tanh(h[t] @ V); L = mse(y, q[T] @ Z)"
    assert "aₜ = xₜ W + hₜ₋₁ U" in symrnn.parse(text).derive().text("delta")
