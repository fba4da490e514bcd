"""JAX: a step under lax.scan, its gradient by jax.value_and_grad, all of it compiled by jit."""

from typing import Any

from symrnn.bench.agree import Answer
from symrnn.bench.case import Case
from symrnn.bench.peers.cells import Ops, State, loss, network_of, packed, unpacked
from symrnn.bench.peers.entrant import Entrant


def jitted(case: Case) -> Entrant:
    network = network_of(case)
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", bool(case.dtype == "float64"))

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
    run = jax.jit(jax.value_and_grad(lambda p, x, y: loss(ops, network, p, x, y)))
    p = {key: jnp.asarray(value) for key, value in packed(network, case.params).items()}
    x, y = jnp.asarray(case.inputs["x"]), jnp.asarray(case.inputs["y"])

    def read(found: Any) -> Answer:
        return Answer(float(found[0]), unpacked(network, found[1], case.params))

    return Entrant(lambda: jax.block_until_ready(run(p, x, y)), read)
