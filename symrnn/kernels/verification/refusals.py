"""What a kernel refuses, and how its file's check of itself is checked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from symrnn.kernels.verification.calls import arguments, fill
from symrnn.kernels.verification.case import Case
from symrnn.language.arrays import Array

LOOSEST = 1e-7
"""What central differences are allowed; a check of itself that allows more would find nothing."""
PLANTED = 1e-3
WORK = 20_000
"""Steps times entries of gradients, up to where a kernel's check of itself is quick enough."""
FEW = 100
"""Entries of gradients, up to where it takes the widths that it takes by itself."""

Finding = tuple[list[str], str]
"""What is wrong, and what was looked at."""


# what is refused


def refusals(module: ModuleType, case: Case) -> Finding | None:
    """What does not fit is refused, and leaves the kernel as it was."""
    params, inputs = arguments(case, case.data)
    kernel = module.Kernel(case.batch, **case.dims)
    fill(kernel, params)
    work = kernel.forward if case.weights else kernel.loss
    before = _settled(work(**inputs))
    wrong = []
    for what, changed in _misfits(module, case, inputs):
        try:
            work(**changed)
        except (TypeError, ValueError):
            continue
        wrong.append(f"{what} is accepted")
    wrong += _spoilt(module, case, kernel, inputs)
    if not np.array_equal(before, _settled(work(**inputs)), equal_nan=True):
        wrong.append("what was refused has left something behind")
    return wrong, "inputs of a wrong name, shape or kind"


def _misfits(
    module: ModuleType, case: Case, inputs: dict[str, Array]
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Inputs with something wrong in them, and what it is."""
    yield "an unknown input", {**inputs, "no such input": np.zeros(1)}
    handed_on = {symbol.keeps for symbol in case.symbols.values()}  # maybe read by the next alone
    targets = set(getattr(module, "TARGETS", ()))
    required = module._NEEDED["forward" if case.weights else "loss"]
    for name, array in inputs.items():
        if name == "lengths":
            yield "a length of 0", {**inputs, name: np.zeros_like(array)}
            continue
        more = np.concatenate([array, array[..., -1:]], axis=-1)
        yield f"{name} with the shape {more.shape}", {**inputs, name: more}
        if name in required:
            yield f"no {name}", {n: a for n, a in inputs.items() if n != name}
        if name in case.ids:
            least = -2 if name in module.STATES else -1  # -1 in a state is what has not been yet
            yield f"{name} with an id of {least}", {**inputs, name: np.full_like(array, least)}
            continue
        yield f"complex numbers for {name}", {**inputs, name: array + 0j}
        yield f"text for {name}", {**inputs, name: np.full(array.shape, "a")}
        if name in targets and not case.weights and name not in handed_on:
            yield f"NaN in {name}", {**inputs, name: np.full(array.shape, np.nan)}


class _Meddling:
    """An input that calls the kernel by which it is read."""

    def __init__(self, array: Array, work: Callable[[], Any]) -> None:
        self.array, self.work = array, work

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        self.work()
        return self.array


def _spoilt(module: ModuleType, case: Case, kernel: Any, inputs: dict[str, Array]) -> Iterator[str]:
    """Calls that spoil each other: one within another, and one that writes what it still reads."""
    params, _ = arguments(case, case.data)
    work, alone = ("forward", module.forward) if case.weights else ("loss", module.loss)
    call = partial(getattr(kernel, work), **inputs)
    for name, array in inputs.items():
        try:
            getattr(kernel, work)(**{**inputs, name: _Meddling(array, call)})
            yield "a call within another is accepted"
        except RuntimeError:
            pass
        kernel.forward(**{n: a / 2 if a.dtype.kind == "f" else a for n, a in inputs.items()})
        for other, written in kernel.outputs.items():
            if written.shape != array.shape or written.dtype != array.dtype:
                continue
            wanted = _settled(alone(params, **{**inputs, name: written.copy()}))
            try:
                found = _settled(getattr(kernel, work)(**{**inputs, name: written}))
            except ValueError:
                continue
            if not np.array_equal(found, wanted):
                yield f"{name} in the place of {other} is read after it is written"


def _settled(result: Any) -> Array:
    """A loss, or the outputs of a forward pass, as numbers that a later call leaves alone."""
    if isinstance(result, tuple):
        return np.concatenate([np.ravel(array) for array in result[0].values()])
    return np.array(result)


# the file's check of itself


@contextmanager
def _replaced(module: ModuleType, name: str, by: Any) -> Iterator[None]:
    """Something of a module is something else for a while, if there is anything else."""
    before = getattr(module, name, None)
    if by is not None:
        setattr(module, name, by)
    try:
        yield
    finally:
        if by is not None:
            setattr(module, name, before)


def own_check(module: ModuleType, case: Case) -> Finding | None:
    """The check finds nothing where nothing is, and something where a gradient is changed."""
    entries = sum(int(np.prod(case.shape(name))) for name in case.wrt)
    if case.steps * max(entries, 1) > WORK:
        return None
    values: list[Any] = []
    loss = getattr(module, "loss", None)

    def noted(*args: Any, **inputs: Any) -> Any:
        values.append(loss(*args, **inputs))  # type: ignore[misc]
        return values[-1]

    # its own widths are all different; where that makes many entries, small ones do: what a wrong
    # transpose gives is looked at by the other checks
    widths = dict.fromkeys(module.DIMS, 2) if entries > FEW else {}
    with np.errstate(all="ignore"), _replaced(module, "loss", noted if loss else None):
        found = module.self_check(**widths)
    if case.is_positive and np.isnan([off for off, _ in found.values()]).any():
        return None  # the text has no value for numbers of any sign, and such are what it draws
    wrong = [f"{n}: {off:.1e} off" for n, (off, allowed) in found.items() if not off <= allowed]
    loose = [name for name, (_, allowed) in found.items() if allowed > LOOSEST]
    wrong += [f"{name}: allows more than {LOOSEST:.0e}" for name in loose]
    name = next((n for n in ("loss_and_grads", "vjp") if hasattr(module, n)), None)
    looked = [key for key in found if not key.startswith("step: ")]
    if name is None or not looked:
        return wrong, "self_check() finds nothing"
    exact = getattr(module, name)

    def changed(*args: Any, **inputs: Any) -> Any:
        result = exact(*args, **inputs)
        grads = result[1] if isinstance(result, tuple) else result
        for grad in grads.values():
            grad += PLANTED * (1 + np.abs(grad))  # never nothing, whatever the gradient is
        return result

    again = iter(values)  # nothing is planted in the loss, so that it need not be worked out again
    repeated = (lambda *args, **inputs: next(again)) if loss else None
    with _replaced(module, name, changed), _replaced(module, "loss", repeated):
        noticed = module.self_check(**widths)
    missed = [key for key in looked if noticed[key][0] <= noticed[key][1]]
    wrong += [f"{key}: an error of {PLANTED} is not noticed" for key in missed]
    return wrong, "self_check() finds nothing, and what is planted"
