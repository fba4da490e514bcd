"""Random numbers that fit a system: parameters, inputs and targets for checks and benchmarks."""

from collections.abc import Mapping

import numpy as np

from symrnn.language.arrays import Array
from symrnn.language.calls import losses_of
from symrnn.language.tree import Written
from symrnn.system.symbols import GIVEN, Symbol, Symbols


def sample(
    written: Written,
    symbols: Symbols,
    dims: Mapping[str, int],
    steps: int,
    batch: int,
    seed: int = 0,
) -> dict[str, Array]:
    """Values for everything that the system asks for; no bias is zero, no target on its edge.

    >>> from symrnn.language import parse
    >>> from symrnn.system import resolve
    >>> written = parse("h[t] = tanh(x[t] @ W); L = mse(y, h[T])")
    >>> data = sample(written, resolve(written), {"D": 2, "C": 3}, steps=4, batch=1)
    >>> {name: value.shape for name, value in data.items()}
    {'x': (4, 1, 2), 'W': (2, 3), 'y': (1, 3)}
    """
    rng = np.random.default_rng(seed)
    losses = losses_of(written)
    data: dict[str, Array] = {}
    for symbol in symbols.values():
        if symbol.role in ("input", "target", *GIVEN):
            shape = tuple(width.count(dict(dims)) for width in symbol.shape)
            if symbol.role not in GIVEN:
                shape = (*((steps,) if symbol.timed else ()), batch, *shape)
            data[symbol.name] = _values(rng, symbol, shape, losses.get(symbol.name, ""))
    return data


def _values(rng: np.random.Generator, symbol: Symbol, shape: tuple[int, ...], loss: str) -> Array:
    if symbol.role in GIVEN:
        return np.asarray(rng.normal(size=shape) / np.sqrt(shape[0] if len(shape) == 2 else 4))
    if symbol.onehot:
        return np.asarray(np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])])
    if symbol.role == "target" and loss.startswith(("ce", "bce")):
        return rng.uniform(0.1, 0.9, size=shape)
    return rng.normal(size=shape)
