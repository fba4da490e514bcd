"""A copy of a kernel is a kernel of its own; calls that would spoil each other are refused."""

import copy
import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn import training
from tests.cases import ZOO, model

WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
}
FEATURES: dict[str, dict[str, Any]] = {
    "plain": {},
    "loops": {"loops": True},
    "lengths": {"lengths": True},
    "checkpoint": {"checkpoint": True},
    "batch first": {"batch_first": True},
    "forward only": {"forward_only": True},
}
DIMS = {"D": 3, "H": 4, "C": 1}


def made(**features: Any) -> tuple[Any, dict[str, Any]]:
    """A kernel of elman with parameters, and inputs for it."""
    module: Any = model("elman").kernel(5, **features)
    kernel = module.Kernel(2, **DIMS)
    rng = np.random.default_rng(0)
    kernel.theta[...] = rng.normal(size=kernel.theta.shape)
    x = rng.normal(size=(2, 5, 3) if features.get("batch_first") else (5, 2, 3))
    return kernel, {"x": x, "y": rng.uniform(0.1, 0.9, (2, 1))}


def call(kernel: Any, inputs: dict[str, Any]) -> float:
    work = getattr(kernel, "loss_and_grads", None)
    return float(work(**inputs)[0] if work else kernel.loss(**inputs))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("called", [False, True], ids=["before a call", "after a call"])
def test_a_copy_is_a_kernel_of_its_own(way: str, features: str, called: bool) -> None:
    kernel, inputs = made(**FEATURES[features])
    before = call(kernel, inputs) if called else None
    other = WAYS[way](kernel)
    assert np.array_equal(other.theta, kernel.theta)
    assert other.batch == kernel.batch
    assert other.dims == kernel.dims
    loss = call(kernel, inputs)
    assert before in (None, loss)
    assert call(other, inputs) == loss
    theta = kernel.theta.copy()
    grads = [grad.copy() for grad in getattr(kernel, "grads", {}).values()]
    other.theta[...] = 0.5
    assert all((param == 0.5).all() for param in other.params.values())
    moved = call(other, inputs)
    assert moved != loss
    assert np.array_equal(kernel.theta, theta)
    for grad, kept in zip(getattr(kernel, "grads", {}).values(), grads, strict=True):
        assert np.array_equal(grad, kept)
    kernel.theta[...] = 0.5
    assert call(kernel, inputs) == moved


def test_a_pickle_of_a_kernel_made_in_memory_is_read_in_another_process(tmp_path: Path) -> None:
    kernel, inputs = made()
    path = tmp_path / "kernel"
    path.write_bytes(pickle.dumps((kernel, inputs)))
    script = (
        "import pickle, sys\n"
        "kernel, inputs = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(repr(float(kernel.loss(**inputs))))"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) == kernel.loss(**inputs)


def test_a_kernel_of_a_file_is_pickled_by_the_name_of_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elman_of_a_file.py"
    path.write_text(model("elman").generate(5))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    kernel = module.Kernel(2, dtype=np.float32, **DIMS)
    kernel.theta[...] = 0.25
    data = pickle.dumps(kernel)
    assert len(data) < 1000  # no source in it
    other = pickle.loads(data)
    assert type(other) is module.Kernel
    assert other.dtype == np.float32
    assert (other.params["w_h"] == 0.25).all()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("steps", [0, 3])
def test_a_copy_of_a_trainer_goes_on_by_itself(way: str, steps: int) -> None:
    kernel, inputs = made()
    trainer = training.Trainer(kernel, training.Adam(0.1), clip=1.0)
    for _ in range(steps):
        trainer.train_step(inputs)
    other = WAYS[way](trainer)
    theta = kernel.theta.copy()
    losses = [other.train_step(inputs).loss for _ in range(4)]
    assert other.count == steps + 4
    assert trainer.count == steps
    assert np.array_equal(kernel.theta, theta)
    assert [trainer.train_step(inputs).loss for _ in range(4)] == losses
    assert np.array_equal(other.kernel.theta, kernel.theta)


def test_what_shares_a_vector_shares_it_in_a_deep_copy_too() -> None:
    kernel, _ = made()
    reader = model("elman").kernel(2).Kernel(1, theta=kernel.theta, **DIMS)
    one, other = copy.deepcopy((kernel, reader))
    assert one.theta is other.theta
    assert one.theta is not kernel.theta


@pytest.mark.parametrize("way", WAYS)
def test_models_derivations_and_modules_can_be_copied(way: str) -> None:
    elman = symrnn.load("elman")
    things: list[Any] = [elman.written, elman.system, elman.adjoint, elman.unroll(2)]
    assert [WAYS[way](thing) for thing in things] == things
    assert str(WAYS[way](elman).system) == str(elman.system)
    assert str(WAYS[way](elman.summary())) == str(elman.summary())
    derivation = elman.derive(steps=2)
    assert WAYS[way](derivation).latex() == derivation.latex()
    module: Any = elman.kernel(2)
    other = module if way == "copy" else WAYS["pickle"](module)
    assert other.PARAMS == module.PARAMS


