"""The truth: the value of every variable, and its derivative by every other, from the equations.

A derivative is a complex step: the equations are worked out once more with one variable moved by
1e-30 i, in each of its entries side by side, and what moves is read off. No rule of calculus and
no adjoint takes part. What is held fixed keeps its number: a change ends there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symrnn.check.judging.unrolled import Node, Unrolled, Work, node_of
from symrnn.interpret.arithmetic import Floats, across, formula, loss
from symrnn.language.arrays import Array
from symrnn.language.calls import ROUGH, is_elementwise
from symrnn.language.parse import definition
from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import (
    Add,
    Call,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Own,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    walk,
)
from symrnn.system.symbols import GIVEN

H = 1e-30

TOTAL, OTHERS, STATES, STEP = "total", "others", "states", "step"
READINGS = (TOTAL, OTHERS, STATES, STEP)
"""What is held fixed in ∂A/∂B: nothing; every other variable that has a name; every other variable
of a recurrence; those of other steps than A's."""


class Smooth(Floats):
    """Complex numbers for steps along the imaginary axis, also through what has a kink: such a
    function is worked out by its definition, in which `step` looks at the real part alone."""

    def function(self, function: str | Own) -> Callable[..., Any]:
        if isinstance(function, str) and function in ROUGH and function != "step":
            found = definition(function)
            assert found is not None
            return formula(found[1], found[0], self.number, self.apply)
        return super().function(function)


