"""What a kernel promises beyond the numbers of one call: where parameters start, vectors that are
shared, states fed back, any number of sequences, float32, what it refuses, and its check of itself.
"""

import copy
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from symrnn.interpret.oracle import error
from symrnn.interpret.sizes import Data
from symrnn.kernels.verification.calls import Found, apart, arguments, fill, of_kernel, plainly
from symrnn.kernels.verification.case import Case
from symrnn.language.table import Array
from symrnn.system.symbols import GIVEN, Symbol

EXACT = 1e-12
SINGLE = 1e-5
"""How far float32 may be off, unless rounding its numbers alone moves the results further."""
LEEWAY = 100
SMALL = 1e-3
WIDE = 40
"""Among so many columns the largest entry drawn is close to the largest that there can be."""
MANY = 200
LOOSEST = 1e-7
"""What central differences are allowed; a check of itself that allows more would find nothing."""
PLANTED = 1e-3
WORK = 20_000
"""Steps times entries of gradients, up to where a kernel's check of itself is quick enough."""
FEW = 100
"""Entries of gradients, up to where it takes the widths that it takes by itself."""

Finding = tuple[list[str], str]
"""What is wrong, and what was looked at."""


def promises(
    module: ModuleType, case: Case, found: Found
) -> Iterator[tuple[str, Callable[[], Finding | None]]]:
    """Each promise by its name, with the work that looks at it; None where it does not apply."""
    yield "start", partial(start, module, case)
    yield "shared vectors", partial(shared, module, case, found)
    yield "states fed back", partial(fed_back, module, case)
    yield "copies", partial(copies, module, case, found)
    yield "one by one", partial(one_by_one, module, case, found)
    yield "float32", partial(narrow, module, case, found)
    yield "refusals", partial(refusals, module, case)
    yield "its own check", partial(own_check, module, case)


# where parameters start


def start(module: ModuleType, case: Case) -> Finding | None:
    """Parameters are drawn as the text says, the same for the same seed."""
    parameters = case.named("parameter")
    if not parameters:
        return None
    dims = {name: WIDE + 3 * i for i, name in enumerate(case.dims)}
    drawn = module.init_params(1, **dims)
    wrong = [message for s in parameters if (message := _misdrawn(s, drawn[s.name], dims))]
    again, other = module.init_params(1, **dims), module.init_params(2, **dims)
    narrow = module.init_params(1, np.float32, **dims)
    for symbol in parameters:
        name, own = symbol.name, drawn[symbol.name]
        if not np.array_equal(own, again[name]):
            wrong.append(f"{name} is another each time")
        if np.ptp(own) and np.array_equal(own, other[name]):
            wrong.append(f"{name} is the same for two seeds")
        if narrow[name].dtype != np.float32:
            wrong.append(f"{name} is {narrow[name].dtype}, not float32")
    return wrong, "parameters drawn as the text says"


def _misdrawn(symbol: Symbol, drawn: Array, dims: dict[str, int]) -> str | None:
    """What is wrong with the numbers that a parameter starts from."""
    shape = tuple(width.count(dims) for width in symbol.shape)
    if drawn.shape != shape:
        return f"{symbol.name} has shape {drawn.shape}, not {shape}"
    how = symbol.start
    if how is None or how == "glorot":
        how = "glorot" if len(shape) == 2 else Fraction(0)
    if how == "orthogonal":
        square = drawn.T @ drawn if shape[0] >= shape[1] else drawn @ drawn.T
        right = error(square, np.eye(len(square))) <= EXACT
        return None if right else f"{symbol.name} is not orthogonal"
    if how == "glorot":
        most = np.sqrt(6 / sum(shape))
        largest = np.abs(drawn).max() / most
        enough = drawn.size < MANY or (largest > 0.97 and abs(drawn.mean()) < most / 5)
        right = largest <= 1 and enough
        return None if right else f"{symbol.name} reaches {largest:.3g} of Glorot's bound"
    assert how is not None
    value = 0.0 if how == "zeros" else float(how)
    return None if (drawn == value).all() else f"{symbol.name} does not start at {value:g}"


# one kernel, used in several ways


def _copies(arrays: Data) -> dict[str, Array]:
    return {name: np.array(array) for name, array in arrays.items()}


def shared(module: ModuleType, case: Case, found: Found) -> Finding | None:
    """Vectors that are handed in are the kernel's own: it reads the one and writes the other."""
    if not case.named("parameter"):
        return None
    size = module.Kernel(1, **case.dims).theta.size
    theta, dtheta = np.full(size, np.nan), np.full(size, np.nan)
    given = {"theta": theta} if case.features.get("forward_only") else {}
    given = given or {"theta": theta, "dtheta": dtheta}
    kernel = module.Kernel(case.batch, **given, **case.dims)
    off = apart(of_kernel(kernel, case, case.data), found)
    wrong = [f"results are {off:.1e} off"] if not off <= EXACT else []
    held = np.concatenate([np.ravel(case.data[s.name]) for s in case.named("parameter")])
    if not np.array_equal(np.sort(theta), np.sort(held)):
        wrong.append("theta does not hold the parameters")
    if found.grads and "dtheta" in given:
        grads = [np.ravel(found.grads[s.name]) for s in case.named("parameter")]
        if not error(np.sort(dtheta), np.sort(np.concatenate(grads))) <= EXACT:
            wrong.append("dtheta does not hold the gradients")
    return wrong, "theta and dtheta handed in"


