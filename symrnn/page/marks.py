"""Marks of listings: which lines work out which adjoint, so that a page can light them up."""

import re
from collections.abc import Collection, Iterator

from symrnn.derive.picture.marks import mark
from symrnn.language.tree import Ref

DEFINED = re.compile(r"([A-Za-z]\w*)(?:\[([^\]]+)\])? \+?= ")


def of_equations(text: str, names: Collection[str]) -> tuple[str, ...]:
    """The marks of a system's lines: those of the equations of these names.

    >>> of_equations("O[t] = x[t]\\nd_O[T] += d_y\\nd_w = d_O[T]", ["d_O", "d_w"])
    ('', 'd_O@T', 'd_w')
    """
    return tuple(_defined(line, names) for line in text.split("\n"))


def of_statements(source: str, names: Collection[str]) -> tuple[str, ...]:
    """The marks of a kernel's lines: a comment that is an equation of one of these names, and what
    stands below it up to the next comment, or below several what belongs to all of them.

    >>> of_statements("# d_O[2] = d_a @ w\\ndot(d_a, w, d_O_2)\\n\\nreturn d_O", ["d_O"])
    ('d_O@2', 'd_O@2', '', '')
    """
    return tuple(_of_statements(source, names))


def _of_statements(source: str, names: Collection[str]) -> Iterator[str]:
    said: list[str] = []
    before_is_comment = False
    for line in map(str.strip, source.split("\n")):
        is_comment = line.startswith("# ")
        if not line or (is_comment and not before_is_comment):
            said = []
        if is_comment and (found := _defined(line[2:], names)):
            said.append(found)
        # a comment goes on in the next line where it is long
        yield (said[-1] if said else "") if is_comment else " ".join(said)
        before_is_comment = is_comment


def _defined(line: str, names: Collection[str]) -> str:
    found = DEFINED.match(line)
    if found is None or found[1] not in names:
        return ""
    return f"{found[1]}@{found[2]}" if found[2] else found[1]


def nearest(name: str, node: Ref, steps: int, there: Collection[str]) -> str:
    """The mark, of those that there are, of the line that works out the adjoint `name` of a node:
    that of its step, or that of any step; none if there is no such line.

    >>> nearest("d_O", Ref("O", "1", 2), 3, ["d_O@t", "d_O@T"])
    'd_O@T'
    >>> nearest("d_O", Ref("O", "1", 1), 3, ["d_O@t", "d_O@T"])
    'd_O@t'
    """
    own = Ref(name, node.base, node.shift)
    ways = [own]
    if node.base == "1":
        ways += [Ref(name, "T", node.shift + 1 - steps), Ref(name, "t")]
    return next((found for found in map(mark, ways) if found in there), "")
