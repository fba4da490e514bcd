"""Equations at numbered steps: what each assigns, and from what."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import prod

from symrnn.derive.formula import (
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
    map_children,
    walk,
)
from symrnn.language.tree import STEPS, Add, Div, Neg, Num, Ref, Size


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
