"""The steps in the middle: the paths and their sum, immediate and total, what the paths share."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.derive.build import plus
from symrnn.derive.edges import Edge
from symrnn.derive.formula import FIRST, LAST, Chain, Equation, Formula, Sheet, Total, Words
from symrnn.derive.paths import LOSS, Term
from symrnn.derive.pieces import walk
from symrnn.derive.recursion import Deltas
from symrnn.derive.views.common import bracketed, closing, gradient
from symrnn.derive.views.forward import Forward
from symrnn.derive.views.local import closed_edge
from symrnn.derive.views.paths import equation, every_path
from symrnn.derive.views.steps.counts import Count, Counts, ancestors, counted
from symrnn.derive.views.steps.fine import Fine
from symrnn.derive.views.steps.reasons import joined, numeral, shapes
from symrnn.errors import UsageError
from symrnn.language.tree import ONE, ZERO, Ref, Size

LISTED = 6
"""So many paths are written out; of more it is said how many there are."""

NAMED = 6
"""So many totals are taken out of the sum one after the other."""


def example(fine: Fine, names: Sequence[str]) -> Ref | None:
    """The parameter on which things are shown: the first that several steps use beside an earlier
    step's value, else the first that several steps use, else the first."""
    known = [Ref(n) for n in fine.chosen(names) if not fine.plain.symbols[n].timed]
    used = [ref for ref in known if fine.network.edges.get(ref)]
    kept = [
        ref for ref in used if not any(fine.network.is_matrix(e.of) for e in fine.paths.edges(ref))
    ]
    again = [ref for ref in kept if _recurs(fine, ref)]
    often = [
        ref
        for ref in kept
        if any(e.of.base and not fine.paths.steps for e in fine.paths.edges(ref))
    ]
    return next(iter((*again, *often, *kept)), None)


def _recurs(fine: Fine, target: Ref) -> bool:
    """Whether a parameter is used beside the value of another step."""
    return any(
        isinstance(part, Ref)
        and part.name in fine.own
        and bool(part.base)
        and (part.base, part.shift) != (edge.of.base, edge.of.shift)
        for edge in fine.paths.edges(target)
        for part in walk(closed_edge(fine.rows, edge))
    )


# paths


def paths(stepped: Fine, target: Ref) -> Sheet:
    """Every path from the parameter to the loss, and their sum."""
    count = counted(stepped.paths, target)
    title = ("The paths from ", target, " to the loss")
    if count.paths > LISTED:
        one = nodes(stepped, next(every_path(stepped, target)), target, short=True)
        many_: Words = (f"{count.paths:,} paths lead from ", target, " to the loss, such as ")
        return Sheet(title, (), note=(*many_, *arrows(one), ". ", ADDED))
    found = list(every_path(stepped, target))
    known = [nodes(stepped, path, target, short=True) for path in found]
    if len(set(known)) < len(known):
        known = [nodes(stepped, path, target, short=False) for path in found]
    note: list[str | Formula] = [f"{numeral(count.paths, 'path leads', 'paths lead')} from "]
    note += [target, " to the loss: "]
    for place, path in enumerate(known):
        note += ["; " if place else "", *arrows(path)]
    note += [". ", ADDED if len(found) > 1 else ALONE]
    reason = (MANY_PRODUCTS if len(found) > 1 else ONE_PRODUCT,)
    made = equation(stepped, target)
    return Sheet(title, (replace(made, reasons=(reason,)),), note=tuple(note))


ADDED = (
    "What is changed by a little reaches the loss along each of them by itself, and small changes"
    " add up: so what the paths carry is added."
)
ALONE = "Along it the derivatives are multiplied."
MANY_PRODUCTS = "along each path the derivatives are multiplied, and the products are added"
ONE_PRODUCT = "the derivatives along the path, multiplied"


def nodes(of: Fine, path: Sequence[Edge], target: Ref, short: bool) -> tuple[Ref, ...]:
    """What a path passes, from the parameter on; in short, only what the author has named."""
    passed = [edge.of for edge in reversed(path)]
    kept = [ref for ref in passed if not short or ref.name in of.coarse.own or ref == LOSS]
    return (target, *kept)


