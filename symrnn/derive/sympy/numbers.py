"""SymPy's lambdify for matrices too: NumPy for what SymPy itself cannot print as NumPy."""

from typing import Any

import sympy
from sympy.printing.numpy import NumPyPrinter

from symrnn.derive.sympy.functions import Applied


class NumPy(NumPyPrinter):  # type: ignore[misc]
    """Traces, entries raised to a power, diagonals, functions of entries and of rows."""

    def numpy(self, name: str, *args: str) -> str:
        return f"{self._module_format(f'{self._module}.{name}')}({', '.join(args)})"

    def _print_Trace(self, trace: Any) -> str:  # noqa: N802 (SymPy calls them so)
        return self.numpy("trace", self._print(trace.arg))

    def _print_HadamardPower(self, power: Any) -> str:  # noqa: N802
        return self.numpy("power", self.floats(power.base), self._print(power.exp))

    def floats(self, part: Any) -> str:
        """NumPy raises no integers to negative powers."""
        return self.numpy("asarray", self._print(part), "float")

    def _print_DiagMatrix(self, diagonal: Any) -> str:  # noqa: N802
        return self.numpy("diagflat", self._print(diagonal.args[0]))

    def _print_EachEntry(self, applied: Any) -> str:  # noqa: N802
        (letter,) = applied.function.variables
        whole = sympy.Symbol(f"({self._print(applied.expr)})")
        return str(self._print(applied.function.expr.xreplace({letter: whole})))

    def _print_Function(self, applied: Any) -> str:  # noqa: N802
        """A function of the language by its name: lambdify asks itself for its numbers."""
        if not isinstance(applied, Applied):
            return str(super()._print_Function(applied))
        return f"{applied.func.__name__}({', '.join(map(self._print, applied.args))})"

    def _print_softmax(self, applied: Any) -> str:
        row = self._print(applied.args[0])
        greatest = self.numpy("amax", row)
        entries = self.numpy("exp", f"({row}) - {greatest}")
        return f"({entries}/{self.numpy('sum', entries)})"

    def _print_rowmax(self, applied: Any) -> str:
        return self.numpy("amax", self._print(applied.args[0]))


def lambdify(letters: Any, expression: Any, **options: Any) -> Any:
    """A function of numbers and arrays; as SymPy's own, of matrix expressions too.

    >>> import numpy as np
    >>> v = sympy.MatrixSymbol("v", 1, 2)
    >>> float(lambdify([v], sympy.Trace(v * v.T))(np.array([[3.0, 4.0]])))
    25.0
    """
    printer = NumPy({"fully_qualified_modules": False, "inline": True})
    return sympy.lambdify(letters, expression, "numpy", printer=printer, **options)
