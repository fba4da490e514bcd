"""The groups of a system as loops and statements, in the section to which they belong.

    O[t] = tanh(a_O[t]), with a_O[t] = x[t] @ w_i + O[t-1] @ w_h    =>    for t = 1 … T:
                                                                    O_w_h[t] = O[t-1] @ w_h …

What needs itself at an earlier or a later step is a loop; everything else is done for all steps at
once. In a loop every statement stands for the steps at which it happens.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from symrnn.kernels.program.order.equations import Equations
from symrnn.kernels.program.order.forms import Forms, Uniform
from symrnn.kernels.program.order.writer import Scan, Scope, Writer, at
from symrnn.kernels.program.program import (
    SECTIONS,
    Array,
    Loop,
    Now,
    Program,
    Role,
    Slice,
    Statement,
)
from symrnn.kernels.program.rewrite import tight
from symrnn.language.tree import NARROW, Ref
from symrnn.system.graph import Group
from symrnn.system.states import all_ids, handed_on, initial_states
from symrnn.system.symbols import ROWLESS, Symbol
from symrnn.system.system import System, uses
from symrnn.system.windows import Windows


def sections(system: System, groups: Sequence[Group]) -> list[str]:
    """The section of each group: what outputs, states and scans need first, then what the loss
    needs.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal
    >>> system = normal(parse("h[t] = tanh(x[t] + h[t-1]); h: 2; L = mse(y, h[T])"))
    >>> sections(system, system.groups())
    ['forward', 'loss', 'loss']
    """
    backward = {s.name for s in system.named("adjoint", "total") if s.name != system.loss}
    scanned = {node.name for group in groups if group.direction for node in group.nodes}
    outputs = {symbol.name for symbol in system.outputs}
    forward = _needed(system, (outputs | handed_on(system) | scanned) - backward)
    loss = _needed(system, {system.loss} if system.loss else ())

    def section(group: Group) -> str:
        names = {node.name for node in group.nodes}
        return "forward" if names & forward else "loss" if names & loss else "backward"

    return [section(group) for group in groups]


def _needed(system: System, names: Iterable[str]) -> set[str]:
    """These names and all that they need, as far as equations say what they are."""
    needs: dict[str, set[str]] = {}
    for equation in system.equations:
        reads = needs.setdefault(equation.target.name, set())
        reads.update(use.ref.name for use in uses(equation))
    found: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name in needs and name not in found:
            found.add(name)
            queue += needs[name]
    return found


ROLES: dict[str, Role] = {
    "input": "input",
    "target": "target",
    "parameter": "parameter",
    "fixed": "fixed",
    "variable": "variable",
    "weight": "variable",
    "adjoint": "variable",
    "total": "gradient",
}
"""What the arrays of symbols are; constants have none."""


def order(
    system: System,
    steps: int,
    ids: Collection[str] = (),
    ragged: bool = False,
    windows: Windows | None = None,
    loops: bool = True,
) -> Program:
    """Without an end in common, `ragged`, every step is like every other.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal, with_states
    >>> print(order(with_states(normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)"))), 3), end="")
    T = 3
    <BLANKLINE>
    # forward
    h[0] = h0
    for t = 1 … 3:
        x_W[t] = x[t] @ W
        h_U[t] = h[t-1] @ U
        a_h[t] = x_W[t] + h_U[t]
        h[t] = tanh(a_h[t])
    """
    forms = Uniform(system, steps) if ragged else Forms(system, steps, windows, loops)
    arrays = _arrays(system, forms)
    for name in all_ids(system, ids):
        arrays[name] = replace(arrays[name], shape=(), classes=arrays[name].width)
    writer = Writer(system.symbols, arrays, steps, ragged)
    groups = _Groups(system, forms, writer)
    found: dict[str, list[Statement]] = {section: [] for section in SECTIONS}
    every = system.groups()
    for group, section in zip(every, sections(system, every), strict=True):
        writer.out = found[section]
        groups.write(group)
    bodies = {section: tuple(body) for section, body in found.items()}
    outputs = frozenset(symbol.name for symbol in system.outputs)
    kept = outputs | _kept(system, forms)
    return Program(steps, writer.arrays, bodies, kept=kept, outputs=outputs, ragged=ragged)


def _arrays(system: System, forms: Forms) -> dict[str, Array]:
    """An array for each symbol that is no number, with places for its boundaries."""

    def role_of(symbol: Symbol) -> Role:
        """A gradient by anything but a parameter lies by itself, as a variable does."""
        if symbol.role != "total":
            return ROLES[symbol.role]
        by = system.symbols[symbol.of.name].role if symbol.of else ""
        return "gradient" if by == "parameter" else "variable"

    def array(symbol: Symbol) -> Array:
        known = [step for name, step in forms.boundaries if name == symbol.name]
        places = [1, forms.steps, *(step for step in known if step is not None)]
        return Array(
            symbol.name,
            role=role_of(symbol),
            shape=symbol.shape or (NARROW,),
            rows=symbol.role not in ROWLESS,
            steps=(min(places), max(places)) if symbol.timed else None,
            of=symbol.of.name if symbol.of else "",
        )

    symbols = system.symbols.values()
    return {symbol.name: array(symbol) for symbol in symbols if symbol.role != "constant"}


def _kept(system: System, forms: Forms) -> frozenset[str]:
    """What is read when all is done, beside outputs: boundaries, states, adjoints of inputs, the
    loss."""
    inputs = {symbol.name for symbol in system.named("input", "fixed")}
    return frozenset(
        {name for name, _ in forms.boundaries}
        | {ref.name for ref in initial_states(system).values()}
        | {s.name for s in system.named("adjoint", "total") if s.of and s.of.name in inputs}
        | ({system.loss} if system.loss else set())
    )


class _Groups:
    """Writes groups, one after the other."""

    def __init__(self, system: System, forms: Forms, writer: Writer) -> None:
        self.forms, self.writer = forms, writer
        self.equations = Equations(system, forms, writer)
        self.scans = 0

    def write(self, group: Group) -> None:
        if group.direction or self.forms.cuts.makes_a_loop(group, self.forms.own):
            self.scan(group)
            return
        for node in group.nodes:
            if node.name in self.equations.sums.summed:
                continue  # the loss works them out
            if node.base == "t":
                self.all_at_once(node)
            else:
                self.once(node)

    def once(self, node: Ref) -> None:
        left = self.forms.once(node)
        if left is not None:
            self.equations.write(left, Slice((node.name,), self.writer.when(node)))

    def all_at_once(self, node: Ref) -> None:
        for steps, form in self.forms.runs(Group((node,)))[node]:
            scope = at(steps)
            with self.writer.within(scope):
                self.equations.write(form, Slice((node.name,), scope.here))

    def scan(self, group: Group) -> None:
        self.scans += 1
        self.writer.dependent = set()
        runs = self.forms.runs(group)
        scan = Scan(self.scans, frozenset(node.name for node in group.nodes))
        for node in group.nodes:
            for steps, form in runs[node]:
                with self.writer.within(Scope(Now(), steps, scan)):
                    self.equations.write(form, Slice((node.name,), Now()))
        if scan.body:
            loop = Loop(1, self.forms.steps, group.direction or 1, tuple(scan.body))
            self.writer.out.append(tight(loop))
