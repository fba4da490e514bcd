"""The source of a kernel: what a program prints, in the frame that all kernels share."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symrnn.backends.numpy.places import Names, Places, between
from symrnn.backends.numpy.statements import Printer
from symrnn.frame import render
from symrnn.language.printer import show_definition
from symrnn.language.tree import Ref, Width, Written
from symrnn.oracle import is_analytic
from symrnn.program.program import (
    SECTIONS,
    At,
    Loop,
    Now,
    Plain,
    Product,
    Program,
    Slice,
    Statement,
    plain,
)
from symrnn.sample import losses_of
from symrnn.system.spell import spell_equation
from symrnn.system.symbols import dimensions
from symrnn.system.system import System
from symrnn.system.unroll import at_one_step

WIDTH = 100
FEW = 4
"""From so many products on, a transposed matrix is copied once: BLAS reads it faster then."""


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
    states: dict[str, Ref]
    remark: str = ""
    """How the file was made."""
    cotangents: dict[str, str] = field(default_factory=dict)
    """For a model without a loss, the input that weighs each output."""

    @property
    def analytic(self) -> bool:
        return is_analytic(self.written)


@dataclass(frozen=True)
class Function:
    """One of the passes of a kernel."""

    name: str
    arguments: list[str]
    call: list[str]
    """What a kernel hands to it."""
    lines: list[str]


def source(kernel: Kernel) -> str:
    """The whole file."""
    return _Module(kernel).source()


class _Module:
    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.program, self.system = kernel, kernel.program, kernel.system
        self.names = Names()
        self.places = Places(self.program, self.names)
        self.printer = Printer(self.places)
        self.printer.often = turned_often(self.program)
        self.dims = dimensions(self.system.symbols)
        for name in self.dims:
            self.places.own[f"dim {name}"] = self.names.new(name)
        for pack in self.program.packs:
            self.places.own[f"pack {pack.name}"] = self.names.new(pack.name)
        for name in self.program.arrays:
            self.places.own[name] = self.names.new(name)
        self.used = {
            name
            for statement in self.program.statements()
            for inner in (statement.body if isinstance(statement, Loop) else (statement,))
            for what in (inner.out, *inner.reads)
            for name in what.names
        }
        self.inputs = [
            s.name
            for s in self.system.symbols.values()
            if s.role in ("input", "target") and s.name in self.program.arrays
        ]
        self.copied = {
            what.names[0]
            for statement in self.program.statements()
            if isinstance(statement, Loop)
            for inner in statement.body
            for what in inner.reads
            if isinstance(what.when, Now) and what.names[0] in self.inputs
        }
        self.places.direct = frozenset(set(self.inputs) - self.copied)
        self.groups = self.state_groups()
        self.already_turned: set[str] = set()

    # states: those of one variable together, oldest first

    def state_groups(self) -> dict[str, list[str]]:
        """The states of each variable that are carried in, from the earliest step on."""
        by_variable: dict[str, list[str]] = {}
        for name, ref in self.kernel.states.items():
            by_variable.setdefault(ref.name, []).append(name)
        found: dict[str, list[str]] = {}
        for own in by_variable.values():
            own.sort(key=lambda name: self.kernel.states[name].shift)
            backward = self.kernel.states[own[0]].base == "T"
            found[own[0] if backward else own[-1]] = own
        return found

    def axes(self, name: str) -> tuple[str | int, ...]:
        symbol = self.system.symbols[name]
        shape = tuple(_axis(width) for width in symbol.shape)
        if symbol.role == "parameter":
            return shape
        if name in self.groups:
            many = len(self.groups[name])
            return (*((many,) if many > 1 else ()), "B", *shape)
        return (*(("T",) if symbol.timed else ()), "B", *shape)

    def contract(self) -> dict[str, dict[str, tuple[str | int, ...]]]:
        symbols = self.system.symbols.values()
        states = {name for own in self.groups.values() for name in own}
        weights = set(self.kernel.cotangents.values())
        plain_inputs = [n for n in self.inputs if n not in states and n not in weights]
        return {
            "PARAMS": {s.name: self.axes(s.name) for s in symbols if s.role == "parameter"},
            "INPUTS": {name: self.axes(name) for name in plain_inputs},
            "STATES": {name: self.axes(name) for name in self.groups},
            "OUTPUTS": {s.name: self.axes(s.name) for s in self.system.outputs},
        }

    # the file

    def source(self) -> str:
        layout, result = self.layout("")
        functions = [f for section in SECTIONS if (f := self.function(section)) is not None]
        plan = self.plan()
        contract = self.contract()
        loss = self.system.loss is not None
        gradient = bool(self.program.sections.get("backward"))
        every = {**contract["INPUTS"], **contract["STATES"]}
        every |= {name: self.axes(name) for name in self.kernel.cotangents.values()}
        reads = {f.name: f.call for f in functions}
        forward = reads.get("forward", [])
        wanted = [n for n in contract["INPUTS"] if gradient or n in reads.get("loss", [])]
        lines = [f"{key} = {_dict(value)}" for key, value in contract.items()]
        lines.append(f"START = {_dict(self.starts())}")
        lines += self.facts()
        needed = {
            "forward": tuple(n for n in contract["INPUTS"] if self.python(n) in forward),
            "loss": tuple(wanted),
        }
        optional = _tuple([*self.groups, *self.kernel.cotangents.values()])
        private = [f"_EVERY = {_dict(every)}", f"_NEEDED = {_dict(needed)}"]
        private.append(f"_OPTIONAL = {optional}")
        return render(
            "numpy/module.py.jinja",
            docstring=self.docstring(),
            calls=sorted(self.printer.used - {"total", "highest", "softplus"}),
            steps=self.program.steps,
            dims=_tuple(self.dims),
            contract="\n".join(lines),
            private="\n".join(private),
            dims_after="".join(f", {self.places.own[f'dim {name}']}" for name in self.dims),
            layout=layout,
            layout_result=result.split("\n"),
            plan=[piece for line in plan for piece in fitted(line, 4)],
            functions=functions,
            result=self.result(),
            given=", ".join(self.python(name) for name in every) + "," * (len(every) == 1),
            forward_reads=", ".join(reads.get("forward", [])),
            loss_reads=", ".join(reads.get("loss", [])),
            backward_reads=", ".join(reads.get("backward", [])),
            has_loss=loss,
            has_softplus="softplus" in self.printer.used,
            has_gradient=gradient,
            floor="1e-4" if self.kernel.analytic else "1e-3",
            cotangent_inputs=", ".join(
                f'"{weight}": cotangents.get("{output}")'
                for output, weight in self.kernel.cotangents.items()
            ),
        )

    def python(self, name: str) -> str:
        return self.places.own[name]

    def starts(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for symbol in self.system.named("parameter"):
            matrix = len(symbol.shape) == 2
            start = symbol.start if symbol.start is not None else "glorot" if matrix else 0
            if (start == "glorot" and not matrix) or start == "zeros":
                start = 0
            found[symbol.name] = start if isinstance(start, str) else float(start)
        return found

    def facts(self) -> list[str]:
        """What the file's own check must know."""
        losses = losses_of(self.kernel.written)
        targets = [s for s in self.system.symbols.values() if s.name in losses]
        onehot = [s.name for s in targets if s.onehot]
        shares = [s.name for s in targets if not s.onehot and "ce" in losses[s.name]]
        return [
            f"ANALYTIC = {self.kernel.analytic}",
            f"TARGETS = {_tuple([s.name for s in targets])}",
            f"ONEHOT = {_tuple(onehot)}",
            f"BETWEEN_0_AND_1 = {_tuple(shares)}",
        ]

    def docstring(self) -> str:
        kernel = self.kernel
        steps = self.program.steps
        title = f"{kernel.name}: forward pass and gradients, {steps} step{'s' * (steps > 1)}."
        gradient = [
            show_definition(d)
            for e in self.system.equations
            if self.system.symbols[e.target.name].role in ("adjoint", "total")
            and e.target.name != self.system.loss
            for d in spell_equation(e)
        ]
        parts = [title, kernel.remark, _indented(kernel.text)]
        if gradient:
            parts += ["Its gradient:", _indented("\n".join(gradient))]
        body = "\n\n".join(part for part in parts if part)
        return f'"""{escaped(body)}\n"""'

    # parameters in one vector

    def layout(self, prefix: str) -> tuple[list[str], str]:
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
        return lines, _wrapped(f"({group}), {{", named, "}")

    def unit(self, name: str) -> str:
        pack = self.places.packs.get(name)
        return self.places.own[f"pack {pack.name}"] if pack else self.python(name)

    # the plan: arrays and views

    def plan(self) -> list[str]:
        program, places = self.program, self.places
        lines: list[str] = []
        dims = ", ".join(places.own[f"dim {name}"] for name in self.dims)
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
        lines += self.arrays()
        lines += [
            f"{name} = np.array({text}, dtype)" for text, name in self.printer.numbers.items()
        ]
        lines += [f"{name} = np.ones({text}, dtype)" for text, name in self.printer.ones.items()]
        views = places.lines + places.step_lines()
        if views:
            lines += ["", "# views", *views]
        for name, original in ((t, o) for o, t in self.printer.turned.items()):
            lines.append(f"{name} = {original}.T if B == 1 else {original}.T.copy()")
        for name, direction in self.printer.loops:
            lines += ["", f"{name} = tuple(", "    zip("]
            lines += [f"        {text}," for text in direction]
            lines += ["        strict=True,", "    )", ")"]
        if "softplus" in self.printer.used:
            lines.append("softplus = _softplus(dtype)")
        if "total" in self.printer.used:
            lines.append("total = np.add.reduce")
        if "highest" in self.printer.used:
            lines.append("highest = np.maximum.reduce")
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
            if array.role in ("parameter",) or (array.role == "gradient" and not array.rows):
                continue
            if name in places.direct:
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
                lines.append(f"{own} = np.empty(({shape}{comma}), dtype)")
            if pack is not None and pack.kind == "blocks":
                first = own if array.steps is None else f"{own}.swapaxes(0, 1)"
                blocks.append(f"{', '.join(self.python(m) for m in pack.members)} = {first}")
        heading = ["# in the place of what is needed no more"] if again else []
        return [*lines, *heading, *again, *blocks]

    def kept(self) -> set[str]:
        return {name for name in self.program.kept if name in self.program.arrays}

    def result(self) -> list[str]:
        places, program = self.places, self.program
        lines = []
        for section in SECTIONS:
            if program.sections.get(section):
                lines.append(f"plan.{section} = {section}")
        outputs = [f'"{s.name}": {places.whole(s.name)}' for s in self.system.outputs]
        lines += _wrapped("plan.outputs = {", outputs, "}").split("\n")
        states = [f'"{name}": {self.final(name, own)}' for name, own in self.groups.items()]
        lines += _wrapped("plan.states = {", states, "}").split("\n")
        if self.system.loss:
            lines.append(f"plan.value = {places.whole(self.system.loss)}")
        grads = [
            f'"{a.of}": {places.whole(a.name)}'
            for a in program.arrays.values()
            if a.of in self.inputs and a.rows
        ]
        lines += _wrapped("plan.grads = {", grads, "}").split("\n")
        return lines

    def final(self, name: str, own: Sequence[str]) -> str:
        """Where a state is after the last step: what the next kernel is to be given."""
        ref = self.kernel.states[name]
        steps = self.program.arrays[ref.name].steps
        assert steps is not None
        shifts = sorted(self.kernel.states[one].shift for one in own)
        if ref.base == "T":
            places = [shift - 1 - steps[0] + 1 for shift in shifts]
        else:
            places = [self.program.steps + shift + 1 - steps[0] for shift in shifts]
        text = self.places.base(Slice((ref.name,), None), lanes=False)
        if len(places) == 1:
            return f"{text}[{places[0]}]"
        return f"{text}[{between(places[0], places[-1] + 1)}]"

    # the passes

    def function(self, section: str) -> Function | None:
        statements = self.program.sections.get(section, ())
        if not statements:
            return None
        printer, places = self.printer, self.places
        printer.section = section
        places.section = section
        places.call_lines = []
        body = list(self.commented(statements))
        reads = {
            name
            for statement in plain(statements)
            for what in statement.reads
            for name in what.names
            if name in self.inputs
        }
        members = {name: key for key, own in self.groups.items() for name in own}
        arguments = list(
            dict.fromkeys(members.get(name, name) for name in self.inputs if name in reads)
        )
        copies = []
        call = [self.python(name) for name in arguments]
        for name in self.inputs:
            if name in self.copied and name in reads and self.first_reader(name) == section:
                argument = self.names.new(f"{self.python(name)}_given")
                copies.append(f"copyto({self.python(name)}, {argument})")
                printer.used.add("copyto")
                arguments = [argument if a == name else a for a in arguments]
        given = [self.python(a) if a in places.own else a for a in arguments]
        lines = [*self.state_lines(reads), *copies, *places.call_lines, *body]
        turned = [
            f"if B > 1:\n    copyto({new}, {old}.T)"
            for old, new in printer.turned.items()
            if new not in self.already_turned
        ]
        self.already_turned |= set(printer.turned.values())
        if turned:
            printer.used.add("copyto")
        ahead = [line for text in turned for line in text.split("\n")]
        return Function(section, given, call, [*ahead, *lines])

    def first_reader(self, name: str) -> str:
        for section in SECTIONS:
            for statement in plain(self.program.sections.get(section, ())):
                if any(name in what.names for what in statement.reads):
                    return section
        return ""

    def state_lines(self, reads: set[str]) -> list[str]:
        """A state of several steps taken apart."""
        lines = []
        for key, own in self.groups.items():
            if len(own) > 1 and reads & set(own):
                names = ", ".join(self.python(name) for name in own)
                lines.append(f"{names} = {self.python(key)}")
        return lines

    def commented(self, statements: Sequence[Statement]) -> Iterator[str]:
        """The lines of a pass, each under the equation that it works out."""
        pending: list[Plain] = []
        for statement in statements:
            if isinstance(statement, Loop):
                yield from self.flushed(pending)
                pending = []
                yield from self.loop(statement)
                continue
            if pending and not set(statement.about.split()) & set(pending[-1].about.split()):
                yield from self.flushed(pending)
                pending = []
            pending.append(statement)
            if self.is_variable(statement):
                yield from self.block(pending, statement, None)
                pending = []
        yield from self.flushed(pending)

    def is_variable(self, statement: Plain) -> bool:
        return any(self.program.arrays[n].role != "scratch" for n in statement.out.names)

    def flushed(self, pending: Sequence[Plain]) -> Iterator[str]:
        if pending:
            about = dict.fromkeys(name for s in pending for name in s.about.split())
            yield f"# for {', '.join(about)}"
            yield from (self.printer.statement(s) for s in pending)

    def block(self, statements: Sequence[Plain], last: Plain, loop: object) -> Iterator[str]:
        inside = [n for s in statements for n in s.about.split() if n not in self.used]
        for name in dict.fromkeys([*inside, *last.out.names]):
            if self.program.arrays[name].role != "scratch":
                yield from self.equation(name, last.out.when)
        yield from (self.printer.statement(s) for s in statements)

    def equation(self, name: str, when: object) -> Iterator[str]:
        """The equation of a variable, as a comment: at a step, or for all."""
        folded = self.kernel.folded
        for equation in folded.equations:
            target = equation.target
            if target.name != name:
                continue
            if isinstance(when, At):
                if target.base == "t" and 1 <= when.step <= self.program.steps:
                    equation = at_one_step(folded, equation, self.program.steps, when.step)
                elif self.kernel_step(target) != when.step:
                    continue
            elif target.base not in ("t", ""):
                continue
            for definition in spell_equation(equation, name == folded.loss):
                if definition.adds and isinstance(when, Now):
                    continue  # it lands at a step that has left the loop
                yield from _comment(show_definition(definition))

    def kernel_step(self, target: Ref) -> int:
        return target.shift + 1 if target.base == "1" else self.program.steps + target.shift

    def loop(self, loop: Loop) -> Iterator[str]:
        inside, lines, body = self.printer.loop(loop)
        ends = (loop.first, loop.last) if loop.direction > 0 else (loop.last, loop.first)
        views = list(inside.views.values())
        yield f"# t = {ends[0]} … {ends[1]}"
        yield from _wrapped("for ", views, f" in {inside.name}:", bare=True).split("\n")
        said: set[str] = set()
        for statement, line in zip(body, lines, strict=True):
            for name in statement.about.split():
                if name not in said:
                    said.add(name)
                    for text in self.equation(name, Now()):
                        yield f"    {text}"
            yield f"    {line}"
        self.printer.loops.append((inside.name, list(inside.views)))


