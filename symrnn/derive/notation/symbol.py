"""A symbol in LaTeX from an allow-list, taken apart.

Nothing else reaches a document, and a time can join the subscripts that are there.
"""

import re
from dataclasses import dataclass
from functools import cache
from unicodedata import normalize

from symrnn.errors import suggestion

MAX_SYMBOL = 60

_LOWER = (
    "alpha α, beta β, gamma γ, delta δ, epsilon ϵ, zeta ζ, eta η, theta θ, iota ι, kappa κ,"
    " lambda λ, mu μ, nu ν, xi ξ, pi π, rho ρ, sigma σ, tau τ, upsilon υ, phi ϕ, chi χ, psi ψ,"
    " omega ω, varepsilon ε, vartheta ϑ, varpi ϖ, varrho ϱ, varsigma ς, varphi φ"
)
_UPPER = (
    "Gamma Γ, Delta Δ, Theta Θ, Lambda Λ, Xi Ξ, Pi Π, Sigma Σ, Upsilon Υ, Phi Φ, Psi Ψ, Omega Ω"
)
GREEK: dict[str, str] = dict(pair.split() for pair in f"{_LOWER}, {_UPPER}".split(", "))
"""The Greek letters for which LaTeX has a macro of this name."""

ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307"}
FONTS = ("mathbf", "mathrm", "mathit", "mathcal", "mathsf", "boldsymbol")
SIGNS = {"ell": "ℓ", "prime": "′", "star": "⋆", "ast": "*", "dagger": "†"}
MACROS = (*GREEK, *ACCENTS, *FONTS, *SIGNS)


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to print, for LaTeX and for a terminal."""

    latex: str
    plain: str


@dataclass(frozen=True, slots=True)
class Glyph:
    r"""A symbol, taken apart.

    >>> x = glyph(r"\hat{x}'_{i, t-1}")
    >>> x.stem.latex, [piece.latex for piece in x.subs], [piece.plain for piece in x.sups]
    ('\\hat{x}', ['i', 't-1'], ['′'])
    """

    stem: Piece
    subs: tuple[Piece, ...] = ()
    sups: tuple[Piece, ...] = ()


class SymbolError(ValueError):
    """Why a text is no symbol."""


@cache
def glyph(symbol: str) -> Glyph:
    """The parts of a symbol; raises SymbolError for what is not on the allow-list."""
    if len(symbol) > MAX_SYMBOL:
        raise SymbolError(f"it has {len(symbol)} characters; at most {MAX_SYMBOL} are allowed")
    atoms = _Reader(_tokens(symbol)).whole()
    if any(atom.subs or atom.sups for atom in atoms[:-1]):
        raise SymbolError("only its last letter may have a subscript or a superscript")
    for atom in atoms:
        if atom.stem.latex in ("+", "-", "(", ")", ","):
            raise SymbolError(
                f"'{atom.stem.latex}' may stand in a subscript or superscript alone, so that a"
                " symbol stays one thing in a product"
            )
    stem = _joined([atom.stem for atom in atoms])
    return Glyph(stem, atoms[-1].subs, atoms[-1].sups)


def script(sign: str, pieces: tuple[Piece, ...]) -> Piece:
    """Pieces as one subscript or superscript: `_t`, `_{f,3}`, `^{(2)}`."""
    return Piece(latex_script(sign, pieces), plain_script(sign, pieces))


def latex_script(sign: str, pieces: tuple[Piece, ...]) -> str:
    if not pieces:
        return ""
    text = ",".join([piece.latex for piece in pieces])
    return sign + (text if sign == "_" and len(text) == 1 else f"{{{text}}}")


def plain_script(sign: str, pieces: tuple[Piece, ...]) -> str:
    if not pieces:
        return ""
    text = ",".join([piece.plain for piece in pieces])
    return sign + (text if text.isalnum() or len(text) == 1 or enclosed(text) else f"{{{text}}}")


def enclosed(plain: str) -> bool:
    """Whether brackets stand around the whole: (t), but not (1)(t)."""
    return plain[:1] == "(" and plain.find(")") == len(plain) - 1


def accented(accent: str, piece: Piece) -> Piece:
    r"""\hat{y} and ŷ."""
    if len(piece.plain) == 1:
        plain = normalize("NFC", piece.plain + ACCENTS[accent])
    else:
        plain = f"{accent}({piece.plain})"
    return Piece(f"\\{accent}{{{piece.latex}}}", plain)


_TOKEN = re.compile(r"\\[A-Za-z]+|[A-Za-z0-9_^{}(),'+\- ]")


def _tokens(symbol: str) -> list[str]:
    tokens, position = [], 0
    while position < len(symbol):
        match = _TOKEN.match(symbol, position)
        if match is None:
            raise SymbolError(
                f"{symbol[position]!r} may not stand in a symbol; letters, digits,"
                r" _ ^ { } ( ) , ' + - and macros such as \alpha, \hat{y}, \mathrm{in} may"
            )
        token = match.group()
        if token[0] == "\\" and token[1:] not in MACROS:
            near = suggestion(token[1:], list(MACROS)).replace("'", "'\\", 1)
            others = ", ".join(f"\\{macro}" for macro in (*ACCENTS, *FONTS, *SIGNS))
            raise SymbolError(
                f"{token} is not among the macros of symbols{near};"
                f" there are Greek letters, {others}"
            )
        if token != " ":
            tokens.append(token)
        position = match.end()
    return tokens


class _Reader:
    """Tokens to atoms: letters, macros with what they take, groups; each with its scripts."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.position = tokens, 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def whole(self) -> list[Glyph]:
        atoms = self.atoms()
        if self.peek() == "}":
            raise SymbolError("a } closes nothing; every brace needs its partner")
        if not atoms:
            raise SymbolError("it is empty; write at least a letter")
        return atoms

    def atoms(self) -> list[Glyph]:
        found: list[Glyph] = []
        while self.peek() not in ("", "}"):
            found += self.atom()
        return found

    def atom(self) -> list[Glyph]:
        """One atom; several if a group without scripts holds them."""
        inside = self.nucleus()
        subs: tuple[Piece, ...] = ()
        sups: tuple[Piece, ...] = ()
        primes: tuple[Piece, ...] = ()
        while self.peek() in ("_", "^", "'"):
            sign = self.next()
            if sign == "'":
                if sups:
                    raise SymbolError("a ' stands before a superscript, not after it: h'^2")
                primes += (Piece(r"\prime", "′"),)
            elif subs if sign == "_" else sups:
                word = "subscripts" if sign == "_" else "superscripts"
                raise SymbolError(f"two {word} on one letter; write one: a{sign}{{b,c}}")
            elif sign == "_":
                subs = self.script("_")
            else:
                sups = self.script("^")
        if not (subs or sups or primes):
            return inside
        if len(inside) == 1 and not (inside[0].subs or inside[0].sups):
            return [Glyph(inside[0].stem, subs, primes + sups)]
        body = _written(inside)
        return [Glyph(Piece(f"{{{body.latex}}}", f"({body.plain})"), subs, primes + sups)]

    def nucleus(self) -> list[Glyph]:
        token = self.next()
        if token == "{":
            return self.group()
        if token in ("_", "^", "'"):
            raise SymbolError(f"the {token} belongs to no letter; write the letter before it")
        name = token.removeprefix("\\")
        if token == name:
            return [Glyph(Piece(token, token))]
        if name in GREEK or name in SIGNS:
            return [Glyph(Piece(token, GREEK.get(name) or SIGNS[name]))]
        if self.peek() in ("", "}", "_", "^", "'"):
            raise SymbolError(f"{token} needs a letter: {token}{{x}}")
        body = _written(self.nucleus())
        if name in ACCENTS:
            return [Glyph(accented(name, body))]
        if name == "mathit" and len(body.latex) == 1 and body.latex.isalpha():
            return [Glyph(body)]  # a letter is italic anyway: the two would look alike
        return [Glyph(Piece(f"{token}{{{body.latex}}}", body.plain))]

    def group(self) -> list[Glyph]:
        inside = self.atoms()
        if self.next() != "}":
            raise SymbolError("a { is never closed; every brace needs its partner")
        if not inside:
            raise SymbolError("the braces {} hold nothing; fill them or leave them out")
        return inside

    def script(self, sign: str) -> tuple[Piece, ...]:
        if self.peek() in ("", "}"):
            raise SymbolError(f"nothing stands after the {sign}; write a letter or {{…}}")
        pieces: list[list[Glyph]] = [[]]
        for atom in self.nucleus():
            if atom == Glyph(Piece(",", ",")):
                pieces.append([])
            else:
                pieces[-1].append(atom)
        if not all(pieces):
            raise SymbolError("a comma needs something on either side: x_{i,j}")
        return tuple(_written(piece) for piece in pieces)


def _written(atoms: list[Glyph]) -> Piece:
    """Atoms side by side, with their scripts."""
    pieces: list[Piece] = []
    for atom in atoms:
        pieces += [atom.stem, script("_", atom.subs), script("^", atom.sups)]
    return _joined(pieces)


def _joined(pieces: list[Piece]) -> Piece:
    latex = ""
    for piece in pieces:
        macro = re.search(r"\\[A-Za-z]+\Z", latex)
        latex += " " if macro and piece.latex[:1].isalpha() else ""
        latex += piece.latex
    return Piece(latex, "".join(piece.plain for piece in pieces))
