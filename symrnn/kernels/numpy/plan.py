"""A plan as a NumPy function: arrays and views that are made once, and the sections over them.

A program goes through three pure functions: `spelled` says each statement as a call, `allot` gives
names to what calls work on, and what is here lays both out as lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from symrnn.frame import render
from symrnn.kernels.comments import Block, LoopBlock, commented
from symrnn.kernels.contract import Contract
from symrnn.kernels.lines import fitted, wrapped
from symrnn.kernels.numpy.allot import Allotted, Lines, LoopLines, Spelled, allot
from symrnn.kernels.numpy.places import Places
from symrnn.kernels.numpy.rows import PackedPlaces, PackedSpeller
from symrnn.kernels.numpy.statements import ALIASES, HELPERS, Speller, header, turned_often
from symrnn.kernels.plans import PlanRequest, PlanText
from symrnn.kernels.program.program import Array, Loop, Program, Slice
from symrnn.kernels.sections import (
    Place,
    Section,
    copied_inputs,
    final_states,
    handed_out,
    names_in_use,
    with_gaps,
)
from symrnn.system.carriers import SIZE

NOTHING = "pass  # no outputs, no states"


def plan(request: PlanRequest) -> PlanText:
    """The function that makes the plan."""
    return _Plan(request).text()


@dataclass(frozen=True)
class _Plan:
    request: PlanRequest

    @property
    def contract(self) -> Contract:
        return self.request.contract

    @property
    def program(self) -> Program:
        return self.contract.kernel.program

    @cached_property
    def places(self) -> Places:
        own = self.request.own
        if self.program.ragged:
            return PackedPlaces(self.program, own)
        direct = frozenset(self.contract.inputs) - copied_inputs(self.contract)
        return Places(self.program, own, direct)

    @cached_property
    def finals(self) -> Mapping[str, Place]:
        return {} if self.program.ragged else final_states(self.contract)

    @cached_property
    def stacked(self) -> dict[str, list[str]]:
        """The gradients by states of several steps, each with the arrays of its single steps."""
        groups, found = self.contract.groups, self.contract.by_input
        return {key: own for key, own in found.items() if len(groups.get(key, ())) > 1}

    @cached_property
    def sections(self) -> Mapping[str, Section]:
        return {section.name: section for section in self.request.sections}

    @cached_property
    def allotted(self) -> Allotted:
        """The calls of all sections, with names for what they work on."""
        own = self.places.own
        extra = {
            **{k: f"{own[k]}_last" for k, final in self.finals.items() if final.overwritten},
            **{f"d {key}": f"d_{own[key]}_steps" for key in self.stacked},
        }
        often = turned_often(self.program)
        spelled = [self.spelled(section, often) for section in self.sections.values()]
        return allot(self.places, spelled, extra)

    def spelled(self, section: Section, often: Mapping[Slice, bool]) -> Spelled:
        """A section as calls."""
        made = PackedSpeller if self.program.ragged else Speller
        gaps = with_gaps(self.contract)

        def spell(loop: Loop | None) -> Speller:
            return made(self.places, often, section.made, gaps, loop)

        calls = tuple(
            tuple(map(spell(one).statement, one.body))
            if isinstance(one, Loop)
            else spell(None).statement(one)
            for one in section.statements
        )
        return Spelled(section.name, calls, section.copied)

    def text(self) -> PlanText:
        request = self.request
        ragged = self.program.ragged
        ahead = ["B, N = rows.batch, rows.total"] if ragged else []
        lines = [*ahead, *(piece for line in self.made() for piece in fitted(line, 4))]
        functions = [self.function(section) for section in self.sections.values()]
        text = render(
            "numpy/plan.py.jinja",
            signature=request.signature,
            about="The arrays for sequences of these lengths, and the passes over them."
            if ragged
            else request.about,
            lines=lines,
            functions=functions,
            result=self.result(),
        )
        uses = self.allotted.uses - {"rows"}
        copies = any(s.copied or self.copies(s.name) for s in self.sections.values())
        if copies or self.allotted.turned:
            uses |= {"copyto"}
        return PlanText(text.rstrip("\n"), uses - HELPERS, uses & HELPERS)

    def loops(self) -> Iterator[tuple[str, LoopLines]]:
        for name, lines in self.allotted.sections.items():
            for one in lines.lines:
                if isinstance(one, LoopLines):
                    yield name, one

    # sections

    def function(self, section: Section) -> "Function":
        """A section as a function."""
        lines, own = self.allotted.sections[section.name], self.places.own
        given = [lines.handed_in.get(name, own[name]) for name in section.given]
        body = [
            *(f"    copyto({new}, {old}.T)" for old, new in lines.turned.items()),
            *(
                f"{', '.join(own[name] for name in members)} = {own[key]}"
                for key, members in section.apart.items()
            ),
            *(f"copyto({own[name]}, {new})" for name, new in lines.handed_in.items()),
            *lines.views,
            *self.body(section, lines),
            *self.copies(section.name),
        ]
        for place in range(len(lines.turned)):
            body.insert(2 * place, "if B > 1:")
        return Function(section.called, ", ".join(given), tuple(body or [NOTHING]))

    def body(self, section: Section, lines: Lines) -> Iterator[str]:
        """The calls under their comments."""
        left = iter(lines.lines)
        for block in commented(self.contract.kernel, section.statements):
            yield from (f"# {said}" for said in block.said)
            match block:
                case Block(statements=statements):
                    yield from (line for _ in statements if isinstance(line := next(left), str))
                case LoopBlock():
                    loop = next(left)
                    assert isinstance(loop, LoopLines)
                    yield from self.loop(block, loop)

    def loop(self, block: LoopBlock, loop: LoopLines) -> Iterator[str]:
        if self.contract.kernel.forward_only:
            yield from header(loop.views, len(block.loop.steps))
        else:
            names = list(loop.views.values())
            yield from wrapped("for ", names, f" in {loop.name}:", bare=True).split("\n")
        for said, line in zip(block.inside, loop.lines, strict=True):
            yield from (f"    # {text}" for text in said)
            yield f"    {line}"

    def copies(self, section: str) -> list[str]:
        """What is copied at the end of a section: states that the next call overwrites, and the
        gradients by several steps of a state."""
        names = self.allotted.extra
        if section == "forward":
            return [
                f"copyto({names[key]}, {self.view(final)})"
                for key, final in self.finals.items()
                if final.overwritten
            ]
        if section == "backward":
            return [
                f"copyto({names[f'd {key}']}[{step}], {self.places.whole(one)})"
                for key, own in self.stacked.items()
                for step, one in enumerate(own)
            ]
        return []

    # what is made once

    def made(self) -> list[str]:
        """The lines that make arrays, numbers and views."""
        own, allotted = self.places.own, self.allotted
        lines = [*self.vectors()]
        lines += [f'{own[name]} = fixed["{name}"]' for name in self.contract.fixed]
        lines += self.arrays()
        lines += [f"{name} = np.array({text}, dtype)" for text, name in allotted.numbers.items()]
        lines += [f"{name} = np.ones({text}, dtype)" for text, name in allotted.ones.items()]
        if allotted.views:
            lines += ["", "# views", *allotted.views]
        for old, new in allotted.turned.items():
            lines.append(f"{new} = {old}.T if B == 1 else {old}.T.copy()")
        for _, loop in self.loops():
            if not self.contract.kernel.forward_only:
                lines += ["", f"{loop.name} = tuple(", "    zip("]
                lines += [f"        {text}," for text in loop.views]
                lines += ["        strict=True,", "    )", ")"]
        lines += [
            f"{allotted.extra[key]} = {self.view(final)}.copy()"
            for key, final in self.finals.items()
            if final.overwritten
        ]
        for key, members in self.stacked.items():
            width = self.places.width(self.places.array(members[0]).width)
            count = len(self.contract.groups[key])
            lines.append(f"{allotted.extra[f'd {key}']} = np.empty(({count}, B, {width}), dtype)")
        aliases = {name: text for name, text in ALIASES.items() if name in allotted.uses}
        return [*lines, *(f"{name} = {text}" for name, text in aliases.items())]

    def vectors(self) -> Iterator[str]:
        """The vectors of parameters and of gradients, taken apart."""
        parameters = [s.name for s in self.contract.system.named("parameter")]
        if not parameters:
            return
        found = {a.of: a.name for a in self.program.arrays.values() if a.role == "gradient"}
        wanted = {"theta": parameters}
        if all(name in found for name in parameters):
            wanted["dtheta"] = [found[name] for name in parameters]
        for vector, names in wanted.items():
            units = list(dict.fromkeys(map(self.places.unit, names)))
            group = ", ".join(units) + "," * (len(units) == 1)
            yield f"({group}), _ = {self.request.lay_out}({vector}{self.request.dims_after})"

    def arrays(self) -> list[str]:
        """The arrays that are made: variables and what is needed on the way."""
        program, places = self.program, self.places
        lines: list[str] = []
        again: list[str] = []
        blocks: list[str] = []
        done: set[str] = set()
        packs = {pack.name: pack for pack in program.packs}
        wanted = names_in_use(program) | (program.kept & program.arrays.keys())
        for name, array in program.arrays.items():
            given = array.role in ("parameter", "fixed", "gradient") or name in places.direct
            if name not in wanted or given:
                continue
            pack = places.pack(name)
            key = pack.name if pack else name
            if key in done:
                continue
            done.add(key)
            own = places.unit(name)
            place = program.shared.get(key)
            if place is not None:
                member = packs[place].members[0] if place in packs else place
                again.append(f"{own} = {places.unit(member)}")
            else:
                shape = ", ".join(places.shape(name))
                comma = "," if ", " not in shape else ""
                lines.append(f"{own} = {self.empty(array, f'({shape}{comma})')}")
            if pack is not None and pack.kind == "blocks":
                time_first = places.time_first and array.places is not None
                first = f"{own}.swapaxes(0, 1)" if time_first else own
                blocks.append(f"{', '.join(places.own[m] for m in pack.members)} = {first}")
        heading = ["# in the place of what is needed no more"] if again else []
        return [*lines, *heading, *again, *blocks]

    def empty(self, array: Array, shape: str) -> str:
        """A new array."""
        if array.classes is not None:
            return f"np.empty({shape}, np.intp)"
        return f"empty({shape})" if self.program.ragged else f"np.empty({shape}, dtype)"

    # what the plan holds

    def result(self) -> list[str]:
        own, program, contract = self.places.own, self.program, self.contract
        lines = [f"plan.{s.called} = {s.called}" for s in self.sections.values()]
        outputs = {s.name: self.handed_out(s.name) for s in contract.system.outputs}
        lines += _dict("plan.outputs", outputs)
        lines += _dict("plan.states", {key: self.final(key) for key in contract.groups})
        if program.ragged:
            used = names_in_use(program)
            given = {n: own[n] for n in (*contract.inputs, SIZE) if n in used}
            lines += ["plan.rows = rows", *_dict("plan.given", given)]
        if contract.system.loss:
            lines.append(f"plan.value = {self.places.whole(contract.system.loss)}")
        if contract.kernel.forward_only or contract.kernel.one_step:
            return [*lines, "plan.grads = {}"]
        grads = {
            key: self.allotted.extra.get(f"d {key}") or self.handed_out(members[0])
            for key, members in contract.by_input.items()
        }
        by_fixed = {
            a.of: own[a.name]
            for a in program.arrays.values()
            if a.of in contract.fixed and a.role != "scratch"
        }
        if program.ragged:
            more = _dict("plan.grads", by_fixed) if by_fixed else []
            return [*lines, *_dict("plan.packed", grads), *more]
        return [*lines, *_dict("plan.grads", {**grads, **by_fixed})]

    def handed_out(self, name: str) -> str:
        """An array as the caller sees it."""
        if self.program.ragged:
            return self.places.whole(name)
        return self.view(handed_out(self.contract, name))

    def view(self, place: Place) -> str:
        return self.places.base(Slice((place.array,)), blocks=False) + place.index

    def final(self, key: str) -> str:
        """A state after the last step."""
        if isinstance(self.places, PackedPlaces):
            states = self.contract.kernel.states
            return self.places.final([states[one] for one in self.contract.groups[key]])
        return self.allotted.extra.get(key) or self.view(self.finals[key])


@dataclass(frozen=True)
class Function:
    """A section as it is printed."""

    name: str
    arguments: str
    lines: tuple[str, ...]


def _dict(name: str, items: Mapping[str, str]) -> list[str]:
    """An assignment of a dictionary."""
    texts = [f'"{key}": {text}' for key, text in items.items()]
    return wrapped(f"{name} = {{", texts, "}").split("\n")
