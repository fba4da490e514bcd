"""What each equation of a module assigns, at numbered steps, and the identifiers for it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import count
from math import prod

from symrnn.derive.formula import (
    ALWAYS,
    Big,
    Equation,
    Formula,
    Immediate,
    Marked,
    Name,
    Odot,
    Product,
    Times,
    Total,
    Value,
)
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.spelling import time_text, unavailable
from symrnn.derive.notation.symbol import GREEK
from symrnn.derive.pieces import map_children, walk
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import STEPS, Add, Div, Neg, Num, Ref, Size

ACROSS = ("softmax", "logsumexp", "rowmax")
"""Functions of a row."""


def key_of(formula: Formula) -> Formula:
    """A formula as what has a name: ∂⁺ is the same whether or not it is all of ∂, and w^old w."""
    match formula:
        case Immediate():
            return replace(formula, alone=False)
        case Marked(arg=ref, mark="old"):
            return ref
        case Total(of=of, by=Marked() as by):
            return Total(of, key_of(by))
    return formula


def untimed(formula: Formula) -> Formula:
    """A formula of variables at all of their steps."""
    match formula:
        case Ref(name=name):
            return Ref(name)
        case Name():
            return replace(formula, at=ALWAYS)
        case Immediate():
            return Immediate(untimed(formula.of), untimed(formula.by))
        case Marked():
            return formula
    return map_children(formula, untimed)


def times(formula: Formula) -> list[Ref]:
    """The steps in a formula, from left to right, as references without a name."""
    parts = [part.at if isinstance(part, Name) else part for part in walk(formula)]
    return [Ref("", p.base, p.shift) for p in parts if isinstance(p, Ref) and p.base]


def assigned(equation: Equation) -> Formula:
    """What an equation gives a value; w = w - η ∂L/∂w gives a new w."""
    left, right = equation.left, right_of(equation)
    if isinstance(left, Ref) and left in walk(right):
        return Marked(left, "new")
    return key_of(left)


def right_of(equation: Equation) -> Formula:
    """The last right side that is in letters, not in numbers."""
    formulas = [r for r in equation.rights if not any(isinstance(p, Value) for p in walk(r))]
    return (formulas or equation.rights)[-1]


def exact_of(formula: Formula) -> Fraction | None:
    """The number that plain numbers come to: Python would divide them in floating point."""
    match formula:
        case Num(value=value):
            return value
        case Neg(arg=arg):
            found = exact_of(arg)
            return None if found is None else -found
        case Div(left=top, right=bottom):
            above, below = exact_of(top), exact_of(bottom)
            return above / below if above is not None and below else None
        case Add(terms=parts) | Times(factors=parts) | Odot(factors=parts) | Product(factors=parts):
            numbers = [number for number in map(exact_of, parts) if number is not None]
            if len(numbers) == len(parts):
                whole = sum(numbers) if isinstance(formula, Add) else prod(numbers)
                return Fraction(whole)
    return None


def instances(equation: Equation, steps: int) -> Iterator[Equation]:
    """An equation for each step at which it holds, t and T in it numbers."""
    bounds = sorted(equation.steps, key=lambda bound: bound.base)  # from 1 + a to T - b
    low, high = (_moved(bound, "T", steps).shift + 1 for bound in bounds or _ALL)
    parts = [part.at if isinstance(part, Name) else part for part in walk(equation.left)]
    indices = {part.base for part in parts if isinstance(part, Ref)} - {"", "1", "T"}
    if not indices:
        yield _placed(equation, "T", steps)
    for index in indices:
        for step in range(high, low - 1, -1):
            yield _placed(_placed(equation, "T", steps), index, step)


_ALL = (Ref("", "1"), Ref("", "T"))


def _placed(equation: Equation, index: str, step: int) -> Equation:
    left, *rights = (at_step(f, index, step) for f in (equation.left, *equation.rights))
    return replace(equation, left=left, rights=tuple(rights), steps=())


def at_step(formula: Formula, index: str, step: int) -> Formula:
    """The formula with a number for an index."""
    found = map_children(formula, lambda child: at_step(child, index, step))
    match found:
        case Ref():
            return _moved(found, index, step)
        case Size(width=width) if width == STEPS and index == "T":
            return Num(Fraction(step))
        case Name(at=at):
            return replace(found, at=_moved(at, index, step))
        case Big(low=low, high=high):
            return replace(found, low=_moved(low, index, step), high=_moved(high, index, step))
    return found


def _moved(ref: Ref, index: str, step: int) -> Ref:
    return Ref(ref.name, "1", step + ref.shift - 1) if ref.base == index else ref


class Names:
    """An identifier for everything that a module assigns or reads, no two alike."""

    def __init__(
        self, letters: Letters, defined: Mapping[Formula, Equation], whole: bool = False
    ) -> None:
        self.letters, self.whole = letters, whole
        self.names: dict[Formula, str] = {}
        self.taken = set(unavailable()) | set(ELEMENTWISE) | set(ACROSS)
        self._name_all(defined)

    def __getitem__(self, key: Formula) -> str:
        found = self.key(key)
        if found not in self.names and isinstance(found, Ref) and found.name:
            # a step that appears once a sum over time is written out
            self.names[found] = self.free(self.letters.python(found))
        return self.names[found]

    def get(self, key: Formula) -> str | None:
        return self.names.get(self.key(key))

    def key(self, formula: Formula) -> Formula:
        """What has a name: a variable at a step, or at all of its steps."""
        found = key_of(formula)
        return untimed(found) if self.whole else found

    def _name_all(self, defined: Mapping[Formula, Equation]) -> None:
        """The model's letters come first, then ∂L/∂v, then immediate derivatives."""
        used = {
            self.key(part): None
            for equation in defined.values()
            for formula in (equation.left, *equation.rights)
            for part in walk(formula)
        }
        used.update(dict.fromkeys(map(self.key, defined)))
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
