"""The structure of a line as data: it says nothing of what a letter means."""

from dataclasses import dataclass

from symrnn.check.claims import Span


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
