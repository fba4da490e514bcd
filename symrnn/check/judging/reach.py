"""A ∏ may end at its last factor with its index, or at the end of its product: where a line is
wrong as that is usually read, it is tried in the other way."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from symrnn.check.claims import RIGHT, RIGHT_IF, WRONG, Said, Verdict, Writing
from symrnn.check.judging.judged import Judged


def with_other_reach(found: Judged, judged: Callable[[Writing], Judged]) -> Judged:
    """What is found with wrong lines read otherwise, where less in them is wrong then."""
    chosen: dict[int, Said] = {}
    for place in range(2):
        before = _wrong(found)
        lines = found.report.writing.lines
        others = {
            number: line.others[place]
            for number, line in enumerate(lines)
            if before[number] and isinstance(line, Said) and place < len(line.others)
        }
        if not others:
            continue
        after = _wrong(judged(_with(found.report.writing, others)))
        held = {number: said for number, said in others.items() if after[number] < before[number]}
        if held:
            chosen |= held
            found = judged(_with(found.report.writing, held))
    if chosen:
        told = tuple(_told(each, list(chosen.values())) for each in found.report.verdicts)
        found.report = replace(found.report, verdicts=told)
    return found


def _wrong(found: Judged) -> Counter[int]:
    """How many right sides of each line are wrong."""
    numbers = {id(line): number for number, line in enumerate(found.report.writing.lines)}
    wrong = (each.said for each in found.report.verdicts if each.status == WRONG)
    return Counter(numbers[id(said)] for said in wrong)


def _with(writing: Writing, others: Mapping[int, Said]) -> Writing:
    lines = tuple(others.get(number, line) for number, line in enumerate(writing.lines))
    return replace(writing, lines=lines)


def _told(verdict: Verdict, chosen: list[Said]) -> Verdict:
    """A verdict with how its line was read."""
    said = verdict.said
    if verdict.status not in (RIGHT, RIGHT_IF) or all(said is not each for each in chosen):
        return verdict
    under = (*verdict.under, " " if verdict.under else "", f"It holds if {said.reach}.")
    return replace(verdict, status=RIGHT_IF, under=under)