@dataclass
class Truth:
    """One setting: a system, its steps, its widths and numbers for one sequence.

    Values are rows (1 × n), matrices n × m, numbers 1 × 1.
    """

    of: Unrolled
    data: Mapping[str, Array]
    dims: Mapping[str, int]
    named: frozenset[str]
    """The variables that have a name of the author's."""

    values: dict[Node, Array] = field(default_factory=dict)
    _slopes: dict[object, dict[Node, Array]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.on = Smooth(complex)
        self.symbols, self.steps = self.of.system.symbols, self.of.steps
        self.sizes = {"B": 1, "T": self.steps, **self.dims}
        self.given = dict(self._given())
        self.known: dict[Node, Array] = dict(self.given)
        with np.errstate(all="ignore"):
            for work in self.of.works:
                self.known[work.node] = self.work_out(work, self.known)
        self.values = {node: np.real(value) for node, value in self.known.items()}

    def _given(self) -> Iterator[tuple[Node, Array]]:
        for name, array in self.data.items():
            symbol, value = self.symbols[name], np.asarray(array, complex)
            if symbol.role in GIVEN:
                yield (name, None), np.atleast_2d(value)
            elif symbol.timed:
                yield from (((name, t + 1), value[t]) for t in range(self.steps))
            else:
                yield (name, None), value

    # values

    def shape(self, name: str) -> tuple[int, int]:
        widths = [width.count(self.sizes) for width in self.symbols[name].shape]
        return (widths[0], widths[1]) if len(widths) == 2 else (1, *(widths or [1]))  # type: ignore[return-value]

    def work_out(self, work: Work, known: Mapping[Node, Array]) -> Array:
        parts = [self.value(body, work.t, known) for body in work.bodies]
        found = self.on.array(sum(parts[1:], parts[0]))
        shape = self.shape(work.node[0])
        return np.broadcast_to(found, (*found.shape[:-2], *shape))

    def value(self, expr: Expr, t: int, known: Mapping[Node, Array]) -> Any:
        """The value of an expression; an axis before rows and columns counts what is moved."""

        def of(inner: Expr) -> Any:
            return self.value(inner, t, known)

        match expr:
            case Num(value=value):
                return self.on.array([[float(value)]])
            case Size(width=width):
                return self.on.array([[self.count(width)]])
            case Ref(name=name):
                symbol = self.symbols[name]
                if symbol.value is not None:
                    return self.on.array([[float(symbol.value)]])
                found = known.get(node_of(expr, t, self.steps))
                return np.zeros(self.shape(name), complex) if found is None else found
            case Neg(arg=arg):
                return -of(arg)
            case Add(terms=terms):
                return sum(map(of, terms[1:]), of(terms[0]))
            case Mul(left=left, right=right):
                return of(left) * of(right)
            case Div(left=left, right=right):
                return of(left) / of(right)
            case Pow(left=left, right=Num(value=power)) if power.denominator == 1:
                return of(left) ** int(power)
            case Pow(left=left, right=right):
                return of(left) ** of(right)
            case MatMul(left=left, right=right):
                return of(left) @ of(right)
            case Transpose(arg=arg):
                return np.swapaxes(of(arg), -1, -2)
            case Part(arg=arg, skip=skip, width=width):
                start = self.count(skip)
                return of(arg)[..., start : start + self.count(width)]
            case Pad(arg=arg, skip=skip, total=total):
                row = of(arg)
                before = self.count(skip)
                after = self.count(total) - before - row.shape[-1]
                return np.pad(row, [(0, 0)] * (row.ndim - 1) + [(before, after)])
            case Call(args=args) if is_elementwise(expr):
                return self.on.apply(expr.own or expr.function, *map(of, args))
            case Call(function=function, args=args) if function in TIME:
                each = [self.value(args[0], step, known) for step in range(1, self.steps + 1)]
                total = sum(each[1:], each[0])
                return total / self.steps if function == "mean" else total
            case Call(function="total", args=(arg,)):
                return of(arg).sum((-1, -2), keepdims=True)
            case Call(function="batchsum", args=(arg,)):
                return of(arg)
            case Call(function=function, args=args):
                rows = _alike(list(map(of, args)), function != "concat")
                if function in LOSSES:
                    return loss(self.on, function, *rows)
                return across(self.on, function, rows)

    def count(self, width: Width) -> int:
        return width.count(self.sizes)

    # derivatives

    def slope(
        self, of: Node, by: Node, reading: str = TOTAL, beside: frozenset[Node] = frozenset()
    ) -> Array:
        """∂of/∂by: a row for each entry of `of`, a column for each of `by`. What stands `beside`
        it, as other parts of one state, is held fixed."""
        if by not in self.known:
            return self.nothing(of, by)
        if of == by:
            return np.eye(self.known[by].size)
        if of in beside:
            return self.nothing(of, by)
        key: object = (by, reading, of[1] or by[1] if reading == STEP else None, beside)
        if key not in self._slopes:
            holds = self.holds(reading, of, by)
            self._slopes[key] = self.moved(by, lambda node: node in beside or holds(node))
        found = self._slopes[key].get(of)
        return self.nothing(of, by) if found is None else found

    def sum_with(self, factors: Sequence[Node]) -> Node | None:
        """The variable that is a sum with the product of these among its terms: what moves it
        moves that product."""
        for work in self.of.works:
            for body in work.bodies:
                for term in body.terms if isinstance(body, Add) else (body,):
                    leaves = [p for p in walk(term) if isinstance(p, Ref)]
                    if isinstance(term, MatMul | Mul) and factors == [
                        node_of(ref, work.t, self.steps) for ref in leaves
                    ]:
                        return work.node
        return None

    def nothing(self, of: Node, by: Node) -> Array:
        return np.zeros([int(np.prod(self.shape(name))) for name, _ in (of, by)])

    def holds(self, reading: str, of: Node, by: Node) -> Callable[[Node], bool]:
        """What is held fixed; `of` may be among it, since nothing else depends on it for `of`."""
        own = self.named & self.of.states
        if reading == TOTAL:
            return lambda node: False
        if reading == OTHERS:
            return lambda node: node[0] in self.named
        if reading == STATES:
            return lambda node: node[0] in own
        step = of[1] or by[1]
        return lambda node: node[0] in own and node[1] != step

    def moved(self, by: Node, held: Callable[[Node], bool]) -> dict[Node, Array]:
        """The derivative by one variable of whatever moves with it."""
        here = self.known[by]
        steps = np.eye(here.size).reshape(here.size, *here.shape) * (1j * H)
        now = dict(self.known)
        now[by] = here + steps
        moving, found = {by}, dict[Node, Array]()
        with np.errstate(all="ignore"):
            for work in self.of.works:
                if work.node == by or moving.isdisjoint(work.reads):
                    continue
                value = self.work_out(work, now)
                found[work.node] = np.imag(value).reshape(len(value), -1).T / H
                if not held(work.node):
                    now[work.node] = value
                    moving.add(work.node)
        return found


def _alike(rows: Sequence[Any], same_width: bool) -> list[Any]:
    """Rows with the same axes before their features."""
    if len(rows) == 1:
        return list(rows)
    if same_width:
        return list(np.broadcast_arrays(*rows))
    lead = np.broadcast_shapes(*(row.shape[:-1] for row in rows))
    return [np.broadcast_to(row, (*lead, row.shape[-1])) for row in rows]
