"""Sizes, and numbers made of them, as a generated function writes them: 3 * H, 1 / (T * B)."""

from collections.abc import Mapping, Sequence

from symrnn.errors import CheckError
from symrnn.kernels.infix import POWER, SUM, TIMES, WHOLE, Text, infix
from symrnn.kernels.program.program import Array, Pack
from symrnn.language.printer import show_expr
from symrnn.language.tree import Add, Div, Expr, Mul, Neg, Num, Pow, Size, Width


def unit_of(own: Mapping[str, str], name: str, pack: Pack | None) -> str:
    """The name of an array, or of the pack that it lies in."""
    return own[f"pack {pack.name}"] if pack else own[name]


def width_of(own: Mapping[str, str], width: Width) -> str:
    """A width in Python."""
    parts = [own[f"dim {name}"] for name in width.names]
    if width.number or not parts:
        parts.append(str(width.number))
    return " + ".join(parts)


def shape_of(own: Mapping[str, str], array: Array) -> list[str]:
    """The axes of an array that lies by itself: steps, sequences, features."""
    steps = [str(array.places)] if array.places is not None else []
    rows = ["B"] if array.rows else []
    return [*steps, *rows, *(width_of(own, width) for width in array.shape)]


def sum_of(own: Mapping[str, str], widths: Sequence[Width]) -> str:
    """Widths added up: 3 * H, or H_f + H_b.

    >>> sum_of({"dim H": "H"}, [Width(("H",))] * 3)
    '3 * H'
    """
    counts: dict[str, int] = {}
    for width in widths:
        text = width_of(own, width)
        counts[text] = counts.get(text, 0) + 1
    if list(counts) == ["1"]:
        return str(counts["1"])
    parts = [
        text if n == 1 else f"{n} * ({text})" if " " in text else f"{n} * {text}"
        for text, n in counts.items()
    ]
    return " + ".join(parts) if parts else "0"


def between(first: int | str, last: int | str) -> str:
    """A slice as it is written.

    >>> between(0, "H"), between("H", "2 * H")
    ('0:H', 'H : 2 * H')
    """
    simple = " " not in f"{first}{last}"
    return f"{first}:{last}" if simple else f"{first} : {last}"


def number_text(own: Mapping[str, str], value: Expr) -> str:
    """A number made of numbers and sizes.

    >>> number_text({"dim C": "C"}, Div(Num(1), Size(Width(("B", "C"), 2))))
    '1 / (B + C + 2)'
    """
    return number_of(own, value).text


def number_of(own: Mapping[str, str], value: Expr) -> Text:
    """The same, and how tightly it binds."""

    def within(part: Expr, tightness: int) -> str:
        return number_of(own, part).within(tightness)

    match value:
        case Num():
            text = show_expr(value)
            return Text(text, TIMES if "/" in text else WHOLE)
        case Size(width=width):
            known = ["B" if name == "B" else own[f"dim {name}"] for name in width.names]
            parts = known + ([str(width.number)] if width.number or not known else [])
            return Text(" + ".join(parts), SUM if len(parts) > 1 else WHOLE)
        case Neg(arg=arg):
            return Text(f"-{within(arg, POWER)}", TIMES)
        case Add(terms=terms):
            return Text(" + ".join(within(term, SUM) for term in terms), SUM)
        case Mul(left=left, right=right):
            return infix("*", number_of(own, left), number_of(own, right))
        case Div(left=left, right=right):
            return infix("/", number_of(own, left), number_of(own, right))
        case Pow(left=left, right=right):
            return Text(f"{within(left, WHOLE)} ** {within(right, POWER)}", POWER)
    raise CheckError(f"{value} is no number")
