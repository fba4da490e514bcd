"""What a kernel does with memory: arrays of any kind and order are read, none is made twice."""

import threading
import traceback
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.cases import model
from tests.kernels.test_contract import SIZES, numbers


@pytest.fixture(scope="module")
def elman() -> ModuleType:
    return model("elman").kernel(4)


def test_a_kernel_works_on_its_own_vectors(elman: ModuleType) -> None:
    size = 3 * 2 + 2 * 2 + 2 + 2 + 1
    theta, dtheta = np.zeros(size), np.zeros(size)
    kernel = elman.Kernel(2, theta=theta, dtheta=dtheta, **SIZES)
    for name, value in elman.init_params(3, **SIZES).items():
        kernel.params[name][...] = value
    _, grads = kernel.loss_and_grads(**numbers())
    assert np.abs(theta).sum() > 0
    assert np.concatenate([g.ravel() for g in grads.values()]).tolist() == dtheta.tolist()
    assert all(np.shares_memory(g, dtheta) for g in grads.values())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_every_dtype_flows_through(elman: ModuleType, dtype: Any) -> None:
    params = elman.init_params(0, dtype, **SIZES)
    loss, grads = elman.loss_and_grads(params, **numbers(dtype=np.float32))
    assert loss.dtype == dtype
    assert {g.dtype for g in grads.values()} == {np.dtype(dtype)}
    exact, _ = elman.loss_and_grads(elman.init_params(0, **SIZES), **numbers(dtype=np.float32))
    assert loss == pytest.approx(exact, rel=1e-5)


def test_any_order_of_memory_is_read_and_none_written(elman: ModuleType) -> None:
    params = elman.init_params(0, **SIZES)
    plain = numbers()
    wanted, _ = elman.loss_and_grads(params, **plain)
    wide = np.zeros((4, 2, 6))
    wide[:, :, ::2] = plain["x"]
    for x in (np.asfortranarray(plain["x"]), wide[:, :, ::2], plain["x"].tolist()):
        kept = np.array(x)
        found, _ = elman.loss_and_grads(params, x=x, y=plain["y"])
        assert found == wanted
        assert np.array_equal(kept, np.asarray(x))
    plain["x"].flags.writeable = False
    assert elman.loss_and_grads(params, **plain)[0] == wanted


def test_two_kernels_in_two_threads_do_not_disturb_each_other() -> None:
    module = model("gru").kernel(12)
    wanted, found = {}, {}
    for seed in (0, 1):
        params = module.init_params(seed, **SIZES)
        wanted[seed] = module.loss_and_grads(params, **numbers(steps=12))[0]

    def work(seed: int) -> None:
        kernel = module.Kernel(2, **SIZES)
        for name, value in module.init_params(seed, **SIZES).items():
            kernel.params[name][...] = value
        losses = {kernel.loss_and_grads(**numbers(steps=12))[0] for _ in range(200)}
        found[seed] = losses

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {seed: {loss} for seed, loss in wanted.items()}


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "birnn", "char"])
def test_a_second_call_allocates_nothing_that_grows(name: str) -> None:
    peaks = []
    for steps, batch in ((80, 16), (400, 32)):  # NumPy's own buffers have found their size
        module = model(name).kernel(steps)
        dims = dict.fromkeys(module.DIMS, 8)
        kernel = module.Kernel(batch, **dims)
        sizes = {"T": steps, "B": batch, **dims}
        shape = {key: module._sizes(axes, sizes) for key, axes in module.INPUTS.items()}
        inputs = {key: np.full(own, 0.5) for key, own in shape.items()}
        kernel.loss_and_grads(**inputs)
        tracemalloc.start()
        kernel.loss_and_grads(**inputs)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] <= peaks[0] + 512  # in bytes; an array of all steps has 800,000


def test_a_traceback_shows_the_generated_line(elman: ModuleType) -> None:
    plan = elman._plan(1, np.dtype(float), np.zeros(15), np.zeros(15), 3, 2, 1)
    with pytest.raises(AttributeError) as caught:
        plan.forward(None, None)
    assert "x_rows = x.reshape" in "".join(traceback.format_tb(caught.value.__traceback__))
