"""A JAX file with the contract of a NumPy module around it: what `verify` holds against the text.

The module is the one of every back end (`symrnn.kernels.module`); what it asks of a plan is handed
to the functions of the file, and what these give is copied into arrays of NumPy's. It exists in
memory alone: whoever works with JAX has no use for it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

from symrnn.errors import UsageError
from symrnn.kernels.contract import Kernel
from symrnn.kernels.load import load_source
from symrnn.kernels.module import module
from symrnn.kernels.plans import PlanRequest, PlanText, Spelling
from symrnn.language.arrays import Array, np


def as_numpy(source: str, name: str) -> ModuleType:
    """The file with NumPy's contract around it."""
    from symrnn.kernels.generate import kernel_of  # which knows this back end

    need_jax()
    return load_source(host(kernel_of(source), source), name)


def load(source: str, name: str) -> ModuleType:
    """The file as a module."""
    need_jax()
    return load_source(source, name)


def need_jax() -> None:
    """Say now if there is no JAX."""
    try:
        import jax  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the back end jax needs JAX, which cannot be imported here ({error}); pip install jax"
        ) from None


def host(kernel: Kernel, source: str) -> str:
    """The text of a module that keeps NumPy's contract by calling this file."""

    def plan(request: PlanRequest) -> PlanText:
        contract, after = request.contract, request.dims_after
        grads = f"_lay_out(dtheta{after})[1]" if "dtheta" in request.vectors else "{}"
        facts = {
            "given": {s.called: tuple(s.given) for s in request.sections},
            "weighs": {weight: name for name, weight in contract.kernel.cotangents.items()},
            "by": (*contract.by_input, *contract.by_fixed),
            "lengths": contract.kernel.program.ragged,
        }
        lines = [
            f"def {request.signature}:",
            f"    dims, params = {{{request.sizes}}}, _lay_out(theta{after})[1]",
            f"    fixed_ones, grads = {'fixed' if contract.fixed else '{}'}, {grads}",
            f"    facts = {facts!r}",
            "    return around(",
            "        _Plan(), globals(), _FILE, B, dtype, dims, params, fixed_ones, grads, **facts",
            "    )",
        ]
        return PlanText("\n".join(lines))

    lines = f"from symrnn.kernels.jax.around import around\n\n_FILE = {source!r}"
    spelling = Spelling(
        plan,
        imports=lambda calls: lines,
        complex_numbers=False,
        order="host/as_it_came.py.jinja",
    )
    return module(kernel, spelling)


@lru_cache(maxsize=64)
def _compiled(source: str) -> dict[str, Callable[..., Any]]:
    """The functions of a file, compiled when they are called."""
    import jax

    found = load(source, "jax")

    def pulled(params: Any, inputs: Any, weights: Any) -> Any:
        """What cotangents of outputs are, carried back."""
        (outputs, states), back = jax.vjp(lambda p, i: found.forward(p, **i), params, inputs)
        zeros = jax.tree.map(_zero, (outputs, states))
        zeros[0].update({name: w for name, w in weights.items() if name in outputs})
        return back(zeros)

    names = [name for name in ("forward", "loss", "loss_and_grads", "step") if hasattr(found, name)]
    made = {name: jax.jit(_by_dictionary(getattr(found, name))) for name in names}
    return {**made, "vjp": jax.jit(pulled)}


def _zero(array: Any) -> Any:
    import jax
    import jax.numpy as jnp

    if jnp.issubdtype(array.dtype, jnp.integer):
        return np.zeros(array.shape, jax.dtypes.float0)
    return jnp.zeros_like(array)


def _by_dictionary(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda params, inputs: function(params, **inputs)


def around(
    plan: Any,
    host: Mapping[str, Any],
    source: str,
    batch: int,
    dtype: Any,
    dims: Mapping[str, int],
    params: Mapping[str, Array],
    fixed: Mapping[str, Array],
    grads: Mapping[str, Array],
    given: Mapping[str, tuple[str, ...]],
    weighs: Mapping[str, str],
    by: tuple[str, ...],
    lengths: bool,
) -> Any:
    """The plan of a module: sections that call the file, and arrays for what it gives."""
    functions = _compiled(source)
    sizes = {"T": host["STEPS"], "B": batch, **dims}
    one_step = "step" in given
    every = host["_EVERY"]
    as_it_came = lengths and not one_step
    turned = {n for n in every if every[n][:2] == ("B", "T") and not one_step and not as_it_came}
    ids = host.get("IDS", {})
    held: dict[str, Array] = {}

    def room(name: str, axes: Any) -> Array:
        """An array with the steps first."""
        own = [axis for axis in axes if not (one_step and axis == "T")]
        if own[:2] == ["B", "T"] and not as_it_came:
            own[:2] = ["T", "B"]
        return np.zeros(host["_sizes"](own, sizes), np.intp if name in ids else dtype)

    plan.outputs = {name: room(name, axes) for name, axes in host["OUTPUTS"].items()}
    plan.states = {name: room(name, axes) for name, axes in host["STATES"].items()}
    plan.value = np.zeros(1, dtype)
    axes = {**every, **host.get("FIXED", {})}
    plan.grads = {} if one_step else {name: room(name, axes[name]) for name in by}

    def call(name: str, *more: Any) -> Any:
        import jax

        inputs = {n: a.swapaxes(0, 1) if n in turned else a for n, a in held.items()}
        with jax.enable_x64(True):
            own = {**params, **fixed}
            found = functions[name](own, inputs, *more)
            return jax.tree.map(np.asarray, found)

    def put(into: Mapping[str, Array], found: Mapping[str, Array]) -> None:
        for name, array in found.items():
            if name in into:
                place = into[name]
                if as_it_came:  # which has room for as many steps as the file does
                    place = place[tuple(map(slice, array.shape))]
                same = place.shape == array.shape
                place[...] = array if same else array.swapaxes(0, 1)

    def take(name: str, arrays: tuple[Array, ...]) -> None:
        held.update(zip(given[name], arrays, strict=True))
        for key, value in plan.values.items() if as_it_came else ():
            if value is not None and (name == "backward" or key not in weighs):
                held[key] = value

    def ahead(name: str, *arrays: Array) -> None:
        held.clear()
        take(name, arrays)
        outputs, states = call("forward" if name == "forward" else "step")
        put(plan.outputs, outputs)
        put(plan.states, states)

    def loss(*arrays: Array) -> None:
        take("loss", arrays)
        plan.value[...] = call("loss")

    def back(*arrays: Array) -> None:
        take("backward", arrays)
        if "loss_and_grads" in functions:
            found = call("loss_and_grads")[1]
        else:
            weights = {weighs[n]: held.pop(n) for n in list(held) if n in weighs}
            found = {k: v for part in call("vjp", weights) for k, v in part.items()}
        put({**grads, **plan.grads}, found)

    for name in given:
        section = {"loss": loss, "backward": back}.get(name) or partial(ahead, name)
        setattr(plan, name, section)
    return plan
