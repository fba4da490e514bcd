"""A text worked out as it is written, at any number of digits; and what it gives with large
parameters, where a careless formula would overflow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import e, log10
from typing import Any

import numpy as np

from symrnn.interpret.arithmetic import Floats, Objects, formula, mpmath_objects
from symrnn.interpret.held import floats
from symrnn.interpret.interpreter import Result
from symrnn.interpret.oracle import exactly
from symrnn.interpret.sizes import Data
from symrnn.kernels.verification.case import Case
from symrnn.kernels.verification.lengths import Joined
from symrnn.language.arrays import Array
from symrnn.language.tree import Own

TINIEST, LARGEST = 1e-307, 1e307
NO_NUMBER = (TypeError, ValueError, ZeroDivisionError, OverflowError)
"""What is raised where there is no real number: for a logarithm of zero, a root of minus one."""


@dataclass(frozen=True)
class InRange(Objects):
    """Objects that stop where an exp of the text itself leaves the range of floats: it is written
    so, and no other formula stands for it. Inside of other functions exp may be what it likes."""

    def apply(self, function: str | Own, *args: Any) -> Array:
        if isinstance(function, Own):  # what stands in it the text has written
            of = formula(function.body, function.args, self.convert, self.apply)
            return self.array(of(*map(self.array, args)))
        found = super().apply(function, *args)
        if function == "exp" and not all(TINIEST < value < LARGEST for value in found.flat):
            raise OverflowError("an exp leaves the range of floats")
        return found

    def softmax(self, z: Array) -> Array:
        return self.inside.softmax(z)

    def logsumexp(self, z: Array) -> Array:
        return self.inside.logsumexp(z)

    @property
    def inside(self) -> Objects:
        return Objects(self.convert, self.functions)


def worked_out(
    case: Case, data: Data, digits: int, normal: bool = False, in_range: bool = False
) -> Result | Joined:
    """Every variable at every step, of the text or of its normal form; `in_range`, an error where
    an exp of the text leaves the range of floats."""
    on = mpmath_objects(digits)
    if in_range:
        on = InRange(on.convert, on.functions)
    exact = {name: exactly(on, array) for name, array in data.items()}
    return case.run_of(case.system if normal else case.written)(exact, case.steps, on)


TIMES = (1000, 300, 100, 30, 10, 5, 4, 3, 2)
"""The largest of these is taken with which the text itself has a value, and no exp that it asks
for leaves the range of floats."""
DIGITS = 3000
"""At most. One minus a sigmoid has as many nines as its argument has digits of e: many hundreds."""
SHARES = (0.2, 0.7, 1, 1.2)
"""Of the digits that the largest value asks for; tried until one agrees with floats, or two do.
The first is quick, and enough for most: floats alone can confirm it."""
AGREE = 1e-13
"""What is exact with few digits and what stable formulas give in floats go wrong in other places:
where the two are as near as this, a tenth of what a kernel may be off, both are right."""
WORK = 10_000
"""Steps times sequences times entries of gradients, up to where that is quick enough."""
ROUNDING = 2.0**-52
LEEWAY = 1000
TURNS = 8
GROSS = 1e-6
"""How far off a value may be that is held against floats, which lose digits of their own: what
overflows, or is cut off, is further off than that."""
FLOATS = 10
"""How much more a kernel may lose than its equations, worked out one by one."""


@dataclass(frozen=True)
class Turned:
    """Large parameters of other signs, and what the equations give for them in floats, one by one.

    A formula may overflow on one side alone, and a loss with one target looks at one side."""

    data: dict[str, Array]
    value: float
    moves: float


@dataclass(frozen=True)
class Large:
    """The value of a text with all parameters larger."""

    times: int
    value: float
    moves: float
    """How far the value moves when every number moves by its last bit, and a thousand times that:
    of a system that is chaotic then, nothing is asked. Nor can more be asked than the equations
    themselves give in floats, one by one: a root of 1 - a² is as exact as the difference."""
    outputs: dict[str, Array]
    apart: dict[str, float]
    """How far each output may be off, likewise."""
    turned: tuple["Turned", ...]


@dataclass(frozen=True)
class _Blurred(Floats):
    """Floats, where the value of a function may be off by the last bit of 1: as a sigmoid is that
    is made of a tanh. An exp is made of nothing else, and has no value that is not positive."""

    rng: np.random.Generator = field(default_factory=np.random.default_rng)

    def apply(self, function: Any, *args: Any) -> Array:
        found = Floats.apply(self, function, *args)
        if function == "exp":
            return found
        signs = self.rng.choice([-1, 1], np.shape(found))
        return np.asarray(found + ROUNDING * signs * np.maximum(np.abs(found), 1))


def large(case: Case) -> Large | None:
    """The value, if the text has one and it does not take too long."""
    named = case.wrt or [symbol.name for symbol in case.named("parameter")]
    entries = sum(int(np.prod(case.full_shape(name))) for name in named)
    if case.steps * case.batch * entries > WORK or not named:
        return None
    return next((found for times in TIMES if (found := _value(case, times)) is not None), None)


def larger(case: Case, times: int) -> dict[str, Array]:
    """The numbers of a case with larger parameters."""
    parameters = {symbol.name for symbol in case.named("parameter")}
    return {name: a * times if name in parameters else a for name, a in case.data.items()}


@np.errstate(all="ignore")
def _value(case: Case, times: int) -> Large | None:
    rng = np.random.default_rng([case.seed, 3])
    data = larger(case, times)
    near = [_near(data, rng) for _ in range(TURNS)]
    try:
        run, blurred = case.run_of(case.system), _Blurred(np.float64, rng)
        plain = [run(data, case.steps), *(run(each, case.steps, blurred) for each in near)]
        if not all(each.is_finite() for each in plain):
            return None
        exact = _exact(case, data, plain[0])
        value, outputs = float(case.value(exact)), {n: floats(exact[n]) for n in case.outputs}
        moved = run(near[0], case.steps)
        moves = _moves(value, [case.value(each) for each in (moved, *plain)])
        apart = {
            name: _moves(array, [each[name] for each in (moved, *plain)])
            for name, array in outputs.items()
        }
    except NO_NUMBER:
        return None
    if not np.isfinite([value, moves, *apart.values()]).all():
        return None
    return Large(times, value, moves, outputs, apart, tuple(_turned(case, data, rng)))


def _exact(case: Case, data: dict[str, Array], plain: Any) -> Any:
    """What the text gives, with as many digits as it takes.

    The largest value in floats tells how many that may be. If fewer give the same, or floats do,
    more would as well; where something is beyond that, such as an exp of a square, they do not, or
    give nothing.
    """

    def numbers(result: Any) -> Array:
        outputs = [floats(result[name]).ravel() for name in case.outputs]
        return np.concatenate([[float(case.value(result))], *outputs])

    seen = [numbers(plain)]
    digits = 60 + plain.largest() * log10(e)
    for share in SHARES:
        if share * digits >= DIGITS:
            break
        try:
            result = worked_out(case, data, round(share * digits), in_range=True)
            found = numbers(result)
        except OverflowError:  # an exp leaves the range of floats, with any number of digits
            raise
        except NO_NUMBER:
            continue
        agrees = any(np.allclose(found, other, AGREE, AGREE) for other in seen)
        if agrees and np.isfinite(found).all():
            return result
        if share > SHARES[0]:
            seen.append(found)
    return worked_out(case, data, DIGITS, in_range=True)


def _turned(case: Case, data: dict[str, Array], rng: np.random.Generator) -> Iterator[Turned]:
    parameters = {symbol.name for symbol in case.named("parameter")}
    run = case.run_of(case.system)
    for _ in range(TURNS):
        signs = {name: rng.choice([-1, 1], np.shape(data[name])) for name in sorted(parameters)}
        other = {name: a * signs.get(name, 1) for name, a in data.items()}
        value, moved = (
            float(case.value(run(each, case.steps))) for each in (other, _near(other, rng))
        )
        if np.isfinite([value, moved]).all():
            yield Turned(other, value, max(GROSS * max(abs(value), 1), LEEWAY * abs(moved - value)))


def _near(data: dict[str, Array], rng: np.random.Generator) -> dict[str, Array]:
    """The same numbers, each with its last bit moved."""
    return {n: a * (1 + ROUNDING * rng.choice([-1, 1], np.shape(a))) for n, a in data.items()}


def _moves(exact: Any, plain: Sequence[Any]) -> float:
    """How far a number may be off: as it moves with the last bit of the data (the first two of
    what floats give), and as floats lose it, at their worst."""
    moved, still = map(np.asarray, plain[:2])
    lost = max(float(np.linalg.norm(np.asarray(each) - exact)) for each in plain)
    return max(LEEWAY * float(np.linalg.norm(moved - still)), FLOATS * lost)
