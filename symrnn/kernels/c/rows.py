"""Rows without gaps, in C: how many there are, what goes from step to step, and what is handed in
and out.

Where sequences have lengths of their own, they are put in order, from the longest to the shortest,
and an array that runs over time has its boundaries first, B rows each, and then the rows of step 1,
those of step 2, …: each step those of the sequences that have it. `rows` says which these are
(`templates/c/rows.c.jinja`); the caller knows nothing of them.

    d_h[T] += d_last_h    =>    for (int r = 0; r < B; r++) {
                                    const int row = row_at(rows, r, rows->length[r], 0, 0);
                                    if (row >= 0)
                                        for (int j = 0; j < H; j++)
                                            m->d_h[row][j] += m->d_last_h[r][j];
                                }
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.errors import CheckError
from symrnn.kernels.c.layout import indented, nest
from symrnn.kernels.c.spelling import Spelling, plus
from symrnn.kernels.contract import Contract
from symrnn.kernels.program import program as p
from symrnn.kernels.program.program import plain
from symrnn.language.tree import Ref
from symrnn.system.carriers import SIZE

Value = Callable[[p.Map], str]
"""What a statement works out of one entry."""


@dataclass(frozen=True)
class Result:
    """Something that is handed out in the order of the caller."""

    name: str
    """Its name among the results."""
    arrays: tuple[str, ...]
    """Where it is; of a state of several steps, each of them."""
    timed: bool
    steps: tuple[Ref, ...] = ()
    """Of a final state, the initial ones that it follows."""


@dataclass(frozen=True)
class Rows:
    """Spells what a program with lengths does beside its statements at one step."""

    contract: Contract
    spelling: Spelling

    # between steps

    def across(self, statement: p.Map, value: Value) -> list[str]:
        """A statement that knows where sequences begin and end."""
        out, arg = statement.out, statement.args[0]
        if statement.op == "land":
            return self.land(statement, value)
        assert isinstance(arg, p.Slice)
        match out.when, arg.when:
            case p.Span(first=first), p.Span(first=other):
                begin = self.begin(out, arg, other - first)
                if statement.op == "begin":
                    return [begin]
                return [begin, self.call("copy_steps", str(other - first), out=out, of=arg)]
            case p.Now(), p.Now(shift=shift):
                return [self.call("copy_step", "t", str(shift), out=out, of=arg)]
            case p.Span(), None:
                return [self.call("spread", out=out, of=arg)]
            case None, p.At() | p.End():
                return self.pick(arg, self.spelling.entry(out))
        raise CheckError(f"{out.name} is copied from {arg.name} at {arg.when}")

    def sum_steps(self, statement: p.Reduce) -> list[str]:
        return [self.call("sum_steps", out=statement.out, of=statement.arg)]

    def call(self, function: str, *more: str, out: p.Slice, of: p.Slice) -> str:
        """A call from the first row of one array to the first row of another."""
        width = self.spelling.width(self.spelling.features(out))
        ends = (f"{self.first(one)}, {self.lead(one)}" for one in (of, out))
        return f"{function}({', '.join(['rows', *more, width, *ends])});"

    def begin(self, out: p.Slice, of: p.Slice, shift: int) -> str:
        """What stands beyond the ends: a boundary, or nothing."""
        before, behind = self.spelling.fronts(of.name)
        array = self.spelling.program.arrays[of.name]
        whole = f"&{self.spelling.member(of.name)}[0]" + "[0]" * (array.classes is None)
        width = self.spelling.width(self.spelling.features(out))
        nothing = "0" if array.classes is None else "-1"
        return (
            f"begin(rows, {shift}, {before}, {behind}, {nothing}, {width}, {whole},"
            f" {self.lead(of)}, {self.first(out)}, {self.lead(out)});"
        )

    def first(self, what: p.Slice) -> str:
        every = what.when is not None
        return self.spelling.first(replace(what, when=p.Span(1, 1)) if every else what)

    def lead(self, what: p.Slice) -> str:
        return self.spelling.width(self.spelling.program.arrays[what.name].width)

    def row_at(self, what: p.Slice, fronts: tuple[int, int]) -> str:
        match what.when:
            case p.At(step=step):
                at = str(step)
            case p.End(shift=shift):
                at = plus("rows->length[r]", shift)
            case _:
                raise CheckError(f"{what.name} is at no step of its own")
        return f"const int row = row_at(rows, r, {at}, {fronts[0]}, {fronts[1]});"

    def pick(self, what: p.Slice, into: str) -> list[str]:
        """Of each sequence what stands at one step, counted from its first or its last."""
        at = self.row_at(what, self.spelling.fronts(what.name))
        entry = self.spelling.entry_of(what, ["row"])
        line = f"{into} = row < 0 ? 0 : {entry};"
        return self.each_sequence([at, *nest(self.features(what), [line])])

    def land(self, statement: p.Map, value: Value) -> list[str]:
        """What is added at one step of each sequence that has it."""
        out = statement.out
        added = value(replace(statement, op="copy", args=statement.args[:1]))
        entry = self.spelling.entry(replace(out, when=p.Span(1, 1)), "row")
        add = nest(self.features(out), [f"{entry} += {added};"])
        return self.each_sequence([self.row_at(out, (0, 0)), "if (row >= 0)", *indented(add)])

    def each_sequence(self, lines: list[str]) -> list[str]:
        return nest([("r", self.spelling.sequences)], lines)

    def features(self, what: p.Slice) -> list[tuple[str, str]]:
        if self.spelling.program.arrays[what.name].classes is not None:
            return []
        width = self.spelling.width(self.spelling.features(what))
        return [("j", width)] if width != "1" else []

    # what is handed in

    def taken(self, section: str) -> Iterator[str]:
        """The lines that put in order what a section is the first to read."""
        program = self.spelling.program
        before: set[str] = set()
        for name in p.SECTIONS:
            reads = {
                what.name
                for statement in plain(program.sections.get(name, ()))
                for what in statement.reads
            }
            if name == section:
                yield from self.lines_that_take(reads - before)
            before |= reads

    def lines_that_take(self, names: set[str]) -> Iterator[str]:
        for name in self.contract.inputs:
            if name in names and self.spelling.is_put_in_order(name):
                array = self.spelling.program.arrays[name]
                into = self.spelling.first(p.Slice((name,), p.Span(1, 1)))
                given, timed = self.given(name), array.steps is not None
                how = "take_steps" if timed else "take"
                yield f"{how}(rows, {self.lead(p.Slice((name,)))}, {given}, {into});"
        if SIZE in names:
            size = self.spelling.own[SIZE]
            yield f"for (int r = 0; r < {self.spelling.sequences}; r++)"
            yield f"    m->{size}[r][0] = (real)rows->length[r];"

    def given(self, name: str) -> str:
        """Where something that is handed in begins."""
        axes = len(self.spelling.shape_given(name))
        key = self.contract.members.get(name, name)
        many = self.contract.groups.get(key, ())
        member = f"in->{self.spelling.own.get(key, key)}"
        place = f"[{many.index(name)}]" if len(many) > 1 else ""
        return f"&{member}{place}{'[0]' * axes}"

    # what is handed out

    def results(self) -> dict[str, list[Result]]:
        """What is handed out behind each section."""
        contract, arrays = self.contract, self.spelling.program.arrays
        states = contract.kernel.states
        outputs = [
            Result(s.name, (s.name,), arrays[s.name].steps is not None)
            for s in contract.system.outputs
        ]
        finals = [
            Result(key, tuple(states[one].name for one in own), False, self.lags(own))
            for key, own in contract.groups.items()
        ]
        grads = [
            Result(f"d_{key}", tuple(own), arrays[own[0]].steps is not None)
            for key, own in contract.by_input.items()
        ]
        return {"forward": [*outputs, *finals], "backward": grads}

    def lags(self, own: Sequence[str]) -> tuple[Ref, ...]:
        refs = (self.contract.kernel.states[one] for one in own)
        return tuple(sorted(refs, key=lambda ref: ref.shift))

    def axes(self, result: Result) -> list[str]:
        """The axes of a result, as they are without lengths."""
        array = self.spelling.program.arrays[result.arrays[0]]
        lags = [str(len(result.arrays))] if len(result.arrays) > 1 else []
        steps = ["T"] if result.timed else []
        return [*lags, *steps, self.spelling.batch, *map(self.spelling.width, array.shape)]

    def given_back(self, section: str) -> Iterator[str]:
        """The lines that put results in the order of the caller."""
        for result in self.results().get(section, []):
            for place, name in enumerate(result.arrays):
                lag = f"[{place}]" if len(result.arrays) > 1 else ""
                out = f"m->out.{self.names[result.name]}{lag}"
                if result.steps:
                    yield from self.final(result.steps[place], out)
                    continue
                what = p.Slice((name,), p.Span(1, 1))
                zeros = "[0]" * (3 if result.timed else 2)
                how = "give_steps" if result.timed else "give"
                width = self.lead(what)
                yield f"{how}(rows, {width}, {self.spelling.first(what)}, &{out}{zeros});"

    def final(self, ref: Ref, out: str) -> list[str]:
        """A state after the last step of each sequence; or its first one, if it runs backwards."""
        when = p.At(ref.shift) if ref.base == "T" else p.End(ref.shift + 1)
        what = p.Slice((ref.name,), when)
        by_id = self.spelling.program.arrays[ref.name].classes is not None
        inner = "" if by_id else "[j]" if self.features(what) else "[0]"
        return self.pick(what, f"{out}[rows->order[r]]{inner}")

    @property
    def names(self) -> dict[str, str]:
        """The names of results in C."""
        every = [result.name for each in self.results().values() for result in each]
        return {name: self.spelling.own.get(name, name) for name in every}


def code(lines: Sequence[str]) -> str:
    """Lines without those that are comments."""
    return "\n".join(line for line in lines if not line.strip().startswith("/*"))


def asks(lines: Sequence[str], name: str) -> bool:
    """Whether lines read a variable of this name; a member of a struct is none."""
    return re.search(rf"(?<![>.])\b{name}\b", code(lines)) is not None


def counted(body: Sequence[str]) -> list[str]:
    """Which rows the step of a loop has, as far as its body asks."""
    asked = [name for name in ("start", "alive") if asks(body, name)]
    first = "rows->first[t - 1]"
    each = {"start": f"start = {first}", "alive": f"alive = rows->first[t] - {first}"}
    if len(asked) == 2:
        each["alive"] = "alive = rows->first[t] - start"
    return [f"const int {', '.join(each[name] for name in asked)};"] if asked else []


def counts(spelling: Spelling, section: str, body: Sequence[str]) -> list[str]:
    """What a function must know before of how many rows there are, as far as it asks."""
    if not (spelling.ragged or spelling.any_batch):
        return []
    given = f"within(in->batch, {spelling.batch})" if spelling.any_batch else spelling.batch
    if not spelling.ragged:
        return [f"const int b = {given};"] if asks(body, "b") else []
    lines = [f"put_in_order(&m->rows, in->lengths, {given});"] if section == "forward" else []
    known = {
        "b": "rows->sequences",
        "steps": "rows->steps",
        "total": "rows->first[rows->steps]",
    }
    found = [f"{name} = {value}" for name, value in known.items() if asks(body, name)]
    if found or asks(body, "rows"):
        lines.append("const row_table *rows = &m->rows;")
    return [*lines, *([f"const int {', '.join(found)};"] if found else [])]