def arrows(path: Sequence[Ref]) -> Iterator[str | Formula]:
    for place, ref in enumerate(path):
        yield from (" → ", ref) if place else (ref,)


def many(counts: Counts) -> Sheet | None:
    """The same for any T: how many paths there are."""
    target = counts.target
    number = counts.in_steps(lambda count: count.paths)
    title = ("The paths from ", target, " to the loss")
    if number is not None:
        grows = any(isinstance(part, Size) for part in walk(number))
        amount: Words = (number, " paths lead") if number != ONE else ("One path leads",)
        words: Words = (
            *amount,
            " from ",
            target,
            " to the loss",
            ", for T steps. " if grows else ". ",
        )
        return Sheet(title, (), note=(*words, ADDED if number != ONE else ALONE))
    few_steps = [counts.at(steps) for steps in (1, 2, 3)]
    known = [f"{count.paths:,}" for count in few_steps if count is not None]
    if len(known) < len(few_steps):
        return None
    said = f"{', '.join(known)} paths lead from ", target, " to the loss for T = 1, 2, 3. "
    return Sheet(title, (), note=(*said, ADDED))


# immediate and total


def immediate(fine: Fine, target: Ref) -> Sheet | None:
    """∂⁺a_t/∂w with all else held fixed, and ∂a_t/∂w; by a matrix the share of a step."""
    edge = next((e for e in fine.paths.edges(target) if not fine.factor(e).alone), None)
    if edge is None:
        return None
    title = ("Immediate and total, by ", target)
    held = held_fixed(fine, edge, target)
    depends: Words = (*_list(held), " is" if len(held) == 1 else " are", " held fixed, though ")
    depends = (*depends, "it depends on " if len(held) == 1 else "they depend on ", target, " too")
    if fine.rows.is_use(edge):
        return _by_matrix(fine, target, edge, title, depends)
    try:
        forward = Forward(fine, target)
    except UsageError:
        return None
    node = fine.paths.node(edge.of)
    if node not in forward.direct or node not in forward.operands:
        return None
    whole = forward.equation(node)
    first = fine.factor(replace(edge, of=node, over=False))
    near = Equation(first, (closed_edge(fine.rows, replace(edge, over=False)),), whole.steps)
    along: Words = ("the immediate share, and what comes by way of ", *_list(held))
    others = [_carried(e) for e in forward.carried() if e.left != whole.left]
    whole, near = replace(whole, reasons=(along,)), replace(near, reasons=(depends,))
    note = "The total is here for comparison: the way back needs the immediate ones alone. "
    return Sheet(title, (near, whole, *others), note=(note,))


def _carried(equation: Equation) -> Equation:
    """A total that another one reads, with its reason."""
    if equation.rights == (ZERO,):
        return replace(equation, reasons=(("what stands before the first step is given",),))
    return replace(equation, reasons=(("and so on, back to the first step",),))


def held_fixed(fine: Fine, edge: Edge, target: Ref) -> list[Ref]:
    """What else, among all that a variable reads, depends on the parameter that it uses."""
    reached = ancestors(fine.paths, target)
    reader, found = fine.paths.node(edge.of), dict[Ref, None]()
    for node in fine.network.edges:
        for other in fine.network.edges[node]:
            if node in reached and node != target and fine.paths.node(other.of) == reader:
                there = other.of.base == node.base == "t"
                found.setdefault(Ref(node.name, "t", -other.of.shift) if there else other.by)
    return list(found)


def _list(refs: Sequence[Ref]) -> Words:
    found: list[str | Formula] = []
    for place, ref in enumerate(refs):
        found += [" and " if place == len(refs) - 1 else ", "] if place else []
        found.append(ref)
    return tuple(found)


def _by_matrix(fine: Fine, target: Ref, edge: Edge, title: Words, depends: Words) -> Sheet:
    own = replace(edge, over=False, without=())
    row = Total(LOSS, edge.of)
    right = plus(use.share(row, use.matrix) for use in fine.rows.uses(own))
    factors = right.factors if isinstance(right, Chain) else ()
    note: Words = (
        "By a matrix the derivative of a vector has three axes, and no matrix holds it; but what it"
        " hands back to ", target, " is a matrix. The immediate share is that of one use. ",
    )  # fmt: skip
    steps = (FIRST, LAST) if edge.of.base == "t" else ()
    words = joined(depends, shapes(fine.rows, factors))
    left = Chain((row, fine.factor(own)))
    return Sheet(title, (Equation(left, (right,), steps, reasons=(words,)),), note=note)


