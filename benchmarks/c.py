"""Kernels in C beside whoever is quickest otherwise: one training step, and many in one call.

make bench        (one core and one thread, set here; who is not installed is left out)

A step is called from Python, with arguments that are checked. The aim is how many times as quick as
the best of the others a kernel in C should be; at the two largest sizes it is to be no slower, and
to take at most 1.15 times what the matrix products alone take.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symrnn.bench.case import Case, Entrant, case
from symrnn.bench.measure import measure
from symrnn.bench.peers import PEERS, Peer, absent
from symrnn.bench.peers.by_torch import layered
from symrnn.bench.peers.by_tracing import in_jax
from symrnn.bench.peers.cells import network_of
from symrnn.bench.peers.kernels import Multiply, floor, runner
from symrnn.bench.process import one_core
from symrnn.bench.report import Row
from symrnn.bench.request import SIZES, Request, Size
from symrnn.clock import Figure, take_turns
from symrnn.kernels.generate import program
from symrnn.kernels.settings import Settings
from symrnn.model import load

MODELS = ("elman", "lstm", "gru_torch")
AIMS = dict(zip(SIZES, (8, 8, 8, 3, 1.3, 1, 1), strict=True))
AIMS_OF_LSTM = dict.fromkeys(SIZES[:2], 15)
AIM_OF_FIT = 20
OTHERS = ("kernel", "torch", "compile", "jax")
CALLED = {"kernel": "NumPy", "torch": "torch", "compile": "compiled", "jax": "JAX"}
BATCHES = 50
EPOCHS = 20
"""How many batches there are in a call of `fit`, and how often it goes over them."""


def main() -> None:
    if "--here" not in sys.argv:  # libraries read on import how many threads they may have
        command = [sys.executable, __file__, *sys.argv[1:], "--here"]
        raise SystemExit(subprocess.run(command, env=one_core(), check=False).returncode)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]  # of sizes, the first is 1
    sizes = [SIZES[n - 1] for n in numbers] or list(SIZES)
    steps(sizes)
    fits(sizes)


# one step


def steps(sizes: list[Size]) -> None:
    peers = {**PEERS, "products": Peer("the products alone", products_of)}
    names = ("c", *OTHERS, "products")
    print("one training step, float32, µs of one core (medians; all take turns)")
    print(f"  {'':<9}  {'T, B, D, H':<16}" + "".join(f"{n:>10}" for n in ("C", *CALLED.values())))
    for model in MODELS:
        for size in sizes:
            if model == "elman" and size == SIZES[-1]:
                continue
            chosen = [n for n in names if n != "compile" or size in SIZES[:2]]
            request = Request(((model, ""),), (size,), tuple(chosen))
            (row,) = measure(request, lambda line: None, peers).rows
            print(f"  {model:<9}  {size!s:<16}" + "".join(told(row, size)), flush=True)
    for name in OTHERS:
        if absent(PEERS[name]):
            print(f"  left out: {CALLED[name]}, which is not installed")


def told(row: Row, size: Size) -> Iterator[str]:
    """The cells of a line, and what follows from them."""
    figures = row.figures
    for name in ("c", *OTHERS):
        yield f"{micro(figures[name]):>10}" if name in figures else f"{'-':>10}"
    others = {name: figures[name].median for name in OTHERS if name in figures}
    if "c" not in figures or not others:
        yield "  " + "; ".join([*row.wrong.values(), *row.left_out.values()])
        return
    best = min(others, key=lambda name: others[name])
    ratio = others[best] / figures["c"].median
    aim = AIMS_OF_LSTM.get(size, AIMS[size]) if row.model == "lstm" else AIMS[size]
    yield f"  {ratio:5.2f} times {CALLED[best]} (aim {aim})"
    if size in SIZES[-2:]:
        above = figures["c"].median / figures["products"].median
        yield f", {above:.2f} times the products (aim 1.15)"


def micro(figure: Figure) -> str:
    value = 1e6 * figure.median
    return f"{value:.{2 if value < 100 else 0}f}"


def products_of(made: Case) -> Entrant:
    """The floor without functions."""
    *_, found = program(made.model.written, Settings.of(made.size.steps))
    works = floor(found, made.dims, made.size.batch)
    return Entrant(runner([w for w in works if isinstance(w, Multiply)], made.dtype))


# many steps


def fits(sizes: list[Size]) -> None:
    print(
        f"\ngradient descent, µs a step: `fit` in C over {BATCHES} batches in one call, and loops"
    )
    there = [name for name in WAYS if not absent(PEERS[WAYS[name][0]])]
    print(f"  {'':<9}  {'T, B, D, H':<16}" + "".join(f"{n:>10}" for n in there))
    for model in MODELS:
        for size in (size for size in sizes if size in SIZES[:2]):
            made = case(load(model), size).cast("float32")
            runs = {name: WAYS[name][1](made) for name in there}
            found = {n: f.median / BATCHES for n, f in take_turns(runs, 0.5).items()}
            found["fit"] /= EPOCHS
            line = "".join(f"{1e6 * took:10.2f}" for took in found.values())
            loops = [name for name in ("NumPy", "torch", "JAX") if name in found]
            best = min(loops, key=lambda name: found[name])
            said = f"  {found[best] / found['fit']:5.1f} times {best} (aim {AIM_OF_FIT})"
            if "JAX scan" in found:
                said += f", {found['JAX scan'] / found['fit']:.1f} times JAX scan"
            print(f"  {model:<9}  {size!s:<16}{line}{said}", flush=True)


RATE = 1e-3


def batches(made: Case) -> dict[str, Any]:
    """So many batches, one behind the other, each a little different."""
    factors = np.linspace(0.5, 1, BATCHES, dtype=np.float32)
    return {
        name: np.ascontiguousarray(value * factors.reshape(-1, *[1] * value.ndim))
        for name, value in made.inputs.items()
    }


def fit(made: Case) -> Callable[[], Any]:
    module = made.model.kernel(made.size.steps, backend="c")
    own = module.Kernel(made.size.batch, dtype=np.float32, **made.dims)
    for name, value in made.params.items():
        own.params[name][...] = value
    inputs = batches(made)
    return lambda: own.fit(RATE, EPOCHS, **inputs)


def descent(made: Case, backend: str) -> Callable[[], Any]:
    """The kernel, and a step of NumPy's along its gradient."""
    module = made.model.kernel(made.size.steps, backend=backend)
    own = module.Kernel(made.size.batch, dtype=np.float32, **made.dims)
    for name, value in made.params.items():
        own.params[name][...] = value
    each = [dict(zip(batches(made), values, strict=True)) for values in apart(made)]
    rate, change = np.float32(RATE), np.empty_like(own.theta)

    def run() -> None:
        for inputs in each:
            own.loss_and_grads(**inputs)
            np.multiply(own.dtheta, rate, change)
            np.subtract(own.theta, change, own.theta)

    return run


