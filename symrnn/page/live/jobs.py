"""What a worker does with a request: it checks a text, makes a panel, makes a file to be kept."""

import json
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from importlib import import_module

from symrnn.derive.pages.document import Choice, Display, Fold, Item, Section
from symrnn.derive.pages.escape import for_html
from symrnn.derive.pages.html import section_html
from symrnn.derive.pages.tex import as_pdf, as_tex
from symrnn.derive.worked.data import BUILT_IN
from symrnn.errors import SymrnnError, UsageError
from symrnn.library import zoo
from symrnn.page.asked import Asked
from symrnn.page.live import limits
from symrnn.page.live.complaint import complaint
from symrnn.page.live.reply import HTML, Reply, in_json, refusal, told
from symrnn.page.live.shell import FIRST
from symrnn.page.panels import PANELS
from symrnn.page.report import Report
from symrnn.page.subject import Subject


def answer(what: str, name: str, body: bytes) -> Reply:
    """The reply to a request. Whatever goes wrong is one too."""
    of = "model"
    try:
        asked = asked_for(body)
        of = asked.name
        return JOBS[what](subject(asked), name)
    except SymrnnError as error:
        # a text that is checked and found wrong has been checked
        return refusal(200 if what == "check" else 422, complaint(str(error), of))
    except MemoryError:
        said = f"this takes more than the {limits.MEMORY >> 20} MiB of memory that a page has"
        return replace(told(422, f"{said}; ask for fewer steps or features"), spent=True)
    except RecursionError:
        return told(422, "this is nested too deeply; give a part of it a name")
    except Exception as error:  # a defect: it is told, and the server goes on
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}"
        return replace(told(500, f"a defect of symrnn, not of the text ({said})"), spent=True)


def asked_for(body: bytes) -> Asked:
    """What a request asks for; raises UsageError for what is none, or too much."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise UsageError("this is no JSON") from None
    if not isinstance(values, dict):
        raise UsageError("expected an object of JSON")
    asked = Asked.of(values)
    if len(asked.text) > limits.TEXT:
        raise UsageError(
            f"{len(asked.text):,} characters; a page takes a text of up to {limits.TEXT:,}"
        )
    if asked.steps is not None and asked.steps > limits.STEPS:
        raise UsageError(
            f"{asked.steps:,} steps; a page shows up to {limits.STEPS}, a command more of them"
        )
    if asked.data not in ("", *BUILT_IN) and not asked.data.lstrip().startswith(("{", "[")):
        raise UsageError(f"data: expected JSON, or one of {', '.join(BUILT_IN)}")
    return asked


@lru_cache(limits.SUBJECTS)
def subject(asked: Asked) -> Subject:
    """The same for the same question, with what has been worked out."""
    return Subject(asked)


# what is done


def check(subject: Subject, name: str) -> Reply:
    """Whether the text is right, what it hardly means, and what the model has."""
    model = subject.model
    doubts = [complaint(doubt, model.name).as_dict() for doubt in model.doubts]
    lacks = ""
    try:
        _ = model.adjoint
    except SymrnnError as error:  # such as a loss, for whoever is still typing
        lacks = str(error)
    found = model.summary()
    parameters = [
        {
            "name": line.name,
            "axes": [{"names": axis.names, "number": axis.number} for axis in line.axes],
        }
        for line in found.parameters
    ]
    said = {
        "title": model.written.remarks.title,
        "doubts": doubts,
        "lacks": lacks,
        "parameters": parameters,
        "dims": found.dims,
        "steps": model.system.steps,
    }
    return in_json(200, said)


def panel(subject: Subject, name: str) -> Reply:
    """The sections of one panel."""
    if name not in PANELS:
        raise UsageError(f"there is no panel '{name[:40]}'; there are {', '.join(PANELS)}")
    found = PANELS[name](subject)
    html = (
        _with_latex(section_html(_under(section, PANELS[name].title), f"{name}-{number}"), section)
        for number, section in enumerate(found, 1)
    )
    return _sized(HTML, "\n".join(html))


def _under(section: Section, title: str) -> Section:
    """The section without a title that has just been said."""
    return replace(section, title=()) if section.title == (title,) else section


def _with_latex(html: str, section: Section) -> str:
    """The section, each of its formulas with its LaTeX, to be copied."""
    latex = map(for_html, _latex(section.items))
    mark = '<div class="display"'
    return re.sub(mark, lambda _: f'{mark} data-latex="{next(latex)}"', html)


def _latex(items: Iterable[Item]) -> Iterator[str]:
    """That of each display, in the order in which they stand."""
    for item in items:
        match item:
            case Display(latex) | Choice(display=Display(latex)):
                yield latex
            case Fold(_, inside):
                yield from _latex(inside)


def _sized(kind: str, text: str) -> Reply:
    body = text.encode(errors="replace")
    if len(body) > limits.REPLY:
        raise UsageError(
            f"{len(body) >> 20} MiB are too much for a page; ask for fewer steps or fewer views"
        )
    return Reply(200, kind, body)


def download(subject: Subject, form: str) -> Reply:
    """A file to be kept."""
    if form not in FORMS:
        raise UsageError(f"there is no form '{form[:40]}'; there are {', '.join(FORMS)}")
    return FORMS[form](subject)


def _tex(subject: Subject) -> str:
    paper, figure = subject.paper, subject.derived.system.steps is not None
    return as_tex(paper.document(subject.output.parts(), figure))


def _pdf(subject: Subject) -> Reply:
    return Reply(200, "application/pdf", as_pdf(_tex(subject), limits.PAPER / 2))


PLAIN = "text/plain; charset=utf-8"

FORMS: dict[str, Callable[[Subject], Reply]] = {
    "latex": lambda subject: _sized(PLAIN, subject.output.latex(subject.output.parts())),
    "tex": lambda subject: _sized(PLAIN, _tex(subject)),
    "html": lambda subject: _sized(HTML, Report(subject).html),
    "py": lambda subject: _sized(PLAIN, subject.kernel),
    "rnn": lambda subject: _sized(PLAIN, subject.model.text),
    "pdf": _pdf,
}

JOBS = {"check": check, "panel": panel, "download": download}


def warm_up() -> None:
    """Do everything once, so that it is imported and its templates are compiled; what is slow is
    only imported."""
    quick = [panel.name for panel in PANELS.values() if not panel.slow]
    body = json.dumps({"text": zoo.read("models", FIRST)}).encode()
    for what, names in (("check", [""]), ("panel", quick), ("download", ["latex", "tex"])):
        for name in names:
            reply = answer(what, name, body)
            if reply.status != 200:
                print(f"symrnn: {what} {name}: {reply.body.decode()}", file=sys.stderr)
    for name in PANELS:
        import_module(f"symrnn.page.panels.{name}")
    with suppress(ImportError):
        import matplotlib.backends.backend_svg
        import matplotlib.figure  # noqa: F401
