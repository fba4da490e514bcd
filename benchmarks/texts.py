"""A real text that is on every machine: what Python's own library says of itself."""

import ast
import sysconfig
from pathlib import Path

APART = {"test", "tests", "idlelib", "site-packages", "dist-packages", "__pycache__"}
SHORTEST = 100


def docstrings() -> str:
    """The documentation strings of the standard library, each once, in the order of its files."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found: dict[str, None] = {}
    for path in sorted(root.rglob("*.py")):
        if APART & set(path.relative_to(root).parts):
            continue
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                said = ast.get_docstring(node)
                if said and said.isascii() and len(said) >= SHORTEST:
                    found[said] = None
    return "\n\n".join(found)
