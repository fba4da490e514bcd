"""NumPy, imported when a number is first worked out, and the type of its arrays.

NumPy takes as long to import as a formula takes to derive and print.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:

    class _Later:
        """Stands for a module until something in it is used."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, name: str) -> Any:
            found = getattr(import_module(self._name), name)
            setattr(self, name, found)
            return found

    np, Array = _Later("numpy"), Any

__all__ = ["Array", "np"]
