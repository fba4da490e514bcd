"""Kernels that keep few states give what those give that keep all, in memory that grows with √T."""

import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.kernels.generate import origin
from symrnn.kernels.load import load_source
from symrnn.kernels.program import OPTIONAL
from symrnn.kernels.verification.generated import compare, verify_source
from symrnn.language.arrays import Array
from symrnn.model import Model
from tests.cases import ZOO, model, state_names

BOTH_WAYS = ["bilstm", "birnn"]
AWKWARD = {
    "lags": "h[t] = tanh(x[t] @ W + h[t-2] @ U + u * h[t-1])\nz[t] = h[t-1] @ V\nz: output\n"
    "p = mean(h[t] * h[t-3])\nyhat = p @ Q + h[T] @ R + z[T] @ S\nL = mse(y, yhat)",
    "both": "c: input\nh[t] = tanh(x[t] @ W + c * h[t-1])\nyhat[t] = h[t] @ V\n"
    "L = mean(mse(y[t], yhat[t])) + mse(q, h[T] * c * u)",
    "tied": "h[t] = tanh(x[t] @ W + h[t-1] @ U)\nyhat = h[T] @ transpose(W) + mean(h[t]) @ U @ V\n"
    "L = mse(y, yhat)",
    "root": "h[t] = tanh(x[t] @ W + h[t-1] @ U)\nyhat[t] = h[t] @ V\n"
    "L = sqrt(sum(w[t] * mse(y[t], yhat[t])) / sum(w[t]))\nw: 1",
    "known before": "s = softplus(a)\ng = sigmoid(c @ K) * s\nc: input\n"
    "h[t] = tanh(x[t] @ W + exp(-softplus(b)) * h[t-1] + g @ V)\nyhat = h[T] @ R * s\n"
    "L = mse(y, yhat) + sum(rowmean(square(h[t] * s)))",
    "earlier": "z[t] = tanh(x[t-1] @ A + x[t] @ B)\nh[t] = z[t] + u * h[t-1] * x[t-3]\n"
    "L = mse(y, h[T])",
    "loss alone": "h[t] = tanh(x[t] @ W + h[t-1] @ U)\ne[t] = h[t] @ V - y[t]\ny: target\n"
    "L = mean(rowsum(square(e[t] - e[t-2])))",
    "no state": "h[t] = tanh(x[t] @ W + b)\nyhat = mean(h[t]) @ V\nL = bce(y, sigmoid(yhat))",
}


def of(name: str) -> Model:
    return symrnn.parse(AWKWARD[name], name) if name in AWKWARD else model(name)


