"""The views of arrays that statements need: each has a name, and a line that makes it.

A view of one step, `h_3`, is made together with those of the steps beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from symrnn.errors import CheckError
from symrnn.kernels.numpy.names import said
from symrnn.kernels.numpy.places import Places, between
from symrnn.kernels.program.program import At, Slice, Span
from symrnn.language.tree import Width

Whole = tuple[tuple[str, ...], tuple[Width, Width] | None, str]
"""What single steps are taken from: neighbours, some of their features, and how that is written."""


@dataclass
class Views:
    """Views as they are asked for."""

    places: Places
    direct: frozenset[str] = frozenset()
    """Inputs that are handed in as arguments, and read where they are."""
    section: str = ""
    """The pass that is printed: each makes its own views of arguments."""
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    """The name of each view, by its pass, if that matters, and the expression."""
    steps: dict[Whole, dict[int, str]] = field(default_factory=dict)
    """Views of single steps, together by what they are steps of."""
    lines: list[str] = field(default_factory=list)
    """The statements that make the views, in order."""
    call_lines: list[str] = field(default_factory=list)
    """The same for views of arguments, made in each call."""
    call_names: dict[str, str] = field(default_factory=dict)
    """The names of views of arguments: the same in every pass."""

    def operand(self, what: Slice, lanes: bool) -> str:
        """The name under which an element-wise statement finds a slice."""
        name = what.names[0]
        array = self.places.array(name)
        if array.places is None:
            return self.named(what, "", self.places.base(what, lanes))
        match what.when:
            case At(step=step):
                return self.step(what, step, lanes)
            case Span(first=first, last=last):
                text = self.places.cut(what, first, last, lanes)
                if lanes and len(what.names) == 1 and array.rows:
                    text = f"{text}[:, None]"
                return self.named(what, self.span_suffix(what), text)
        raise CheckError(f"{name} is read at {what.when} outside of a loop")

    def span_suffix(self, what: Slice) -> str:
        """Which steps a view shows; nothing for all of them."""
        steps = self.places.array(what.names[0]).steps
        assert isinstance(what.when, Span)
        if (what.when.first, what.when.last) == steps:
            return ""
        return f"_{said(what.when.first)}_to_{said(what.when.last)}"

    def named(self, what: Slice, suffix: str, text: str) -> str:
        """A name for an expression; the array's own where it is all of it."""
        if text.isidentifier():
            return text
        direct = what.names[0] in self.direct
        key = (self.section if direct else "", text)
        if key not in self.known:
            known = self.call_names.get(text) if direct else None
            self.known[key] = known or self.places.names.new(self.places.label(what) + suffix)
            self.call_names[text] = self.known[key]
            lines = self.call_lines if direct else self.lines
            lines.append(f"{self.known[key]} = {text}")
        return self.known[key]

    def step(self, what: Slice, step: int, lanes: bool) -> str:
        """The view of one step."""
        array = self.places.array(what.names[0])
        if what.names[0] in self.direct or array.window:
            place = array.place(step)
            text = f"{self.places.base(what, lanes)}[{place}]"
            return self.named(what, f"_place{place}" if array.window else f"_{said(step)}", text)
        key = (what.names, what.part, self.places.base(what, lanes))
        known = self.steps.setdefault(key, {})
        if step not in known:
            known[step] = self.places.names.new(f"{self.places.label(what)}_{said(step)}")
        return known[step]

    def matrix(self, what: Slice) -> str:
        """The name under which a product finds a slice, as a matrix."""
        if not isinstance(what.when, Span):
            return self.operand(what, lanes=False)
        text = self.places.flat(what.names, what.when.first, what.when.last)
        if what.part is not None:
            skip, width = what.part
            text += f"[:, {between(self.places.width(skip), self.places.width(skip + width))}]"
        return self.named(what, f"{self.span_suffix(what)}_rows", text)

    def step_lines(self) -> list[str]:
        """The views of single steps: `O_0, O_1, O_2, O_3 = O`."""
        lines: list[str] = []
        for (names, _, text), found in self.steps.items():
            steps = self.places.steps(names[0])
            if "reshape" in text:
                whole = self.places.names.new(f"{self.places.label(Slice(names))}_steps")
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
