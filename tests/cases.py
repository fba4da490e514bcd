"""What several tests share: the zoo, and numbers for a model."""

from dataclasses import dataclass
from functools import cache

import symrnn
from symrnn.interpret.oracle import Slope, central, complex_step, error, gradient
from symrnn.interpret.sample import sample
from symrnn.language import Written, parse, show
from symrnn.language.arrays import Array
from symrnn.language.calls import is_analytic
from symrnn.language.printer import show_ref
from symrnn.model import Model
from symrnn.system import initial_states, kept, normal, resolve
from symrnn.system.states import grouped
from symrnn.system.symbols import dimensions

ZOO = sorted(symrnn.models())
COMPLEX_STEP = 1e-12  # the gates of the design, relative to the norm
CENTRAL = 1e-7
PRECISE = 1e-12
STOPPED = "h[t] = relu(x[t] @ W + stop(h[t-1]) @ U); L = mse(y, h[T] @ V)"
"""A text whose slopes are not its gradient."""


@cache
def model(name: str) -> Model:
    return symrnn.load(name)


def state_names(of: Model) -> tuple[str, ...]:
    """The names of a kernel's states."""
    return tuple(grouped(initial_states(kept(of.system))))


def odd_widths(written: Written) -> dict[str, int]:
    """Different widths for all dimensions, none of them round: a wrong transpose is noticed."""
    return {name: (2, 3, 5, 4, 7)[i % 5] for i, name in enumerate(dimensions(resolve(written)))}


def numbers(written: Written, steps: int, batch: int, seed: int = 0) -> dict[str, Array]:
    return sample(written, resolve(written), odd_widths(written), steps, batch, seed)


@dataclass(frozen=True)
class Oracle:
    """The slope of the loss, and how exact it is."""

    slope: Slope
    tolerance: float
    floor: float = 1e-3

    def misses(self, found: Array, data: dict[str, Array], name: str) -> float:
        """How far a gradient is off, as a multiple of what is allowed."""
        return error(found, gradient(self.slope, data, name), self.floor) / self.tolerance


def oracle(written: Written, data: dict[str, Array], steps: int) -> Oracle:
    """A complex step where it may be taken, central differences elsewhere."""
    if is_analytic(written):
        return Oracle(complex_step(written, data, steps), COMPLEX_STEP, floor=1e-4)
    return Oracle(central(written, data, steps), CENTRAL)


def explicit_states(written: Written) -> Written:
    """The text with a line for each initial state, so that the oracle can move it: h[0] = h0."""
    states = initial_states(normal(written)).items()
    lines = [f"{show_ref(node)} = {name}\n{name}: input" for name, node in states]
    return parse("\n".join([show(written), *lines]))
