"""What a notebook shows of models and derivations: LaTeX or MathML, not more than a few screens."""

from collections.abc import Iterable, Iterator, Sequence

from symrnn.derive.as_written import as_written
from symrnn.derive.output import Output
from symrnn.derive.pages.html import formula_html
from symrnn.derive.printing.latex import Latex
from symrnn.derive.sheets import count_factors
from symrnn.language.tree import Written

LONGEST = 600
"""A chain of more factors is not shown; the recursion says the same for any T."""

MOST = 60
"""So many equations are shown."""


def too_long(output: Output) -> bool:
    """Whether the terms of a derivation are too many to be looked at."""
    derivation = output.derivation
    return derivation.unrolled and count_factors(derivation, output.names) > LONGEST


def displays(output: Output) -> Iterator[str]:
    """The displays of a derivation, the first of them."""
    sheets = [
        sheet for part in output.folded(output.parts()) for sheet in part.sheets if sheet.equations
    ]
    left = MOST
    for sheet in sheets:
        if left:
            yield output.latex_printer.display(sheet.equations[:left], output.look.width)
        left = max(left - len(sheet.equations), 0)
    yield from more(sum(len(sheet.equations) for sheet in sheets), "equations")


def of_model(written: Written) -> list[str]:
    """The display of a model's equations."""
    equations, _, letters = as_written(written)
    if not equations:  # of numbers alone
        return [r"\text{no equations}"]
    return [Latex(letters).display(equations[:MOST]), *more(len(equations), "equations")]


def more(count: int, what: str) -> Sequence[str]:
    """Words for what is left out."""
    return [rf"\text{{and {count - MOST} more {what}}}"] if count > MOST else []


def as_latex(blocks: Iterable[str]) -> str:
    return "\n\n".join(f"$$\n{block}\n$$" for block in blocks)


def as_html(blocks: Iterable[str]) -> str:
    return "\n".join(map(formula_html, blocks))
