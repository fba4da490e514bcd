"""The back end jax beside jax.grad of a lax.scan that is written by hand: one training step.

XLA_FLAGS='--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1' \\
    taskset -c 0 python benchmarks/jax_scan.py        (one core, float32; turns in one run)

By hand a cell is either `written` as its equations stand, a product for each gate; or its gates are
one matrix from the beginning, and the products of the inputs are in front of the loop, for all
steps at once (`ahead`), or in the cell (`inside`); which of these two is quicker depends on the
size. Ratios are theirs over ours.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import relu, sigmoid

import symrnn

SIZES = ((50, 1, 32, 64), (50, 32, 32, 64), (100, 64, 128, 256), (50, 128, 256, 512))
"""T, B, D, H; one output."""

HAND = ("written", "ahead", "inside")

SECONDS = 6.0
"""For each cell and size. Taken is the time of the processor, whatever else runs beside."""

Cell = Callable[[dict[str, Any], Any, Any], Any]
"""Parameters, what the inputs bring, and the state before: the state after."""


def mgu(p: dict[str, Any], u: Any, state: Any) -> Any:
    (h,) = state
    u_f, u_n = jnp.split(u, 2, -1)
    f = sigmoid(u_f + h @ p["U_f"])
    n = jnp.tanh(u_n + (f * h) @ p["U_n"])
    return ((1 - f) * h + f * n,)


def indrnn(p: dict[str, Any], u: Any, state: Any) -> Any:
    (h,) = state
    return (relu(u + p["u"] * h),)


def lstm_peephole(p: dict[str, Any], u: Any, state: Any) -> Any:
    h, c = state
    i, f, g, o = jnp.split(u + h @ p["U"], 4, -1)
    i, f = sigmoid(i + p["p_i"] * c), sigmoid(f + p["p_f"] * c)
    c = f * c + i * jnp.tanh(g)
    return sigmoid(o + p["p_o"] * c) * jnp.tanh(c), c


def lstm(p: dict[str, Any], u: Any, state: Any) -> Any:
    h, c = state
    i, f, g, o = jnp.split(u + h @ p["U"], 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
    return sigmoid(o) * jnp.tanh(c), c


CELLS: dict[str, tuple[Cell, int, dict[str, tuple[str, ...]]]] = {
    "mgu": (mgu, 1, {"W": ("W_f", "W_n"), "b": ("b_f", "b_n")}),
    "indrnn": (indrnn, 1, {}),
    "lstm_peephole": (
        lstm_peephole,
        2,
        {key: tuple(f"{key}_{gate}" for gate in "ifgo") for key in "WUb"},
    ),
    "lstm": (lstm, 2, {key: tuple(f"{key}_{gate}" for gate in "ifgo") for key in "WUb"}),
}
"""The cell, how many parts its state has, and which parameters are one matrix."""


def written_mgu(p: dict[str, Any], x: Any, state: Any) -> Any:
    (h,) = state
    f = sigmoid(x @ p["W_f"] + h @ p["U_f"] + p["b_f"])
    n = jnp.tanh(x @ p["W_n"] + (f * h) @ p["U_n"] + p["b_n"])
    return ((1 - f) * h + f * n,)


def written_indrnn(p: dict[str, Any], x: Any, state: Any) -> Any:
    (h,) = state
    return (relu(x @ p["W"] + p["u"] * h + p["b"]),)


def written_lstm_peephole(p: dict[str, Any], x: Any, state: Any) -> Any:
    h, c = state
    i = sigmoid(x @ p["W_i"] + h @ p["U_i"] + p["p_i"] * c + p["b_i"])
    f = sigmoid(x @ p["W_f"] + h @ p["U_f"] + p["p_f"] * c + p["b_f"])
    c = f * c + i * jnp.tanh(x @ p["W_g"] + h @ p["U_g"] + p["b_g"])
    o = sigmoid(x @ p["W_o"] + h @ p["U_o"] + p["p_o"] * c + p["b_o"])
    return o * jnp.tanh(c), c


def written_lstm(p: dict[str, Any], x: Any, state: Any) -> Any:
    h, c = state
    i = sigmoid(x @ p["W_i"] + h @ p["U_i"] + p["b_i"])
    f = sigmoid(x @ p["W_f"] + h @ p["U_f"] + p["b_f"])
    g = jnp.tanh(x @ p["W_g"] + h @ p["U_g"] + p["b_g"])
    o = sigmoid(x @ p["W_o"] + h @ p["U_o"] + p["b_o"])
    c = f * c + i * g
    return o * jnp.tanh(c), c


WRITTEN: dict[str, Cell] = {
    "mgu": written_mgu,
    "indrnn": written_indrnn,
    "lstm_peephole": written_lstm_peephole,
    "lstm": written_lstm,
}


def by_hand(name: str, way: str, hidden: int) -> Callable[..., Any]:
    cell, parts, _ = CELLS[name]

    def loss(p: dict[str, Any], x: Any, y: Any) -> Any:
        def step(state: Any, u: Any) -> Any:
            if way == "written":
                return WRITTEN[name](p, u, state), None
            return cell(p, u if way == "ahead" else u @ p["W"] + p["b"], state), None

        start = (jnp.zeros((x.shape[1], hidden), x.dtype),) * parts
        (h, *_), _ = lax.scan(step, start, x @ p["W"] + p["b"] if way == "ahead" else x)
        z = h @ p["w_y"] + p["b_y"]
        return jnp.mean(jnp.logaddexp(0.0, z) - y * z)

    graded: Callable[..., Any] = jax.jit(jax.value_and_grad(loss))
    return graded


def measured(name: str, size: tuple[int, int, int, int]) -> dict[str, list[float]]:
    """Seconds of each, taken in turns."""
    steps, batch, width, hidden = size
    module = symrnn.load(name).kernel(steps, backend="jax")
    params = module.init_params(0, D=width, H=hidden, C=1)
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(steps, batch, width)), jnp.float32)
    y = jnp.asarray(rng.integers(0, 2, (batch, 1)), jnp.float32)
    packs = CELLS[name][2]
    packed = {n: a for n, a in params.items() if not any(n in own for own in packs.values())}
    packed |= {n: jnp.concatenate([params[o] for o in own], -1) for n, own in packs.items()}
    ours = jax.jit(jax.value_and_grad(lambda p, x, y: module.loss(p, x=x, y=y)))
    runs = {"symrnn": (ours, params)}
    runs |= {n: (by_hand(name, n, hidden), params if n == "written" else packed) for n in HAND}
    losses = [float(jax.block_until_ready(run(p, x, y))[0]) for run, p in runs.values()]
    assert max(losses) - min(losses) < 1e-5, losses
    found: dict[str, list[float]] = {n: [] for n in runs}
    end = time.process_time() + SECONDS
    while time.process_time() < end or len(found["symrnn"]) < 5:
        for n, (run, p) in runs.items():
            start = time.process_time()
            jax.block_until_ready(run(p, x, y))
            found[n].append(time.process_time() - start)
    return found


def main() -> None:
    names = sys.argv[1:] or list(CELLS)
    print(" " * 36 + "ms: median, least" + " " * 24 + "ratio, of both")
    columns = "".join(f"{name:>10}" for name in ("symrnn", *HAND))
    print(f"cell           T, B, D, H         {columns}   {columns[10:]}")
    for name in names:
        for size in SIZES:
            found = measured(name, size)
            middle = {n: statistics.median(took) * 1e3 for n, took in found.items()}
            least = {n: min(took) * 1e3 for n, took in found.items()}
            label = f"{name:<14} {', '.join(map(str, size)):<19}"
            for kind in (middle, least):
                ratios = [f"{kind[n] / kind['symrnn']:>9.2f}" for n in HAND]
                print(label, *(f"{kind[n]:>9.3f}" for n in kind), " ", *ratios, flush=True)
                label = " " * len(label)


if __name__ == "__main__":
    main()
