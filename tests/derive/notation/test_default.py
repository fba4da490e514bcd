"""Symbols of names that no notation gives one."""

import pytest

from symrnn.derive.notation.spelling import default_symbol


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
