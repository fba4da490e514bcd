"""The source of a kernel: what a program prints, in the frame that all kernels share."""

from typing import Any

from symrnn.frame import render
from symrnn.kernels.numpy import by_id
from symrnn.kernels.numpy.contract import Contract, Kernel
from symrnn.kernels.numpy.lines import as_tuple, imported
from symrnn.kernels.numpy.sheet import Sheet
from symrnn.kernels.numpy.step import stepping
from symrnn.language.calls import wants_positive
from symrnn.language.numpy_forms import ERF
from symrnn.system.carriers import SIZE
from symrnn.system.symbols import dimensions

HELPERS = ("total", "highest", "softplus", "erf", *by_id.OWN)
"""Calls that are no names of NumPy."""


def source(kernel: Kernel) -> str:
    """The whole file."""
    return render("numpy/module.py.jinja", **values(kernel))


def values(kernel: Kernel) -> dict[str, Any]:
    """What the frame is filled with."""
    contract = Contract(kernel)
    dims = tuple(dimensions(kernel.system.symbols))
    sheet = Sheet(contract, dims)
    places, printer, reads = sheet.places, sheet.printer, sheet.reads
    single = stepping(kernel, dims)
    sheets = [sheet, single.sheet] if single.sheet else [sheet]
    used = set[str]().union(*(each.printer.used for each in sheets))
    layout, result = sheet.plan.layout()
    gradient = bool(kernel.program.sections.get("backward"))
    inputs = contract.tables()["INPUTS"]
    needs = {function.name: function.needs for function in sheet.functions}
    ahead, own = ([n for n in inputs if n in needs.get(key, ())] for key in ("forward", "loss"))
    needed = {
        "forward": tuple(ahead),
        "loss": tuple(n for n in inputs if gradient or n in ahead or n in own),
    }
    return dict(  # noqa: C408 - keywords, as a template is given them
        docstring=contract.docstring(),
        imports=imported(sorted(used - set(HELPERS))),
        steps=kernel.steps,
        lengths=kernel.program.ragged,
        size=SIZE,
        dims=as_tuple(places.dims),
        contract="\n".join([*contract.lines(needed), *single.lines, *sheet.strided()]),
        dims_after="".join(f", {places.own[f'dim {name}']}" for name in places.dims),
        layout=layout,
        layout_result=result.split("\n"),
        plans=sheets,
        given=sheet.given,
        weights=as_tuple(contract.weights),
        forward_reads=", ".join(reads.get("forward", [])),
        loss_reads=", ".join(reads.get("loss", [])),
        backward_reads=", ".join(reads.get("backward", [])),
        step=single.sheet,
        has_loss=kernel.system.loss is not None,
        has_fixed=bool(contract.fixed),
        unstarted=[name for name in contract.fixed if name not in contract.starts()],
        has_softplus="softplus" in used,
        erf=ERF if "erf" in used else "",
        has_turns=printer.turns,
        has_gradient=gradient,
        parts=(),
        truncated=kernel.windows is not None,
        has_cut=any("_cut(" in text for _, views in printer.loops for text in views),
        has_step_weights=bool(contract.step_weights),
        has_ids=bool(contract.ids),
        carried_ids=any("carry_ids(" in line for f in sheet.functions for line in f.lines),
        state_ids=any(name in contract.ids for name in contract.groups),
        own_calls=used & set(by_id.OWN),
        forward_only=kernel.forward_only,
        batch_first=kernel.batch_first,
        wants_positive=wants_positive(kernel.written),
        floor="1e-4" if kernel.analytic else "1e-3",
        cotangent_inputs=", ".join(
            f'"{weight}": cotangents.get("{output}")'
            for output, weight in kernel.cotangents.items()
        ),
    )
