"""Write what `symrnn check` prints into the pages that show it: `make golden`.

A console block with such a command is run in a folder with the files that its page has so far, and
with those that lie beside the page. Where the status is not 0, `$ echo $?` shows it.
"""

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from symrnn.cli import main

HERE = Path(__file__).parent
PAGES = [HERE.parent / "README.md", HERE / "check.md", HERE / "exercises.md"]
PAGES += sorted((HERE / "check").rglob("*.md"))
KINDS = ("rnn", "toml", "tex")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def written(page: Path) -> str:
    """The text of a page with what its commands print now."""
    with TemporaryDirectory() as folder, contextlib.chdir(folder):
        for path in page.parent.iterdir():
            if path.suffix.removeprefix(".") in KINDS:
                shutil.copy(path, folder)
        return BLOCK.sub(_block, page.read_text("utf-8"))


def _block(found: re.Match[str]) -> str:
    language, text = found[1], found[2]
    named = re.match(r"[#%] ([\w.-]+\.\w+)\b", text)
    if language in KINDS and named:
        Path(named[1]).write_text(text, "utf-8")
    if language != "console" or "$ symrnn check" not in text:
        return found[0]
    commands = [c for c in re.findall(r"^\$ (.*)$", text, re.MULTILINE) if c != "echo $?"]
    return f"```console\n{''.join(map(_run, commands))}```"


def _run(command: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = main(shlex.split(command)[1:])
    shown = f"$ {command}\n{out.getvalue()}"
    return shown + (f"$ echo $?\n{status}\n" if status else "")


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(written(page), "utf-8")
