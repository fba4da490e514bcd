"""Equations and terms that are the same at each of several steps as one, for t.

∂c_3/∂f_3 = diag(c_2),  ∂c_2/∂f_2 = diag(c_1)   =>   ∂c_t/∂f_t = diag(c_{t-1}),  t = 3, 2
x_2ᵀ δ_2 + x_1ᵀ δ_1                             =>   Σ_{t=1}^{2} x_tᵀ δ_t
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from symrnn.derive.formula import Alike, Big, Bracket, Equation, Formula, Marked, Name, Times
from symrnn.derive.pieces import map_children, walk
from symrnn.language.tree import Add, Neg, Ref

# equations


def at_steps(equations: Sequence[Equation]) -> list[Equation]:
    """The equations with those that are the same at steps behind each other as one, where the
    first of them stands."""
    places: dict[object, list[tuple[int, int]]] = {}
    for place, equation in enumerate(equations):
        found = general(equation)
        if found is not None:
            step, whole = found
            places.setdefault(whole, []).append((step, place))
    whole_at: dict[int, Equation] = {}
    gone: set[int] = set()
    for each, members in places.items():
        assert isinstance(each, Equation)
        for run in _runs(sorted(members, reverse=True)):
            if len(run) > 1:
                steps = Ref("", "1", run[0][0] - 1), Ref("", "1", run[-1][0] - 1)
                first = min(place for _, place in run)
                whole_at[first] = replace(each, steps=steps)
                gone |= {place for _, place in run} - {first}
    return [whole_at.get(i, e) for i, e in enumerate(equations) if i not in gone]


def _runs(members: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Pieces of steps that lie next to each other, the last first."""
    run: list[tuple[int, int]] = []
    for member in members:
        if run and member[0] != run[-1][0] - 1:
            yield run
            run = []
        run.append(member)
    yield from [run] if run else []


def general(equation: Equation) -> tuple[int, Equation] | None:
    """The step of an equation, and the same for t; None where it belongs to no step."""
    sides = (equation.left, *equation.rights)
    if equation.steps or not all(map(_can_move, sides)):
        return None
    steps = [ref.shift + 1 for ref in _refs(equation.left) if ref.base]
    if not steps:
        return None
    left, *rights = (moved(side, -steps[0]) for side in sides)
    return steps[0], replace(equation, left=left, rights=tuple(rights))


# terms


def summed_up(equation: Equation) -> Equation:
    """The equation with terms of its sums that are the same from step to step as a Σ."""
    return replace(equation, rights=tuple(map(_summed_up, equation.rights)))


def _summed_up(right: Formula) -> Formula:
    if not isinstance(right, Add):
        return within_batch(right, _summed_up)
    runs: list[tuple[Formula, list[int], list[Formula]]] = []
    for term in right.terms:
        step, whole = _general_term(term)
        if step and runs and runs[-1][0] == whole and _goes_on(runs[-1][1], step):
            runs[-1] = whole, [*runs[-1][1], step], [*runs[-1][2], term]
        else:
            runs.append((whole, [step], [term]))
    found = [
        Big("sum", "t", Ref("", "1", min(steps) - 1), Ref("", "1", max(steps) - 1), whole)
        if len(terms) > 1
        else terms[0]
        for whole, steps, terms in runs
    ]
    return found[0] if len(found) == 1 else Add(tuple(found))


def within_batch(formula: Formula, f: Callable[[Formula], Formula]) -> Formula:
    """The formula with something done to what is averaged over a batch."""
    match formula:
        case Big(index="b", body=body):
            return replace(formula, body=f(body))
        case Times() | Neg():
            return map_children(formula, lambda child: within_batch(child, f))
    return formula


def _goes_on(steps: Sequence[int], step: int) -> bool:
    """Whether a step is next to the last of these, on the same way, up or down."""
    way = steps[-1] - steps[-2] if len(steps) > 1 else step - steps[-1]
    return abs(way) == 1 and step == steps[-1] + way


def _general_term(term: Formula) -> tuple[int, Formula]:
    """The step of a term, and the term for t; 0 where it belongs to none."""
    inner = term.body if isinstance(term, Bracket) else term
    steps = Counter(ref.shift + 1 for ref in _refs(inner) if ref.base)
    if not steps or not _can_move(inner):
        return 0, term
    most = max(steps, key=lambda step: (steps[step], step))
    if isinstance(term, Bracket):
        if term.at.base != "1":
            return 0, term
        most = term.at.shift + 1
    return most, moved(term, -most)


# steps


def moved(formula: Formula, by: int) -> Formula:
    """A formula at numbered steps as one for t, which was step -by."""
    match formula:
        case Ref(base="1"):
            return _moved(formula, by)
        case Bracket(body=body, at=at):
            return Bracket(moved(body, by), _moved(at, by))
        case Alike(members=members):
            return replace(formula, members=tuple(_moved_member(m, by) for m in members))
    return map_children(formula, lambda child: moved(child, by))


def _moved(ref: Ref, by: int) -> Ref:
    return Ref(ref.name, "t", ref.shift + 1 + by)


def _moved_member(member: Ref | Marked, by: int) -> Ref | Marked:
    return _moved(member, by) if isinstance(member, Ref) and member.base else member


def _can_move(formula: Formula) -> bool:
    """Whether all steps are numbers, and nothing binds an index."""
    refs = [ref for ref in _refs(formula) if ref.base]
    bound = (part for part in walk(formula) if isinstance(part, Big | Name | Bracket))
    return all(ref.base == "1" for ref in refs) and not any(bound)


def _refs(formula: Formula) -> Iterator[Ref]:
    for part in walk(formula):
        if isinstance(part, Ref):
            yield part
        elif isinstance(part, Alike):
            yield from part.refs
