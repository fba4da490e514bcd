"""Reports with the letters in which they are told, line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from symrnn.check.claims import (
    RIGHT,
    RIGHT_IF,
    UNJUDGED,
    WRONG,
    Fault,
    Line,
    Report,
    Said,
    Span,
    Spans,
    Unread,
    Verdict,
)
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Name, Words
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import Notation
from symrnn.derive.notation.spelling import Spelling, time_text
from symrnn.derive.notation.symbol import SymbolError, glyph
from symrnn.derive.pieces import Path
from symrnn.derive.printing.latex import Latex
from symrnn.derive.printing.layout import Atom
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.terminal import atom

UNREAD = "cannot read"

STATUSES = (WRONG, UNREAD, UNJUDGED, RIGHT_IF, RIGHT)
"""What can be found of a line, the worst first."""

MARKS = {WRONG: "✗", UNREAD: "?", UNJUDGED: "?", RIGHT_IF: "~", RIGHT: "✓"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a writing, and what is found of each of its right sides. What it says for each
    of several, W for every weight, is several equations."""

    line: Line
    said: tuple[Said, ...]
    verdicts: tuple[Verdict, ...] = ()
    unread: Unread | None = None

    @property
    def status(self) -> str:
        """The worst that is found of it."""
        if self.unread is not None:
            return UNREAD
        found = {verdict.status for verdict in self.verdicts} or {UNJUDGED}
        return next(status for status in STATUSES if status in found)

    @property
    def shown(self) -> list[Verdict]:
        """Those verdicts that are told of: of several equations the first that is the worst."""
        worse = [verdict for verdict in self.verdicts if verdict.status != RIGHT]
        if len(self.said) < 2:
            return worse
        return [verdict for verdict in worse if verdict.status == self.status][:1]

    def alike(self, verdict: Verdict) -> list[Formula]:
        """The left sides of the other equations for which the same is found."""
        return [
            other.said.equation.left
            for other in self.verdicts
            if other.status == verdict.status and other.said is not verdict.said
        ]


def rows(report: Report) -> list[Row]:
    """The lines of a writing in their order."""
    found: list[Row] = []
    for each in report.writing.lines:
        if isinstance(each, Unread):
            found.append(Row(each.line, (), unread=each))
            continue
        verdicts = tuple(verdict for verdict in report.verdicts if verdict.said is each)
        if found and found[-1].line is each.line and found[-1].said:
            last = found.pop()
            found.append(Row(each.line, (*last.said, each), (*last.verdicts, *verdicts)))
        else:
            found.append(Row(each.line, (each,), verdicts))
    return found


def worst(report: Report) -> str:
    """The worst that is found of a writing; where there is no line nothing is read."""
    found = {row.status for row in rows(report)} or {UNREAD}
    return next(status for status in STATUSES if status in found)


def counted(report: Report) -> str:
    """How many lines are what: `1 wrong, 3 right`."""
    found = [row.status for row in rows(report)]
    counts = [(status, found.count(status)) for status in STATUSES]
    told = [f"{count} {status}" for status, count in counts if count]
    return ", ".join(told) or "no formula is found"


def first_wrong(report: Report) -> tuple[Row, Verdict] | None:
    """The first line that is wrong, and what is found of it."""
    for row in rows(report):
        for verdict in row.verdicts:
            if verdict.status == WRONG:
                return row, verdict
    return None


def place_of(verdict: Verdict) -> Span | None:
    """Where the faulty piece stands in its line: itself, or the smallest around it that is known;
    without a fault nowhere."""
    if verdict.fault is None or verdict.place >= len(verdict.said.right_spans):
        return None
    return _around(verdict.said.right_spans[verdict.place], verdict.fault.path)


def _around(spans: Spans, path: Path) -> Span | None:
    for length in range(len(path), -1, -1):
        if path[:length] in spans:
            return spans[path[:length]]
    return None


@dataclass(frozen=True)
class Reports(Sequence[Report]):
    """What is found of some writings, and the letters in which it is told."""

    reports: tuple[Report, ...]
    derivation: Derivation
    notation: Notation

    @overload
    def __getitem__(self, place: int) -> Report: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Report]: ...
    def __getitem__(self, place: int | slice) -> Report | Sequence[Report]:
        return self.reports[place]

    def __len__(self) -> int:
        return len(self.reports)

    def __iter__(self) -> Iterator[Report]:
        return iter(self.reports)

    @property
    def status(self) -> int:
        """1 if anything is wrong; else 2 if anything could not be read or judged; else 0."""
        found = {worst(report) for report in self.reports}
        return 1 if WRONG in found else 2 if found & {UNREAD, UNJUDGED} else 0

    @property
    def holds(self) -> bool:
        """Whether all is right, or right under what is said."""
        return self.status == 0

    @cached_property
    def _letters(self) -> Letters:
        """Without those for ∂L/∂a_t: δ is the writer's."""
        return letters_for(self.derivation, self.notation)[0]

    @cached_property
    def plain(self) -> Plain:
        return _Plain(self._letters, shows_plus=True)

    @cached_property
    def latex(self) -> Latex:
        return Latex(self._letters, shows_plus=True)

    def words(self, words: Words) -> str:
        """Words with formulas in them as plain text."""
        return self.plain.words(words)

    # what is told of a verdict

    def headline(self, verdict: Verdict) -> Words:
        """What is found of a right side that is not simply right."""
        fault = verdict.fault
        match verdict.status:
            case "wrong" if fault is not None:
                return (f"{fault.kind}{where(fault)}: ", *fault.says)
            case "wrong":
                return (verdict.why or "it is not equal to the left side",)
            case "cannot judge":
                return (f"cannot judge: {verdict.why}",)
        return verdict.under

    def corrected(self, verdict: Verdict) -> Equation | None:
        """The line as it should read."""
        if verdict.fault is None or verdict.fault.corrected is None:
            return None
        return Equation(verdict.said.equation.left, (verdict.fault.corrected,))

    # formats

    def text(self) -> str:
        """For a terminal: all lines of one writing; of several the first wrong line of each."""
        from symrnn.check.report.text import text

        return text(self)

    def json(self) -> str:
        from symrnn.check.report.data import as_json

        return as_json(self)

    def csv(self) -> str:
        from symrnn.check.report.data import as_csv

        return as_csv(self)

    def html(self) -> str:
        from symrnn.check.report.page import as_page

        return as_page(self)

    def __str__(self) -> str:
        return self.text()


class _Plain(Plain):
    """Letters of the writer's own are LaTeX: δ⁽³⁾ₜ for \\delta^{(3)}_t."""

    def name(self, name: Name) -> Atom:
        try:
            letter = glyph(name.letter)
        except SymbolError:
            return super().name(name)
        return atom(Spelling(self.letters.notation).plain(letter, name.at))


def where(fault: Fault) -> str:
    """In which term a fault is: ` in term 2, t = 2`."""
    term = [] if fault.term is None else [f"term {fault.term}"]
    step = [] if fault.step is None else [f"t = {time_text(fault.step)}"]
    return f" in {', '.join(term + step)}" if term or step else ""
