"""The functions of the language, each in one row of a table.

A row holds what the function is, its derivative *in terms of its own value* (SymPy would write
σ' as exp(-x)/(1 + exp(-x))²; everybody else writes o(1 - o)), how it is printed, and a form that is
stable in floating point. Definitions and derivatives are texts in the language itself.

Complex numbers pass through every form, and a branch is chosen by the real part, so that a
complex step differentiates the branch on which the real point lies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symrnn.language.later import Later

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:
    np, Array = Later("numpy"), Any


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function of one number, or of the `arguments` that are named.

    `derivative` is written in the arguments, `x` if there is one, and `o`, the function's own
    value; one for each argument. `definition` is written in the arguments and more elementary
    functions; an elementary one has none. `analytic` says whether a complex step may be taken
    through it.
    """

    name: str
    derivative: str | tuple[str, ...]
    definition: str
    latex: str
    stable: Callable[..., Array]
    analytic: bool = True
    arguments: tuple[str, ...] = ("x",)

    @property
    def derivatives(self) -> tuple[str, ...]:
        return (self.derivative,) if isinstance(self.derivative, str) else self.derivative


def _erf(x: Array) -> Array:
    from symrnn.language.erf import erf

    return np.asarray(erf(x))


def _sigmoid(x: Array) -> Array:
    left = x.real < 0
    e = np.exp(np.where(left, x, -x))
    return np.asarray(np.where(left, e, 1) / (1 + e))


def _positive(x: Array) -> Array:
    return np.where(x.real > 0, x, 0 * x.real)


def _abs(x: Array) -> Array:
    return np.where(x.real < 0, -x, x)


def _softplus(x: Array) -> Array:
    return _positive(x) + np.log1p(np.exp(-_abs(x)))


def _step(x: Array) -> Array:
    return np.asarray(np.where(np.isnan(x.real), x.real, x.real > 0), x.dtype)


def _elu(x: Array) -> Array:
    return _positive(x) + np.expm1(-_positive(-x))


def _clip(x: Array, low: float, high: float) -> Array:
    inside = np.where(x.real > high, high, x)
    return np.where(x.real < low, low, inside).astype(x.dtype)


def _gelu(x: Array) -> Array:
    return np.asarray(0.5 * x * (1 + _erf(0.7071067811865476 * x)))


def _gelu_tanh(x: Array) -> Array:
    return x * _sigmoid(1.5957691216057308 * (x + 0.044715 * x**3))


def _stop(x: Array) -> Array:
    return np.asarray(x.real, x.dtype)


def _greater(a: Array, b: Array) -> Array:
    return np.where(a.real >= b.real, a, b)


SELU_SCALE = "1.0507009873554805"  # Klambauer et al. 2017, to double precision
SELU_SLOPE = "1.7580993408473766"  # scale times alpha
PI = "3.141592653589793"
GELU = "1.5957691216057308"  # 2 sqrt(2 / pi), to double precision

