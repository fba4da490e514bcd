"""Who takes part in a measurement. Here, and nowhere else, networks are known by name.

- `book`      NumPy by the book: loops and gradients written by hand
- `cells`     one step of each network, for libraries that differentiate by themselves
- `by_torch`, `by_jax`, `by_autograd`   these libraries
- `kernels`   what symrnn generates, and its floor: for any model
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from symrnn.bench.case import Case
from symrnn.bench.peers.entrant import Entrant, LeftOut


@dataclass(frozen=True)
class Peer:
    """What it is, the package that it needs, and how it gets ready for a case."""

    about: str
    prepare: Callable[[Case], Entrant]
    needs: str = ""


def _kernel(case: Case) -> Entrant:
    from symrnn.bench.peers.kernels import kernel

    return kernel(case)


def _function(case: Case) -> Entrant:
    from symrnn.bench.peers.kernels import function

    return function(case)


def _numpy(case: Case) -> Entrant:
    from symrnn.bench.peers.book import by_the_book

    return by_the_book(case)


def _torch(case: Case) -> Entrant:
    from symrnn.bench.peers.by_torch import eager

    return eager(case)


def _compile(case: Case) -> Entrant:
    from symrnn.bench.peers.by_torch import compiled

    return compiled(case)


def _jax(case: Case) -> Entrant:
    from symrnn.bench.peers.by_jax import jitted

    return jitted(case)


def _autograd(case: Case) -> Entrant:
    from symrnn.bench.peers.by_autograd import taped

    return taped(case)


def _floor(case: Case) -> Entrant:
    from symrnn.bench.peers.kernels import floor_of

    return floor_of(case)


PEERS = {
    "kernel": Peer("Kernel.loss_and_grads of the generated file", _kernel),
    "function": Peer("its plain function loss_and_grads, which makes its arrays anew", _function),
    "numpy": Peer("NumPy by the book, gradients by hand", _numpy),
    "torch": Peer("PyTorch, eager; its own layer where it has one", _torch, "torch"),
    "compile": Peer("PyTorch, torch.compile; few steps only", _compile, "torch"),
    "jax": Peer("JAX, jit and lax.scan", _jax, "jax"),
    "autograd": Peer("HIPS autograd", _autograd, "autograd"),
    "floor": Peer("the kernel's products and transcendental functions alone", _floor),
}


def absent(peer: Peer) -> bool:
    return bool(peer.needs) and importlib.util.find_spec(peer.needs) is None


__all__ = ["PEERS", "Entrant", "LeftOut", "Peer", "absent"]
