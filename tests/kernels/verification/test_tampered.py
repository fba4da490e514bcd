"""Files in which something beside the arithmetic is wrong do not hold: each mistake is one that
somebody could make in a template, or by hand."""

from functools import cache

import pytest

from symrnn.kernels.load import load_source
from symrnn.kernels.verification.case import Case, case
from symrnn.kernels.verification.generated import _checks
from symrnn.kernels.verification.reference import Reference, reference
from symrnn.kernels.verification.report import CENTRAL, COMPLEX
from tests.cases import model

CHANGES: dict[str, tuple[str, str]] = {
    # where parameters start
    "START is not the text's": ('"b_f": 1.0,', '"b_f": 0.0,'),
    "START has another number": ('"b_i": 0.0,', '"b_i": 0.01,'),
    "another kind of start": ('"U_g": "glorot",', '"U_g": "orthogonal",'),
    "half of Glorot's variance": ("np.sqrt(6 / sum(shape))", "np.sqrt(3 / sum(shape))"),
    "Glorot's bound by the rows alone": ("np.sqrt(6 / sum(shape))", "np.sqrt(6 / shape[0])"),
    "a seed that is ignored": (
        "rng, sizes, dtype = np.random.default_rng(seed)",
        "rng, sizes, dtype = np.random.default_rng(0)",
    ),
    "no seed at all": (
        "rng, sizes, dtype = np.random.default_rng(seed)",
        "rng, sizes, dtype = np.random.default_rng()",
    ),
    "a start that is not centred": (
        "return rng.uniform(-1, 1, shape)",
        "return rng.uniform(0, 1, shape)",
    ),
    "a dtype that is ignored": (
        "_start(rng, START[name], _sizes(axes, sizes)), dtype)",
        "_start(rng, START[name], _sizes(axes, sizes)), np.float64)",
    ),
    # shared vectors
    "dtheta is never written": (
        "plan = make(batch, self.dtype, *vectors,",
        "plan = make(batch, self.dtype, vectors[0], *[v.copy() for v in vectors[1:]],",
    ),
    "theta handed in is ignored": (
        'self.theta = _vector("theta", theta, size',
        'self.theta = _vector("theta", None, size',
    ),
    "dtheta handed in is ignored": (
        'self.dtheta = _vector("dtheta", dtheta, size',
        'self.dtheta = _vector("dtheta", None, size',
    ),
    "params are copies": (
        "self.params = _lay_out(self.theta,",
        "self.params = _lay_out(self.theta.copy(),",
    ),
    "grads are copies": (
        "self.grads = _lay_out(self.dtheta,",
        "self.grads = _lay_out(self.dtheta.copy(),",
    ),
    "parameters that share a place": ("w_y = piece(H, C)", "w_y = theta[: H * C].reshape(H, C)"),
    # states
    "states fed back are NaN": (
        "        copyto(h_0, h0)\n",
        "        h_3[...] = np.nan\n        copyto(h_0, h0)\n",
    ),
    "states are read after they are written": (
        "        copyto(c_0, c0)\n",
        "        c_3[...] = 0\n        copyto(c_0, c0)\n",
    ),
    "a state that is not taken": ("        copyto(h_0, h0)\n", "        h_0[...] = 0\n"),
    "the state of the step before": (
        'plan.states = {"h0": h[3], "c0": c[3]}',
        'plan.states = {"h0": h[2], "c0": c[3]}',
    ),
    "states that are exchanged": (
        'plan.states = {"h0": h[3], "c0": c[3]}',
        'plan.states = {"h0": c[3], "c0": h[3]}',
    ),
    "states left out are one": (
        "name: np.zeros(shape, self.dtype)\n",
        "name: np.ones(shape, self.dtype)\n",
    ),
    # float32, and batches
    "float32 with an error of 1e-3": (
        "        multiply(half, tanh_yhat, multiply_yhat_2)\n",
        "        multiply(half, tanh_yhat, multiply_yhat_2)\n"
        "        multiply_yhat_2 *= 1.001 if dtype == np.float32 else 1\n",
    ),
    "float32 summed in half precision": (
        "        dot(h_3, w_y, h_w_y)\n",
        "        dot(h_3, w_y, h_w_y)\n"
        "        h_w_y[...] = h_w_y.astype('e') if dtype == np.float32 else h_w_y\n",
    ),
    "float32 that goes out in float64": (
        "L = np.empty((1,), dtype)",
        "L = np.empty((1,), np.float64)",
    ),
    "a plan used again for another batch": (
        "plan = self._plans.get((make, batch))",
        "plan = next(iter(self._plans.values()), None)",
    ),
    "a wrong branch for one sequence": (
        "U_T = U.T if B == 1 else U.T.copy()",
        "U_T = U if B == 1 else U.T.copy()",
    ),
    "a wrong branch for several": (
        "U_T = U.T if B == 1 else U.T.copy()",
        "U_T = U.T if B == 1 else U.copy()",
    ),
    "a mean over the largest batch": (
        "plan = make(batch, self.dtype,",
        "plan = make(self.batch, self.dtype,",
    ),
    "a plan of the first parameters": (
        "U_T = U.T if B == 1",
        "U = U.copy()\n    U_T = U.T if B == 1",
    ),
    # large numbers
    "a tanh that is cut off": (
        "        tanh(a_g_3, g_3)\n",
        "        tanh(a_g_3, g_3)\n        np.clip(g_3, -0.9999, 0.9999, g_3)\n",
    ),
    "a sigmoid that is cut off": (
        "        add(multiply_yhat_2, half, yhat)\n",
        "        add(multiply_yhat_2, half, yhat)\n        np.clip(yhat, 1e-4, 1 - 1e-4, yhat)\n",
    ),
    "a logarithm that overflows": (
        "return lambda z, out: np.logaddexp(zero, z, out)",
        "return lambda z, out: np.log1p(np.exp(z), out)",
    ),
    "a sigmoid that overflows": (
        "        add(multiply_yhat_2, half, yhat)\n",
        "        np.divide(np.exp(a_yhat), 1 + np.exp(a_yhat), yhat)\n",
    ),
    # what is refused
    "a shape that is not looked at": (
        '        raise ValueError(f"{name} has shape {value.shape}; expected {shape}")\n'
        "    return value\n",
        "        value = np.resize(value, shape)\n    return value\n",
    ),
    "NaN in a target that is not looked at": ("    if loss != loss:\n", "    if False:\n"),
    "complex numbers that lose a part": (
        'if value.dtype.kind == "c" and dtype.kind != "c":',
        "if False:",
    ),
    "names that are not looked at": ("if not inputs.keys() <= plan.shapes.keys():", "if False:"),
    "an input that may be left out": (
        "if value is None and name in wanted:",
        "if value is None and name in wanted and (value := np.zeros(shape)) is None:",
    ),
    # what the file says of itself
    "a check that allows everything": (
        "if ANALYTIC else (1e-5, 1e-7)",
        "if False else (1e-5, 1e12)",
    ),
    "a complex step that allows everything": ("(1e-30j, 1e-12)", "(1e-30j, 1e12)"),
    "a check that compares nothing": (
        "np.linalg.norm(grad - slopes)",
        "np.linalg.norm(slopes - slopes)",
    ),
    "a check that raises": (
        "def self_check(batch=2, seed=0, **dims):\n",
        "def self_check(batch=2, seed=0, **dims):\n    assert batch > 2\n    ",
    ),
    "a wrong CAUSAL": ("CAUSAL = True", "CAUSAL = False"),
    "a wrong ANALYTIC": ("ANALYTIC = True", "ANALYTIC = False"),
    "a wrong STEPS": ("STEPS = 3", "STEPS = 4"),
    "a wrong axis": ('"U_i": ("H", "H"),', '"U_i": ("D", "H"),'),
    "a step with another bias": (
        "        add(b, x_W, s_a)\n        add(s_a, h_U, a)\n",
        "        add(x_W, h_U, a)\n",
    ),
    # calls that would spoil each other
    "inputs that overlap": ("if id(value if base is None else base) in plan.written:", "if False:"),
    "two calls at once": ("            self.free.pop()\n", "            self.free.copy().pop()\n"),
    "a copy that shares": (
        "return _kernel_like(self.batch, self.dtype, self.theta.copy(), self.dims)",
        "return _kernel_like(self.batch, self.dtype, self.theta, self.dims)",
    ),
    "a pickle without parameters": (
        "return _kernel_like, (self.batch, self.dtype, self.theta, self.dims)",
        "return _kernel_like, (self.batch, self.dtype, None, self.dims)",
    ),
}


@cache
def source(steps: int = 3) -> str:
    return model("lstm").generate(steps)


@cache
def tried(steps: int, seed: int) -> tuple[Case, Reference]:
    made = case(model("lstm").written, steps, seed=seed)
    return made, reference(made)


def failed(text: str, steps: int = 3, seed: int = 0) -> list[str]:
    """What does not hold, complex steps and differences aside: they look at the arithmetic."""
    found = _checks(load_source, text, "lstm", *tried(steps, seed))
    return [c.what for c in found if c.holds is False and c.against not in (COMPLEX, CENTRAL)]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_nothing_is_wrong(seed: int) -> None:
    assert failed(source(), 3, seed) == []


@pytest.mark.parametrize("what", CHANGES)
def test_a_mistake_is_found(what: str) -> None:
    before, after = CHANGES[what]
    steps = next(steps for steps in (3, 8) if before in source(steps))
    assert failed(source(steps).replace(before, after), steps) != []
