"""The functions of the language, each in one row of a table.

A row holds what the function is, its derivative *in terms of its own value* (SymPy would write
σ' as exp(-x)/(1 + exp(-x))²; everybody else writes o(1 - o)), how it is printed, and a form that is
stable in floating point. All of these are texts in the language itself, so that a row such as

    Elementwise("silu", "o + sigmoid(x) * (1 - o)", "x * sigmoid(x)", r"\\mathrm{SiLU}")

is all that interpreter, derivations and kernels ask of a function.
"""

from collections.abc import Callable
from dataclasses import dataclass

from symrnn.language import numpy_forms as forms
from symrnn.language.arrays import Array
from symrnn.language.losses import LOSSES as LOSSES
from symrnn.language.losses import Loss as Loss


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function of one number, or of the `arguments` that are named."""

    name: str
    derivative: str | tuple[str, ...]
    """Written in the arguments, `x` if there is one, and `o`, the function's own value; one for
    each argument."""
    definition: str
    """Written in the arguments and more elementary functions: what is worked out at fifty digits.
    An elementary function has none."""
    latex: str
    stable: str = ""
    """The same without overflow and without lost digits: what kernels compute. Unsaid, it is the
    definition."""
    small: str = ""
    """The same with all digits also where it is nearly zero, for what is divided by or goes into a
    logarithm. Unsaid, it is the stable form."""
    operation: str = ""
    """The operation of a Program that is this function, and that every back end has."""
    numpy: Callable[..., Array] | None = None
    """The function in NumPy. Unsaid, it is NumPy's own that is called like the operation; without
    an operation the stable form is worked out."""
    sympy: str = ""
    """What SymPy calls it, where SymPy has it, and mpmath if it is elementary."""
    analytic: bool = True
    """Whether a complex step may be taken through it."""
    above_zero: bool = False
    """Whether all of its values are above zero, but at single points."""
    half: bool = False
    """Whether it has values above zero alone, as a logarithm."""
    arguments: tuple[str, ...] = ("x",)
    by_rule: str = ""
    """The derivative as a rule of calculus gives it, before it is written in the own value."""
    rule: str = ""
    """Which rule that is; without `by_rule` why the derivative is what it is."""
    why: str = ""
    """Why what the rule gives is the derivative above."""

    @property
    def derivatives(self) -> tuple[str, ...]:
        return (self.derivative,) if isinstance(self.derivative, str) else self.derivative


SELU_SCALE = "1.0507009873554805"  # Klambauer et al. 2017, to double precision
SELU_SLOPE = "1.7580993408473766"  # scale times alpha
PI = "3.141592653589793"
GELU = "1.5957691216057308"  # 2 sqrt(2 / pi), to double precision

ELEMENTWISE: dict[str, Elementwise] = {
    row.name: row
    for row in (
        Elementwise(
            "tanh",
            "1 - o**2",
            "",
            r"\tanh",
            operation="tanh",
            sympy="tanh",
            by_rule="(cosh(x)**2 - sinh(x)**2) / cosh(x)**2",
            rule="the quotient rule, since tanh is sinh/cosh",
            why="the fraction in two parts; sinh/cosh is tanh again",
        ),
        Elementwise(
            "sigmoid",
            "o * (1 - o)",
            "1 / (1 + exp(-x))",
            r"\sigma",
            stable="0.5 * tanh(0.5 * x) + 0.5",
            small="exp(-softplus(-x))",
            numpy=forms.sigmoid,
            above_zero=True,
            by_rule="exp(-x) / (1 + exp(-x))**2",
            rule="the rule for a reciprocal: the inner derivative over the square",
            why="the two factors are the value itself, and 1 minus the value",
        ),
        Elementwise(
            "relu",
            "step(x)",
            "x * step(x)",
            r"\mathrm{ReLU}",
            stable="max(x, 0)",
            numpy=forms.positive,
            analytic=False,
            rule="slope 1 above zero and 0 below; at zero itself 0 is taken",
        ),
        Elementwise(
            "leaky_relu",
            "0.01 + 0.99 * step(x)",
            "x * (0.01 + 0.99 * step(x))",
            r"\mathrm{LeakyReLU}",
            stable="max(x, 0.01 * x)",
            analytic=False,
            rule="slope 1 above zero and 0.01 below",
        ),
        Elementwise(
            "elu",
            "step(x) + (1 - step(x)) * (1 + o)",
            "relu(x) + exp(-relu(-x)) - 1",
            r"\mathrm{ELU}",
            stable="max(x, 0) + expm1(min(x, 0))",
            analytic=False,
            rule="slope 1 above zero; below it an exponential, which is the value plus 1",
        ),
        Elementwise(
            "selu",
            f"{SELU_SCALE} * step(x) + (1 - step(x)) * ({SELU_SLOPE} + o)",
            f"{SELU_SCALE} * relu(x) + {SELU_SLOPE} * (exp(-relu(-x)) - 1)",
            r"\mathrm{SELU}",
            stable=f"{SELU_SCALE} * max(x, 0) + {SELU_SLOPE} * expm1(min(x, 0))",
            analytic=False,
            rule="a line above zero; below it an exponential, which is the value plus a constant",
        ),
        Elementwise(
            "softplus",
            "sigmoid(x)",
            "log(1 + exp(x))",
            r"\mathrm{softplus}",
            stable="max(x, 0) + log1p(exp(-abs(x)))",
            operation="softplus",
            numpy=forms.softplus,
            above_zero=True,
            by_rule="exp(x) / (1 + exp(x))",
            rule="the chain rule: one over the argument of the logarithm, times its derivative",
            why="above and below divided by exp: that is the logistic function",
        ),
        Elementwise(
            "softsign", "(1 - abs(o))**2", "x / (1 + abs(x))", r"\mathrm{softsign}", analytic=False
        ),
        Elementwise(
            "exp",
            "o",
            "",
            r"\exp",
            operation="exp",
            sympy="exp",
            above_zero=True,
            rule="exp is its own derivative",
        ),
        Elementwise("log", "1 / x", "", r"\log", operation="log", sympy="log", half=True),
        Elementwise("sqrt", "1 / (2 * o)", "", r"\sqrt", operation="sqrt", sympy="sqrt", half=True),
        Elementwise(
            "square",
            "2 * x",
            "x**2",
            r"\mathrm{square}",
            operation="square",
            above_zero=True,
            rule="the power rule",
        ),
        Elementwise("sin", "cos(x)", "", r"\sin", operation="sin", sympy="sin"),
        Elementwise("cos", "-sin(x)", "", r"\cos", operation="cos", sympy="cos"),
        Elementwise("tan", "1 + o**2", "sin(x) / cos(x)", r"\tan", sympy="tan"),
        Elementwise(
            "sinh", "cosh(x)", "(exp(x) - exp(-x)) / 2", r"\sinh", operation="sinh", sympy="sinh"
        ),
        Elementwise(
            "cosh", "sinh(x)", "(exp(x) + exp(-x)) / 2", r"\cosh", operation="cosh", sympy="cosh"
        ),
        Elementwise("arctan", "1 / (1 + x**2)", "", r"\arctan", operation="arctan", sympy="atan"),
        Elementwise(
            "log1p", "1 / (1 + x)", "log(1 + x)", r"\mathrm{log1p}", operation="log1p", half=True
        ),
        Elementwise("expm1", "1 + o", "exp(x) - 1", r"\mathrm{expm1}", operation="expm1"),
        Elementwise(
            "erf",
            f"2 * exp(-x**2) / sqrt({PI})",
            "",
            r"\mathrm{erf}",
            operation="erf",
            numpy=forms.erf,
            sympy="erf",
            rule="an integral from zero on: the derivative is what is integrated",
        ),
        Elementwise(
            "abs",
            "sign(x)",
            "x * sign(x)",
            r"\mathrm{abs}",
            stable="max(x, -x)",
            sympy="Abs",
            analytic=False,
            above_zero=True,
        ),
        Elementwise(
            "hard_sigmoid",
            "step(o) * step(1 - o) / 6",
            "(relu(x + 3) - relu(x - 3)) / 6",
            r"\mathrm{hard\,\sigma}",
            stable="min(max(x / 6 + 0.5, 0), 1)",
            analytic=False,
            rule="a line of slope 1/6 while the value is between 0 and 1, and level outside",
        ),
        Elementwise(
            "hard_tanh",
            "step(1 - o) * step(1 + o)",
            "relu(x + 1) - relu(x - 1) - 1",
            r"\mathrm{hard\,tanh}",
            stable="min(max(x, -1), 1)",
            analytic=False,
            rule="a line of slope 1 while the value is between -1 and 1, and level outside",
        ),
        Elementwise(
            "silu",
            "o + sigmoid(x) * (1 - o)",
            "x * sigmoid(x)",
            r"\mathrm{SiLU}",
            by_rule="sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))",
            rule="the product rule, for the argument times its logistic function",
            why="that product is the value itself; multiplied out, in another order",
        ),
        Elementwise(  # x Φ(x), Φ the distribution function of a standard normal variable
            "gelu",
            f"(1 + erf(x / sqrt(2))) / 2 + x * exp(-x**2 / 2) / sqrt(2 * {PI})",
            "x * (1 + erf(x / sqrt(2))) / 2",
            r"\mathrm{GELU}",
            stable="0.5 * x * (1 + erf(0.7071067811865476 * x))",
            rule="the product rule: the distribution function of a normal variable, and the"
            " argument times its density",
        ),
        Elementwise(  # nearly the same
            "gelu_tanh",
            f"sigmoid({GELU} * (x + 0.044715 * x**3))"
            f" + o * sigmoid(-{GELU} * (x + 0.044715 * x**3)) * {GELU} * (1 + 0.134145 * x**2)",
            f"x * sigmoid({GELU} * (x + 0.044715 * x**3))",
            r"\mathrm{GELU}_{\tanh}",
            rule="the product rule, and the chain rule for what goes into the logistic function",
        ),
        Elementwise("identity", "1", "x", r"\mathrm{id}"),
        Elementwise(
            "step",
            "0",
            "",
            r"\mathrm{step}",
            operation="positive",
            numpy=forms.step,
            analytic=False,
        ),
        Elementwise("sign", "0", "step(x) - step(-x)", r"\mathrm{sign}", analytic=False),
        Elementwise(  # at a tie each gets half, as with PyTorch
            "max",
            ("(1 + sign(a - b)) / 2", "(1 - sign(a - b)) / 2"),
            "b + relu(a - b)",
            r"\max",
            operation="maximum",
            numpy=forms.greater,
            analytic=False,
            arguments=("a", "b"),
        ),
        Elementwise(
            "min",
            ("(1 - sign(a - b)) / 2", "(1 + sign(a - b)) / 2"),
            "a - relu(a - b)",
            r"\min",
            operation="minimum",
            numpy=lambda a, b: -forms.greater(-a, -b),
            analytic=False,
            arguments=("a", "b"),
        ),
        Elementwise("stop", "0", "x", r"\mathrm{stop}", operation="stop", numpy=forms.stop),
        Elementwise(  # the value of the one, the derivative of the other
            "surrogate",
            ("0", "1"),
            "stop(a) + (b - stop(b))",
            r"\mathrm{surrogate}",
            arguments=("a", "b"),
        ),
    )
}


STOPS = ("stop", "surrogate")
"""Functions whose derivative is not that of their value, but what somebody wants instead."""


ROW = ("softmax", "logsumexp", "rowmax", "rowsum", "rowmean", "concat")
"""Functions across the features of one step."""

WRITTEN_OUT: dict[str, tuple[tuple[str, ...], str]] = {
    "rowmin": (("v",), "-rowmax(-v)"),
    "layernorm": (("v", "eps"), "(v - rowmean(v)) / sqrt(rowmean(square(v - rowmean(v))) + eps)"),
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
