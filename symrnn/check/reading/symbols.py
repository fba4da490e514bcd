"""Symbols in print: how one is told from another, which step is said, and what stands above it.

A symbol is told by its stem and its scripts, fonts aside. The time is among its scripts: the last
of its subscripts, or a superscript in brackets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symrnn.check.reading.nodes import (
    Fence,
    Items,
    Node,
    Scripts,
    Sign,
    Styled,
    Text,
    text_of,
)
from symrnn.check.reading.tex import structure
from symrnn.check.reading.tokens import ACCENTS
from symrnn.derive.notation.symbol import Glyph
from symrnn.language.tree import Ref

Key = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A symbol: its stem, its subscripts and its superscripts, without a time."""

TRANSPOSED = (r"\top", "T", r"\intercal")
INDICES = frozenset("abcdefghijklmnpqrstuvT") | {r"\tau"}
"""What a step may be called."""

DIGITS = 6
"""Of a step, at most."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a symbol is: a name of the model, and whether it runs over time."""

    name: str
    timed: bool


Symbols = Mapping[tuple[Key, bool], Entry]
"""By a symbol, and whether a step is said: L and L_t may both be there."""


def canon(items: Items) -> str:
    r"""A sequence of letters, alike for whatever looks alike: \hat{y}, hh, (1)."""
    return "".join(map(_canon, items))


def _canon(node: Node) -> str:
    match node:
        case Sign(text=text):
            return text
        case Text(text=text):
            return "".join(text.split())
        case Styled(style=style, items=items) if style in ACCENTS:
            return f"\\{style}{{{canon(items)}}}"
        case Styled(items=items) | Fence(left="{", items=items):
            return canon(items)
        case Fence(left=("(" | "[") as left, items=items):
            return f"{left}{canon(items)}{')' if left == '(' else ']'}"
        case Scripts(base=base, below=below, above=above, primes=primes):
            subs, sups = canon(below), canon(above)
            return _canon(base) + "'" * primes + (subs and f"_{subs}") + (sups and f"^{sups}")
    return "\0"  # nothing of that kind is in a symbol


def key_of(symbol: Glyph) -> Key:
    def tags(which: str) -> tuple[str, ...]:
        return tuple(canon(structure(piece.latex)) for piece in getattr(symbol, which))

    return canon(structure(symbol.stem.latex)), tags("subs"), tags("sups")


def key_in(node: Node) -> Key:
    """The key of a symbol that says no step."""
    base, subs, sups = apart(node)
    return canon((base,)), tuple(map(canon, subs)), tuple(map(canon, sups))


def split(items: Items, sign: str = ",") -> list[Items]:
    """The parts between commas."""
    found: list[list[Node]] = [[]]
    for node in items:
        if text_of(node) == sign:
            found.append([])
        else:
            found[-1].append(node)
    return [tuple(part) for part in found]


def apart(node: Node) -> tuple[Node, list[Items], list[Items]]:
    """A symbol's stem, and its scripts between commas."""
    if isinstance(node, Fence) and node.left == "{" and len(node.items) == 1:
        return apart(node.items[0])
    if not isinstance(node, Scripts):
        return node, [], []
    base, below, above = apart(node.base)
    subs = [part for part in split(node.below) if part]
    sups = [part for part in split(node.above) if part]
    primes: list[Items] = [(Sign(r"\prime", node.span),)] * node.primes
    return base, [*below, *subs], [*above, *primes, *sups]


def time_of(items: Items) -> Ref | None:
    """The step that these letters are, as a reference without a name: t - 1, T, 3."""
    if len(items) == 1 and isinstance(items[0], Fence) and items[0].left in ("(", "langle"):
        return time_of(items[0].items)
    plain = (n.items[0] if isinstance(n, Styled) and len(n.items) == 1 else n for n in items)
    match [text_of(node) for node in plain]:
        case [number] if number.isdecimal():
            return Ref("", "1", int(number[:DIGITS]) - 1)
        case ["-", number] if number.isdecimal():
            return Ref("", "1", -int(number[:DIGITS]) - 1)
        case [base] if base in INDICES:
            return Ref("", base)
        case [base, "+" | "-" as sign, number] if base in INDICES and number.isdecimal():
            return Ref("", base, int(sign + number[:DIGITS]))
    return None


def is_index(ref: Ref) -> bool:
    """Whether it is a letter that may stand for any step."""
    return ref.base not in ("1", "T") and not ref.shift


