"""What all printers of formulas share: how tightly a node binds, and what stands around it.

A printer of a format says how its atoms, fractions, functions and brackets look.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from symrnn.derive.formula import (
    Alike,
    Big,
    Blank,
    Blocks,
    Bracket,
    Chain,
    Diagonal,
    Equation,
    Eye,
    Formula,
    Immediate,
    Marked,
    Members,
    Name,
    Odot,
    Ones,
    Over,
    Product,
    Shape,
    Times,
    Total,
    Value,
    Zeros,
)
from symrnn.derive.notation.symbol import Piece
from symrnn.derive.pieces import free_indices, walk
from symrnn.derive.printing.format import Format
from symrnn.derive.printing.layout import Atom, Before, Doc, Fence, Row, flat
from symrnn.language.table import GELU
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Div,
    Neg,
    Num,
    Own,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
)

SUM, ODOT, PRODUCT, POWER, ATOM = range(5)
"""How tightly a form binds: w a ⊙ b is (w a) ⊙ b."""


KNOWN = {
    Fraction(GELU): Piece(r"2 \sqrt{2 / \pi}", "2 √(2/π)"),
    Fraction("3.141592653589793"): Piece(r"\pi", "π"),
    Fraction("6.283185307179586"): Piece(r"2 \pi", "2 π"),
}
"""Numbers that everybody writes in another way."""


class Printer(Format):
    ratio_binds = ATOM

    def line(self, formula: Formula) -> str:
        """The formula in one line."""
        return flat(self.doc(formula), self.brackets)

    # equations

    def telling(self, equations: Sequence[Equation]) -> list[Equation]:
        """The equations but those that say nothing in print: O_0 = O_0, where the initial state
        O0 has the letter of the step that it is."""
        return [
            e
            for e in equations
            if not isinstance(e.rights[0], Ref) or self.line(e.left) != self.line(e.rights[0])
        ]

    def right(self, equation: Equation, right: Formula) -> Doc:
        """A right side of an equation, its terms in a line each if they are to be."""
        doc = self.doc(right)
        if equation.by_terms and isinstance(right, Add) and isinstance(doc, Row):
            return replace(doc, fill=False)
        return doc

    def where(self, equation: Equation) -> str:
        """For which steps and which members of a family an equation holds."""
        steps = self.steps(equation) if equation.steps else ""
        members = self.among((equation.left, *equation.rights))
        return self.apart.join(filter(None, (steps, members)))

    def steps(self, equation: Equation) -> str:
        """t = T - 1, …, 1."""
        first, last = equation.steps
        refs = (part for part in walk(equation.left) if isinstance(part, Ref))
        index = next((ref.base for ref in refs if ref.base in ("t", "k", "j")), "t")
        but = "".join(self.unequal.format(index, self.time(step)) for step in equation.but)
        between = "" if are_two(first, last) else self.dots
        return f"{index} = {self.time(first)}, {between}{self.time(last)}{but}"

    def among(self, formulas: Sequence[Formula]) -> str:
        """k ∈ {i, f, o}: what the indices in formulas stand for; nothing where there is none."""
        found = self.families_in(formulas)
        members = [", ".join(map(self.member, each)) for each in zip(*found.values(), strict=True)]
        if len(found) > 1:  # letters that run together
            return self.element(f"({', '.join(found)})", ", ".join(f"({each})" for each in members))
        return "".join(self.element(index, ", ".join(members)) for index in found)

    def families_in(self, formulas: Sequence[Formula]) -> dict[str, tuple[Piece, ...]]:
        """Each index in formulas, and what it stands for."""
        found: dict[str, tuple[Piece, ...]] = {}
        for formula in formulas:
            for part in free_indices(formula):
                found.setdefault(part.index, self.families.texts(part.names) or ())
        return found

    # formulas

    def doc(self, formula: Formula) -> Doc:
        return self.bound(formula)[0]

    def bound(self, formula: Formula) -> tuple[Doc, int]:
        """The formula in print, and how tightly it binds."""
        match formula:
            case Num(value=value):
                return self.number(value), ATOM
            case Size(width=width):
                return self.size(width), ATOM if len(width.names) + bool(width.number) == 1 else SUM
            case Ref():
                return self.ref(formula), ATOM
            case Neg(arg=arg):
                return Before(self.sign, self.within(arg, ODOT)), SUM
            case Add(terms=terms):
                return self.sum(terms), SUM
            case Odot(factors=factors):
                return self.row(factors, self.odot, PRODUCT), ODOT
            case Times(factors=factors) | Product(factors=factors):
                return self.juxtaposed(factors), PRODUCT
            case Chain(factors=factors):
                return self.row(factors, self.dot, POWER), PRODUCT
            case Div(left=top, right=bottom):
                return self.ratio(top, bottom), self.ratio_binds
            case Pow(left=base, right=exponent):
                return self.power(base, exponent), POWER
            case Transpose(arg=arg):
                return self.transpose(arg), POWER
            case Call(own=Own() as own, args=args):
                return self.called(self.own_function(own), args), POWER
            case Call(function=function, args=args):
                return self.applied(function, args)
            case Diagonal(arg=arg):
                return self.diagonal(arg), ATOM
            case Ones(width=width):
                return self.constant("ones", width), ATOM
            case Eye(width=width):
                return self.constant("eye", width), ATOM
            case Zeros(rows=rows, columns=columns):
                if NARROW in (rows, columns) or rows == columns:
                    return self.constant("zeros", rows if columns == NARROW else columns), ATOM
                return self.zeros(rows, columns), ATOM
            case Part(arg=arg, skip=skip, width=width):
                return self.slice(arg, skip, skip + width), POWER
            case Blocks(rows=rows):
                return self.grid([[self.doc(each) for each in row] for row in rows]), ATOM
            case Total(of=of, by=by):
                return self.total(of, by), ATOM
            case Immediate(of=of, by=by, fixed=fixed) if fixed:
                return self.with_fixed(self.partial(of, by, False), fixed), ATOM
            case Immediate(of=of, by=by, alone=alone):
                return self.partial(of, by, not alone and self.shows_plus), ATOM
            case Bracket(body=body, at=Ref(base="t")):
                return self.bound(body)  # of each step of a sum
            case Bracket(body=body, at=at):
                return Fence("[", "]", self.doc(body), self.at(at)), ATOM
            case Big(body=body):
                inner = self.doc(body) if isinstance(body, Big) else self.within(body, ODOT)
                return Before(self.big(formula), inner), SUM
            case Over(body=body):
                return Before(self.over(body), self.within(body, ODOT)), SUM
            case Name():
                return self.name(formula), ATOM
            case Marked(arg=arg, mark=mark):
                return self.marked(self.ref(arg).text, mark), ATOM
            case Alike():
                return self.alike(formula), ATOM
            case Members(of=of):
                text = self.among((of,))
                return Atom(text, len(text)), SUM
            case Value(rows=rows):
                negative = len(rows) == len(rows[0]) == 1 and rows[0][0] < 0
                return self.value(rows), SUM if negative else ATOM
            case Shape(rows=rows, columns=columns):
                return self.shape(rows, columns), ATOM
            case Blank(number=number):
                return self.blank(number), ATOM

    def total(self, of: Formula, by: Formula) -> Atom:
        """∂of/∂by, or δ where `by` is a pre-activation."""
        if isinstance(by, Ref) and by.name in self.deltas:
            return self.ref(self.delta(by))
        if isinstance(by, Alike) and all(name in self.deltas for name in by.names):
            return self.family([self.delta(ref) for ref in by.refs], by.index)
        return self.partial(of, by, False)

    def delta(self, ref: Ref) -> Ref:
        return replace(ref, name=self.deltas[ref.name])

    def wide(self, width: Width) -> str:
        """A width in the letters of its dimensions."""
        names = [
            (f"{count}{self.gap.text}" if count > 1 else "") + self.dimension(name)
            for name, count in Counter(width.names).items()
        ]
        return " + ".join(names + ([str(width.number)] if width.number or not names else []))

    def alike(self, alike: Alike) -> Atom:
        """One of several, in turn."""
        found, first = self.family(alike.refs, alike.index), alike.members[0]
        return self.marked(found.text, first.mark) if isinstance(first, Marked) else found

    def differential(self, by: Formula) -> str:
        """What stands behind a ∂: a letter, or a product in brackets."""
        line = self.line(by)
        return f"({line})" if isinstance(by, Product) else line

    def applied(self, function: str, args: tuple[Formula, ...]) -> tuple[Doc, int]:
        match function:
            case "identity":
                return self.bound(args[0])
            case "square":
                return self.power(args[0], Num(Fraction(2))), POWER
            case "step":
                inside = Row(self.doc(args[0]), ((self.greater(), self.number(Fraction(0))),))
                return Fence("[", "]", inside), ATOM
            case "exp" | "sqrt" | "abs" | "norm":
                return self.apply(function, args), POWER
        return self.apply(function, args), POWER if function not in ("log",) else PRODUCT

    def called(self, symbol: Atom, args: tuple[Formula, ...]) -> Doc:
        """A function's symbol, and its arguments in brackets."""
        first, *rest = map(self.doc, args)
        inside = Row(first, tuple((self.comma, each) for each in rest)) if rest else first
        return Before(symbol, Fence("(", ")", inside))

    def within(self, formula: Formula, tightness: int) -> Doc:
        """The formula, in brackets if it binds less tightly than what stands around it."""
        found, own = self.bound(formula)
        return found if own >= tightness else Fence("(", ")", found)

    def sum(self, terms: Sequence[Formula]) -> Row:
        first, rest = terms[0], []
        for term in terms[1:]:
            if isinstance(term, Neg):
                rest.append((self.minus, self.within(term.arg, ODOT)))
            else:
                bare = isinstance(term, Big | Over)
                rest.append((self.plus, self.doc(term) if bare else self.within(term, ODOT)))
        bare = isinstance(first, Neg | Big | Over)
        begins = self.doc(first) if bare else self.within(first, ODOT)
        return Row(begins, tuple(rest))

    def row(self, factors: Sequence[Formula], operator: Atom, tightness: int) -> Row:
        parts = [self.within(factor, tightness) for factor in factors]
        return Row(parts[0], tuple((operator, part) for part in parts[1:]))

    def juxtaposed(self, factors: Sequence[Formula]) -> Row:
        """Factors side by side; a dot where two numbers would run together."""
        last = len(factors) - 1
        parts = []
        for position, factor in enumerate(factors):
            tightness = SUM if position == last and self.trails(factor) else PRODUCT
            parts.append(self.within(factor, tightness))
        rest = []
        for before, factor, part in zip(factors, factors[1:], parts[1:], strict=False):
            numbers = Num | Value | Size | Blank
            clash = isinstance(factor, Num | Value | Blank) and isinstance(before, numbers)
            rest.append((self.dot if clash else self.gap, part))
        return Row(parts[0], tuple(rest))

    def trails(self, factor: Formula) -> bool:
        """Whether a last factor may go without brackets: Σ reaches to the end anyway."""
        return isinstance(factor, Big)


def figure(x: float, digits: int, exponent: str) -> str:
    """A number with that many significant digits, zeros at its end gone.

    >>> figure(0.25, 4, ""), figure(-1234567.0, 3, "{}e{}"), figure(2e-09, 3, "{}e{}")
    ('0.25', '-1.23e6', '2e-9')
    """
    text = f"{x:.{digits}g}"
    if text in ("nan", "inf", "-inf"):
        return {"nan": r"\mathrm{nan}", "inf": r"\infty", "-inf": r"-\infty"}[text]
    if "e" in text:
        mantissa, _, power = text.partition("e")
        return exponent.format(mantissa, int(power))
    return "0" if float(text) == 0 else text


def are_two(first: Ref, last: Ref) -> bool:
    """Whether steps from one to the other are these two: 3, 2."""
    return first.base == last.base == "1" and abs(first.shift - last.shift) == 1
