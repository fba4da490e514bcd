"""A system taken apart in time: what happens at the steps of a segment, and what happens once.

    h[t] = tanh(x[t] @ W + h[t-1] @ U)         h[0] = h0             yhat = sigmoid(h_last @ V)
    yhat = sigmoid(h[T] @ V)              =>   h[t] = tanh(…)        L = bce(y, yhat)
    L    = bce(y, yhat)                        h_last = h[T]

A long sequence is then one segment after the other, each with the states that the one before it has
left, and the end of it all. Only the states where segments begin need to be kept: what lies between
them can be worked out again.
"""

from dataclasses import dataclass, replace
from typing import NoReturn

from symrnn.errors import UsageError
from symrnn.language.printer import show_definition
from symrnn.language.tree import Ref
from symrnn.system.check import check
from symrnn.system.names import free
from symrnn.system.rewrite import map_refs
from symrnn.system.spell import spell_equation
from symrnn.system.states import initial_states, with_states
from symrnn.system.symbols import GIVEN, Symbol
from symrnn.system.system import Equation, Linear, System, Term, Total, uses
from symrnn.system.unroll import with_number_of_steps


@dataclass(frozen=True)
class Segments:
    """A system in two parts. What the end reads of the segments has the same name in both."""

    segment: System
    """The steps: they begin with states, as inputs, and give what they leave."""
    end: System
    """What is worked out once, after the last step."""
    states: dict[str, str]
    """For each state with which a segment begins, what it is called after the last step."""
    last: tuple[str, ...]
    """What the end reads of the last step."""
    sums: tuple[str, ...]
    """What it reads of all steps: sums, to be added up over the segments."""


def segments(system: System, steps: int) -> Segments:
    """Take apart a system without adjoints whose sums are over so many steps.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> text = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T]) + sum(mse(z[t], h[t]))"
    >>> found = segments(normal(parse(text)), 100)
    >>> [e.target.name for e in found.segment.equations]
    ['h', 'a_h', 'h', 'l_h_2', 'h_last', 'L']
    >>> [e.target.name for e in found.end.equations], found.states, found.last
    (['l_h', 'L'], {'h0': 'h_last'}, ('h_last',))
    """
    return _Parter(system, steps).segments()


