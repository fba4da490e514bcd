"""The source of a kernel: what a program prints, in the frame that all kernels share."""

from typing import Any

from symrnn.backends.numpy.contract import Contract, Kernel
from symrnn.backends.numpy.lines import as_tuple, fitted
from symrnn.backends.numpy.names import Names
from symrnn.backends.numpy.packed import PackedPlaces, PackedPrinter, PackedViews
from symrnn.backends.numpy.passes import Passes, read_in_loops
from symrnn.backends.numpy.places import Places
from symrnn.backends.numpy.plan import Plan
from symrnn.backends.numpy.statements import Printer
from symrnn.backends.numpy.views import Views
from symrnn.frame import render
from symrnn.program.program import Loop, Product, Program, Slice
from symrnn.system.still import SIZE
from symrnn.system.symbols import dimensions

FEW = 4
"""From so many products on, a transposed matrix is copied once: BLAS reads it faster then."""

HELPERS = ("total", "highest", "softplus")
"""Calls that are no names of NumPy."""


def source(kernel: Kernel) -> str:
    """The whole file."""
    return render("numpy/module.py.jinja", **values(kernel))


def values(kernel: Kernel) -> dict[str, Any]:
    """What the frame is filled with."""
    program = kernel.program
    contract = Contract(kernel)
    printer = printer_of(kernel, contract)
    places = printer.places
    passes = Passes(contract, printer)
    functions = passes.functions()
    plan = Plan(contract, printer, passes.used)
    layout, result = plan.layout()
    reads = {function.name: function.call for function in functions}
    loss = kernel.system.loss is not None
    gradient = bool(program.sections.get("backward"))
    inputs = contract.tables()["INPUTS"]
    needs = {function.name: function.needs for function in functions}
    needed = {
        "forward": tuple(n for n in inputs if n in needs.get("forward", ())),
        "loss": tuple(n for n in inputs if gradient or n in needs.get("loss", ())),
    }
    return dict(  # noqa: C408 - keywords, as a template is given them
        docstring=contract.docstring(),
        calls=sorted(printer.used - set(HELPERS)),
        steps=kernel.steps,
        lengths=program.ragged,
        size=SIZE,
        dims=as_tuple(places.dims),
        contract="\n".join(contract.lines(needed)),
        dims_after="".join(f", {places.own[f'dim {name}']}" for name in places.dims),
        layout=layout,
        layout_result=result.split("\n"),
        plan=[piece for line in plan.lines() for piece in fitted(line, 4)],
        functions=functions,
        result=plan.result(),
        given=given(printer, contract),
        weights=as_tuple(contract.weights),
        forward_reads=", ".join(reads.get("forward", [])),
        loss_reads=", ".join(reads.get("loss", [])),
        backward_reads=", ".join(reads.get("backward", [])),
        has_loss=loss,
        has_softplus="softplus" in printer.used,
        has_gradient=gradient,
        truncated=kernel.windows is not None,
        has_cut=any("_cut(" in text for _, views in printer.loops for text in views),
        has_step_weights=bool(contract.step_weights),
        floor="1e-4" if kernel.analytic else "1e-3",
        cotangent_inputs=", ".join(
            f'"{weight}": cotangents.get("{output}")'
            for output, weight in kernel.cotangents.items()
        ),
    )


def printer_of(kernel: Kernel, contract: Contract) -> Printer:
    """What prints statements, for the way in which this kernel's arrays lie."""
    program, names = kernel.program, Names()
    often, dims = turned_often(program), tuple(dimensions(kernel.system.symbols))
    if program.ragged:
        return PackedPrinter(PackedViews(PackedPlaces(program, names, dims)), often=often)
    direct = frozenset(set(contract.inputs) - read_in_loops(program))
    return Printer(Views(Places(program, names, dims), direct), often=often)


def given(printer: Printer, contract: Contract) -> str:
    """The names under which a call finds its inputs."""
    if contract.kernel.program.ragged:
        return "_"  # they lie in the plan
    names = [printer.places.own[name] for name in contract.every]
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


def turned_often(program: Program) -> dict[Slice, bool]:
    """The matrices that are read transposed in a loop, or at more than a few steps."""
    counts: dict[Slice, int] = {}
    for statement in program.statements():
        many = len(statement.steps) if isinstance(statement, Loop) else 1
        for inner in statement.body if isinstance(statement, Loop) else (statement,):
            if isinstance(inner, Product):
                for pair in inner.pairs:
                    if pair.right_turned and pair.right.when is None:
                        counts[pair.right] = counts.get(pair.right, 0) + many
    return {matrix: count >= FEW for matrix, count in counts.items()}
