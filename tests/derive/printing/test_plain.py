"""Formulas for a terminal: exact text, and brackets wherever a line could be misread."""

from fractions import Fraction

import pytest

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.formula import (
    Big,
    Blank,
    Blocks,
    Chain,
    Diagonal,
    Equation,
    Eye,
    Formula,
    Immediate,
    Marked,
    Name,
    Odot,
    Ones,
    Product,
    Times,
    Total,
    Value,
    Zeros,
)
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.terminal import columns
from symrnn.derive.sheets import Request, sheets_of
from symrnn.language.tree import Add, Call, Div, Neg, Num, Part, Pow, Ref, Size, Transpose, Width
from symrnn.model import load, parse
from tests.cases import model


def plain(name: str = "elman", steps: int | None = 3, notation: str = "default") -> Plain:
    derivation = Derivation(name, model(name).written, steps)
    return Plain(*letters_for(derivation, load_notation(notation)))


def printed(view: str, steps: int | None, scalar: bool = False, room: float = 80) -> str:
    derivation = Derivation("elman", model("elman").written, steps, scalar=scalar)
    (sheet,) = sheets_of(derivation, view, Request(wrt=("w_h",)))[:1]
    printer = Plain(*letters_for(derivation, load_notation("default")))
    return printer.display(sheet.equations, room)


@pytest.mark.parametrize("width", [40, 50, 60, 80])
@pytest.mark.parametrize(
    "text",
    [
        "h[t]=tanh(x[t]@W+h[t-1]@U); L=mse(y,h[T]*h[1])",
        "h[t]=tanh(x[t]@W+h[t-1]@U); yhat[t]=softmax(h[t]@V); L=mean(ce(y[t],yhat[t]))",
    ],
)
def test_a_text_stays_within_its_width(text: str, width: int) -> None:
    found = parse(text).derive().text(["delta", "closed"], width=width)
    assert max(map(columns, found.splitlines())) <= width


def test_for_which_steps_an_equation_holds_may_have_a_line_of_its_own() -> None:
    model = parse("h[t]=tanh(x[t]@W+h[t-1]@U); L=mse(y,h[T]*h[1])")
    *_, before, last = model.derive().text("delta", width=40).split("\n\n")[1].splitlines()
    assert [before, last] == ["    δₜ  = δₜ₊₁ Uᵀ ⊙ (1 - hₜ²),", "          t = T - 1, …, 2"]


def test_prose_is_wrapped_and_a_formula_in_it_is_whole() -> None:
    found = (
        load("lstm").derive(scalar=True).text("delta", width=40, all=True).split("Backward\n")[1]
    )
    assert found.splitlines()[:2] == [
        "Here δᵍₜ = ∂L/∂aᵍₜ, δᶠₜ = ∂L/∂aᶠₜ,",
        "δᵒₜ = ∂L/∂aᵒₜ, δⁱₜ = ∂L/∂aⁱₜ.",
    ]


CHAIN = """\
∂L/∂w_h = [∂L/∂ŷ · ∂ŷ/∂O₃ · ∂⁺O₃/∂w_h]_{t=3}
          + [∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · ∂⁺O₂/∂w_h]_{t=2}
          + [∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · ∂O₂/∂O₁ · ∂⁺O₁/∂w_h]_{t=1}"""

CLOSED = """\
∂L/∂w_h = O₁ᵀ ((ŷ - y)/C w_oᵀ ⊙ (1 - O₂²))
          + O₀ᵀ (((ŷ - y)/C w_oᵀ ⊙ (1 - O₂²)) w_hᵀ ⊙ (1 - O₁²))"""

SCALAR = """\
∂L/∂w_h = (ŷ - y) w_o (1 - O₂²) O₁
          + (ŷ - y) w_o (1 - O₂²) w_h (1 - O₁²) O₀
        = (ŷ - y) w_o (1 - O₂²) (O₁ + w_h (1 - O₁²) O₀)"""

LOCAL = """\
∂L/∂ŷ   = 1/C (-y/ŷ + (1 - y)/(1 - ŷ))
        = (ŷ - y)/(C (ŷ ⊙ (1 - ŷ)))
∂ŷ/∂O₂  = diag(ŷ ⊙ (1 - ŷ)) w_oᵀ
∂O₂/∂O₁ = diag(1 - O₂²) w_hᵀ"""


CHAIN_OF_MATRICES = """\
∂L/∂w_h = [O₂ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₃ · diag(1 - O₃²)]_{t=3}
          + [O₁ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · diag(1 - O₂²)]_{t=2}
          + [O₀ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · ∂O₂/∂O₁ · diag(1 - O₁²)]_{t=1}"""


def test_chain() -> None:
    assert printed("chain", 3, scalar=True) == CHAIN
    assert printed("chain", 3) == CHAIN_OF_MATRICES


def test_closed() -> None:
    assert printed("closed", 2) == CLOSED
    assert printed("closed", 2, scalar=True) == SCALAR


def test_equals_signs_stand_below_each_other() -> None:
    found = printed("local", 2).splitlines()
    assert found == LOCAL.splitlines()
    assert len({columns(line[: line.index("=")]) for line in found}) == 1


NARROW_LINES = """\
∂L/∂w_h = O₁ᵀ ((ŷ - y)/C w_oᵀ ⊙ (1 - O₂²))
          + O₀ᵀ (((ŷ - y)/C w_oᵀ
          ⊙ (1 - O₂²)) w_hᵀ ⊙ (1 - O₁²))"""


def test_continuation_lines_begin_with_an_operator() -> None:
    assert printed("closed", 2, room=45) == NARROW_LINES


def test_without_room_only_terms_have_lines_of_their_own() -> None:
    assert printed("closed", 2, room=0) == CLOSED


