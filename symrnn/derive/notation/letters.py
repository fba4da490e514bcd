r"""A notation applied to a system: every reference as LaTeX, as plain text, as an identifier.

Within one system no two references are printed alike. Each name has a list of symbols that it
might have, best first; names take turns, and each takes the first symbol that differs, at every
time, from all that are taken. The last of the list is the name itself, \mathrm{h\_t}.
"""

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from itertools import count
from typing import TypeVar

from symrnn.derive.notation.names import References, is_derived, made_up, owners
from symrnn.derive.notation.notation import Notation
from symrnn.derive.notation.spelling import (
    PRIME,
    Spelling,
    default_symbol,
    identifier,
    or_spelt,
    side_by_side,
    time_text,
)
from symrnn.derive.notation.symbol import Glyph, Piece, SymbolError, accented, glyph
from symrnn.errors import UsageError
from symrnn.language.table import ARITY, TIME
from symrnn.language.tree import Ref
from symrnn.system.symbols import Symbol
from symrnn.system.system import System

LOSS, BEFORE, ADJOINT = Piece(r"\ell", "ℓ"), Piece("a", "a"), Piece(r"\delta", "δ")
SUM, MEAN = Piece("S", "S"), Piece("M", "M")
ARITHMETIC = ("sqrt", "square", "log", "abs", "sin", "cos")
"""What goes into them is no pre-activation."""

S = TypeVar("S")
Taken = dict[str, str]
"""What is printed already, and for which name."""


