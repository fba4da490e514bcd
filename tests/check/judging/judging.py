"""Lines of LaTeX, or the sheets of a derivation, held against a model."""

from collections.abc import Mapping, Sequence

import symrnn
from symrnn.check.claims import Line, Said, Unread, Verdict, Writing
from symrnn.check.judging import Judged, Settled, judge
from symrnn.check.reading import known, read
from symrnn.derive.derived import Derived
from symrnn.derive.formula import Equation, Formula
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.output import Look, Output
from symrnn.derive.sheets import Request
from symrnn.model import Model


def judged(
    of: str | Model,
    *texts: str,
    steps: int | None = None,
    scalar: bool = False,
    notation: str = "default",
    names: Mapping[str, str] | None = None,
    fixed: Settled | None = None,
) -> Judged:
    """What is found of these lines."""
    model = symrnn.load(of) if isinstance(of, str) else of
    derivation = model.derive(steps, scalar=scalar)
    table = load_notation(notation)
    columns = table.orientation == "column" and not scalar
    lines = [Line(text, number) for number, text in enumerate(texts, 1)]
    writing = read(lines, known(derivation, table, names or {}, steps, columns))
    unread = [line.message for line in writing.lines if isinstance(line, Unread)]
    assert unread == []
    return judge(writing, derivation, steps=steps, scalar=scalar, columns=columns, fixed=fixed)


def statuses(found: Judged) -> list[str]:
    return [verdict.status for verdict in found.report.verdicts]


def under(verdict: Verdict) -> str:
    """Under which reading a line holds, its formulas left out."""
    return "".join(part if isinstance(part, str) else "…" for part in verdict.under)


def writing_of(derivation: Derived, equations: Sequence[Equation]) -> Writing:
    """Equations as lines that somebody wrote; states with several parts have their letters."""
    lines = tuple(Said(Line("", number), each) for number, each in enumerate(equations, 1))
    states: dict[str, Formula] = dict(known(derivation).states)
    return Writing(lines, {letter: (parts,) for letter, parts in states.items()})


def equations_of(derivation: Derived, view: str, notation: str = "default") -> list[Equation]:
    """What a view prints."""
    output = Output(derivation, Request((view,)), Look(notation))
    return [e for part in output.parts() for sheet in part.sheets for e in sheet.equations]
