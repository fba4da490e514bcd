"""A Program worked out: slow, obvious, and without any back end.

It reads statements as they stand, one after the other, on arrays with a row for each sequence.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from symrnn.errors import CheckError
from symrnn.interpret.arithmetic import Floats
from symrnn.kernels.program.program import (
    Argument,
    Array,
    At,
    Loop,
    Map,
    Now,
    Number,
    Pair,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
    When,
)
from symrnn.kernels.program.rewrite import is_by_id, is_cut
from symrnn.language.arrays import Array as Numbers
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Add, Div, Expr, Mul, Neg, Num, Pow, Size

OPS: dict[str, Any] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "negative": np.negative,
    "power": np.power,
    "copy": lambda x: x,
    "turned": lambda x: x.T,
    "is_zero": lambda x: (x == 0).astype(x.dtype),
    "maximum": lambda x, y: np.where(x.real >= np.real(y), x, y),
    "minimum": lambda x, y: np.where(x.real <= np.real(y), x, y),
    "positive": lambda x: (x.real > 0).astype(x.dtype),
}


def run(
    program: Program, data: Mapping[str, Numbers], dims: Mapping[str, int], batch: int
) -> dict[str, Numbers]:
    """Every array of the program: (T, B, n) for what runs over time, with its boundaries."""
    return _Run(program, data, dims, batch).result()


class _Run:
    def __init__(
        self,
        program: Program,
        data: Mapping[str, Numbers],
        dims: Mapping[str, int],
        batch: int,
    ) -> None:
        self.program, self.dims = program, {**dims, "B": batch}
        self.t = 0
        dtype = np.result_type(*data.values()) if data else np.dtype(np.float64)
        self.floats = Floats(dtype)
        self.arrays: dict[str, Numbers] = {}
        for array in program.arrays.values():
            shape = tuple(width.count(self.dims) for width in array.shape)
            if array.rows:
                shape = (batch, *shape)
            if array.places is not None:
                shape = (array.places, *shape)
            self.arrays[array.name] = np.full(shape, np.nan, dtype)
            if array.name in data:
                self.arrays[array.name][:] = data[array.name]

        members = {pack.name: pack.members for pack in program.packs}
        for unit, place in program.shared.items():
            both = zip(members.get(unit, (unit,)), members.get(place, (place,)), strict=True)
            self.arrays |= {name: self.arrays[other] for name, other in both}

    def result(self) -> dict[str, Numbers]:
        with np.errstate(all="ignore"):
            for statement in self.program.statements():
                if isinstance(statement, Loop):
                    for self.t in statement.steps:
                        for inner in statement.body:
                            during = inner.during
                            if during is None or during[0] <= self.t <= during[1]:
                                self.do(inner)
                else:
                    self.do(statement)
        return self.arrays

    def do(self, statement: Plain) -> None:
        match statement:
            case Product(out=out, pairs=pairs):
                self.put_matrix(out, sum(self.pair(pair) for pair in pairs))
            case Map(out=out, op=op, args=args) if is_by_id(statement):
                self.put(out, self.by_id([self.member(arg, 0) for arg in args], out))
            case Map(out=out, op=op, args=args):
                for place, name in enumerate(out.names):
                    values = [self.member(arg, place) for arg in args]
                    self.put(Slice((name,), out.when, out.part), self.apply(op, values))
            case Reduce(out=out, op=op, arg=arg, over=over):
                for place, name in enumerate(out.names):
                    value = self.reduced(op, self.member(arg, place), over)
                    self.put(Slice((name,), out.when, out.part), value)

    def apply(self, op: str, values: list[Any]) -> Any:
        if op in ELEMENTWISE:
            return self.floats.apply(op, *values)
        if op not in OPS:
            raise CheckError(f"the program holds an operation '{op}' that nobody knows")
        return OPS[op](*values)

    def by_id(self, values: list[Any], out: Slice) -> Any:
        rows, *amount, ids = values
        count = (self.view(out) if amount else rows).shape[-1]
        chosen = ids[..., None] == np.arange(count)
        if amount:
            return rows + np.where(chosen, amount[0], 0)
        return np.where(chosen, rows, 0).sum(-1, keepdims=True)

    def reduced(self, op: str, value: Numbers, over: str) -> Numbers:
        if over == "all":
            value = value.reshape(-1, 1)
        elif over == "rows":
            value = value.reshape(-1, value.shape[-1])
        axis = -1 if over == "features" else 0
        found = value.sum(axis, keepdims=over == "features") if op == "sum" else None
        if found is None:  # the largest by its real part, as a branch is chosen
            order = np.argmax(value.real, axis)
            found = np.take_along_axis(value, np.expand_dims(order, axis), axis)
            found = found if over == "features" else found.squeeze(axis)
        return np.asarray(found)

    # matrices: neighbours side by side

    def pair(self, pair: Pair) -> Numbers:
        left, right = self.matrix(pair.left), self.matrix(pair.right)
        classes = self.program.arrays[pair.left.names[0]].classes
        if classes is not None:  # a row for each id, with a one at its class
            left = (left.reshape(-1, 1) == np.arange(classes.count(self.dims))).astype(right.dtype)
        left = left.T if pair.left_turned else left
        return np.asarray(left @ (right.T if pair.right_turned else right))

    def matrix(self, what: Slice) -> Numbers:
        parts = [self.view(Slice((name,), what.when, what.part)) for name in what.names]
        if self.program.arrays[what.names[0]].classes is not None:
            return parts[0].ravel()
        return np.concatenate([part.reshape(-1, part.shape[-1]) for part in parts], -1)

    def put_matrix(self, out: Slice, value: Any) -> None:
        start = 0
        for name in out.names:
            place = self.view(Slice((name,), out.when, out.part))
            stop = start + place.shape[-1]
            place[...] = value[:, start:stop].reshape(place.shape)
            start = stop

    # slices

    def member(self, arg: Argument, place: int) -> Any:
        if isinstance(arg, Number):
            return np.asarray(number_of(arg.value, self.dims))
        if is_cut(arg, (self.t, self.t)):
            return np.zeros(())
        name = arg.names[place if len(arg.names) > 1 else 0]
        return self.view(Slice((name,), arg.when, arg.part))

    def put(self, out: Slice, value: Any) -> None:
        self.view(out)[...] = value

    def view(self, what: Slice) -> Numbers:
        array, known = self.arrays[what.name], self.program.arrays[what.name]
        if known.places is not None:
            array = array[self.places(what.when, known)]
        if what.part is not None:
            skip, width = (w.count(self.dims) for w in what.part)
            array = array[..., skip : skip + width]
        return array

    def places(self, when: When | None, array: Array) -> Any:
        assert array.steps is not None
        (first, last), name = array.steps, array.name
        match when:
            case Now(shift=shift):
                ends = (self.t + shift, self.t + shift)
            case At(step=step):
                ends = (step, step)
            case Span(first=start, last=stop):
                ends = (start, stop)
            case _:
                raise CheckError(f"{name} runs over time, and no step is said")
        if ends[0] < first or ends[1] > last:
            raise CheckError(f"{name} is read at {ends}; it has places for {first} to {last}")
        if isinstance(when, Span):
            return slice(ends[0] - first, ends[1] - first + 1)
        return array.place(ends[0])


def number_of(expr: Expr, sizes: Mapping[str, int]) -> float:
    """A number made of numbers and sizes.

    >>> from symrnn.language.tree import Width
    >>> number_of(Div(Num(1), Size(Width(("B",), 1))), {"B": 3})
    0.25
    """
    match expr:
        case Num(value=value):
            return float(value)
        case Size(width=width):
            return float(width.count(dict(sizes)))
        case Neg(arg=arg):
            return -number_of(arg, sizes)
        case Add(terms=terms):
            return sum(number_of(term, sizes) for term in terms)
        case Mul(left=left, right=right):
            return number_of(left, sizes) * number_of(right, sizes)
        case Div(left=left, right=right):
            return number_of(left, sizes) / number_of(right, sizes)
        case Pow(left=left, right=right):
            return float(number_of(left, sizes) ** number_of(right, sizes))
    raise CheckError(f"{expr} is no number")
