"""A system and its gradient as statements, in the order in which they are worked out.

- `groups`      scans become loops, the rest is done for all steps at once
- `sections`    which groups are the forward pass, which the loss, which the backward pass
- `forms`       what is left of an equation at which step (`cuts`: where backpropagation is cut)
- `equations`   an equation into statements, one kind after the other
- `sums`        what is summed over time and batch: the loss, gradients, sums over all steps
- `terms`       a reference times its Jacobian
- `expressions` arithmetic and functions, feature by feature
- `rows`        functions across the features, and losses
- `classes`     class ids, in the place of one-hot rows
- `writer`      statements and arrays as they come to be; what is known is not worked out again
- `values`      what is written, and where: once, at one step, at many, in a loop

Each imports only from those below it.
"""

from symrnn.kernels.program.order.groups import order

__all__ = ["order"]
