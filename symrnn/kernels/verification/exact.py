"""A text worked out as it is written, at any number of digits."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.interpret.arithmetic import Objects, formula, mpmath_objects
from symrnn.interpret.interpreter import Result
from symrnn.interpret.oracle import exactly
from symrnn.interpret.sizes import Data
from symrnn.kernels.verification.case import Case
from symrnn.kernels.verification.lengths import Joined
from symrnn.language.table import Array
from symrnn.language.tree import Own

TINIEST, LARGEST = 1e-307, 1e307
NO_NUMBER = (TypeError, ValueError, ZeroDivisionError, OverflowError)
"""What is raised where there is no real number: for a logarithm of zero, a root of minus one."""


@dataclass(frozen=True)
class InRange(Objects):
    """Objects that stop where an exp of the text itself leaves the range of floats: it is written
    so, and no other formula stands for it. Inside of other functions exp may be what it likes."""

    def apply(self, function: str | Own, *args: Any) -> Array:
        if isinstance(function, Own):  # what stands in it the text has written
            of = formula(function.body, function.args, self.convert, self.apply)
            return self.array(of(*map(self.array, args)))
        found = super().apply(function, *args)
        if function == "exp" and not all(TINIEST < value < LARGEST for value in found.flat):
            raise OverflowError("an exp leaves the range of floats")
        return found

    def softmax(self, z: Array) -> Array:
        return self.inside.softmax(z)

    def logsumexp(self, z: Array) -> Array:
        return self.inside.logsumexp(z)

    @property
    def inside(self) -> Objects:
        return Objects(self.convert, self.functions)


def worked_out(
    case: Case, data: Data, digits: int, normal: bool = False, in_range: bool = False
) -> Result | Joined:
    """Every variable at every step, of the text or of its normal form; `in_range`, an error where
    an exp of the text leaves the range of floats."""
    on = mpmath_objects(digits)
    if in_range:
        on = InRange(on.convert, on.functions)
    exact = {name: exactly(on, array) for name, array in data.items()}
    return case.run_of(case.system if normal else case.written)(exact, case.steps, on)


def floats(values: Any) -> Array:
    """The nearest floats."""
    return np.asarray(np.frompyfunc(float, 1, 1)(values), float)