def turned_often(program: Program) -> dict[Slice, bool]:
    """The matrices that are read transposed in a loop, or at more than a few steps."""
    counts: dict[Slice, int] = {}
    for statement in program.statements():
        many = len(statement.steps) if isinstance(statement, Loop) else 1
        for inner in statement.body if isinstance(statement, Loop) else (statement,):
            if isinstance(inner, Product):
                for pair in inner.pairs:
                    if pair.right_turned and pair.right.when is None:
                        counts[pair.right] = counts.get(pair.right, 0) + many
    return {matrix: count >= FEW for matrix, count in counts.items()}


def escaped(text: str) -> str:
    """Text inside of a docstring."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _indented(text: str) -> str:
    return textwrap.indent(text.strip("\n"), "    ").rstrip()


def _axis(width: Width) -> str | int:
    """
    >>> _axis(Width(("H", "K"), 1)), _axis(Width((), 3))
    ('H+K+1', 3)
    """
    if not width.names:
        return width.number
    return "+".join([*width.names, *([str(width.number)] if width.number else [])])


def _tuple(values: Sequence[object]) -> str:
    inside = ", ".join(_literal(value) for value in values)
    return f"({inside}{',' * (len(values) == 1)})"


def _literal(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return _tuple(value) if isinstance(value, tuple) else repr(value)


def _dict(values: Mapping[str, object]) -> str:
    return _wrapped("{", [f'"{key}": {_literal(v)}' for key, v in values.items()], "}")


def _wrapped(left: str, parts: Sequence[str], right: str, bare: bool = False) -> str:
    """Parts between brackets: on one line where they fit, each on its own where they do not."""
    line = f"{left}{', '.join(parts)}{right}"
    if len(line) <= WIDTH - 20 or not parts:
        return line
    opening, closing = ("(", ")") if bare else ("", "")
    inside = "".join(f"    {part},\n" for part in parts)
    return f"{left}{opening}\n{inside}{closing}{right}"


def fitted(line: str, indent: int) -> list[str]:
    """An assignment on as many lines as it needs.

    >>> fitted("a, b = c", 94)
    ['a, b = (', '    c', ')']
    """
    if len(line) + indent <= WIDTH or " = " not in line:
        return [line]
    left, _, right = line.partition(" = ")
    if len(left) + indent + 5 > WIDTH:
        names = [f"    {name}," for name in left.split(", ")]
        return ["(", *names, f") = {right}"]
    call = re.fullmatch(r"(\w[\w.]*)\((.*)\)", right)
    if call is None:
        return [f"{left} = (", f"    {right}", ")"]
    return [f"{left} = {call[1]}(", f"    {call[2]}", ")"]


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, WIDTH - 14, break_long_words=False):
        yield f"# {line}"
