"""The source of a kernel that keeps few states: a plan for each part, and who calls them."""

from dataclasses import replace
from typing import Any

from symrnn.backends.numpy.contract import Contract, Kernel
from symrnn.backends.numpy.lines import as_dict, as_tuple, wrapped_text
from symrnn.backends.numpy.module import values
from symrnn.checkpoint import Part, Parts
from symrnn.frame import render
from symrnn.language.tree import Written


def segmented(kernel: Kernel, parts: Parts) -> str:
    """The whole file. `kernel` is what it would be with all states kept: it promises the same."""
    whole = values(kernel)
    contract = Contract(kernel)
    printed = {
        name: _printed(kernel, name, part)
        for name, part in (("segment", parts.segment), ("last", parts.last), ("end", parts.end))
        if part is not None
    }
    for name, part in printed.items():
        same = all(part[key] == printed["segment"][key] for key in ("layout", "layout_result"))
        part["lay_out"] = "_lay_out" if same else f"_lay_out_{name}"
    used = {call for part in printed.values() for call in part["calls"]}
    own = {
        "docstring": _docstring(whole["docstring"], parts, kernel.steps),
        "calls": sorted({*used, "copyto"}),
        "parts": list(printed.values()),
        "segment": parts.size,
        "tables": _tables(kernel, contract, parts),
        "has_end": parts.end is not None,
        "has_softplus": any(part["has_softplus"] for part in printed.values()),
        "given": "given",
        **dict.fromkeys(("forward_reads", "loss_reads", "backward_reads"), "*given"),
    }
    return render("numpy/segments.py.jinja", **{**whole, **own})


def _printed(kernel: Kernel, name: str, part: Part) -> dict[str, Any]:
    """A part as it is printed: what a kernel of its steps alone would be filled with."""
    program, system, folded = part.program, part.system, part.folded
    alone = replace(kernel, system=system, folded=folded, program=program, states={})
    alone = replace(alone, steps=program.steps, written=Written(()))  # the whole says the rest
    found = values(alone)
    used = {s.name for s in part.system.named("parameter")}
    reads = as_dict({f.name: tuple(f.reads) for f in found["functions"]})
    return {**found, "name": name, "reads": reads, "params": as_tuple(sorted(used))}


def _tables(kernel: Kernel, contract: Contract, parts: Parts) -> list[str]:
    """What the parts hand to each other, by name."""
    found = parts.segments
    symbols = kernel.system.symbols
    timed = [name for name in contract.tables()["INPUTS"] if symbols[name].timed]
    grads = {
        array.of: contract.every.get(array.of) or contract.axes(array.of)
        for array in kernel.program.arrays.values()
        if array.of in contract.inputs and array.rows
    }
    groups = {key: tuple(own) for key, own in contract.groups.items()}
    return [
        f"_GROUPS = {as_dict(groups)}",
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
