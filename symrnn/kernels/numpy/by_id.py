"""Statements over class ids: rows looked up, and gradients handed back to the rows they came from.

    x_W = x @ W                   =>    take(W, x_rows, 0, x_W_rows, "clip")
    d_W = transpose(x) @ d_a      =>    scatter(x_rows, d_a_rows, d_W)

What `look_up`, `scatter`, `pick` and `add_at` are is in `templates/numpy/ids.py.jinja`.
"""

from typing import TYPE_CHECKING

from symrnn.kernels.program.program import Map, Number, Pair, Program, Slice

if TYPE_CHECKING:
    from symrnn.kernels.numpy.statements import Inside, Printer

OWN = ("look_up", "scatter", "pick", "add_at")
"""Calls that are functions of the file itself."""


def classes(program: Program) -> dict[str, str]:
    """The arrays that are class ids, each with the axis that says how many classes there are.

    >>> from symrnn.language.tree import Width
    >>> from symrnn.kernels.program.program import Array
    >>> x = Array("x", "input", (), rows=True, classes=Width(("D",)))
    >>> classes(Program(1, {"x": x}, {}))
    {'x': 'D'}
    """
    from symrnn.kernels.numpy.contract import axis

    return {
        array.name: str(axis(array.classes))
        for array in program.arrays.values()
        if array.classes is not None
    }


def product(printer: "Printer", out: Slice, pair: Pair, inside: "Inside | None") -> str:
    """A row of the matrix for each id, or for each id a row of the gradient."""
    ids, right = printer.matrix(pair.left, inside), printer.matrix(pair.right, inside)
    into = printer.matrix(out, inside)
    if pair.left_turned:
        printer.used.add("scatter")
        return f"scatter({ids}, {right}, {into})"
    if printer.places.array(pair.left.name).role == "variable":  # it has steps before the first
        printer.used.add("look_up")
        return f"look_up({right}, {ids}, {into})"
    printer.used.add("take")
    return f'take({right}, {ids}, 0, {into}, "clip")'


def map_by_id(printer: "Printer", statement: Map, inside: "Inside | None") -> str:
    """`pick` and `add_at`, on rows; what is in the place of its result already is not copied."""
    rows, *others = statement.args
    into = printer.matrix(statement.out, inside)
    in_place = isinstance(rows, Slice) and printer.places.are_one(rows, statement.out)
    args = [into if in_place else _argument(printer, rows, inside)]
    args += [_argument(printer, arg, inside) for arg in others]
    printer.used.add(statement.op)
    return f"{statement.op}({', '.join(args)}, {into})"


def _argument(printer: "Printer", arg: Slice | Number, inside: "Inside | None") -> str:
    if isinstance(arg, Number):
        return printer.number(arg.value)
    return printer.matrix(arg, inside)
