"""Models and derivations as SymPy objects: the text of the sympy format, made into objects.

There is one writer of formulas for SymPy, which writes Python. What it writes is read here node by
node, so that text and objects cannot differ; only names that the text assigns stay symbols, each
with an equation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sympy

from symrnn.derive.as_written import as_written
from symrnn.derive.derivation import Derivation
from symrnn.derive.expressions import Expressions
from symrnn.derive.formula import FIRST, LAST, Equation, Sheet, Total
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.letters import Letters as Spelling
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.notation.spelling import time_text
from symrnn.derive.paths import LOSS
from symrnn.derive.printing.latex import Latex
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.python.assignments import times
from symrnn.derive.printing.python.module import Module, Statement
from symrnn.derive.sheets import Request, sheets_of
from symrnn.derive.sympy.equations import Equations, letters_in
from symrnn.derive.sympy.letters import Letters
from symrnn.language.tree import Call, Ref, Written
from symrnn.system.symbols import GIVEN


def graph(written: Written, steps: int | None, scalar: bool, dims: Mapping[str, int]) -> Equations:
    """The equations of a model as they are written: for a number of steps, or for any."""
    equations, rows, letters = as_written(written, steps, scalar, dims)
    return _equations(rows, equations, letters, {}, scalar, ())


def derived(derivation: Derivation, views: Sequence[str], wrt: Sequence[str]) -> Equations:
    """The equations of some views of a derivation."""
    sheets = [s for view in views for s in sheets_of(derivation, view, Request(wrt=tuple(wrt)))]
    rows = derivation.rows
    letters, deltas = letters_for(derivation, load_notation("default"))
    parameters = derivation.parameters
    return _equations(rows, _of(sheets), letters, deltas, derivation.scalar, parameters)


def _of(sheets: Iterable[Sheet]) -> list[Equation]:
    return [e for sheet in sheets for e in sheet.equations if not isinstance(e.left, Call)]


def _equations(
    rows: Expressions,
    equations: Iterable[Equation],
    spelling: Spelling,
    deltas: Mapping[str, str],
    scalar: bool,
    parameters: Sequence[str],
) -> Equations:
    plain = Plain(spelling, deltas)
    module = Module(rows, equations, spelling, plain, scalar)
    letters = Letters(module, Latex(spelling, deltas), plain)
    constants = {
        letters.symbols[name]: letters.built(value)
        for name, value in module.prelude.constants.items()
    }
    made = [(each, _made(letters, each)) for each in letters.statements]
    whole = [sympy.Eq(*pair, evaluate=False) for pair in constants.items()]
    whole += [equation for _, equation in made]
    defined = {equation.lhs for equation in whole}
    read = {part for e in whole for side in e.args for part in letters_in(side)}
    symbols = {_name(found): found for found in letters.symbols.values() if found in read}

    def role(*wanted: str, outside: bool = False) -> dict[str, Any]:
        """The symbols of some roles that no equation gives a value."""
        return {
            _name(found): found
            for name, found in letters.symbols.items()
            if isinstance(key := letters.keys[name], Ref)
            if rows.symbols[key.name].role in wanted
            if found in read - defined and (not outside or is_outside(rows.system.steps, key))
        }

    return Equations(
        tuple(whole),
        symbols,
        inputs=role("input"),
        parameters=role("parameter", *GIVEN),
        targets=role("target"),
        states=role("variable", outside=True),
        widths=letters.dimensions,
        gradients=dict(_gradients(made, parameters)),
        steps=dict(_steps(letters, made)),
    )


def is_outside(steps: int | None, ref: Ref) -> bool:
    """Whether a step is none of 1…T."""
    return steps is not None and ref.base == "1" and not 0 <= ref.shift < steps


def _made(letters: Letters, statement: Statement) -> Any:
    left, right = letters.built(statement.name), letters.built(statement.body.text)
    return sympy.Eq(left, right, evaluate=False)


def _name(found: Any) -> str:
    return str(found.label) if isinstance(found, sympy.IndexedBase) else str(found)


def _gradients(
    made: Iterable[tuple[Statement, Any]], parameters: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    """The right sides of ∂L/∂w, by the name of w; by an input at a step, x_2 or x[t], by that."""
    for statement, equation in made:
        match statement.key:
            case Total(of=of, by=Ref(name=name) as by) if of == LOSS and name in parameters:
                at = str(equation.lhs).partition("[")[2]
                ending = f"[{at}" if at else f"_{time_text(by)}" if by.base else ""
                yield name + ending, equation.rhs


def _steps(
    letters: Letters, made: Iterable[tuple[Statement, Any]]
) -> Iterator[tuple[Any, tuple[Any, Any, Any]]]:
    """Where T is a letter: for which steps an equation holds."""
    for statement, equation in made:
        indices = [at for at in times(statement.key) if at.base not in ("1", "T")]
        if not indices:
            continue
        bounds = sorted(statement.equation.steps, key=lambda at: at.base) or (FIRST, LAST)
        low, high = (letters.built(letters.module.writer.step(at)) for at in bounds)
        yield equation.lhs, (letters.indices[indices[0].base], low, high)
