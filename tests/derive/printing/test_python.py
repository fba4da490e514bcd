"""The sympy format: the text is executed, and what it assigns worked out in numbers."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Blank, Equation, Formula, Name, Sheet, Times, Value
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.python.module import python_text
from symrnn.derive.sheets import Request, over_batch, sheets_of, update_rules
from symrnn.errors import UsageError
from symrnn.interpret.arithmetic import Floats
from symrnn.interpret.interpreter import Result, interpret
from symrnn.interpret.sample import sample
from symrnn.language import parse
from symrnn.language.arrays import Array
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Add, Call, Div, Neg, Num, Pow, Ref
from symrnn.system import resolve
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model

Numbers = dict[str, Array]
VIEWS = [("chain", "local"), ("closed",), ("delta",)]
COLUMN = "books"
"""A notation with columns for variables."""

joined = "+".join


def sheets_for(
    derivation: Derivation, views: Sequence[str], columns: bool = False
) -> tuple[Sheet, ...]:
    request = Request(columns=columns)
    return tuple(sheet for view in views for sheet in sheets_of(derivation, view, request))


def module(
    derivation: Derivation, sheets: Sequence[Sheet], notation: str = "default"
) -> tuple[str, dict[str, Any]]:
    """The text, and what it assigns."""
    letters, deltas = letters_for(derivation, load_notation(notation))
    text = python_text(sheets, derivation, letters, plain=Plain(letters, deltas))
    found: dict[str, Any] = {}
    exec(compile(text, "derivation", "exec"), found)
    return text, found


class Values:
    """The value of every letter of a derivation, by its identifier."""

    def __init__(self, derivation: Derivation, data: Numbers, values: Result, columns: bool):
        self.derivation, self.data, self.values, self.columns = derivation, data, values, columns
        letters, _ = letters_for(derivation, load_notation("default"))
        system, steps = derivation.plain, values.steps
        self.refs = {
            letters.python(ref): ref
            for symbol in system.symbols.values()
            if symbol.name in letters.system.symbols
            for ref in (
                [Ref(symbol.name, "1", s) for s in range(-2, steps + 2)]
                if symbol.timed
                else [Ref(symbol.name)]
            )
        }

    def __call__(self, identifier: str) -> Array:
        ref = self.refs[identifier]
        symbol = self.derivation.plain.symbols[ref.name]
        if ref.name in self.data:
            found = np.asarray(self.data[ref.name])
            if ref.base:
                inside = 0 <= ref.shift < self.values.steps
                found = found[ref.shift] if inside else np.zeros_like(found[0])
        elif ref.base:
            width = symbol.width.count({**self.dims, "B": 1, "T": self.values.steps})
            found = self.values.values.get((ref.name, ref.shift + 1), np.zeros((1, width)))
        else:
            found = self.values.values[ref.name, None]
        row = np.atleast_2d(found)
        return row.T if self.columns else row

    @property
    def dims(self) -> dict[str, int]:
        return self.derivation.dims or SMALL


SMALL = {"D": 2, "H": 3, "C": 2, "H_O_b": 2}


def number(found: Any, values: Values) -> Array:
    """An expression of SymPy with a number for every letter."""
    value = explicit(sympy.sympify(found), values, {})
    return np.array(value if value.is_Matrix else sympy.Matrix([value])).astype(float)


def explicit(expr: Any, values: Values, known: dict[Any, Any]) -> Any:
    """Each part replaced by its value before the next: doit alone would expand the whole."""
    if expr not in known:
        known[expr] = _explicit(expr, values, known)
    return known[expr]


def _explicit(expr: Any, values: Values, known: dict[Any, Any]) -> Any:
    match expr:
        case sympy.MatrixSymbol():
            return sympy.ImmutableMatrix(values(expr.name).tolist())
        case sympy.Symbol():
            return SMALL_SYMBOLS.get(expr) or sympy.Float(values(expr.name).item())
        case ElementwiseApplyFunction():
            return explicit(expr.expr, values, known).applyfunc(expr.function)
        case sympy.BlockMatrix():
            rows = [[explicit(each, values, known) for each in row] for row in expr.blocks.tolist()]
            return sympy.ImmutableMatrix(
                sympy.Matrix.vstack(*(sympy.Matrix.hstack(*r) for r in rows))
            )
    if not expr.args:
        return expr
    found = expr.func(*(explicit(arg, values, known) for arg in expr.args)).doit()
    return found.as_explicit() if isinstance(found, sympy.MatrixExpr) else found


SMALL_SYMBOLS = {
    sympy.Symbol(name, integer=True, positive=True): sympy.Integer(size)
    for name, size in SMALL.items()
}


@cache
def case(name: str, steps: int, scalar: bool) -> tuple[Derivation, Numbers, Result, Result]:
    """A derivation, data, all values, and all gradients as the oracle has them."""
    written = model(name).written
    dims = dict.fromkeys(dimensions(resolve(written)), 1) if scalar else SMALL
    data = sample(written, resolve(written), dims, steps, 1, seed=steps)
    gradients = interpret(model(name).adjoint, data, steps)
    derivation = Derivation(name, written, steps, scalar=scalar)
    return derivation, data, interpret(written, data, steps), gradients


def worst(name: str, steps: int, scalar: bool, views: Sequence[str], columns: str = "") -> float:
    """The largest error of a gradient, relative to its norm."""
    derivation, data, values, gradients = case(name, steps, scalar)
    found = module(derivation, sheets_for(derivation, views, bool(columns)), columns or "default")
    letters = Values(derivation, data, values, bool(columns))
    errors = []
    for parameter in derivation.parameters:
        own = number(found[1][f"dL_d{parameter}"], letters)
        want = np.atleast_2d(np.asarray(gradients.adjoint_of(parameter)))
        want = want.T if columns else want
        assert own.shape == want.shape
        errors.append(np.linalg.norm(own - want) / max(1e-3, float(np.linalg.norm(want))))
    return float(max(errors))


@pytest.mark.parametrize("views", VIEWS, ids=joined)
@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("name", ZOO)
def test_scalar_text_gives_the_gradients(name: str, steps: int, views: Sequence[str]) -> None:
    assert worst(name, steps, True, views) < 1e-12


@pytest.mark.parametrize("views", VIEWS[:2], ids=joined)
@pytest.mark.parametrize(
    "name",
    ["elman", "lstm", "char", pytest.param("gru", marks=pytest.mark.slow), "birnn", "indrnn"],
)
def test_matrix_text_gives_the_gradients(name: str, views: Sequence[str]) -> None:
    assert worst(name, 2, False, views) < 1e-10


@pytest.mark.parametrize("name", ["elman", "char", "birnn"])
def test_recursion_is_written_out_step_by_step(name: str) -> None:
    assert worst(name, 2, False, ["delta"]) < 1e-10


@pytest.mark.parametrize("views", VIEWS, ids=joined)
@pytest.mark.parametrize("name", ["elman", "char", "birnn"])
def test_columns(name: str, views: Sequence[str]) -> None:
    assert worst(name, 2, False, views, COLUMN) < 1e-10


SCALAR = """\
from sympy import symbols