def apart(made: Case) -> list[tuple[Any, ...]]:
    return list(zip(*batches(made).values(), strict=True))


def torch_descent(made: Case) -> Callable[[], Any]:
    """A layer, its gradient, and a step along it."""
    import torch

    torch.set_num_threads(1)
    form = layered(made, network_of(made))

    def run() -> None:
        for _ in range(BATCHES):
            grads = torch.autograd.grad(form.loss(), form.tensors)
            with torch.no_grad():
                for tensor, grad in zip(form.tensors, grads, strict=True):
                    tensor.add_(grad, alpha=-RATE)

    return run


def jax_descent(made: Case) -> Callable[[], Any]:
    """One compiled function a step, which gives back new parameters."""
    import jax

    step, p, xs, ys = jax_step(made)
    run_one, pairs = jax.jit(step), list(zip(xs, ys, strict=True))

    def run() -> None:
        now = p
        for pair in pairs:
            now, _ = run_one(now, pair)
        jax.block_until_ready(now)

    return run


def jax_scan(made: Case) -> Callable[[], Any]:
    """All batches in one compiled function."""
    import jax

    step, p, xs, ys = jax_step(made)
    run = jax.jit(lambda p, xs, ys: jax.lax.scan(step, p, (xs, ys)))
    return lambda: jax.block_until_ready(run(p, xs, ys))


def jax_step(made: Case) -> tuple[Callable[..., Any], Any, Any, Any]:
    import jax

    function, p, *_ = in_jax(made)
    many = batches(made)

    def step(p: Any, pair: Any) -> Any:
        loss, grads = jax.value_and_grad(function)(p, *pair)
        return jax.tree.map(lambda value, grad: value - RATE * grad, p, grads), loss

    return step, p, jax.numpy.asarray(many["x"]), jax.numpy.asarray(many["y"])


WAYS: dict[str, tuple[str, Callable[[Case], Callable[[], Any]]]] = {
    "fit": ("c", fit),
    "C": ("c", lambda made: descent(made, "c")),
    "NumPy": ("kernel", lambda made: descent(made, "numpy")),
    "torch": ("torch", torch_descent),
    "JAX": ("jax", jax_descent),
    "JAX scan": ("jax", jax_scan),
}
"""Who takes part: the peer that has to be there, and how a call of so many steps is made."""


if __name__ == "__main__":
    main()
