"""A C kernel where it is used: copied, pickled into another process, by threads, beside one of
another size, without the file that it was loaded from; and what it is handed."""

import copy
import multiprocessing
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.language.arrays import Array
from tests.cases import model
from tests.kernels.c.compiler import needs_compiler

pytestmark = needs_compiler
SIZES: Any = {"D": 2, "H": 3, "C": 1}
X = np.random.default_rng(0).normal(size=(4, 2, 2))
Y = np.array([[1.0], [0.0]])


def ready(backend: str = "c", **more: Any) -> Any:
    """A kernel with parameters, for two sequences."""
    kernel = model("elman").kernel(4, backend=backend, batch=2, **SIZES).Kernel(**more)
    kernel.theta[...] = np.linspace(-1, 1, kernel.theta.size)
    return kernel


def answer(kernel: Any) -> bytes:
    """All that it works out, to the bit."""
    loss, grads = kernel.loss_and_grads(x=X, y=Y)
    return np.concatenate([[loss], *(grad.ravel() for grad in grads.values())]).tobytes()


def test_a_copy_works_out_the_same() -> None:
    kernel = ready()
    wanted = answer(kernel)
    for other in (copy.copy(kernel), copy.deepcopy(kernel), pickle.loads(pickle.dumps(kernel))):
        assert answer(other) == wanted
        other.theta[...] = 0
        assert answer(other) != wanted == answer(kernel)


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_in_another_process(how: str) -> None:
    if how not in multiprocessing.get_all_start_methods():
        pytest.skip(f"processes do not {how} here")
    kernel = ready()
    wanted = answer(kernel)
    with multiprocessing.get_context(how).Pool(1) as pool:
        assert pool.map(answer, [kernel, kernel]) == [wanted] * 2


def test_threads_with_a_kernel_each() -> None:
    kernels = [copy.copy(ready()) for _ in range(4)]
    wanted = answer(kernels[0])
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda kernel: [answer(kernel) for _ in range(50)], kernels):
            assert set(found) == {wanted}


def test_kernels_of_several_sizes_are_there_at_once() -> None:
    module: Any = model("elman").kernel(4, backend="c")
    one, wide = ready(), module.Kernel(3, dtype=np.float32, D=5, H=7, C=2)
    wanted = answer(one)
    for _ in range(2):
        loss = wide.loss(x=np.ones((4, 3, 5)), y=np.ones((3, 2)))
        assert (loss.dtype, loss) == (np.float32, np.float32(np.log(2)))
        assert answer(one) == wanted


def test_without_the_file_it_was_loaded_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel = ready()
    wanted = answer(kernel)
    shutil.rmtree(tmp_path / "symrnn")
    assert answer(kernel) == answer(copy.copy(kernel)) == wanted
    assert answer(ready()) == wanted  # of a new module


def of_all_kinds(kernel: Any) -> dict[str, Array]:
    """The same numbers, in arrays that are no plain ones."""
    locked, apart = X.copy(), np.zeros((8, 2, 2))
    locked.flags.writeable = False
    apart[::2] = X
    return {
        "read-only": locked,
        "columns first": np.asfortranarray(X),
        "with gaps": apart[::2],
        "backwards": X[::-1].copy()[::-1],
        "of the other byte order": X.astype(X.dtype.newbyteorder()),
        "not aligned": np.frombuffer(b"." + X.tobytes(), offset=1).reshape(X.shape),
    }


def test_numbers_are_the_same_however_they_lie() -> None:
    kernel = ready()
    wanted = kernel.loss(x=X, y=Y)
    for what, x in of_all_kinds(kernel).items():
        assert kernel.loss(x=x, y=Y) == wanted, what
    assert kernel.loss(x=X.tolist(), y=Y.astype(bool)) == wanted
    assert kernel.loss(x=kernel.theta[:16].reshape(4, 2, 2), y=Y) == kernel.loss(
        x=kernel.theta[:16].reshape(4, 2, 2).copy(), y=Y
    )


@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_what_would_be_wrong_is_refused_alike(backend: str) -> None:
    kernel = ready(backend)
    size = kernel.theta.size
    gap, askew = np.zeros(2 * size)[::2], np.zeros(8 * size + 1, np.uint8)[1:].view(np.float64)
    locked = np.zeros(size)
    locked.flags.writeable = False
    for vector in (gap, askew):
        with pytest.raises(TypeError, match="theta has gaps, or is not aligned"):
            ready(backend, theta=vector)
    with pytest.raises(TypeError, match="dtheta is read-only; expected one to write gradients to"):
        ready(backend, dtheta=locked)
    type(kernel)(2, theta=locked, **SIZES).loss_and_grads(x=X, y=Y)
    assert not locked.any()
    with pytest.raises(ValueError, match="x lies in this kernel's own w_i, which the call writes"):
        kernel.loss_and_grads(x=kernel.dtheta[:16].reshape(4, 2, 2), y=Y)
    with pytest.raises(ValueError, match=r"y holds nan, first at \(1, 0\)"):
        kernel.loss(x=X, y=np.array([[1], [np.nan]]))
    with pytest.raises(ValueError, match="D is 0; expected a whole number, at least 1"):
        type(kernel)(2, D=0, H=3, C=1)
    with pytest.raises(ValueError, match="x has 0 sequences; expected 1 to 2"):
        kernel.forward(x=X[:, :0])


def test_what_is_no_number_comes_out_as_with_numpy() -> None:
    x = X.copy()
    x[1, 0] = np.nan, np.inf
    ours, theirs = (ready(backend).loss_and_grads(x=x, y=Y) for backend in ("c", "numpy"))
    assert np.isnan(ours[0])
    assert np.isnan(theirs[0])
    for name, grad in theirs[1].items():
        np.testing.assert_array_equal(np.isnan(ours[1][name]), np.isnan(grad))


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, np.complex64])
def test_other_numbers_have_no_kernel(dtype: Any) -> None:
    kernel = type(ready())(1, dtype=dtype, **SIZES)
    with pytest.raises(TypeError, match="C kernels work in float32 and float64"):
        kernel.forward(x=X[:, :1])


@pytest.mark.parametrize("text", ["h[t] = 0.5 * h[t-1] + x[t]; L = mse(y, h[T])", "h[t] = x[t]"])
def test_a_model_without_parameters(text: str) -> None:
    module: Any = symrnn.parse(text).kernel(3, backend="c", D=2, batch=2)
    kernel = module.Kernel()
    assert (kernel.theta.size, kernel.params) == (0, {})
    outputs, _ = kernel.forward(x=np.ones((3, 2, 2)))
    assert outputs["h"].ravel()[-1] == (1.75 if "L" in text else 1)
    if "L" in text:
        assert kernel.loss_and_grads(x=np.ones((3, 2, 2)), y=np.ones((2, 2))) == (0.75**2, {})


def test_infinities_are_worked_out_in_silence_and_nothing_is_told_to_be_silent() -> None:
    kernel = ready()
    kernel.theta[...] = 1e300
    outputs, _ = kernel.forward(x=1e300 * np.sign(X))  # a warning is an error here
    assert set(outputs["yhat"].ravel()) <= {0.0, 1.0}
    assert "errstate" not in model("elman").generate(4, backend="c")
    assert "errstate" in model("elman").generate(4)
