"""What a generated module promises: names, axes, starts, and what its own check must know."""

from dataclasses import dataclass, field

from symrnn.kernels.checkpoint import Parts
from symrnn.kernels.lines import as_dict, as_tuple, escaped, indented, wrapped_text
from symrnn.kernels.program.program import Program
from symrnn.kernels.settings import Sizes
from symrnn.language.calls import is_analytic, losses_of, stops
from symrnn.language.printer import show_definition
from symrnn.language.tree import Ref, Width, Written
from symrnn.system.spell import spell_equation
from symrnn.system.states import grouped
from symrnn.system.step_weights import weights_of
from symrnn.system.symbols import GIVEN
from symrnn.system.system import System
from symrnn.system.windows import Windows, changed, said

Axes = tuple[str | int, ...]


@dataclass(frozen=True)
class Kernel:
    """What a module is made of."""

    name: str
    written: Written
    text: str
    """The model as it was written."""
    system: System
    """The system with its initial states, and its gradient where it has one."""
    folded: System
    """The system whose equations the program works out."""
    program: Program
    steps: int
    states: dict[str, Ref]
    remark: str = ""
    """How the file was made."""
    cotangents: dict[str, str] = field(default_factory=dict)
    """For a model without a loss, the input that weighs each output."""
    forward_only: bool = False
    """Inputs are read where they are, and loops go through them in each call."""
    batch_first: bool = False
    """What runs over time is handed in, and handed out, with the sequences first."""
    one_step: bool = False
    """What runs over time is handed in, and handed out, without a time axis."""
    windows: Windows | None = None
    """Where backpropagation is cut, the windows of steps."""
    parts: Parts | None = None
    """The programs of which it is made, where it keeps few states."""
    step: "Kernel | str" = ""
    """The same for one step, or why there is none."""
    causal: bool = True
    """Whether no step needs a later one."""
    functions: "Functions | None" = None
    """The same as functions, for a library that differentiates by itself."""
    sizes: Sizes | None = None
    """What holds where nothing else is said, if anything does."""
    backend: str = ""
    """The name of the back end that it is for."""

    @property
    def analytic(self) -> bool:
        return is_analytic(self.written)


@dataclass(frozen=True)
class Functions:
    """A model as two functions with gradients by all that comes in: `symrnn.system.exposed`."""

    forward: Kernel
    """Outputs and final states, and what cotangents of them are, carried back."""
    finals: dict[str, str]
    """For each initial state, the output that is the same after the last step."""
    loss: Kernel | None
    """The loss, and its gradient times a number that is handed in."""
    weight: str = ""
    """The name of that number, where there are gradients."""


