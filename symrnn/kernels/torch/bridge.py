"""A file of tensors as a module: as it is, and as one that keeps the contract with NumPy's arrays,
for whatever holds kernels against their texts and measures them."""

import hashlib
import sys
from collections.abc import Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from symrnn.errors import UsageError
from symrnn.frame import render
from symrnn.kernels.contract import Kernel
from symrnn.kernels.load import load_source
from symrnn.kernels.module import module
from symrnn.kernels.plans import PlanRequest, PlanText, Spelling


def load(source: str, name: str, on_cpu: Sequence[ModuleType] = ()) -> ModuleType:
    """The module of a file, which needs PyTorch, with the kernels that do its work on a CPU."""
    if find_spec("torch") is None:
        raise UsageError(
            "the back end torch needs PyTorch, which is not installed here; expected `pip install"
            " torch`, or another back end"
        )
    sources = [source, *(kernel.__dict__["__source__"] for kernel in on_cpu)]
    digest = hashlib.sha256("\0".join(sources).encode()).hexdigest()[:12]
    own = f"symrnn_{name}_{digest}"
    if own not in sys.modules:  # where torch.compile looks for what a function calls
        found = load_source(source, own)
        sys.modules[own] = found
        found.__dict__["ON_CPU"] = tuple(on_cpu)
        for cell in vars(found).values():
            if isinstance(cell, type) and hasattr(cell, "reset_parameters"):
                cell.__reduce__ = _reduced  # type: ignore[assignment]
    return sys.modules[own]


def _reduced(cell: Any) -> tuple[Any, ...]:
    """What a pickle holds of a module: its source, its kernels, and what is in it."""
    made = sys.modules[type(cell).__module__]
    source, on_cpu = made.__dict__["__source__"], made.__dict__["ON_CPU"]
    return _revived, (source, made.__name__, type(cell).__name__, on_cpu), vars(cell)


def _revived(source: str, name: str, cell: str, on_cpu: Sequence[ModuleType]) -> Any:
    known = sys.modules.get(name) or load(source, name.split("_", 1)[1].rsplit("_", 1)[0], on_cpu)
    kind = getattr(known, cell)
    return kind.__new__(kind)


def contract(source: str, name: str) -> ModuleType:
    """The same with NumPy's arrays: each call is one of the functions of the file."""
    from symrnn.kernels.generate import kernel_of  # which knows this back end

    tensors, kernel = load(source, name), kernel_of(source)
    held = load_source(bridged(kernel), name)
    held.__dict__["_tensors"] = tensors
    held.__dict__["_kernel_like"] = partial(_kernel_like, source, name)
    return held


def _kernel_like(
    source: str, name: str, batch: int, dtype: Any, theta: Any, dims: Any, *fixed: Any
) -> Any:
    """What a copy of a kernel is, and what comes out of a pickle."""
    given = {"fixed": fixed[0]} if fixed else {}
    return _known(source, name).Kernel(batch, dtype=dtype, theta=theta, **given, **dims)


_known = lru_cache(maxsize=32)(contract)


def bridged(kernel: Kernel) -> str:
    """A module as of NumPy, whose plan calls `_tensors`."""
    spelling = Spelling(
        plan,
        imports=lambda calls: "",
        helpers=lambda helpers: render("torch/bridge.py.jinja", lengths=kernel.program.ragged),
        complex_numbers=False,
        order="host/as_it_came.py.jinja",
        one_call=kernel.system.loss is not None,
    )
    return module(kernel, spelling)


def plan(request: PlanRequest) -> PlanText:
    """The function that makes a plan."""
    contract, own = request.contract, request.own
    kernel = contract.kernel
    dims = ", ".join(f'"{name}": {own[f"dim {name}"]}' for name in request.dims)
    sections: list[dict[str, Any]] = []
    for section in request.sections:
        names = section.given
        sections.append(
            {
                "name": section.called,
                "taken": ", ".join(own[n] for n in names),
                "given": ", ".join(f'"{n}": {own[n]}' for n in names),
            }
        )
    every = list(dict.fromkeys(n for s in request.sections for n in s.given))
    fixed = [a.of for a in kernel.program.arrays.values() if a.of in contract.fixed]
    text = render(
        "torch/plan.py.jinja",
        signature=request.signature,
        about=request.about,
        dims=dims,
        dims_after=request.dims_after,
        sections=sections,
        whole={
            "taken": ", ".join(own[n] for n in every),
            "given": ", ".join(f'"{n}": {own[n]}' for n in every),
        }
        if kernel.system.loss is not None and kernel.program.sections.get("backward")
        else None,
        has_fixed=bool(contract.fixed),
        by_input=list(contract.by_input) + list(dict.fromkeys(fixed)),
        cotangents=kernel.cotangents,
        batch_first=kernel.batch_first,
        one_step=kernel.one_step,
        gradient=not kernel.one_step and not kernel.forward_only,
        axes={n: contract.axes(n) for n in fixed},
        lengths=kernel.program.ragged,
    )
    return PlanText(text.rstrip("\n"))
