"""The equations of a model as formulas, a loss or none: what the author wrote, and no more."""

from collections.abc import Container, Mapping

from symrnn.derive.expressions import Expressions
from symrnn.derive.formula import Equation
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.sizes import check_sizes
from symrnn.language.tree import Written
from symrnn.system import normal, unroll


def definitions(rows: Expressions, names: Container[str]) -> list[Equation]:
    """What a system says of these variables, with what has other names put in."""
    return [
        Equation(e.target, (rows.stands_for(e)[0],))
        for e in rows.system.equations
        if e.target.name in names
    ]


def as_written(
    written: Written,
    steps: int | None = None,
    scalar: bool = False,
    dims: Mapping[str, int] | None = None,
) -> tuple[list[Equation], Expressions, Letters]:
    """The equations, with what their formulas are worked out on, and letters for them."""
    system = normal(written, stable=False)
    check_sizes(system, steps, dims or {}, scalar)
    system = system if steps is None else unroll(system, steps)
    if scalar:
        widths = (width for symbol in system.symbols.values() for width in symbol.shape)
        dims = {name: 1 for width in widths for name in width.names}
    own = {definition.target.name for definition in written.definitions}
    values = {e.target: e for e in system.equations if e.target.name not in own}
    rows = Expressions(system, values, dims or {})
    return definitions(rows, own), rows, Letters(load_notation("default"), system, own=own)
