"""The source of a kernel that keeps few states: a plan for each part, and who calls them."""

from dataclasses import replace

from symrnn.frame import render
from symrnn.kernels.checkpoint import Part, Parts
from symrnn.kernels.numpy.contract import Contract, Kernel
from symrnn.kernels.numpy.lines import as_dict, as_tuple, imported, wrapped_text
from symrnn.kernels.numpy.module import HELPERS, values
from symrnn.kernels.numpy.passes import NOTHING, Function
from symrnn.kernels.numpy.sheet import Sheet
from symrnn.kernels.numpy.step import stepping
from symrnn.language.numpy_forms import ERF
from symrnn.language.tree import Written
from symrnn.system.symbols import dimensions

ABOUT = {
    "segment": "The arrays for the {steps} steps of a segment, and the passes over them.",
    "last": "The same for the {steps} steps that are left over.",
    "end": "The arrays for what comes after the last step, and the work on them.",
}


class PartSheet(Sheet):
    """The function that makes the arrays of a part."""

    def __init__(self, kernel: Kernel, name: str, part: Part, dims: tuple[str, ...]) -> None:
        program = part.program
        alone = replace(
            kernel,
            system=part.system,
            folded=part.folded,
            program=program,
            steps=program.steps,
            states={},
            written=Written(()),  # the whole says the rest
        )
        super().__init__(Contract(alone), dims)
        self.part, self.name = name, f"_plan_{name}"
        self.about = ABOUT[name].format(steps=program.steps)
        self.params = as_tuple([symbol.name for symbol in part.system.named("parameter")])
        self.layout, result = self.plan.layout()
        self.layout_result = result.split("\n")
        self.passes = as_dict({f.name: tuple(f.reads) for f in self.functions})
        self.lay_out = "_lay_out"

    def needed_of(self, functions: list[Function]) -> list[Function]:
        return [function for function in functions if function != NOTHING]

    def lay_out_as(self, name: str) -> None:
        """Its parameters lie in an order of their own."""
        self.lay_out = name
        self.lines = [line.replace("_lay_out(", f"{name}(") for line in self.lines]


def segmented(kernel: Kernel, parts: Parts) -> str:
    """The whole file. `kernel` is what it would be with all states kept: it promises the same."""
    whole = values(kernel)
    dims = tuple(dimensions(kernel.system.symbols))
    made = {"segment": parts.segment, "last": parts.last, "end": parts.end}
    sheets = [PartSheet(kernel, n, part, dims) for n, part in made.items() if part is not None]
    for sheet in sheets:
        if [sheet.layout, sheet.layout_result] != [whole["layout"], whole["layout_result"]]:
            sheet.lay_out_as(f"_lay_out_{sheet.part}")
    single = stepping(kernel, dims).sheet
    plans = [*sheets, single] if single else sheets
    used = {call for plan in plans for call in plan.printer.used}
    own = {
        "docstring": _docstring(whole["docstring"], parts, kernel.steps),
        "imports": imported(sorted({*used, "copyto"} - set(HELPERS))),
        "contract": "\n".join([whole["contract"], *_tables(kernel, parts)]),
        "plans": plans,
        "parts": sheets,
        "has_softplus": "softplus" in used,
        "erf": ERF if "erf" in used else "",
        "given": "given",
        **dict.fromkeys(("forward_reads", "loss_reads", "backward_reads"), "*given"),
    }
    return render("numpy/module.py.jinja", **{**whole, **own})


def _tables(kernel: Kernel, parts: Parts) -> list[str]:
    """How many steps a segment has, and what the parts hand to each other, by name."""
    contract, found = Contract(kernel), parts.segments
    timed = [n for n in contract.tables()["INPUTS"] if kernel.system.symbols[n].timed]
    of = {array.of for array in kernel.program.arrays.values()}
    by = (*contract.by_input, *(name for name in contract.fixed if name in of))
    grads = {name: contract.every.get(name) or contract.axes(name) for name in by}
    return [
        f"SEGMENT = {parts.size}",
        f"_GROUPS = {as_dict({key: tuple(own) for key, own in contract.groups.items()})}",
        f"_LEAVES = {as_dict(found.states)}",
        f"_SUMS = {as_tuple(found.sums)}",
        f"_COTANGENTS = {as_dict(parts.cotangents)}",
        f"_TIMED = {as_tuple(timed)}",
        f"_GRADS = {as_dict(grads)}",
    ]


def _docstring(docstring: str, parts: Parts, steps: int) -> str:
    count = -(-steps // parts.size)
    said = wrapped_text(
        f"The {steps} steps are done in {count} segment{'s' * (count > 1)} of at most {parts.size}."
        " The states with which segments begin are kept; on the way back each segment is worked out"
        " again from there."
    )
    return docstring.removesuffix('\n"""') + f'\n\n{said}\n"""'
