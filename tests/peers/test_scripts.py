"""Files on the pages that several processes, or another library, start: they print what is shown,
and the same whatever the number of processes."""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.documents import Block, pages
from tests.peers.launchers import started, without
from tests.training.runs.setting import finished


def scripts() -> Iterator[tuple[Block, str]]:
    """Each with what is shown below it."""
    for page in pages():
        blocks = list(page.blocks())
        for block, below in pairwise(blocks):
            if block.language == "python" and block.command:
                assert below.language == "output", f"{page.name}: nothing is shown of {block.file}"
                yield block, below.text


SCRIPTS = list(scripts())
NUMBER = r"(-n|--nproc-per-node) (\d+)"


@pytest.mark.parametrize(("block", "shown"), SCRIPTS, ids=[block.file for block, _ in SCRIPTS])
def test_a_script_prints_what_is_shown(block: Block, shown: str, tmp_path: Path) -> None:
    for library in re.findall(r"^(?:import|from) (\w+)", block.text, re.MULTILINE):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    program = block.command.split()[0]
    if without(program):
        pytest.skip(without(program))
    (tmp_path / block.file).write_text(block.text, "utf-8")
    found = re.search(NUMBER, block.command)
    counts = [found[2], "1", "3"] if found else ["1"]
    for count in counts:
        command = re.sub(NUMBER, rf"\g<1> {count}", block.command)
        said = finished(started(shlex.split(command), tmp_path))
        assert said.status == 0, said.err
        assert said.out == shown, command


def test_there_are_scripts() -> None:
    assert "shared.py" in {block.file for block, _ in SCRIPTS}
