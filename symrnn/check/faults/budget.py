"""How much may be worked out in looking for faults: counted in pieces, so that what is found does
not depend on the machine."""

EVERY, LINE = 150_000, 40_000
"""Pieces of formulas that are worked out for a document, and for one of its lines."""

OF_SEVERAL = EVERY // 3
"""For each of several documents, of which the first wrong line is told."""

SHARE = 4
"""A line takes at most this part of what is left, so that later ones are looked at too."""

CUT = "; the search for what belongs there was cut short"


class SpentError(Exception):
    """More pieces were worked out than a line is worth."""


class Budget:
    """How many pieces of formulas may still be worked out."""

    def __init__(self, left: int, whole: "Budget | None" = None) -> None:
        self.left, self.whole = left, whole
        self.cut = False
        """Whether there was not enough of it."""
        self.limits = False
        """Whether what is too much is refused: so it is in a search, and not for what is told."""

    def share(self, number: int) -> "Budget":
        """That of one reading, the less the later it comes."""
        return self.part(2 * self.left // (number + 2))

    def part(self, most: int) -> "Budget":
        """What part of it may take at most."""
        return Budget(min(most, self.left), self)

    def of_a_line(self) -> "Budget":
        return self.part(min(LINE, self.left // SHARE))

    def spend(self, pieces: int) -> None:
        budget: Budget | None = self
        while budget is not None:
            budget.left -= pieces
            budget = budget.whole
        if self.limits and self.is_spent:
            self.cut = True
            raise SpentError

    @property
    def is_spent(self) -> bool:
        return self.left < 0 or (self.whole is not None and self.whole.is_spent)
