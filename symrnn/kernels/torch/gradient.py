"""The function that carries cotangents back, as it is printed: what serves one gradient alone is
worked out only where that gradient is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from symrnn.kernels.lines import wrapped
from symrnn.kernels.program.program import End, Loop, Span, Statement, plain
from symrnn.kernels.torch.body import Body
from symrnn.kernels.torch.function import Argument, TensorFunction, assigned, tuple_of
from symrnn.kernels.torch.units import Units


@dataclass(frozen=True)
class GradientFunction:
    """What is printed for the way back of a function."""

    function: TensorFunction

    @property
    def units(self) -> Units:
        return self.function.units

    def lines(self) -> list[str]:
        """Its lines."""
        function = self.function
        own, kept, outputs = function.own, function.kept, function.outputs
        body, read = function.body(), function.names_of(function.back)
        for unit in kept:
            body.place(unit).whole = unit.name
        lines = list[str]()
        for names, source in (
            ([unit.name for unit in kept], "kept"),
            ([own[name] if function.is_saved(name) else "_" for name in outputs], "outputs"),
            ([own[name] if name else "_" for name in function.cotangents], "cotangents"),
        ):
            shown = [name if name in read else "_" for name in names]
            if source == "cotangents" and function.weight and shown != ["_"]:
                lines.append(f"{shown[0]} = cotangents[0].reshape(1)")
            elif set(shown) - {"_"}:
                lines.append(assigned(shown, source))
        results = [name for name in outputs if function.is_saved(name)]
        for name in (*results, *filter(None, function.cotangents)):
            body.place(self.units.of[name]).whole = own[name]
        function.begin(body, read)
        self.guarded(body)
        grads = [text for a in function.arguments for text in self.gradient(body, a)]
        grads += ["None"] * function.program.ragged
        returned = wrapped("return (", grads, ",)" if len(grads) == 1 else ")").split("\n")
        return [
            *function.sizes(),
            *function.unpacked(read - {unit.name for unit in kept}, body.like),
            *lines,
            *function.called(body),
            *body.lines,
            *returned,
        ]

    def guarded(self, body: Body) -> None:
        """The statements, those that serve one gradient alone only where it is asked for."""
        serves = self.serves()
        body.section([s for s in self.function.back if serves.get(id(s), "") is None], kept=False)
        place = 0
        for argument in self.function.arguments:
            own = [s for s in self.function.back if serves.get(id(s)) == argument.unit.name]
            if own:
                self.block(body, argument, place, own)
            place += len(argument.names)

    def block(self, body: Body, argument: Argument, place: int, own: Sequence[Statement]) -> None:
        """Statements for one gradient."""
        unit = self.units.of[argument.gradient]
        made = {self.units.unit(s.out).name for s in plain(tuple(own))}
        for statement in plain(tuple(own)):
            for what in statement.reads:
                if isinstance(what.when, End):
                    what = replace(what, when=Span(1, self.function.program.steps))
                if not made & {unit.name for unit in self.units.units(what)}:
                    body.read(what)  # others may need it, too
        before = len(body.lines)
        body.section(own)
        body.all_of(unit, None)
        names, need = [unit.name], f"need[{place}]"
        if argument.in_pieces:
            names = self.taken_apart(body, argument)
            need = f"any(need[{place}:{place + len(names)}])"
        inside = body.lines[before:]
        del body.lines[before:]
        body.lines += [f"{' = '.join(names)} = None", f"if {need}:"]
        body.lines += [f"    {line}" for line in inside]

    def serves(self) -> dict[int, str | None]:
        """For each statement that some gradient needs, the one argument whose gradient it is; None
        where there are more, and for loops and what they read."""
        grads = {
            self.units.of[a.gradient].name: a.unit.name
            for a in self.function.arguments
            if a.gradient
        }
        wanted: dict[str, set[str]] = {unit: {name} for unit, name in grads.items()}
        found: dict[int, str | None] = {}
        for _ in range(2):  # a loop reads what a later one of its statements writes
            for statement in reversed(self.function.back):
                body = statement.body if isinstance(statement, Loop) else (statement,)
                outs = {self.units.unit(inner.out).name for inner in body}
                every = set[str]().union(*(wanted.get(name, set()) for name in outs))
                if not every:
                    continue
                if isinstance(statement, Loop):
                    every |= {"a loop", "always"}
                for inner in body:
                    for what in inner.reads:
                        for unit in self.units.units(what):
                            wanted.setdefault(unit.name, set()).update(every)
                found[id(statement)] = next(iter(every)) if len(every) == 1 else None
        return found

    def taken_apart(self, body: Body, argument: Argument) -> list[str]:
        """The gradients of neighbours, each by itself."""
        unit = self.units.of[argument.gradient]
        if argument.unit.name not in body.apart:
            names = [self.function.own[name] for name in unit.members]
            widths = [self.units.sum([name]) for name in unit.members]
            text = body.all_of(unit, None)
            body.put(f"{', '.join(names)} = {text}.split_with_sizes({tuple_of(widths)}, -1)")
            body.apart[argument.unit.name] = names
        return body.apart[argument.unit.name]

    def gradient(self, body: Body, argument: Argument) -> list[str]:
        """What is handed back for an argument: for neighbours one by one."""
        if not argument.gradient:
            return ["None"] * len(argument.names)
        if argument.in_pieces:
            return self.taken_apart(body, argument)
        unit = self.units.of[argument.gradient]
        text = body.all_of(unit, None)
        if unit.timed and self.function.program.ragged:
            return [f"None if {text} is None else torch.where(alive, {text}, 0)"]
        return [text]
