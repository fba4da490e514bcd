"""Symbols of names that no notation gives one, and symbols at a time, in every way of writing."""

import keyword

import pytest
import sympy

from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.notation.spelling import default_symbol
from symrnn.language.tree import Ref
from tests.cases import model
from tests.derive.notation.systems import DEFAULT, NASTY, nasty, references


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("b_forget", r"b _{\mathrm{forget}}"),
        ("alpha_h", r"\alpha _{h}"),
        ("htilde", r"\tilde{h}"),
        ("xbar", r"\bar{x}"),
        ("h2_f", "h _{f} ^{(2)}"),
        ("a_O_f", "a _{O} _{f}"),
        ("hidden2", r"\mathit{hidden} ^{(2)}"),
        ("b_yhat", r"b _{\hat{y}}"),
        ("mu", r"\mu"),
        ("omicron", r"\mathit{omicron}"),
        ("dt", r"\mathit{dt}"),
        ("th", r"\mathit{th}"),
        ("ht", r"\mathit{ht}"),
        ("it", r"\mathit{it}"),
        ("Wi", "W _{i}"),
        ("W_dt", r"W _{\mathrm{dt}}"),
        ("W_xh", "W _{xh}"),
        ("lam", r"\lambda"),
        ("lamda_h", r"\lambda _{h}"),
        ("eps", r"\varepsilon"),
        ("epshat", r"\hat{\varepsilon}"),
        ("nu", r"\nu"),
    ],
)
def test_default_symbols(name: str, wanted: str) -> None:
    found = default_symbol(name)
    subs = [f"_{{{piece.latex}}}" for piece in found.subs]
    sups = [f"^{{{piece.latex}}}" for piece in found.sups]
    assert " ".join([found.stem.latex, *subs, *sups]) == wanted


TIMES = [
    (Ref("O"), "O", "O", "O_"),
    (Ref("O", "t"), "O_t", "Oₜ", "O_t"),
    (Ref("O", "t", -1), "O_{t-1}", "Oₜ₋₁", "O_tm1"),
    (Ref("O", "t", 1), "O_{t+1}", "Oₜ₊₁", "O_tp1"),
    (Ref("O", "1", 2), "O_3", "O₃", "O_3"),
    (Ref("O", "1", 11), "O_{12}", "O₁₂", "O_12"),
    (Ref("O", "1", -1), "O_0", "O₀", "O_0"),
    (Ref("O", "1", -2), "O_{-1}", "O₋₁", "O_m1"),
    (Ref("O", "T"), "O_T", "O_T", "O_T"),
    (Ref("O", "T", -1), "O_{T-1}", "O_{T-1}", "O_Tm1"),
    (Ref("O", "k"), "O_k", "Oₖ", "O_k"),
    (Ref("yhat"), r"\hat{y}", "ŷ", "yhat"),
    (Ref("w_h"), "w_h", "w_h", "w_h"),
    (Ref("", "t", -1), "t-1", "t-1", ""),
    (Ref("", "1", 2), "3", "3", ""),
]


@pytest.mark.parametrize(("ref", "latex", "plain", "python"), TIMES)
def test_a_reference_in_every_way(ref: Ref, latex: str, plain: str, python: str) -> None:
    letters = Letters(DEFAULT, model("elman").system)
    assert (letters.latex(ref), letters.plain(ref)) == (latex, plain)
    assert not ref.name or letters.python(ref) == python


def test_times_join_subscripts_and_superscripts() -> None:
    n1 = Letters(load_notation("N1"), model("elman").system)
    assert [n1.latex(Ref("x", "1", step - 1)) for step in (1, 2, 10)] == [
        "x_{i1}",
        "x_{i2}",
        "x_{i,10}",
    ]
    assert n1.latex(Ref("x", "t", -1)) == "x_{i,t-1}"
    birnn = Letters(DEFAULT, model("birnn").system)
    assert birnn.latex(Ref("O_f", "1", 2)) == "O_{f,3}"
    assert birnn.plain(Ref("O_f", "t", -1)) == "O_{f,t-1}"
    books = Letters(load_notation("books"), model("stacked").system)
    assert books.latex(Ref("h2", "T", -1)) == "h_2^{(T-1)}"
    assert books.plain(Ref("x", "1", 2)) == "x⁽³⁾"
    stacked = Letters(DEFAULT, model("stacked").system)
    assert stacked.plain(Ref("h2", "t")) == "h⁽²⁾ₜ"


def test_identifiers_are_no_names_of_python_or_sympy() -> None:
    for name in NASTY:
        letters = Letters(DEFAULT, nasty(name))
        for found in map(letters.python, references(letters.system)):
            assert found.isidentifier()
            assert not keyword.iskeyword(found)
            assert found not in sympy.__all__
    letters = Letters(DEFAULT, nasty("python"))
    assert letters.python(Ref("I")) == "I_"
    assert letters.python(Ref("beta")) == "beta_"
    assert (letters.python(Ref("E_")), letters.python(Ref("E", "t"))) == ("E_", "E____t")
