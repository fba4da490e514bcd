"""A model on a page, worked out as far as it is looked at: each stage once, whoever asks."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from symrnn.derive.derivation import Derivation
from symrnn.derive.derived import Derived
from symrnn.derive.output import Output, default_views
from symrnn.derive.pages.document import Listing
from symrnn.derive.pages.paper import Paper
from symrnn.derive.sheets import count_factors
from symrnn.model import Model
from symrnn.model.reading import read
from symrnn.page.asked import STEPS, Asked
from symrnn.page.data import Example, batch, example, example_of_run
from symrnn.page.lights import Lights
from symrnn.page.marks import of_equations, of_statements
from symrnn.page.run import Run
from symrnn.system.listing import listing
from symrnn.system.symbols import dimensions

if TYPE_CHECKING:
    from symrnn.training.runs.plain_batch import PlainBatch

LONGEST = 700
"""Factors in the chains of all terms together: more are not written out on a page, which is to stay
below two megabytes."""


@dataclass(frozen=True)
class Subject:
    """What was asked, and what follows from it."""

    asked: Asked
    run: Run | None = None
    """The run whose model it is."""

    @cached_property
    def model(self) -> Model:
        """Raises a SymrnnError that says what is wrong with the text, and where."""
        if self.run is not None:
            return self.run.model
        return read(self.asked.text, self.asked.name)

    @property
    def steps(self) -> int:
        """The number of steps of what has one: the picture, the worked example, the kernel."""
        return self.model.system.steps or self.asked.steps or STEPS

    @cached_property
    def dims(self) -> dict[str, int]:
        """The widths that are known: in the scalar form all of them are 1."""
        return dict.fromkeys(dimensions(self.model.system.symbols), 1) if self.asked.scalar else {}

    @cached_property
    def derived(self) -> Derived:
        """The derivation, for a number of steps or for any; a text that fixes them is asked for
        these."""
        steps = self.model.system.steps or self.asked.steps
        return self.model.derive(steps, scalar=self.asked.scalar)

    @cached_property
    def unrolled(self) -> Derived:
        """The derivation for a number of steps."""
        if self.derived.unrolled:
            return self.derived
        return self.model.derive(self.steps, scalar=self.asked.scalar)

    @cached_property
    def output(self) -> Output:
        """The derivation in the views and letters that were asked for; without views in those that
        a document has, or as the recursion alone where that would be too long."""
        views = self.asked.views or default_views(self.derived, document=True)
        if not self.asked.views and self.derived.unrolled and count_factors(self.derived) > LONGEST:
            views = ("delta",)
        return self.derived.output(views, notation=self.asked.notation)

    @cached_property
    def paper(self) -> Paper:
        return Paper(self.output, marked=True)

    @cached_property
    def paper_unrolled(self) -> Paper:
        """The same for a number of steps, without views."""
        if self.derived.unrolled:
            return self.paper
        return Paper(self.unrolled.output(notation=self.asked.notation), marked=True)

    @cached_property
    def by_terms(self) -> Output:
        """The derivation for a number of steps as chains, whatever else is looked at."""
        return self.unrolled.output("chain", notation=self.asked.notation)

    @cached_property
    def terms_of(self) -> Derived:
        """The derivation whose terms these chains are."""
        output = self.by_terms
        found: Derivation = replace(output.derivation, evenly=output.request.evenly)
        assert isinstance(found, Derived)
        return found

    @cached_property
    def system(self) -> Listing:
        """The system with its adjoint."""
        text = listing(self.model.adjoint, f"{self.model.name}: with its adjoint").rstrip("\n")
        return Listing(text, "the gradient as a system", of_equations(text, self.adjoints))

    @cached_property
    def code(self) -> Listing:
        """The kernel, each line with what it works out."""
        text = self.kernel.rstrip("\n")
        return Listing(text, "source of the kernel", of_statements(text, self.adjoints))

    @property
    def adjoints(self) -> list[str]:
        return [s.name for s in self.model.adjoint.symbols.values() if s.of is not None]

    @cached_property
    def lights(self) -> Lights:
        """What lights up with each term."""
        marks = (
            frozenset(token for mark in each.marks for token in mark.split())
            for each in (self.system, self.code)
        )
        return Lights(self.terms_of, self.model.adjoint, tuple(marks))

    @cached_property
    def example(self) -> Example:
        """The numbers of the worked example."""
        if self.run is not None:
            return example_of_run(self.run.batch)
        return example(self.asked, self.model, self.steps)

    @cached_property
    def batch(self) -> "PlainBatch":
        """What flow is measured on."""
        return self.run.batch if self.run else batch(self.asked, self.model, self.steps)

    @cached_property
    def kernel(self) -> str:
        """The source of the NumPy kernel."""
        return self.model.generate(self.steps)
