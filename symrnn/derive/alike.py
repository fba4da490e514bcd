"""Which names are alike: those of gates, that are made of the same operands in the same way.

    a_i = x W_i + h U_i + b_i,   a_f = x W_f + h U_f + b_f   =>   W_i ~ W_f, U_i ~ U_f, b_i ~ b_f

Two variables are alike where a product of each has an operand in common and is the same but for the
name of what it is multiplied with, or where both are functions of what is alike. Then so are the
names that stand for each other in their terms. No name says anything, only where it stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product

from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Alike, Equation, Formula, Marked
from symrnn.derive.pieces import children, frame, map_children, walk
from symrnn.derive.recursion import deltas
from symrnn.derive.views.delta import forward
from symrnn.errors import EquationError
from symrnn.language.tree import Add, Call, Ref

Classes = Mapping[str, str]
"""For each name that is like others the first of them."""


def alike(formulas: Sequence[Formula]) -> Formula | None:
    """What is the same in all, or one of names at the same time; None for anything else."""
    first = formulas[0]
    if all(other == first for other in formulas):
        return first
    if not isinstance(first, Ref | Marked):
        return None
    leaves = [each for each in formulas if isinstance(each, Ref | Marked)]
    same = len(leaves) == len(formulas) and len({*map(nameless, leaves)}) == 1
    return Alike(tuple(leaves)) if same else None


def joined(
    formulas: Sequence[Formula], leaf: Callable[[Sequence[Formula]], Formula | None] = alike
) -> Formula | None:
    """The one formula that these are but for their leaves, for which `leaf` says what stands there;
    None if there is none.

    >>> a, b, h = Ref("a"), Ref("b"), Ref("h", "t")
    >>> joined([Add((h, a)), Add((h, b))]) == Add((h, Alike((a, b))))
    True
    """
    whole = leaf(formulas)
    first, *others = formulas
    kind = frame(first) if whole is None else ()
    if whole is not None or any(frame(other) != kind for other in others):
        return whole
    found = []
    for column in zip(*map(children, formulas), strict=True):
        whole = joined(column, leaf)
        if whole is None:
            return None
        found.append(whole)
    parts = iter(found)
    return map_children(first, lambda _: next(parts))


def nameless(formula: Formula) -> Formula:
    """What is the same of formulas that are alike."""
    if isinstance(formula, Ref):
        return Ref("", formula.base, formula.shift)
    if isinstance(formula, Marked):
        return replace(formula, arg=Ref(""))
    return map_children(formula, nameless)


def classes(derivation: Derivation) -> Classes:
    """The names of a model that are alike, made-up ones among them."""
    whole = derivation if derivation.truncate is None else replace(derivation, truncate=None)
    for found in (derivation.rolled, whole):  # what the views know of them is known here too
        try:
            return _classes(forward(found, deltas(found)))
        except EquationError:  # what it reads depends on T
            continue
    return {}


def _classes(equations: Sequence[Equation]) -> Classes:
    made = {e.left.name: _inside(e) for e in equations if isinstance(e.left, Ref)}
    near = list(_near(made))
    found = dict[str, str]()
    while True:
        before = dict(found)
        for one, other, inside, links in near:
            if inside is None or _known(found, *inside):
                _unite(found, one, other)
            for pairs, says_so in links:
                new = [pair for pair in pairs if not _known(found, *pair)]
                if len(new) == 1 and says_so:
                    _unite(found, *new[0])
        if found == before:
            return found


Pair = tuple[str, str]
Link = tuple[Sequence[Pair], bool]
"""Names that stand for each other, and whether the last of them that is not known to be like its
partner is so."""


def _near(made: Mapping[str, Formula]) -> Iterator[tuple[str, str, Pair | None, Sequence[Link]]]:
    """Two variables that may be alike: functions, with what these are of, or sums that share an
    operand, with the links between them."""
    forms = {name: {*map(nameless, _terms(inside))} for name, inside in made.items()}
    for (one, a), (other, b) in combinations(made.items(), 2):
        if forms[one].isdisjoint(forms[other]):
            continue
        if isinstance(a, Ref) and isinstance(b, Ref):
            yield one, other, (a.name, b.name), ()
        elif any(_shares(s, t) for s, t in product(_terms(a), _terms(b))):
            yield one, other, None, list(_links(_terms(a), _terms(b)))


def _inside(equation: Equation) -> Formula:
    """What goes into the function of one argument that a right side is."""
    body = equation.rights[0]
    while isinstance(body, Call) and len(body.args) == 1:
        body = body.args[0]
    return body


def _terms(formula: Formula) -> tuple[Formula, ...]:
    return formula.terms if isinstance(formula, Add) else (formula,)


def _shares(one: Formula, other: Formula) -> bool:
    """Whether two products are the same but for names, and have an operand in common."""
    whole = joined((one, other))
    if whole is None or isinstance(whole, Ref | Alike):
        return False
    return not isinstance(whole, Call) and any(isinstance(c, Ref) for c in children(whole))


def _links(one: Sequence[Formula], other: Sequence[Formula]) -> Iterator[Link]:
    """What the terms of two sums say: products, and what stands alone by its place."""
    for s, t in product(one, other):
        bare = _timeless(s), _timeless(t)
        whole = None if isinstance(s, Ref) else joined(bare)
        pairs = list(_differing(whole)) if whole is not None else []
        if pairs:
            yield pairs, len(pairs) > 1 or _shares(*bare)
    alone, others = ([t.name for t in terms if isinstance(t, Ref)] for terms in (one, other))
    for pair in zip(alone, others, strict=False) if len(alone) == len(others) else ():
        yield [pair], True


def _differing(whole: Formula) -> Iterator[tuple[str, str]]:
    for part in walk(whole):
        if isinstance(part, Alike):
            first, second = part.names
            yield first, second


def _timeless(formula: Formula) -> Formula:
    if isinstance(formula, Ref):
        return Ref(formula.name)
    return map_children(formula, _timeless)


def _known(found: Classes, one: str, other: str) -> bool:
    """Whether two names are alike as far as is known."""
    return one in found and found[one] == found.get(other)


def _unite(found: dict[str, str], one: str, other: str) -> None:
    if one == other:
        return
    a, b = found.setdefault(one, one), found.setdefault(other, other)
    for name, first in found.items():
        found[name] = a if first == b else first
