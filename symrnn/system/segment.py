"""A system taken apart in time: what happens at the steps of a segment, and what happens once.

    h[t] = tanh(x[t] @ W + h[t-1] @ U)         h[0] = h0             yhat = sigmoid(h_last @ V)
    yhat = sigmoid(h[T] @ V)              =>   h[t] = tanh(…)        L = bce(y, yhat)
    L    = bce(y, yhat)                        h_last = h[T]

A long sequence is then one segment after the other, each with the states that the one before it has
left, and the end of it all. Only the states where segments begin need to be kept: what lies between
them can be worked out again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from symrnn.errors import UsageError
from symrnn.language.printer import show_definition, show_ref
from symrnn.language.tree import Definition, Ref, Written, refs
from symrnn.system.check import check
from symrnn.system.graph import reached
from symrnn.system.names import free
from symrnn.system.spell import spell_equation
from symrnn.system.states import initial_states, with_states
from symrnn.system.symbols import GIVEN, Symbol
from symrnn.system.system import Equation, Linear, System, Term, Total, map_refs, uses
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


def segments(system: System, steps: int, written: Written | None = None) -> Segments:
    """Take apart a system without adjoints whose sums are over so many steps. What cannot be taken
    apart is named as it was `written`.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> text = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T]) + sum(mse(z[t], h[t]))"
    >>> found = segments(normal(parse(text)), 100)
    >>> [e.target.name for e in found.segment.equations]
    ['h', 'a_h', 'h', 'l_h_2', 'h_last', 'L']
    >>> [e.target.name for e in found.end.equations], found.states, found.last
    (['l_h', 'L'], {'h0': 'h_last'}, ('h_last',))
    """
    return _Parter(system, steps, written).segments()


class _Parter:
    def __init__(self, system: System, steps: int, written: Written | None) -> None:
        self.system, self.definitions = system, written.definitions if written else ()
        equations = [with_number_of_steps(e, steps) for e in system.equations]
        self.timed = [e for e in equations if e.target.base == "t"]
        self.once = [e for e in equations if not e.target.base]
        self.before = _known_before(self.once, system)
        """What is worked out once of parameters and plain inputs: each segment knows it too."""
        self.symbols = dict(system.symbols)
        self.made: list[Equation] = []
        """What the segments give, beside their own equations."""
        self.last: dict[Ref, str] = {}
        self.sums: list[str] = []

    def segments(self) -> Segments:
        self.check()
        end = [part for e in self.once if (part := self.at_the_end(e)) is not None]
        states = {name: self.left_of(ref) for name, ref in initial_states(self.system).items()}
        read = tuple(dict.fromkeys(use.ref.name for e in end for use in uses(e)))
        last = tuple(name for name in self.last.values() if name in read)
        parameters = {symbol.name for symbol in self.system.named(*GIVEN)}
        inside = _with_needed((*self.timed, *self.made), self.before)
        fixed = {symbol.name for symbol in self.system.named("fixed")} if end else set()
        last_of_all = [e for e in end if e.target.name not in self.before or self.is_output(e)]
        return Segments(
            with_states(self.named(inside, "segment", parameters)),
            self.named(_with_needed(last_of_all, self.before), "end", fixed),
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
        symbol, said = self.symbols[ref.name], self.said(ref)
        if ref.base in ("1", "T"):
            self.refuse(
                equation, f"reads {said} at a fixed step, which is in one segment only", ref
            )
        if not ref.base and symbol.role == "variable" and ref.name not in self.before:
            self.refuse(equation, f"reads {said}, which may need all the steps", ref)
        if ref.base == "t" and ref.shift > 0 and symbol.role != "variable":
            self.refuse(equation, f"reads {said} at a later step, maybe of another segment", ref)
        if ref.base == "t" and ref.shift > 0:
            self.refuse(
                equation,
                "reads a later step: the last segment would come first; only what runs forward in"
                " time can be worked out again from the states before it",
                ref,
            )

    def refuse(self, equation: Equation, why: str, ref: Ref | None = None) -> NoReturn:
        """Say what stands in the way, as its author wrote it."""
        found = self.definition_of(equation, ref)
        said = [found] if found is not None else spell_equation(equation)
        raise UsageError(f"--checkpoint: {'; '.join(map(show_definition, said))} {why}")

    def definition_of(self, equation: Equation, ref: Ref | None) -> Definition | None:
        seen: list[Ref] = [] if ref is None else [ref]
        own = {e.target.name: e for e in self.system.equations}
        for one in seen:  # what a name that was made up stands for, in turn
            for definition in self.definitions:
                if any(show_ref(one) == show_ref(read) for read in refs(definition.body)):
                    return definition
            made = own.get(one.name) if not self.is_authors(one.name) else None
            seen += [use.ref for use in uses(made) if use.ref not in seen] if made else []
        return next((d for d in self.definitions if d.target == equation.target), None)

    def is_authors(self, name: str) -> bool:
        return any(name == d.target.name for d in self.definitions)

    def said(self, ref: Ref) -> str:
        """A name of the text; what has a name that was made up is written out."""
        own = {e.target.name: e for e in self.system.equations}
        if not self.definitions or ref.name not in own or self.is_authors(ref.name):
            return ref.name
        (definition, *_) = spell_equation(own[ref.name])
        return show_definition(definition).partition(" = ")[2]

    def is_output(self, equation: Equation) -> bool:
        return self.symbols[equation.target.name].output

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
        role, said = self.symbols[ref.name].role, self.said(ref)
        if ref.base and (role != "variable" or (ref.base, ref.shift) != ("T", 0)):
            self.refuse(equation, f"reads a step other than the last, or an input: {said}", ref)

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
        own = {e.target.name for e in equations}
        outside = self.before.keys() if after == "segment" else set()
        read = {use.ref.name for e in equations for use in uses(e)} | own
        symbols = {
            name: replace(symbol, output=symbol.output and name not in outside)
            if name in own or symbol.role != "variable"
            else replace(symbol, role="input", output=False)
            for name, symbol in self.symbols.items()
            if name in read | also
        }
        result = System(equations, symbols)
        check(result, after)
        return result


def _known_before(once: list[Equation], system: System) -> dict[str, Equation]:
    """The equations that need no step: nothing but parameters, numbers and plain inputs."""
    found: dict[str, Equation] = {}
    waiting = [e for e in once if not isinstance(e, Total)]
    while True:
        more = {
            e.target.name: e
            for e in waiting
            if e.target.name not in found
            and all(
                not use.ref.base
                and (use.ref.name in found or system.symbols[use.ref.name].role != "variable")
                for use in uses(e)
            )
        }
        if not more:
            return found
        found |= more


def _with_needed(
    equations: Sequence[Equation], before: Mapping[str, Equation]
) -> tuple[Equation, ...]:
    """Equations, and ahead of them those that they need of what is known before."""
    reads = {name: [use.ref.name for use in uses(e)] for name, e in before.items()}
    needed = reached([use.ref.name for e in equations for use in uses(e)], reads)
    own = {e.target for e in equations}
    ahead = [e for name, e in before.items() if name in needed and e.target not in own]
    return (*ahead, *equations)
