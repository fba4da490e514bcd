"""The functions of the language, each in one row of a table.

A row holds what the function is, its derivative *in terms of its own value* (SymPy would write
σ' as exp(-x)/(1 + exp(-x))²; everybody else writes o(1 - o)), how it is printed, and a form that is
stable in floating point. Definitions and derivatives are texts in the language itself.

Complex numbers pass through every form, and a branch is chosen by the real part, so that a
complex step differentiates the branch on which the real point lies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function of one number.

    `derivative` is written in `x`, the argument, and `o`, the function's own value. `definition`
    is written in `x` and more elementary functions; an elementary one has none. `analytic` says
    whether a complex step may be taken through it.
    """

    name: str
    derivative: str
    definition: str
    latex: str
    stable: Callable[[Array], Array]
    analytic: bool = True


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
    return x * _sigmoid(1.5957691216057308 * (x + 0.044715 * x**3))


SELU_SCALE = "1.0507009873554805"  # Klambauer et al. 2017, to double precision
SELU_SLOPE = "1.7580993408473766"  # scale times alpha
GELU = "1.5957691216057308"  # 2 sqrt(2 / pi), to double precision

ELEMENTWISE: dict[str, Elementwise] = {
    row.name: row
    for row in (
        Elementwise("tanh", "1 - o**2", "", r"\tanh", np.tanh),
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
        Elementwise("exp", "o", "", r"\exp", np.exp),
        Elementwise("log", "1 / x", "", r"\log", np.log),
        Elementwise("sqrt", "1 / (2 * o)", "", r"\sqrt", np.sqrt),
        Elementwise("square", "2 * x", "x**2", r"\mathrm{square}", np.square),
        Elementwise("sin", "cos(x)", "", r"\sin", np.sin),
        Elementwise("cos", "-sin(x)", "", r"\cos", np.cos),
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
        Elementwise(  # the form with tanh: NumPy has no erf
            "gelu",
            f"sigmoid({GELU} * (x + 0.044715 * x**3))"
            f" + o * sigmoid(-{GELU} * (x + 0.044715 * x**3)) * {GELU} * (1 + 0.134145 * x**2)",
            f"x * sigmoid({GELU} * (x + 0.044715 * x**3))",
            r"\mathrm{GELU}",
            _gelu,
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
    )
}


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

ROW = ("softmax", "logsumexp", "rowsum", "rowmean", "concat")
"""Functions across the features of one step."""

TIME = ("sum", "mean")
"""Functions over all steps."""

ARITY: dict[str, int | None] = {
    **dict.fromkeys(ELEMENTWISE, 1),
    **dict.fromkeys(ROW, 1),
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
