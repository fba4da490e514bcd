"""The plan of a kernel: its arrays, and the views of them that the passes work on."""

from collections.abc import Sequence

from symrnn.kernels.numpy import by_id
from symrnn.kernels.numpy.contract import Contract
from symrnn.kernels.numpy.lines import wrapped
from symrnn.kernels.numpy.passes import Passes
from symrnn.kernels.program.program import Array, Slice
from symrnn.system.carriers import SIZE


class Plan:
    """Prints what is made once for each number of sequences."""

    def __init__(self, contract: Contract, passes: Passes) -> None:
        self.kernel, self.program = contract.kernel, contract.kernel.program
        self.system, self.contract = contract.system, contract
        self.printer, self.places = passes.printer, passes.places
        self.used, self.finals = passes.used, passes.finals

    def python(self, name: str) -> str:
        return self.places.own[name]

    def layout(self) -> tuple[list[str], str]:
        """Pieces of a vector: a pack of matrices at a time."""
        lines: list[str] = []
        made: list[str] = []
        named: list[str] = []
        done: set[str] = set()
        for symbol in self.system.named("parameter"):
            name = symbol.name
            pack = self.places.packs.get(name)
            key = pack.name if pack else name
            shape = ", ".join(self.places.shape(name))
            own = self.places.own[f"pack {key}"] if pack else self.python(name)
            if key not in done:
                done.add(key)
                made.append(own)
                lines.append(f"{own} = piece({shape})")
            named.append(f'"{name}": {self.places.base(Slice((name,)), lanes=False)}')
        group = ", ".join(made) + "," * (len(made) == 1)
        return lines, wrapped(f"({group}), {{", named, "}")

    def unit(self, name: str) -> str:
        pack = self.places.packs.get(name)
        return self.places.own[f"pack {pack.name}"] if pack else self.python(name)

    def lines(self) -> list[str]:
        program, places = self.program, self.places
        lines: list[str] = []
        dims = ", ".join(places.own[f"dim {name}"] for name in places.dims)
        dims = f", {dims}" if dims else ""
        parameters = [s.name for s in self.system.named("parameter")]
        units = list(dict.fromkeys(self.unit(name) for name in parameters))
        if units:
            group = ", ".join(units) + "," * (len(units) == 1)
            lines.append(f"({group}), _ = _lay_out(theta{dims})")
            found = {a.of: a.name for a in program.arrays.values() if a.role == "gradient"}
            if all(name in found for name in parameters):
                gradients = list(dict.fromkeys(self.unit(found[name]) for name in parameters))
                group = ", ".join(gradients) + "," * (len(gradients) == 1)
                lines.append(f"({group}), _ = _lay_out(dtheta{dims})")
        lines += [f'{self.python(name)} = fixed["{name}"]' for name in self.contract.fixed]
        lines += self.arrays()
        lines += [
            f"{name} = np.array({text}, dtype)" for text, name in self.printer.numbers.items()
        ]
        lines += [f"{name} = np.ones({text}, dtype)" for text, name in self.printer.ones.items()]
        views = self.printer.views.lines + self.printer.views.step_lines()
        if views:
            lines += ["", "# views", *views]
        for name, original in ((t, o) for o, t in self.printer.turned.items()):
            lines.append(f"{name} = {original}.T if B == 1 else {original}.T.copy()")
        for name, direction in self.printer.loops:
            lines += ["", f"{name} = tuple(", "    zip("]
            lines += [f"        {text}," for text in direction]
            lines += ["        strict=True,", "    )", ")"]
        lines += self.finals.arrays()
        if "softplus" in self.printer.used:
            lines.append("softplus = _softplus(dtype)")
        if "erf" in self.printer.used:
            lines.append("erf = _erf")
        if "total" in self.printer.used:
            lines.append("total = np.add.reduce")
        if "highest" in self.printer.used:
            lines.append("highest = np.maximum.reduce")
        lines += [f"{call} = _{call}" for call in by_id.OWN if call in self.printer.used]
        return lines

    def arrays(self) -> list[str]:
        """The arrays that are made: variables and what is needed on the way."""
        program, places = self.program, self.places
        lines: list[str] = []
        again: list[str] = []
        blocks: list[str] = []
        done: set[str] = set()
        packs = {pack.name: pack for pack in program.packs}
        order = [n for n in program.arrays if n in self.used or n in self.kept()]
        for name in order:
            array = program.arrays[name]
            if array.role in ("parameter", "fixed", "gradient"):
                continue
            if name in self.printer.views.direct:
                continue
            pack = places.packs.get(name)
            key = pack.name if pack else name
            if key in done:
                continue
            done.add(key)
            own = self.unit(name)
            place = program.shared.get(key)
            if place is not None:
                member = packs[place].members[0] if place in packs else place
                again.append(f"{own} = {self.unit(member)}")
            else:
                shape = ", ".join(places.shape(name))
                comma = "," if ", " not in shape else ""
                lines.append(f"{own} = {self.empty(array, f'({shape}{comma})')}")
            if pack is not None and pack.kind == "blocks":
                time_first = places.time_first and array.places is not None
                first = f"{own}.swapaxes(0, 1)" if time_first else own
                blocks.append(f"{', '.join(self.python(m) for m in pack.members)} = {first}")
        heading = ["# in the place of what is needed no more"] if again else []
        return [*lines, *heading, *again, *blocks]

    def empty(self, array: Array, shape: str) -> str:
        """A new array."""
        if array.classes is not None:
            return f"np.empty({shape}, np.intp)"
        return f"empty({shape})" if self.program.ragged else f"np.empty({shape}, dtype)"

    def kept(self) -> set[str]:
        return {name for name in self.program.kept if name in self.program.arrays}

    def result(self, passes: Sequence[str]) -> list[str]:
        places, program = self.places, self.program
        lines = [f"plan.{section} = {section}" for section in passes]
        outputs = [f'"{s.name}": {self.handed_out(s.name)}' for s in self.system.outputs]
        lines += wrapped("plan.outputs = {", outputs, "}").split("\n")
        states = [f'"{name}": {self.finals.text(name)}' for name in self.contract.groups]
        lines += wrapped("plan.states = {", states, "}").split("\n")
        if program.ragged:
            lines.append("plan.rows = rows")
            given = [
                f'"{name}": {self.python(name)}'
                for name in (*self.contract.inputs, SIZE)
                if name in self.used
            ]
            lines += wrapped("plan.given = {", given, "}").split("\n")
        if self.system.loss:
            lines.append(f"plan.value = {places.whole(self.system.loss)}")
        if self.kernel.forward_only or self.kernel.one_step:
            return [*lines, "plan.grads = {}"]
        grads = [
            f'"{name}": {self.finals.gradients.get(name) or self.handed_out(own[0])}'
            for name, own in self.contract.by_input.items()
        ]
        by_fixed = [
            f'"{a.of}": {self.python(a.name)}'
            for a in program.arrays.values()
            if a.of in self.contract.fixed and a.role != "scratch"
        ]
        if program.ragged:
            lines += wrapped("plan.packed = {", grads, "}").split("\n")
            grads = []
        if by_fixed or not program.ragged:
            lines += wrapped("plan.grads = {", [*grads, *by_fixed], "}").split("\n")
        return lines

    def handed_out(self, name: str) -> str:
        """An array as the caller sees it."""
        text = self.places.whole(name)
        array = self.places.array(name)
        if self.kernel.one_step and array.places is not None:
            return f"{self.places.base(Slice((name,)), lanes=False)}[{array.place(1)}]"
        turned = self.kernel.batch_first and array.places is not None and not self.program.ragged
        return f"{text}.swapaxes(0, 1)" if turned else text
