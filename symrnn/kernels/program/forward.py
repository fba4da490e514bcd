"""Programs without a gradient: a forward pass that keeps no history, and one step of it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from symrnn.kernels.program.accumulate import accumulate
from symrnn.kernels.program.buffers import share
from symrnn.kernels.program.fuse import fuse
from symrnn.kernels.program.layout import layout
from symrnn.kernels.program.lower import lower
from symrnn.kernels.program.merge import merge
from symrnn.kernels.program.order import order
from symrnn.kernels.program.peel import peel, unroll
from symrnn.kernels.program.program import Pack, Program, Window
from symrnn.kernels.program.roll import roll
from symrnn.system.states import forward_part
from symrnn.system.system import System


def forward_program(
    system: System, steps: int, loops: bool, passes: Iterable[str], ids: Collection[str] = ()
) -> Program:
    """The forward pass and the loss, with places for as few steps as can be."""
    program = fuse(accumulate(order(system, steps, ids)))
    for name, run in (("layout", layout), ("merge", merge)):
        program = run(program) if name in passes else program
    whole = {symbol.name for symbol in system.outputs}
    program = peel(roll(lower(program), whole))
    program = program if loops else unroll(program)
    return share(program) if "share" in passes else program


def step_program(
    system: System, parameters: Sequence[Pack], ids: Collection[str] = ()
) -> tuple[System, Program]:
    """What one step needs of a system, and the program for it: nothing of it has a time axis but
    the states. `parameters` says how parameters lie.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal, with_states
    >>> system = with_states(normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")))
    >>> print(step_program(system, ())[1], end="")
    T = 1
    a_h: in place of x_W
    <BLANKLINE>
    # forward
    h[0] = h0
    x_W[1] = x[1] @ W
    h_U[1] = h[0] @ U
    a_h[1] = x_W[1] + h_U[1]
    h[1] = tanh(a_h[1])
    """
    part = forward_part(system)
    program = order(part, 1, [name for name in ids if name in part.symbols])
    if parameters:
        program = merge(layout(program, parameters))
    program = peel(lower(program))
    arrays = {
        name: replace(array, window=Window(1, 0)) if array.steps == (1, 1) else array
        for name, array in program.arrays.items()
    }
    return part, share(replace(program, arrays=arrays))
