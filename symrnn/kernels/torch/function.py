"""A function of tensors, as it is printed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from symrnn.kernels.contract import Kernel
from symrnn.kernels.lines import wrapped
from symrnn.kernels.names import RESERVED, Names
from symrnn.kernels.program.program import Program, Slice, Statement, plain
from symrnn.kernels.program.roll import roll
from symrnn.kernels.torch.body import Body
from symrnn.kernels.torch.groups import Cells
from symrnn.kernels.torch.ragged import RaggedBody, dense, timed_inputs
from symrnn.kernels.torch.split import split
from symrnn.kernels.torch.units import TAKEN, Unit, Units


@dataclass(frozen=True)
class Argument:
    """A tensor that a function is handed."""

    unit: Unit
    role: str
    gradient: str = ""
    """The array that is its gradient, if it has one."""
    names: tuple[str, ...] = ()
    """What it is handed as: neighbours one by one."""

    @property
    def in_pieces(self) -> bool:
        return len(self.unit.members) > 1


@dataclass(frozen=True)
class TensorFunction:
    """What is printed for one of the two functions of a model."""

    kernel: Kernel
    name: str
    outputs: tuple[str, ...]
    """What it gives back: outputs and final states, or the loss."""
    weight: str
    """The number by which the loss is weighed."""
    dims: tuple[str, ...]
    own: Mapping[str, str]
    cells: Cells

    @property
    def is_loss(self) -> bool:
        return self.name == "loss"

    @cached_property
    def program(self) -> Program:
        return dense(split(self.kernel.program))

    @cached_property
    def units(self) -> Units:
        return Units(self.program, self.own)

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """Inputs, states and targets, what is fixed, and the parameters as they lie."""
        arrays, weights = self.program.arrays, {*self.kernel.cotangents.values(), self.weight}
        gradients = {
            a.of: a.name for a in arrays.values() if a.of in arrays and self.is_gradient(a.of)
        }
        found: dict[str, Argument] = {}
        for role in ("input", "target", "fixed", "parameter"):
            for name, array in arrays.items():
                if array.role == role and name not in weights:
                    unit = self.units.of[name]
                    names = tuple(self.own[member] for member in unit.members)
                    made = Argument(unit, role, gradients.get(name, ""), names)
                    found.setdefault(unit.name, made)
        return tuple(found.values())

    def is_gradient(self, name: str) -> bool:
        return self.program.arrays[name].role in ("input", "fixed", "parameter")

    @property
    def ahead(self) -> tuple[Statement, ...]:
        """The statements of the function."""
        sections = self.program.sections
        return (*sections.get("forward", ()), *sections.get("loss", ()))

    @property
    def back(self) -> tuple[Statement, ...]:
        return self.program.sections.get("backward", ())

    @cached_property
    def cotangents(self) -> tuple[str, ...]:
        """For each result, the array that is its cotangent; nothing for one that has none."""
        if self.weight:
            return (self.weight,)
        found = self.kernel.cotangents
        return tuple(
            found[name] if found.get(name, "") in self.program.arrays else ""
            for name in self.outputs
        )

    @cached_property
    def kept(self) -> tuple[Unit, ...]:
        """What the way back reads of the way there, beside arguments and results."""
        made = {self.units.unit(s.out).name for s in plain(self.ahead)}
        reads = (what for s in plain(self.back) for what in s.reads)
        units = dict.fromkeys(unit for what in reads for unit in self.units.units(what))
        made |= {argument.unit.name for argument in self.arguments if argument.in_pieces}
        results = {self.units.of[name].name for name in self.outputs if self.is_saved(name)}
        return tuple(u for u in units if u.name in made and u.name not in results)

    def is_saved(self, name: str) -> bool:
        """Whether a result is there on the way back as it was handed out. A loss is not: whoever
        has it may change it in place."""
        return not self.is_loss and self.is_alone(name)

    def is_alone(self, name: str) -> bool:
        """Whether a result is a tensor, and not some columns or some steps of one."""
        unit = self.units.of[name]
        steps = (1, self.program.steps) if unit.timed else None
        alone = len(unit.members) == 1 and unit.array.steps == steps
        return alone and not (unit.timed and self.program.ragged)

    @cached_property
    def few(self) -> dict[str, int]:
        """Of a forward pass alone, the units of which later steps read the last so many alone."""
        if not self.kernel.forward_only:
            return {}
        arrays, found = roll(self.program).arrays, dict[str, int]()
        for unit in self.units.of.values():
            windows = [arrays[name].window for name in unit.members]
            if all(windows):
                found[unit.name] = max(window.places for window in windows if window)
        return found

    def body(self) -> Body:
        """An empty body, with what every function is handed."""
        names = Names(set(RESERVED) | TAKEN | set(self.own.values()))
        names.taken |= {unit.name for unit in self.units.of.values()}
        made = RaggedBody if self.program.ragged else Body
        body = made(replace(self.kernel, program=self.program), self.units, names, self.cells)
        body.few = self.few
        for argument in self.arguments:
            if not argument.in_pieces:
                body.place(argument.unit).whole = argument.unit.name
        numbers = [a.names[0] for a in self.arguments if a.unit.array.classes is None]
        body.like = numbers[0] if numbers else "torch.empty(0)"
        return body

    def names_of(self, statements: Sequence[Statement]) -> set[str]:
        """The units that some statements read."""
        return {
            unit.name
            for s in plain(tuple(statements))
            for what in s.reads
            for unit in self.units.units(what)
        }

    # the lines

    def sizes(self) -> list[str]:
        """The line that says how long axes are."""
        names = ["B", *(self.own[f"dim {name}"] for name in self.dims)]
        return [assigned(names, "sizes")]

    def unpacked(self, read: set[str], like: str) -> list[str]:
        names = [name for a in self.arguments for name in a.names]
        there = {name for a in self.arguments if a.unit.name in read for name in a.names}
        shown = [name if name in there or name == like else "_" for name in names]
        while shown and shown[-1] == "_":
            shown.pop()
        if not shown and not self.program.ragged:
            return []
        rest = ["*_"] if len(shown) < len(names) else []
        if self.program.ragged:  # which comes last
            rest = ["*_", "lengths"] if rest else ["lengths"]
        every = [*shown, *rest]
        return [assigned(every, "tensors")]

    def lines(self) -> list[str]:
        """The function: results, and what the way back needs."""
        body = self.body()
        read = self.names_of(self.ahead) | {unit.name for unit in self.kept}
        self.put_together(body, read)
        self.begin(body, read)
        body.section(self.ahead)
        results = [self.result(body, name) for name in self.outputs]
        if self.kernel.forward_only:
            body.put(f"return {tuple_of(results)}")
        else:
            self.hand_on(body, results)
        return [
            *self.sizes(),
            *self.unpacked(read, body.like),
            *self.called(body),
            *body.lines,
        ]

    def hand_on(self, body: Body, results: Sequence[str]) -> None:
        """The lines that hand back results, and what the way back needs."""
        body.put(f"outputs = {tuple_of(results)}")
        if self.kept:
            body.lines += ["if not keep:", "    return outputs, ()"]
        kept = [body.all_of(unit, None) for unit in self.kept]
        last = ",)" if len(kept) == 1 else ")"
        body.lines += wrapped("return outputs, (", kept, last).split("\n")

    def put_together(self, body: Body, read: set[str]) -> None:
        """Parameters that one product serves, as one matrix."""
        for argument in self.arguments:
            if argument.in_pieces and argument.unit.name in read:
                body.put(f"{argument.unit.name} = torch.cat({tuple_of(argument.names)}, -1)")
                body.place(argument.unit).whole = argument.unit.name

    def called(self, body: Body) -> list[str]:
        """The functions of groups, as they are asked for."""
        names = list(body.called)
        if not names:
            return []
        own = [name[1:] for name in names]
        return [assigned(own, f"_fused(fuse, {', '.join(names)})")]

    def begin(self, body: Body, read: set[str]) -> None:
        """Inputs as they go on where a sequence has ended, and cotangents that are zero there."""
        if not isinstance(body, RaggedBody):
            return
        body.begin()
        weights = set(self.kernel.cotangents.values())
        for name in timed_inputs(self.program):
            unit = self.units.of[name]
            if unit.name not in read:
                continue
            text = f"_filled({unit.name}, lengths)"
            if name in weights:
                text = f"torch.where(alive, {unit.name}, 0)"
            body.put(f"{unit.name} = {text}")

    def result(self, body: Body, name: str) -> str:
        unit = self.units.of[name]
        columns = self.units.columns(Slice((name,)))
        if unit.timed:
            text = body.span(unit, columns, 1, self.program.steps)
        else:
            text = body.all_of(unit, columns)
        if self.is_loss:
            return f"torch.sum({text})"  # no view: a loss may be changed in place
        if unit.timed and self.program.ragged:
            return f"torch.where(alive, {text}, 0)"
        return f"{text}.clone()" if self.is_another(name) else text

    def is_another(self, name: str) -> bool:
        """Whether a result is a copy: then it must not be the same tensor."""
        if not self.is_alone(name):
            return True
        made = [s for s in plain(self.ahead) if name in s.out.names]
        return any(getattr(s, "op", "") in ("copy", "stop") for s in made)


def assigned(names: Sequence[str], source: str) -> str:
    """
    >>> assigned(["x", "h0"], "tensors"), assigned(["x"], "kept")
    ('x, h0 = tensors', '(x,) = kept')
    """
    return f"{', '.join(names) if len(names) > 1 else f'({names[0]},)'} = {source}"


def tuple_of(texts: Sequence[str]) -> str:
    return f"({', '.join(texts)}{',' * (len(texts) == 1)})"
