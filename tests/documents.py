"""README and docs as data: pages, and the blocks that a reader copies."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```([\w{}]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
STARTED = re.compile(r"# [\w.-]+\.py: (.+)")
NAMED = re.compile(r"[#%] ([\w.-]+\.\w+)\b")


@cache
def has_tex(*files: str) -> bool:
    """Whether there is a pdflatex, with these files: tikz comes apart from it in some systems."""
    if shutil.which("pdflatex") is None:
        return False
    asked = (subprocess.run(["kpsewhich", file], capture_output=True) for file in files)
    return all(answer.returncode == 0 for answer in asked)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the number of its first line on the page."""

    language: str
    text: str
    line: int

    @property
    def file(self) -> str:
        """The name of the file that its first line, a comment, says it is."""
        found = NAMED.match(self.text)
        return found[1] if found else ""

    @property
    def command(self) -> str:
        """What starts that file, where the same line says so: `# NAME.py: COMMAND`."""
        found = STARTED.match(self.text)
        return found[1] if found else ""


@dataclass(frozen=True)
class Page:
    """A page by its path in the repository."""

    name: str

    @property
    def text(self) -> str:
        return (ROOT / self.name).read_text("utf-8")

    @property
    def prose(self) -> str:
        """The page without its blocks."""
        return BLOCK.sub("", self.text)

    def blocks(self, *languages: str) -> Iterator[Block]:
        for found in BLOCK.finditer(self.text):
            if not languages or found[1] in languages:
                yield Block(found[1], found[2], self.text.count("\n", 0, found.start(2)) + 1)


@cache
def pages() -> tuple[Page, ...]:
    """README, what stands beside it, and every page of docs."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    found = [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]
    return tuple(Page(path.relative_to(ROOT).as_posix()) for path in (*top, *found))


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """What a console block types, each with what stands below it."""
    for each in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = each.partition("\n")
        yield command, shown
