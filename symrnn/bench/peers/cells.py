"""One step of each network, for libraries that differentiate by themselves.

Parameters that are multiplied with the same value lie side by side in one matrix, and the inputs
are multiplied for all steps at once: what someone who knows the library would write.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.bench.case import Arrays, Case, LeftOut

State = tuple[Any, ...]


@dataclass(frozen=True)
class Ops:
    """What a library calls the few functions that are needed."""

    tanh: Callable[[Any], Any]
    sigmoid: Callable[[Any], Any]
    split: Callable[[Any, int], Any]  # into so many parts of equal width
    join: Callable[[list[Any]], Any]  # along the features
    bce: Callable[[Any, Any], Any]  # of logits and targets, the mean
    mse: Callable[[Any, Any], Any]  # the mean
    scan: Callable[[Callable[[Any, State], State], Any, State, bool, bool], Any]
    """(step, inputs, start, backward, every): the first part of the state at every step, or at the
    one that is worked out last."""
    zeros: Callable[[int, int], Any]


@dataclass(frozen=True)
class Way:
    """One recurrence: the names of its parameters, those side by side that make one matrix."""

    inputs: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    biases: tuple[str, ...]
    second: tuple[str, ...] = ()
    backward: bool = False


@dataclass(frozen=True)
class CellNetwork:
    """A step is (ops, input, state, recurrent matrices, second biases) -> state."""

    step: Callable[[Ops, Any, State, list[Any], Any], State]
    ways: tuple[Way, ...]
    readout: tuple[str, str]
    parts: int = 1  # of the state; the first one is read
    every: bool = False  # the mean of squares at every step, else a sigmoid at the last
    layer: str = ""  # of torch.nn, where it is the same function


def elman(ops: Ops, u: Any, state: State, w: list[Any], second: Any) -> State:
    return (ops.tanh(u + state[0] @ w[0]),)


def lstm(ops: Ops, u: Any, state: State, w: list[Any], second: Any) -> State:
    h, c = state
    i, f, g, o = ops.split(u + h @ w[0], 4)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(c), c


def gru_torch(ops: Ops, u: Any, state: State, w: list[Any], second: Any) -> State:
    (h,) = state
    r, z, n = ops.split(u, 3)
    h_r, h_z, h_n = ops.split(h @ w[0] + second, 3)
    r, z = ops.sigmoid(r + h_r), ops.sigmoid(z + h_z)
    return ((1 - z) * ops.tanh(n + r * h_n) + z * h,)


def gru(ops: Ops, u: Any, state: State, w: list[Any], second: Any) -> State:
    (h,) = state
    z, r, n = ops.split(u, 3)
    h_z, h_r = ops.split(h @ w[0], 2)
    z, r = ops.sigmoid(z + h_z), ops.sigmoid(r + h_r)
    return ((1 - z) * ops.tanh(n + (r * h) @ w[1]) + z * h,)


def _each(pattern: str, gates: str) -> tuple[str, ...]:
    return tuple(pattern.format(gate) for gate in gates)


NETWORKS = {
    "elman": CellNetwork(elman, (Way(("w_i",), (("w_h",),), ("b",)),), ("w_o", "b_o"), layer="RNN"),
    "lstm": CellNetwork(
        lstm,
        (Way(_each("W_{}", "ifgo"), (_each("U_{}", "ifgo"),), _each("b_{}", "ifgo")),),
        ("w_y", "b_y"),
        parts=2,
        layer="LSTM",
    ),
    "gru_torch": CellNetwork(
        gru_torch,
        (
            Way(
                _each("W_{}", "rzn"),
                (_each("U_{}", "rzn"),),
                _each("b_{}", "rzn"),
                _each("c_{}", "rzn"),
            ),
        ),
        ("w_y", "b_y"),
        layer="GRU",
    ),
    "gru": CellNetwork(
        gru,
        (Way(_each("W_{}", "zrn"), (("U_z", "U_r"), ("U_n",)), _each("b_{}", "zrn")),),
        ("w_y", "b_y"),
    ),
    "birnn": CellNetwork(
        elman,
        (
            Way(("w_if",), (("w_hf",),), ("b_f",)),
            Way(("w_ib",), (("w_hb",),), ("b_b",), backward=True),
        ),
        ("w_o", "b_o"),
        every=True,
        layer="RNN",
    ),
}


def network_of(case: Case) -> CellNetwork:
    found = NETWORKS.get(case.model.name)
    if found is None:
        raise LeftOut("nobody has written it for this library")
    return found


# parameters side by side


def packs(network: CellNetwork) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The matrices and vectors that a library holds, and what lies side by side in each."""
    for n, way in enumerate(network.ways):
        yield f"inputs {n}", way.inputs
        yield f"biases {n}", way.biases
        yield from ((f"states {n} {k}", names) for k, names in enumerate(way.states))
        if way.second:
            yield f"second {n}", way.second
    yield "readout", network.readout[:1]
    yield "offset", network.readout[1:]


def packed(network: CellNetwork, params: Arrays) -> Arrays:
    return {
        key: np.concatenate([params[name] for name in names], axis=-1)
        for key, names in packs(network)
    }


def unpacked(network: CellNetwork, found: Arrays, params: Arrays) -> Arrays:
    """What was packed, by its names; `params` have the widths."""
    apart: Arrays = {}
    for key, names in packs(network):
        ends = np.cumsum([params[name].shape[-1] for name in names])[:-1]
        apart |= zip(names, np.split(np.asarray(found[key]), ends, axis=-1), strict=True)
    return apart


# the whole network


def loss(ops: Ops, network: CellNetwork, p: Arrays, x: Any, y: Any) -> Any:
    """The loss of a network whose parameters are packed."""
    found = [_recurrence(ops, network, n, p, x) for n in range(len(network.ways))]
    z = ops.join(found) @ p["readout"] + p["offset"]
    return ops.mse(z, y) if network.every else ops.bce(z, y)


def _recurrence(ops: Ops, network: CellNetwork, n: int, p: Arrays, x: Any) -> Any:
    way = network.ways[n]
    matrices = [p[f"states {n} {k}"] for k in range(len(way.states))]
    second = p.get(f"second {n}")

    def step(u: Any, state: State) -> State:
        return network.step(ops, u, state, matrices, second)

    start = tuple(ops.zeros(x.shape[1], matrices[0].shape[0]) for _ in range(network.parts))
    inputs = x @ p[f"inputs {n}"] + p[f"biases {n}"]
    return ops.scan(step, inputs, start, way.backward, network.every)
