"""`numbers`: a worked example: each formula, the same with numbers put in, and its value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symrnn.derive.build import plus
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.evaluate import Evaluator, Strict
from symrnn.derive.formula import Equation, Formula, Marked, Name, Sheet, Times, Total, Value
from symrnn.derive.pieces import map_children, walk
from symrnn.derive.recursion import Deltas, deltas
from symrnn.derive.views.common import recursion
from symrnn.derive.views.delta import forward, needed, said
from symrnn.derive.views.norms import sheets as norms
from symrnn.errors import DataError, UsageError
from symrnn.interpret.interpreter import Result, interpret
from symrnn.interpret.sizes import Sizes
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Neg, Num, Ref
from symrnn.system import initial_states
from symrnn.system.symbols import GIVEN, PI

LIMIT = 4000
"""How many numbers a worked example may print."""

ETA = Name(r"\eta")


def view(
    derivation: Derivation,
    names: Sequence[str] = (),
    *,
    data: Mapping[str, Array],
    eta: float = 0.001,
    meaning: str = "",
    slip: tuple[Formula, Formula] | None = None,
) -> tuple[Sheet, ...]:
    """The forward pass, the backward pass, the gradients and one step of descent, in numbers.

    `data` holds one sequence, a target and all parameters; an initial state left out is zero.
    `meaning` says what its numbers stand for. With a `slip` (a left side, and a formula) the
    numbers of one equation are put into a wrong formula, and what is worked out with its value is
    worked out with the wrong one.
    """
    derivation, data, values = _fitted(derivation, data)
    chosen = derivation.chosen(names)
    _refuse(_least(derivation, values), "at least ")
    found = deltas(derivation)
    work = _Work(derivation, found, chosen, data, values, eta, slip)
    with np.errstate(all="ignore"):  # a number too large prints as infinite
        first, *others = (sheet for sheet in work.sheets() if sheet.equations or sheet.grid)
    sheets = (replace(first, note=(f"{meaning}. ",) if meaning else ()), *others)
    _refuse(printed(sheets))
    return sheets


def printed(sheets: Sequence[Sheet]) -> int:
    """How many numbers stand in the sheets."""
    return sum(
        len(part.rows) * len(part.rows[0])
        for sheet in sheets
        for equation in sheet.equations
        for right in equation.rights
        for part in walk(right)
        if isinstance(part, Value)
    )


def _fitted(
    derivation: Derivation, data: Mapping[str, Array]
) -> tuple[Derivation, dict[str, Array], Result]:
    """The derivation with the steps and dimensions of the data, and every variable's value."""
    system = replace(derivation, wrt=()).plain
    states = initial_states(system)
    if not set(states) & set(derivation.wrt):
        states = {}
    own = {name: value for name, value in data.items() if name not in states}
    sizes = Sizes(system.symbols, own, derivation.steps)
    if sizes.batch != 1:
        raise DataError(f"{sizes.batch} sequences; a worked example shows one")
    wide = next((name for name, size in sizes.dims.items() if size != 1), None)
    if derivation.scalar and wide is not None:
        raise UsageError(
            f"{wide} = {sizes.dims[wide]} in the data; in the scalar form every width is 1:"
            " leave --scalar away, or give data and weights of width 1"
        )
    for name, ref in states.items():
        width = system.symbols[ref.name].width.count(sizes.dims)
        own[name] = np.asarray(data[name]) if name in data else np.zeros((1, width))
    given = None if derivation.scalar else sizes.dims
    derivation = replace(derivation, steps=sizes.steps, given=given)
    return derivation, own, interpret(derivation.plain, own, sizes.steps)


def _least(derivation: Derivation, values: Result) -> int:
    """The values of the variables alone: told before anything is derived."""
    return sum(
        np.size(value) for (name, _), value in values.values.items() if name in derivation.own
    )


def _refuse(count: int, about: str = "") -> None:
    if count > LIMIT:
        raise UsageError(
            f"the worked example would print {about}{count:,} numbers (the limit is {LIMIT:,});"
            " take fewer steps, smaller dimensions or fewer parameters (--wrt)"
        )


