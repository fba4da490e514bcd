"""What is a symbol, and what is none."""

import pytest

from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import Notation
from symrnn.derive.notation.symbol import SymbolError, glyph
from symrnn.errors import UsageError
from symrnn.language.tree import Ref
from tests.cases import model

SYMBOL_ERRORS = [
    (r"\input{x}", r"\input is not among the macros"),
    (r"\write18{ls}", r"\write is not among the macros"),
    (r"\def\x{}", r"\def is not among the macros"),
    ("^^41", "the ^ belongs to no letter"),
    ("a^^41", "the ^ belongs to no letter"),
    ("{W", "a { is never closed"),
    ("W}", "a } closes nothing"),
    ("W_{h}}", "a } closes nothing"),
    ("", "it is empty"),
    ("  ", "it is empty"),
    ("{}", "hold nothing"),
    ("W_", "nothing stands after the _"),
    ("a_b_c", "two subscripts"),
    ("a^b^c", "two superscripts"),
    ("a^b'", "a ' stands before a superscript"),
    ("_h", "the _ belongs to no letter"),
    ("x_1 y_2", "only its last letter"),
    ("a+b", "'+' may stand in a subscript"),
    ("{a,b}", "',' may stand in a subscript"),
    (r"\hat", r"\hat needs a letter"),
    (r"\mathrm_h", r"\mathrm needs a letter"),
    ("x_{i,}", "a comma needs something on either side"),
    ("a" * 61, "at most 60"),
    *((f"W{sign}", "may not stand in a symbol") for sign in '$%#&~\\@<>\n\tσ"|[]'),
]


@pytest.mark.parametrize(("symbol", "said"), SYMBOL_ERRORS)
def test_what_is_no_symbol(symbol: str, said: str) -> None:
    with pytest.raises(SymbolError) as caught:
        glyph(symbol)
    assert said in str(caught.value)
    with pytest.raises(UsageError, match="the entry of 'w_h' is no symbol"):
        Letters(Notation("mine", {"w_h": symbol}), model("elman").system)


@pytest.mark.parametrize(
    ("symbol", "latex", "plain"),
    [
        ("W_{hh}", "W_{hh}", "W_hh"),
        ("{W}_{ h }", "W_h", "W_h"),
        ("h_{t}^{(2)}", "h^{(2)}_t", "h^(2)_t"),
        ("h'", r"h^{\prime}", "h′"),
        (r"h^\prime", r"h^{\prime}", "h′"),
        (r"\hat z", r"\hat{z}", "ẑ"),
        (r"\mathcal L", r"\mathcal{L}", "L"),
        (r"\alpha\beta x", r"\alpha\beta x", "αβx"),
        (r"y^\ast", r"y^{\ast}", "y^*"),
        ("W_{h_t}", "W_{h_t}", "W_{h_t}"),
        (r"\mathit{z}", "z", "z"),
        (r"\boldsymbol{\theta}_{i,j}", r"\boldsymbol{\theta}_{i,j}", "θ_{i,j}"),
    ],
)
def test_what_is_a_symbol(symbol: str, latex: str, plain: str) -> None:
    letters = Letters(Notation("mine", {"w_i": symbol}), model("elman").system)
    assert (letters.latex(Ref("w_i")), letters.plain(Ref("w_i"))) == (latex, plain)
