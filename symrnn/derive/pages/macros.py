r"""The author's own macros in finished LaTeX: `W_f` is written `\Wf` where `\Wf` stands for `W_f`.

It is done to the finished text, and not where symbols are spelt: lines are broken by the widths of
what TeX sees, and formulas are checked in macros that every format knows, so both want the symbols
themselves. And one place serves fragments, documents and pictures alike.

A symbol is a letter, or a macro with its arguments, with all its scripts. A transpose, a power, a
prime or a mark such as `new` is done to a symbol, and is none of its scripts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symrnn.derive.pages.structure import ARGUMENTS, DELIMITERS, SIZES, SYMBOLS, TOKEN
from symrnn.errors import UsageError

Key = tuple[str, str, str]
"""What a symbol is set around, what stands below and what above it, without needless braces."""

DEFINITION = re.compile(
    r"""\\(?:(?:re)?new|provide)command\*?\s*
        (?:\{\s*(?P<braced>\\(?:[A-Za-z@]+|.))\s*\} | (?P<bare>\\(?:[A-Za-z@]+|.)))\s*
        (?P<count>(?:\[[^\]]*\]\s*)*)\{
      | \\def\s*(?P<named>\\(?:[A-Za-z@]+|.))(?P<pattern>[^{}]*)\{""",
    re.VERBOSE,
)
BEGINNING = re.compile(r"\\(?:(?:(?:re)?new|provide)command\*?|def)(?![A-Za-z@])")

DONE_TO = re.compile(r"\\top|\d+|'+|\\prime|\\mathrm\{[A-Za-z]+\}|-1")
"""What stands above a symbol and is none of its scripts."""

OPEN = frozenset((r"\frac", r"\dfrac", r"\tfrac", r"\sqrt", r"\boxed"))
"""Macros whose arguments are formulas; those of others, such as \\hat, are part of a symbol."""

LIMITS = frozenset((r"\sum", r"\prod", "e"))
"""What has formulas for scripts."""

WHOLE = {**ARGUMENTS, r"\label": 1, r"\ref": 1}

FORMULA = re.compile(
    r"^%[^\n]*$|\\\$|(?P<inline>\$[^$]*\$)"
    r"|(?P<display>(?<!\\)\\\[.*?\\\]|\\begin\{(?P<kind>(?:align|gather)\*?)\}.*?\\end\{(?P=kind)\})",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Macros:
    r"""Macros without arguments, and what each stands for."""

    bodies: Mapping[str, str]
    left_alone: tuple[str, ...] = ()
    """Those that take arguments."""

    def in_text(self, text: str) -> str:
        """A LaTeX text with its formulas in these macros; comments stay as they are.

        >>> Macros({r"\\Wf": "W_f"}).in_text("% W_f\\nBy $W_f^{\\\\top} W_{fo}$, not W_f.")
        '% W_f\\nBy $\\\\Wf^{\\\\top} W_{fo}$, not W_f.'
        """
        table = self.table()

        def changed(found: re.Match[str]) -> str:
            formula = found["inline"] or found["display"]
            return _spelt(TOKEN.findall(formula), table) if formula else found[0]

        return FORMULA.sub(changed, text)

    def table(self) -> dict[Key, str]:
        """Each symbol that has a macro, the first one that stands for it."""
        found: dict[Key, str] = {}
        for name, body in self.bodies.items():
            tokens = TOKEN.findall(body.strip())
            symbol = _symbol(tokens, 0) if tokens else None
            if symbol is not None and symbol.end == len(tokens) and symbol.is_one:
                found.setdefault(symbol.key, name)
        return found

    def used_in(self, text: str) -> tuple[str, ...]:
        """Those of them that a text has in its formulas."""
        formulas = (found[0] for found in FORMULA.finditer(text) if not found[0].startswith("%"))
        tokens = {token for formula in formulas for token in TOKEN.findall(formula)}
        return tuple(name for name in self.bodies if name in tokens)

    def defined_in(self, document: str) -> str:
        """A whole document in these macros, which it defines itself."""
        head, begin, body = document.partition("\\begin{document}")
        body = self.in_text(body)
        used = self.used_in(body)
        lines = [
            f"\\providecommand{{{n}}}{{}}\\renewcommand{{{n}}}{{{self.bodies[n]}}}" for n in used
        ]
        own = "\n".join(["% The author's macros.", *lines, "", ""]) if used else ""
        return head + own + begin + body


# what is a symbol


@dataclass(frozen=True)
class _Symbol:
    nucleus: str
    below: str
    above: str
    upto: int
    """Where its nucleus ends."""
    end: int

    @property
    def key(self) -> Key:
        return _bare(self.nucleus), _bare(self.below), _bare(self.above)

    @property
    def is_one(self) -> bool:
        return bool(self.nucleus) and self.nucleus[0] not in "{}&^_'"


def _symbol(tokens: list[str], start: int) -> _Symbol:
    """The symbol that begins here, with its scripts."""
    at = start + 1
    if tokens[start].isdigit():
        while at < len(tokens) and (tokens[at].isdigit() or tokens[at] == "."):
            at += 1
    for _ in range(WHOLE.get(tokens[start], 0)):
        at = _after(tokens, at)
    upto, scripts = at, {"_": "", "^": ""}
    while at < len(tokens) and tokens[at] in scripts.keys() | {"'"}:
        if tokens[at] == "'":
            scripts["^"] += "'"
            at += 1
            continue
        end = _after(tokens, at + 1)
        scripts[tokens[at]] = "".join(tokens[at + 1 : end])
        at = end
    return _Symbol("".join(tokens[start:upto]), scripts["_"], scripts["^"], upto, at)


def _after(tokens: list[str], at: int) -> int:
    """Where the argument ends that begins here: one token, or a group."""
    depth = 0
    while at < len(tokens):
        depth += {"{": 1, "}": -1}.get(tokens[at], 0)
        at += 1
        if depth <= 0 and not tokens[at - 1].isspace():
            break
    return at


def _bare(text: str) -> str:
    """Without spaces, and without braces around one letter.

    >>> _bare("{f}"), _bare("{i f}"), _bare(r"\\hat{y}")
    ('f', '{if}', '\\\\haty')
    """
    tokens = [t for t in TOKEN.findall(text) if not t.isspace()]
    joined = "".join(tokens)
    return re.sub(r"\{(\\[A-Za-z]+|[^{}\\])\}", r"\1", joined)


def _spelt(tokens: list[str], table: Mapping[Key, str]) -> str:
    """A formula in macros."""
    pieces: list[str] = []
    at = 0
    while at < len(tokens):
        symbol = _symbol(tokens, at)
        pieces.append(_piece(tokens, at, symbol, table))
        at = symbol.end
    return "".join(_apart(pieces))


def _piece(tokens: list[str], at: int, symbol: _Symbol, table: Mapping[Key, str]) -> str:
    nucleus, below, above = symbol.key
    token = tokens[at]
    if symbol.key in table:
        return table[symbol.key]
    if DONE_TO.fullmatch(_bare(above).strip("{}")) and (nucleus, below, "") in table:
        marks = "" if above.startswith("'") else "^"
        return table[nucleus, below, ""] + marks + symbol.above
    inside = token in LIMITS
    scripts = tokens[symbol.upto : symbol.end]
    after = _spelt_arguments(scripts, table) if inside else "".join(scripts)
    if token in OPEN:
        arguments = tokens[at + 1 : symbol.upto]
        return token + _spelt_arguments(arguments, table) + after
    return symbol.nucleus + after


def _spelt_arguments(tokens: list[str], table: Mapping[Key, str]) -> str:
    """Groups, and the signs between them, each group spelt on its own."""
    pieces: list[str] = []
    at = 0
    while at < len(tokens):
        if tokens[at] == "{":
            end = _after(tokens, at)
            pieces.append("{" + _spelt(tokens[at + 1 : end - 1], table) + "}")
            at = end
        else:
            pieces.append(tokens[at])
            at += 1
    return "".join(pieces)


def _apart(pieces: list[str]) -> Iterator[str]:
    r"""With a space where a macro would swallow the letter behind it."""
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=True):
        yield piece
        if re.search(r"\\[A-Za-z]+\Z", piece) and re.match("[A-Za-z]", after):
            yield " "


# reading


def read_macros(text: str, name: str) -> Macros:
    r"""The macros that a text defines.

    >>> read_macros("\\newcommand{\\Wf}{W_f} \\def\\v#1{\\vec{#1}}", "mine.tex")
    Macros(bodies={'\\Wf': 'W_f'}, left_alone=('\\v',))
    """
    code = re.sub(r"(?<!\\)%.*", "", text)
    bodies: dict[str, str] = {}
    left_alone: list[str] = []
    at = 0
    while begun := BEGINNING.search(code, at):
        line = code.count("\n", 0, begun.start()) + 1
        found = DEFINITION.match(code, begun.start())
        if found is None:
            raise UsageError(
                f"{name}, line {line}: this {begun[0]} cannot be read; expected"
                r" \newcommand{\Wf}{W_f} or \def\Wf{W_f}"
            )
        macro = found["braced"] or found["bare"] or found["named"]
        end = _closing(code, found.end())
        if end is None:
            raise UsageError(f"{name}, line {line}: the braces of {macro} are not closed")
        if found["count"] or (found["pattern"] or "").strip():
            left_alone.append(macro)
        elif re.fullmatch(r"\\[A-Za-z]+", macro) and macro not in OURS:
            bodies[macro] = code[found.end() : end].strip()
        at = end + 1
    if not bodies and not left_alone:
        raise UsageError(
            rf"{name} defines no macro; expected lines such as \newcommand{{\Wf}}{{W_f}}"
        )
    return Macros(_expanded(bodies, name), tuple(left_alone))


OURS = SYMBOLS | ARGUMENTS.keys() | SIZES | DELIMITERS | {r"\left", r"\right", r"\begin", r"\end"}
"""Macros that formulas are printed in: what an author makes of them, the author's file decides."""


def _closing(code: str, at: int) -> int | None:
    """Where the brace is closed that was opened before."""
    depth = 1
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(code, at):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.start()
    return None


def _expanded(bodies: Mapping[str, str], name: str) -> dict[str, str]:
    """Bodies without each other's macros."""

    def expand(body: str, within: tuple[str, ...]) -> str:
        tokens = TOKEN.findall(body)
        for token in tokens:
            if token in within:
                raise UsageError(f"{name}: {token} is defined by itself")
        return "".join(
            expand(bodies[token], (*within, token)) if token in bodies else token
            for token in tokens
        )

    return {macro: expand(body, (macro,)) for macro, body in bodies.items()}