yhat, y, w_o, O_2, O_1, w_h = symbols("yhat y w_o O_2 O_1 w_h", real=True)
O_0 = symbols("O_0", real=True)

# ∂L/∂w_h = (ŷ - y) w_o (1 - O₂²) O₁
#           + (ŷ - y) w_o (1 - O₂²) w_h (1 - O₁²) O₀
#         = (ŷ - y) w_o (1 - O₂²) (O₁ + w_h (1 - O₁²) O₀)
dL_dw_h = (yhat - y)*w_o*(1 - O_2**2)*(O_1 + w_h*(1 - O_1**2)*O_0)
"""

MATRIX = """\
from sympy import HadamardPower, HadamardProduct, MatrixSymbol, OneMatrix, symbols

C, H = symbols("C H", integer=True, positive=True)
O_0 = MatrixSymbol("O_0", 1, H)
yhat = MatrixSymbol("yhat", 1, C)
y = MatrixSymbol("y", 1, C)
w_o = MatrixSymbol("w_o", H, C)
O_1 = MatrixSymbol("O_1", 1, H)

# ∂L/∂w_h = O₀ᵀ ((ŷ - y)/C w_oᵀ ⊙ (1 - O₁²))
dL_dw_h = O_0.T*HadamardProduct((yhat - y)/C*w_o.T, OneMatrix(1, H) - HadamardPower(O_1, 2))
"""


def test_exact_text_of_the_scalar_form() -> None:
    derivation = Derivation("elman", model("elman").written, 2, scalar=True)
    sheets = sheets_of(derivation, "closed", Request(wrt=("w_h",)))
    assert module(derivation, sheets)[0] == SCALAR


def test_exact_text_of_the_matrix_form() -> None:
    derivation = Derivation("elman", model("elman").written, 1)
    sheets = sheets_of(derivation, "closed", Request(wrt=("w_h",)))
    assert module(derivation, sheets)[0] == MATRIX


def test_partials_without_a_formula_are_symbols() -> None:
    derivation = Derivation("elman", model("elman").written, 2)
    chain = sheets_of(derivation, "chain", Request(wrt=("b",)))
    text, _ = module(derivation, chain)
    assert 'dO_2_dO_1 = MatrixSymbol("dO_2_dO_1", H, H)' in text
    text, _ = module(derivation, sheets_of(derivation, "chain", Request(wrt=("w_h",))))
    assert "dL_dw_h = " in text
    assert "DiagMatrix(" in text  # by a matrix the last factor is written out


def test_what_an_equation_reads_is_assigned_before() -> None:
    derivation = Derivation("lstm", model("lstm").written, 3, scalar=True)
    text, _ = module(derivation, sheets_for(derivation, ["closed"]))
    assert text.index("dL_dc_2 =") < text.index("dL_dh_1 =") < text.index("dL_dW_i =")


def test_a_step_that_only_a_sum_reads_has_a_name() -> None:
    text = "h[t] = tanh(u * h[t-1] + x[t]); L = mean(mse(y[t+1], 0 * h[t]))"
    derivation = Derivation("sum", parse(text), 2, scalar=True)
    _, names = module(derivation, sheets_for(derivation, ["delta"]))
    assert sorted(map(str, names["L"].free_symbols)) == ["y_2", "y_3"]


CLASHES = """\
a[t]    = tanh(b * dL_db * a[t-1] + db * x[t])
a_db[t] = b_db * a[t] + a_db[t-1] * N
L       = mse(y, a_db[T]) + mse(y, a[T])
"""


def test_identifiers_differ() -> None:
    """∂a_db/∂b and ∂a/∂b_db, the parameter dL_db and ∂L/∂b, N and SymPy's N."""
    derivation = Derivation("clashes", parse(CLASHES), 2, scalar=True)
    text, _ = module(derivation, sheets_for(derivation, ["chain", "local"]))
    assigned = [line.split(" = ")[0] for line in text.splitlines() if " = " in line]
    names = [name for some in assigned if some[0] != "#" for name in some.split(", ")]
    assert len(names) == len(set(names))
    assert {"dL_db", "dL_db_", "N_"} <= set(names)


