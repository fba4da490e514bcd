"""The module for PyTorch beside loops in eager mode, for cells that PyTorch has no layer for.

OMP_NUM_THREADS=1 python benchmarks/torch_cells.py [--compile] [CELL ...]     (one core, float32)

One training step: forward pass, loss and gradients of all parameters. `in C` is the same module
with a kernel in C, where there is a compiler. `written` is the loop as the equations stand; in
`packed` the gates that read the same are one matrix, and the products of the inputs are in front of
the loop, for all steps at once. Ratios are theirs over ours. Below, the time until the first
gradient of 1000 steps is there, with the module made for it; with --compile also that of
torch.compile, which unrolls the loop.
"""

import argparse
import importlib.util
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

if importlib.util.find_spec("torch") is None:
    print("benchmarks/torch_cells.py: PyTorch is not installed: pip install torch")
    sys.exit()

import torch
from torch import sigmoid, tanh

import symrnn
from symrnn.clock import take_turns

SIZES = (
    (3, 3, 3, 3),
    (5, 1, 5, 8),
    (16, 8, 8, 16),
    (50, 1, 32, 64),
    (50, 32, 32, 64),
    (100, 64, 128, 256),
    (50, 128, 256, 512),
)
"""T, B, D, H; one output."""

SECONDS, COMPILED, MANY = 3.0, (16, 32, 64), 1000
"""For each cell and size; the steps that are compiled; the steps that have to be ready soon."""

SAME = 2e-3
"""How far gradients may be apart, as a part of their norm."""

OWN = """
f[t] = sigmoid(x[t] @ W_f + h[t-1] @ U_f + b_f)
n[t] = tanh(x[t] @ W_n + p * h[t-1] + b_n)
h[t] = f[t] * h[t-1] + (1 - f[t]) * n[t]
yhat = sigmoid(h[T] @ w_y + b_y)
L    = bce(y, yhat)
"""
"""A cell of one's own, which nobody has thought of before."""

COMPILER = any(map(shutil.which, ("cc", "gcc", "clang")))

Params = dict[str, Any]


class Written:
    """The loops as the equations stand; each gives back the state after the last step."""

    @staticmethod
    def mgu(p: Params, x: Any, h: Any) -> Any:
        for t in range(len(x)):
            f = sigmoid(x[t] @ p["W_f"] + h @ p["U_f"] + p["b_f"])
            n = tanh(x[t] @ p["W_n"] + (f * h) @ p["U_n"] + p["b_n"])
            h = (1 - f) * h + f * n
        return h

    @staticmethod
    def indrnn(p: Params, x: Any, h: Any) -> Any:
        for t in range(len(x)):
            h = torch.relu(x[t] @ p["W"] + p["u"] * h + p["b"])
        return h

    @staticmethod
    def lstm_peephole(p: Params, x: Any, h: Any) -> Any:
        c = torch.zeros_like(h)
        for t in range(len(x)):
            i = sigmoid(x[t] @ p["W_i"] + h @ p["U_i"] + p["p_i"] * c + p["b_i"])
            f = sigmoid(x[t] @ p["W_f"] + h @ p["U_f"] + p["p_f"] * c + p["b_f"])
            g = tanh(x[t] @ p["W_g"] + h @ p["U_g"] + p["b_g"])
            c = f * c + i * g
            o = sigmoid(x[t] @ p["W_o"] + h @ p["U_o"] + p["p_o"] * c + p["b_o"])
            h = o * tanh(c)
        return h

    @staticmethod
    def own(p: Params, x: Any, h: Any) -> Any:
        for t in range(len(x)):
            f = sigmoid(x[t] @ p["W_f"] + h @ p["U_f"] + p["b_f"])
            n = tanh(x[t] @ p["W_n"] + p["p"] * h + p["b_n"])
            h = f * h + (1 - f) * n
        return h


class Packed:
    """The same loops by somebody who looks at the time."""

    @staticmethod
    def mgu(p: Params, x: Any, h: Any) -> Any:
        for u in ahead(p, x, "fn"):
            f, n = u.chunk(2, -1)
            f = sigmoid(f + h @ p["U_f"])
            n = tanh(n + (f * h) @ p["U_n"])
            h = (1 - f) * h + f * n
        return h

    @staticmethod
    def indrnn(p: Params, x: Any, h: Any) -> Any:
        for u in (x @ p["W"] + p["b"]).unbind(0):
            h = torch.relu(u + p["u"] * h)
        return h

    @staticmethod
    def lstm_peephole(p: Params, x: Any, h: Any) -> Any:
        c, matrix = torch.zeros_like(h), joined(p, "U", "ifgo")
        for u in ahead(p, x, "ifgo"):
            i, f, g, o = (u + h @ matrix).chunk(4, -1)
            i, f = sigmoid(i + p["p_i"] * c), sigmoid(f + p["p_f"] * c)
            c = f * c + i * tanh(g)
            h = sigmoid(o + p["p_o"] * c) * tanh(c)
        return h

    @staticmethod
    def own(p: Params, x: Any, h: Any) -> Any:
        for u in ahead(p, x, "fn"):
            f, n = u.chunk(2, -1)
            f = sigmoid(f + h @ p["U_f"])
            n = tanh(n + p["p"] * h)
            h = f * h + (1 - f) * n
        return h


