"""char: forward pass and gradients, 5 steps.

Made by symrnn generate --name char --steps 5 --unroll

    # Characters in, the next character out: softmax and cross-entropy at every step (N5)
    y: onehot
    h[t]    = tanh(x[t] @ W_xh + h[t-1] @ W_hh + b_h)
    yhat[t] = softmax(h[t] @ W_hy + b_y)
    L       = mean(ce(y[t], yhat[t]))

Its gradient:

    d_a_yhat[t] = (yhat[t] - y[t]) / (size(B) * size(T))
    d_h[t] = d_a_yhat[t] @ transpose(W_hy) + d_a_h[t+1] @ transpose(W_hh)
    d_a_h[t] = d_h[t] * (1 - h[t]**2)
    d_W_xh = sum(transpose(x[t]) @ d_a_h[t])
    d_W_hh = sum(transpose(h[t-1]) @ d_a_h[t])
    d_b_h = sum(batchsum(d_a_h[t]))
    d_W_hy = sum(transpose(h[t]) @ d_a_yhat[t])
    d_b_y = sum(batchsum(d_a_yhat[t]))
"""

from math import prod

import numpy as np
from numpy import add, copyto, divide, dot, exp, log, multiply, square, subtract, tanh

STEPS = 5
DIMS = ("D", "H", "C")
PARAMS = {
    "W_xh": ("D", "H"),
    "W_hh": ("H", "H"),
    "b_h": ("H",),
    "W_hy": ("H", "C"),
    "b_y": ("C",),
}
INPUTS = {"x": ("T", "B", "D"), "y": ("T", "B", "C")}
STATES = {"h0": ("B", "H")}
OUTPUTS = {"yhat": ("T", "B", "C")}
START = {"W_xh": "glorot", "W_hh": "glorot", "b_h": 0.0, "W_hy": "glorot", "b_y": 0.0}
ANALYTIC = True
TARGETS = ("y",)
ONEHOT = ("y",)
BETWEEN_0_AND_1 = ()
_EVERY = {"x": ("T", "B", "D"), "y": ("T", "B", "C"), "h0": ("B", "H")}
_NEEDED = {"forward": ("x",), "loss": ("x", "y")}
_OPTIONAL = ("h0",)
CAUSAL = True
_STEP = {"x": ("B", "D"), "h0": ("B", "H")}
_STEP_NEEDED = ("x",)


def _lay_out(theta, D, H, C):
    """The parameters as they lie in one vector, and each of them by its name."""
    piece = _pieces(theta)
    W_xh = piece(D, H)
    W_hh = piece(H, H)
    b_h = piece(H)
    W_hy = piece(H, C)
    b_y = piece(C)
    return (W_xh, W_hh, b_h, W_hy, b_y), {
        "W_xh": W_xh,
        "W_hh": W_hh,
        "b_h": b_h,
        "W_hy": W_hy,
        "b_y": b_y,
    }


class _Plan:
    """What a kernel needs for one number of sequences: arrays, views, and the work on them."""


