"""An exercise: a derivation with some of its factors left blank, and the answers."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from symrnn.derive.formula import (
    Big,
    Blank,
    Bracket,
    Chain,
    Diagonal,
    Equation,
    Eye,
    Formula,
    Immediate,
    Odot,
    Ones,
    Product,
    Sheet,
    Times,
    Total,
    Value,
    Zeros,
    children,
    map_children,
    walk,
)
from symrnn.language.tree import Add, Div, Neg, Num, Part, Size, Transpose

Sheets = tuple[Sheet, ...]
Answers = tuple[tuple[int, Formula], ...]
Path = tuple[int, ...]
"""Where a piece stands in a formula: which child, and which child of that, …"""

PRODUCTS = (Chain, Times, Odot, Product)


@dataclass(slots=True)
class Factors:
    """The factors of one term, in reading order, however their products are nested."""

    paths: list[Path] = field(default_factory=list)
    open: list[Path] = field(default_factory=list)
    """Those that may be left blank."""

    @property
    def most(self) -> int:
        """How many blanks the term bears: about a third, and one factor stays."""
        return max(1, round(len(self.paths) / 3)) if self.open and len(self.paths) > 1 else 0


def exercise(sheets: Sheets, seed: int = 0) -> tuple[Sheets, Answers]:
    """The sheets with factors left blank, numbered as they are read, and what belongs there."""
    rng = random.Random(seed)
    answers: list[tuple[int, Formula]] = []

    def blanked(equation: Equation) -> Equation:
        rights = []
        for right, gaps in zip(equation.rights, _gaps(equation, rng), strict=True):
            # paths sort as they are read, and a blank's path leads through no other blank
            for path in sorted(gaps):
                number = len(answers) + 1
                answers.append((number, at_path(right, path)))
                right = put(right, path, Blank(number))
            rights.append(right)
        return replace(equation, rights=tuple(rights))

    found = tuple(replace(s, equations=tuple(map(blanked, s.equations))) for s in sheets)
    return found, tuple(answers)


def filled(sheets: Sheets, answers: Answers) -> Sheets:
    """The sheets with each blank replaced by its answer."""
    known = dict(answers)

    def whole(equation: Equation) -> Equation:
        return replace(equation, rights=tuple(_filled(r, known) for r in equation.rights))

    return tuple(replace(s, equations=tuple(map(whole, s.equations))) for s in sheets)


def _filled(formula: Formula, known: Mapping[int, Formula]) -> Formula:
    if isinstance(formula, Blank):
        return known.get(formula.number, formula)
    return map_children(formula, lambda child: _filled(child, known))


def _gaps(equation: Equation, rng: random.Random) -> list[list[Path]]:
    """For each right side where its blanks are: at least one where any can be.

    The model's own equations are what the student starts from, and stay whole.
    """
    if not isinstance(equation.left, Total | Immediate):
        return [[] for _ in equation.rights]
    terms = [(i, term) for i, right in enumerate(equation.rights) for term in terms_of(right)]
    terms = [(i, term) for i, term in terms if term.most]
    gaps: list[list[Path]] = [[] for _ in equation.rights]
    counts = [rng.randint(0, term.most) for _, term in terms]
    if terms and not any(counts):
        counts[rng.randrange(len(counts))] = 1
    for (position, term), count in zip(terms, counts, strict=True):
        gaps[position] += _chosen(term, count, rng)
    return gaps


def _chosen(term: Factors, count: int, rng: random.Random) -> list[Path]:
    """That many factors, no two of them side by side: what is left shows what is missing."""
    chosen: list[int] = []
    for path in rng.sample(term.open, len(term.open)):
        position = term.paths.index(path)
        if len(chosen) < count and all(abs(position - other) > 1 for other in chosen):
            chosen.append(position)
    return [term.paths[position] for position in chosen]


def terms_of(formula: Formula, path: Path = ()) -> Iterator[Factors]:
    """The terms of a right side with their factors."""
    match formula:
        case Add(terms=terms):
            for i, term in enumerate(terms):
                yield from terms_of(term, (*path, i))
        case Neg(arg=body) | Bracket(body=body) | Big(sign="sum", body=body):
            yield from terms_of(body, (*path, 0))
        case _:
            own = Factors()
            inner: list[Factors] = []
            _collect(formula, path, own, inner)
            yield from (own, *inner)


def _collect(formula: Formula, path: Path, own: Factors, inner: list[Factors]) -> None:
    """The factors that a formula brings to its term; sums of paths have terms of their own."""
    if isinstance(formula, Add) and _has_paths(formula):
        own.paths.append(path)
        inner += terms_of(formula, path)
    elif _is_open(formula):
        for i, child in enumerate(children(formula)):
            _collect(child, (*path, i), own, inner)
    else:
        own.paths.append(path)
        if not _is_given(formula):
            own.open.append(path)


def _is_open(formula: Formula) -> bool:
    """Whether the factors stand inside: in a product, or in what is around one."""
    match formula:
        case Div() | Transpose():
            return any(isinstance(child, PRODUCTS) for child in children(formula))
        case Neg() | Part() | Diagonal() | Bracket() | Big(sign="sum"):
            return True
    return isinstance(formula, PRODUCTS)


def _has_paths(formula: Formula) -> bool:
    return any(isinstance(each, Product | Chain | Total) for each in walk(formula))


def _is_given(formula: Formula) -> bool:
    """Numbers and the like: nothing that a student derives."""
    plain = (Num, Size, Value, Ones, Eye, Zeros, Blank)
    match formula:
        case Div(left=top, right=bottom):
            return _is_given(top) and _is_given(bottom)
    return isinstance(formula, plain)


def at_path(formula: Formula, path: Sequence[int]) -> Formula:
    for i in path:
        formula = list(children(formula))[i]
    return formula


def put(formula: Formula, path: Sequence[int], new: Formula) -> Formula:
    """The formula with another piece at one place.

    >>> from fractions import Fraction
    >>> one = Num(Fraction(1))
    >>> put(Add((one, Neg(one))), (1, 0), Blank(1)).terms[1]
    Neg(arg=Blank(number=1))
    """
    if not path:
        return new
    position = iter(range(len(list(children(formula)))))

    def change(child: Formula) -> Formula:
        return put(child, path[1:], new) if next(position) == path[0] else child

    return map_children(formula, change)
