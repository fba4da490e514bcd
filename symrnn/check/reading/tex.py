r"""The structure of a line of TeX: letters, brackets, fractions, scripts; with their places."""

from collections.abc import Callable
from unicodedata import normalize

from symrnn.check.reading.nodes import (
    Fence,
    Items,
    Node,
    Ratio,
    Root,
    Scripts,
    Sign,
    Styled,
    Table,
    Text,
    Unclear,
    text_of,
)
from symrnn.check.reading.tokens import (
    ACCENTS,
    ALSO,
    FONTS,
    FUNCTIONS,
    KNOWN,
    LETTERS,
    MATRICES,
    OPENING,
    OPERATORS,
    PLAIN,
    PLAINLY,
    SECOND,
    SKIPPED,
    SPACES,
    UNICODE,
    WORDS,
    Token,
    tokens,
)
from symrnn.derive.notation.symbol import ACCENTS as DRAWN
from symrnn.derive.notation.symbol import GREEK
from symrnn.errors import suggestion

DEPTH = 100
"""So deep may groups and brackets be nested."""


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
                base = found.pop()
                if isinstance(base, Fence) and base.left == "{" and len(base.items) > 1:
                    *before, base = base.items  # they hang on the last letter
                    found += before
                found.append(self.scripts(base))
            elif (node := self.node()) is not None:
                members = bool(found) and text_of(found[-1]) == "in"
                found += (node,) if members else self.without_braces(node)
        self.depth -= 1
        return tuple(found)

    def without_braces(self, node: Node) -> Items:
        """Braces are not seen, unless something hangs on them."""
        following = self.peek()
        hung = following is not None and following.text in ("_", "^", "'")
        return node.items if isinstance(node, Fence) and node.left == "{" and not hung else (node,)

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
        match base:
            case Fence(left="{", items=(Fence(left="(" | "[") as bracket,)):
                base = bracket  # {(x)}^2
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
            self.words(token)
            items, end = self.argument(token.text)
            return items[0] if len(items) == 1 else Fence("{", items, (start, end))
        if name in SKIPPED:
            self.words(token)
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
        letters = normalize("NFD", text)
        style = next((name for name in DRAWN if letters[1:] == DRAWN[name]), "")
        if style:
            return Styled(style, (Sign(letters[0], token.span),), token.span)
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
