"""What a kernel promises beyond the numbers of one call: where parameters start, vectors that are
shared, states fed back, any number of sequences, float32; `refusals` has the rest of it.
"""

import copy
import pickle
from collections.abc import Callable, Iterator
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
from symrnn.kernels.verification.refusals import Finding, own_check, refusals
from symrnn.language.arrays import Array
from symrnn.system.symbols import GIVEN, Symbol

EXACT = 1e-12
SINGLE = 1e-5
"""How far float32 may be off, unless rounding its numbers alone moves the results further."""
LEEWAY = 100
WIDE = 40
"""Among so many columns the largest entry drawn is close to the largest that there can be."""
MANY = 200


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
