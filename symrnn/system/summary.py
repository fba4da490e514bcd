"""What a model has: parameters with shapes and counts, states, inputs, outputs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symrnn.errors import UsageError, suggestion
from symrnn.language.expressions import MAX_WIDTH
from symrnn.language.printer import show_ref, show_widths
from symrnn.language.tree import BATCH, STEPS, Width
from symrnn.system import System, initial_states, kept
from symrnn.system.states import grouped
from symrnn.system.symbols import dimensions


@dataclass(frozen=True, slots=True)
class Line:
    """One name: the axes of its array, and how many numbers it holds, where that is known."""

    name: str
    axes: tuple[Width, ...]
    count: int | None = None
    note: str = ""

    def shape(self, dims: dict[str, int]) -> str:
        """`(D, H)`, or `(5, 3)` once the dimensions are known."""
        known = dims.keys() >= {name for width in self.axes for name in width.names}
        axes = tuple(Width((), w.count(dims)) for w in self.axes) if known else self.axes
        return show_widths(axes)


@dataclass(frozen=True, slots=True)
class Summary:
    name: str
    parameters: tuple[Line, ...]
    fixed: tuple[Line, ...]
    """What is handed in and not trained."""
    states: tuple[Line, ...]
    inputs: tuple[Line, ...]
    outputs: tuple[Line, ...]
    dims: tuple[str, ...]
    given: dict[str, int]

    @property
    def total(self) -> int | None:
        counts = [line.count for line in self.parameters if line.count is not None]
        return sum(counts) if len(counts) == len(self.parameters) else None

    def __str__(self) -> str:
        given = ", ".join(f"{name}={size}" for name, size in self.given.items())
        lines = [
            f"{self.name}: dimensions {' '.join(self.dims) or 'none'}{given and f' ({given})'}"
        ]
        for title in ("parameters", "fixed", "states", "inputs", "outputs"):
            found: tuple[Line, ...] = getattr(self, title)
            if found:
                lines += ["", title, *self.table(found)]
            if title == "parameters" and found:
                lines.append(self.total_line())
        return "\n".join(lines) + "\n"

    def table(self, lines: tuple[Line, ...]) -> list[str]:
        rows = [(line.name, line.shape(self.given), self.counted(line)) for line in lines]
        name, shape, count = (max(len(row[column]) for row in rows) for column in range(3))
        return [
            f"  {a:<{name}}  {b:<{shape}}  {c:>{count}}  {line.note}".rstrip()
            for (a, b, c), line in zip(rows, lines, strict=True)
        ]

    def counted(self, line: Line) -> str:
        return str(line.count) if line.count is not None else ""

    def total_line(self) -> str:
        if self.total is not None:
            matrices = sum(p.count or 0 for p in self.parameters if len(p.axes) == 2)
            return (
                f"  total {self.total}: {matrices} in matrices, {self.total - matrices} in vectors"
            )
        missing = [name for name in self.dims if name not in self.given]
        return f"  total: say how wide it is, --dims {','.join(f'{name}=…' for name in missing)}"

    def as_json(self) -> dict[str, object]:
        def rows(lines: tuple[Line, ...]) -> list[dict[str, object]]:
            return [
                {"name": line.name, "shape": [str(w) for w in line.axes], "count": line.count}
                for line in lines
            ]

        return {
            "model": self.name,
            "dimensions": list(self.dims),
            "given": self.given,
            "parameters": rows(self.parameters),
            "fixed": rows(self.fixed),
            "states": rows(self.states),
            "inputs": rows(self.inputs),
            "outputs": rows(self.outputs),
            "total": self.total,
        }


def check_dims(system: System, given: Mapping[str, int]) -> None:
    """Refuse widths that a system has not, or that are none."""
    known = dimensions(system.symbols)
    for dim, size in given.items():
        if dim not in known:
            raise UsageError(
                f"the model has no dimension '{dim}'{suggestion(dim, known)}; it has"
                f" {', '.join(known) or 'none'}"
            )
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MAX_WIDTH:
            raise UsageError(f"{dim}={size}: a width is a whole number from 1 to {MAX_WIDTH:,}")


def summarise(name: str, system: System, dims: dict[str, int] | None = None) -> Summary:
    """
    >>> from symrnn.language import parse
    >>> from symrnn.system import normal
    >>> system = normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U + b); L = mse(y, h[T])"))
    >>> summarise("mine", system, {"D": 5, "C": 3}).total
    27
    """
    given = dims or {}
    check_dims(system, given)

    def line(name: str, axes: tuple[Width, ...], counted: bool = False, note: str = "") -> Line:
        if not counted or not given.keys() >= {n for w in axes for n in w.names}:
            return Line(name, axes, note=note)
        count = 1
        for width in axes:
            count *= width.count(given)
        return Line(name, axes, count, note)

    def sequence(symbol_name: str, note: str = "") -> Line:
        symbol = system.symbols[symbol_name]
        return line(
            symbol.name, (*((STEPS,) if symbol.timed else ()), BATCH, *symbol.shape), note=note
        )

    whole = kept(system)
    states = initial_states(whole)

    def shape_of(own: tuple[str, ...]) -> tuple[Width, ...]:
        return whole.symbols[states[own[0]].name].shape

    def where(own: tuple[str, ...]) -> str:
        nodes = [
            replace(states[n], name=whole.symbols[states[n].name].keeps or states[n].name)
            for n in own
        ]
        return f"read as {', '.join(map(show_ref, nodes))}"

    return Summary(
        name,
        tuple(line(s.name, s.shape, counted=True) for s in system.named("parameter")),
        tuple(line(s.name, s.shape, counted=True) for s in system.named("fixed")),
        tuple(
            line(key, (*_lags(own), BATCH, *shape_of(own)), note=where(own))
            for key, own in grouped(states).items()
        ),
        tuple(
            sequence(s.name, "target" if s.role == "target" else "")
            for s in system.named("input", "target")
        ),
        tuple(sequence(s.name) for s in system.outputs),
        tuple(dimensions(system.symbols)),
        given,
    )


def _lags(own: tuple[str, ...]) -> tuple[Width, ...]:
    """The axis of a state of several steps."""
    return (Width((), len(own)),) if len(own) > 1 else ()
