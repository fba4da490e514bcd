"""The reader takes any text: it reads it, or says where it cannot, and never breaks."""

import random
import re
from collections.abc import Iterator

import pytest

from symrnn.check import sources
from symrnn.check.claims import Said, Unread
from symrnn.check.reading import known, read
from symrnn.derive.notation.notation import load_notation
from symrnn.derive.pieces import at_path
from symrnn.errors import SymrnnError
from tests.check.documents import DOCUMENTS, Document
from tests.extent import draws

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+|\s+|.", re.S)
MORE = (
    *(
        r"\frac",
        r"\left(",
        r"\right)",
        r"\sum_{t=1}^{T}",
        r"\prod_{j=k}^{t}",
        r"\partial",
        "{",
        "}",
    ),
    *(
        "_",
        "^",
        "'",
        "=",
        "&",
        r"\\",
        r"\top",
        r"\odot",
        r"\Rightarrow",
        r"\begin{cases}",
        "%",
        "|",
    ),
    *(r"\end{cases}", r"\text", r"\mathbf", r"\hat", r"\sqrt", "(", ")", "[", "]", "T", "t", "k"),
    *(
        "}",
        "%",
        "1",
        "-",
        "+",
        "/",
        "*",
        ",",
        ".",
        r"\cdot",
        r"\sigma",
        r"\tanh",
        r"\delta",
        r"\quad",
        "\n",
    ),
    *(r"\big|", r"\left.", r"\right|", r"\nabla", r"\mathrm{diag}", "0.5", r"\ldots", r"\in", "$"),
)


def broken(text: str, rng: random.Random) -> str:
    """Some lines of a text, with tokens gone, doubled, exchanged or put in."""
    lines = text.split("\n")
    start = rng.randrange(len(lines))
    tokens = TOKEN.findall("\n".join(lines[start : start + rng.randint(1, 4)])) or [""]
    for _ in range(rng.randint(1, 3)):
        place, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
        match rng.randrange(4):
            case 0:
                tokens[place] = ""
            case 1:
                tokens[place] *= 2
            case 2:
                tokens[place], tokens[other] = tokens[other], tokens[place]
            case 3:
                tokens.insert(place, rng.choice(MORE))
    return "".join(tokens)


def texts(document: Document, count: int) -> Iterator[tuple[str, sources.Kind]]:
    rng = random.Random(document.path.stem)
    kinds: tuple[sources.Kind, ...] = ("tex", "md", "formula")
    for _ in range(count):
        yield broken(document.text, rng), rng.choice(kinds)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_text_is_read_or_refused_at_its_place(name: str) -> None:
    document = DOCUMENTS[name]
    derived = document.model.derive(document.steps, scalar=document.scalar)
    notation = load_notation(document.notation)
    columns = notation.orientation == "column"
    symbols = known(derived, notation, document.mapping, document.steps, columns)
    for text, kind in texts(document, draws(10, 100, 20_000)):
        try:
            writing = read(list(sources.lines(text, kind)), symbols)
        except SymrnnError:
            continue
        for line in writing.lines:
            whole = len(line.line.text)
            if isinstance(line, Unread):
                assert line.message
                assert 0 <= line.span[0] <= line.span[1] <= whole, text
            else:
                placed(line, whole)


def placed(said: Said, whole: int) -> None:
    """Each piece has its place within the line."""
    pairs = zip(said.equation.rights, said.right_spans, strict=True)
    for formula, spans in ((said.equation.left, said.left_spans), *pairs):
        for path, (start, end) in spans.items():
            at_path(formula, path)
            assert 0 <= start <= end <= whole
