"""Where the arrays of a program live, and the views of them that statements need.

An array that runs over time is (steps, B, n). Columns of one pack lie in one array (steps, B, n+…),
blocks in one (steps, blocks, B, n). A view is named after what it shows: `h_3` for h at step 3,
`h_prev` for the step before the one of a loop, `x_rows` for all steps and sequences as the rows of
one matrix.
"""

import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from symrnn.errors import CheckError
from symrnn.language.tree import Width
from symrnn.program.program import (
    Array,
    At,
    Now,
    Pack,
    Program,
    Slice,
    Span,
    When,
)

RESERVED = {
    *keyword.kwlist,
    *("np", "B", "dtype", "theta", "dtheta", "array", "empty", "ones", "zeros", "piece", "self"),
    *(
        "zip",
        "tuple",
        "list",
        "range",
        "len",
        "forward",
        "loss",
        "backward",
        "Plan",
        "total",
        "softplus",
    ),
    *("highest", "dot", "matmul", "copyto", "print", "int", "float", "True", "False", "None"),
    *("add", "subtract", "multiply", "divide", "negative", "power", "tanh", "exp", "log", "log1p"),
    *("expm1", "sqrt", "square", "sin", "cos", "maximum", "minimum", "greater", "equal"),
    *("STEPS", "PARAMS", "INPUTS", "STATES", "OUTPUTS", "DIMS", "START", "Kernel", "plan"),
    *("given", "inputs", "cotangents", "name", "value", "shape", "batch"),
}
"""Names that a generated function has for itself."""


@dataclass
class Names:
    """Python names, each for one thing."""

    taken: set[str] = field(default_factory=lambda: set(RESERVED))

    def new(self, wish: str) -> str:
        name, count = wish, 2
        while name in self.taken:
            name, count = f"{wish}_{count}", count + 1
        self.taken.add(name)
        return name


