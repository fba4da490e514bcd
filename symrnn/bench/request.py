"""What is to be measured, read from options and handed to the process that measures."""

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

from symrnn.errors import UsageError, suggestion


class Size(NamedTuple):
    """Steps, sequences, features that go in, features of a state.

    >>> print(Size(3, 1, 5, 8))
    3, 1, 5, 8
    """

    steps: int
    batch: int
    inputs: int
    hidden: int

    def __str__(self) -> str:
        return ", ".join(map(str, self))


SIZES = (
    Size(3, 3, 3, 3),
    Size(5, 1, 5, 8),
    Size(16, 8, 8, 16),
    Size(50, 1, 32, 64),
    Size(50, 32, 32, 64),
    Size(100, 64, 128, 256),
    Size(50, 128, 256, 512),
)
"""From a network on paper to one that keeps a core busy for half a second a step."""

MODELS = ("elman", "lstm", "gru_torch", "gru", "birnn")
DTYPES = ("float32", "float64")
MOST_STEPS = 10_000
MOST_WIDE = 8_192
MOST = 50_000_000  # numbers in a state over all steps: some gigabytes where a cell has several


@dataclass(frozen=True)
class Request:
    """Everything that the measuring process has to know; models are a name and a text each."""

    models: tuple[tuple[str, str], ...]
    sizes: tuple[Size, ...] = SIZES
    peers: tuple[str, ...] = ()
    seconds: float = 0.3
    dtype: str = "float32"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Request":
        """
        >>> request = Request((("mine", "L = mse(y, x[T] @ W)"),), peers=("kernel",))
        >>> Request.from_json(request.to_json()) == request
        True
        """
        said = json.loads(text)
        return cls(
            tuple((name, text) for name, text in said["models"]),
            tuple(Size(*size) for size in said["sizes"]),
            tuple(said["peers"]),
            said["seconds"],
            said["dtype"],
        )


def read_sizes(text: str) -> tuple[Size, ...]:
    """Numbers of the seven sizes, `1,2,5`, or sizes of one's own, `T,B,D,H` joined by `;`.

    Four numbers are one size, unless all of them are numbers of the seven, each other than the
    rest and in order.

    >>> read_sizes("1,2") == SIZES[:2], read_sizes("7,1,5,8;2")
    (True, (Size(steps=7, batch=1, inputs=5, hidden=8), Size(steps=5, batch=1, inputs=5, hidden=8)))
    """
    found: list[Size] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        numbers = [_number(word.strip(), part) for word in part.split(",")]
        listed = sorted(set(numbers)) == numbers and numbers[-1] <= len(SIZES)
        if len(numbers) == 4 and not listed:
            found.append(_size(Size(*numbers)))
            continue
        for number in numbers:
            if number > len(SIZES):
                raise UsageError(
                    f"--sizes {part}: {number} is none of the {len(SIZES)} sizes; expected their"
                    " numbers, as 1,2,5, or T,B,D,H"
                )
            found.append(SIZES[number - 1])
    if not found:
        raise UsageError("--sizes is empty; expected numbers of sizes, as 1,2,5, or T,B,D,H")
    return tuple(dict.fromkeys(found))


def _number(word: str, part: str) -> int:
    if not (word.isascii() and word.isdigit()) or len(word) > 8 or int(word) < 1:
        raise UsageError(
            f"--sizes {part}: '{word}' is no whole number above 0; expected numbers of sizes, as"
            " 1,2,5, or T,B,D,H"
        )
    return int(word)


def _size(size: Size) -> Size:
    numbers = size.steps * size.batch * max(size.inputs, size.hidden)
    if size.steps > MOST_STEPS or max(size.inputs, size.hidden) > MOST_WIDE or numbers > MOST:
        raise UsageError(
            f"--sizes {size}: too large to measure; the largest of the seven is {SIZES[-1]}"
        )
    return size


def read_names(given: tuple[str, ...], known: tuple[str, ...], option: str) -> tuple[str, ...]:
    """The names, each once; all of them where none is given."""
    for name in given:
        if name not in known:
            raise UsageError(
                f"{option}: '{name}' is not known{suggestion(name, list(known))}; there are"
                f" {', '.join(known)}"
            )
    return tuple(dict.fromkeys(given)) or known


def read_seconds(seconds: float) -> float:
    if not 0 < seconds <= 3600:
        raise UsageError(f"--seconds {seconds}: expected a number above 0, such as 0.3")
    return seconds
