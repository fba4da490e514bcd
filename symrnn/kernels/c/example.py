"""A program that shows a kernel at work: it trains, or works out a sequence, step by step where
there are single steps. Its numbers are those of the notes where they fit, and made up elsewhere."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symrnn.frame import render
from symrnn.kernels.c.layout import indented, laid_out, nest
from symrnn.kernels.c.names import identifier
from symrnn.kernels.c.spelling import Spelling
from symrnn.kernels.c.unit import Work, harmless, trains
from symrnn.kernels.program.program import Array
from symrnn.kernels.sections import handed_out
from symrnn.kernels.settings import Sizes
from symrnn.library.notes import ANIMALS, LETTERS, REVIEWS, WORD


def example(made: Sequence[Work], sizes: Sizes) -> str:
    """The text of main.c."""
    whole, last = made[0], made[-1]
    kernel = whole.kernel
    found = {
        "name": whole.prefix,
        "macro": whole.macro,
        "made": harmless(kernel.remark),
        "comes_with_weights": sizes.weights is not None,
        "counts": whole.counts,
    }
    if trains(whole):
        notes = notes_of(whole, sizes)
        lines = notes.lines(whole) if notes else list(classes(whole))
        data = {"given": rows(notes.given), "wanted": rows(notes.wanted)} if notes else {}
        required = notes.sizes(whole) if notes else []
        return render(
            "c/main.c.jinja", **found, **data, notes=notes, lines=lines, required=required
        )
    states = last.contract.groups
    outputs = [output(last, symbol.name) for symbol in last.contract.system.outputs]
    return render(
        "c/run.c.jinja",
        **found,
        work=last,
        more=last.counts,
        steps=last.kernel.one_step,
        carries=bool(last.carried),
        given=[last.spelling.own.get(n, n) for n, _ in last.inputs if n not in states],
        lines=list(classes(last, "in")),
        outputs=outputs,
    )


def output(work: Work, name: str) -> tuple[str, str, str]:
    """The name of an output, where it begins, and how many bytes it has."""
    if work.ragged:
        there = f"memory.out.{work.writer.rows.names[name]}"
        return name, there, f"sizeof {there}"
    place = handed_out(work.contract, name)
    return name, work.start(place, "memory."), work.bytes(place, "memory.")


# numbers that are made up


def classes(work: Work, struct: str = "batches[0]") -> Iterator[str]:
    """Of what is handed in that which says a class: rows with one 1, and class ids."""
    contract, arrays = work.contract, work.kernel.program.arrays
    spelling = outside(work)
    for name in contract.inputs:
        array, symbol = arrays[name], work.kernel.system.symbols[name]
        if (array.classes is None and not symbol.onehot) or name in contract.members:
            continue
        many = spelling.width(array.classes or array.width)
        axes = [re.sub(r"\bT\b", f"{work.macro}_T", axis) for axis in spelling.shape_given(name)]
        rows = axes if array.classes is not None else axes[:-1]
        loops = list(zip("tr"[-len(rows) :], rows, strict=True))
        entry = f"{struct}.{spelling.own[name]}" + "".join(f"[{index}]" for index, _ in loops)
        real = f"{identifier(work.kernel.name)}_real"
        drawn = f"(int)(drawn(&seed) * ({real})({many}))"
        if array.classes is not None:
            yield from indented(nest(loops, [f"{entry} = ({real}){drawn};"]))
            continue
        one = [f"const int one = {drawn};", *nest([("j", axes[-1])], [f"{entry}[j] = j == one;"])]
        yield from indented(nest(loops, one))


def outside(work: Work) -> Spelling:
    """How sizes are called where the header alone is known."""
    sizes = {f"dim {n}": macro for n, macro in work.macros.items()}
    return replace(work.spelling, own={**work.spelling.own, **sizes}, batch=f"{work.macro}_B")


# the notes' own


@dataclass(frozen=True)
class Notes:
    """Data of the notes: ids of words or letters, and what is wanted after each or after all."""

    said: str
    given: tuple[tuple[int, ...], ...]
    wanted: tuple[tuple[int, ...], ...]
    features: int
    outputs: int
    timed: bool
    """Whether something is wanted at every step."""

    def fit(self, work: Work, sizes: Sizes) -> bool:
        """Whether a kernel takes a sequence x of such ids, or rows with one 1, and such a y."""
        arrays = work.kernel.program.arrays
        if dict.fromkeys(n for n, _ in work.inputs if n not in work.contract.groups) != {
            "x": None,
            "y": None,
        }:
            return False
        x, y = arrays["x"], arrays["y"]

        def is_so(array: Array, timed: bool, width: int) -> bool:
            own = (array.classes or array.width).count(dict(sizes.dims))
            return array.rows and (array.places is not None) == timed and own == width

        return (
            work.kernel.steps == len(self.given[0])
            and is_so(x, True, self.features)
            and is_so(y, self.timed, self.outputs)
        )

    def lines(self, work: Work) -> list[str]:
        """What fills the batches, sequence by sequence."""
        spelling, arrays = work.spelling, work.kernel.program.arrays
        found = []
        for name, ids, timed in (("x", "given", True), ("y", "wanted", self.timed)):
            entry = f"batches[i].{spelling.own[name]}{'[t]' * timed}[r]"
            value = f"{ids}[one][{'t' if timed else '0'}]"
            if arrays[name].classes is not None:
                line = f"{entry} = ({work.prefix}_real){value};"
            elif name == "y" and self.outputs == 1:
                line = f"{entry}[0] = ({work.prefix}_real){value};"
            else:
                line = f"{entry}[{value}] = 1;"
            found += nest([("t", f"{work.macro}_T")] * timed, [line])
        return [laid_out(line) for line in indented(indented(indented(found)))]

    def sizes(self, work: Work) -> list[tuple[str, int]]:
        """The macros of the sizes that these data have."""
        arrays = work.kernel.program.arrays
        widths = [(arrays["x"], self.features), (arrays["y"], self.outputs)]
        found = [
            (work.macros[width.names[0]], many)
            for array, many in widths
            if len((width := array.classes or array.width).names) == 1 and not width.number
        ]
        return list(dict.fromkeys(found))


def rows(numbers: Sequence[Sequence[int]]) -> str:
    """
    >>> rows([(0, 1), (2, 2)])
    '{{0, 1}, {2, 2}}'
    """
    return "{" + ", ".join("{" + ", ".join(map(str, row)) + "}" for row in numbers) + "}"


def _ids(words: Sequence[str], text: Sequence[str]) -> tuple[int, ...]:
    return tuple(words.index(word) for word in text)


NOTES = (
    Notes(
        "three reviews: "
        + ", ".join(f"{text} ({'good' if good else 'bad'})" for text, good in REVIEWS),
        tuple(_ids(ANIMALS, text.split()) for text, _ in REVIEWS),
        tuple((good,) for _, good in REVIEWS),
        len(ANIMALS),
        1,
        timed=False,
    ),
    Notes(
        f"the letters of {WORD}, the next one wanted after each",
        (_ids(LETTERS, WORD)[:-1],),
        (_ids(LETTERS, WORD)[1:],),
        len(LETTERS),
        len(LETTERS),
        timed=True,
    ),
)


def notes_of(work: Work, sizes: Sizes) -> Notes | None:
    """The data of the notes that a kernel takes, if there are any."""
    if work.spelling.has_no_gaps and not work.ragged:
        return None  # what is handed in has no axis for steps
    return next((notes for notes in NOTES if notes.fit(work, sizes)), None)