@dataclass
class Places:
    """Names and expressions for everything that a program reads and writes."""

    program: Program
    names: Names
    direct: frozenset[str] = frozenset()
    """Inputs that are handed in as arguments, and read where they are."""
    dims: tuple[str, ...] = ()
    """The dimensions, in order."""
    own: dict[str, str] = field(default_factory=dict)
    """The Python name of each array, pack and dimension."""
    views: dict[object, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    """The statements that make the views, in order."""
    call_lines: list[str] = field(default_factory=list)
    """The same for views of arguments, made in each call."""
    call_names: dict[str, str] = field(default_factory=dict)
    section: str = ""
    steps: dict[tuple[object, ...], dict[int, str]] = field(default_factory=dict)
    """Views of single steps, together by what they are steps of."""

    def __post_init__(self) -> None:
        self.packs = self.program.pack_of()
        for name in self.dims:
            self.own[f"dim {name}"] = self.names.new(name)
        for pack in self.program.packs:
            self.own[f"pack {pack.name}"] = self.names.new(pack.name)
        for name in self.program.arrays:
            self.own[name] = self.names.new(name)

    def array(self, name: str) -> Array:
        return self.program.arrays[name]

    def width(self, width: Width) -> str:
        parts = [self.own[f"dim {name}"] for name in width.names]
        if width.number or not parts:
            parts.append(str(width.number))
        return " + ".join(parts)

    def product(self, *factors: str) -> str:
        return " * ".join(f"({f})" if " " in f else f for f in factors)

    # columns and blocks

    def columns(self, names: Sequence[str]) -> tuple[str, str] | None:
        """From which column to which these neighbours go; None for all of a pack, or no pack."""
        pack = self.packs.get(names[0])
        if pack is None or pack.kind == "blocks" or len(names) == len(pack.members):
            return None
        start = pack.members.index(names[0])
        before = [self.array(name).width for name in pack.members[:start]]
        inside = [self.array(name).width for name in names]
        return self.sum(before), self.sum([*before, *inside])

    def sum(self, widths: Iterable[Width]) -> str:
        """Widths added up: 3 * H, or H_f + H_b.

        >>> places = Places(Program(1, {}, {}), Names(), own={"dim H": "H"})
        >>> places.sum([Width(("H",))] * 3)
        '3 * H'
        """
        counts: dict[str, int] = {}
        for width in widths:
            text = self.width(width)
            counts[text] = counts.get(text, 0) + 1
        if list(counts) == ["1"]:
            return str(counts["1"])
        parts = [
            text if n == 1 else f"{n} * ({text})" if " " in text else f"{n} * {text}"
            for text, n in counts.items()
        ]
        return " + ".join(parts) if parts else "0"

    def shape(self, name: str) -> list[str]:
        """The axes of an array, or of the pack that it lies in."""
        pack = self.packs.get(name)
        array = self.array(name)
        axes: list[str] = []
        timed = array.steps is not None
        if array.steps is not None:
            axes.append(str(array.steps[1] - array.steps[0] + 1))
        if array.rows:
            axes.append("B")
        if pack is None:
            return [*axes, *(self.width(w) for w in array.shape)]
        if pack.kind == "blocks":
            axes.insert(timed, str(len(pack.members)))
            return [*axes, *(self.width(w) for w in array.shape)]
        front = [self.width(w) for w in array.shape[:-1]]
        return [*axes, *front, self.sum(self.array(m).width for m in pack.members)]

    # what a slice is in Python

    def is_lanes(self, operands: Sequence[Slice]) -> bool:
        """Whether an element-wise statement works on blocks, and not on columns side by side."""
        many = [o for o in operands if len(o.names) > 1]
        if not many:
            return False
        blocks = any(self.packs[o.names[0]].kind == "blocks" for o in many)
        single = [o for o in operands if len(o.names) == 1 and self.is_wide(o)]
        return blocks or bool(single)

    def is_wide(self, operand: Slice) -> bool:
        if operand.part is not None:
            return True
        return self.array(operand.name).width != Width((), 1)

    def base(self, what: Slice, lanes: bool) -> str:
        """All steps of a slice, time first where it runs over time."""
        first = what.names[0]
        array, pack = self.array(first), self.packs.get(first)
        timed = array.steps is not None
        before = ":, " * (timed + array.rows) if array.rows else ""
        if pack is None or (pack.kind == "blocks" and len(what.names) == 1):
            text = self.own[first]
            if what.part is not None:
                skip, width = what.part
                text += f"[{before}{between(self.width(skip), self.width(skip + width))}]"
            return text
        name = self.own[f"pack {pack.name}"]
        start = pack.members.index(first)
        if pack.kind == "blocks":
            if len(what.names) == len(pack.members):
                return name
            return f"{name}[{':, ' * timed}{between(start, start + len(what.names))}]"
        if lanes and len(what.names) > 1:
            return self.as_lanes(what, pack, name, start)
        columns = self.columns(what.names)
        if columns is None:
            return name
        front = before or ":, " * (len(array.shape) - 1)
        return f"{name}[{front}{between(*columns)}]"

    def as_lanes(self, what: Slice, pack: Pack, name: str, start: int) -> str:
        """Columns as if they were blocks: (steps, blocks, B, n)."""
        array = self.array(what.names[0])
        axes = self.shape(what.names[0])[:-1]
        shape = ", ".join([*axes, str(len(pack.members)), self.width(array.width)])
        whole = len(what.names) == len(pack.members)
        ahead = ":, " * len(axes)
        some = "" if whole else f"[{ahead}{between(start, start + len(what.names))}]"
        text = f"{name}.reshape({shape}){some}"
        if not array.rows:
            return f"{text}[:, None, :]"
        return f"{text}.swapaxes(-2, -3)"

    def place(self, when: When | None, name: str) -> int:
        """The place of a step in its array."""
        steps = self.array(name).steps
        assert steps is not None
        match when:
            case At(step=step):
                return step - steps[0]
            case Span(first=first):
                return first - steps[0]
        raise CheckError(f"{name} runs over time, and no step is said")

    def cut(self, what: Slice, first: int, last: int, lanes: bool) -> str:
        """Steps `first` to `last` of a slice, time first."""
        steps = self.array(what.names[0]).steps
        assert steps is not None
        text = self.base(what, lanes)
        if (first, last) == steps:
            return text
        return f"{text}[{between(first - steps[0], last - steps[0] + 1)}]"

    def whole(self, name: str) -> str:
        """An array at all steps of the sequence, without its boundaries."""
        if self.array(name).steps is None:
            return self.base(Slice((name,)), lanes=False)
        return self.cut(Slice((name,)), 1, self.program.steps, lanes=False)

    # names of views

    def operand(self, what: Slice, lanes: bool) -> str:
        """The name under which an element-wise statement finds a slice."""
        name = what.names[0]
        array = self.array(name)
        if array.steps is None:
            return self.named(what, "", self.base(what, lanes), lanes)
        match what.when:
            case At(step=step):
                return self.step(what, step, lanes)
            case Span(first=first, last=last):
                text = self.cut(what, first, last, lanes)
                if lanes and len(what.names) == 1 and array.rows:
                    text = f"{text}[:, None]"
                return self.named(what, self.span_suffix(what), text, lanes)
        raise CheckError(f"{name} is read at {what.when} outside of a loop")

    def span_suffix(self, what: Slice) -> str:
        steps = self.array(what.names[0]).steps
        assert isinstance(what.when, Span)
        if (what.when.first, what.when.last) == steps:
            return ""
        return f"_{_said(what.when.first)}_to_{_said(what.when.last)}"

    def label(self, what: Slice) -> str:
        pack = self.packs.get(what.names[0])
        if pack is not None and len(what.names) == len(pack.members):
            return self.own[f"pack {pack.name}"]
        if len(what.names) > 1:
            from symrnn.program.layout import pack_name

            return pack_name(what.names)
        return self.own[what.names[0]] + ("_part" if what.part is not None else "")

    def named(self, what: Slice, suffix: str, text: str, lanes: bool) -> str:
        """A name for an expression; the array's own where it is all of it."""
        if text.isidentifier():
            return text
        direct = what.names[0] in self.direct
        key = (self.section if direct else "", text)
        if key not in self.views:
            known = self.call_names.get(text) if direct else None
            self.views[key] = known or self.names.new(self.label(what) + suffix)
            self.call_names[text] = self.views[key]
            lines = self.call_lines if direct else self.lines
            lines.append(f"{self.views[key]} = {text}")
        return self.views[key]

    def step(self, what: Slice, step: int, lanes: bool) -> str:
        """The view of one step."""
        if what.names[0] in self.direct:
            steps = self.array(what.names[0]).steps
            assert steps is not None
            text = f"{self.base(what, lanes)}[{step - steps[0]}]"
            return self.named(what, f"_{_said(step)}", text, lanes)
        key = (what.names, what.part, self.base(what, lanes))
        known = self.steps.setdefault(key, {})
        if step not in known:
            known[step] = self.names.new(f"{self.label(what)}_{_said(step)}")
        return known[step]

    def matrix(self, what: Slice) -> str:
        """The name under which a product finds a slice, as a matrix."""
        if not isinstance(what.when, Span):
            return self.operand(what, lanes=False)
        first, last = what.when.first, what.when.last
        count = last - first + 1
        whole = Slice(what.names, what.when)
        text = self.flat(whole, first, last, count)
        if what.part is not None:
            skip, width = what.part
            text += f"[:, {between(self.width(skip), self.width(skip + width))}]"
        return self.named(what, f"{self.span_suffix(what)}_rows", text, lanes=False)

    def flat(self, what: Slice, first: int, last: int, count: int) -> str:
        """The rows of all steps and sequences of a slice."""
        columns = self.columns(what.names)
        pack = self.packs.get(what.names[0])
        whole = Slice(pack.members if pack and pack.kind == "columns" else what.names, what.when)
        width = self.shape(what.names[0])[-1]
        rows = f"{self.cut(whole, first, last, lanes=False)}.reshape({count} * B, {width})"
        return rows if columns is None else f"{rows}[:, {between(*columns)}]"

    def step_lines(self) -> list[str]:
        """The views of single steps: `O_0, O_1, O_2, O_3 = O`."""
        lines: list[str] = []
        for (names, _part, text), found in self.steps.items():
            steps = self.array(names[0]).steps  # type: ignore[index]
            assert steps is not None
            if "reshape" in str(text):
                whole = self.names.new(f"{self.label(Slice(names))}_steps")  # type: ignore[arg-type]
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


def between(first: int | str, last: int | str) -> str:
    """A slice as it is written.

    >>> between(0, "H"), between("H", "2 * H")
    ('0:H', 'H : 2 * H')
    """
    simple = " " not in f"{first}{last}"
    return f"{first}:{last}" if simple else f"{first} : {last}"


def _said(step: int) -> str:
    """
    >>> _said(3), _said(-1)
    ('3', 'm1')
    """
    return str(step) if step >= 0 else f"m{-step}"


def _runs(steps: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for step in steps:
        if runs and runs[-1][-1] == step - 1:
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


LOOPED = {0: "t", -1: "prev", 1: "next"}


def looped(label: str, now: Now) -> str:
    """The name of a view inside a loop: `h_t`, `h_prev`, `h_prev2`, `h_next`."""
    shift = now.shift
    if shift in LOOPED:
        return f"{label}_{LOOPED[shift]}"
    return f"{label}_{'prev' if shift < 0 else 'next'}{abs(shift)}"
