"""What several views share: gradients as sums of terms, recursions with their ends, totals."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from symrnn.derive.as_written import definitions
from symrnn.derive.build import chain, plus
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import (
    FIRST,
    LAST,
    Big,
    Bracket,
    Chain,
    Equation,
    Formula,
    Immediate,
    Sheet,
    Total,
)
from symrnn.derive.paths import LOSS, Paths, Term
from symrnn.derive.pieces import children
from symrnn.language.tree import ZERO, Add, Ref


def ended(
    equations: Sequence[Equation], readers: Iterable[Equation] = (), root: Ref = LOSS
) -> list[Equation]:
    """The equations of a recursion with ∂L/∂v = 0, or that of another root, at each step outside
    1…T that they or their readers read, each behind the last equation of its variable.

    δ_t = δ_{t+2} U (1 - h_t²), t = T - 1, …, 1   =>   … and δ_{T+1} = 0
    """
    found = list(equations)
    defined = {equation.left for equation in found}
    wanted = (ref for equation in (*found, *readers) for ref in _beyond(equation))
    for ref in sorted(dict.fromkeys(wanted), key=lambda ref: abs(ref.shift)):
        zero = Equation(Total(root, ref), (ZERO,))
        own = [i for i, equation in enumerate(found) if _name(equation.left) == ref.name]
        if own and zero.left not in defined:
            found.insert(own[-1] + 1, zero)
    return found


def _name(left: Formula) -> str:
    return left.by.name if isinstance(left, Total) and isinstance(left.by, Ref) else ""


def _beyond(equation: Equation) -> Iterator[Ref]:
    """The steps outside 1…T at which the right sides read a total derivative, as fixed steps."""
    low, high = sorted(equation.steps or (FIRST, LAST), key=lambda bound: bound.base)
    for right in equation.rights:
        for ref, first, last in _reads(right, low, high):
            for step in range(1, ref.shift + last.shift + 1) if last.base == "T" else ():
                yield Ref(ref.name, "T", step)
            for step in range(ref.shift + first.shift, 0) if first.base == "1" else ():
                yield Ref(ref.name, "1", step)


def _reads(formula: Formula, low: Ref, high: Ref) -> Iterator[tuple[Ref, Ref, Ref]]:
    """Each total at a step t + s, with the first and the last t."""
    match formula:
        case Total(by=Ref(base="t") as ref):
            yield ref, low, high
        case Big(index="t", low=first, high=last, body=body):
            yield from _reads(body, first, last)
        case _:
            for child in children(formula):
                yield from _reads(child, low, high)


def least(paths: Paths, nodes: Iterable[Ref]) -> int:
    """The least T with which the fixed steps of each node are different steps within 1…T, and so
    those of whatever is folded between them."""
    network = paths.network
    places = [paths.landings(node) for node in nodes]
    for node in network.folded:
        added = [Ref(node.name, *at) for at in network.added.get(node, [])]
        places.append([*paths.landings(node), *added])
    return max(map(_least, places), default=1)


def _least(places: Sequence[Ref]) -> int:
    """How many steps places counted from either end take.

    >>> _least([Ref("h", "T"), Ref("h", "T", -1), Ref("h", "1", 1)])
    4
    """
    taken = {
        base: max((1 + abs(p.shift) for p in places if p.base == base), default=0) for base in "1T"
    }
    return max(sum(taken.values()), 1)


def holds(steps: int) -> str:
    """For which T equations hold, where that has to be said."""
    if steps < 2:
        return ""
    return (
        f"For T ≥ {steps}: with fewer steps some of those named here would coincide, or lie outside"
        " 1…T. "
    )


Make = Callable[[Term], Formula]
"""How a view writes one term."""


def gradient(paths: Paths, terms: Sequence[Term], target: Ref, make: Make) -> Equation:
    """∂L/∂w as the sum of its terms, one a line; by an input that the text reads at certain steps
    for all steps but these."""
    parts = [part for part in map(make, terms) if part != ZERO]
    fixed = paths.landings(target)
    (first, last), but = span(fixed)
    steps = (last, first) if fixed else ()
    left = Total(LOSS, target)
    if len(parts) < 2:
        return Equation(left, (plus(parts),), steps, but)
    return Equation(left, (Add(tuple(parts)),), steps, but, by_terms=True)


def recursion(
    paths: Paths, node: Ref, make: Make, terms_of: Callable[[Ref], Sequence[Term]] | None = None
) -> Iterator[Equation]:
    """The equations of ∂L/∂node: for certain steps, and for all others."""
    terms_of = terms_of or paths.terms
    if paths.steps is not None or not node.base:
        yield Equation(Total(LOSS, node), (_sum(terms_of(node), make),))
        return
    fixed = sorted(paths.landings(node), key=lambda ref: (ref.base, ref.shift), reverse=True)
    general = terms_of(node) if node.base == "t" else ()
    for place in fixed:
        yield Equation(Total(LOSS, place), (_sum(terms_of(place), make),))
    if node.base != "t":
        if not fixed:
            yield Equation(Total(LOSS, node), (_sum(terms_of(node), make),))
        return
    sources = [term.start.shift for term in general if term.start.base == "t"]
    backwards = any(s < 0 for s in sources) and not any(s > 0 for s in sources)
    (first, last), but = span(fixed)
    steps = (first, last) if backwards else (last, first)
    yield Equation(Total(LOSS, node), (_sum(general, make),), steps, but=but)


def span(places: Sequence[Ref]) -> tuple[tuple[Ref, Ref], tuple[Ref, ...]]:
    """The first and the last step besides these, and those of them that lie between.

    >>> span([Ref("h", "1"), Ref("h", "T", -1)])[0]
    (Ref(name='', base='1', shift=1), Ref(name='', base='T', shift=0))
    """
    taken = {(place.base, place.shift) for place in places}
    first = next(Ref("", "1", k) for k in range(len(taken) + 1) if ("1", k) not in taken)
    last = next(Ref("", "T", -k) for k in range(len(taken) + 1) if ("T", -k) not in taken)
    within = [
        p for p in places if (p.shift > first.shift if p.base == "1" else p.shift < last.shift)
    ]
    return (first, last), tuple(Ref("", place.base, place.shift) for place in within)


def shared(
    derivation: Derivation, names: Sequence[str], sheets: Sequence[Sheet], found: list[Equation]
) -> Iterator[Sheet]:
    """The sheet of the totals that the gradients of the other sheets are made of, if any."""
    found = ended(found, (equation for sheet in sheets for equation in sheet.equations))
    targets = [target for name in derivation.chosen(names) for target in derivation.targets(name)]
    said = holds(least(derivation.paths, [*derivation.totals(names), *targets]))
    if found:
        title = ("Total derivatives that several paths share",)
        yield Sheet(title, tuple(found), note=(said,) if said else ())


def _sum(terms: Sequence[Term], make: Make) -> Formula:
    return plus(map(make, terms))


def bracketed(term: Term, body: Formula) -> Formula:
    """The term with its step, if it belongs to one of several."""
    return body if term.step is None else Bracket(body, term.step)


def chained(derivation: Derivation, term: Term) -> Formula:
    """The product of the derivatives along a path."""
    return closing(derivation, derivation.factors(term)[:-1], term.last)


def closing(derivation: Derivation, before: Sequence[Formula], last: Edge) -> Formula:
    """A product of derivatives with that of a last edge; that by a matrix is what stands around
    the matrix: its operand, and what the row is multiplied with there."""
    rows = derivation.rows
    if rows.is_use(last):
        return plus(use.share(*before, use.matrix) for use in rows.uses(last))
    if rows.is_of_matrix(last):
        return rows.carried((chain(*before), rows.width_of(last.of)), last.routes)[0]
    return chain(*before, derivation.factor(last))


Factors = tuple[Formula, ...]


def joined(factors: Sequence[Formula]) -> Formula:
    return factors[0] if len(factors) == 1 else Chain(tuple(factors))


def losses(derivation: Derivation) -> list[Sheet]:
    """What L_t is, where the derivation has a name for the losses of the steps."""
    names = {*derivation.step_losses, LOSS.name} if derivation.step_losses else set()
    equations = definitions(derivation.rows, names)
    return [Sheet(("The losses of the steps",), tuple(equations))] if equations else []


def within(derivation: Derivation, term: Term, root: Ref) -> Factors:
    """The factors of a term from `root`, which every path passes, instead of the loss."""
    factors = derivation.factors(term)
    if root == LOSS:
        return factors
    if term.start == LOSS:
        return factors[1:]
    return factors[1:] if term.start == root else (Total(root, term.start), *factors[1:])


def rooted(equation: Equation, root: Ref) -> Equation:
    """An equation for ∂L/∂v as one for ∂root/∂v."""
    left = equation.left
    assert isinstance(left, Total)
    return replace(equation, left=Total(root, left.by))


def alone(left: Formula) -> Formula:
    """What says nothing of a total derivative: that it is the only derivative there is."""
    return Immediate(left.of, left.by, alone=True) if isinstance(left, Total) else left
