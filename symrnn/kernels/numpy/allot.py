"""Names for operands: the last thing to be decided before a function is printed.

A pure function takes the calls of all sections, in order, and gives back how each is written, and
what has to be made before: numbers, ones, views, copies of transposed matrices, what loops go
through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.errors import CheckError
from symrnn.kernels.names import RESERVED, Names
from symrnn.kernels.numpy.operands import (
    Call,
    Constant,
    Each,
    Ones,
    Operand,
    StepView,
    Turned,
    View,
)
from symrnn.kernels.numpy.places import Places
from symrnn.kernels.sizes import between

SAID = {"1": "one", "0.5": "half", "2": "two", "0": "zero", "-1": "minus_one", "3": "three"}


@dataclass(frozen=True)
class Spelled:
    """A section as calls: each alone, or those of a loop together."""

    name: str
    calls: tuple[Call | tuple[Call, ...], ...]
    copied: tuple[str, ...] = ()
    """The inputs that are copied: what is handed in has a name of its own then."""


@dataclass(frozen=True)
class Lines:
    """A section as lines: each alone, or those of a loop together."""

    lines: tuple["str | LoopLines", ...]
    views: tuple[str, ...]
    """What makes the views of what is handed in."""
    turned: Mapping[str, str]
    """The names of transposed copies that are filled here, by those of the matrices."""
    handed_in: Mapping[str, str]
    """The names under which what is copied is handed in."""


@dataclass(frozen=True)
class LoopLines:
    """The lines of a loop, the name of what it goes through, and what that is: the name of each
    view, by the array of views that it comes from."""

    lines: tuple[str, ...]
    name: str
    views: Mapping[str, str]


@dataclass(frozen=True)
class Allotted:
    """Sections as lines, and what is made before them."""

    sections: Mapping[str, Lines]
    extra: Mapping[str, str]
    """The names of other arrays that were asked for."""
    numbers: Mapping[str, str]
    """The name of each number, by the expression that works it out."""
    ones: Mapping[str, str]
    views: tuple[str, ...]
    turned: Mapping[str, str]
    """The names of transposed copies, by those of the matrices."""
    uses: frozenset[str]


def allot(places: Places, sections: Sequence[Spelled], extra: Mapping[str, str]) -> Allotted:
    """Names for all operands of sections; `extra` has wishes for what is made beside."""
    made = _Allotter(places, Names(RESERVED | set(places.own.values())))
    others = {key: made.names.new(wish) for key, wish in extra.items()}
    lines = {section.name: made.section(section) for section in sections}
    steps = made.step_lines()
    views, uses = (*made.views, *steps), frozenset(made.uses)
    return Allotted(lines, others, made.numbers, made.ones, views, made.turned, uses)


@dataclass
class _Allotter:
    """Hands out names, one operand after the other."""

    places: Places
    names: Names
    now: str = ""
    """The section that is written."""
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    """The name of each view, by its section, if that matters, and the expression."""
    of_arguments: dict[str, str] = field(default_factory=dict)
    """The names of views of what is handed in: the same in every section."""
    views: list[str] = field(default_factory=list)
    views_here: list[str] = field(default_factory=list)
    steps: dict[object, tuple[StepView, dict[int, str]]] = field(default_factory=dict)
    """Views of single steps, together by what they are steps of."""
    numbers: dict[str, str] = field(default_factory=dict)
    ones: dict[str, str] = field(default_factory=dict)
    turned: dict[str, str] = field(default_factory=dict)
    each: dict[str, str] = field(default_factory=dict)
    """The names that a loop gives to what it goes through."""
    uses: set[str] = field(default_factory=set)

    def section(self, spelled: Spelled) -> Lines:
        self.now, self.views_here = spelled.name, []
        before = set(self.turned)
        lines: list[str | LoopLines] = []
        for one in spelled.calls:
            lines.append(self.line(one) if isinstance(one, Call) else self.loop(one))
        given = {n: self.names.new(f"{self.places.own[n]}_given") for n in spelled.copied}
        turned = {old: new for old, new in self.turned.items() if old not in before}
        return Lines(tuple(lines), tuple(self.views_here), turned, given)

    def line(self, call: Call) -> str:
        self.uses |= call.uses
        return call.pattern.format(*[self.name(operand) for operand in call.operands])

    def loop(self, calls: tuple[Call, ...]) -> LoopLines:
        self.each = {}
        lines = tuple(self.line(call) for call in calls)
        return LoopLines(lines, self.names.new(f"{self.now}_steps"), self.each)

    def name(self, operand: Operand) -> str:
        match operand:
            case str():
                return operand
            case View():
                return self.view(operand)
            case StepView(step=step, wish=wish):
                key = (operand.names, operand.part, operand.text)
                _, known = self.steps.setdefault(key, (operand, {}))
                return known.get(step) or known.setdefault(step, self.names.new(wish))
            case Each(text=text, wish=wish, uses=uses):
                self.uses |= uses
                return self.each.get(text) or self.each.setdefault(text, self.names.new(wish))
            case Constant(text=text):
                count = 1 + sum(name[0] == "k" for name in self.numbers.values())
                wish = SAID.get(text, f"k{count}")
                return self.numbers.get(text) or self.numbers.setdefault(text, self.names.new(wish))
            case Ones(text=text, wish=wish):
                return self.ones.get(text) or self.ones.setdefault(text, self.names.new(wish))
            case Turned(of=of, copied=copied):
                name = self.name(of)
                if not copied:
                    return f"{name}.T"
                wish = f"{name}_T"
                return self.turned.get(name) or self.turned.setdefault(name, self.names.new(wish))
        raise CheckError(f"{operand} is no operand")

    def view(self, view: View) -> str:
        """A name for an expression; the array's own where it is all of it."""
        text = view.text if view.of is None else self.name(view.of) + view.text
        if text.isidentifier():
            return text
        key = (self.now if view.argument else "", text)
        if key not in self.known:
            known = self.of_arguments.get(text) if view.argument else None
            self.known[key] = self.of_arguments[text] = known or self.names.new(view.wish)
            lines = self.views_here if view.argument else self.views
            lines.append(f"{self.known[key]} = {text}")
        return self.known[key]

    def step_lines(self) -> list[str]:
        """The views of single steps: `O_0, O_1, O_2, O_3 = O`."""
        lines: list[str] = []
        for view, found in self.steps.values():
            steps, text = self.places.steps(view.names[0]), view.text
            if "reshape" in text:
                whole = self.names.new(view.whole)
                lines.append(f"{whole} = {text}")
                text = whole
            for run in _runs(sorted(found)):
                first, last = run[0], run[-1]
                left = ", ".join(found[step] for step in run)
                if first == last:
                    lines.append(f"{left} = {text}[{first - steps[0]}]")
                elif (first, last) == steps:
                    lines.append(f"{left} = {text}")
                else:
                    ends = between(first - steps[0], last - steps[0] + 1)
                    lines.append(f"{left} = {text}[{ends}]")
        return lines


def _runs(steps: Sequence[int]) -> list[list[int]]:
    """Steps that follow each other, together."""
    runs: list[list[int]] = []
    for step in steps:
        if runs and runs[-1][-1] == step - 1:
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs
