"""The panels of a page, in the order in which they stand there.

Each is a file here with a function `sections(subject)`, and a row of this table. Nothing else knows
it by name: a new panel is one file and one row.
"""

from dataclasses import dataclass
from importlib import import_module

from symrnn.derive.pages.document import Section
from symrnn.page.subject import Subject


@dataclass(frozen=True)
class Panel:
    """One panel: the name of its file, and its headline."""

    name: str
    title: str
    slow: bool = False
    """Whether it may take seconds, so that a live page asks for it last."""

    def __call__(self, subject: Subject) -> tuple[Section, ...]:
        made: tuple[Section, ...] = import_module(f"{__name__}.{self.name}").sections(subject)
        return made


PANELS = {
    panel.name: panel
    for panel in (
        Panel("model", "The model"),
        Panel("network", "The unrolled network"),
        Panel("terms", "The sum, term by term"),
        Panel("derivation", "The derivation"),
        Panel("system", "The gradient as a system"),
        Panel("kernel", "The kernel"),
        Panel("numbers", "A worked example"),
        Panel("proof", "What verify says", slow=True),
        Panel("flow", "How the gradient flows", slow=True),
    )
}

TRAINING = Panel("training", "The training")
"""Of a run alone: no text that somebody types has it."""
