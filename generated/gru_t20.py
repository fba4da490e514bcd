"""gru: forward pass and gradients, 20 steps.

Made by symrnn generate --name gru --steps 20 --loop

    # Gated recurrent unit, many to one: the reset gate acts before the product (Cho et al. 2014)
    z[t] = sigmoid(x[t] @ W_z + h[t-1] @ U_z + b_z)             # update gate: how much stays
    r[t] = sigmoid(x[t] @ W_r + h[t-1] @ U_r + b_r)             # reset gate
    n[t] = tanh(x[t] @ W_n + (r[t] * h[t-1]) @ U_n + b_n)       # candidate
    h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]
    yhat = sigmoid(h[T] @ w_y + b_y)
    L    = bce(y, yhat)

Its gradient:

    d_a_yhat = (yhat - y) / (size(B) * size(C))
    d_h[t] = d_h[t+1] * z[t+1] + d_u_n[t+1] * r[t+1] + d_a_r[t+1] @ transpose(U_r) + d_a_z[t+1] @ transpose(U_z)
    d_h[T] += d_a_yhat @ transpose(w_y)
    d_n[t] = d_h[t] * (1 - z[t])
    d_a_n[t] = d_n[t] * (1 - n[t]**2)
    d_u_n[t] = d_a_n[t] @ transpose(U_n)
    d_r[t] = d_u_n[t] * h[t-1]
    d_a_r[t] = d_r[t] * (r[t] * (1 - r[t]))
    d_z[t] = d_h[t] * (h[t-1] - n[t])
    d_a_z[t] = d_z[t] * (z[t] * (1 - z[t]))
    d_W_z = sum(transpose(x[t]) @ d_a_z[t])
    d_U_z = sum(transpose(h[t-1]) @ d_a_z[t])
    d_b_z = sum(batchsum(d_a_z[t]))
    d_W_r = sum(transpose(x[t]) @ d_a_r[t])
    d_U_r = sum(transpose(h[t-1]) @ d_a_r[t])
    d_b_r = sum(batchsum(d_a_r[t]))
    d_W_n = sum(transpose(x[t]) @ d_a_n[t])
    d_U_n = sum(transpose(u_n[t]) @ d_a_n[t])
    d_b_n = sum(batchsum(d_a_n[t]))
    d_w_y = transpose(h[T]) @ d_a_yhat
    d_b_y = batchsum(d_a_yhat)
"""

from math import prod

import numpy as np
from numpy import add, copyto, dot, matmul, multiply, square, subtract, tanh

STEPS = 20
DIMS = ("D", "H", "C")
PARAMS = {
    "W_z": ("D", "H"),
    "U_z": ("H", "H"),
    "b_z": ("H",),
    "W_r": ("D", "H"),
    "U_r": ("H", "H"),
    "b_r": ("H",),
    "W_n": ("D", "H"),
    "U_n": ("H", "H"),
    "b_n": ("H",),
    "w_y": ("H", "C"),
    "b_y": ("C",),
}
INPUTS = {"x": ("T", "B", "D"), "y": ("B", "C")}
STATES = {"h0": ("B", "H")}
OUTPUTS = {"yhat": ("B", "C")}
START = {
    "W_z": "glorot",
    "U_z": "glorot",
    "b_z": 0.0,
    "W_r": "glorot",
    "U_r": "glorot",
    "b_r": 0.0,
    "W_n": "glorot",
    "U_n": "glorot",
    "b_n": 0.0,
    "w_y": "glorot",
    "b_y": 0.0,
}
ANALYTIC = True
TARGETS = ("y",)
ONEHOT = ()
BETWEEN_0_AND_1 = ("y",)
_EVERY = {"x": ("T", "B", "D"), "y": ("B", "C"), "h0": ("B", "H")}
_NEEDED = {"forward": ("x",), "loss": ("x", "y")}
_OPTIONAL = ("h0",)
CAUSAL = True
_STEP = {"x": ("B", "D"), "h0": ("B", "H")}
_STEP_NEEDED = ("x",)


def _lay_out(theta, D, H, C):
    """The parameters as they lie in one vector, and each of them by its name."""
    piece = _pieces(theta)
    W = piece(D, 3 * H)
    U = piece(H, 2 * H)
    b = piece(2 * H)
    U_n = piece(H, H)
    b_n = piece(H)
    w_y = piece(H, C)
    b_y = piece(C)
    return (W, U, b, U_n, b_n, w_y, b_y), {
        "W_z": W[:, H : 2 * H],
        "U_z": U[:, H : 2 * H],
        "b_z": b[H : 2 * H],
        "W_r": W[:, 0:H],
        "U_r": U[:, 0:H],
        "b_r": b[0:H],
        "W_n": W[:, 2 * H : 3 * H],
        "U_n": U_n,
        "b_n": b_n,
        "w_y": w_y,
        "b_y": b_y,
    }


