"""What a text itself gives, at 50 digits: its values, and slopes by differences of them.

Where backpropagation is cut, slopes are taken of a text whose steps hear nothing of another window
but numbers:

    h[t] = tanh(x[t] @ W + h[t-1] @ U)
        =>  h[t] = tanh(x[t] @ W + (near_1[t] * h[t-1] + held_1[t]) @ U)

where near_1 is one and held_1 zero, but at the first step of a window: there near_1 is zero, and
held_1 is the number that h[t-1] has. Slopes of such a text are gradients that are cut, and no
derivative rule has a part in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from symrnn.errors import DataError
from symrnn.interpret.held import floats
from symrnn.interpret.interpreter import Interpreter, Result
from symrnn.interpret.oracle import DIGITS, precise
from symrnn.kernels.verification.calls import as_ids
from symrnn.kernels.verification.case import Case
from symrnn.kernels.verification.exact import NO_NUMBER, Large, large, worked_out
from symrnn.kernels.verification.lengths import Joined
from symrnn.language.arrays import Array
from symrnn.language.table import TIME
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


FEW_STEPS = 4
FEW_ENTRIES = 50
"""Up to here every entry of a gradient is looked at; above, one direction of each, which no error
is likely to be at right angles to. The complex step and the differences of the kernel itself look
at every entry in both cases."""


@dataclass(frozen=True)
class Reference:
    """The numbers that a kernel is to give."""

    value: float
    """The loss, or the weighted sum of the outputs."""
    size: float
    """The same with every term taken as positive: what rounding is relative to."""
    outputs: dict[str, Array]
    states: dict[str, Array]
    """After the last step, under the names that a kernel has for them."""
    ways: dict[str, Array]
    """For each gradient, the directions in which it is looked at, one after the other."""
    slopes: dict[str, Array]
    every: bool
    """Whether the directions are the entries, all of them."""
    large: Large | None
    """The value with large parameters, where there is one."""

    @property
    def scale(self) -> float:
        """The norm of the whole gradient."""
        return float(np.sqrt(sum(np.sum(np.square(s)) for s in self.slopes.values())))


def reference(case: Case, every: bool | None = None) -> Reference:
    """Work out the text of a case. Without `every`, the sizes decide."""
    count = sum(int(np.prod(case.full_shape(name))) for name in case.wrt)
    if every is None:
        every = case.steps <= FEW_STEPS and count <= FEW_ENTRIES
    try:
        result = worked_out(case, case.data, DIGITS)
        if case.windows is not None:
            text, data = windowed(case.written, case.symbols, case.windows, case.data)
            slope = precise(text, data, case.steps, case.value)
        else:
            slope = precise(case.written, case.data, case.steps, case.value, case.run_of)
        ways = {name: directions(case, name, None if every else 1) for name in case.wrt}
        slopes = {
            name: np.array([slope(case.way(name, way)) for way in found])
            for name, found in ways.items()
        }
        outputs = {name: floats(result[name]) for name in case.outputs}
        if case.unnamed:
            form = worked_out(case, case.data, DIGITS, normal=True)
            outputs |= {name: floats(form[name]) for name in case.unnamed}
        value = float(case.value(result))
    except NO_NUMBER:
        raise DataError(
            f"with the numbers drawn by seed {case.seed} the text itself gives no real number;"
            " try another --seed"
        ) from None
    size = sum(float(np.sum(np.abs(w * outputs[name]))) for name, w in case.weights.items())
    states = final_states(case, result)
    return Reference(value, size or abs(value), outputs, states, ways, slopes, every, large(case))


def directions(case: Case, name: str, count: int | None) -> Array:
    """Every entry by itself, or so many random directions of length one."""
    shape = case.full_shape(name)
    if count is None:
        return np.eye(int(np.prod(shape))).reshape(-1, *shape)
    rng = np.random.default_rng([case.seed, 2, case.wrt.index(name)])
    drawn = rng.normal(size=(count, int(np.prod(shape))))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.reshape(-1, *shape)


def final_states(case: Case, result: Result | Joined) -> dict[str, Array]:
    """What a run leaves for the next: of a recurrence that runs backwards, its first steps."""

    def last(name: str) -> Array:
        ref = case.states[name]
        backward = ref.base == "T"
        first, last = (ref.shift, None) if backward else (None, ref.shift + 1)
        return as_ids(case, name, floats(result.at(ref.name, first, last)))

    return {
        key: np.stack([last(name) for name in own]) if len(own) > 1 else last(key)
        for key, own in case.groups.items()
    }
