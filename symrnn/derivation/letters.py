r"""A notation applied to a system: every reference as LaTeX, as plain text, as an identifier.

Within one system no two references are printed alike. Each name has a list of symbols that it
might have, best first; names take turns, and each takes the first symbol that differs, at every
time, from all that are taken. The last of the list is the name itself, \mathrm{h\_t}.
"""

import builtins
import keyword
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, cached_property
from itertools import count
from typing import TypeVar

from symrnn.derivation.notation import (
    ACCENTS,
    GREEK,
    Glyph,
    Notation,
    Piece,
    SymbolError,
    accented,
    glyph,
    script,
)
from symrnn.errors import UsageError
from symrnn.functions import ARITY, LOSSES
from symrnn.language.tree import Call, Ref
from symrnn.system.symbols import Symbol
from symrnn.system.system import Pointwise, Row, System

PRIME = Piece(r"\prime", "′")
LOSS, BEFORE, ADJOINT = Piece(r"\ell", "ℓ"), Piece("a", "a"), Piece(r"\delta", "δ")

S = TypeVar("S")
Taken = dict[str, str]
"""What is printed already, and for which name."""


class Letters:
    r"""How the names of a system are printed.

    `own` are the names that the author wrote; without them, what symrnn made up is told by the
    rules by which it makes names.

    >>> from symrnn.derivation.notation import load_notation
    >>> from symrnn.model import load
    >>> letters = Letters(load_notation("N3"), load("elman").adjoint)
    >>> letters.latex(Ref("O", "t", -1)), letters.latex(Ref("w_h")), letters.plain(Ref("O", "1", 2))
    ('h_{t-1}', 'W_{hh}', 'h₃')
    >>> letters.latex(Ref("d_a_O", "t")), letters.latex(Ref("d_a_yhat"))
    ('\\delta_t', '\\delta^{\\hat{y}}')
    """

    def __init__(self, notation: Notation, system: System, *, own: Collection[str] = ()) -> None:
        self.notation = notation
        self.system = system
        self._made = made_up(system, own)
        self._entries = {
            name: _entry(notation, name) for name in notation.symbols if name in system.symbols
        }
        self._glyphs: dict[str, Glyph] = {}
        self._choose()

    def latex(self, ref: Ref) -> str:
        """The reference as LaTeX: `O_{t-1}`. One without a name is its time alone: `t-1`."""
        if not ref.name:
            return time_text(ref)
        return self._latex(self._glyphs[ref.name], ref)

    def plain(self, ref: Ref) -> str:
        """The reference for a terminal: `Oₜ₋₁`, or `O_{T-1}` where Unicode has no subscript."""
        if not ref.name:
            return time_text(ref)
        return self._plain(self._plain_glyphs[ref.name], ref)

    def python(self, ref: Ref) -> str:
        """The reference as an identifier of Python that is no name of SymPy: `O_tm1`."""
        return _identifier(self._stems[ref.name], ref)

    # one way of writing for each purpose

    def _latex(self, symbol: Glyph, ref: Ref) -> str:
        symbol = self._timed(symbol, ref)
        below, above = script("_", symbol.subs), script("^", symbol.sups)
        # a time comes last: \delta^{O}_t, but h_2^{(t)}
        scripts = (above, below) if self.notation.time == "subscript" else (below, above)
        return symbol.stem.latex + "".join(piece.latex for piece in scripts)

    def _plain(self, symbol: Glyph, ref: Ref) -> str:
        by_subscript = self.notation.time == "subscript"
        timed = self._timed(symbol, ref)
        below = raised(timed.subs, SUBSCRIPTS) if not symbol.subs else None
        above = raised(timed.sups, SUPERSCRIPTS)
        if below is None or above is None:
            below, above = script("_", timed.subs).plain, script("^", timed.sups).plain
        return timed.stem.plain + (above + below if by_subscript else below + above)

    def _timed(self, symbol: Glyph, ref: Ref) -> Glyph:
        """The symbol with the time among its scripts."""
        text = time_text(ref)
        if not text:
            return symbol
        if self.notation.time == "superscript":
            before = _side_by_side(symbol.sups, ",")
            time = Piece(before.latex + f"({text})", before.plain + f"({text})")
            return Glyph(symbol.stem, symbol.subs, (time,))
        subs = (*symbol.subs, Piece(text, text))
        short = len(text) == 1 and len(symbol.subs) == 1 and len(symbol.subs[0].plain) == 1
        if short and not self.notation.join:
            subs = (_side_by_side(subs, ""),)
        return Glyph(symbol.stem, subs, symbol.sups)

    # who gets which symbol

    def _choose(self) -> None:
        """The author's names first, then what symrnn made up, then adjoints."""
        taken: Taken = {}
        self._reserve(taken)
        if self.notation.strict:
            for name in filter(self._entries.__contains__, self.system.symbols):
                self._insist(name, taken)
        for name in sorted(self._own, key=lambda n: _has_scripts(self._default(n))):
            if self._keeps_its_name(name):
                self._check_alike(name)
                self._glyphs[name] = self._take(name, (self._default(name),), taken)
        for name, entry in self._entries.items():
            if name not in self._glyphs:
                self._glyphs[name] = self._take(name, (entry, self._default(name)), taken)
        self._choose_made_up(taken)

    def _keeps_its_name(self, name: str) -> bool:
        return name not in self._glyphs and (
            name not in self._entries or self._entries[name] == self._default(name)
        )

    def _reserve(self, taken: Taken) -> None:
        """η is the learning rate, δ an adjoint, whatever the model holds."""
        taken[r"\eta"] = "η"
        for ref in self._times("", True):
            taken[self._latex(Glyph(ADJOINT), ref)] = "δ"

    def _insist(self, name: str, taken: Taken) -> None:
        """The symbol that a file gives a name, which nothing else may have."""
        entry = self._entries[name]
        marks = [self._latex(entry, ref) for ref in self._refs(name)]
        for mark in marks:
            if mark in taken:
                self._clash(name, taken[mark], mark)
        taken.update(dict.fromkeys(marks, name))
        self._glyphs[name] = entry

    def _check_alike(self, name: str) -> None:
        """A name without an entry may not be the symbol that a file gives another."""
        for other, entry in self._entries.items() if self.notation.strict else ():
            if entry == self._default(name):
                self._clash(other, name, self._latex(entry, Ref(other)))

    def _clash(self, name: str, other: str, mark: str) -> None:
        reserved = {"η": "the learning rate η", "δ": "the adjoints δ"}
        whose = f"'{name}' and {reserved.get(other) or repr(other)}"
        advice = "" if other in reserved else f" or '{other}'"
        raise UsageError(
            f"notation {self.notation.name}: {whose} would both be printed {mark};"
            f" give '{name}'{advice} another symbol under [symbols]"
        )

    def _choose_made_up(self, taken: Taken) -> None:
        variables = [s for s in self._symbols if s.name in self._made]
        before = [s.name for s in variables if s.timed and s.name.startswith("a_")]
        losses = [s.name for s in variables if s.name.startswith("l_")]
        for name in (s.name for s in variables if s.name not in self._glyphs):
            wanted: list[Glyph] = []
            if name.startswith("a_"):
                wanted += [Glyph(BEFORE)] if before == [name] else []
                wanted.append(self._tagged(BEFORE, self._tag(name, before)))
            elif name.startswith("l_"):
                wanted += [Glyph(LOSS)] if losses == [name] else []
                wanted.append(Glyph(LOSS, self._default(name).subs))
            else:
                wanted += self._counted(name)
            self._glyphs[name] = self._take(name, (*wanted, self._default(name)), taken)
        self._choose_adjoints(before, taken)

    def _choose_adjoints(self, before: list[str], taken: Taken) -> None:
        adjoints = [s for s in self._symbols if s.name not in self._glyphs]
        timed = [s.of.name for s in adjoints if s.timed and s.of and s.of.name in before]
        free = {mark: name for mark, name in taken.items() if name != "δ"}
        for symbol in adjoints:
            name, of = symbol.name, symbol.of
            wanted: list[Glyph] = []
            if of is not None and of.name in self._made:
                wanted += [Glyph(ADJOINT)] if timed == [of.name] and symbol.timed else []
                wanted.append(self._tagged(ADJOINT, self._tag(of.name, before)))
            elif of is not None and of.name in self._glyphs:
                wanted.append(self._barred(of))
            self._glyphs[name] = self._take(name, (*wanted, self._default(name)), free)

    def _take(self, name: str, wanted: Iterable[Glyph], taken: Taken) -> Glyph:
        """The first symbol that nothing else is printed with; the name itself if there is none."""
        return next(s for s in _or_spelt(wanted, name) if self._claim(name, s, self._latex, taken))

    def _claim(self, name: str, symbol: S, write: Callable[[S, Ref], str], taken: Taken) -> bool:
        """Whether no reference to the name would be printed like another; if so, it is taken."""
        marks = [write(symbol, ref) for ref in self._refs(name)]
        if any(mark in taken for mark in marks):
            return False
        taken.update(dict.fromkeys(marks, name))
        return True

    def _refs(self, name: str) -> Iterator[Ref]:
        return self._times(name, self.system.symbols[name].timed)

    def _times(self, name: str, timed: bool) -> Iterator[Ref]:
        """The references that may be printed of a name."""
        yield Ref(name)
        if not timed:
            return
        for number in (*range(13), *self._numbers):
            yield Ref(name, "1", number - 1)
        for number in (1, 2, 3, *self._shifts):
            yield Ref(name, "1", -number - 1)
        for base in ("t", "T", "k", "j"):
            yield Ref(name, base)
            for shift in (1, 2, 3, *self._shifts):
                yield Ref(name, base, shift)
                yield Ref(name, base, -shift)

    @cached_property
    def _numbers(self) -> list[int]:
        """Every number in a name or symbol: no other step could be mistaken for one of them."""
        texts = [*self.system.symbols, *self.notation.symbols.values()]
        return sorted(_found("[0-9]+", texts) - set(range(13)))

    @cached_property
    def _shifts(self) -> list[int]:
        """The same for shifts: `t-14` in a symbol, `tm14` in a name."""
        symbols = _found("[0-9]+", self.notation.symbols.values())
        return sorted((symbols | _found("(?<=[mp])[0-9]+", self.system.symbols)) - {0, 1, 2, 3})

    # the symbols that a name might have

    @cached_property
    def _symbols(self) -> list[Symbol]:
        return list(self.system.symbols.values())

    @cached_property
    def _own(self) -> list[str]:
        return [s.name for s in self._symbols if s.name not in self._made and not _derived(s)]

    def _default(self, name: str) -> Glyph:
        return default_symbol(name, self.notation.time)

    def _tagged(self, stem: Piece, tag: Piece) -> Glyph:
        """δ^{O}_t, or δ_O^{(t)} where superscripts are times."""
        if self.notation.time == "subscript":
            return Glyph(stem, sups=(tag,))
        return Glyph(stem, subs=(tag,))

    def _tag(self, name: str, before: list[str]) -> Piece:
        """What tells a pre-activation from others: its variable, or its layer."""
        if not name.startswith("a_"):
            return self._bare(self._glyphs[name])
        symbols = {other: self._of(other) for other in {*before, name}}
        layers = {symbol.sups for symbol in symbols.values()}
        if (
            len({symbol.stem for symbol in symbols.values()}) == 1
            and len(layers) == len(symbols) > 1
            and () not in layers
            and not any(symbol.subs for symbol in symbols.values())
        ):
            return _side_by_side(symbols[name].sups, ",")
        return self._bare(symbols[name])

    def _of(self, name: str) -> Glyph:
        """The symbol of the variable that a pre-activation belongs to: O for a_O and a_tanh_O."""
        variable = name.removeprefix("a_")
        if variable in self._made:
            prefix, _, rest = variable.partition("_")
            variable = rest if prefix in ARITY and rest else variable
        return self._glyphs.get(variable) or self._default(variable)

    def _bare(self, symbol: Glyph) -> Piece:
        """A symbol without time, as a piece of another."""
        return Piece(self._latex(symbol, Ref("")), self._plain(symbol, Ref("")))

    def _counted(self, name: str) -> list[Glyph]:
        """u'_n for u_n_2, the second of its kind."""
        stem, _, number = name.rpartition("_")
        if stem not in self._made or number != "2":
            return []
        first = self._default(stem)
        return [Glyph(first.stem, first.subs, (*first.sups, PRIME))]

    def _barred(self, of: Ref) -> Glyph:
        symbol = self._timed(self._glyphs[of.name], of)
        return Glyph(accented("bar", symbol.stem), symbol.subs, symbol.sups)

    # plain text and identifiers, chosen when they are first asked for

    @cached_property
    def _plain_glyphs(self) -> dict[str, Glyph]:
        taken: Taken = {"η": "η"}
        return {name: self._plain_glyph(name, taken) for name in self._glyphs}

    def _plain_glyph(self, name: str, taken: Taken) -> Glyph:
        """Fonts are lost in plain text, so that two symbols may have to be told apart again."""
        wanted = (self._glyphs[name], self._default(name))
        return next(s for s in _or_spelt(wanted, name) if self._claim(name, s, self._plain, taken))

    @cached_property
    def _stems(self) -> dict[str, str]:
        taken: Taken = {}
        made = [name for name in self.system.symbols if name not in self._own]
        return {name: self._stem(name, taken) for name in (*self._own, *made)}

    def _stem(self, name: str, taken: Taken) -> str:
        longer = (name + "_" * number for number in count())
        return next(stem for stem in longer if self._claim(name, stem, _identifier, taken))


