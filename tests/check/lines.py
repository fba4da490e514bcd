"""Right lines to begin with: what `derive` prints of a model, as it is and rewritten."""

import itertools
import random
from dataclasses import dataclass, replace
from functools import cached_property

from symrnn.derive.derived import Derived
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.exercises.slips import equations_of
from symrnn.derive.formula import Equation, Immediate, Total
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.notation import Notation
from symrnn.derive.output import Output
from symrnn.derive.printing.latex import Latex
from symrnn.derive.shapes import Shapes
from symrnn.derive.sheets import as_columns
from symrnn.derive.views.chain import view as chain
from symrnn.derive.views.local import view as local
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.tree import Ref
from symrnn.system import initial_states, with_states
from symrnn.system.symbols import dimensions
from tests.cases import model
from tests.check.retyped import retyped
from tests.check.rewritings import Rewriter

WIDTHS = (3, 5, 7, 2, 4, 6)
LETTERS = ("P", "Q", "R", "S", "M", "N", "Z", "F", "G", "K", r"\Theta", r"\Lambda", r"\Phi")


@dataclass(frozen=True)
class Page:
    """One view of one model, as it is printed."""

    name: str
    view: str
    notation: str = "default"
    scalar: bool = False
    steps: int | None = None
    wrt: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.view} {'scalar' if self.scalar else self.notation}"

    @cached_property
    def derived(self) -> Derived:
        return model(self.name).derive(steps=self.steps, scalar=self.scalar)

    @cached_property
    def output(self) -> Output:
        return self.derived.output(self.view, self.wrt, notation=self.notation, all=True)

    @property
    def columns(self) -> bool:
        return self.output.request.columns and not self.scalar

    @cached_property
    def every(self) -> list[Equation]:
        return list(equations_of(sheet for part in self.output.views for sheet in part.sheets))

    @property
    def equations(self) -> list[Equation]:
        """Those of derivatives that say something."""
        said = (e for e in self.every if isinstance(e.left, Total | Immediate))
        return [equation for equation in said if equation.rights != (equation.left,)]

    @property
    def latex(self) -> str:
        """The whole view."""
        return self.output.latex(self.output.parts())

    def rewriter(self, rng: random.Random) -> Rewriter:
        shapes = Shapes(self.derived.system, dict(self.derived.dims))
        return Rewriter(shapes, self.scalar, self.columns, rng)

    def rewritten(
        self, rng: random.Random, count: int, renamed: bool = False
    ) -> tuple[list[str], dict[str, str]]:
        """Lines of the same value, each typed in its own way, and what their letters stand for."""
        rewriter, printer = self.rewriter(rng), self.output.latex_printer
        other, mapping = self.renamed(rng) if renamed else (printer, {})
        lines = []
        for equation in rng.choices(self.equations, k=count):
            right = rewriter(rng.choice(equation.rights), rng.randint(1, 4))
            new = replace(equation, rights=(right,), by_terms=False, reasons=())
            printed = " ".join(other.equation(new, 0, 0)).replace("&", "")
            lines.append(retyped(printed, rng))
        return lines, mapping

    def renamed(self, rng: random.Random) -> tuple[Latex, dict[str, str]]:
        """A printer with other letters for parameters, and what each of them was."""
        old, known = self.output.latex_printer, self.output.notation
        names = [symbol.name for symbol in self.derived.plain.named("parameter")]
        letters = dict(zip(names, rng.sample(LETTERS, len(LETTERS)), strict=False))
        symbols = {**{k: v for k, v in known.symbols.items() if k not in letters}, **letters}
        other: Notation = replace(known, name="other", symbols=symbols)
        printer = Latex(*letters_for(self.output.derivation, other), old.digits, old.shows_plus)
        return printer, {printer.line(Ref(name)): name for name in letters}

    # in numbers, without the checker

    @cached_property
    def evaluator(self) -> Evaluator:
        plain = self.derived.plain
        system = with_states(plain) if initial_states(plain) else plain
        sizes = itertools.repeat(1) if self.scalar else itertools.cycle(WIDTHS)
        dims = {**dict(zip(dimensions(plain.symbols), sizes, strict=False)), **self.derived.dims}
        data = sample(self.derived.written, system.symbols, dims, self.steps or 3, 1)
        extra = (*local(self.derived), *chain(self.derived))
        known = [*self.every, *equations_of(as_columns(extra) if self.columns else extra)]
        values = interpret(system, data, self.steps or 3)
        return Evaluator(known, values, data, dims, self.columns)
