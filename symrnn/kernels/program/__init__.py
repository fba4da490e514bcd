"""From a system to a Program, pass by pass. Each pass takes a value and returns a value.

- `fold`     System to System: single-use diagonal Jacobians join their neighbours
- `order`    System to Program: scans become loops, the rest is done for all steps at once
             (a package: an equation on its way into statements)
- `hoist`    what does not depend on a loop leaves it
- `layout`   which arrays are neighbours, and in which order (a package: lanes, families, packs)
- `merge`    statements over neighbours become one
- `peel`     steps at which a loop does something of its own leave it
- `unroll`   no loops at all (in `peel`)
- `lower`    functions out of elementary ones, single products
- `shrink`   one place for what only one step knows (in `buffers`)
- `share`    places used again (in `buffers`)

A forward pass that keeps no history, and a single step, are programs of their own (`forward`):

- `accumulate` sums over all steps as recurrences
- `fuse`     as few loops as possible: the opposite of `hoist`
- `roll`     places for no more steps than later ones read

`program` says what a Program is, `show` prints it, `run` works it out, slowly and obviously;
`rewrite` is what several passes do to a statement.
"""

from collections.abc import Collection, Iterable

from symrnn.errors import UsageError, suggestion
from symrnn.kernels.program.buffers import share, shrink
from symrnn.kernels.program.fold import fold
from symrnn.kernels.program.forward import forward_program
from symrnn.kernels.program.hoist import hoist
from symrnn.kernels.program.layout import layout
from symrnn.kernels.program.lower import lower
from symrnn.kernels.program.merge import merge
from symrnn.kernels.program.order import order
from symrnn.kernels.program.peel import peel, unroll
from symrnn.kernels.program.program import Loop, Program
from symrnn.system.system import System
from symrnn.system.windows import Windows

OPTIONAL = ("fold", "hoist", "layout", "merge", "shrink", "share")
"""The passes that can be left out: what they make is quicker or smaller, and the same."""

UNROLLED = 8
"""The most steps that are written out unless asked. Both ways are equally quick, within a few per
cent at 3 to 50 steps (`benchmarks/kernels.py`), so this is about reading: a loop is shorter."""

MOST_STATEMENTS = 50_000
"""No file that a person asks for has more."""


def schedule(
    system: System,
    steps: int,
    loops: bool,
    passes: Iterable[str] = OPTIONAL,
    ids: Collection[str] = (),
    ragged: bool = False,
    windows: Windows | None = None,
) -> tuple[System, Program]:
    """The system as it is worked out, and the program that does it; `ids` come as class ids, and
    backpropagation is cut where there are windows."""
    chosen = known_passes(passes)
    folded = fold(system, across=not ragged) if "fold" in chosen else system
    program = order(folded, max(steps, 2) if ragged else steps, ids, ragged, windows, loops)
    for name, run in (("hoist", hoist), ("layout", layout), ("merge", merge)):
        program = run(program) if name in chosen else program
    program = lower(peel(program))
    if not loops:
        _check_length(program)
        program = unroll(program)
    for name, run in (("shrink", shrink), ("share", share)):
        program = run(program) if name in chosen else program
    return folded, program


def known_passes(passes: Iterable[str]) -> set[str]:
    chosen = set(passes)
    for name in sorted(chosen):
        if name not in OPTIONAL:
            raise UsageError(
                f"'{name}' is no pass that can be chosen{suggestion(name, list(OPTIONAL))}; there"
                f" are {', '.join(OPTIONAL)}"
            )
    return chosen


def _check_length(program: Program) -> None:
    count = sum(
        len(statement.body) * len(statement.steps) if isinstance(statement, Loop) else 1
        for statement in program.statements()
    )
    if count > MOST_STATEMENTS:
        raise UsageError(
            f"{program.steps} steps written out are {count:,} statements, more than"
            f" {MOST_STATEMENTS:,}; a loop does the same in a file of any length (--loop)"
        )


__all__ = ["OPTIONAL", "UNROLLED", "Program", "forward_program", "known_passes", "schedule"]
