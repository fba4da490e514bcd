"""`expanded`: each gradient in inputs, targets and weights alone, for a few steps.

What this view would print grows fast with T. So the formula is counted before it is built, node by
node: each variable and each shared derivative once, whatever the number of times it is put in.
"""

from collections.abc import Iterator, Sequence

from symrnn.derive.build import plus
from symrnn.derive.derivation import LOSS, Derivation
from symrnn.derive.formula import Equation, Formula, Odot, Product, Sheet, Times, Total
from symrnn.derive.pieces import children, map_children
from symrnn.derive.recursion import deltas
from symrnn.errors import UsageError
from symrnn.language.printer import show_ref
from symrnn.language.tree import Add, Ref
from symrnn.system.graph import at_step

LIMIT = 2000
"""How many symbols the formula of one gradient may have."""

DEEPEST = 100
"""How many formulas may stand within each other; whatever reads them does so by recursion."""

ADVICE = "use --view closed, or delta for any T"


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """A sheet for each gradient; UsageError for a symbolic T, or where it would be too long."""
    steps = derivation.system.steps
    if steps is None:
        raise UsageError(f"the view expanded needs a number of steps (--steps); {ADVICE}")
    targets = [(name, t) for name in derivation.chosen(names) for t in derivation.targets(name)]
    work = _Expansion(derivation, steps)
    for _, target in targets:
        work.refuse(target)
    return tuple(
        Sheet(("Gradient with respect to ", target), (work.equation(target),), name)
        for name, target in targets
    )


class _Expansion:
    def __init__(self, derivation: Derivation, steps: int) -> None:
        self.found, self.steps = deltas(derivation), steps
        self.make = self.found.closed.term
        self.nodes = self.found.nodes
        shown = derivation.own | {node.name for node in self.nodes}
        self.equations = {
            e.target: e
            for e in derivation.system.equations
            if e.target.name in shown and e.target != LOSS
        }
        self._formulas: dict[Formula, Formula] = {}
        self._sizes: dict[Formula, tuple[int, int]] = {}
        self._built: dict[Formula, Formula] = {}

    def refuse(self, target: Ref) -> None:
        leaves, depth = self.size(target)
        where = f"∂L/∂{show_ref(target)} for T = {self.steps} would"
        if leaves > LIMIT:
            count = _count(leaves)
            raise UsageError(f"{where} have {count} symbols (the limit is {LIMIT:,}); {ADVICE}")
        if depth > DEEPEST:
            raise UsageError(
                f"{where} have formulas within each other {depth:,} deep (the limit is"
                f" {DEEPEST:,}); {ADVICE}"
            )

    def equation(self, target: Ref) -> Equation:
        body = self.build(self.stands_for(Total(LOSS, target)))
        return Equation(Total(LOSS, target), (body,), by_terms=isinstance(body, Add))

    # what is put in

    def parts(self, leaf: Formula) -> Formula | None:
        """What is put in for a variable or for a derivative; None for what stays as it is."""
        if isinstance(leaf, Total):
            return self.stands_for(leaf)
        if isinstance(leaf, Ref) and leaf.name in self.found.rows.symbols:
            exact = at_step(leaf, self.steps)
            return self.stands_for(exact) if exact in self.equations else None
        return None

    def stands_for(self, leaf: Ref | Total) -> Formula:
        if leaf not in self._formulas:
            if isinstance(leaf, Ref):
                formula = self.found.rows.stands_for(self.equations[leaf])[0]
            else:
                assert isinstance(leaf.by, Ref)
                formula = plus(map(self.make, self.found.paths.terms(leaf.by)))
            self._formulas[leaf] = formula
        return self._formulas[leaf]

    # how long it would be

    def size(self, target: Ref) -> tuple[int, int]:
        """Symbols and depth of the gradient; in the order of computation, so that no recursion is
        deeper than one formula."""
        if not self._sizes:
            for ref in self.equations:
                self.measure(ref)
            for node in self.nodes:
                self.measure(Total(LOSS, node))
        return self.measure(Total(LOSS, target))

    def measure(self, formula: Formula) -> tuple[int, int]:
        known = self._sizes.get(formula) if isinstance(formula, Ref | Total) else None
        if known is not None:
            return known
        inside = self.parts(formula)
        found = list(map(self.measure, children(formula) if inside is None else [inside]))
        size = (sum(n for n, _ in found), max(d for _, d in found)) if found else (1, 0)
        if isinstance(formula, Ref | Total):
            self._sizes[formula] = size
            return size
        return size[0], size[1] + 1

    # and the formula itself

    def build(self, formula: Formula) -> Formula:
        if isinstance(formula, Ref | Total):
            if formula not in self._built:
                inside = self.parts(formula)
                self._built[formula] = formula if inside is None else self.build(inside)
            return self._built[formula]
        return _flat(map_children(formula, self.build))


def _count(number: int) -> str:
    """The number, or its order where it has more digits than anyone reads.

    >>> _count(48211), _count(3 * 10**40)
    ('48,211', 'about 10^40')
    """
    return f"{number:,}" if number < 10**15 else f"about 10^{len(str(number)) - 1}"


def _flat(formula: Formula) -> Formula:
    """(a + b) + c => a + b + c, and the same for products of one kind."""
    match formula:
        case Add(terms=parts):
            return Add(tuple(_opened(parts, Add)))
        case Times(factors=parts) | Odot(factors=parts) | Product(factors=parts):
            return type(formula)(tuple(_opened(parts, type(formula))))
    return formula


def _opened(parts: Sequence[Formula], kind: type[Formula]) -> Iterator[Formula]:
    for part in parts:
        if isinstance(part, kind):
            yield from children(part)
        else:
            yield part
