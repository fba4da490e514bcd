"""The page before anything is typed: its frame, its style and its script."""

from dataclasses import dataclass
from functools import cached_property

from symrnn.derive.notation.notation import notations
from symrnn.derive.pages.tex import engine
from symrnn.derive.views import VIEWS
from symrnn.derive.worked.data import BUILT_IN
from symrnn.frame import render, templates
from symrnn.library import zoo
from symrnn.page.live import limits
from symrnn.page.panels import PANELS

OWN = ("page.js", "editor.js", "address.js", "icon.svg")

FIRST = "elman"
"""The example with which a page begins."""

TYPES = {"": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
"""By the ending of a path."""


@dataclass(frozen=True)
class Shell:
    """Files that are the same for everybody."""

    @cached_property
    def files(self) -> dict[str, str]:
        """By the path behind the token."""
        return {
            "": render(
                "page/page.html",
                panels=PANELS.values(),
                models=[
                    (name, zoo.read("models", name), said) for name, said in zoo.models().items()
                ],
                first=FIRST,
                views=VIEWS.values(),
                notations=notations(),
                data=BUILT_IN,
                steps=limits.STEPS,
                length=limits.TEXT,
                pdf=engine() is not None,
            ),
            "page.css": "".join(map(_read, ("html/page.css", "html/report.css", "page/page.css"))),
            "links.js": _read("html/links.js"),
            **{name: _read(f"page/{name}") for name in OWN},
        }

    @property
    def slow(self) -> frozenset[str]:
        """Panels that may take seconds."""
        return frozenset(panel.name for panel in PANELS.values() if panel.slow)


def _read(template: str) -> str:
    return (templates() / template).read_text("utf-8")
