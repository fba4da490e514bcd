"""Formulas for a terminal: Unicode in one dimension.

A slash without spaces binds closer than factors side by side: (ŷ - y)/C w_oᵀ is ((ŷ - y)/C) w_oᵀ.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from symrnn.derive.formula import Big, Equation, Formula, Immediate, Name, Total, Value, Words
from symrnn.derive.functions import PRIME, SLOPES
from symrnn.derive.notation.spelling import SUPERSCRIPTS, time_text
from symrnn.derive.notation.symbol import GREEK, Piece, SymbolError, glyph
from symrnn.derive.printing.layout import Atom, Before, Doc, Fence, Row, flat, lines
from symrnn.derive.printing.printer import ATOM, KNOWN, POWER, PRODUCT, Printer, figure
from symrnn.derive.printing.reasons import beside, by_right
from symrnn.derive.printing.terminal import (
    GLUE,
    RAISED,
    PlainBrackets,
    atom,
    columns,
    filled,
    lowered,
)
from symrnn.language.printer import is_decimal, show_number
from symrnn.language.tree import Call, Div, Num, Own, Ref, Size, Width

APART, LEAST = 3, 26
"""The gap before a reason, and the least room beside a formula that a long one is broken into."""

POWERED = ("tanh", "sinh", "cosh", "sin", "cos", "sigmoid")
"""Functions whose powers are written tanh²(a)."""

NARROWEST = 20
"""A line is never given less room than this."""


class Plain(Printer):
    dot = atom(" · ")
    odot = atom(" ⊙ ")
    gap = atom(" ", broken="· ")
    plus = atom(" + ")
    minus = atom(" - ")
    sign = atom("-")
    comma = atom(", ")
    dots = "…, "
    unequal = ", {} ≠ {}"
    apart = ",   "
    brackets = PlainBrackets()
    ratio_binds = PRODUCT

    # equations

    def equation(self, equation: Equation, room: float = 80, wide: int = 0) -> str:
        """left = right, each further right side and each line that had to be broken below it.

        The left side takes `wide` columns at least; without `room` no line is broken for its
        length.
        """
        left = self.line(equation.left)
        left += " " * (wide - columns(left))
        indent = " " * (columns(left) + 3)
        space = max(room - len(indent), NARROWEST) if room else math.inf
        found: list[str] = []
        for right in equation.rights:
            doc = self.right(equation, right)
            broken = [line for line, _ in lines(doc, self.brackets, space, space)]
            found.append((indent[:-2] + "= " if found else f"{left} = ") + broken[0])
            found += [indent + line for line in broken[1:]]
        if where := self.where(equation):
            if not room or columns(found[-1]) + 4 + columns(where) <= room:
                found[-1] += f",   {where}"
            else:
                found[-1] += ","
                found.append(indent + where)
        return "\n".join(found)

    def display(self, equations: Sequence[Equation], room: float = 80) -> str:
        """The equations with their signs = below each other."""
        equations = self.telling(equations)
        wide = max((columns(self.line(equation.left)) for equation in equations), default=0)
        if any(any(equation.reasons) for equation in equations):
            return "\n".join(self.reasoned(equations, room, wide))
        return "\n".join(self.equation(equation, room, wide) for equation in equations)

    def reasoned(self, equations: Sequence[Equation], room: float, wide: int) -> Iterator[str]:
        """The lines with their reasons: beside them where there is room for all, else below."""

        def again(lines: list[str], equation: Equation) -> list[str]:
            left = self.line(equation.left)
            pad = max(wide, columns(left))
            return [" " * pad + lines[0][len(left) + pad - columns(left) :], *lines[1:]]

        parts = by_right(equations, lambda e: self.equation(e, room, wide).split("\n"), again)
        widest = max(columns(line) for lines, _ in parts for line in lines)
        side = room - widest - APART if room else math.inf
        longest = max(columns(self.words(reason)) for _, reason in parts)
        if side >= min(longest, LEAST):
            for lines, reason in parts:
                for row in beside(lines, self.wrapped(reason, side)):
                    gap = " " * (widest + APART - columns(row.formula))
                    yield row.formula + (gap + row.words if row.words else "")
            return
        indent = " " * (wide + APART + 2)
        for lines, reason in parts:
            yield from lines
            yield from (indent + line for line in self.wrapped(reason, room - len(indent)))

    def words(self, words: Words) -> str:
        return "".join(part if isinstance(part, str) else self.line(part) for part in words)

    def wrapped(self, words: Words, room: float) -> list[str]:
        whole = "".join(
            part if isinstance(part, str) else self.line(part).replace(" ", GLUE) for part in words
        )
        return filled(whole, 0 if math.isinf(room) else max(int(room), NARROWEST))

    # atoms

    def ref(self, ref: Ref) -> Atom:
        return atom(self.letters.plain(ref))

    def family(self, refs: Sequence[Ref], index: str) -> Atom:
        return atom(self.families.plain(refs, index))

    def member(self, piece: Piece) -> str:
        return piece.plain

    def element(self, index: str, members: str) -> str:
        return f"{index} ∈ {{{members}}}"

    def time(self, ref: Ref) -> str:
        """A bound: `T - 1`, `1`, `t`."""
        if ref.base == "1" or not ref.shift:
            return time_text(ref)
        return f"{ref.base} {'+' if ref.shift > 0 else '-'} {abs(ref.shift)}"

    def number(self, value: Fraction) -> Atom:
        if value in KNOWN:
            return atom(KNOWN[value].plain)
        return atom(show_number(value) if is_decimal(value) else str(value))

    def size(self, width: Width) -> Atom:
        return atom(self.wide(width))

    def dimension(self, name: str) -> str:
        """A dimension's name; n_… where something else in the model is printed so."""
        symbols = self.letters.system.symbols.values()
        taken = {self.letters.plain(Ref(s.name)) for s in symbols if not s.timed}
        return f"n_{name}" if name in taken else name

    def name(self, name: Name) -> Atom:
        letter = GREEK.get(name.letter.removeprefix("\\"), name.letter)
        return atom(letter + lowered(time_text(name.at)))

    def grid(self, rows: Sequence[Sequence[Doc]]) -> Doc:
        """A matrix, row by row."""
        if len(rows) == len(rows[0]) == 1:
            return rows[0][0]
        cells = [
            (Atom("; " if not place else ", ", 2, ends=True), each)
            for row in rows
            for place, each in enumerate(row)
        ]
        return Fence("[", "]", Row(cells[0][1], tuple(cells[1:])))

    def value(self, rows: tuple[tuple[float, ...], ...]) -> Doc:
        return self.grid([[atom(self.figure(x)) for x in row] for row in rows])

    def figure(self, x: float) -> str:
        if math.isfinite(x):
            return figure(x, self.digits, "{}e{}")
        return "nan" if math.isnan(x) else "∞" if x > 0 else "-∞"

    def blank(self, number: int) -> Atom:
        return atom(f"({number})____")

    def greater(self) -> Atom:
        return atom(" > ")

    def at(self, at: Ref) -> Atom:
        return atom(f"_{{t={time_text(at)}}}")

    def constant(self, kind: str, width: Width) -> Atom:
        letter, text = {"ones": "1", "eye": "I", "zeros": "0"}[kind], self.wide(width)
        return atom(f"{letter}_{text}" if text.isalnum() else f"{letter}_{{{text}}}")

    def shape(self, rows: Width, columns: Width) -> Atom:
        return atom(f"({self.wide(rows)} × {self.wide(columns)})")

    def zeros(self, rows: Width, columns: Width) -> Atom:
        return atom(f"0_{{{self.wide(rows)} × {self.wide(columns)}}}")

    # fractions, powers, functions

    def partial(self, of: Formula, by: Formula, immediate: bool) -> Atom:
        return atom(f"∂{'⁺' if immediate else ''}{self.line(of)}/∂{self.differential(by)}")

    def with_fixed(self, partial: Atom, fixed: tuple[Formula, ...]) -> Atom:
        return atom(f"{partial.text}|_{{{', '.join(map(self.line, fixed))}}}")

    def ratio(self, top: Formula, bottom: Formula) -> Doc:
        return Row(self._closed(top), ((atom("/", broken="/"), self._closed(bottom)),))

    def _closed(self, formula: Formula) -> Doc:
        """Beside a slash: in brackets if it is a sum, a product, or has a slash of its own."""
        doc = self.within(formula, POWER)
        return Fence("(", ")", doc) if self._has_slash(formula) else doc

    def _has_slash(self, formula: Formula) -> bool:
        """Whether something that is one thing on paper is written with a slash here."""
        return isinstance(formula, Num | Total | Immediate) and "/" in self.line(formula)

    def raised(self, base: Doc, exponent: str, width: float) -> Doc:
        suffix = Atom(exponent, width)
        if isinstance(base, Fence) and not base.suffix.text:
            return Fence(base.left, base.right, base.body, suffix)
        text = flat(base, self.brackets)
        if "^" in text or any(ord(letter) in RAISED for letter in text):
            return Fence("(", ")", base, suffix)
        return Atom(text + exponent, columns(text) + width)

    def _base(self, formula: Formula) -> Doc:
        doc = self.within(formula, ATOM)
        return Fence("(", ")", doc) if self._has_slash(formula) else doc

    def power(self, base: Formula, exponent: Formula) -> Doc:
        above = self._exponent(exponent)
        known = isinstance(base, Call) and base.function in POWERED
        if known and isinstance(base, Call) and above.text[0] != "^":
            symbol = self.function(base.function) + above.text
            return Before(atom(symbol), Fence("(", ")", self.doc(base.args[0])))
        return self.raised(self._base(base), above.text, above.width)

    def _exponent(self, exponent: Formula) -> Atom:
        """A number in small letters, all else behind a ^: a small T is the transpose."""
        text = self.line(exponent)
        if text.isdecimal() or text.removeprefix("-").isdecimal():
            return atom(text.translate(SUPERSCRIPTS))
        simple = isinstance(exponent, Num | Ref | Size) and not set(text) & set(" /")
        return atom(f"^{text}" if simple else f"^({text})")

    def transpose(self, arg: Formula) -> Doc:
        return self.raised(self._base(arg), "ᵀ", 1)

    def function(self, name: str) -> str:
        """The notation's letter for a function, or its name; f′ for its derivative."""
        if name in SLOPES:
            return self.function(name.removesuffix(PRIME)) + "′"
        said = self.letters.notation.functions.get(name)
        try:
            return glyph(said).stem.plain if said else "σ" if name == "sigmoid" else name
        except SymbolError:  # a macro such as \tanh
            return name

    def applied(self, function: str, args: tuple[Formula, ...]) -> tuple[Doc, int]:
        found, own = super().applied(function, args)
        return found, POWER if function == "log" else own  # brackets hold its argument

    def own_function(self, own: Own) -> Atom:
        """mish, its derivative mish′; of several arguments the derivative by one: ∂_a lerp."""
        if own.of is None:
            return atom(own.name)
        whole = self.own_function(own.of).text
        return atom(f"{whole}′" if len(own.args) == 1 else f"∂_{GREEK.get(own.by, own.by)} {whole}")

    def apply(self, function: str, args: tuple[Formula, ...]) -> Doc:
        if function in ("abs", "norm"):
            bar = "|" if function == "abs" else "‖"
            return Fence(bar, bar, self.doc(args[0]))
        return self.called(atom("√" if function == "sqrt" else self.function(function)), args)

    def diagonal(self, arg: Formula) -> Doc:
        return Before(atom("diag"), Fence("(", ")", self.doc(arg)))

    def slice(self, arg: Formula, start: Width, stop: Width) -> Doc:
        after = Width(start.names, start.number + 1)
        first, last = self.wide(after), self.wide(stop)
        if after == stop:
            return Fence("[", "]", self.doc(arg), atom(f"_{{{first}}}"))
        between = " : " if " " in first + last else ":"
        return Fence("[", "]", self.doc(arg), atom(f"_{{{first}{between}{last}}}"))

    def big(self, formula: Big) -> Atom:
        low, high = time_text(formula.low), time_text(formula.high)
        sign = {"sum": "∑", "prod": "∏"}[formula.sign]
        if not formula.low.base:  # it is not said from where to where
            return atom(f"{sign}_{formula.index} ")
        return atom(f"{sign}_{{{formula.index}={low}}}^{{{high}}} ")

    def over(self, body: Formula) -> Atom:
        return atom(f"∑_{{{self.among((body,))}}} ")

    # products

    def juxtaposed(self, factors: Sequence[Formula]) -> Row:
        """Factors side by side; what could be read as part of a fraction is kept apart from it.

        x a/C is x (a/C) and (x a)/C alike; but y/ŷ, and 1/2 behind a number, need brackets.
        """
        found = super().juxtaposed(factors)
        rest: list[tuple[Atom, Doc]] = []
        for before, factor, (op, doc) in zip(factors, factors[1:], found.rest, strict=False):
            number = isinstance(before, Num | Value | Size | Div)
            if isinstance(factor, Div) and (number or not isinstance(factor.right, Num | Size)):
                doc = Fence("(", ")", doc)
            if isinstance(factor, Num | Value) and isinstance(before, Div):
                op = self.dot
            rest.append((op, doc))
        return Row(found.first, tuple(rest))

    def marked(self, text: str, mark: str) -> Atom:
        return atom(f"{text}^{{{mark}}}")
