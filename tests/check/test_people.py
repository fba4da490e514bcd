"""The notes and published derivations: each formula is found to be what a person says of it.

In the files the person's verdict stands behind each formula, as a comment: `right`, `right if`, or
`wrong` with the kind of the fault, where it has one.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

import symrnn
from symrnn.check.checking import Text, check
from symrnn.check.report.told import rows
from tests.documents import DOCS, Page, commands

FOLDERS = ("notes", "published")


def cases() -> Iterator[tuple[str, str]]:
    """The commands on the pages, each with its folder."""
    for folder in FOLDERS:
        for block in Page(f"docs/check/{folder}/index.md").blocks("console"):
            yield from ((folder, c) for c, _ in commands(block) if c.startswith("symrnn check"))


CASES = list(cases())

LONG = ("min-char-rnn.tex", "readme.tex", "gru.tex")
"""Pages that take two seconds each."""


def param(folder: str, command: str) -> Any:
    name = command.split()[4]
    return pytest.param(folder, command, id=name, marks=[pytest.mark.slow] * (name in LONG))


def said(text: str) -> dict[int, str]:
    """What a person says of the formula that begins on each line."""
    lines = enumerate(text.split("\n"), 1)
    return {n: found[1] for n, line in lines if (found := re.search(r"  % (.+)$", line))}


@pytest.mark.parametrize(("folder", "command"), [param(*case) for case in CASES])
def test_a_formula_is_what_a_person_says_of_it(folder: str, command: str) -> None:
    where = DOCS / "check" / folder
    _, _, name, _, file, *options = command.split()
    given = dict(pairwise(options))
    notation = given.get("--notation", "default")
    own = where / notation
    model = symrnn.load(where / name if name.endswith(".rnn") else name)
    steps = int(given["--steps"]) if "--steps" in given else None
    derived = model.derive(steps, scalar="--scalar" in options)
    text = (where / file).read_text("utf-8")
    (report,) = check(
        derived, [Text(text, "tex", file)], notation=str(own) if own.is_file() else notation
    )
    found = {}
    for row in rows(report):
        faults = [verdict.fault for verdict in row.shown if verdict.fault is not None]
        found[row.line.number] = row.status, faults[0].kind if faults else ""
    expected = said(text)
    assert found.keys() == expected.keys()
    for number, (status, kind) in found.items():
        verdict, _, wanted = expected[number].partition(": ")
        fine = ("right", "right if") if verdict == "right" else (verdict,)
        assert status in fine, f"line {number}: {status}"
        assert wanted in ("", kind), f"line {number}: {kind}"
