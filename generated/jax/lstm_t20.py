"""lstm: forward pass and gradients, 20 steps.

Made by symrnn generate --name lstm --backend jax --steps 20 --loop

    # Long short-term memory, many to one (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000)
    b_f: init(1)                                          # remember at first
    i[t] = sigmoid(x[t] @ W_i + h[t-1] @ U_i + b_i)       # input gate
    f[t] = sigmoid(x[t] @ W_f + h[t-1] @ U_f + b_f)       # forget gate
    g[t] = tanh(x[t] @ W_g + h[t-1] @ U_g + b_g)          # candidate
    o[t] = sigmoid(x[t] @ W_o + h[t-1] @ U_o + b_o)       # output gate
    c[t] = f[t] * c[t-1] + i[t] * g[t]                    # cell
    h[t] = o[t] * tanh(c[t])
    yhat = sigmoid(h[T] @ w_y + b_y)
    L    = bce(y, yhat)

Its gradient:

    d_a_yhat = (yhat - y) / (size(B) * size(C))
    d_h[t] = d_a_g[t+1] @ transpose(U_g) + d_a_f[t+1] @ transpose(U_f) + d_a_o[t+1] @ transpose(U_o) + d_a_i[t+1] @ transpose(U_i)
    d_h[T] += d_a_yhat @ transpose(w_y)
    d_tanh_c[t] = d_h[t] * o[t]
    d_c[t] = d_tanh_c[t] * (1 - tanh_c[t]**2) + d_c[t+1] * f[t+1]
    d_g[t] = d_c[t] * i[t]
    d_a_g[t] = d_g[t] * (1 - g[t]**2)
    d_i[t] = d_c[t] * g[t]
    d_f[t] = d_c[t] * c[t-1]
    d_a_f[t] = d_f[t] * (f[t] * (1 - f[t]))
    d_o[t] = d_h[t] * tanh_c[t]
    d_a_o[t] = d_o[t] * (o[t] * (1 - o[t]))
    d_a_i[t] = d_i[t] * (i[t] * (1 - i[t]))
    d_W_i = sum(transpose(x[t]) @ d_a_i[t])
    d_U_i = sum(transpose(h[t-1]) @ d_a_i[t])
    d_b_i = sum(batchsum(d_a_i[t]))
    d_W_f = sum(transpose(x[t]) @ d_a_f[t])
    d_U_f = sum(transpose(h[t-1]) @ d_a_f[t])
    d_b_f = sum(batchsum(d_a_f[t]))
    d_W_g = sum(transpose(x[t]) @ d_a_g[t])
    d_U_g = sum(transpose(h[t-1]) @ d_a_g[t])
    d_b_g = sum(batchsum(d_a_g[t]))
    d_W_o = sum(transpose(x[t]) @ d_a_o[t])
    d_U_o = sum(transpose(h[t-1]) @ d_a_o[t])
    d_b_o = sum(batchsum(d_a_o[t]))
    d_w_y = transpose(h[T]) @ d_a_yhat
    d_b_y = batchsum(d_a_yhat)
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

STEPS = 20
DIMS = ("D", "H", "C")
PARAMS = {
    "W_i": ("D", "H"),
    "U_i": ("H", "H"),
    "b_i": ("H",),
    "W_f": ("D", "H"),
    "U_f": ("H", "H"),
    "b_f": ("H",),
    "W_g": ("D", "H"),
    "U_g": ("H", "H"),
    "b_g": ("H",),
    "W_o": ("D", "H"),
    "U_o": ("H", "H"),
    "b_o": ("H",),
    "w_y": ("H", "C"),
    "b_y": ("C",),
}
INPUTS = {"x": ("T", "B", "D"), "y": ("B", "C")}
STATES = {"h0": ("B", "H"), "c0": ("B", "H")}
OUTPUTS = {"yhat": ("B", "C")}
START = {
    "W_i": "glorot",
    "U_i": "glorot",
    "b_i": 0.0,
    "W_f": "glorot",
    "U_f": "glorot",
    "b_f": 1.0,
    "W_g": "glorot",
    "U_g": "glorot",
    "b_g": 0.0,
    "W_o": "glorot",
    "U_o": "glorot",
    "b_o": 0.0,
    "w_y": "glorot",
    "b_y": 0.0,
}
CAUSAL = True
_STEP = {"x": ("B", "D"), "h0": ("B", "H"), "c0": ("B", "H")}
_STEP_NEEDED = ("x",)


def init_params(key=0, dtype=jnp.float32, **dims):
    """Parameters to start from, as a dictionary. `key` is one of jax.random, or a number."""
    for name in dims:
        if name not in DIMS:
            raise TypeError(f"'{name}' is no dimension; there are {', '.join(DIMS) or 'none'}")
    for name in DIMS:
        if name not in dims:
            raise TypeError(f"the dimension {name} is missing; say {name}=…")
    key = jax.random.key(key) if isinstance(key, int) else key
    keys = jax.random.split(key, max(len(START), 1))
    every = PARAMS
    return {
        name: _start(one, START[name], _sizes(every[name], dims)).astype(dtype)
        for name, one in zip(START, keys, strict=False)
    }


def _start(key, how, shape):
    if how == "orthogonal":
        return jax.nn.initializers.orthogonal()(key, shape)
    if how == "glorot":
        return jax.random.uniform(key, shape, minval=-1, maxval=1) * (6 / sum(shape)) ** 0.5
    return jnp.full(shape, how)


def forward(params, **inputs):
    """The outputs, and the states after the last step, under the names of STATES."""
    params, given = _given(params, inputs, ("x",))
    return _forward(params, given)


def loss(params, **inputs):
    """The loss, of which jax.grad has the gradient."""
    params, given = _given(params, inputs, ("x", "y"))
    given["y"] = _no_gradient("y", given["y"])
    return _loss(params, given)


def loss_and_grads(params, **inputs):
    """The loss and its gradients, by name."""
    params, given = _given(params, inputs, ("x", "y"))
    trained = {name: params[name] for name in PARAMS}
    others = {name: given[name] for name in ()}

    def value(trained, others):
        return _loss({**params, **trained}, {**given, **others})

    found, (grads, more) = jax.value_and_grad(value, (0, 1))(trained, others)
    return found, {**grads, **more}


def step(params, **inputs):
    """One step: what runs over time comes without an axis for it."""
    return _step(*_given(params, inputs, ("x",), _STEP))


# outputs and states, and the gradient


@jax.custom_vjp
def _forward(params, given):
    return _forward_ahead(params, given)[0]


def _forward_ahead(params, given):
    W_i, U_i, b_i, W_f, U_f, b_f, W_g, U_g, b_g, W_o, U_o, b_o, w_y, b_y = (
        params[name] for name in PARAMS
    )
    x = given["x"]
    h0 = given["h0"]
    c0 = given["c0"]
    b = jnp.concatenate([b_i, b_o, b_f, b_g], axis=-1)
    W = jnp.concatenate([W_i, W_o, W_f, W_g], axis=-1)
    x_W = x @ W
    U = jnp.concatenate([U_i, U_o, U_f, U_g], axis=-1)

    # t = 1 … 20
    def step_2(before, x_W, _):
        h_before, c_before = before
        # a_i[t] = x[t] @ W_i + h[t-1] @ U_i + b_i
        # a_o[t] = x[t] @ W_o + h[t-1] @ U_o + b_o
        # a_f[t] = x[t] @ W_f + h[t-1] @ U_f + b_f
        # a_g[t] = x[t] @ W_g + h[t-1] @ U_g + b_g
        a = b + x_W + h_before @ U
        # o[t] = sigmoid(a_o[t])
        a_i, a_o, a_f, a_g = jnp.split(a, 4, axis=-1)
        o = sigmoid(a_o)
        # f[t] = sigmoid(a_f[t])
        f = sigmoid(a_f)
        # i[t] = sigmoid(a_i[t])
        i = sigmoid(a_i)
        # g[t] = tanh(a_g[t])
        g = jnp.tanh(a_g)
        # c[t] = f[t] * c[t-1] + i[t] * g[t]
        c = f * c_before + i * g
        # tanh_c[t] = tanh(c[t])
        tanh_c = jnp.tanh(c)
        # h[t] = o[t] * tanh_c[t]
        h = o * tanh_c
        iofg = jnp.concatenate([i, o, f, g], axis=-1)
        return (h, c), iofg, (tanh_c, c_before, h_before)

    (h_20, c_20), iofg, (tanh_c, c_before, h_before) = scan_over(step_2, (h0, c0), x_W)
    # a_yhat = h[T] @ w_y + b_y
    a_yhat = h_20 @ w_y + b_y
    # yhat = sigmoid(a_yhat)
    yhat = sigmoid(a_yhat)
    kept = (params, given, yhat, iofg, tanh_c, c_before, U, W, h_before, h_20)
    return ({"yhat": yhat}, {"h0": h_20, "c0": c_20}), kept


def _forward_back(kept, cotangents):
    params, given, yhat, iofg, tanh_c, c_before, U, W, h_before, h_20 = kept
    outputs, states = cotangents
    w_y = params["w_y"]
    x = given["x"]
    ct_yhat = outputs["yhat"]
    ct_h_T = states["h0"]
    ct_c_T = states["c0"]
    # d_a_yhat = d_yhat * (yhat * (1 - yhat))
    d_a_yhat = ct_yhat * yhat * (1 - yhat)
    # d_h[20] = d_h_T + d_a_yhat @ transpose(w_y)
    d_h_20 = d_a_yhat @ w_y.T + ct_h_T
    U_T = U.T

    # t = 20 … 1
    def step_3(before, iofg, now):
        d_h, m_d_c_3 = before
        tanh_c, c_before = now
        # d_c[t] = d_h[t] * (o[t] * (1 - tanh_c[t]**2)) + d_c[t+1] * f[t+1]
        i, o, f, g = jnp.split(iofg, 4, axis=-1)
        d_c = o * (1 - tanh_c**2) * d_h + m_d_c_3
        # d_a_g[t] = d_c[t] * (i[t] * (1 - g[t]**2))
        d_a_g = i * (1 - g**2) * d_c
        # d_a_f[t] = d_c[t] * (c[t-1] * (f[t] * (1 - f[t])))
        d_a_f = c_before * f * (1 - f) * d_c
        # d_a_o[t] = d_h[t] * (tanh_c[t] * (o[t] * (1 - o[t])))
        d_a_o = tanh_c * o * (1 - o) * d_h
        # d_a_i[t] = d_c[t] * (g[t] * (i[t] * (1 - i[t])))
        d_a_i = g * i * (1 - i) * d_c
        # d_h[t] = d_a_g[t+1] @ transpose(U_g) + d_a_f[t+1] @ transpose(U_f) + d_a_o[t+1] @
        # transpose(U_o) + d_a_i[t+1] @ transpose(U_i)
        d_a = jnp.concatenate([d_a_i, d_a_o, d_a_f, d_a_g], axis=-1)
        d_h_before = d_a @ U_T
        m_d_c_3_before = f * d_c
        return (d_h_before, m_d_c_3_before), d_a, None

    (d_h_0_2, m_d_c_3_0), d_a, _ = scan_over(
        step_3, (d_h_20, ct_c_T), iofg, (tanh_c, c_before), reverse=True
    )
    # d_x[t] = d_a_g[t] @ transpose(W_g) + d_a_f[t] @ transpose(W_f) + d_a_o[t] @
    # transpose(W_o) + d_a_i[t] @ transpose(W_i)
    d_x = d_a @ W.T
    # d_W_i = sum(transpose(x[t]) @ d_a_i[t])
    # d_W_o = sum(transpose(x[t]) @ d_a_o[t])
    # d_W_f = sum(transpose(x[t]) @ d_a_f[t])
    # d_W_g = sum(transpose(x[t]) @ d_a_g[t])
    d_W = rows(x).T @ rows(d_a)
    # d_U_i = sum(transpose(h[t-1]) @ d_a_i[t])
    # d_U_o = sum(transpose(h[t-1]) @ d_a_o[t])
    # d_U_f = sum(transpose(h[t-1]) @ d_a_f[t])
    # d_U_g = sum(transpose(h[t-1]) @ d_a_g[t])
    d_U = rows(h_before).T @ rows(d_a)
    # d_b_i = sum(batchsum(d_a_i[t]))
    # d_b_o = sum(batchsum(d_a_o[t]))
    # d_b_f = sum(batchsum(d_a_f[t]))
    # d_b_g = sum(batchsum(d_a_g[t]))
    d_b = jnp.sum(d_a, axis=(0, 1))
    # d_w_y = transpose(h[T]) @ d_a_yhat
    d_w_y = h_20.T @ d_a_yhat
    # d_b_y = batchsum(d_a_yhat)
    d_b_y = jnp.sum(d_a_yhat, axis=0)
    d_W_i, d_W_o, d_W_f, d_W_g = jnp.split(d_W, 4, axis=-1)
    d_U_i, d_U_o, d_U_f, d_U_g = jnp.split(d_U, 4, axis=-1)
    d_b_i, d_b_o, d_b_f, d_b_g = jnp.split(d_b, 4, axis=-1)
    d_params = {
        "W_i": d_W_i,
        "U_i": d_U_i,
        "b_i": d_b_i,
        "W_f": d_W_f,
        "U_f": d_U_f,
        "b_f": d_b_f,
        "W_g": d_W_g,
        "U_g": d_U_g,
        "b_g": d_b_g,
        "W_o": d_W_o,
        "U_o": d_U_o,
        "b_o": d_b_o,
        "w_y": d_w_y,
        "b_y": d_b_y,
    }
    d_given = {"x": d_x, "h0": d_h_0_2, "c0": m_d_c_3_0}
    return d_params, d_given


_forward.defvjp(_forward_ahead, _forward_back)


# the loss, and the gradient


@jax.custom_vjp
def _loss(params, given):
    return _loss_ahead(params, given)[0]


def _loss_ahead(params, given):
    W_i, U_i, b_i, W_f, U_f, b_f, W_g, U_g, b_g, W_o, U_o, b_o, w_y, b_y = (
        params[name] for name in PARAMS
    )
    x = given["x"]
    y = given["y"]
    h0 = given["h0"]
    c0 = given["c0"]
    B = h0.shape[0]
    C = w_y.shape[1]
    b = jnp.concatenate([b_i, b_o, b_f, b_g], axis=-1)
    W = jnp.concatenate([W_i, W_o, W_f, W_g], axis=-1)
    x_W = x @ W
    U = jnp.concatenate([U_i, U_o, U_f, U_g], axis=-1)

    # t = 1 … 20
    def step_2(before, x_W, _):
        h_before, c_before = before
        # a_i[t] = x[t] @ W_i + h[t-1] @ U_i + b_i
        # a_o[t] = x[t] @ W_o + h[t-1] @ U_o + b_o
        # a_f[t] = x[t] @ W_f + h[t-1] @ U_f + b_f
        # a_g[t] = x[t] @ W_g + h[t-1] @ U_g + b_g
        a = b + x_W + h_before @ U
        # o[t] = sigmoid(a_o[t])
        a_i, a_o, a_f, a_g = jnp.split(a, 4, axis=-1)
        o = sigmoid(a_o)
        # f[t] = sigmoid(a_f[t])
        f = sigmoid(a_f)
        # i[t] = sigmoid(a_i[t])
        i = sigmoid(a_i)
        # g[t] = tanh(a_g[t])
        g = jnp.tanh(a_g)
        # c[t] = f[t] * c[t-1] + i[t] * g[t]
        c = f * c_before + i * g
        # tanh_c[t] = tanh(c[t])
        tanh_c = jnp.tanh(c)
        # h[t] = o[t] * tanh_c[t]
        h = o * tanh_c
        iofg = jnp.concatenate([i, o, f, g], axis=-1)
        return (h, c), iofg, (tanh_c, c_before, h_before)

    (h_20, _), iofg, (tanh_c, c_before, h_before) = scan_over(step_2, (h0, c0), x_W)
    # a_yhat = h[T] @ w_y + b_y
    a_yhat = h_20 @ w_y + b_y
    # yhat = sigmoid(a_yhat)
    yhat = sigmoid(a_yhat)
    # l_yhat = bce_logits(y, a_yhat)
    # L = l_yhat
    L = 1 / (B * C) * jnp.sum(jax.nn.softplus(a_yhat) - y * a_yhat).reshape(1)
    kept = (params, given, yhat, iofg, tanh_c, c_before, U, W, h_before, h_20)
    return L[0], kept


def _loss_back(kept, d_L):
    params, given, yhat, iofg, tanh_c, c_before, U, W, h_before, h_20 = kept
    w_y = params["w_y"]
    x = given["x"]
    y = given["y"]
    B = y.shape[0]
    H = w_y.shape[0]
    C = y.shape[1]
    like = d_L
    # d_l_yhat = d_L / size(B)
    d_l_yhat = jnp.broadcast_to(1 / B * d_L, (B, 1))
    # d_a_yhat = d_l_yhat * ((yhat - y) / size(C))
    d_a_yhat = 1 / C * d_l_yhat * (yhat - y)
    # d_h[20] = d_a_yhat @ transpose(w_y)
    d_h_20 = d_a_yhat @ w_y.T
    m_d_c_3_20 = jnp.full_like(like, 0, shape=(B, H))
    U_T = U.T

    # t = 20 … 1
    def step_3(before, iofg, now):
        d_h, m_d_c_3 = before
        tanh_c, c_before = now
        # d_c[t] = d_h[t] * (o[t] * (1 - tanh_c[t]**2)) + d_c[t+1] * f[t+1]
        i, o, f, g = jnp.split(iofg, 4, axis=-1)
        d_c = o * (1 - tanh_c**2) * d_h + m_d_c_3
        # d_a_g[t] = d_c[t] * (i[t] * (1 - g[t]**2))
        d_a_g = i * (1 - g**2) * d_c
        # d_a_f[t] = d_c[t] * (c[t-1] * (f[t] * (1 - f[t])))
        d_a_f = c_before * f * (1 - f) * d_c
        # d_a_o[t] = d_h[t] * (tanh_c[t] * (o[t] * (1 - o[t])))
        d_a_o = tanh_c * o * (1 - o) * d_h
        # d_a_i[t] = d_c[t] * (g[t] * (i[t] * (1 - i[t])))
        d_a_i = g * i * (1 - i) * d_c
        # d_h[t] = d_a_g[t+1] @ transpose(U_g) + d_a_f[t+1] @ transpose(U_f) + d_a_o[t+1] @
        # transpose(U_o) + d_a_i[t+1] @ transpose(U_i)
        d_a = jnp.concatenate([d_a_i, d_a_o, d_a_f, d_a_g], axis=-1)
        d_h_before = d_a @ U_T
        m_d_c_3_before = f * d_c
        return (d_h_before, m_d_c_3_before), d_a, None

    (d_h_0_2, m_d_c_3_0), d_a, _ = scan_over(
        step_3, (d_h_20, m_d_c_3_20), iofg, (tanh_c, c_before), reverse=True
    )
    # d_x[t] = d_a_g[t] @ transpose(W_g) + d_a_f[t] @ transpose(W_f) + d_a_o[t] @
    # transpose(W_o) + d_a_i[t] @ transpose(W_i)
    d_x = d_a @ W.T
    # d_W_i = sum(transpose(x[t]) @ d_a_i[t])
    # d_W_o = sum(transpose(x[t]) @ d_a_o[t])
    # d_W_f = sum(transpose(x[t]) @ d_a_f[t])
    # d_W_g = sum(transpose(x[t]) @ d_a_g[t])
    d_W = rows(x).T @ rows(d_a)
    # d_U_i = sum(transpose(h[t-1]) @ d_a_i[t])
    # d_U_o = sum(transpose(h[t-1]) @ d_a_o[t])
    # d_U_f = sum(transpose(h[t-1]) @ d_a_f[t])
    # d_U_g = sum(transpose(h[t-1]) @ d_a_g[t])
    d_U = rows(h_before).T @ rows(d_a)
    # d_b_i = sum(batchsum(d_a_i[t]))
    # d_b_o = sum(batchsum(d_a_o[t]))
    # d_b_f = sum(batchsum(d_a_f[t]))
    # d_b_g = sum(batchsum(d_a_g[t]))
    d_b = jnp.sum(d_a, axis=(0, 1))
    # d_w_y = transpose(h[T]) @ d_a_yhat
    d_w_y = h_20.T @ d_a_yhat
    # d_b_y = batchsum(d_a_yhat)
    d_b_y = jnp.sum(d_a_yhat, axis=0)
    d_W_i, d_W_o, d_W_f, d_W_g = jnp.split(d_W, 4, axis=-1)
    d_U_i, d_U_o, d_U_f, d_U_g = jnp.split(d_U, 4, axis=-1)
    d_b_i, d_b_o, d_b_f, d_b_g = jnp.split(d_b, 4, axis=-1)
    d_params = {
        "W_i": d_W_i,
        "U_i": d_U_i,
        "b_i": d_b_i,
        "W_f": d_W_f,
        "U_f": d_U_f,
        "b_f": d_b_f,
        "W_g": d_W_g,
        "U_g": d_U_g,
        "b_g": d_b_g,
        "W_o": d_W_o,
        "U_o": d_U_o,
        "b_o": d_b_o,
        "w_y": d_w_y,
        "b_y": d_b_y,
    }
    d_given = {"x": d_x, "y": None, "h0": d_h_0_2, "c0": m_d_c_3_0}
    return d_params, d_given


_loss.defvjp(_loss_ahead, _loss_back)


# one step


def _step(params, given):
    W_i, U_i, b_i, W_f, U_f, b_f, W_g, U_g, b_g, W_o, U_o, b_o, w_y, b_y = (
        params[name] for name in PARAMS
    )
    x = given["x"]
    h0 = given["h0"]
    c0 = given["c0"]
    # a_i[1] = x[1] @ W_i + h[0] @ U_i + b_i
    # a_o[1] = x[1] @ W_o + h[0] @ U_o + b_o
    # a_f[1] = x[1] @ W_f + h[0] @ U_f + b_f
    # a_g[1] = x[1] @ W_g + h[0] @ U_g + b_g
    b = jnp.concatenate([b_i, b_o, b_f, b_g], axis=-1)
    W = jnp.concatenate([W_i, W_o, W_f, W_g], axis=-1)
    U = jnp.concatenate([U_i, U_o, U_f, U_g], axis=-1)
    a_1 = b + x @ W + h0 @ U
    # o[1] = sigmoid(a_o[1])
    a_i_1, a_o_1, a_f_1, a_g_1 = jnp.split(a_1, 4, axis=-1)
    o_1 = sigmoid(a_o_1)
    # f[1] = sigmoid(a_f[1])
    f_1 = sigmoid(a_f_1)
    # i[1] = sigmoid(a_i[1])
    i_1 = sigmoid(a_i_1)
    # g[1] = tanh(a_g[1])
    g_1 = jnp.tanh(a_g_1)
    # c[1] = f[1] * c[0] + i[1] * g[1]
    c_1 = f_1 * c0 + i_1 * g_1
    # tanh_c[1] = tanh(c[1])
    tanh_c_1 = jnp.tanh(c_1)
    # h[1] = o[1] * tanh_c[1]
    h_1 = o_1 * tanh_c_1
    # a_yhat = h[T] @ w_y + b_y
    a_yhat = h_1 @ w_y + b_y
    # yhat = sigmoid(a_yhat)
    yhat = sigmoid(a_yhat)
    return {"yhat": yhat}, {"h0": h_1, "c0": c_1}


def scan_over(step, carry, stack, others=None, reverse=False):
    """lax.scan where what a step gives second takes the place of what it was given second."""
    steps = jax.tree.leaves(stack)[0].shape[0]

    def at(stack, t):
        return jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, t, keepdims=False), stack)

    def body(before, now):
        carry, stack, here = before
        t, others = now
        carry, over, given = step(carry, here, others)
        stack = jax.tree.map(lambda a, b: lax.dynamic_update_index_in_dim(a, b, t, 0), stack, over)
        return (carry, stack, at(stack, t - 1 if reverse else t + 1)), given

    before = carry, stack, at(stack, steps - 1 if reverse else 0)
    (carry, stack, _), given = lax.scan(body, before, (jnp.arange(steps), others), reverse=reverse)
    return carry, stack, given


def sigmoid(z):
    """1 / (1 + exp(-z)), without overflow."""
    return 0.5 * jnp.tanh(0.5 * z) + 0.5


def rows(a):
    """The steps of all sequences as the rows of one matrix."""
    return a.reshape(-1, a.shape[-1])


# what is checked, when a function is traced, and said where it does not fit


_EVERY = {**INPUTS, **STATES}


def _sizes(axes, sizes):
    """Axes such as ("T", "B", "H_f+H_b", 3) as numbers."""
    return tuple(
        sum(int(part) if part.isdigit() else sizes[part] for part in str(axis).split("+"))
        for axis in axes
    )


def _given(params, inputs, needed, every=_EVERY):
    """Parameters and inputs in one dtype, that of the parameters, and with the axes that they have
    to have; a state that is not given is zero."""
    wanted = PARAMS
    for name in params:
        if name not in wanted:
            raise TypeError(f"'{name}' is no parameter; there are {', '.join(wanted) or 'none'}")
    for name in inputs:
        if name not in every:
            raise TypeError(f"'{name}' is no input; there are {', '.join(every) or 'none'}")
    for name, axes in [*wanted.items(), *((name, every[name]) for name in needed)]:
        if name not in params and inputs.get(name) is None:
            raise TypeError(f"{name} is missing; it has the axes ({', '.join(map(str, axes))})")
    params = {name: jnp.asarray(params[name]) for name in wanted}
    given = {name: jnp.asarray(a) for name, a in inputs.items() if a is not None}
    real = {**params, **given}
    for name, array in real.items():
        if jnp.issubdtype(array.dtype, jnp.complexfloating):
            raise TypeError(f"{name} is complex; expected real numbers")
    dtype = jnp.result_type(*(params or real).values())
    dtype = dtype if jnp.issubdtype(dtype, jnp.floating) else jnp.result_type(float)
    sizes = {"T": STEPS}
    for name, array in {**params, **given}.items():
        axes = {**wanted, **every}[name]
        if array.ndim != len(axes):
            _complain(name, array, axes, sizes)
        for axis, size in zip(axes, array.shape, strict=True):
            if axis == "B" or axis in DIMS:
                sizes.setdefault(axis, size)
    for name, array in {**params, **given}.items():
        axes = {**wanted, **every}[name]
        if array.shape != _sizes(axes, sizes):
            _complain(name, array, axes, sizes)
    params = {name: array.astype(dtype) for name, array in params.items()}
    for name, array in given.items():
        given[name] = array.astype(dtype)
    for name in STATES:
        if name in every and name not in given:
            given[name] = jnp.zeros(_sizes(STATES[name], sizes), dtype)
    axes = frozenset().union(*map(_axes_of, [*params.values(), *given.values()]))
    return tuple({n: _spread(a, axes) for n, a in arrays.items()} for arrays in (params, given))


def _axes_of(array):
    """Inside of jax.shard_map, the axes along which an array is another on each device."""
    kind = getattr(jax.typeof(array), "manual_axis_type", None)
    return getattr(kind, "varying", frozenset())


def _spread(array, axes):
    """An array that may differ along these axes too; its gradient is then summed up over them."""
    more = tuple(sorted(axes - _axes_of(array)))
    return lax.pcast(array, more, to="varying") if more else array


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _no_gradient(name, value):
    return value


def _refuse(name, _, cotangent):
    raise TypeError(f"there is no gradient by the target {name}; jax.lax.stop_gradient({name})")


_no_gradient.defvjp(lambda name, value: (value, None), _refuse)


def _complain(name, array, axes, sizes):
    sized = ", ".join(f"{axis}={sizes[axis]}" if axis in sizes else f"{axis}" for axis in axes)
    raise ValueError(f"{name} has shape {array.shape}; expected ({sized})")
