"""The Python module that back ends share which work on NumPy's arrays: everything but the plan.

A module holds what it promises, the class Kernel, which checks what it is given, the same as plain
functions, and a check of itself; `templates/host` is its frame. `symrnn.kernels.plans` says what a
back end prints into it.
"""

import json
from typing import Any

from symrnn.frame import render
from symrnn.kernels import segments
from symrnn.kernels.contract import Contract, Kernel
from symrnn.kernels.lines import as_dict, as_tuple
from symrnn.kernels.plans import PlanRequest, Spelling, lay_out
from symrnn.kernels.sections import copied_inputs, with_gaps
from symrnn.language.calls import stops, wants_positive
from symrnn.system.carriers import SIZE
from symrnn.system.symbols import dimensions


def module(kernel: Kernel, spelling: Spelling) -> str:
    """The whole file."""
    dims = tuple(dimensions(kernel.system.symbols))
    by_lengths = kernel.program.ragged and spelling.order is None
    whole = PlanRequest(Contract(kernel), dims, rows_known=by_lengths)
    found = values(whole)
    requests, parts = [whole], list[segments.PartPlan]()
    if kernel.parts is not None:
        parts = segments.plans(whole, kernel.parts)
        requests = [part.request for part in parts]
        found["docstring"] = segments.docstring(found["docstring"], kernel.parts, kernel.steps)
        found["contract"] = "\n".join([found["contract"], *segments.tables(whole.contract)])
        found |= dict.fromkeys(("forward_reads", "loss_reads", "backward_reads"), "*given")
        found["given"] = "given"
    step = step_request(kernel, whole.dims)
    if not spelling.complex_numbers:
        found["contract"] += "\nCOMPLEX_STEP = False"
    plans = [spelling.plan(request) for request in (*requests, *([step] if step else []))]
    calls = frozenset[str]().union(*(plan.calls for plan in plans))
    helpers = frozenset[str]().union(*(plan.helpers for plan in plans))
    return render(
        "host/module.py.jinja",
        **found,
        standard=spelling.standard,
        imports=spelling.imports(calls | {"copyto"} if parts else calls),
        plans=[plan.text for plan in plans],
        helpers=spelling.helpers(helpers),
        helpers_by_id=spelling.helpers_by_id(helpers),
        carried_ids="carry_ids" in helpers,
        parts=parts,
        step=step,
        whole_reads=", ".join(whole.given_to_sections) if spelling.one_call else None,
        by_lengths=by_lengths,
        warns=spelling.warns,
        order=spelling.order or "host/order.py.jinja",
        smooth="ANALYTIC" if spelling.complex_numbers else "COMPLEX_STEP",
        stopped=stops(kernel.written) and not spelling.complex_numbers,
    )


def step_request(kernel: Kernel, dims: tuple[str, ...]) -> PlanRequest | None:
    """The plan for one step, if there is one."""
    if not isinstance(kernel.step, Kernel):
        return None
    about = "The arrays for one step of B sequences, and the work on them."
    called = {"forward": "step"}
    return PlanRequest(Contract(kernel.step), dims, "_step_plan", about, called=called)


def step_lines(kernel: Kernel) -> list[str]:
    """What a module says of single steps: what one takes, or why there is none."""
    causal = f"CAUSAL = {kernel.causal}"
    if not isinstance(kernel.step, Kernel):
        said = json.dumps(f"{kernel.name} has no step: {kernel.step}", ensure_ascii=False)
        return [causal, f"NO_STEP = {said}"]
    contract = Contract(kernel.step)
    every = {n: tuple(axis for axis in axes if axis != "T") for n, axes in contract.every.items()}
    needed = [name for name in every if name not in contract.groups]
    return [causal, f"_STEP = {as_dict(every)}", f"_STEP_NEEDED = {as_tuple(needed)}"]


def values(request: PlanRequest) -> dict[str, Any]:
    """What the frame is filled with, whatever the plans are."""
    contract = request.contract
    kernel, sections = contract.kernel, {s.name: s for s in request.sections}
    layout = lay_out(request)
    gradient = bool(kernel.program.sections.get("backward"))
    inputs = contract.tables()["INPUTS"]
    ahead, own = (
        [n for n in inputs if key in sections and n in sections[key].needs]
        for key in ("forward", "loss")
    )
    needed = {
        "forward": tuple(ahead),
        "loss": tuple(n for n in inputs if gradient or n in ahead or n in own),
    }
    return dict(  # noqa: C408 - keywords, as a template is given them
        docstring=contract.docstring(),
        steps=kernel.steps,
        sizes=kernel.sizes,
        widths=as_dict(kernel.sizes.dims) if kernel.sizes else "",
        dtype=kernel.sizes.dtype if kernel.sizes else "float64",
        backend=kernel.backend,
        lengths=kernel.program.ragged,
        size=SIZE,
        dims=as_tuple(request.dims),
        contract="\n".join([*contract.lines(needed), *step_lines(kernel), *strided(contract)]),
        dims_after=request.dims_after,
        layout=layout.lines,
        layout_result=layout.result,
        given=request.given,
        weights=as_tuple(contract.weights),
        forward_reads=request.call("forward"),
        loss_reads=request.call("loss"),
        backward_reads=request.call("backward"),
        has_loss=kernel.system.loss is not None,
        has_fixed=bool(contract.fixed),
        unstarted=[name for name in contract.fixed if name not in contract.starts()],
        has_gradient=gradient,
        truncated=kernel.windows is not None,
        has_step_weights=bool(contract.step_weights),
        has_ids=bool(contract.ids),
        state_ids=any(name in contract.ids for name in contract.groups),
        forward_only=kernel.forward_only,
        batch_first=kernel.batch_first,
        wants_positive=wants_positive(kernel.written),
        floor="1e-4" if kernel.analytic else "1e-3",
        cotangent_inputs=", ".join(
            f'"{weight}": cotangents.get("{output}")'
            for output, weight in kernel.cotangents.items()
        ),
    )


def strided(contract: Contract) -> list[str]:
    """The inputs that may have gaps: those read where they are, and what is copied anyway."""
    if not contract.kernel.batch_first:
        return []
    names = with_gaps(contract) | copied_inputs(contract)
    return [f"_STRIDED = {as_tuple([n for n in contract.every if n in names])}"]
