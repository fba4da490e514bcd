"""A derivation as data: all formulas, and each term with its step, its path and its factors."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symrnn.derive.formula import Equation, Formula, Grid, Immediate, Sheet
from symrnn.derive.output import Chapter, Output
from symrnn.derive.paths import Term
from symrnn.derive.recursion import closed_of
from symrnn.derive.sheets import flipped
from symrnn.derive.views.local import closed_edge


def as_json(output: Output, parts: Sequence[Chapter]) -> str:
    return _Data(output).json(parts)


@dataclass(frozen=True)
class _Data:
    output: Output

    def json(self, parts: Sequence[Chapter]) -> str:
        derivation = self.output.derivation

        def told(sheet: Sheet) -> Sequence[Equation]:
            return self.output.plain_printer.telling(sheet.equations)

        found = {
            "model": derivation.name,
            "steps": derivation.system.steps,
            "form": "scalar" if derivation.scalar else "matrix",
            "notation": self.output.notation.name,
            "views": [
                {
                    "view": part.view or part.title,
                    "sheets": [
                        {
                            "title": self.output.words(sheet.title),
                            "about": sheet.about or None,
                            "note": self.output.words(sheet.note).strip() or None,
                            "equations": [self.equation_data(e) for e in told(sheet)],
                            **({"table": self.grid_data(sheet.grid)} if sheet.grid else {}),
                        }
                        for sheet in part.sheets
                    ],
                }
                for part in parts
            ],
            "gradients": {name: self.terms_data(name) for name in self.output.names},
        }
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"

    def grid_data(self, grid: Grid) -> list[list[dict[str, str] | None]]:
        """A table row by row, its header first."""
        return [
            [None if cell is None else self.formula_data(cell) for cell in row]
            for row in (grid.header, *grid.rows)
        ]

    def equation_data(self, equation: Equation) -> dict[str, object]:
        latex, plain = self.output.latex_printer, self.output.plain_printer
        return {
            "left": {"latex": latex.line(equation.left), "text": plain.line(equation.left)},
            "rights": [
                {"latex": latex.line(right), "text": plain.line(right), **reason}
                for right, reason in zip(equation.rights, self.reasons_data(equation), strict=True)
            ],
            "steps": [plain.time(step) for step in equation.steps] or None,
        }

    def reasons_data(self, equation: Equation) -> Iterator[dict[str, str]]:
        for place in range(len(equation.rights)):
            reason = equation.reasons[place : place + 1]
            yield {"reason": self.output.words(reason[0])} if reason and reason[0] else {}

    def terms_data(self, name: str) -> list[dict[str, object]]:
        """The terms of a gradient: where each begins, its path and its factors."""
        plain, closed = self.output.plain_printer, closed_of(self.output.derivation)
        return [
            {
                "about": plain.line(term.about),
                "step": plain.time(term.step) if term.step is not None else None,
                "start": plain.line(term.start),
                "path": [[plain.line(e.of), plain.line(e.by)] for e in term.path],
                "factors": list(self.factors_data(term)),
                "closed": self.formula_data(closed.term(term)),
            }
            for term in self.output.derivation.terms(name)
        ]

    def factors_data(self, term: Term) -> Iterator[dict[str, object]]:
        """The factors of a term, each with its closed form; a total has an equation instead."""
        plain = self.output.plain_printer
        factors = self.output.derivation.factors(term)
        edges = (*[None] * (len(factors) - len(term.path)), *term.path)
        for factor, edge in zip(factors, edges, strict=True):
            found: dict[str, object] = {
                "kind": type(factor).__name__.lower(),
                "of": plain.line(factor.of),
                "by": plain.line(factor.by),
                "equals_total": factor.alone if isinstance(factor, Immediate) else True,
            }
            if edge is not None:
                found["closed"] = self.formula_data(closed_edge(self.output.derivation.rows, edge))
            yield found

    def formula_data(self, formula: Formula) -> dict[str, str]:
        """A formula as LaTeX and as text, in the convention of the notation."""
        if self.output.request.columns and not self.output.derivation.scalar:
            formula = flipped(formula)
        return {
            "latex": self.output.latex_printer.line(formula),
            "text": self.output.plain_printer.line(formula),
        }