def fed_back(module: ModuleType, case: Case) -> Finding | None:
    """States handed back as they came do what copies of them do."""
    if not case.states:
        return None
    params, inputs = arguments(case, case.data)
    kernel = module.Kernel(case.batch, **case.dims)
    fill(kernel, params)
    _, states = kernel.forward(**inputs)
    copies = {name: np.array(array) for name, array in states.items()}
    wanted = module.forward(params, **{**inputs, **copies})
    again = kernel.forward(**{**inputs, **states})
    one, other = (
        Found(None, _copies(outputs), _copies(left), {}) for outputs, left in (again, wanted)
    )
    off = apart(one, other)
    wrong = [f"results are {off:.1e} off"] if not off <= EXACT else []
    return wrong, "the states of a call, handed to the next"


def copies(module: ModuleType, case: Case, found: Found) -> Finding | None:
    """A copy has the parameters of the kernel that it is of, and leaves them to it."""
    named = case.named(*GIVEN)
    if not case.named("parameter"):
        return None
    theirs = {symbol.name: np.zeros_like(case.data[symbol.name]) for symbol in named}
    kernel = module.Kernel(case.batch, **case.dims)
    of_kernel(kernel, case, case.data)
    wrong = []
    ways = {"a copy": copy.copy, "a deep copy": copy.deepcopy, "a pickle": _pickled}
    for way, made in ways.items():
        other = made(kernel)
        if not np.array_equal(other.theta, kernel.theta):
            wrong.append(f"{way} has other parameters")
            continue
        held = [kernel.fixed[name] for name in getattr(module, "FIXED", ())]
        if any(np.shares_memory(one, array) for one in held for array in other.fixed.values()):
            wrong.append(f"{way} shares what is fixed")
        other.theta[...] = np.nan
        of_kernel(other, case, {**case.data, **{s.name: theirs[s.name] for s in named}})
        if not np.isfinite(kernel.theta).all() or not kernel.theta.any():
            wrong.append(f"{way} shares its parameters")
    off = apart(of_kernel(kernel, case, case.data), found)
    wrong += [f"after its copies were used results are {off:.1e} off"] if not off <= EXACT else []
    return wrong, "copies are kernels of their own"


def _pickled(kernel: Any) -> Any:
    return pickle.loads(pickle.dumps(kernel))


def one_by_one(module: ModuleType, case: Case, found: Found) -> Finding | None:
    """Sequences do not touch each other: one kernel, given each of them by itself, finds the same;
    losses and gradients are the mean over them."""
    if case.batch == 1:
        return None
    kernel = module.Kernel(case.batch, **case.dims)
    fill(kernel, arguments(case, case.data)[0])
    parts = [_sequence(case, place) for place in range(case.batch)]
    alone = [of_kernel(kernel, part, part.data) for part in parts]
    share = 1.0 if case.weights else 1 / case.batch
    parameters = {symbol.name for symbol in case.named(*GIVEN)}
    grads = {
        name: share * np.sum([part.grads[name] for part in alone], 0)
        if name in parameters
        else share * _joined(case, name, [part.grads[name] for part in alone])
        for name in found.grads
    }
    value = None if found.value is None else share * sum(part.value for part in alone)
    outputs, states = (
        {name: _joined(case, name, [getattr(part, kind)[name] for part in alone]) for name in own}
        for kind, own in (("outputs", found.outputs), ("states", found.states))
    )
    off = apart(Found(value, outputs, states, grads), found)
    back = apart(of_kernel(kernel, case, case.data), found)
    wrong = [f"results are {off:.1e} off"] if not off <= EXACT else []
    wrong += [f"all of them after one are {back:.1e} off"] if not back <= EXACT else []
    return wrong, "each sequence by itself, then all of them"


def _sequence(case: Case, place: int) -> Case:
    """One sequence of a case."""
    one = slice(place, place + 1)

    def own(name: str, array: Array) -> Array:
        if every[name].role in GIVEN:
            return array
        return array[:, one] if every[name].timed else array[one]

    every = {**case.system.symbols, **case.symbols}
    data, weights = (
        {name: own(name, array) for name, array in arrays.items()}
        for arrays in (case.data, case.weights)
    )
    return replace(case, batch=1, data=data, weights=weights, lengths=case.lengths[one])


def _joined(case: Case, name: str, arrays: list[Array]) -> Array:
    """What was found for each sequence, side by side."""
    symbol = {**case.system.symbols, **case.symbols}[name]
    several = len(case.groups.get(name, ())) > 1
    return np.concatenate(arrays, 1 if several or symbol.timed else 0)


def narrow(module: ModuleType, case: Case, found: Found) -> Finding | None:
    """In float32 results are float32, and as exact as its numbers let them be."""
    if not case.named("parameter"):  # whose dtype is the kernel's
        return None
    data = {name: array.astype(np.float32) for name, array in case.data.items()}
    single = plainly(module, case, data)
    arrays = single.arrays().items()
    wrong = [f"{n} is {a.dtype}" for n, a in arrays if a.dtype not in (np.float32, np.intp)]
    rounded = plainly(module, case, {name: a.astype(np.float64) for name, a in data.items()})
    off, moved = apart(single, rounded), apart(rounded, found)
    allowed = max(SINGLE, LEEWAY * moved)
    if not off <= allowed:
        wrong.append(f"results are {off:.1e} off, where {allowed:.1e} is allowed")
    return wrong, "stays float32, and is near float64"


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
            yield f"{name} with an id of -1", {**inputs, name: np.full_like(array, -1)}
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
