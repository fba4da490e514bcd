"""What sizes a derivation may be asked for: a number of steps, widths, and every width 1."""

from collections.abc import Mapping

from symrnn.errors import UsageError
from symrnn.system import System
from symrnn.system.summary import check_dims
from symrnn.system.unroll import check_steps


def check_sizes(system: System, steps: int | None, dims: Mapping[str, int], scalar: bool) -> None:
    """Refuse steps and widths that a system cannot have, and wide ones in the scalar form."""
    if steps is not None:
        check_steps(steps)
    if system.steps is not None and steps not in (None, system.steps):
        raise UsageError(f"the text fixes T = {system.steps}; it has no {steps} steps")
    check_dims(system, dims)
    wide = next((name for name, size in dims.items() if size != 1), None)
    if scalar and wide is not None:
        raise UsageError(
            f"{wide} = {dims[wide]} is asked for, and in the scalar form every width is 1:"
            f" leave one of --scalar and --dims {wide} away"
        )