def look_up(symbols: Symbols, node: Node) -> Iterator[tuple[Entry, Ref | None, str, Items]]:
    """What a symbol may be: an entry, the step, a mark such as old, and what remains above it.
    What uses more of the scripts as its own comes first; another case, last."""
    base, subs, sups = apart(node)
    marks = [canon(p) for p in (*subs, *sups) if canon(p) in ("new", "old")]
    subs, sups = ([p for p in ps if canon(p) not in ("new", "old")] for ps in (subs, sups))
    stem = canon((base,))
    for letter in dict.fromkeys((stem, stem.swapcase() if len(stem) == 1 else stem)):
        tried: set[tuple[Entry, Ref | None]] = set()
        for own, above, left in _above(sups):
            for tags, below in _below(subs):
                at = above if above is not None else below
                if above is not None and below is not None:
                    continue
                key = letter, tags, own
                entry = symbols.get((key, at is not None)) or symbols.get((key, at is None))
                if entry is not None and (entry, at) not in tried:
                    tried.add((entry, at))
                    yield entry, at, "".join(marks[:1]), left
        if tried:
            return


def _above(sups: list[Items]) -> Iterator[tuple[tuple[str, ...], Ref | None, Items]]:
    """Superscripts as those of a symbol, as a step, as a power."""
    yield tuple(map(canon, sups)), None, ()
    if not sups:
        return
    *before, last = sups
    own = tuple(map(canon, before))
    match last:
        case (*more, Scripts(base=Fence() as step, below=(), above=raised, primes=0)):
            last = (*more, step, *raised)  # h^{(t)^\top}
    for place, node in enumerate(last):
        if isinstance(node, Fence) and (at := time_of((node,))) is not None:
            yield (*own, *((canon(last[:place]),) if place else ())), at, last[place + 1 :]
    if text_of(last[0]) == "<" and ">" in (texts := [text_of(n) for n in last]):
        cut = texts.index(">")
        if (at := time_of(last[1:cut])) is not None:
            yield own, at, last[cut + 1 :]
    if (at := time_of(last)) is not None and at.base not in ("1", "T"):
        yield own, at, ()
    if not (len(last) == 1 and isinstance(last[0], Fence) and time_of(last) is not None):
        yield own, None, last
    hung = bool(before) and len(before[-1]) == 1 and isinstance(before[-1][0], Fence)
    if hung and (at := time_of(before[-1])) is not None:  # {h^{(t)}}^\top
        yield own[:-1], at, last


def _below(subs: list[Items]) -> Iterator[tuple[tuple[str, ...], Ref | None]]:
    """Subscripts as those of a symbol, with a step among them or without."""
    yield tuple(map(canon, subs)), None
    if not subs:
        return
    *before, last = subs
    own = tuple(map(canon, before))
    for cut in range(1, len(last)):
        if text_of(last[cut]) not in ("+", "-") and (at := time_of(last[cut:])) is not None:
            yield (*own, canon(last[:cut])), at
    digits = text_of(last[0]) if len(last) == 1 else ""
    if digits.isdecimal() and len(digits) < DIGITS:
        for cut in range(1, len(digits)):
            yield (*own, digits[:cut]), Ref("", "1", int(digits[cut:]) - 1)
    if (at := time_of(last)) is not None:
        yield own, at


def own_letter(symbols: Symbols, node: Node) -> tuple[str, Ref, Items]:
    """A letter of the writer's own: its LaTeX, its step, and what remains above it. A letter of
    the model below it is no step, but tells it from others: δ_h."""
    base, subs, sups = apart(node)
    at: Ref | None = None
    left: Items = ()

    def step(items: Items) -> Ref | None:
        found = time_of(items)
        if found is not None and found.base not in ("1", "t", "T"):
            return None if ((canon(items), (), ()), True) in symbols else found
        return found

    if len(sups) > 1 and canon(sups[-1]) in TRANSPOSED:  # {h^{(t)}}^\top
        left, sups = sups[-1], sups[:-1]
    if sups:
        *before, last = sups
        fenced = len(last) == 1 and isinstance(last[0], Fence)
        if fenced and (not subs or step(subs[-1]) is None) and (at := time_of(last)) is not None:
            sups = before
        elif not left and (canon(last[-1:]) in TRANSPOSED or canon(last).isdigit()):
            left, sups = last[-1:], [*before, last[:-1]] if len(last) > 1 else before
        elif not subs and (found := step(last)) is not None and found.base not in ("1", "T"):
            at, sups = found, before
    if subs and at is None:
        inside = subs[-1][0] if len(subs[-1]) == 1 else None
        known = next(look_up(symbols, inside), None) if isinstance(inside, Scripts) else None
        if known is not None and known[0].timed and inside is not None:  # δ_{h_t}
            at, subs = known[1], [*subs[:-1], (apart(inside)[0],)]
        elif (at := step(subs[-1])) is not None:
            subs = subs[:-1]
    key = canon((base,)), tuple(map(canon, subs)), tuple(map(canon, sups))
    return spelt(key), at or Ref(""), left


def spelt(key: Key) -> str:
    """A symbol in LaTeX, to which a step can be added below."""
    stem, subs, sups = key
    letter = stem + (f"^{{{','.join(sups)}}}" if sups else "")
    return f"{{{letter}_{{{','.join(subs)}}}}}" if subs else letter


def is_delta(letter: str) -> bool:
    """Whether this is a δ, with whatever is above or below it."""
    return letter.lstrip("{").startswith(r"\delta")
