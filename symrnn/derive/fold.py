"""Equations that are alike as one, with an index.

    a_i = x W_i + b_i,   a_f = x W_f + b_f   =>   a_k = x W_k + b_k,   k ∈ {i, f}

Nothing is folded but what is the same: where each member of an index is put in, in turn, the same
equations stand there again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from symrnn.derive.alike import Classes, joined, nameless
from symrnn.derive.fold_steps import at_steps, summed_up, within_batch
from symrnn.derive.formula import Alike, Big, Equation, Formula, Members, Name, Over, Sheet, Words
from symrnn.derive.notation.families import Families, Texts
from symrnn.derive.pieces import free_indices, map_children, walk
from symrnn.language.tree import Add, Call, Ref

MOST = 12
"""Equations: a longer list of them has those that are the same at each step as one."""


@dataclass(frozen=True)
class Folding:
    """What may be folded: names that are alike, and have a letter in common. Without any nothing is
    folded but long lists of what is the same at each step."""

    classes: Classes
    families: Families
    deltas: Mapping[str, str]
    """For each pre-activation with a δ the name of that."""

    def sheets(self, sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
        """The sheets with alike ones as one, and alike equations within each."""
        found = grouped(sheets, _shape_of_sheet, self.sheet) if self.classes else sheets
        return tuple(
            replace(s, equations=self.listed(s.equations), note=self.words(s.note)) for s in found
        )

    def listed(self, equations: Sequence[Equation]) -> tuple[Equation, ...]:
        """The equations of a sheet, alike ones as one, those of steps among them; without gates
        only where the list is long."""
        if not self.classes:
            return tuple(at_steps(equations) if len(equations) > MOST else equations)
        found = [summed_up(self.over_gates(e)) for e in self.equations(equations)]
        return tuple(at_steps(found))

    def over_gates(self, equation: Equation) -> Equation:
        """The equation with summands that are alike as a Σ, if no index of its own is in it."""
        if any(True for side in _sides(equation) for _ in free_indices(side)):
            return equation
        return replace(equation, rights=tuple(map(self._over_gates, equation.rights)))

    def _over_gates(self, right: Formula) -> Formula:
        if not isinstance(right, Add):
            return within_batch(right, self._over_gates)
        found = grouped(right.terms, nameless, self.summand)
        return found[0] if len(found) == 1 else Add(tuple(found))

    def summand(self, terms: Sequence[Formula]) -> Formula | None:
        """One summand for all of these, with one index."""
        whole = joined(terms)
        alike = next(free_indices(whole), None) if whole is not None else None
        if alike is None or self.texts(alike) is None:
            return None
        pairs = sorted(zip(alike.names, terms, strict=True), key=lambda pair: self.rank(pair[0]))
        body = joined([term for _, term in pairs])
        found = None if body is None else self.lettered(Equation(body, ()))
        if found is None or len({each.index for each in free_indices(found.left)}) > 1:
            return None
        return Over(found.left)

    def equations(self, equations: Sequence[Equation]) -> list[Equation]:
        """The equations with alike ones as one, where the first of them stands."""
        return grouped(equations, _shape, self.equation) if self.classes else list(equations)

    def sheet(self, sheets: Sequence[Sheet]) -> Sheet | None:
        """Sheets of one parameter each as one; a remark on the first of them stays."""
        first = sheets[0]
        if not first.about or any(s.note for s in sheets[1:]) or len(first.equations) != 1:
            return None
        equation = self.equation([s.equations[0] for s in sheets])
        if equation is None:
            return None
        title = self.titled([s.title for s in sheets], equation)
        return None if title is None else replace(first, title=title, equations=(equation,))

    def titled(self, titles: Sequence[Words], equation: Equation) -> Words | None:
        """A title with the letters of its equation."""
        known = list(_alike(equation))
        found: list[str | Formula] = []
        for column in zip(*titles, strict=True):
            if len(set(column)) == 1:
                found.append(column[0])
            else:
                alike = next((a for a in known if set(a.members) == set(column)), None)
                if alike is None:
                    return None
                found.append(alike)
        return tuple(found)

    def equation(self, equations: Sequence[Equation]) -> Equation | None:
        """The one equation that these are but for names that are alike, with its letters."""
        first = equations[0]
        if any(_frame(e) != _frame(first) for e in equations):
            return None
        left = joined([e.left for e in equations])
        alike = next(_alike(Equation(left, ())), None) if left is not None else None
        if alike is None or self.texts(alike) is None:
            return None
        pairs = zip(alike.names, equations, strict=True)
        ordered = [e for _, e in sorted(pairs, key=lambda pair: self.rank(pair[0]))]
        sides = [joined(column) for column in zip(*map(_sides, ordered), strict=True)]
        found = [side for side in sides if side is not None]
        if len(found) < len(sides):
            return None
        return self.lettered(replace(first, left=found[0], rights=tuple(found[1:])))

    def rank(self, name: str) -> int:
        """The place of a name in the model, so that all indices run over it in one order."""
        names = list(self.classes)
        return names.index(name) if name in names else len(names)

    def lettered(self, equation: Equation) -> Equation | None:
        """The equation with an index for each family in it; None if one has no letter."""
        texts: dict[object, Texts] = {}
        for alike in _alike(equation):
            found = self.texts(alike)
            if found is None:
                return None
            texts[alike.members] = found
        different = list(dict.fromkeys(texts.values()))
        indices = self.families.indices(different)
        if indices is None:
            return None
        known = dict(zip(different, indices, strict=True))

        def put(formula: Formula) -> Formula:
            if isinstance(formula, Alike):
                return replace(formula, index=known[texts[formula.members]])
            return map_children(formula, put)

        return replace(equation, left=put(equation.left), rights=tuple(map(put, equation.rights)))

    def texts(self, alike: Alike) -> Texts | None:
        """What an index stands for in a family, if its names are alike and have a letter; those of
        pre-activations and of their δ agree."""
        names = alike.names
        found = {self.classes.get(name) for name in names}
        if len(found) != 1 or None in found:
            return None
        texts = self.families.texts(names)
        deltas = [self.deltas.get(name, "") for name in names]
        if any(deltas) and self.families.texts(deltas) != texts:
            return None
        return texts

    def words(self, words: Words) -> Words:
        """A list of what letters stand for, u = v, w = z, with alike ones as one."""
        found: list[str | Formula] = []
        at = 0
        while at < len(words):
            run = list(_defined(words, at))
            if len(run) < 2:
                found.append(words[at])
                at += 1
                continue
            equations = self.equations(run)
            for number, each in enumerate(equations):
                found += [", "] if number else []
                found += [each.left, " = ", each.rights[0]]
                if any(True for _ in _alike(each)):
                    found += [" for ", Members(each.left)]
            at += 4 * len(run) - 1
        return tuple(found)


def _defined(words: Words, at: int) -> Iterator[Equation]:
    """The run of u = v, w = z, … that begins here."""
    while at + 2 < len(words) and words[at + 1] == " = ":
        left, right = words[at], words[at + 2]
        if isinstance(left, str) or isinstance(right, str):
            return
        yield Equation(left, (right,))
        if at + 3 >= len(words) or words[at + 3] != ", ":
            return
        at += 4


T = TypeVar("T")


def grouped(
    items: Sequence[T], shape: Callable[[T], object], join: Callable[[Sequence[T]], T | None]
) -> list[T]:
    """The items with those that can be joined as one, each where its first one stands."""
    groups: dict[int, tuple[list[T], T]] = {}
    by_shape: dict[object, list[int]] = {}
    for place, item in enumerate(items):
        near = by_shape.setdefault(shape(item), [])
        for first in near:
            members = [*groups[first][0], item]
            whole = join(members)
            if whole is not None:
                groups[first] = members, whole
                break
        else:
            near.append(place)
            groups[place] = [item], item
    return [whole for _, whole in groups.values()]


# the shape of an equation


def _sides(equation: Equation) -> tuple[Formula, ...]:
    return (equation.left, *equation.rights)


def _frame(equation: Equation) -> object:
    return len(equation.rights), equation.steps, equation.but, equation.by_terms


def _alike(equation: Equation) -> Iterator[Alike]:
    for side in _sides(equation):
        yield from free_indices(side)


def _shape(equation: Equation) -> object:
    """What is the same of equations that are alike."""
    return _frame(equation), tuple(map(nameless, _sides(equation)))


def _shape_of_sheet(sheet: Sheet) -> object:
    return bool(sheet.about), tuple(map(_shape, sheet.equations))


def names_in(sheets: Iterable[Sheet]) -> Iterator[str]:
    """The letters of sheets that are no names of the model's: functions of its own, states s_t."""
    for sheet in sheets:
        for equation in sheet.equations:
            for part in (part for side in _sides(equation) for part in walk(side)):
                if isinstance(part, Name):
                    yield part.letter
                elif isinstance(part, Call) and part.own is not None:
                    yield part.own.name
                elif isinstance(part, Ref):
                    yield part.base
                elif isinstance(part, Big):
                    yield part.index  # what a sum or a product binds