class _Plan:
    """What a kernel needs for one number of sequences: arrays, views, and the work on them."""


def _plan(B, dtype, theta, dtheta, D, H, C):
    """The arrays for B sequences, and the passes over them."""
    (W, U, b, U_n, b_n, w_y, b_y), _ = _lay_out(theta, D, H, C)
    (d_W, d_U, d_b, d_U_n, d_b_n, d_w_y, d_b_y), _ = _lay_out(dtheta, D, H, C)
    h = np.empty((21, B, H), dtype)
    rz = np.empty((20, 2, B, H), dtype)
    n = np.empty((20, B, H), dtype)
    yhat = np.empty((B, C), dtype)
    L = np.empty((1,), dtype)
    u_n = np.empty((20, B, H), dtype)
    d_h = np.empty((20, B, H), dtype)
    x_W = np.empty((20, B, 3 * H), dtype)
    h_U = np.empty((B, 2 * H), dtype)
    s_a = np.empty((20, B, 2 * H), dtype)
    u_n_U_n = np.empty((B, H), dtype)
    s_a_n = np.empty((20, B, H), dtype)
    s_h = np.empty((B, H), dtype)
    m_h_2 = np.empty((B, H), dtype)
    h_w_y = np.empty((B, C), dtype)
    sum_l_yhat = np.empty((1,), dtype)
    s_d_a = np.empty((20, 2, B, H), dtype)
    m_d_a = np.empty((20, 2, B, H), dtype)
    m_d_a_r = np.empty((20, B, H), dtype)
    multiply_all = np.empty((2, B, H), dtype)
    multiply_yhat = np.empty((B, C), dtype)
    # in the place of what is needed no more
    a = h_U
    a_n = u_n_U_n
    a_yhat = h_w_y
    d_a_yhat = h_w_y
    d_a = x_W
    d_u_n = s_a_n
    m_h = s_h
    softplus_l_yhat = multiply_yhat
    m_l_yhat = h_w_y
    s_l_yhat = h_w_y
    s_d_a_yhat = h_w_y
    d_a_r_U_r = s_h
    m_d_h = m_h_2
    m_d_h_2 = u_n_U_n
    s_d_h = s_h
    sq_d_a_n = s_a_n
    s_d_a_n_2 = s_a_n
    m_d_a_r_2 = m_d_a_r
    s_d_a_z = n
    m_d_a_z = n
    tanh_all = multiply_all
    multiply_all_2 = multiply_all
    tanh_yhat = multiply_yhat
    multiply_yhat_2 = multiply_yhat
    r, z = rz.swapaxes(0, 1)
    s_d_a_r, s_d_a_n = s_d_a.swapaxes(0, 1)
    m_d_a_z_2, m_d_a_n = m_d_a.swapaxes(0, 1)
    multiply_r, multiply_z = multiply_all
    tanh_r, tanh_z = tanh_all
    multiply_r_2, multiply_z_2 = multiply_all_2
    half = np.array(0.5, dtype)
    one = np.array(1, dtype)
    k1 = np.array(1 / (B * C), dtype)
    each_entry = np.ones(B * C, dtype)
    each_row = np.ones(20 * B, dtype)
    each = np.ones(B, dtype)

    # views
    x_W_rows = x_W.reshape(20 * B, 3 * H)
    x_W_2 = x_W[:, :, 0 : 2 * H]
    x_W_n_2 = x_W[:, :, 2 * H : 3 * H]
    a_2 = a.reshape(B, 2, H).swapaxes(-2, -3)
    s_l_yhat_row = s_l_yhat.reshape(B * C)
    sum_l_yhat_number = sum_l_yhat.reshape(())
    h_0_to_19 = h[0:20]
    d_a_rows = d_a.reshape(20 * B, 3 * H)
    h_0_to_19_rows = h[0:20].reshape(20 * B, H)
    d_a_rows_2 = d_a.reshape(20 * B, 3 * H)[:, 0 : 2 * H]
    u_n_rows = u_n.reshape(20 * B, H)
    d_a_n_rows = d_a.reshape(20 * B, 3 * H)[:, 2 * H : 3 * H]
    h_0 = h[0]
    h_20 = h[20]
    d_h_20 = d_h[19]
    m_d_a_20 = m_d_a[19]
    d_a_steps = d_a.reshape(20, B, 3, H)[:, :, 1:3].swapaxes(-2, -3)
    d_a_20 = d_a_steps[19]
    d_a_n_20 = d_a[:, :, 2 * H : 3 * H][19]
    d_u_n_20 = d_u_n[19]
    m_d_a_r_2_20 = m_d_a_r_2[19]
    d_a_r_20 = d_a[:, :, 0:H][19]
    U_n_T = U_n.T if B == 1 else U_n.T.copy()
    U_T = U.T if B == 1 else U.T.copy()

    forward_steps = tuple(
        zip(
            h[0:20],
            s_a,
            rz,
            r,
            u_n,
            z,
            s_a_n,
            n,
            h[1:21],
            strict=True,
        )
    )

    backward_steps = tuple(
        zip(
            d_a[:, :, 0 : 2 * H][1:20][::-1],
            z[1:20][::-1],
            d_h[1:20][::-1],
            r[1:20][::-1],
            d_u_n[1:20][::-1],
            d_h[0:19][::-1],
            m_d_a[0:19][::-1],
            d_a.reshape(20, B, 3, H)[:, :, 1:3].swapaxes(-2, -3)[0:19][::-1],
            d_a[:, :, 2 * H : 3 * H][0:19][::-1],
            d_u_n[0:19][::-1],
            m_d_a_r_2[0:19][::-1],
            d_a[:, :, 0:H][0:19][::-1],
            strict=True,
        )
    )
    softplus = _softplus(dtype)

    def forward(x, h0):
        x_rows = x.reshape(20 * B, D)
        # h[0] = h0
        copyto(h_0, h0)
        # for a_r, a_z, a_n
        dot(x_rows, W, x_W_rows)
        add(b, x_W_2, s_a)
        # for a_n
        add(b_n, x_W_n_2, s_a_n)
        # t = 1 … 20
        for h_prev, s_a_t, rz_t, r_t, u_n_t, z_t, s_a_n_t, n_t, h_t in forward_steps:
            # a_r[t] = x[t] @ W_r + h[t-1] @ U_r + b_r
            # a_z[t] = x[t] @ W_z + h[t-1] @ U_z + b_z
            dot(h_prev, U, h_U)
            add(s_a_t, h_U, a)
            # r[t] = sigmoid(a_r[t])
            # z[t] = sigmoid(a_z[t])
            multiply(half, a_2, multiply_all)
            tanh(multiply_all, tanh_all)
            multiply(half, tanh_all, multiply_all_2)
            add(multiply_all_2, half, rz_t)
            # u_n[t] = r[t] * h[t-1]
            multiply(r_t, h_prev, u_n_t)
            # h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]
            subtract(one, z_t, s_h)
            multiply(z_t, h_prev, m_h_2)
            # a_n[t] = x[t] @ W_n + u_n[t] @ U_n + b_n
            dot(u_n_t, U_n, u_n_U_n)
            add(s_a_n_t, u_n_U_n, a_n)
            # n[t] = tanh(a_n[t])
            tanh(a_n, n_t)
            multiply(s_h, n_t, m_h)
            add(m_h, m_h_2, h_t)
        # a_yhat = h[T] @ w_y + b_y
        dot(h_20, w_y, h_w_y)
        add(h_w_y, b_y, a_yhat)
        # yhat = sigmoid(a_yhat)
        multiply(half, a_yhat, multiply_yhat)
        tanh(multiply_yhat, tanh_yhat)
        multiply(half, tanh_yhat, multiply_yhat_2)
        add(multiply_yhat_2, half, yhat)

    def loss(y):
        # l_yhat = bce_logits(y, a_yhat)
        # L = l_yhat
        softplus(a_yhat, softplus_l_yhat)
        multiply(y, a_yhat, m_l_yhat)
        subtract(softplus_l_yhat, m_l_yhat, s_l_yhat)
        dot(s_l_yhat_row, each_entry, sum_l_yhat_number)
        multiply(k1, sum_l_yhat, L)

    def backward(x, y):
        if B > 1:
            copyto(U_n_T, U_n.T)
        if B > 1:
            copyto(U_T, U.T)
        x_rows = x.reshape(20 * B, D)
        # for d_a_yhat
        subtract(yhat, y, s_d_a_yhat)
        # for d_a_n, d_a_r
        square(n, sq_d_a_n)
        subtract(one, rz, s_d_a)
        multiply(h_0_to_19, r, m_d_a_r)
        # for d_a_z
        subtract(h_0_to_19, n, s_d_a_z)
        # d_a_yhat = (yhat - y) / (size(B) * size(C))
        multiply(k1, s_d_a_yhat, d_a_yhat)
        # for d_a_n
        subtract(one, sq_d_a_n, s_d_a_n_2)
        # for d_a_r
        multiply(m_d_a_r, s_d_a_r, m_d_a_r_2)
        # for d_a_z
        multiply(s_d_a_z, z, m_d_a_z)
        # d_h[20] = d_a_yhat @ transpose(w_y)
        dot(d_a_yhat, w_y.T, d_h_20)
        # for d_a_n
        multiply(s_d_a_n, s_d_a_n_2, m_d_a_n)
        # d_a_z[20] = d_h[20] * ((h[19] - n[20]) * (z[20] * (1 - z[20])))
        # d_a_n[20] = d_h[20] * ((1 - z[20]) * (1 - n[20]**2))
        multiply(m_d_a_z, s_d_a_n, m_d_a_z_2)
        multiply(m_d_a_20, d_h_20, d_a_20)
        # d_u_n[20] = d_a_n[20] @ transpose(U_n)
        matmul(d_a_n_20, U_n_T, d_u_n_20)
        # d_a_r[20] = d_u_n[20] * (h[19] * (r[20] * (1 - r[20])))
        multiply(m_d_a_r_2_20, d_u_n_20, d_a_r_20)
        # t = 19 … 1
        for (
            d_a_next,
            z_next,
            d_h_next,
            r_next,
            d_u_n_next,
            d_h_t,
            m_d_a_t,
            d_a_t,
            d_a_n_t,
            d_u_n_t,
            m_d_a_r_2_t,
            d_a_r_t,
        ) in backward_steps:
            # d_h[t] = d_h[t+1] * z[t+1] + d_u_n[t+1] * r[t+1] + d_a_r[t+1] @ transpose(U_r) +
            # d_a_z[t+1] @ transpose(U_z)
            matmul(d_a_next, U_T, d_a_r_U_r)
            multiply(z_next, d_h_next, m_d_h)
            multiply(r_next, d_u_n_next, m_d_h_2)
            add(d_a_r_U_r, m_d_h, s_d_h)
            add(s_d_h, m_d_h_2, d_h_t)
            # d_a_z[t] = d_h[t] * ((h[t-1] - n[t]) * (z[t] * (1 - z[t])))
            # d_a_n[t] = d_h[t] * ((1 - z[t]) * (1 - n[t]**2))
            multiply(m_d_a_t, d_h_t, d_a_t)
            # d_u_n[t] = d_a_n[t] @ transpose(U_n)
            matmul(d_a_n_t, U_n_T, d_u_n_t)
            # d_a_r[t] = d_u_n[t] * (h[t-1] * (r[t] * (1 - r[t])))
            multiply(m_d_a_r_2_t, d_u_n_t, d_a_r_t)
        # d_W_r = sum(transpose(x[t]) @ d_a_r[t])
        # d_W_z = sum(transpose(x[t]) @ d_a_z[t])
        # d_W_n = sum(transpose(x[t]) @ d_a_n[t])
        dot(x_rows.T, d_a_rows, d_W)
        # d_U_r = sum(transpose(h[t-1]) @ d_a_r[t])
        # d_U_z = sum(transpose(h[t-1]) @ d_a_z[t])
        matmul(h_0_to_19_rows.T, d_a_rows_2, d_U)
        # d_b_r = sum(batchsum(d_a_r[t]))
        # d_b_z = sum(batchsum(d_a_z[t]))
        matmul(each_row, d_a_rows_2, d_b)
        # d_U_n = sum(transpose(u_n[t]) @ d_a_n[t])
        matmul(u_n_rows.T, d_a_n_rows, d_U_n)
        # d_b_n = sum(batchsum(d_a_n[t]))
        matmul(each_row, d_a_n_rows, d_b_n)
        # d_w_y = transpose(h[T]) @ d_a_yhat
        dot(h_20.T, d_a_yhat, d_w_y)
        # d_b_y = batchsum(d_a_yhat)
        dot(each, d_a_yhat, d_b_y)

    plan = _Plan()
    plan.forward = forward
    plan.loss = loss
    plan.backward = backward
    plan.outputs = {"yhat": yhat}
    plan.states = {"h0": h[20]}
    plan.value = L
    plan.grads = {}
    return plan


