r"""The tokens of a line, and the macros of the dialect.

Spaces, sizes and colours say nothing; what is not among the macros here is an error at its place.
"""

import re
from dataclasses import dataclass

from symrnn.check.claims import Span
from symrnn.derive.notation.spelling import SUBSCRIPTS as TO_SUBSCRIPTS
from symrnn.derive.notation.spelling import SUPERSCRIPTS as TO_SUPERSCRIPTS
from symrnn.derive.notation.symbol import GREEK


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ACCENTS = {name: name for name in words("hat bar tilde vec dot ddot")}
ACCENTS |= {"widehat": "hat", "overline": "bar", "widetilde": "tilde", "overrightarrow": "vec"}
ACCENTS |= {"overleftarrow": "overleftarrow"}
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
    " biggm Biggm , ; : ! > / \\ qed qedhere blacksquare square Box hfil"
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
        position = start + len(token)
        if run := SMALL.match(text, start):
            position = run.end()
            found += _small(run)
        else:
            found.append(Token(token, start))
    return found


SUBSCRIPTS = {chr(small): chr(letter) for letter, small in TO_SUBSCRIPTS.items()}
SUPERSCRIPTS = {chr(small): chr(letter) for letter, small in TO_SUPERSCRIPTS.items()}
del SUPERSCRIPTS["′"]
SMALL = re.compile(f"[{''.join(SUBSCRIPTS)}]+|[{''.join(SUPERSCRIPTS)}]+")
"""Letters that are below or above by themselves: what derivations print in a terminal."""


def _small(run: re.Match[str]) -> list[Token]:
    letters = SUBSCRIPTS if run[0][0] in SUBSCRIPTS else SUPERSCRIPTS
    start, end = run.span()
    inside = re.finditer(r"\d+|\D", "".join(letters[each] for each in run[0]))
    found = [Token(each[0], start + each.start()) for each in inside]
    sign = Token("_" if letters is SUBSCRIPTS else "^", start)
    return [sign, Token("{", start), *found, Token("}", end - 1)]