# what a call would read after it has written it


@pytest.mark.parametrize("features", ["plain", "loops", "checkpoint"])
def test_an_input_in_the_kernels_own_arrays_is_refused(features: str) -> None:
    kernel, inputs = made(**FEATURES[features])
    loss = kernel.loss(**inputs)
    yhat = kernel.outputs["yhat"]
    for given in (yhat, yhat[:], yhat[::-1][::-1]):
        with pytest.raises(ValueError, match=r"y lies in this kernel's own yhat.*y\.copy\(\)"):
            kernel.loss_and_grads(x=inputs["x"], y=given)
    assert kernel.loss(x=inputs["x"], y=yhat.copy()) != loss  # nothing is left locked
    assert kernel.loss(**inputs) == loss


def test_an_input_in_the_gradients_is_refused() -> None:
    module: Any = model("elman").kernel(3, wrt=["x"])
    kernel = module.Kernel(2, **DIMS)
    inputs = {"x": np.ones((3, 2, 3)), "y": np.ones((2, 1))}
    _, grads = kernel.loss_and_grads(**inputs)
    with pytest.raises(ValueError, match="x lies in this kernel's own x, which the call writes"):
        kernel.loss(x=grads["x"], y=inputs["y"])


def test_a_cotangent_in_the_outputs_is_refused() -> None:
    bare = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)").kernel(3).Kernel(1, D=2, H=2)
    outputs, _ = bare.forward(x=np.ones((3, 1, 2)))
    with pytest.raises(ValueError, match="lies in this kernel's own h, which the call writes"):
        bare.vjp({"h": outputs["h"]}, x=np.ones((3, 1, 2)))


@pytest.mark.parametrize("name", [name for name in ZOO if model(name).kernel(1).STATES])
@pytest.mark.parametrize("features", ["plain", "loops", "batch first"])
def test_states_fed_back_are_read_before_they_are_written(name: str, features: str) -> None:
    """Also those of another state, and where fewer steps are run than a state has."""
    for steps in (1, 2, 4):
        module: Any = model(name).kernel(steps, **FEATURES[features])
        dims = dict.fromkeys(module.DIMS, 3)
        kernel, other = module.Kernel(2, **dims), module.Kernel(2, **dims)
        rng = np.random.default_rng(steps)
        kernel.theta[...] = other.theta[...] = rng.normal(size=kernel.theta.shape)
        sizes = {"T": steps, "B": 2, **dims}
        inputs = {
            key: rng.uniform(0.1, 0.9, module._sizes(axes, sizes))
            for key, axes in module.INPUTS.items()
        }
        for order in (list(module.STATES), list(module.STATES)[::-1]):
            kernel.forward(**inputs)
            fed = dict(zip(module.STATES, [kernel.states[key] for key in order], strict=True))
            copied = {key: value.copy() for key, value in fed.items()}
            found, _ = kernel.loss_and_grads(**inputs, **fed)
            wanted, _ = other.loss_and_grads(**inputs, **copied)
            assert found == wanted
            assert np.array_equal(kernel.dtheta, other.dtheta)


def test_vectors_that_overlap_are_refused() -> None:
    module: Any = model("elman").kernel(2)
    size = module.Kernel(1, **DIMS).theta.size
    both = np.zeros(size + 3)
    for theta, dtheta in ((both[:size], both[:size]), (both[:size], both[3:])):
        with pytest.raises(ValueError, match="theta and dtheta overlap; expected two vectors"):
            module.Kernel(1, theta=theta, dtheta=dtheta, **DIMS)


# two at once


def test_a_call_is_refused_while_another_is_under_way() -> None:
    kernel, inputs = made()
    wanted = kernel.loss(**inputs)
    found: list[float] = []
    refused: list[str] = []
    interval = sys.getswitchinterval()

    def work() -> None:
        for _ in range(300):
            try:
                found.append(float(kernel.loss_and_grads(**inputs)[0]))
            except RuntimeError as error:
                refused.append(str(error))

    threads = [Thread(target=work) for _ in range(2)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert set(found) == {wanted}
    assert len(found) + len(refused) == 600
    assert refused
    assert "at work in another call" in refused[0]


def test_threads_with_a_kernel_each_agree() -> None:
    kernel, inputs = made()
    wanted = kernel.loss(**inputs)
    found: list[float] = []

    def work(own: Any) -> None:
        found.extend(float(own.loss_and_grads(**inputs)[0]) for _ in range(200))

    threads = [Thread(target=work, args=(copy.copy(kernel),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 600


def test_a_call_that_fails_leaves_the_kernel_free() -> None:
    kernel, inputs = made()
    with pytest.raises(ValueError, match="x has shape"):
        kernel.loss(x=np.ones((5, 2, 9)), y=inputs["y"])
    assert np.isfinite(kernel.loss(**inputs))
