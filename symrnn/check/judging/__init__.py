"""A document held against its model.

truth     every variable and its derivative by every other, from the equations alone
values    formulas in numbers, where a derivative is what it truly is
points    the settings in which formulas are tried
choices   what a document leaves open: readings of ∂, letters, ranges, conventions
outcome   one claim at one point: at which steps its two sides are equal
judge     the verdict on every right side of a document, under one set of choices
"""

from symrnn.check.judging.judge import Judged, Point, Settled, judge

__all__ = ["Judged", "Point", "Settled", "judge"]
