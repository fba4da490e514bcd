"""A chain of single steps: what it gives is what the forward pass over all steps gives."""

from types import ModuleType

import numpy as np

from symrnn.kernels.verification.calls import Found, as_given, fill, nothing_in_memory, states_given
from symrnn.kernels.verification.case import Case
from symrnn.language.table import Array
from symrnn.system.symbols import GIVEN


def chain(module: ModuleType, case: Case) -> Found:
    """The outputs at every step, or after the last, and the last states, by one kernel."""
    kernel = module.Kernel(case.batch, **case.dims)
    fill(kernel, {symbol.name: case.data[symbol.name] for symbol in case.named(*GIVEN)})
    given = {s.name: s.timed for s in case.named("input", "target") if s.name in module._STEP}
    states = states_given(case, case.data)
    each: list[dict[str, Array]] = []
    arrays = {n: as_given(case, case.data, n) for n in given if n not in case.states}
    for t in range(case.steps):
        inputs = {name: array[t] if given[name] else array for name, array in arrays.items()}
        with nothing_in_memory(module):  # the first call makes the arrays
            outputs, states = kernel.step(**inputs, **states)
        each.append({name: np.array(array) for name, array in outputs.items()})
    timed = {symbol.name for symbol in case.system.outputs if symbol.timed}
    outputs = {
        name: np.stack([found[name] for found in each]) if name in timed else last
        for name, last in each[-1].items()
    }
    return Found(None, outputs, {key: np.array(a) for key, a in states.items()}, {})
