"""elman_n4: forward pass and gradients, 3 steps.

Made by symrnn generate --name elman_n4 --steps 3 --unroll

    # Elman's network exactly as in N4: no biases, cross-entropy
    O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h)
    yhat = sigmoid(O[T] @ w_o)
    L    = bce(y, yhat)

Its gradient:

    d_a_yhat = (yhat - y) / (size(B) * size(C))
    d_O[t] = d_a_O[t+1] @ transpose(w_h)
    d_O[T] += d_a_yhat @ transpose(w_o)
    d_a_O[t] = d_O[t] * (1 - O[t]**2)
    d_w_i = sum(transpose(x[t]) @ d_a_O[t])
    d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])
    d_w_o = transpose(O[T]) @ d_a_yhat
"""

from math import prod

import numpy as np
from numpy import add, copyto, dot, multiply, square, subtract, tanh

STEPS = 3
DIMS = ("D", "H", "C")
PARAMS = {"w_i": ("D", "H"), "w_h": ("H", "H"), "w_o": ("H", "C")}
INPUTS = {"x": ("T", "B", "D"), "y": ("B", "C")}
STATES = {"O0": ("B", "H")}
OUTPUTS = {"yhat": ("B", "C")}
START = {"w_i": "glorot", "w_h": "glorot", "w_o": "glorot"}
ANALYTIC = True
TARGETS = ("y",)
ONEHOT = ()
BETWEEN_0_AND_1 = ("y",)
_EVERY = {"x": ("T", "B", "D"), "y": ("B", "C"), "O0": ("B", "H")}
_NEEDED = {"forward": ("x",), "loss": ("x", "y")}
_OPTIONAL = ("O0",)
CAUSAL = True
_STEP = {"x": ("B", "D"), "O0": ("B", "H")}
_STEP_NEEDED = ("x",)


def _lay_out(theta, D, H, C):
    """The parameters as they lie in one vector, and each of them by its name."""
    piece = _pieces(theta)
    w_i = piece(D, H)
    w_h = piece(H, H)
    w_o = piece(H, C)
    return (w_i, w_h, w_o), {"w_i": w_i, "w_h": w_h, "w_o": w_o}


class _Plan:
    """What a kernel needs for one number of sequences: arrays, views, and the work on them."""


def _plan(B, dtype, theta, dtheta, D, H, C):
    """The arrays for B sequences, and the passes over them."""
    (w_i, w_h, w_o), _ = _lay_out(theta, D, H, C)
    (d_w_i, d_w_h, d_w_o), _ = _lay_out(dtheta, D, H, C)
    O = np.empty((4, B, H), dtype)
    yhat = np.empty((B, C), dtype)
    L = np.empty((1,), dtype)
    a_O = np.empty((3, B, H), dtype)
    a_yhat = np.empty((B, C), dtype)
    x_w_i = np.empty((3, B, H), dtype)
    O_w_h = np.empty((3, B, H), dtype)
    sum_l_yhat = np.empty((1,), dtype)
    multiply_yhat = np.empty((B, C), dtype)
    # in the place of what is needed no more
    d_a_yhat = a_yhat
    d_O = x_w_i
    d_a_O = a_O
    softplus_l_yhat = multiply_yhat
    m_l_yhat = a_yhat
    s_l_yhat = a_yhat
    s_d_a_yhat = a_yhat
    sq_d_a_O = O_w_h
    s_d_a_O = O_w_h
    tanh_yhat = multiply_yhat
    multiply_yhat_2 = multiply_yhat
    half = np.array(0.5, dtype)
    k1 = np.array(1 / (B * C), dtype)
    one = np.array(1, dtype)
    each_entry = np.ones(B * C, dtype)

    # views
    x_w_i_rows = x_w_i.reshape(3 * B, H)
    s_l_yhat_row = s_l_yhat.reshape(B * C)
    sum_l_yhat_number = sum_l_yhat.reshape(())
    O_1_to_3 = O[1:4]
    d_a_O_rows = d_a_O.reshape(3 * B, H)
    O_0_to_2_rows = O[0:3].reshape(3 * B, H)
    O_0, O_1, O_2, O_3 = O
    O_w_h_1, O_w_h_2, O_w_h_3 = O_w_h
    x_w_i_1, x_w_i_2, x_w_i_3 = x_w_i
    a_O_1, a_O_2, a_O_3 = a_O
    d_O_1, d_O_2, d_O_3 = d_O
    s_d_a_O_1, s_d_a_O_2, s_d_a_O_3 = s_d_a_O
    d_a_O_1, d_a_O_2, d_a_O_3 = d_a_O
    softplus = _softplus(dtype)

    def forward(x, O0):
        x_rows = x.reshape(3 * B, D)
        # O[0] = O0
        copyto(O_0, O0)
        # a_O[1] = x[1] @ w_i + O[0] @ w_h
        dot(x_rows, w_i, x_w_i_rows)
        dot(O_0, w_h, O_w_h_1)
        add(x_w_i_1, O_w_h_1, a_O_1)
        # O[1] = tanh(a_O[1])
        tanh(a_O_1, O_1)
        # a_O[2] = x[2] @ w_i + O[1] @ w_h
        dot(O_1, w_h, O_w_h_2)
        add(x_w_i_2, O_w_h_2, a_O_2)
        # O[2] = tanh(a_O[2])
        tanh(a_O_2, O_2)
        # a_O[3] = x[3] @ w_i + O[2] @ w_h
        dot(O_2, w_h, O_w_h_3)
        add(x_w_i_3, O_w_h_3, a_O_3)
        # O[3] = tanh(a_O[3])
        tanh(a_O_3, O_3)
        # a_yhat = O[T] @ w_o
        dot(O_3, w_o, a_yhat)
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
        x_rows = x.reshape(3 * B, D)
        # d_a_yhat = (yhat - y) / (size(B) * size(C))
        subtract(yhat, y, s_d_a_yhat)
        multiply(k1, s_d_a_yhat, d_a_yhat)
        # d_O[3] = d_a_yhat @ transpose(w_o)
        dot(d_a_yhat, w_o.T, d_O_3)
        # d_a_O[3] = d_O[3] * (1 - O[3]**2)
        square(O_1_to_3, sq_d_a_O)
        subtract(one, sq_d_a_O, s_d_a_O)
        multiply(s_d_a_O_3, d_O_3, d_a_O_3)
        # d_O[2] = d_a_O[3] @ transpose(w_h)
        dot(d_a_O_3, w_h.T, d_O_2)
        # d_a_O[2] = d_O[2] * (1 - O[2]**2)
        multiply(s_d_a_O_2, d_O_2, d_a_O_2)
        # d_O[1] = d_a_O[2] @ transpose(w_h)
        dot(d_a_O_2, w_h.T, d_O_1)
        # d_a_O[1] = d_O[1] * (1 - O[1]**2)
        multiply(s_d_a_O_1, d_O_1, d_a_O_1)
        # d_w_i = sum(transpose(x[t]) @ d_a_O[t])
        dot(x_rows.T, d_a_O_rows, d_w_i)
        # d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])
        dot(O_0_to_2_rows.T, d_a_O_rows, d_w_h)
        # d_w_o = transpose(O[T]) @ d_a_yhat
        dot(O_3.T, d_a_yhat, d_w_o)

    plan = _Plan()
    plan.forward = forward
    plan.loss = loss
    plan.backward = backward
    plan.outputs = {"yhat": yhat}
    plan.states = {"O0": O[3]}
    plan.value = L
    plan.grads = {}
    return plan


