"""The source of a kernel: what a program prints, in the frame that all kernels share."""

from symrnn.backends.numpy.contract import Contract, Kernel
from symrnn.backends.numpy.lines import as_tuple
from symrnn.backends.numpy.sheet import Sheet
from symrnn.backends.numpy.step import stepping
from symrnn.frame import render
from symrnn.system.symbols import dimensions

HELPERS = ("total", "highest", "softplus")
"""Calls that are no names of NumPy."""


def source(kernel: Kernel) -> str:
    """The whole file."""
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
    handed = {key: [n for n in inputs if places.own[n] in call] for key, call in reads.items()}
    ahead, own = handed.get("forward", []), handed.get("loss", [])
    needed = {
        "forward": tuple(ahead),
        "loss": tuple(n for n in inputs if gradient or n in ahead or n in own),
    }
    return render(
        "numpy/module.py.jinja",
        docstring=contract.docstring(),
        calls=sorted(used - set(HELPERS)),
        steps=kernel.program.steps,
        dims=as_tuple(places.dims),
        contract="\n".join([*contract.lines(needed), *single.lines, *sheet.strided()]),
        dims_after="".join(f", {places.own[f'dim {name}']}" for name in places.dims),
        layout=layout,
        layout_result=result.split("\n"),
        plans=sheets,
        given=", ".join(places.own[n] for n in contract.every) + "," * (len(contract.every) == 1),
        forward_reads=", ".join(reads.get("forward", [])),
        loss_reads=", ".join(reads.get("loss", [])),
        backward_reads=", ".join(reads.get("backward", [])),
        step=single.sheet,
        has_loss=kernel.system.loss is not None,
        has_softplus="softplus" in used,
        has_turns=printer.turns,
        has_gradient=gradient,
        forward_only=kernel.forward_only,
        batch_first=kernel.batch_first,
        floor="1e-4" if kernel.analytic else "1e-3",
        cotangent_inputs=", ".join(
            f'"{weight}": cotangents.get("{output}")'
            for output, weight in kernel.cotangents.items()
        ),
    )
