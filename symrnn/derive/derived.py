"""What `model.derive` gives: a derivation that can print itself, in a notebook too."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Formula
from symrnn.derive.functions import kept
from symrnn.derive.layer_norm import with_norms
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.output import Look, Output, default_views
from symrnn.derive.paths import Term
from symrnn.derive.printing.plain import Plain
from symrnn.derive.recursion import closed_of
from symrnn.derive.sheets import Request
from symrnn.derive.sizes import check_sizes
from symrnn.derive.views.common import chained
from symrnn.derive.views.local import closed_edge
from symrnn.errors import UsageError, suggestion
from symrnn.language.arrays import Array
from symrnn.language.tree import Written
from symrnn.system import System, initial_states
from symrnn.system.names import listed

if TYPE_CHECKING:
    from symrnn.derive.sympy.equations import Equations


def derived(
    name: str,
    written: Written,
    system: System,
    steps: int | None,
    wrt: Sequence[str],
    scalar: bool,
    dims: Mapping[str, int] | None,
    truncate: int | None,
    keep: tuple[str, ...],
) -> "Derived":
    """The derivation of a text, whose system this is, by every parameter and by `wrt`; whatever is
    asked for and not there is refused now."""
    check_sizes(system, steps, dims or {}, scalar)
    known = [symbol.name for symbol in system.named("parameter")]
    near = [symbol.name for symbol in system.named("input", "fixed")] + [*initial_states(system)]
    extra = tuple(name for name in dict.fromkeys(wrt) if name not in known)
    for asked in extra:
        if asked not in near:
            raise UsageError(
                f"'{asked}' is no parameter, input or initial state"
                f"{suggestion(asked, [*known, *near])}\nthere are the parameters"
                f" {', '.join(known) or '(none)'}; beside them {', '.join(near) or '(none)'}"
            )
    kept(written, keep)
    spelt, norms = with_norms(written)
    made = Derived(name, spelt, steps, extra, scalar, dims, truncate, keep=keep, norms=norms)
    _ = made.windows  # what is wrong with them is said now
    return made


class Derived(Derivation):
    """A derivation with its formats."""

    def show(self, what: Term | Formula, notation: str = "default") -> str:
        """A term as its chain, or any formula, as text in one line."""
        formula = chained(self, what) if isinstance(what, Term) else what
        output = self.output(notation=notation)
        return Plain(*letters_for(self, output.notation), output.look.digits).line(formula)

    def closed(self, term: Term) -> Formula:
        """A term with its local derivatives put in."""
        return closed_of(self).term(term)

    def local(self, edge: Edge) -> Formula:
        """One local derivative, in closed form."""
        return closed_edge(self.rows, edge)

    def output(
        self,
        view: str | Sequence[str] = (),
        wrt: str | Sequence[str] = (),
        *,
        data: Mapping[str, Array] | str | None = None,
        eta: float = 0.001,
        **look: Any,
    ) -> Output:
        """The derivation with a notation, a width and digits, ready to be printed.

        A worked example takes one sequence, its target and all parameters from `data`; without,
        or from a file of data (its path, or "notes"), what is missing is drawn, as on the command
        line.
        """
        views, names = listed(view), listed(wrt)
        extra = {"data": self.worked(data), "eta": eta} if "numbers" in views else {}
        request = Request(views or default_views(self), names, extra=extra)
        return Output(self, request, Look(**look))

    def worked(self, data: Mapping[str, Array] | str | None) -> Mapping[str, Array]:
        """The arrays of a worked example."""
        from symrnn.derive.worked.data import worked_data

        if data is not None and not isinstance(data, str):
            return data
        symbols = replace(self, wrt=()).plain.symbols
        found, _ = worked_data(
            self.written, symbols, self.steps, data, scalar=self.scalar, dims=self.given
        )
        return found

    def latex(
        self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = (), **look: Any
    ) -> str:
        """Fragments of LaTeX; `look` may hold notation="N1", width=80, digits=4."""
        output = self.output(view, wrt, **look)
        return output.latex(output.parts())

    def text(
        self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = (), **look: Any
    ) -> str:
        """The same in Unicode, for a terminal."""
        output = self.output(view, wrt, **look)
        return output.plain(output.parts())

    def html(
        self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = (), **look: Any
    ) -> str:
        """A page that needs nothing else."""
        from symrnn.derive.pages.html import as_html
        from symrnn.derive.pages.paper import Paper

        output = self.output(view, wrt, **look)
        return as_html(Paper(output).document(output.parts()))

    def sympy(self, view: str | Sequence[str] = (), wrt: str | Sequence[str] = ()) -> "Equations":
        """The same as equations of SymPy's, each sum and product as it is printed; without a view
        in closed form, or for a symbolic T as the recursion."""
        from symrnn.derive.sympy.objects import derived

        return derived(self, listed(view) or default_views(self, python=True), listed(wrt))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        steps = "any number of steps" if self.steps is None else f"T = {self.steps}"
        by = f", by {', '.join(self.wrt)}" if self.wrt else ""
        return f"<derivation of {self.name}, {steps}{by}: print it, or .latex(), .html()>"

    def _repr_latex_(self) -> str:
        from symrnn.derive.shown import as_latex, displays

        return as_latex(displays(self._shown()))

    def _repr_html_(self) -> str:
        from symrnn.derive.shown import as_html, displays

        return as_html(displays(self._shown()))

    def _shown(self) -> Output:
        """What a notebook shows: the default view, or the recursion if that would be too long."""
        from symrnn.derive.shown import too_long

        output = self.output()
        return self.output("delta") if too_long(output) else output
