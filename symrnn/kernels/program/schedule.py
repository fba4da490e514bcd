"""The one driver: a system becomes a Program, and one pass after the other changes it.

Which passes run, and in which order, is a target's choice (`symrnn.kernels.target`); a pass knows
no target. NumPy wants few calls over many steps, so it hoists and merges; what goes through one row
after the other wants few loops, and fuses.

    ("fold", "hoist", "layout", "merge", "peel", "lower", "unroll", "shrink", "share")
    ("fuse", "lower", "peel")
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from symrnn.errors import UsageError, suggestion
from symrnn.kernels.program.accumulate import accumulate
from symrnn.kernels.program.buffers import share, shrink
from symrnn.kernels.program.fold import fold
from symrnn.kernels.program.fuse import fuse
from symrnn.kernels.program.hoist import hoist
from symrnn.kernels.program.layout import layout
from symrnn.kernels.program.lower import ELEMENTARY, lower
from symrnn.kernels.program.merge import merge
from symrnn.kernels.program.order import order
from symrnn.kernels.program.peel import peel, unroll
from symrnn.kernels.program.program import KINDS, Kind, Loop, Pack, Program
from symrnn.kernels.program.roll import one_place, roll
from symrnn.kernels.program.rotate import rotate
from symrnn.kernels.program.turn import turn
from symrnn.system.system import System
from symrnn.system.windows import Windows

OPTIONAL = ("fold", "hoist", "layout", "merge", "shrink", "share")
"""The passes that can be left out: what they make is quicker or smaller, and the same."""

MOST_STATEMENTS = 50_000
"""No file that a person asks for has more."""


@dataclass(frozen=True)
class Job:
    """What a program is made for."""

    steps: int
    loops: bool = True
    """Whether loops stay, and are not written out step by step."""
    ids: tuple[str, ...] = ()
    """The inputs and targets that come as class ids."""
    ragged: bool = False
    """Whether sequences have lengths of their own."""
    windows: Windows | None = None
    """Where backpropagation is cut."""
    packs: tuple[Pack, ...] = ()
    """How parameters lie already, if another program has said so."""
    elementary: frozenset[str] = ELEMENTARY
    """The operations that the target has."""
    kinds: tuple[Kind, ...] = KINDS
    """How neighbours may lie there."""


PASSES: Mapping[str, Callable[[Program, Job], Program]] = {
    "accumulate": lambda program, job: accumulate(program),
    "fuse": lambda program, job: fuse(program),
    "hoist": lambda program, job: hoist(program),
    "hoist_products": lambda program, job: hoist(program, products=True),
    "layout": lambda program, job: layout(program, job.kinds),
    "layout_loops": lambda program, job: layout(program, job.kinds, in_loops_alone=True),
    "merge": lambda program, job: merge(program),
    "peel": lambda program, job: peel(program),
    "rotate": lambda program, job: rotate(program) if job.loops else program,
    "lower": lambda program, job: lower(program, job.elementary),
    "roll": lambda program, job: roll(program),
    "one_place": lambda program, job: one_place(program),
    "turn": lambda program, job: turn(program),
    "unroll": lambda program, job: program if job.loops else unroll(_checked(program)),
    "shrink": lambda program, job: shrink(program),
    "share": lambda program, job: share(program),
}
"""What there is to choose from. `fold` is a pass too: over the system, before it is ordered."""


def schedule(system: System, job: Job, passes: Sequence[str]) -> tuple[System, Program]:
    """The system as it is worked out, and the program that does it.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal, with_states
    >>> system = with_states(normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")))
    >>> print(schedule(system, Job(9), ("hoist",))[1], end="")
    T = 9
    <BLANKLINE>
    # forward
    h[0] = h0
    x_W[1 … 9] = x[1 … 9] @ W
    for t = 1 … 9:
        h_U[t] = h[t-1] @ U
        a_h[t] = x_W[t] + h_U[t]
        h[t] = tanh(a_h[t])
    """
    if "fold" in passes:
        system = fold(system, across=not job.ragged)
    steps = max(job.steps, 2) if job.ragged else job.steps
    program = order(system, steps, job.ids, job.ragged, job.windows, job.loops)
    program = replace(program, packs=job.packs)
    for name in passes:
        if name != "fold":
            program = PASSES[name](program, job)
    return system, program


def chosen(passes: Iterable[str], optional: Iterable[str]) -> tuple[str, ...]:
    """The passes of a list, without those that can be left out and are not asked for.

    >>> chosen(("fold", "hoist", "peel", "lower"), ("hoist",))
    ('hoist', 'peel', 'lower')
    """
    wanted = known_passes(optional)
    return tuple(name for name in passes if name not in OPTIONAL or name in wanted)


def known_passes(passes: Iterable[str]) -> set[str]:
    """The names of passes that can be left out; any other is refused."""
    found = set(passes)
    for name in sorted(found):
        if name not in OPTIONAL:
            raise UsageError(
                f"'{name}' is no pass that can be chosen{suggestion(name, list(OPTIONAL))}; there"
                f" are {', '.join(OPTIONAL)}"
            )
    return found


def _checked(program: Program) -> Program:
    """A program that is not too long when it is written out."""
    count = sum(
        len(statement.body) * len(statement.steps) if isinstance(statement, Loop) else 1
        for statement in program.statements()
    )
    if count > MOST_STATEMENTS:
        raise UsageError(
            f"{program.steps} steps written out are {count:,} statements, more than"
            f" {MOST_STATEMENTS:,}; a loop does the same in a file of any length (--loop)"
        )
    return program
