"""How many paths there are, and how many products they take one by one and with what they share.

Both are counted in the network of a number of steps; a formula in T is said only where it gives
the counted numbers of further steps too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import lcm

from symrnn.derive.build import minus, plus, power, ratio, times
from symrnn.derive.formula import Formula
from symrnn.derive.paths import LOSS, Paths
from symrnn.derive.views.steps.fine import Fine
from symrnn.errors import EquationError, UsageError
from symrnn.language.tree import ONE, STEPS, ZERO, Num, Ref, Size

FITTED, TRIED = (2, 3, 4, 5), (6,)
"""The numbers of steps that a formula is made of, and that at which it is tried."""


@dataclass(frozen=True)
class Count:
    """The paths to a parameter; the products along each by itself, and with every total once."""

    paths: int
    apart: int
    shared: int


def counted(paths: Paths, target: Ref) -> Count:
    """Every product of two derivatives on the way from the loss to a target.

    A path of n derivatives takes n - 1 products; with the totals each edge takes one, but for those
    that leave the loss.
    """
    number: dict[Ref, tuple[int, int]] = {LOSS: (1, 0)}
    reached = ancestors(paths, target)
    order = [node for node in paths.network.edges if node in reached and node != target]
    shared = 0
    for node in (*order, target):
        ways = length = 0
        for edge in paths.edges(node):
            before, derivatives = number[edge.of]
            ways += before
            length += derivatives + before
            shared += edge.of != LOSS and before > 0
        number[node] = ways, length
    ways, length = number[target]
    return Count(ways, length - ways, shared)


def ancestors(paths: Paths, target: Ref) -> set[Ref]:
    """The nodes that depend on a target, but for the loss."""
    reached: set[Ref] = set()
    waiting = [target]
    while waiting:
        node = paths.node(waiting.pop())
        if node not in reached and node != LOSS:
            reached.add(node)
            waiting += [edge.of for edge in paths.network.edges.get(node, [])]
    return reached


class Counts:
    """The same for other numbers of steps, each network made once."""

    def __init__(self, fine: Fine, target: Ref) -> None:
        self.fine, self.target = fine, target
        self._known: dict[int, Count | None] = {}

    def at(self, steps: int) -> Count | None:
        """None where there is no network of so many steps."""
        if steps not in self._known:
            try:
                other = replace(self.fine.rolled, steps=steps)
                self._known[steps] = counted(other.paths, self.target)
            except (EquationError, UsageError):
                self._known[steps] = None
        return self._known[steps]

    def in_steps(self, of: Callable[[Count], int]) -> Formula | None:
        """A count as a formula in T, where a polynomial of degree three gives it."""
        if self.fine.plain.steps is not None or self.fine.windows is not None:
            return None
        found = [self.at(steps) for steps in (*FITTED, *TRIED)]
        numbers = [of(count) for count in found if count is not None]
        return polynomial(numbers) if len(numbers) == len(found) else None


def polynomial(numbers: Sequence[int]) -> Formula | None:
    """The polynomial of degree three through all numbers but the last, if it gives that too.

    >>> polynomial([3, 6, 10, 15, 21]) is None, polynomial([3, 7, 15, 31, 63]) is None
    (False, True)
    """
    found = _coefficients(list(map(Fraction, numbers)))
    if len(found) > len(FITTED):
        return None
    under = lcm(*(number.denominator for number in found))
    size: Formula = Size(STEPS)
    powers = (ONE, size, power(size, Num(Fraction(2))), power(size, Num(Fraction(3))))
    parts = [
        minus(times(Num(-number * under), of)) if number < 0 else times(Num(number * under), of)
        for number, of in reversed(list(zip(found, powers, strict=False)))
        if number
    ]
    return ratio(plus(parts), Num(Fraction(under))) if parts else ZERO


def _coefficients(numbers: Sequence[Fraction]) -> list[Fraction]:
    """Of the polynomial through the numbers at FITTED and TRIED, by Newton's differences; those of
    high powers that are zero are left out."""
    rows, places = [list(numbers)], (*FITTED, *TRIED)
    while len(rows[-1]) > 1:
        rows.append([b - a for a, b in pairwise(rows[-1])])
    found = [Fraction(0)] * len(numbers)
    basis = [Fraction(1)]
    for order, row in enumerate(rows):
        for place, value in enumerate(basis):
            found[place] += row[0] * value
        # the next basis polynomial: times (T - place) / (order + 1)
        shifted = [Fraction(0), *basis]
        down = [*(places[order] * value for value in basis), Fraction(0)]
        basis = [(a - b) / (order + 1) for a, b in zip(shifted, down, strict=True)]
    while found and not found[-1]:
        found.pop()
    return found
