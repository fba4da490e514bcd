"""The functions of a generated file that NumPy lacks, as far as the file calls them."""

from symrnn.frame import render
from symrnn.kernels.numpy import by_id
from symrnn.language.numpy_forms import ERF

ALIASES = {
    "softplus": "_softplus(dtype)",
    "erf": "_erf",
    "total": "np.add.reduce",
    "highest": "np.maximum.reduce",
    **{name: f"_{name}" for name in by_id.OWN},
}
"""Calls that are no names of NumPy, and what they are."""

HELPERS = frozenset({*ALIASES, "in_turn", "cut", "carry_ids"})


def helpers(names: frozenset[str]) -> str:
    """The functions of these names."""
    return render("numpy/helpers.py.jinja", helpers=names, erf=ERF)


def helpers_by_id(names: frozenset[str]) -> str:
    """Those of them that are about class ids."""
    return render("numpy/ids.py.jinja", helpers=names)
