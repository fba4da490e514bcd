"""The same LaTeX as other people type it: other macros, other spaces, other brackets."""

import random
import re
from collections.abc import Callable

WORD = r"\\(?:mathrm|text|operatorname|begin|end)\{[A-Za-z*]+\}"
TOKEN = re.compile(WORD + r"|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.S)
Change = Callable[[str, random.Random], str]


def retyped(latex: str, rng: random.Random) -> str:
    """A line of LaTeX with some of the changes made, some of them at some places only."""
    for change in rng.sample(CHANGES, rng.randint(1, 4)):
        latex = change(latex, rng)
    return latex


def closing(text: str, start: int) -> int:
    """Where the brace that opens at `start` is closed."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if not depth:
            return place
    raise ValueError(text)


def _some(pattern: str, *others: str) -> Change:
    """Another spelling, drawn for each place anew; the first may be what is there."""

    def change(latex: str, rng: random.Random) -> str:
        def drawn(found: re.Match[str]) -> str:
            new = rng.choice(others)
            for i, group in enumerate(found.groups(), 1):
                new = new.replace(f"<{i}>", group or "")
            return new

        return re.sub(pattern, drawn, latex)

    return change


def _slashed(latex: str, rng: random.Random) -> str:
    r"""\frac{\partial L}{\partial w} as (\partial L/\partial w)."""
    place = latex.find(r"\frac{\partial")
    while place >= 0:
        first = closing(latex, place + 5)
        if latex[first + 1 : first + 2] != "{":
            return latex
        second = closing(latex, first + 1)
        top, bottom = latex[place + 6 : first], latex[first + 2 : second]
        if rng.random() < 0.5:
            latex = f"{latex[:place]}({top} / {bottom}){latex[second + 1 :]}"
        place = latex.find(r"\frac{\partial", place + 1)
    return latex


def _brackets(latex: str, rng: random.Random) -> str:
    """Brackets of one size, or of that of what they hold."""
    size = rng.choice(("big", "Big", "bigg", "Bigg"))
    if r"\left" in latex:
        found = re.sub(r"\\left(?=[\[(])", rf"\\{size}l", latex)
        return re.sub(r"\\right(?=[\])])", rf"\\{size}r", found)
    return re.sub(r"(?<!\\)\)", r"\\right)", re.sub(r"(?<!\\)\(", r"\\left(", latex))


def _braces(latex: str, rng: random.Random) -> str:
    """A subscript of one character in braces, or without."""
    found = _some(r"_([A-Za-z0-9])(?![A-Za-z0-9])", "_{<1>}", "_<1>")(latex, rng)
    return _some(r"\^\{(\d)\}", "^{<1>}", "^<1>")(found, rng)


def _spaces(latex: str, rng: random.Random) -> str:
    """More spaces, and fewer: none is needed but behind a macro before a letter."""
    tokens = [token for token in TOKEN.findall(latex) if not token.isspace()]
    text = ""
    for token in tokens:
        needs = re.search(r"\\[A-Za-z]+\Z", text) and token[0].isalpha()
        text += (rng.choice((" ", "  ")) if needs else rng.choice(("", "", " ", "  "))) + token
    return text


CHANGES: tuple[Change, ...] = (
    _some(r"\\frac(?=\{)", r"\frac", r"\dfrac", r"\tfrac"),
    _some(r" \\, ", " ", r" \; ", r"\,", r" \: ", r" \quad ", r" \! ", "~"),
    _some(r" \\, (?=[A-Za-z(\\])", r" \cdot ", r"\,"),
    _some(r"\\top(?![A-Za-z])", r"\top", "T", r"\intercal", r"\mathsf{T}"),
    _some(r"\\odot(?![A-Za-z])", r"\odot", r"\circ"),
    _some(r"\\hat\{y\}", r"\hat{y}", r"\hat y", r"\widehat{y}"),
    _some(r"\\mathrm\{diag\}", r"\mathrm{diag}", r"\operatorname{diag}", r"\text{diag}"),
    _some(r"\\partial\^\{\+\}", r"\partial^+", r"\partial^{+}"),
    _some(r"\\partial ([A-Za-z])(?![_^])", r"\partial <1>", r"\partial{<1>}", r"{\partial <1>}"),
    _some(r"(?<![\\A-Za-z{])([A-Za-z])(?=_)", "<1>", r"\mathbf{<1>}", r"\boldsymbol{<1>}"),
    _some(r"\\cdot(?![A-Za-z])", r"\cdot", r"\cdot", "*"),
    _some(r"e\^\{([^{}]*)\}", r"\exp(<1>)", r"e^{<1>}"),
    _some(r"\\log (?=[A-Za-z\\])", r"\ln ", r"\log "),
    _slashed,
    _brackets,
    _braces,
    _spaces,
)
