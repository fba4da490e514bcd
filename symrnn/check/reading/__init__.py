"""From lines of mathematics to what they say of a model.

tex         the structure of TeX: letters, groups, brackets, fractions, scripts, with their places
symbols     which symbols a reader knows: a model's in a notation, and a person's
pieces      formulas with the place of each piece; how wide they are
expression  structure to formula: what a product is of, where Σ ends
where       for which steps and members a line is said
document    lines to claims: sides, conditions, letters of the writer's own
meanings    what such a letter may stand for
"""

from symrnn.check.reading.document import read
from symrnn.check.reading.symbols import Known, known

__all__ = ["Known", "known", "read"]
