"""How the values of what stands in a formula are put together, if they fit.

NumPy would stretch a row over a matrix and a column over a row; on paper neither is meant.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from symrnn.check.judging.conventions import Convention
from symrnn.derive.evaluate import JOINS, Evaluator
from symrnn.derive.formula import (
    Eye,
    Formula,
    Immediate,
    Name,
    Odot,
    Product,
    Times,
    Total,
)
from symrnn.derive.pieces import walk
from symrnn.errors import CheckError
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Width


class IllShapedError(CheckError):
    """A sum or a product of what does not fit together."""


class OutsideError(CheckError):
    """The formula says nothing for these steps."""


class Fitting(Evaluator):
    """Adds and multiplies what has the shapes for it, and raises IllShapedError for the rest."""

    convention: Convention
    by_entries = False
    """Whether a matrix was read as its diagonal, entry by entry."""

    def joined(self, formula: Formula, parts: list[Array]) -> Array:
        if isinstance(formula, Times | Odot):
            parts = self.annihilated(formula.factors, parts)
        if isinstance(formula, Odot):
            parts = self.by_entry(formula, parts)
        if isinstance(formula, Add) and any(map(is_unit, formula.terms)):
            high = max(part.shape[0] for part in parts)
            pairs = zip(formula.terms, parts, strict=True)
            parts = [np.eye(high) if is_unit(term) else part for term, part in pairs]
        return self.joined_as(type(formula), parts)

    def by_entry(self, formula: Odot, parts: list[Array]) -> list[Array]:
        """v ⊙ ∂u/∂v: a diagonal matrix beside rows is its diagonal."""
        shapes = {part.shape for part in parts if 1 in part.shape and part.size > 1}
        if len(shapes) != 1:
            return parts
        (shape,) = shapes
        found = []
        for factor, part in zip(formula.factors, parts, strict=True):
            square = part.shape == (max(shape), max(shape))
            if square and isinstance(factor, Total | Immediate) and is_diagonal(part):
                self.by_entries = True
                part = np.diag(part).reshape(shape)
            found.append(part)
        return found

    def joined_as(self, kind: type, parts: Sequence[Array]) -> Array:
        total = parts[0]
        for part in parts[1:]:
            numbers = 1 in (total.size, part.size)
            beside = kind is Times and total.shape != part.shape  # in the scalar form: [h_f h_b] w
            if (kind is Product or beside) and not numbers:
                if total.shape[1] != part.shape[0]:
                    raise IllShapedError(f"{_shape(total)} times {_shape(part)}")
                total = total @ part
                continue
            if total.shape != part.shape and 1 not in (total.size, part.size):
                if kind is not Add or not is_flattened(total, part):
                    raise IllShapedError(f"{_shape(total)} and {_shape(part)}")
                total, part = self.unflattened(total, part)
            join: Callable[[Array, Array], Array] = JOINS[Times if kind is Product else kind]
            total = np.asarray(join(total, part))
        return total

    def unflattened(self, one: Array, other: Array) -> tuple[Array, Array]:
        """Two sides of which one has the entries of a matrix in a row, in the matrix's shape."""
        if 1 in one.shape:
            two, first = self.unflattened(other, one)
            return first, two
        if self.columns != self.convention.matrices_turned:
            return one, other.reshape(one.shape[::-1]).T
        return one, other.reshape(one.shape)

    def power(self, base: Array, exponent: Array) -> Array:
        """Entry by entry, but of square matrices."""
        if base.shape[0] == base.shape[1] > 1 and exponent.size == 1:
            whole = round(float(exponent[0, 0]))
            if whole < 0:
                raise OutsideError("a power below zero")
            return np.linalg.matrix_power(base, whole)
        return np.asarray(base**exponent)

    def annihilated(self, factors: Sequence[Formula], arrays: Iterable[Array]) -> list[Array]:
        """A zero that is a derivative outside 1…T annihilates what is no number beside it."""
        found = list(arrays)
        finite = all(np.isfinite(array).all() for array in found)
        if finite or all(array.any() for array in found) or not any(map(has_derivative, factors)):
            return found
        return [np.where(np.isfinite(array), array, 0) for array in found]


def has_derivative(formula: Formula) -> bool:
    return any(isinstance(part, Total | Immediate | Name) for part in walk(formula))


def is_unit(formula: Formula) -> bool:
    """Whether it is a unit matrix, as wide as what stands beside it."""
    return isinstance(formula, Eye) and formula.width == Width()


def is_flattened(one: Array, other: Array) -> bool:
    """Whether one has the entries of the other, a matrix, in a row or a column."""
    return one.size == other.size and (1 in one.shape) != (1 in other.shape)


def is_diagonal(matrix: Array) -> bool:
    return not np.any(matrix - np.diag(np.diag(matrix)))


def _shape(array: Array) -> str:
    return f"{array.shape[0]} × {array.shape[1]}"
