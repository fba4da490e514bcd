"""The header and the source file of a kernel: its structs and its functions.

A kernel is one struct of parameters, and for whole sequences and for single steps a struct of what
is handed in and one of memory, with functions over them. Nothing is allocated, and nothing stands
outside of the structs.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from symrnn.frame import render
from symrnn.kernels.c.layout import declared, indented, laid_out, nest
from symrnn.kernels.c.names import c_names, identifier
from symrnn.kernels.c.room import rooms, structs
from symrnn.kernels.c.rows import code
from symrnn.kernels.c.spelling import Spelling
from symrnn.kernels.c.statements import Writer
from symrnn.kernels.contract import Contract, Kernel
from symrnn.kernels.program.program import SECTIONS
from symrnn.kernels.sections import Place, final_states
from symrnn.kernels.settings import Sizes

STRUCT = {"forward": "m p in", "loss": "m p in", "backward": "m p g in"}
"""The structs that a function takes."""

TRAINING = {
    "start": "void NAME_start(NAME_params *p, uint32_t seed)",
    "sgd": "void NAME_sgd(NAME_params *p, const NAME_params *g, NAME_real rate)",
    "adam": "void NAME_adam(NAME_params *p, const NAME_params *g, NAME_moments *n, NAME_real rate)",
    "fit": "NAME_real NAME_fit(NAME_memory *m, NAME_params *p, NAME_params *g, NAME_moments *n,"
    " const NAME_inputs *batches, int count, int epochs, NAME_real rate)",
}
"""The functions that train, of a kernel of this name."""


@dataclass(frozen=True)
class Work:
    """What is done with one pair of structs: whole sequences, or one step of them."""

    kernel: Kernel
    dims: tuple[str, ...]
    prefix: str
    """What the names of its structs and functions begin with."""
    macro: str
    """What the names of sizes begin with."""
    any_batch: bool = False
    """Whether it is said when a function is called how many sequences there are."""

    @cached_property
    def contract(self) -> Contract:
        return Contract(self.kernel)

    @cached_property
    def spelling(self) -> Spelling:
        program = self.kernel.program
        own = c_names(program, self.dims, program.ragged or self.any_batch)
        groups = {k: tuple(own) for k, own in self.contract.groups.items() if len(own) > 1}
        return Spelling(program, own, groups, any_batch=self.any_batch)

    @cached_property
    def writer(self) -> Writer:
        return Writer(self.kernel, self.spelling)

    @property
    def sections(self) -> list[str]:
        program = self.kernel.program
        return [n for n in SECTIONS if program.sections.get(n) or n == "forward"]

    def called(self, section: str) -> str:
        return "step" if self.kernel.one_step else section

    @cached_property
    def macros(self) -> dict[str, str]:
        """The macro of each width."""
        return {n: f"{self.macro}_{self.spelling.own[f'dim {n}']}" for n in self.dims}

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
            axes = self.spelling.shape_given(name)
            found.setdefault(key, [str(len(many)), *axes] if many else axes)
        return list(found.items())

    @property
    def memory(self) -> list[tuple[str, list[str]]]:
        """What is worked out, the commonest widths first: a number by itself between two matrices
        would push the second one off the place where lines of the cache begin."""
        found = [(name, self.spelling.shape(name)) for name in self.writer.grouping.in_memory]
        often = Counter(axes[-1] for _, axes in found)
        return sorted(found, key=lambda member: -often[member[1][-1]])

    @property
    def ragged(self) -> bool:
        """Whether sequences have lengths of their own."""
        return self.kernel.program.ragged

    @property
    def results(self) -> list[tuple[str, list[str]]]:
        """What is handed out in the order of the caller, where there is another one within."""
        if not self.ragged:
            return []
        rows = self.writer.rows
        found = [result for each in rows.results().values() for result in each]
        return [(rows.names[result.name], rows.axes(result)) for result in found]

    @property
    def counts(self) -> dict[str, str]:
        """The whole numbers that are handed in beside, each with its axis."""
        found = {"lengths": f"[{self.macro}_B]"} if self.ragged else {}
        return found | ({"batch": ""} if self.any_batch else {})

    def lines(self, members: Sequence[tuple[str, list[str]]]) -> list[str]:
        """The members of a struct, as they are declared in the header."""
        sizes = {self.spelling.own[f"dim {n}"]: macro for n, macro in self.macros.items()}
        sizes |= {"B": f"{self.macro}_B", "T": f"{self.macro}_T"}

        def size(axis: str) -> str:
            return re.sub(r"[A-Za-z_]\w*", lambda found: sizes[found[0]], axis)

        found = []
        for name, axes in members:
            own = self.spelling.own.get(name, name)
            found.append(f"real {own}{''.join(f'[{size(axis)}]' for axis in axes)};")
        return found or ["real none[1];"]

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
        return declared(f"void {name}_{self.called(section)}({taken})")

    @property
    def training(self) -> dict[str, str]:
        """The functions that train."""
        return {n: declared(text.replace("NAME", self.prefix)) for n, text in TRAINING.items()}

    @cached_property
    def bodies(self) -> dict[str, list[str]]:
        """The lines of each function."""
        return {section: self.body(section) for section in self.sections}

    def body(self, section: str) -> list[str]:
        lines = self.writer.section(section)
        text = code(lines)
        if "put_in_order(&m" in text:
            text += "m->"
        unused = [name for name in STRUCT[section].split() if not re.search(rf"\b{name}->", text)]
        lines = indented([*lines, *(f"(void){name};" for name in unused)])
        return [laid_out(line) for line in lines]

    @property
    def carry(self) -> str:
        """The function that hands the states of one step on to the next."""
        taken = f"{self.prefix}_inputs *in, const {self.prefix}_memory *m"
        return declared(f"void {identifier(self.kernel.name)}_carry({taken})")

    def start(self, place: Place, struct: str = "") -> str:
        """Where in its struct something begins that is handed out, all of its steps in a row."""
        first = f"[{place.places[0]}{self.rows}]" if place.places else ""
        return f"{struct}{self.spelling.own[place.array]}{first}"

    def bytes(self, place: Place, struct: str = "") -> str:
        """How many bytes it has, as C says it."""
        first, last = place.places or (0, 0)
        many = f"{last - first + 1}{self.rows}" if last > first or self.rows else ""
        many = f"{many} * " if many and place.places else ""
        return f"{many}sizeof {self.start(place, struct)}"

    @property
    def rows(self) -> str:
        """A factor for the rows of a step, where these are no axis of their own."""
        return f" * {self.macro}_B" if self.spelling.has_no_gaps and not self.ragged else ""

    @property
    def carried(self) -> list[tuple[str, str]]:
        """The states that go from one call to the next: where each is handed in, and where in the
        memory it begins at the end."""
        own, finals = self.spelling.own, final_states(self.contract)
        return [(own.get(key, key), self.start(place)) for key, place in finals.items()]


def works(kernel: Kernel, dims: tuple[str, ...], any_batch: bool = False) -> list[Work]:
    """The whole sequences, and single steps where there are such."""
    name = identifier(kernel.name)
    found = [Work(kernel, dims, name, name.upper(), any_batch)]
    if isinstance(kernel.step, Kernel):
        found.append(Work(kernel.step, dims, f"{name}_step", name.upper(), any_batch))
    return found


def header(made: Sequence[Work], sizes: Sizes) -> str:
    """What a caller includes, with the sizes that hold where nothing else is said."""
    whole = made[0]
    kernel = whole.kernel
    widths = {macro: (n, sizes.dims.get(n)) for n, macro in whole.macros.items()}
    return render(
        "c/kernel.h.jinja",
        whole=whole,
        works=made,
        kernel=kernel,
        said=said(whole),
        why_no_step="" if isinstance(kernel.step, Kernel) else harmless(kernel.step),
        sizes={f"{whole.macro}_B": ("B", sizes.batch), **widths},
        double=sizes.dtype == "float64",
        libm=sizes.math == "libm",
        needs=needs(made),
        trains=trains(whole),
        rooms=rooms(made, sizes) if all(n in sizes.dims for n in whole.dims) else [],
        budget=sizes.memory,
        taken=structs(made, sizes),
    )


def unit(made: Sequence[Work]) -> str:
    """The functions."""
    whole = made[0]
    kernel = whole.kernel
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


def needs(made: Sequence[Work]) -> list[str]:
    """The functions that a kernel takes of libm, beside exp and tanh. (fabs and copysign are
    instructions; those of softplus and of training stand in templates.)"""
    text = "\n".join(line for work in made for body in work.bodies.values() for line in body)
    found = set(re.findall(r"\bFN\((\w+)\)", text))
    found |= {"log1p"} if re.search(r"\bsoftplus\(", text) else set()
    found |= {"pow", "sqrt"} if trains(made[0]) else set()
    return sorted(found)


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


def said(work: Work) -> list[str]:
    """What the file says of itself: the text, and the equations of its gradient."""
    text = work.contract.docstring().strip().removeprefix('"""').removesuffix('"""')
    return harmless(text).rstrip().split("\n")


def harmless(text: str) -> str:
    """What stands within a comment."""
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")
