"""Write the recurrence; get the derivation you can print and the kernel you can train with.

>>> import symrnn
>>> model = symrnn.load("elman")
>>> print(model)
# Elman's network, many to one: the notes' network with biases (N1, N4)
O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h + b)
yhat = sigmoid(O[T] @ w_o + b_o)
L    = bce(y, yhat)
<BLANKLINE>

The rooms, each of which knows only those before it: `language` (texts and trees), `library` (the
models that come along), `system` (systems of equations, and the functions from system to system),
`interpret` (numbers without derivative rules), `derive` (everything that prints mathematics),
`kernels` (from a system to code, and its proof), `weights` (parameters in files, also those of
other frameworks), `training`, `page` (all of it to look at), `bench` and `cli`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symrnn.errors import ModelWarning, SymrnnError
from symrnn.library.zoo import models

if TYPE_CHECKING:
    from symrnn.model import Model
    from symrnn.page.report import Report

__version__ = "0.1.0"
__all__ = ["ModelWarning", "SymrnnError", "from_sympy", "load", "models", "parse", "report"]


def load(model: str | Path, strict: bool = False) -> "Model":
    """A model of the zoo by its name, or the model in a .rnn file by its path."""
    from symrnn.model import load

    return load(model, strict)


def parse(text: str, name: str = "model", strict: bool = False) -> "Model":
    """A model from its equations. What is probably not meant is warned of (`ModelWarning`), or
    with `strict` refused."""
    from symrnn.model import parse

    return parse(text, name, strict)


def from_sympy(equations: Iterable[Any], name: str = "model", **options: Any) -> "Model":
    """A model from equations of SymPy's; the options are those of `symrnn.model.from_sympy`:
    activations, targets, matrices, declarations, strict."""
    from symrnn.model import from_sympy

    return from_sympy(equations, name, **options)


def report(model: "str | Path | Model", steps: int | None = 3, **look: Any) -> "Report":
    """Everything that a model or a run shows of itself, as one page: `.html`, or `.write(path)`.

    `model` is a name of the zoo, the path of a .rnn file or of the directory of a run, or a model.
    `look` may hold scalar=True, notation="N1", views=("chain",), data="cat-mat-rat" or JSON as a
    text, seed=0, title="…".
    """
    from symrnn.page.report import report

    return report(model, steps, **look)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext symrnn`, which IPython calls: from then on `%%rnn` reads equations from a cell."""
    from symrnn.cli.notebook import register

    register(shell)
