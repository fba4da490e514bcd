"""What is written in other languages (NumPy, PyTorch, LaTeX, on paper), and what to write here.

Tables of words, letters and spellings. Nothing in them is part of the language, and none of it is
in a text that can be read: they are asked once a text is refused.
"""

import keyword
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from symrnn.language.table import ARITY

PRODUCT = "a product with a matrix is written v @ W"
JOINED = "concat(p, q) joins features"
CHOSEN = "step(v) is 1 where v > 0, else 0: g * a + (1 - g) * b chooses by a g of 0 and 1"
CROSS_ENTROPY = "the cross-entropy is ce(y, yhat), after a softmax"
BINARY = "the cross-entropy of yes and no is bce(y, yhat), after a sigmoid"
SQUARED = "the mean squared error is mse(y, yhat)"
GIVEN = "what is drawn or made elsewhere is handed in, as an input n[t]"
SHAPED = "a variable is one row for each sequence and has no other shape"
SHIFTED = "an earlier step is v[t-1], a later one v[t+1]"
RUNNING = "a running sum is a recurrence: s[t] = s[t-1] + v[t]"
LOGISTIC = "the logistic function is sigmoid(v)"
NO_INVERSE = "there is no inverse of a matrix; hand in the inverse, as a matrix of its own"
NO_SLOPE = "its derivative is zero wherever it has one; softmax(v) is a smooth choice"
NO_ARC = "no inverse of a circular function but those of the table"

WORDS: dict[str, str] = {
    **dict.fromkeys(("dot", "matmul", "mm", "bmm", "einsum", "linear", "dense"), PRODUCT),
    **dict.fromkeys(("cat", "concatenate", "hstack", "vstack", "stack", "append"), JOINED),
    **dict.fromkeys(("where", "cond", "select", "piecewise"), CHOSEN),
    **dict.fromkeys(("cross_entropy", "crossentropy", "categorical_crossentropy"), CROSS_ENTROPY),
    **dict.fromkeys(("crossentropyloss", "nll", "nll_loss", "nllloss"), CROSS_ENTROPY),
    **dict.fromkeys(("binary_cross_entropy", "binary_crossentropy", "bceloss"), BINARY),
    **dict.fromkeys(
        ("binary_cross_entropy_with_logits", "bcewithlogitsloss"),
        "before the sigmoid it is bce_logits(y, z)",
    ),
    **dict.fromkeys(("mse_loss", "mseloss", "mean_squared_error"), SQUARED),
    **dict.fromkeys(("mae", "l1loss", "l1_loss"), "rowmean(abs(y - yhat)), with y: target"),
    **dict.fromkeys(("sigma", "logistic", "expit", "sigm"), LOGISTIC),
    **dict.fromkeys(("rand", "randn", "random", "normal", "uniform", "noise"), GIVEN),
    **dict.fromkeys(("zeros", "ones", "full", "zeros_like", "ones_like"), "a number is enough: 0"),
    **dict.fromkeys(("reshape", "view", "flatten", "squeeze", "unsqueeze", "expand"), SHAPED),
    **dict.fromkeys(("shift", "roll", "lag", "delay", "prev", "previous", "last"), SHIFTED),
    **dict.fromkeys(("cumsum", "cumprod", "cummax", "scan"), RUNNING),
    **dict.fromkeys(("inv", "inverse", "pinv", "solve"), NO_INVERSE),
    **dict.fromkeys(("argmax", "argmin", "round", "floor", "ceil", "topk"), NO_SLOPE),
    **dict.fromkeys(("arcsin", "arccos", "asin", "acos", "atan2", "arctan2"), NO_ARC),
    **dict.fromkeys(("power", "pow"), "a power is written v**2"),
    **dict.fromkeys(("norm", "l2norm"), "sqrt(rowsum(square(v))) is the norm of a row"),
    **dict.fromkeys(("t", "trans", "tr"), "a transposed matrix is transpose(W)"),
    **dict.fromkeys(("swish",), "it is called silu(v)"),
    **dict.fromkeys(("heaviside", "indicator", "theta"), "it is called step(v)"),
    **dict.fromkeys(("absolute", "fabs"), "it is called abs(v)"),
    **dict.fromkeys(("sgn", "signum"), "it is called sign(v)"),
    **dict.fromkeys(("ln",), "the natural logarithm is log(v)"),
    **dict.fromkeys(("lrelu",), "it is called leaky_relu(v)"),
    **dict.fromkeys(("lse",), "it is called logsumexp(v)"),
    "log2": "write log(v) / log(2)",
    "log10": "write log(v) / log(10)",
    "logsigmoid": "write -softplus(-v)",
    "log_sigmoid": "write -softplus(-v)",
    "log_softmax": "write v - logsumexp(v)",
    "logsoftmax": "write v - logsumexp(v)",
    **dict.fromkeys(("maximum", "greatest"), "it is called max(a, b)"),
    **dict.fromkeys(("minimum", "least"), "it is called min(a, b)"),
    **dict.fromkeys(("clip", "clamp"), "write max(min(v, 1), -1), with the ends that you want"),
    **dict.fromkeys(("amax", "reduce_max"), "across the features it is rowmax(v)"),
    "atan": "it is called arctan(v)",
    **dict.fromkeys(("detach", "stop_gradient"), "it is called stop(v)"),
    "diag": "a diagonal matrix is a vector: write u * v",
    "outer": "a row for each sequence is all there is; a matrix that changes in time is not",
    "kron": "a row for each sequence is all there is; a matrix that changes in time is not",
    "avg": "mean(v[t]) is over the steps, rowmean(v) over the features",
    "average": "mean(v[t]) is over the steps, rowmean(v) over the features",
    "embedding": "write x[t] @ E; a kernel with ids for x takes the row of each id",
    "dropout": 'it is none of the equations; --dropout h, or model.with_dropout("h"), puts it in',
}
"""Functions of others, in small letters."""

