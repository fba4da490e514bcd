"""lstm: forward pass and gradients, 8 steps.

Made by symrnn generate --name lstm --steps 8 --unroll

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

from math import prod

import numpy as np
from numpy import add, copyto, dot, multiply, square, subtract, tanh

STEPS = 8
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
ANALYTIC = True
TARGETS = ("y",)
ONEHOT = ()
BETWEEN_0_AND_1 = ("y",)
_EVERY = {"x": ("T", "B", "D"), "y": ("B", "C"), "h0": ("B", "H"), "c0": ("B", "H")}
_NEEDED = {"forward": ("x",), "loss": ("x", "y")}
_OPTIONAL = ("h0", "c0")
CAUSAL = True
_STEP = {"x": ("B", "D"), "h0": ("B", "H"), "c0": ("B", "H")}
_STEP_NEEDED = ("x",)


def _lay_out(theta, D, H, C):
    """The parameters as they lie in one vector, and each of them by its name."""
    piece = _pieces(theta)
    W = piece(D, 4 * H)
    U = piece(H, 4 * H)
    b = piece(4 * H)
    w_y = piece(H, C)
    b_y = piece(C)
    return (W, U, b, w_y, b_y), {
        "W_i": W[:, H : 2 * H],
        "U_i": U[:, H : 2 * H],
        "b_i": b[H : 2 * H],
        "W_f": W[:, 2 * H : 3 * H],
        "U_f": U[:, 2 * H : 3 * H],
        "b_f": b[2 * H : 3 * H],
        "W_g": W[:, 3 * H : 4 * H],
        "U_g": U[:, 3 * H : 4 * H],
        "b_g": b[3 * H : 4 * H],
        "W_o": W[:, 0:H],
        "U_o": U[:, 0:H],
        "b_o": b[0:H],
        "w_y": w_y,
        "b_y": b_y,
    }


class _Plan:
    """What a kernel needs for one number of sequences: arrays, views, and the work on them."""


def _plan(B, dtype, theta, dtheta, D, H, C):
    """The arrays for B sequences, and the passes over them."""
    (W, U, b, w_y, b_y), _ = _lay_out(theta, D, H, C)
    (d_W, d_U, d_b, d_w_y, d_b_y), _ = _lay_out(dtheta, D, H, C)
    h = np.empty((9, B, H), dtype)
    oif = np.empty((8, 3, B, H), dtype)
    tanh_c_g = np.empty((8, 2, B, H), dtype)
    c = np.empty((9, B, H), dtype)
    yhat = np.empty((B, C), dtype)
    L = np.empty((1,), dtype)
    a = np.empty((8, B, 4 * H), dtype)
    d_c = np.empty((8, B, H), dtype)
    x_W = np.empty((8, B, 4 * H), dtype)
    h_U = np.empty((8, B, 4 * H), dtype)
    m_c = np.empty((8, B, H), dtype)
    m_c_2 = np.empty((8, B, H), dtype)
    h_w_y = np.empty((B, C), dtype)
    sum_l_yhat = np.empty((1,), dtype)
    sq_d = np.empty((8, 2, B, H), dtype)
    m_d_c = np.empty((8, B, H), dtype)
    m_d_c_2 = np.empty((8, B, H), dtype)
    m_d_c_3 = np.empty((7, B, H), dtype)
    multiply_all = np.empty((8, 3, B, H), dtype)
    tanh_all = np.empty((8, 3, B, H), dtype)
    multiply_all_2 = np.empty((8, 3, B, H), dtype)
    multiply_yhat = np.empty((B, C), dtype)
    # in the place of what is needed no more
    a_yhat = h_w_y
    d_a_yhat = h_w_y
    d_h = m_c_2
    d_a = x_W
    s_a = x_W
    softplus_l_yhat = multiply_yhat
    m_l_yhat = h_w_y
    s_l_yhat = h_w_y
    s_d_a_yhat = h_w_y
    s_d = sq_d
    m_d_a = tanh_all
    s_d_a = multiply_all
    m_d_a_f = m_c
    m_d_a_2 = tanh_c_g
    m_d_a_o_2 = m_c
    tanh_yhat = multiply_yhat
    multiply_yhat_2 = multiply_yhat
    o, i, f = oif.swapaxes(0, 1)
    tanh_c, g = tanh_c_g.swapaxes(0, 1)
    sq_d_c, sq_d_a_g = sq_d.swapaxes(0, 1)
    s_d_c, s_d_a_g = s_d.swapaxes(0, 1)
    m_d_a_i_2, m_d_a_f_2, m_d_a_g = m_d_a.swapaxes(0, 1)
    s_d_a_o, s_d_a_i, s_d_a_f = s_d_a.swapaxes(0, 1)
    m_d_a_o, m_d_a_i = m_d_a_2.swapaxes(0, 1)
    multiply_o, multiply_i, multiply_f = multiply_all.swapaxes(0, 1)
    tanh_o, tanh_i, tanh_f = tanh_all.swapaxes(0, 1)
    multiply_o_2, multiply_i_2, multiply_f_2 = multiply_all_2.swapaxes(0, 1)
    half = np.array(0.5, dtype)
    k1 = np.array(1 / (B * C), dtype)
    one = np.array(1, dtype)
    each_entry = np.ones(B * C, dtype)
    each_row = np.ones(8 * B, dtype)
    each = np.ones(B, dtype)

    # views
    x_W_rows = x_W.reshape(8 * B, 4 * H)
    s_l_yhat_row = s_l_yhat.reshape(B * C)
    sum_l_yhat_number = sum_l_yhat.reshape(())
    c_0_to_7 = c[0:8]
    oi = oif[:, 0:2]
    d_a_rows = d_a.reshape(8 * B, 4 * H)
    h_0_to_7_rows = h[0:8].reshape(8 * B, H)
    h_0, h_1, h_2, h_3, h_4, h_5, h_6, h_7, h_8 = h
    c_0, c_1, c_2, c_3, c_4, c_5, c_6, c_7, c_8 = c
    h_U_1, h_U_2, h_U_3, h_U_4, h_U_5, h_U_6, h_U_7, h_U_8 = h_U
    s_a_1, s_a_2, s_a_3, s_a_4, s_a_5, s_a_6, s_a_7, s_a_8 = s_a
    a_1, a_2, a_3, a_4, a_5, a_6, a_7, a_8 = a
    a_steps = a.reshape(8, B, 4, H)[:, :, 0:3].swapaxes(-2, -3)
    a_1_2, a_2_2, a_3_2, a_4_2, a_5_2, a_6_2, a_7_2, a_8_2 = a_steps
    (
        multiply_all_1,
        multiply_all_2_2,
        multiply_all_3,
        multiply_all_4,
        multiply_all_5,
        multiply_all_6,
        multiply_all_7,
        multiply_all_8,
    ) = multiply_all
    (
        tanh_all_1,
        tanh_all_2,
        tanh_all_3,
        tanh_all_4,
        tanh_all_5,
        tanh_all_6,
        tanh_all_7,
        tanh_all_8,
    ) = tanh_all
    (
        multiply_all_2_1,
        multiply_all_2_2_2,
        multiply_all_2_3,
        multiply_all_2_4,
        multiply_all_2_5,
        multiply_all_2_6,
        multiply_all_2_7,
        multiply_all_2_8,
    ) = multiply_all_2
    oif_1, oif_2, oif_3, oif_4, oif_5, oif_6, oif_7, oif_8 = oif
    a_g_1, a_g_2, a_g_3, a_g_4, a_g_5, a_g_6, a_g_7, a_g_8 = a[:, :, 3 * H : 4 * H]
    g_1, g_2, g_3, g_4, g_5, g_6, g_7, g_8 = g
    f_1, f_2, f_3, f_4, f_5, f_6, f_7, f_8 = f
    m_c_1, m_c_2_2, m_c_3, m_c_4, m_c_5, m_c_6, m_c_7, m_c_8 = m_c
    i_1, i_2, i_3, i_4, i_5, i_6, i_7, i_8 = i
    m_c_2_1, m_c_2_2_2, m_c_2_3, m_c_2_4, m_c_2_5, m_c_2_6, m_c_2_7, m_c_2_8 = m_c_2
    tanh_c_1, tanh_c_2, tanh_c_3, tanh_c_4, tanh_c_5, tanh_c_6, tanh_c_7, tanh_c_8 = tanh_c
    o_1, o_2, o_3, o_4, o_5, o_6, o_7, o_8 = o
    d_h_1, d_h_2, d_h_3, d_h_4, d_h_5, d_h_6, d_h_7, d_h_8 = d_h
    m_d_c_1, m_d_c_2_2, m_d_c_3_2, m_d_c_4, m_d_c_5, m_d_c_6, m_d_c_7, m_d_c_8 = m_d_c
    m_d_c_2_1, m_d_c_2_2_2, m_d_c_2_3, m_d_c_2_4, m_d_c_2_5, m_d_c_2_6, m_d_c_2_7, m_d_c_2_8 = (
        m_d_c_2
    )
    (
        m_d_a_o_2_1,
        m_d_a_o_2_2,
        m_d_a_o_2_3,
        m_d_a_o_2_4,
        m_d_a_o_2_5,
        m_d_a_o_2_6,
        m_d_a_o_2_7,
        m_d_a_o_2_8,
    ) = m_d_a_o_2
    d_a_o_1, d_a_o_2, d_a_o_3, d_a_o_4, d_a_o_5, d_a_o_6, d_a_o_7, d_a_o_8 = d_a[:, :, 0:H]
    d_c_1, d_c_2, d_c_3, d_c_4, d_c_5, d_c_6, d_c_7, d_c_8 = d_c
    m_d_a_1, m_d_a_2_2, m_d_a_3, m_d_a_4, m_d_a_5, m_d_a_6, m_d_a_7, m_d_a_8 = m_d_a
    d_a_steps = d_a.reshape(8, B, 4, H)[:, :, 1:4].swapaxes(-2, -3)
    d_a_1, d_a_2, d_a_3, d_a_4, d_a_5, d_a_6, d_a_7, d_a_8 = d_a_steps
    d_a_2_2, d_a_3_2, d_a_4_2, d_a_5_2, d_a_6_2, d_a_7_2, d_a_8_2 = d_a[1:8]
    m_d_c_3_1, m_d_c_3_2_2, m_d_c_3_3, m_d_c_3_4, m_d_c_3_5, m_d_c_3_6, m_d_c_3_7 = m_d_c_3
    U_T = U.T if B == 1 else U.T.copy()
    softplus = _softplus(dtype)

    def forward(x, h0, c0):
        x_rows = x.reshape(8 * B, D)
        # h[0] = h0
        copyto(h_0, h0)
        # c[0] = c0
        copyto(c_0, c0)
        # a_o[1] = x[1] @ W_o + h[0] @ U_o + b_o
        # a_i[1] = x[1] @ W_i + h[0] @ U_i + b_i
        # a_f[1] = x[1] @ W_f + h[0] @ U_f + b_f
        # a_g[1] = x[1] @ W_g + h[0] @ U_g + b_g
        dot(x_rows, W, x_W_rows)
        add(b, x_W, s_a)
        dot(h_0, U, h_U_1)
        add(s_a_1, h_U_1, a_1)
        # o[1] = sigmoid(a_o[1])
        # i[1] = sigmoid(a_i[1])
        # f[1] = sigmoid(a_f[1])
        multiply(half, a_1_2, multiply_all_1)
        tanh(multiply_all_1, tanh_all_1)
        multiply(half, tanh_all_1, multiply_all_2_1)
        add(multiply_all_2_1, half, oif_1)
        # g[1] = tanh(a_g[1])
        tanh(a_g_1, g_1)
        # c[1] = f[1] * c[0] + i[1] * g[1]
        multiply(f_1, c_0, m_c_1)
        multiply(i_1, g_1, m_c_2_1)
        add(m_c_1, m_c_2_1, c_1)
        # tanh_c[1] = tanh(c[1])
        tanh(c_1, tanh_c_1)
        # h[1] = o[1] * tanh_c[1]
        multiply(o_1, tanh_c_1, h_1)
        # a_o[2] = x[2] @ W_o + h[1] @ U_o + b_o
        # a_i[2] = x[2] @ W_i + h[1] @ U_i + b_i
        # a_f[2] = x[2] @ W_f + h[1] @ U_f + b_f
        # a_g[2] = x[2] @ W_g + h[1] @ U_g + b_g
        dot(h_1, U, h_U_2)
        add(s_a_2, h_U_2, a_2)
        # o[2] = sigmoid(a_o[2])
        # i[2] = sigmoid(a_i[2])
        # f[2] = sigmoid(a_f[2])
        multiply(half, a_2_2, multiply_all_2_2)
        tanh(multiply_all_2_2, tanh_all_2)
        multiply(half, tanh_all_2, multiply_all_2_2_2)
        add(multiply_all_2_2_2, half, oif_2)
        # g[2] = tanh(a_g[2])
        tanh(a_g_2, g_2)
        # c[2] = f[2] * c[1] + i[2] * g[2]
        multiply(f_2, c_1, m_c_2_2)
        multiply(i_2, g_2, m_c_2_2_2)
        add(m_c_2_2, m_c_2_2_2, c_2)
        # tanh_c[2] = tanh(c[2])
        tanh(c_2, tanh_c_2)
        # h[2] = o[2] * tanh_c[2]
        multiply(o_2, tanh_c_2, h_2)
        # a_o[3] = x[3] @ W_o + h[2] @ U_o + b_o
        # a_i[3] = x[3] @ W_i + h[2] @ U_i + b_i
        # a_f[3] = x[3] @ W_f + h[2] @ U_f + b_f
        # a_g[3] = x[3] @ W_g + h[2] @ U_g + b_g
        dot(h_2, U, h_U_3)
        add(s_a_3, h_U_3, a_3)
        # o[3] = sigmoid(a_o[3])
        # i[3] = sigmoid(a_i[3])
        # f[3] = sigmoid(a_f[3])
        multiply(half, a_3_2, multiply_all_3)
        tanh(multiply_all_3, tanh_all_3)
        multiply(half, tanh_all_3, multiply_all_2_3)
        add(multiply_all_2_3, half, oif_3)
        # g[3] = tanh(a_g[3])
        tanh(a_g_3, g_3)
        # c[3] = f[3] * c[2] + i[3] * g[3]
        multiply(f_3, c_2, m_c_3)
        multiply(i_3, g_3, m_c_2_3)
        add(m_c_3, m_c_2_3, c_3)
        # tanh_c[3] = tanh(c[3])
        tanh(c_3, tanh_c_3)
        # h[3] = o[3] * tanh_c[3]
        multiply(o_3, tanh_c_3, h_3)
        # a_o[4] = x[4] @ W_o + h[3] @ U_o + b_o
        # a_i[4] = x[4] @ W_i + h[3] @ U_i + b_i
        # a_f[4] = x[4] @ W_f + h[3] @ U_f + b_f
        # a_g[4] = x[4] @ W_g + h[3] @ U_g + b_g
        dot(h_3, U, h_U_4)
        add(s_a_4, h_U_4, a_4)
        # o[4] = sigmoid(a_o[4])
        # i[4] = sigmoid(a_i[4])
        # f[4] = sigmoid(a_f[4])
        multiply(half, a_4_2, multiply_all_4)
        tanh(multiply_all_4, tanh_all_4)
        multiply(half, tanh_all_4, multiply_all_2_4)
        add(multiply_all_2_4, half, oif_4)
        # g[4] = tanh(a_g[4])
        tanh(a_g_4, g_4)
        # c[4] = f[4] * c[3] + i[4] * g[4]
        multiply(f_4, c_3, m_c_4)
        multiply(i_4, g_4, m_c_2_4)
        add(m_c_4, m_c_2_4, c_4)
        # tanh_c[4] = tanh(c[4])
        tanh(c_4, tanh_c_4)
        # h[4] = o[4] * tanh_c[4]
        multiply(o_4, tanh_c_4, h_4)
        # a_o[5] = x[5] @ W_o + h[4] @ U_o + b_o
        # a_i[5] = x[5] @ W_i + h[4] @ U_i + b_i
        # a_f[5] = x[5] @ W_f + h[4] @ U_f + b_f
        # a_g[5] = x[5] @ W_g + h[4] @ U_g + b_g
        dot(h_4, U, h_U_5)
        add(s_a_5, h_U_5, a_5)
        # o[5] = sigmoid(a_o[5])
        # i[5] = sigmoid(a_i[5])
        # f[5] = sigmoid(a_f[5])
        multiply(half, a_5_2, multiply_all_5)
        tanh(multiply_all_5, tanh_all_5)
        multiply(half, tanh_all_5, multiply_all_2_5)
        add(multiply_all_2_5, half, oif_5)
        # g[5] = tanh(a_g[5])
        tanh(a_g_5, g_5)
        # c[5] = f[5] * c[4] + i[5] * g[5]
        multiply(f_5, c_4, m_c_5)
        multiply(i_5, g_5, m_c_2_5)
        add(m_c_5, m_c_2_5, c_5)
        # tanh_c[5] = tanh(c[5])
        tanh(c_5, tanh_c_5)
        # h[5] = o[5] * tanh_c[5]
        multiply(o_5, tanh_c_5, h_5)
        # a_o[6] = x[6] @ W_o + h[5] @ U_o + b_o
        # a_i[6] = x[6] @ W_i + h[5] @ U_i + b_i
        # a_f[6] = x[6] @ W_f + h[5] @ U_f + b_f
        # a_g[6] = x[6] @ W_g + h[5] @ U_g + b_g
        dot(h_5, U, h_U_6)
        add(s_a_6, h_U_6, a_6)
        # o[6] = sigmoid(a_o[6])
        # i[6] = sigmoid(a_i[6])
        # f[6] = sigmoid(a_f[6])
        multiply(half, a_6_2, multiply_all_6)
        tanh(multiply_all_6, tanh_all_6)
        multiply(half, tanh_all_6, multiply_all_2_6)
        add(multiply_all_2_6, half, oif_6)
        # g[6] = tanh(a_g[6])
        tanh(a_g_6, g_6)
        # c[6] = f[6] * c[5] + i[6] * g[6]
        multiply(f_6, c_5, m_c_6)
        multiply(i_6, g_6, m_c_2_6)
        add(m_c_6, m_c_2_6, c_6)
        # tanh_c[6] = tanh(c[6])
        tanh(c_6, tanh_c_6)
        # h[6] = o[6] * tanh_c[6]
        multiply(o_6, tanh_c_6, h_6)
        # a_o[7] = x[7] @ W_o + h[6] @ U_o + b_o
        # a_i[7] = x[7] @ W_i + h[6] @ U_i + b_i
        # a_f[7] = x[7] @ W_f + h[6] @ U_f + b_f
        # a_g[7] = x[7] @ W_g + h[6] @ U_g + b_g
        dot(h_6, U, h_U_7)
        add(s_a_7, h_U_7, a_7)
        # o[7] = sigmoid(a_o[7])
        # i[7] = sigmoid(a_i[7])
        # f[7] = sigmoid(a_f[7])
        multiply(half, a_7_2, multiply_all_7)
        tanh(multiply_all_7, tanh_all_7)
        multiply(half, tanh_all_7, multiply_all_2_7)
        add(multiply_all_2_7, half, oif_7)
        # g[7] = tanh(a_g[7])
        tanh(a_g_7, g_7)
        # c[7] = f[7] * c[6] + i[7] * g[7]
        multiply(f_7, c_6, m_c_7)
        multiply(i_7, g_7, m_c_2_7)
        add(m_c_7, m_c_2_7, c_7)
        # tanh_c[7] = tanh(c[7])
        tanh(c_7, tanh_c_7)
        # h[7] = o[7] * tanh_c[7]
        multiply(o_7, tanh_c_7, h_7)
        # a_o[8] = x[8] @ W_o + h[7] @ U_o + b_o
        # a_i[8] = x[8] @ W_i + h[7] @ U_i + b_i
        # a_f[8] = x[8] @ W_f + h[7] @ U_f + b_f
        # a_g[8] = x[8] @ W_g + h[7] @ U_g + b_g
        dot(h_7, U, h_U_8)
        add(s_a_8, h_U_8, a_8)
        # o[8] = sigmoid(a_o[8])
        # i[8] = sigmoid(a_i[8])
        # f[8] = sigmoid(a_f[8])
        multiply(half, a_8_2, multiply_all_8)
        tanh(multiply_all_8, tanh_all_8)
        multiply(half, tanh_all_8, multiply_all_2_8)
        add(multiply_all_2_8, half, oif_8)
        # g[8] = tanh(a_g[8])
        tanh(a_g_8, g_8)
        # c[8] = f[8] * c[7] + i[8] * g[8]
        multiply(f_8, c_7, m_c_8)
        multiply(i_8, g_8, m_c_2_8)
        add(m_c_8, m_c_2_8, c_8)
        # tanh_c[8] = tanh(c[8])
        tanh(c_8, tanh_c_8)
        # h[8] = o[8] * tanh_c[8]
        multiply(o_8, tanh_c_8, h_8)
        # a_yhat = h[T] @ w_y + b_y
        dot(h_8, w_y, h_w_y)
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
            copyto(U_T, U.T)
        x_rows = x.reshape(8 * B, D)
        # for d_a_yhat
        subtract(yhat, y, s_d_a_yhat)
        # for d_c, d_a_g
        square(tanh_c_g, sq_d)
        # for d_a_f, d_a_o, d_a_i
        multiply(c_0_to_7, f, m_d_a_f)
        subtract(one, oif, s_d_a)
        multiply(tanh_c_g, oi, m_d_a_2)
        # d_a_yhat = (yhat - y) / (size(B) * size(C))
        multiply(k1, s_d_a_yhat, d_a_yhat)
        # for d_c, d_a_g
        subtract(one, sq_d, s_d)
        # for d_a_f
        multiply(m_d_a_f, s_d_a_f, m_d_a_f_2)
        # for d_a_o
        multiply(m_d_a_o, s_d_a_o, m_d_a_o_2)
        # for d_a_i
        multiply(m_d_a_i, s_d_a_i, m_d_a_i_2)
        # d_h[8] = d_a_yhat @ transpose(w_y)
        dot(d_a_yhat, w_y.T, d_h_8)
        # for d_c
        multiply(o, s_d_c, m_d_c)
        # for d_a_g
        multiply(i, s_d_a_g, m_d_a_g)
        # for d_c
        multiply(m_d_c_8, d_h_8, m_d_c_2_8)
        # d_a_o[8] = d_h[8] * (tanh_c[8] * (o[8] * (1 - o[8])))
        multiply(m_d_a_o_2_8, d_h_8, d_a_o_8)
        # d_c[8] = d_h[8] * (o[8] * (1 - tanh_c[8]**2))
        copyto(d_c_8, m_d_c_2_8)
        # d_a_i[8] = d_c[8] * (g[8] * (i[8] * (1 - i[8])))
        # d_a_f[8] = d_c[8] * (c[7] * (f[8] * (1 - f[8])))
        # d_a_g[8] = d_c[8] * (i[8] * (1 - g[8]**2))
        multiply(m_d_a_8, d_c_8, d_a_8)
        # d_h[7] = d_a_g[8] @ transpose(U_g) + d_a_f[8] @ transpose(U_f) + d_a_o[8] @
        # transpose(U_o) + d_a_i[8] @ transpose(U_i)
        dot(d_a_8_2, U_T, d_h_7)
        # for d_c
        multiply(f_8, d_c_8, m_d_c_3_7)
        multiply(m_d_c_7, d_h_7, m_d_c_2_7)
        # d_a_o[7] = d_h[7] * (tanh_c[7] * (o[7] * (1 - o[7])))
        multiply(m_d_a_o_2_7, d_h_7, d_a_o_7)
        # d_c[7] = d_h[7] * (o[7] * (1 - tanh_c[7]**2)) + d_c[8] * f[8]
        add(m_d_c_2_7, m_d_c_3_7, d_c_7)
        # d_a_i[7] = d_c[7] * (g[7] * (i[7] * (1 - i[7])))
        # d_a_f[7] = d_c[7] * (c[6] * (f[7] * (1 - f[7])))
        # d_a_g[7] = d_c[7] * (i[7] * (1 - g[7]**2))
        multiply(m_d_a_7, d_c_7, d_a_7)
        # d_h[6] = d_a_g[7] @ transpose(U_g) + d_a_f[7] @ transpose(U_f) + d_a_o[7] @
        # transpose(U_o) + d_a_i[7] @ transpose(U_i)
        dot(d_a_7_2, U_T, d_h_6)
        # for d_c
        multiply(f_7, d_c_7, m_d_c_3_6)
        multiply(m_d_c_6, d_h_6, m_d_c_2_6)
        # d_a_o[6] = d_h[6] * (tanh_c[6] * (o[6] * (1 - o[6])))
        multiply(m_d_a_o_2_6, d_h_6, d_a_o_6)
        # d_c[6] = d_h[6] * (o[6] * (1 - tanh_c[6]**2)) + d_c[7] * f[7]
        add(m_d_c_2_6, m_d_c_3_6, d_c_6)
        # d_a_i[6] = d_c[6] * (g[6] * (i[6] * (1 - i[6])))
        # d_a_f[6] = d_c[6] * (c[5] * (f[6] * (1 - f[6])))
        # d_a_g[6] = d_c[6] * (i[6] * (1 - g[6]**2))
        multiply(m_d_a_6, d_c_6, d_a_6)
        # d_h[5] = d_a_g[6] @ transpose(U_g) + d_a_f[6] @ transpose(U_f) + d_a_o[6] @
        # transpose(U_o) + d_a_i[6] @ transpose(U_i)
        dot(d_a_6_2, U_T, d_h_5)
        # for d_c
        multiply(f_6, d_c_6, m_d_c_3_5)
        multiply(m_d_c_5, d_h_5, m_d_c_2_5)
        # d_a_o[5] = d_h[5] * (tanh_c[5] * (o[5] * (1 - o[5])))
        multiply(m_d_a_o_2_5, d_h_5, d_a_o_5)
        # d_c[5] = d_h[5] * (o[5] * (1 - tanh_c[5]**2)) + d_c[6] * f[6]
        add(m_d_c_2_5, m_d_c_3_5, d_c_5)
        # d_a_i[5] = d_c[5] * (g[5] * (i[5] * (1 - i[5])))
        # d_a_f[5] = d_c[5] * (c[4] * (f[5] * (1 - f[5])))
        # d_a_g[5] = d_c[5] * (i[5] * (1 - g[5]**2))
        multiply(m_d_a_5, d_c_5, d_a_5)
        # d_h[4] = d_a_g[5] @ transpose(U_g) + d_a_f[5] @ transpose(U_f) + d_a_o[5] @
        # transpose(U_o) + d_a_i[5] @ transpose(U_i)
        dot(d_a_5_2, U_T, d_h_4)
        # for d_c
        multiply(f_5, d_c_5, m_d_c_3_4)
        multiply(m_d_c_4, d_h_4, m_d_c_2_4)
        # d_a_o[4] = d_h[4] * (tanh_c[4] * (o[4] * (1 - o[4])))
        multiply(m_d_a_o_2_4, d_h_4, d_a_o_4)
        # d_c[4] = d_h[4] * (o[4] * (1 - tanh_c[4]**2)) + d_c[5] * f[5]
        add(m_d_c_2_4, m_d_c_3_4, d_c_4)
        # d_a_i[4] = d_c[4] * (g[4] * (i[4] * (1 - i[4])))
        # d_a_f[4] = d_c[4] * (c[3] * (f[4] * (1 - f[4])))
        # d_a_g[4] = d_c[4] * (i[4] * (1 - g[4]**2))
        multiply(m_d_a_4, d_c_4, d_a_4)
        # d_h[3] = d_a_g[4] @ transpose(U_g) + d_a_f[4] @ transpose(U_f) + d_a_o[4] @
        # transpose(U_o) + d_a_i[4] @ transpose(U_i)
        dot(d_a_4_2, U_T, d_h_3)
        # for d_c
        multiply(f_4, d_c_4, m_d_c_3_3)
        multiply(m_d_c_3_2, d_h_3, m_d_c_2_3)
        # d_a_o[3] = d_h[3] * (tanh_c[3] * (o[3] * (1 - o[3])))
        multiply(m_d_a_o_2_3, d_h_3, d_a_o_3)
        # d_c[3] = d_h[3] * (o[3] * (1 - tanh_c[3]**2)) + d_c[4] * f[4]
        add(m_d_c_2_3, m_d_c_3_3, d_c_3)
        # d_a_i[3] = d_c[3] * (g[3] * (i[3] * (1 - i[3])))
        # d_a_f[3] = d_c[3] * (c[2] * (f[3] * (1 - f[3])))
        # d_a_g[3] = d_c[3] * (i[3] * (1 - g[3]**2))
        multiply(m_d_a_3, d_c_3, d_a_3)
        # d_h[2] = d_a_g[3] @ transpose(U_g) + d_a_f[3] @ transpose(U_f) + d_a_o[3] @
        # transpose(U_o) + d_a_i[3] @ transpose(U_i)
        dot(d_a_3_2, U_T, d_h_2)
        # for d_c
        multiply(f_3, d_c_3, m_d_c_3_2_2)
        multiply(m_d_c_2_2, d_h_2, m_d_c_2_2_2)
        # d_a_o[2] = d_h[2] * (tanh_c[2] * (o[2] * (1 - o[2])))
        multiply(m_d_a_o_2_2, d_h_2, d_a_o_2)
        # d_c[2] = d_h[2] * (o[2] * (1 - tanh_c[2]**2)) + d_c[3] * f[3]
        add(m_d_c_2_2_2, m_d_c_3_2_2, d_c_2)
        # d_a_i[2] = d_c[2] * (g[2] * (i[2] * (1 - i[2])))
        # d_a_f[2] = d_c[2] * (c[1] * (f[2] * (1 - f[2])))
        # d_a_g[2] = d_c[2] * (i[2] * (1 - g[2]**2))
        multiply(m_d_a_2_2, d_c_2, d_a_2)
        # d_h[1] = d_a_g[2] @ transpose(U_g) + d_a_f[2] @ transpose(U_f) + d_a_o[2] @
        # transpose(U_o) + d_a_i[2] @ transpose(U_i)
        dot(d_a_2_2, U_T, d_h_1)
        # for d_c
        multiply(f_2, d_c_2, m_d_c_3_1)
        multiply(m_d_c_1, d_h_1, m_d_c_2_1)
        # d_a_o[1] = d_h[1] * (tanh_c[1] * (o[1] * (1 - o[1])))
        multiply(m_d_a_o_2_1, d_h_1, d_a_o_1)
        # d_c[1] = d_h[1] * (o[1] * (1 - tanh_c[1]**2)) + d_c[2] * f[2]
        add(m_d_c_2_1, m_d_c_3_1, d_c_1)
        # d_a_i[1] = d_c[1] * (g[1] * (i[1] * (1 - i[1])))
        # d_a_f[1] = d_c[1] * (c[0] * (f[1] * (1 - f[1])))
        # d_a_g[1] = d_c[1] * (i[1] * (1 - g[1]**2))
        multiply(m_d_a_1, d_c_1, d_a_1)
        # d_W_o = sum(transpose(x[t]) @ d_a_o[t])
        # d_W_i = sum(transpose(x[t]) @ d_a_i[t])
        # d_W_f = sum(transpose(x[t]) @ d_a_f[t])
        # d_W_g = sum(transpose(x[t]) @ d_a_g[t])
        dot(x_rows.T, d_a_rows, d_W)
        # d_U_o = sum(transpose(h[t-1]) @ d_a_o[t])
        # d_U_i = sum(transpose(h[t-1]) @ d_a_i[t])
        # d_U_f = sum(transpose(h[t-1]) @ d_a_f[t])
        # d_U_g = sum(transpose(h[t-1]) @ d_a_g[t])
        dot(h_0_to_7_rows.T, d_a_rows, d_U)
        # d_b_o = sum(batchsum(d_a_o[t]))
        # d_b_i = sum(batchsum(d_a_i[t]))
        # d_b_f = sum(batchsum(d_a_f[t]))
        # d_b_g = sum(batchsum(d_a_g[t]))
        dot(each_row, d_a_rows, d_b)
        # d_w_y = transpose(h[T]) @ d_a_yhat
        dot(h_8.T, d_a_yhat, d_w_y)
        # d_b_y = batchsum(d_a_yhat)
        dot(each, d_a_yhat, d_b_y)

    plan = _Plan()
    plan.forward = forward
    plan.loss = loss
    plan.backward = backward
    plan.outputs = {"yhat": yhat}
    plan.states = {"h0": h[8], "c0": c[8]}
    plan.value = L
    plan.grads = {}
    return plan


def _step_plan(B, dtype, theta, D, H, C):
    """The arrays for one step of B sequences, and the work on them."""
    (W, U, b, w_y, b_y), _ = _lay_out(theta, D, H, C)
    h = np.empty((2, B, H), dtype)
    g = np.empty((B, H), dtype)
    c = np.empty((2, B, H), dtype)
    yhat = np.empty((B, C), dtype)
    x_W = np.empty((B, 4 * H), dtype)
    h_U = np.empty((B, 4 * H), dtype)
    m_c = np.empty((B, H), dtype)
    h_w_y = np.empty((B, C), dtype)
    multiply_all = np.empty((3, B, H), dtype)
    # in the place of what is needed no more
    oif = multiply_all
    a = x_W
    tanh_c = g
    a_yhat = h_w_y
    s_a = x_W
    m_c_2 = g
    tanh_all = multiply_all
    multiply_all_2 = multiply_all
    multiply_yhat = h_w_y
    tanh_yhat = h_w_y
    multiply_yhat_2 = h_w_y
    o, i, f = oif
    multiply_o, multiply_i, multiply_f = multiply_all
    tanh_o, tanh_i, tanh_f = tanh_all
    multiply_o_2, multiply_i_2, multiply_f_2 = multiply_all_2
    half = np.array(0.5, dtype)

    # views
    a_2 = a.reshape(B, 4, H)[:, 0:3].swapaxes(-2, -3)
    a_g_2 = a[:, 3 * H : 4 * H]
    h_0, h_1 = h
    c_0, c_1 = c

    def step(x, h0, c0):
        # h[0] = h0
        copyto(h_0, h0)
        # c[0] = c0
        copyto(c_0, c0)
        # a_o[1] = x[1] @ W_o + h[0] @ U_o + b_o
        # a_i[1] = x[1] @ W_i + h[0] @ U_i + b_i
        # a_f[1] = x[1] @ W_f + h[0] @ U_f + b_f
        # a_g[1] = x[1] @ W_g + h[0] @ U_g + b_g
        dot(x, W, x_W)
        dot(h_0, U, h_U)
        add(b, x_W, s_a)
        add(s_a, h_U, a)
        # o[1] = sigmoid(a_o[1])
        # i[1] = sigmoid(a_i[1])
        # f[1] = sigmoid(a_f[1])
        multiply(half, a_2, multiply_all)
        tanh(multiply_all, tanh_all)
        multiply(half, tanh_all, multiply_all_2)
        add(multiply_all_2, half, oif)
        # g[1] = tanh(a_g[1])
        tanh(a_g_2, g)
        # c[1] = f[1] * c[0] + i[1] * g[1]
        multiply(f, c_0, m_c)
        multiply(i, g, m_c_2)
        add(m_c, m_c_2, c_1)
        # tanh_c[1] = tanh(c[1])
        tanh(c_1, tanh_c)
        # h[1] = o[1] * tanh_c[1]
        multiply(o, tanh_c, h_1)
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
    plan.states = {"h0": h[1], "c0": c[1]}
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
            plan, (x, y, h0, c0) = self._ready(inputs, _NEEDED["forward"])
            with np.errstate(all="ignore"):
                plan.forward(x, h0, c0)
            self.outputs, self.states = plan.outputs, plan.states
            return self.outputs, self.states

    def loss(self, **inputs):
        """The loss alone."""
        with self._alone:
            plan, (x, y, h0, c0) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, h0, c0)
                plan.loss(y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs)

    def loss_and_grads(self, **inputs):
        """The loss and its gradients, by name."""
        with self._alone:
            plan, (x, y, h0, c0) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, h0, c0)
                plan.loss(y)
                plan.backward(x, y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs), plan.grads

    def step(self, **inputs):
        """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
        with self._alone:
            plan, (x, h0, c0) = self._ready(inputs, _STEP_NEEDED, _STEP, _step_plan)
            with np.errstate(all="ignore"):
                plan.step(x, h0, c0)
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
    params = {name: value + rng.normal(size=value.shape) / 8 for name, value in params.items()}
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
