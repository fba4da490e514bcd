"""A model, and what can be asked of it.

- `model`    a text under a name: its system, derivations, kernels; other heads, masks, weights
- `reading`  from texts, files of the zoo or of one's own, and SymPy's equations to models
"""

from symrnn.model.model import Model
from symrnn.model.reading import from_sympy, load, parse, read

__all__ = ["Model", "from_sympy", "load", "parse", "read"]
