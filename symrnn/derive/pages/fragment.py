r"""A derivation as a piece of a paper: numbered displays with labels, to be \input."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from symrnn.derive.derivation import LOSS
from symrnn.derive.formula import Chain, Equation, Formula, Immediate, Marked, Name, Sheet, Total
from symrnn.derive.output import Chapter, Output
from symrnn.derive.pages.document import Inline, joined
from symrnn.derive.pages.escape import for_tex
from symrnn.derive.pages.structure import checked
from symrnn.derive.pieces import walk
from symrnn.derive.printing.measure import CHARACTER, measure
from symrnn.language.tree import Call, Ref

NUMBER = measure(r"\;\; (000)")
"""What an equation's number takes of a line, in em."""

HEAD = r"""% symrnn: {name}. To be \input; needs \usepackage{{amsmath}}.
% Every equation has a label; a line with its number takes {points} pt.
"""


def as_fragment(output: Output, parts: Sequence[Chapter]) -> str:
    """Numbered displays with labels; what a reader has to know of them stands before them."""
    fragment = _Fragment(output)
    points = round(output.look.width * CHARACTER * 10)
    name = " ".join(output.derivation.name.split())
    width = f"{points}" if points else "any number of"
    blocks = [fragment.sheet(part, sheet) for part in parts for sheet in part.sheets]
    return HEAD.format(name=name, points=width) + "\n" + "\n".join(blocks)


class _Fragment:
    def __init__(self, output: Output) -> None:
        self.output, self.labels = output, set[str]()
        system = output.derivation.plain
        made = {s.name for s in system.named("variable", "weight", "total")}
        self.given = set(system.symbols) - made

    def sheet(self, part: Chapter, sheet: Sheet) -> str:
        text = f"% {part.view or part.title}: {self.output.words(sheet.title)}\n"
        words = [*filter(None, [part.task]), *sheet.note]
        if words:
            text += f"\\begin{{sloppypar}}\n{self.prose(words)}\n\\end{{sloppypar}}\n"
        if sheet.grid is not None:
            text += self.output.latex_grid(sheet.grid)
        if not sheet.equations:
            return text
        rows = chain.from_iterable(self.rows(part, sheet))
        body = " \\\\\n".join(rows)
        return f"{text}{{\\allowdisplaybreaks\n\\begin{{align}}\n{body}\n\\end{{align}}}}%\n"

    def prose(self, parts: Sequence["str | Formula"]) -> str:
        text = (p if isinstance(p, str) else self.inline(p) for p in parts)
        return joined(tuple(text), for_tex, lambda f: f"${checked(f.latex)}$").strip()

    def inline(self, formula: Formula) -> Inline:
        return Inline(self.output.latex_printer.line(formula), "")

    def rows(self, part: Chapter, sheet: Sheet) -> Iterator[list[str]]:
        """The lines of each equation; its last one has the number."""
        width = self.output.look.width
        room = width - NUMBER / CHARACTER if width else 0
        for equation, rows in self.output.latex_printer.by_equation(sheet.equations, room):
            label = self.label(part, sheet, equation)
            checked(r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}")
            *before, last = rows
            yield [*(rf"{row} \notag" for row in before), rf"{last} \label{{{label}}}"]

    def label(self, part: Chapter, sheet: Sheet, equation: Equation) -> str:
        """`eq:lstm-delta-w_h`: the model, the view and what stands on the left; once each, and the
        same whatever else is shown."""
        name = re.sub(r"\.rnn\Z", "", re.split(r"[/\\]", self.output.derivation.name)[-1])
        left = equation.left
        said = named(left, self.given) or slug(self.output.latex_printer.line(left))
        about = [part for part in sheet.title if not isinstance(part, str)]
        if about and not part.by_steps and not (isinstance(left, Total) and left.by in about):
            said += "".join(f"-{_place(each)}" for each in about)
        others = elsewhere(part.sheets, sheet, isinstance(left, Total) and left.of == LOSS)
        if part.by_steps and any(left == e.left for other in others for e in other.equations):
            said += f"-{slug(self.output.words(sheet.title))}"
        stem = f"eq:{slug(name) or 'model'}-{slug(part.view or part.title)}-{said}"
        label, number = stem, 1
        while label in self.labels:
            number += 1
            label = f"{stem}-{number}"
        self.labels.add(label)
        return label


def elsewhere(sheets: Sequence[Sheet], sheet: Sheet, last: bool) -> Sequence[Sheet]:
    """The sheets of a way before one of them, or behind it: of what is said twice the last has the
    plain label if it is where the way leads, else the first."""
    place = next(i for i, other in enumerate(sheets) if other is sheet)
    return sheets[place + 1 :] if last else sheets[:place]


def named(left: Formula, given: Collection[str]) -> str:
    """A name for what an equation gives: a variable, the gradient by a parameter, `d-h` by others,
    `d-h-c` for ∂h/∂c; nothing for what has no name."""
    match left:
        case Ref(name=name):
            return ("value-" if name in given else "") + _place(left)
        case Marked(arg=Ref(name=name), mark=mark):
            return f"{mark}-{slug(name)}"
        case Total(of=of, by=Ref(name=name) as by) if of == LOSS:
            return ("" if name in given else "d-") + _place(by)
        case Total(of=of, by=by):
            return f"d-{_place(of)}-{_place(by)}"
        case Immediate(of=of, by=by):
            return f"{'d' if left.alone else 'immediate'}-{_place(of)}-{_place(by)}"
        case Chain(factors=factors):
            return "-".join(named(factor, given) for factor in factors)
        case Call(function=function, own=own):
            return slug(own.name if own is not None else f"d-{function}")
    return ""


def _place(formula: Formula) -> str:
    """The names in a formula, each with its step."""
    found = [part for part in walk(formula) if isinstance(part, Ref | Name)]
    return "-".join(
        slug(part.letter) + _step(part.at)
        if isinstance(part, Name)
        else slug(part.name) + _step(part)
        for part in found
    )


def _step(ref: Ref) -> str:
    """Which step it is of, where it is not any step t."""
    if ref.base == "1":
        return f"-{1 + ref.shift}"
    if not ref.base or (ref.base, ref.shift) == ("t", 0):
        return ""
    return f"-{ref.base}{ref.shift:+d}" if ref.shift else f"-{ref.base}"


def slug(text: str) -> str:
    r"""What a label may hold of a text.

    >>> slug("Update rules"), slug(r"\delta^{f}_t"), slug("w_h")
    ('update-rules', 'delta-f_t', 'w_h')
    """
    if " " in text:
        text = text.lower()
    plain = "".join(
        c if c.isascii() else f"-{unicodedata.name(c, 'x').split()[-1].lower()}" for c in text
    )
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).replace("-_", "_").strip("-_")
