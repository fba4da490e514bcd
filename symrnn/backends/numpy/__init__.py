"""Programs as NumPy modules.

- `places`     where the arrays of a program live, and the views of them that statements need
- `statements` statements as calls that write where they are told to
- `module`     the whole file: what is the same in every kernel comes from `templates/numpy`
- `load`       a source compiled in memory, so that tracebacks show its lines
"""

from symrnn.backends.numpy.load import load_source
from symrnn.backends.numpy.module import source

__all__ = ["load_source", "source"]
