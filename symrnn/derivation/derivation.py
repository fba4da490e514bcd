"""The derivation of a model's gradients: for each parameter a sum of terms, each along a path.

A term starts at the loss, or at the total derivative of a node that several paths reach, and goes
back edge by edge to where the parameter is used. So the list never grows beyond the network: what
several paths share is a total, ∂L/∂h_t, with an equation of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from symrnn.derivation.formula import Immediate, Total
from symrnn.derivation.network import Edge, Network, moved_edge, network
from symrnn.derivation.rows import Rows
from symrnn.errors import EquationError, UsageError, suggestion
from symrnn.language.tree import Ref, Written
from symrnn.system import initial_states, normal, unroll, with_states
from symrnn.system.system import System

if TYPE_CHECKING:
    from symrnn.derivation.output import Output

LOSS = Ref("L")


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of ∂L/∂about: a path from `start` back to a use of `about`."""

    about: Ref
    start: Ref
    """The loss, or the node whose total derivative the path begins with."""
    path: tuple[Edge, ...]

    @property
    def last(self) -> Edge:
        return self.path[-1]

    @property
    def step(self) -> Ref | None:
        """The step of the use, as a reference without a name; None for what happens once."""
        of = self.last.of
        return Ref("", of.base, of.shift) if of.base else None


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

    @cached_property
    def rolled(self) -> "Derivation":
        """The same derivation with a symbolic T, unless the text fixes the steps."""
        return self if self.steps is None else replace(self, steps=None)

    @cached_property
    def plain(self) -> System:
        """The equations in normal form, their losses as written, with a symbolic T."""
        system = normal(self.written, stable=False)
        if system.loss is None:
            raise EquationError(
                "the model has no loss to derive; write L = … or put a head on it, such as binary"
            )
        return with_states(system) if self.states else system

    @cached_property
    def states(self) -> dict[str, Ref]:
        """The initial states that have names here, and the steps that they are."""
        found = initial_states(normal(self.written, stable=False))
        return found if any(name in found for name in self.wrt) else {}

    @property
    def starts(self) -> frozenset[Ref]:
        return frozenset(self.states.values())

    @cached_property
    def own(self) -> frozenset[str]:
        """The variables that the author wrote."""
        written = {d.target.name for d in self.written.definitions}
        return frozenset(n for n in written if self.plain.symbols[n].role in ("variable", "total"))

    @cached_property
    def system(self) -> System:
        return self.plain if self.steps is None else unroll(self.plain, self.steps)

    @property
    def unrolled(self) -> bool:
        return self.system.steps is not None

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
        return network(self.system, own, self.wrt, self.starts)

    @cached_property
    def rows(self) -> Rows:
        return Rows(self.network.system, self.network.values, self.dims)

    @cached_property
    def paths(self) -> "Paths":
        return Paths(self.network)

    @property
    def parameters(self) -> list[str]:
        """What there is a gradient by, in the order of the text."""
        return [s.name for s in self.plain.named("parameter")] + list(self.wrt)

    def chosen(self, names: Sequence[str] = ()) -> list[str]:
        """The parameters of these names, or all of them."""
        for name in names:
            if name not in self.parameters:
                raise UsageError(
                    f"'{name}' is no parameter{suggestion(name, self.parameters)}; there are"
                    f" {', '.join(self.parameters) or 'none'}"
                )
        return list(dict.fromkeys(names)) or self.parameters

    def targets(self, name: str) -> list[Ref]:
        """The nodes that a name stands for: one, or one for each step of an input."""
        if not self.plain.symbols[name].timed:
            return [Ref(name)]
        if self.system.steps is None:
            return [Ref(name, "t")]
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
        example = network(unroll(self.plain, EXAMPLE), self.network.own, self.wrt, self.starts)
        return Alone(example, EXAMPLE)

    def factor(self, edge: Edge) -> Immediate:
        """∂⁺of/∂by, and whether it is all that there is of ∂of/∂by.

        A parameter's uses are printed alike: ∂⁺ at every step, or at none.
        """
        if edge.by.name in self.parameters:
            uses = self.network.edges[edge.by]
            alone = all(self._alone(use.of, use.by) for use in uses)
        else:  # a total that has an equation is another thing than its first term
            named = edge.of == LOSS and self.paths.is_total(edge.by)
            alone = not named and self._alone(edge.of, edge.by)
        return Immediate(edge.of, edge.by, alone)

    def factors(self, term: Term) -> tuple[Total | Immediate, ...]:
        """The partial derivatives whose product a term is."""
        own = tuple(map(self.factor, term.path))
        return own if term.start == LOSS else (Total(LOSS, term.start), *own)

    # in print

    def output(
        self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = (), **look: Any
    ) -> "Output":
        """The derivation with a notation, a width and digits, ready to be printed."""
        from symrnn.derivation.output import Look, Output, default_views
        from symrnn.derivation.sheets import Request

        views = (view,) if isinstance(view, str) else tuple(view)
        names = (wrt,) if isinstance(wrt, str) else tuple(wrt)
        return Output(self, Request(views or default_views(self), names), Look(**look))

    def latex(
        self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = (), **look: Any
    ) -> str:
        """Fragments of LaTeX; `look` may hold notation="N1", width=80, digits=4."""
        output = self.output(view, wrt, **look)
        return output.latex(output.parts())

    def text(
        self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = (), **look: Any
    ) -> str:
        """The same in Unicode, for a terminal."""
        output = self.output(view, wrt, **look)
        return output.plain(output.parts())

    def html(
        self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = (), **look: Any
    ) -> str:
        """A page that needs nothing else."""
        from symrnn.derivation.pages import as_html
        from symrnn.derivation.paper import Paper

        output = self.output(view, wrt, **look)
        return as_html(Paper(output).document(output.parts()))

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        output = self.output()
        width = output.look.width
        blocks = [
            output.latex_printer.display(sheet.equations, width)
            for part in output.parts()
            for sheet in part.sheets
        ]
        return "\n\n".join(f"$$\n{block}\n$$" for block in blocks)

    def _repr_html_(self) -> str:
        from symrnn.derivation.pages import formula_html

        output = self.output()
        return "\n".join(
            formula_html(output.latex_printer.display(sheet.equations, output.look.width))
            for part in output.parts()
            for sheet in part.sheets
        )


