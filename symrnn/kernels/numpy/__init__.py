"""Programs as NumPy modules: how a statement is spelt, and the frame of a plan.

- `operands`   what calls work on, before it has a name
- `places`     where the arrays of a program live, and what slices of them are in Python
- `rows`       where they live when sequences have lengths of their own, and the calls on them
- `statements` statements as calls that write where they are told to
- `allot`      names for operands
- `plan`       the function of a module that makes arrays, views and sections
"""

from symrnn.kernels.contract import Kernel
from symrnn.kernels.module import module
from symrnn.kernels.numpy.plan import plan
from symrnn.kernels.numpy.statements import helpers, helpers_by_id
from symrnn.kernels.plans import Spelling
from symrnn.kernels.target import Target

SPELLING = Spelling(plan, helpers=helpers, helpers_by_id=helpers_by_id)


def source(kernel: Kernel) -> str:
    """The file of a kernel."""
    return module(kernel, SPELLING)


NUMPY = Target(
    name="numpy",
    gradient=(*("fold", "hoist", "layout", "merge", "peel", "lower", "unroll", "shrink", "share"),),
    forward=(
        *("accumulate", "fuse", "layout", "merge", "lower", "roll", "peel", "unroll", "share"),
    ),
    step=("layout", "merge", "lower", "peel", "one_place", "share"),
    source=source,
)
"""Few calls over many steps: what can leave a loop does, and neighbours are worked out together."""

__all__ = ["NUMPY", "source"]
