"""All panels in one file that can be mailed: it needs no network, and no script to be read."""

from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from os import PathLike

from symrnn.derive.pages.document import Document, typeset
from symrnn.derive.pages.html import as_html
from symrnn.files import write_all
from symrnn.page.panels import PANELS, Panel
from symrnn.page.subject import Subject


@dataclass(frozen=True)
class Report:
    """What a model shows of itself, as one page."""

    subject: Subject
    title: str = ""
    panels: tuple[Panel, ...] = field(default=tuple(PANELS.values()))

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
