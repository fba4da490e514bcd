"""Where a wrong line goes wrong, and what belongs there.

budget       how much may be worked out for a document
worth        what formulas are worth, beside what the left side is
truths       what derive has for a left side
vocabulary   the pieces of it, and what else may belong in a formula
edits        single edits that might make it right
operands     edits that put one thing for another
missing      edits that put in what is missing, and the order of all
shapes       edits of what does not fit together
scale        right sides that are right but for one number
terms        the addends of a right side, matched by value with right ones
trying       tries at one right side: one edit, two
finding      the search: term by term, one edit, two, else the whole
faults       a search for each way in which a wrong line can be read
"""

from symrnn.check.faults.faults import fault

__all__ = ["fault"]
