"""A text with inputs that it did not have: what weights, dropout and zoneout share.

The new inputs are declared, and whatever they would rename is too: the widths of the old names are
called what they were called before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from symrnn.errors import EquationError, UsageError, suggestion
from symrnn.language.parse import parse
from symrnn.language.printer import show
from symrnn.language.tree import NARROW, Declaration, Definition, Ref, Width, Written, refs
from symrnn.system.graph import Group
from symrnn.system.names import free
from symrnn.system.occurrences import dependencies
from symrnn.system.resolve import resolve
from symrnn.system.symbols import Symbol, Symbols


@dataclass(frozen=True, slots=True)
class Input:
    """An input that a text gets: a row for each sequence, at every step or once."""

    name: str
    width: Width
    timed: bool = True

    @property
    def declarations(self) -> list[Declaration]:
        """With a time index it is an input anyway; a plain name would be a parameter."""
        width = Declaration(self.name, "width", (self.width,))
        return [width] if self.timed else [width, Declaration(self.name, "input")]


def symbols_of(written: Written, what: str) -> Symbols:
    """The symbols of a text that may be changed; one with adjoints is refused."""
    symbols = resolve(written)
    if any(symbol.role == "adjoint" for symbol in symbols.values()):
        raise EquationError(
            f"the text holds adjoints, which {what} would make wrong; put it on the model alone,"
            " and derive the gradient then"
        )
    return symbols


def new_name(written: Written, wish: str) -> str:
    """The name, or the first like it that the text does not use."""
    used = {ref.name for d in written.definitions for ref in (d.target, *refs(d.body))}
    return free(wish, used | {d.name for d in written.declarations})


def check_names(names: Sequence[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that is not among the known ones."""
    listed = list(known)
    for name in names:
        if name not in listed:
            near = suggestion(name, listed)
            raise UsageError(
                f"'{name}' is no {what}{near}; there are {', '.join(listed) or 'none'}"
            )


def scan(written: Written, name: str) -> Group:
    """The recurrence that a variable is worked out in; one without nodes if there is none.

    >>> found = scan(parse("a[t] = x[t] + u * h[t-1]; h[t] = tanh(a[t])"), "a")
    >>> sorted(node.name for node in found.nodes), found.direction
    (['a', 'h'], 1)
    """
    groups = (g for g in dependencies(written) if g.direction and Ref(name, "t") in g.nodes)
    return next(groups, Group(()))


def with_inputs(
    written: Written, definitions: Iterable[Definition], inputs: Sequence[Input]
) -> Written:
    """The text with these definitions for its own; read again, so that places are the new text's.

    >>> written = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")
    >>> body = parse("h[t] = tanh(x[t] @ W + (h[t-1] * k) @ U)").definitions
    >>> print(show(with_inputs(written, body, [Input("k", Width(("H",)), timed=False)])), end="")
    k: H
    k: input
    h[t] = tanh(x[t] @ W + (h[t-1] * k) @ U)
    """
    said = [declaration for new in inputs for declaration in new.declarations]
    rows_first = sorted(resolve(written).values(), key=lambda symbol: len(symbol.shape))
    said += _parts(written, rows_first, inputs)
    found = replace(
        written, definitions=tuple(definitions), declarations=(*written.declarations, *said)
    )
    while True:
        found = parse(show(found), written.source.name if written.source else "text")
        now = resolve(found)
        moved = next((s for s in rows_first if now[s.name].shape != s.shape), None)
        if moved is None:
            return replace(found, remarks=written.remarks)
        again = Declaration(moved.name, "width", moved.shape)
        found = replace(found, declarations=(*found.declarations, again))


def _parts(
    written: Written, symbols: Sequence[Symbol], inputs: Sequence[Input]
) -> list[Declaration]:
    """For an input as wide as p and q together: the widths of p and of q, which it cannot tell."""
    joined = [new.width for new in inputs if len(new.width.names) + bool(new.width.number) > 1]
    declared = {d.name for d in written.declarations if d.kind == "width"}
    found: dict[Width, Declaration] = {}
    for symbol in symbols:
        (width,) = symbol.shape if len(symbol.shape) == 1 else (NARROW,)
        part = any(width in map(_alone, whole.names) for whole in joined)
        if part and symbol.name not in declared:
            found.setdefault(width, Declaration(symbol.name, "width", (width,)))
    return list(found.values())


def _alone(name: str) -> Width:
    return Width((name,))