ELEMENTWISE: dict[str, Elementwise] = {
    row.name: row
    for row in (
        Elementwise("tanh", "1 - o**2", "", r"\tanh", lambda x: np.tanh(x)),
        Elementwise("sigmoid", "o * (1 - o)", "1 / (1 + exp(-x))", r"\sigma", _sigmoid),
        Elementwise("relu", "step(x)", "x * step(x)", r"\mathrm{ReLU}", _positive, analytic=False),
        Elementwise(
            "leaky_relu",
            "0.01 + 0.99 * step(x)",
            "x * (0.01 + 0.99 * step(x))",
            r"\mathrm{LeakyReLU}",
            lambda x: np.where(x.real > 0, x, 0.01 * x).astype(x.dtype),
            analytic=False,
        ),
        Elementwise(
            "elu",
            "step(x) + (1 - step(x)) * (1 + o)",
            "relu(x) + exp(-relu(-x)) - 1",
            r"\mathrm{ELU}",
            _elu,
            analytic=False,
        ),
        Elementwise(
            "selu",
            f"{SELU_SCALE} * step(x) + (1 - step(x)) * ({SELU_SLOPE} + o)",
            f"{SELU_SCALE} * relu(x) + {SELU_SLOPE} * (exp(-relu(-x)) - 1)",
            r"\mathrm{SELU}",
            lambda x: (
                float(SELU_SCALE) * _positive(x) + float(SELU_SLOPE) * np.expm1(-_positive(-x))
            ),
            analytic=False,
        ),
        Elementwise("softplus", "sigmoid(x)", "log(1 + exp(x))", r"\mathrm{softplus}", _softplus),
        Elementwise(
            "softsign",
            "(1 - abs(o))**2",
            "x / (1 + abs(x))",
            r"\mathrm{softsign}",
            lambda x: x / (1 + _abs(x)),
            analytic=False,
        ),
        Elementwise("exp", "o", "", r"\exp", lambda x: np.exp(x)),
        Elementwise("log", "1 / x", "", r"\log", lambda x: np.log(x)),
        Elementwise("sqrt", "1 / (2 * o)", "", r"\sqrt", lambda x: np.sqrt(x)),
        Elementwise("square", "2 * x", "x**2", r"\mathrm{square}", lambda x: np.square(x)),
        Elementwise("sin", "cos(x)", "", r"\sin", lambda x: np.sin(x)),
        Elementwise("cos", "-sin(x)", "", r"\cos", lambda x: np.cos(x)),
        Elementwise("tan", "1 + o**2", "sin(x) / cos(x)", r"\tan", lambda x: np.tan(x)),
        Elementwise("sinh", "cosh(x)", "(exp(x) - exp(-x)) / 2", r"\sinh", lambda x: np.sinh(x)),
        Elementwise("cosh", "sinh(x)", "(exp(x) + exp(-x)) / 2", r"\cosh", lambda x: np.cosh(x)),
        Elementwise("arctan", "1 / (1 + x**2)", "", r"\arctan", lambda x: np.arctan(x)),
        Elementwise("log1p", "1 / (1 + x)", "log(1 + x)", r"\mathrm{log1p}", lambda x: np.log1p(x)),
        Elementwise("expm1", "1 + o", "exp(x) - 1", r"\mathrm{expm1}", lambda x: np.expm1(x)),
        Elementwise("erf", f"2 * exp(-x**2) / sqrt({PI})", "", r"\mathrm{erf}", _erf),
        Elementwise("abs", "sign(x)", "x * sign(x)", r"\mathrm{abs}", _abs, analytic=False),
        Elementwise(
            "hard_sigmoid",
            "step(o) * step(1 - o) / 6",
            "(relu(x + 3) - relu(x - 3)) / 6",
            r"\mathrm{hard\,\sigma}",
            lambda x: _clip(x / 6 + 0.5, 0, 1),
            analytic=False,
        ),
        Elementwise(
            "hard_tanh",
            "step(1 - o) * step(1 + o)",
            "relu(x + 1) - relu(x - 1) - 1",
            r"\mathrm{hard\,tanh}",
            lambda x: _clip(x, -1, 1),
            analytic=False,
        ),
        Elementwise(
            "silu",
            "o + sigmoid(x) * (1 - o)",
            "x * sigmoid(x)",
            r"\mathrm{SiLU}",
            lambda x: x * _sigmoid(x),
        ),
        Elementwise(  # x Φ(x), Φ the distribution function of a standard normal variable
            "gelu",
            f"(1 + erf(x / sqrt(2))) / 2 + x * exp(-x**2 / 2) / sqrt(2 * {PI})",
            "x * (1 + erf(x / sqrt(2))) / 2",
            r"\mathrm{GELU}",
            _gelu,
        ),
        Elementwise(  # nearly the same
            "gelu_tanh",
            f"sigmoid({GELU} * (x + 0.044715 * x**3))"
            f" + o * sigmoid(-{GELU} * (x + 0.044715 * x**3)) * {GELU} * (1 + 0.134145 * x**2)",
            f"x * sigmoid({GELU} * (x + 0.044715 * x**3))",
            r"\mathrm{GELU}_{\tanh}",
            _gelu_tanh,
        ),
        Elementwise("identity", "1", "x", r"\mathrm{id}", lambda x: x),
        Elementwise("step", "0", "", r"\mathrm{step}", _step, analytic=False),
        Elementwise(
            "sign",
            "0",
            "step(x) - step(-x)",
            r"\mathrm{sign}",
            lambda x: _step(x) - _step(-x),
            False,
        ),
        Elementwise(  # at a tie each gets half, as with PyTorch
            "max",
            ("(1 + sign(a - b)) / 2", "(1 - sign(a - b)) / 2"),
            "b + relu(a - b)",
            r"\max",
            _greater,
            analytic=False,
            arguments=("a", "b"),
        ),
        Elementwise(
            "min",
            ("(1 - sign(a - b)) / 2", "(1 + sign(a - b)) / 2"),
            "a - relu(a - b)",
            r"\min",
            lambda a, b: -_greater(-a, -b),
            analytic=False,
            arguments=("a", "b"),
        ),
        Elementwise("stop", "0", "x", r"\mathrm{stop}", _stop),
        Elementwise(  # the value of the one, the derivative of the other
            "surrogate",
            ("0", "1"),
            "stop(a) + (b - stop(b))",
            r"\mathrm{surrogate}",
            lambda a, b: _stop(a) + (b - _stop(b)),
            arguments=("a", "b"),
        ),
    )
}


