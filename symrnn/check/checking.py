"""From texts to reports: read, judged, and the first wrong term of each wrong line found.

texts  --sources-->  lines  --reading-->  Writing  --judging-->  Report  --faults-->  Report
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from symrnn.check import sources
from symrnn.check.claims import WRONG, Line, Report, Unread, Verdict, Writing
from symrnn.check.faults import fault
from symrnn.check.faults.budget import EVERY, OF_SEVERAL, Budget
from symrnn.check.judging import judge
from symrnn.check.reading import MOST_STEPS, known, read
from symrnn.check.report import Reports
from symrnn.derive.derived import Derived
from symrnn.derive.formula import Total
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.notation import Notation, load_notation
from symrnn.derive.notation.symbol import SymbolError, glyph
from symrnn.derive.printing.latex import Latex
from symrnn.errors import SymrnnError, UsageError
from symrnn.language.tree import Ref

DISPLAYS = re.compile(r"\\begin\b|\\\[|\$|\\\(")
"""What sets a formula off in a text; without, the text is a formula itself."""


@dataclass(frozen=True, slots=True)
class Text:
    """What one person wrote: LaTeX, Markdown, a notebook, or formulas alone."""

    text: str | tuple[str, ...]
    kind: sources.Kind = "tex"
    """tex, md, ipynb, or formula: then there may be several."""

    name: str = ""
    error: str = ""
    """Why there is no text."""


def text_of(text: str, name: str = "") -> Text:
    """A text whose file does not tell what it is: a formula alone, or LaTeX with prose around."""
    return Text(text, "tex", name) if DISPLAYS.search(text) else Text((text,), "formula", name)


def writing(given: object) -> Text:
    """A formula, several, or a text with formulas in displays."""
    if isinstance(given, str):
        return text_of(given)
    several = list(given) if isinstance(given, list | tuple) else [given]
    formulas = tuple(each for each in several if isinstance(each, str))
    if len(formulas) < len(several):
        other = next(each for each in several if not isinstance(each, str))
        raise UsageError(f"{other!r:.80} is no text; expected a formula, or several in a list")
    return Text(formulas, "formula")


def check(
    derived: Derived,
    texts: Sequence[Text],
    *,
    by: str = "",
    notation: str = "default",
    mapping: Mapping[str, str] | None = None,
    seed: int = 0,
    broken: Callable[[Exception], str] | None = None,
) -> Reports:
    """What is found of each text. A formula without a left side is the gradient of the loss by
    `by`. Of several texts one that cannot be read at all is a line of its report; of one it is
    an error. An error of the checker itself is raised, unless `broken` says how it is told of:
    then the text could not be judged.
    """
    if seed < 0:
        raise UsageError(f"the seed is {seed}; expected a whole number from 0 on")
    if derived.steps is not None and derived.steps > MOST_STEPS:
        raise UsageError(
            f"{derived.steps:,} steps are too many to check a derivation with; expected at most"
            f" {MOST_STEPS}, or none given: then it has to hold for any number of them"
        )
    letters = load_notation(notation)
    mapping = mapping or {}
    symbols = known(derived, letters, mapping, derived.steps, letters.orientation == "column")
    shown = with_mapping(letters, mapping, derived)

    def report(text: Text) -> Report:
        if text.error:
            raise UsageError(text.error)
        lines = list(_lines(text, _gradient(derived, shown, by) if by else ""))
        if not lines:
            expected = f"; {EXPECTED}" if isinstance(text.text, str) else ""
            raise UsageError(f"{text.name or 'the text'} holds no formula{expected}")
        if len(lines) > MOST:
            where, many = text.name or "the text", f"{len(lines):,} formulas"
            raise UsageError(f"{where} holds {many}; at most {MOST:,} are read")
        writing = replace(read(lines, symbols), name=text.name)
        judged = judge(
            writing,
            derived,
            steps=derived.steps,
            scalar=derived.scalar,
            columns=letters.orientation == "column",
            seed=seed,
        )

        left, budget = count(MOST_EXPLAINED, -1), Budget(EVERY if len(texts) == 1 else OF_SEVERAL)

        def explained(verdict: Verdict) -> Verdict:
            if verdict.status != WRONG:
                return verdict
            if next(left) <= 0:
                return verdict
            try:  # what a line inherits is told of it as if it stood alone
                alone = replace(verdict, follows=False)
                return replace(verdict, fault=fault(judged, alone, budget))
            except (SymrnnError, MemoryError):
                raise
            except Exception as error:
                if broken is None:
                    raise
                return replace(verdict, why=f"it is not equal to the left side; {broken(error)}")

        verdicts = tuple(map(explained, judged.report.verdicts))
        return replace(judged.report, verdicts=verdicts)

    def found(text: Text) -> Report:
        try:
            return report(text)
        except SymrnnError as error:
            if len(texts) == 1:
                raise
            message = str(error)
        except MemoryError:
            raise
        except Exception as error:
            if broken is None:
                raise
            message = broken(error)
        unread = Unread(Line("", 1, text.name), message, (0, 0))
        return Report(Writing((unread,), name=text.name), ())

    return Reports(tuple(map(found, texts)), derived, shown)


MOST, MOST_EXPLAINED = 1_000, 50
"""Lines of a text, and wrong ones among them of which it is told what belongs there."""

EXPECTED = (
    r"""expected some in a display, such as \[ … \], $$ … $$ or \begin{align} … \end{align}"""
)


def _lines(text: Text, gradient: str) -> Iterator[Line]:
    """The lines of a text; a formula without a left side is about a gradient."""
    if isinstance(text.text, str):
        yield from sources.lines(text.text, text.kind, text.name)
        return
    for number, formula in enumerate(text.text, 1):
        alone = gradient and not has_left_side(formula)
        said = f"{gradient} = {formula.strip()}" if alone else formula.strip()
        for line in sources.lines(said, text.kind, text.name):
            yield replace(line, number=number)


def has_left_side(formula: str) -> bool:
    r"""Whether an equals sign stands outside of all braces.

    >>> has_left_side(r"\sum_{t=1}^{T} x"), has_left_side("a = b")
    (False, True)
    """
    depth = 0
    for sign in re.findall(r"\\.|[{}=]", formula):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "=" and depth == 0:
            return True
    return False


def _gradient(derived: Derived, notation: Notation, name: str) -> str:
    """∂L/∂name as it is printed."""
    printer = Latex(*letters_for(derived, notation))
    return printer.line(Total(Ref("L"), Ref(name)))


def pairs(text: str) -> dict[str, str]:
    r"""What a writer's letters are in the model, from `letter=name, …`.

    >>> pairs(r"W_{hh}=w_h, s_t=h_t")
    {'W_{hh}': 'w_h', 's_t': 'h_t'}
    """
    found: dict[str, str] = {}
    for part in _split(text, ","):
        left, *rest = _split(part, "=")
        if len(rest) != 1 or not left.strip() or not rest[0].strip():
            raise UsageError(
                f"--map: '{part.strip()[:80]}' is no pair; expected LETTER=NAME, as"
                " W_{hh}=w_h, s_t=h_t"
            )
        if left.strip() in found:
            raise UsageError(f"--map: {left.strip()[:80]} is given twice")
        found[left.strip()] = rest[0].strip()
    return found


def _split(text: str, sign: str) -> list[str]:
    """The parts between signs that stand outside of braces."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == sign and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


TIME = re.compile(r"_t$|_\{t\}$|\^\{\(t\)\}$|\^t$|\[t\]$")


def with_mapping(notation: Notation, mapping: Mapping[str, str], derived: Derived) -> Notation:
    """The notation with the writer's own letters: formulas are shown as the writer would write
    them. What is no symbol of a notation is left as it is."""
    names = derived.system.symbols.keys() | derived.plain.symbols.keys()
    said: dict[str, str] = {}
    for letter, name in mapping.items():
        stem, meant = TIME.sub("", letter), TIME.sub("", name)
        try:
            glyph(stem)
        except SymbolError:
            continue
        if meant in names:
            said[meant] = stem
    others = {n: s for n, s in notation.symbols.items() if n not in said}
    return replace(notation, symbols={**said, **others}) if said else notation
