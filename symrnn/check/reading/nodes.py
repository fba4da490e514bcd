r"""The structure of a line as data, and the macros of the dialect.

A structure says nothing of what a letter means. Spaces, sizes and colours are no part of it; what
is not among the macros here is an error at its place.
"""

from dataclasses import dataclass

from symrnn.check.claims import Span
from symrnn.derive.notation.symbol import GREEK


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
