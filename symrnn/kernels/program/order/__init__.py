"""A system and its gradient as statements, in the order in which they are worked out.

- `groups`      scans become loops, the rest is done for all steps at once; which of it is the
                forward pass, which the loss, which the backward pass
- `forms`       what is left of an equation at which step, also where backpropagation is cut
- `equations`   an equation into statements, one kind after the other
- `sums`        a reference times its Jacobian; what is summed over time and batch
- `expressions` arithmetic and functions, feature by feature
- `rows`        functions across the features, losses, class ids
- `writer`      statements and arrays as they come to be: once, at one step, at many, in a loop

Each imports only from those below it, `forms` aside.
"""

from symrnn.kernels.program.order.groups import order

__all__ = ["order"]
