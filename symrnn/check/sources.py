r"""From a text to its lines of mathematics: TeX, Markdown, a notebook, a formula by itself.

Prose is skipped. A display has a claim in each of its rows; a row that goes on, with a + or within
a bracket, belongs to the one before it. Formulas within a sentence are prose too, but for equations
with a derivative in them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from symrnn.check.claims import Line
from symrnn.check.markup import COMMENT, MAX, without_frames, without_macros, without_prose
from symrnn.errors import UsageError

Kind = Literal["tex", "md", "ipynb", "formula"]

MAX_NOTEBOOK = 20_000_000
"""Characters of a notebook, which may have its pictures beside its formulas."""

_NAMES = "equation|align|aligned|gather|gathered|multline|eqnarray|flalign|alignat|displaymath|math"
MARKER = re.compile(rf"\\(?:begin|end)\s*\{{(?:{_NAMES}|split)\*?\}}(?:\[\w\]|\{{\d+\}})?")
OPENING = re.compile(
    rf"(?<!\\)\\\[|\$\$|\\begin\{{(?:{_NAMES})\*?\}}|```[ ]*(?:math|latex|tex)[ ]*\n|\$`"
    r"|(?<!\\)\$|\\\("
)
CLOSING = {r"\[": r"\]", "$$": "$$", "$`": "`$", "$": "$", r"\(": r"\)", "```": "```"}
WITHIN = ("$`", "$", r"\(")
"""What stands in a sentence."""

CODE = re.compile(
    r"```\s*(?:math|latex|tex)\s*\n.*?```|(```|~~~).*?(?:\1|\Z)|(<!--).*?(?:-->|\Z)", re.DOTALL
)
ASIDE = re.compile(
    r"\\(?:tag\*?|label|(?:eq|c)?ref|hspace\*?|vspace\*?)\s*\{[^{}]*\}"
    r"|\\(?:nonumber|notag|qed|qedhere|blacksquare|square|Box|fi)\b"
)
NUMBER = re.compile(r"(?:\\q?quad|\\hfill)\s*\(\d+[a-z]?\)\s*$")
"""Of a formula, at its right."""

STEPS = re.compile(r"(?<![,\s])\s*\\q?quad\s*(?=[a-z]\s*=\s*[\w\s+-]+,\s*\\[lc]?dots)")
"""Space before what is said of steps, in the place of a comma."""

RELATION = re.compile(
    r":?=|[<>]|\\(?:approx|equiv|coloneqq|triangleq|doteq|leftarrow|gets|le|ge|leq|geq|to)\b"
    r"|\\(?:propto|simeq|rightarrow|ne|neq|ll|gg)\b"
    r"|\\(?:overset|underset|stackrel)\s*\{(?:[^{}]|\{[^{}]*\})*\}\s*\{[^{}]*=[^{}]*\}"
)
ARROW = re.compile(r"\\(?:Rightarrow|implies|Longrightarrow|iff|Leftrightarrow|therefore)\b|⇒")
DERIVATIVE = re.compile(r"\\partial|\\nabla|∂|∇|\\mathrm\s*\{?d\}?|\\frac\s*\{d")
SPACE = r"(?:\s|&|\{\}|~|\\[,;:! ]|\\q?quad\b|\\(?:left|right)\s*\.|\\displaystyle\b)"
BLANK = re.compile(rf"(?:{SPACE}|[.,;])*")
GOES_ON = re.compile(
    rf"{SPACE}*(?:[-+/*]|\\(?:cdot|times|odot|circ|otimes|pm)\b|[)\]}}]|\\right|\\[bB]ig+r)"
)
BRACKET = re.compile(rf"{SPACE}*(?:[(\[]|\\left\s*[(\[]|\\[bB]igg?l?\s*[(\[]|\\\{{)")
CONDITION = re.compile(
    rf"(?:{SPACE}|,)*(?:\\text\s*\{{\s*(?:for|with|where|if)\b|\\forall|\(?\w(?:,\s*\w)*\)?\s*\\in\b"
    r"|[a-zA-Z]\s*=\s*[\w\s+-]+,\s*(?:\\[lc]?dots|\d))"
)
REMARK = re.compile(r"\\quad\\;|(?:\\q?quad|\\;|\s)*\\text\{")
ROWS = re.compile(r"\\\\(?:\s*\[[\d.]+\s*[a-z]+\])?|\\newline\b")
COLUMNS = re.compile(r"(?<!\\)&")
EQNARRAY = re.compile(r"&(\s*(?:=|\\(?:approx|equiv))\s*)&")
"""Three columns, of which the second is the sign."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of mathematics, and the line of the text at which it begins."""

    text: str
    number: int
    within: bool = False
    """Whether it stands in a sentence."""


def lines(text: str, kind: Kind, file: str = "") -> list[Line]:
    r"""The claims of a text, a line each.

    >>> [line.text for line in lines(r"so $$a = b \\ c &= d$$ and $x$", "md")]
    ['a = b', 'c = d']
    """
    where = file or "the text"
    most = MAX_NOTEBOOK if kind == "ipynb" else MAX
    if len(text) > most:
        raise UsageError(f"{where} has {len(text):,} characters; at most {most:,} are read")
    if kind == "ipynb":
        return [
            line for n, cell in _cells(text, where) for line in lines(cell, "md", f"{where}[{n}]")
        ]
    if kind == "md":
        text = CODE.sub(lambda m: "\n" * m[0].count("\n") if m[1] or m[2] else m[0], text)
    else:
        text = COMMENT.sub(lambda m: (m[1] or "") + "\n" * m[0].count("\n"), text)
    text = without_macros(text, where)
    found = list(_displays(text))
    if kind != "md" and not found:
        rows = list(_rows(Cut(text, 1), by_line=True))
    else:
        rows = [row for c in found if kind == "formula" or _is_said(c) for row in _rows(c)]
    texts = (STEPS.sub(", ", NUMBER.sub("", row.text)) for row in rows)
    return [Line(text, row.number, file) for text, row in zip(texts, rows, strict=True)]


