"""A symbol at a time, written: as LaTeX, as plain text, as an identifier."""

import builtins
import keyword
from collections.abc import Iterable
from functools import cache

from symrnn.derive.notation.glyph import Glyph, Piece, script
from symrnn.derive.notation.notation import Notation
from symrnn.language.tree import Ref

PRIME = Piece(r"\prime", "′")


class Writer:
    """Writes a symbol at a time in the way of a notation."""

    def __init__(self, notation: Notation) -> None:
        self.notation = notation

    def latex(self, symbol: Glyph, ref: Ref) -> str:
        symbol = self.timed(symbol, ref)
        below, above = script("_", symbol.subs), script("^", symbol.sups)
        # a time comes last: \delta^{O}_t, but h_2^{(t)}
        scripts = (above, below) if self.notation.time == "subscript" else (below, above)
        return symbol.stem.latex + "".join(piece.latex for piece in scripts)

    def plain(self, symbol: Glyph, ref: Ref) -> str:
        by_subscript = self.notation.time == "subscript"
        timed = self.timed(symbol, ref)
        below = raised(timed.subs, SUBSCRIPTS) if not symbol.subs else None
        above = raised(timed.sups, SUPERSCRIPTS)
        if below is None or above is None:
            below, above = script("_", timed.subs).plain, script("^", timed.sups).plain
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
