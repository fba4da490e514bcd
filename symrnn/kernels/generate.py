"""A model made into the source of a kernel, and a source back into the model it was made of."""

import ast
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index
from types import ModuleType

from symrnn.errors import UsageError, suggestion
from symrnn.kernels.c import C
from symrnn.kernels.checkpoint import parts
from symrnn.kernels.contract import Functions, Kernel
from symrnn.kernels.jax import JAX
from symrnn.kernels.numpy import NUMPY
from symrnn.kernels.program import Job, Program
from symrnn.kernels.settings import KEYWORDS, Settings, Sizes
from symrnn.kernels.target import Autodiff, Target, target_called
from symrnn.kernels.torch import TORCH
from symrnn.language.arrays import Array
from symrnn.language.parse import parse
from symrnn.language.tree import Written
from symrnn.system import System, adjoint, initial_states, kept, normal, with_states
from symrnn.system.carriers import apart, with_carriers
from symrnn.system.exposed import forward_pass, weighed
from symrnn.system.ids import with_ids
from symrnn.system.states import all_ids, grouped, is_causal, why_no_step
from symrnn.system.symbols import dimensions
from symrnn.system.windows import windows

BACKENDS = {target.name: target for target in (NUMPY, C, TORCH, JAX)}
"""The back ends that come along, by name."""

AUTO = "auto"
"""Instead of a name: the one whose kernel is the quickest (`symrnn.kernels.auto`)."""

MADE = "Made by symrnn generate "
GRADIENT = "Its gradient:"


def target_of(backend: str | Target) -> Target:
    """The back end of a name; one that does not come along can be handed in as it is."""
    if backend == AUTO:
        raise UsageError(
            f"'{AUTO}' is no back end: it takes one for sizes, which model.kernel(…) and symrnn"
            f" train know; expected {' or '.join(BACKENDS)}"
        )
    return target_called(backend, BACKENDS) if isinstance(backend, str) else backend


def program(
    written: Written, settings: Settings, target: Target = NUMPY
) -> tuple[System, System, Program]:
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
    job = Job(settings.steps, settings.loops, ids)
    if settings.forward_only:
        _, made = target.schedule(system, job, target.forward, settings.passes)
        return system, system, made
    full = adjoint(system, wrt, no_loss)
    if settings.lengths:
        job = replace(job, loops=True, ragged=True)
        own = apart(adjoint(with_carriers(system, all_ids(system, ids)), wrt, no_loss))
    else:
        job = replace(job, windows=windows(system, settings.steps, settings.truncate))
        own = full
    return full, *target.schedule(own, job, target.gradient, settings.passes)


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


def generate(
    written: Written,
    text: str,
    name: str,
    settings: Settings,
    target: Target = NUMPY,
    sizes: Sizes | None = None,
) -> str:
    """The source of a kernel, as a back end prints it; `sizes` are those that hold where nothing
    else is said."""
    found = kernel(written, text, name, settings, target)
    return target.source(found if sizes is None else replace(found, sizes=complete(found, sizes)))


def generate_files(
    written: Written, text: str, name: str, settings: Settings, target: Target, sizes: Sizes
) -> dict[str, str]:
    """The files of a kernel for these sizes, by name."""
    if target.files is None:
        raise UsageError(
            f"a kernel of the back end {target.name} is one file for all sizes; expected -o FILE,"
            " and --dims, --batch and --dtype left out"
        )
    found = kernel(written, text, name, settings, target)
    if sizes.weights is not None:
        sizes = replace(sizes, dims=widths_of(found.system, sizes.weights, sizes.dims))
    check_widths(name, dimensions(found.system.symbols), sizes.dims)
    return target.files(found, sizes)


def check_widths(name: str, known: Sequence[str], dims: Mapping[str, int]) -> None:
    """Refuse a width that a kernel of this name has not."""
    for dim in dims:
        if dim not in known:
            raise UsageError(
                f"'{dim}' is no width of {name}{suggestion(dim, [*known, *KEYWORDS])}; there are"
                f" {', '.join(known) or 'none'}"
            )


def complete(kernel: Kernel, sizes: Sizes) -> Sizes:
    """The sizes of a call in Python, its widths in the kernel's order; all have to be said."""
    known = dimensions(kernel.system.symbols)
    check_widths(kernel.name, known, sizes.dims)
    for name in known:
        if name in sizes.dims:
            continue
        if name in KEYWORDS:
            raise UsageError(
                f"the width {name} is called as a keyword of model.kernel(…) is, and cannot be said"
                " here; expected no sizes here, and all of them where a Kernel is made"
            )
        wanted = ", ".join(f"{each}=…" for each in known)
        raise UsageError(
            f"the width {name} is not said; expected {wanted}, or no sizes here and all of them"
            " where a Kernel is made"
        )
    return replace(sizes, dims={name: index(sizes.dims[name]) for name in known})


def widths_of(
    system: System, weights: Mapping[str, Array], said: Mapping[str, int]
) -> dict[str, int]:
    """The widths that weights have, as far as one is an axis by itself; every shape has to agree
    with them, and with those that are said."""
    params = system.named("parameter")
    for symbol in params:
        if symbol.name not in weights:
            raise UsageError(f"the weights have no {symbol.name}, which is a parameter")
    shapes = {symbol.name: weights[symbol.name].shape for symbol in params}
    found = dict(said)
    for symbol in params:
        for width, size in zip(symbol.shape, shapes[symbol.name], strict=False):
            if len(width.names) == 1 and not width.number:
                found.setdefault(width.names[0], size)
    for symbol in params:
        if any(name not in found for width in symbol.shape for name in width.names):
            continue  # its back end asks for that width
        wanted = tuple(width.count(found) for width in symbol.shape)
        if shapes[symbol.name] != wanted:
            raise UsageError(f"{symbol.name} has shape {shapes[symbol.name]}; expected {wanted}")
    return found


