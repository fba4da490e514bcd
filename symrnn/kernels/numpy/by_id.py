"""Statements over class ids: rows looked up, and gradients handed back to the rows they came from.

    x_W = x @ W                   =>    take(W, x_rows, 0, x_W_rows, "clip")
    d_W = transpose(x) @ d_a      =>    scatter(x_rows, d_a_rows, d_W)

What `look_up`, `scatter`, `pick` and `add_at` are is in `templates/numpy/ids.py.jinja`.
"""

from typing import TYPE_CHECKING

from symrnn.kernels.numpy.operands import Call, Operand, call
from symrnn.kernels.program.program import Map, Number, Pair, Slice

if TYPE_CHECKING:
    from symrnn.kernels.numpy.statements import Speller

OWN = ("look_up", "scatter", "pick", "add_at")
"""Calls that are functions of the file itself."""


def product(speller: "Speller", out: Slice, pair: Pair) -> Call:
    """A row of the matrix for each id, or for each id a row of the gradient."""
    ids, right, into = map(speller.matrix, (pair.left, pair.right, out))
    if pair.left_turned:
        return call("scatter({0}, {1}, {2})", ids, right, into)
    if speller.places.array(pair.left.name).role == "variable":  # it has steps before the first
        return call("look_up({1}, {0}, {2})", ids, right, into)
    return call('take({1}, {0}, 0, {2}, "clip")', ids, right, into)


def map_by_id(speller: "Speller", statement: Map) -> Call:
    """`pick` and `add_at`, on rows; what is in the place of its result already is not copied."""
    rows, *others = statement.args
    into = speller.matrix(statement.out)
    in_place = isinstance(rows, Slice) and speller.places.are_one(rows, statement.out)
    args = [into if in_place else _argument(speller, rows)]
    args += [_argument(speller, arg) for arg in others]
    holes = ", ".join(f"{{{place + 1}}}" for place in range(len(args)))
    return call(f"{statement.op}({holes}, {{0}})", into, *args)


def _argument(speller: "Speller", arg: Slice | Number) -> Operand:
    return speller.number(arg.value) if isinstance(arg, Number) else speller.matrix(arg)
