"""The last steps: each total from those behind it, and the gradients."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from symrnn.derive.build import product
from symrnn.derive.formula import Chain, Equation, Formula, Odot, Sheet, Total, Words
from symrnn.derive.paths import LOSS, Term
from symrnn.derive.pieces import map_children, walk
from symrnn.derive.recursion import Deltas
from symrnn.derive.views.common import ended, gradient, holds, least, recursion
from symrnn.derive.views.delta import needed, said, targets_of
from symrnn.derive.views.steps.alike import like
from symrnn.derive.views.steps.fine import Fine, Ways
from symrnn.derive.views.steps.reasons import joined, shapes
from symrnn.language.tree import Ref

PUT_IN = "the derivatives above put in"
PUT_IN_ROWS = "the derivatives above put in; a product with a diagonal matrix goes entry by entry"


def steps_back(
    fine: Fine,
    found: Deltas,
    names: Sequence[str],
    known: Iterable[str],
    local: Container[Formula],
    note: Words,
) -> Iterator[Sheet]:
    """Each total from those behind it, then the gradients; `known` and `local` have equations."""
    ways, make = Ways(fine, found, known, local), found.closed.term
    targets = targets_of(fine.coarse, found, names)
    nodes_ = needed(found, targets)
    plain = [(node, made) for node in nodes_ for made in recursion(found.paths, node, make)]
    gradients = [
        replace(gradient(found.paths, found.paths.terms(each), each, make), by_terms=False)
        for each in targets
    ]
    whole = ended([made for _, made in plain], gradients)
    explained = dict(
        zip(
            (made.left for _, made in plain),
            _explained(fine, ways, [m for _, m in plain], False),
            strict=True,
        )
    )
    zero = ("outside the steps nothing depends on it",)
    equations = [explained.get(e.left, replace(e, reasons=(zero,))) for e in whole]
    enough = holds(least(found.paths, [*nodes_, *targets]))
    about = (
        *([enough] if enough else []),
        *said(fine.coarse, nodes_),
        " " if nodes_ else "",
        *note,
    )
    if equations:
        yield Sheet(("Back from step to step",), tuple(equations), note=about)
    yield Sheet(("The gradients",), tuple(_explained(fine, ways, gradients, True)))


def _explained(
    fine: Fine, ways: Ways, equations: Sequence[Equation], ends: bool
) -> Iterator[Equation]:
    """Each equation with the chain that it comes from; what is like an earlier one says so."""
    before: list[Equation] = []
    told = False
    for made in equations:
        (right,) = made.rights
        alike = like(before, right)
        before.append(made)
        if alike:
            yield replace(made, reasons=(alike,))
            continue
        assert isinstance(made.left, Total)
        terms = ways.terms(made.left.by) if isinstance(made.left.by, Ref) else None
        if terms is None:
            yield replace(made, reasons=(("the local derivatives along every way, put together",),))
            continue
        first = ways.put_in(terms)
        if _plain(first) == _plain(right):
            yield replace(made, reasons=(_why(fine, terms, first, ends),))
            continue
        entries = not told and any(isinstance(part, Odot) for part in walk(right))
        told = told or entries
        why = _why(fine, terms, first, ends)
        put_in = (PUT_IN_ROWS if entries else PUT_IN,)
        yield replace(made, rights=(first, right), reasons=(why, put_in))


def _plain(formula: Formula) -> Formula:
    """The formula with no dots in it: what is printed with a dot and without is the same."""
    found = map_children(formula, _plain)
    return product(*found.factors) if isinstance(found, Chain) else found


def _why(fine: Fine, terms: Sequence[Term], first: Formula, ends: bool) -> Words:
    """Why a total is the sum of these chains, and the shapes of the first."""
    count = len(terms)
    factors = next((part.factors for part in walk(first) if isinstance(part, Chain)), ())
    check = shapes(fine.rows, factors)
    if ends:
        over = any(term.last.over for term in terms)
        last = {term.last.of.name for term in terms}
        used = "every step uses it: the shares add up" if over else "it is used once"
        if len(last) > 1:
            used = f"it is used in {len(last)} places: the shares add up"
        elif count > 1 and not over:
            used = f"{count} ways lead to it: the shares add up"
        return joined((used,), check)
    if count > 1:
        return joined((f"{count} ways lead on to the loss: what they carry is added",), check)
    (term,) = terms
    if term.start == LOSS:
        return joined(("the one way to the loss, derivative by derivative",), check)
    return joined(("every way to the loss goes on by ", term.start), check)
