"""The names that symrnn makes up, by rule; they avoid every name of the text.

`a_O` is the pre-activation of O, `tanh_c` the value of tanh(c[t]), `l_yhat` a loss of yhat, `u_n` a
part of the pre-activation a_n, `p_h` any other part of h; `d_O` is the adjoint of O.
"""

from collections.abc import Container, Sequence

from symrnn.language.expressions import MAX_NAME
from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Expr, MatMul, Ref, Transpose, refs, walk


def listed(names: str | Sequence[str]) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else tuple(names)


def free(name: str, taken: Container[str]) -> str:
    """The name, or the first of name_2, name_3, … that is not taken.

    >>> free("a", {"a", "a_2"})
    'a_3'
    """
    stem = name[: MAX_NAME - 4]
    candidate, count = name if len(name) <= MAX_NAME else stem, 2
    while candidate in taken:
        candidate, count = f"{stem}_{count}", count + 1
    return candidate


def label(target: Ref) -> str:
    """`O` for O[t] and O, `O_0` for the boundary O[0], `q_T1` for q[T+1].

    >>> label(Ref("O", "t")), label(Ref("O", "1", -1))
    ('O', 'O_0')
    """
    if target.base in ("t", ""):
        return target.name
    return f"{target.name}_{step_label(target.base, target.shift)}"


def step_label(base: str, shift: int) -> str:
    """
    >>> step_label("1", -1), step_label("1", -2), step_label("T", 1), step_label("1", 3)
    ('0', 'm1', 'T1', '4')
    """
    if base == "T":
        return f"T{shift}" if shift >= 0 else f"Tm{-shift}"
    return f"m{-shift - 1}" if shift < -1 else str(shift + 1)


def before(of: str) -> str:
    """What goes into the function that makes a variable."""
    return f"a_{of}"


def part(expr: Expr, of: str) -> str:
    """A part of an equation: named by what it is, or after the variable it is a part of.

    >>> part(Call("tanh", (Ref("c", "t"),)), "h"), part(Ref("b"), "a_h")
    ('tanh_c', 'u_h')
    """
    stem = of.removeprefix("a_")
    if isinstance(expr, Transpose):
        return f"transpose_{_first(expr, stem)}"
    if isinstance(expr, Call) and expr.function == "total":
        return f"total_{_first(expr, stem)}"
    if isinstance(expr, Call):
        last = expr.args[-1]
        prefix = "l" if expr.function in LOSSES else expr.function
        return f"{prefix}_{last.name if isinstance(last, Ref) else stem}"
    if of != stem:
        return f"u_{stem}"
    return before(stem) if any(isinstance(node, MatMul) for node in walk(expr)) else f"p_{stem}"


def matrix(expr: Expr, of: str) -> str:
    """A matrix that is computed: named by what it is, or after the first name in it.

    >>> matrix(Call("softmax", (Ref("A"),)), "h"), matrix(MatMul(Ref("U"), Ref("M")), "h")
    ('softmax_A', 'm_U')
    """
    if isinstance(expr, Call | Transpose):
        return part(expr, of)
    return f"m_{_first(expr, of)}"


def _first(expr: Expr, of: str) -> str:
    """The first name in an expression."""
    return next((ref.name for ref in refs(expr)), of)
