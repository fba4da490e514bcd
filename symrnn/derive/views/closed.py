"""`closed`: the chain with the local derivatives put in.

Common factors are pulled out, from the front: a b c + a b d e + a b d f => a b (c + d (e + f)).
"""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.derive.build import plus, times
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Equation, Formula, Product, Sheet, Times
from symrnn.derive.pieces import walk
from symrnn.derive.recursion import closed_of
from symrnn.derive.views.common import gradient, recursion, shared
from symrnn.language.tree import ONE, Add, Neg, Num, Ref

Factors = tuple[Formula, ...]

MOST = 8
"""Terms: brackets nested deeper than that help nobody."""

SHORTER = 0.8
"""The share of its letters that a second form may have: a number taken out of a sum of products of
matrices is not worth writing them all again."""


def factored(formula: Formula) -> Formula | None:
    """A sum of products of numbers with its common factors in front; None if there are none.

    >>> from symrnn.language.tree import Ref
    >>> a, b, c = Ref("a"), Ref("b"), Ref("c")
    >>> factored(Add((Times((a, b)), Times((a, c)))))
    Times(factors=(Ref(name='a', base='', shift=0), Add(terms=(Ref(name='b', base='', shift=0), \
Ref(name='c', base='', shift=0)))))
    """
    if not isinstance(formula, Add) or len(formula.terms) > MOST:
        return None
    terms = [_factors(term) for term in formula.terms]
    if any(isinstance(term, Neg) for term in formula.terms) or not _shared(terms):
        return None
    return _nested(terms)


def _nested(terms: Sequence[Factors]) -> Formula:
    """The first term beside all others, behind what they share."""
    if len(terms) == 1:
        return times(*terms[0])
    shared = _shared(terms)
    rests = [term[shared:] for term in terms]
    if _shared(rests[1:]):
        inner = plus((times(*rests[0]) if rests[0] else ONE, _nested(rests[1:])))
    else:
        inner = plus(times(*rest) if rest else ONE for rest in rests)
    return times(*terms[0][:shared], inner)


def _shared(terms: Sequence[Factors]) -> int:
    """How many factors all terms begin with."""
    count = 0
    for column in zip(*terms, strict=False):
        if any(factor != column[0] for factor in column):
            break
        count += 1
    return count


def _factors(term: Formula) -> Factors:
    return term.factors if isinstance(term, Times) else (term,)


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    make, paths = closed_of(derivation).term, derivation.paths
    sheets = [
        Sheet(
            ("Gradient with respect to ", target),
            (both_forms(gradient(paths, paths.terms(target), target, make)),),
            name,
        )
        for name in derivation.chosen(names)
        for target in derivation.targets(name)
    ]
    found: list[Equation] = [
        equation
        for node in derivation.totals(names)
        for equation in recursion(derivation.paths, node, make)
    ]
    return (*sheets, *shared(derivation, names, sheets, found))


def both_forms(equation: Equation) -> Equation:
    """The sum, and the same with common factors pulled out where there are any; of matrices where
    that makes it shorter."""
    (right,) = equation.rights
    other = factored(right)
    matrices = any(isinstance(part, Product) for part in walk(right))
    if other is None or (matrices and _letters(other) > SHORTER * _letters(right)):
        return equation
    return replace(equation, rights=(right, other))


def _letters(formula: Formula) -> int:
    return sum(isinstance(part, Ref | Num) for part in walk(formula))
