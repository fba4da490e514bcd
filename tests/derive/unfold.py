"""Folded equations put apart again: every member of an index, every step, every term of a Σ; and
totals put into what reads them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from symrnn.derive.build import chain, odot, plus, product, times
from symrnn.derive.formula import (
    Alike,
    Big,
    Bracket,
    Chain,
    Equation,
    Formula,
    Odot,
    Over,
    Product,
    Sheet,
    Times,
)
from symrnn.derive.pieces import free_indices, map_children, walk
from symrnn.language.tree import Add, Ref


def unfolded(sheets: Iterable[Sheet]) -> Iterator[Equation]:
    """Every equation that sheets say."""
    for sheet in sheets:
        for equation in sheet.equations:
            for one in _of_each_step(_of_each_member(equation)):
                yield replace(one, rights=tuple(map(_with_terms, one.rights)))


def _sides(equation: Equation) -> tuple[Formula, ...]:
    return (equation.left, *equation.rights)


def _on_sides(equation: Equation, at: Iterable[Formula], **other: object) -> Equation:
    left, *rights = at
    return replace(equation, left=left, rights=tuple(rights), **other)  # type: ignore[arg-type]


def _of_each_member(equation: Equation) -> Iterator[Equation]:
    found = (part for side in _sides(equation) for part in free_indices(side))
    counts = {len(part.members) for part in found} or {1}
    (count,) = counts  # every index of an equation has as many members

    def member(formula: Formula, place: int) -> Formula:
        if isinstance(formula, Alike):
            return formula.members[place]
        if isinstance(formula, Over):
            return formula  # its index is its own
        return map_children(formula, lambda child: member(child, place))

    for place in range(count):
        yield _on_sides(equation, (member(side, place) for side in _sides(equation)))


def _of_each_step(equations: Iterable[Equation]) -> Iterator[Equation]:
    for equation in equations:
        if not equation.steps or any(bound.base != "1" for bound in equation.steps):
            yield equation
            continue
        low, high = sorted(bound.shift + 1 for bound in equation.steps)
        for step in range(low, high + 1):
            yield _on_sides(equation, (_at(s, step) for s in _sides(equation)), steps=())


def _at(formula: Formula, step: int) -> Formula:
    """A formula for t at a step, counted from 1."""
    match formula:
        case Ref(base="t", shift=shift):
            return Ref(formula.name, "1", step + shift - 1)
        case Bracket(body=body, at=Ref(base="t")):
            return Bracket(_at(body, step), Ref("", "1", step - 1))
        case Alike(members=members):
            moved = (_at(member, step) for member in members)
            return replace(formula, members=tuple(moved))  # type: ignore[arg-type]
    return map_children(formula, lambda child: _at(child, step))


def _with_terms(right: Formula) -> Formula:
    """A right side with the terms of each Σ from one numbered step to another."""
    found: list[Formula] = []
    for term in right.terms if isinstance(right, Add) else (right,):
        match term:
            case Big(sign="sum", index="t", low=Ref(base="1"), high=Ref(base="1"), body=body):
                steps = range(term.high.shift + 1, term.low.shift, -1)
                found += [each for step in steps for each in _summands(_at(body, step))]
            case _:
                found += _summands(term)
    return Add(tuple(found)) if len(found) > 1 else found[0]


def _summands(term: Formula) -> list[Formula]:
    """A term, or those that a Σ over members stands for."""
    if not isinstance(term, Over):
        return [term]
    return [each.left for each in _of_each_member(Equation(term.body, ()))]


def put_in(formula: Formula, known: Mapping[Formula, Formula]) -> Formula:
    """A formula with what some derivatives are in their place, put together anew."""
    if formula in known:
        return put_in(known[formula], known)
    if not any(part in known for part in walk(formula)):
        return formula
    match formula:
        case Chain(factors=factors):
            return chain(*(put_in(f, known) for f in factors))
        case Odot(factors=factors):
            return odot(*(put_in(f, known) for f in factors))
        case Product(factors=factors):
            return product(*(put_in(f, known) for f in factors))
        case Times(factors=factors):
            return times(*(put_in(f, known) for f in factors))
        case Add(terms=terms):
            return plus(put_in(t, known) for t in terms)
    return map_children(formula, lambda child: put_in(child, known))
