"""Documents judged by hand: what each line is worth is said beside it, from mathematics alone.

A document begins with what it is about, one thing a line:

    % model: lstm            a model of the library, or, a line each, `% text: h[t] = …`
    % steps: 3
    % notation: N4
    % scalar
    % map: s_t=h_t, U=W_x

Behind each line of mathematics (in Markdown below it) stands what is to be found of it, for each
right side one, with a semicolon between two:

    %! right                             whatever is meant by ∂
    %! right if                          under a reading or a convention, or for some steps only
    %! holds                             one of these two
    %! wrong                             for whatever reason
    %! wrong missing factor naming O_3   what is missing stands in the explanation
    %! wrong time index|compound at 2    one of these kinds, in the term of step 2
    %! wrong follows                     equal to the line before it, which is wrong already
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import symrnn
from symrnn.check.claims import KINDS, RIGHT, RIGHT_IF, WRONG
from symrnn.check.sources import Kind
from symrnn.model import Model

FOLDER = Path(__file__).parent / "documents"
EXPECTED = re.compile(r"(?:%|<!--)! *(.*?) *(?:-->|$)", re.M)
STATUSES = {"right": {RIGHT}, "right if": {RIGHT_IF}, "holds": {RIGHT, RIGHT_IF}, "wrong": {WRONG}}


@dataclass(frozen=True)
class Wanted:
    """What is to be found of one right side."""

    said: str
    line: int
    """Where that is said."""

    @cached_property
    def parts(self) -> "re.Match[str]":
        found = re.fullmatch(
            r"(?P<status>right if|right|holds|wrong)(?: (?P<kinds>[a-z|\- ]+?))?"
            r"(?P<follows> follows)?(?: at (?P<at>\d+|T))?(?: naming (?P<naming>.*))?",
            self.said.replace("wrong follows", "wrong  follows").replace("  ", " "),
        )
        assert found is not None, f"line {self.line}: {self.said}"
        return found

    @property
    def statuses(self) -> set[str]:
        return STATUSES[self.parts["status"]]

    @property
    def kinds(self) -> set[str]:
        """The kinds of fault that may be said; any where none is."""
        found = set((self.parts["kinds"] or "").split("|")) - {"", "follows"}
        assert found <= set(KINDS), f"line {self.line}: {found - set(KINDS)}"
        return found

    @property
    def follows(self) -> bool:
        return "follows" in self.said


@dataclass(frozen=True)
class Document:
    """A file with its model."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    def option(self, name: str) -> list[str]:
        return re.findall(rf"^(?:%|<!--) {name}: (.*?)(?: -->)?$", self.text, re.M)

    @cached_property
    def model(self) -> Model:
        written = self.option("text")
        if written:
            return symrnn.parse("\n".join(written), self.path.stem)
        return symrnn.load(self.option("model")[0])

    @property
    def kind(self) -> Kind:
        return "md" if self.path.suffix == ".md" else "tex"

    @property
    def steps(self) -> int | None:
        return next(map(int, self.option("steps")), None)

    @property
    def notation(self) -> str:
        return next(iter(self.option("notation")), "default")

    @property
    def scalar(self) -> bool:
        return re.search(r"^(?:%|<!--) scalar", self.text, re.M) is not None

    @property
    def mapping(self) -> dict[str, str]:
        pairs = ", ".join(self.option("map")).split(", ")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    @cached_property
    def wanted(self) -> list[list[Wanted]]:
        """For each line of mathematics in turn, what is to be found of its right sides."""
        return [
            [Wanted(one.strip(), number) for one in found.split(";")]
            for number, line in enumerate(self.text.split("\n"), 1)
            for found in EXPECTED.findall(line)
        ]


DOCUMENTS = {path.stem: Document(path) for path in sorted(FOLDER.iterdir())}
