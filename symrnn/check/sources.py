r"""From a text to its lines of mathematics: TeX, Markdown, a notebook, a formula by itself.

Prose is skipped. A display has a claim in each of its rows; a row that goes on, with a + or from
one bracket to the next, belongs to the one before it. Formulas within a sentence are prose too, but
for equations with a derivative in them.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from symrnn.check.claims import Line
from symrnn.errors import UsageError

Kind = Literal["tex", "md", "ipynb", "formula"]

MAX = 100_000
"""Characters of a text; a notebook may have its pictures beside them."""

MAX_NOTEBOOK = 20_000_000

DISPLAYS = ("equation", "align", "aligned", "gather", "gathered", "multline", "eqnarray", "flalign",
            "alignat", "displaymath", "split", "math", "dmath")  # fmt: skip
ENVIRONMENT = re.compile(
    r"\\begin\s*\{(" + "|".join(DISPLAYS) + r")(\*?)\}(.*?)\\end\s*\{\1\2\}", re.DOTALL
)
DISPLAY = re.compile(
    r"(?<!\\)\\\[(?P<a>.*?)\\\]|\$\$(?P<b>.*?)\$\$"
    r"|\\begin\s*\{(?P<env>" + "|".join(DISPLAYS) + r")(?P<star>\*?)\}(?P<c>.*?)"
    r"\\end\s*\{(?P=env)(?P=star)\}"
    r"|```\s*(?:math|latex|tex)\s*\n(?P<d>.*?)```"
    r"|\$`(?P<e>[^`]*)`\$|(?<![\\$])\$(?P<f>[^$\n]*(?:\n[^$\n]+)*)\$(?!\d)"
    r"|\\\((?P<g>.*?)\\\)",
    re.DOTALL,
)
WITHIN = ("e", "f", "g")
"""What stands in a sentence."""

COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
CODE = re.compile(r"(```|~~~)(\s*(?:math|latex|tex)\s*\n)?.*?(?:\1|\Z)", re.DOTALL)
ASIDE = re.compile(r"\\(?:tag\*?|label|hspace\*?|vspace\*?)\s*\{[^{}]*\}|\\(?:nonumber|notag)\b")
RELATION = re.compile(
    r"=|\\(?:approx|equiv|coloneqq|triangleq|leftarrow|gets|le|ge|leq|geq|to)\b|[<>]"
)
ARROW = re.compile(
    r"\\(?:Rightarrow|implies|Longrightarrow|iff|Leftrightarrow|therefore|rightsquigarrow)\b"
)
DERIVATIVE = re.compile(r"\\partial|\\nabla|∂|∇|\\mathrm\s*\{?d\}?|\\frac\s*\{d")
GOES_ON = re.compile(
    r"(?:\s|&|\{\}|~|\\[,;:! ]|\\q?quad\b|\\(?:left|right)\s*\.|\\(?:displaystyle)\b)*"
    r"(?:[-+/*]|\\(?:cdot|times|odot|circ|otimes|pm)\b|[)\]}]|\\right|\\[bB]ig+r)"
)
BLANK = re.compile(r"(?:\s|&|\{\}|~|\\[,;:! ]|\\q?quad\b|[.,;])*")


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of mathematics, and the line of the text at which it begins."""

    text: str
    number: int


def lines(text: str, kind: Kind, file: str = "") -> list[Line]:
    r"""The claims of a text, a line each.

    >>> [line.text for line in lines(r"so $$a = b \\ c &= d$$ and $x$", "md")]
    ['a = b', 'c = d']
    """
    where = file or "the text"
    if len(text) > (MAX_NOTEBOOK if kind == "ipynb" else MAX):
        raise UsageError(f"{where} has {len(text):,} characters; at most {MAX:,} are read")
    if kind == "ipynb":
        return _of_notebook(text, file)
    if kind == "formula":
        return _of_formula(text, file)
    if kind == "md":
        text = CODE.sub(_blank, text)
    else:
        text = COMMENT.sub(lambda found: found[1], text)
    cuts = list(_displays(text))
    if kind == "tex" and not cuts and not DISPLAY.search(text):
        return _of_formula(text, file)
    return [Line(c.text, c.number, file) for cut in cuts for c in _rows(cut)]


def _blank(found: re.Match[str]) -> str:
    return found[0] if found[2] else "\n" * found[0].count("\n")


