"""What derive has for a left side: its right sides, in each view, in the letters of a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

from symrnn.check.judging.choices import free_bases
from symrnn.derive.as_written import definitions
from symrnn.derive.build import chain, plus
from symrnn.derive.derivation import Derivation
from symrnn.derive.edges import Edge
from symrnn.derive.formula import Big, Equation, Formula, Immediate, Name, Times, Total
from symrnn.derive.left_sides import Indices, LeftSides
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import map_children, walk
from symrnn.derive.recursion import closed_of
from symrnn.derive.sheets import Request, flipped, sheets_of, update_rules
from symrnn.derive.views.common import chained
from symrnn.errors import SymrnnError
from symrnn.language.tree import ZERO, Ref, Size, Width

VIEWS = ("chain", "closed", "local", "uses", "delta", "product")

STEPS = "T"

FARTHEST = 8
"""Edges of a path between two variables, where derive has no equation between them."""

PATHS = 12
"""So many paths between two variables are written down."""


@dataclass(frozen=True, eq=False)
class Truths:
    """The equations of a derivation; each view is written once."""

    derivation: Derivation
    columns: bool
    _known: dict[object, list[Equation]] = field(default_factory=dict)

    def of_view(self, view: str, names: tuple[str, ...] = ()) -> list[Equation]:
        """The equations of one view, for the gradients by these names or for all."""
        if (view, names) not in self._known:
            self._known[view, names] = list(self._of_view(view, names))
        return self._known[view, names]

    def _of_view(self, view: str, names: tuple[str, ...]) -> Iterator[Equation]:
        request = Request((view,), names, columns=self.columns)
        try:
            sheets = sheets_of(self.derivation, view, request)
        except SymrnnError:
            return
        for sheet in sheets:
            yield from sheet.equations

    @property
    def forward(self) -> list[Equation]:
        """The model's own equations, and the update rules."""
        if "forward" not in self._known:
            derivation = self.derivation
            found = definitions(derivation.rows, derivation.own)
            if self.columns and not derivation.scalar:
                found = [replace(e, rights=tuple(map(flipped, e.rights))) for e in found]
            self._known["forward"] = [*found, *update_rules(derivation).equations]
        return self._known["forward"]

    def right_sides(self, left: Formula, steps: int, at: Indices) -> list[Formula]:
        """What a left side is equal to, in the order of the views; `at` says which steps its
        indices stand for in a network of so many."""
        if not isinstance(left, Total | Immediate):
            every = [*self.forward, *self.of_view("delta")]
            general = replace(left, base="t", shift=0) if isinstance(left, Ref) else left
            exact = [right for e in every if e.left == left for right in e.rights]
            moved = [right for e in every if e.left == general for right in e.rights]
            return exact or [placed(right, left, 0) for right in moved if isinstance(left, Ref)]
        if isinstance(left.of, Ref) and left.of.name in self.derivation.by_steps.step_losses:
            return list(dict.fromkeys(self._of_a_step(left, left.of, steps, at)))
        names = self._names(left)
        found = [
            right
            for view in VIEWS
            for right in self._of(left, self.of_view(view, names), steps, at)
        ]
        if left.of != LOSS or not found:
            found += self._along_paths(left)
        found += self._over_steps(left)
        return list(dict.fromkeys(found))

    def _of_a_step(
        self, left: Total | Immediate, loss: Ref, steps: int, at: Indices
    ) -> Iterator[Formula]:
        """What may be the derivative of the loss of one step: that of the whole, what it sums over
        the steps, and T times these, with the one loss for the other or without."""
        for whole in (Total(LOSS, left.by), Immediate(LOSS, left.by)):
            for right in self.right_sides(whole, steps, at):
                summed = (
                    right.body if isinstance(right, Big) and right.index == loss.base else right
                )
                at_once = {e.left: e.rights[0] for e in self.of_view("product") if e.rights}
                for found in dict.fromkeys((right, summed, _put_in(summed, at_once))):
                    for each in (_with_loss(found, loss), found):
                        yield each
                        yield Times((Size(Width((STEPS,))), each))

    def _names(self, left: Total | Immediate) -> tuple[str, ...]:
        known = self.derivation.parameters
        by = left.by.name if isinstance(left.by, Ref) else ""
        return (by,) if left.of == LOSS and by in known else ()

    def _of(
        self, left: Total | Immediate, equations: list[Equation], steps: int, at: Indices
    ) -> Iterator[Formula]:
        """What equations say of either derivative with these ends: a line may mean either."""
        sides = LeftSides(equations, steps)
        of, by = left.of, left.by
        others = Total(of, by), Immediate(of, by), Immediate(of, by, fixed=())
        for key in dict.fromkeys((left, *others)):
            try:
                found = sides.lookup(key, at)
            except (LookupError, TypeError):
                continue
            if found is not None:
                for right in found[0].rights:
                    yield _seen_from(right, found[1], left, at)

    def _over_steps(self, left: Total | Immediate) -> Iterator[Formula]:
        """∂h_t/∂h_k: a product over the steps between, in either order."""
        of, by = left.of, left.by
        if not (isinstance(of, Ref) and isinstance(by, Ref) and of.name == by.name):
            return
        if of.base == by.base:
            return
        now, here, before = Ref(of.name, "t"), Ref("", "j"), Ref(of.name, "t", -1)
        equations = [*self.of_view("product"), *self.of_view("local")]
        worked = [e.rights[0] for e in equations if e.left == Total(now, before) and e.rights]
        first, last = Ref("", by.base, by.shift + 1), Ref("", of.base, of.shift)
        for factor in (*worked, Total(now, before)):
            for low, high in ((first, last), (last, first)):
                yield Big("prod", "j", low, high, placed(factor, here, 0))

    def _along_paths(self, left: Total | Immediate) -> list[Formula]:
        """∂of/∂by along every path between them, as chains; from the loss worked out as well."""
        of, by, derivation = left.of, left.by, self.derivation
        if not isinstance(of, Ref) or not isinstance(by, Ref):
            return []
        try:
            if of == LOSS:
                terms = derivation.paths.terms(by)
                chains = [plus(chained(derivation, term) for term in terms)]
                chains.append(plus(map(closed_of(derivation).term, terms)))
            else:
                paths = list(islice(_paths(derivation, of, by, FARTHEST), PATHS + 1))
                few = paths if len(paths) <= PATHS else []
                chains = [plus(chain(*map(derivation.factor, path)) for path in few)]
        except SymrnnError:
            return []
        turned = map(flipped, chains) if self.columns and not derivation.scalar else chains
        return [each for each in turned if each not in (ZERO, left, Immediate(of, by, alone=True))]


