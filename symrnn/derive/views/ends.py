"""Where a recursion begins and ends: zeros outside 1…T, and the least T with which it holds."""

from collections.abc import Iterable, Iterator, Sequence

from symrnn.derive.build import ZERO
from symrnn.derive.formula import Big, Equation, Formula, Total, children
from symrnn.derive.paths import LOSS, Paths
from symrnn.language.tree import Ref

FIRST, LAST = Ref("", "1"), Ref("", "T")


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