def _of_notebook(text: str, file: str) -> list[Line]:
    """The lines of the cells that are text."""
    try:
        cells = json.loads(text)["cells"]
        sources = [
            (n, "".join(cell["source"]))
            for n, cell in enumerate(cells, 1)
            if cell["cell_type"] == "markdown"
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{file or 'the text'} is no notebook: expected JSON with cells") from None
    if sum(len(source) for _, source in sources) > MAX:
        raise UsageError(f"{file or 'the text'} has more than {MAX:,} characters of text")
    return [line for n, source in sources for line in lines(source, "md", f"{file or 'cell'}[{n}]")]


def _of_formula(text: str, file: str) -> list[Line]:
    """A formula by itself: each line of the text that begins one is one."""
    text = COMMENT.sub(lambda found: found[1], text)
    if DISPLAY.search(text):
        found = [Line(c.text, c.number, file) for cut in _displays(text, True) for c in _rows(cut)]
        if found:
            return found
    return [Line(c.text, c.number, file) for c in _rows(Cut(text, 1), by_line=True)]


def _displays(text: str, every: bool = False) -> Iterator[Cut]:
    """The displays of a text, and equations with a derivative in its sentences."""
    for found in DISPLAY.finditer(text):
        name = found.lastgroup or ""
        name = next(n for n in "abcdefg" if found[n] is not None)
        inside = found[name]
        if name in WITHIN and not every:
            if not (RELATION.search(inside) and DERIVATIVE.search(inside)):
                continue
        number = text.count("\n", 0, found.start(name)) + 1
        yield Cut(inside, number)


def _rows(cut: Cut, by_line: bool = False) -> Iterator[Cut]:
    """The claims of a display: its rows, what goes on joined to what it goes on from."""
    waiting: Cut | None = None
    for row in _joined(list(_cells(cut, by_line))):
        if waiting is not None:
            begins = RELATION.match(row.text)
            row = Cut(f"{waiting.text} {row.text}", waiting.number) if begins else row
            waiting = None
        if not RELATION.search(row.text) and not by_line:
            waiting = row
            continue
        yield row


def _joined(cells: Sequence[Cut]) -> Iterator[Cut]:
    """Rows with the rows that go on from them; what ⇒ parts comes apart."""
    found: list[Cut] = []
    for cell in cells:
        goes_on = found and (GOES_ON.match(cell.text) or _is_open(found[-1].text))
        if found and (goes_on or _is_condition(cell.text)):
            gap = "" if found[-1].text.endswith(" ") else " "
            found[-1] = Cut(found[-1].text + gap + cell.text, found[-1].number)
        else:
            found.append(cell)
    for each in found:
        for part in _split(each.text, ARROW):
            part = part.strip()
            if not BLANK.fullmatch(part):
                yield Cut(part, each.number)


CONDITION = re.compile(r"(?:\\text\s*\{\s*(?:for|with|where)[^}]*\}|\\forall)?\s*[a-zA-Z]\s*"
                       r"(?:=\s*[\w\s+-]+,\s*(?:\\[lc]?dots|\d)|\\in\b)|\(?\w(?:,\s*\w)*\)?\s*\\in\b"
                       r"|\\text\s*\{\s*(?:for|with|where|if)\b")  # fmt: skip


def _is_condition(text: str) -> bool:
    return CONDITION.match(re.sub(r"^(?:\s|&|\\q?quad\b|,)*", "", text)) is not None


def _is_open(text: str) -> bool:
    """Whether a bracket or a brace is still open at the end: it goes on in the next row."""
    depth = 0
    for sign in re.findall(r"\\[A-Za-z]+|\\.|[(){}\[\]]", text):
        depth += (sign in ("(", "[", "{", r"\{")) - (sign in (")", "]", "}", r"\}"))
    return depth > 0


def _cells(cut: Cut, by_line: bool) -> Iterator[Cut]:
    r"""The rows between \\, and what stands in further columns; reasons are words and go."""
    text = ASIDE.sub("", cut.text)
    inner = ENVIRONMENT.search(text)
    if inner is not None:
        before, after = text[: inner.start()], text[inner.end() :]
        if BLANK.fullmatch(re.sub(r"\\[A-Za-z]+", "", before)):
            yield from _cells(
                Cut(inner[3], cut.number + text.count("\n", 0, inner.start(3))), False
            )
            if not BLANK.fullmatch(after):
                number = cut.number + text.count("\n", 0, inner.end())
                yield from _cells(Cut(after, number), by_line)
            return
    number = cut.number
    for row in _split(text, re.compile(r"\\\\(?:\s*\[[\d.]+\s*[a-z]+\])?|\\newline\b")):
        parts = row.split("\n") if by_line and not _is_open(row.split("\n")[0]) else [row]
        for part in parts:
            start = (
                number
                + len(part)
                - len(part.lstrip())
                - len(part[: len(part) - len(part.lstrip())].replace("\n", ""))
            )
            yield from (Cut(column, start) for column in _columns(part))
            number += part.count("\n")
        number += (len(parts) - 1) if len(parts) > 1 else 0


def _columns(row: str) -> Iterator[str]:
    """Left and right sides; the columns of words beside them go."""
    row = re.sub(r"&(\s*(?:=|\\(?:approx|equiv))\s*)&", r"&\1", row)  # eqnarray
    cells = _split(row, re.compile(r"(?<!\\)&"))
    pairs = [cells[i : i + 2] for i in range(0, len(cells), 2)]
    for place, pair in enumerate(pairs):
        text = " ".join(" ".join(cell.split()) for cell in pair if cell.strip())
        aside = place and (r"\text" in text or not RELATION.search(text))
        if BLANK.fullmatch(text) or aside or text.startswith(r"\quad\;"):
            continue
        if re.match(r"(?:\\q?quad|\\;|\s)*\\text\{", text) and not RELATION.search(text):
            continue
        yield text


def _split(text: str, at: re.Pattern[str]) -> list[str]:
    """The parts of a text between what is outside of braces and environments."""
    found: list[str] = []
    start = depth = 0
    for match in re.finditer(
        rf"(?P<at>{at.pattern})|\\begin\b|\\end\b|\\.|[{{}}]", text, re.DOTALL
    ):
        sign = match[0]
        if match["at"] is not None and depth == 0:
            found.append(text[start : match.start()])
            start = match.end()
        else:
            depth += (sign in ("{", r"\begin")) - (sign in ("}", r"\end"))
            depth = max(depth, 0)
    return [*found, text[start:]]
