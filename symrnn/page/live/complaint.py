"""What is wrong with a text, and where: the message as the command line words it, and its place."""

import re
from dataclasses import asdict, dataclass

from symrnn.errors import readable


@dataclass(frozen=True)
class Complaint:
    """One message."""

    message: str
    """As the command line words it, with the line and the carets below it."""
    said: str
    """The same without its place."""
    line: int = 0
    """From 1; 0 where it is about no line of the text."""
    start: int = 0
    end: int = 0
    """Columns from 0."""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def complaint(message: str, name: str) -> Complaint:
    r"""A message of `Source.mark` taken apart; any other is about no line.

    >>> complaint("mine, line 2, column 3: no\n    a b c\n      ^^^", "mine").as_dict()["end"]
    5
    """
    message = readable(message)
    where = rf"{re.escape(name)}, line (\d+), column (\d+): "
    found = re.match(where + r"(.*?)\n    [^\n]*\n *(\^+)(\n.*)?\Z", message, re.DOTALL)
    if found is None:
        return Complaint(message, message)
    start = int(found[2]) - 1
    said = found[3] + (found[5] or "")
    return Complaint(message, said, int(found[1]), start, start + len(found[4]))