def numbers(module: ModuleType, seed: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Parameters, and inputs with states: two sequences."""
    sizes = {name: (4, 3, 5, 2)[i % 4] for i, name in enumerate(module.DIMS)}
    known = {"T": module.STEPS, "B": 2, **sizes}
    rng = np.random.default_rng(seed)
    start = module.init_params(**sizes)
    params = {key: value + rng.normal(size=value.shape) / 8 for key, value in start.items()}
    inputs = {
        name: rng.uniform(0.1, 0.9, [known.get(str(axis), axis) for axis in axes])
        for name, axes in {**module.INPUTS, **module.STATES}.items()
    }
    return params, inputs


def off(found: dict[str, Array], wanted: dict[str, Array]) -> dict[str, float]:
    """What is further from what it should be than rounding explains."""
    assert found.keys() == wanted.keys()
    scale = max((float(np.linalg.norm(a)) for a in wanted.values()), default=0.0)
    gaps = {key: float(np.linalg.norm(found[key] - a)) for key, a in wanted.items()}
    sizes = {key: max(float(np.linalg.norm(a)), scale / 1000) for key, a in wanted.items()}
    return {key: gap / sizes[key] for key, gap in gaps.items() if gap > 1e-12 * sizes[key]}


@pytest.mark.parametrize("steps", [1, 2, 5, 9, 30])
@pytest.mark.parametrize("name", [*(name for name in ZOO if name not in BOTH_WAYS), *AWKWARD])
def test_few_states_give_what_all_of_them_give(name: str, steps: int) -> None:
    inputs_of = [s.name for s in of(name).system.named("input")]
    wrt = [*inputs_of, *state_names(of(name))]
    plain, few = (of(name).kernel(steps, wrt=wrt, checkpoint=c) for c in (False, True))
    for table in ("STEPS", "DIMS", "PARAMS", "INPUTS", "STATES", "OUTPUTS", "START", "_EVERY"):
        assert getattr(few, table) == getattr(plain, table)
    params, inputs = numbers(plain, steps)
    kernels = [module.Kernel(2, **_dims(plain, params, inputs)) for module in (plain, few)]
    for repeat in range(2):  # the second time in arrays that were used before
        for kernel in kernels:
            for key, value in params.items():
                kernel.params[key][...] = value * (1 + repeat)
        (a, states), (b, own_states) = (kernel.forward(**inputs) for kernel in kernels)
        assert not off(b, a)
        assert not off(own_states, states)
        (loss, grads), (own, own_grads) = (kernel.loss_and_grads(**inputs) for kernel in kernels)
        assert own == pytest.approx(loss, rel=1e-12)
        assert kernels[1].loss(**inputs) == own
        assert not off(own_grads, grads)
        assert not off(kernels[1].outputs, a)


def _dims(module: ModuleType, params: dict[str, Array], inputs: dict[str, Array]) -> dict[str, int]:
    found: dict[str, int] = {}
    for table, arrays in ((module.PARAMS, params), ({**module.INPUTS, **module.STATES}, inputs)):
        for key, axes in table.items():
            pairs = zip(axes, arrays[key].shape, strict=True)
            found |= {axis: size for axis, size in pairs if axis in module.DIMS}
    return found


@pytest.mark.parametrize("passes", [(), *((p,) for p in OPTIONAL), ("layout", "merge")])
def test_no_pass_changes_it(passes: tuple[str, ...]) -> None:
    for name in ("lstm", "lags"):
        plain = of(name).kernel(11)
        few = load_source(of(name).generate(11, passes=passes, checkpoint=True), name)
        params, inputs = numbers(plain, 3)
        loss, grads = plain.loss_and_grads(params, **inputs)
        own, own_grads = few.loss_and_grads(params, **inputs)
        assert own == pytest.approx(loss, rel=1e-12)
        assert not off(own_grads, grads)


def test_a_forward_pass_needs_no_target() -> None:
    for name in ("elman", "char", "root"):
        few = of(name).kernel(10, checkpoint=True)
        params, inputs = numbers(few, 1)
        outputs, _ = few.forward(params, x=inputs["x"])
        assert not off(outputs, of(name).kernel(10).forward(params, x=inputs["x"])[0])
        with pytest.raises(TypeError, match=r"(w|y) is missing"):
            few.loss(params, x=inputs["x"])


def peaks(name: str, steps: int) -> tuple[int, int]:
    """The most memory that is in use during the first call, and beside it during the second."""
    module = of(name).kernel(steps, checkpoint=True)
    kernel: Any = module.Kernel(16, dtype=np.float32, D=4, H=32, C=1)
    inputs = {"x": np.zeros((steps, 16, 4), np.float32), "y": np.zeros((16, 1), np.float32)}
    tracemalloc.start()
    kernel.loss_and_grads(**inputs)
    now, first = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    kernel.loss_and_grads(**inputs)
    second = tracemalloc.get_traced_memory()[1] - now
    tracemalloc.stop()
    return first, second


@pytest.mark.slow
@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_memory_grows_with_the_root_of_the_steps_and_is_taken_once(name: str) -> None:
    (short, again), (long, long_again) = peaks(name, 2500), peaks(name, 10_000)
    assert long < 2.2 * short
    assert long_again < again + 4096  # NumPy's own buffers have found their size


@pytest.mark.parametrize("name", ["elman", "char", "lags"])
def test_it_is_held_against_its_text(name: str) -> None:
    assert of(name).verify(7, checkpoint=True).holds


def test_a_file_says_what_it_is_and_checks_itself() -> None:
    source = of("gru").generate(10, checkpoint=True)
    assert "The 10 steps are done in 3 segments of at most 4." in source
    assert origin(source).settings.checkpoint
    assert compare(source, "gru.py").holds
    assert verify_source(source, "gru.py").holds
    found = of("gru").kernel(10, checkpoint=True).self_check()
    assert all(error <= allowed for error, allowed in found.values())


REFUSED = {
    "q[t] = tanh(x[t] + q[t+1]); L = mse(y, q[1])": "reads a later step: the last segment",
    "h[0] = h0; h[t] = tanh(x[t] + h[t-1]); L = mse(y, h[T])": r"h\[0\] = h0 fixes a boundary",
    "h[t] = tanh(x[t+1] + h[t-1]); L = mse(y, h[T])": "reads x at a later step",
    "h[t] = tanh(x[t] + h[t-1]); L = mean(mse(x[t+1], h[t] @ V))": r"L = mean\(mse\(x\[t\+1\]",
    "h[t] = tanh(x[t] + h[t-1]); k[t] = h[t] * h[T]; L = mse(y, k[T])": "reads h at a fixed step",
    "h[t] = tanh(x[t] + h[t-1]); p = mean(h[t]); k[t] = p * h[t]; L = mse(y, k[T])": "may need all",
    "h[t] = tanh(x[t] + h[t-1]); L = mse(y, h[T-1])": r"h\[T-1\]\) reads a step other",
    "h[t] = tanh(x[t] + h[t-1]); L = mse(x[T], h[T])": "other than the last, or an input: x",
    "h[t] = x[t] + h[t-1]; k[t] = tanh(mean(h[t]) @ U); L = mse(y, k[T])": r"= tanh\(mean\(h\[t",
    "h[t] = tanh(x[t] + h[t-1]); L = mse(y, sigmoid(h[T-1] @ V))": r"L = mse\(y, sigmoid\(h\[T-1",
    "h[t] = tanh(x[t] + h[t-1])": "the model has no loss",
    "h[t] = tanh(x[t] + h[t-1]); k[t] = 2 * h[t]; k[T] += h[T]; L = mse(y, k[T])": "one step alone",
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_has_no_segments_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"--checkpoint: .*{why}"):
        symrnn.parse(text).generate(10, checkpoint=True)


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_a_recurrence_that_runs_backwards_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"b\[t\+1\].* reads a later step"):
        of(name).generate(10, checkpoint=True)


def test_other_ways_to_make_a_kernel_are_refused() -> None:
    with pytest.raises(UsageError, match="--checkpoint and --truncate do not go together"):
        of("elman").generate(10, checkpoint=True, truncate=2)
    with pytest.raises(UsageError, match="--checkpoint and --unroll do not go together"):
        of("elman").generate(10, loops=False, checkpoint=True)
