"""The derivation of a model's gradients: for each parameter a sum of terms, each along a path.

A term starts at the loss, or at the total derivative of a node that several paths reach, and goes
back edge by edge to where the parameter is used. So the list never grows beyond the network: what
several paths share is a total, ∂L/∂h_t, with an equation of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from symrnn.derive.edges import Edge
from symrnn.derive.formula import Immediate, Total
from symrnn.derive.functions import kept
from symrnn.derive.layer_norm import Norm
from symrnn.derive.losses import with_step_losses
from symrnn.derive.network import Network, matrices, network
from symrnn.derive.paths import EXAMPLE, LOSS, Alone, Paths, Term
from symrnn.derive.rows import Rows
from symrnn.errors import EquationError, UsageError, suggestion
from symrnn.language.tree import Ref, Written
from symrnn.system import initial_states, normal, unroll, with_states
from symrnn.system.system import Equation, System
from symrnn.system.windows import Windows, windows

__all__ = ["LOSS", "Derivation"]

T = TypeVar("T")


@lru_cache(maxsize=32)
def _as_written(written: Written) -> System:
    """The normal form in which losses stay as they are written."""
    return normal(written, stable=False)


@dataclass(frozen=True, repr=False)
class Derivation:
    """Gradients of a loss, for `steps` steps or, without, for a symbolic T.

    `dims` gives numbers to dimensions; in the scalar form all of them are 1.
    """

    name: str
    written: Written
    steps: int | None = None
    wrt: tuple[str, ...] = ()
    """Inputs and initial states whose gradient is wanted beside that of every parameter."""
    scalar: bool = False
    given: Mapping[str, int] | None = None
    truncate: int | None = None
    """After how many steps backpropagation is cut."""
    evenly: bool = False
    """Whether what several paths share at some step has a total derivative at each step."""
    step_losses: tuple[str, ...] = ()
    """The names of the losses of single steps, where they were given some."""
    keep: tuple[str, ...] = ()
    """The functions whose derivative f′ is not written out."""
    lettered: frozenset[str] = frozenset()
    """What goes into functions and is not put in, but has a letter (`lettered.with_letters`)."""
    norms: tuple[Norm, ...] = ()
    """The layer norms whose parts have names in the text (`norms.with_norms`)."""
    networks: dict[object, Network] = field(default_factory=dict, repr=False, compare=False)
    """Those that were asked for, of whatever else is derived of the same text: `replace` hands them
    on."""

    @cached_property
    def rolled(self) -> "Derivation":
        """The same derivation with a symbolic T, unless the text fixes the steps."""
        return self if self.steps is None else replace(self, steps=None, truncate=None)

    @cached_property
    def by_steps(self) -> "Derivation":
        """The same derivation with a name for the loss of each step, where the loss is a sum over
        time."""
        written, names = with_step_losses(self.written)
        return replace(self, written=written, step_losses=names, networks={}) if names else self

    @cached_property
    def even(self) -> "Derivation":
        """The same derivation in which all steps look alike: what several paths share at some step
        has a total derivative at each."""
        return self if self.evenly else replace(self, evenly=True)

    @cached_property
    def plain(self) -> System:
        """The equations in normal form, their losses as written, with a symbolic T."""
        system = _as_written(self.written)
        if system.loss is None:
            raise EquationError(
                "the model has no loss to derive; write L = … or put a head on it, such as binary"
            )
        return with_states(system) if self.states else system

    @cached_property
    def states(self) -> dict[str, Ref]:
        """The initial states that have names here, and the steps that they are."""
        if not self.wrt:
            return {}
        found = initial_states(_as_written(self.written))
        return found if any(name in found for name in self.wrt) else {}

    @property
    def starts(self) -> frozenset[Ref]:
        return frozenset(self.states.values())

    @cached_property
    def named(self) -> frozenset[str]:
        """What the text defines; every other variable has a name that symrnn made up."""
        return frozenset(d.target.name for d in self.written.definitions)

    @cached_property
    def own(self) -> frozenset[str]:
        """The variables that the author wrote, and those that a sum over a sum needs a name for."""
        symbols = self.plain.symbols
        roles = ("variable", "weight", "total")
        found = frozenset(n for n in self.named if symbols[n].role in roles) | matrices(self.plain)
        return found if self.unrolled else self.network_of(found).own - {"L"} | found

    @cached_property
    def system(self) -> System:
        return self.plain if self.steps is None else unroll(self.plain, self.steps)

    @property
    def unrolled(self) -> bool:
        return self.steps is not None or self.plain.steps is not None

    @cached_property
    def windows(self) -> Windows | None:
        """The windows that no path leads out of, where backpropagation is cut."""
        if self.truncate is not None and self.steps is None:
            raise UsageError(
                "backpropagation is cut within a number of steps, and T is any number here; say"
                " how many there are (--steps T)"
            )
        return None if self.steps is None else windows(self.plain, self.steps, self.truncate)

    @cached_property
    def dims(self) -> dict[str, int]:
        """What is known of the dimensions: all of them 1 in the scalar form."""
        names = {n for s in self.plain.symbols.values() for w in s.shape for n in w.names}
        return dict.fromkeys(sorted(names), 1) if self.scalar else dict(self.given or {})

    @cached_property
    def network(self) -> Network:
        found = self.network_of(self.own)
        for edges in found.edges.values():
            for edge in edges:
                if edge.when is not None:
                    raise EquationError(
                        f"with {edge.when} steps {edge.of.name} reads a boundary, with others it"
                        " does not; derive it for a number of steps (--steps)"
                    )
        return found

    def network_of(self, own: frozenset[str]) -> Network:
        """The network of the same system over other nodes."""
        nodes = own | matrices(self.plain) | {LOSS.name}
        known = nodes, self.steps, self.truncate, self.wrt
        if known not in self.networks:
            keep = kept(self.written, self.keep)
            self.networks[known] = network(
                self.system, nodes, self.wrt, self.starts, self.windows, keep, self.norms
            )
        return self.networks[known]

    def once(self, make: Callable[["Derivation"], T]) -> T:
        """What a function makes of the derivation, made when it is first asked for."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    @cached_property
    def _made(self) -> dict[object, Any]:
        return {}

    @cached_property
    def rows(self) -> Rows:
        return Rows(self.network.system, self.put_in(self.network.values), self.dims)

    @cached_property
    def rows_as_written(self) -> Rows:
        """Those in which nothing but the author's names has a letter."""
        return Rows(self.network.system, self.network.values, self.dims)

    def put_in(self, values: Mapping[Ref, Equation]) -> dict[Ref, Equation]:
        """What is put in for names, but for those that have letters."""
        return {ref: value for ref, value in values.items() if ref.name not in self.lettered}

    @cached_property
    def paths(self) -> "Paths":
        return Paths(self.network, evenly=self.evenly and self.unrolled)

    @property
    def parameters(self) -> list[str]:
        """What there is a gradient by, in the order of the text."""
        return [s.name for s in self.plain.named("parameter")] + list(self.wrt)

    def chosen(self, names: Sequence[str] = ()) -> list[str]:
        """The parameters of these names, or all of them."""
        if not self.parameters:
            others = [s.name for s in self.plain.named("input", "fixed")]
            others += initial_states(self.plain)
            raise UsageError(
                "no parameters; what else there can be a gradient by, --wrt asks for:"
                f" {', '.join(others) or 'but this model has no input either'}"
            )
        for name in names:
            if name not in self.parameters:
                raise UsageError(
                    f"'{name}' is no parameter{suggestion(name, self.parameters)}; there are"
                    f" {', '.join(self.parameters) or 'none'}"
                )
        return list(dict.fromkeys(names)) or self.parameters

    def targets(self, name: str) -> list[Ref]:
        """The nodes that a name stands for: one, or one for each step of an input; for a symbolic
        T that of any step, after those of the steps at which the text reads it apart."""
        if not self.plain.symbols[name].timed:
            return [Ref(name)]
        if self.system.steps is None:
            return [*self.paths.landings(Ref(name, "t")), Ref(name, "t")]
        return [Ref(name, "1", step) for step in range(self.system.steps)]

    def terms(self, name: str) -> tuple[Term, ...]:
        """The summands of ∂L/∂name, the last step first; none if the loss does not depend on it."""
        return tuple(t for target in self.targets(name) for t in self.paths.terms(target))

    def totals(self, names: Sequence[str] = ()) -> list[Ref]:
        """The nodes whose total derivative the terms of these parameters need, the last first."""
        needed: dict[Ref, None] = {}
        waiting = [t.start for n in self.chosen(names) for t in self.terms(n)]
        while waiting:
            node = self.paths.node(waiting.pop())
            if node != LOSS and node not in needed:
                needed[node] = None
                waiting += [term.start for term in self.paths.terms(node)]
        return [node for node in self.network.edges if node in needed]

    @cached_property
    def _alone(self) -> "Alone":
        if self.unrolled:
            return Alone(self.network, None)
        system = unroll(self.plain, EXAMPLE)
        own = self.network.own
        example = network(system, own, self.wrt, self.starts, norms=self.norms)
        return Alone(example, EXAMPLE)

    def factor(self, edge: Edge) -> Immediate:
        """∂⁺of/∂by, and whether it is all that there is of ∂of/∂by.

        A parameter's uses are printed alike: ∂⁺ at every step, or at none.
        """
        if edge.by.name in self.parameters:
            uses = self.network.edges.get(edge.by) or self.paths.edges(edge.by)
            alone = all(self._alone(use.of, use.by) for use in uses)
        else:  # a total that has an equation is another thing than its first term
            named = edge.of == LOSS and self.paths.is_total(edge.by)
            alone = not named and self._alone(edge.of, edge.by)
        return Immediate(edge.of, edge.by, alone)

    def factors(self, term: Term) -> tuple[Total | Immediate, ...]:
        """The partial derivatives whose product a term is."""
        own = tuple(map(self.factor, term.path))
        return own if term.start == LOSS else (Total(LOSS, term.start), *own)
