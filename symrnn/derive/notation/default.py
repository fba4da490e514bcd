"""The symbol of a name that no notation gives one, by rule."""

from collections.abc import Iterable, Iterator
from itertools import count

from symrnn.derive.notation.glyph import ACCENTS, GREEK, Glyph, Piece, accented
from symrnn.derive.notation.writing import PRIME, side_by_side
from symrnn.language.table import ARITY

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
