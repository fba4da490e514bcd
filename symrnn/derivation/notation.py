r"""Notations: small tables from the names of a model to the symbols that are printed for them.

A notation is a TOML file. Its symbols are LaTeX from an allow-list and are taken apart when they
are read (`glyph`), so that nothing else reaches a document, and a time can join their subscripts.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NoReturn
from unicodedata import normalize

from symrnn.errors import UsageError, suggestion
from symrnn.functions import ELEMENTWISE, LOSSES, ROW
from symrnn.language.expressions import NAME

SUFFIX = ".toml"
MAX_SYMBOL = 60
MAX_BYTES = 100_000

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


@dataclass(frozen=True)
class Notation:
    """Which symbols a model is printed with, and how time and products are written."""

    name: str
    symbols: Mapping[str, str]
    """A name of the model, and its symbol in LaTeX. What comes first has priority."""

    orientation: str = "row"
    """"row": x_t w; "column": W x_t."""

    time: str = "subscript"
    """"subscript": O_3; "superscript": h^{(3)}."""

    immediate: bool = True
    """Whether an immediate partial is printed as ∂⁺."""

    functions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    join: str = ","
    """What stands between a subscript and a time, where both are a single character."""

    strict: bool = True
    """Whether two names of a model with one symbol are an error. In the notations that come along,
    which know the names of several models, the second name is printed as if it had no entry."""


# symbols


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
    if not pieces:
        return Piece("", "")
    latex = ",".join(piece.latex for piece in pieces)
    plain = ",".join(piece.plain for piece in pieces)
    bare = sign == "_" and len(latex) == 1
    return Piece(
        sign + (latex if bare else f"{{{latex}}}"),
        sign + (plain if plain.isalnum() or len(plain) == 1 or enclosed(plain) else f"{{{plain}}}"),
    )


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


# files


def notations() -> dict[str, str]:
    """The name of every notation that comes along, with the first line of its file.

    >>> notations()["N5"]
    'Characters: h_t = f(W_{xh} x_t + W_{hh} h_{t-1} + b_h), column convention'
    """
    found = [f for f in (files("symrnn") / "notations").iterdir() if f.name.endswith(SUFFIX)]
    return {
        f.name.removesuffix(SUFFIX): f.read_text("utf-8").split("\n", 1)[0].removeprefix("# ")
        for f in sorted(found, key=lambda f: (f.name != "default" + SUFFIX, f.name))
    }


def load_notation(name: str) -> Notation:
    """A notation that comes along, by its name, or one of a .toml file, by its path."""
    if "/" in name or "\\" in name or name.endswith(SUFFIX):
        return read_notation(name, _read_file(name), name)
    known = notations()
    if name not in known:
        raise UsageError(
            f"unknown notation '{name[:60]}'{suggestion(name, list(known))}\n"
            f"there are {', '.join(known)} (a file's path has a / or ends in {SUFFIX})"
        )
    text = (files("symrnn") / "notations" / (name + SUFFIX)).read_text("utf-8")
    return read_notation(name, text, f"notation {name}", strict=False)


def read_notation(name: str, text: str, where: str, *, strict: bool = True) -> Notation:
    """The notation that a TOML text describes; `where` stands in front of error messages."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{where}: this is no TOML: {error}\na notation holds lines such as"
            " time = \"subscript\" and, under [symbols], w_h = 'W_{hh}' (in single quotes a \\"
            " stands for itself)"
        ) from None
    reader = _Table(where)
    reader.keys(table)
    return Notation(
        name,
        reader.symbols(table, "symbols"),
        reader.word(table, "orientation", ("row", "column")),
        reader.word(table, "time", ("subscript", "superscript")),
        reader.flag(table, "immediate", True),
        reader.symbols(table, "functions"),
        reader.word(table, "join", (",", "")),
        strict,
    )


def _read_file(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"cannot read the notation '{path}': {said}\n"
            f"expected a {SUFFIX} file, or one of {', '.join(notations())}"
        ) from None
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"{path} holds more than {MAX_BYTES:,} bytes; a notation is a few lines of symbols"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no UTF-8 text; save the notation as UTF-8") from None


FUNCTIONS = (*ELEMENTWISE, *LOSSES, *ROW)


class _Table:
    """What may stand in a notation's file."""

    KEYS = ("orientation", "time", "immediate", "join", "symbols", "functions")

    def __init__(self, where: str) -> None:
        self.where = where

    def fail(self, message: str) -> NoReturn:
        raise UsageError(f"{self.where}: {message}")

    def keys(self, table: dict[str, object]) -> None:
        for key in table:
            if key not in self.KEYS:
                near = suggestion(key, list(self.KEYS))
                if not near and isinstance(table[key], str):
                    near = "; a symbol stands under [symbols]"
                self.fail(f"unknown key '{key[:60]}'{near}\nthere are {', '.join(self.KEYS)}")

    def word(self, table: dict[str, object], key: str, words: tuple[str, ...]) -> str:
        value = table.get(key, words[0])
        if not isinstance(value, str) or value not in words:
            wanted = " or ".join(f'"{word}"' for word in words)
            self.fail(f"{key} = {_shown(value)}: expected {wanted}")
        return value

    def flag(self, table: dict[str, object], key: str, default: bool) -> bool:
        value = table.get(key, default)
        if not isinstance(value, bool):
            self.fail(f"{key} = {_shown(value)}: expected true or false, without quotes")
        return value

    def symbols(self, table: dict[str, object], key: str) -> Mapping[str, str]:
        entries = table.get(key, {})
        if not isinstance(entries, dict):
            self.fail(f"{key} = {_shown(entries)}: expected a table, a line [{key}] above its rows")
        for name, symbol in entries.items():
            here = f"[{key}] {name[:60]} = {_shown(symbol)}"
            if key == "functions" and name not in FUNCTIONS:
                near = suggestion(name, list(FUNCTIONS))
                self.fail(f"{here}: '{name[:60]}' is no function of the language{near}")
            if not NAME.match(name):
                self.fail(f"{here}: expected a name of the model, letters, digits and _")
            if not isinstance(symbol, str):
                self.fail(f"{here}: expected a symbol in quotes, such as 'W_{{hh}}'")
            try:
                glyph(symbol)
            except SymbolError as error:
                self.fail(f"{here}: this is no symbol: {error}")
        return MappingProxyType(dict(entries))


def _shown(value: object) -> str:
    text = f"'{value}'" if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= 70 else text[:67] + "..."