class Letters:
    r"""How the names of a system are printed.

    `own` are the names that the author wrote; without them, what symrnn made up is told by the
    rules by which it makes names. `whole` is the system with everything that was made up, where
    `system` does not hold all of it. What is named `later` leaves the symbols to the others.

    >>> from symrnn.derive.notation.notation import load_notation
    >>> from symrnn.model import load
    >>> letters = Letters(load_notation("N3"), load("elman").adjoint)
    >>> letters.latex(Ref("O", "t", -1)), letters.latex(Ref("w_h")), letters.plain(Ref("O", "1", 2))
    ('h_{t-1}', 'W_{hh}', 'h₃')
    >>> letters.latex(Ref("d_a_O", "t")), letters.latex(Ref("d_a_yhat"))
    ('\\delta_t', '\\delta^{\\hat{y}}')
    """

    def __init__(
        self,
        notation: Notation,
        system: System,
        *,
        own: Collection[str] = (),
        whole: System | None = None,
        later: Collection[str] = (),
    ) -> None:
        self.notation = notation
        self.system = system
        self._spelling, self._references = Spelling(notation), References(system, notation)
        self._made = made_up(system, own)
        whole = whole or system
        self._owners = owners(whole, made_up(whole, own))
        self._entries = {
            name: _entry(notation, name) for name in notation.symbols if name in system.symbols
        }
        self._glyphs: dict[str, Glyph] = {}
        self._latex: dict[Ref, str] = {}
        self._plain: dict[Ref, str] = {}
        self._later = later
        self._choose()

    def latex(self, ref: Ref) -> str:
        """The reference as LaTeX: `O_{t-1}`. One without a name is its time alone: `t-1`."""
        if not ref.name:
            return time_text(ref)
        if ref not in self._latex:
            self._latex[ref] = self._spelling.latex(self._glyphs[ref.name], ref)
        return self._latex[ref]

    def plain(self, ref: Ref) -> str:
        """The reference for a terminal: `Oₜ₋₁`, or `O_{T-1}` where Unicode has no subscript."""
        if not ref.name:
            return time_text(ref)
        if ref not in self._plain:
            self._plain[ref] = self._spelling.plain(self._plain_glyphs[ref.name], ref)
        return self._plain[ref]

    def python(self, ref: Ref) -> str:
        """The reference as an identifier of Python that is no name of SymPy: `O_tm1`."""
        return identifier(self._stems[ref.name], ref)

    def glyphs(self, plain: bool) -> dict[str, Glyph]:
        """The symbol of each name, without a time."""
        return self._plain_glyphs if plain else self._glyphs

    def spelt(self, symbol: Glyph, ref: Ref, plain: bool = False) -> str:
        """A symbol at the time of a reference."""
        return (self._spelling.plain if plain else self._spelling.latex)(symbol, ref)

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
        for name in self._later:
            wanted = self._tagged(BEFORE, self._tag(name, list(self._later)))
            self._glyphs[name] = self._take(name, (wanted, self._default(name)), taken)

    def _keeps_its_name(self, name: str) -> bool:
        return name not in self._glyphs and (
            name not in self._entries or self._entries[name] == self._default(name)
        )

    def _reserve(self, taken: Taken) -> None:
        """η is the learning rate, δ an adjoint, whatever the model holds."""
        taken[r"\eta"] = "η"
        for ref in self._references.times("", True):
            taken[self._spelling.latex(Glyph(ADJOINT), ref)] = "δ"

    def _insist(self, name: str, taken: Taken) -> None:
        """The symbol that a file gives a name, which nothing else may have."""
        entry = self._entries[name]
        marks = [self._spelling.latex(entry, ref) for ref in self._references.of(name)]
        for mark in marks:
            if mark in taken:
                self._clash(name, taken[mark], mark)
        taken.update(dict.fromkeys(marks, name))
        self._glyphs[name] = entry

    def _check_alike(self, name: str) -> None:
        """A name without an entry may not be the symbol that a file gives another."""
        for other, entry in self._entries.items() if self.notation.strict else ():
            if entry == self._default(name):
                self._clash(other, name, self._spelling.latex(entry, Ref(other)))

    def _clash(self, name: str, other: str, mark: str) -> None:
        reserved = {"η": "the learning rate η", "δ": "the adjoints δ"}
        whose = f"'{name}' and {reserved.get(other) or repr(other)}"
        advice = "" if other in reserved else f" or '{other}'"
        raise UsageError(
            f"notation {self.notation.name}: {whose} would both be printed {mark};"
            f" give '{name}'{advice} another symbol under [symbols]"
        )

    def _choose_made_up(self, taken: Taken) -> None:
        made = self._made - set(self._later)
        variables = [s for s in self._symbols if s.name in made]
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
                wanted += self._counted(name) or self._summed(name)
            self._glyphs[name] = self._take(name, (*wanted, self._default(name)), taken)
        self._choose_adjoints(before, taken)

    def _choose_adjoints(self, before: list[str], taken: Taken) -> None:
        adjoints = [s for s in self._symbols if s.name not in {*self._glyphs, *self._later}]
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
        return next(
            s for s in or_spelt(wanted, name) if self._claim(name, s, self._spelling.latex, taken)
        )

    def _claim(self, name: str, symbol: S, write: Callable[[S, Ref], str], taken: Taken) -> bool:
        """Whether no reference to the name would be printed like another; if so, it is taken."""
        marks = [write(symbol, ref) for ref in self._references.of(name)]
        if any(mark in taken for mark in marks):
            return False
        taken.update(dict.fromkeys(marks, name))
        return True

    # the symbols that a name might have

    @cached_property
    def _symbols(self) -> list[Symbol]:
        return list(self.system.symbols.values())

    @cached_property
    def _own(self) -> list[str]:
        return [s.name for s in self._symbols if s.name not in self._made and not is_derived(s)]

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
        owner = self._owner(name)
        mine = [other for other in before if self._owner(other) == owner]
        plain = [x for x in mine if x.removeprefix("a_").partition("_")[0] not in ARITHMETIC]
        first = f"a_{owner}" if f"a_{owner}" in mine else plain[0] if len(plain) == 1 else ""
        if name in mine and name != first:
            mine = [other for other in mine if other != first]
            return self._numbered(self._of(name), mine.index(name) + 1)
        symbols = {other: self._of(other) for other in {*before, name}}
        layers = {symbol.sups for symbol in symbols.values()}
        if (
            len({symbol.stem for symbol in symbols.values()}) == 1
            and len(layers) == len(symbols) > 1
            and () not in layers
            and not any(symbol.subs for symbol in symbols.values())
        ):
            return side_by_side(symbols[name].sups, ",")
        return self._bare(symbols[name])

    def _of(self, name: str) -> Glyph:
        """The symbol of the variable that a pre-activation belongs to: O for a_O and a_tanh_O."""
        variable = self._owner(name)
        return self._glyphs.get(variable) or self._default(variable)

    def _owner(self, name: str) -> str:
        """The variable whose equation what is called so is a part of."""
        variable = name.removeprefix("a_")
        if variable in self._made:
            prefix, _, rest = variable.partition("_")
            variable = rest if prefix in ARITY and rest else variable
        owner = self._owners.get(name, variable)
        return variable if owner == "L" or variable in self._own else owner

    def _numbered(self, symbol: Glyph, number: int) -> Piece:
        """(h,2): the second part of the equation of h."""
        bare = self._bare(symbol)
        return Piece(f"({bare.latex},{number})", f"({bare.plain},{number})")

    def _summed(self, name: str) -> list[Glyph]:
        """S_e for the sum of e over time."""
        prefix, _, rest = name.partition("_")
        if prefix not in TIME:
            return []
        of = self._glyphs.get(rest) or self._of(name)
        return [Glyph(SUM if prefix == "sum" else MEAN, (self._bare(of),))]

    def _bare(self, symbol: Glyph) -> Piece:
        """A symbol without time, as a piece of another."""
        return Piece(self._spelling.latex(symbol, Ref("")), self._spelling.plain(symbol, Ref("")))

    def _counted(self, name: str) -> list[Glyph]:
        """u'_n for u_n_2, the second of its kind."""
        stem, _, number = name.rpartition("_")
        if stem not in self._made or number != "2":
            return []
        first = self._default(stem)
        return [Glyph(first.stem, first.subs, (*first.sups, PRIME))]

    def _barred(self, of: Ref) -> Glyph:
        symbol = self._spelling.timed(self._glyphs[of.name], of)
        return Glyph(accented("bar", symbol.stem), symbol.subs, symbol.sups)

    # plain text and identifiers, chosen when they are first asked for

    @cached_property
    def _plain_glyphs(self) -> dict[str, Glyph]:
        taken: Taken = {"η": "η"}
        return {name: self._plain_glyph(name, taken) for name in self._glyphs}

    def _plain_glyph(self, name: str, taken: Taken) -> Glyph:
        """Fonts are lost in plain text, so that two symbols may have to be told apart again."""
        wanted = (self._glyphs[name], self._default(name))
        return next(
            s for s in or_spelt(wanted, name) if self._claim(name, s, self._spelling.plain, taken)
        )

    @cached_property
    def _stems(self) -> dict[str, str]:
        taken: Taken = {}
        made = [name for name in self.system.symbols if name not in self._own]
        return {name: self._stem(name, taken) for name in (*self._own, *made)}

    def _stem(self, name: str, taken: Taken) -> str:
        longer = (name + "_" * number for number in count())
        return next(stem for stem in longer if self._claim(name, stem, identifier, taken))


def _entry(notation: Notation, name: str) -> Glyph:
    try:
        return glyph(notation.symbols[name])
    except SymbolError as error:
        raise UsageError(
            f"notation {notation.name}: the entry of '{name}' is no symbol: {error}"
        ) from None


def _has_scripts(symbol: Glyph) -> bool:
    return bool(symbol.subs or symbol.sups)
