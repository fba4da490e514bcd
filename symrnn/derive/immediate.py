"""Which derivatives of a document are immediate: a notation shows it as ∂⁺, or a line says it.

Where a notation writes ∂ for either, as the notes do, a document in which one symbol would mean
both is printed with ∂⁺ after all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from symrnn.derive.formula import Formula, Immediate, Marked, Name, Sheet, Total, Words
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import walk
from symrnn.language.tree import Ref

Derivative = Total | Immediate

MOST = 4
"""So many derivatives are listed; of more it is said in words which they are."""


def derivatives(sheets: Iterable[Sheet]) -> Iterator[Derivative]:
    """Every derivative that is printed in the sheets, in order."""
    for sheet in sheets:
        words = [part for part in (*sheet.title, *sheet.note) if not isinstance(part, str)]
        sides = [side for e in sheet.equations for side in (e.left, *e.rights)]
        for formula in (*words, *sides):
            yield from (part for part in walk(formula) if isinstance(part, Derivative))


def is_immediate(derivative: Derivative) -> bool:
    """Whether it is another thing than the total derivative."""
    return isinstance(derivative, Immediate) and not derivative.alone


def ambiguous(sheets: Iterable[Sheet]) -> bool:
    """Whether one symbol without ∂⁺ would be the immediate derivative here, the total one there."""
    kinds: dict[object, set[bool]] = {}
    for derivative in derivatives(sheets):
        kinds.setdefault(_symbol(derivative), set()).add(is_immediate(derivative))
    return any(len(found) > 1 for found in kinds.values())


def told(
    sheets: Iterable[Sheet], parameters: Sequence[str], shown: Callable[[Formula], str]
) -> Words:
    """One line that says which derivatives are immediate; nothing where none is.

    Those over one step of a recurrence the view `product` explains itself.
    """
    found: dict[str, Immediate] = {}
    for derivative in derivatives(sheets):
        if isinstance(derivative, Immediate) and not derivative.alone and derivative.fixed is None:
            general = _at_any_step(derivative)
            found.setdefault(shown(general), general)
    listed: list[str | Formula] = [*found.values()]
    uses = [d for d in found.values() if isinstance(d.by, Ref) and d.by.name in parameters]
    if len(uses) > MOST and all(use.of != LOSS for use in uses):
        listed = [
            "the derivatives of variables by parameters",
            *(d for d in listed if d not in uses),
        ]
    if not listed:
        return ()
    words: list[str | Formula] = ["Here ", listed[0]]
    for each in listed[1:]:
        words += [" and " if each is listed[-1] else ", ", each]
    words.append(" is" if len(found) == 1 else " are")
    return (*words, " immediate, every other occurrence held fixed; all other ∂ are total. ")


def _at_any_step(derivative: Immediate) -> Immediate:
    """∂O_3/∂O_2 => ∂O_t/∂O_{t-1}; by what happens once ∂O_t/∂w."""
    of, by = derivative.of, derivative.by
    if not isinstance(of, Ref) or not isinstance(by, Ref):
        return derivative
    if of.base and by.base == of.base:
        return Immediate(Ref(of.name, "t"), Ref(by.name, "t", by.shift - of.shift))
    if of.base and not by.base:
        return Immediate(Ref(of.name, "t"), by)
    if by.base and not of.base:
        return Immediate(of, Ref(by.name, "t"))
    return derivative


def _symbol(derivative: Derivative) -> object:
    """What is alike in print at any step."""
    of, by = derivative.of, derivative.by
    if not isinstance(of, Ref) or not isinstance(by, Ref):
        return _letter(of), _letter(by)
    apart = by.shift - of.shift if of.base and of.base == by.base else None
    return of.name, by.name, apart


def _letter(formula: Formula) -> object:
    match formula:
        case Ref(name=name):
            return name
        case Name(letter=letter):
            return f"({letter})"
        case Marked(arg=arg, mark=mark):
            return arg.name, mark
    return formula
