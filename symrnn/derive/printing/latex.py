"""Displays in LaTeX: the rows of equations, where they are broken, and reasons beside them."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from symrnn.derive.formula import Equation
from symrnn.derive.printing.latex_formulas import LatexFormulas
from symrnn.derive.printing.layout import lines
from symrnn.derive.printing.measure import CHARACTER, SPACES, height, measure
from symrnn.derive.printing.reasons import beside, by_right, latex_words, wide_as

EQUALS, INDENT = 1.5, 1.0
"""How wide a sign = is, and how far a line that goes on is moved in."""

APART, LEAST = 2.0, 13.0
"""The gap before a reason, and the least room beside a formula that a long one is broken into."""

SURE = 0.97
"""How much of a line is given out: a width is estimated, and may be a little more in TeX."""

HIGHEST = 30.0
"""Of a display that does not break, in em: a page of an `article` has 55."""

NARROWEST = 20
"""Characters: a right side is never given less room than this."""


class Latex(LatexFormulas):
    """Equations below each other, in displays that need amsmath alone."""

    def equation(self, equation: Equation, room: float, wide: float) -> list[str]:
        """left &= right, each further right side and each line that had to be broken below it.

        The left sides take `wide` em of the `room`; without room no line is broken for its length.
        """
        left = self.line(equation.left)
        rows: list[str] = []
        if room and measure(left) > room / 2:
            rows, left = [f"& {left}"], ""
        space = max((room - wide - EQUALS) * SURE, NARROWEST * CHARACTER) if room else math.inf
        used = 0.0
        for right in equation.rights:
            head = f"{left} &= " if left and not rows else "&= "
            broken = lines(self.right(equation, right), self.brackets, space, space - INDENT)
            rows.append(head + broken[0][0])
            for (before, _), (line, _) in pairwise(broken):
                rows.append(r"&\quad " + ("" if before[-1] in ",;" else "{}") + line)
            used = broken[-1][1] + (INDENT if len(broken) > 1 else 0)
        if where := self.where(equation):
            fits = used + measure(rf", \qquad {where}") <= space
            rows[-1] += rf", \qquad {where}" if fits else ","
            rows += [] if fits else [rf"&\qquad {where}"]
        return rows

    def by_equation(
        self, equations: Sequence[Equation], room: float
    ) -> list[tuple[Equation, list[str]]]:
        """The equations, each with its lines; `room` is in characters."""
        told, space = self.telling(equations), room * CHARACTER
        lefts = [measure(self.line(equation.left)) for equation in told]
        wide = max((left for left in lefts if not room or left <= space / 2), default=0.0)
        if any(any(equation.reasons) for equation in told):
            return list(zip(told, self.reasoned(told, space, wide), strict=True))
        return [(equation, self.equation(equation, space, wide)) for equation in told]

    def rows(self, equations: Sequence[Equation], room: float) -> list[str]:
        """The lines of equations below each other."""
        return [row for _, rows in self.by_equation(equations, room) for row in rows]

    def reasoned(
        self, equations: Sequence[Equation], space: float, wide: float
    ) -> Iterator[list[str]]:
        """The lines of each equation with its reasons: beside them where there is room for those
        of all, else below."""

        def lines_of(equation: Equation) -> list[str]:
            return self.equation(equation, space, wide)

        told = [by_right([equation], lines_of, self.again) for equation in equations]
        parts = [part for each in told for part in each]
        halves = [line.partition("&") for lines, _ in parts for line in lines]
        left, right = (max(measure(half[i]) for half in halves) for i in (0, 2))
        side = (space - left - right) * SURE - APART if space else math.inf
        below = (space - left) * SURE - SPACES[r"\quad"] / 100 if space else math.inf
        is_beside = side >= min(max(wide_as(reason, self.line) for _, reason in parts), LEAST)
        for each in told:
            if is_beside:
                yield [
                    (row.formula or "&") + (f" && {row.words}" if row.words else "")
                    for lines, reason in each
                    for row in beside(lines, latex_words(reason, self.line, side))
                ]
            else:
                yield [
                    row
                    for lines, reason in each
                    for row in (
                        *lines,
                        *(rf"&\quad\; {words}" for words in latex_words(reason, self.line, below)),
                    )
                ]

    def again(self, lines: list[str], _: Equation) -> list[str]:
        """The lines of a further right side: what is on the left stands there once."""
        _left, sign, right = lines[0].partition("&= ")
        return [f"&= {right}", *lines[1:]] if sign else lines[1:]

    def display(self, equations: Sequence[Equation], room: float = 80) -> str:
        """The equations in one piece, their signs = below each other."""
        body = " \\\\\n".join(self.rows(equations, room))
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def fragment(self, equations: Sequence[Equation], room: float = 80) -> str:
        """A display to paste; one that could be too high for a page may break over pages."""
        rows = self.rows(equations, room)
        body = " \\\\\n".join(rows)
        if sum(map(height, rows)) <= HIGHEST:
            return f"\\[\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n\\]\n"
        return f"{{\\allowdisplaybreaks\n\\begin{{align*}}\n{body}\n\\end{{align*}}}}\n"
