"""The sympy format: the text is executed, and what it assigns worked out in numbers."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy

from symrnn.derivation.derivation import LOSS, Derivation
from symrnn.derivation.formula import (
    Apply,
    Blank,
    Equation,
    Formula,
    Immediate,
    Minus,
    Name,
    Power,
    Ratio,
    Sheet,
    Sum,
    Times,
    Total,
    Value,
)
from symrnn.derivation.lettering import letters_for
from symrnn.derivation.notation import load_notation
from symrnn.derivation.printing.python import python_text
from symrnn.derivation.sheets import Request, sheets_of, update_rules
from symrnn.errors import UsageError
from symrnn.functions import ELEMENTWISE, Array
from symrnn.interpret import Result, interpret
from symrnn.language import Written, parse
from symrnn.language.tree import Num, Ref
from symrnn.model import Model
from symrnn.sample import sample
from symrnn.system import resolve
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model

Numbers = dict[str, Array]
VIEWS = [("chain", "local"), ("closed",), ("delta",)]
names = "+".join


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
    text = python_text(sheets, derivation, letters, deltas=deltas)
    found: dict[str, Any] = {}
    exec(compile(text, "derivation", "exec"), found)  # noqa: S102 the text is ours
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
        case sympy.Sum():
            found = expr.subs(SMALL_SYMBOLS)
            for symbol in sorted(found.atoms(sympy.MatrixSymbol), key=str):
                found = found.subs(symbol, explicit(symbol, values, known))
            bound = {limit[0] for limit in found.limits}
            return found.subs({s: explicit(s, values, known) for s in found.free_symbols - bound}).doit()
        case sympy.matrices.expressions.applyfunc.ElementwiseApplyFunction():
            return explicit(expr.expr, values, known).applyfunc(expr.function)
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
        errors.append(np.linalg.norm(own - want) / max(1e-4, float(np.linalg.norm(want))))
    return float(max(errors))


@pytest.mark.parametrize("views", VIEWS, ids=names)
@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("name", ZOO)
def test_scalar_text_gives_the_gradients(name: str, steps: int, views: Sequence[str]) -> None:
    assert worst(name, steps, True, views) < 1e-12


@pytest.mark.parametrize("views", VIEWS, ids=names)
@pytest.mark.parametrize("name", ["elman", "lstm", "char", "gru", "birnn", "indrnn"])
def test_matrix_text_gives_the_gradients(name: str, views: Sequence[str]) -> None:
    assert worst(name, 2, False, views) < 1e-10
