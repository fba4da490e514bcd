"""The language: text to trees and back.

- `tree`     what a text says, as frozen data
- `parse`    text to trees, through an allow-list over Python's `ast`; nothing is evaluated
- `source`   a text before it is parsed: letters that mean one thing only, what is refused at once
- `foreign`, `meant`  what is written elsewhere, and what to write here
- `table`, `numpy_forms`  the functions of the language, a row each; their forms in NumPy
- `arrays`   NumPy, imported when a number is first worked out, and the type of its arrays
- `functions`  functions of one's own, a line of the text each
- `timesoftmax`  softmax over time, written out
- `calls`    which functions a text calls, and what follows from them
- `printer`  trees to text, with as few brackets as the meaning allows
"""

from symrnn.language.parse import parse
from symrnn.language.printer import show
from symrnn.language.tree import Written

__all__ = ["Written", "parse", "show"]
