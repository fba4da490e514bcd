r"""The structure of a line of TeX: letters, brackets, fractions, scripts; with their places.

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
    """A square root."""

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


def text_of(node: Node | None) -> str:
    """The text of a sign; nothing of anything else."""
    return node.text if isinstance(node, Sign) else ""


def base_of(node: Node | None) -> Node | None:
    """What scripts are put on."""
    return node.base if isinstance(node, Scripts) else node


def over(items: Items, otherwise: Span = (0, 1)) -> Span:
    """From the first of these to the last."""
    return (items[0].span[0], items[-1].span[1]) if items else otherwise


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ACCENTS = {name: name for name in words("hat bar tilde vec dot ddot")}
ACCENTS |= {"widehat": "hat", "overline": "bar", "widetilde": "tilde", "overrightarrow": "vec"}
FONTS = words(
    "mathbf boldsymbol bm mathrm mathit mathcal mathsf mathbb mathtt operatorname mathscr pmb"
    " mathnormal"
)
WORDS = words("text textrm textit textbf textnormal mbox textsf emph")
LETTERS = words("ell prime star dagger partial nabla infty top intercal")
OPERATORS = {
    **{name: name for name in words("cdot odot circ times otimes sum prod in neq leq geq to")},
    **{name: name for name in words("ll gg pm forall propto sim gets approx")},
    **dict.fromkeys(words("ldots dots cdots dotsc vdots"), "dots"),
    **dict.fromkeys(words("equiv coloneqq triangleq doteq"), "="),
    **{"le": "leq", "leqslant": "leq", "ge": "geq", "geqslant": "geq", "ne": "neq"},
    **{"simeq": "approx", "leftarrow": "gets", "rightarrow": "to", "lt": "<", "gt": ">"},
    **{"bullet": "cdot", "colon": ":", "mid": "|", "ast": "*", "#": "#", "div": "/"},
}
FUNCTIONS = words("tanh sinh cosh sin cos tan arctan exp log ln max min")
SPACES = words(
    "quad qquad displaystyle textstyle scriptstyle limits nolimits nonumber notag mathstrut strut"
    " allowbreak hfill rm bf it nobreak relax thinspace medspace thickspace enspace centering"
    " noindent left right big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm"
    " biggm Biggm , ; : ! > / \\"
)
SPACES = (*SPACES, " ", "\n")
SKIPPED = words("tag label hspace vspace phantom vphantom hphantom color eqref")
PLAIN = words("boxed underbrace overbrace underline mathop mathbin mathrel mathord")
SECOND = words("overset underset stackrel textcolor")
"""Macros of which the second argument counts."""

OPENING = {"(": ")", "[": "]", "lbrace": "rbrace", "lvert": "rvert", "lVert": "rVert"}
OPENING |= {"langle": "rangle", "lbrack": "rbrack", "lparen": "rparen", "Vert": "Vert"}
ALSO = {")": "rparen", "]": "rbrack", "rbrace": "}", "Vert": "|"}
"""Another name of what closes a bracket."""

PLAINLY = {"lbrack": "[", "lparen": "(", "lvert": "|", "lVert": "Vert"}
MATRICES = words("matrix pmatrix bmatrix Bmatrix smallmatrix array cases aligned split")
KNOWN = [*GREEK, *ACCENTS, *FONTS, *WORDS, *LETTERS, *OPERATORS, *FUNCTIONS, *SPACES, *SKIPPED]
KNOWN += [*PLAIN, *SECOND, *OPENING, *OPENING.values(), "frac", "dfrac", "tfrac", "sqrt"]
UNICODE = {letter: f"\\{name}" for name, letter in GREEK.items()}
UNICODE |= zip("∂∇⊤′ℓ", words(r"\partial \nabla \top \prime \ell"), strict=True)
UNICODE |= zip("·⋅⊙∘×−–≤≥", words("cdot cdot odot circ times - - leq geq"), strict=True)
UNICODE |= zip("≠∈∑Σ∏≈…←≡→", words("neq in sum sum prod approx dots gets = to"), strict=True)
TOKEN = re.compile(
    r"\\begin\s*\{[a-zA-Z]+\*?\}|\\end\s*\{[a-zA-Z]+\*?\}|\\[A-Za-z]+\*?|\\.|\d+(?:\.\d+)?|\.\d+|\S",
    re.DOTALL,
)
SEVERED = re.compile(r"\\right\s*\.(?:[\s&{}]|\\quad|\\qquad|\\!)*\\left\s*\.")
"""A bracket that stands on two lines: \\left( … \\right. \\left. … \\right)."""


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


def tokens(text: str, words: frozenset[str]) -> list[Token]:
    """The tokens of a line; letters one by one, but for the words that are names."""
    text = SEVERED.sub(lambda found: " " * len(found[0]), text)
    found: list[Token] = []
    position = 0
    while match := TOKEN.search(text, position):
        token, start = match[0], match.start()
        if words and token.isalpha() and not text[max(start - 1, 0) : start].isalpha():
            run = re.match(r"[A-Za-z]{2,40}", text[start : start + 41])
            token = run[0] if run is not None and run[0] in words else token
        found.append(Token(token, start))
        position = start + len(token)
    return found


def structure(text: str, words: frozenset[str] = frozenset()) -> Items:
    """A line as a sequence of nodes; raises Unclear."""
    return _Reader(text, tokens(text, words)).items(lambda token: False)


class _Reader:
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
                found.append(self.scripts(found.pop()))
            elif (node := self.node()) is not None:
                found.append(node)
        self.depth -= 1
        return tuple(found)

    def scripts(self, base: Node) -> Node:
        """Something with the scripts that follow."""
        scripts: dict[str, Items] = {}
        primes, end = 0, base.span[1]
        while (token := self.peek()) is not None and token.text in ("_", "^", "'"):
            self.at += 1
            end = token.span[1]
            if token.text == "'":
                primes += 1
                continue
            items, end = self.argument(token.text)
            if items and all(text_of(item) == r"\prime" for item in items):
                primes += len(items)
            elif token.text in scripts:
                word = "subscripts" if token.text == "_" else "superscripts"
                raise Unclear(f"two {word} on one letter", token.span)
            else:
                scripts[token.text] = items
        span = base.span[0], end
        return Scripts(base, scripts.get("_", ()), scripts.get("^", ()), primes, span)

    def argument(self, after: str) -> tuple[Items, int]:
        """What a macro or a script takes: a group, or one token; and where it ends."""
        token = self.next(after)
        if token.text == "{":
            group = self.group(token)
            return group.items, group.span[1]
        self.at -= 1
        if token.text[0].isdigit() and len(token.text) > 1:  # x_12 is x_1 2
            self.tokens[self.at] = Token(token.text[1:], token.start + 1)
            return (Sign(token.text[0], (token.start, token.start + 1)),), token.start + 1
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
        return Fence("{", items, (opened.start, closed.span[1]))

    def node(self) -> Node | None:
        """One node; None for a space."""
        token = self.next("it")
        if not token.is_macro:
            return self.plain(token)
        name = "Vert" if token.text == r"\|" else "lbrace" if token.text == r"\{" else token.name
        if token.text.startswith((r"\begin", r"\end")) and "{" in token.text:
            return self.table(token)
        if name in SPACES:
            return self.space(token)
        if name in OPENING:
            return self.fence(token, name)
        if name in WORDS:
            return self.words(token)
        if name in OPERATORS:
            return Sign(OPERATORS[name], token.span)
        if name in LETTERS or name in GREEK or name in FUNCTIONS:
            return Sign(token.text.rstrip("*"), token.span)
        return self.with_argument(token, name)

    def with_argument(self, token: Token, name: str) -> Node | None:
        """A macro with what it takes."""
        start = token.start
        if name in ("frac", "dfrac", "tfrac"):
            (top, _), (bottom, end) = self.argument(token.text), self.argument(token.text)
            return Ratio(top, bottom, (start, end))
        if name in SECOND:
            _, (items, end) = self.argument(token.text), self.argument(token.text)
            return items[0] if len(items) == 1 else Fence("{", items, (start, end))
        if name in SKIPPED:
            self.argument(token.text)
            return None
        following = self.peek()
        if name == "sqrt" and following is not None and following.text == "[":
            raise Unclear("only square roots are read", following.span)
        if name == "sqrt" or name in ACCENTS or name in FONTS or name in PLAIN:
            items, end = self.argument(token.text)
            if name == "sqrt":
                return Root(items, (start, end))
            if name not in PLAIN:
                return Styled(ACCENTS.get(name, name), items, (start, end))
            following = self.peek()
            if name.endswith("brace") and following is not None and following.text in "_^":
                self.at += 1
                _, end = self.argument(following.text)
            return Fence("{", items, (start, end))
        if name in OPENING.values() or name == "}":
            raise Unclear(f"{token.text} closes nothing", token.span)
        near = suggestion(name, KNOWN).replace("'", "'\\", 1)
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
        r"""Spaces are nothing; \left. begins what ends with a bar."""
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
        return Fence(".", items, (token.start, bar.span[1]))

    def fence(self, token: Token, left: str) -> Fence:
        right = OPENING[left]

        def ends(each: Token) -> bool:
            return each.text == right or (each.is_macro and each.name in (right, ALSO.get(right)))

        items = self.items(lambda each: ends(each) or each.text in (")", "]", "}"))
        closed = self.peek()
        if closed is None or not ends(closed):
            by = f"closed by a {closed.text}" if closed is not None else "never closed"
            raise Unclear(f"this bracket is {by}", token.span)
        self.at += 1
        return Fence(PLAINLY.get(left, left), items, (token.start, closed.span[1]))

    def bar(self, token: Token) -> Node:
        """|x|; or, with a subscript, the bar behind what is taken at some step."""
        following = self.peek()
        if following is not None and following.text == "_":
            return Sign("|", token.span)
        items = self.items(lambda each: each.text in ("|", ")", "]", "}"))
        closed = self.peek()
        if closed is None or closed.text != "|":
            raise Unclear("this bar has no partner", token.span)
        self.at += 1
        return Fence("|", items, (token.start, closed.span[1]))

    def words(self, token: Token) -> Text:
        opened = self.next(token.text)
        each, depth = opened, int(opened.text == "{")
        while depth:
            each = self.next(token.text)
            depth += (each.text == "{") - (each.text == "}")
        inside = self.text[opened.span[1] : each.start] if each is not opened else opened.text
        return Text(inside, (token.start, each.span[1]))

    def table(self, token: Token) -> Node:
        kind = token.text.partition("{")[2].rstrip("}").strip().rstrip("*")
        if token.text.startswith(r"\end") or kind not in MATRICES:
            raise Unclear(f"{token.text} begins no matrix", token.span)
        if kind == "array":
            self.argument(token.text)
        rows: list[list[Items]] = [[]]
        while True:
            rows[-1].append(
                self.items(lambda e: e.text in ("&", "\\\\") or e.text.startswith(r"\end"))
            )
            sign = self.next(token.text)
            if sign.text == "\\\\":
                rows.append([])
            elif sign.text != "&":
                break
        if not any(rows[-1]):
            rows.pop()
        span = token.start, sign.span[1]
        if kind in ("aligned", "split"):
            return Fence("{", tuple(node for row in rows for cell in row for node in cell), span)
        return Table(kind, tuple(map(tuple, rows)), span)
