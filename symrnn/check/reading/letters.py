"""One symbol at a time: a name of the model, a dimension, a letter of the writer's own."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction

from symrnn.check.claims import Span
from symrnn.check.reading.known import MOST_STEPS, Known
from symrnn.check.reading.nodes import (
    Items,
    Node,
    Scripts,
    Sign,
    Styled,
    Text,
    Unclear,
    base_of,
    text_of,
)
from symrnn.check.reading.pieces import NUMBERS, SOME, Measure, Piece
from symrnn.check.reading.powers import MOST_DIGITS, between, power_of_ten
from symrnn.check.reading.symbols import (
    TRANSPOSED,
    Entry,
    apart,
    canon,
    is_delta,
    key_in,
    look_up,
    own_letter,
    spelt,
    split,
    time_of,
)
from symrnn.derive.formula import Eye, Formula, Marked, Name, Ones, Zeros
from symrnn.derive.notation.spelling import time_text
from symrnn.errors import suggestion
from symrnn.language.tree import NARROW, Num, Pow, Ref, Size, Transpose, Width

RATE, COUNT = NUMBERS
RATES = (RATE, r"\alpha")
"""What the learning rate is called."""
ENTRIES = tuple("ijklmnrs")
"""What an entry of a vector may be numbered by."""


class Letters(ABC):
    """A place in a sequence of nodes, and the symbols there.

    `own` are the letters that the writer uses for something of his own. What there is a derivative
    by may lie `anywhere`: at a step outside 1…T the derivative is zero.
    """

    def __init__(
        self,
        known: Known,
        own: frozenset[str],
        items: Items,
        span: Span,
        anywhere: bool = False,
    ) -> None:
        self.known, self.own, self.items, self.span = known, own, items, span
        self.anywhere, self.at = anywhere, 0
        self.measure = Measure(known)

    enclosed = False
    """Whether these stand in brackets."""

    def inner(self, items: Items, span: Span, anywhere: bool = False) -> Piece:
        """Another sequence, read by itself."""
        return type(self)(self.known, self.own, items, span, anywhere).whole()

    @abstractmethod
    def whole(self) -> Piece:
        """All of the sequence."""

    def peek(self, ahead: int = 0) -> Node | None:
        place = self.at + ahead
        return self.items[place] if place < len(self.items) else None

    def sign(self, ahead: int = 0) -> str:
        """The sign that stands here, if it is one."""
        return text_of(self.peek(ahead))

    # symbols

    def symbol(self, node: Node) -> Piece:
        """What a symbol stands for."""
        if isinstance(node, Text):
            raise Unclear(f"'{node.text.strip()[:40]}' are words", node.span)
        found = list(look_up(self.known.symbols, node))
        fitting = [f for f in found if f[0].timed == (f[1] is not None)]
        if fitting:
            (entry, at, mark, left), *others = fitting
            if any(other[0] != entry and other[3] == left for other in others):
                raise Unclear(f"this may be {entry.name} or {others[0][0].name}", node.span)
            return self.named(entry.name, at, mark, left, node)
        letter, at, left = own_letter(self.known.symbols, node)
        if letter == r"\delta" and not at.base and (named := self.delta_of(node)) is not None:
            return named
        if letter in self.own or letter in self.known.states or is_delta(letter):
            return self.raised(Piece(Name(letter, at), node.span), left, node.span)
        for entry, step, mark, left in found if not self.known.scalar else ():
            vector = NARROW in self.measure.named(entry.name)
            if vector and step is not None and step.base in ENTRIES and not step.shift:
                piece = self.named(entry.name, None, mark, left, node)
                return Piece(piece.formula, piece.span, piece.parts, step.base)
        if (size := self.size(node)) is not None:
            return size
        if letter in RATES:
            return Piece(Name(RATE), node.span)
        if (entry_of := self.entry(node)) is not None:
            return entry_of
        raise self.unknown(found, node)

    def delta_of(self, node: Node) -> Piece | None:
        """δ beside a symbol, δ h_t, is a letter for it."""
        following = self.peek()
        for entry, at, mark, left in look_up(self.known.symbols, following) if following else ():
            if following is not None and entry.timed and at is not None and not mark:
                self.at += 1
                letter = rf"\delta {canon((apart(following)[0],))}"
                span = node.span[0], following.span[1]
                return self.raised(Piece(Name(letter, at), span), left, span)
        return None

    def named(self, name: str, at: Ref | None, mark: str, left: Items, node: Node) -> Piece:
        """A name of the model, with what stands above it."""
        ref = Ref(name) if at is None else Ref(name, at.base, at.shift)
        if not self.anywhere and self.known.is_outside(ref):
            raise Unclear(f"there is no step {time_text(Ref('', ref.base, ref.shift))} of this",
                          node.span)  # fmt: skip
        if ref.base == "1" and ref.shift >= MOST_STEPS:
            raise Unclear(f"only the first {MOST_STEPS} steps are tried", node.span)
        made: Formula = Marked(ref, mark) if mark else ref
        return self.raised(Piece(made, node.span), left, node.span)

    def entry(self, node: Node) -> Piece | None:
        r"""An entry of what has a step: \hat y_{t,i}, o_i^{(t)}."""
        base, subs, _ = apart(node)
        if self.known.scalar or not subs or not isinstance(node, Scripts):
            return None
        index = canon(subs[-1])
        rest = tuple(n for part in subs[:-1] for n in (*part, Sign(",", node.span)))[:-1]
        if index not in ENTRIES or not (rest or node.above):
            return None
        inside = Scripts(base, rest, node.above, node.primes, node.span)
        for entry, at, mark, left in look_up(self.known.symbols, inside):
            if entry.timed and at is not None:
                piece = self.named(entry.name, at, mark, left, inside)
                return Piece(piece.formula, piece.span, piece.parts, index)
        return None

    def size(self, node: Node) -> Piece | None:
        """A dimension; a lone I."""
        if (width := self.width_of((node,))) is not None:
            return Piece(Size(width), node.span)
        base = base_of(node)
        above = node.above if isinstance(node, Scripts) else ()
        if base is None or (isinstance(node, Scripts) and node.below):
            return None
        if (width := self.width_of((base,))) is not None:
            return self.raised(Piece(Size(width), base.span), above, node.span)
        if canon((base,)) == "I" and not self.known.scalar:
            return self.raised(Piece(Eye(SOME), base.span), above, node.span)
        return None

    def unknown(self, found: Sequence[tuple[Entry, Ref | None, str, Items]], node: Node) -> Unclear:
        shown = canon((node,)).replace("\0", "")[:40]
        if found and found[0][0].timed:
            if canon(found[0][3]) == "T" and self.known.notation.time == "superscript":
                return Unclear(f"{shown}: T may be a step or a transpose; write (T) or \\top",
                               node.span)  # fmt: skip
            return Unclear(f"{shown} runs over time, and no step is said", node.span)
        step = found[0][1].base if found and found[0][1] is not None else ""
        if found and (step in ("", "1", "t", "T") or shown[:1] == found[0][0].name[:1]):
            return Unclear(f"{shown}: {found[0][0].name} is the same at every step", node.span)
        return Unclear(f"{shown or 'this'} is not known{self.instead(node, shown)}", node.span)

    def instead(self, node: Node, shown: str) -> str:
        """What may be meant by a letter that is not known: one that looks alike, a state."""
        base, subs, sups = apart(node)
        stem = canon((base,))
        alike = [k for k, _ in self.known.symbols if len(stem) > 2 or k[0].lower() == stem.lower()]
        alike = [key for key in alike if key[0][:1] == "\\" or stem[:1] != "\\"]
        if near := suggestion(shown, [_plain(spelt(key)) for key in alike]):
            return near
        steps = [step for part in (*subs, *sups) if (step := time_of(part)) is not None]
        timed = any(step.base in ("1", "t", "T") for step in steps)
        if timed and stem.isalpha() and len(states := self.known.carried) == 1:
            return did_you_mean(stem, states[0])
        printed = {spelt(key).replace("{", "").replace("}", "") for key, _ in self.known.symbols}
        every = (_plain(spelt(key)) for key, _ in self.known.symbols)
        kept = [each for each in dict.fromkeys(every) if "{" in each or each in printed]
        return f"; the model has {', '.join(kept[:12])}"

    # widths and constants

    def width_of(self, items: Items) -> Width | None:
        """A sum of dimensions and numbers: H, H_f + H_b, n_{C} + 1."""
        total = Width()
        for part in split(items, "+"):
            number = text_of(part[0]) if part else ""
            count = int(number) if number.isdigit() and len(number) < 10 else None
            if len(part) == 1 and count is not None:
                total += Width((), count)
                continue
            if len(part) == 2 and count is not None and count < 100:
                part = part[1:]
            width = self.known.sizes.get(key_in(part[0])) if len(part) == 1 else None
            if width is None:
                return None
            total += sum([width] * (count or 1), Width())
        return total

    def constant(self, node: Scripts) -> Piece | None:
        r"""\mathbf 1_H, \mathbf I_H and \mathbf 0_H with their widths below; an indicator."""
        letter, base = canon((node.base,)), node.base
        if letter not in ("1", "I", "0") or not node.below or not isinstance(base, Styled | Sign):
            return None
        parts = split(node.below, "times")
        widths = [width for part in parts if (width := self.width_of(part)) is not None]
        if len(widths) != len(parts) or len(parts) > 2:
            return self.indicator(node) if letter == "1" else None
        made: Formula = Ones(widths[0]) if letter == "1" else Eye(widths[0])
        if letter == "0":
            made = Zeros(widths[0], widths[1]) if len(widths) == 2 else Zeros(NARROW, widths[0])
        return self.raised(Piece(made, node.span), node.above, node.span)

    def indicator(self, node: Scripts) -> Piece | None:
        r"""\mathbf 1_{i,y}: an entry of a target of which one is 1."""
        parts = [p for each in split(node.below) for p in split(each, "=")]
        if len(parts) != 2:
            return None
        for index, target in (parts, parts[::-1]):
            name = canon(index)
            if len(name) == 1 and name.isalpha() and len(target) == 1:
                piece = self.symbol(target[0])
                ref = piece.formula
                symbols = self.known.derivation.plain.symbols
                if isinstance(ref, Ref) and symbols[ref.name].role in ("target", "input"):
                    return Piece(ref, node.span, (), name)
        return None

    def number(self, text: str, span: Span) -> Piece:
        if len(text) > MOST_DIGITS:
            raise Unclear("this number has too many digits", span)
        if not text.replace(".", "").isdecimal():
            raise Unclear("this is no number", span)
        return Piece(Num(Fraction(text)), span)

    def count(self, node: Node) -> Piece:
        r"""\# and words: the number of parameters."""
        end = node.span[1]
        while isinstance(following := self.peek(), Text | Styled) or self.sign().isalpha():
            if following is None or self.sign() in ("approx", "gets"):
                break
            end = following.span[1]
            self.at += 1
        return Piece(Name(COUNT), (node.span[0], end))

    # powers

    def raised(self, piece: Piece, above: Items, span: Span) -> Piece:
        """A power or a transpose; the place of the whole."""
        if not above:
            return Piece(piece.formula, span, piece.parts, piece.entry)
        if canon(above) in TRANSPOSED:
            return Piece(Transpose(piece.formula), span, (piece,))
        exponent = between(above) or self.inner(above, span)
        ten = power_of_ten(piece.formula, exponent.formula)
        if ten is not None:
            return Piece(ten, span)
        made: Formula = Pow(piece.formula, exponent.formula)
        return Piece(made, span, (piece, exponent), piece.entry)


def did_you_mean(letter: str, name: str) -> str:
    return f"; did you mean {name}? Then say so: --map '{letter}_t={name}_t'"


def _plain(letter: str) -> str:
    return letter[1:-1] if letter.startswith("{") else letter
