"""A flow as text: the verdict, and the figures that it rests on."""

from collections.abc import Iterator, Sequence

import numpy as np

from symrnn.flow.data import Flow, ParameterFlow, RecurrenceFlow
from symrnn.flow.verdict import FLAT
from symrnn.language.arrays import Array

LINES = 20
"""So many steps at most have a line."""
COLUMNS = 6
"""So many parameters at most have a column."""

WAYS = {1: "forwards", -1: "backwards"}


def text(flow: Flow) -> str:
    """The whole, for people."""
    sequences = "1 sequence" if flow.batch == 1 else f"{flow.batch} sequences"
    steps = "1 step" if flow.steps == 1 else f"{flow.steps} steps"
    lines = [f"{flow.model}: {steps}, {sequences}, loss {flow.loss:.4g}"]
    lines += [f"note: {remark}" for remark in flow.remarks]
    for each in flow.recurrences:
        lines += ["", *_recurrence(flow, each)]
    lines += ["", *_table(parameter_rows(flow.parameters))]
    if flow.recurrences and flow.steps > 1:
        lines += ["", *_steps(flow)]
    return "\n".join(lines) + "\n"


def _recurrence(flow: Flow, each: RecurrenceFlow) -> Iterator[str]:
    verdict = each.verdict
    who = f"{', '.join(each.states)} ({WAYS[each.direction]}, {each.width} numbers)"
    word = "no verdict" if verdict.word == "none" else verdict.word
    yield f"{who}: {word.upper()}"
    yield f"  {verdict.said}"
    for line in figures(flow, each):
        yield f"  {line}"


def figures(flow: Flow, each: RecurrenceFlow) -> Iterator[str]:
    """What a verdict rests on, and why it is so."""
    verdict = each.verdict
    if each.norms is not None and each.radii is not None:
        yield (
            f"a step's Jacobian: spectral norm {_mean(each.norms)}, spectral radius"
            f" {_mean(each.radii)} (geometric means over steps)"
        )
    if each.product_norms is not None and len(each.product_norms) > 1:
        count, last = len(each.product_norms), each.product_norms[-1]
        yield f"the product of all {count}: spectral norm {last:.3g}"
    alone = len(each.states) == 1 and verdict.factor is not None
    for line in each.symbols:
        yield line + (f", a factor of {verdict.factor:.2g} a step" if alone else "")
    own = [s for s in flow.saturation if s.name in each.scans]
    if own:
        said = (f"{s.name} {np.mean(s.slope):.2g} ({_share(float(np.mean(s.share)))})" for s in own)
        yield f"mean slope, and the share of units at which it is below {FLAT:g}:"
        yield ", ".join(said)


def _mean(values: Array) -> str:
    if not np.all(values > 0):
        return f"{np.mean(values):.3g}" if np.any(values) else "0"
    return f"{np.exp(np.mean(np.log(values))):.3g}"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def parameter_rows(parameters: Sequence[ParameterFlow]) -> list[tuple[str, ...]]:
    """A header, and a row for each parameter."""
    rows: list[tuple[str, ...]] = [
        ("gradient by", "norm", "largest at", "cosine", "outside", "reach")
    ]
    for each in parameters:
        largest = int(np.argmax(each.terms))
        there = each.terms[largest] > 0
        rows.append(
            (
                each.name,
                f"{each.norm:.3g}",
                f"step {largest + 1}" if there else "-",
                f"{each.cosines[largest]:.2f}" if there else "-",
                f"{each.once:.3g}" if each.once else "-",
                "-" if each.reach is None else str(each.reach),
            )
        )
    return rows


def step_rows(flow: Flow) -> tuple[list[tuple[str, ...]], list[str]]:
    """A header and a row for each step, the last first: norms of δ, and of what the step adds to a
    gradient; and the parameters that have no column."""
    timed = [each for each in flow.parameters if np.any(each.terms)]
    shown = timed[:COLUMNS]
    count = min(flow.steps, LINES)
    places = sorted({round(p) for p in np.linspace(flow.steps, 1, count)}, reverse=True)
    header = ["step", *(f"‖∂L/∂{_state(r)}‖" for r in flow.recurrences)]
    rows = [(*header, *(each.name for each in shown))]
    for step in places:
        cells = [str(step), *(f"{r.delta[step - 1]:.2e}" for r in flow.recurrences)]
        rows.append((*cells, *(f"{each.terms[step - 1]:.2e}" for each in shown)))
    return rows, [each.name for each in timed[COLUMNS:]]


def _steps(flow: Flow) -> Iterator[str]:
    rows, left = step_rows(flow)
    yield "norm of what each step adds to a gradient"
    yield from _table(rows)
    if (count := len(rows) - 1) < flow.steps:
        yield f"{count} of {flow.steps} steps; --format json has all"
    if left:
        yield f"not shown: {', '.join(left)}; --format json has all"


def _state(each: RecurrenceFlow) -> str:
    return each.states[0] if len(each.states) == 1 else f"({','.join(each.states)})"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join(["", *cells]).rstrip()
