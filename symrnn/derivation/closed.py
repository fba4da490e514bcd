"""Terms in closed form: the local derivatives put in, each row carried back along its path."""

from symrnn.derivation.build import ONE, plus
from symrnn.derivation.derivation import LOSS, Derivation, Paths, Term
from symrnn.derivation.formula import Big, Formula, Total
from symrnn.derivation.network import Carrier, Edge
from symrnn.derivation.rows import Rows, Sized, multiplied
from symrnn.functions import LOSSES
from symrnn.language.parse import rule
from symrnn.language.tree import NARROW, Call, Expr, Ref, map_children
from symrnn.system.algebra import put, size
from symrnn.system.system import System

ONE_TO_T = (Ref("", "1"), Ref("", "T"))


class Closed:
    """The value of ∂L/∂v at every node, as far back as a path is alone."""

    def __init__(self, rows: Rows, paths: Paths) -> None:
        self.rows, self.paths = rows, paths
        self._after: dict[Ref, Sized] = {}

    def term(self, term: Term) -> Formula:
        """The whole term; summed over time where every step has one like it."""
        return summed(term, self._carried(term))

    def equation(self, target: Ref) -> Formula:
        return plus(map(self.term, self.paths.terms(target)))

    def _carried(self, term: Term) -> Formula:
        first = len(term.path) - 1
        while first > 0 and term.path[first - 1].by not in self._after:
            first -= 1
        row = self.start(term.start)
        if first > 0:
            row = self._after[term.path[first - 1].by]
        for position in range(first, len(term.path)):
            row = self.along(term, position, row)
            if position < len(term.path) - 1:
                self._after[term.path[position].by] = row
        return row[0]

    def start(self, node: Ref) -> Sized:
        if node == LOSS:
            return ONE, NARROW
        return Total(LOSS, node), self.rows.width_of(node)

    def along(self, term: Term, position: int, row: Sized) -> Sized:
        """One edge back; a loss and its link function meet in ŷ - y."""
        edge = term.path[position]
        if position == 1 and term.start == LOSS:
            met = self.met(term.path[0], edge)
            if met is not None:
                return met
        return self.rows.carried(row, edge.routes)

    def met(self, loss: Edge, link: Edge) -> Sized | None:
        """The row behind a link function, where the loss that judges its value is the only
        thing that reads it."""
        if len(loss.routes) != 1:
            return None
        *before, judge = loss.routes[0]
        slope = logit_slope(self.rows.system, judge, link.routes[0][0])
        if slope is None or any(route[0] != link.routes[0][0] for route in link.routes):
            return None
        row = self.rows.along((ONE, NARROW), tuple(before))
        row = multiplied(row, self.rows.value(slope))
        return self.rows.carried(row, tuple(route[1:] for route in link.routes))


def summed(term: Term, body: Formula) -> Formula:
    return Big("sum", "t", *ONE_TO_T, body) if term.last.over else body


def logit_slope(system: System, loss: Carrier, link: Carrier) -> Expr | None:
    """∂loss/∂z where the loss judges the value of its own link function: ŷ - y."""
    if loss.function not in LOSSES or LOSSES[loss.function].link != link.function:
        return None
    if link.value is None or link.value != loss.value or loss.target is None:
        return None
    row = LOSSES[LOSSES[loss.function].from_logits]
    target, value = loss.target, link.value
    fixed = system.steps is not None and target.base
    inside = 0 <= target.shift < (system.steps or 0) if fixed else not target.shift
    onehot = row.onehot and system.symbols[target.name].onehot and inside
    slope = _with_value(rule(row.onehot if onehot else row.by_prediction), value)
    return put(slope, {"y": target, "n": size(system.symbols[value.name].width)})


def _with_value(slope: Expr, value: Ref) -> Expr:
    """The rule for logits, σ(z) in it as the value that has a name."""

    def change(expr: Expr) -> Expr:
        if isinstance(expr, Call) and expr.args == (Ref("p"),):
            return value
        return map_children(expr, change)

    return change(slope)


def closed_of(derivation: Derivation) -> Closed:
    return Closed(derivation.rows, derivation.paths)
