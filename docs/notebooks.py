"""Run every notebook of this folder and keep what its cells give: `make golden`.

A cell gives what it prints, and the value of its last line in every form that the value knows of
itself: as a notebook shows it.
"""

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FORMS = {"text/html": "_repr_html_", "text/latex": "_repr_latex_", "text/plain": "__repr__"}


def notebooks() -> list[Path]:
    return sorted(path for path in HERE.rglob("*.ipynb") if "_build" not in path.parts)


def executed(path: Path) -> str:
    """The text of a notebook whose cells have just been run, in order and with one set of names."""
    notebook = json.loads(path.read_text("utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for count, cell in enumerate(cells, 1):
        cell["execution_count"] = count
        cell["outputs"] = list(_outputs("".join(cell["source"]), count, names))
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _outputs(source: str, count: int, names: dict[str, Any]) -> list[dict[str, Any]]:
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), f"cell {count}", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {count}", "eval"), names)
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
