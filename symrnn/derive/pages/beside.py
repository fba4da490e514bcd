"""Short equations side by side on paper, in two or three columns."""

from collections.abc import Sequence
from functools import cache

from symrnn.derive.printing.measure import CHARACTER, DENSE, height, measure

BREAK = " \\\\\n"

BETWEEN = 2.0
"""The least space between two columns, in em."""

APART = 1.2
"""How much a display of its own costs in height, in em: what stands between two of them."""

MOST = 3

Rows = tuple[str, ...]
"""The lines of an equation; more than one if it had to be broken."""


def side_by_side(body: str) -> list[str]:
    """The rows of an `align*`, cut into displays that have one to three columns each, so that all
    of it is as low as it can be."""
    body = body.replace(r", \qquad ", r", \quad ")
    equations: list[Rows] = []
    for row in body.split(BREAK):
        new = not row.startswith("&") or not equations
        equations = [*equations, (row,)] if new else [*equations[:-1], (*equations[-1], row)]

    @cache
    def best(start: int) -> tuple[float, tuple[str, ...]]:
        if start == len(equations):
            return 0.0, ()
        found = []
        for stop in range(start + 1, len(equations) + 1):
            for columns in range(1, MOST + 1):
                lines = _in_columns(equations[start:stop], columns)
                if lines is not None:
                    rest, pieces = best(stop)
                    cost = APART + sum(map(height, lines)) + rest
                    found.append((cost, (BREAK.join(lines), *pieces)))
        return min(found, key=lambda each: each[0])

    return list(best(0)[1])


def _in_columns(equations: Sequence[Rows], columns: int) -> list[str] | None:
    """The lines of equations side by side; None if there is no room for them."""
    if columns == 1:
        return [row for equation in equations for row in equation]
    if len(equations) < columns or any(len(equation) > 1 for equation in equations):
        return None
    rows = [row for (row,) in equations]
    room = DENSE * CHARACTER - BETWEEN * (columns - 1)
    if sum(_width(rows[place::columns]) for place in range(columns)) > room:
        return None
    return [" & ".join(rows[at : at + columns]) for at in range(0, len(rows), columns)]


def _width(column: Sequence[str]) -> float:
    """How wide equations below each other are, their signs = in line."""
    sides = [row.partition("&") for row in column]
    return max(measure(left) for left, _, _ in sides) + max(measure(r) for _, _, r in sides)
