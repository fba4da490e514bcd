"""Who takes part in a measurement. Here, and nowhere else, networks are known by name.

- `book`       NumPy by the book: loops and gradients written by hand
- `cells`      one step of each network, for libraries that differentiate by themselves
- `by_torch`, `by_tracing`   these libraries: PyTorch; JAX and autograd
- `kernels`    what symrnn generates, and its floor: for any model
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from symrnn.bench.case import Case, Entrant, LeftOut
from symrnn.bench.peers.book import by_the_book
from symrnn.bench.peers.by_torch import compiled, eager
from symrnn.bench.peers.by_tracing import jitted, taped
from symrnn.bench.peers.kernels import floor_of, function, jax_file, kernel, torch_file


@dataclass(frozen=True)
class Peer:
    """What it is, the package that it needs, and how it gets ready for a case."""

    about: str
    prepare: Callable[[Case], Entrant]
    needs: str = ""


PEERS = {
    "kernel": Peer("Kernel.loss_and_grads of the generated file", kernel),
    "c": Peer("the same of the back end c", partial(kernel, backend="c")),
    "function": Peer("its plain function loss_and_grads, which makes its arrays anew", function),
    "numpy": Peer("NumPy by the book, gradients by hand", by_the_book),
    "torch": Peer("PyTorch, eager; its own layer where it has one", eager, "torch"),
    "compile": Peer("PyTorch, torch.compile; few steps only", compiled, "torch"),
    "torch_file": Peer("the generated module of the back end torch", torch_file, "torch"),
    "jax": Peer("JAX, jit and lax.scan", jitted, "jax"),
    "jax_file": Peer("the generated file of the back end jax, jit", jax_file, "jax"),
    "autograd": Peer("HIPS autograd", taped, "autograd"),
    "floor": Peer("the kernel's products and transcendental functions alone", floor_of),
}


def absent(peer: Peer) -> bool:
    return bool(peer.needs) and importlib.util.find_spec(peer.needs) is None


__all__ = ["PEERS", "Entrant", "LeftOut", "Peer", "absent"]
