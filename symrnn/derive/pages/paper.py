"""A derivation as a document: the model, its symbols, the unrolled network, the views, updates."""

from collections.abc import Iterator, Sequence

from symrnn.derive.formula import Equation, Formula, Name, Sheet
from symrnn.derive.output import DEFAULT_WIDTH, Chapter, Output
from symrnn.derive.pages.document import (
    Display,
    Document,
    Figure,
    Fold,
    Inline,
    Item,
    Listing,
    PageBreak,
    Paragraph,
    Section,
    Table,
    Text,
)
from symrnn.derive.printing.measure import PAPER
from symrnn.derive.sheets import COLUMNS, ROWS, as_columns, update_rules
from symrnn.derive.views import VIEWS
from symrnn.language.tree import NARROW, Ref, Size, Width
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

UNNAMED = ("-e", "standard input", "model")
"""Names that say where a text came from, and not what it is."""


ENTRYWISE = (
    "⊙, fractions, powers and functions of vectors work entry by entry; 1 beside a vector is 1 in"
    " each entry."
)


class Paper:
    """Makes the document of one output."""

    def __init__(self, output: Output) -> None:
        self.output, self.derivation = output, output.derivation

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
        sections += [self.part(part) for part in parts]
        sections += self.updates()
        if after:
            last = sections[-1]
            sections[-1] = Section(last.title, (*last.items, PageBreak()))
        sections += [self.part(part) for part in after]
        return Document((self.title,), tuple(sections))

    @property
    def title(self) -> str:
        """The one that was asked for, or what it is and of which model."""
        if self.output.look.title:
            return self.output.look.title
        name, steps = self.derivation.name, self.derivation.system.steps
        named = "" if name in UNNAMED else f": {name}"
        number = f", T = {steps}" if steps is not None else ""
        return f"Backpropagation through time{named}{number}"

    # pieces

    def inline(self, formula: Formula) -> Inline:
        return Inline(
            self.output.latex_printer.line(formula), self.output.plain_printer.line(formula)
        )

    def text(self, parts: Sequence["str | Formula"]) -> Text:
        return tuple(p if isinstance(p, str) else self.inline(p) for p in parts)

    def display(self, equations: tuple[Equation, ...]) -> Display:
        width = min(self.output.look.width or DEFAULT_WIDTH, PAPER)  # paper has a width
        return Display(
            self.output.latex_printer.display(equations, width),
            self.output.plain_printer.display(equations, width),
        )

    def sheet(self, sheet: Sheet, titled: bool, said: Sequence[str] = ()) -> Iterator[Item]:
        """Its title, its note but for what has been said, its equations."""
        if titled:
            yield Paragraph((*self.text(sheet.title), ":"))
        if note := tuple(part for part in sheet.note if part not in said):
            yield Paragraph(self.text(note))
        if sheet.equations:
            yield self.display(sheet.equations)

    # sections

    def part(self, part: Chapter) -> Section:
        items: list[Item] = []
        if part.task:
            items.append(Paragraph((part.task,)))
        if reading := self.reading(part.view):
            items.append(Paragraph((reading,)))
        by_steps = part.view in VIEWS and VIEWS[part.view].by_steps
        for number, sheet in enumerate(part.sheets, 1):
            if by_steps:
                inside = tuple(self.sheet(sheet, titled=False, said=(ROWS, COLUMNS)))
                items.append(Fold((f"{number}. ", *self.text(sheet.title)), inside))
            else:
                items += self.sheet(sheet, titled=len(part.sheets) > 1)
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
        items.append(self.display(self.forward(rolled=True)))
        return Section(("The model",), tuple(items))

    def unrolled(self, figure: bool) -> Section:
        items: list[Item] = [self.display(self.forward(rolled=False))]
        if figure:
            items.append(self.figure())
        return Section(("The unrolled network",), tuple(items))

    def forward(self, rolled: bool) -> tuple[Equation, ...]:
        """The author's equations, what has other names put in."""
        derivation = self.derivation.rolled if rolled else self.derivation
        rows = derivation.rows
        place = {e.target.name: n for n, e in enumerate(derivation.rolled.system.equations)}
        own = [e for e in derivation.system.equations if e.target.name in derivation.own]
        if not rolled:  # step by step, and within a step as the author has it
            own.sort(key=lambda e: (not e.target.base, e.target.shift, place[e.target.name]))
        equations = tuple(Equation(e.target, (rows.stands_for(e)[0],)) for e in own)
        sheet = Sheet((), equations)
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
        return Figure(tikz(drawn, letters), svg(drawn, letters), (caption,))

    def updates(self) -> list[Section]:
        """How the parameters are updated; what is none, such as an input, is not."""
        sheet = update_rules(self.derivation, self.output.names)
        return (
            [Section(("Update rules",), (self.display(sheet.equations),))]
            if sheet.equations
            else []
        )

    def symbols(self) -> Section:
        """A table of what each symbol means, with its shape."""
        header: tuple[Text, ...] = (("symbol",), ("in the model",), ("meaning",), ("shape",))
        rows = [self.row(symbol) for symbol in self.shown()]
        rows += self.states()
        rows.append(((self.inline(Name(r"\eta")),), ("",), ("learning rate",), ("number",)))
        items: list[Item] = [Table(header, tuple(rows))]
        if not self.derivation.scalar:
            kind = "columns" if self.output.request.columns else "rows"
            items.append(Paragraph((f"Vectors are {kind}. {ENTRYWISE}",)))
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

    def row(self, symbol: Symbol) -> tuple[Text, ...]:
        ref = Ref(symbol.name, "t") if symbol.timed else Ref(symbol.name)
        meaning = ROLES[symbol.role] + (", output" if symbol.output else "")
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
