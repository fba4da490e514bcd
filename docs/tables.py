"""Write functions.md, the tables of functions, from the code: `make golden`."""

from pathlib import Path

from symrnn.language.table import ARITY, ELEMENTWISE, EPS, LOSSES, WRITTEN_OUT

HERE = Path(__file__).parent

PAGE = """\
# The functions

This page is made from the table that symrnn itself uses (`make golden` writes it), so it says what
is computed.

## Of each element

A derivative is written in the argument `x` and in `o`, the function's own value, as one writes it
by hand: σ′ is o (1 - o). A function without a definition is elementary. The last column says
whether the function is analytic, so that a complex step may be taken through it.

{elementwise}

A function of two arguments has two derivatives. `stop` and `surrogate` have the derivative that
somebody wants, and not that of their value.

## Written out

These stand for an expression. `eps` is {eps} where nothing is said.

{written}

## Losses

The target `y` comes first, then the prediction `p`; `n` is how wide both are. A loss after its link
is computed from what stands inside the link, so that no logarithm meets a zero.

{losses}

## All of them

The number of arguments of every function; concat takes two or more.

{arity}
"""


def page() -> str:
    """The text of functions.md."""
    return PAGE.format(
        elementwise=_table(
            ("function", "derivative", "definition", "analytic"),
            [
                (
                    _code(f"{row.name}({', '.join(row.arguments)})"),
                    ", ".join(map(_code, row.derivatives)),
                    _code(row.definition),
                    "yes" if row.analytic else "no",
                )
                for row in ELEMENTWISE.values()
            ],
        ),
        written=_table(
            ("function", "stands for"),
            [
                (_code(f"{name}({', '.join(arguments)})"), _code(body))
                for name, (arguments, body) in WRITTEN_OUT.items()
            ],
        ),
        losses=_table(
            ("loss", "derivative by p", "derivative by y", "after", "is then"),
            [
                (
                    _code(f"{row.name}(y, p)"),
                    _code(row.by_prediction)
                    + (f", one-hot {_code(row.onehot)}" * bool(row.onehot)),
                    _code(row.by_target),
                    _code(row.link),
                    _code(row.from_logits),
                )
                for row in LOSSES.values()
            ],
        ),
        arity=", ".join(f"`{name}` {_count(count)}" for name, count in ARITY.items()) + ".",
        eps=EPS,
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _count(count: int | tuple[int, ...] | None) -> str:
    if count is None:
        return "any"
    return str(count) if isinstance(count, int) else " or ".join(map(str, count))


if __name__ == "__main__":
    (HERE / "functions.md").write_text(page(), "utf-8")
