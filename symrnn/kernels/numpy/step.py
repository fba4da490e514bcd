"""The part of a module that works out one step: a program of its own, printed like the other."""

import json
from dataclasses import dataclass, replace

from symrnn.kernels.numpy.contract import Axes, Contract, Kernel
from symrnn.kernels.numpy.lines import as_dict, as_tuple
from symrnn.kernels.numpy.passes import Function
from symrnn.kernels.numpy.sheet import Sheet
from symrnn.kernels.program.forward import step_program
from symrnn.system import normal
from symrnn.system.states import is_causal, why_no_step


@dataclass(frozen=True)
class Stepping:
    """What a module says of single steps, and the function for them if there are any."""

    lines: list[str]
    sheet: "StepSheet | None" = None


def stepping(kernel: Kernel, dims: tuple[str, ...]) -> Stepping:
    form = normal(kernel.written, stable=True)
    facts = [f"CAUSAL = {is_causal(form)}"]
    why = why_no_step(form)
    if why is not None:
        said = json.dumps(f"{kernel.name} has no step: {why}", ensure_ascii=False)
        return Stepping([*facts, f"NO_STEP = {said}"])
    arrays = kernel.program.arrays
    packs = [p for p in kernel.program.packs if arrays[p.members[0]].role == "parameter"]
    ids = [array.name for array in arrays.values() if array.classes is not None]
    part, program = step_program(kernel.system, packs, ids)
    single = replace(
        kernel, system=part, folded=part, program=program, cotangents={}, one_step=True
    )
    sheet = StepSheet(Contract(single), dims)
    lines = [f"_STEP = {as_dict(sheet.every)}", f"_STEP_NEEDED = {as_tuple(sheet.needed)}"]
    return Stepping([*facts, *lines], sheet)


class StepSheet(Sheet):
    """The function that makes the arrays of one step."""

    name = "_step_plan"
    about = "The arrays for one step of B sequences, and the work on them."

    def __init__(self, contract: Contract, dims: tuple[str, ...]) -> None:
        super().__init__(contract, dims)
        self.functions: list[Function] = [replace(f, name="step") for f in self.functions]
        self.result = ["plan.step = step", *self.result[1:]]

    @property
    def every(self) -> dict[str, Axes]:
        """What a step takes: nothing has a time axis."""
        return {
            name: tuple(axis for axis in axes if axis != "T")
            for name, axes in self.contract.every.items()
        }

    @property
    def needed(self) -> list[str]:
        return [name for name in self.every if name not in self.contract.groups]

    @property
    def call(self) -> str:
        """What is handed to the step."""
        return ", ".join(self.reads["step"])
