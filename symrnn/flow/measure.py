"""Flow, measured: one pass forwards and backwards for the terms, one for each step at which the
gradient enters for the triangle, and the Jacobian of each step."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.flow.data import Flow, ParameterFlow, RecurrenceFlow, Saturation
from symrnn.flow.entries import weighed
from symrnn.flow.step import NUMBERS, Recurrence, Step, recurrences
from symrnn.flow.symbols import step_in_symbols
from symrnn.flow.terms import ONCE, StepTerms
from symrnn.flow.verdict import FLAT, by_lag, reach, verdict
from symrnn.interpret.arithmetic import Floats, formula
from symrnn.interpret.interpreter import Interpreter, Result
from symrnn.interpret.sizes import Data, Sizes
from symrnn.language.arrays import Array
from symrnn.language.calls import is_elementwise
from symrnn.language.tree import Call, Expr, Ref, Written, refs
from symrnn.system.adjoint import adjoint
from symrnn.system.calculus import derivative
from symrnn.system.normal import normal
from symrnn.system.symbols import GIVEN
from symrnn.system.system import Pointwise, System, Total

WIDEST = 512
"""Of a wider state there are no Jacobians: their cost grows as its cube."""
SEQUENCES = 4
"""The Jacobians are those of so many sequences of the batch, the first."""


def measure(
    name: str,
    written: Written,
    params: Data,
    inputs: Data,
    steps: int | None = None,
    triangle: bool = True,
    jacobians: bool = True,
) -> Flow:
    """How the gradient of a model's loss flows through time."""
    system = normal(written)
    if system.loss is None:
        raise UsageError(
            "flow is of a loss, and the model has none; write L = … or put a head on it, such as"
            " binary or steps"
        )
    if system.steps is not None:
        raise UsageError(
            "flow is of a model that holds for any number of steps; this one is written out for"
            f" T = {system.steps}"
        )
    data = _data(system, params, inputs)
    with np.errstate(all="ignore"):  # what is not finite is part of what is told
        return _Measuring(name, written, system, data, steps).flow(triangle, jacobians)


def _data(system: System, params: Data, inputs: Data) -> dict[str, Array]:
    """All that the system asks for, in float64."""
    both = params.keys() & inputs.keys()
    if both:
        raise DataError(f"'{min(both)}' is given twice, as a parameter and as an input")
    found = {}
    for name, value in {**params, **inputs}.items():
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise DataError(f"{name} holds {array.dtype}; expected real numbers")
        found[name] = array.astype(np.float64)
    return found


