"""A letter for what goes into a function, where derivatives would write it out again and again.

    h[t] = (1 - u) * h[t-1] + u * tanh(x[t] @ W + h[t-1] @ U)

Here ∂h_t/∂h_{t-1} has 1 - tanh²(x_t W + h_{t-1} U) in it, at each step of each path. With the
letter that the recursion has for it, it is 1 - tanh²(a_t), and a_t has one equation.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Carrier, LayerNorm, Softmax
from symrnn.derive.fold_steps import at_steps
from symrnn.derive.formula import Equation, Sheet
from symrnn.derive.pieces import walk
from symrnn.derive.recursion import pre_activations
from symrnn.language.tree import Ref, refs
from symrnn.system.system import Dot, Entries, Outer, Scale, uses

SHORT = 2
"""Letters: a formula of so many is as short as a name for it and an equation."""


def with_letters(derivation: Derivation) -> Derivation:
    """The derivation with letters for what goes into functions, where a derivative reads it.

    >>> from symrnn.language.parse import parse
    >>> text = "h[t] = h[t-1] + tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"
    >>> sorted(with_letters(Derivation("mine", parse(text), 2)).lettered)
    ['a_tanh_h']
    >>> text = text.replace("h[t-1] + tanh", "tanh")
    >>> sorted(with_letters(Derivation("mine", parse(text), 2)).lettered)
    []
    """
    named = pre_activations(derivation, derivation.plain)
    read = _read(derivation, named)
    found = frozenset(name for name in read if _is_long(derivation, name))
    return replace(derivation, lettered=found) if found else derivation


def _read(derivation: Derivation, named: Collection[str]) -> set[str]:
    """Those of these names that the derivatives read, others put in."""
    made: dict[str, set[str]] = {}
    for target, equation in derivation.network.values.items():
        made.setdefault(target.name, set()).update(use.ref.name for use in uses(equation))
    carriers = (
        carrier
        for edges in derivation.network.edges.values()
        for edge in edges
        for route in edge.routes
        for carrier in route
    )
    waiting = {ref.name for carrier in carriers for ref in _refs(carrier)}
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if name not in named:
            waiting |= made.get(name, set()) - seen
    return seen & set(named)


def _refs(carrier: Carrier) -> Iterator[Ref]:
    match carrier.by:
        case Scale(factor=factor) | Dot(factor=factor) | Entries(factor=factor):
            yield from refs(factor)
        case Outer(other=read) | Softmax(value=read):
            yield read
        case LayerNorm(value=value, scale=scale):
            yield from (value, scale)


def _is_long(derivation: Derivation, name: str) -> bool:
    return any(
        sum(isinstance(part, Ref) for part in walk(equation.rights[0])) > SHORT
        for equation in _equations(derivation, [name])
    )


def _equations(derivation: Derivation, names: Collection[str]) -> list[Equation]:
    return [
        Equation(e.target, (derivation.rows.stands_for(e)[0],))
        for e in derivation.system.equations
        if e.target.name in names
    ]


def explained(derivation: Derivation, sheets: Sequence[Sheet], known: Iterable[str]) -> list[Sheet]:
    """A sheet with the equations of the letters that these sheets read, but for what is known."""
    if not derivation.lettered:
        return []
    equations = [e for sheet in sheets for e in sheet.equations]
    told = {*known, *(e.left.name for e in equations if isinstance(e.left, Ref))}
    found: dict[str, list[Equation]] = {}
    waiting = _names(equations)
    while waiting:
        name = waiting.pop()
        if name in derivation.lettered and name not in found and name not in told:
            found[name] = _equations(derivation, [name])
            waiting |= _names(found[name])
    if not found:
        return []
    whole = at_steps(_equations(derivation, found))
    upwards = (replace(e, steps=tuple(reversed(e.steps))) for e in whole)
    return [Sheet(("What goes into the functions",), tuple(upwards))]


def _names(equations: Iterable[Equation]) -> set[str]:
    sides = (right for equation in equations for right in equation.rights)
    return {part.name for side in sides for part in walk(side) if isinstance(part, Ref)}
