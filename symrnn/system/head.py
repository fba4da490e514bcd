"""Heads: the equations that only the loss uses, replaced by another small text.

A head reads the body as `state[t]` or `state[T]`: the states that the old head read, side by side;
the last value of one that runs backwards is its value at step 1.
"""

from dataclasses import replace

from symrnn.errors import EquationError
from symrnn.language.parse import parse
from symrnn.language.printer import show
from symrnn.language.tree import Call, Expr, Ref, Remarks, Written, map_leaves, refs
from symrnn.system.names import free
from symrnn.system.occurrences import dependencies, head_names
from symrnn.system.resolve import resolve
from symrnn.system.symbols import Symbols

STATE = "state"


def with_head(written: Written, head: Written) -> Written:
    """
    >>> body = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])")
    >>> head = parse("yhat[t] = state[t] @ V; L = mean(mse(y[t], yhat[t]))")
    >>> print(show(with_head(body, head)), end="")
    h[t] = tanh(x[t] @ W + h[t-1] @ U)
    yhat[t] = h[t] @ V
    L = mean(mse(y[t], yhat[t]))
    """
    symbols = resolve(written)
    old = head_names(written)
    body = [d for d in written.definitions if d.target.name not in old]
    states = _states(written, symbols, old)
    if not any(ref.name == STATE for d in head.definitions for ref in refs(d.body)):
        raise EquationError("a head reads the body as state[t] or state[T]; this one reads neither")
    own = {d.target.name for d in head.definitions}
    if "L" not in own:
        raise EquationError("a head ends in a loss, L = …; this one has none")
    if STATE in own or head.steps is not None:
        raise EquationError("a head reads state; it neither defines it nor fixes the steps (T = …)")
    taken = {d.target.name for d in body} | {r.name for d in body for r in refs(d.body)}
    new = _Head(head, taken, states).written()
    names = taken | {d.target.name for d in new.definitions}
    names |= {ref.name for d in new.definitions for ref in refs(d.body)}
    for declaration in new.declarations:
        if declaration.name not in names:
            raise EquationError(f"no equation of the head uses '{declaration.name}'")
    kept = [d for d in written.declarations if d.name in taken]
    joined = Written(
        (*body, *new.definitions),
        tuple(d for d in (*kept, *new.declarations) if d.name in names),
        written.steps,
    )
    # read again, so that places in messages are those of the new text
    found = parse(show(joined), written.source.name if written.source else "text")
    kept_names = {d.target.name for d in body} | {d.name for d in kept}
    meanings = {n: said for n, said in written.remarks.meanings.items() if n in kept_names}
    return replace(found, remarks=Remarks(meanings=meanings))  # the title spoke of the old head


def _states(written: Written, symbols: Symbols, old: set[str]) -> list[tuple[str, int]]:
    """The states that the old head read, or a body's own outputs, each with its direction."""
    direction = {n.name: g.direction for g in dependencies(written) for n in g.nodes}
    read = [r.name for d in written.definitions if d.target.name in old for r in refs(d.body)]
    if not old:
        read = [symbol.name for symbol in symbols.values() if symbol.output]
    states = [
        name
        for name in dict.fromkeys(read)
        if symbols[name].role == "variable" and symbols[name].timed and name not in old
    ]
    if not states:
        raise EquationError(
            "the model has no body: its loss reads no recurrence, so no other head can stand on it"
        )
    return [(name, direction[name]) for name in states]


class _Head:
    """A head's text, put on a body: its names kept apart, its states put in."""

    def __init__(self, head: Written, taken: set[str], states: list[tuple[str, int]]) -> None:
        self.head, self.states = head, states
        own = [d.target.name for d in head.definitions]
        own += [ref.name for d in head.definitions for ref in refs(d.body)]
        self.names: dict[str, str] = {}
        for name in dict.fromkeys(own):
            known = {*taken, *own, *self.names.values()}
            self.names[name] = free(f"{name}_head", known) if name in taken else name

    def written(self) -> Written:
        return Written(
            tuple(
                replace(d, target=self.renamed(d.target), body=map_leaves(d.body, self.leaf))
                for d in self.head.definitions
            ),
            tuple(replace(d, name=self.names.get(d.name, d.name)) for d in self.head.declarations),
        )

    def renamed(self, ref: Ref) -> Ref:
        return Ref(self.names[ref.name], ref.base, ref.shift)

    def leaf(self, leaf: Expr) -> Expr:
        if not isinstance(leaf, Ref):
            return leaf
        if leaf.name != STATE:
            return self.renamed(leaf)
        found = tuple(self.state(name, direction, leaf) for name, direction in self.states)
        return found[0] if len(found) == 1 else Call("concat", found)

    def state(self, name: str, direction: int, at: Ref) -> Ref:
        """The state where the head asks for it; from the other end if it runs backwards."""
        if direction < 0 and at.base in ("1", "T"):
            return Ref(name, "T" if at.base == "1" else "1", -at.shift)
        return Ref(name, at.base, at.shift)
