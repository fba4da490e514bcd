"""What a back end is: which passes its programs go through, what it has, and how it prints."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING

from symrnn.errors import UsageError, suggestion
from symrnn.kernels.load import load_source
from symrnn.kernels.program import OPTIONAL, Job, Program, schedule
from symrnn.kernels.program.lower import ELEMENTARY
from symrnn.kernels.program.program import KINDS, Kind, Pack
from symrnn.kernels.program.schedule import chosen
from symrnn.system.states import forward_part
from symrnn.system.system import System

if TYPE_CHECKING:
    from symrnn.kernels.contract import Kernel
    from symrnn.kernels.settings import Settings, Sizes


@dataclass(frozen=True)
class Autodiff:
    """What functions for a library that differentiates by itself have beside gradients by inputs
    and states (`symrnn.system.exposed`)."""

    inputs: bool = True
    """Gradients by all inputs and states, and not only by what is asked for."""
    fixed: bool = False
    """Gradients by all that is fixed, and not only by what is asked for."""
    kept: bool = False
    """The last steps of inputs as results; else they are taken out of the inputs."""


@dataclass(frozen=True)
class Target:
    """A back end. Its three lists of passes are in the order in which they run."""

    name: str
    gradient: tuple[str, ...]
    """The passes of a program with a forward and a backward pass."""
    forward: tuple[str, ...]
    """Those of a forward pass alone, which keeps no history."""
    step: tuple[str, ...]
    """Those of a single step."""
    source: Callable[["Kernel"], str]
    """Prints a kernel: the text of a file."""
    files: Callable[["Kernel", "Sizes"], dict[str, str]] | None = None
    """Prints a kernel for these sizes as files of a folder, by name, if it is more than one."""
    load: Callable[[str, str], ModuleType] = load_source
    """Makes a module of such a text and a name."""
    load_with: Callable[[str, str, Sequence[ModuleType]], ModuleType] | None = None
    """The same with kernels of another back end to help, where it takes such."""
    contract: Callable[[str, str], ModuleType] | None = None
    """Makes one that keeps the contract with NumPy's arrays, where `load` makes another kind."""
    elementary: frozenset[str] = ELEMENTARY
    """The operations that it has; all others are worked out of these."""
    kinds: tuple[Kind, ...] = KINDS
    """How arrays may lie side by side; none at all, where each lies by itself."""
    features: frozenset[str] = frozenset(
        {"lengths", "ids", "truncate", "checkpoint", "forward_only", "batch_first"}
    )
    """What its kernels can do beside (`symrnn.kernels.settings.Features`)."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Of what they cannot do, why, and what there is instead."""
    differentiates: Autodiff | None = None
    """What it prints functions with, if they are for a library that differentiates by itself."""

    @property
    def held(self) -> Callable[[str, str], ModuleType]:
        """Makes a module that can be held against its text, of such a text and a name."""
        return self.contract or self.load

    def schedule(
        self, system: System, job: Job, passes: Sequence[str], optional: Iterable[str] = OPTIONAL
    ) -> tuple[System, Program]:
        """The system as it is worked out, and the program for it, by one of the three lists; of
        what can be left out there, no more than is asked for."""
        job = replace(job, elementary=self.elementary, kinds=self.kinds)
        return schedule(system, job, chosen(passes, optional))

    def step_program(
        self, system: System, packs: Sequence[Pack], ids: Collection[str] = ()
    ) -> tuple[System, Program]:
        """What one step needs of a system, and the program for it; `packs` says how parameters
        lie."""
        part = forward_part(system)
        own = tuple(name for name in ids if name in part.symbols)
        wanted = ("layout", "merge", "share") if packs else ("share",)
        return self.schedule(part, Job(1, ids=own, packs=tuple(packs)), self.step, wanted)

    @property
    def keeps_loops(self) -> bool:
        """Whether loops stay loops, whatever is asked for: no pass writes them out."""
        return "unroll" not in self.gradient

    def settings(self, asked: "Settings") -> "Settings":
        """What is asked for, as it does it."""
        return replace(asked, loops=True) if self.keeps_loops else asked

    def check(self, features: Collection[str]) -> None:
        """Refuse what its kernels cannot do."""
        for name in sorted(set(features) - self.features):
            if name in self.reasons:
                raise UsageError(
                    f"--{name.replace('_', '-')} is not for the back end {self.name}:"
                    f" {self.reasons[name]}"
                )
            raise UsageError(
                f"the back end {self.name} has no kernels with --{name.replace('_', '-')};"
                f" expected one of {', '.join(sorted(self.features)) or 'none'}, or another one"
            )


def target_called(name: str, targets: dict[str, Target]) -> Target:
    """The target of this name.

    >>> target_called("nunpy", {"numpy": None})
    Traceback (most recent call last):
        ...
    symrnn.errors.UsageError: no back end is called 'nunpy'; did you mean 'numpy'?; there is numpy
    """
    if name not in targets:
        raise UsageError(
            f"no back end is called '{name}'{suggestion(name, list(targets))}; there is"
            f" {', '.join(targets)}"
        )
    return targets[name]
