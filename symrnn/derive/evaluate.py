"""Equations as they are printed, worked out in numbers: on their own tree, in NumPy.

What an equation's left side names may be read by the others; all that is not defined there is the
model's: its inputs, parameters and the values of its variables.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from symrnn.derive.formula import (
    Big,
    Blocks,
    Bracket,
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
from symrnn.derive.functions import SLOPES, formula_of, slope_of
from symrnn.derive.left_sides import Indices, LeftSides, is_general
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import children, walk
from symrnn.errors import CheckError
from symrnn.interpret.arithmetic import Floats, highest
from symrnn.interpret.interpreter import Result
from symrnn.language.arrays import Array
from symrnn.language.tree import (
    ZERO,
    Add,
    Call,
    Div,
    Neg,
    Num,
    Own,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
)
from symrnn.system.symbols import GIVEN

JOINS: Mapping[type, np.ufunc] = {
    Add: np.add,
    Times: np.multiply,
    Odot: np.multiply,
    Product: np.matmul,
    Div: np.divide,
    Pow: np.power,
}
"""How the values of what stands in a formula are put together."""


class Evaluator:
    """Works out formulas for one sequence.

    With `columns` every variable is a column and every matrix the transpose of the model's.
    """

    def __init__(
        self,
        equations: Iterable[Equation],
        values: Result,
        data: Mapping[str, Array],
        dims: Mapping[str, int],
        columns: bool = False,
    ) -> None:
        self.values, self.data = values, data
        self.dims = {"B": 1, "T": values.steps, **dims}
        self.columns = columns
        self.steps = values.steps
        self.on = Floats(np.result_type(*(np.asarray(v).dtype for v in data.values()), float))
        self.left_sides = LeftSides(equations, values.steps)
        self._known: dict[object, Array] = {}

    def __call__(self, formula: Formula, indices: Indices | None = None) -> Array:
        return self.value(formula, indices or {})

    # references

    def step(self, ref: Ref, at: Indices) -> int:
        """The step, counted from 1."""
        return self.left_sides.step(ref, at)

    def read(self, ref: Ref, at: Indices) -> Array:
        symbol = self.values.symbols[ref.name]
        if symbol.value is not None:
            return np.array([[float(symbol.value)]])
        if ref.name in self.data:
            array = np.asarray(self.data[ref.name])
            if symbol.role in GIVEN:
                found = array.reshape(1, -1) if array.ndim == 1 else array
                return found.T if self.columns else found
            step = self.step(ref, at) if ref.base else 0
            if not ref.base:
                row = array
            elif 1 <= step <= self.steps:
                row = array[step - 1]
            else:
                row = np.zeros_like(array[0])
        else:
            row = self.variable(ref, at)
        return row.T if self.columns else row

    def variable(self, ref: Ref, at: Indices) -> Array:
        if not ref.base:
            return np.atleast_2d(self.values.values[ref.name, None])
        step = self.step(ref, at)
        if (ref.name, step) in self.values.values:
            return self.values.values[ref.name, step]
        if 1 <= step <= self.steps:
            raise CheckError(f"{ref} has no value")
        return np.zeros((1, self.width(self.values.symbols[ref.name].width)))

    def width(self, width: Width) -> int:
        return width.count(self.dims)

    # what equations define

    def named(self, key: Total | Immediate | Name, at: Indices) -> Array:
        """The value of a left side, at a step: by an equation for that step, or for all."""
        exact = self.left_sides.equation_for(key, at)
        if exact is None:
            return self.nothing(key)
        equation, inner, label = exact
        if isinstance(key, Total) and self.is_outside(key, equation, at):
            return self.nothing(key)
        if label not in self._known:
            found = self.value(equation.rights[-1], inner)
            known = isinstance(key, Total) or equation.rights[-1] == ZERO
            shape = self.nothing(key).shape if known else found.shape
            self._known[label] = np.broadcast_to(found, shape) if found.size == 1 else found
        return self._known[label]

    def is_outside(self, key: Total, equation: Equation, at: Indices) -> bool:
        """Whether a step lies outside 1…T, and the equation is not that of a boundary there."""
        by = key.by
        if not isinstance(by, Ref) or not by.base:
            return False
        step = self.step(by, at)
        boundary = not is_general(equation) and (by.name, step) in self.values.values
        return not (1 <= step <= self.steps or boundary)

    def nothing(self, key: Total | Immediate | Name) -> Array:
        """A total derivative at a step that no equation reaches is zero; so is a partial one that
        is printed 0, whatever its shape."""
        if isinstance(key, Total | Immediate) and isinstance(key.by, Ref):
            symbol = self.values.symbols[key.by.name]
            widths = [self.width(width) for width in symbol.shape]
            shape = (widths[0], widths[1]) if len(widths) == 2 else (1, *widths)
            if key.of != LOSS and isinstance(key.of, Ref):
                shape = (self.width(self.values.symbols[key.of.name].width), widths[0])
            return np.zeros(shape[::-1] if self.columns else shape)
        raise CheckError(f"{key} is not defined")

    # formulas

    def value(self, formula: Formula, at: Indices) -> Array:
        def of(inner: Formula) -> Array:
            return self.value(inner, at)

        if type(formula) in JOINS:
            return self.joined(formula, [of(child) for child in children(formula)])
        match formula:
            case Num(value=value):
                return np.array([[float(value)]])
            case Size(width=width):
                return np.array([[float(self.width(width))]])
            case Ref():
                return self.read(formula, at)
            case Neg(arg=arg):
                return -of(arg)
            case Call(function=function, args=(arg,)) if function in SLOPES:
                slope = self.value(formula_of(slope_of(function), arg), at)
                return np.broadcast_to(slope, of(arg).shape)  # one may be a number: 1
            case Call(function=function, args=args, own=own):
                return self.apply(own or function, [of(arg) for arg in args])
            case Transpose(arg=arg):
                return of(arg).T
            case Diagonal(arg=arg):
                return np.diag(of(arg).ravel())
            case Ones(width=width):
                return np.ones((self.width(width), 1))
            case Eye(width=width):
                return np.eye(self.width(width))
            case Zeros(rows=rows, columns=columns):
                return np.zeros((self.width(rows), self.width(columns)))
            case Part(arg=arg, skip=skip, width=width):
                start = self.width(skip)
                part = slice(start, start + self.width(width))
                return of(arg)[part] if self.columns else of(arg)[:, part]
            case Blocks(rows=rows):
                return np.block([[of(each) for each in row] for row in rows])
            case Total() | Immediate() | Name():
                return self.named(formula, at)
            case Marked(arg=arg):
                return self.read(arg, at)
            case Chain(factors=factors):
                each = (array for factor in factors for array in self.factors(factor, at))
                return _fold(np.matmul, self.annihilated(factors, each))
            case Bracket(body=body):
                return of(body)
            case Big(sign="sum", index=index, low=low, high=high, body=body):
                steps = range(self.step(low, at), self.step(high, at) + 1)
                parts = [self.value(body, {**at, index: step}) for step in steps]
                return _fold(np.add, parts) if parts else np.zeros((1, 1))
            case Value(rows=rows):
                return np.array(rows)
        raise CheckError(f"{type(formula).__name__} has no value")

    def joined(self, formula: Formula, parts: list[Array]) -> Array:
        """What stands in a formula, put together."""
        if isinstance(formula, Times | Odot | Product):
            parts = self.annihilated(formula.factors, parts)
        return _fold(JOINS[type(formula)], parts)

    def annihilated(self, factors: Sequence[Formula], arrays: Iterable[Array]) -> list[Array]:
        """The factors of a product; beside an adjoint that is zero, from outside 1…T, nothing else
        counts, not even what is no number there."""
        found = list(arrays)
        totals = (part for factor in factors for part in walk(factor) if isinstance(part, Total))
        none = any(not array.any() for array in found)
        if none and not all(np.isfinite(array).all() for array in found) and any(totals):
            return [np.where(np.isfinite(array), array, 0) for array in found]
        return found

    def factors(self, factor: Formula, at: Indices) -> Iterator[Array]:
        """The matrices that a factor of a chain stands for: those of a ∏ one by one, in the order
        from its lower bound to its upper one."""
        if not (isinstance(factor, Big) and factor.sign == "prod"):
            yield self.value(factor, at)
            return
        low, high = self.step(factor.low, at), self.step(factor.high, at)
        way = 1 if runs_up(factor) else -1
        for step in range(low, high + way, way):
            yield self.value(factor.body, {**at, factor.index: step})

    def apply(self, function: str | Own, args: list[Array]) -> Array:
        axis = 0 if self.columns else -1
        turned = [a.T for a in args] if self.columns else args
        if isinstance(function, str) and function in ("softmax", "logsumexp"):
            found = getattr(self.on, function)(turned[0])
        elif function == "rowmax":
            found = highest(turned[0])
        else:
            found = self.on.apply(function, *turned)
        return np.asarray(found.T if axis == 0 else found)


class Strict(Evaluator):
    """Adds and multiplies only what has one shape, or is a number: NumPy would stretch the rest."""

    def value(self, formula: Formula, at: Indices) -> Array:
        if isinstance(formula, Big) and formula.sign != "sum":
            raise CheckError("a product of Jacobians has a value only within a chain")
        return super().value(formula, at)

    def joined(self, formula: Formula, parts: list[Array]) -> Array:
        if isinstance(formula, Pow | Product):
            return super().joined(formula, parts)
        if len({part.shape for part in parts if part.size != 1}) > 1:
            raise CheckError("the shapes differ")
        return _fold(JOINS[type(formula)], parts)


def _fold(f: Callable[[Array, Array], Array], parts: Iterable[Array]) -> Array:
    total: Array | None = None
    for part in parts:
        total = part if total is None else np.asarray(f(total, part))
    assert total is not None
    return total


def runs_up(product: Big) -> bool:
    """Whether the factors of a ∏ run from an earlier step to a later one: k + 1 is its first step,
    k - 1 its last."""
    low, high = product.low, product.high
    return low.shift > 0 if low.base == "k" else high.shift < 0
