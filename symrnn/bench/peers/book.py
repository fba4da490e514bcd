"""NumPy by the book: each equation where the text has it, each gradient as a textbook derives it.

Index 0 of a state is what the sequence starts from. Nothing is hoisted, stacked or kept for reuse.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from symrnn.bench.case import Answer, Arrays, Case, Entrant, LeftOut

Found = tuple[Any, Arrays]


def by_the_book(case: Case) -> Entrant:
    run = BOOK.get(case.model.name)
    if run is None:
        raise LeftOut("nobody has written it by hand")
    params, x, y = case.params, case.inputs["x"], case.inputs["y"]
    return Entrant(lambda: run(params, x, y), lambda found: Answer(float(found[0]), found[1]))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def start(p: Arrays) -> Arrays:
    """A zero for each gradient, to add to."""
    return {name: np.zeros_like(value) for name, value in p.items()}


def states(x: Any, w: Any) -> Any:
    """Room for a state at steps 0 … T + 1, zero at first, as wide as w has columns."""
    return np.zeros((len(x) + 2, x.shape[1], w.shape[1]), x.dtype)


def read_out(p: Arrays, grads: Arrays, w: str, b: str, h: Any, y: Any) -> tuple[Any, Any]:
    """The cross-entropy of a sigmoid of the last state, and its gradient by that state."""
    yhat = sigmoid(h @ p[w] + p[b])
    loss = -np.mean(y * np.log(yhat) + (1 - y) * np.log(1 - yhat))
    delta = (yhat - y) / y.size
    grads[w] += h.T @ delta
    grads[b] += delta.sum(axis=0)
    return loss, delta @ p[w].T


def elman(p: Arrays, x: Any, y: Any) -> Found:
    grads, o = start(p), states(x, p["w_h"])
    for t in range(1, len(x) + 1):
        o[t] = np.tanh(x[t - 1] @ p["w_i"] + o[t - 1] @ p["w_h"] + p["b"])
    loss, d_o = read_out(p, grads, "w_o", "b_o", o[len(x)], y)
    for t in range(len(x), 0, -1):
        delta = d_o * (1 - o[t] ** 2)
        grads["w_i"] += x[t - 1].T @ delta
        grads["w_h"] += o[t - 1].T @ delta
        grads["b"] += delta.sum(axis=0)
        d_o = delta @ p["w_h"].T
    return loss, grads


def lstm(p: Arrays, x: Any, y: Any) -> Found:
    grads = start(p)
    i, f, g, o, c, h = (states(x, p["U_i"]) for _ in range(6))
    for t in range(1, len(x) + 1):
        i[t] = sigmoid(x[t - 1] @ p["W_i"] + h[t - 1] @ p["U_i"] + p["b_i"])
        f[t] = sigmoid(x[t - 1] @ p["W_f"] + h[t - 1] @ p["U_f"] + p["b_f"])
        g[t] = np.tanh(x[t - 1] @ p["W_g"] + h[t - 1] @ p["U_g"] + p["b_g"])
        o[t] = sigmoid(x[t - 1] @ p["W_o"] + h[t - 1] @ p["U_o"] + p["b_o"])
        c[t] = f[t] * c[t - 1] + i[t] * g[t]
        h[t] = o[t] * np.tanh(c[t])
    loss, d_h = read_out(p, grads, "w_y", "b_y", h[len(x)], y)
    d_c = np.zeros_like(d_h)
    for t in range(len(x), 0, -1):
        d_c = d_c + d_h * o[t] * (1 - np.tanh(c[t]) ** 2)
        deltas = {
            "i": d_c * g[t] * i[t] * (1 - i[t]),
            "f": d_c * c[t - 1] * f[t] * (1 - f[t]),
            "g": d_c * i[t] * (1 - g[t] ** 2),
            "o": d_h * np.tanh(c[t]) * o[t] * (1 - o[t]),
        }
        d_h = np.zeros_like(d_h)
        for gate, delta in deltas.items():
            grads[f"W_{gate}"] += x[t - 1].T @ delta
            grads[f"U_{gate}"] += h[t - 1].T @ delta
            grads[f"b_{gate}"] += delta.sum(axis=0)
            d_h += delta @ p[f"U_{gate}"].T
        d_c = d_c * f[t]
    return loss, grads


def gru_torch(p: Arrays, x: Any, y: Any) -> Found:
    grads = start(p)
    r, z, n, q, h = (states(x, p["U_r"]) for _ in range(5))
    for t in range(1, len(x) + 1):
        r[t] = sigmoid(x[t - 1] @ p["W_r"] + p["b_r"] + h[t - 1] @ p["U_r"] + p["c_r"])
        z[t] = sigmoid(x[t - 1] @ p["W_z"] + p["b_z"] + h[t - 1] @ p["U_z"] + p["c_z"])
        q[t] = h[t - 1] @ p["U_n"] + p["c_n"]
        n[t] = np.tanh(x[t - 1] @ p["W_n"] + p["b_n"] + r[t] * q[t])
        h[t] = (1 - z[t]) * n[t] + z[t] * h[t - 1]
    loss, d_h = read_out(p, grads, "w_y", "b_y", h[len(x)], y)
    for t in range(len(x), 0, -1):
        delta = d_h * (1 - z[t]) * (1 - n[t] ** 2)
        deltas = {
            "r": (delta * q[t] * r[t] * (1 - r[t]),) * 2,
            "z": (d_h * (h[t - 1] - n[t]) * z[t] * (1 - z[t]),) * 2,
            "n": (delta, delta * r[t]),  # the second one is behind the reset gate
        }
        d_h = d_h * z[t]
        for gate, (before, behind) in deltas.items():
            grads[f"W_{gate}"] += x[t - 1].T @ before
            grads[f"b_{gate}"] += before.sum(axis=0)
            grads[f"U_{gate}"] += h[t - 1].T @ behind
            grads[f"c_{gate}"] += behind.sum(axis=0)
            d_h += behind @ p[f"U_{gate}"].T
    return loss, grads


def gru(p: Arrays, x: Any, y: Any) -> Found:
    grads = start(p)
    z, r, n, h = (states(x, p["U_z"]) for _ in range(4))
    for t in range(1, len(x) + 1):
        z[t] = sigmoid(x[t - 1] @ p["W_z"] + h[t - 1] @ p["U_z"] + p["b_z"])
        r[t] = sigmoid(x[t - 1] @ p["W_r"] + h[t - 1] @ p["U_r"] + p["b_r"])
        n[t] = np.tanh(x[t - 1] @ p["W_n"] + (r[t] * h[t - 1]) @ p["U_n"] + p["b_n"])
        h[t] = (1 - z[t]) * n[t] + z[t] * h[t - 1]
    loss, d_h = read_out(p, grads, "w_y", "b_y", h[len(x)], y)
    for t in range(len(x), 0, -1):
        d_n = d_h * (1 - z[t]) * (1 - n[t] ** 2)
        d_reset = d_n @ p["U_n"].T
        d_z = d_h * (h[t - 1] - n[t]) * z[t] * (1 - z[t])
        d_r = d_reset * h[t - 1] * r[t] * (1 - r[t])
        for gate, delta in (("z", d_z), ("r", d_r), ("n", d_n)):
            grads[f"W_{gate}"] += x[t - 1].T @ delta
            grads[f"b_{gate}"] += delta.sum(axis=0)
        grads["U_z"] += h[t - 1].T @ d_z
        grads["U_r"] += h[t - 1].T @ d_r
        grads["U_n"] += (r[t] * h[t - 1]).T @ d_n
        d_h = d_h * z[t] + d_reset * r[t] + d_z @ p["U_z"].T + d_r @ p["U_r"].T
    return loss, grads


def birnn(p: Arrays, x: Any, y: Any) -> Found:
    grads, steps = start(p), len(x)
    ahead, back = states(x, p["w_hf"]), states(x, p["w_hb"])
    for t in range(1, steps + 1):
        ahead[t] = np.tanh(x[t - 1] @ p["w_if"] + ahead[t - 1] @ p["w_hf"] + p["b_f"])
    for t in range(steps, 0, -1):
        back[t] = np.tanh(x[t - 1] @ p["w_ib"] + back[t + 1] @ p["w_hb"] + p["b_b"])
    d_both, loss = [], 0.0
    for t in range(1, steps + 1):
        both = np.concatenate([ahead[t], back[t]], axis=-1)
        error = both @ p["w_o"] + p["b_o"] - y[t - 1]
        loss += np.mean(error**2) / steps
        delta = 2 * error / y.size
        grads["w_o"] += both.T @ delta
        grads["b_o"] += delta.sum(axis=0)
        d_both.append(np.split(delta @ p["w_o"].T, [ahead.shape[-1]], axis=-1))
    d_o = np.zeros_like(ahead[0])
    for t in range(steps, 0, -1):
        delta = (d_both[t - 1][0] + d_o) * (1 - ahead[t] ** 2)
        grads["w_if"] += x[t - 1].T @ delta
        grads["w_hf"] += ahead[t - 1].T @ delta
        grads["b_f"] += delta.sum(axis=0)
        d_o = delta @ p["w_hf"].T
    d_o = np.zeros_like(back[0])
    for t in range(1, steps + 1):
        delta = (d_both[t - 1][1] + d_o) * (1 - back[t] ** 2)
        grads["w_ib"] += x[t - 1].T @ delta
        grads["w_hb"] += back[t + 1].T @ delta
        grads["b_b"] += delta.sum(axis=0)
        d_o = delta @ p["w_hb"].T
    return loss, grads


BOOK: dict[str, Callable[[Arrays, Any, Any], Found]] = {
    "elman": elman,
    "lstm": lstm,
    "gru_torch": gru_torch,
    "gru": gru,
    "birnn": birnn,
}
