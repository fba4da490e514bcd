"""What is said of readings and conventions."""

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np

from symrnn.check.claims import Meanings
from symrnn.check.judging.choices import reading_words
from symrnn.check.judging.conventions import Convention, said
from symrnn.check.judging.judged import Claim, Settled
from symrnn.check.judging.outcome import close
from symrnn.check.judging.values import RANGES, Bounds, Key, reading_key
from symrnn.derive.formula import Formula, Immediate, Name, Total, Words
from symrnn.derive.pieces import walk
from symrnn.language.arrays import Array
from symrnn.language.tree import Neg, Ref


def derivatives(claim: Claim) -> Iterator[Total | Immediate]:
    for side in (claim.left, claim.right):
        yield from (part for part in walk(side) if isinstance(part, Total | Immediate))


def explained(
    claim: Claim, key: Key, chosen: object, wrong: Sequence[object]
) -> Iterator[str | Formula]:
    if key[0] == "range":
        low, high = cast("Bounds", chosen)
        yield from ("It holds if the sum over ", Name(key[1]), " runs from ", *_step(low))
        yield from (" to ", *_step(high), ".")
        return
    member = next(p for p in derivatives(claim) if reading_key(p) == key)
    yield "It holds if "
    yield from reading_words(key, chosen, member)
    others = [reading_words(key, each, member)[1] for each in wrong]
    yield f"; it fails if it{str(others[0]).replace(' is', ' is', 1)}."


def _step(ref: Ref) -> Words:
    if ref.base == "1":
        return (str(1 + ref.shift),)
    shift = f" - {-ref.shift}" if ref.shift < 0 else f" + {ref.shift}" if ref.shift else ""
    return (Name(ref.base), shift) if shift else (Name(ref.base),)


def meant(
    settled: Settled, tried: Sequence[Convention], meanings: Meanings, scalar: bool
) -> Iterator[str | Formula]:
    """Under which conventions a document was judged."""
    if scalar:
        yield "Only the scalar form was judged, in which every width is 1. "
    if told := said(settled.convention, tried):
        yield from ("Taken to be meant: ", *told, ". ")
    for key, option in settled.choices.items():
        if key[0] == "letter" and isinstance(option, int):
            meaning = meanings[key[1]][option]
            total = meaning.arg if isinstance(meaning, Neg) else meaning
            if isinstance(total, Total):  # of which a printer would make the letter again
                whole: Formula = Immediate(total.of, total.by, alone=True)
                whole = Neg(whole) if isinstance(meaning, Neg) else whole
                yield from (Name(key[1], Ref("", "t")), " is ", whole, ". ")
        if key[0] == "range" and option == RANGES[0]:
            yield from ("A sum over ", Name(key[1]), " without bounds runs from 1 to ")
            yield from (Name("T"), ". ")
        if key[0] == "order" and option:
            yield "The factors of a ∏ stand with the last step first. "


def times(pairs: Sequence[tuple[Array, Array]]) -> str:
    """What is to be said where each second array is the first one times the same number."""
    lefts = [left for left, right in pairs if left.shape == right.shape]
    if not pairs or len(lefts) < len(pairs):
        return ""
    left, right = (np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))
    if not left.any() or not right.any():
        return ""
    factor = float(right @ left / (left @ left))
    if not np.isfinite(factor) or not close(factor * left, right):
        return ""
    if close(-left, right):
        return "The sign is flipped: this is minus what is right."
    return f"This is {factor:.10g} times what is right."
