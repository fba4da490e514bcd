"""A page as a test reads it: its elements with their attributes, its text, its headings."""

from functools import cache
from html.parser import HTMLParser
from typing import Any

from symrnn.page.asked import Asked
from symrnn.page.subject import Subject
from tests.cases import model

Attributes = dict[str, str]


class Page(HTMLParser):
    """The elements of a page in order; it has to be well formed enough to be read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [a[attribute] for _, a in self.elements if attribute in a]

    def tokens(self, attribute: str) -> set[str]:
        return {token for value in self.values(attribute) for token in value.split()}

    @property
    def headings(self) -> list[int]:
        return [int(t[1]) for t, _ in self.elements if len(t) == 2 and t[0] == "h" and t != "hr"]


@cache
def subject(name: str, steps: int = 3, **look: Any) -> Subject:
    return Subject(Asked(model(name).text, name, steps, **look))
