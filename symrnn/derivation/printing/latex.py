"""Formulas as LaTeX that needs amsmath alone."""

import re
from collections import Counter
from fractions import Fraction

from symrnn.derivation.formula import Apply, Big, Equation, Formula, Name, Sum, walk
from symrnn.derivation.printing.layout import (
    Atom,
    Before,
    Doc,
    Fence,
    Row,
    flat,
    lines,
    tall,
    width,
)
from symrnn.derivation.printing.printer import ATOM, Printer
from symrnn.functions import ELEMENTWISE
from symrnn.language.printer import is_decimal, show_number
from symrnn.language.tree import Ref, Width


def length(latex: str) -> float:
    """About how many characters wide a piece of LaTeX looks."""
    plain = re.sub(r"\\(?:mathrm|mathit|mathbf|hat|bar|tilde|left|right|overline)\b", "", latex)
    return len(re.sub(r"[{}^_\s]", "", re.sub(r"\\[A-Za-z]+|\\.", "x", plain)))


class LatexBrackets:
    """\\left and \\right around one line; fixed sizes where a bracket spans several."""

    def flat(self, left: str, right: str, body: str, tall: bool) -> str:
        if left == "(" and not tall:
            return f"({body})"
        return rf"\left{left} {body} \right{right}"

    def open(self, left: str, tall: bool) -> str:
        return rf"\{'Biggl' if tall else 'bigl'}{left} "

    def close(self, right: str, tall: bool) -> str:
        return rf" \{'Biggr' if tall else 'bigr'}{right}"


