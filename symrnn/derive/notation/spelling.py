"""How a symbol is spelt: by rule from its name, and at a time, as LaTeX, plain text, identifier."""

import builtins
import keyword
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import count

from symrnn.derive.notation.notation import Notation
from symrnn.derive.notation.symbol import (
    ACCENTS,
    GREEK,
    Glyph,
    Piece,
    accented,
    latex_script,
    plain_script,
)
from symrnn.language.table import ARITY
from symrnn.language.tree import Ref

PRIME = Piece(r"\prime", "′")


class Spelling:
    """Writes a symbol at a time in the way of a notation."""

    def __init__(self, notation: Notation) -> None:
        self.notation = notation

    def latex(self, symbol: Glyph, ref: Ref) -> str:
        symbol = self.timed(symbol, ref)
        below, above = latex_script("_", symbol.subs), latex_script("^", symbol.sups)
        # a time comes last: \delta^{O}_t, but h_2^{(t)}
        by_subscript = self.notation.time == "subscript"
        return symbol.stem.latex + (above + below if by_subscript else below + above)

    def plain(self, symbol: Glyph, ref: Ref) -> str:
        by_subscript = self.notation.time == "subscript"
        timed = self.timed(symbol, ref)
        below = raised(timed.subs, SUBSCRIPTS) if not symbol.subs else None
        above = raised(timed.sups, SUPERSCRIPTS)
        if below is None or above is None:
            below, above = plain_script("_", timed.subs), plain_script("^", timed.sups)
        return timed.stem.plain + (above + below if by_subscript else below + above)

    def timed(self, symbol: Glyph, ref: Ref) -> Glyph:
        """The symbol with the time among its scripts."""
        text = time_text(ref)
        if not text:
            return symbol
        if self.notation.time == "superscript":
            before = side_by_side(symbol.sups, ",")
            time = Piece(before.latex + f"({text})", before.plain + f"({text})")
            return Glyph(symbol.stem, symbol.subs, (time,))
        subs = (*symbol.subs, Piece(text, text))
        short = len(text) == 1 and len(symbol.subs) == 1 and len(symbol.subs[0].plain) == 1
        if short and not self.notation.join:
            subs = (side_by_side(subs, ""),)
        return Glyph(symbol.stem, subs, symbol.sups)


def side_by_side(pieces: Iterable[Piece], sign: str) -> Piece:
    found = list(pieces)
    return Piece(sign.join(p.latex for p in found), sign.join(p.plain for p in found))


def time_text(ref: Ref) -> str:
    """What is printed of a time.

    >>> [time_text(Ref("O", *time)) for time in (("1", 2), ("1", -1), ("T", 0), ("t", -1), ("", 0))]
    ['3', '0', 'T', 't-1', '']
    """
    if ref.base == "1":
        return str(ref.shift + 1)
    return f"{ref.base}{ref.shift:+d}" if ref.shift else ref.base


def identifier(stem: str, ref: Ref) -> str:
    time = time_text(ref).replace("-", "m").replace("+", "p")
    found = f"{stem}_{time}" if time else stem
    return found + "_" if found in unavailable() else found


@cache
def unavailable() -> frozenset[str]:
    """What an identifier may not be: keywords, and names that Python or SymPy has already.

    SymPy is imported for its list of names, which no list of ours could follow; whoever wants
    identifiers is about to import it anyway.
    """
    import sympy

    ours = ("np", "numpy", "sp", "sympy")
    return frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *sympy.__all__, *ours))


SUBSCRIPTS = str.maketrans("0123456789+-()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
SUPERSCRIPTS = str.maketrans(
    "0123456789+-()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW′",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ′",
)


def raised(pieces: Iterable[Piece], table: dict[int, int]) -> str | None:
    """The pieces in Unicode's small letters, if it has all of them."""
    plain = side_by_side(pieces, ",").plain
    return plain.translate(table) if all(ord(letter) in table for letter in plain) else None


SHORT = {
    **dict.fromkeys(("lam", "lamb", "lamda", "lambd", "lmbda"), "lambda"),
    **{"eps": "varepsilon", "gam": "gamma", "kap": "kappa", "Lam": "Lambda", "Gam": "Gamma"},
}
"""Names of Greek letters that Python does not allow, or nobody writes out."""


def default_symbol(name: str, time: str = "subscript") -> Glyph:
    r"""The symbol of a name that no notation gives one.

    >>> [default_symbol(name).stem.latex for name in ("yhat", "alpha", "Wi", "hidden", "tanh_c")]
    ['\\hat{y}', '\\alpha', 'W', '\\mathit{hidden}', '\\mathrm{tanh}']
    >>> [piece.latex for piece in default_symbol("b_forget_yhat").subs]
    ['\\mathrm{forget}', '\\hat{y}']
    """
    first, *rest = name.split("_")
    if not all(rest):
        return _spelt(name)[0]  # h_, h__2
    letters, digits = _split(first)
    stem, subs = _letter(letters), tuple(map(_subscript, rest))
    if stem is None and is_indexed(letters):
        stem, subs = Piece(letters[0], letters[0]), (Piece(letters[1], letters[1]), *subs)
    if stem is None:
        stem = Piece(f"\\{'mathrm' if first in ARITY else 'mathit'}{{{letters}}}", letters)
    if digits and time == "superscript":
        return Glyph(stem, (Piece(digits, digits), *subs))
    return Glyph(stem, subs, (Piece(f"({digits})", f"({digits})"),) if digits else ())


def is_indexed(word: str) -> bool:
    """Whether a word is a letter and an index, as Wi is; dt, th and ht are words.

    >>> [is_indexed(word) for word in ("Wi", "bf", "dt", "ht", "hidden")]
    [True, True, False, False, False]
    """
    return len(word) == 2 and "t" not in word and word[0] != "d"


def _split(word: str) -> tuple[str, str]:
    letters = word.rstrip("0123456789")
    return letters, word[len(letters) :]


def _letter(word: str) -> Piece | None:
    """One letter, Greek or with an accent, if the word is that."""
    name = SHORT.get(word, word)
    if name in GREEK:
        return Piece(f"\\{name}", GREEK[name])
    if len(word) == 1:
        return Piece(word, word)
    for accent in ACCENTS:
        inner = word.removesuffix(accent)
        if inner != word and (len(inner) == 1 or SHORT.get(inner, inner) in GREEK):
            return accented(accent, _letter(inner) or Piece(inner, inner))
    return None


def _subscript(word: str) -> Piece:
    letters, digits = _split(word)
    known = _letter(letters) if letters else Piece("", "")
    if known is None and not (len(letters) == 2 and is_indexed(letters)):
        known = Piece(f"\\mathrm{{{letters}}}", letters)
    known = known or Piece(letters, letters)
    return Piece(known.latex + digits, known.plain + digits)


def _spelt(name: str) -> tuple[Glyph, Glyph]:
    r"""The whole name as a symbol, which no other name has: \mathrm{h\_t}."""
    escaped = name.replace("_", r"\_")
    latex = f"\\mathrm{{{escaped}}}"
    return Glyph(Piece(latex, name)), Glyph(Piece(latex, escaped))


def or_spelt(wanted: Iterable[Glyph], name: str) -> Iterator[Glyph]:
    """The symbols, and then without end the name, with more and more primes."""
    yield from wanted
    yield from _spelt(name)
    last = _spelt(name)[-1]
    for number in count(1):
        yield Glyph(last.stem, sups=(side_by_side((PRIME,) * number, ""),))