MODULES = (
    *("np", "numpy", "jnp", "jax", "torch", "nn", "F", "tf", "keras", "math", "scipy", "sp"),
    *("sympy", "K", "mx", "linalg", "special", "functional"),
)

SIGNS: dict[str, str] = {
    **dict.fromkeys(
        "·⋅∙•×⊗",
        "this may mean either product: write * (element by element) or @ (a row times a matrix)",
    ),
    **dict.fromkeys("ᵀ⊤", "a transposed matrix is written transpose(W)"),
    **dict.fromkeys("←≔≜≡", "an equation is written with ="),
    **dict.fromkeys(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾", "a power stands behind the time, as in v[t]**2 or v[t]**(-1)"
    ),
    **dict.fromkeys("≤≥≠", "a comparison is not part of the language; " + CHOSEN),
    **dict.fromkeys("∥‖", "sqrt(rowsum(square(v))) is the norm of a row"),
    **dict.fromkeys("…⋯", "nothing is left out: an equation with [t] holds at every step"),
    **dict.fromkeys("∂∇", "gradients are derived, not written"),
    **dict.fromkeys("∈ℝ", "a width is declared as h: 64"),
    "÷": "a quotient is written a / b",
    "√": "a square root is written sqrt(v)",
    **dict.fromkeys(
        "∑Σ", "a sum over the steps is written sum(v[t]), one over the features rowsum(v)"
    ),
    "∏": "a product over the steps is a recurrence: p[t] = p[t-1] * v[t]",
    "⊕": "write a + b, or concat(p, q)",
    "½": "write 0.5",
    "∞": "a number is finite",
}

LATEX: dict[str, str] = {
    **dict.fromkeys(("odot", "circ", "ast"), "*"),
    **dict.fromkeys(("cdot", "times"), "* (element by element) or @ (a row times a matrix)"),
    **dict.fromkeys(("top", "intercal"), "transpose(W)"),
    **dict.fromkeys(("frac", "dfrac", "tfrac"), "a / b"),
    "sum": "sum(v[t])",
    "sigma": "sigmoid(v)",
    "lambda": "lam",
    "hat": "yhat",
}

