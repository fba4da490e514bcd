"""Sizes said where a module is made: what its kernels are unless something else is said, whatever
the back end is; and one that compiles does so at once."""

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.kernels.settings import KEYWORDS
from tests.cases import model
from tests.kernels.c.compiler import CC, needs_compiler

BACKENDS = ("numpy", pytest.param("c", marks=needs_compiler))
SIZES = {"D": 2, "H": 3, "C": 1}


def sized(backend: str = "numpy", **more: Any) -> Any:
    return model("elman").kernel(2, backend=backend, **{**SIZES, **more})


@pytest.mark.parametrize("backend", BACKENDS)
def test_they_hold_where_nothing_else_is_said(backend: str) -> None:
    module = sized(backend, batch=4, dtype="float32")
    assert str(module.BACKEND) == backend
    assert module.SIZES == SIZES
    kernel = module.Kernel()
    assert (kernel.batch, kernel.dims, kernel.dtype) == (4, SIZES, np.float32)
    assert module.init_params()["w_h"].dtype == np.float32
    assert module.init_params(D=7)["w_i"].shape == (7, 3)
    other = module.Kernel(1, dtype=np.float64, H=5)
    assert (other.batch, other.dims["H"], other.dtype) == (1, 5, np.float64)
    inputs = {"x": np.ones((2, 1, 2)), "y": np.ones((1, 1))}
    plain = model("elman").kernel(2).Kernel(1, D=2, H=5, C=1)
    plain.theta[...] = other.theta[...] = np.linspace(-1, 1, other.theta.size)
    np.testing.assert_allclose(other.loss(**inputs), plain.loss(**inputs), rtol=1e-14)
    with pytest.raises(TypeError, match=r"'Q' is no dimension; there are D, H, C"):
        module.Kernel(Q=1)


def test_unless_said_a_kernel_is_for_one_sequence_in_double_precision() -> None:
    kernel = sized().Kernel()
    assert (kernel.batch, kernel.dtype) == (1, np.float64)


def test_a_module_keeps_them_in_a_pickle() -> None:
    module = pickle.loads(pickle.dumps(sized(batch=np.int64(2), H=np.int32(4))))
    assert module.Kernel().theta.shape == module.Kernel(2, D=2, H=4, C=1).theta.shape
    assert module.self_check().keys() == sized().self_check().keys()


def test_without_any_nothing_is_taken_for_granted() -> None:
    module: Any = model("elman").kernel(2)
    assert not hasattr(module, "SIZES")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'batch'"):
        module.Kernel(**SIZES)
    with pytest.raises(TypeError, match="the dimension D is missing"):
        module.Kernel(1)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"D": 2}, r"the width H is not said; expected D=…, H=…, C=…, or no sizes here and all"),
        ({"dtype": "float32"}, "the width D is not said"),
        ({**SIZES, "K": 2}, r"'K' is no width of elman; there are D, H, C"),
        ({"lenghts": True}, r"'lenghts' is no width of elman; did you mean 'lengths'\?"),
        ({**SIZES, "H": 0}, "the width H is 0; expected 1 or more"),
        ({**SIZES, "H": 2.0}, "the width H is 2.0; expected 1 or more"),
        ({**SIZES, "H": True}, "the width H is True; expected 1 or more"),
        ({**SIZES, "H": "3"}, "the width H is 3; expected 1 or more"),
        ({**SIZES, "batch": 0}, "the batch is 0; expected 1 sequence or more"),
        ({**SIZES, "dtype": np.complex128}, "the dtype is 'complex128'; expected float32 or float"),
        ({**SIZES, "dtype": "f8"}, "the dtype is 'f8'; expected float32 or float64"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value),
)
def test_what_does_not_fit_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        model("elman").kernel(2, **said)


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype(np.float32)], ids=repr)
def test_a_dtype_has_many_names(dtype: object) -> None:
    assert sized(dtype=dtype).Kernel().dtype == np.float32


def test_a_width_that_is_called_as_a_keyword_is_said_to_the_kernel() -> None:
    odd = symrnn.parse("h: steps\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T])")
    with pytest.raises(UsageError, match=r"the width steps is called as a keyword of model\.k"):
        odd.kernel(steps=2, D=3)
    assert odd.kernel(steps=2).Kernel(1, D=3, steps=4).params["U"].shape == (4, 4)


def test_the_keywords_are_those_that_there_are() -> None:
    known = list(inspect.signature(symrnn.parse("h[t] = x[t]").kernel).parameters)
    assert set(known) - {"more"} <= set(KEYWORDS)
    for name in set(KEYWORDS) - set(known):
        said: Any = {name: None if name == "truncate" else ()}
        model("elman").kernel(2, **said)


@needs_compiler
def test_what_the_compiler_says_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", f"{CC} -no-such-flag")
    with pytest.raises(UsageError, match=r"cannot compile this kernel: .*no-such-flag"):
        sized("c")
    model("elman").kernel(2, backend="c")  # nothing is compiled yet
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"set CC\), or pip install ziglang.*symrnn\[c\] has it"):
        sized("c")
