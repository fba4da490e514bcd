"""A document held against its model: the verdict on every right side of every line."""

from dataclasses import replace
from typing import Any

from symrnn.check.claims import (
    RIGHT,
    RIGHT_IF,
    WRONG,
    Said,
    Verdict,
    Writing,
)
from symrnn.check.judging.judged import Judged, Settled
from symrnn.check.judging.outcome import (
    members,
    outcome,
)
from symrnn.check.judging.points import outputs
from symrnn.check.judging.reach import with_other_reach
from symrnn.check.judging.values import Values
from symrnn.check.judging.verdicts import Verdicts
from symrnn.derive.derivation import Derivation
from symrnn.derive.pieces import walk
from symrnn.language.tree import Size


def judge(
    writing: Writing,
    of: Any,
    *,
    steps: int | None = None,
    scalar: bool = False,
    columns: bool = False,
    seed: int = 0,
    fixed: Settled | None = None,
) -> Judged:
    """The verdict on every right side of a writing about a model, or about a derivation of it.

    `columns` says that the writer's letters stand for columns. `fixed` says what is meant; without,
    that is found by trying what makes most lines right, and the likeliest first.
    """
    derivation = of if isinstance(of, Derivation) else of.derive(steps, scalar=scalar)

    def judged(read: Writing) -> Judged:
        return _judged(read, derivation, steps, columns, seed, fixed)

    return with_other_reach(judged(writing), judged)


def _judged(
    writing: Writing,
    derivation: Derivation,
    steps: int | None,
    columns: bool,
    seed: int,
    fixed: Settled | None,
) -> Judged:
    def judging(single: str) -> Verdicts:
        return Verdicts(writing, derivation, steps, columns, seed, fixed, single)

    found = judging(fixed.single if fixed else "").judged()
    wrong = [verdict for verdict in found.report.verdicts if verdict.status == WRONG]
    if fixed is None and not derivation.scalar and wrong:
        for name in outputs(derivation):
            narrow = judging(name)
            values = narrow.values(replace(found.settled, single=name))
            if not _mentions(writing, name) and any(_is_right(v, values) for v in wrong):
                other = narrow.judged()
                if _wrong(other) < len(wrong):
                    return _with_one_output(found, other, name)
    return found


def _is_right(verdict: Verdict, values: Values) -> bool:
    return outcome(members(verdict.said.equation), verdict.place, values).right


def _mentions(writing: Writing, name: str) -> bool:
    """Whether a document writes a dimension, so that it is not 1."""
    lines = [line.equation for line in writing.lines if isinstance(line, Said)]
    parts = (p for e in lines for side in (e.left, *e.rights) for p in walk(side))
    return any(isinstance(part, Size) and name in part.width.names for part in parts)


def _wrong(judged: Judged) -> int:
    return sum(verdict.status == WRONG for verdict in judged.report.verdicts)


def _with_one_output(wide: Judged, narrow: Judged, name: str) -> Judged:
    """What is found with one output, where that is needed."""
    verdicts = []
    for before, verdict in zip(wide.report.verdicts, narrow.report.verdicts, strict=True):
        if before.status == WRONG and verdict.status in (RIGHT, RIGHT_IF):
            holds = f"It holds if there is one output, {name} = 1."
            under = (*verdict.under, " " if verdict.under else "", holds)
            verdict = replace(verdict, status=RIGHT_IF, under=under)
        verdicts.append(verdict)
    said = ("The output was taken to be one number. ", *narrow.report.conventions)
    narrow.report = replace(narrow.report, verdicts=tuple(verdicts), conventions=said)
    return narrow
