"""Run every notebook of this folder and keep what its cells give: `make golden`.

A cell gives what it prints, and the value of its last line in every form that the value knows of
itself: as a notebook shows it. Of IPython's magics there are `%load_ext` and those of cells that it
loads.
"""

import ast
import contextlib
import importlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FORMS = {"text/html": "_repr_html_", "text/latex": "_repr_latex_", "text/plain": "__repr__"}


def notebooks() -> list[Path]:
    return sorted(path for path in HERE.rglob("*.ipynb") if "_build" not in path.parts)


def executed(path: Path) -> str:
    """The text of a notebook whose cells have just been run, in order and with one set of names."""
    notebook = json.loads(path.read_text("utf-8"))
    shell = Shell()
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for count, cell in enumerate(cells, 1):
        cell["execution_count"] = count
        cell["outputs"] = list(_outputs("".join(cell["source"]), count, shell))
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


class Shell:
    """As much of IPython as the cells need."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.magics: dict[str, Callable[[str, str], Any]] = {}

    def register_magic_function(
        self, magic: Callable[[str, str], Any], magic_kind: str, magic_name: str
    ) -> None:
        self.magics[magic_name] = magic

    def push(self, names: dict[str, Any]) -> None:
        self.names |= names

    def run(self, source: str, name: str) -> Any:
        """Run a cell: the value of its last line, or of its magic."""
        first, _, rest = source.partition("\n")
        if first.startswith("%load_ext "):
            return importlib.import_module(first.split()[1]).load_ipython_extension(self)
        if first.startswith("%%"):
            magic, _, line = first[2:].partition(" ")
            return self.magics[magic](line, rest)
        body = ast.parse(source).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), name, "exec"), self.names)
        if isinstance(last, ast.Expr):
            return eval(compile(ast.Expression(last.value), name, "eval"), self.names)
        return None


def _outputs(source: str, count: int, shell: Shell) -> list[dict[str, Any]]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value = shell.run(source, f"cell {count}")
    found: list[dict[str, Any]] = []
    if printed.getvalue():
        found.append(
            {"name": "stdout", "output_type": "stream", "text": _lines(printed.getvalue())}
        )
    if value is not None:
        data = {
            form: _lines(getattr(value, method)())
            for form, method in FORMS.items()
            if hasattr(value, method)
        }
        found.append(
            {
                "data": data,
                "execution_count": count,
                "metadata": {},
                "output_type": "execute_result",
            }
        )
    return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    for notebook in notebooks():
        notebook.write_text(executed(notebook), "utf-8")
