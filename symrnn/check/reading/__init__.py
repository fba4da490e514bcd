"""From lines of mathematics to what they say of a model.

nodes        the structure of a line as data
tokens       the tokens of a line, and the macros of the dialect
tex          from a line of TeX to its structure
symbols      symbols in print: how one is told from another, which step is said
known        what a reader knows: a model's symbols in a notation, functions, dimensions
pieces       formulas with the place of each piece; how wide they are
powers       powers of ten, and of so many steps
letters      one symbol at a time: a name, a dimension, a letter of the writer's own
calls        functions: applied, or bare as in σ(1 - σ)
partials     derivatives
brackets     what stands in brackets, and what hangs on them
expression   sums and products: what a product is of, where Σ ends
where        for which steps and members a line is said
rows         the equations of a line, its remarks and conditions
document     lines to claims: sides, conditions, letters of the writer's own
meanings     what such a letter may stand for
"""

from symrnn.check.reading.document import read
from symrnn.check.reading.known import MOST_STEPS, Known, known

__all__ = ["MOST_STEPS", "Known", "known", "read"]