# symbols by rule


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
    if stem is None and len(letters) == 2:
        stem, subs = Piece(letters[0], letters[0]), (Piece(letters[1], letters[1]), *subs)
    if stem is None:
        stem = Piece(f"\\{'mathrm' if first in ARITY else 'mathit'}{{{letters}}}", letters)
    if digits and time == "superscript":
        return Glyph(stem, (Piece(digits, digits), *subs))
    return Glyph(stem, subs, (Piece(f"({digits})", f"({digits})"),) if digits else ())


def _split(word: str) -> tuple[str, str]:
    letters = word.rstrip("0123456789")
    return letters, word[len(letters) :]


def _letter(word: str) -> Piece | None:
    """One letter, Greek or with an accent, if the word is that."""
    if word in GREEK:
        return Piece(f"\\{word}", GREEK[word])
    if len(word) == 1:
        return Piece(word, word)
    for accent in ACCENTS:
        inner = word.removesuffix(accent)
        if inner != word and (len(inner) == 1 or inner in GREEK):
            return accented(accent, _letter(inner) or Piece(inner, inner))
    return None


def _subscript(word: str) -> Piece:
    letters, digits = _split(word)
    known = _letter(letters) if letters else Piece("", "")
    if known is None and len(letters) > 2:
        known = Piece(f"\\mathrm{{{letters}}}", letters)
    known = known or Piece(letters, letters)
    return Piece(known.latex + digits, known.plain + digits)


