"""Programs as JAX: pure functions of parameters and inputs, with gradients of their own.

- `names`       a name for each array, at each shift and each step
- `spelling`    operations as expressions, and lines as a person would lay them out
- `live`        the statements that are needed
- `context`     what the functions of a program share
- `expressions` statements as expressions
- `scope`       statements as lines: what gets a name, and what is part of an expression
- `outer`       a function around loops: what it has of which steps
- `demands`     what of a loop is read outside of it
- `loops`       loops as scans: what they carry, stack and are given
- `reuse`       stacks that take the place of others
- `functions`   the forward pass and the backward pass of a program
- `module`      the functions of a file, and its frame
- `around`      NumPy's contract around a file, for whoever holds it against its text
"""

from symrnn.kernels.jax.around import as_numpy, load
from symrnn.kernels.jax.module import source
from symrnn.kernels.jax.spelling import ELEMENTARY as OWN
from symrnn.kernels.program.lower import ELEMENTARY
from symrnn.kernels.target import Autodiff, Target

FORWARD = ("hoist_products", "layout_loops", "merge", "rotate", "peel", "lower", "unroll")

JAX = Target(
    name="jax",
    gradient=("fold", *FORWARD),
    forward=FORWARD,
    step=("layout", "merge", "peel", "lower"),
    source=source,
    load=load,
    contract=as_numpy,
    elementary=ELEMENTARY | OWN,
    kinds=("columns",),
    features=frozenset({"ids", "forward_only", "batch_first", "lengths"}),
    differentiates=Autodiff(fixed=True, kept=True),
)
"""What a compiler puts together stands apart, and a loop has as few products as it can have."""

__all__ = ["JAX", "source"]