def _plan(B, dtype, theta, dtheta, D, H, C):
    """The arrays for B sequences, and the passes over them."""
    (W_xh, W_hh, b_h, W_hy, b_y), _ = _lay_out(theta, D, H, C)
    (d_W_xh, d_W_hh, d_b_h, d_W_hy, d_b_y), _ = _lay_out(dtheta, D, H, C)
    h = np.empty((6, B, H), dtype)
    yhat = np.empty((5, B, C), dtype)
    L = np.empty((1,), dtype)
    a_h = np.empty((5, B, H), dtype)
    d_a_h = np.empty((5, B, H), dtype)
    x_W_xh = np.empty((5, B, H), dtype)
    h_W_hh = np.empty((5, B, H), dtype)
    h_W_hy = np.empty((5, B, C), dtype)
    max_yhat = np.empty((5, B, 1), dtype)
    s_yhat = np.empty((5, B, C), dtype)
    sum_yhat = np.empty((5, B, 1), dtype)
    sum_l_yhat = np.empty((5, B, 1), dtype)
    sum_L = np.empty((1,), dtype)
    d_a_h_W_hh = np.empty((4, B, H), dtype)
    # in the place of what is needed no more
    a_yhat = h_W_hy
    l_yhat = max_yhat
    d_a_yhat = h_W_hy
    d_h = a_h
    s_a_h = x_W_xh
    exp_yhat = s_yhat
    log_l_yhat = sum_yhat
    s_l_yhat = max_yhat
    m_l_yhat = h_W_hy
    sum_l_yhat_2 = sum_yhat
    m_l_yhat_2 = max_yhat
    s_d_a_yhat = h_W_hy
    d_a_yhat_W_hy = x_W_xh
    sq_d_a_h = h_W_hh
    s_d_a_h = h_W_hh
    k1 = np.array(1 / (5 * B), dtype)
    k2 = np.array(1 / (B * 5), dtype)
    one = np.array(1, dtype)
    each_row = np.ones(5 * B, dtype)

    # views
    x_W_xh_rows = x_W_xh.reshape(5 * B, H)
    h_1_to_5_rows = h[1:6].reshape(5 * B, H)
    h_W_hy_rows = h_W_hy.reshape(5 * B, C)
    l_yhat_rows = l_yhat.reshape(5 * B, 1)
    d_a_yhat_rows = d_a_yhat.reshape(5 * B, C)
    d_a_yhat_W_hy_rows = d_a_yhat_W_hy.reshape(5 * B, H)
    h_1_to_5 = h[1:6]
    d_a_h_rows = d_a_h.reshape(5 * B, H)
    h_0_to_4_rows = h[0:5].reshape(5 * B, H)
    h_0, h_1, h_2, h_3, h_4, h_5 = h
    h_W_hh_1, h_W_hh_2, h_W_hh_3, h_W_hh_4, h_W_hh_5 = h_W_hh
    s_a_h_1, s_a_h_2, s_a_h_3, s_a_h_4, s_a_h_5 = s_a_h
    a_h_1, a_h_2, a_h_3, a_h_4, a_h_5 = a_h
    d_a_yhat_W_hy_1, d_a_yhat_W_hy_2, d_a_yhat_W_hy_3, d_a_yhat_W_hy_4, d_a_yhat_W_hy_5 = (
        d_a_yhat_W_hy
    )
    d_h_1, d_h_2, d_h_3, d_h_4, d_h_5 = d_h
    s_d_a_h_1, s_d_a_h_2, s_d_a_h_3, s_d_a_h_4, s_d_a_h_5 = s_d_a_h
    d_a_h_1, d_a_h_2, d_a_h_3, d_a_h_4, d_a_h_5 = d_a_h
    d_a_h_W_hh_1, d_a_h_W_hh_2, d_a_h_W_hh_3, d_a_h_W_hh_4 = d_a_h_W_hh
    W_hh_T = W_hh.T if B == 1 else W_hh.T.copy()
    total = np.add.reduce
    highest = np.maximum.reduce

    def forward(x, h0):
        x_rows = x.reshape(5 * B, D)
        # h[0] = h0
        copyto(h_0, h0)
        # a_h[1] = x[1] @ W_xh + h[0] @ W_hh + b_h
        dot(x_rows, W_xh, x_W_xh_rows)
        add(b_h, x_W_xh, s_a_h)
        dot(h_0, W_hh, h_W_hh_1)
        add(s_a_h_1, h_W_hh_1, a_h_1)
        # h[1] = tanh(a_h[1])
        tanh(a_h_1, h_1)
        # a_h[2] = x[2] @ W_xh + h[1] @ W_hh + b_h
        dot(h_1, W_hh, h_W_hh_2)
        add(s_a_h_2, h_W_hh_2, a_h_2)
        # h[2] = tanh(a_h[2])
        tanh(a_h_2, h_2)
        # a_h[3] = x[3] @ W_xh + h[2] @ W_hh + b_h
        dot(h_2, W_hh, h_W_hh_3)
        add(s_a_h_3, h_W_hh_3, a_h_3)
        # h[3] = tanh(a_h[3])
        tanh(a_h_3, h_3)
        # a_h[4] = x[4] @ W_xh + h[3] @ W_hh + b_h
        dot(h_3, W_hh, h_W_hh_4)
        add(s_a_h_4, h_W_hh_4, a_h_4)
        # h[4] = tanh(a_h[4])
        tanh(a_h_4, h_4)
        # a_h[5] = x[5] @ W_xh + h[4] @ W_hh + b_h
        dot(h_4, W_hh, h_W_hh_5)
        add(s_a_h_5, h_W_hh_5, a_h_5)
        # h[5] = tanh(a_h[5])
        tanh(a_h_5, h_5)
        # a_yhat[t] = h[t] @ W_hy + b_y
        dot(h_1_to_5_rows, W_hy, h_W_hy_rows)
        add(b_y, h_W_hy, a_yhat)
        # yhat[t] = softmax(a_yhat[t])
        highest(a_yhat, -1, None, max_yhat, True)
        subtract(a_yhat, max_yhat, s_yhat)
        exp(s_yhat, exp_yhat)
        total(exp_yhat, -1, None, sum_yhat, True)
        divide(exp_yhat, sum_yhat, yhat)

    def loss(y):
        # l_yhat[t] = ce_logits(y[t], a_yhat[t])
        total(y, -1, None, sum_l_yhat, True)
        log(sum_yhat, log_l_yhat)
        add(max_yhat, log_l_yhat, s_l_yhat)
        multiply(y, a_yhat, m_l_yhat)
        total(m_l_yhat, -1, None, sum_l_yhat_2, True)
        multiply(sum_l_yhat, s_l_yhat, m_l_yhat_2)
        subtract(m_l_yhat_2, sum_l_yhat_2, l_yhat)
        # L = mean(l_yhat[t])
        dot(each_row, l_yhat_rows, sum_L)
        multiply(k1, sum_L, L)

    def backward(x, y):
        if B > 1:
            copyto(W_hh_T, W_hh.T)
        x_rows = x.reshape(5 * B, D)
        # d_a_yhat[t] = (yhat[t] - y[t]) / (size(B) * size(T))
        subtract(yhat, y, s_d_a_yhat)
        multiply(k2, s_d_a_yhat, d_a_yhat)
        # for d_h
        dot(d_a_yhat_rows, W_hy.T, d_a_yhat_W_hy_rows)
        # for d_a_h
        square(h_1_to_5, sq_d_a_h)
        # d_h[5] = d_a_yhat[5] @ transpose(W_hy)
        copyto(d_h_5, d_a_yhat_W_hy_5)
        # d_a_h[5] = d_h[5] * (1 - h[5]**2)
        subtract(one, sq_d_a_h, s_d_a_h)
        multiply(s_d_a_h_5, d_h_5, d_a_h_5)
        # d_h[4] = d_a_yhat[4] @ transpose(W_hy) + d_a_h[5] @ transpose(W_hh)
        dot(d_a_h_5, W_hh_T, d_a_h_W_hh_4)
        add(d_a_yhat_W_hy_4, d_a_h_W_hh_4, d_h_4)
        # d_a_h[4] = d_h[4] * (1 - h[4]**2)
        multiply(s_d_a_h_4, d_h_4, d_a_h_4)
        # d_h[3] = d_a_yhat[3] @ transpose(W_hy) + d_a_h[4] @ transpose(W_hh)
        dot(d_a_h_4, W_hh_T, d_a_h_W_hh_3)
        add(d_a_yhat_W_hy_3, d_a_h_W_hh_3, d_h_3)
        # d_a_h[3] = d_h[3] * (1 - h[3]**2)
        multiply(s_d_a_h_3, d_h_3, d_a_h_3)
        # d_h[2] = d_a_yhat[2] @ transpose(W_hy) + d_a_h[3] @ transpose(W_hh)
        dot(d_a_h_3, W_hh_T, d_a_h_W_hh_2)
        add(d_a_yhat_W_hy_2, d_a_h_W_hh_2, d_h_2)
        # d_a_h[2] = d_h[2] * (1 - h[2]**2)
        multiply(s_d_a_h_2, d_h_2, d_a_h_2)
        # d_h[1] = d_a_yhat[1] @ transpose(W_hy) + d_a_h[2] @ transpose(W_hh)
        dot(d_a_h_2, W_hh_T, d_a_h_W_hh_1)
        add(d_a_yhat_W_hy_1, d_a_h_W_hh_1, d_h_1)
        # d_a_h[1] = d_h[1] * (1 - h[1]**2)
        multiply(s_d_a_h_1, d_h_1, d_a_h_1)
        # d_W_xh = sum(transpose(x[t]) @ d_a_h[t])
        dot(x_rows.T, d_a_h_rows, d_W_xh)
        # d_W_hh = sum(transpose(h[t-1]) @ d_a_h[t])
        dot(h_0_to_4_rows.T, d_a_h_rows, d_W_hh)
        # d_b_h = sum(batchsum(d_a_h[t]))
        dot(each_row, d_a_h_rows, d_b_h)
        # d_W_hy = sum(transpose(h[t]) @ d_a_yhat[t])
        dot(h_1_to_5_rows.T, d_a_yhat_rows, d_W_hy)
        # d_b_y = sum(batchsum(d_a_yhat[t]))
        dot(each_row, d_a_yhat_rows, d_b_y)

    plan = _Plan()
    plan.forward = forward
    plan.loss = loss
    plan.backward = backward
    plan.outputs = {"yhat": yhat}
    plan.states = {"h0": h[5]}
    plan.value = L
    plan.grads = {}
    return plan


