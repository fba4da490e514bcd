"""A kernel that keeps few states: its parts, each with a program of its own.

The steps are done in segments of about √T. On the way forward only the states with which segments
begin are kept; on the way back each segment is worked out again from there. So memory grows with
√T, and time by one more forward pass.
"""

import math
from dataclasses import dataclass

from symrnn.errors import UsageError
from symrnn.kernels.program import Job, Program
from symrnn.kernels.settings import Settings
from symrnn.kernels.target import Target
from symrnn.language.tree import Ref, Written
from symrnn.system import System, adjoint
from symrnn.system.segment import Segments, segments
from symrnn.system.system import Linear


@dataclass(frozen=True)
class Part:
    """A system with its gradient, the same as it is worked out, and the program for it."""

    system: System
    folded: System
    program: Program


@dataclass(frozen=True)
class Parts:
    """What a checkpointed kernel is made of."""

    segments: Segments
    size: int
    """How many steps a segment has."""
    segment: Part
    last: Part | None
    """The last segment, where it has fewer steps."""
    end: Part | None
    """What comes after the last step, if anything does."""
    cotangents: dict[str, str]
    """For what a segment leaves, the input through which its adjoint comes back."""


def parts(
    system: System, settings: Settings, target: Target, written: Written | None = None
) -> Parts:
    """The parts of a system without adjoints."""
    if system.loss is None:
        raise UsageError(
            "--checkpoint: the model has no loss; write L = … or put a head on it, such as binary"
        )
    found = segments(system, settings.steps, written)
    size = math.isqrt(settings.steps - 1) + 1
    rest = (settings.steps - 1) % size + 1
    given = tuple(dict.fromkeys((*found.states.values(), *found.last, *found.sums)))
    own = _inputs(found.segment)
    wrt = (*found.states, *(name for name in settings.wrt if name in own))
    steps = adjoint(found.segment, tuple(dict.fromkeys(wrt)), carried=given)
    seeds = {e.target: e.terms for e in steps.equations if isinstance(e, Linear)}
    cotangents = {
        name: term.ref.name
        for symbol in steps.named("adjoint")
        if symbol.of is not None and (name := symbol.of.name) in given
        for term in seeds[Ref(symbol.name)]
        if term.ref is not None and term.ref.name not in own
    }
    return Parts(
        found,
        size,
        _part(steps, size, settings, target),
        _part(steps, rest, settings, target) if rest != size else None,
        _end(found, settings, target),
        cotangents,
    )


def _end(found: Segments, settings: Settings, target: Target) -> Part | None:
    if not found.end.equations:
        return None
    system = found.end
    if system.loss is not None:
        asked = (*found.last, *found.sums, *settings.wrt)
        system = adjoint(system, tuple(n for n in dict.fromkeys(asked) if n in _inputs(system)))
    return _part(system, 1, settings, target)


def _part(system: System, steps: int, settings: Settings, target: Target) -> Part:
    made = target.schedule(system, Job(steps), target.gradient, settings.passes)
    return Part(system, *made)


def _inputs(system: System) -> set[str]:
    return {symbol.name for symbol in system.named("input", "fixed")}