class _Parter:
    def __init__(self, system: System, steps: int) -> None:
        self.system = system
        equations = [with_number_of_steps(e, steps) for e in system.equations]
        self.timed = [e for e in equations if e.target.base == "t"]
        once = [e for e in equations if not e.target.base]
        self.weights = {e.target.name: e for e in once if self.is_weight(e.target)}
        """What is computed of parameters alone: worked out in each part that reads it."""
        self.once = [e for e in once if not self.is_weight(e.target)]
        self.symbols = dict(system.symbols)
        self.made: list[Equation] = []
        """What the segments give, beside their own equations."""
        self.last: dict[Ref, str] = {}
        self.sums: list[str] = []

    def is_weight(self, target: Ref) -> bool:
        return self.system.symbols[target.name].role == "weight"

    def segments(self) -> Segments:
        self.check()
        end = [part for e in self.once if (part := self.at_the_end(e)) is not None]
        states = {name: self.left_of(ref) for name, ref in initial_states(self.system).items()}
        read = tuple(dict.fromkeys(use.ref.name for e in end for use in uses(e)))
        last = tuple(name for name in self.last.values() if name in read)
        parameters = {symbol.name for symbol in self.system.named(*GIVEN)}
        fixed = {symbol.name for symbol in self.system.named("fixed")} if end else set()
        steps = self.named((*self.timed, *self.made), "segment", parameters)
        return Segments(
            with_states(steps),
            self.named(tuple(end), "end", fixed),
            states,
            last,
            tuple(self.sums),
        )

    # what cannot be taken apart

    def check(self) -> None:
        if self.system.steps is not None:
            raise UsageError(
                f"--checkpoint: the text fixes T = {self.system.steps} and is written out step by"
                " step; leave the line with T out"
            )
        for equation in self.system.equations:
            if equation.target.base in ("1", "T"):
                self.refuse(equation, "fixes a boundary; hand the state in instead")
            if isinstance(equation, Linear | Total) and any(
                t.at is not None or t.when is not None for t in equation.terms
            ):
                self.refuse(equation, "adds something at one step alone")
        for equation in self.timed:
            for use in uses(equation):
                self.check_step(equation, use.ref)
        for equation in self.once:
            for term in equation.terms if isinstance(equation, Linear | Total) else ():
                for ref in term.reads() if term.over else ():
                    self.check_step(equation, ref)

    def check_step(self, equation: Equation, ref: Ref) -> None:
        """Refuse what a step reads that its segment does not know."""
        symbol = self.symbols[ref.name]
        if ref.base in ("1", "T"):
            self.refuse(equation, f"reads {ref.name} at a fixed step, which is in one segment only")
        if not ref.base and symbol.role == "variable":
            self.refuse(equation, f"reads {ref.name}, which may need all the steps")
        if ref.base == "t" and ref.shift and symbol.role != "variable":
            self.refuse(equation, f"reads {ref.name} at another step, maybe of another segment")
        if ref.base == "t" and ref.shift > 0:
            self.refuse(
                equation,
                "reads a later step: the last segment would come first; only what runs forward in"
                " time can be worked out again from the states before it",
            )

    def refuse(self, equation: Equation, why: str) -> NoReturn:
        said = "; ".join(show_definition(d) for d in spell_equation(equation))
        raise UsageError(f"--checkpoint: {said} {why}")

    # what happens once

    def at_the_end(self, equation: Equation) -> Equation | None:
        """An equation that reads the last step and sums as inputs; None if nothing is left of it,
        because it is a sum over the steps alone, and the loss."""
        if isinstance(equation, Linear | Total):
            over = tuple(term for term in equation.terms if term.over)
            if over:
                rest = tuple(term for term in equation.terms if not term.over)
                if isinstance(equation, Total):
                    self.made.append(Total(equation.target, over))
                    if not rest:
                        return None
                else:
                    rest = (Term(self.summed(equation.target.name, over)), *rest)
                equation = replace(equation, terms=rest)
        for use in uses(equation):
            self.check_last(equation, use.ref)
        return map_refs(equation, self.read)

    def check_last(self, equation: Equation, ref: Ref) -> None:
        role = self.symbols[ref.name].role
        if ref.base and (role != "variable" or (ref.base, ref.shift) != ("T", 0)):
            self.refuse(equation, f"reads a step other than the last, or an input: {ref.name}")

    def read(self, ref: Ref) -> Ref:
        return Ref(self.at_last(ref)) if ref.base else ref

    def at_last(self, ref: Ref) -> str:
        """The variable that a timed one is at the last step, or before it."""
        if ref not in self.last:
            name = f"{ref.name}_last{1 - ref.shift if ref.shift else ''}"
            self.last[ref] = self.given(name, ref.name, Linear(Ref(""), (Term(ref),)))
        return self.last[ref]

    def left_of(self, state: Ref) -> str:
        """What a segment leaves for a state of the next: h[T] for h[0], h[T-1] for h[-1]."""
        return self.at_last(Ref(state.name, "T", state.shift + 1))

    def summed(self, name: str, terms: tuple[Term, ...]) -> Ref:
        total = self.given(f"{name}_sum", name, Linear(Ref(""), terms))
        self.sums.append(total)
        return Ref(total)

    def given(self, wish: str, like: str, equation: Linear) -> str:
        """A variable that a segment gives to what comes after it."""
        name = free(wish, self.symbols)
        self.symbols[name] = Symbol(name, "variable", shape=self.symbols[like].shape, output=True)
        self.made.append(replace(equation, target=Ref(name)))
        return name

    def named(self, equations: tuple[Equation, ...], after: str, also: set[str]) -> System:
        """A system with the symbols that it needs; what it reads and does not define is given."""
        equations = (*self.weights_for(equations), *equations)
        own = {e.target.name for e in equations}
        read = {use.ref.name for e in equations for use in uses(e)} | own
        symbols = {
            name: symbol
            if name in own or symbol.role != "variable"
            else replace(symbol, role="input", output=False)
            for name, symbol in self.symbols.items()
            if name in read | also
        }
        result = System(equations, symbols)
        check(result, after)
        return result

    def weights_for(self, equations: tuple[Equation, ...]) -> list[Equation]:
        """The equations of the weights that these read, in the order of the text."""
        found: set[str] = set()
        waiting = list(equations)
        while waiting:
            read = {use.ref.name for use in uses(waiting.pop())} & self.weights.keys() - found
            waiting += [self.weights[name] for name in read]
            found |= read
        return [e for name, e in self.weights.items() if name in found]
