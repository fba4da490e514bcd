"""Where each reference of a text stands: in a sum over time, in a loss, right of an @."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import Call, Expr, MatMul, Place, Ref, Transpose, Written, children, refs
from symrnn.system.graph import Group, Use, order


@dataclass(frozen=True, slots=True)
class Occurrence:
    ref: Ref
    summed: bool = False
    target: bool = False
    prediction: str = ""
    """"value" where it is the prediction of a loss, "logits" where a link goes before that."""

    matrix: bool = False
    """Right of an @: in a matrix."""


def occurrences(expr: Expr) -> Iterator[Occurrence]:
    """Every reference in an expression, from left to right."""
    return _within(expr, Occurrence(Ref("")))


def _within(expr: Expr, here: Occurrence) -> Iterator[Occurrence]:
    match expr:
        case Ref():
            yield replace(here, ref=expr)
        case MatMul(left=left, right=right):
            yield from _within(left, here)
            yield from _within(right, replace(here, matrix=not isinstance(left, Transpose)))
        case Call(function=function, args=(target, prediction)) if function in LOSSES:
            said = "logits" if function.endswith("_logits") else "value"
            yield from _within(target, Occurrence(here.ref, here.summed, target=True))
            yield from _within(prediction, Occurrence(here.ref, here.summed, prediction=said))
        case Call(function=function, args=(arg,)) if function in TIME:
            yield from _within(arg, replace(here, summed=True, matrix=False))
        case Transpose(arg=arg):
            yield from _within(arg, here)
        case _:
            for child in children(expr):
                yield from _within(child, here)


def runs(expr: Expr) -> bool:
    """Whether an expression has a value for each step: it reads some v[t] outside of a sum."""
    match expr:
        case Ref(base=base):
            return base == "t"
        case Call(function=function) if function in TIME:
            return False
    return any(map(runs, children(expr)))


def head_names(written: Written) -> set[str]:
    """The variables that only the loss uses, and the loss.

    >>> from symrnn.language.parse import parse
    >>> sorted(head_names(parse("h[t] = u * h[t-1] + x[t]; z = h[T] @ W; L = mse(y, z)")))
    ['L', 'z']
    """
    defined = {d.target.name for d in written.definitions}
    readers: dict[str, set[str]] = {name: set() for name in defined}
    for definition in written.definitions:
        for ref in refs(definition.body):
            if ref.name in defined:
                readers[ref.name].add(definition.target.name)
    found = {"L"} & defined
    while grown := {n for n, r in readers.items() if n not in found and r and r <= found}:
        found |= grown
    return found


def dependencies(written: Written) -> list[Group]:
    """The order in which the definitions of a text are worked out; refuses cycles."""
    needs: dict[Ref, list[Use]] = {}
    places: dict[Ref, Place | None] = {}
    for definition in written.definitions:
        node = definition.target
        fixed = definition.adds and definition.when is None
        if fixed:
            node = Ref(node.name, "t")  # what is added at one step belongs to the variable
        places.setdefault(node, definition.place)
        found = [Use(o.ref, o.summed or fixed) for o in occurrences(definition.body)]
        needs.setdefault(node, []).extend(found)

    def mark(node: Ref, message: str) -> str:
        return fault(written, places[node], message)

    return order(needs, written.steps, mark)


def fault(written: Written, place: Place | None, message: str) -> str:
    """A message with its place in the text."""
    return written.source.mark(place, message) if written.source else message
