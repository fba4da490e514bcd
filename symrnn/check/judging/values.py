"""Formulas in numbers, where a derivative is what it truly is.

The tree of a formula is worked out by `derive.evaluate`; what a letter of the model stands for and
what ∂A/∂B is come from the truth, as a convention and the choices for a document have them.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symrnn.check.judging.truth import OTHERS, STEP, TOTAL, Node, Truth
from symrnn.derive.evaluate import JOINS, Evaluator, runs_up
from symrnn.derive.formula import (
    Big,
    Blocks,
    Bracket,
    Chain,
    Equation,
    Formula,
    Immediate,
    Marked,
    Name,
    Odot,
    Product,
    Times,
    Total,
)
from symrnn.derive.left_sides import Indices, LeftSides
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import children
from symrnn.errors import CheckError
from symrnn.interpret.arithmetic import Floats
from symrnn.language.arrays import Array
from symrnn.language.tree import NARROW, Add, Pow, Ref

Key = tuple[str, ...]
"""What there is a choice for: ("∂", A, B), ("letter", δ), ("range", …), ("order",)."""

Choices = Mapping[Key, object]

DEFINED = "defined"
"""A letter that stands for what the document defines it to be."""

Bounds = tuple[Ref, Ref]
RANGES: tuple[Bounds, ...] = (
    (Ref("", "1"), Ref("", "T")),
    (Ref("", "1"), Ref("", "T", -1)),
    (Ref("", "1", 1), Ref("", "T")),
)
"""The ranges that a Σ_t without bounds may have; more where another index is free."""


class IllShapedError(CheckError):
    """A sum or a product of what does not fit together."""


class OutsideError(CheckError):
    """The formula says nothing for these steps."""


@dataclass(frozen=True)
class Convention:
    """How vectors lie and which matrix a derivative is: one choice for a document."""

    columns: bool = False
    """Whether a variable is a column and x W is written W x."""
    denominator: bool = False
    """Whether ∂u/∂v has a row for each entry of v."""
    vectors_turned: bool = False
    """Whether ∂L/∂v is the transpose of what v is."""
    matrices_turned: bool = False
    """Whether ∂L/∂W is the transpose of what W is."""


@dataclass
class Values(Evaluator):
    """Works out formulas at one point."""

    truth: Truth
    convention: Convention = field(default_factory=Convention)
    choices: Choices = field(default_factory=dict)
    meanings: Mapping[str, tuple[Formula, ...]] = field(default_factory=dict)
    defined: Sequence[Equation] = ()
    """What the document says that its own letters are."""
    taken: Sequence[Equation] = ()
    """What derivatives are taken to be, where wrong lines said something else."""

    def __post_init__(self) -> None:
        self.steps, self.dims = self.truth.steps, self.truth.sizes
        self.columns = self.convention.columns
        self.symbols = self.truth.symbols
        self.on = Floats(np.dtype(float))
        self.left_sides = LeftSides(self.defined, self.steps)
        self.wrong = LeftSides(self.taken, self.steps)
        self._names: dict[object, Array] = {}
        self.by_entries = False
        """Whether a matrix was read as its diagonal, entry by entry."""

    def __call__(self, formula: Formula, indices: Indices | None = None) -> Array:
        with np.errstate(all="ignore"):
            return self.value(formula, {"B": 1, **(indices or {})})

    # letters

    def node(self, ref: Ref, at: Indices) -> Node:
        return ref.name, self.step(ref, at) if ref.base else None

    def step(self, ref: Ref, at: Indices) -> int:
        if ref.base not in ("1", "T") and ref.base not in at:
            raise OutsideError(f"{ref.base} is no index here")
        return super().step(ref, at)

    def read(self, ref: Ref, at: Indices) -> Array:
        symbol = self.symbols[ref.name]
        if symbol.value is not None:
            return np.array([[float(symbol.value)]])
        found = self.truth.values.get(self.node(ref, at))
        if found is None:
            empty = 0.0 if symbol.role == "input" else np.nan
            found = np.full(self.truth.shape(ref.name), empty)
        return found.T if self.columns else found

    def named(self, key: Total | Immediate | Name, at: Indices) -> Array:
        if not isinstance(key, Name):
            return self.derivative(key, at)
        if not key.at.base and (key.letter in at or key.letter == "T"):
            return np.array([[float({**at, "T": self.steps}[key.letter])]])
        step = self.step(key.at, at) if key.at.base else None
        if (key.letter, step) not in self._names:
            self._names[key.letter, step] = self.letter(key, step, at)
        return self._names[key.letter, step]

    def letter(self, key: Name, step: int | None, at: Indices) -> Array:
        """The value of a letter of the writer's own."""
        chosen = self.choices.get(("letter", key.letter), 0)
        meanings = self.meanings.get(key.letter, ())
        if isinstance(chosen, int) and chosen < len(meanings):
            return self.value(meanings[chosen], {"B": 1, "t": step or 0})
        found = self.left_sides.equation_for(key, at)
        if found is not None:
            return self.value(found[0].rights[0], {"B": 1, **found[1]})
        if step is not None and not 1 <= step <= self.steps:
            return np.zeros((1, 1))
        seed = zlib.crc32(f"{key.letter} {step}".encode())
        return np.array([[np.random.default_rng(seed).uniform(0.2, 0.9)]])

    def marked(self, key: Marked, at: Indices) -> Array:
        """A parameter before an update, and after a step of gradient descent."""
        old = self.read(key.arg, at)
        if key.mark != "new":
            return old
        gradient = self.derivative(Total(LOSS, key.arg), at)
        turned = gradient.T if gradient.shape != old.shape else gradient
        return old - self.named(Name(r"\eta"), at) * turned

    # derivatives

    def derivative(self, key: Total | Immediate, at: Indices) -> Array:
        said = self.wrong.equation_for(key, at) if self.taken else None
        if said is not None:
            return self.value(said[0].rights[0], {"B": 1, **said[1]})
        reading = self.reading(key)
        bys = self.nodes(key.by, at)
        beside = [frozenset(bys) - {by} for by in bys]
        found = np.block(
            [
                [self.truth.slope(of, by, reading, b) for by, b in zip(bys, beside, strict=True)]
                for of in self.nodes(key.of, at)
            ]
        )
        if not (isinstance(key.of, Ref) and self.is_loss(key.of)):
            return found.T if self.convention.denominator else found
        matrix = isinstance(key.by, Ref | Marked) and len(self.symbols[bys[0][0]].shape) == 2
        if matrix:
            found = found.reshape(self.truth.shape(bys[0][0]))
        turned = self.convention.matrices_turned if matrix else self.convention.vectors_turned
        return found.T if self.columns != turned else found

    def is_loss(self, ref: Ref) -> bool:
        """Whether it is one number, as a loss is: its derivatives are gradients."""
        return self.symbols[ref.name].shape in ((), (NARROW,))

    def nodes(self, formula: Formula, at: Indices) -> list[Node]:
        """The variables that stand in ∂ … : one, the parts of a state, a product in a sum."""
        match formula:
            case Ref():
                return [self.node(formula, at)]
            case Marked(arg=arg):
                return [self.node(arg, at)]
            case Blocks(rows=rows):
                return [node for row in rows for each in row for node in self.nodes(each, at)]
            case Name(letter=letter, at=label) if self.meanings.get(letter):
                step = self.step(label, at) if label.base else 0
                return self.nodes(self.meanings[letter][0], {"B": 1, "t": step})
            case Product(factors=factors):
                within = [node for each in factors for node in self.nodes(each, at)]
                found = self.truth.sum_with(within[::-1] if self.columns else within)
                if found is not None:
                    return [found]
        raise CheckError("this is no derivative of a variable by a variable")

    def reading(self, key: Total | Immediate) -> str:
        label = reading_key(key)
        usual = {"∂": TOTAL, "∂⁺": OTHERS}.get(label[0], STEP)
        return str(self.choices.get(label, usual))

    # formulas

    def value(self, formula: Formula, at: Indices) -> Array:
        match formula:
            case Marked():
                return self.marked(formula, at)
            case Bracket(body=body, at=label) if label.base:
                return self.value(body, {**at, "t": self.step(label, at)})
            case Big(sign="sum"):
                parts = [self.value(formula.body, inner) for inner in self.every(formula, at)]
                return self.joined_as(Add, parts) if parts else np.zeros((1, 1))
            case Big() | Chain() | Product():
                factors = formula.factors if isinstance(formula, Chain | Product) else (formula,)
                arrays = [a for factor in factors for a in self.factors(factor, at)]
                parts = self.annihilated(factors, arrays)
                return self.joined_as(Product, parts) if parts else np.ones((1, 1))
            case Pow(left=left, right=right):
                return self.power(self.value(left, at), self.value(right, at))
        return super().value(formula, at)

    def power(self, base: Array, exponent: Array) -> Array:
        """Entry by entry, but of square matrices."""
        if base.shape[0] == base.shape[1] > 1 and exponent.size == 1:
            whole = round(float(exponent[0, 0]))
            if whole < 0:
                raise OutsideError("a power below zero")
            return np.linalg.matrix_power(base, whole)
        return np.asarray(base**exponent)

    def every(self, big: Big, at: Indices) -> Iterator[Indices]:
        """The indices with each step of a Σ or ∏, in its order."""
        low, high = big.low, big.high
        if not low.base and not high.base:
            low, high = self.choices.get(range_key(big), RANGES[0])  # type: ignore[misc]
        first, last = self.step(low, at), self.step(high, at)
        way = 1
        if big.sign != "sum" and (low.base not in ("1", "T") or high.base not in ("1", "T")):
            way = 1 if _runs_up(big) else -1
        elif first > last + 1:
            way = -1
        if way * (last - first) < -1:
            raise OutsideError("a sum or a product that runs backwards")
        steps = range(first, last + way, way)
        if big.sign != "sum" and self.choices.get(("order",)):
            steps = steps[::-1]
        return ({**at, big.index: step} for step in steps)

    def factors(self, factor: Formula, at: Indices) -> Iterator[Array]:
        if isinstance(factor, Big) and factor.sign != "sum":
            yield from (self.value(factor.body, inner) for inner in self.every(factor, at))
        else:
            yield self.value(factor, at)

    def joined(self, formula: Formula, parts: list[Array]) -> Array:
        if isinstance(formula, Times | Odot):
            parts = self.annihilated(formula.factors, parts)
        if isinstance(formula, Odot):
            parts = self.by_entry(formula, parts)
        return self.joined_as(type(formula), parts)

    def by_entry(self, formula: Odot, parts: list[Array]) -> list[Array]:
        """v ⊙ ∂u/∂v: a diagonal matrix beside rows is its diagonal."""
        shapes = {part.shape for part in parts if 1 in part.shape and part.size > 1}
        if len(shapes) != 1:
            return parts
        (shape,) = shapes
        found = []
        for factor, part in zip(formula.factors, parts, strict=True):
            square = part.shape == (max(shape), max(shape))
            if square and isinstance(factor, Total | Immediate) and is_diagonal(part):
                self.by_entries = True
                part = np.diag(part).reshape(shape)
            found.append(part)
        return found

    def joined_as(self, kind: type, parts: Sequence[Array]) -> Array:
        total = parts[0]
        for part in parts[1:]:
            if kind is Product and total.size != 1 and part.size != 1:
                if total.shape[1] != part.shape[0]:
                    raise IllShapedError(f"{_shape(total)} times {_shape(part)}")
                total = total @ part
                continue
            if total.shape != part.shape and 1 not in (total.size, part.size):
                if kind is not Add or not is_flattened(total, part):
                    raise IllShapedError(f"{_shape(total)} and {_shape(part)}")
                total, part = self.unflattened(total, part)
            join: Callable[[Array, Array], Array] = JOINS[Times if kind is Product else kind]
            total = np.asarray(join(total, part))
        return total

    def unflattened(self, one: Array, other: Array) -> tuple[Array, Array]:
        """Two sides of which one has the entries of a matrix in a row, in the matrix's shape."""
        if 1 in one.shape:
            two, first = self.unflattened(other, one)
            return first, two
        if self.columns != self.convention.matrices_turned:
            return one, other.reshape(one.shape[::-1]).T
        return one, other.reshape(one.shape)

    def annihilated(self, factors: Sequence[Formula], arrays: Iterable[Array]) -> list[Array]:
        """A zero that is a derivative outside 1…T annihilates what is no number beside it."""
        found = list(arrays)
        if not all(np.isfinite(array).all() for array in found):
            if any(not array.any() for array in found) and any(map(_has_derivative, factors)):
                return [np.where(np.isfinite(array), array, 0) for array in found]
        return found


