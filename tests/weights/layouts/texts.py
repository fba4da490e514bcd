"""Models of each cell in letters of their own: one layer or two, one direction or both."""

import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import numpy as np

from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.model import Model, parse
from symrnn.system import resolve
from symrnn.weights.layouts import Layout
from symrnn.weights.layouts.layout import Placed

CELLS = {
    "tanh": "v[t] = tanh(ground + u @ A + v[p] @ B)",
    "no_bias": "v[t] = tanh(v[p] @ B + u @ A)",
    "relu": "k[t] = u @ A + first; v[t] = relu(k[t] + v[p] @ B + second)",
    "lstm": """
        keep[t] = sigmoid(v[p] @ B2 + u @ A2 + k2)
        put[t] = sigmoid(u @ A1 + k1 + v[p] @ B1)
        show[t] = sigmoid(u @ A4 + v[p] @ B4 + k4)
        m[t] = tanh(u @ A3 + v[p] @ B3 + k3) * put[t] + m[p] * keep[t]
        v[t] = tanh(m[t]) * show[t]
    """,
    "lstm_joined": """
        both[t] = concat(v[p], u)
        m[t] = sigmoid(both[t] @ Wf + bf) * m[p] + sigmoid(both[t] @ Wi + bi) * tanh(both[t] @ Wg)
        v[t] = sigmoid(both[t] @ Wo + bo + co) * tanh(m[t])
    """,
    "peephole": """
        a[t] = sigmoid(u @ A1 + v[p] @ B1 + p1 * m[p] + k1)
        f[t] = sigmoid(u @ A2 + v[p] @ B2 + k2 + m[p] * p2)
        m[t] = f[t] * m[p] + a[t] * tanh(u @ A3 + v[p] @ B3 + k3)
        v[t] = sigmoid(p4 * m[t] + u @ A4 + v[p] @ B4 + k4) * tanh(m[t])
    """,
    "gru_after": """
        r[t] = sigmoid(u @ A1 + v[p] @ B1 + k1)
        q[t] = sigmoid(u @ A2 + k2 + v[p] @ B2 + l2)
        v[t] = q[t] * v[p] + (1 - q[t]) * tanh(k3 + u @ A3 + (l3 + v[p] @ B3) * r[t])
    """,
    "gru_after_turned": """
        r[t] = sigmoid(u @ A1 + v[p] @ B1 + k1)
        q[t] = sigmoid(u @ A2 + v[p] @ B2 + k2)
        v[t] = v[p] + q[t] * (tanh(k3 + u @ A3 - r[t] * (v[p] @ B3 + l3)) - v[p])
    """,
    "gru_before": """
        r[t] = sigmoid(u @ A1 + v[p] @ B1 + k1)
        q[t] = sigmoid(u @ A2 + v[p] @ B2 + k2)
        v[t] = q[t] * v[p] + (1 - q[t]) * tanh(u @ A3 + (v[p] * r[t]) @ B3 + k3)
    """,
}
"""In each, u is the input, v the output, and p the step before."""

SHAPES = {
    "forward": (1, (1,)),
    "reverse": (1, (-1,)),
    "bidirectional": (1, (1, -1)),
    "stacked": (2, (1,)),
    "stacked bidirectional": (2, (1, -1)),
}
"""How many layers, and in which directions."""

STEPS, BATCH = 4, 3


def text(cell: str, shape: str) -> str:
    """The equations of all layers; what comes out is called out."""
    layers, ways = SHAPES[shape]
    reads, lines = "x[t]", []
    for layer in range(layers):
        gives = []
        for way in ways:
            mark = f"_{layer}{'f' if way > 0 else 'b'}"
            lines += _marked(CELLS[cell], mark, reads, "t-1" if way > 0 else "t+1")
            gives.append(f"v{mark}[t]")
        reads = gives[0] if len(gives) == 1 else f"concat({', '.join(gives)})"
    return "\n".join([*lines, f"out[t] = {reads}", "out: output"])


def _marked(equations: str, mark: str, reads: str, before: str) -> list[str]:
    """The equations of one recurrence: every name but those of functions gets a mark."""
    functions = ("tanh", "sigmoid", "relu", "concat")

    def name(found: re.Match[str]) -> str:
        word = found[0]
        if word == "u":
            return reads
        return word if word in (*functions, "t", "p") else word + mark

    marked = re.sub(r"[A-Za-z]\w*", name, equations).replace("[p]", f"[{before}]")
    return [line.strip() for part in marked.split(";") for line in part.split("\n") if line.strip()]


def model(cell: str, shape: str) -> Model:
    return parse(text(cell, shape), f"{cell}, {shape}")


def wide(made: Model) -> dict[str, int]:
    """Two features in and three out, in every layer and direction."""
    symbols = resolve(made.written)
    names = {n for s in symbols.values() for w in s.shape for n in w.names}
    return {name: 2 if name == "D" else 3 for name in names}


def numbers(made: Model, seed: int = 0) -> tuple[dict[str, Array], Array]:
    """Parameters, no bias zero, and an input."""
    symbols = resolve(made.written)
    data = sample(made.written, symbols, wide(made), STEPS, BATCH, seed)
    x = data.pop("x")
    return data, x


def outputs(made: Model, params: dict[str, Array], x: Array) -> Array:
    """What the kernel gives: (T, B, H), both directions side by side."""
    found, _ = _kernel(made.text).forward(params, x=x)
    return np.asarray(found["out"])


@cache
def _kernel(equations: str) -> ModuleType:
    return parse(equations).kernel(steps=STEPS)


def largest(title: str, errors: list[float], figures: list[str]) -> Iterator[list[float]]:
    """A list for errors, of which the figures of the run get the largest."""
    yield errors
    if errors:
        figures.append(f"{title}: {len(errors)} outputs compared, off by {max(errors):.1e} at most")


def of_layer(where: Layout, placed: Placed, tensors: dict[str, Array]) -> list[Array]:
    """The tensors of one layer, in their order."""
    return [tensors[tensor.key] for tensor in where.tensors(placed)]
