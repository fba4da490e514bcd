"""A model made into the source of a kernel, and a source back into the model it was made of."""

import ast
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from symrnn.errors import UsageError, suggestion
from symrnn.kernels.program import Program, forward_program, schedule
from symrnn.kernels.settings import Settings
from symrnn.language.tree import Written
from symrnn.system import System, adjoint, initial_states, kept, normal, with_states
from symrnn.system.carriers import apart, with_carriers
from symrnn.system.ids import with_ids
from symrnn.system.states import all_ids, grouped
from symrnn.system.windows import windows

BACKENDS = ("numpy",)
MADE = "Made by symrnn generate "
GRADIENT = "Its gradient:"


def program(written: Written, settings: Settings) -> tuple[System, System, Program]:
    """The system with its gradient, the same as it is worked out, and the program for it."""
    form = kept(normal(with_ids(written, settings.ids), stable=True))
    system = with_states(form)
    if system.steps not in (None, settings.steps):
        raise UsageError(f"the text fixes T = {system.steps}; it has no {settings.steps} steps")
    for name in settings.wrt:
        if name in all_ids(system, settings.ids):
            raise UsageError(
                f"{name} comes as class ids, which have no gradient; leave {name} out of --wrt"
                " or out of --ids"
            )
    no_loss, ids, wrt = system.loss is None, settings.ids, each_state(form, settings.wrt)
    how = (settings.steps, settings.loops, settings.passes, ids)
    if settings.forward_only:
        return (system, system, forward_program(system, *how))
    full = adjoint(system, wrt, no_loss)
    if not settings.lengths:
        cut = windows(system, settings.steps, settings.truncate)
        return (full, *schedule(full, *how, windows=cut))
    own = apart(adjoint(with_carriers(system, all_ids(system, ids)), wrt, no_loss))
    return (full, *schedule(own, settings.steps, True, settings.passes, ids, ragged=True))


def each_state(system: System, wrt: Sequence[str]) -> tuple[str, ...]:
    """What to take gradients by, of a state of several steps each step; refused is what a kernel
    has no name for."""
    groups = grouped(initial_states(system))
    inputs = [symbol.name for symbol in system.named("input", "fixed")]
    for name in wrt:
        if name not in (*inputs, *groups):
            held = next((key for key, own in groups.items() if name in own), "")
            advice = (
                f"; it is part of {held}, of {len(groups[held])} steps"
                if held
                else (suggestion(name, [*inputs, *groups]))
            )
            raise UsageError(
                f"'{name}' is no input or state to take a gradient by{advice}; there are"
                f" {', '.join([*inputs, *groups]) or 'none'} (every parameter's gradient is there"
                " anyway)"
            )
    return tuple(one for name in dict.fromkeys(wrt) for one in groups.get(name, (name,)))


def generate(written: Written, text: str, name: str, settings: Settings) -> str:
    """The source of the NumPy kernel."""
    from symrnn.kernels.numpy.contract import Kernel
    from symrnn.kernels.numpy.module import source

    if not name.strip() or not name.isprintable():
        raise UsageError(f"{name!r} names no kernel; expected a name on one line")
    full, folded, made = program(written, settings)
    kernel = Kernel(
        name,
        written,
        text,
        full,
        folded,
        made,
        settings.steps,
        initial_states(kept(normal(written, stable=True))),
        f"{MADE}--name {shlex.quote(name)} {settings.options()}",
        cotangents(full) if full.loss is None and not settings.forward_only else {},
        settings.forward_only,
        settings.batch_first,
        windows=windows(full, settings.steps, settings.truncate),
    )
    if settings.checkpoint:
        from symrnn.kernels.checkpoint import parts
        from symrnn.kernels.numpy.segments import segmented

        return segmented(kernel, parts(kept(normal(written, stable=True)), settings, written))
    return source(kernel)


def cotangents(system: System) -> dict[str, str]:
    """The input by which the adjoint of a system without a loss weighs each output."""
    return {symbol.weighs: symbol.name for symbol in system.named("input") if symbol.weighs}


@dataclass(frozen=True)
class Origin:
    """What a generated file says of itself."""

    name: str
    text: str
    settings: Settings


def origin(source: str, file: str = "the file") -> Origin:
    """What a generated file was made of, read from its docstring; nothing of it is executed."""
    try:
        docstring = ast.get_docstring(ast.parse(source), clean=False) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"{file} is no Python file: {error}") from None
    head, made, rest = docstring.partition(MADE)
    command, _, rest = rest.partition("\n")
    if not made or not head.strip():
        raise UsageError(f"{file} does not say how it was made; expected a line '{MADE}…' in it")
    text = textwrap.dedent(rest.partition(f"\n{GRADIENT}\n")[0]).strip("\n") + "\n"
    try:
        words = shlex.split(command)
        return Origin(words[words.index("--name") + 1], text, Settings.said(words))
    except (KeyError, ValueError, IndexError):
        raise UsageError(f"{file} says it was made by '{command}', which is not known") from None
