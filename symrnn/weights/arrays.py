"""Arrays as they are handed in."""

from typing import Any

import numpy as np

from symrnn.errors import DataError, SymrnnError


def check_plain(name: str, value: Any, error: type[SymrnnError] = DataError) -> None:
    """Refuse an array with a mask: it would be lost, and what it hides be counted.

    >>> check_plain("x", np.ones(2))
    """
    if isinstance(value, np.ma.MaskedArray):
        raise error(
            f"{name} is a masked array, and what is masked would count; expected a plain one:"
            f" {name}.filled(0), with lengths or weights that say what counts"
        )
