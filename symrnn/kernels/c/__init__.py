"""Programs as C99: structs for parameters, inputs and memory, and functions without allocation.

- `names`       names that C and its headers leave free
- `expressions` operations on single numbers
- `spelling`    slices of a program's arrays, and numbers made of sizes
- `grouping`    statements over the same entries put together
- `statements`  statements as loops and calls of products
- `rows`        where sequences have lengths of their own: their order, and what crosses steps
- `layout`      lines as a person would lay them out
- `unit`        the header and the source file
- `room`        how many bytes the structs take, and whether that is more than they may
- `example`     a program that shows a kernel at work
- `plan`        the function of a Python module that makes the structs and calls the functions
- `folder`      that module, and the files for whoever needs no Python
"""

from symrnn.kernels.c.folder import files, source
from symrnn.kernels.program.lower import ELEMENTARY
from symrnn.kernels.target import Target

C = Target(
    name="c",
    gradient=("fold", "hoist_products", "peel", "lower", "turn", "unroll", "shrink"),
    forward=("fuse", "lower", "peel", "turn", "unroll", "shrink"),
    step=("lower", "peel", "turn", "one_place"),
    source=source,
    files=files,
    elementary=ELEMENTARY | {"sigmoid"},
    kinds=(),
    features=frozenset({"forward_only", "batch_first", "ids", "lengths", "truncate"}),
    reasons={
        "checkpoint": "few states are kept by running several kernels one after the other, and in C"
        " there is one, whose memory is known when it is compiled; take the back end numpy, or"
        " fewer --steps with the states of a call handed to the next"
    },
)
"""One pass over what lies side by side: products leave a loop where they can, and what is worked
out entry by entry is one loop."""

__all__ = ["C", "source"]