def _step_plan(B, dtype, theta, D, H, C):
    """The arrays for one step of B sequences, and the work on them."""
    (W, U, b, U_n, b_n, w_y, b_y), _ = _lay_out(theta, D, H, C)
    h = np.empty((2, B, H), dtype)
    yhat = np.empty((B, C), dtype)
    u_n_m_h_2 = np.empty((2, B, H), dtype)
    x_W = np.empty((B, 3 * H), dtype)
    h_U = np.empty((B, 2 * H), dtype)
    s_a = np.empty((B, 3 * H), dtype)
    u_n_U_n = np.empty((B, H), dtype)
    s_h = np.empty((B, H), dtype)
    h_w_y = np.empty((B, C), dtype)
    multiply_all = np.empty((2, B, H), dtype)
    # in the place of what is needed no more
    rz = multiply_all
    n = u_n_U_n
    a = h_U
    a_n = u_n_U_n
    a_yhat = h_w_y
    m_h = s_h
    tanh_all = multiply_all
    multiply_all_2 = multiply_all
    multiply_yhat = h_w_y
    tanh_yhat = h_w_y
    multiply_yhat_2 = h_w_y
    r, z = rz
    u_n, m_h_2 = u_n_m_h_2
    multiply_r, multiply_z = multiply_all
    tanh_r, tanh_z = tanh_all
    multiply_r_2, multiply_z_2 = multiply_all_2
    half = np.array(0.5, dtype)
    one = np.array(1, dtype)

    # views
    x_W_2 = x_W[:, 0 : 2 * H]
    s_a_2 = s_a[:, 0 : 2 * H]
    x_W_n_2 = x_W[:, 2 * H : 3 * H]
    s_a_n_2 = s_a[:, 2 * H : 3 * H]
    a_2 = a.reshape(B, 2, H).swapaxes(-2, -3)
    h_0, h_1 = h

    def step(x, h0):
        # h[0] = h0
        copyto(h_0, h0)
        # for a_r, a_z, a_n
        dot(x, W, x_W)
        dot(h_0, U, h_U)
        add(b, x_W_2, s_a_2)
        # for a_n
        add(b_n, x_W_n_2, s_a_n_2)
        # a_r[1] = x[1] @ W_r + h[0] @ U_r + b_r
        # a_z[1] = x[1] @ W_z + h[0] @ U_z + b_z
        add(s_a_2, h_U, a)
        # r[1] = sigmoid(a_r[1])
        # z[1] = sigmoid(a_z[1])
        multiply(half, a_2, multiply_all)
        tanh(multiply_all, tanh_all)
        multiply(half, tanh_all, multiply_all_2)
        add(multiply_all_2, half, rz)
        # u_n[1] = r[1] * h[0]
        multiply(rz, h_0, u_n_m_h_2)
        # for h
        subtract(one, z, s_h)
        # a_n[1] = x[1] @ W_n + u_n[1] @ U_n + b_n
        dot(u_n, U_n, u_n_U_n)
        add(s_a_n_2, u_n_U_n, a_n)
        # n[1] = tanh(a_n[1])
        tanh(a_n, n)
        # h[1] = (1 - z[1]) * n[1] + z[1] * h[0]
        multiply(s_h, n, m_h)
        add(m_h, m_h_2, h_1)
        # a_yhat = h[T] @ w_y + b_y
        dot(h_1, w_y, h_w_y)
        add(h_w_y, b_y, a_yhat)
        # yhat = sigmoid(a_yhat)
        multiply(half, a_yhat, multiply_yhat)
        tanh(multiply_yhat, tanh_yhat)
        multiply(half, tanh_yhat, multiply_yhat_2)
        add(multiply_yhat_2, half, yhat)

    plan = _Plan()
    plan.step = step
    plan.outputs = {"yhat": yhat}
    plan.states = {"h0": h[1]}
    plan.grads = {}
    return plan