def _step_plan(B, dtype, theta, D, H, C):
    """The arrays for one step of B sequences, and the work on them."""
    (W_xh, W_hh, b_h, W_hy, b_y), _ = _lay_out(theta, D, H, C)
    h = np.empty((2, B, H), dtype)
    yhat = np.empty((B, C), dtype)
    a_yhat = np.empty((B, C), dtype)
    x_W_xh = np.empty((B, H), dtype)
    h_W_hh = np.empty((B, H), dtype)
    h_W_hy = np.empty((B, C), dtype)
    max_yhat = np.empty((B, 1), dtype)
    # in the place of what is needed no more
    a_h = x_W_xh
    s_a_h = x_W_xh
    s_yhat = h_W_hy
    exp_yhat = h_W_hy
    sum_yhat = max_yhat

    # views
    h_0, h_1 = h
    total = np.add.reduce
    highest = np.maximum.reduce

    def step(x, h0):
        # h[0] = h0
        copyto(h_0, h0)
        # a_h[1] = x[1] @ W_xh + h[0] @ W_hh + b_h
        dot(x, W_xh, x_W_xh)
        dot(h_0, W_hh, h_W_hh)
        add(b_h, x_W_xh, s_a_h)
        add(s_a_h, h_W_hh, a_h)
        # h[1] = tanh(a_h[1])
        tanh(a_h, h_1)
        # a_yhat[1] = h[1] @ W_hy + b_y
        dot(h_1, W_hy, h_W_hy)
        add(h_W_hy, b_y, a_yhat)
        # yhat[1] = softmax(a_yhat[1])
        highest(a_yhat, -1, None, max_yhat, True)
        subtract(a_yhat, max_yhat, s_yhat)
        exp(s_yhat, exp_yhat)
        total(exp_yhat, -1, None, sum_yhat, True)
        divide(exp_yhat, sum_yhat, yhat)

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
