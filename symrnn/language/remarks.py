"""What the comments of a text say: what the model is, and what its names mean.

# Gated unit of my thesis                          the title: the first line, before all else

x: 4                      # readings of a sensor   the meaning of x
z[t] = sigmoid(x[t] @ W)  # update gate            the meaning of z

# what is kept                                     the meaning of h: it stands above one
h[t] = (1 - z[t]) * h[t-1]                         equation alone

b: init(1)                # starts open            of the number, and not of b
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from symrnn.language.tree import Declaration, Definition, Remarks

OWN_FILE = re.compile(r"^[\w.-]+\.rnn\s*:\s*")
"""`elman.rnn: many to one`: the name of the file is no part of the title."""


def remarks(
    lines: Sequence[str],
    definitions: Sequence[Definition],
    declarations: Sequence[Declaration],
    starts: Sequence[int],
) -> Remarks:
    r"""The remarks of a text in lines. `starts` are the lines, from 1, where statements begin.

    >>> from symrnn.language.parse import parse
    >>> parse("# A sum\n\ns[t] = s[t-1] + x[t]  # so far").remarks
    Remarks(title='A sum', meanings={'s': 'so far'})
    """
    if not any("#" in line for line in lines):
        return Remarks()
    starts, shared = sorted(starts), Counter(starts)
    head = [comment(line) for line in lines[: starts[0] - 1] if line.strip()]
    title = OWN_FILE.sub("", head[0]) if head else ""
    meanings: dict[str, str] = {}
    for name, line in _named(definitions, declarations):
        said = comment(_last(lines, line, starts)) or _above(lines, line, starts)
        if said and shared[line] == 1:  # two statements on a line have no comment of theirs
            meanings.setdefault(name, said)
    return Remarks(title, meanings)


def comment(line: str) -> str:
    """
    >>> comment("h[t] = x[t]  # the state"), comment("h[t] = x[t]")
    ('the state', '')
    """
    return line.partition("#")[2].strip(" \t#")


def _named(
    definitions: Sequence[Definition], declarations: Sequence[Declaration]
) -> Iterator[tuple[str, int]]:
    for definition in definitions:
        target = definition.target
        if target.place and target.base in ("t", "") and not target.shift and not definition.adds:
            yield target.name, target.place.line
    for declaration in declarations:
        if declaration.place and declaration.kind != "init":
            yield declaration.name, declaration.place.line


def _last(lines: Sequence[str], start: int, starts: Sequence[int]) -> str:
    """The last line of a statement: brackets may hold it open over several."""
    following = bisect_right(starts, start)
    end = starts[following] if following < len(starts) else len(lines) + 1
    depth = 0
    for line in lines[start - 1 : end - 1]:
        code = line.partition("#")[0]
        depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
        if depth <= 0:
            return line
    return lines[start - 1]


def _above(lines: Sequence[str], start: int, starts: Sequence[int]) -> str:
    """The comment on the line above a statement that stands alone: one above several heads them,
    and one that the text begins with belongs to all of it."""
    before = lines[: start - 1]
    after = lines[start].strip() if start < len(lines) else ""
    if not before or not before[-1].lstrip().startswith("#") or (after and after[0] != "#"):
        return ""
    begins = start == starts[0] and all(line.strip() for line in before)
    return "" if begins else comment(before[-1])