class Contract:
    """The names of a module, and what stands under them."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.system = kernel, kernel.system
        arrays = kernel.program.arrays
        self.inputs = [
            s.name
            for s in self.system.symbols.values()
            if s.role in ("input", "target") and s.name in arrays
        ]
        self.groups = grouped(kernel.states)
        """The states of each variable that are carried in, from the earliest step on."""
        self.ids = {
            name: str(axis(classes))
            for name in self.inputs
            if (classes := arrays[name].classes) is not None
        }
        """The inputs that come as class ids, each with the axis that says how many there are."""

    @property
    def members(self) -> dict[str, str]:
        """For each state of a variable, the name under which all of them are known."""
        return {name: key for key, own in self.groups.items() for name in own}

    @property
    def by_input(self) -> dict[str, list[str]]:
        """For each input that a gradient is asked for by, the arrays of it: of a state of several
        steps one for each."""
        found: dict[str, list[str]] = {}
        for array in self.kernel.program.arrays.values():
            if array.of in self.inputs and array.rows:
                found.setdefault(self.members.get(array.of, array.of), []).append(array.of)
        of = {a.of: a.name for a in self.kernel.program.arrays.values() if a.of}
        return {
            key: [of[name] for name in self.groups.get(key, (key,)) if name in own]
            for key, own in found.items()
        }

    def axes(self, name: str) -> tuple[str | int, ...]:
        symbol = self.system.symbols[name]
        shape = () if name in self.ids else tuple(axis(width) for width in symbol.shape)
        if symbol.role in GIVEN:
            return shape
        if name in self.groups:
            many = len(self.groups[name])
            return (*((many,) if many > 1 else ()), "B", *shape)
        if symbol.timed:
            return (*(("B", "T") if self.kernel.batch_first else ("T", "B")), *shape)
        return ("B", *shape)

    def tables(self) -> dict[str, dict[str, Axes]]:
        """PARAMS, INPUTS, STATES and OUTPUTS: the axes of everything, by name; and FIXED, what is
        handed in with the parameters and not trained, where there is such a thing."""
        symbols = self.system.symbols.values()
        states = {name for own in self.groups.values() for name in own}
        weights = set(self.kernel.cotangents.values())
        plain_inputs = [n for n in self.inputs if n not in states and n not in weights]
        return {
            "PARAMS": {s.name: self.axes(s.name) for s in symbols if s.role == "parameter"},
            **({"FIXED": {name: self.axes(name) for name in self.fixed}} if self.fixed else {}),
            "INPUTS": {name: self.axes(name) for name in plain_inputs},
            "STATES": {name: self.axes(name) for name in self.groups},
            "OUTPUTS": {s.name: self.axes(s.name) for s in self.system.outputs},
        }

    @property
    def fixed(self) -> list[str]:
        return [symbol.name for symbol in self.system.named("fixed")]

    @property
    def by_fixed(self) -> list[str]:
        """What is fixed, and yet a gradient is asked for by it."""
        arrays = self.kernel.program.arrays.values()
        asked = {array.of for array in arrays if array.role != "scratch"}
        return [name for name in self.fixed if name in asked]

    @property
    def weights(self) -> list[str]:
        """The inputs by which outputs are weighted, where there is no loss."""
        return list(self.kernel.cotangents.values())

    @property
    def every(self) -> dict[str, Axes]:
        """All that a kernel takes, in order."""
        tables = self.tables()
        weights = {name: self.axes(name) for name in self.weights}
        return {**tables["INPUTS"], **tables["STATES"], **weights}

    @property
    def step_weights(self) -> dict[str, str]:
        """The inputs that weigh the steps of a loss, and whether as their sum or as their mean."""
        return weights_of(self.kernel.written, self.system.symbols)

    def lines(self, needed: dict[str, tuple[str, ...]]) -> list[str]:
        """The contract as statements; `needed` says which inputs a call cannot do without."""
        ids = {name: self.ids[name] for name in self.every if name in self.ids}
        return [
            *(f"{key} = {as_dict(value)}" for key, value in self.tables().items()),
            *([f"IDS = {as_dict(ids)}"] if ids else []),
            f"START = {as_dict(self.starts())}",
            *self.facts(),
            f"_EVERY = {as_dict(self.every)}",
            f"_NEEDED = {as_dict(needed)}",
            f"_OPTIONAL = {as_tuple([*self.groups, *self.weights])}",
            *self.of_lengths(),
        ]

    def of_lengths(self) -> list[str]:
        """What a kernel with lengths must know beside."""
        if not self.kernel.program.ragged:
            return []
        many = {name: tuple(own) for name, own in self.groups.items() if len(own) > 1}
        timed = [name for name in self.every if self.system.symbols[name].timed]
        return [f"MEMBERS = {as_dict(many)}", f"TIMED = {as_tuple(timed)}"]

    def starts(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for symbol in self.system.named(*GIVEN):
            if symbol.role == "fixed" and symbol.start is None:
                continue
            matrix = len(symbol.shape) == 2
            start = symbol.start if symbol.start is not None else "glorot" if matrix else 0
            if (start == "glorot" and not matrix) or start == "zeros":
                start = 0
            found[symbol.name] = start if isinstance(start, str) else float(start)
        return found

    def facts(self) -> list[str]:
        """What the file's own check must know."""
        losses = losses_of(self.kernel.written)
        given = (self.system.symbols[name] for name in self.inputs)
        targets = [s for s in given if s.name in losses and s.name not in self.ids]
        onehot = [s.name for s in targets if s.onehot]
        shares = [s.name for s in targets if not s.onehot and "ce" in losses[s.name]]
        return [
            f"ANALYTIC = {self.kernel.analytic}",
            f"TARGETS = {as_tuple([s.name for s in targets])}",
            f"ONEHOT = {as_tuple(onehot)}",
            f"BETWEEN_0_AND_1 = {as_tuple(shares)}",
            *([f"WEIGHTS = {as_dict(self.step_weights)}"] if self.step_weights else []),
            *self.cut(),
        ]

    def cut(self) -> list[str]:
        """After how many steps backpropagation is cut, and the gradients that this may change."""
        if self.kernel.windows is None:
            return []
        return [
            f"TRUNCATE = {self.kernel.windows.size}",
            f"CUT = {as_tuple(self.cut_gradients())}",
        ]

    def cut_gradients(self) -> list[str]:
        cut = changed(self.system)
        symbols = self.system.symbols.values()
        names = [s.of.name for s in symbols if s.of is not None and s.name in cut]
        names = [self.members.get(name, name) for name in names]
        kept = [name for name in names if name in {**self.tables()["PARAMS"], **self.every}]
        return list(dict.fromkeys(kept))

    def docstring(self) -> str:
        kernel = self.kernel
        steps = kernel.steps
        most = "up to " if kernel.program.ragged else ""
        what = "forward pass" if kernel.forward_only else "forward pass and gradients"
        title = f"{kernel.name}: {what}, {most}{steps} step{'s' * (steps > 1)}."
        gradient = [
            show_definition(d)
            for e in self.system.equations
            if self.system.symbols[e.target.name].role in ("adjoint", "total")
            and e.target.name != self.system.loss
            for d in spell_equation(e)
        ]
        parts = [title, kernel.remark, indented(kernel.text)]
        if gradient:
            parts += ["Its gradient:", indented("\n".join(gradient))]
            if kernel.windows is not None:
                parts.append(wrapped_text(said(kernel.windows, self.system)))
        body = "\n\n".join(part for part in parts if part)
        return f'"""{escaped(body)}\n"""'


def axis(width: Width) -> str | int:
    """
    >>> axis(Width(("H", "K"), 1)), axis(Width((), 3))
    ('H+K+1', 3)
    """
    if not width.names:
        return width.number
    return "+".join([*width.names, *([str(width.number)] if width.number else [])])


def unsloped(contract: Contract) -> str:
    """Why no gradient by a parameter is the slope of the loss, where it is none on purpose."""
    kernel = contract.kernel
    if stops(kernel.written):
        return "where a text stops derivatives, slopes are others"
    windows, params = kernel.windows, contract.tables()["PARAMS"]
    if windows is not None and set(params) <= set(contract.cut_gradients()):
        return f"slopes know of no cut after {windows.size} steps"
    return ""
