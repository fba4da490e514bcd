"""The functions that a file is made of: each a program, as the lines of one function or two."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symrnn.kernels.comments import equations
from symrnn.kernels.contract import Contract, Kernel
from symrnn.kernels.jax.context import GIVEN, Context
from symrnn.kernels.jax.live import live
from symrnn.kernels.jax.loops import write_section
from symrnn.kernels.jax.names import OwnNames
from symrnn.kernels.jax.outer import Outer
from symrnn.kernels.jax.spelling import laid_out
from symrnn.kernels.program import program as p


@dataclass(frozen=True)
class Results:
    """What a function hands back: a value, or dictionaries of them; of a state of several steps
    one for each."""

    groups: tuple[Mapping[str, Sequence[p.Slice | None]], ...] = ()
    """Dictionaries, by the names of their entries; None where there is none."""
    value: p.Slice | None = None

    def slices(self) -> Iterator[p.Slice]:
        if self.value is not None:
            yield self.value
        for group in self.groups:
            for found in group.values():
                yield from (what for what in found if what is not None)


@dataclass(frozen=True)
class Pass:
    """The body of a function."""

    lines: tuple[str, ...]

    @property
    def text(self) -> list[str]:
        return [f"    {line}" if line else "" for line in self.lines]


class Passes:
    """The forward pass of a program, and its backward pass."""

    def __init__(
        self,
        kernel: Kernel,
        dims: Sequence[str],
        ahead: Results,
        back: Results | None = None,
        cotangents: Mapping[str, str] | None = None,
        no_steps: bool = False,
    ) -> None:
        self.kernel, self.ahead, self.back = kernel, ahead, back
        self.program, self.contract = kernel.program, Contract(kernel)
        self.cotangents = dict(cotangents or {})
        wanted = [*ahead.slices(), *(back.slices() if back is not None else ())]
        self.context = Context(
            self.program,
            OwnNames(self.program, dims),
            lambda name, when: equations(kernel, name, when),
            live(self.program, wanted),
            wanted,
            no_steps,
        )

    def made(self) -> tuple[Pass, Pass | None]:
        """Both functions."""
        ahead = Outer(self.context)
        write_section(ahead, "forward")
        write_section(ahead, "loss")
        result = self.result(self.ahead, ahead)
        if self.back is None:
            return Pass((*self.header(ahead), *ahead.lines, *laid_out(f"return {result}"))), None
        back = Outer(self.context, before=ahead)
        write_section(back, "backward")
        grads = self.groups(self.back, back)
        kept = ["params", "given", *ahead.kept]
        cotangents = ["outputs, states = cotangents"] if self.ahead.groups else []
        return (
            Pass((*self.header(ahead), *ahead.lines, *self.handed_on(kept, result))),
            Pass(
                (
                    *laid_out(f"{', '.join(kept)} = kept"),
                    *cotangents,
                    *self.header(back),
                    *back.lines,
                    *laid_out(f"d_params = {grads[0]}"),
                    *laid_out(f"d_given = {grads[1]}"),
                    "return d_params, d_given",
                )
            ),
        )

    def handed_on(self, kept: Sequence[str], result: str) -> list[str]:
        bracketed = f"({result})" if self.ahead.groups else result
        lines = laid_out(f"kept = ({', '.join(kept)})")
        return [*lines, *laid_out(f"return {bracketed}, kept")]

    # what is handed out

    def result(self, results: Results, scope: Outer) -> str:
        if results.value is not None:
            return f"{scope.value(results.value, alone=True).text}[0]"
        return ", ".join(self.groups(results, scope))

    def groups(self, results: Results, scope: Outer) -> list[str]:
        return [self.dictionary(group, scope) for group in results.groups]

    def dictionary(self, group: Mapping[str, Sequence[p.Slice | None]], scope: Outer) -> str:
        entries: list[str] = []
        for key, slices in group.items():
            texts = [scope.value(what).text for what in slices if what is not None]
            if not texts:
                entries.append(f'"{key}": None')
            elif len(slices) == 1:
                entries.append(f'"{key}": {texts[0]}')
            else:
                entries.append(f'"{key}": jnp.stack([{", ".join(texts)}])')
        return f"{{{', '.join(entries)}}}"

    # what comes in

    def header(self, scope: Outer) -> list[str]:
        """The lines that take parameters and inputs apart, as far as they are used."""
        text = "\n".join(scope.lines)
        names = self.context.names
        dims = [dim for dim, own in names.dims.items() if _mentions(text, own)]
        lines: list[str] = []
        sizes: list[str] = []
        if _mentions(text, "B"):
            sizes.append(f"B = {self.size('B', scope)}")
        sizes += [f"{names.dims[dim]} = {self.size(names.dims[dim], scope)}" for dim in dims]
        if _mentions(text, "like"):
            given = list(scope.used) or [
                n for n, a in self.program.arrays.items() if a.role in GIVEN and a.classes is None
            ]
            real = [n for n in given if self.program.arrays[n].classes is None]
            scope.used.setdefault(real[0], None)
            sizes.append(f"like = {names.own[real[0]]}")
        used = [name for name in self.program.arrays if name in scope.used]
        params = [
            n
            for n in used
            if self.program.arrays[n].role in ("parameter", "fixed") and n not in self.cotangents
        ]
        lines += self.taken(params, "params", list(self.contract.tables()["PARAMS"]))
        lines += self.inputs([n for n in used if n not in params])
        return [*lines, *sizes]

    def taken(self, used: Sequence[str], source: str, every: Sequence[str]) -> list[str]:
        own = self.context.names.own
        if not used:
            return []
        if len(used) == len(every) > 1 and list(used) == list(every):
            left = ", ".join(own[name] for name in used)
            return laid_out(f"{left} = (params[name] for name in PARAMS)")
        return [f'{own[name]} = {source}["{name}"]' for name in used]

    def inputs(self, used: Sequence[str]) -> list[str]:
        own, members = self.context.names.own, self.contract.members
        lines: list[str] = []
        done: set[str] = set()
        for name in used:
            if name in self.cotangents:
                if own[name] != self.cotangents[name]:
                    lines.append(f"{own[name]} = {self.cotangents[name]}")
                continue
            key = members.get(name, name)
            group = self.contract.groups.get(key, (key,))
            if key in done:
                continue
            done.add(key)
            left = ", ".join(own.get(one, "_") for one in group)
            lines.append(f'{left} = given["{key}"]')
        return lines

    def size(self, wanted: str, scope: Outer) -> str:
        """A size as an axis of something that is given."""
        arrays = self.program.arrays
        given = [n for n, a in arrays.items() if a.role in GIVEN and n not in self.cotangents]
        for name in [*scope.used, *given]:
            if name not in given:
                continue
            array = arrays[name]
            when = p.Span(*array.steps) if array.steps and not self.context.no_steps else None
            axes = self.context.axes(p.Slice((name,), when))
            if wanted in axes:
                scope.used.setdefault(name, None)
                return f"{self.context.names.own[name]}.shape[{axes.index(wanted)}]"
        return f'sizes["{wanted}"]'


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.\"]){re.escape(name)}(?![\w\"])", text) is not None