def _step_plan(B, dtype, theta, D, H, C):
    """The arrays for one step of B sequences, and the work on them."""
    (w_i, w_h, w_o), _ = _lay_out(theta, D, H, C)
    O = np.empty((2, B, H), dtype)
    yhat = np.empty((B, C), dtype)
    a_yhat = np.empty((B, C), dtype)
    x_w_i = np.empty((B, H), dtype)
    O_w_h = np.empty((B, H), dtype)
    # in the place of what is needed no more
    a_O = x_w_i
    multiply_yhat = a_yhat
    tanh_yhat = a_yhat
    multiply_yhat_2 = a_yhat
    half = np.array(0.5, dtype)

    # views
    O_0, O_1 = O

    def step(x, O0):
        # O[0] = O0
        copyto(O_0, O0)
        # a_O[1] = x[1] @ w_i + O[0] @ w_h
        dot(x, w_i, x_w_i)
        dot(O_0, w_h, O_w_h)
        add(x_w_i, O_w_h, a_O)
        # O[1] = tanh(a_O[1])
        tanh(a_O, O_1)
        # a_yhat = O[T] @ w_o
        dot(O_1, w_o, a_yhat)
        # yhat = sigmoid(a_yhat)
        multiply(half, a_yhat, multiply_yhat)
        tanh(multiply_yhat, tanh_yhat)
        multiply(half, tanh_yhat, multiply_yhat_2)
        add(multiply_yhat_2, half, yhat)

    plan = _Plan()
    plan.step = step
    plan.outputs = {"yhat": yhat}
    plan.states = {"O0": O[1]}
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
            plan, (x, y, O0) = self._ready(inputs, _NEEDED["forward"])
            with np.errstate(all="ignore"):
                plan.forward(x, O0)
            self.outputs, self.states = plan.outputs, plan.states
            return self.outputs, self.states

    def loss(self, **inputs):
        """The loss alone."""
        with self._alone:
            plan, (x, y, O0) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, O0)
                plan.loss(y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs)

    def loss_and_grads(self, **inputs):
        """The loss and its gradients, by name."""
        with self._alone:
            plan, (x, y, O0) = self._ready(inputs, _NEEDED["loss"])
            with np.errstate(all="ignore"):
                plan.forward(x, O0)
                plan.loss(y)
                plan.backward(x, y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs), plan.grads

    def step(self, **inputs):
        """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
        with self._alone:
            plan, (x, O0) = self._ready(inputs, _STEP_NEEDED, _STEP, _step_plan)
            with np.errstate(all="ignore"):
                plan.step(x, O0)
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
