"""Libraries that differentiate functions of arrays: JAX, and HIPS autograd."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy

from symrnn.bench.case import Answer, Case, Entrant
from symrnn.bench.peers.cells import Ops, State, loss, network_of, packed, unpacked

T = TypeVar("T")

# a step under lax.scan, its gradient by jax.value_and_grad, all of it compiled by jit


def jitted(case: Case) -> Entrant:
    import jax

    function, p, x, y = with_bits_of(case, lambda: in_jax(case))()
    run = jax.jit(jax.value_and_grad(function))

    def read(found: Any) -> Answer:
        return Answer(float(found[0]), unpacked(network_of(case), found[1], case.params))

    return Entrant(with_bits_of(case, lambda: jax.block_until_ready(run(p, x, y))), read)


def with_bits_of(case: Case, call: Callable[[], T]) -> Callable[[], T]:
    """The call with JAX in 64 bits where the case has them and in 32 where not, which is half a
    microsecond more; around it JAX is as whoever uses it has set it."""
    import jax

    wide = bool(case.dtype == "float64")

    def called() -> T:
        with jax.enable_x64(wide):
            return call()

    return called


def in_jax(case: Case) -> tuple[Callable[..., Any], dict[str, Any], Any, Any]:
    """The loss as a function of parameters, inputs and targets, and these."""
    network = network_of(case)
    import jax
    import jax.numpy as jnp

    def scan(step: Any, inputs: Any, start: State, backward: bool, every: bool) -> Any:
        def carried(state: State, u: Any) -> Any:
            state = step(u, state)
            return state, state[0] if every else None

        last, found = jax.lax.scan(carried, start, inputs, reverse=backward)
        return found if every else last[0]

    ops = Ops(
        jnp.tanh,
        jax.nn.sigmoid,
        lambda a, n: jnp.split(a, n, axis=-1),
        lambda values: jnp.concatenate(values, axis=-1),
        lambda z, y: jnp.mean(jnp.logaddexp(0.0, z) - y * z),
        lambda z, y: jnp.mean((z - y) ** 2),
        scan,
        lambda rows, columns: jnp.zeros((rows, columns), case.dtype),
    )
    p = {key: jnp.asarray(value) for key, value in packed(network, case.params).items()}
    x, y = jnp.asarray(case.inputs["x"]), jnp.asarray(case.inputs["y"])
    return lambda p, x, y: loss(ops, network, p, x, y), p, x, y


# NumPy with a tape


def taped(case: Case) -> Entrant:
    network = network_of(case)
    import autograd.numpy as np
    from autograd import value_and_grad

    def scan(step: Any, inputs: Any, start: State, backward: bool, every: bool) -> Any:
        state, found = start, []
        for t in range(len(inputs))[:: -1 if backward else 1]:
            state = step(inputs[t], state)
            found.append(state[0])
        return np.stack(found[::-1] if backward else found) if every else found[-1]

    def split(a: Any, n: int) -> list[Any]:
        width = a.shape[-1] // n
        return [a[..., k * width : (k + 1) * width] for k in range(n)]

    ops = Ops(
        np.tanh,
        lambda z: 0.5 * np.tanh(0.5 * z) + 0.5,
        split,
        lambda values: np.concatenate(values, axis=-1),
        lambda z, y: np.mean(np.logaddexp(0.0, z) - y * z),
        lambda z, y: np.mean((z - y) ** 2),
        scan,
        lambda rows, columns: numpy.zeros((rows, columns), case.dtype),
    )
    p, x, y = packed(network, case.params), case.inputs["x"], case.inputs["y"]
    run = value_and_grad(lambda p: loss(ops, network, p, x, y))

    def read(found: Any) -> Answer:
        return Answer(float(found[0]), unpacked(network, found[1], case.params))

    return Entrant(lambda: run(p), read)
