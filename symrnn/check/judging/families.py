"""Letters that differ in what stands beside them alone mean the same: δ^f and δ^g are both ∂L/∂a,
or both the derivatives by the gates themselves, and both with the same sign."""

import re
from collections.abc import Iterator, Mapping

from symrnn.check.judging.values import Choices, Key
from symrnn.derive.formula import Formula, Total
from symrnn.language.tree import Neg, Ref

STEM = re.compile(r"\{*(\\?[^\^_ {}]+)")

Kind = tuple[bool, bool]
"""Whether a meaning has a minus, and whether it is by what goes into a function."""


def stem(letter: str) -> str:
    r"""A letter without what stands beside it.

    >>> stem(r"\\delta^{f}"), stem(r"{\\delta_{h}}"), stem("e")
    ('\\\\delta', '\\\\delta', 'e')
    """
    found = STEM.match(letter)
    return found[1] if found else letter


class Families:
    """The letters for which there is more than one meaning."""

    def __init__(self, meanings: Mapping[str, tuple[Formula, ...]], named: frozenset[str]) -> None:
        self.named = named
        self.kinds = {
            letter: tuple(map(self.kind, every))
            for letter, every in meanings.items()
            if len(every) > 1
        }
        self.meanings = meanings

    def kind(self, meaning: Formula) -> Kind:
        total = meaning.arg if isinstance(meaning, Neg) else meaning
        by = total.by if isinstance(total, Total) else None
        return isinstance(meaning, Neg), isinstance(by, Ref) and by.name not in self.named

    def is_either(self, letter: str) -> bool:
        """Whether one thing is a letter's value, and one what goes into the function for it."""
        return sorted(self.kinds[letter]) == [(a, b) for a in (False, True) for b in (False, True)]

    def are_alike(self, letter: str, other: str) -> bool:
        return stem(letter) == stem(other) and letter in self.kinds and other in self.kinds

    def chosen(self, choices: Choices, changed: Choices) -> dict[Key, object]:
        """The choices with these changed, and with them what has to be alike."""
        found = {**choices}
        for key, option in changed.items():
            found[key] = option
            if key[0] == "letter" and isinstance(option, int) and key[1] in self.kinds:
                found.update(self._others(key[1], option, found))
        return found

    def _others(self, letter: str, option: int, choices: Choices) -> Iterator[tuple[Key, object]]:
        minus, inside = self.kinds[letter][option]
        for other, kinds in self.kinds.items():
            now = choices.get(("letter", other))
            if other == letter or not isinstance(now, int) or not self.are_alike(letter, other):
                continue
            both = self.is_either(letter) and self.is_either(other)
            wanted = minus, inside if both else kinds[now][1]
            if kinds[now] != wanted:
                yield ("letter", other), self._nearest(other, now, wanted)

    def _nearest(self, letter: str, now: int, wanted: Kind) -> int:
        """The option of a kind, for the same variable where there is one."""
        every = self.meanings[letter]
        same = {every[now], Neg(every[now]), getattr(every[now], "arg", None)}
        found = [i for i, kind in enumerate(self.kinds[letter]) if kind == wanted]
        return next((i for i in found if every[i] in same), next(iter(found), now))