def reading_key(key: Total | Immediate) -> Key:
    sign = "∂⁺" if isinstance(key, Immediate) and not key.alone else "∂"
    if isinstance(key, Immediate) and key.fixed is not None:
        sign = "∂ over a step"
    return sign, _label(key.of), _label(key.by)


def _label(formula: Formula) -> str:
    match formula:
        case Ref(name=name) | Marked(arg=Ref(name=name)):
            return name
        case Name(letter=letter):
            return f"({letter})"
    return repr(formula)


def range_key(big: Big) -> Key:
    return "range", big.index


def _runs_up(product: Big) -> bool:
    """k + 1 is the first step of a ∏, t - 1 the last; where neither is said, t is the last."""
    low, high = product.low, product.high
    if low.base == "1" or high.base == "T":
        return True
    if low.base == "T" or high.base == "1":
        return False
    if "k" in (low.base, high.base):
        return runs_up(product) if low.shift or high.shift else low.base == "k"
    return low.shift > 0 or high.shift < 0 or high.base == "t"


def _has_derivative(formula: Formula) -> bool:
    return isinstance(formula, Total | Immediate | Name) or any(
        map(_has_derivative, children(formula))
    )


def is_flattened(one: Array, other: Array) -> bool:
    """Whether one has the entries of the other, a matrix, in a row or a column."""
    return one.size == other.size and (1 in one.shape) != (1 in other.shape)


def is_diagonal(matrix: Array) -> bool:
    return not np.any(matrix - np.diag(np.diag(matrix)))


def _shape(array: Array) -> str:
    return f"{array.shape[0]} × {array.shape[1]}"
