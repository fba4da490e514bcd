"""A derivation as a document: the model, its symbols, the unrolled network, the views, updates."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.derive.as_written import definitions
from symrnn.derive.formula import Equation, Formula, Grid, Name, Sheet
from symrnn.derive.output import DEFAULT_WIDTH, Chapter, Output
from symrnn.derive.pages.document import (
    Display,
    Document,
    Figure,
    Fold,
    Heading,
    Inline,
    Item,
    Listing,
    PageBreak,
    Paragraph,
    Section,
    Table,
    Text,
    typeset,
)
from symrnn.derive.printing.measure import DENSE, PAPER
from symrnn.derive.sheets import COLUMNS, ROWS, as_columns, update_rules
from symrnn.derive.views import VIEWS
from symrnn.language.tree import NARROW, Ref, Remarks, Size, Width
from symrnn.system import initial_states
from symrnn.system.symbols import PI, Symbol

ROLES = {
    "input": "input",
    "target": "target",
    "parameter": "parameter",
    "fixed": "fixed",
    "constant": "constant",
    "variable": "variable",
    "weight": "computed of parameters",
    "total": "loss",
}

PLUS = (
    "∂⁺ is the immediate derivative, every other occurrence held fixed; where nothing else is left"
    " it is the total one, and written ∂. "
)

KIND = "Backpropagation through time"

UNNAMED = ("-e", "standard input", "model")
"""Names that say where a text came from, and not what it is."""


ENTRYWISE = (
    "⊙, fractions, powers and functions of vectors work entry by entry; 1 beside a vector is 1 in"
    " each entry."
)


class Paper:
    """Makes the document of one output."""

    def __init__(self, output: Output, marked: bool = False) -> None:
        self.output, self.derivation = output, output.derivation
        self.marked = marked
        """Whether parts of it say what they show, for a page that lights them up."""

    def document(
        self,
        parts: Sequence[Chapter],
        figure: bool = False,
        after: Sequence[Chapter] = (),
    ) -> Document:
        """The sections in order; `after` stands on a page of its own: a solution, a slip."""
        sections = [self.model(), self.symbols()]
        if self.derivation.system.steps is not None:
            sections.append(self.unrolled(figure))
        sections += [self.part(part) for part in self.output.folded(parts)]
        sections += self.updates()
        if after:
            last = sections[-1]
            sections[-1] = Section(last.title, (*last.items, PageBreak()))
        sections += [self.part(part) for part in after]
        return Document(
            typeset(self.title),
            tuple(sections),
            subtitle=typeset(self.subtitle),
            dense=self.is_folded,
        )

    @property
    def title(self) -> str:
        """The one that was asked for, or that of the text, or what it is and of which model."""
        if self.output.look.title or self.remarks.title:
            return self.output.look.title or self.remarks.title
        name = self.derivation.name
        named = "" if name in UNNAMED else f": {name}"
        return f"{KIND}{named}{self.number}"

    @property
    def subtitle(self) -> str:
        """What it is, under the title of the text."""
        by_text = self.remarks.title and not self.output.look.title
        return f"{KIND}{self.number}" if by_text else ""

    @property
    def number(self) -> str:
        steps = self.derivation.system.steps
        return f", T = {steps}" if steps is not None else ""

    @property
    def remarks(self) -> Remarks:
        return self.derivation.written.remarks

    # pieces

    def inline(self, formula: Formula) -> Inline:
        return Inline(
            self.output.latex_printer.line(formula), self.output.plain_printer.line(formula)
        )

    def text(self, parts: Sequence["str | Formula"]) -> Text:
        found: list[str | Inline] = []
        for part in parts:
            found += typeset(part) if isinstance(part, str) else (self.inline(part),)
        return tuple(found)

    def display(self, equations: tuple[Equation, ...]) -> Display:
        wanted = self.output.look.width or DEFAULT_WIDTH
        if self.is_folded and wanted == DEFAULT_WIDTH:
            wanted = DENSE
        width = min(wanted, DENSE if self.is_folded else PAPER)  # paper has a width
        return Display(
            self.output.latex_printer.display(equations, width),
            self.output.plain_printer.display(equations, width),
        )

    @property
    def is_folded(self) -> bool:
        """Whether the model has equations that are alike, so that it is long without."""
        return bool(self.output.folding.classes)

    def sheet(self, sheet: Sheet, titled: bool, said: Sequence[str] = ()) -> Iterator[Item]:
        """Its title, its note but for what has been said, its equations."""
        if titled:
            yield Heading(self.text(sheet.title))
        if note := tuple(part for part in sheet.note if part not in said):
            yield Paragraph(self.text(note))
        if sheet.equations:
            yield self.display(sheet.equations)
        if sheet.grid is not None:
            yield self.table(sheet.grid)

    def table(self, grid: Grid) -> Table:
        header, *rows = (
            tuple(("",) if cell is None else (self.inline(cell),) for cell in row)
            for row in (grid.header, *grid.rows)
        )
        return Table(header, tuple(rows))

    def short(self, equations: Sequence[Equation]) -> tuple[Equation, ...]:
        """Equations that are alike as one."""
        return tuple(self.output.folding.equations(equations))

    # sections

    def part(self, part: Chapter) -> Section:
        items: list[Item] = []
        if part.task:
            items.append(Paragraph(typeset(part.task)))
        if reading := self.reading(part.view):
            items.append(Paragraph(typeset(reading)))
        sheets = gathered(part.sheets) if self.is_folded and not part.by_steps else part.sheets
        for number, sheet in enumerate(sheets, 1):
            if part.by_steps:
                inside = tuple(self.sheet(sheet, titled=False, said=(ROWS, COLUMNS)))
                items.append(Fold((f"{number}. ", *self.text(sheet.title)), inside))
            else:
                items += self.sheet(sheet, titled=len(sheets) > 1)
        return Section((part.title,), tuple(items))

    def reading(self, view: str) -> str:
        """How the formulas of a view are to be read."""
        row = VIEWS.get(view)
        if row is None:
            return ""
        if row.reading_if_cut and self.derivation.windows is not None:
            return row.reading_if_cut
        if not row.shows_partials:
            return row.reading
        plus = PLUS if self.output.shows_plus else ""
        convention = COLUMNS if self.output.request.columns else ROWS
        words = row.reading + plus + ("" if self.derivation.scalar else convention)
        return words.rstrip()

    def model(self) -> Section:
        """The text as it was typed, and its equations."""
        source = self.derivation.written.source
        items: list[Item] = []
        if source is not None:
            items.append(Listing(source.text.strip("\n")))
        items.append(self.display(self.short(self.forward(rolled=True))))
        return Section(("The model",), tuple(items))

    def unrolled(self, figure: bool) -> Section:
        items: list[Item] = [self.display(self.short(self.forward(rolled=False)))]
        if figure:
            items.append(self.figure())
        return Section(("The unrolled network",), tuple(items))

    def forward(self, rolled: bool) -> tuple[Equation, ...]:
        """The author's equations, what has other names put in."""
        derivation = self.derivation.rolled if rolled else self.derivation
        equations = definitions(derivation.rows_as_written, derivation.own)
        if not rolled:  # step by step, and within a step as the author has it
            place = {e.target.name: n for n, e in enumerate(derivation.rolled.system.equations)}

            def at(equation: Equation) -> tuple[bool, int, int]:
                assert isinstance(equation.left, Ref)
                return not equation.left.base, equation.left.shift, place[equation.left.name]

            equations.sort(key=at)
        sheet = Sheet((), tuple(equations))
        if self.output.request.columns and not derivation.scalar:
            (sheet,) = as_columns((sheet,))
        return sheet.equations

    def figure(self) -> Figure:
        from symrnn.derive.picture.picture import picture
        from symrnn.derive.picture.svg import svg
        from symrnn.derive.picture.tikz import tikz

        derivation = self.derivation
        rows = {s.name for s in derivation.plain.named("variable", "total")}
        drawn = picture(derivation.system, derivation.own & rows, windows=derivation.windows)
        letters = self.output.latex_printer.letters
        caption = (
            "The unrolled network: solid arrows forwards, dashed ones the way back of the gradient."
        )
        if derivation.windows is not None:
            caption += f" It is cut after {derivation.windows.size} steps."
        return Figure(tikz(drawn, letters), svg(drawn, letters, self.marked), (caption,))

    def updates(self) -> list[Section]:
        """How the parameters are updated; what is none, such as an input, is not."""
        sheet = update_rules(self.derivation, self.output.names)
        return (
            [Section(("Update rules",), (self.display(self.short(sheet.equations)),))]
            if sheet.equations
            else []
        )

    def symbols(self) -> Section:
        """A table of what each symbol means, with its shape."""
        header: tuple[Text, ...] = (("symbol",), ("in the model",), ("meaning",), ("shape",))
        rows = self.rows(self.shown())
        rows += self.states()
        rows.append(((self.inline(Name(r"\eta")),), ("",), ("learning rate",), ("number",)))
        items: list[Item] = [Table(header, tuple(rows))]
        if not self.derivation.scalar:
            kind = "columns" if self.output.request.columns else "rows"
            items.append(Paragraph(typeset(f"Vectors are {kind}. {ENTRYWISE}")))
        if source := self.output.notation.source:
            items.append(Paragraph(typeset(f"The notation is that of {source}.")))
        return Section(("Symbols",), tuple(items))

    def states(self) -> list[tuple[Text, ...]]:
        """What a recurrence reads before its first step."""
        system = self.derivation.rolled.system
        known = self.derivation.states or initial_states(system)
        meaning = "initial state, zero unless it is given"
        return [
            ((self.inline(node),), (name,), (meaning,), self.shape(system.symbols[node.name]))
            for name, node in known.items()
        ]

    def shown(self) -> list[Symbol]:
        """Every symbol that the formulas may hold: the author's names."""
        order = list(ROLES)
        found = [
            s
            for s in self.derivation.rolled.system.symbols.values()
            if s.role in ROLES and s.name not in self.derivation.states
            if s.role not in ("variable", "weight") or s.name in self.derivation.own
        ]
        return sorted(found, key=lambda s: order.index(s.role))

    def rows(self, symbols: Sequence[Symbol]) -> list[tuple[Text, ...]]:
        """A row for each symbol; one for those that are alike and of one meaning and shape."""
        found: dict[object, list[tuple[Text, ...]]] = {}
        for symbol in symbols:
            row, alike = self.row(symbol), self.output.folding.classes.get(symbol.name)
            same = (alike, row[2:]) if alike is not None else symbol.name
            found.setdefault(same, []).append(row)
        return [
            (listed([r[0] for r in rows]), listed([r[1] for r in rows]), *rows[0][2:])
            for rows in found.values()
        ]

    def row(self, symbol: Symbol) -> tuple[Text, ...]:
        ref = Ref(symbol.name, "t") if symbol.timed else Ref(symbol.name)
        meaning = ROLES[symbol.role] + (", output" if symbol.output else "")
        if said := self.remarks.meanings.get(symbol.name):
            meaning = said if meaning == "variable" else f"{said} ({meaning})"
        if symbol.value is not None:
            meaning += ", 3.14159…" if symbol.value == PI else f", {symbol.value}"
        return (self.inline(ref),), (symbol.name,), (meaning,), self.shape(symbol)

    def shape(self, symbol: Symbol) -> Text:
        rows, columns = self.derivation.rows.shape_of(symbol.name)
        if (rows, columns) == (NARROW, NARROW):
            return ("number",)
        if self.output.request.columns:
            rows, columns = columns, rows
        return *self.size(rows), " × ", *self.size(columns)

    def size(self, width: Width) -> Text:
        """A width; a sum in brackets, since it is multiplied."""
        found = self.inline(Size(width))
        if len(set(width.names)) + bool(width.number) < 2:
            return (found,)
        return (Inline(f"({found.latex})", f"({found.plain})"),)


def listed(texts: Sequence[Text]) -> Text:
    """Texts with commas between them."""
    first, *rest = texts
    return (*first, *(part for text in rest for part in (", ", *text)))


def gathered(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets with the gradients that stand behind each other as one."""
    found: list[Sheet] = []
    for sheet in sheets:
        if sheet.about and not sheet.note and found and found[-1].about:
            last = found[-1]
            equations = (*last.equations, *sheet.equations)
            found[-1] = replace(last, title=("Gradients",), equations=equations)
        else:
            found.append(sheet)
    return found
