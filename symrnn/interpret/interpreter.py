"""The oracle: works out written equations one after the other, step by step.

What it works out is the text's own tree: it shares reading and ordering with the rest, and no
rewriting, no derivative and no kernel.
Slow and obvious, on NumPy arrays of any dtype or on objects of any precision.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symrnn.errors import CheckError, DataError
from symrnn.interpret.arithmetic import Arithmetic, Floats, across, loss
from symrnn.interpret.sizes import Data, Sizes, common_dtype
from symrnn.language.arrays import Array
from symrnn.language.calls import is_elementwise
from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import (
    ZERO,
    Add,
    Call,
    Definition,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    Written,
    children,
    refs,
)
from symrnn.system.graph import at_step, inverse, reached
from symrnn.system.matrices import is_matrix
from symrnn.system.occurrences import dependencies
from symrnn.system.resolve import resolve
from symrnn.system.spell import spell_equations
from symrnn.system.symbols import ROWLESS, Symbol, Symbols
from symrnn.system.system import System


@dataclass(frozen=True)
class Result:
    """The value of every variable at every step."""

    values: dict[tuple[str, int | None], Array]
    symbols: Symbols
    steps: int
    data: Data
    """What was given."""

    def __getitem__(self, name: str) -> Array:
        """(T, B, n) for what runs over time, (B, n) for what does not; totals as they are."""
        if self.symbols[name].timed:
            return np.stack([self.values[name, t] for t in range(1, self.steps + 1)])
        return self.values[name, None]

    @property
    def loss(self) -> Any:
        return self.values["L", None][()]

    def at(self, name: str, first: int | None, last: int | None) -> Array:
        """A variable at one step, counted from the first, which is 1, or from the last."""
        return self.values[name, self.steps + last if last is not None else first]

    def largest(self) -> float:
        """The largest of all values; NaN if one of them is."""
        return float(np.max([np.max(np.abs(value)) for value in self.values.values()]))

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.largest()))

    def adjoint_of(self, ref: str | Ref) -> Array | None:
        """The adjoint of a variable, input or parameter; None where the system has none."""
        wanted = Ref(ref) if isinstance(ref, str) else ref
        found = next((s for s in self.symbols.values() if s.of == wanted), None)
        return self[found.name] if found else None


def interpret(
    what: System | Written,
    data: Data,
    steps: int | None = None,
    arithmetic: Arithmetic | None = None,
) -> Result:
    """Work out a system, or a text as it is written, on parameters, inputs and targets.

    `steps` is needed only where no input runs over time. Without an arithmetic the dtype is that
    of the data.

    >>> from symrnn.language.parse import parse
    >>> written = parse("h[t] = 2 * h[t-1] + x[t] + b")
    >>> result = interpret(written, {"x": np.ones((3, 1, 1)), "b": np.zeros(1)})
    >>> result["h"].ravel().tolist()
    [1.0, 3.0, 7.0]
    """
    return Interpreter(what)(data, steps, arithmetic)


class Interpreter:
    """A system or a text made ready to be worked out many times."""

    def __init__(self, what: System | Written) -> None:
        self.written = spell_equations(what) if isinstance(what, System) else what
        self.symbols = what.symbols if isinstance(what, System) else resolve(what)
        self.groups = dependencies(self.written)
        self.own = {d.target: d for d in self.written.definitions if not d.adds}
        self.added: dict[str, list[Definition]] = {}
        for definition in self.written.definitions:
            if definition.adds:
                self.added.setdefault(definition.target.name, []).append(definition)

    def __call__(
        self,
        data: Data,
        steps: int | None = None,
        arithmetic: Arithmetic | None = None,
        before: Result | None = None,
    ) -> Result:
        """The values for these data. `before` is what came out for data of which some arrays are
        the very same: what depends on them alone is not worked out again."""
        fixed = self.written.steps
        if fixed is not None and steps not in (None, fixed):
            raise DataError(f"{steps} steps; the text says T = {fixed}")
        sizes = Sizes(self.symbols, data, fixed or steps)
        return _Run(self, data, sizes, arithmetic or Floats(common_dtype(data)), before).result()

    def reached(self, names: set[str]) -> set[str]:
        """These names, and all that is worked out of them."""
        reads: dict[str, list[str]] = {}
        for definition in self.written.definitions:
            own = reads.setdefault(definition.target.name, [])
            own += (ref.name for ref in refs(definition.body))
        return reached(names, inverse(reads))


class _Run:
    def __init__(
        self, of: Interpreter, data: Data, sizes: Sizes, on: Arithmetic, before: Result | None
    ) -> None:
        self.of, self.sizes, self.on = of, sizes, on
        self.given = data
        self.symbols = of.symbols
        self.steps, self.batch = sizes.steps, sizes.batch
        self.data = {name: on.array(value) for name, value in data.items()}
        self.values: dict[tuple[str, int | None], Array] = {}
        self.nothing: set[tuple[str, int | None]] = set()
        """Adjoints that no term reaches: they annihilate, as those outside 1…T do."""
        self.matrices = {s.name for s in of.symbols.values() if len(s.shape) == 2}
        self.alone = False
        """Whether the equation at hand is that of something without rows."""
        self.has_adjoints = any(s.role == "adjoint" for s in of.symbols.values())
        if before is not None and not self.has_adjoints:
            other = of.reached({n for n in data if data[n] is not before.data.get(n)})
            self.values = {at: v for at, v in before.values.items() if at[0] not in other}
        self.known = {name for name, _ in self.values}

    def result(self) -> Result:
        with np.errstate(all="ignore"):
            for group in self.of.groups:
                order = range(1, self.steps + 1)
                for t in order if group.direction >= 0 else reversed(order):
                    for node in group.nodes:
                        self.work_out(self.of.own[node], t)
        return Result(self.values, self.symbols, self.steps, self.given)

    def work_out(self, definition: Definition, t: int) -> None:
        """The value of a definition at step t; what has no current step is worked out once."""
        target = definition.target
        if target.name in self.known:
            return
        step = t if target.base == "t" else self.step(target, t)
        if target.base != "t" and (target.name, step) in self.values:
            return
        symbol = self.symbols[target.name]
        if symbol.role == "constant":
            return
        adjoint = symbol.role in ("adjoint", "total") and symbol.name != "L"
        empty = adjoint and definition.body == ZERO
        self.alone = symbol.role in ROWLESS and symbol.name != "L"
        value = None if empty else self.value(definition.body, t)
        for addition in self.of.added.get(target.name, ()):
            if self.lands(addition, target, step):
                value = _plus(value, self.value(addition.body, t))
        if value is None:
            self.nothing.add((target.name, step))
        self.values[target.name, step] = self.shaped(symbol, value)

    def lands(self, addition: Definition, target: Ref, step: int | None) -> bool:
        if addition.when is not None:
            return addition.when == self.steps
        return target.base == "t" and self.step(addition.target, 0) == step

    def shaped(self, symbol: Symbol, value: Any) -> Array:
        """The value with all its axes: a row for each sequence, or none for a total."""
        shape = tuple(width.count(self.sizes.dims) for width in symbol.shape)
        if symbol.name == "L" and symbol.role == "total":
            rows = _spread(self.on.array(value), (self.batch, 1))
            return self.on.array(rows.sum() / self.on.number(Fraction(self.batch)))
        zero = self.on.number(Fraction(0))
        found = self.on.array(zero if value is None else value)
        if symbol.role in ROWLESS:  # a vector may stand as one row
            return _spread(found[0] if found.ndim > len(shape) else found, shape)
        return _spread(found, (self.batch, *shape))

    def step(self, ref: Ref, t: int) -> int | None:
        """The step that a reference reads, counted from the first."""
        if not ref.base:
            return None
        return t + ref.shift if ref.base == "t" else at_step(ref, self.steps).shift + 1

    # values; None stands for a term that an adjoint outside 1…T has annihilated

    def read(self, ref: Ref, t: int) -> Any:
        symbol, step = self.symbols[ref.name], self.step(ref, t)
        if symbol.value is not None:
            return self.on.number(symbol.value)
        if ref.name in self.data:
            array = self.data[ref.name]
            if step is None:
                return array
            return array[step - 1] if 1 <= step <= self.steps else self.zeros(symbol)
        if (ref.name, step) in self.nothing:
            return None
        if (ref.name, step) in self.values:
            return self.values[ref.name, step]
        if step is None or 1 <= step <= self.steps:
            raise CheckError(f"{ref} is read before it is known; the order of equations is wrong")
        return None if symbol.role == "adjoint" else self.zeros(symbol)

    def zeros(self, symbol: Symbol) -> Array:
        shape = (self.batch, symbol.width.count(self.sizes.dims))
        return np.broadcast_to(self.on.array(self.on.number(Fraction(0))), shape)

    def vanishes(self, expr: Expr, t: int) -> bool:
        """Whether an adjoint outside 1…T annihilates the expression; found without a value."""
        match expr:
            case Ref():
                bars = ("adjoint", "total")
                return self.symbols[expr.name].role in bars and self.read(expr, t) is None
            case Add(terms=terms):
                return all(self.vanishes(term, t) for term in terms)
            case Div(left=left):
                return self.vanishes(left, t)
            case Mul(left=left, right=right) | MatMul(left=left, right=right):
                return self.vanishes(left, t) or self.vanishes(right, t)
            case Call(function=function, args=(arg,)) if function in TIME:
                return all(self.vanishes(arg, step) for step in range(1, self.steps + 1))
            case Num() | Size():
                return False
        return any(self.vanishes(child, t) for child in children(expr))

    def value(self, expr: Expr, t: int) -> Any:
        if self.has_adjoints and self.vanishes(expr, t):
            return None
        match expr:
            case Num(value=value):
                return self.on.number(value)
            case Size(width=width):
                known = {"T": self.steps, "B": self.batch, **self.sizes.dims}
                return self.on.number(Fraction(width.count(known)))
            case Ref():
                return self.read(expr, t)
            case Neg(arg=arg):
                return -self.value(arg, t)
            case Add(terms=terms):
                total = None
                for term in terms:
                    total = _plus(total, self.value(term, t))
                return total
            case Mul(left=left, right=right):
                return self.value(left, t) * self.value(right, t)
            case Div(left=left, right=right):
                return self.value(left, t) / self.value(right, t)
            case Pow(left=left, right=right):
                return self.power(self.value(left, t), right, t)
            case MatMul(left=left, right=right):
                return self.value(left, t) @ self.value(right, t)
            case Transpose(arg=arg):
                return self.value(arg, t).T
            case Part(arg=arg, skip=skip, width=width):
                start = skip.count(self.sizes.dims)
                return self.row(arg, t)[:, start : start + width.count(self.sizes.dims)]
            case Pad(arg=arg, skip=skip, total=total):
                return self.pad(self.row(arg, t), skip, total)
            case Call(args=args) if is_elementwise(expr):
                values = [self.value(arg, t) for arg in args]
                return self.on.apply(expr.own or expr.function, *values)
            case Call(function=function, args=args):
                return self.call(function, args, t)

    def power(self, base: Any, power: Expr, t: int) -> Any:
        if isinstance(power, Num) and power.value.denominator == 1:
            return base ** int(power.value)
        return base ** self.value(power, t)

    def row(self, expr: Expr, t: int) -> Array:
        """A value with a row for each sequence, also where it is the same for all of them; in what
        is computed of parameters alone with one, unless it is a matrix."""
        value = self.on.array(self.value(expr, t))
        if is_matrix(expr, self.matrices):
            return value
        alone = self.alone and all(self.symbols[ref.name].role in ROWLESS for ref in refs(expr))
        rows = 1 if alone else self.batch
        return _spread(value, (rows, value.shape[-1] if value.ndim else 1))

    def pad(self, row: Array, skip: Width, total: Width) -> Array:
        before = skip.count(self.sizes.dims)
        wide = np.empty((self.batch, total.count(self.sizes.dims)), row.dtype)
        wide[:] = self.on.number(Fraction(0))
        wide[:, before : before + row.shape[1]] = row
        return wide

    def call(self, function: str, args: tuple[Expr, ...], t: int) -> Any:
        if function in TIME:
            total = None
            for step in range(1, self.steps + 1):
                total = _plus(total, self.value(args[0], step))
            share = Fraction(1, self.steps) if function == "mean" else Fraction(1)
            return None if total is None else total * self.on.number(share)
        if function == "total":
            return self.on.array([self.on.array(self.value(args[0], t)).sum()])
        before, self.alone = self.alone, self.alone and function != "batchsum"
        rows = [self.row(arg, t) for arg in args]
        self.alone = before
        if function in LOSSES:
            return loss(self.on, function, *np.broadcast_arrays(*rows))
        return across(self.on, function, rows)


def _spread(array: Array, shape: tuple[int, ...]) -> Array:
    """An array with all its axes; most have them."""
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _plus(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one + other
