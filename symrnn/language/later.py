"""Modules that are imported when something in them is first used."""

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module: `np = Later("numpy")`.

    NumPy takes as long to import as a formula takes to derive and print, and only numbers need it.

    >>> Later("math").sqrt(9)
    3.0
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_module(self._name), name)
        setattr(self, name, found)
        return found