def kernel(
    written: Written, text: str, name: str, settings: Settings, target: Target = NUMPY
) -> Kernel:
    """What a kernel is made of."""
    if not name.strip() or not name.isprintable():
        raise UsageError(f"{name!r} names no kernel; expected a name on one line")
    target.check([feature for feature, value in settings.features.items() if value])
    settings = target.settings(settings)
    full, folded, made = program(written, settings, target)
    form = normal(written, stable=True)
    backend = "" if target is NUMPY else f"--backend {target.name} "
    found = Kernel(
        name,
        written,
        text,
        full,
        folded,
        made,
        settings.steps,
        initial_states(kept(form)),
        f"{MADE}--name {shlex.quote(name)} {backend}{settings.options()}",
        cotangents(full) if full.loss is None and not settings.forward_only else {},
        settings.forward_only,
        settings.batch_first,
        windows=windows(full, settings.steps, settings.truncate),
        parts=parts(kept(form), settings, target, written) if settings.checkpoint else None,
        causal=is_causal(form),
        backend=target.name,
    )
    if target.differentiates is not None:
        made_of = functions(found, settings, target, target.differentiates)
        found = replace(found, functions=made_of)
    return replace(found, step=why_no_step(form) or one_step(found, target))


def functions(kernel: Kernel, settings: Settings, target: Target, wanted: Autodiff) -> Functions:
    """The two functions of a model, with gradients by all inputs and states that are numbers."""
    form = kept(normal(with_ids(kernel.written, settings.ids), stable=True))
    whole = with_states(form)
    ids, alone = all_ids(whole, settings.ids), settings.forward_only
    fixed = [s.name for s in whole.named("fixed") if wanted.fixed or s.name in settings.wrt]
    ahead = forward_pass(form, wanted.kept)
    asked = each_state(form, settings.wrt)

    def of(system: System, no_loss: bool) -> System:
        if alone:
            return system
        inputs = [s.name for s in system.named("input") if s.name not in ids]
        inputs = [name for name in inputs if wanted.inputs or name in asked]
        system = with_carriers(system, ids) if settings.lengths else system
        return adjoint(system, [*inputs, *fixed], no_loss)

    def made(system: System) -> Kernel:
        own = apart(system) if settings.lengths else system
        own_ids = tuple(name for name in settings.ids if name in system.symbols)
        job = Job(settings.steps, settings.loops, own_ids, settings.lengths)
        if not settings.lengths:
            job = replace(job, windows=windows(system, settings.steps, settings.truncate))
        passes = target.forward if alone else target.gradient
        folded, program = target.schedule(own, job, passes, settings.passes)
        weights = cotangents(system) if system.loss is None else {}
        return replace(kernel, system=system, folded=folded, program=program, cotangents=weights)

    forward = made(of(ahead.system, True))
    if whole.loss is None or alone:
        loss = made(whole) if whole.loss is not None else None
        return Functions(forward, dict(ahead.finals), loss)
    scaled = weighed(whole)
    loss = made(scaled.plain(of(scaled.system, False)))
    return Functions(forward, dict(ahead.finals), loss, scaled.weight)


def helpers(
    written: Written, text: str, name: str, settings: Settings, target: Target
) -> list[ModuleType]:
    """The kernels that a module of another back end leaves its work to: one for the loss, if there
    is one, and one for forward passes, which has the states after the last step among its outputs
    and carries cotangents of all of them back."""
    settings = target.settings(replace(settings, batch_first=False))
    whole = kernel(written, text, name, settings, target)
    made = functions(whole, settings, target, Autodiff(inputs=False)).forward
    ahead = replace(made, name=f"{name}_forward", functions=None, step=NO_STEP)
    every = [ahead] if whole.system.loss is None else [whole, ahead]
    return [target.load(target.source(one), f"{one.name}_t{one.steps}") for one in every]


NO_STEP = "this kernel works whole forward passes out"


def one_step(kernel: Kernel, target: Target) -> Kernel:
    """The kernel for a single step. Its parameters lie as those of the whole."""
    arrays = kernel.program.arrays
    packs = [p for p in kernel.program.packs if arrays[p.members[0]].role == "parameter"]
    ids = [array.name for array in arrays.values() if array.classes is not None]
    part, made = target.step_program(kernel.system, packs, ids)
    return replace(
        kernel, system=part, folded=part, program=made, cotangents={}, parts=None, one_step=True
    )


def cotangents(system: System) -> dict[str, str]:
    """The input by which the adjoint of a system without a loss weighs each output."""
    return {symbol.weighs: symbol.name for symbol in system.named("input") if symbol.weighs}


def kernel_of(source: str) -> Kernel:
    """What a generated file is made of."""
    made = origin(source)
    return kernel(parse(made.text), made.text, made.name, made.settings, made.target)


@dataclass(frozen=True)
class Origin:
    """What a generated file says of itself."""

    name: str
    text: str
    settings: Settings
    target: Target


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
        backend = words[words.index("--backend") + 1] if "--backend" in words else "numpy"
        name = words[words.index("--name") + 1]
        return Origin(name, text, Settings.said(words), BACKENDS[backend])
    except (KeyError, ValueError, IndexError):
        raise UsageError(f"{file} says it was made by '{command}', which is not known") from None