class Kernel:
    """Arrays for at most `batch` sequences: after the first call, none of them is made again.

    `params` and `grads` are views into the vectors `theta` and `dtheta`. What a call gives back is
    valid until the next call.
    A kernel serves one call at a time. A copy, or what comes out of a pickle, is a kernel of its
    own with the same parameters.
    """

    def __init__(self, batch, *, dtype=np.float64, theta=None, dtheta=None, **dims):
        self.batch = _whole("batch", batch)
        self.dtype = _dtype(dtype)
        self.dims = _dims(dims)
        size = sum(prod(_sizes(axes, self.dims)) for axes in PARAMS.values())
        self.theta = _vector("theta", theta, size, self.dtype)
        self.dtheta = _vector("dtheta", dtheta, size, self.dtype)
        if np.shares_memory(self.theta, self.dtheta):
            raise ValueError("theta and dtheta overlap; expected two vectors")
        self._alone = _Alone()
        self.params = _lay_out(self.theta, *self.dims.values())[1]
        self.grads = _lay_out(self.dtheta, *self.dims.values())[1]
        self._plans = {}

    def __reduce__(self):
        return _kernel_like, (self.batch, self.dtype, self.theta, self.dims)

    def __copy__(self):
        return _kernel_like(self.batch, self.dtype, self.theta.copy(), self.dims)

    def _ready(self, inputs, wanted, every=_EVERY, make=None):
        """The plan for as many sequences as came, and every input as an array that fits it."""
        make = make or _plan
        batch = _batch(inputs, self.batch, self.dims, every)
        plan = self._plans.get((make, batch))
        if plan is None:
            vectors = (self.theta, self.dtheta) if make is _plan else (self.theta,)
            plan = make(batch, self.dtype, *vectors, *self.dims.values())
            if make is _plan:
                plan.grads = {**self.grads, **plan.grads}
            plan.shapes = {
                name: _sizes(axes, {"T": STEPS, "B": batch, **self.dims})
                for name, axes in every.items()
            }
            plan.zeros = {
                name: np.zeros(shape, self.dtype)
                for name, shape in plan.shapes.items()
                if name in _OPTIONAL
            }
            plan.written = _owners(plan.outputs, plan.states, plan.grads)
            self._plans[make, batch] = plan
        if not inputs.keys() <= plan.shapes.keys():
            _complain_of_names(inputs, plan.shapes)
        found = []
        for name, shape in plan.shapes.items():
            value = inputs.get(name)
            if value is None:
                value = plan.zeros.get(name)
                if value is None and name in wanted:
                    raise TypeError(f"{name} is missing; expected an array of shape {shape}")
            elif (
                value.__class__ is not np.ndarray
                or value.dtype != self.dtype
                or value.shape != shape
                or not value.flags.c_contiguous
            ):
                value = _array(name, value, shape, self.dtype)
            base = None if value is None else value.base
            if id(value if base is None else base) in plan.written:
                _complain_of_overlap(name, value, plan)
            found.append(value)
        return plan, found

    def forward(self, **inputs):
        """The outputs, and the states after the last step, under the names of STATES."""
        with self._alone:
            plan, (x, y, h0) = self._ready(inputs, _NEEDED["forward"])
            with np.errstate(all="ignore"):
                plan.forward(x, h0)
            self.outputs, self.states = plan.outputs, plan.states
            return self.outputs, self.states

    def loss(self, **inputs):
        """The loss alone."""
        with self._alone:
            plan, (x, y, h0) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, h0)
                plan.loss(y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs)

    def loss_and_grads(self, **inputs):
        """The loss and its gradients, by name."""
        with self._alone:
            plan, (x, y, h0) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, h0)
                plan.loss(y)
                plan.backward(x, y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs), plan.grads

    def step(self, **inputs):
        """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
        with self._alone:
            plan, (x, h0) = self._ready(inputs, _STEP_NEEDED, _STEP, _step_plan)
            with np.errstate(all="ignore"):
                plan.step(x, h0)
            self.outputs, self.states = plan.outputs, plan.states
            return plan.outputs, plan.states


class _Alone:
    """A call by itself: while one is under way, another would write to the same arrays."""

    def __init__(self):
        self.free = [True]  # taken out and put back: each is one step, also among threads

    def __enter__(self):
        try:
            self.free.pop()
        except IndexError:
            raise RuntimeError(
                "this kernel is at work in another call, and serves one at a time; give each"
                " thread a kernel of its own, such as copy.copy(kernel)"
            ) from None

    def __exit__(self, *_):
        self.free.append(True)


def _kernel_like(batch, dtype, theta, dims):
    """What a copy of a kernel is, and what comes out of a pickle."""
    return Kernel(batch, dtype=dtype, theta=theta, **dims)


# the same as plain functions, which give back arrays of their own


def init_params(seed=0, dtype=np.float64, **dims):
    """Parameters to start from."""
    rng, sizes, dtype = np.random.default_rng(seed), _dims(dims), _dtype(dtype)
    return {
        name: np.asarray(_start(rng, START[name], _sizes(axes, sizes)), dtype)
        for name, axes in PARAMS.items()
    }


def _start(rng, how, shape):
    if how == "orthogonal":
        q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
        q *= np.where(np.diagonal(r) < 0, -1, 1)
        return q if shape[0] >= shape[1] else q.T
    if how == "glorot":
        return rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape))
    return np.full(shape, how)


def forward(params, **inputs):
    """The outputs, and the states after the last step, under the names of STATES."""
    outputs, states = _kernel(params, inputs).forward(**inputs)
    return _copies(outputs), _copies(states)


def loss(params, **inputs):
    """The loss alone."""
    return _kernel(params, inputs).loss(**inputs)


def loss_and_grads(params, **inputs):
    """The loss and its gradients, by name."""
    value, grads = _kernel(params, inputs).loss_and_grads(**inputs)
    return value, _copies(grads)


def step(params, **inputs):
    """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
    outputs, states = _kernel(params, inputs, _STEP).step(**inputs)
    return _copies(outputs), _copies(states)


