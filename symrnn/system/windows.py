"""Backpropagation that is cut after k steps: windows of steps, counted from the last.

For T = 10 and k = 4 these are 7 … 10, 3 … 6 and 1 … 2. The forward pass knows nothing of them; on
the way back an adjoint that one step gets from another is dropped where the two lie in different
windows. So a loss at T reaches back exactly k steps, and where T is a multiple of k the gradient is
that of kernels of k steps which hand their state on. What an equation of every step, v[t] = …, or a
sum over time reads at another step is cut; what is read once, as by yhat = h[T] @ V or v[0] = …, is
not, and neither is what is read of an input.
"""

from dataclasses import dataclass, replace

from symrnn.errors import UsageError
from symrnn.language.tree import Ref
from symrnn.system.graph import at_step, inverse, reached
from symrnn.system.symbols import Symbols
from symrnn.system.system import Equation, Linear, System, Term, Total, uses


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of `size` steps; the first may be shorter."""

    steps: int
    size: int

    def of(self, step: int) -> int:
        """The window of a step, the last one being 0; boundaries belong to the steps beside them.

        >>> [Windows(10, 4).of(step) for step in (11, 10, 7, 6, 2, 0)]
        [0, 0, 0, 1, 2, 2]
        """
        return (self.steps - min(max(step, 1), self.steps)) // self.size

    def part(self, one: int, other: int) -> bool:
        """Whether two steps lie in different windows."""
        return self.of(one) != self.of(other)

    def ends(self) -> list[tuple[int, int]]:
        """The first and the last step of each window, the last window first.

        >>> Windows(10, 4).ends()
        [(7, 10), (3, 6), (1, 2)]
        """
        lasts = range(self.steps, 0, -self.size)
        return [(max(last - self.size + 1, 1), last) for last in lasts]

    def edges(self, shift: int) -> list[int]:
        """The steps from which a shift leads into another window.

        >>> Windows(10, 4).edges(1), Windows(10, 4).edges(-1)
        ([2, 6], [3, 7])
        """
        inside = range(max(1, 1 - shift), min(self.steps, self.steps - shift) + 1)
        return [t for t in inside if self.part(t, t + shift)]

    # terms of adjoints

    def cut(self, symbols: Symbols, target: Ref, term: Term, t: int) -> bool:
        """Whether a term of an adjoint's equation, at step t, comes from another window."""
        if not is_handed_on(symbols, target, term) or term.ref is None:
            return False
        here = place(symbols, target)
        if not (here.base and term.ref.base):
            return False  # read once, whoever reads it
        return self.part(self.step(here, t), self.step(term.ref, t))

    def step(self, ref: Ref, t: int) -> int:
        """The step that a reference reads, counted from 1."""
        return t + ref.shift if ref.base == "t" else at_step(ref, self.steps).shift + 1

    def left(self, symbols: Symbols, equation: Equation, t: int) -> Equation:
        """What of an equation is left at step t."""
        if not isinstance(equation, Linear):
            return equation
        kept = tuple(e for e in equation.terms if not self.cut(symbols, equation.target, e, t))
        return replace(equation, terms=kept)


@dataclass(frozen=True, slots=True)
class Cut:
    """A shift that is not taken where it leads into another window."""

    windows: Windows
    shift: int

    def at(self, step: int) -> bool:
        return self.windows.part(step, step + self.shift)


def windows(system: System, steps: int, size: int | None) -> Windows | None:
    """The windows, where there are several."""
    if size is None:
        return None
    check_size(size)
    if system.steps is not None:
        raise UsageError(
            f"the text fixes T = {system.steps} and is written out step by step; backpropagation"
            " can be cut where equations hold for every t: leave the line with T out"
        )
    for equation in system.equations:
        name = equation.target.name
        if not isinstance(equation, Linear) or system.symbols[name].role != "variable":
            continue
        if not all(term.everywhere for term in equation.terms):
            raise UsageError(
                f"{name} gets something added at one step, {name}[T] += …, which belongs to no"
                " window; backpropagation cannot be cut there: write it as an equation"
            )
    return Windows(steps, size) if size < steps else None


