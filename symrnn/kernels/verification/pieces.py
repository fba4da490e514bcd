"""The forward pass in pieces: what a chain of single steps gives is what all steps at once give.

Windows in a row, each with the states that the one before has left, give what the text gives for
the whole of a long sequence, as it was written, where nothing is handed on.
"""

from dataclasses import replace
from types import ModuleType

import numpy as np

from symrnn.interpret.interpreter import Interpreter
from symrnn.interpret.sample import sample
from symrnn.kernels.verification.calls import (
    Found,
    arguments,
    as_given,
    as_text_has_it,
    fill,
    nothing_in_memory,
    states_given,
)
from symrnn.kernels.verification.case import Case
from symrnn.kernels.verification.reference import final_states
from symrnn.language.arrays import Array
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


MOST = 5
"""So many windows are enough for states of a few steps, however short a window is."""


def in_a_row(module: ModuleType, case: Case) -> tuple[Found, Found] | None:
    """What windows give, and what the text; None where the text gives no finite numbers."""
    case = replace(case, lengths=())
    reach = max((len(own) for own in case.groups.values()), default=1)
    count = min(2 + (reach - 1) // case.steps, MOST)
    zero = {name: np.zeros(case.shape(name)) for name in case.states}
    long = replace(case, steps=case.steps * count)
    data = {**_numbers(long), **zero}
    given = {name: array for name, array in data.items() if name not in case.states}
    assert case.plain is not None
    wanted = Interpreter(case.plain)(given, long.steps)
    if not wanted.is_finite():
        return None
    states: dict[str, Array] = {}
    each: list[dict[str, Array]] = []
    for start in range(0, long.steps, case.steps):
        own = {
            name: array[start : start + case.steps] if case.symbols[name].timed else array
            for name, array in data.items()
        }
        params, inputs = arguments(case, own)
        ahead = {name: inputs[name] for name in module._STEP if name not in case.groups}
        if not (ahead or states):  # states that are left out have no number of sequences
            states = {key: inputs[key] for key in case.groups}
        outputs, states = module.forward(params, **ahead, **states)
        each.append(as_text_has_it(case, Found(None, outputs, {}, {})).outputs)
    together = {
        name: np.concatenate([found[name] for found in each]) if case.symbols[name].timed else last
        for name, last in each[-1].items()
        if name in case.outputs
    }
    left = final_states(long, long.run(data, long.steps))
    asked = {name: np.asarray(wanted[name], float) for name in case.outputs}
    return Found(None, together, states, {}), Found(None, asked, left, {})


def _numbers(long: Case) -> dict[str, Array]:
    """Numbers for a long sequence, with the parameters of the case."""
    drawn = sample(long.written, long.symbols, long.dims, long.steps, long.batch, long.seed)
    kept = {symbol.name for symbol in long.named("parameter")}
    found = {name: np.abs(array) if long.is_positive else array for name, array in drawn.items()}
    return {name: long.data[name] if name in kept else found[name] for name in found}