class Paths:
    """The paths of a network: from each node back to the loss, or to the next total."""

    def __init__(self, network: Network, every: bool = False) -> None:
        self.network, self.steps = network, network.system.steps
        self.every = every
        """Whether each node's derivative has an equation of its own, and no path goes on."""
        self._prefixes: dict[Ref, tuple[Ref, tuple[Edge, ...]] | None] = {}

    def node(self, ref: Ref) -> Ref:
        """The node whose edges are those of a reference, at some step."""
        if self.steps is None and ref.base and ref not in self.network.edges:
            return Ref(ref.name, "t")
        return ref

    def edges(self, ref: Ref) -> list[Edge]:
        """The edges into a node at the step of the reference: at a fixed one also those that
        exist there alone, without those that come from outside 1…T."""
        node = self.node(ref)
        here = (ref.base, ref.shift)
        found = [
            edge
            for edge in self.network.edges.get(node, [])
            if edge.at in (None, here) and here not in edge.without
        ]
        moved = [moved_edge(edge, node, ref) for edge in found]
        return _merged([edge for edge in moved if not self.outside(edge.of)])

    def landings(self, node: Ref) -> list[Ref]:
        """The fixed steps at which more or less arrives at a node than at others."""
        edges = self.network.edges.get(node, []) if node.base == "t" else []
        places = [place for e in edges for place in (*([e.at] if e.at else []), *e.without)]
        return [Ref(node.name, *at) for at in dict.fromkeys(places)]

    def is_total(self, ref: Ref) -> bool:
        """Whether several edges reach a node, or one that exists at certain steps alone."""
        found = self.network.edges.get(self.node(ref), [])
        if self.every or len(found) != 1:
            return True
        (edge,) = found
        return edge.at is not None or bool(edge.without) or (edge.over and not ref.base)

    def terms(self, target: Ref) -> tuple[Term, ...]:
        return tuple(self._terms(target))

    def _terms(self, target: Ref) -> Iterator[Term]:
        for edge in self.edges(target):
            prefix = self.prefix(edge.of)
            if prefix is not None:
                yield Term(target, prefix[0], (*prefix[1], edge))

    def prefix(self, ref: Ref) -> tuple[Ref, tuple[Edge, ...]] | None:
        """Where the path to a node begins, and its edges; None where it leaves 1…T."""
        walk: list[Ref] = []
        while ref not in self._prefixes:
            if ref == LOSS or (self.is_total(ref) and not self.outside(ref)):
                self._prefixes[ref] = (ref, ())
            elif self.outside(ref):
                self._prefixes[ref] = None
            else:
                walk.append(ref)
                ref = self.edges(ref)[0].of
        for back in reversed(walk):
            before = self._prefixes[ref]
            ref = back
            edge = self.edges(ref)[0]
            self._prefixes[ref] = (before[0], (*before[1], edge)) if before is not None else None
        return self._prefixes[ref]

    def outside(self, ref: Ref) -> bool:
        """Whether a fixed step surely lies outside 1…T, and is no boundary of its own."""
        if ref in self.network.edges or ref.base not in ("1", "T"):
            return False
        if self.steps is not None:
            return True
        return ref.shift < 0 if ref.base == "1" else ref.shift > 0


