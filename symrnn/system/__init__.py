"""Systems of recurrence equations, and the functions from system to system.

Text to system:

- `symbols`   what a name stands for: role, time, shape
- `resolve`   sense made of a text: rules that it may break, `roles` of names, `widths` of values
- `occurrences`, `graph`  where each name stands; who needs whom: scans, their direction, cycles
- `roles`     what names stand for: inputs, targets, parameters, variables, constants
- `widths`    the shapes of the names, by unification (`unify`, `matrices`)
- `doubts`    what a text may say, and nobody means, or a person hardly does
- `system`    the intermediate form: four kinds of equations, and references mapped in them
- `normal`    text to system: every equation of one kind, with a name for what needs one (`terms`:
  sums taken apart, `names`: how names are made up, `shapes`: widths of values)
- `check`     what holds of every system
- `spell`     a system in the language

System to system, one file for each transformation:

- `simplify`  equal equations made once, losses computed from logits, dead equations removed
- `adjoint`   the gradient of a system, a system again (`adjoint_steps`: what has an adjoint, and at
  which step its terms stand, `adjoint_terms`: what each operand gets)
- `unroll`    a system written out for a number of steps
- `states`    initial states as inputs; whether one step can be worked out alone
- `segment`   a system taken apart in time: segments of steps, and what happens once
- `exposed`   a system as a function whose results have adjoints that are handed in
- `windows`   steps in windows, between which backpropagation is cut
- `carriers`  every equation at its own step, for sequences that end at steps of their own

Text to text, with what a text lacks:

- `head`      another read-out and loss on the same body
- `masks`, `step_weights`  dropout and zoneout by masks, weights for the steps of the loss, which
  the caller gives (`inputs`: what they share)
- `ids`       class ids for one-hot rows

And what all of them use: `algebra`, sums and products that tidy themselves up; `calculus`, the one
place that differentiates; `summary`, a model's parameters, states and sizes.
"""

from symrnn.system.adjoint import adjoint
from symrnn.system.head import with_head
from symrnn.system.masks import with_dropout, with_zoneout
from symrnn.system.normal import normal
from symrnn.system.resolve import resolve
from symrnn.system.simplify import prune
from symrnn.system.states import initial_states, kept, with_asked_states, with_states
from symrnn.system.step_weights import with_weights
from symrnn.system.system import System
from symrnn.system.unroll import unroll

__all__ = [
    "System",
    "adjoint",
    "initial_states",
    "kept",
    "normal",
    "prune",
    "resolve",
    "unroll",
    "with_asked_states",
    "with_dropout",
    "with_head",
    "with_states",
    "with_weights",
    "with_zoneout",
]
