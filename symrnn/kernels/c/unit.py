"""The header and the source file of a kernel: its structs and its functions.

A kernel is one struct of parameters, and for whole sequences and for single steps a struct of what
is handed in and one of memory, with functions over them. Nothing is allocated, and nothing stands
outside of the structs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from symrnn.frame import render
from symrnn.kernels.c.spelling import Spelling, c_names
from symrnn.kernels.c.statements import Writer, indented, laid_out, nest
from symrnn.kernels.contract import Contract, Kernel
from symrnn.kernels.program.program import SECTIONS
from symrnn.kernels.settings import Sizes

STRUCT = {"forward": "m p in", "loss": "m p in", "backward": "m p g in"}
"""The structs that a function takes."""


@dataclass(frozen=True)
class Work:
    """What is done with one pair of structs: whole sequences, or one step of them."""

    kernel: Kernel
    dims: tuple[str, ...]
    prefix: str
    """What the names of its structs and functions begin with."""
    macro: str
    """What the names of sizes begin with."""

    @cached_property
    def contract(self) -> Contract:
        return Contract(self.kernel)

    @cached_property
    def spelling(self) -> Spelling:
        own = c_names(self.kernel.program, self.dims)
        groups = {k: tuple(own) for k, own in self.contract.groups.items() if len(own) > 1}
        return Spelling(self.kernel.program, own, groups)

    @cached_property
    def writer(self) -> Writer:
        return Writer(self.kernel, self.spelling)

    @property
    def sections(self) -> list[str]:
        program = self.kernel.program
        return [n for n in SECTIONS if program.sections.get(n) or n == "forward"]

    def called(self, section: str) -> str:
        return "step" if self.kernel.one_step else section

    # structs: the names of members, and their axes

    @property
    def params(self) -> list[str]:
        return [symbol.name for symbol in self.kernel.system.named("parameter")]

    @property
    def inputs(self) -> list[tuple[str, list[str]]]:
        """What is handed in, each with its axes; a state of several steps is one member."""
        members = self.contract.members
        arrays = self.kernel.program.arrays
        found: dict[str, list[str]] = {}
        for name in [*self.contract.inputs, *self.contract.fixed]:
            if name not in arrays:
                continue
            key = members.get(name, name)
            many = self.spelling.groups.get(key, ())
            axes = self.spelling.shape(name)
            found.setdefault(key, [str(len(many)), *axes] if many else axes)
        return list(found.items())

    @property
    def memory(self) -> list[tuple[str, list[str]]]:
        """What is worked out, the commonest widths first: a number by itself between two matrices
        would push the second one off the place where lines of the cache begin."""
        found = [(name, self.spelling.shape(name)) for name in self.writer.grouping.in_memory]
        often = Counter(axes[-1] for _, axes in found)
        return sorted(found, key=lambda member: -often[member[1][-1]])

    def lines(self, members: Sequence[tuple[str, list[str]]]) -> list[str]:
        """The members of a struct, as they are declared in the header."""
        sizes = {self.spelling.own[f"dim {n}"]: f"{self.macro}_{n}" for n in self.dims}
        sizes |= {"B": f"{self.macro}_B", "T": f"{self.macro}_T"}

        def size(axis: str) -> str:
            return re.sub(r"[A-Za-z_]\w*", lambda found: sizes[found[0]], axis)

        found = []
        for name, axes in members:
            own = self.spelling.own.get(name, name)
            found.append(f"real {own}{''.join(f'[{size(axis)}]' for axis in axes)};")
        return found or ["real none[1];"]

    def bytes(self, names: Iterable[str], sizes: Sizes) -> int | None:
        """How much room a struct of these takes; None where a width is not said."""
        if any(name not in sizes.dims for name in self.dims):
            return None
        count = 0
        for key in names:
            members = self.spelling.groups.get(key, (key,))
            array = self.kernel.program.arrays[members[0]]
            rows = (array.places or 1) * (sizes.batch if array.rows else 1)
            count += len(members) * rows * prod(w.count(dict(sizes.dims)) for w in array.shape)
        return (count or 1) * (8 if sizes.dtype == "float64" else 4)

    @property
    def param_members(self) -> list[tuple[str, list[str]]]:
        return [(name, self.spelling.shape(name)) for name in self.params]

    def prototype(self, section: str, restrict: bool = False) -> str:
        """A function with the structs that it takes."""
        name, way = identifier(self.kernel.name), " *restrict " if restrict else " *"
        types = {
            "m": f"{self.prefix}_memory",
            "p": f"const {name}_params",
            "g": f"{name}_params",
            "in": f"const {self.prefix}_inputs",
        }
        taken = ", ".join(f"{types[one]}{way}{one}" for one in STRUCT[section].split())
        return laid_out(f"void {name}_{self.called(section)}({taken})")

    def body(self, section: str) -> list[str]:
        lines = self.writer.section(section)
        text = "\n".join(lines)
        unused = [name for name in STRUCT[section].split() if not re.search(rf"\b{name}->", text)]
        lines = indented([*lines, *(f"(void){name};" for name in unused)])
        return [laid_out(line) for line in lines]


def works(kernel: Kernel, dims: tuple[str, ...]) -> list[Work]:
    """The whole sequences, and single steps where there are such."""
    name = identifier(kernel.name)
    found = [Work(kernel, dims, name, name.upper())]
    if isinstance(kernel.step, Kernel):
        found.append(Work(kernel.step, dims, f"{name}_step", name.upper()))
    return found


def identifier(name: str) -> str:
    """A name that is one in C.

    >>> identifier("my cell"), identifier("2nd"), identifier("main")
    ('my_cell', 'm_2nd', 'm_main')
    """
    found = re.sub(r"\W", "_", name, flags=re.ASCII)
    odd = not found or found[0].isdigit() or found[0] == "_" or found.lower() in TAKEN
    return f"m_{found}" if odd else found


TAKEN = {"main", "makefile", "weights", "library"}
"""Names of other files of a folder."""


def header(kernel: Kernel, dims: tuple[str, ...], sizes: Sizes) -> str:
    """What a caller includes, with the sizes that hold where nothing else is said."""
    made = works(kernel, dims)
    known: dict[str, int | None] = {"B": sizes.batch, **{n: sizes.dims.get(n) for n in dims}}
    return render(
        "c/kernel.h.jinja",
        whole=made[0],
        works=made,
        kernel=kernel,
        said=said(made[0]),
        why_no_step="" if isinstance(kernel.step, Kernel) else harmless(kernel.step),
        sizes=known,
        double=sizes.dtype == "float64",
        trains=trains(made[0]),
        room=[
            ("parameters", made[0].bytes(made[0].params, sizes)),
            *((f"{w.prefix}_inputs", w.bytes(dict(w.inputs), sizes)) for w in made),
            *((f"{w.prefix}_memory", w.bytes(dict(w.memory), sizes)) for w in made),
        ],
    )


def unit(kernel: Kernel, dims: tuple[str, ...]) -> str:
    """The functions."""
    made = works(kernel, dims)
    whole = made[0]
    return render(
        "c/kernel.c.jinja",
        whole=whole,
        works=made,
        made=harmless(kernel.remark),
        trains=trains(whole),
        name=whole.prefix,
        loss=whole.spelling.own.get(kernel.system.loss or "", ""),
        starts=list(starts(whole)),
    )


def trains(work: Work) -> bool:
    """Whether there is a loss, and gradients of it."""
    return work.kernel.system.loss is not None and "backward" in work.sections


def starts(work: Work) -> Iterator[str]:
    """How parameters start: the lines that fill them."""
    found = work.contract.starts()
    random = False
    for name in work.params:
        how, axes = found[name], work.spelling.shape(name)
        entry = f"p->{work.spelling.own[name]}"
        loops = list(zip("rj"[2 - len(axes) :], axes, strict=True))
        entry += "".join(f"[{index}]" for index, _ in loops)
        if isinstance(how, str):
            random = True
            scale = f"FN(sqrt)((real)6 / (real)({' + '.join(axes)}))"
            line = f"{entry} = drawn(&seed) * {scale};"
        else:
            line = f"{entry} = (real){how};"
        yield from (laid_out(each) for each in indented(nest(loops, [line])))
    if not random:
        yield "    (void)seed;"
    if not work.params:
        yield "    (void)p;"


def classes(work: Work) -> Iterator[str]:
    """Of an example's inputs those that say a class: rows with one 1, and class ids."""
    contract, arrays = work.contract, work.kernel.program.arrays
    sizes = {f"dim {n}": f"{work.macro}_{n}" for n in work.dims}
    spelling = replace(work.spelling, own={**work.spelling.own, **sizes}, batch=f"{work.macro}_B")
    for name in contract.inputs:
        array, symbol = arrays[name], work.kernel.system.symbols[name]
        if (array.classes is None and not symbol.onehot) or name in contract.members:
            continue
        many = spelling.width(array.classes or array.width)
        axes = [axis.replace("T", f"{work.macro}_T") for axis in spelling.shape(name)]
        rows = axes if array.classes is not None else axes[:-1]
        loops = list(zip("tr"[-len(rows) :], rows, strict=True))
        entry = f"batch.{spelling.own[name]}" + "".join(f"[{index}]" for index, _ in loops)
        real = f"{identifier(work.kernel.name)}_real"
        drawn = f"(int)(drawn(&seed) * ({real})({many}))"
        if array.classes is not None:
            yield from indented(nest(loops, [f"{entry} = ({real}){drawn};"]))
            continue
        one = [f"const int one = {drawn};", *nest([("j", axes[-1])], [f"{entry}[j] = j == one;"])]
        yield from indented(nest(loops, one))


def said(work: Work) -> list[str]:
    """What the file says of itself: the text, and the equations of its gradient."""
    text = work.contract.docstring().strip().removeprefix('"""').removesuffix('"""')
    return harmless(text).rstrip().split("\n")


def harmless(text: str) -> str:
    """What stands within a comment."""
    return text.replace("*/", "* /").replace("/*", "/ *")
