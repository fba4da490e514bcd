"""Statements over neighbours taken apart again, where that is less work.

    (m_i | m_f)[t] = (p_i | p_f) * c[t-1]      =>      m_i[t] = p_i * c[t-1];  m_f[t] = p_f * c[t-1]

A product over neighbours is one call instead of several, and so is what is added to it. Anything
else in a loop would have to be put together before, or taken apart behind.
"""

from collections.abc import Iterator
from dataclasses import replace

from symrnn.kernels.program.program import (
    Loop,
    Map,
    Number,
    Plain,
    Product,
    Program,
    Slice,
    Statement,
)
from symrnn.language.tree import Width


def split(program: Program) -> Program:
    """The program with as many statements as are quickest."""

    def changed(body: tuple[Statement, ...]) -> Iterator[Statement]:
        for statement in body:
            if isinstance(statement, Loop):
                made = {s.out for s in statement.body if isinstance(s, Product)}
                own = {s.out for s in statement.body}
                inner = (
                    one
                    for s in statement.body
                    for one in (_each(s) if _falls_apart(s, made, own) else (s,))
                )
                yield replace(statement, body=tuple(inner))
            elif isinstance(statement, Map) and _has_narrow(program, statement):
                yield from _each(statement)
            else:
                yield statement

    return program.map_sections(lambda body: tuple(changed(body)))


def _falls_apart(statement: Plain, products: set[Slice], own: set[Slice]) -> bool:
    """Whether a statement of a loop is over neighbours, and no sum with a product."""
    if not isinstance(statement, Map) or len(statement.out.names) == 1:
        return False
    if statement.op != "add":
        return True
    found = [arg for arg in statement.args if arg in products]
    others = [arg for arg in statement.args if arg not in products]
    return not (len(found) == 1 and len(others) == 1 and others[0] not in own)


def _has_narrow(program: Program, statement: Map) -> bool:
    """Whether something that is the same for all neighbours has features of its own."""
    if len(statement.out.names) == 1:
        return False
    return any(
        isinstance(arg, Slice)
        and len(arg.names) == 1
        and program.arrays[arg.names[0]].width != Width((), 1)
        for arg in statement.args
    )


def _each(statement: Plain) -> Iterator[Map]:
    """The same statement for each neighbour."""
    assert isinstance(statement, Map)
    for place, name in enumerate(statement.out.names):
        args = tuple(
            arg
            if isinstance(arg, Number) or len(arg.names) == 1
            else replace(arg, names=(arg.names[place],))
            for arg in statement.args
        )
        about = statement.about.split()
        own = about[place] if len(about) == len(statement.out.names) else statement.about
        yield replace(statement, out=replace(statement.out, names=(name,)), args=args, about=own)
