"""Letters for what is alike: W_k for W_i, W_f and W_o, where k stands for i, f and o.

Symbols have a common letter where they differ in one piece only, and an index stands for it. The
index is a letter that nothing else in the document is printed with, so that a reader who puts i for
k has the symbol of the author.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.symbol import Glyph, Piece
from symrnn.language.tree import Ref

SMALL, LARGE = "kmpqrsuvgnwyz", "MNPQRSUVGKWYZ"
"""Letters for an index, the usual ones first; of matrices that have no letter in common the
large."""

INDICES = frozenset("tTijbB")
"""What steps and the sequences of a batch are called."""

MOST = 3
"""Letters that run together: (k, M, N) for (a, P, Q) and (b, R, S)."""

WORDS = re.compile(r"\\math[a-z]+\{[A-Za-z]{2,}\}|\\[A-Za-z]+")
"""A word of several letters, or a macro."""

Texts = tuple[Piece, ...]
"""What an index stands for, in turn."""


class Families:
    """The common letters of symbols in one document."""

    def __init__(self, letters: Letters, also: Iterable[str] = ()) -> None:
        """`also` is what is printed beside the letters: names of functions, states s_t."""
        self.letters = letters
        self._glyphs = letters.glyphs(plain=False), letters.glyphs(plain=True)
        self._taken = INDICES | set(_letters_in(letters)) | set(also)
        self._known: dict[tuple[bool, tuple[str, ...]], tuple[int, Texts] | None] = {}

    def texts(self, names: Sequence[str]) -> Texts | None:
        """The pieces in which the symbols of these names differ; None unless it is one."""
        latex, plain = (self._differing(names, plain) for plain in (False, True))
        if latex is None or plain is None:
            return None
        same = all(a.plain == b.plain for a, b in zip(latex[1], plain[1], strict=True))
        return latex[1] if same and latex[0] == plain[0] else None

    def glyph(self, names: Sequence[str], index: str, plain: bool) -> Glyph:
        """The symbol of one of these, with an index for the piece in which they differ."""
        own = self._glyphs[plain]
        found = self._differing(names, plain)
        assert found is not None
        place, texts = found
        parts = _parts(own[names[0]])
        before, after = (_cut(parts[place], texts[0], end) for end in (False, True))
        parts[place] = Piece(before.latex + index + after.latex, before.plain + index + after.plain)
        return _glyph(own[names[0]], parts)

    def indices(self, families: Sequence[Texts]) -> list[str] | None:
        """A letter for each of these, different ones; None if there are too many, or if one of
        them has a text of another: what crosses over is not to be read."""
        every = [text for texts in families for text in texts]
        if len(families) > MOST or len(set(every)) < len(every):
            return None
        found: list[str] = []
        for texts in families:
            large = all(each.plain.isupper() for each in texts)
            free = (c for c in (LARGE if large else SMALL) if c not in self._taken | set(found))
            letter = next(free, None)
            if letter is None:
                return None
            found.append(letter)
        return found

    def latex(self, refs: Sequence[Ref], index: str) -> str:
        return self.letters.spelt(self.glyph([ref.name for ref in refs], index, False), refs[0])

    def plain(self, refs: Sequence[Ref], index: str) -> str:
        glyph = self.glyph([ref.name for ref in refs], index, True)
        return self.letters.spelt(glyph, refs[0], plain=True)

    def _differing(self, names: Sequence[str], plain: bool) -> tuple[int, Texts] | None:
        """The place of the one piece in which symbols differ, and the texts there."""
        asked = plain, tuple(names)
        if asked not in self._known:
            self._known[asked] = _differing(names, self._glyphs[plain])
        return self._known[asked]


def _differing(names: Sequence[str], own: Mapping[str, Glyph]) -> tuple[int, Texts] | None:
    if not all(name in own for name in names):
        return None
    symbols = [own[name] for name in names]
    if len({(len(s.subs), len(s.sups)) for s in symbols}) > 1:
        return None
    columns = list(zip(*map(_parts, symbols), strict=True))
    places = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    if len(places) != 1:
        return None
    texts = _trimmed(columns[places[0]])
    return (places[0], texts) if len(set(texts)) == len(texts) else None


def _parts(symbol: Glyph) -> list[Piece]:
    return [symbol.stem, *symbol.subs, *symbol.sups]


def _glyph(like: Glyph, parts: Sequence[Piece]) -> Glyph:
    stem, *rest = parts
    subs = tuple(rest[: len(like.subs)])
    return replace(like, stem=stem, subs=subs, sups=tuple(rest[len(like.subs) :]))


def _trimmed(pieces: Sequence[Piece]) -> Texts:
    """What is left of pieces without what all begin or end with, if that is letters.

    >>> [piece.latex for piece in _trimmed((Piece("(1)", "(1)"), Piece("(2)", "(2)")))]
    ['1', '2']
    """
    texts = [piece.latex for piece in pieces]
    if any("\\" in piece.latex or piece.latex != piece.plain for piece in pieces):
        return tuple(pieces)
    least = min(map(len, texts))
    before = next((i for i in range(least) if len({t[i] for t in texts}) > 1), least)
    room = least - before
    after = next((i for i in range(room) if len({t[-1 - i] for t in texts}) > 1), room)
    cut = [text[before : len(text) - after] for text in texts]
    return tuple(Piece(c, c) for c in cut) if all(map(str.isalnum, cut)) else tuple(pieces)


def _cut(piece: Piece, text: Piece, end: bool) -> Piece:
    """What stands before or behind a text in a piece."""
    found = [whole.split(part, 1)[end] for whole, part in _both(piece, text)]
    return Piece(*found)


def _both(piece: Piece, text: Piece) -> Iterator[tuple[str, str]]:
    yield piece.latex, text.latex
    yield piece.plain, text.plain


def _letters_in(letters: Letters) -> Iterator[str]:
    """Every letter that is printed, but those of words."""
    symbols = letters.system.symbols
    printed = [letters.latex(Ref(name)) for name in symbols]
    printed += [name for symbol in symbols.values() for w in symbol.shape for name in w.names]
    printed += letters.notation.functions.values()
    for text in printed:
        yield from re.findall(r"[A-Za-z]", WORDS.sub("", text))
