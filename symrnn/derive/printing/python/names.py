"""Identifiers for the left sides of equations and for what they read."""

from collections.abc import Mapping
from itertools import count

from symrnn.derive.formula import Equation, Formula, Immediate, Marked, Name, Total, walk
from symrnn.derive.notation.glyph import GREEK
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.writing import time_text, unavailable
from symrnn.derive.printing.python.code import ACROSS
from symrnn.derive.printing.python.steps import key_of
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Ref


class Names:
    """An identifier for everything that a module assigns or reads, no two alike."""

    def __init__(self, letters: Letters, defined: Mapping[Formula, Equation]) -> None:
        self.letters = letters
        self.names: dict[Formula, str] = {}
        self.taken = set(unavailable()) | set(ELEMENTWISE) | set(ACROSS)
        self._name_all(defined)

    def __getitem__(self, key: Formula) -> str:
        return self.names[key]

    def get(self, key: Formula) -> str | None:
        return self.names.get(key)

    def _name_all(self, defined: Mapping[Formula, Equation]) -> None:
        """The model's letters come first, then ∂L/∂v, then immediate derivatives."""
        used = {
            key_of(part): None
            for equation in defined.values()
            for formula in (equation.left, *equation.rights)
            for part in walk(formula)
        }
        used.update(dict.fromkeys(defined))
        for part in used:
            if isinstance(part, Ref) and part.name:
                self.names[part] = self.letters.python(part)
            elif isinstance(part, Marked):
                self.names[part.arg] = self.letters.python(part.arg)
        self.taken |= set(self.names.values())
        for kind in (Name, Marked, Total, Immediate):
            for part in used:
                if isinstance(part, kind) and part not in self.names:
                    self.names[part] = self._derived(part)

    def _derived(self, key: Name | Marked | Total | Immediate) -> str:
        if isinstance(key, Marked):
            return self.free(f"{self.names[key.arg]}_{key.mark}")
        if isinstance(key, Name):
            letter = _SPELT.get(key.letter, key.letter.removeprefix("\\"))
            time = time_text(key.at).replace("-", "m").replace("+", "p")
            return self.free(f"{letter}_{time}" if time else letter)
        name = f"d{self.names[key_of(key.of)]}_d{self.names[key_of(key.by)]}"
        if isinstance(key, Immediate) and name in self.taken:
            return self.free(f"{name}_immediate")
        return self.free(name)

    def free(self, wanted: str) -> str:
        """The name, with underscores behind it if it is taken."""
        found = next(n for n in (wanted + "_" * i for i in count()) if n not in self.taken)
        self.taken.add(found)
        return found


_SPELT = {sign: name for name, sign in GREEK.items()}
