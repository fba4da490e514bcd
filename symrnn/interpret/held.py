"""A text in which what stops a derivative is a number: no rule for `stop` has a part in its slopes.

    h[t] = tanh(a[t] + stop(c[t]))        =>  h[t] = tanh(a[t] + held[t])
    s[t] = surrogate(step(v[t]), g(v[t]))  =>  s[t] = held[t] + (g(v[t]) - held_2[t])

where held has the numbers that c[t], or step(v[t]) and g(v[t]), have at the point in question.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from symrnn.interpret.sizes import Data
from symrnn.language.arrays import Array
from symrnn.language.calls import calls, stops
from symrnn.language.parse import written_out
from symrnn.language.table import STOPS
from symrnn.language.tree import (
    Add,
    Call,
    Declaration,
    Definition,
    Expr,
    Neg,
    Ref,
    Written,
    map_children,
    refs,
)
from symrnn.system.names import free
from symrnn.system.occurrences import runs
from symrnn.system.resolve import resolve
from symrnn.system.symbols import Symbols

GIVEN = ("parameter", "input", "target")


def held(
    written: Written, data: Data, run: Callable[[Written], Callable[[Data], Any]]
) -> tuple[Written, dict[str, Array]]:
    """The text, and the data with the numbers that are held; `run` works out a text.

    >>> from symrnn.interpret.interpreter import Interpreter
    >>> from symrnn.language import parse, show
    >>> text = parse("h[t] = x[t] * stop(2 * x[t])")
    >>> found, data = held(text, {"x": np.ones((1, 1, 1))}, Interpreter)
    >>> print(show(found).splitlines()[-1], data["held"].ravel())
    h[t] = x[t] * held[t] [2.]
    """
    if not stops(written):
        return written, dict(data)
    return _Held(written, resolve(written), data).text(run)


@dataclass
class _Held:
    written: Written
    symbols: Symbols
    data: Data
    made: dict[Expr, Ref] = field(default_factory=dict)
    """The name of the numbers that stand for an expression."""

    def text(
        self, run: Callable[[Written], Callable[[Data], Any]]
    ) -> tuple[Written, dict[str, Array]]:
        definitions = tuple(replace(d, body=self.body(d.body)) for d in self.written.definitions)
        values = tuple(Definition(ref, expr) for expr, ref in self.made.items())
        whole = replace(self.written, definitions=(*self.written.definitions, *values))
        symbols, result = resolve(whole), run(whole)(self.data)
        numbers = {ref.name: floats(result[ref.name]) for ref in self.made.values()}
        said = list(self.written.declarations)
        for ref in self.made.values():
            said.append(Declaration(ref.name, "width", symbols[ref.name].shape))
            said += [] if ref.base else [Declaration(ref.name, "input")]
        read = {ref.name for d in definitions for ref in refs(d.body)}
        for symbol in self.symbols.values():
            if symbol.role in GIVEN and symbol.name not in read:
                kind = Declaration(symbol.name, symbol.role, "t" if symbol.timed else None)
                width = Declaration(symbol.name, "width", symbol.shape)
                known = {(d.name, d.kind) for d in said}
                said += [d for d in (width, kind) if (d.name, d.kind) not in known]
        found = replace(self.written, definitions=definitions, declarations=tuple(said))
        return found, {**self.data, **numbers}

    def body(self, expr: Expr) -> Expr:
        if isinstance(expr, Call) and expr.own is not None:
            inner = any(call.function in STOPS for call in calls(expr.own.body))
            return self.body(written_out(expr)) if inner else map_children(expr, self.body)
        match expr:
            case Call(function="stop", args=(arg,)):
                return self.number(arg)
            case Call(function="surrogate", args=(value, slope)):
                return Add((self.number(value), self.body(slope), Neg(self.number(slope))))
        return map_children(expr, self.body)

    def number(self, expr: Expr) -> Expr:
        """What stands for an expression: a name for its numbers, or itself if it is one."""
        if all(self.symbols[ref.name].role == "constant" for ref in refs(expr)):
            return expr
        if expr not in self.made:
            taken = {**self.symbols, **{ref.name: ref for ref in self.made.values()}}
            self.made[expr] = Ref(free("held", taken), "t" if runs(expr) else "")
        return self.made[expr]


def floats(values: Any) -> Array:
    """The nearest floats."""
    return np.asarray(np.frompyfunc(float, 1, 1)(values), float)
