"""birnn: forward pass and gradients, 4 steps.

Made by symrnn generate --name birnn --steps 4 --unroll

    # Bidirectional network (N2): one recurrence each way, joined at every step
    O_f[t] = tanh(x[t] @ w_if + O_f[t-1] @ w_hf + b_f)   # from left to right
    O_b[t] = tanh(x[t] @ w_ib + O_b[t+1] @ w_hb + b_b)   # from right to left
    H[t]   = concat(O_f[t], O_b[t])
    O[t]   = H[t] @ w_o + b_o
    L      = mean(mse(y[t], O[t]))

Its gradient:

    d_O[t] = 2 * (O[t] - y[t]) / (size(B) * size(T) * size(C))
    d_H[t] = d_O[t] @ transpose(w_o)
    d_O_b[t] = part(d_H[t], H, H_O_b) + d_a_O_b[t-1] @ transpose(w_hb)
    d_a_O_b[t] = d_O_b[t] * (1 - O_b[t]**2)
    d_O_f[t] = part(d_H[t], 0, H) + d_a_O_f[t+1] @ transpose(w_hf)
    d_a_O_f[t] = d_O_f[t] * (1 - O_f[t]**2)
    d_w_if = sum(transpose(x[t]) @ d_a_O_f[t])
    d_w_hf = sum(transpose(O_f[t-1]) @ d_a_O_f[t])
    d_b_f = sum(batchsum(d_a_O_f[t]))
    d_w_ib = sum(transpose(x[t]) @ d_a_O_b[t])
    d_w_hb = sum(transpose(O_b[t+1]) @ d_a_O_b[t])
    d_b_b = sum(batchsum(d_a_O_b[t]))
    d_w_o = sum(transpose(H[t]) @ d_O[t])
    d_b_o = sum(batchsum(d_O[t]))
"""

from math import prod

import numpy as np
from numpy import add, copyto, dot, multiply, square, subtract, tanh

STEPS = 4
DIMS = ("D", "H", "H_O_b", "C")
PARAMS = {
    "w_if": ("D", "H"),
    "w_hf": ("H", "H"),
    "b_f": ("H",),
    "w_ib": ("D", "H_O_b"),
    "w_hb": ("H_O_b", "H_O_b"),
    "b_b": ("H_O_b",),
    "w_o": ("H+H_O_b", "C"),
    "b_o": ("C",),
}
INPUTS = {"x": ("T", "B", "D"), "y": ("T", "B", "C")}
STATES = {"O_f0": ("B", "H"), "O_bT1": ("B", "H_O_b")}
OUTPUTS = {"O": ("T", "B", "C")}
START = {
    "w_if": "glorot",
    "w_hf": "glorot",
    "b_f": 0.0,
    "w_ib": "glorot",
    "w_hb": "glorot",
    "b_b": 0.0,
    "w_o": "glorot",
    "b_o": 0.0,
}
ANALYTIC = True
TARGETS = ("y",)
ONEHOT = ()
BETWEEN_0_AND_1 = ()
_EVERY = {
    "x": ("T", "B", "D"),
    "y": ("T", "B", "C"),
    "O_f0": ("B", "H"),
    "O_bT1": ("B", "H_O_b"),
}
_NEEDED = {"forward": ("x",), "loss": ("x", "y")}
_OPTIONAL = ("O_f0", "O_bT1")
CAUSAL = False
NO_STEP = "birnn has no step: the recurrence of O_b runs backwards, from the last step"


def _lay_out(theta, D, H, H_O_b, C):
    """The parameters as they lie in one vector, and each of them by its name."""
    piece = _pieces(theta)
    w_if = piece(D, H)
    w_hf = piece(H, H)
    b_f = piece(H)
    w_ib = piece(D, H_O_b)
    w_hb = piece(H_O_b, H_O_b)
    b_b = piece(H_O_b)
    w_o = piece(H + H_O_b, C)
    b_o = piece(C)
    return (w_if, w_hf, b_f, w_ib, w_hb, b_b, w_o, b_o), {
        "w_if": w_if,
        "w_hf": w_hf,
        "b_f": b_f,
        "w_ib": w_ib,
        "w_hb": w_hb,
        "b_b": b_b,
        "w_o": w_o,
        "b_o": b_o,
    }


