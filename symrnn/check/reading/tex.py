r"""The structure of a line of TeX: letters, groups, brackets, fractions, scripts; with their places.

Nothing is known here of what a letter means. Spaces, sizes and colours are gone afterwards; what is
not among the macros of the dialect is an error at its place.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from symrnn.check.claims import Span
from symrnn.derive.notation.symbol import GREEK
from symrnn.errors import suggestion

DEPTH = 100
"""So deep may groups and brackets be nested."""


class Unclear(Exception):  # noqa: N818 (it says what the matter is)
    """What cannot be read: the message, and where it stands."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message, self.span = message, span


@dataclass(frozen=True, slots=True)
class Sign:
    """A letter, a number, an operator, or a macro that stands for itself."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Styled:
    r"""An accent or a font with what it is put on: \hat{y}, \mathrm{diag}."""

    style: str
    items: "Items"
    span: Span


@dataclass(frozen=True, slots=True)
class Fence:
    r"""Brackets, or braces with `left` as {; `\left. … \right|` has a dot on its left."""

    left: str
    right: str
    items: "Items"
    span: Span


@dataclass(frozen=True, slots=True)
class Ratio:
    r"""\frac{top}{bottom}."""

    top: "Items"
    bottom: "Items"
    span: Span


@dataclass(frozen=True, slots=True)
class Root:
    items: "Items"
    span: Span


@dataclass(frozen=True, slots=True)
class Scripts:
    """Something with a subscript, a superscript, primes."""

    base: "Node"
    below: "Items"
    above: "Items"
    primes: int
    span: Span


@dataclass(frozen=True, slots=True)
class Table:
    """A matrix, or the cases of a definition."""

    kind: str
    rows: "tuple[tuple[Items, ...], ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    r"""Words within \text."""

    text: str
    span: Span


Node = Sign | Styled | Fence | Ratio | Root | Scripts | Table | Text
Items = tuple[Node, ...]

ACCENTS = {
    **{a: a for a in ("hat", "bar", "tilde", "vec", "dot", "ddot")},
    **{"widehat": "hat", "overline": "bar", "widetilde": "tilde", "overrightarrow": "vec"},
}
FONTS = (
    *("mathbf", "boldsymbol", "bm", "mathrm", "mathit", "mathcal", "mathsf", "mathbb", "mathtt"),
    *("operatorname", "mathscr", "pmb", "mathnormal"),
)
WORDS = ("text", "textrm", "textit", "textbf", "textnormal", "mbox", "textsf", "emph")
LETTERS = ("ell", "prime", "star", "ast", "dagger", "partial", "nabla", "infty", "top", "intercal")
OPERATORS = {
    **{s: s for s in ("cdot", "odot", "circ", "times", "otimes", "sum", "prod", "in", "neq")},
    **{"le": "leq", "leq": "leq", "ge": "geq", "geq": "geq", "ne": "neq", "lt": "<", "gt": ">"},
    **{"ldots": "dots", "dots": "dots", "cdots": "dots", "dotsc": "dots", "vdots": "dots"},
    **{"bullet": "cdot", "leqslant": "leq", "geqslant": "geq", "forall": "forall", "colon": ":"},
    **{"equiv": "=", "coloneqq": "=", "triangleq": "=", "approx": "approx", "simeq": "approx"},
    **{"leftarrow": "gets", "gets": "gets", "propto": "propto", "to": "to", "sim": "sim"},
    **{"rightarrow": "to", "mid": "|", "ast": "*", "#": "#", "Rightarrow": "Rightarrow"},
    **{"transpose": "top", "doteq": "=", "ll": "ll", "gg": "gg", "pm": "pm", "div": "/"},
}
FUNCTIONS = (
    *("tanh", "sinh", "cosh", "sin", "cos", "tan", "arctan", "exp", "log", "ln", "max", "min"),
    *("softmax", "sigmoid", "diag", "relu", "ReLU", "sigm"),
)
SPACES = (
    *(",", ";", ":", "!", ">", " ", "quad", "qquad", "displaystyle", "textstyle", "scriptstyle"),
    *("limits", "nolimits", "nonumber", "notag", "mathstrut", "strut", "allowbreak", "hfill", "/"),
    *("rm", "bf", "it", "nobreak", "relax", "thinspace", "medspace", "thickspace", "enspace"),
    *("\\", "big", "Big", "bigg", "Bigg", "bigl", "Bigl", "biggl", "Biggl", "bigr", "Bigr", "biggr"),
    *("Biggr", "bigm", "Bigm", "biggm", "Biggm", "centering", "noindent", "left", "right"),
)
SKIPPED = ("tag", "label", "hspace", "vspace", "phantom", "vphantom", "hphantom", "color", "eqref")
PLAIN = ("boxed", "underbrace", "overbrace", "underline", "mathop", "mathbin", "mathrel", "mathord")
OPENING = {"(": ")", "[": "]", "lbrace": "rbrace", "lvert": "rvert", "lVert": "rVert"}
OPENING |= {"langle": "rangle", "lbrack": "rbrack", "lparen": "rparen", "Vert": "Vert", "|": "|"}
BRACKET = {"lbrack": "[", "lparen": "(", "lvert": "|", "lVert": "Vert", "lbrace": "{{"}
MATRICES = ("matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array", "cases", "aligned")
MATRICES += ("split", "vmatrix")
KNOWN = (
    *(*GREEK, *ACCENTS, *FONTS, *WORDS, *LETTERS, *OPERATORS, *FUNCTIONS, *SPACES, *SKIPPED),
    *(*PLAIN, *OPENING, *OPENING.values(), "frac", "dfrac", "tfrac", "sqrt", "begin", "end"),
)

TOKEN = re.compile(
    r"\\begin\s*\{[a-zA-Z]+\*?\}|\\end\s*\{[a-zA-Z]+\*?\}|\\[A-Za-z]+\*?|\\.|\d+(?:\.\d+)?|\.\d+|\S"
)
SEVERED = re.compile(r"\\right\s*\.(?:[\s&{}]|\\quad|\\qquad|\\!)*\\left\s*\.")
"""A bracket that stands on two lines: \\left( … \\right. \\\\ \\left. … \\right)."""


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int

    @property
    def name(self) -> str:
        """Of a macro, without its backslash."""
        return self.text[1:].rstrip("*") if len(self.text) > 1 else self.text

    @property
    def is_macro(self) -> bool:
        return self.text[0] == "\\"

    @property
    def span(self) -> Span:
        return self.start, self.start + len(self.text)


def tokens(text: str, words: frozenset[str] = frozenset()) -> list[Token]:
    """The tokens of a line; letters one by one, but for the words that are names."""
    text = SEVERED.sub(lambda found: " " * len(found[0]), text)
    found: list[Token] = []
    longest = max(map(len, words), default=0)
    position = 0
    while match := TOKEN.search(text, position):
        token = match[0]
        if token.isalpha() and token.isascii() and longest:
            for length in range(longest, 1, -1):
                word = text[match.start() : match.start() + length]
                before = text[match.start() - 1 : match.start()]
                after = text[match.start() + length : match.start() + length + 1]
                if word in words and not after.isalpha() and not before.isalpha():
                    token = word
                    break
        found.append(Token(token, match.start()))
        position = match.start() + len(token)
    return found


def structure(text: str, words: frozenset[str] = frozenset()) -> Items:
    """A line as a sequence of nodes; raises Unclear."""
    return Reader(text, tokens(text, words)).whole()


class Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str, found: list[Token]) -> None:
        self.text, self.tokens, self.at, self.depth = text, found, 0, 0

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def next(self, after: str) -> Token:
        token = self.peek()
        if token is None:
            end = len(self.text)
            raise Unclear(f"the line ends where {after} should go on", (max(end - 1, 0), end))
        self.at += 1
        return token

    def whole(self) -> Items:
        found = self.items(lambda token: False)
        return found

    def items(self, ends: Callable[[Token], bool]) -> Items:
        """Nodes up to a token that ends them, which is left standing."""
        self.depth += 1
        found: list[Node] = []
        while (token := self.peek()) is not None and not ends(token):
            if self.depth > DEPTH:
                raise Unclear(f"nested deeper than {DEPTH} brackets", token.span)
            if token.text in ("_", "^", "'"):
                if not found:
                    raise Unclear(f"the {token.text} belongs to no letter", token.span)
                self.scripts(found)
                continue
            node = self.node()
            if node is not None:
                found.append(node)
        self.depth -= 1
        return tuple(found)

    def scripts(self, found: list[Node]) -> None:
        """The scripts that follow, put on what stands before them."""
        base = found.pop()
        below: Items = ()
        above: Items = ()
        primes, end = 0, base.span[1]
        while (token := self.peek()) is not None and token.text in ("_", "^", "'"):
            self.at += 1
            end = token.span[1]
            if token.text == "'":
                primes += 1
                continue
            if below if token.text == "_" else above:
                word = "subscripts" if token.text == "_" else "superscripts"
                raise Unclear(f"two {word} on one letter", token.span)
            items, end = self.argument(token.text)
            if token.text == "_":
                below = items
            elif items and all(isinstance(i, Sign) and i.text == r"\prime" for i in items):
                primes += len(items)
            else:
                above = items
        if isinstance(base, Fence) and base.left == "{" and not base.items:
            base = Sign("", base.span)  # {}_t
        found.append(Scripts(base, below, above, primes, (base.span[0], end)))

    def argument(self, after: str) -> tuple[Items, int]:
        """What a macro or a script takes: a group, or one token; and where it ends."""
        token = self.next(after)
        if token.text == "{":
            group = self.group(token)
            return group.items, group.span[1]
        if token.text[0].isdigit() and len(token.text) > 1:  # x_12 is x_1 2
            self.at -= 1
            self.tokens[self.at] = Token(token.text[1:], token.start + 1)
            return (Sign(token.text[0], (token.start, token.start + 1)),), token.start + 1
        self.at -= 1
        if token.text in ("}", "_", "^", "&"):
            raise Unclear(f"nothing stands after {after}", token.span)
        node = self.node()
        return ((node,), node.span[1]) if node is not None else self.argument(after)

    def group(self, opened: Token) -> Fence:
        items = self.items(lambda token: token.text == "}")
        closed = self.peek()
        if closed is None:
            raise Unclear("this brace is never closed", opened.span)
        self.at += 1
        return Fence("{", "}", items, (opened.start, closed.span[1]))

    def node(self) -> Node | None:
        """One node; None for a space."""
        token = self.next("it")
        if not token.is_macro:
            return self.plain(token)
        name = token.name
        if token.text.startswith((r"\begin", r"\end")) and "{" in token.text:
            return self.table(token)
        if name in ("left", "right") or name in SPACES:
            return self.space(token)
        if name in OPENING:
            return self.fence(token, "Vert" if name == "|" else name)
        if name == "{":
            return self.fence(token, "lbrace")
        if name in ("%", "$", "&"):
            raise Unclear(f"{token.text} is no mathematics", token.span)
        if name in ("frac", "dfrac", "tfrac"):
            (top, _), (bottom, end) = self.argument(token.text), self.argument(token.text)
            return Ratio(top, bottom, (token.start, end))
        if name == "sqrt":
            following = self.peek()
            if following is not None and following.text == "[":
                raise Unclear("only square roots are read", following.span)
            items, end = self.argument(token.text)
            return Root(items, (token.start, end))
        if name in ACCENTS or name in FONTS:
            items, end = self.argument(token.text)
            return Styled(ACCENTS.get(name, name), items, (token.start, end))
        if name in WORDS:
            return self.words(token)
        if name in PLAIN:
            items, end = self.argument(token.text)
            following = self.peek()
            if name.endswith("brace") and following is not None and following.text in "_^":
                self.at += 1
                _, end = self.argument(following.text)
            return Fence("{", "}", items, (token.start, end))
        if name in SKIPPED:
            self.argument(token.text)
            return None
        if name in ("overset", "underset", "stackrel"):
            _, (items, end) = self.argument(token.text), self.argument(token.text)
            return Fence("{", "}", items, (token.start, end)) if len(items) != 1 else items[0]
        if name == "textcolor":
            _, (items, end) = self.argument(token.text), self.argument(token.text)
            return Fence("{", "}", items, (token.start, end))
        if name in OPERATORS:
            return Sign(OPERATORS[name], token.span)
        if name in LETTERS or name in GREEK or name in FUNCTIONS:
            return Sign(token.text.rstrip("*"), token.span)
        if name in OPENING.values():
            raise Unclear(f"{token.text} closes nothing", token.span)
        near = suggestion(name, list(KNOWN)).replace("'", "'\\", 1)
        raise Unclear(f"{token.text[:40]} is not among the macros that are read{near}", token.span)

    def plain(self, token: Token) -> Node | None:
        text = token.text
        if text == "{":
            group = self.group(token)
            return group if group.items else None
        if text in ("(", "["):
            return self.fence(token, text)
        if text == "|":
            return self.bar(token)
        if text in (")", "]", "}"):
            raise Unclear(f"the {text} closes nothing", token.span)
        if text in ("&", "~"):
            return None
        if text.isprintable():
            return Sign(UNICODE.get(text, text), token.span)
        raise Unclear(f"the character U+{ord(text[0]):04X} is no mathematics", token.span)

    def space(self, token: Token) -> Node | None:
        """Spaces are nothing; \\left. begins what ends with a bar."""
        following = self.peek()
        if following is None or following.text != "." or token.name not in ("left", "right"):
            return None
        self.at += 1
        if token.name == "right":
            raise Unclear(r"\right. closes nothing", token.span)
        items = self.items(lambda each: each.name == "right")
        closing = self.next(r"\left.")
        bar = self.next(closing.text)
        if bar.text not in ("|", r"\rvert", "]"):
            raise Unclear(r"\left. is read where \right| closes it", bar.span)
        return Fence(".", "|", items, (token.start, bar.span[1]))

    def fence(self, token: Token, left: str) -> Fence:
        right = OPENING[left]

        def ends(each: Token) -> bool:
            return each.text == right or (each.is_macro and each.name in (right, RIGHTS.get(right)))

        items = self.items(lambda each: ends(each) or each.text in (")", "]", "}"))
        closed = self.peek()
        if closed is None or not ends(closed):
            if closed is not None and closed.text in (")", "]") and left in ("(", "["):
                raise Unclear(f"this {left} is closed by a {closed.text}", token.span)
            raise Unclear("this bracket is never closed", token.span)
        self.at += 1
        return Fence(BRACKET.get(left, left), right, items, (token.start, closed.span[1]))

    def bar(self, token: Token) -> Node | None:
        """|x|; or, with a subscript, the bar behind what is taken at some step."""
        following = self.peek()
        if following is not None and following.text == "_":
            return Sign("|", token.span)
        items = self.items(lambda each: each.text in ("|", ")", "]", "}"))
        closed = self.peek()
        if closed is None or closed.text != "|":
            raise Unclear("this bar has no partner", token.span)
        self.at += 1
        return Fence("|", "|", items, (token.start, closed.span[1]))

    def words(self, token: Token) -> Text:
        opened = self.next(token.text)
        if opened.text != "{":
            return Text(opened.text, (token.start, opened.span[1]))
        depth = 1
        while depth:
            each = self.next(token.text)
            depth += (each.text == "{") - (each.text == "}")
        return Text(self.text[opened.span[1] : each.start], (token.start, each.span[1]))

    def table(self, token: Token) -> Node | None:
        kind = token.text.partition("{")[2].rstrip("}").strip()
        bare = kind.rstrip("*")
        if token.text.startswith(r"\end"):
            raise Unclear(f"{token.text} ends nothing", token.span)
        if bare not in MATRICES:
            raise Unclear(f"{token.text} is no matrix", token.span)
        if bare == "array":
            self.argument(token.text)
        rows: list[list[Items]] = [[]]

        def ends(each: Token) -> bool:
            return each.text in ("&", "\\\\") or each.text.startswith(r"\end")

        while True:
            rows[-1].append(self.items(ends))
            sign = self.next(token.text)
            if sign.text == "\\\\":
                rows.append([])
            elif sign.text != "&":
                break
        if not any(rows[-1]):
            rows.pop()
        span = token.start, sign.span[1]
        if bare in ("aligned", "split"):
            return Fence("{", "}", tuple(node for row in rows for c in row for node in c), span)
        return Table(bare, tuple(map(tuple, rows)), span)


RIGHTS = {")": "rparen", "]": "rbrack", "rbrace": "}", "Vert": "|"}
UNICODE = {
    **{letter: f"\\{name}" for name, letter in GREEK.items()},
    **{"∂": r"\partial", "∇": r"\nabla", "·": "cdot", "⊙": "odot", "∘": "circ", "×": "times"},
    **{"−": "-", "–": "-", "⊤": r"\top", "≤": "leq", "≥": "geq", "≠": "neq", "∈": "in", "⋅": "cdot"},
    **{"∑": "sum", "Σ": "sum", "∏": "prod", "≈": "approx", "…": "dots", "←": "gets", "≡": "="},
    **{"′": r"\prime", "*": "*", "→": "to", "⇒": "Rightarrow", "ℓ": r"\ell"},
}
