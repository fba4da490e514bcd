"""The statements that are needed for what a function hands out, each as it can be an expression."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.kernels.program import program as p
from symrnn.language.tree import NARROW, Width


def live(program: p.Program, wanted: Sequence[p.Slice]) -> dict[str, tuple[p.Statement, ...]]:
    """The statements that are needed, by section."""
    program = program.map_sections(lambda body: tuple(_fitting(program, body)))
    needed = {name for what in wanted for name in what.names}
    found: dict[str, tuple[p.Statement, ...]] = {}
    for section in reversed(p.SECTIONS):
        body: list[p.Statement] = []
        for statement in reversed(program.sections.get(section, ())):
            kept = _needed(statement, needed)
            if kept is not None:
                body.append(kept)
        found[section] = tuple(reversed(body))
    return {section: found[section] for section in p.SECTIONS}


def _needed(statement: p.Statement, needed: set[str]) -> p.Statement | None:
    """What of a statement is needed; what that needs is added."""
    if not isinstance(statement, p.Loop):
        if needed.isdisjoint(statement.out.names):
            return None
        needed.update(name for read in statement.reads for name in read.names)
        return statement
    before = -1
    while len(needed) > before:
        before = len(needed)
        body = [s for s in statement.body if not needed.isdisjoint(s.out.names)]
        needed.update(name for s in body for read in s.reads for name in read.names)
    return replace(statement, body=tuple(body)) if body else None


def _fitting(program: p.Program, body: Sequence[p.Statement]) -> Iterator[p.Statement]:
    """Statements over neighbours, each by itself where its operands do not lie as its result does:
    what is the same for all of them would have to be repeated."""
    for statement in body:
        if isinstance(statement, p.Loop):
            inside = tuple(s for one in statement.body for s in _apart(program, one))
            yield replace(statement, body=inside)
        else:
            yield from _apart(program, statement)


def _apart(program: p.Program, statement: p.Plain) -> Iterator[p.Plain]:
    names = statement.out.names
    if not isinstance(statement, p.Map) or len(names) == 1:
        yield statement
        return

    def widths(what: p.Slice) -> list[Width]:
        return [program.arrays[name].width for name in what.names]

    wanted = widths(statement.out)
    if all(widths(read) in (wanted, [NARROW]) for read in statement.reads):
        yield statement
        return
    for place, name in enumerate(names):
        own = tuple(
            replace(arg, names=(arg.names[place],))
            if isinstance(arg, p.Slice) and len(arg.names) > 1
            else arg
            for arg in statement.args
        )
        about = " ".join(n for n in statement.about.split() if n == name) or statement.about
        yield replace(statement, out=replace(statement.out, names=(name,)), args=own, about=about)
