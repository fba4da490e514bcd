"""Which references of a system may be printed."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from symrnn.derive.notation.notation import Notation
from symrnn.language.tree import Ref
from symrnn.system.system import System


class References:
    """The references of a system that may be printed: each name at every time that could count."""

    def __init__(self, system: System, notation: Notation) -> None:
        self.system, self.notation = system, notation

    def of(self, name: str) -> Iterator[Ref]:
        return self.times(name, self.system.symbols[name].timed)

    def times(self, name: str, timed: bool) -> Iterator[Ref]:
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


def _found(pattern: str, texts: Iterable[str]) -> set[int]:
    return {int(digits) for text in texts for digits in re.findall(pattern, text)}
