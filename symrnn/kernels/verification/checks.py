"""A kernel held against its text: one check after the other, as they are asked for.

How far a number may be off is relative to the norm of what it belongs to. Where that norm is much
smaller than the whole gradient's, the difference of larger terms, rounding is relative to the
terms: what is below a thousandth of the whole counts as that thousandth, of which 1e-12 is still
only five units in the last place of the whole. A central difference carries the rounding of two
losses, once for each entry.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from types import ModuleType
from warnings import catch_warnings, simplefilter

import numpy as np

from symrnn.errors import CompilerError
from symrnn.interpret.oracle import central_slope, complex_slope, error
from symrnn.kernels.verification.calls import (
    SMALL,
    Found,
    apart,
    arguments,
    fill,
    forward_of,
    nothing_in_memory,
    of_kernel,
    plainly,
    value_of,
)
from symrnn.kernels.verification.case import Case, sizes
from symrnn.kernels.verification.exact import Large, larger
from symrnn.kernels.verification.pieces import chain, in_a_row
from symrnn.kernels.verification.promises import promises
from symrnn.kernels.verification.reference import Reference, directions
from symrnn.kernels.verification.refusals import Finding
from symrnn.kernels.verification.report import CENTRAL, COMPLEX, CONTRACT, PRECISE, Check
from symrnn.language.arrays import Array
from symrnn.language.calls import is_analytic, rough_functions, stops
from symrnn.system.symbols import GIVEN

EXACT = 1e-12  # for 50 digits and for a complex step
DIFFERENCE = 1e-7  # for central differences
MANY = 5000
"""From so many entries on, differences of the kernel are taken along three directions too."""


def checks(module: ModuleType, case: Case, wanted: Reference) -> Iterator[Check]:
    """Every check of a kernel; whatever goes wrong in one is a check that did not hold."""
    yield _tried("names and shapes", CONTRACT, partial(_contract, module, case))
    made: list[Found] = []
    result = _tried("result", CONTRACT, partial(_result, module, case, made))
    yield result
    if not result.holds:
        return
    found = made[0]
    yield from _values(found, wanted)
    if case.features.get("forward_only"):
        yield Check("gradients", CONTRACT, None, note="not applicable: no gradients in it")
    yield from _gradients(found, wanted)
    yield _tried("second call", CONTRACT, partial(_again, module, case, found))
    if wanted.large is None:
        note = "not applicable: no parameters, numbers that no float can hold, or too much work"
        yield Check("large numbers", CONTRACT, None, note=note)
    else:
        yield _tried("large numbers", CONTRACT, partial(_large, module, case, wanted.large))
    yield _tried("no states given", CONTRACT, partial(_stateless, module, case))
    for promise, work in promises(module, case, found):
        yield _tried(promise, CONTRACT, partial(_kept, promise, work))
    yield _tried("step by step", CONTRACT, partial(_stepwise, module, case, found))
    yield _tried("windows in a row", CONTRACT, partial(_in_a_row, module, case))
    if case.windows is not None:
        cut = f"cut after {case.windows.size} steps, of which slopes of the kernel know nothing"
        for against in (COMPLEX, CENTRAL) if case.wrt else ():
            yield Check("gradient", against, None, note=f"not applicable: {cut}")
        return
    stopped, rough = stops(case.written), rough_functions(case.written)
    if not getattr(module, "COMPLEX_STEP", True):
        rough = ["a kernel without complex numbers"]
    if stopped and case.wrt:
        note = "not applicable: differences know nothing of what is stopped"
        yield Check("gradient", CENTRAL, None, note=note)
        if rough:
            yield Check("gradient", COMPLEX, None, note=f"not applicable: {', '.join(rough)}")
            return
    elif rough and case.wrt:
        yield Check("gradient", COMPLEX, None, note=f"not applicable: {', '.join(rough)}")
    for against in (COMPLEX,) if stopped else (CENTRAL,) if rough else (COMPLEX, CENTRAL):
        # a complex step has then looked at each entry by itself
        ways = 1 if against == CENTRAL and not rough and not wanted.every else None
        for name in case.wrt:
            difference = partial(_difference, module, case, found, wanted, name, against, ways)
            yield _tried(f"gradient {name}", against, difference)


def _tried(what: str, against: str, work: Callable[[], Check]) -> Check:
    try:
        with np.errstate(all="ignore"), catch_warnings():
            simplefilter("ignore")
            return work()
    except CompilerError:
        raise  # it says nothing of the kernel
    except (Exception, SystemExit) as problem:
        said = f"{type(problem).__name__}: {problem}".split("\n")[0]
        return Check(what, against, False, note=f"raised {said[:200]}")


def _kept(what: str, work: Callable[[], Finding | None]) -> Check:
    finding = work()
    if finding is None:
        return Check(what, CONTRACT, None, note="not applicable")
    wrong, looked_at = finding
    return Check(what, CONTRACT, not wrong, note="; ".join(wrong) or looked_at)


def _held(what: str, against: str, off: float, allowed: float, note: str = "") -> Check:
    return Check(what, against, bool(off <= allowed), off, allowed, note)


# what a kernel says of itself, and the names and shapes of what it gives


def _contract(module: ModuleType, case: Case) -> Check:
    known = {"T": case.steps, "B": case.batch, **case.dims}
    inputs = {s.name: _outside(case, s.name) for s in case.named("input", "target")}
    wanted: dict[str, dict[str, tuple[int, ...]]] = {
        "PARAMS": {s.name: case.shape(s.name) for s in case.named("parameter")},
        "INPUTS": {name: shape for name, shape in inputs.items() if name not in case.states},
        "STATES": _state_shapes(case),
        "OUTPUTS": {name: _outside(case, name) for name in _output_shapes(case)},
    }
    if fixed := case.named("fixed"):
        wanted["FIXED"] = {s.name: case.shape(s.name) for s in fixed}
    wrong = [] if case.steps == module.STEPS else [f"STEPS is {module.STEPS}, not {case.steps}"]
    ids, asked = sorted(getattr(module, "IDS", {})), sorted(set(case.ids) & case.given)
    wrong += [f"IDS has {ids}, not {asked}"] if ids != asked else []
    for fact, right in (("CAUSAL", case.causal), ("ANALYTIC", is_analytic(case.written))):
        if getattr(module, fact) != right:
            wrong.append(f"{fact} is {getattr(module, fact)}, not {right}")
    for table, shapes in wanted.items():
        said = {name: sizes(axes, known) for name, axes in getattr(module, table).items()}
        wrong += _misfits(table, said, shapes)
    return Check("names and shapes", CONTRACT, not wrong, note="; ".join(wrong))


def _result(module: ModuleType, case: Case, into: list[Found]) -> Check:
    """Call the kernel and see to it that all is there, in the right shape, and finite."""
    found = plainly(module, case, case.data)
    loss = {} if case.weights else {"loss": ()}
    shapes: dict[str, tuple[int, ...]] = {
        **loss,
        **{f"output {name}": shape for name, shape in _output_shapes(case).items()},
        **{f"state {name}": shape for name, shape in _state_shapes(case).items()},
        **{f"gradient {name}": case.full_shape(name) for name in case.wrt},
    }
    arrays = found.arrays()
    wrong = _misfits("", {name: np.shape(array) for name, array in arrays.items()}, shapes)
    wrong += [f"{name} is not finite" for name, a in arrays.items() if not np.isfinite(a).all()]
    into.append(found)
    return Check("result", CONTRACT, not wrong, note="; ".join(wrong))


def _output_shapes(case: Case) -> dict[str, tuple[int, ...]]:
    return {**{name: case.shape(name) for name in case.outputs}, **case.unnamed}


def _outside(case: Case, name: str) -> tuple[int, ...]:
    """The shape of an array as the kernel has it."""
    shape = case.unnamed[name] if name in case.unnamed else case.given_shape(name)
    return (shape[1], shape[0], *shape[2:]) if name in case.turned else shape


def _state_shapes(case: Case) -> dict[str, tuple[int, ...]]:
    return {key: case.full_shape(key)[: -1 if key in case.ids else None] for key in case.groups}


def _misfits(
    table: str, found: dict[str, tuple[int, ...]], wanted: dict[str, tuple[int, ...]]
) -> list[str]:
    place = f"{table}: " if table else ""
    missing = [f"{place}{name} is missing" for name in wanted if name not in found]
    extra = [f"{place}{name} is not expected" for name in found if name not in wanted]
    other = [
        f"{place}{name} has shape {found[name]}, not {shape}"
        for name, shape in wanted.items()
        if name in found and found[name] != shape
    ]
    return missing + extra + other


# values and gradients


def _values(found: Found, wanted: Reference) -> Iterator[Check]:
    if found.value is not None:
        off = error(np.asarray(found.value), np.asarray(wanted.value))
        yield _held("loss", PRECISE, off, EXACT)
    for kind, got, asked in (
        ("output", found.outputs, wanted.outputs),
        ("state", found.states, wanted.states),
    ):
        for name, array in asked.items():
            yield _held(f"{kind} {name}", PRECISE, error(got[name], array), EXACT)


def _gradients(found: Found, wanted: Reference) -> Iterator[Check]:
    for name, slopes in wanted.slopes.items():
        off = error(_along(found.grads[name], wanted.ways[name]), slopes, SMALL * wanted.scale)
        note = "" if wanted.every else "a random direction"
        yield _held(f"gradient {name}", PRECISE, off, EXACT, note)


def _difference(
    module: ModuleType,
    case: Case,
    found: Found,
    wanted: Reference,
    name: str,
    against: str,
    count: int | None,
) -> Check:
    """A gradient against slopes of the kernel's own forward pass, in so many directions; of every
    entry where no count is given, and there are not thousands."""
    if count is None and int(np.prod(case.full_shape(name))) > MANY:
        count = 3
    ways = directions(case, name, count)
    if against == COMPLEX:
        slope = complex_slope(value_of(module, case, np.complex128), case.data)
        floor, allowed = SMALL * wanted.scale, EXACT
    else:
        smooth = not rough_functions(case.written)
        slope = central_slope(value_of(module, case, np.float64), case.data, smooth)
        floor = SMALL * max(wanted.size, wanted.scale) * float(np.sqrt(len(ways)))
        allowed = DIFFERENCE
    slopes = np.array([slope(case.way(name, way)) for way in ways])
    off = error(_along(found.grads[name], ways), slopes, floor)
    note = {None: "", 1: "a random direction"}.get(count, f"{count} random directions")
    return _held(f"gradient {name}", against, off, allowed, note)


def _along(gradient: Array, ways: Array) -> Array:
    return np.asarray(ways.reshape(len(ways), -1) @ np.ravel(gradient))


# other ways to call the same


def _again(module: ModuleType, case: Case, found: Found) -> Check:
    """A kernel whose arrays are full of NaN, at first and from a call before, gives the same."""
    with nothing_in_memory(module):
        kernel = module.Kernel(case.batch + 1, **case.dims)
        of_kernel(kernel, case, _other_numbers(case))
        off = apart(of_kernel(kernel, case, case.data), found)
    return _held("second call", CONTRACT, off, EXACT, "a kernel used again, after NaN")


def _other_numbers(case: Case) -> dict[str, Array]:
    """NaN for parameters and states, which spreads; the rest in another order."""
    spread = {symbol.name for symbol in case.named(*GIVEN)} | case.states.keys()
    return {
        name: np.full(array.shape, np.nan) if name in spread else _other_way_round(array)
        for name, array in case.data.items()
    }


def _other_way_round(array: Array) -> Array:
    """Steps and sequences from last to first, so that rows stay what they are."""
    return np.flip(array, tuple(range(array.ndim - 1)))


def _large(module: ModuleType, case: Case, wanted: Large) -> Check:
    """With large parameters nothing overflows on the way to a value that does not."""
    value_at = value_of(module, case, np.float64)
    data = larger(case, wanted.times)
    note = f"parameters {wanted.times} times as large"
    size = max(abs(wanted.value), 1.0)  # a loss near zero is a difference of large numbers
    off, allowed = abs(float(value_at(data)) - wanted.value) / size, wanted.moves / size
    outputs = plainly(module, case, data).outputs
    for name, exact in wanted.outputs.items():
        most = max(EXACT, wanted.apart[name])
        if not error(outputs[name], exact, 1.0) <= most:
            return _held("large numbers", CONTRACT, error(outputs[name], exact, 1.0), most, note)
    for turned in wanted.turned:
        size = max(abs(turned.value), 1.0)
        other = abs(float(value_at(turned.data)) - turned.value) / size
        if not other <= max(EXACT, turned.moves / size):
            return _held("large numbers", CONTRACT, other, max(EXACT, turned.moves / size), note)
    return _held("large numbers", CONTRACT, off, max(EXACT, allowed), note)


def _stateless(module: ModuleType, case: Case) -> Check:
    """States that are not given are zero."""
    zero = {name: np.zeros(case.shape(name)) for name in case.states}
    params, inputs = arguments(case, {**case.data, **zero})
    outputs, states = module.forward(params, **inputs)
    left = {name: array for name, array in inputs.items() if name not in case.groups}
    kernel = module.Kernel(case.batch, **case.dims)
    fill(kernel, params)
    same_outputs, same_states = kernel.forward(**left)
    off = apart(Found(None, same_outputs, same_states, {}), Found(None, outputs, states, {}))
    return _held("no states given", CONTRACT, off, EXACT, "states left out are zero")


def _stepwise(module: ModuleType, case: Case, found: Found) -> Check:
    """A chain of single steps gives what all of them together give."""
    if case.no_step is not None:
        return Check("step by step", CONTRACT, None, note=f"not applicable: {case.no_step}")
    if case.lengths:  # a chain has all steps of all sequences
        case = replace(case, lengths=())
        found = forward_of(module, case)
    off = apart(chain(module, case), replace(found, value=None, grads={}))
    return _held("step by step", CONTRACT, off, EXACT, "a chain of single steps")


def _in_a_row(module: ModuleType, case: Case) -> Check:
    """Windows that hand their states on give what the text gives for one long sequence."""
    why = case.no_step
    found = None if why is not None else in_a_row(module, case)
    if found is None:
        note = f"not applicable: {why or 'the long sequence gives no finite number'}"
        return Check("windows in a row", CONTRACT, None, note=note)
    return _held("windows in a row", CONTRACT, apart(*found), EXACT, "as one long sequence")
