"""Formulas in numbers, where a derivative is what it truly is.

The tree of a formula is worked out by `derive.evaluate`; what a letter of the model stands for and
what ∂A/∂B is come from the truth, as a convention and the choices for a document have them.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from symrnn.check.judging.conventions import Convention, is_number
from symrnn.check.judging.fitting import Fitting, IllShapedError, OutsideError, is_unit
from symrnn.check.judging.truth import OTHERS, STEP, TOTAL, Truth
from symrnn.check.judging.unrolled import Node
from symrnn.derive.formula import (
    Big,
    Blocks,
    Bracket,
    Chain,
    Equation,
    Eye,
    Formula,
    Immediate,
    Marked,
    Name,
    Product,
    Total,
)
from symrnn.derive.left_sides import Indices, LeftSides
from symrnn.derive.paths import LOSS
from symrnn.errors import CheckError
from symrnn.interpret.arithmetic import Floats
from symrnn.language.arrays import Array
from symrnn.language.tree import Add, Call, Pow, Ref

Key = tuple[str, ...]
"""What there is a choice for: ("∂", A, B), ("letter", δ), ("range", …), ("order",)."""

Choices = Mapping[Key, object]

DEFINED = "defined"
"""A letter that stands for what the document defines it to be."""

MOST = 20_000
"""Pieces that are worked out for one value of a formula; for a line five times as many."""

TOO_MANY = "its sums have too many terms to be worked out"

COUNT = r"\#"
"""The letter for the number of parameters."""

Bounds = tuple[Ref, Ref]
RANGES: tuple[Bounds, ...] = (
    (Ref("", "1"), Ref("", "T")),
    (Ref("", "1"), Ref("", "T", -1)),
    (Ref("", "1", 1), Ref("", "T")),
)
"""The ranges that a Σ_t without bounds may have; more where another index is free."""


@dataclass
class Values(Fitting):
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
        self.worth = MOST
        self._names: dict[object, Array] = {}
        self._derivatives: dict[object, Array] = {}

    def __call__(self, formula: Formula, indices: Indices | None = None) -> Array:
        self.worth = MOST
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
            found = np.zeros(self.truth.shape(ref.name))
        return found.T if self.columns else found

    def named(self, key: Total | Immediate | Name, at: Indices) -> Array:
        if not isinstance(key, Name):
            label = (key, *at.items())
            if label not in self._derivatives:
                self._derivatives[label] = self.derivative(key, at)
            return self._derivatives[label]
        if not key.at.base and (key.letter in at or key.letter == "T"):
            return np.array([[float({**at, "T": self.steps}[key.letter])]])
        step = self.step(key.at, at) if key.at.base else None
        if (key.letter, step) not in self._names:
            self._names[key.letter, step] = self.letter(key, step, at)
        return self._names[key.letter, step]

    def letter(self, key: Name, step: int | None, at: Indices) -> Array:
        """The value of a letter of the writer's own."""
        if key.letter == COUNT:
            return np.array([[float(self.parameters())]])
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

    def parameters(self) -> int:
        """How many numbers the parameters are."""
        names = (s.name for s in self.symbols.values() if s.role == "parameter")
        return sum(int(np.prod(self.truth.shape(name))) for name in names)

    def marked(self, key: Marked, at: Indices) -> Array:
        """A parameter before an update, and after a step of gradient descent."""
        old = self.read(key.arg, at)
        if key.mark != "new":
            return old
        gradient = self.derivative(Total(LOSS, key.arg), at)
        turned = gradient.T if gradient.shape != old.shape else gradient
        return np.asarray(old - self.named(Name(r"\eta"), at) * turned)

    # derivatives

    def derivative(self, key: Total | Immediate, at: Indices) -> Array:
        said = self.wrong.equation_for(key, at) if self.taken else None
        if said is not None:
            return self.value(said[0].rights[0], {"B": 1, **said[1]})
        reading = self.reading(key)
        bys = self.nodes(key.by, at)
        held: set[Node] = set()
        if isinstance(key, Immediate) and key.fixed:
            reading = TOTAL
            held = {node for each in key.fixed for node in self.nodes(each, at)}
        beside = [frozenset({*held, *bys} - {by}) for by in bys]
        found = np.block(
            [
                [self.truth.slope(of, by, reading, b) for by, b in zip(bys, beside, strict=True)]
                for of in self.nodes(key.of, at)
            ]
        )
        if not (isinstance(key.of, Ref) and is_number(self.symbols, key.of.name)):
            return found.T if self.convention.denominator else found
        matrix = isinstance(key.by, Ref | Marked) and len(self.symbols[bys[0][0]].shape) == 2
        if matrix:
            found = found.reshape(self.truth.shape(bys[0][0]))
        turned = self.convention.matrices_turned if matrix else self.convention.vectors_turned
        return found.T if self.columns != turned else found

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
                within = within[::-1] if self.columns else within
                found = self.truth.sum_with(within)
                if found is not None:
                    return [found]
                if self.truth.sum_with(within[::-1]) is not None:
                    raise IllShapedError("this product is turned round")
        raise CheckError("this is no derivative of a variable by a variable")

    def reading(self, key: Total | Immediate) -> str:
        label = reading_key(key)
        usual = {"∂": TOTAL, "d": TOTAL, "∂⁺": OTHERS}.get(label[0], STEP)
        return str(self.choices.get(label, usual))

    # formulas

    def value(self, formula: Formula, at: Indices) -> Array:
        self.worth -= 1
        if self.worth < 0:
            raise CheckError(TOO_MANY)
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
            case Eye() if is_unit(formula):
                return np.ones((1, 1))
            case Call(function="norm", args=(arg,)):
                return np.array([[np.linalg.norm(self.value(arg, at))]])
            case Pow(left=left, right=right):
                return self.power(self.value(left, at), self.value(right, at))
        return super().value(formula, at)

    def every(self, big: Big, at: Indices) -> Iterator[Indices]:
        """The indices with each step of a Σ or ∏, in its order."""
        low, high = big.low, big.high
        if not low.base and not high.base:
            low, high = self.choices.get(range_key(big), RANGES[0])  # type: ignore[misc]
        first, last = self.step(low, at), self.step(high, at)
        fixed = low.base in ("1", "T") and high.base in ("1", "T")
        way = -1 if fixed and first > last + 1 else 1
        if big.sign != "sum":
            way = way if fixed else 1 if _runs_up(big) else -1
            if way * (last - first) < -1:
                raise OutsideError("a product that runs backwards")
        steps = range(first, last + way, way)
        if big.sign != "sum" and way > 0 and self.choices.get(("order",)):
            steps = steps[::-1]  # only who writes the last step first has said in which order
        return ({**at, big.index: step} for step in steps)

    def factors(self, factor: Formula, at: Indices) -> Iterator[Array]:
        if isinstance(factor, Big) and factor.sign != "sum":
            yield from (self.value(factor.body, inner) for inner in self.every(factor, at))
        else:
            yield self.value(factor, at)


def reading_key(key: Total | Immediate) -> Key:
    sign = "∂⁺" if isinstance(key, Immediate) and not key.alone else "∂"
    if isinstance(key, Immediate) and key.fixed is not None:
        sign = "∂ over a step"
    if isinstance(key, Total) and key.straight:
        sign = "d"
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
    """Whether the first bound of a ∏ is the earlier step: k + 1, 1; t - 1, T and 3 are later."""
    low, high = product.low, product.high
    for bound, is_low in ((low, True), (high, False)):
        if bound.base not in ("1", "T") and bound.shift:
            return (bound.shift > 0) == is_low
    if high.base == "T" or low.base == "1":
        return True
    if low.base == "T" or high.base == "1":
        return high.base == "1" and high.shift > 0
    return high.base == "t" or low.base == "k"
