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
                views=VIEWS.values(),
                notations=notations(),
                data=BUILT_IN,
                steps=limits.STEPS,
                length=limits.TEXT,
                pdf=engine() is not None,
            ),
            "page.css": "".join(map(_read, ("html/page.css", "html/report.css", "page/page.css"))),
            "page.js": _read("page/page.js"),
            "links.js": _read("html/links.js"),
            "icon.svg": _read("page/icon.svg"),
        }

    @property
    def types(self) -> dict[str, str]:
        return {
            "": "text/html",
            "page.css": "text/css",
            "page.js": "text/javascript",
            "links.js": "text/javascript",
            "icon.svg": "image/svg+xml",
        }

    @property
    def slow(self) -> frozenset[str]:
        """Panels that may take seconds."""
        return frozenset(panel.name for panel in PANELS.values() if panel.slow)


def _read(template: str) -> str:
    return (templates() / template).read_text("utf-8")
