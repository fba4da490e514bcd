"""Write the pages of handouts/ by the commands of notes.md, in their folder: `make golden`."""

import contextlib
import re
import shlex
import sys
from pathlib import Path

from symrnn.cli import main

HERE = Path(__file__).parent
FOLDER = HERE / "handouts"


def commands() -> dict[str, list[str]]:
    """What is behind `symrnn` in each command, by the page that it makes."""
    found = re.findall(r"^symrnn (.* -o (\S+))$", (HERE / "notes.md").read_text("utf-8"), re.M)
    return {name: shlex.split(command) for command, name in found}


def page(name: str, path: Path) -> str:
    """The text of one page, which goes to this path."""
    with contextlib.chdir(FOLDER):
        if main([*commands()[name][:-1], str(path.absolute())]):
            sys.exit(f"{name} is not made")
    return path.read_text("utf-8")


if __name__ == "__main__":
    for name in commands():
        page(name, (FOLDER / name).absolute())
