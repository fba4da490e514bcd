"""What derivations print is read back as the formulas that were printed."""

from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from symrnn.check import markup, sources
from symrnn.check.claims import Said, Unread, Writing
from symrnn.check.reading import Known, known, read
from symrnn.derive.derived import Derived
from symrnn.derive.formula import Equation, Formula
from symrnn.derive.output import Chapter, Output
from symrnn.derive.views import VIEWS
from symrnn.errors import SymrnnError
from symrnn.language.tree import Ref
from tests.cases import ZOO, model
from tests.check.reading.same import plain, with_meanings
from tests.extent import pairs

NOTATIONS = ("default", "books", "N1", "N2", "N3", "N4", "N5")
FORMS = ((3, False), (3, True), (None, False), (None, True))

Claim = tuple[Formula, Formula, tuple[Ref, ...], tuple[Ref, ...]]
"""Left, right, steps, steps left out."""


@cache
def derived(name: str, steps: int | None, scalar: bool) -> Derived:
    return model(name).derive(steps, scalar=scalar)


def printed(output: Output, parts: Sequence[Chapter]) -> Iterator[Claim]:
    """What is printed, a right side each."""
    sheets = (sheet for part in output.folded(parts) for sheet in part.sheets)
    for sheet in sheets:
        for e in output.latex_printer.telling(sheet.equations):
            yield from ((e.left, right, e.steps, e.but) for right in e.rights)


def claims(writing: Writing) -> Iterator[Claim]:
    for line in writing.lines:
        assert isinstance(line, Said), f"{line.line.text}: {line.message}"
        e: Equation = line.equation
        yield from ((e.left, right, e.steps, e.but) for right in e.rights)


def is_read_back(output: Output, steps: int | None, symbols: Known) -> int:
    """Asserts that each printed equation is read as itself; how many there are."""
    parts = output.finished(output.parts())
    latex = output.latex(parts)
    if len(latex) > markup.MAX:
        return 0
    writing = read(sources.lines(latex, "tex"), symbols)
    plus, scalar = output.shows_plus, output.derivation.scalar

    def told(formula: Formula) -> Formula:
        named = with_meanings(formula, writing.meanings, symbols.states)
        return plain(named, plus, scalar)

    wanted, found = list(printed(output, parts)), list(claims(writing))
    assert len(found) == len(wanted)
    for one, other in zip(wanted, found, strict=True):
        assert (told(one[0]), told(one[1])) == (told(other[0]), told(other[1]))
        assert one[2:] == other[2:]
    return len(found)


@pytest.mark.parametrize(("view", "name", "notation"), pairs(list(VIEWS), ZOO, NOTATIONS))
def test_what_is_printed_is_read_as_it_was(view: str, name: str, notation: str) -> None:
    number = list(VIEWS).index(view) + ZOO.index(name) + NOTATIONS.index(notation)
    steps, scalar = FORMS[number % len(FORMS)]
    whole = derived(name, steps, scalar)
    try:
        output = whole.output(view, notation=notation, all=True)
        output.parts()
    except SymrnnError:
        return  # this view is for other models
    is_read_back(output, steps, known(whole, notation, {}, steps))


@pytest.mark.parametrize("notation", ["default", "books"])
@pytest.mark.parametrize("name", ["gru", "lstm", "lstm_peephole"])
def test_families_are_read_member_by_member(name: str, notation: str) -> None:
    """One equation with an index is as many as the index has members."""
    whole = derived(name, None, False)
    symbols = known(whole, notation)
    folded = whole.output("delta", notation=notation)
    written_out = whole.output("delta", notation=notation, all=True)

    def lefts(output: Output) -> set[Formula]:
        writing = read(sources.lines(output.latex(output.parts()), "tex"), symbols)
        assert not [line for line in writing.lines if isinstance(line, Unread)]
        return {line.equation.left for line in writing.lines if isinstance(line, Said)}

    assert r"\in" in folded.latex(folded.parts())
    assert lefts(folded) == lefts(written_out)


@pytest.mark.parametrize("name", ["elman", "char"])
def test_functions_of_the_text_and_their_derivatives_are_read(name: str) -> None:
    whole = model(name).derive(3, keep="tanh")
    is_read_back(whole.output("local", all=True), 3, known(whole))


def test_update_rules_and_the_batch_are_read() -> None:
    import symrnn

    text = "h[t] = mish(x[t] @ W + h[t-1] @ U); mish(z) = z * tanh(softplus(z)); L = mse(y, h[T])"
    whole = symrnn.parse(text).derive(2)
    output = whole.output("delta", all=True)
    assert is_read_back(output, 2, known(whole)) > 5
    parts = output.updates()
    writing = read(sources.lines(output.latex(parts), "tex"), known(whole))
    wanted, found = list(printed(output, parts)), list(claims(writing))
    assert [c[:2] for c in found] == [c[:2] for c in wanted]