def _copies(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def _kernel(params, inputs, every=_EVERY):
    """A kernel for these parameters and as many sequences as came."""
    for name in params:
        if name not in PARAMS:
            raise TypeError(f"'{name}' is no parameter; there are {', '.join(PARAMS) or 'none'}")
    dims, arrays = {}, {}
    for name, axes in PARAMS.items():
        if name not in params:
            raise TypeError(f"the parameter {name} is missing; it has the axes ({', '.join(axes)})")
        arrays[name] = _plain(name, params[name])
        _learn(dims, axes, arrays[name].shape)
    for name, axes in every.items():
        if name in inputs:
            _learn(dims, axes, np.shape(inputs[name]))
    kinds = [a.dtype for a in arrays.values() if a.dtype.kind in "fc"] or [np.dtype(np.float64)]
    known = {name: dims[name] for name in DIMS if name in dims}
    kernel = Kernel(_batch(inputs, None, known, every), dtype=np.result_type(*kinds), **known)
    for name, array in arrays.items():
        kernel.params[name][...] = _array(name, array, kernel.params[name].shape, kernel.dtype)
    return kernel


def _learn(dims, axes, shape):
    """The dimensions that a shape tells: those that are an axis by themselves."""
    for axis, size in zip(axes, shape, strict=False):
        if axis in DIMS:
            dims.setdefault(axis, size)


def _softplus(dtype):
    """log(1 + exp(z)); NumPy has it for real numbers."""
    if dtype.kind != "c":
        zero = np.zeros((), dtype)
        return lambda z, out: np.logaddexp(zero, z, out)

    def softplus(z, out):
        positive = np.where(z.real > 0, z, 0)
        np.add(positive, np.log1p(np.exp(z - 2 * positive)), out)

    return softplus


# what is checked, and said where it does not fit


def _pieces(vector):
    """Hands out one piece of a vector after the other."""
    start = 0

    def piece(*shape):
        nonlocal start
        start, before = start + prod(shape), start
        return vector[before:start].reshape(shape)

    return piece


def _sizes(axes, sizes):
    """Axes such as ("T", "B", "H_f+H_b", 3) as numbers."""
    return tuple(
        sum(int(part) if part.isdigit() else sizes[part] for part in str(axis).split("+"))
        for axis in axes
    )


def _whole(name, value):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected a whole number, at least 1")
    return int(value)


def _dims(dims):
    for name in dims:
        if name not in DIMS:
            raise TypeError(f"'{name}' is no dimension; there are {', '.join(DIMS) or 'none'}")
    missing = [name for name in DIMS if name not in dims]
    if missing:
        raise TypeError(f"the dimension {missing[0]} is missing; say {missing[0]}=…")
    return {name: _whole(name, dims[name]) for name in DIMS}


def _dtype(dtype):
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc":
        raise TypeError(f"dtype is {dtype}; expected float32, float64 or complex128")
    return dtype


def _zeros(size, dtype):
    """A vector of zeros that begins where a line of the cache does: it is read quicker."""
    room = np.zeros(size * dtype.itemsize + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size * dtype.itemsize].view(dtype)


def _vector(name, vector, size, dtype):
    if vector is None:
        return _zeros(size, dtype)
    if not isinstance(vector, np.ndarray) or vector.shape != (size,) or vector.dtype != dtype:
        got = f"{vector.dtype} of shape {vector.shape}" if hasattr(vector, "dtype") else "no array"
        raise TypeError(f"{name} is {got}; expected {dtype} of shape ({size},)")
    if not (vector.flags.c_contiguous and vector.flags.aligned):
        raise TypeError(f"{name} has gaps, or is not aligned; expected a contiguous vector")
    if name == "dtheta" and not vector.flags.writeable:
        raise TypeError("dtheta is read-only; expected one to write gradients to")
    return vector


def _batch(inputs, most, dims, every):
    """The number of sequences, read off the first input that has one."""
    for name, axes in every.items():
        value = inputs.get(name)
        if value is not None:
            shape, at = np.shape(value), axes.index("B")
            if len(shape) != len(axes):
                said = ", ".join(map(str, axes))
                raise ValueError(f"{name} has shape {shape}; expected the axes ({said})")
            batch = shape[at]
            if not 1 <= batch <= (most or batch):
                limit = f" to {most}, as this kernel was made" if most else ""
                raise ValueError(f"{name} has {batch} sequences; expected 1{limit}")
            return batch
    if every:
        first, axes = next(iter(every.items()))
        raise TypeError(f"{first} is missing; expected an array with the axes ({', '.join(axes)})")
    return most or 1


def _owners(*groups):
    """What the arrays of some dictionaries lie in, each under its id."""
    owners = [a if a.base is None else a.base for arrays in groups for a in arrays.values()]
    return {id(owner): owner for owner in owners}


def _complain_of_overlap(name, value, plan):
    """An input that a call would write to is refused, but for states: they are read first."""
    own = {**plan.outputs, **plan.grads, **({} if name in STATES else plan.states)}
    for other, array in own.items():
        if name not in STATES and np.shares_memory(value, array):
            raise ValueError(
                f"{name} lies in this kernel's own {other}, which the call writes; hand in a copy:"
                f" {name}.copy()"
            )


def _complain_of_names(inputs, known):
    unknown = min(set(inputs) - set(known))
    raise TypeError(f"'{unknown}' is no input; there are {', '.join(known)}")


def _checked(loss, inputs):
    """The loss; one that is no number, because a target is none, is an error."""
    if loss != loss:
        for name in TARGETS:
            if np.isnan(inputs[name]).any():
                place = tuple(int(i) for i in np.argwhere(np.isnan(inputs[name]))[0])
                raise ValueError(f"{name} holds nan, first at {place}; expected numbers")
    return loss


def _array(name, value, shape, dtype):
    """The value as a contiguous array of the kernel's dtype."""
    return np.ascontiguousarray(_fitting(name, value, shape, dtype), dtype)


def _plain(name, value):
    """The value as an array, which has no mask: what that hides would count."""
    # np.ma is loaded once it is named, which is not for plain arrays
    if type(value) is not np.ndarray and isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, and its mask would be lost; expected a plain one"
        )
    return np.asarray(value)


