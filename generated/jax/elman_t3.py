"""elman: forward pass and gradients, 3 steps.

Made by symrnn generate --name elman --backend jax --steps 3 --unroll

    # Elman's network, many to one: the notes' network with biases (N1, N4)
    O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h + b)
    yhat = sigmoid(O[T] @ w_o + b_o)
    L    = bce(y, yhat)

Its gradient:

    d_a_yhat = (yhat - y) / (size(B) * size(C))
    d_O[t] = d_a_O[t+1] @ transpose(w_h)
    d_O[T] += d_a_yhat @ transpose(w_o)
    d_a_O[t] = d_O[t] * (1 - O[t]**2)
    d_w_i = sum(transpose(x[t]) @ d_a_O[t])
    d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])
    d_b = sum(batchsum(d_a_O[t]))
    d_w_o = transpose(O[T]) @ d_a_yhat
    d_b_o = batchsum(d_a_yhat)
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

STEPS = 3
DIMS = ("D", "H", "C")
PARAMS = {
    "w_i": ("D", "H"),
    "w_h": ("H", "H"),
    "b": ("H",),
    "w_o": ("H", "C"),
    "b_o": ("C",),
}
INPUTS = {"x": ("T", "B", "D"), "y": ("B", "C")}
STATES = {"O0": ("B", "H")}
OUTPUTS = {"yhat": ("B", "C")}
START = {"w_i": "glorot", "w_h": "glorot", "b": 0.0, "w_o": "glorot", "b_o": 0.0}
CAUSAL = True
_STEP = {"x": ("B", "D"), "O0": ("B", "H")}
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
    w_i, w_h, b, w_o, b_o = (params[name] for name in PARAMS)
    x = given["x"]
    O0 = given["O0"]
    # a_O[1] = x[1] @ w_i + O[0] @ w_h + b
    x_w_i = x @ w_i
    a_O_1 = b + x_w_i[0] + O0 @ w_h
    # O[1] = tanh(a_O[1])
    O_1 = jnp.tanh(a_O_1)
    # a_O[2] = x[2] @ w_i + O[1] @ w_h + b
    a_O_2 = b + x_w_i[1] + O_1 @ w_h
    # O[2] = tanh(a_O[2])
    O_2 = jnp.tanh(a_O_2)
    # a_O[3] = x[3] @ w_i + O[2] @ w_h + b
    a_O_3 = b + x_w_i[-1] + O_2 @ w_h
    # O[3] = tanh(a_O[3])
    O_3 = jnp.tanh(a_O_3)
    # a_yhat = O[T] @ w_o + b_o
    a_yhat = O_3 @ w_o + b_o
    # yhat = sigmoid(a_yhat)
    yhat = sigmoid(a_yhat)
    O_0_2 = jnp.stack([O0, O_1, O_2])
    kept = (params, given, yhat, O_3, O_2, O_1, O_0_2)
    return ({"yhat": yhat}, {"O0": O_3}), kept


def _forward_back(kept, cotangents):
    params, given, yhat, O_3, O_2, O_1, O_0_2 = kept
    outputs, states = cotangents
    w_i = params["w_i"]
    w_h = params["w_h"]
    w_o = params["w_o"]
    x = given["x"]
    ct_yhat = outputs["yhat"]
    ct_O_T = states["O0"]
    # d_a_yhat = d_yhat * (yhat * (1 - yhat))
    d_a_yhat = ct_yhat * yhat * (1 - yhat)
    # d_O[3] = d_O_T + d_a_yhat @ transpose(w_o)
    d_O_3 = d_a_yhat @ w_o.T + ct_O_T
    # d_a_O[3] = d_O[3] * (1 - O[3]**2)
    d_a_O_3 = (1 - O_3**2) * d_O_3
    # d_O[2] = d_a_O[3] @ transpose(w_h)
    d_O_2 = d_a_O_3 @ w_h.T
    # d_a_O[2] = d_O[2] * (1 - O[2]**2)
    d_a_O_2 = (1 - O_2**2) * d_O_2
    # d_O[1] = d_a_O[2] @ transpose(w_h)
    d_O_1 = d_a_O_2 @ w_h.T
    # d_a_O[1] = d_O[1] * (1 - O[1]**2)
    d_a_O_1 = (1 - O_1**2) * d_O_1
    # d_O_0 = d_a_O[1] @ transpose(w_h)
    d_O_0 = d_a_O_1 @ w_h.T
    # d_x[t] = d_a_O[t] @ transpose(w_i)
    d_a_O = jnp.stack([d_a_O_1, d_a_O_2, d_a_O_3])
    d_x = d_a_O @ w_i.T
    # d_w_i = sum(transpose(x[t]) @ d_a_O[t])
    d_w_i = rows(x).T @ rows(d_a_O)
    # d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])
    d_w_h = rows(O_0_2).T @ rows(d_a_O)
    # d_b = sum(batchsum(d_a_O[t]))
    d_b = jnp.sum(d_a_O, axis=(0, 1))
    # d_w_o = transpose(O[T]) @ d_a_yhat
    d_w_o = O_3.T @ d_a_yhat
    # d_b_o = batchsum(d_a_yhat)
    d_b_o = jnp.sum(d_a_yhat, axis=0)
    d_params = {"w_i": d_w_i, "w_h": d_w_h, "b": d_b, "w_o": d_w_o, "b_o": d_b_o}
    d_given = {"x": d_x, "O0": d_O_0}
    return d_params, d_given


_forward.defvjp(_forward_ahead, _forward_back)


# the loss, and the gradient


@jax.custom_vjp
def _loss(params, given):
    return _loss_ahead(params, given)[0]


def _loss_ahead(params, given):
    w_i, w_h, b, w_o, b_o = (params[name] for name in PARAMS)
    x = given["x"]
    y = given["y"]
    O0 = given["O0"]
    B = O0.shape[0]
    C = w_o.shape[1]
    # a_O[1] = x[1] @ w_i + O[0] @ w_h + b
    x_w_i = x @ w_i
    a_O_1 = b + x_w_i[0] + O0 @ w_h
    # O[1] = tanh(a_O[1])
    O_1 = jnp.tanh(a_O_1)
    # a_O[2] = x[2] @ w_i + O[1] @ w_h + b
    a_O_2 = b + x_w_i[1] + O_1 @ w_h
    # O[2] = tanh(a_O[2])
    O_2 = jnp.tanh(a_O_2)
    # a_O[3] = x[3] @ w_i + O[2] @ w_h + b
    a_O_3 = b + x_w_i[-1] + O_2 @ w_h
    # O[3] = tanh(a_O[3])
    O_3 = jnp.tanh(a_O_3)
    # a_yhat = O[T] @ w_o + b_o
    a_yhat = O_3 @ w_o + b_o
    # yhat = sigmoid(a_yhat)
    yhat = sigmoid(a_yhat)
    # l_yhat = bce_logits(y, a_yhat)
    # L = l_yhat
    L = 1 / (B * C) * jnp.sum(jax.nn.softplus(a_yhat) - y * a_yhat).reshape(1)
    O_0_2 = jnp.stack([O0, O_1, O_2])
    kept = (params, given, yhat, O_3, O_2, O_1, O_0_2)
    return L[0], kept


def _loss_back(kept, d_L):
    params, given, yhat, O_3, O_2, O_1, O_0_2 = kept
    w_i = params["w_i"]
    w_h = params["w_h"]
    w_o = params["w_o"]
    x = given["x"]
    y = given["y"]
    B = y.shape[0]
    C = y.shape[1]
    # d_l_yhat = d_L / size(B)
    d_l_yhat = jnp.broadcast_to(1 / B * d_L, (B, 1))
    # d_a_yhat = d_l_yhat * ((yhat - y) / size(C))
    d_a_yhat = 1 / C * d_l_yhat * (yhat - y)
    # d_O[3] = d_a_yhat @ transpose(w_o)
    d_O_3 = d_a_yhat @ w_o.T
    # d_a_O[3] = d_O[3] * (1 - O[3]**2)
    d_a_O_3 = (1 - O_3**2) * d_O_3
    # d_O[2] = d_a_O[3] @ transpose(w_h)
    d_O_2 = d_a_O_3 @ w_h.T
    # d_a_O[2] = d_O[2] * (1 - O[2]**2)
    d_a_O_2 = (1 - O_2**2) * d_O_2
    # d_O[1] = d_a_O[2] @ transpose(w_h)
    d_O_1 = d_a_O_2 @ w_h.T
    # d_a_O[1] = d_O[1] * (1 - O[1]**2)
    d_a_O_1 = (1 - O_1**2) * d_O_1
    # d_O_0 = d_a_O[1] @ transpose(w_h)
    d_O_0 = d_a_O_1 @ w_h.T
    # d_x[t] = d_a_O[t] @ transpose(w_i)
    d_a_O = jnp.stack([d_a_O_1, d_a_O_2, d_a_O_3])
    d_x = d_a_O @ w_i.T
    # d_w_i = sum(transpose(x[t]) @ d_a_O[t])
    d_w_i = rows(x).T @ rows(d_a_O)
    # d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])
    d_w_h = rows(O_0_2).T @ rows(d_a_O)
    # d_b = sum(batchsum(d_a_O[t]))
    d_b = jnp.sum(d_a_O, axis=(0, 1))
    # d_w_o = transpose(O[T]) @ d_a_yhat
    d_w_o = O_3.T @ d_a_yhat
    # d_b_o = batchsum(d_a_yhat)
    d_b_o = jnp.sum(d_a_yhat, axis=0)
    d_params = {"w_i": d_w_i, "w_h": d_w_h, "b": d_b, "w_o": d_w_o, "b_o": d_b_o}
    d_given = {"x": d_x, "y": None, "O0": d_O_0}
    return d_params, d_given


_loss.defvjp(_loss_ahead, _loss_back)


# one step


def _step(params, given):
    w_i, w_h, b, w_o, b_o = (params[name] for name in PARAMS)
    x = given["x"]
    O0 = given["O0"]
    # a_O[1] = x[1] @ w_i + O[0] @ w_h + b
    a_O_1 = b + x @ w_i + O0 @ w_h
    # O[1] = tanh(a_O[1])
    O_1 = jnp.tanh(a_O_1)
    # a_yhat = O[T] @ w_o + b_o
    a_yhat = O_1 @ w_o + b_o
    # yhat = sigmoid(a_yhat)
    yhat = sigmoid(a_yhat)
    return {"yhat": yhat}, {"O0": O_1}


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
