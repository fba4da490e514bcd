"""A document held against its model.

unrolled     the equations at each step, in the order in which they can be worked out
truth        every variable and its derivative by every other, from the equations alone
conventions  rows or columns, and which matrix a derivative is
fitting      sums and products of what fits together
values       formulas in numbers, where a derivative is what it truly is
points       the settings in which formulas are tried
choices      what a document leaves open: readings of ∂, letters, ranges
families     letters that mean the same of different things
outcome      one claim at one point: at which steps its two sides are equal
numbers      numbers that a document gives, and results with so many digits
judged       what is found, for whoever goes on from it
trying       claims tried under what may be meant
search       the choices under which most lines are right
worked       lines held against the numbers of a worked example
following    lines that are wrong because one before them is
told         what is said of readings and conventions
verdicts     the verdict on each right side
reach        where a ∏ ends that may end at two places
judge        a document judged
"""

from symrnn.check.judging.judge import judge
from symrnn.check.judging.judged import Judged, Point, Settled

__all__ = ["Judged", "Point", "Settled", "judge"]
