"""From a .tex file to a PDF, by the engine that is installed."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from symrnn.errors import UsageError

TIMEOUT = 120.0
"""Seconds for a document, all runs together."""

SAFE = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"]

ENGINES: dict[str, list[list[str]]] = {
    "latexmk": [["latexmk", "-norc", "-pdf", *SAFE, "document.tex"]],
    "tectonic": [["tectonic", "--untrusted", "--keep-logs", "document.tex"]],
    "pdflatex": [["pdflatex", *SAFE, "document.tex"]] * 2,  # the second run knows the tables
}
"""The commands of each engine, in the order of preference."""


def engine() -> str | None:
    """The engine that typesets here, if there is one."""
    return next((name for name in ENGINES if shutil.which(name)), None)


def as_pdf(tex: str) -> bytes:
    """The document typeset. It may read and write nothing but its own folder."""
    name = engine()
    if name is None:
        raise UsageError(
            "a PDF needs a TeX engine, and none is on the PATH; expected one of"
            f" {', '.join(ENGINES)}: install TeX Live, MiKTeX or Tectonic, or ask for the .tex file"
        )
    with tempfile.TemporaryDirectory(prefix="symrnn-", ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        (here / "document.tex").write_text(tex, encoding="utf-8", errors="backslashreplace")
        for command in ENGINES[name]:
            if not _run(command, here):
                raise UsageError(f"{name} cannot typeset the document: {_complaint(here)}")
        pdf = here / "document.pdf"
        if not pdf.is_file():
            raise UsageError(f"{name} made no PDF: {_complaint(here)}")
        return pdf.read_bytes()


def _run(command: list[str], folder: Path) -> bool:
    """Whether the command succeeded. Its whole family of processes ends with it."""
    environment = {
        **os.environ,
        "openin_any": "p",  # no absolute path, no parent folder, no dot file
        "openout_any": "p",
        "TEXMFOUTPUT": str(folder),
        "max_print_line": "1000",  # complaints come in one piece
        "SOURCE_DATE_EPOCH": "0",  # the same document is the same PDF on every day
        "FORCE_SOURCE_DATE": "1",
    }
    with open(folder / "output.txt", "wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(f"cannot run {command[0]}: {error.strerror}") from None
        try:
            return process.wait(TIMEOUT) == 0
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"{command[0]} did not finish within {TIMEOUT:g} s; ask for fewer steps"
            ) from None
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def _complaint(folder: Path) -> str:
    """TeX's first error in one line, with the line it stands in; else the engine's last words."""
    log = _read(folder / "document.log")
    output = _read(folder / "output.txt")
    for text in (log, output):
        error = re.search(r"^! *(.+)$", text, re.MULTILINE)
        if error:
            place = re.search(r"^l\.(\d+) ?(.*)$", text[error.end() :], re.MULTILINE)
            where = f" (line {place[1]}: {place[2].strip()[-60:]})" if place else ""
            return error[1].strip() + where
    words = [line.strip() for line in output.splitlines() if line.strip()]
    return next((w for w in words if w.startswith("error:")), words[-1] if words else "no message")


def _read(path: Path) -> str:
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
