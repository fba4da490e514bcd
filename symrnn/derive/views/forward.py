"""`forward`: ∂L/∂w = Σ_t ∂L_t/∂h_t · ∂h_t/∂w with the total ∂h_t/∂w, carried from step to step.

∂h_t/∂w = ∂⁺h_t/∂w + ∂h_t/∂h_{t-1} · ∂h_{t-1}/∂w: what forward accumulation works out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.derive.build import plus, times, total_over
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge, moved_edge
from symrnn.derive.formula import FIRST, LAST, Bracket, Equation, Formula, Immediate, Sheet, Total
from symrnn.derive.paths import LOSS
from symrnn.derive.views.common import alone, joined, losses
from symrnn.errors import UsageError
from symrnn.language.tree import ZERO, Add, Ref
from symrnn.system.graph import outside

Factors = tuple[Formula, ...]

MOST = 2000
"""Products in the equations of one parameter."""


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """For each parameter its gradient, and the equations of what is carried forward."""
    derivation = derivation.by_steps
    sheets: list[Sheet] = []
    for name in derivation.chosen(names):
        if derivation.plain.symbols[name].timed:
            raise UsageError(
                f"the view forward is for what all steps share, and {name} has a value at each;"
                " chain and uses serve here"
            )
        if derivation.rows.is_matrix(name):
            raise UsageError(
                f"the view forward has ∂h_t/∂{name} as a factor, and {name} is a matrix: that has"
                " three axes, and no product of matrices holds it; with numbers it stands"
                " (--scalar), and the view uses has the same sum in matrices"
            )
        sheets += _Forward(derivation, Ref(name)).sheets()
    return (*losses(derivation), *sheets)


@dataclass(frozen=True)
class Operand:
    """What a variable reads: the edge to it, and whether all its steps are read."""

    edge: Edge
    every: bool = False

    @property
    def ref(self) -> Ref:
        return self.edge.by


class _Forward:
    def __init__(self, derivation: Derivation, target: Ref) -> None:
        self.derivation, self.target = derivation, target
        self.edges, self.steps = derivation.network.edges, derivation.system.steps
        self.direct: dict[Ref, list[Edge]] = {}
        self.operands: dict[Ref, list[Operand]] = {}
        self.find()
        count = sum(map(len, self.operands.values()))
        if count > MOST:
            raise UsageError(
                f"the view forward would have {count:,} products (the limit is {MOST:,}); delta and"
                " product say the same for any T"
            )
        self.needed: dict[Ref, None] = {}
        self.zeros: dict[Ref, None] = {}
        self.between: dict[tuple[Ref, Ref], Factors] = {}

    # what depends on the parameter, and by way of what

    def find(self) -> None:
        waiting, seen = [self.target], {self.target}
        while waiting:
            node = waiting.pop()
            for edge in self.edges.get(node, []):
                reader = self.node(edge.of)
                if reader != LOSS and self.derivation.network.is_matrix(reader):
                    raise UsageError(
                        f"the view forward is of products, and {self.target.name} stands in the"
                        f" computed matrix {reader.name}; chain serves here"
                    )
                if node == self.target:
                    self.check(edge, node)
                    self.direct.setdefault(reader, []).append(replace(edge, of=reader))
                else:
                    self.operands.setdefault(reader, []).append(self.operand(edge, node))
                if reader not in seen:
                    seen.add(reader)
                    waiting.append(reader)

    def node(self, ref: Ref) -> Ref:
        return self.derivation.paths.node(ref)

    def check(self, edge: Edge, node: Ref) -> None:
        """For a symbolic T all steps have to be alike."""
        fixed = edge.of.base in ("1", "T") or node.base in ("1", "T")
        if self.steps is None and (fixed or edge.without):
            raise UsageError(
                f"the view forward needs steps that are alike, and {edge.of.name} reads"
                f" {node.name} at certain steps; say how many there are (--steps)"
            )

    def operand(self, edge: Edge, node: Ref) -> Operand:
        """An edge as its reader has it: that stands at step t."""
        if self.steps is not None:
            return Operand(edge)
        self.check(edge, node)
        if edge.at is not None:
            return Operand(replace(edge, by=Ref(node.name, *edge.at), over=False))
        if edge.of.base and node.base:
            there = Ref(node.name, "t", -edge.of.shift)
            return Operand(moved_edge(edge, node, there))
        return Operand(replace(edge, over=False), every=bool(node.base))

    # terms

    def factor(self, edge: Edge) -> Immediate:
        return self.derivation.factor(edge)

    def folds(self, node: Ref) -> Operand | None:
        """The one thing by way of which a variable depends on the parameter, if it is one."""
        operands = self.operands.get(node, [])
        if node in self.direct or len(operands) != 1 or operands[0].every:
            return None
        return operands[0]

    def follow(self, ref: Ref) -> tuple[Factors, Ref]:
        """The derivatives from a variable on, as long as the way is one, and where it ends."""
        found: list[Formula] = []
        while not self.leaves(ref) and (only := self.folds(self.node(ref))) is not None:
            edge = only.edge
            if self.steps is None and ref.base and only.ref.base:
                edge = moved_edge(edge, only.ref, self.shifted(only.ref, ref))
            elif self.steps is None and ref.base:
                edge = replace(edge, of=ref)
            found.append(self.factor(replace(edge, of=ref)))
            ref = edge.by
        return tuple(found), ref

    def shifted(self, operand: Ref, reader: Ref) -> Ref:
        """What a variable at t reads, where it stands at another step."""
        if operand.base != "t":
            return operand
        return Ref(operand.name, reader.base, operand.shift + reader.shift)

    def last(self, ref: Ref) -> Formula:
        """∂v/∂w at the end of a product."""
        node = self.node(ref)
        if self.leaves(ref):
            at = ("1", -1) if ref.shift < 0 else ("T", 1)
            for more in range(abs(ref.shift)):
                self.zeros.setdefault(Ref(ref.name, at[0], at[1] * (more + 1)))
        elif node not in self.operands:
            (edge, *_) = self.direct[node]
            return replace(self.factor(replace(edge, of=node)), of=ref)
        self.needed.setdefault(node)
        return Total(ref, self.target)

    def terms(self, node: Ref) -> Iterator[tuple[Formula, Operand | None]]:
        """The summands of ∂v/∂w, each with the operand by way of which it is there."""
        if node in self.direct:
            yield self.factor(self.direct[node][0]), None
        for operand in self.operands.get(node, []):
            own, (way, end) = self.factor(operand.edge), self.follow(operand.ref)
            if node == LOSS and operand.ref.name in self.derivation.step_losses:
                yield self.of_step(operand, way, end), operand
            elif not self.never(end):
                yield joined((own, *way, self.last(end))), operand

    def leaves(self, ref: Ref) -> bool:
        """Whether what is read at another step may lie outside 1…T: then its total is zero."""
        return self.steps is None and ref.base == "t" and ref.shift != 0

    def never(self, ref: Ref) -> bool:
        """Whether a fixed step, of a symbolic T, lies outside 1…T."""
        return self.steps is None and ref.base in ("1", "T") and outside(ref)

    def of_step(self, operand: Operand, way: Factors, end: Ref) -> Formula:
        """∂L_t/∂h_t · ∂h_t/∂w, with what L_t counts in L in front of it."""
        share = self.derivation.rows.jacobian(operand.edge)
        loss = operand.ref
        if len(way) > 1:
            self.between.setdefault((loss, end), way)
            way = (Total(loss, end),)
        return times(share, joined((*way, self.last(end))))

    # equations

    def sheets(self) -> Iterator[Sheet]:
        gradient = self.equation(LOSS)
        found = list(self.carried())
        apart = [Equation(Total(*ends), (joined(way),)) for ends, way in self.between.items()]
        equations = [*apart, *found]
        yield Sheet(("Gradient with respect to ", self.target), (gradient,), self.target.name)
        if equations:
            yield Sheet(("Total derivatives with respect to ", self.target), tuple(equations))

    def equation(self, node: Ref) -> Equation:
        terms = list(self.terms(node))
        several = len(terms) > 1 and node == LOSS
        parts = []
        for body, operand in terms:
            if operand is not None and operand.every:
                body = total_over("t", FIRST, LAST, body)
            elif several and operand is not None and operand.ref.base:
                body = Bracket(body, Ref("", operand.ref.base, operand.ref.shift))
            parts.append(body)
        steps = (FIRST, LAST) if node.base == "t" else ()
        left = Total(node, self.target)
        if len(parts) < 2:
            return Equation(left, (plus(parts),), steps)
        return Equation(left, (Add(tuple(parts)),), steps, by_terms=node == LOSS)

    def carried(self) -> Iterator[Equation]:
        """∂v/∂w for all that the others need, and the zeros before the first step."""
        done: set[Ref] = set()
        while waiting := [node for node in self.needed if node not in done]:
            node = waiting[0]
            done.add(node)
            equation = self.equation(node)
            if equation.rights != (alone(equation.left),):
                yield equation
        for ref in self.zeros:
            yield Equation(Total(ref, self.target), (ZERO,))
