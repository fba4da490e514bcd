"""Mistakes put into C kernels are noticed by `verify`, each of them."""

import random
import re
from collections.abc import Iterator

import pytest

from symrnn.kernels.load import load_source
from symrnn.kernels.verification import verify
from tests.cases import model
from tests.extent import draws
from tests.kernels.c.compiler import needs_compiler

pytestmark = needs_compiler

EDITS = (
    (r" \+ ", " - "),
    (r" - (?!>)", " + "),
    (r" \* ", " + "),
    ("fast_tanh", "sigmoid"),
    ("sigmoid", "fast_tanh"),
    (r"\[t - 1\]", "[t]"),
    (r"\[(\d+)\]\[r\]", r"[\1 > 0 ? \1 - 1 : 1][r]"),
    (r"\+=", "-="),
    (r"\[r\]\[j\]", "[0][j]"),
    (r", 1, H, ", ", H, 1, "),
    (r"\(real\)1", "(real)2"),
)
"""A sign, a function, a step, a row, an order, a number."""


def mistakes(source: str) -> Iterator[str]:
    """The module with one piece of its C changed, everywhere in the work on whole sequences."""
    start = source.index("void elman_forward(elman_memory *restrict")
    stop = source.index("void elman_step(elman_step_memory *restrict")
    body = source[start:stop]
    for old, new in EDITS:
        for found in re.finditer(old, body):
            line = body[body.rfind("\n", 0, found.start()) + 1 : body.find("\n", found.end())]
            if "/*" in line or "IN_THREADS" in line:  # how many threads changes no number
                continue
            if line.startswith(("void", "    for", "            for")):
                continue
            changed = body[: found.start()] + found.expand(new) + body[found.end() :]
            yield source[:start] + changed + source[stop:]


@pytest.mark.parametrize("loops", [False, True])
def test_each_mistake_is_noticed(loops: bool, figures: list[str]) -> None:
    elman = model("elman")
    steps = 4 if loops else 3
    every = list(mistakes(elman.generate(steps, loops, backend="c")))
    count = draws(2, 12, len(every))
    tried = random.Random(int(loops)).sample(every, min(count, len(every)))
    alive = []
    for place, source in enumerate(tried):
        module = load_source(source, "elman")
        if verify("elman", elman.written, module, loops).holds:
            alive.append(place)
    way = "in a loop" if loops else "written out"
    figures.append(
        f"mutants of elman in C, {way}: {len(every)}, tried {len(tried)}, survivors {len(alive)}"
    )
    assert not alive, [
        difference(elman.generate(steps, loops, backend="c"), tried[i]) for i in alive
    ]


def difference(old: str, new: str) -> list[tuple[str, str]]:
    """The lines that are not the same."""
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    return [(a, b) for a, b in pairs if a != b]
