"""What stands in a text beside its formulas: remarks, macros of its own, prose between rows."""

import re

from symrnn.errors import UsageError

MAX = 100_000
"""Characters of a text."""

COMMENT = re.compile(
    r"(?<!\\)((?:\\\\)*)%[^\n]*"
    r"|\\begin\s*\{(verbatim|Verbatim|lstlisting|minted|comment)\*?\}.*?(?:\\end\s*\{\2\*?\}|\Z)"
    r"|\\iffalse\b.*?(?:\\(?:fi|else)\b|\Z)|\\(?:verb|lstinline)\*?([^\sA-Za-z*]).*?(?:\3|\n)",
    re.DOTALL,
)
"""Remarks, and what is printed as it stands."""

MACRO = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareMathOperator)\*?\s*(?:\{\s*\\([A-Za-z]+)\s*\}"
    r"|\\([A-Za-z]+))\s*(?=\{)|\\def\s*\\([A-Za-z]+)\s*(?=\{)"
)
PROSE = re.compile(r"\\(?:short)?intertext\s*(?=\{)")
"""What stands between two rows."""

FRAME = re.compile(
    r"\\left\s*(\.|\\\{|\\lbrace\b)\s*\\begin\{(?:aligned|gathered|split)\}(?:\[\w\])?"
    r"|\\end\{(?:aligned|gathered|split)\}\s*\\right\s*(\.|\\\}|\\rbrace\b)"
)
"""A brace on one side of several rows."""


def without_macros(text: str, where: str) -> str:
    r"""The text with what \newcommand{\x}{…} says in the place of \x."""
    macros: dict[str, str] = {}
    while (found := MACRO.search(text)) is not None:
        end = _end_of_group(text, found.end())
        name = next(filter(None, found.groups()))
        body = text[found.end() + 1 : end - 1]
        macros[name] = rf"\operatorname{{{body}}}" if "Operator" in found[0] else body
        text = text[: found.start()] + "\n" * found[0].count("\n") + text[end:]
    for _ in range(3 if macros else 0):  # one may use another
        text = re.sub(
            r"\\([A-Za-z]+)(?![A-Za-z])", lambda m: macros.get(m[1], m[0]) + _gap(m, macros), text
        )
        if len(text) > MAX:
            raise UsageError(f"{where} has more than {MAX:,} characters with its macros put in")
    return text


def _end_of_group(text: str, start: int) -> int:
    """Where the braces end that begin here."""
    depth, end = 0, start
    for sign in GROUPED.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(sign[0], 0)
        end = sign.end()
        if depth == 0:
            break
    return end


GROUPED = re.compile(r"\\.|[{}]")


def _gap(found: re.Match[str], macros: dict[str, str]) -> str:
    return " " if found[1] in macros and macros[found[1]][-1:].isalpha() else ""


def without_prose(text: str) -> str:
    r"""The text with a new row for each \intertext{…}."""
    found, start = "", 0
    for match in PROSE.finditer(text):
        if match.start() >= start:
            end = _end_of_group(text, match.end())
            found += text[start : match.start()] + r"\\" + "\n" * text.count("\n", match.end(), end)
            start = end
    return found + text[start:]


def without_frames(text: str) -> str:
    r"""The text without \left\{ … \right. around all of its rows."""
    opened: list[re.Match[str]] = []
    gone: list[tuple[int, int]] = []
    for match in FRAME.finditer(text):
        if match[1]:
            opened.append(match)
        elif opened and "." in ((begin := opened.pop())[1], match[2]):
            gone += [begin.span(), match.span()]
    for start, end in sorted(gone, reverse=True):
        text = text[:start] + "\n" * text.count("\n", start, end) + text[end:]
    return text