def _spelt(name: str) -> tuple[Glyph, Glyph]:
    r"""The whole name as a symbol, which no other name has: \mathrm{h\_t}."""
    escaped = name.replace("_", r"\_")
    latex = f"\\mathrm{{{escaped}}}"
    return Glyph(Piece(latex, name)), Glyph(Piece(latex, escaped))


def _or_spelt(wanted: Iterable[Glyph], name: str) -> Iterator[Glyph]:
    """The symbols, and then without end the name, with more and more primes."""
    yield from wanted
    yield from _spelt(name)
    last = _spelt(name)[-1]
    for number in count(1):
        yield Glyph(last.stem, sups=(_side_by_side((PRIME,) * number, ""),))


def _entry(notation: Notation, name: str) -> Glyph:
    try:
        return glyph(notation.symbols[name])
    except SymbolError as error:
        raise UsageError(
            f"notation {notation.name}: the entry of '{name}' is no symbol: {error}"
        ) from None


def _side_by_side(pieces: Iterable[Piece], sign: str) -> Piece:
    found = list(pieces)
    return Piece(sign.join(p.latex for p in found), sign.join(p.plain for p in found))


def _found(pattern: str, texts: Iterable[str]) -> set[int]:
    return {int(digits) for text in texts for digits in re.findall(pattern, text)}