def _fitting(name, value, shape, dtype):
    """The value as an array, of this shape and of numbers that the dtype has room for."""
    value = _plain(name, value)
    if value.dtype.kind not in "fciub":
        raise TypeError(f"{name} holds {value.dtype}; expected numbers")
    if value.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError(f"{name} is complex, and the kernel works in {dtype}; make it complex128")
    if value.shape != shape:
        raise ValueError(f"{name} has shape {value.shape}; expected {shape}")
    return value


# the check that this file makes of itself: its gradients against slopes, which need none


def self_check(batch=2, seed=0, **dims):
    """What was checked, how far it is off relative to its norm, and how far it may be."""
    rng = np.random.default_rng(seed)
    dims = {**{name: 2 + i % 4 for i, name in enumerate(DIMS)}, **dims}
    sizes = {"T": STEPS, "B": batch, **dims}
    inputs = {name: _draw(rng, name, _sizes(axes, sizes)) for name, axes in _EVERY.items()}
    params = init_params(seed, **dims)
    # the longer, the nearer to the start: a weight of 1 + d makes a state grow to (1 + d)**STEPS
    params = {name: value + rng.normal(size=value.shape) / 20 for name, value in params.items()}
    slope_of = loss
    _, grads = loss_and_grads(params, **inputs)
    h, allowed = (1e-30j, 1e-12) if ANALYTIC else (1e-5, 1e-7)
    found = {}
    for name, grad in grads.items():
        slopes = np.empty_like(grad)
        for entry in np.ndindex(grad.shape):
            ends = []
            for step in (h, -h)[: 1 if ANALYTIC else 2]:
                moved = {**params, **inputs}
                moved[name] = moved[name] + np.zeros(grad.shape, type(h))
                moved[name][entry] += step
                own = {key: moved[key] + 0 * h for key in params}
                ends.append(slope_of(own, **{key: moved[key] for key in inputs}))
            slopes[entry] = ends[0].imag / 1e-30 if ANALYTIC else (ends[0] - ends[1]) / (2 * h)
        norm = max(np.linalg.norm(slopes), 1e-4)
        found[name] = (float(np.linalg.norm(grad - slopes) / norm), allowed)
    return {**found, **_check_of_steps(params, inputs)}


