"""A model on a page, worked out as far as it is looked at: each stage once, whoever asks."""

from dataclasses import dataclass, replace
from functools import cached_property

from symrnn.derive.derived import Derived
from symrnn.derive.output import Output, default_views
from symrnn.derive.pages.paper import Paper
from symrnn.model import Model
from symrnn.model.reading import read
from symrnn.page.asked import STEPS, Asked


@dataclass(frozen=True)
class Subject:
    """What was asked, and what follows from it."""

    asked: Asked

    @cached_property
    def model(self) -> Model:
        """Raises a SymrnnError that says what is wrong with the text, and where."""
        return read(self.asked.text, self.asked.name)

    @property
    def steps(self) -> int:
        """The number of steps of what has one: the picture, the worked example, the kernel."""
        return self.model.system.steps or self.asked.steps or STEPS

    @cached_property
    def derived(self) -> Derived:
        """The derivation, for a number of steps or for any."""
        return self.model.derive(self.asked.steps, scalar=self.asked.scalar)

    @cached_property
    def unrolled(self) -> Derived:
        """The derivation for a number of steps."""
        if self.asked.steps is not None:
            return self.derived
        return self.model.derive(self.steps, scalar=self.asked.scalar)

    @cached_property
    def output(self) -> Output:
        """The derivation in the views and letters that were asked for."""
        views = self.asked.views or default_views(self.derived, document=True)
        return self.derived.output(views, notation=self.asked.notation)

    @cached_property
    def paper(self) -> Paper:
        return Paper(self.output)

    @cached_property
    def paper_unrolled(self) -> Paper:
        """The same for a number of steps, without views."""
        if self.asked.steps is not None:
            return self.paper
        return Paper(self.unrolled.output(notation=self.asked.notation))

    @cached_property
    def kernel(self) -> str:
        """The source of the NumPy kernel."""
        return self.model.generate(self.steps)

    def with_(self, **changes: object) -> "Subject":
        return Subject(replace(self.asked, **changes))  # type: ignore[arg-type]