def _has_scripts(symbol: Glyph) -> bool:
    return bool(symbol.subs or symbol.sups)


# times


def time_text(ref: Ref) -> str:
    """What is printed of a time.

    >>> [time_text(Ref("O", *time)) for time in (("1", 2), ("1", -1), ("T", 0), ("t", -1), ("", 0))]
    ['3', '0', 'T', 't-1', '']
    """
    if ref.base == "1":
        return str(ref.shift + 1)
    return f"{ref.base}{ref.shift:+d}" if ref.shift else ref.base


def _identifier(stem: str, ref: Ref) -> str:
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
    plain = _side_by_side(pieces, ",").plain
    return plain.translate(table) if all(ord(letter) in table for letter in plain) else None


# names that symrnn made up


def made_up(system: System, own: Collection[str] = ()) -> frozenset[str]:
    """The variables that the author did not write: not in `own`, or named as `names` names them."""
    variables = {symbol.name for symbol in system.named("variable")}
    if own:
        return frozenset(variables - set(own))
    found: set[str] = set()
    for equation in system.equations:
        name = equation.target.name
        if name.startswith("u_"):  # u_n and u_n_2 are parts of a_n
            whole = {f"a_{name[2:]}", f"a_{name[2:].rpartition('_')[0]}"}
            found |= {name} if whole & variables else set()
        match equation:
            case (
                Pointwise(body=Call(function=function, args=args))
                | Row(function=function, args=args)
            ):
                prefix = "l" if function in LOSSES else function
                found |= {name} if name.startswith(f"{prefix}_") else set()
                read = {arg.name for arg in args if isinstance(arg, Ref)}
                found |= {inner for inner in read if inner.startswith("a_")}
    return frozenset(found & variables)


def _derived(symbol: Symbol) -> bool:
    """Whether it is an adjoint or a gradient."""
    return symbol.role == "adjoint" or symbol.of is not None