class _Plan:
    """What a kernel needs for one number of sequences: arrays, views, and the work on them."""


def _plan(B, dtype, theta, dtheta, D, H, H_O_b, C):
    """The arrays for B sequences, and the passes over them."""
    (w_if, w_hf, b_f, w_ib, w_hb, b_b, w_o, b_o), _ = _lay_out(theta, D, H, H_O_b, C)
    (d_w_if, d_w_hf, d_b_f, d_w_ib, d_w_hb, d_b_b, d_w_o, d_b_o), _ = _lay_out(
        dtheta, D, H, H_O_b, C
    )
    O_f = np.empty((5, B, H), dtype)
    O_b = np.empty((5, B, H_O_b), dtype)
    H_2 = np.empty((4, B, H + H_O_b), dtype)
    O = np.empty((4, B, C), dtype)
    L = np.empty((1,), dtype)
    a_O_f = np.empty((4, B, H), dtype)
    a_O_b = np.empty((4, B, H_O_b), dtype)
    d_H = np.empty((4, B, H + H_O_b), dtype)
    x_w_if = np.empty((4, B, H), dtype)
    O_f_w_hf = np.empty((4, B, H), dtype)
    x_w_ib = np.empty((4, B, H_O_b), dtype)
    O_b_w_hb = np.empty((4, B, H_O_b), dtype)
    H_w_o = np.empty((4, B, C), dtype)
    sq_l_O = np.empty((4, B, C), dtype)
    sum_l_O = np.empty((1,), dtype)
    d_a_O_b_w_hb = np.empty((3, B, H_O_b), dtype)
    d_a_O_f_w_hf = np.empty((3, B, H), dtype)
    # in the place of what is needed no more
    d_O = H_w_o
    d_O_b = x_w_ib
    d_a_O_b = a_O_b
    d_O_f = x_w_if
    d_a_O_f = a_O_f
    s_a_O_f = x_w_if
    s_a_O_b = x_w_ib
    s_l_O = H_w_o
    sq_d_a_O_b = O_b_w_hb
    s_d_a_O_b = O_b_w_hb
    sq_d_a_O_f = O_f_w_hf
    s_d_a_O_f = O_f_w_hf
    k1 = np.array(1 / (4 * B * C), dtype)
    k2 = np.array(2 / (B * 4 * C), dtype)
    one = np.array(1, dtype)
    each_entry = np.ones(4 * B * C, dtype)
    each_row = np.ones(4 * B, dtype)

    # views
    x_w_if_rows = x_w_if.reshape(4 * B, H)
    x_w_ib_rows = x_w_ib.reshape(4 * B, H_O_b)
    O_f_1_to_4 = O_f[1:5]
    H_2_part = H_2[:, :, 0:H]
    O_b_1_to_4 = O_b[0:4]
    H_2_part_2 = H_2[:, :, H : H + H_O_b]
    H_2_rows = H_2.reshape(4 * B, H + H_O_b)
    H_w_o_rows = H_w_o.reshape(4 * B, C)
    sq_l_O_row = sq_l_O.reshape(4 * B * C)
    sum_l_O_number = sum_l_O.reshape(())
    d_O_rows = d_O.reshape(4 * B, C)
    d_H_rows = d_H.reshape(4 * B, H + H_O_b)
    d_a_O_f_rows = d_a_O_f.reshape(4 * B, H)
    O_f_0_to_3_rows = O_f[0:4].reshape(4 * B, H)
    d_a_O_b_rows = d_a_O_b.reshape(4 * B, H_O_b)
    O_b_2_to_5_rows = O_b[1:5].reshape(4 * B, H_O_b)
    O_f_0, O_f_1, O_f_2, O_f_3, O_f_4 = O_f
    O_b_1, O_b_2, O_b_3, O_b_4, O_b_5 = O_b
    O_f_w_hf_1, O_f_w_hf_2, O_f_w_hf_3, O_f_w_hf_4 = O_f_w_hf
    s_a_O_f_1, s_a_O_f_2, s_a_O_f_3, s_a_O_f_4 = s_a_O_f
    a_O_f_1, a_O_f_2, a_O_f_3, a_O_f_4 = a_O_f
    O_b_w_hb_1, O_b_w_hb_2, O_b_w_hb_3, O_b_w_hb_4 = O_b_w_hb
    s_a_O_b_1, s_a_O_b_2, s_a_O_b_3, s_a_O_b_4 = s_a_O_b
    a_O_b_1, a_O_b_2, a_O_b_3, a_O_b_4 = a_O_b
    d_H_part_1, d_H_part_2, d_H_part_3, d_H_part_4 = d_H[:, :, H : H + H_O_b]
    d_O_b_1, d_O_b_2, d_O_b_3, d_O_b_4 = d_O_b
    s_d_a_O_b_1, s_d_a_O_b_2, s_d_a_O_b_3, s_d_a_O_b_4 = s_d_a_O_b
    d_a_O_b_1, d_a_O_b_2, d_a_O_b_3, d_a_O_b_4 = d_a_O_b
    d_a_O_b_w_hb_2, d_a_O_b_w_hb_3, d_a_O_b_w_hb_4 = d_a_O_b_w_hb
    d_H_part_1_2, d_H_part_2_2, d_H_part_3_2, d_H_part_4_2 = d_H[:, :, 0:H]
    d_O_f_1, d_O_f_2, d_O_f_3, d_O_f_4 = d_O_f
    s_d_a_O_f_1, s_d_a_O_f_2, s_d_a_O_f_3, s_d_a_O_f_4 = s_d_a_O_f
    d_a_O_f_1, d_a_O_f_2, d_a_O_f_3, d_a_O_f_4 = d_a_O_f
    d_a_O_f_w_hf_1, d_a_O_f_w_hf_2, d_a_O_f_w_hf_3 = d_a_O_f_w_hf

    def forward(x, O_f0, O_bT1):
        x_rows = x.reshape(4 * B, D)
        # O_f[0] = O_f0
        copyto(O_f_0, O_f0)
        # O_b[T+1] = O_bT1
        copyto(O_b_5, O_bT1)
        # a_O_f[1] = x[1] @ w_if + O_f[0] @ w_hf + b_f
        dot(x_rows, w_if, x_w_if_rows)
        add(b_f, x_w_if, s_a_O_f)
        dot(O_f_0, w_hf, O_f_w_hf_1)
        add(s_a_O_f_1, O_f_w_hf_1, a_O_f_1)
        # O_f[1] = tanh(a_O_f[1])
        tanh(a_O_f_1, O_f_1)
        # a_O_f[2] = x[2] @ w_if + O_f[1] @ w_hf + b_f
        dot(O_f_1, w_hf, O_f_w_hf_2)
        add(s_a_O_f_2, O_f_w_hf_2, a_O_f_2)
        # O_f[2] = tanh(a_O_f[2])
        tanh(a_O_f_2, O_f_2)
        # a_O_f[3] = x[3] @ w_if + O_f[2] @ w_hf + b_f
        dot(O_f_2, w_hf, O_f_w_hf_3)
        add(s_a_O_f_3, O_f_w_hf_3, a_O_f_3)
        # O_f[3] = tanh(a_O_f[3])
        tanh(a_O_f_3, O_f_3)
        # a_O_f[4] = x[4] @ w_if + O_f[3] @ w_hf + b_f
        dot(O_f_3, w_hf, O_f_w_hf_4)
        add(s_a_O_f_4, O_f_w_hf_4, a_O_f_4)
        # O_f[4] = tanh(a_O_f[4])
        tanh(a_O_f_4, O_f_4)
        # a_O_b[4] = x[4] @ w_ib + O_b[5] @ w_hb + b_b
        dot(x_rows, w_ib, x_w_ib_rows)
        add(b_b, x_w_ib, s_a_O_b)
        dot(O_b_5, w_hb, O_b_w_hb_4)
        add(s_a_O_b_4, O_b_w_hb_4, a_O_b_4)
        # O_b[4] = tanh(a_O_b[4])
        tanh(a_O_b_4, O_b_4)
        # a_O_b[3] = x[3] @ w_ib + O_b[4] @ w_hb + b_b
        dot(O_b_4, w_hb, O_b_w_hb_3)
        add(s_a_O_b_3, O_b_w_hb_3, a_O_b_3)
        # O_b[3] = tanh(a_O_b[3])
        tanh(a_O_b_3, O_b_3)
        # a_O_b[2] = x[2] @ w_ib + O_b[3] @ w_hb + b_b
        dot(O_b_3, w_hb, O_b_w_hb_2)
        add(s_a_O_b_2, O_b_w_hb_2, a_O_b_2)
        # O_b[2] = tanh(a_O_b[2])
        tanh(a_O_b_2, O_b_2)
        # a_O_b[1] = x[1] @ w_ib + O_b[2] @ w_hb + b_b
        dot(O_b_2, w_hb, O_b_w_hb_1)
        add(s_a_O_b_1, O_b_w_hb_1, a_O_b_1)
        # O_b[1] = tanh(a_O_b[1])
        tanh(a_O_b_1, O_b_1)
        # H[t] = concat(O_f[t], O_b[t])
        copyto(H_2_part, O_f_1_to_4)
        # H[t] = concat(O_f[t], O_b[t])
        copyto(H_2_part_2, O_b_1_to_4)
        # O[t] = H[t] @ w_o + b_o
        dot(H_2_rows, w_o, H_w_o_rows)
        add(b_o, H_w_o, O)

    def loss(y):
        # l_O[t] = mse(y[t], O[t])
        # L = mean(l_O[t])
        subtract(O, y, s_l_O)
        square(s_l_O, sq_l_O)
        dot(sq_l_O_row, each_entry, sum_l_O_number)
        multiply(k1, sum_l_O, L)

    def backward(x):
        x_rows = x.reshape(4 * B, D)
        # d_O[t] = 2 * (O[t] - y[t]) / (size(B) * size(T) * size(C))
        multiply(k2, s_l_O, d_O)
        # d_H[t] = d_O[t] @ transpose(w_o)
        dot(d_O_rows, w_o.T, d_H_rows)
        # d_O_b[1] = part(d_H[1], H, H_O_b)
        copyto(d_O_b_1, d_H_part_1)
        # d_a_O_b[1] = d_O_b[1] * (1 - O_b[1]**2)
        square(O_b_1_to_4, sq_d_a_O_b)
        subtract(one, sq_d_a_O_b, s_d_a_O_b)
        multiply(s_d_a_O_b_1, d_O_b_1, d_a_O_b_1)
        # d_O_b[2] = part(d_H[2], H, H_O_b) + d_a_O_b[1] @ transpose(w_hb)
        dot(d_a_O_b_1, w_hb.T, d_a_O_b_w_hb_2)
        add(d_H_part_2, d_a_O_b_w_hb_2, d_O_b_2)
        # d_a_O_b[2] = d_O_b[2] * (1 - O_b[2]**2)
        multiply(s_d_a_O_b_2, d_O_b_2, d_a_O_b_2)
        # d_O_b[3] = part(d_H[3], H, H_O_b) + d_a_O_b[2] @ transpose(w_hb)
        dot(d_a_O_b_2, w_hb.T, d_a_O_b_w_hb_3)
        add(d_H_part_3, d_a_O_b_w_hb_3, d_O_b_3)
        # d_a_O_b[3] = d_O_b[3] * (1 - O_b[3]**2)
        multiply(s_d_a_O_b_3, d_O_b_3, d_a_O_b_3)
        # d_O_b[4] = part(d_H[4], H, H_O_b) + d_a_O_b[3] @ transpose(w_hb)
        dot(d_a_O_b_3, w_hb.T, d_a_O_b_w_hb_4)
        add(d_H_part_4, d_a_O_b_w_hb_4, d_O_b_4)
        # d_a_O_b[4] = d_O_b[4] * (1 - O_b[4]**2)
        multiply(s_d_a_O_b_4, d_O_b_4, d_a_O_b_4)
        # d_O_f[4] = part(d_H[4], 0, H)
        copyto(d_O_f_4, d_H_part_4_2)
        # d_a_O_f[4] = d_O_f[4] * (1 - O_f[4]**2)
        square(O_f_1_to_4, sq_d_a_O_f)
        subtract(one, sq_d_a_O_f, s_d_a_O_f)
        multiply(s_d_a_O_f_4, d_O_f_4, d_a_O_f_4)
        # d_O_f[3] = part(d_H[3], 0, H) + d_a_O_f[4] @ transpose(w_hf)
        dot(d_a_O_f_4, w_hf.T, d_a_O_f_w_hf_3)
        add(d_H_part_3_2, d_a_O_f_w_hf_3, d_O_f_3)
        # d_a_O_f[3] = d_O_f[3] * (1 - O_f[3]**2)
        multiply(s_d_a_O_f_3, d_O_f_3, d_a_O_f_3)
        # d_O_f[2] = part(d_H[2], 0, H) + d_a_O_f[3] @ transpose(w_hf)
        dot(d_a_O_f_3, w_hf.T, d_a_O_f_w_hf_2)
        add(d_H_part_2_2, d_a_O_f_w_hf_2, d_O_f_2)
        # d_a_O_f[2] = d_O_f[2] * (1 - O_f[2]**2)
        multiply(s_d_a_O_f_2, d_O_f_2, d_a_O_f_2)
        # d_O_f[1] = part(d_H[1], 0, H) + d_a_O_f[2] @ transpose(w_hf)
        dot(d_a_O_f_2, w_hf.T, d_a_O_f_w_hf_1)
        add(d_H_part_1_2, d_a_O_f_w_hf_1, d_O_f_1)
        # d_a_O_f[1] = d_O_f[1] * (1 - O_f[1]**2)
        multiply(s_d_a_O_f_1, d_O_f_1, d_a_O_f_1)
        # d_w_if = sum(transpose(x[t]) @ d_a_O_f[t])
        dot(x_rows.T, d_a_O_f_rows, d_w_if)
        # d_w_hf = sum(transpose(O_f[t-1]) @ d_a_O_f[t])
        dot(O_f_0_to_3_rows.T, d_a_O_f_rows, d_w_hf)
        # d_b_f = sum(batchsum(d_a_O_f[t]))
        dot(each_row, d_a_O_f_rows, d_b_f)
        # d_w_ib = sum(transpose(x[t]) @ d_a_O_b[t])
        dot(x_rows.T, d_a_O_b_rows, d_w_ib)
        # d_w_hb = sum(transpose(O_b[t+1]) @ d_a_O_b[t])
        dot(O_b_2_to_5_rows.T, d_a_O_b_rows, d_w_hb)
        # d_b_b = sum(batchsum(d_a_O_b[t]))
        dot(each_row, d_a_O_b_rows, d_b_b)
        # d_w_o = sum(transpose(H[t]) @ d_O[t])
        dot(H_2_rows.T, d_O_rows, d_w_o)
        # d_b_o = sum(batchsum(d_O[t]))
        dot(each_row, d_O_rows, d_b_o)

    plan = _Plan()
    plan.forward = forward
    plan.loss = loss
    plan.backward = backward
    plan.outputs = {"O": O}
    plan.states = {"O_f0": O_f[4], "O_bT1": O_b[0]}
    plan.value = L
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
            plan, (x, y, O_f0, O_bT1) = self._ready(inputs, _NEEDED["forward"])
            with np.errstate(all="ignore"):
                plan.forward(x, O_f0, O_bT1)
            self.outputs, self.states = plan.outputs, plan.states
            return self.outputs, self.states

    def loss(self, **inputs):
        """The loss alone."""
        with self._alone:
            plan, (x, y, O_f0, O_bT1) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, O_f0, O_bT1)
                plan.loss(y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs)

    def loss_and_grads(self, **inputs):
        """The loss and its gradients, by name."""
        with self._alone:
            plan, (x, y, O_f0, O_bT1) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, O_f0, O_bT1)
                plan.loss(y)
                plan.backward(x)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs), plan.grads

    def step(self, **inputs):
        """There is none: see NO_STEP."""
        raise TypeError(NO_STEP)


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
    """There is none: see NO_STEP."""
    raise TypeError(NO_STEP)


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
    """There is nothing to hold the forward pass against: see NO_STEP."""
    return {}


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