def _check_of_steps(params, inputs):
    """The forward pass against a chain of single steps."""
    inputs = {name: value for name, value in inputs.items() if name in _STEP}
    wanted, last = forward(params, **inputs)
    states = {name: value for name, value in inputs.items() if name in STATES}
    each = []
    for t in range(STEPS):
        now = {
            name: value.take(t, _EVERY[name].index("T")) if "T" in _EVERY[name] else value
            for name, value in inputs.items()
        }
        outputs, states = step(params, **{**now, **states})
        each.append(outputs)
    found = {}
    for name, axes in OUTPUTS.items():
        at = axes.index("T") if "T" in axes else None
        ours = [outputs[name] for outputs in each]
        found[name] = (ours[-1] if at is None else np.stack(ours, at), wanted[name])
    found |= {name: (states[name], value) for name, value in last.items()}
    return {
        f"step: {name}": (float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-4)), 1e-12)
        for name, (a, b) in found.items()
    }


def _draw(rng, name, shape):
    if name in ONEHOT:
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
    if name in BETWEEN_0_AND_1:
        return rng.uniform(0.1, 0.9, shape)
    return rng.normal(size=shape)


if __name__ == "__main__":
    found = self_check()
    way = "complex step" if ANALYTIC else "central differences"
    print(f"gradient          error    allowed   ({way}, relative to the norm)")
    for name, (error, allowed) in found.items():
        print(f"{name:<14} {error:8.1e}   {allowed:8.1e}   {'ok' if error <= allowed else 'WRONG'}")
    raise SystemExit(0 if all(error <= allowed for error, allowed in found.values()) else 1)