class _Work:
    def __init__(
        self,
        derivation: Derivation,
        found: Deltas,
        chosen: Sequence[str],
        data: Mapping[str, Array],
        values: Result,
        eta: float,
        slip: tuple[Formula, Formula] | None,
    ) -> None:
        self.derivation, self.found, self.chosen = derivation, found, chosen
        self.symbols = values.symbols
        self.targets = [t for name in chosen for t in derivation.targets(name)]
        self.nodes = needed(found, self.targets)
        self.rate = Equation(ETA, (value_of(eta),))
        make = found.closed.term
        self.back = [e for node in self.nodes for e in recursion(found.paths, node, make)]
        self.gradients = [
            Equation(Total(LOSS, target), (plus(map(make, found.paths.terms(target))),))
            for target in self.targets
        ]
        dims = {"T": values.steps, **derivation.dims}
        self.wrong = dict([slip] if slip is not None else [])
        equations = [*map(self.as_put_in, [*self.back, *self.gradients]), self.rate]
        self.evaluate = Evaluator(equations, values, data, dims)
        if slip is not None:
            values = self.carried_on(values)
            self.evaluate = Strict(equations, values, data, dims)
        self._numbers: dict[Formula, Formula] = {}

    def as_put_in(self, equation: Equation) -> Equation:
        """The equation with the formula into which its numbers are put."""
        formula = self.wrong.get(equation.left, equation.rights[0])
        return Equation(equation.left, (formula,))

    def carried_on(self, values: Result) -> Result:
        """The variables once more, one from the other, with the slip in one of them."""
        found = replace(values, values=dict(values.values))
        again = Strict((), found, self.evaluate.data, self.evaluate.dims)
        equations = list(map(self.as_put_in, forward(self.derivation, self.found)))
        for _ in equations:  # in whatever order they depend on each other
            before = dict(found.values)
            for equation in equations:
                ref = equation.left
                assert isinstance(ref, Ref)
                key = ref.name, again.step(ref, {}) if ref.base else None
                found.values[key] = again(equation.rights[0]).reshape(np.shape(before[key]))
            if all(np.array_equal(before[k], v, equal_nan=True) for k, v in found.values.items()):
                break
        return found

    def sheets(self) -> Iterator[Sheet]:
        yield Sheet(("Given",), tuple(self.given()))
        yield Sheet(("Forward pass",), tuple(self.forward()))
        yield Sheet(
            ("Backward pass",),
            tuple(self.worked(e) for e in self.back),
            note=said(self.derivation, self.nodes),
        )
        yield Sheet(("Terms and gradients",), tuple(map(self.gradient, self.gradients)))
        if not self.wrong:  # what is right beside a slip would tell it
            yield from norms(self.derivation, self.evaluate)
        title = ("Update",)
        updates = tuple(self.updates())
        yield Sheet(title, updates)

    def given(self) -> Iterator[Equation]:
        """The data, the weights, the initial states and the learning rate of the example."""
        steps = self.derivation.system.steps or 0
        for symbol in self.derivation.system.named("input", "target", *GIVEN):
            places = range(steps) if symbol.timed else range(1)
            for step in places:
                ref = Ref(symbol.name, "1", step) if symbol.timed else Ref(symbol.name)
                yield Equation(ref, (self.number(ref),))
        for ref in self.starts():
            yield Equation(ref, (self.number(ref),))
        yield self.rate

    def starts(self) -> Iterator[Ref]:
        """The initial states that have no name here: they are zero."""
        steps = self.derivation.system.steps or 0
        for ref in initial_states(self.derivation.plain).values():
            yield Ref(ref.name, "1", ref.shift + (steps - 1 if ref.base == "T" else 0))

    def forward(self) -> Iterator[Equation]:
        for equation in forward(self.derivation, self.found):
            assert isinstance(equation.left, Ref)
            value = self.number(equation.left)
            yield Equation(equation.left, self.shown(equation, value))

    def worked(self, equation: Equation) -> Equation:
        """The formula, the same in numbers, and the value of what stands on the left."""
        return Equation(equation.left, self.shown(equation, self.number(equation.left)))

    def gradient(self, equation: Equation) -> Equation:
        """The sum of the terms also with each term's value."""
        formula, value = self.as_put_in(equation).rights[0], self.number(equation.left)
        between = []
        if isinstance(formula, Add) and not all(map(_is_plain, formula.terms)):
            between = [Add(tuple(value_of(self.evaluate(term)) for term in formula.terms))]
        return Equation(equation.left, self.shown(equation, value, *between))

    def updates(self) -> Iterator[Equation]:
        for name in self.chosen:
            if self.symbols[name].role == "parameter":
                ref = Ref(name)
                formula: Formula = Add((ref, Neg(Times((ETA, Total(LOSS, ref))))))
                value = value_of(self.evaluate(formula))
                update = Equation(Marked(ref, "new"), (formula,))
                yield replace(update, rights=self.shown(update, value))

    def shown(self, equation: Equation, value: Formula, *between: Formula) -> tuple[Formula, ...]:
        """The right sides one after the other; what would stand there twice stands there once."""
        rights = list(equation.rights)
        for right in (self.put_in(self.as_put_in(equation).rights[0]), *between, value):
            if not _same(right, rights[-1]):
                rights.append(right)
        return tuple(rights)

    def put_in(self, formula: Formula) -> Formula:
        """The formula with a number for every letter."""
        if isinstance(formula, Ref | Total | Name):
            return self.number(formula)
        return map_children(formula, self.put_in)

    def number(self, leaf: Formula) -> Formula:
        """The value of a letter or of a derivative; a constant of the text as it stands there."""
        if leaf not in self._numbers:
            fixed = self.symbols[leaf.name].value if isinstance(leaf, Ref) else None
            number: Formula | None = Num(fixed) if fixed is not None and fixed >= 0 else None
            if fixed == PI:
                number = leaf  # nobody puts a number there
            self._numbers[leaf] = number or value_of(self.evaluate(leaf))
        return self._numbers[leaf]


def _is_plain(term: Formula) -> bool:
    """A letter, or a letter with a sign: its value says nothing that the numbers do not."""
    return isinstance(term.arg if isinstance(term, Neg) else term, Ref)


def _same(one: Formula, other: Formula) -> bool:
    """Whether two right sides are printed alike: not a number is here equal to itself."""
    if isinstance(one, Value) and isinstance(other, Value):
        return np.array_equal(one.rows, other.rows, equal_nan=True)
    return one == other


def value_of(array: Any) -> Value:
    """Numbers as a formula: a row for what has one axis."""
    rows = np.atleast_2d(np.asarray(array, float))
    return Value(tuple(tuple(float(x) for x in row) for row in rows))