class Latex(Printer):
    dot = Atom(r" \cdot ", 2)
    odot = Atom(r" \odot ", 3)
    gap = Atom(r" \, ", 0.4, broken=r" \cdot ")
    plus = Atom(" + ", 3)
    minus = Atom(" - ", 3)
    sign = Atom("-", 1.5)
    brackets = LatexBrackets()

    def line(self, formula: Formula) -> str:
        """The formula in one line."""
        return flat(self.doc(formula), self.brackets)

    # equations

    def equation(self, equation: Equation, room: float = 80, aligned: bool = True) -> str:
        """left &= right, each further right side and each line that had to be broken below it."""
        left = self.line(equation.left)
        rows: list[str] = []
        for right in equation.rights:
            doc = self.doc(right)
            if equation.by_terms and isinstance(right, Sum) and isinstance(doc, Row):
                doc = Row(doc.first, doc.rest, fill=False)
            head = f"{left} &= " if not rows else "&= "
            space = (room - width(self.doc(equation.left)) - 3) if room else float("inf")
            broken = lines(doc, self.brackets, max(space, 20), max(space - 2, 20))
            rows.append(head + broken[0])
            rows += [rf"&\quad {{}}{line}" for line in broken[1:]]
        if equation.steps:
            rows[-1] += rf", \qquad {self.steps(equation)}"
        return " \\\\\n".join(rows)

    def steps(self, equation: Equation) -> str:
        first, last = equation.steps
        index = next(iter(_indices(equation.left)), "t")
        but = "".join(rf",\; {index} \neq {self.time(step)}" for step in equation.but)
        return rf"{index} = {self.time(first)}, \ldots, {self.time(last)}{but}"

    def display(self, equations: tuple[Equation, ...], room: float = 80) -> str:
        body = " \\\\\n".join(self.equation(equation, room) for equation in self.telling(equations))
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    # atoms

    def atom(self, text: str, high: bool = False) -> Atom:
        return Atom(text, length(text), high)

    def ref(self, ref: Ref) -> Atom:
        return self.atom(self.letters.latex(ref))

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
        if is_decimal(value):
            return self.atom(show_number(value))
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

    def wide(self, width: Width) -> str:
        names = [
            (rf"{count} \, " if count > 1 else "") + self.dimension(name)
            for name, count in Counter(width.names).items()
        ]
        return " + ".join(names + ([str(width.number)] if width.number or not names else []))

    def partial(self, of: Formula, by: Formula, immediate: bool) -> Atom:
        sign = r"\partial^{+}" if immediate else r"\partial"
        top, bottom = self.line(of), self.differential(by)
        return Atom(
            rf"\frac{{{sign} {top}}}{{\partial {bottom}}}",
            1 + immediate + max(length(top), length(bottom)),
            True,
        )

    def ratio(self, top: Formula, bottom: Formula) -> Doc:
        above, below = self.line(top), self.line(bottom)
        return Atom(rf"\frac{{{above}}}{{{below}}}", max(length(above), length(below)), True)

    def raised(self, base: Doc, exponent: str, width: float) -> Doc:
        if isinstance(base, Fence):
            return Fence(base.left, base.right, base.body, Atom(f"^{{{exponent}}}", width))
        text = flat(base, self.brackets)
        if "^" in text:
            return Fence("(", ")", base, Atom(f"^{{{exponent}}}", width))
        return Atom(f"{text}^{{{exponent}}}", length(text) + width, tall(base))

    def power(self, base: Formula, exponent: Formula) -> Doc:
        if isinstance(base, Apply):
            symbol = self.function(base.function)
            if re.fullmatch(r"\\(tanh|sin|cos|sigma)", symbol):
                raised = self.atom(f"{symbol}^{{{self.line(exponent)}}}")
                return Before(raised, Fence("(", ")", self.doc(base.args[0])))
        return self.raised(self.within(base, ATOM), self.line(exponent), 1)

    def function(self, name: str) -> str:
        """The notation's letter for a function, or the usual one."""
        row = ELEMENTWISE.get(name)
        usual = row.latex if row is not None else rf"\mathrm{{{name}}}"
        return self.letters.notation.functions.get(name) or usual

    def transpose(self, arg: Formula) -> Doc:
        return self.raised(self.within(arg, ATOM), r"\top", 1)

    def apply(self, function: str, args: tuple[Formula, ...]) -> Doc:
        (arg,) = args
        inside = self.doc(arg)
        match function:
            case "exp":
                text = self.line(arg)
                return Atom(f"e^{{{text}}}", 1 + length(text))
            case "sqrt":
                text = self.line(arg)
                return Atom(rf"\sqrt{{{text}}}", 2 + length(text), tall(inside))
            case "abs":
                return Fence("|", "|", inside)
        symbol = self.function(function)
        if function == "log" and isinstance(inside, Atom) and not inside.tall:
            return Before(self.atom(symbol + " "), inside)
        return Before(Atom(symbol, length(symbol)), Fence("(", ")", inside))

    def diagonal(self, arg: Formula) -> Doc:
        return Before(Atom(r"\mathrm{diag}", 4), Fence("(", ")", self.doc(arg)))

    def greater(self) -> Atom:
        return Atom(" > ", 3)

    def constant(self, kind: str, width: Width) -> Atom:
        letter = {"ones": r"\mathbf{1}", "eye": r"\mathbf{I}", "zeros": r"\mathbf{0}"}[kind]
        return self.atom(f"{letter}_{{{self.wide(width)}}}")

    def zeros(self, rows: Width, columns: Width) -> Atom:
        return self.atom(rf"\mathbf{{0}}_{{{self.wide(rows)} \times {self.wide(columns)}}}")

    def blocks(self, rows: tuple[tuple[Formula, ...], ...]) -> Doc:
        printed = [[self.line(each) for each in row] for row in rows]
        body = r" \\ ".join(" & ".join(row) for row in printed)
        wide = max(sum(length(each) + 2 for each in row) for row in printed)
        return Atom(rf"\begin{{pmatrix}} {body} \end{{pmatrix}}", wide + 1, len(rows) > 1)

    def slice(self, arg: Formula, start: Width, stop: Width) -> Doc:
        after = Width(start.names, start.number + 1)
        first = self.wide(after)
        suffix = f"_{{{first}}}" if after == stop else f"_{{{first} : {self.wide(stop)}}}"
        return Fence("[", "]", self.doc(arg), Atom(suffix, length(suffix)))

    def big(self, formula: Big) -> Atom:
        low, high = (self.time(bound).replace(" ", "") for bound in (formula.low, formula.high))
        sign = rf"\{formula.sign}_{{{formula.index}={low}}}^{{{high}}} "
        return Atom(sign, 3, True)

    def value(self, rows: tuple[tuple[float, ...], ...]) -> Atom:
        printed = [[self.figure(x) for x in row] for row in rows]
        if len(rows) == len(rows[0]) == 1:
            return self.atom(printed[0][0])
        body = r" \\ ".join(" & ".join(row) for row in printed)
        wide = max(sum(length(each) + 1.5 for each in row) for row in printed)
        return Atom(rf"\begin{{pmatrix}} {body} \end{{pmatrix}}", wide + 1, len(rows) > 1)

    def figure(self, x: float) -> str:
        return figure(x, self.digits, r"{} \cdot 10^{{{}}}")

    def name(self, name: Name) -> Atom:
        if not name.at.base:
            return self.atom(name.letter)
        return self.atom(f"{name.letter}_{{{self.time(name.at).replace(' ', '')}}}")

    def marked(self, arg: Ref, mark: str) -> Atom:
        text = self.letters.latex(arg)
        base = rf"\left({text}\right)" if "^" in text else text
        return self.atom(rf"{base}^{{\mathrm{{{mark}}}}}")

    def blank(self, number: int) -> Atom:
        return Atom(rf"\boxed{{\;({number})\;}}", 6, True)

    def at(self, at: Ref) -> Atom:
        text = f"_{{t={self.time(at).replace(' ', '')}}}"
        return Atom(text, length(text))


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


def _indices(left: Formula) -> list[str]:
    return [ref.base for ref in walk(left) if isinstance(ref, Ref) and ref.base in ("t", "k", "j")]
