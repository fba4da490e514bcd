"""Systems of recurrence equations, and the functions from system to system.

- `symbols`   what a name stands for: role, time, shape
- `resolve`   sense made of a text: roles, rules, shapes
- `occurrences`  where each name stands, and in which order definitions are worked out
- `roles`, `numbers`, `rules`  what names stand for, constants, and what a text may not say
- `slips`, `doubts`  what a text may say, and nobody means, or a person hardly does
- `widths`    the shapes of the names, by unification (`unify`, `narrow`, `dimensions`)
- `graph`     who needs whom: scans, their direction, cycles
- `system`    the intermediate form: four kinds of equations
- `normal`    text to system: every equation of one kind, with a name for what needs one
- `terms`, `names`, `shapes`, `twins`  sums taken apart, names made up, widths of values, equal
  equations made once
- `logits`    a loss over its own link function is computed from logits
- `adjoint`   the gradient of a system, a system again (`activity`: what has an adjoint worth
  writing, `shares`: what each operand gets of it, `landing`: at which step, `values`: of functions)
- `unroll`    a system written out for a number of steps
- `states`    initial states as inputs, and inputs of earlier steps as states
- `segment`   a system taken apart in time: segments of steps, and what happens once
- `windows`   steps in windows, between which backpropagation is cut
- `stepping`  whether one step can be worked out alone, and what it needs
- `still`, `parted`  every equation at its own step, for sequences that end at steps of their own
- `head`      another read-out and loss on the same body
- `weights`, `dropout`, `zoneout`  masks that the caller gives: on the steps of the loss, on
  features, on what a state forgets (`inputs`: what they share)
- `ids`       class ids for one-hot rows
- `prune`     dead equations removed
- `check`     what holds of every system
- `spell`     a system in the language
- `rewrite`, `algebra`   references and expressions, mapped and tidied
"""

from symrnn.system.adjoint import adjoint
from symrnn.system.dropout import with_dropout
from symrnn.system.head import with_head
from symrnn.system.normal import normal
from symrnn.system.prune import prune
from symrnn.system.resolve import resolve
from symrnn.system.states import initial_states, kept, with_states
from symrnn.system.system import System
from symrnn.system.unroll import unroll
from symrnn.system.weights import with_weights
from symrnn.system.zoneout import with_zoneout

__all__ = [
    "System",
    "adjoint",
    "initial_states",
    "kept",
    "normal",
    "prune",
    "resolve",
    "unroll",
    "with_dropout",
    "with_head",
    "with_states",
    "with_weights",
    "with_zoneout",
]
