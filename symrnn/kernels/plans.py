"""What a back end is asked to print for a Python module, and what it hands back.

The module itself (`symrnn.kernels.module`) is shared: what it promises, the class Kernel, which
checks what it is given, the same as plain functions, and a check of itself. What a back end adds is
a *plan*: a function that makes arrays for so many sequences, and sections as functions over them.

    def _plan(B, dtype, theta, dtheta, D, H):
        ...
        def forward(x, h0): ...
        def backward(): ...
        plan = _Plan()
        plan.forward = forward
        plan.backward = backward
        plan.outputs = {"h": h}
        ...
        return plan
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from symrnn.kernels.contract import Contract
from symrnn.kernels.lines import imported, wrapped
from symrnn.kernels.names import own_names
from symrnn.kernels.sections import Section, sections_of
from symrnn.kernels.sizes import between, sum_of, unit_of, width_of


@dataclass(frozen=True)
class PlanRequest:
    """What a back end is asked to print: a function that makes a plan."""

    contract: Contract
    dims: tuple[str, ...]
    """The dimensions of the kernel, in the order in which all plans are handed them."""
    name: str = "_plan"
    about: str = "The arrays for B sequences, and the passes over them."
    lay_out: str = "_lay_out"
    """The function that takes a vector of parameters apart."""
    called: Mapping[str, str] = field(default_factory=dict)
    """Sections that have other names in the plan: the forward pass of one step is its `step`."""

    rows_known: bool = False
    """Whether the function is handed the rows of all steps: each plan is for one set of lengths."""

    empty: bool = True
    """Whether there is a forward pass even if there is nothing to do in it."""

    @cached_property
    def own(self) -> Mapping[str, str]:
        """The Python names of dimensions, packs and arrays."""
        return own_names(self.contract.kernel.program, self.dims)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        found = (s for s in sections_of(self.contract) if s.statements or self.empty)
        return tuple(replace(s, called=self.called.get(s.name, s.name)) for s in found)

    @property
    def vectors(self) -> str:
        """What is handed to the function: the vectors of parameters and gradients."""
        kernel = self.contract.kernel
        names = ["theta"] if kernel.forward_only or kernel.one_step else ["theta", "dtheta"]
        return ", ".join([*names, *["fixed"] * bool(self.contract.fixed)])

    @property
    def dims_after(self) -> str:
        return "".join(f", {self.own[f'dim {name}']}" for name in self.dims)

    @property
    def sizes(self) -> str:
        """The entries of a dictionary with the dimensions that the function is handed."""
        return ", ".join(f'"{name}": {self.own[f"dim {name}"]}' for name in self.dims)

    @property
    def signature(self) -> str:
        ahead = "rows, empty" if self.rows_known else "B"
        return f"{self.name}({ahead}, dtype, {self.vectors}{self.dims_after})"

    def call(self, section: str) -> str:
        """What a kernel hands to a section, under the names of the call."""
        found = next((s for s in self.sections if s.name == section), None)
        return ", ".join(self.own[name] for name in found.given) if found else ""

    @property
    def given_to_sections(self) -> list[str]:
        """What a kernel hands to any of the sections, each once."""
        return [self.own[n] for n in dict.fromkeys(n for s in self.sections for n in s.given)]

    @property
    def given(self) -> str:
        """The names under which a call finds its inputs."""
        if self.contract.kernel.program.ragged:
            return "_"  # they lie in the plan
        names = [self.own[name] for name in self.contract.every]
        return f"({', '.join(names)}{',' * (len(names) == 1)})"


@dataclass(frozen=True)
class PlanText:
    """The function as it is printed."""

    text: str
    calls: frozenset[str] = frozenset()
    """What it calls of the libraries that the file imports from."""
    helpers: frozenset[str] = frozenset()
    """What it calls of the back end's own functions, which stand in the file."""


@dataclass(frozen=True)
class Spelling:
    """What a back end prints into the module."""

    plan: Callable[[PlanRequest], PlanText]
    imports: Callable[[frozenset[str]], str] = lambda calls: imported(sorted(calls))
    """The lines that import these calls: from NumPy, unless something else is said."""
    standard: str = "from math import prod"
    """The lines that import from Python's own library."""
    helpers: Callable[[frozenset[str]], str] = lambda helpers: ""
    """The functions of these names."""
    helpers_by_id: Callable[[frozenset[str]], str] = lambda helpers: ""
    """Those of them that are about class ids: they stand beside the check of ids."""
    order: str | None = None
    """The template with what the class Kernel does about lengths, where kernels put sequences in
    order themselves, and one plan is for all lengths."""
    one_call: bool = False
    """Whether a plan has a section `whole`, which is the forward pass, the loss and the backward
    pass: where a call costs as much as the work."""
    warns: bool = True
    """Whether it is NumPy that works numbers out, which warns where one is infinite."""
    complex_numbers: bool = True
    """Whether complex numbers go through its kernels, as a complex step needs."""


@dataclass(frozen=True)
class LayOut:
    """The parameters as they lie in one vector: which pieces, and where each parameter is."""

    lines: tuple[str, ...]
    result: tuple[str, ...]


def lay_out(request: PlanRequest) -> LayOut:
    """Pieces of a vector: a pack of matrices at a time, its members side by side as columns."""
    program, own = request.contract.kernel.program, request.own
    packs = program.pack_of()
    lines: dict[str, str] = {}
    named: list[str] = []
    for symbol in request.contract.system.named("parameter"):
        pack = packs.get(symbol.name)
        members = pack.members if pack else (symbol.name,)
        last = [program.arrays[name].width for name in members]
        front = [width_of(own, width) for width in program.arrays[symbol.name].shape[:-1]]
        shape = ", ".join([*front, sum_of(own, last)])
        unit = unit_of(own, symbol.name, pack)
        lines[unit] = f"{unit} = piece({shape})"
        text = unit
        if pack is not None and len(members) > 1:
            start = members.index(symbol.name)
            before = sum_of(own, last[:start]), sum_of(own, last[: start + 1])
            text = f"{unit}[{':, ' * len(front)}{between(*before)}]"
        named.append(f'"{symbol.name}": {text}')
    group = ", ".join(lines) + "," * (len(lines) == 1)
    return LayOut(tuple(lines.values()), tuple(wrapped(f"({group}), {{", named, "}").split("\n")))