def _put_in(formula: Formula, known: Mapping[Formula, Formula]) -> Formula:
    """The formula with what immediate derivatives of the loss are."""
    if isinstance(formula, Immediate):
        return known.get(formula, formula) if formula.of == LOSS else formula
    return map_children(formula, lambda child: _put_in(child, known))


def _with_loss(formula: Formula, loss: Ref) -> Formula:
    """The formula with another loss in its derivatives."""
    if isinstance(formula, Total | Immediate):
        return replace(formula, of=loss) if formula.of == LOSS else formula
    return map_children(formula, lambda child: _with_loss(child, loss))


def truths_of(derivation: Derivation, columns: bool) -> Truths:
    return _truths(_Same(derivation), columns)


class _Same:
    """A derivation by identity: to compare texts takes longer than to derive them."""

    def __init__(self, derivation: Derivation) -> None:
        self.derivation = derivation

    def __hash__(self) -> int:
        return id(self.derivation)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.derivation is self.derivation


@lru_cache(maxsize=8)
def _truths(same: _Same, columns: bool) -> Truths:
    return Truths(same.derivation, columns)


def _paths(derivation: Derivation, of: Ref, by: Ref, most: int) -> Iterator[tuple[Edge, ...]]:
    for edge in derivation.paths.edges(by):
        if edge.of == of:
            yield (edge,)
        elif edge.of != LOSS and most > 1:
            for path in _paths(derivation, of, edge.of, most - 1):
                yield (*path, edge)


def _seen_from(right: Formula, inner: Indices, left: Formula, at: Indices) -> Formula:
    """A right side for step t, at the step of this left side."""
    if not inner:
        return right
    index, step = next(iter(inner.items()))
    for part in walk(left):
        base = part.base if isinstance(part, Ref) else ""
        if base in at:
            return placed(right, Ref("", base), step - at[base], index)
    return placed(right, Ref("", "1"), step - 1, index)


def placed(formula: Formula, to: Ref, shift: int, index: str = "t") -> Formula:
    """A formula of step t at another step; indices that it binds stay its own.

    >>> placed(Ref("h", "t", -1), Ref("", "1", 2), 0)
    Ref(name='h', base='1', shift=1)
    """

    def moved(inner: Formula) -> Formula:
        match inner:
            case Ref(base=base) if base == index:
                return replace(inner, base=to.base, shift=inner.shift + to.shift + shift)
            case Name(at=Ref(base=base) as at) if base == index:
                there = replace(at, base=to.base, shift=at.shift + to.shift + shift)
                return replace(inner, at=there)
            case Big(index=bound, low=low, high=high):
                body = inner.body if bound == index else moved(inner.body)
                return Big(inner.sign, bound, _step(moved(low)), _step(moved(high)), body)
            case Total(of=of, by=by) | Immediate(of=of, by=by):
                return replace(inner, of=moved(of), by=moved(by))
        return map_children(inner, moved)

    return moved(formula)


def _step(formula: Formula) -> Ref:
    assert isinstance(formula, Ref)
    return formula


def with_index(formula: Formula, indices: Iterable[str]) -> Formula:
    """The formula with another's letters for what its sums run over, in order."""
    own = list(dict.fromkeys(p.index for p in walk(formula) if isinstance(p, Big)))
    wanted: Sequence[str] = list(dict.fromkeys(indices))
    names = {a: b for a, b in zip(own, wanted, strict=False) if a != b}
    if not names or set(names.values()) & {*own, *free_bases(formula)}:
        return formula

    def renamed(inner: Formula) -> Formula:
        match inner:
            case Ref(base=base):
                return replace(inner, base=names.get(base, base))
            case Name(at=at):
                return replace(inner, at=replace(at, base=names.get(at.base, at.base)))
            case Big(index=index, low=low, high=high, body=body):
                new = names.get(index, index)
                return Big(
                    inner.sign, new, _step(renamed(low)), _step(renamed(high)), renamed(body)
                )
        return map_children(inner, renamed)

    return renamed(formula)
