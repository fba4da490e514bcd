"""`product`: gradients as Σ_t Σ_k with a product of Jacobians between the steps, for a symbolic T.

The state of a recurrence is what it reads of the step before; where that has parts, (h_t, c_t),
the Jacobian is a matrix of blocks, and what happens within a step is put into it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from symrnn.derive.build import chain, plus, total_over
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import FIRST, LAST, Big, Blocks, Equation, Formula, Sheet, Total, Zeros
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import moved_to
from symrnn.derive.sheets import ROWS
from symrnn.derive.views.common import ended, gradient, holds, least, recursion, span
from symrnn.derive.views.jacobians import Jacobians, State, free_letters, states, way_of
from symrnn.errors import UsageError
from symrnn.language.tree import Ref


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """The gradient of each parameter, and what the Jacobians in it are."""
    if derivation.windows is not None:
        raise UsageError(
            "the product view is for any number of steps, and backpropagation is cut here; chain,"
            " closed and delta show the cut"
        )
    found = _Products(derivation.rolled)
    if derivation.steps is not None and derivation.steps < found.least:
        raise UsageError(
            f"the product view holds for T ≥ {found.least} here, since the text reads certain"
            f" steps; for T = {derivation.steps} chain, closed and delta serve"
        )
    return found.sheets(derivation.chosen(names))


def states_of(derivation: Derivation) -> list[State]:
    """The states of a derivation for any number of steps, with the letters they have here."""
    return _Products(derivation).states


class _Products(Jacobians):
    def __init__(self, derivation: Derivation) -> None:
        if derivation.system.steps is not None:
            raise UsageError(
                "the product view is for any number of steps, and this text fixes T ="
                f" {derivation.system.steps}; chain and closed write every step out"
            )
        names = states(derivation)
        super().__init__(derivation, names)
        self.system = derivation.system
        self.states = list(self.grouped(names))
        self.least = least(self.paths, self.network.edges)

    def grouped(self, names: frozenset[str]) -> Iterator[State]:
        """The state of each direction in time, in the order of the text."""
        letters = iter(free_letters(self.derivation, ("s", "q")))
        for way in (1, -1):
            own = tuple(
                s.name
                for s in self.system.named("variable")
                if s.name in names and way_of(self.network, s.name) == way
            )
            if own:
                self.check_recurrence(own)
                yield State(own, way, next(letters) if len(own) > 1 else "")

    def check_recurrence(self, names: tuple[str, ...]) -> None:
        for name in names:
            for edge in self.network.edges.get(Ref(name, "t"), []):
                own = edge.of.name in names
                if own and (edge.over or any(self.paths.places(edge))):
                    raise UsageError(
                        f"the product view needs steps that are alike, and {edge.of.name} reads"
                        f" {name} at certain steps; delta serves here"
                    )

    def state_of(self, name: str) -> State | None:
        return next((state for state in self.states if name in state.names), None)

    # sheets

    def sheets(self, names: Sequence[str]) -> tuple[Sheet, ...]:
        chosen: list[Sheet] = []
        read: dict[State, list[Ref]] = {}
        for name in names:
            for target in self.derivation.targets(name):
                terms = list(self.terms(target, read))
                equation = Equation(Total(LOSS, target), (plus(terms),), by_terms=len(terms) > 1)
                if not terms:
                    paths = self.derivation.paths
                    equation = gradient(paths, paths.terms(target), target, self.closed.term)
                chosen.append(Sheet(("Gradient with respect to ", target), (equation,), name))
        found = [e for state, targets in read.items() for e in self.equations(state, targets)]
        targets = [t for name in names for t in self.derivation.targets(name)]
        readers = [*found, *(e for sheet in chosen for e in sheet.equations)]
        totals = list(self.totals(read, targets, readers))
        if found:
            said = tuple(self.said(list(read)))
            chosen.append(Sheet(("Jacobians",), tuple(found), note=said))
        if totals:
            chosen.append(Sheet(("Total derivatives",), tuple(totals)))
        return tuple(chosen)

    def terms(self, target: Ref, read: dict[State, list[Ref]]) -> Iterator[Formula]:
        """The summands of a gradient: through each state, and past them."""
        edges = self.network.edges.get(target, [])
        past = [edge for edge in edges if self.state_of(edge.of.name) is None]
        for state in self.states:
            if any(edge.of.name in state.names for edge in edges):
                self.check(edges, state)
                read.setdefault(state, []).append(target)
                for place in self.places(state):
                    yield from self.through(state, place, target)
        for term in self.paths.terms(target):
            if term.last in past:
                yield self.closed.term(term)

    def check(self, edges: list[Edge], state: State) -> None:
        if any(e.of.name in state.names and (not e.over or e.of.shift) for e in edges):
            raise UsageError(
                "the product view needs parameters that each step uses alike; delta serves here"
            )

    def through(self, state: State, place: Ref, target: Ref) -> Iterator[Formula]:
        """Σ_k ∂L/∂s_t ∏ ∂s_j/∂s_{j-1} ∂⁺s_k/∂w, summed over t where every step has a loss; for a
        matrix, with its operand before it."""
        start = self.outside(state, place)
        end = Ref("", "k", state.way)
        between = Big("prod", "j", place, end, state.jacobian("j"))
        if self.derivation.scalar and len(state.names) == 1 and state.way > 0:
            between = Big("prod", "j", end, place, state.jacobian("j"))  # numbers, as on paper
        low, high = (FIRST, place) if state.way > 0 else (place, LAST)
        for factor in self.factors(state, target):
            last = moved_to("k", factor.matrix)
            if factor.by is not None:
                last = self.last(state, "k", moved_to("k", factor.by))
            body = (start, between, last)
            use = factor.use
            share = replace(use, operand=moved_to("k", use.operand)).share if use else chain
            inner = total_over("k", low, high, share(*body))
            yield total_over("t", FIRST, LAST, inner) if place.base == "t" else inner

    def outer(self, state: State) -> Iterator[tuple[Ref, Edge]]:
        """The nodes of a state, and the edges into them from outside of the recurrence."""
        for name in state.names:
            node = Ref(name, "t")
            for edge in self.network.edges.get(node, []):
                if edge.of.name not in state.names:
                    yield node, edge

    def places(self, state: State) -> list[Ref]:
        """The steps at which something other than the recurrence reads the state: all or some."""
        found = [Ref("", *(edge.at or ("t", 0))) for _, edge in self.outer(state)]
        if Ref("", "t") in found:
            return [Ref("", "t")]
        return _in_order(found)

    def exceptions(self, state: State) -> list[Ref]:
        """The steps at which more or less reaches the state than at others."""
        places = [p for node, edge in self.outer(state) for p in self.paths.places(edge)]
        return _in_order(Ref("", *place) for place in places)

    # what the factors are

    def equations(self, state: State, targets: Sequence[Ref]) -> Iterator[Equation]:
        places = self.places(state)
        but = tuple(self.exceptions(state)) if Ref("", "t") in places else ()
        for place in (*but, *places):
            left = self.outside(state, place)
            steps = span(but) if but and place.base == "t" else ((), ())
            yield Equation(left, (self.direct(state, place),), *steps)
        yield from self.jacobian(state)
        for target in dict.fromkeys(targets):
            for factor in self.factors(state, target):
                if factor.by is not None:
                    yield from self.named(state, factor.by, factor.matrix)

    def named(self, state: State, by: Formula, matrix: Formula) -> Iterator[Equation]:
        """The equation of a last factor; each block of it has one of its own."""
        left = self.last(state, "t", by)
        if not isinstance(matrix, Blocks):
            yield Equation(left, (matrix,))
            return
        names = {name: self.last_of(state, Ref(name, "t"), "t", by) for name in state.names}
        parts = [(names[name], block) for name, (block,) in zip(names, matrix.rows, strict=True)]
        grid = tuple((b if isinstance(b, Zeros) else each,) for each, b in parts)
        yield Equation(left, (Blocks(grid),))
        yield from (Equation(each, (b,)) for each, b in parts if not isinstance(b, Zeros))

    def totals(
        self,
        read: dict[State, list[Ref]],
        targets: Sequence[Ref],
        equations: Sequence[Equation],
    ) -> Iterator[Equation]:
        """Derivatives that are no state's of a product, where these equations read them."""
        needed: dict[Ref, None] = {}
        waiting = [
            edge.of
            for target in targets
            for edge in self.network.edges.get(target, [])
            if edge.of != LOSS and self.state_of(edge.of.name) is None
        ]
        waiting += [
            edge.of
            for state in read
            for name in state.names
            for edge in self.network.edges.get(Ref(name, "t"), [])
            if edge.of.name not in state.names and edge.of != LOSS
        ]
        while waiting:
            node = self.paths.node(waiting.pop())
            if node not in needed:
                needed[node] = None
                edges = self.network.edges.get(node, [])
                waiting += [edge.of for edge in edges if edge.of != LOSS]
        found = [e for node in needed for e in recursion(self.paths, node, self.closed.term)]
        yield from ended(found, equations)

    def said(self, found: Sequence[State]) -> Iterator[str | Formula]:
        if self.least > 1:
            yield holds(self.least)
        for state in found:
            if len(state.names) > 1:
                yield from ("The state ", state.at("t"), " is ")
                yield Blocks((tuple(Ref(name, "t") for name in state.names),))
                yield ". "
        yield "" if self.derivation.scalar else ROWS
        yield "The product runs from its lower bound to its upper one; an empty one is the unit"
        yield " matrix. "
        for state in found:
            yield self.outside(state, Ref("", "t"))
            yield " is what reaches the loss without passing through a later step. "


def _in_order(places: Iterable[Ref]) -> list[Ref]:
    """The last steps first."""
    return sorted(dict.fromkeys(places), key=lambda ref: (ref.base != "T", ref.base, -ref.shift))