MARKS = {"̂": "hat", "̃": "tilde", "̄": "bar", "̇": "dot", "̌": "check"}
RAISED, LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀᵗ", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
WORD = re.compile(rf"[\w{''.join(MARKS)}{RAISED}{LOWERED}]+|[^\x00-\x7f]")
TIME = re.compile(r"\(?([tT]([+-]\d+)?|0|-\d+)\)?")
LONGEST = 1000
"""No line of a person's is longer, and no pattern is tried on one that is."""

NAMES = "a name is written with a-z A-Z 0-9 _"

NO_NAME = "|".join([*keyword.kwlist, "T", "t"])
NAME = rf"(?:(?!(?:{NO_NAME})\b)[A-Za-z]\w*)"
AT = r"\[[^\[\]]*\]"


@dataclass(frozen=True, slots=True)
class Found:
    """Something foreign in a line: the columns where it stands, and what to write."""

    start: int
    end: int
    message: str


# words


def instead(name: str) -> str:
    """What to write for a function that does not exist.

    >>> instead("ReLU"), instead("cat")
    ("did you mean 'relu'?", 'concat(p, q) joins features')
    """
    known = {function.replace("_", ""): function for function in ARITY}
    same = known.get(name.replace("_", "").lower())
    return f"did you mean '{same}'?" if same else WORDS.get(name.lower(), "")


# letters


def letter(line: str) -> Found | None:
    """The first letter of a line that the language does not have, where the tables know it.

    >>> letter("h[t] = tanh(xₜ @ W + hₜ₋₁ @ U)").message
    'a name is written with a-z A-Z 0-9 _; write x[t]'
    """
    for found in WORD.finditer(line):
        word = found[0]
        if known := SIGNS.get(word[0]) if word[0] in RAISED else SIGNS.get(word):
            return Found(*found.span(), known)
        if not word.isascii() and (said := ascii_name(word)):
            return Found(*found.span(), f"{NAMES}; write {said}")
    return None


def ascii_name(word: str) -> str:
    """
    >>> [ascii_name(word) for word in ("α", "W_λ", "ŷ", "hₜ₋₁", "W₁", "h⁽ᵗ⁾", "Uᵀ", "ö")]
    ['alpha', 'W_lam', 'yhat', 'h[t-1]', 'W_1', 'h[t]', 'transpose(U)', '']
    """
    stem = word.rstrip(RAISED + LOWERED)
    index = "".join(unicodedata.normalize("NFKC", sign) for sign in word[len(stem) :])
    index = index.replace("\N{MINUS SIGN}", "-")
    name = ""
    for sign in unicodedata.normalize("NFD", stem):
        if "GREEK" in unicodedata.name(sign, "") and " LETTER " in unicodedata.name(sign):
            *_, said = unicodedata.name(sign).split(" LETTER ")
            said = said.removeprefix("FINAL ").lower().replace("lamda", "lam")
            name += said if sign.islower() else said.capitalize()
        else:
            name += MARKS.get(sign, sign)
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        return ""
    if not index:
        return name
    if index == "T" and word.endswith("ᵀ"):
        return f"transpose({name})"
    if time := TIME.fullmatch(index):
        return f"{name}[{time[1]}]"
    index = re.sub(r"\W", "", index)
    return f"{name}_{index}" if index else ""


# spellings


def spelling(line: str) -> Found | None:
    """The first thing in a line that is no syntax of the language, where it is known.

    >>> spelling("h[t] = tanh(W_{xh} x[t])").message
    'braces are not part of the language; write W_xh'
    """
    if len(line) > LONGEST:
        return None
    for pattern, say in SPELLINGS:
        if found := re.search(pattern, line):
            return Found(*found.span(), say(found))
    return None


def _latex(found: re.Match[str]) -> str:
    word = found[1]
    known = LATEX.get(word) or (word if word in ARITY else "")
    if not known and f"GREEK SMALL LETTER {word.upper()}" in _GREEK:
        known = word
    return f"a backslash belongs to LaTeX; write {known or 'the letters alone'}"


_GREEK = {unicodedata.name(chr(code), "") for code in range(0x3B1, 0x3CA)}


