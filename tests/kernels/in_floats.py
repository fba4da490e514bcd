"""A kernel held against its text, worked out in floats: quick enough for many texts and options."""

from types import ModuleType

import numpy as np

from symrnn.interpret.oracle import complex_slope
from symrnn.kernels.verification.calls import Found, nothing_in_memory, of_kernel, plainly
from symrnn.kernels.verification.case import Case
from symrnn.kernels.verification.pieces import chain, in_a_row
from symrnn.kernels.verification.reference import final_states
from symrnn.language.arrays import Array
from symrnn.language.calls import is_analytic

ALLOWED = 1e-10  # relative to the largest of all


def far_off(module: ModuleType, made: Case) -> list[str]:
    """What a kernel gives that is not what the text gives: by its functions, by a Kernel whose new
    arrays are NaN, in single steps, in windows in a row; its gradients are slopes of the text."""
    result = made.run(made.data, made.steps)
    asked = {f"output {name}": np.asarray(result[name]) for name in made.outputs}
    asked |= {f"state {key}": array for key, array in final_states(made, result).items()}
    if not made.weights:
        asked["loss"] = np.asarray(result.loss)
    with nothing_in_memory(module):
        found = plainly(module, made, made.data)
        kernel = module.Kernel(made.batch + 1, **made.dims)
        of_kernel(kernel, made, made.data)
        again = of_kernel(kernel, made, made.data)
        assert not _differ(again.arrays(), found.arrays()), "a kernel that was used before"
        wrong = _differ({name: found.arrays()[name] for name in asked}, asked)
        if is_analytic(made.written) and made.windows is None:
            wrong += _slopes(made, found)
        if made.no_step is None and not made.lengths:
            plain = Found(None, found.outputs, found.states, {})
            wrong += [f"step: {n}" for n in _differ(chain(module, made).arrays(), plain.arrays())]
            both = in_a_row(module, made)
            if both is not None:
                ours, theirs = (one.arrays() for one in both)
                wrong += [f"windows: {n}" for n in _differ(ours, theirs)]
    return wrong


def _slopes(made: Case, found: Found) -> list[str]:
    slope = complex_slope(lambda data: made.value(made.run(data, made.steps)), made.data)
    rng = np.random.default_rng(made.seed)
    wrong: list[str] = []
    size = max((float(np.linalg.norm(grad)) for grad in found.grads.values()), default=0.0)
    for name in made.wrt if found.grads else ():
        way = rng.normal(size=made.full_shape(name))
        if found.grads[name].shape != way.shape:
            wrong.append(f"shape of gradient {name}")
        elif size < 1e6:
            gap = abs(float((found.grads[name] * way).sum()) - slope(made.way(name, way)))
            length = max(size, 1e-3) * float(np.linalg.norm(way))
            wrong += [f"gradient {name}"] * (not gap <= ALLOWED * length)
    return wrong


def _differ(found: dict[str, Array], wanted: dict[str, Array]) -> list[str]:
    """The names of what is not the same; numbers that are very large are not looked at."""
    if found.keys() != wanted.keys():
        return sorted(found.keys() ^ wanted.keys())
    size = max((float(np.linalg.norm(a)) for a in wanted.values()), default=0.0)
    if not size < 1e6:
        return []
    return [
        name
        for name, value in wanted.items()
        if np.shape(found[name]) != np.shape(value)
        or not float(np.linalg.norm(found[name] - value)) <= ALLOWED * max(size, 1e-3)
    ]
