"""Dependencies go one way: a room knows only those that stand before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "symrnn"
ORDER = (
    "errors",
    "launcher",
    "frame",
    "clock",
    "language",
    "files",
    "library",
    "system",
    "interpret",
    "derive",
    "check",
    "flow",
    "kernels",
    "model",
    "weights",
    "training",
    "page",
    "bench",
    "cli",
)


def rooms(path: Path) -> Iterator[str]:
    """The rooms from which a file imports something, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "symrnn":
            yield from (name.name for name in node.names if name.name in ORDER)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("symrnn."):
            yield str(node.module).split(".")[1]
        elif isinstance(node, ast.Import):
            assert not any(name.name.startswith("symrnn.") for name in node.names), path


def test_every_room_has_its_place() -> None:
    found = {path.name.removesuffix(".py") for path in PACKAGE.iterdir()}
    assert found - {"__init__", "__main__", "__pycache__", "py.typed"} == set(ORDER)


@pytest.mark.parametrize("room", ORDER)
def test_a_room_knows_only_those_before_it(room: str) -> None:
    own = PACKAGE / f"{room}.py"
    for path in [own] if own.exists() else sorted((PACKAGE / room).rglob("*.py")):
        for other in rooms(path):
            assert ORDER.index(other) <= ORDER.index(room), f"{path} imports {other}"