class _Measuring:
    def __init__(
        self,
        name: str,
        written: Written,
        system: System,
        data: dict[str, Array],
        steps: int | None,
    ) -> None:
        self.name, self.written, self.system, self.data = name, written, system, data
        sizes = Sizes(system.symbols, data, steps)
        self.steps, self.batch, self.dims = sizes.steps, sizes.batch, sizes.dims
        gradient = adjoint(system)
        self.bar = {
            s.of.name: s.name for s in gradient.named("adjoint") if s.of is not None and s.timed
        }
        """The adjoint of each variable that the loss depends on and a parameter moves."""
        self.found = recurrences(system, self.bar)
        self.weighed = weighed(gradient)
        self.run = Interpreter(_only_rows(self.weighed.system))
        self.entries = tuple(self.weighed.steps(self.steps))
        ones = np.ones((self.steps, self.batch, 1))
        self.values = self.result(ones, np.ones((self.batch, 1)), 1)
        self.terms = StepTerms(self.weighed, self.values, self.dims)
        self.remarks: list[str] = []

    def result(self, each: Array, outside: Array, passes: int) -> Result:
        """Several backward passes side by side, by what enters each of them."""
        data = {self.weighed.each: each, self.weighed.outside: outside}
        for name, value in self.data.items():
            plain = self.system.symbols[name].role in GIVEN
            data[name] = value if plain else _repeated(value, passes)
        return self.run(data, self.steps)

    def flow(self, triangle: bool, jacobians: bool) -> Flow:
        ends = tuple(sorted({*self.entries[:1], *self.entries[-1:]}))
        entries = self.entries if triangle else ends
        arrivals, triangles = self.triangles(entries)
        parameters = tuple(self.parameters(triangles if triangle else None))
        found = tuple(self.recurrences(arrivals, entries if triangle else None, jacobians))
        if not found:
            self.remarks.append("the model has no recurrence: no step hands anything on")
        elif self.steps == 1:
            self.remarks.append("there is one step: nothing is handed on, and nothing comes back")
        loss = float(self.values.loss)
        if not np.isfinite(loss):
            self.remarks.append(f"the loss is {loss}: what follows from it is no number either")
        return Flow(
            self.name,
            self.steps,
            self.batch,
            loss,
            self.entries,
            parameters,
            found,
            tuple(self.saturation()),
            tuple(self.remarks),
        )

    # parameters

    def places(self) -> list[int | None]:
        return [*range(1, self.steps + 1), ONCE]

    def parameters(self, triangles: dict[str, Array] | None) -> Iterator[ParameterFlow]:
        names = self.terms.parameters
        wholes: dict[str, Array] = {}
        for place in self.places():
            for name, bar in names.items():
                wholes[name] = wholes.get(name, 0) + self.terms.at(bar, place)[0]
        sizes = {name: float(np.linalg.norm(whole)) for name, whole in wholes.items()}
        norms: dict[str, list[float]] = {name: [] for name in names}
        cosines: dict[str, list[float]] = {name: [] for name in names}
        for place in self.places():
            for name, bar in names.items():
                term = self.terms.at(bar, place)[0]
                norm = float(np.linalg.norm(term))
                norms[name].append(norm)
                both = norm * sizes[name]
                cosines[name].append(float(np.sum(term * wholes[name]) / both) if both else 0.0)
        for name in names:
            own = None if triangles is None else triangles[name]
            far = None if own is None else reach(by_lag(own, self.entries, 0))
            yield ParameterFlow(
                name,
                sizes[name],
                np.array(norms[name][:-1]),
                np.array(cosines[name][:-1]),
                norms[name][-1],
                cosines[name][-1],
                own,
                far,
            )

    def triangles(self, entries: tuple[int, ...]) -> tuple[dict[str, Array], dict[str, Array]]:
        """For each entry what arrives at each state, and through each step at each parameter."""
        one = sum(np.size(value) for value in self.values.values.values())
        many = max(1, NUMBERS // max(1, one))
        shape = (len(entries), self.steps)
        names = self.terms.parameters
        through = {name: np.zeros(shape) for name in names}
        arrivals = {bar: np.zeros(shape) for bar in self.bars()}
        for first in range(0, len(entries), many):
            chunk = entries[first : first + many]
            rows = slice(first, first + len(chunk))
            result = self.entering(chunk)
            terms = StepTerms(self.weighed, result, self.dims, len(chunk))
            for step in range(1, self.steps + 1):
                for name, bar in names.items():
                    through[name][rows, step - 1] = _norms(terms.at(bar, step))
                for bar in arrivals:
                    own = result.values[bar, step].reshape(len(chunk), -1)
                    arrivals[bar][rows, step - 1] = _norms(own)
        return arrivals, through

    def entering(self, entries: tuple[int, ...]) -> Result:
        """A backward pass for each of these steps, of what enters there alone."""
        passes = len(entries)
        each = np.zeros((self.steps, passes, self.batch, 1))
        for place, step in enumerate(entries):
            each[step - 1, place] = passes  # the loss is divided by the number of all rows
        rows = passes * self.batch
        return self.result(each.reshape(self.steps, rows, 1), np.zeros((rows, 1)), passes)

    def bars(self) -> list[str]:
        """The adjoints of the states."""
        return [bar for r in self.found for name in r.states if (bar := self.bar.get(name))]

    # recurrences

    def recurrences(
        self, arrivals: dict[str, Array], entries: tuple[int, ...] | None, jacobians: bool
    ) -> Iterator[RecurrenceFlow]:
        """Without entries the arrivals are those of the first and of the last: the one that has
        the longest way before it tells."""
        for recurrence in self.found:
            bars = [self.bar[name] for name in recurrence.states if name in self.bar]
            delta = self.together([self.values[name] for name in bars])
            profile = np.zeros(0)
            if self.entries and bars:
                together = np.sqrt(sum(arrivals[name] ** 2 for name in bars))
                if entries is not None:
                    profile = by_lag(together, entries, recurrence.direction)
                else:
                    row = -1 if recurrence.direction > 0 else 0
                    own = (self.entries[row],)
                    profile = by_lag(together[[row]], own, recurrence.direction)
            yield self.recurrence(recurrence, delta, profile, jacobians)

    def together(self, values: list[Array]) -> Array:
        squares = [np.sum(value**2, axis=(1, 2)) for value in values]
        return np.sqrt(np.sum(squares, axis=0)) if squares else np.zeros(self.steps)

    def recurrence(
        self, of: Recurrence, delta: Array, profile: Array, jacobians: bool
    ) -> RecurrenceFlow:
        symbols, states = self.system.symbols, of.states
        width = sum(symbols[n].width.count(self.dims) * lag for n, lag in of.lags.items())
        norms = radii = eigenvalues = product_norms = product_radii = None
        if jacobians and width > WIDEST:
            self.remarks.append(
                f"the state of {', '.join(states)} is {width} wide, and above {WIDEST} there are"
                " no Jacobians"
            )
        elif jacobians and self.steps > 1:
            step = Step(self.system, of)
            found = step.jacobians(self.values, self.dims, min(self.batch, SEQUENCES))
            if np.isfinite(found).all():
                norms, radii, eigenvalues, product_norms, product_radii = _spectra(found)
            else:
                self.remarks.append(f"a Jacobian of {', '.join(states)} is not finite")
        label = states[0] if len(states) == 1 else f"({', '.join(states)})"
        return RecurrenceFlow(
            of.direction,
            states,
            tuple(node.name for node in of.activations),
            width,
            delta,
            profile,
            norms,
            radii,
            eigenvalues,
            product_norms,
            product_radii,
            verdict(profile, label),
            step_in_symbols(self.written, of),
        )

    # saturation

    def saturation(self) -> Iterator[Saturation]:
        """The functions that work at every step, and where they are flat."""
        inside = {node for r in self.found for node in r.activations}
        for equation in self.system.equations:
            if not isinstance(equation, Pointwise) or equation.target not in inside:
                continue
            body, target = equation.body, equation.target
            if not (isinstance(body, Call) and is_elementwise(body) and len(body.args) == 1):
                continue
            (arg,) = body.args
            if not isinstance(arg, Ref) or (arg.base, arg.shift) != ("t", 0):
                continue
            slope = derivative(body, arg, value=target)
            values = {target: self.values[target.name], arg: self.values[arg.name]}
            found = np.abs(_worked_out(slope, values))
            slopes = np.broadcast_to(found, values[target].shape)
            flat = (slopes < FLAT).mean(axis=(1, 2))
            yield Saturation(target.name, body.function, slopes.mean(axis=(1, 2)), flat)


def _worked_out(slope: Expr, values: dict[Ref, Array]) -> Array:
    on, leaves = Floats(), list(dict.fromkeys(refs(slope)))
    function = formula(slope, [leaf.name for leaf in leaves], on.number, on.apply)
    return np.asarray(function(*(values[leaf] for leaf in leaves)))


def _repeated(value: Array, passes: int) -> Array:
    """Rows of (T, B, n) or (B, n), once for each pass."""
    return np.tile(value, (*(1 for _ in value.shape[:-2]), passes, 1))


def _norms(values: Array) -> Array:
    return np.asarray(np.linalg.norm(values.reshape(len(values), -1), axis=1))


def _only_rows(system: System) -> System:
    """Without the gradients of parameters, which are worked out term by term."""
    kept = tuple(e for e in system.equations if not isinstance(e, Total) or e.target.name == "L")
    return replace(system, equations=kept)


def _spectra(found: Array) -> tuple[Array, ...]:
    """Of each Jacobian, and of the products that lead back from the last."""
    eigenvalues = np.linalg.eigvals(found)
    norms = np.linalg.norm(found, 2, axis=(-2, -1)).mean(axis=1)
    radii = np.abs(eigenvalues).max(axis=-1).mean(axis=1)
    product = np.broadcast_to(np.eye(found.shape[-1]), found.shape[1:])
    product_norms, product_radii = [], []
    for jacobian in found[::-1]:
        product = product @ jacobian
        sound = bool(np.isfinite(product).all())
        product_norms.append(np.linalg.norm(product, 2, axis=(-2, -1)).mean() if sound else np.inf)
        radius = np.abs(np.linalg.eigvals(product)).max(-1).mean() if sound else np.inf
        product_radii.append(radius)
    return norms, radii, eigenvalues, np.array(product_norms), np.array(product_radii)
