"""Programs as PyTorch: a module whose backward pass is the derived one.

- `units`     which arrays are one tensor, and how slices of them are said
- `split`     statements over neighbours taken apart again, where that is less work
- `nodes`     statements with others in them
- `nesting`   which statements are put into which
- `fused`     operations that are one call together
- `spelling`  nodes as expressions
- `groups`    what stands between two products of a loop
- `uses`      what is read somewhere else than where it is written
- `tensors`   what is there, and the lines that read and write it
- `loop`      the lines of a loop
- `body`      the statements of a function as lines
- `ragged`    the same for sequences with lengths of their own
- `function`  a function of tensors
- `gradient`  the one that carries cotangents back
- `finals`    the states after the last step
- `layout`    long lines on as many as they need
- `module`    the file
- `bridge`    the same with NumPy's arrays, for whatever holds kernels against their texts
"""

from symrnn.kernels.program.lower import ELEMENTARY
from symrnn.kernels.target import Autodiff, Target
from symrnn.kernels.torch.bridge import contract, load
from symrnn.kernels.torch.module import source

TORCH = Target(
    name="torch",
    gradient=("fold", "hoist", "layout", "merge", "peel", "lower", "shrink"),
    forward=("hoist", "layout", "merge", "peel", "lower"),
    step=("layout", "merge", "lower", "peel"),
    source=source,
    load=load,
    load_with=load,
    contract=contract,
    elementary=ELEMENTARY | {"sigmoid"},
    kinds=("columns",),
    features=frozenset({"lengths", "ids", "batch_first", "truncate", "forward_only"}),
    differentiates=Autodiff(),
)
"""As few calls as in NumPy, and each of them gives a new tensor: nothing is overwritten that a
second graph may need."""

__all__ = ["TORCH", "source"]