def _merged(edges: list[Edge]) -> list[Edge]:
    """What exists at every step and what exists here alone are one edge, if their ends are."""
    found: dict[tuple[Ref, Ref, bool], Edge] = {}
    for edge in edges:
        ends = edge.of, edge.by, edge.over
        known = found.get(ends)
        found[ends] = edge if known is None else replace(known, routes=known.routes + edge.routes)
    return list(found.values())


EXAMPLE = 7
"""The number of steps at which a statement on every T is tried."""


class Alone:
    """Tells whether there is no other path from `by` to `of` than the edge between them.

    With a symbolic T the question is asked in the middle of an example.
    """

    def __init__(self, network: Network, example: int | None) -> None:
        self.example = example
        self.operands: dict[Ref, list[Ref]] = {}
        for node, found in network.edges.items():
            for edge in found:
                self.operands.setdefault(edge.of, []).append(node)
        self.bits = {node: 1 << i for i, node in enumerate([LOSS, *network.edges])}
        self.below: dict[Ref, int] = {}
        """For each node a bit for every node that it depends on."""
        for node in reversed(list(self._in_order(network))):
            own = 0
            for operand in self.operands.get(node, ()):
                own |= self.bits[operand] | self.below.get(operand, 0)
            self.below[node] = own

    def _in_order(self, network: Network) -> Iterator[Ref]:
        """The nodes, each after its readers."""
        waiting = {node: len(found) for node, found in network.edges.items()}
        ready = [LOSS]
        while ready:
            node = ready.pop()
            yield node
            for operand in self.operands.get(node, ()):
                waiting[operand] -= 1
                if not waiting[operand]:
                    ready.append(operand)

    def __call__(self, of: Ref, by: Ref) -> bool:
        of, by = self._placed(of), self._placed(by)
        bit = self.bits.get(by, 0)
        others = [r for r in self.operands.get(of, ()) if r != by]
        return bool(bit) and not any(self.below.get(r, 0) & bit for r in others)

    def _placed(self, ref: Ref) -> Ref:
        if self.example is None or not ref.base:
            return ref
        first = {"t": self.example // 2, "T": self.example - 1}.get(ref.base, 0)
        return Ref(ref.name, "1", first + ref.shift)
