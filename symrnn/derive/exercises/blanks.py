"""An exercise: a derivation with some of its factors left blank, and the answers."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

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
)
from symrnn.derive.pieces import Path, at_path, children, map_children, put, walk
from symrnn.language.tree import Add, Div, Neg, Num, Part, Size, Transpose

Sheets = tuple[Sheet, ...]
Answers = tuple[tuple[int, Formula], ...]

PRODUCTS = (Chain, Times, Odot, Product)


@dataclass(slots=True)
class Factors:
    """The factors of one term, in reading order, however their products are nested."""

    paths: list[Path] = field(default_factory=list)
    open: list[Path] = field(default_factory=list)
    """Those that may be left blank."""

    @property
    def most(self) -> int:
        """How many blanks the term bears: about a third, no two side by side, and one factor
        stays."""
        if len(self.paths) < 2:
            return 0
        return min(max(1, round(len(self.paths) / 3)), len(self.apart(self.open)))

    def apart(self, paths: Sequence[Path]) -> list[Path]:
        """These factors in turn, but for what stands beside one of them that was taken before:
        what is left shows what is missing."""
        taken: list[int] = []
        for path in paths:
            position = self.paths.index(path)
            if all(abs(position - other) > 1 for other in taken):
                taken.append(position)
        return [self.paths[position] for position in taken]


def room(sheets: Sheets) -> int:
    """How many blanks the sheets bear."""
    return sum(term.most for s in sheets for e in s.equations for _, term in _terms(e))


def shared(rng: random.Random, rooms: Sequence[int], count: int) -> list[int]:
    """How many of `count` blanks each of several gets, none of them more than it bears."""
    owners = [each for each, most in enumerate(rooms) for _ in range(most)]
    drawn = rng.sample(owners, count)
    return [drawn.count(each) for each in range(len(rooms))]


def exercise(sheets: Sheets, seed: int = 0, count: int | None = None) -> tuple[Sheets, Answers]:
    """The sheets with factors left blank, numbered as they are read, and what belongs there.

    There are `count` blanks, no more than there is room for, or some in each equation.
    """
    rng = random.Random(seed)
    answers: list[tuple[int, Formula]] = []
    rooms = [term.most for s in sheets for e in s.equations for _, term in _terms(e)]
    shares = None if count is None else iter(shared(rng, rooms, count))

    def blanked(equation: Equation) -> Equation:
        rights = []
        terms = _terms(equation)
        counts = _some(terms, rng) if shares is None else list(islice(shares, len(terms)))
        gaps = _gaps(equation, counts, rng)
        for right, paths in zip(equation.rights, gaps, strict=True):
            # paths sort as they are read, and a blank's path leads through no other blank
            for path in sorted(paths):
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


def _terms(equation: Equation) -> list[tuple[int, Factors]]:
    """The terms that bear blanks, and in which right side they stand.

    The model's own equations are what the student starts from, and stay whole.
    """
    if not isinstance(equation.left, Total | Immediate):
        return []
    found = ((i, term) for i, right in enumerate(equation.rights) for term in terms_of(right))
    return [(i, term) for i, term in found if term.most]


def _some(terms: Sequence[tuple[int, Factors]], rng: random.Random) -> list[int]:
    """How many blanks each term gets: at least one where any can be."""
    counts = [rng.randint(0, term.most) for _, term in terms]
    if terms and not any(counts):
        counts[rng.randrange(len(counts))] = 1
    return counts


def _gaps(equation: Equation, counts: Sequence[int], rng: random.Random) -> list[list[Path]]:
    """For each right side where its blanks are."""
    gaps: list[list[Path]] = [[] for _ in equation.rights]
    for (position, term), count in zip(_terms(equation), counts, strict=True):
        drawn = term.apart(rng.sample(term.open, len(term.open)))
        found = drawn if len(drawn) >= count else term.apart(term.open)
        gaps[position] += found[:count]
    return gaps


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
