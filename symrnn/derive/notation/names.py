"""The names that a system prints: at which times, and which of them the author did not write."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from symrnn.derive.notation.notation import Notation
from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Ref
from symrnn.system.symbols import Symbol
from symrnn.system.system import Pointwise, Row, System, uses


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


def owners(system: System, made: Collection[str]) -> dict[str, str]:
    """For each name that was made up the author's variable whose equation it is a part of.

    a_sqrt_h for sqrt(v + 1) in h[t] = tanh(x[t] / sqrt(v + 1))   =>   h
    """
    found: dict[str, str] = {}
    own = [e for e in system.equations if not is_derived(system.symbols[e.target.name])]
    readers = [(e.target.name, use.ref.name) for e in own for use in uses(e)]
    waiting = [(reader, name) for reader, name in readers if name in made and reader != name]
    while True:
        known = [(found.get(r, r), name) for r, name in waiting if r not in made or r in found]
        new = {name: owner for owner, name in reversed(known) if name not in found}
        if not new:
            return found
        found |= new


def is_derived(symbol: Symbol) -> bool:
    """Whether it is an adjoint or a gradient."""
    return symbol.role == "adjoint" or symbol.of is not None
