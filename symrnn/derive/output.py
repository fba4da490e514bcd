"""A derivation in a format: fragments of LaTeX, text, Python, JSON, or a whole document."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from symrnn.derive.alike import classes
from symrnn.derive.derivation import Derivation
from symrnn.derive.fold import Folding, names_in
from symrnn.derive.formula import Formula, Grid, Sheet, Words
from symrnn.derive.functions import definitions, functions_of, is_slope
from symrnn.derive.immediate import ambiguous, told
from symrnn.derive.lettered import explained, with_letters
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.families import Families
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.printing.latex import Latex
from symrnn.derive.printing.plain import NARROWEST, Plain
from symrnn.derive.printing.terminal import GLUE, aligned, columns, filled
from symrnn.derive.sheets import (
    Request,
    Sheets,
    as_columns,
    check_views,
    over_batch,
    sheets_of,
    update_rules,
)
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from symrnn.language.tree import Ref
from symrnn.system.system import System, uses
from symrnn.system.windows import sentence

DEFAULT_WIDTH = 80

INDENT = "    "
"""Before each line of a formula in a text."""


@dataclass(frozen=True)
class Look:
    """How formulas are printed."""

    notation: str = "default"
    width: int = DEFAULT_WIDTH
    """About how many characters a line may be wide; 0 for no limit."""
    digits: int = 4
    all: bool = False
    """Whether equations that are alike are written out, one by one."""
    title: str = ""
    """Of a document; without, what it is and of which model."""


@dataclass(frozen=True)
class Chapter:
    """A headline and the sheets under it."""

    title: str
    sheets: Sheets
    view: str = ""
    task: str = ""
    """What a student is asked to do with it."""

    @property
    def by_steps(self) -> bool:
        """Whether each line has a reason of its own: what is alike says so itself."""
        return self.view in VIEWS and VIEWS[self.view].by_steps

    @property
    def in_numbers(self) -> bool:
        return self.view in VIEWS and VIEWS[self.view].in_numbers


class Output:
    """One derivation, in one notation, ready to be printed in any format."""

    def __init__(self, derivation: Derivation, request: Request, look: Look) -> None:
        check_views(request.views)
        self.notation = load_notation(look.notation)
        columns = self.notation.orientation == "column"
        self.names = derivation.chosen(request.wrt)
        if not look.all and any(VIEWS[view].puts_in for view in request.views):
            derivation = with_letters(derivation)
        self.look, self.derivation = look, derivation
        known = {} if look.all else classes(derivation)
        asked = [known[name] for name in self.names if name in known]
        self.classes = known if len(set(asked)) < len(asked) else {}
        """The names that are alike; none where all is to be written out, or where there is no
        gradient by two of them."""
        self.request = replace(request, columns=columns, evenly=bool(self.classes))

    @cached_property
    def _lettering(self) -> tuple[Letters, dict[str, str]]:
        return letters_for(self.derivation, self.notation)

    @cached_property
    def latex_printer(self) -> Latex:
        return Latex(*self._lettering, self.look.digits, self.shows_plus, self.families)

    @cached_property
    def plain_printer(self) -> Plain:
        return Plain(*self._lettering, self.look.digits, self.shows_plus, self.families)

    @cached_property
    def families(self) -> Families:
        return Families(self._lettering[0], names_in(s for part in self.views for s in part.sheets))

    @cached_property
    def folding(self) -> Folding:
        return Folding(self.classes, self.families, self._lettering[1])

    def folded(self, parts: Sequence[Chapter]) -> list[Chapter]:
        """The parts with alike equations as one; in an exercise and in a worked example each
        stands for itself, since a gap, a slip or a number is at one place."""
        if any(part.task for part in parts):
            return list(parts)
        return [
            part
            if part.in_numbers or part.by_steps
            else replace(part, sheets=self.folding.sheets(part.sheets))
            for part in parts
        ]

    def parts(self) -> list[Chapter]:
        """The chosen views, for one sequence. The first of them says what holds of all: where paths
        are cut, and which derivatives are immediate, if ∂⁺ does not show it."""
        first, *others = self.views
        parts = [replace(first, sheets=self.remarked(first.sheets)), *others]
        return [*parts[:-1], replace(parts[-1], sheets=(*parts[-1].sheets, *self.slopes(parts)))]

    @cached_property
    def views(self) -> list[Chapter]:
        found: list[Chapter] = []
        known: set[str] = set()
        for view in self.request.views:
            sheets = sheets_of(self.derivation, view, self.request)
            before = self.before(sheets, known)
            found.append(Chapter(VIEWS[view].title, (*before, *sheets), view))
            equations = (e for sheet in found[-1].sheets for e in sheet.equations)
            known |= {e.left.name for e in equations if isinstance(e.left, Ref)}
        return found

    def before(self, sheets: Sheets, known: set[str]) -> Sheets:
        """What the letters are that these sheets read, besides those that are known."""
        found = tuple(explained(self.derivation, sheets, known))
        columns = self.request.columns and not self.derivation.scalar
        return as_columns(found) if columns else found

    @cached_property
    def shows_plus(self) -> bool:
        """Whether immediate derivatives are printed as ∂⁺: by the notation, or since one symbol
        would have two meanings without."""
        sheets = [sheet for part in self.views for sheet in part.sheets]
        return self.notation.immediate or ambiguous(sheets)

    def slopes(self, parts: Sequence[Chapter]) -> Sheets:
        """What the derivatives f′ are that the parts read, once for all of them."""
        equations = [e for part in parts for sheet in part.sheets for e in sheet.equations]
        said = {e.left.function for e in equations if is_slope(e.left)}
        letters = self.latex_printer.letters
        taken = {letters.latex(Ref(name)) for name in letters.system.symbols}
        reasoned = any(part.by_steps for part in parts)
        rights = [right for e in equations for right in e.rights]
        found = definitions(rights, taken, reasoned, said)
        own = functions_of(sheet for part in parts for sheet in part.sheets)
        return (*own, *([Sheet(("Derivatives of functions",), tuple(found))] if found else []))

    def remarked(self, sheets: Sheets) -> Sheets:
        first, *others = sheets
        note = (*(f"{remark} " for remark in self.remarks), *self.told)
        return (replace(first, note=(*note, *first.note)), *others)

    @property
    def told(self) -> Words:
        """Which derivatives are immediate, where they look like any other."""
        if self.shows_plus:
            return ()
        sheets = [sheet for part in self.views for sheet in part.sheets]
        return told(sheets, self.derivation.parameters, self.plain_printer.line)

    @property
    def remarks(self) -> list[str]:
        """What is to be known of every formula."""
        found = []
        cut = self.derivation.windows
        if cut is not None:
            found.append(f"{sentence(cut)}, and no path leads from one of them into another.")
        if self.derivation.system.steps is None and reads_beyond(self.derivation.plain):
            found.append("Inputs outside 1, …, T are zero.")
        return found

    def finished(self, parts: Sequence[Chapter]) -> list[Chapter]:
        """The parts as they are printed: averaged over the batch, if that is asked for."""
        if not self.request.batch:
            return list(parts)
        return [
            part if part.in_numbers else replace(part, sheets=over_batch(part.sheets))
            for part in parts
        ]

    def updates(self) -> list[Chapter]:
        """How the parameters are updated."""
        sheet = update_rules(self.derivation, self.names)
        return [Chapter("Update rules", (sheet,))] if sheet.equations else []

    # fragments

    def latex(self, parts: Sequence[Chapter]) -> str:
        """Displays to paste, each under a comment that says what it is."""
        folded = self.folded(parts)
        blocks = [self.latex_sheet(part, sheet) for part in folded for sheet in part.sheets]
        return "\n".join(blocks)

    def latex_sheet(self, part: Chapter, sheet: Sheet) -> str:
        comment = f"% {part.title if part.task or not part.view else part.view}: "
        comment += self.words(sheet.title)
        lines = [comment, *(f"% {line}" for line in [self.words(sheet.note).rstrip()] if line)]
        body = ""
        if sheet.equations:
            body = self.latex_printer.fragment(sheet.equations, self.look.width)
        if sheet.grid is not None:
            body += self.latex_grid(sheet.grid)
        return "\n".join([*lines, body])

    def latex_grid(self, grid: Grid) -> str:
        def cells(row: Sequence[Formula | None]) -> str:
            return " & ".join("" if c is None else self.latex_printer.line(c) for c in row)

        head, *rows = (cells(row) + r" \\" for row in (grid.header, *grid.rows))
        body = "\n".join([head + r" \hline", *rows])
        columns = "l" * len(grid.header)
        return f"\\[\n\\begin{{array}}{{{columns}}}\n{body}\n\\end{{array}}\n\\]\n"

    def words(self, parts: "tuple[str | Formula, ...]") -> str:
        """A title or a note as plain text."""
        return "".join(p if isinstance(p, str) else self.plain_printer.line(p) for p in parts)

    def plain(self, parts: Sequence[Chapter]) -> str:
        blocks = []
        width = self.look.width
        for part in self.folded(parts):
            if part.task:
                title, task = filled(part.title, width), filled(part.task, width)
                rule = "=" * max(map(columns, title))
                blocks.append("\n".join([*title, rule, *task, ""]))
            for sheet in part.sheets:
                lines = [*self.prose(sheet.title), *self.prose(sheet.note)]
                room = max(width - len(INDENT), NARROWEST) if width else 0
                body = self.plain_printer.display(sheet.equations, room)
                if sheet.grid is not None:
                    body += "\n".join(aligned(self.plain_grid(sheet.grid)))
                blocks.append("\n".join([*lines, *(INDENT + x for x in body.splitlines()), ""]))
        return "\n".join(blocks)

    def plain_grid(self, grid: Grid) -> list[list[str]]:
        return [
            ["" if cell is None else self.plain_printer.line(cell) for cell in row]
            for row in (grid.header, *grid.rows)
        ]

    def prose(self, parts: "tuple[str | Formula, ...]") -> list[str]:
        """A title or a note in lines; neither a formula nor an equation of two is broken."""
        whole = (
            p.replace(" = ", f"{GLUE}={GLUE}")
            if isinstance(p, str)
            else self.plain_printer.line(p).replace(" ", GLUE)
            for p in parts
        )
        return filled("".join(whole), self.look.width)


def reads_beyond(system: System) -> bool:
    """Whether an input is read at steps that may lie outside 1…T."""
    roles = system.symbols
    reads = (use.ref for equation in system.equations for use in uses(equation))
    shifted = (ref for ref in reads if ref.base == "t" and ref.shift)
    return any(roles[ref.name].role in ("input", "target") for ref in shifted)


def _has_products(derivation: Derivation) -> bool:
    """Whether a model is one of those that products of Jacobians say."""
    try:
        VIEWS["product"](derivation)
    except UsageError:
        return False
    return True


def default_views(
    derivation: Derivation, document: bool = False, python: bool = False
) -> tuple[str, ...]:
    """What is shown where nothing is asked for; Python text cannot hold a chain of matrices."""
    if derivation.system.steps is None:
        return ("delta", "product") if document and _has_products(derivation) else ("delta",)
    if document:
        return ("chain", "local", "closed", "delta")
    return ("closed",) if python else ("chain",)
