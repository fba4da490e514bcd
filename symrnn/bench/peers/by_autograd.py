"""HIPS autograd: NumPy with a tape."""

from typing import Any

import numpy

from symrnn.bench.agree import Answer
from symrnn.bench.case import Case
from symrnn.bench.peers.cells import Ops, State, loss, network_of, packed, unpacked
from symrnn.bench.peers.entrant import Entrant


def taped(case: Case) -> Entrant:
    network = network_of(case)
    import autograd.numpy as np
    from autograd import value_and_grad

    def scan(step: Any, inputs: Any, start: State, backward: bool, every: bool) -> Any:
        state, found = start, []
        for t in range(len(inputs))[:: -1 if backward else 1]:
            state = step(inputs[t], state)
            found.append(state[0])
        return np.stack(found[::-1] if backward else found) if every else found[-1]

    def split(a: Any, n: int) -> list[Any]:
        width = a.shape[-1] // n
        return [a[..., k * width : (k + 1) * width] for k in range(n)]

    ops = Ops(
        np.tanh,
        lambda z: 0.5 * np.tanh(0.5 * z) + 0.5,
        split,
        lambda values: np.concatenate(values, axis=-1),
        lambda z, y: np.mean(np.logaddexp(0.0, z) - y * z),
        lambda z, y: np.mean((z - y) ** 2),
        scan,
        lambda rows, columns: numpy.zeros((rows, columns), case.dtype),
    )
    p, x, y = packed(network, case.params), case.inputs["x"], case.inputs["y"]
    run = value_and_grad(lambda p: loss(ops, network, p, x, y))

    def read(found: Any) -> Answer:
        return Answer(float(found[0]), unpacked(network, found[1], case.params))

    return Entrant(lambda: run(p), read)