def check_size(size: object) -> None:
    """Refuse what is no number of steps to cut backpropagation after."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise UsageError(f"backpropagation cannot be cut after {size!r} steps; expected 1 or more")


def is_handed_on(symbols: Symbols, target: Ref, term: Term) -> bool:
    """Whether a term hands the adjoint of one variable on to another: an input gets all of its
    own, since it is read and nothing is carried further."""
    if term.ref is None or {symbols[ref.name].role for ref in (target, term.ref)} != {"adjoint"}:
        return False
    of = symbols[target.name].of
    return of is None or not (symbols[of.name].role == "input" or symbols[of.name].keeps)


def is_carried(symbols: Symbols, target: Ref, term: Term) -> bool:
    """Whether a term is handed on from step to step, in the same way at all of them."""
    ref = term.ref
    if ref is None or (target.base, ref.base, term.at) != ("t", "t", None):
        return False
    return bool(ref.shift) and is_handed_on(symbols, target, term)


def place(symbols: Symbols, ref: Ref) -> Ref:
    """Where in time an adjoint is: that of a boundary is where the boundary is."""
    of = symbols[ref.name].of
    return of if not ref.base and of is not None else ref


def changed(system: System) -> set[str]:
    """The adjoints and gradients that a cut may change."""
    symbols = system.symbols
    reads = {
        e.target.name: {use.ref.name for use in uses(e)}
        for e in system.equations
        if isinstance(e, Linear | Total) and e.target.name != system.loss
    }
    found = {
        e.target.name
        for e in system.equations
        for term in (e.terms if isinstance(e, Linear) else ())
        if term.ref is not None and is_handed_on(symbols, e.target, term)
        for here, there in [(place(symbols, e.target), term.ref)]
        if here.base and there.base and (here.base, here.shift) != (there.base, there.shift)
    }
    return reached(found, inverse(reads))


MANY = 6
"""From so many windows on, the rest is dots."""


def said(cut: Windows, system: System) -> str:
    """What is cut, in words.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import adjoint, normal
    >>> text = parse("h[t] = tanh(u * h[t-1] + x[t]); L = mean(mse(y[t], h[t]))")
    >>> print(said(Windows(6, 4), adjoint(normal(text))))
    Backpropagation is cut after 4 steps: the windows are 3 … 6, 1 … 2, and what an adjoint gets \
from another window is dropped: d_a_h[t+1] for t = 2.
    """
    found = dict.fromkeys(
        term.ref
        for e in system.equations
        for term in (e.terms if isinstance(e, Linear) else ())
        if term.ref is not None and is_carried(system.symbols, e.target, term)
    )
    by_shift = {
        shift: [f"{ref.name}[t{ref.shift:+d}]" for ref in found if ref.shift == shift]
        for shift in dict.fromkeys(ref.shift for ref in found)
    }
    dropped = [
        f"{', '.join(names)} for t = {_few([str(t) for t in reversed(cut.edges(shift))])}"
        for shift, names in by_shift.items()
        if cut.edges(shift)
    ]
    text = f"{sentence(cut)}, and what an adjoint gets from another window is dropped"
    return text + (f": {'; '.join(dropped)}." if dropped else ".")


def sentence(cut: Windows) -> str:
    """How a sentence begins that says what is cut."""
    ends = [f"{first} … {last}" if first < last else str(last) for first, last in cut.ends()]
    steps = f"{cut.size} step{'s' * (cut.size > 1)}"
    return f"Backpropagation is cut after {steps}: the windows are {_few(ends)}"


def _few(parts: list[str]) -> str:
    return ", ".join(parts if len(parts) <= MANY else [*parts[: MANY - 1], "…"])