def test_steps_of_a_recursion() -> None:
    equation = Equation(
        Total(LOSS, Ref("O", "t")), (Num(Fraction(0)),), (Ref("", "T", -1), Ref("", "1"))
    )
    assert plain(steps=None).equation(equation) == "∂L/∂Oₜ = 0,   t = T - 1, …, 1"


x, y, w, b = Ref("O", "1", 2), Ref("y"), Ref("w_h"), Ref("b")
TWO, THIRD, TENTH = Num(Fraction(2)), Num(Fraction(1, 3)), Num(Fraction(1, 10))
H = Width(("H",))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Div(Add((x, y)), b), "(O₃ + y)/b"),
        (Div(x, Times((b, y))), "O₃/(b y)"),
        (Div(Times((TWO, x)), y), "(2 O₃)/y"),
        (Div(x, Div(y, b)), "O₃/(y/b)"),
        (Div(Odot((x, y)), b), "(O₃ ⊙ y)/b"),
        (Div(Total(LOSS, x), b), "(∂L/∂O₃)/b"),
        (Div(Neg(x), b), "(-O₃)/b"),
        (Product((w, Div(x, y))), "w_h (O₃/y)"),
        (Product((w, Div(x, Size(H)))), "w_h O₃/H"),
        (Times((Div(Num(Fraction(1)), TWO), Div(x, y))), "1/2 (O₃/y)"),
        (Times((TWO, Div(Num(Fraction(1)), TWO), x)), "2 (1/2) O₃"),
        (Times((Div(x, TWO), TWO)), "O₃/2 · 2"),
        (Times((TWO, TENTH)), "2 · 0.1"),
        (Odot((Product((x, w)), y)), "O₃ w_h ⊙ y"),
        (Product((Odot((x, y)), w)), "(O₃ ⊙ y) w_h"),
        (Pow(x, TWO), "O₃²"),
        (Pow(Add((TENTH, Neg(x))), TWO), "(0.1 - O₃)²"),
        (Pow(Pow(x, TWO), TWO), "(O₃²)²"),
        (Pow(x, Neg(TWO)), "O₃⁻²"),
        (Pow(x, THIRD), "O₃^(1/3)"),
        (Pow(THIRD, TWO), "(1/3)²"),
        (Pow(x, y), "O₃^y"),
        (Pow(x, Add((y, b))), "O₃^(y + b)"),
        (Pow(Total(LOSS, x), TWO), "(∂L/∂O₃)²"),
        (Pow(Call("tanh", (x,)), TWO), "tanh²(O₃)"),
        (Pow(Call("exp", (x,)), TWO), "(exp(O₃))²"),
        (Transpose(Odot((x, y))), "(O₃ ⊙ y)ᵀ"),
        (Transpose(Pow(x, TWO)), "(O₃²)ᵀ"),
        (Transpose(Total(LOSS, x)), "(∂L/∂O₃)ᵀ"),
        (Transpose(Part(x, Width(), H)), "([O₃]_{1:H})ᵀ"),
        (Add((x, Neg(Add((y, b))))), "O₃ - (y + b)"),
        (Neg(Neg(x)), "-(-O₃)"),
        (Times((x, Neg(y))), "O₃ (-y)"),
        (Call("sigmoid", (Add((x, y)),)), "σ(O₃ + y)"),
        (Call("log", (x,)), "log(O₃)"),
        (Call("sqrt", (x,)), "√(O₃)"),
        (Call("abs", (x,)), "|O₃|"),
        (Call("step", (x,)), "[O₃ > 0]"),
        (Diagonal(Add((x, y))), "diag(O₃ + y)"),
        (Product((x, Ones(H))), "O₃ 1_H"),
        (Eye(Width(("H", "K"))), "I_{H + K}"),
        (Zeros(H, Width((), 3)), "0_{H × 3}"),
        (Zeros(H, H), "0_H"),
        (Size(Width(("H", "H"), 1)), "2 H + 1"),
        (Part(x, H, H), "[O₃]_{H + 1 : 2 H}"),
        (Blocks(((x, y),)), "[O₃, y]"),
        (Chain((Total(LOSS, x), Immediate(x, w))), "∂L/∂O₃ · ∂⁺O₃/∂w_h"),
        (
            Big("sum", "t", Ref("", "1"), Ref("", "T"), Add((x, y))),
            "∑_{t=1}^{T} (O₃ + y)",
        ),
        (Big("prod", "j", Ref("", "k", 1), Ref("", "T"), w), "∏_{j=k+1}^{T} w_h"),
        (Name(r"\eta"), "η"),
        (Name("s", Ref("", "t", -1)), "sₜ₋₁"),
        (Marked(w, "new"), "w_h^{new}"),
        (Value(((0.25,),)), "0.25"),
        (Times((x, Value(((-2.0,),)))), "O₃ (-2)"),
        (Value(((1.0, float("inf")), (1e-9, float("nan")))), "[1, ∞; 1e-9, nan]"),
        (Blank(1), "(1)____"),
    ],
)
def test_brackets_and_signs(formula: Formula, text: str) -> None:
    assert plain().line(formula) == text


def test_letters_are_those_of_the_notation() -> None:
    assert plain(notation="N3").line(Transpose(Ref("w_h"))) == "W_hhᵀ"


def test_a_name_that_is_raised_gets_brackets_before_it_is_raised_again() -> None:
    line = plain("stacked").line
    assert line(Pow(Ref("h2", "1", 1), TWO)) == "(h⁽²⁾₂)²"


def test_a_dimension_is_told_from_a_variable() -> None:
    assert plain("birnn").line(Size(Width(("H", "C")))) == "H + C"
    assert plain("elman").line(Size(Width(("L",)))) == "n_L"


def test_accents_take_no_column() -> None:
    assert columns("x\u0302_t") == 3
