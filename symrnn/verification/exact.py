"""A text worked out as it is written, at any number of digits."""

from typing import Any

import numpy as np

from symrnn.arithmetic import mpmath_objects
from symrnn.functions import Array
from symrnn.interpret import Result
from symrnn.oracle import exactly
from symrnn.sizes import Data
from symrnn.verification.case import Case
from symrnn.verification.lengths import Joined

NO_NUMBER = (TypeError, ValueError, ZeroDivisionError, OverflowError)
"""What is raised where there is no real number: for a logarithm of zero, a root of minus one."""


def worked_out(case: Case, data: Data, digits: int, normal: bool = False) -> Result | Joined:
    """Every variable at every step, of the text or of its normal form."""
    on = mpmath_objects(digits)
    exact = {name: exactly(on, array) for name, array in data.items()}
    return case.run_of(case.system if normal else case.written)(exact, case.steps, on)


def floats(values: Any) -> Array:
    """The nearest floats."""
    return np.asarray(np.frompyfunc(float, 1, 1)(values), float)
