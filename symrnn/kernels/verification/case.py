"""A text, and random numbers for everything that it asks for: what a kernel is tried on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from symrnn.errors import DataError, UsageError, suggestion
from symrnn.interpret.interpreter import Interpreter, Result
from symrnn.interpret.sample import sample
from symrnn.kernels.settings import Features
from symrnn.kernels.verification.lengths import Alone, Joined, drawn
from symrnn.language.arrays import Array
from symrnn.language.expressions import MAX_WIDTH
from symrnn.language.tree import Declaration, Definition, Expr, Ref, Written, map_leaves
from symrnn.system import System, initial_states, kept, normal, resolve, with_states
from symrnn.system.ids import with_ids
from symrnn.system.states import all_ids, grouped, is_causal, why_no_step
from symrnn.system.symbols import GIVEN, Symbol, Symbols, dimensions
from symrnn.system.unroll import check_steps
from symrnn.system.windows import Windows, windows

DEFAULT_STEPS = 3
MOST_NUMBERS = 200_000
"""Parameters and inputs together; every evaluation at 50 digits works through all of them."""


@dataclass(frozen=True)
class Case:
    """A text with a line for each initial state, and numbers for all of its names."""

    written: Written
    system: System
    """Its normal form, which names a prediction that the text leaves without a name."""
    symbols: Symbols
    states: dict[str, Ref]
    """Each initial state, and the step that it stands for."""
    steps: int
    batch: int
    dims: dict[str, int]
    seed: int
    wrt: tuple[str, ...]
    """Everything that there is a gradient by: the parameters, and what was asked for."""
    data: dict[str, Array]
    weights: dict[str, Array]
    """Where the text has no loss: the cotangent of each output."""
    features: Features = field(default_factory=Features)
    """What the kernel can do beside."""
    no_step: str | None = None
    """Why one step alone cannot be worked out, if it cannot."""
    causal: bool = True
    """Whether no step needs a later one."""
    lengths: tuple[int, ...] = ()
    """The number of steps of each sequence, where they have their own."""
    windows: Windows | None = None
    """Where backpropagation is cut."""
    plain: Written | None = None
    """The text without the lines for states."""

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """What a kernel is given as class ids; `data` has the one-hot rows that they stand for."""
        return all_ids(self.system, self.features.get("ids", ()))

    @property
    def run(self) -> Interpreter | Alone:
        """Works the text out."""
        return self.run_of(self.written)

    def run_of(self, what: System | Written) -> Interpreter | Alone:
        """Works out the text, or its normal form."""
        run = Interpreter(what)
        return Alone(run, run.symbols, self.lengths) if self.lengths else run

    @property
    def is_positive(self) -> bool:
        """Whether it has positive numbers alone, for the sake of a logarithm or a root."""
        return all((np.asarray(array) >= 0).all() for array in self.data.values())

    @cached_property
    def given(self) -> set[str]:
        """The names under which a kernel is given something beside its parameters."""
        return {s.name for s in self.named("input", "target")} - self.states.keys() | (
            self.groups.keys()
        )

    def named(self, *roles: str) -> list[Symbol]:
        return [symbol for symbol in self.symbols.values() if symbol.role in roles]

    @cached_property
    def outputs(self) -> list[str]:
        return [symbol.name for symbol in self.symbols.values() if symbol.output]

    @cached_property
    def unnamed(self) -> dict[str, tuple[int, ...]]:
        """The outputs that have a name and a shape in the normal form alone."""
        outputs = [symbol for symbol in self.system.outputs if symbol.name not in self.symbols]
        return {symbol.name: self._shape(symbol) for symbol in outputs}

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Under the name that a kernel gives them: the states of each variable, earliest first."""
        return grouped(self.states)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of the array that the text means by a name."""
        return self._shape(self.symbols[name])

    def full_shape(self, name: str) -> tuple[int, ...]:
        """The same of a state, with an axis for its steps where it has several."""
        count = len(self.groups.get(name, ()))
        return (*((count,) if count > 1 else ()), *self.shape(name))

    def way(self, name: str, direction: Array) -> dict[str, Array]:
        """A direction in which something moves; a state of several steps moves at each of them."""
        own = self.groups.get(name, (name,))
        return dict(zip(own, direction, strict=True)) if len(own) > 1 else {name: direction}

    @cached_property
    def turned(self) -> frozenset[str]:
        """What the kernel has with its sequences first: all that runs over time, or nothing."""
        if not self.features.get("batch_first"):
            return frozenset()
        every = {**self.system.symbols, **self.symbols}
        return frozenset(symbol.name for symbol in every.values() if symbol.timed)

    def _shape(self, symbol: Symbol) -> tuple[int, ...]:
        own = tuple(width.count(self.dims) for width in symbol.shape)
        if symbol.role in GIVEN:
            return own
        return (*((self.steps,) if symbol.timed else ()), self.batch, *own)

    def given_shape(self, name: str) -> tuple[int, ...]:
        """The shape of the array that a kernel is given."""
        return self.shape(name)[:-1] if name in self.ids else self.shape(name)

    def value(self, result: Result | Joined) -> Any:
        """What the gradient is the gradient of: the loss, or the outputs weighted."""
        if not self.weights:
            return result.loss
        return sum((weight * result[name]).sum() for name, weight in self.weights.items())


def case(
    written: Written,
    steps: int,
    wrt: Sequence[str] = (),
    batch: int = 2,
    dims: Mapping[str, int] | None = None,
    seed: int = 0,
    features: Features | None = None,
) -> Case:
    """Numbers for a text: drawn by seed, with different widths that are not round.

    >>> from symrnn.language import parse
    >>> made = case(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"), 3)
    >>> made.dims, made.shape("h0"), made.wrt
    ({'D': 2, 'C': 3}, (2, 3), ('W', 'U'))
    """
    check_steps(steps)
    if written.steps not in (None, steps):
        raise UsageError(f"the text fixes T = {written.steps}; it has no {steps} steps")
    if not 1 <= batch <= MAX_WIDTH:
        raise UsageError(f"{batch} sequences; expected a number from 1 to {MAX_WIDTH:,}")
    if seed < 0:
        raise UsageError(f"the seed is {seed}; expected 0 or more")
    chosen = features or Features()
    written = with_ids(written, chosen.get("ids", ()))
    form = normal(written, stable=True)
    whole = kept(form)
    states = initial_states(whole)
    keepers = {symbol.name: symbol for symbol in whole.symbols.values() if symbol.keeps}
    symbols = {**resolve(written), **keepers}
    for name, node in states.items():
        like = symbols[node.name]
        symbols[name] = Symbol(name, "input", shape=like.shape, onehot=like.onehot)
    text = with_lines(written, states, {symbol.keeps: name for name, symbol in keepers.items()})
    widths = _widths(symbols, dims or {}, seed)
    parameters = [symbol.name for symbol in symbols.values() if symbol.role == "parameter"]
    by = (*parameters, *(name for name in dict.fromkeys(wrt) if name not in parameters))
    made = Case(
        text,
        with_states(whole),
        symbols,
        states,
        steps,
        batch,
        widths,
        seed,
        () if chosen.get("forward_only") else by,
        {},
        {},
        chosen,
        why_no_step(form),
        is_causal(form),
        drawn(np.random.default_rng([seed, 4]), steps, batch) if chosen.get("lengths") else (),
        windows(form, steps, chosen.get("truncate")),
        written,
    )
    asked = made.named("input", "target", *GIVEN)
    count = sum(int(np.prod([float(n) for n in made.shape(s.name)])) for s in asked)
    if count > MOST_NUMBERS:
        raise UsageError(
            f"{count:,} numbers for parameters and inputs, more than {MOST_NUMBERS:,}; smaller"
            " sizes find the same errors (--dims, --batch, --steps)"
        )
    made = replace(made, data=sample(text, symbols, widths, steps, batch, seed))
    if "L" not in symbols:
        rng = np.random.default_rng([seed, 1])
        weights = {name: rng.normal(size=made.shape(name)) for name in made.outputs}
        made = replace(made, weights=weights)
    return _with_numbers_that_do(made)


def with_lines(
    written: Written, states: Mapping[str, Ref], keepers: Mapping[str, str] | None = None
) -> Written:
    """The text with a line for each initial state, so that it can be given: h[0] = h0. An input
    that is read at earlier steps is read of what keeps it.

    >>> from symrnn.language import parse, show
    >>> text = parse("h[t] = x[t] - x[t-1]")
    >>> print(show(with_lines(text, {"x0": Ref("kept_x", "1", -1)}, {"x": "kept_x"})), end="")
    x0: input
    kept_x: hidden
    h[t] = x[t] - kept_x[t-1]
    kept_x[0] = x0
    kept_x[t] = x[t]
    """
    known = keepers or {}

    def early(leaf: Expr) -> Expr:
        if isinstance(leaf, Ref) and leaf.shift < 0 and leaf.name in known:
            return replace(leaf, name=known[leaf.name])
        return leaf

    lines = [replace(d, body=map_leaves(d.body, early)) for d in written.definitions]
    lines += [Definition(node, Ref(name)) for name, node in states.items()]
    lines += [Definition(Ref(keeper, "t"), Ref(name, "t")) for name, keeper in known.items()]
    said = [Declaration(name, "input") for name in states]
    said += [Declaration(keeper, "hidden") for keeper in known.values()]
    return replace(written, definitions=tuple(lines), declarations=(*written.declarations, *said))


def _widths(symbols: Symbols, given: Mapping[str, int], seed: int) -> dict[str, int]:
    """Different widths for all dimensions: a wrong transpose does not go unnoticed."""
    known = dimensions(symbols)
    for name, size in given.items():
        if name not in known:
            raise UsageError(
                f"the model has no dimension '{name}'{suggestion(name, known)}; it has"
                f" {', '.join(known) or 'none'}"
            )
        if not 1 <= size <= MAX_WIDTH:
            raise UsageError(f"{name}={size}: a width is a whole number from 1 to {MAX_WIDTH:,}")
    drawn = np.random.default_rng(seed).permutation(len(known)) + 2
    return {name: given.get(name, int(size)) for name, size in zip(known, drawn, strict=True)}


def _with_numbers_that_do(made: Case) -> Case:
    """As drawn, or all of them positive, for the sake of a logarithm or a root."""
    for data in (made.data, {name: np.abs(array) for name, array in made.data.items()}):
        if made.run(data, made.steps).is_finite():
            return replace(made, data=data)
    raise DataError(
        f"with the numbers drawn by seed {made.seed} the text itself gives no finite number;"
        " try another --seed"
    )


def sizes(axes: Sequence[object], known: Mapping[str, int]) -> tuple[int, ...]:
    """Axes as a kernel names them, as numbers.

    >>> sizes(("T", "B", "H_f+H_b", 3), {"T": 5, "B": 2, "H_f": 3, "H_b": 4})
    (5, 2, 7, 3)
    """
    return tuple(
        sum(int(part) if part.isdigit() else known[part] for part in str(axis).split("+"))
        for axis in axes
    )
