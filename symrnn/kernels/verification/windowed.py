"""A text whose steps hear nothing of another window but numbers: what is cut, without adjoints.

    h[t] = tanh(x[t] @ W + h[t-1] @ U)
        =>  h[t] = tanh(x[t] @ W + (near_1[t] * h[t-1] + held_1[t]) @ U)

where near_1 is one and held_1 zero, but at the first step of a window: there near_1 is zero, and
held_1 is the number that h[t-1] has. Slopes of such a text are gradients that are cut, and no
derivative rule has a part in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from symrnn.interpret.interpreter import Interpreter
from symrnn.language.table import TIME, Array
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Declaration,
    Expr,
    Mul,
    Ref,
    Width,
    Written,
    map_children,
)
from symrnn.system.names import free
from symrnn.system.symbols import Symbols
from symrnn.system.windows import Windows


@dataclass
class _Held:
    """What is put in place of references, as it comes to be."""

    written: Written
    symbols: Symbols
    windows: Windows
    values: Mapping[tuple[str, int | None], Array]
    data: dict[str, Array]
    declarations: list[Declaration] = field(default_factory=list)
    made: dict[Ref, Expr] = field(default_factory=dict)

    def text(self) -> Written:
        definitions = tuple(
            replace(d, body=self.body(d.body, d.target.base == "t"))
            for d in self.written.definitions
        )
        declarations = (*self.written.declarations, *self.declarations)
        return replace(self.written, definitions=definitions, declarations=declarations)

    def body(self, expr: Expr, runs: bool) -> Expr:
        """An expression that is worked out at every step, or only once."""
        if isinstance(expr, Ref):
            return self.reference(expr) if runs else expr
        runs = runs or (isinstance(expr, Call) and expr.function in TIME)
        return map_children(expr, lambda part: self.body(part, runs))

    def reference(self, ref: Ref) -> Expr:
        symbol = self.symbols[ref.name]
        if not ref.base or symbol.role != "variable" or symbol.keeps:
            return ref
        step, part = self.windows.step, self.windows.part
        parted = [
            t
            for t in range(1, self.windows.steps + 1)
            if part(t, step(ref, t)) and (ref.name, step(ref, t)) in self.values
        ]
        if parted and ref not in self.made:
            self.made[ref] = self.mixed(ref, parted)
        return self.made.get(ref, ref)

    def mixed(self, ref: Ref, parted: list[int]) -> Expr:
        """The variable at steps of the same window, and its numbers at the others."""
        width = self.symbols[ref.name].width
        held = {t: self.values[ref.name, self.windows.step(ref, t)] for t in parted}
        first = held[parted[0]]
        numbers = np.zeros((self.windows.steps, *first.shape))
        near = np.ones((self.windows.steps, len(first), 1))
        for t, value in held.items():
            numbers[t - 1], near[t - 1] = value, 0
        kept = Mul(self.named("near", near, NARROW), ref)
        return Add((kept, self.named("held", numbers, width)))

    def named(self, wish: str, numbers: Array, width: Width) -> Ref:
        """An input for numbers."""
        name = free(wish, {**self.symbols, **dict.fromkeys(self.data)})
        self.data[name] = numbers
        self.declarations.append(Declaration(name, "width", (width,)))
        return Ref(name, "t")


def windowed(
    written: Written,
    symbols: Symbols,
    windows: Windows,
    data: Mapping[str, Array],
) -> tuple[Written, dict[str, Array]]:
    """The text with what comes from other windows held, and the data with these numbers."""
    values = Interpreter(written)(data, windows.steps).values
    held = _Held(written, symbols, windows, values, dict(data))
    return held.text(), held.data
