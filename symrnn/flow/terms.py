"""The gradient of a parameter, taken apart: what each step adds to it.

    d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])   =>   transpose(O[t-1]) @ d_a_O[t], step by step

The step of a term is the one at which the model uses the parameter. What is used outside of the
steps, as a read-out after the last one or an initial state, is a term by itself.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from symrnn.flow.entries import Weighed
from symrnn.interpret.arithmetic import Floats
from symrnn.interpret.interpreter import Result
from symrnn.language.arrays import Array
from symrnn.language.calls import is_elementwise
from symrnn.language.tree import (
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Size,
    Width,
)
from symrnn.system.graph import at_step
from symrnn.system.symbols import ROWLESS
from symrnn.system.system import (
    Dot,
    Entries,
    Matrix,
    Outer,
    PadTo,
    PartOf,
    Scale,
    Term,
    Total,
    Turned,
)

ONCE = None
"""The place of what is used at no step."""


class StepTerms:
    """The terms of every parameter, of several backward passes that were worked out side by side.

    The rows of the result are those of one pass after the other; each value that comes out has
    the passes as its first axis.
    """

    def __init__(
        self, weighed: Weighed, result: Result, dims: Mapping[str, int], passes: int = 1
    ) -> None:
        self.weighed, self.result, self.passes = weighed, result, passes
        self.symbols, self.steps = result.symbols, result.steps
        self.dims = dict(dims)
        self.on = Floats()
        self.totals: dict[str, Total] = {
            e.target.name: e
            for e in weighed.system.equations
            if isinstance(e, Total) and e.target.name != "L"
        }
        self.batch = len(result.data[weighed.outside]) // passes
        self._found: dict[tuple[str, int | None], Array] = {}

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The gradient of each parameter, by the parameter's name."""
        symbols = self.symbols.values()
        of = {s.of.name: s.name for s in symbols if s.of is not None and s.name in self.totals}
        return {n: d for n, d in of.items() if self.symbols[n].role == "parameter"}

    def at(self, name: str, step: int | None) -> Array:
        """What a step adds to a gradient, (passes, *shape)."""
        if (name, step) not in self._found:
            shape = tuple(width.count(self.dims) for width in self.symbols[name].shape)
            found = np.zeros((self.passes, *shape))
            for term in self.totals[name].terms:
                value = self.term(term, step, shape)
                if value is not None:
                    found = found + value
            self._found = {at: v for at, v in self._found.items() if at[1] == step}
            self._found[name, step] = found
        return self._found[name, step]

    def term(self, term: Term, step: int | None, shape: tuple[int, ...]) -> Array | None:
        """A term at a step; None where it has nothing there."""
        if term.ref is not None and term.ref.name in self.totals:  # linear: so step by step
            total = self.at(term.ref.name, step)
            if len(shape) == 2 and total.ndim == 2:  # a number, for every entry of a matrix
                total = total[:, np.newaxis]
            return summed(self.times(term, total, step), shape)
        if term.over == (step is ONCE):
            return None
        value = None if term.ref is None else self.read(term.ref, step)
        rows = any(self.symbols[ref.name].role not in ROWLESS for ref in term.reads())
        enters = self.weighed.enters(term)
        if isinstance(term.by, Outer):
            return self.times(term, value * self.weight(step) if rows and enters else value, step)
        found = self.times(term, value, step)
        if not rows:
            found = np.broadcast_to(found, np.broadcast_shapes(np.shape(found), (1, *shape)))
            found = summed(found, shape)
            weight = self.weight(step).mean(1) / self.passes  # no number of rows divides it
            return np.asarray(found * weight.reshape(-1, *(1 for _ in shape)))
        if enters:
            found = found * self.weight(step)
        full = (self.passes, self.batch, *shape)
        every = np.broadcast_to(found, np.broadcast_shapes(found.shape, full))
        return np.asarray(every.sum(1))

    def weight(self, step: int | None) -> Array:
        """What weighs that which comes right from the loss."""
        name = self.weighed.outside if step is ONCE else self.weighed.each
        return self.read(Ref(name, "" if step is ONCE else "t"), step)

    # values: (passes, batch, n) with rows, (n,) or (n, m) without

    def times(self, term: Term, value: Array | None, step: int | None) -> Array:
        """The reference times its Jacobian, or the factor alone."""
        match term.by:
            case Scale(factor=factor):
                found = self.value(factor, step)
                return np.asarray(found if value is None else value * found)
        assert value is not None
        match term.by:
            case Dot(factor=factor):
                return np.asarray((value * self.value(factor, step)).sum(-1, keepdims=True))
            case Entries(factor=factor):
                found = np.asarray(value * self.value(factor, step)).sum((-2, -1))
                return np.asarray(found[..., np.newaxis])
            case Matrix(name=name, transposed=transposed):
                matrix = self.read(Ref(name), step)
                return np.asarray(value @ (matrix.T if transposed else matrix))
            case PartOf(skip=skip, width=width):
                start = self.count(skip)
                return value[..., start : start + self.count(width)]
            case PadTo(skip=skip, total=total):
                before = self.count(skip)
                after = self.count(total) - before - value.shape[-1]
                return np.pad(value, [(0, 0)] * (value.ndim - 1) + [(before, after)])
            case Turned():
                return np.swapaxes(value, -1, -2)
            case Outer(other=other, flipped=flipped):
                pair = self.read(other, step), value
                left, right = pair[::-1] if flipped else pair
                return np.swapaxes(left, -1, -2) @ right
        raise TypeError(f"no value for {term}")

    def count(self, width: Width) -> int:
        return width.count(self.dims)

    def read(self, ref: Ref, step: int | None) -> Array:
        symbol = self.symbols[ref.name]
        if symbol.value is not None:
            return np.asarray(float(symbol.value))
        at = None
        if ref.base:
            at = (step or 0) + ref.shift if ref.base == "t" else at_step(ref, self.steps).shift + 1
        if ref.name in self.result.data:
            array = np.asarray(self.result.data[ref.name], float)
            if symbol.role in ROWLESS:
                return array
            rows = array if at is None else self.row_of(array, at)
        else:
            known = self.result.values.get((ref.name, at))
            if symbol.role in ROWLESS:
                assert known is not None, ref
                return known
            empty = (self.passes * self.batch, self.count(symbol.width))
            rows = np.zeros(empty) if known is None else known
        return rows.reshape(self.passes, self.batch, -1)

    def row_of(self, array: Array, step: int) -> Array:
        return array[step - 1] if 1 <= step <= self.steps else np.zeros_like(array[0])

    def value(self, expr: Expr, step: int | None) -> Any:
        """A factor at a step: arithmetic and functions of what is known."""
        match expr:
            case Num(value=number):
                return float(number)
            case Size(width=width):
                rows = self.passes * self.batch
                return float(width.count({"T": self.steps, "B": rows, **self.dims}))
            case Ref():
                return self.read(expr, step)
            case Neg(arg=arg):
                return -self.value(arg, step)
            case Add(terms=terms):
                return sum(self.value(term, step) for term in terms)
            case Mul(left=left, right=right):
                return self.value(left, step) * self.value(right, step)
            case Div(left=left, right=right):
                return self.value(left, step) / self.value(right, step)
            case Pow(left=left, right=right):
                return self.value(left, step) ** self.value(right, step)
            case Call(function=function, args=args, own=own) if is_elementwise(expr):
                return self.on.apply(own or function, *(self.value(arg, step) for arg in args))
        raise TypeError(f"a factor holds {expr}")


def summed(found: Array, shape: tuple[int, ...]) -> Array:
    """Over the rows of a matrix, where a vector was spread over them."""
    return np.asarray(found.sum(-2) if found.ndim > 1 + len(shape) else found)
