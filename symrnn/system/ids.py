"""Inputs and targets as class ids: each id stands for a one-hot row.

    x[t] @ W          the row of W that x[t] says
    ce(y[t], p[t])    -log of the entry of p[t] that y[t] says

Ids have no arithmetic: whatever else a text does with such a name is refused.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from symrnn.errors import EquationError, UsageError, suggestion
from symrnn.language.printer import show_definition, show_ref
from symrnn.language.tree import Call, Declaration, Expr, MatMul, Ref, Transpose, Written, children
from symrnn.system.graph import at_step
from symrnn.system.occurrences import fault
from symrnn.system.resolve import resolve

LOSSES_BY_ID = ("ce", "ce_logits")


def with_ids(written: Written, ids: Sequence[str]) -> Written:
    """The text with these names known to hold one-hot rows; refused where ids are not enough.

    >>> from symrnn.language.parse import parse
    >>> text = parse("h[t] = tanh(x[t] @ W); L = mean(ce(y[t], softmax(h[t])))")
    >>> [declaration.name for declaration in with_ids(text, ["x", "y"]).declarations]
    ['x', 'y']
    """
    if not ids:
        return written
    symbols = resolve(written)
    given = [symbol.name for symbol in symbols.values() if symbol.role in ("input", "target")]
    for name in ids:
        if name not in given:
            raise UsageError(
                f"'{name}' is no input or target to take as class ids{suggestion(name, given)};"
                f" there are {', '.join(given) or 'none'}"
            )
    for definition in written.definitions:
        for ref in _misused(definition.body, set(ids), written.steps):
            advice = (
                f"class ids of a target can only stand in ce({show_ref(replace(ref, shift=0))}, …)"
                if symbols[ref.name].role == "target"
                else f"class ids only pick rows of a matrix, as in {show_ref(ref)} @ W"
            )
            where = "" if written.source else f" ({show_definition(definition)})"
            message = f"{advice}{where}; change the equation, or leave {ref.name} out of --ids"
            raise EquationError(fault(written, ref.place, message))
    known = {d.name for d in written.declarations if d.kind == "onehot"}
    added = tuple(Declaration(name, "onehot") for name in ids if name not in known)
    return replace(written, declarations=(*written.declarations, *added))


def _misused(expr: Expr, ids: Collection[str], steps: int | None) -> Iterator[Ref]:
    """The references to ids that are neither a row of a matrix nor the class of a ce."""
    match expr:
        case MatMul(left=Ref(name=name), right=right) if name in ids and not isinstance(
            right, Transpose
        ):
            return
        case Call(function=function, args=(Ref(name=name) as target, prediction)) if (
            function in LOSSES_BY_ID and name in ids and _is_inside(target, steps)
        ):
            yield from _misused(prediction, ids, steps)
        case Ref(name=name) if name in ids:
            yield expr
        case _:
            for child in children(expr):
                yield from _misused(child, ids, steps)


def _is_inside(ref: Ref, steps: int | None) -> bool:
    """Whether a target is surely there: outside of 1…T it would be a row of zeros, and no class."""
    if steps is not None and ref.base:
        return 0 <= at_step(ref, steps).shift < steps
    return not ref.shift
