"""The parts of a module that keeps few states: a plan for each, and what passes between them."""

from dataclasses import dataclass, replace

from symrnn.kernels.checkpoint import Part, Parts
from symrnn.kernels.contract import Contract, Kernel
from symrnn.kernels.lines import as_dict, as_tuple, wrapped_text
from symrnn.kernels.plans import PlanRequest, lay_out
from symrnn.language.tree import Written

ABOUT = {
    "segment": "The arrays for the {steps} steps of a segment, and the passes over them.",
    "last": "The same for the {steps} steps that are left over.",
    "end": "The arrays for what comes after the last step, and the work on them.",
}


@dataclass(frozen=True)
class PartPlan:
    """The plan of a part, as the frame asks for it."""

    part: str
    request: PlanRequest
    layout: tuple[str, ...]
    layout_result: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def lay_out(self) -> str:
        return self.request.lay_out

    @property
    def params(self) -> str:
        named = self.request.contract.system.named("parameter")
        return as_tuple([symbol.name for symbol in named])

    @property
    def passes(self) -> str:
        """What each section is handed."""
        return as_dict({s.name: s.given for s in self.request.sections if s.statements})


def plans(request: PlanRequest, parts: Parts) -> list[PartPlan]:
    """A plan for each part. `request` is for what it would be with all states kept."""
    kernel, whole = request.contract.kernel, lay_out(request)
    made = {"segment": parts.segment, "last": parts.last, "end": parts.end}
    found: list[PartPlan] = []
    for name, part in made.items():
        if part is None:
            continue
        request = PlanRequest(
            Contract(_alone(kernel, part)),
            request.dims,
            f"_plan_{name}",
            ABOUT[name].format(steps=part.program.steps),
            empty=False,
        )
        own = lay_out(request)
        if own != whole:  # its parameters lie in an order of their own
            request = replace(request, lay_out=f"_lay_out_{name}")
        found.append(PartPlan(name, request, own.lines, own.result))
    return found


def _alone(kernel: Kernel, part: Part) -> Kernel:
    """A part as a kernel of its own; the whole says the rest."""
    return replace(
        kernel,
        system=part.system,
        folded=part.folded,
        program=part.program,
        steps=part.program.steps,
        states={},
        written=Written(()),
    )


def tables(contract: Contract) -> list[str]:
    """How many steps a segment has, and what the parts hand to each other, by name."""
    kernel, parts = contract.kernel, contract.kernel.parts
    assert parts is not None
    timed = [n for n in contract.tables()["INPUTS"] if kernel.system.symbols[n].timed]
    of = {array.of for array in kernel.program.arrays.values()}
    by = (*contract.by_input, *(name for name in contract.fixed if name in of))
    grads = {name: contract.every.get(name) or contract.axes(name) for name in by}
    return [
        f"SEGMENT = {parts.size}",
        f"_GROUPS = {as_dict({key: tuple(own) for key, own in contract.groups.items()})}",
        f"_LEAVES = {as_dict(parts.segments.states)}",
        f"_SUMS = {as_tuple(parts.segments.sums)}",
        f"_COTANGENTS = {as_dict(parts.cotangents)}",
        f"_TIMED = {as_tuple(timed)}",
        f"_GRADS = {as_dict(grads)}",
    ]


def docstring(whole: str, parts: Parts, steps: int) -> str:
    """The docstring of the whole, and a word on segments."""
    count = -(-steps // parts.size)
    said = wrapped_text(
        f"The {steps} steps are done in {count} segment{'s' * (count > 1)} of at most {parts.size}."
        " The states with which segments begin are kept; on the way back each segment is worked out"
        " again from there."
    )
    return whole.removesuffix('\n"""') + f'\n\n{said}\n"""'
