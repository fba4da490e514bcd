"""One claim at one point, or at many: at which steps its two sides are equal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from symrnn.check.judging.choices import free_bases
from symrnn.check.judging.conventions import is_number
from symrnn.check.judging.fitting import IllShapedError, OutsideError, is_flattened
from symrnn.check.judging.values import Values
from symrnn.derive.formula import (
    Alike,
    Equation,
    Formula,
    Immediate,
    Name,
    Over,
    Total,
    Words,
)
from symrnn.derive.left_sides import Indices
from symrnn.derive.pieces import free_indices, map_children, walk
from symrnn.errors import CheckError
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Ref

AGREES, FLOOR = 1e-9, 1e-13
FAILURES = (
    CheckError,
    ValueError,
    KeyError,
    IndexError,
    RecursionError,
    ArithmeticError,
    np.linalg.LinAlgError,
)

DIAGONAL = "what stands there is the diagonal of the matrix, entry by entry"


@dataclass(frozen=True)
class Outcome:
    """At which steps both sides of a claim are equal."""

    at: tuple[tuple[Indices, int, bool], ...] = ()
    """Each index with its step, the last step, and whether they are equal."""

    note: str = ""
    """How the right side had to be read for that."""
    ill: str = ""
    """Which shapes do not fit."""
    error: str = ""
    """Why there is no value."""
    zero: bool = False
    """Whether both sides are zero at each of these steps."""

    @property
    def right(self) -> bool:
        return bool(self.at) and not self.ill and not self.error and all(ok for *_, ok in self.at)

    @property
    def score(self) -> float:
        if self.right:
            return 1.0
        return 0.5 if self.at and not self.ill and not self.error and self.pattern else 0.0

    @property
    def ends(self) -> str:
        """Where it holds, if that is at one end alone: k = T."""
        match self.pattern:
            case (Name(letter=base), " = ", Name(letter=last)):
                return f"{base} = {last}"
        return ""

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.at + other.at,
            self.note or other.note,
            self.ill or other.ill,
            self.error or other.error,
            self.zero and other.zero,
        )

    @property
    def pattern(self) -> Words:
        """For which steps it holds, where that is the first or the last one, or all but those."""
        bases = list(self.at[0][0]) if self.at else []
        if not any(ok for *_, ok in self.at):
            return ()
        for base in bases:
            for says, holds in _ENDS:
                if all(ok == holds(at[base], last) for at, last, ok in self.at):
                    return (Name(base), *says)
        for one, other in product(bases, repeat=2):
            before = any(ok and at[one] < at[other] for at, _, ok in self.at)
            for word, lag in ((" < ", 1), (" ≤ ", 0)) if before else ():
                if all(ok == (at[one] + lag <= at[other]) for at, _, ok in self.at):
                    return (Name(one), word, Name(other))
        return ()


_ENDS: tuple[tuple[Words, Callable[[int, int], bool]], ...] = (
    ((" = ", Name("T")), lambda step, last: step == last),
    ((" < ", Name("T")), lambda step, last: step < last),
    ((" > 1",), lambda step, last: step > 1),
)


def close(one: Array, other: Array, tolerance: float = AGREES) -> bool:
    size = max(float(np.linalg.norm(one)), float(np.linalg.norm(other)))
    return float(np.linalg.norm(one - other)) <= tolerance * size + FLOOR


def agree(left: Array, right: Array, values: Values) -> tuple[bool, str]:
    """Whether two sides are equal, and how the right one had to be read."""
    if left.shape == right.shape:
        return close(left, right), ""
    if not left.any() and not right.any():
        return True, ""
    if is_flattened(left, right):
        return close(*values.unflattened(left, right)), ""
    rows, columns = left.shape
    if rows == columns and right.size in (1, rows) and 1 in right.shape:
        whole = np.eye(rows) * right.ravel()
        unit = right.size == 1 and right[0, 0] == 1  # 1 is the unit matrix
        return close(left, whole), "" if unit else DIAGONAL
    raise IllShapedError(
        f"the left side is {rows} × {columns}, the right one {right.shape[0]} × {right.shape[1]}"
    )


def members(equation: Equation) -> list[Equation]:
    """The equation for each member of its index, if it has one."""
    sides = (equation.left, *equation.rights)
    counts = {len(part.members) for side in sides for part in free_indices(side)}
    if not counts and not any(map(_has_over, sides)):
        return [equation]
    found = []
    for place in range(min(counts, default=1)):
        left, *rights = (_member(side, place) for side in sides)
        found.append(Equation(left, tuple(rights), equation.steps, equation.but, equation.by_terms))
    return found


def _has_over(formula: Formula) -> bool:
    return any(isinstance(part, Over) for part in walk(formula))


def _member(formula: Formula, place: int) -> Formula:
    if isinstance(formula, Alike):
        return formula.members[place]
    if isinstance(formula, Over):
        count = min((len(part.members) for part in free_indices(formula.body)), default=1)
        terms = tuple(_member(formula.body, each) for each in range(count))
        return Add(terms) if len(terms) > 1 else terms[0]
    return map_children(formula, lambda child: _member(child, place))


def indices(equation: Equation, place: int, steps: int) -> Iterator[Indices]:
    """Every step of every free index for which an equation is said."""
    sides = (equation.left, equation.rights[place])
    bases = sorted({base for side in sides for base in free_bases(side)})
    low, high = 1, steps
    if equation.steps:
        low, high = sorted(_fixed(bound, steps) for bound in equation.steps)
    but = {_fixed(step, steps) for step in equation.but}
    own = "t" if "t" in bases else next(iter(bases), "")
    for at in product(*(range(low, high + 1) if b == own else range(1, steps + 1) for b in bases)):
        found = dict(zip(bases, at, strict=True))
        if not own or found[own] not in but:
            yield found


def _fixed(ref: Ref, steps: int) -> int:
    return {"T": steps, "1": 1}.get(ref.base, 1) + ref.shift


def outcome(equations: Iterable[Equation], place: int, values: Values, most: int = 0) -> Outcome:
    """What comes out for one right side at one point; with `most` from the last step on, until so
    many steps are wrong."""
    at: list[tuple[Indices, int, bool]] = []
    zero: list[tuple[Indices, int, bool]] = []  # 0 = 0 tells nothing where other steps tell more
    note, ill = "", ""
    values.by_entries = False
    for equation in equations:
        every = indices(equation, place, values.steps)
        for index in reversed(list(every)) if most else every:
            if most and sum(not ok for *_, ok in at) == most:
                break
            try:
                if is_outside(equation.left, index, values):
                    continue
                left, right = values(equation.left, index), values(equation.rights[place], index)
                if not (np.isfinite(left).all() and np.isfinite(right).all()):
                    continue
                ok, read = agree(left, right, values)
                if not left.any() and not right.any():
                    zero.append((index, values.steps, ok))
                    continue
                note = note or (read if ok else "")
            except OutsideError:
                continue
            except IllShapedError as error:
                ok, ill = False, str(error)
            except FAILURES as error:
                return Outcome(error=_told(error))
            at.append((index, values.steps, ok))
    if not at and not zero:
        return Outcome(error="there is no step at which everything in it has a value")
    note = note or (DIAGONAL if values.by_entries else "")
    return Outcome(tuple(at or zero), note, ill, zero=not at)


def is_outside(left: Formula, at: Indices, values: Values) -> bool:
    """Whether a left side is, at one of its steps, about a step that there is not; by such a step
    the derivative of the loss is zero."""
    match left:
        case Ref():
            refs = [left]
        case Total(of=Ref() as of, by=Ref() as by) | Immediate(of=Ref() as of, by=Ref() as by):
            refs = [] if is_number(values.symbols, of.name) else [of, by]
        case _:
            refs = []
    running = [ref for ref in refs if ref.base not in ("", "1", "T")]
    return any(values.node(ref, at) not in values.truth.values for ref in running)


def _told(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} has no value here"
    if isinstance(error, RecursionError):
        return (
            "a letter in it is defined by itself, and begins nowhere; if it is one of the model,"
            " say which with --map"
        )
    return str(error) or "it cannot be worked out"


def total(outcomes: Sequence[Outcome]) -> Outcome:
    found = outcomes[0]
    for each in outcomes[1:]:
        found = found + each
    return found


def example(at: Mapping[str, int], values: Values) -> dict[str, object]:
    """The numbers of a point, by the names that they have in the model."""
    found: dict[str, object] = {"T": values.steps, **at}
    found |= {name: np.asarray(array).tolist() for name, array in values.truth.data.items()}
    return found