def _cells(text: str, where: str) -> list[tuple[int, str]]:
    """The cells of a notebook that are text, numbered."""
    try:
        found = [
            (n, "".join(cell["source"]))
            for n, cell in enumerate(json.loads(text)["cells"], 1)
            if cell["cell_type"] == "markdown"
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{where} is no notebook: expected JSON with cells") from None
    if sum(len(source) for _, source in found) > MAX:
        raise UsageError(f"the text of {where} has more than {MAX:,} characters")
    return found


def _displays(text: str) -> Iterator[Cut]:
    """Mathematics in a text, in displays and in sentences."""
    position, number, counted = 0, 1, 0
    missing: set[str] = set()
    while (found := OPENING.search(text, position)) is not None:
        opening = "```" if found[0].startswith("`") else found[0]
        closing = CLOSING.get(opening) or found[0].replace("begin", "end")
        start = position = found.end()
        inner = OPENING.search(text, start) if opening == "```" else None
        if inner is not None and inner.start() < text.find("```", start):
            continue  # it has displays of its own
        end = -1 if closing in missing else text.find(closing, start)
        if end < 0:  # nor is it found again further on
            missing.add(closing)
            continue
        inside = text[start:end]
        within = opening in WITHIN
        if opening == "$" and "\n\n" in inside:
            continue
        position = end + len(closing)
        number, counted = number + text.count("\n", counted, start), start
        if "multline" in opening:
            inside = ROWS.sub(" ", inside)
        yield Cut(inside, number, within)


def _is_said(cut: Cut) -> bool:
    """Whether it is a claim: a display, or in a sentence an equation with a derivative."""
    said = RELATION.search(cut.text) and DERIVATIVE.search(cut.text)
    return not cut.within or bool(said)


def _rows(cut: Cut, by_line: bool = False) -> Iterator[Cut]:
    """The claims of a display: its rows, what goes on joined to what it goes on from. A row
    without a relation is the left side of the next, or prose."""
    text = MARKER.sub("", without_frames(without_prose(ASIDE.sub("", cut.text))))
    waiting: Cut | None = None
    for row in _joined(_pieces(Cut(text, cut.number), by_line)):
        if waiting is not None and RELATION.match(row.text):
            row = Cut(f"{waiting.text} {row.text}", waiting.number)
        waiting = None if RELATION.search(row.text) or by_line else row
        if waiting is None:
            yield row


def _joined(pieces: Iterable[Cut]) -> Iterator[Cut]:
    """Rows with the rows that go on from them; what ⇒ parts comes apart."""
    found: list[tuple[list[str], int]] = []
    depth = 0
    for piece in pieces:
        bracket = BRACKET.match(piece.text) and not RELATION.search(piece.text)
        goes_on = bracket or depth > 0 or GOES_ON.match(piece.text) or CONDITION.match(piece.text)
        if found and goes_on:
            found[-1][0].append(piece.text)
        else:
            found.append(([piece.text], piece.number))
            depth = 0
        depth += _opened(piece.text)
    for texts, number in found:
        for part in _split(" ".join(texts), ARROW):
            if not BLANK.fullmatch(part):
                yield Cut(part.strip(), number)


def _opened(text: str) -> int:
    """How many more brackets are opened than closed: then it goes on in the next row."""
    signs = re.findall(r"\\[A-Za-z]+|\\.|[(){}\[\]]", text)
    opened = sum(sign in ("(", "[", "{", r"\{") for sign in signs)
    return opened - sum(sign in (")", "]", "}", r"\}") for sign in signs)


def _pieces(cut: Cut, by_line: bool) -> Iterator[Cut]:
    r"""What stands between \\, and in further columns; by itself a formula ends with its line."""
    number = cut.number
    for row in _split(cut.text, ROWS):
        first = number + row[: len(row) - len(row.lstrip())].count("\n")
        number += row.count("\n")
        parts = row.strip().split("\n") if by_line and _opened(row) <= 0 else [row]
        for more, part in enumerate(parts):
            yield from (Cut(text, first + more) for text in _columns(part))


def _columns(row: str) -> Iterator[str]:
    """Left and right sides; the columns of words beside them go."""
    cells = list(_split(EQNARRAY.sub(r"&\1", row), COLUMNS))
    for place in range(0, len(cells), 2):
        text = " ".join(" ".join(cell.split()) for cell in cells[place : place + 2] if cell.strip())
        relates = RELATION.search(text)
        aside = place and (r"\text" in text or not relates)
        remark = text.startswith(r"\quad\;") or (REMARK.match(text) and not relates)
        if not (BLANK.fullmatch(text) or aside or remark):
            yield text


def _split(text: str, at: re.Pattern[str]) -> Iterator[str]:
    """The parts of a text between what is outside of braces and environments."""
    start = depth = 0
    for match in re.finditer(
        rf"(?P<at>{at.pattern})|\\begin\b|\\end\b|\\.|[{{}}]", text, re.DOTALL
    ):
        sign = match[0]
        if match["at"] is not None and depth == 0:
            yield text[start : match.start()]
            start = match.end()
        else:
            depth += (sign in ("{", r"\begin")) - (sign in ("}", r"\end"))
            depth = max(depth, 0)
    yield text[start:]
