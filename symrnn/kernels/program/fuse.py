"""As few loops as possible: what is worked out of a step stands beside that step.

    for t = 1 … T:                             for t = 1 … T:
        h[t] = tanh(a_h[t])              =>        h[t] = tanh(a_h[t])
    yhat[1 … T] = h[1 … T] @ V                     yhat[t] = h[t] @ V

It is the opposite of `hoist`: slower, and nobody has to remember h.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.kernels.program.program import (
    At,
    Loop,
    Now,
    Plain,
    Program,
    Slice,
    Span,
    Statement,
    Steps,
    When,
)
from symrnn.kernels.program.rewrite import map_slices


def fuse(program: Program) -> Program:
    """The program with everything that runs over time in loops, and these joined."""
    return program.map_sections(_fused)


@dataclass(frozen=True)
class _Node:
    """Statements that stay together: one that is done once, or a loop."""

    body: tuple[Plain, ...]
    steps: Steps | None = None
    """The steps of a loop."""
    direction: int = 0
    """Of a loop; 0 where it can be either."""

    def during(self, statement: Plain) -> Steps | None:
        return statement.during or self.steps

    def reads(self) -> Iterator[tuple[str, Steps | None]]:
        for statement in self.body:
            for what in statement.reads:
                yield from self.touched(what, statement)

    def writes(self) -> Iterator[tuple[str, Steps | None]]:
        for statement in self.body:
            yield from self.touched(statement.out, statement)

    def touched(self, what: Slice, statement: Plain) -> Iterator[tuple[str, Steps | None]]:
        steps = _steps(what.when, self.during(statement))
        return ((name, steps) for name in what.names)

    def needs(self, other: "_Node") -> bool:
        """Whether it reads what another writes."""
        made = list(other.writes())
        return any(
            name == mine and _overlap(steps, own)
            for mine, own in self.reads()
            for name, steps in made
        )

    def statement(self) -> Statement:
        if self.steps is None:
            return self.body[0]
        return Loop(*self.steps, self.direction or 1, self.body)


def _fused(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    found: list[_Node] = []
    for statement in statements:
        _place(_node(statement), found)
    return tuple(node.statement() for node in found)


def _place(node: _Node, found: list[_Node]) -> None:
    """Put a node behind what it needs: what is done once as early as can be, a loop into the last
    loop that can take it."""
    place = max((i for i, other in enumerate(found) if node.needs(other)), default=-1) + 1
    if node.steps is None:
        while place < len(found) and found[place].steps is None:
            place += 1
        found.insert(place, node)
        return
    first_home = max(place - 1, 0)
    for i in reversed(range(first_home, len(found))):
        joined = _joined(found[i], node)
        if joined is not None:
            found[i] = joined
            return
    found.append(node)


def _joined(one: _Node, other: _Node) -> _Node | None:
    """One loop that does both; None if there is none."""
    if one.steps is None or other.steps is None:
        return None
    wanted = {one.direction, other.direction} - {0}
    made = {name for name, _ in one.writes()}
    for what in (read for statement in other.body for read in statement.reads):
        if made.isdisjoint(what.names):
            continue
        if isinstance(what.when, Now):
            wanted |= {-1 if what.when.shift > 0 else 1} if what.when.shift else set()
        elif any(_overlap(_steps(what.when, None), s) for n, s in one.writes() if n in what.names):
            return None
    if len(wanted) > 1:
        return None
    steps = (min(one.steps[0], other.steps[0]), max(one.steps[1], other.steps[1]))
    body = tuple(
        replace(s, during=None if node.during(s) == steps else node.during(s))
        for node in (one, other)
        for s in node.body
    )
    return _Node(body, steps, next(iter(wanted), 0))


def _node(statement: Statement) -> _Node:
    if isinstance(statement, Loop):
        return _Node(statement.body, (statement.first, statement.last), statement.direction)
    out = statement.out.when
    if not isinstance(out, Span):
        return _Node((statement,))

    def now(what: Slice) -> Slice:
        if not isinstance(what.when, Span):
            return what
        return replace(what, when=Now(what.when.first - out.first))

    return _Node((map_slices(statement, now),), (out.first, out.last))


def _steps(when: When | None, during: Steps | None) -> Steps | None:
    """The steps that a slice stands for; None where it has none."""
    match when:
        case Now(shift=shift):
            assert during is not None
            return during[0] + shift, during[1] + shift
        case At(step=step):
            return step, step
        case Span(first=first, last=last):
            return first, last
    return None


def _overlap(one: Steps | None, other: Steps | None) -> bool:
    if one is None or other is None:
        return one == other
    return one[0] <= other[1] and other[0] <= one[1]
