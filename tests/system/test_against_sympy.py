"""In scalar form the adjoint equals what SymPy finds by differentiating the whole loss.

Letters are numbers: all widths are 1. The written equations are put into each other until only
inputs and parameters are left, `sympy.diff` differentiates that, and both are evaluated at random
rational points to 40 digits. Nothing of the project's calculus is on SymPy's side.
"""

import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from symrnn.interpret.arithmetic import ELSEWHERE, Objects, mpmath_objects
from symrnn.interpret.interpreter import interpret
from symrnn.language import Written
from symrnn.system import resolve
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model
from tests.extent import WIDE

DIGITS = 40


def sympy_objects() -> Objects:
    """SymPy expressions, with SymPy's own functions."""
    functions = {name: getattr(sympy, known) for name, known in ELSEWHERE.items()}
    functions["step"] = lambda x: sympy.Piecewise((1, x > 0), (0, True))
    return Objects(lambda value: sympy.Rational(value.numerator, value.denominator), functions)


def asked(written: Written, steps: int) -> dict[str, tuple[int, ...]]:
    """The shape of everything that the equations ask for, one sequence and all widths 1."""
    symbols = resolve(written)
    dims = dict.fromkeys(dimensions(symbols), 1)
    shapes = {}
    for symbol in symbols.values():
        if symbol.role in ("parameter", "input", "target"):
            shape = tuple(width.count(dims) for width in symbol.shape)
            if symbol.role != "parameter":
                shape = (*((steps,) if symbol.timed else ()), 1, *shape)
            shapes[symbol.name] = shape
    return shapes


def letters(written: Written, steps: int) -> dict[str, Any]:
    """A SymPy symbol for every number that the equations ask for."""
    found = {}
    for name, shape in asked(written, steps).items():
        array = np.empty(shape, object)
        for entry in np.ndindex(shape):
            array[entry] = sympy.Symbol("_".join(map(str, (name, *entry))), real=True)
        found[name] = array
    return found


def rational_point(written: Written, steps: int, seed: int) -> dict[str, Any]:
    """A random rational number for each of them; targets lie between 0 and 1."""
    choose = random.Random(seed)
    symbols = resolve(written)
    found = {}
    for name, shape in asked(written, steps).items():
        array = np.empty(shape, object)
        for entry in np.ndindex(shape):
            least = 1 if symbols[name].role == "target" else -97
            number = Fraction(choose.randint(least, 97), 101)
            array[entry] = Fraction(1) if symbols[name].onehot else number
        found[name] = array
    return found


def put_in(expression: Any, symbols: dict[str, Any], point: dict[str, Any], on: Any) -> Any:
    """The value of a SymPy expression, by common subexpressions, in mpmath."""
    flat = [s for name in symbols for s in symbols[name].ravel()]
    numbers = [on.number(value) for name in symbols for value in point[name].ravel()]
    import mpmath

    with mpmath.workdps(DIGITS + 10):
        return sympy.lambdify(flat, expression, "mpmath", cse=True)(*numbers)


LONG = {("lstm_peephole", 4)}
"""Where SymPy takes a minute."""

CASES = [(name, steps) for name in ZOO for steps in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("name", "steps"), CASES if WIDE else [case for case in CASES if case not in LONG]
)
def test_sympy_differentiates_to_the_same(name: str, steps: int) -> None:
    written = model(name).written
    symbols = letters(written, steps)
    loss = interpret(written, symbols, steps, sympy_objects()).loss
    on = mpmath_objects(DIGITS + 10)
    point = rational_point(written, steps, seed=steps)
    convert = np.frompyfunc(on.number, 1, 1)
    found = interpret(model(name).adjoint, {n: convert(v) for n, v in point.items()}, steps, on)
    parameters = model(name).system.named("parameter")
    if steps > 2:  # the nested expression grows so fast that SymPy takes seconds for each
        parameters = [random.Random(f"{name} {steps}").choice(parameters)]
    for parameter in parameters:
        wanted = put_in(sympy.diff(loss, symbols[parameter.name].ravel()[0]), symbols, point, on)
        own = found.adjoint_of(parameter.name)
        assert own is not None
        gap = abs(own.ravel()[0] - wanted)
        assert gap <= on.number(Fraction(1, 10**DIGITS)) * max(1, abs(wanted)), parameter.name