# what the paths share


def shared(stepped: Fine, found: Deltas, target: Ref, note: Words) -> Sheet | None:
    """From the sum over paths to the totals: what begins alike is worked out once."""
    count = counted(stepped.paths, target)
    if not 1 < count.paths <= LISTED:
        return None
    ways = [(LOSS, path) for path in every_path(stepped, target)]
    rights: list[Formula] = []
    reasons: list[Words] = []
    last = _sum(stepped, target, ways)
    order = [n for n in found.nodes if any(n == e.by for _, path in ways for e in path[:-1])]
    if len(order) > NAMED:
        return None
    for node in order:
        through = [way for way in ways if any(e.by == node for e in way[1][:-1])]
        after = dict.fromkeys(_after(path, node) for _, path in through)
        before = len(through) // len(after)
        ways = _replaced(ways, node)
        made = _sum(stepped, target, ways)
        if made == last:
            continue
        last = made
        rights.append(made)
        terms = numeral(len(through), "term begins", "terms begin")
        reasons.append(
            (f"{terms} with the way from ", LOSS, " to ", node, ": that is ", Total(LOSS, node))
            if before == 1
            else (f"{before} ways lead to ", node, ": their sum is ", Total(LOSS, node))
        )
    if not rights:
        return None
    whole = Equation(Total(LOSS, target), tuple(rights), by_terms=True, reasons=tuple(reasons))
    return Sheet(("What the paths share",), (whole,), note=note)


def _after(path: tuple[Edge, ...], node: Ref) -> tuple[Edge, ...]:
    place = next(i for i, edge in enumerate(path) if edge.by == node)
    return path[place + 1 :]


Way = tuple[Ref, tuple[Edge, ...]]


def _replaced(ways: Sequence[Way], node: Ref) -> list[Way]:
    """Each way through a node from there on, once."""
    found: dict[Way, None] = {}
    for start, path in ways:
        passes = any(edge.by == node for edge in path[:-1])
        found.setdefault((node, _after(path, node)) if passes else (start, path))
    return list(found)


def _sum(stepped: Fine, target: Ref, ways: Sequence[Way]) -> Formula:
    terms = [Term(target, start, path) for start, path in ways]
    several = len({term.last.of for term in terms}) > 1

    def make(term: Term) -> Formula:
        before = () if term.start == LOSS else (Total(LOSS, term.start),)
        body = closing(stepped, [*before, *map(stepped.factor, term.path[:-1])], term.last)
        return bracketed(term, body) if several else body

    return gradient(stepped.paths, terms, target, make).rights[0]


def effort(counts: Counts, stepped: Fine | None) -> Words:
    """How many products the paths take one by one, and how many with the totals."""
    fine, target = counts.fine, counts.target
    said: list[str | Formula] = []
    if stepped is not None:
        here = counted(stepped.paths, target)
        if here.apart > here.shared:
            said += [
                f"Counted for T = {stepped.system.steps}, by ",
                target,
                f": {_products(here)}. ",
            ]
    if fine.unrolled:
        return tuple(said)
    apart = counts.in_steps(lambda count: count.apart)
    once = counts.in_steps(lambda count: count.shared)
    if apart is not None and once is not None and apart != once:
        said += [
            "For T steps the paths by themselves take ",
            apart,
            " products, the totals ",
            once,
            ". ",
        ]
    elif apart is None and once is not None:
        few_steps = [counts.at(steps) for steps in (2, 4, 6)]
        if all(few_steps):
            known = ", ".join(f"{count.apart:,}" for count in few_steps if count is not None)
            said += [f"For T = 2, 4, 6 the paths by themselves take {known} products, the totals "]
            said += [once, " for any T. "]
    return tuple(said)


def _products(count: Count) -> str:
    apart = numeral(count.apart, "product")
    if count.apart == count.shared:
        return f"{apart}, path by path or with the totals"
    return f"{apart} path by path, {count.shared:,} where each total is worked out once"