def one(formula: Formula, *more: Equation) -> tuple[str, dict[str, Any]]:
    """The module for η = formula."""
    derivation = Derivation("elman", model("elman").written, 2, scalar=True)
    return module(derivation, [Sheet((), (Equation(Name("η"), (formula,)), *more))])


@pytest.mark.parametrize("function", sorted(ELEMENTWISE))
@pytest.mark.parametrize("x", [-1.7, -0.3, 0.6, 2.1])
def test_functions(function: str, x: float) -> None:
    if function in ("log", "sqrt", "log1p"):
        x = abs(x)
    args = (Ref("w_h"), Neg(Ref("w_h")))[: len(ELEMENTWISE[function].arguments)]
    _, found = one(Call(function, args))
    own = sympy.sympify(found["eta"]).subs(found.get("w_h", 0), x)
    want = Floats().apply(function, *(np.array(x), np.array(-x))[: len(args)])
    assert float(own) == pytest.approx(float(want), abs=1e-14, rel=1e-14)


def test_definitions_are_written_with_what_they_call() -> None:
    text, _ = one(Call("elu", (Ref("w_h"),)))
    assert "def step(x):\n    return Piecewise((1, x > 0), (0, True))\n\n\ndef relu(x):" in text
    assert "def elu(x):\n    return relu(x) + exp(-relu(-x)) - 1\n" in text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Num(Fraction(0)), "Integer(0)"),
        (Neg(Div(Num(Fraction(1)), Num(Fraction(3)))), "Rational(-1, 3)"),
        (Times((Num(Fraction(1, 10)), Ref("b"))), 'Rational("0.1")*b'),
        (Pow(Num(Fraction(2)), Neg(Num(Fraction(1)))), "Integer(2)**(-1)"),
        (Div(Ref("b"), Times((Ref("b_o"), Ref("y")))), "b/(b_o*y)"),
        (Pow(Add((Ref("b"), Neg(Ref("y")))), Num(Fraction(2))), "(b - y)**2"),
        (Value(((-0.25,),)), "Float(-0.25)"),
        (Value(((float("nan"),),)), "Float('nan')"),
        (Value(((1.0, 2.5),)), "ImmutableMatrix([[Float(1.0), Float(2.5)]])"),
    ],
)
def test_numbers_are_exact(formula: Formula, text: str) -> None:
    assert one(formula)[0].splitlines()[-1] == f"eta = {text}"


def test_letters_beside_the_models_own_are_symbols() -> None:
    derivation = Derivation("elman", model("elman").written, 1, scalar=True)
    sheets = [*sheets_of(derivation, "closed", Request(wrt=("b_o",))), update_rules(derivation)]
    text, found = module(derivation, sheets)
    assert "b_o_new = b_o - eta*dL_db_o" in text
    assert str(found["b_o_new"]) in ("b_o - eta*(-y + yhat)", "b_o + eta*(y - yhat)")


def test_constants_have_their_value() -> None:
    written = parse("alpha = 0.1; h[t] = alpha * tanh(x[t] * w + h[t-1]); L = mse(y, h[T])")
    derivation = Derivation("text", written, 1, scalar=True)
    text, _ = module(derivation, sheets_for(derivation, ["closed"]))
    assert 'alpha = Rational("0.1")\n' in text


def test_refusals() -> None:
    with pytest.raises(UsageError, match="gaps"):
        one(Blank(1))
    derivation = Derivation("elman", model("elman").written)
    with pytest.raises(UsageError, match="say --steps T"):
        module(derivation, sheets_for(derivation, ["delta"]))
    derivation = Derivation("elman", model("elman").written, 2)
    with pytest.raises(UsageError, match="leave the batch away"):
        module(derivation, over_batch(sheets_for(derivation, ["closed"])))
    with pytest.raises(UsageError, match="product over steps"):
        module(derivation, sheets_for(derivation, ["product"]))
