"""How each kind of formula is spelt in LaTeX."""

import re
from collections.abc import Sequence
from fractions import Fraction

from symrnn.derive.formula import Big, Formula, Name
from symrnn.derive.functions import PRIME, SLOPES
from symrnn.derive.notation.symbol import GREEK, Piece
from symrnn.derive.printing.layout import Atom, Before, Choice, Doc, Fence, Row, flat, tall
from symrnn.derive.printing.measure import measure
from symrnn.derive.printing.printer import ATOM, KNOWN, POWER, Printer, figure
from symrnn.language.printer import is_decimal, show_number
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import Call, Own, Ref, Width

MOST_ROWS, MOST_COLUMNS = 30, 10
"""Of a matrix: more rows would be too high for a page, and amsmath has no more columns."""


class LatexBrackets:
    """\\left and \\right around one line; fixed sizes where a bracket spans several."""

    def width(self, tall: bool) -> float:
        return 0.92 if tall else 0.46

    def flat(self, left: str, right: str, body: str, tall: bool) -> str:
        if left == "(" and not tall:
            return f"({body})"
        return rf"\left{left} {body} \right{right}"

    def open(self, left: str, tall: bool) -> str:
        return rf"\{'Biggl' if tall else 'bigl'}{left} "

    def close(self, right: str, tall: bool) -> str:
        return rf" \{'Biggr' if tall else 'bigr'}{right}"