def _indexed(name: str, index: str) -> str:
    index = index.replace(" ", "").removeprefix("(").removesuffix(")")
    if TIME.fullmatch(index):
        return f"{name}[{index}]"
    if both := re.fullmatch(r"(\w+),(.+)", index):
        return _indexed(f"{name}_{both[1]}", both[2])
    return f"{name}_{re.sub(r'[^A-Za-z0-9]', '', index)}"


def _raised(found: re.Match[str]) -> str:
    name, index = found[1], found[2].strip("{} ")
    inner = index.removeprefix("(").removesuffix(")").replace(" ", "")
    if name and index in ("T", r"\top"):
        return f"a transposed matrix is written transpose({'W' if '[' in name else name})"
    if name and TIME.fullmatch(inner) and inner != "0" and (index != inner or inner[0] in "tT"):
        return f"time stands in square brackets: {name}[{inner}]"
    if name and index != inner:
        return f"the number of a layer belongs to the name: {name}{inner}"
    return f"a power is written {name or 'v'}**{inner if inner.isalnum() else f'({inner})'}"


def _beside(found: re.Match[str]) -> str:
    left, right = found["left"], found["right"]
    if left in ARITY:
        return f"a function takes round brackets: {left}({right})"
    if "[" in right and "[" not in left:
        return f"a product is written {right} @ {left} with a matrix, else {left} * {right}"
    if "[" in left and "[" in right:
        return f"a product is written {left} * {right}"
    return f"a product is written {left} @ {right} with a matrix, else {left} * {right}"


Say = Callable[[re.Match[str]], str]
SPELLINGS: tuple[tuple[str, Say], ...] = (
    (r"^\s*(//|%|--)", lambda _: "a comment begins with #"),
    (
        r"^\s*(for|while)\b",
        lambda _: "an equation with [t] holds at every step; leave the loop away",
    ),
    (r"\b(if|else)\b", lambda _: f"a condition is not part of the language; {CHOSEN}"),
    (
        r"\\(hat|tilde|bar|dot)\s*\{?([A-Za-z]\w*)\}?",
        lambda m: f"a backslash belongs to LaTeX; write {m[2]}{m[1]}",
    ),
    (rf"({NAME})\s*\^\s*(\{{?\\top\}}?)", _raised),
    (r"\\([A-Za-z]+)", _latex),
    (
        rf"({NAME})_\{{([^{{}}]*)\}}",
        lambda m: f"braces are not part of the language; write {_indexed(m[1], m[2])}",
    ),
    (
        rf"({NAME}(?:{AT})?)?\s*\^\s*(\{{[^{{}}]*\}}|\([^()]*\)|-?\w+(?:\.\d+)?)",
        _raised,
    ),
    (
        rf"({NAME})\s*\{{([^{{}}]*)\}}",
        lambda m: (
            "braces are not part of the language; write "
            + (f"{m[1]}({m[2]})" if m[1] in ARITY else _indexed(m[1], m[2]))
        ),
    ),
    (r":=|<-", lambda _: "an equation is written with ="),
    (r"@@+", lambda _: "a product with a matrix is written with one @"),
    (r"\.\*", lambda _: "a product element by element is written a * b"),
    (
        rf"({NAME})(?:{AT})?'",
        lambda m: f"a prime is not part of a name; a transposed matrix is transpose({m[1]})",
    ),
    (
        rf"(?<![\w.])(?!0[xob])(\d+(?:\.\d*)?|\.\d+)(?![eE][-+]?\d)\s*({NAME}(?:{AT})?)",
        lambda m: f"a product is written {m[1]} * {m[2]}",
    ),
    (
        rf"\b(?P<left>{NAME}(?:{AT})?)(?:(?<=\])\s*|\s+)(?P<right>{NAME}(?:{AT})?)(?!\w)",
        _beside,
    ),
    (
        rf"\)\s*({NAME}(?:{AT})?)",
        lambda m: f"a product is written with *: (…) * {m[1]}",
    ),
)
"""Tried in this order, on a line that is refused: as patterns, for most lines are never refused."""
