"""All panels in one file that can be mailed: it needs no network, and no script to be read."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from symrnn.derive.pages.document import Document, typeset
from symrnn.derive.pages.html import as_html
from symrnn.files import write_all
from symrnn.model import Model, load
from symrnn.page.asked import Asked
from symrnn.page.panels import PANELS, TRAINING, Panel
from symrnn.page.run import Run
from symrnn.page.subject import Subject


@dataclass(frozen=True)
class Report:
    """What a model shows of itself, as one page."""

    subject: Subject
    title: str = ""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Those of a page, and of a run how it was trained, before its numbers."""
        found = list(PANELS.values())
        if self.subject.run is not None:
            found.insert(found.index(PANELS["numbers"]), TRAINING)
        return tuple(found)

    @cached_property
    def html(self) -> str:
        """The page, whole: it fetches nothing, and its one script only lights up what is chosen."""
        paper = self.subject.paper
        sections = tuple(section for panel in self.panels for section in panel(self.subject))
        document = Document(
            typeset(self.title or paper.title),
            sections,
            subtitle=() if self.title else typeset(paper.subtitle),
        )
        return as_html(document, linked=True)

    def write(self, path: str | PathLike[str]) -> None:
        """The page as a file: whole, or not at all."""
        write_all([(str(path), self.html)])

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which leaves the notebook as it is."""
        return (
            f'<iframe srcdoc="{escape(self.html)}" sandbox="allow-scripts" title="report of'
            f' {escape(self.subject.asked.name)}" style="width: 100%; height: 40rem; border: 0">'
            "</iframe>"
        )

    def __repr__(self) -> str:
        return f"<report of {self.subject.asked.name}: .html, or .write(path)>"


def report(model: str | Path | Model, steps: int | None, **look: Any) -> Report:
    """The report of a model, or of a run by its directory; `look` is `Asked`'s, and a title."""
    title = look.pop("title", "")
    run = None
    if not isinstance(model, Model) and Path(model).is_dir():
        run = Run(str(model))
        model = run.model
    elif not isinstance(model, Model):
        model = load(model)
    asked = Asked.of({"text": model.text, "name": model.name, "steps": steps, **look})
    return Report(Subject(asked, run), title)