class LatexFormulas(Printer):
    dot = Atom(r" \cdot ", 0.72)
    odot = Atom(r" \odot ", 1.22)
    gap = Atom(r" \, ", 0.17, broken=r" \cdot ")
    plus = Atom(" + ", 1.22)
    minus = Atom(" - ", 1.22)
    sign = Atom("-", 0.78)
    comma = Atom(", ", 0.45)
    dots = r"\ldots, "
    unequal = r",\; {} \neq {}"
    apart = r",\quad "
    brackets = LatexBrackets()

    def atom(self, text: str, high: bool = False) -> Atom:
        return Atom(text, measure(text), high)

    def ref(self, ref: Ref) -> Atom:
        return self.atom(self.letters.latex(ref))

    def family(self, refs: Sequence[Ref], index: str) -> Atom:
        return self.atom(self.families.latex(refs, index))

    def member(self, piece: Piece) -> str:
        return piece.latex

    def element(self, index: str, members: str) -> str:
        return rf"{index} \in \{{{members}\}}"

    def time(self, ref: Ref) -> str:
        """A bound: `T - 1`, `1`, `t`."""
        if ref.base == "1":
            return str(1 + ref.shift)
        return (
            f"{ref.base} {'+' if ref.shift > 0 else '-'} {abs(ref.shift)}"
            if ref.shift
            else ref.base
        )

    def number(self, value: Fraction) -> Atom:
        if value in KNOWN:
            return self.atom(KNOWN[value].latex)
        if is_decimal(value):
            mantissa, _, exponent = show_number(value).partition("e")
            if not exponent:
                return self.atom(mantissa)
            lead = "" if mantissa == "1" else rf"{mantissa} \cdot "
            return self.atom(rf"{lead}10^{{{int(exponent)}}}")
        return self.atom(rf"\frac{{{value.numerator}}}{{{value.denominator}}}", True)

    def size(self, width: Width) -> Atom:
        return self.atom(self.wide(width))

    def dimension(self, name: str) -> str:
        """A dimension's letter; n_{…} where something else in the model is called so."""
        stem, *tags = name.split("_")
        letter = stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
        text = f"{letter}_{{{','.join(tags)}}}" if tags else letter
        symbols = self.letters.system.symbols.values()
        taken = {self.letters.latex(Ref(s.name)) for s in symbols if not s.timed}
        return f"n_{{{text}}}" if text in taken else text

    def partial(self, of: Formula, by: Formula, immediate: bool) -> Atom:
        sign = r"\partial^{+}" if immediate else r"\partial"
        top, bottom = self.line(of), self.differential(by)
        return self.atom(rf"\frac{{{sign} {top}}}{{\partial {bottom}}}", True)

    def with_fixed(self, partial: Atom, fixed: tuple[Formula, ...]) -> Atom:
        below = ", ".join(map(self.line, fixed))
        return self.atom(rf"\left. {partial.text} \right|_{{{below}}}", True)

    def ratio(self, top: Formula, bottom: Formula) -> Doc:
        (above, tight), (below, close) = self.bound(top), self.bound(bottom)
        texts = flat(above, self.brackets), flat(below, self.brackets)
        first = above if tight >= POWER else Fence("(", ")", above)
        second = below if close >= POWER else Fence("(", ")", below)
        long = Fence("(", ")", Row(first, ((Atom(" / ", 0.5), second),)))
        return Choice(self.atom(rf"\frac{{{texts[0]}}}{{{texts[1]}}}", True), long)

    def raised(self, base: Doc, exponent: str, width: float) -> Doc:
        if isinstance(base, Fence):
            return Fence(base.left, base.right, base.body, Atom(f"^{{{exponent}}}", width))
        text = flat(base, self.brackets)
        if "^" in text or isinstance(base, Choice):
            return Fence("(", ")", base, Atom(f"^{{{exponent}}}", width))
        return self.atom(f"{text}^{{{exponent}}}", tall(base))

    def power(self, base: Formula, exponent: Formula) -> Doc:
        if isinstance(base, Call):
            symbol = self.function(base.function)
            if re.fullmatch(r"\\(tanh|sinh|cosh|sin|cos|sigma)", symbol):
                raised = self.atom(f"{symbol}^{{{self.line(exponent)}}}")
                return Before(raised, Fence("(", ")", self.doc(base.args[0])))
        above = self.line(exponent)
        return self.raised(self.within(base, ATOM), above, measure(f"{{}}^{{{above}}}"))

    def function(self, name: str) -> str:
        """The notation's letter for a function, or the usual one; f′ for its derivative."""
        if name in SLOPES:
            return self.function(name.removesuffix(PRIME)) + r"^{\prime}"
        row = ELEMENTWISE.get(name)
        usual = row.latex if row is not None else rf"\mathrm{{{name}}}"
        return self.letters.notation.functions.get(name) or usual

    def transpose(self, arg: Formula) -> Doc:
        return self.raised(self.within(arg, ATOM), r"\top", 0.7)

    def own_function(self, own: Own) -> Atom:
        """mish, its derivative mish′; of several arguments the derivative by one: ∂_a lerp."""
        if own.of is not None:
            whole = self.own_function(own.of).text
            by = rf"\{own.by}" if own.by in GREEK else own.by
            text = f"{whole}'" if len(own.args) == 1 else rf"\partial_{{{by}}} {whole}"
            return self.atom(text)
        name = own.name.replace("_", r"\_")
        return self.atom(name if len(name) == 1 else rf"\mathrm{{{name}}}")

    def apply(self, function: str, args: tuple[Formula, ...]) -> Doc:
        if len(args) > 1:
            return self.called(self.atom(self.function(function)), args)
        (arg,) = args
        inside = self.doc(arg)
        match function:
            case "exp":
                long = Before(self.atom(r"\exp"), Fence("(", ")", inside))
                return Choice(self.atom(f"e^{{{flat(inside, self.brackets)}}}"), long)
            case "sqrt":
                text = flat(inside, self.brackets)
                short = self.atom(rf"\sqrt{{{text}}}", tall(inside))
                return Choice(short, Fence("(", ")", inside, self.atom("^{1/2}")))
            case "abs":
                return Fence("|", "|", inside)
            case "norm":
                return Fence(r"\Vert", r"\Vert", inside)
        symbol = self.function(function)
        if function == "log" and isinstance(inside, Atom) and not inside.tall:
            return Before(self.atom(symbol + " "), inside)
        return Before(self.atom(symbol), Fence("(", ")", inside))

    def diagonal(self, arg: Formula) -> Doc:
        return Before(self.atom(r"\mathrm{diag}"), Fence("(", ")", self.doc(arg)))

    def greater(self) -> Atom:
        return Atom(" > ", 1.34)

    def constant(self, kind: str, width: Width) -> Atom:
        letter = {"ones": r"\mathbf{1}", "eye": r"\mathbf{I}", "zeros": r"\mathbf{0}"}[kind]
        return self.atom(f"{letter}_{{{self.wide(width)}}}")

    def zeros(self, rows: Width, columns: Width) -> Atom:
        return self.atom(rf"\mathbf{{0}}_{{{self.wide(rows)} \times {self.wide(columns)}}}")

    def shape(self, rows: Width, columns: Width) -> Atom:
        return self.atom(rf"({self.wide(rows)} \times {self.wide(columns)})")

    def grid(self, rows: Sequence[Sequence[Doc]]) -> Doc:
        """A matrix; where it is too wide or too high its entries one after the other, and a
        semicolon behind each row: (a, b; c, d)."""
        cells = [[flat(cell, self.brackets) for cell in row] for row in rows]
        body = r" \\ ".join(" & ".join(row) for row in cells)
        short = self.atom(rf"\begin{{pmatrix}} {body} \end{{pmatrix}}", len(rows) > 1)
        comma, semicolon = Atom(", ", 0.45, ends=True), Atom("; ", 0.45, ends=True)
        one, *rest = [(semicolon if not i else comma, c) for r in rows for i, c in enumerate(r)]
        long = Fence("(", ")", Row(one[1], tuple(rest)))
        fits = len(rows) <= MOST_ROWS and len(rows[0]) <= MOST_COLUMNS
        return Choice(short, long) if fits else long

    def slice(self, arg: Formula, start: Width, stop: Width) -> Doc:
        after = Width(start.names, start.number + 1)
        first = self.wide(after)
        suffix = f"_{{{first}}}" if after == stop else f"_{{{first} : {self.wide(stop)}}}"
        return Fence("[", "]", self.doc(arg), self.atom(suffix))

    def big(self, formula: Big) -> Atom:
        low, high = (self.time(bound).replace(" ", "") for bound in (formula.low, formula.high))
        if not low:  # it is not said from where to where
            return self.atom(rf"\{formula.sign}_{formula.index} ", True)
        sign = rf"\{formula.sign}_{{{formula.index}={low}}}^{{{high}}} "
        return self.atom(sign, True)

    def over(self, body: Formula) -> Atom:
        return self.atom(rf"\sum_{{{self.among((body,))}}} ", True)

    def value(self, rows: tuple[tuple[float, ...], ...]) -> Doc:
        printed = [[self.figure(x) for x in row] for row in rows]
        if len(rows) == len(rows[0]) == 1:
            return self.atom(printed[0][0])
        return self.grid([[self.atom(each) for each in row] for row in printed])

    def figure(self, x: float) -> str:
        return figure(x, self.digits, r"{} \cdot 10^{{{}}}")

    def name(self, name: Name) -> Atom:
        if not name.at.base:
            return self.atom(name.letter)
        return self.atom(f"{name.letter}_{{{self.time(name.at).replace(' ', '')}}}")

    def marked(self, text: str, mark: str) -> Atom:
        base = rf"\left({text}\right)" if "^" in text else text
        return self.atom(rf"{base}^{{\mathrm{{{mark}}}}}")

    def blank(self, number: int) -> Atom:
        return self.atom(rf"\boxed{{\;({number})\;}}", True)

    def at(self, at: Ref) -> Atom:
        text = f"_{{t={self.time(at).replace(' ', '')}}}"
        return self.atom(text)