def joined(p: Params, name: str, gates: str) -> Any:
    return torch.cat([p[f"{name}_{gate}"] for gate in gates], -1)


def ahead(p: Params, x: Any, gates: str) -> Any:
    """What the inputs bring to each step."""
    return (x @ joined(p, "W", gates) + joined(p, "b", gates)).unbind(0)


CELLS = ("mgu", "indrnn", "lstm_peephole", "own")
WAYS = {"written": Written, "packed": Packed}
OURS = ("symrnn", "in C")

Step = Callable[[], tuple[Any, tuple[Any, ...]]]


def module(name: str, steps: int, width: int, hidden: int, way: str = "symrnn") -> Any:
    model = symrnn.parse(OWN, "own") if name == "own" else symrnn.load(name)
    file = model.kernel(steps, backend="torch")
    kind = getattr(file, "".join(word.capitalize() for word in name.split("_")))
    kernel = model.kernel(steps, backend="c") if way == "in C" else None
    drawn = torch.Generator().manual_seed(0)
    return kind(D=width, H=hidden, C=1, generator=drawn, kernel=kernel)


def ours(net: Any, x: Any, y: Any) -> Step:
    leaves = list(net.parameters())

    def step() -> Any:
        value = net.loss(x, y)
        return value, torch.autograd.grad(value, leaves)

    return step


def theirs(net: Any, loop: Callable[..., Any], x: Any, y: Any) -> Step:
    p = dict(net.named_parameters())
    leaves = list(p.values())
    start = x.new_zeros(x.shape[1], net.dims["H"])

    def step() -> Any:
        z = loop(p, x, start) @ p["w_y"] + p["b_y"]
        value = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
        return value, torch.autograd.grad(value, leaves)

    return step


def there() -> tuple[str, ...]:
    """Ours, as far as this machine has what they need."""
    return OURS if COMPILER else OURS[:1]


def data(steps: int, batch: int, width: int) -> tuple[Any, Any]:
    drawn = torch.Generator().manual_seed(1)
    x = torch.randn(steps, batch, width, generator=drawn)
    return x, torch.randint(2, (batch, 1), generator=drawn).float()


def measured(name: str, size: tuple[int, int, int, int]) -> dict[str, float]:
    """Seconds of each, taken in turns."""
    steps, batch, width, hidden = size
    net = module(name, steps, width, hidden)
    x, y = data(steps, batch, width)
    runs = {way: ours(module(name, steps, width, hidden, way), x, y) for way in there()}
    runs |= {way: theirs(net, getattr(loops, name), x, y) for way, loops in WAYS.items()}
    found = {way: run()[1] for way, run in runs.items()}
    for way, grads in found.items():
        for one, other in zip(found["symrnn"], grads, strict=True):
            assert (one - other).norm() <= SAME * other.norm() + 1e-6, (name, size, way)
    return {way: figure.median for way, figure in take_turns(runs, SECONDS).items()}


def first(name: str, steps: int, compiled: bool = False) -> float:
    """Seconds until the first gradient is there, at the fifth size but for the steps."""
    _, batch, width, hidden = SIZES[4]
    x, y = data(steps, batch, width)
    start = time.perf_counter()
    if compiled:
        net = module(name, 3, width, hidden)
        start = time.perf_counter()
        theirs(net, torch.compile(getattr(Written, name)), x, y)()
    else:
        ours(module(name, steps, width, hidden), x, y)()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cells", nargs="*", metavar="CELL", help=", ".join(CELLS))
    parser.add_argument("--sizes", default="1,2,3,4,5,6,7", help="numbers of the seven: 1,2,5")
    parser.add_argument("--compile", action="store_true", help="minutes more")
    options = parser.parse_args()
    names = options.cells or CELLS
    if set(names) - set(CELLS):
        parser.error(f"expected cells of {', '.join(CELLS)}")
    torch.set_num_threads(1)
    own = there()
    heads = (*own, *WAYS, *(f"{way}/{one}" for one in own for way in WAYS))
    print(
        "microseconds; ratios\n" + f"{'cell':<14} {'T, B, D, H':<18}", *map("{:>14}".format, heads)
    )
    for name in names:
        for number in map(int, options.sizes.split(",")):
            size = SIZES[number - 1]
            took = measured(name, size)
            least = [f"{seconds * 1e6:>14.0f}" for seconds in took.values()]
            ratios = [f"{took[way] / took[one]:>14.2f}" for one in own for way in WAYS]
            print(f"{name:<14} {', '.join(map(str, size)):<18}", *least, *ratios, flush=True)
    print("\nseconds to the first gradient, B, D, H = 32, 32, 64")
    for name in names:
        print(f"{name:<14} {MANY} steps, symrnn: {first(name, MANY):.2f}", flush=True)
        for steps in COMPILED if options.compile else ():
            torch._dynamo.reset()
            took_first = first(name, steps, compiled=True)
            print(f"{name:<14} {steps} steps, torch.compile: {took_first:.1f}", flush=True)


if __name__ == "__main__":
    main()
