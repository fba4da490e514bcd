"""From a system to a Program, pass by pass. Each pass takes a value and returns a value.

- `schedule`   the driver: which passes there are, and one after the other
- `order`      System to Program: scans become loops, the rest is done for all steps at once
               (a package: an equation on its way into statements)

The passes, of which a target chooses some:

- `fold`       System to System: single-use diagonal Jacobians join their neighbours
- `hoist`      what does not depend on a loop leaves it
- `fuse`       as few loops as possible: the opposite of `hoist`
- `accumulate` sums over all steps as recurrences
- `layout`     which arrays are neighbours, and in which order (`gates`: which gate an array is in)
- `merge`      statements over neighbours become one
- `rotate`     what all steps but the first do, done by the step before
               (`beginning`: what such a loop begins with)
- `peel`       steps at which a loop does something of its own leave it
- `unroll`     no loops at all (in `peel`)
- `lower`      functions out of elementary ones, single products
- `shrink`     one place for what only one step knows (in `buffers`)
- `share`      places used again (in `buffers`)
- `roll`       places for no more steps than later ones read
- `one_place`  no time axis, where there is one step (in `roll`)
- `masked`     lengths as plain statements, for whom all sequences have all steps

`program` says what a Program is, `show` prints it, `run` works it out, slowly and obviously;
`rewrite` is what several passes do to a statement.
"""

from symrnn.kernels.program.program import Program
from symrnn.kernels.program.schedule import OPTIONAL, Job, known_passes, schedule

__all__ = ["OPTIONAL", "Job", "Program", "known_passes", "schedule"]