STOPS = ("stop", "surrogate")
"""Functions whose derivative is not that of their value, but what somebody wants instead."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of one sequence at one step: a number for each row, of width 1.

    The derivatives are written in `y`, the target, `p`, the prediction, and `n`, the width of both.
    `onehot` is the derivative by the prediction where each row of the target sums to one.
    """

    name: str
    by_prediction: str
    by_target: str
    onehot: str = ""
    link: str = ""
    """The function after which the loss is computed from what stands inside it, ..."""
    from_logits: str = ""
    """... by the loss of this name: bce of a sigmoid, ce of a softmax."""
    by_terms: str = ""
    """The derivative by the prediction before its terms are put together."""


LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss("mse", "2 * (p - y) / n", "-2 * (p - y) / n"),
        Loss(
            "bce",
            "(p - y) / (p * (1 - p)) / n",
            "(log(1 - p) - log(p)) / n",
            link="sigmoid",
            from_logits="bce_logits",
            by_terms="(-(y / p) + (1 - y) / (1 - p)) / n",
        ),
        Loss("ce", "-y / p", "-log(p)", link="softmax", from_logits="ce_logits"),
        Loss("bce_logits", "(sigmoid(p) - y) / n", "-p / n"),
        Loss(
            "ce_logits",
            "softmax(p) * rowsum(y) - y",
            "logsumexp(p) - p",
            onehot="softmax(p) - y",
        ),
    )
}

ROW = ("softmax", "logsumexp", "rowmax", "rowsum", "rowmean", "concat")
"""Functions across the features of one step."""

WRITTEN_OUT: dict[str, tuple[tuple[str, ...], str]] = {
    "rowmin": (("v",), "-rowmax(-v)"),
    "layernorm": (
        ("v", "eps"),
        "(v - rowmean(v)) / sqrt(rowmean(square(v - rowmean(v))) + eps)",
    ),
    "rmsnorm": (("v", "eps"), "v / sqrt(rowmean(square(v)) + eps)"),
}
"""Functions that stand for an expression: their arguments, and what a text means by them."""

EPS = "0.00001"
"""What `eps` is where nothing is said, as with PyTorch."""

TIME = ("sum", "mean")
"""Functions over all steps."""

ARITY: dict[str, int | tuple[int, ...] | None] = {
    **{name: len(row.arguments) for name, row in ELEMENTWISE.items()},
    **dict.fromkeys(ROW, 1),
    "rowmin": 1,
    "layernorm": (1, 2),
    "rmsnorm": (1, 2),
    "timesoftmax": 1,
    **dict.fromkeys(TIME, 1),
    **dict.fromkeys(LOSSES, 2),
    "concat": None,  # two or more
    "batchsum": 1,
    "total": 1,
    "transpose": 1,
    "size": 1,
    "part": 3,
    "pad": 3,
}
"""Every function of the language with the number of its arguments."""
