"""The views of a derivation: the same terms as a chain of partials, closed, as a recursion, …

Each view is a file here with a function `view(derivation, names)` that gives sheets of equations,
and a row of the table `VIEWS`. Nothing else knows it by name: a new view is one file and one row.

steps       the derivation as on a board, each line with its reason
common      what several views share
jacobians   the states of recurrences and the Jacobians between their steps, for `product`
norms       how much of one step reaches a later one, for `numbers`
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from symrnn.derive.derivation import Derivation
    from symrnn.derive.formula import Sheet


@dataclass(frozen=True)
class View:
    """One view: the name of its file, and what is to be known of it wherever views are listed."""

    name: str
    title: str
    """Its headline."""
    reading: str = ""
    """How its formulas are to be read, in a document."""
    reading_if_cut: str = ""
    """The same where backpropagation is cut, if it differs."""
    shows_partials: bool = False
    """Whether its factors are ∂u/∂v: a document says which matrices these are."""
    is_long: bool = False
    """Whether it writes every step out, so that it may be refused as too long."""
    begins_at_totals: bool = False
    """Whether its terms begin at the totals that several paths share, and these are listed."""
    puts_in: bool = False
    """Whether its derivatives are those of the author's variables, what has no name put in: what
    goes into a function gets a letter."""
    in_numbers: bool = False
    """Whether it works numbers out: it takes data, of one sequence, beside the names."""
    by_steps: bool = False
    """Whether each sheet is a step under a heading of its own, which a page can fold."""
    asked: Literal["all", "first", "last"] = "all"
    """Which right sides of an equation stand in an exercise: a second form of the same sum would
    give the first one away."""

    def __call__(
        self, derivation: "Derivation", names: Any = (), **extra: Any
    ) -> "tuple[Sheet, ...]":
        """Its sheets, for the gradients by these names. Its file is imported now, so that the
        table costs nothing: that of `numbers` needs NumPy."""
        made: tuple[Sheet, ...] = import_module(f"{__name__}.{self.name}").view(
            derivation, names, **extra
        )
        return made


VIEWS = {
    view.name: view
    for view in (
        View(
            "steps",
            "Step by step",
            "Each line follows from the one before it, for the reason beside it. ",
            shows_partials=True,
            by_steps=True,
            asked="last",
        ),
        View(
            "chain",
            "The chain rule, path by path",
            "Each term goes from the loss back to one use of the parameter. ",
            shows_partials=True,
            is_long=True,
            begins_at_totals=True,
            puts_in=True,
        ),
        View(
            "local",
            "Local derivatives",
            "Each factor of the chain, worked out.",
            is_long=True,
            begins_at_totals=True,
            puts_in=True,
            asked="last",
        ),
        View(
            "closed",
            "In closed form",
            "The local derivatives put into the chain, carried back along each path.",
            is_long=True,
            begins_at_totals=True,
            puts_in=True,
            asked="first",
        ),
        View(
            "delta",
            "The backward recursion",
            "The same for any number of steps: from the last step back, one equation a step.",
            reading_if_cut="From the last step back, one equation a step.",
        ),
        View(
            "product",
            "As products of Jacobians",
            "The paths between two steps, as products of the Jacobians of the state.",
            puts_in=True,
        ),
        View("paths", "Every path on its own", puts_in=True),
        View(
            "uses",
            "The sum over the uses of a parameter",
            is_long=True,
            puts_in=True,
            asked="last",
        ),
        View("forward", "Carried forward with the steps", puts_in=True),
        View(
            "expanded",
            "In inputs and weights alone",
            "Every variable put in, until only inputs, targets and weights are left.",
        ),
        View(
            "numbers",
            "A worked example",
            "Every formula, then with its numbers, then its value.",
            in_numbers=True,
        ),
    )
}
