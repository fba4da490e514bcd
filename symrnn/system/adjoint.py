"""The gradient of a system, as a system: time runs the other way.

Each operand r of an equation v gets v̄ · (∂v/∂r)ᵀ (`adjoint_terms`), at the step at which v reads it
(`adjoint_steps`). An adjoint outside 1…T annihilates its term, so nothing special happens at the
ends.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from symrnn.errors import EquationError, suggestion
from symrnn.language.table import LOSSES
from symrnn.language.tree import BATCH, NARROW, ONE, Add, Expr, Ref, refs
from symrnn.system import names
from symrnn.system.adjoint_steps import Landing, active
from symrnn.system.adjoint_terms import Contribution, Contributions, Values, reads, times
from symrnn.system.algebra import div, neg, size
from symrnn.system.check import check
from symrnn.system.graph import Group
from symrnn.system.symbols import GIVEN, ROWLESS, Role, Symbol
from symrnn.system.system import (
    Dot,
    Entries,
    Equation,
    Linear,
    Outer,
    Pointwise,
    Row,
    Scale,
    System,
    Term,
    Total,
    uses,
)


def adjoint(
    system: System,
    wrt: Sequence[str] = (),
    cotangents: bool = False,
    carried: Sequence[str] = (),
) -> System:
    """The system together with its gradient by every parameter, and by the inputs in `wrt`.

    The gradient is that of the loss; with `cotangents` it is that of all outputs, each weighted
    with an input of its own: the transpose of the model's Jacobian. Variables that are `carried`
    get such an input beside the loss: what is read of them elsewhere.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> text = str(adjoint(normal(parse("h[t] = u * h[t-1] + x[t]; L = mse(y, h[T])"))))
    >>> print(text[text.index("d_h[t]"):], end="")
    d_h[t] = d_h[t+1] * u
    d_h[T] += 2 * (h[T] - y) / (size(B) * size(D))
    d_u = sum(batchsum(d_h[t] * h[t-1]))
    """
    if system.named("adjoint"):
        raise EquationError("this system holds adjoints already; take the adjoint of the model")
    if system.loss is None and not (cotangents or carried):
        raise EquationError(
            "the model has no loss; write L = … or put a head on it, such as binary or steps"
        )
    asked = [symbol.name for symbol in system.named("input", "fixed")]
    for name in wrt:
        if name not in asked:
            raise EquationError(
                f"'{name}' is no input to take a gradient by{suggestion(name, asked)}; the inputs"
                f" are {', '.join(asked) or 'none'} (every parameter's gradient is there anyway)"
            )
    result = _Adjoint(system, tuple(dict.fromkeys(wrt)), cotangents, frozenset(carried)).system()
    check(result, "adjoint")
    return result


class _Adjoint:
    def __init__(
        self, system: System, wrt: tuple[str, ...], cotangents: bool, carried: frozenset[str]
    ) -> None:
        self.primal, self.wrt, self.cotangents, self.carried = system, wrt, cotangents, carried
        self.symbols = dict(system.symbols)
        self.equations = {e.target: e for e in system.equations}
        self.varied = {*wrt, *(symbol.name for symbol in system.named("parameter"))}
        self.active = active(system, filter(self.is_root, self.equations), self.varied)
        self.active.update(self.input_nodes())
        self.active_names = {node.name for node in self.active}
        self.values = Values(system, self.symbols)
        self.contributions = Contributions(self.symbols, self.values, self.wants)
        self.landing = Landing(system)
        self.sources: dict[Ref, list[Term]] = {}
        """What the adjoint of each node is the sum of."""
        self.totals: dict[str, list[Term]] = {
            s.name: [] for s in system.named(*GIVEN) if s.name in self.varied
        }
        self.bars: dict[Ref, Ref] = {}
        self.made: list[Equation] = []
        self.gathered: dict[str, str] = {}
        """The name of what a softmax gathers of its adjoint, the same at every step."""

    def system(self) -> System:
        self.seed()
        for group in reversed(self.primal.groups()):
            self.propagate(group)
        for node in self.input_nodes():
            self.emit(node)
        for name, terms in self.totals.items():
            target = names.free(f"d_{name}", self.symbols)
            shape = self.symbols[name].shape
            self.symbols[target] = Symbol(target, "total", shape=shape, of=Ref(name))
            self.made.append(Total(Ref(target), _ordered(terms)))
        equations = (*self.primal.equations, *self.values.made, *self.made)
        return System(equations, self.symbols, self.primal.steps)

    # what is measured and what is varied

    def is_root(self, node: Ref) -> bool:
        if self.cotangents:
            return self.symbols[node.name].output
        return node.name == "L" or node.name in self.carried

    def wants(self, ref: Ref) -> bool:
        return ref.name in self.varied or ref.name in self.active_names

    def input_nodes(self) -> list[Ref]:
        """The places at which the inputs in `wrt` are read."""
        nodes: list[Ref] = []
        for name in self.wrt:
            if self.symbols[name].role == "fixed":
                continue  # a total, as for a parameter
            if not self.symbols[name].timed:
                nodes.append(Ref(name))
            elif self.primal.steps is None:
                nodes.append(Ref(name, "t"))
            else:
                nodes += [Ref(name, "1", step) for step in range(self.primal.steps)]
        return nodes

    def seed(self) -> None:
        """An adjoint that starts with a cotangent gets an input of its own."""
        outputs = self.primal.outputs if self.cotangents else self.primal.symbols.values()
        for symbol in outputs:
            if not (self.cotangents or symbol.name in self.carried):
                continue
            if symbol.name not in self.active_names:
                continue
            name = names.free(f"ct_{symbol.name}", self.symbols)
            self.symbols[name] = replace(
                symbol, name=name, role="input", output=False, weighs=symbol.name
            )
            for node in self.equations:
                inside = node.base in ("", "t") or 0 <= node.shift < (self.primal.steps or 0)
                if node.name == symbol.name and inside:
                    self.add(node, Term(Ref(name, node.base, node.shift)))

    # the walk from the loss back

    def propagate(self, group: Group) -> None:
        """Close the adjoints of a group, and hand them on to what its equations read."""
        nodes = [node for node in reversed(group.nodes) if node in self.active]
        if group.nodes[0].name == self.primal.loss:
            if not self.cotangents:
                self.push(group.nodes[0], None, ONE)
            return
        if len(nodes) == 1:
            constant = self.constant(nodes[0])
            if constant is not None and self.takes_a_number(nodes[0]):
                self.push(nodes[0], None, constant)
                return
        for node in nodes:
            self.name(node)
        for node in nodes:
            self.push(node, self.bars[node], ONE)
        for node in nodes:
            self.emit(node)

    def push(self, node: Ref, bar: Ref | None, scale: Expr) -> None:
        """Hand the adjoint of a node, which is `bar` or a number, on to what its equation reads."""
        equation = self.equations[node]
        if isinstance(equation, Row) and equation.function == "softmax":
            assert bar is not None
            self.push_softmax(equation, bar)
            return
        for one in self.contributions.of(equation):
            source, own = node, bar
            if one.at is not None:
                source = Ref(node.name, *one.at)
                own = Ref(bar.name, *one.at) if bar is not None else None
            factor = scale
            if node.name == self.primal.loss and self.has_rows((one.ref, *reads(one.by))):
                factor = div(scale, size(BATCH))  # the loss is a mean over the sequences
            self.give(source, one, Term(own, times(one.by, factor)))

    def push_softmax(self, equation: Row, bar: Ref) -> None:
        """s̄ ⊙ s - e s, where e = Σ s̄ ⊙ s over the features."""
        node, (ref,) = equation.target, equation.args
        if not self.wants(ref):
            return
        name = self.gathered.setdefault(node.name, names.free(f"e_{node.name}", self.symbols))
        gathered = Ref(name, node.base, node.shift)
        term, shape = Term(bar, Dot(node)), (*self.symbols[node.name].shape[:-1], NARROW)
        if self.symbols[node.name].role == "weight":
            self.symbols[name] = Symbol(name, "total", shape=shape)
            self.made.append(Total(gathered, (replace(term, rowless=True),)))
        else:
            self.symbols[name] = Symbol(name, "adjoint", bool(node.base), shape)
            self.made.append(Linear(gathered, (term,)))
        self.give(node, Contribution(ref, Scale(node)), Term(bar, Scale(node)))
        self.give(node, Contribution(ref, Scale(node)), Term(gathered, Scale(neg(node))))

    def give(self, source: Ref, part: Contribution, term: Term) -> None:
        if part.ref.name in self.totals:
            over = source.base == "t" or part.over
            self.totals[part.ref.name] += self.in_total(part.ref, replace(term, over=over))
            return
        for node, landed in self.landing.land(source, part.ref, term, part.over):
            self.add(node, landed)

    def has_rows(self, refs: Iterable[Ref]) -> bool:
        """Whether any of these has a row for each sequence."""
        return any(self.symbols[ref.name].role not in ROWLESS for ref in refs)

    def in_total(self, ref: Ref, term: Term) -> list[Term]:
        """A term as it stands in the gradient of what has no rows: summed over those that it has
        itself, of sequences or of a matrix."""
        read = list(term.reads())
        matrix = any(len(self.symbols[each.name].shape) == 2 for each in read)
        summed = matrix and len(self.symbols[ref.name].shape) == 1
        if isinstance(term.by, Outer) or self.has_rows(read) or term.over:
            return [term]
        if summed and not isinstance(term.by, Entries):
            return [term]
        return [replace(piece, rowless=True) for piece in self.plainly(term)]

    def add(self, node: Ref, term: Term) -> None:
        """One more term of a node's adjoint; what is no product with an adjoint stands plainly."""
        if node not in self.active:
            return
        terms = self.sources.setdefault(node, [])
        if self.symbols[node.name].role == "weight":
            terms += self.in_total(node, term)
        else:
            terms += self.plainly(term)

    def plainly(self, term: Term) -> Iterator[Term]:
        """What is no product with an adjoint, summand by summand."""
        if term.ref is not None or not isinstance(term.by, Scale):
            yield term
            return
        factor = term.by.factor
        for piece in factor.terms if isinstance(factor, Add) else (factor,):
            if isinstance(piece, Ref) and self.symbols[piece.name].role != "constant":
                yield replace(term, ref=piece, by=Scale())
            else:
                yield replace(term, by=Scale(piece))

    # adjoints that are numbers: those of the losses, which stand in front of their readers' factors

    def constant(self, node: Ref) -> Expr | None:
        """The adjoint of a node, if it is the same number for every step and feature."""
        match self.sources.get(node, []):
            case [Term(ref=None, by=Scale(factor=factor), over=False) as term] if term.everywhere:
                numbers = all(self.symbols[ref.name].role == "constant" for ref in refs(factor))
                return factor if numbers else None
        return None

    def takes_a_number(self, node: Ref) -> bool:
        """Whether the node's equation can hand a number on: by factors alone, at its own step."""
        equation = self.equations[node]
        match equation:
            case Linear(terms=terms):
                by_factors = all(isinstance(t.by, Scale) and t.everywhere for t in terms)
                by_factors = by_factors and not any(t.over for t in terms)
            case Row(function=function):
                by_factors = function in LOSSES
            case _:
                by_factors = isinstance(equation, Pointwise)
        read = [use.ref for use in uses(equation) if self.wants(use.ref)]
        here = node.base != "t" or all((r.base, r.shift) == ("t", 0) for r in read)
        if self.symbols[node.name].role == "weight":
            return self.takes_a_number_everywhere(node, equation)
        narrow = self.symbols[node.name].width == NARROW
        return by_factors and here and narrow and all(self.has_rows([r]) for r in read)

    def takes_a_number_everywhere(self, node: Ref, equation: Equation) -> bool:
        """The same for a node without rows, whose adjoint may have the number for every entry."""
        read = {use.ref for use in uses(equation) if self.wants(use.ref)}
        match equation:
            case Linear(terms=(Term(by=Entries(factor=factor), ref=ref),)):
                return read == {ref} and not any(self.wants(inner) for inner in refs(factor))
            case Linear(terms=terms) if not all(isinstance(t.by, Scale) for t in terms):
                return False
            case Row():
                return False
        shape = self.symbols[node.name].shape
        return all(self.symbols[ref.name].shape == shape for ref in read)

    # equations

    def name(self, node: Ref) -> None:
        """The name of a node's adjoint: `d_O` for O[t], `d_O_0` for the boundary O[0]."""
        boundary = node.base in ("1", "T") and self.primal.steps is None
        of = node if boundary else Ref(node.name)
        known = next((s.name for s in self.symbols.values() if s.of == of), None)
        label = names.label(node) if boundary else node.name
        name = known or names.free(f"d_{label}", self.symbols)
        timed = bool(node.base) and not boundary
        old = self.symbols[node.name]
        role: Role = "total" if old.role == "weight" else "adjoint"
        self.symbols[name] = Symbol(name, role, timed, old.shape, of=of)
        self.bars[node] = Ref(name, node.base, node.shift) if timed else Ref(name)

    def emit(self, node: Ref) -> None:
        if node not in self.bars:
            self.name(node)
        terms = _ordered(self.sources.get(node, []))
        kind = Total if self.symbols[node.name].role == "weight" else Linear
        self.made.append(kind(self.bars[node], terms))


def _ordered(terms: list[Term]) -> tuple[Term, ...]:
    """First what holds everywhere, then what lands at fixed steps, step by step."""
    groups: dict[tuple[object, object], list[Term]] = {(None, None): []}
    for term in terms:
        groups.setdefault((term.at, term.when), []).append(term)
    return tuple(term for group in groups.values() for term in group)
