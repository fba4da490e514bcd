"""How a file is to be read, and how batches are made of it."""

from dataclasses import dataclass

from symrnn.errors import UsageError
from symrnn.training.data.task import Task
from symrnn.training.data.tokens import UNITS, Tokeniser, Unit
from symrnn.training.data.vocabulary import Vocabulary

MOST = 10_000_000
"""Of whatever is counted here."""


@dataclass(frozen=True)
class Known:
    """What a model was trained on: other data for it are read into the same numbers."""

    task: Task
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True)
class Options:
    """What does not concern a kind of file is not looked at there."""

    steps: int | None = None
    """T; unsaid, as long as the longest sequence, or 50 for a running text."""
    batch: int = 32
    """The most sequences in a batch; the parallel streams of a running text."""
    validation: float | None = None
    """The share kept apart for validation: unsaid, 0.1, and none of the notes' few sequences."""
    seed: int = 0
    """For the choice of what is kept apart."""
    unit: Unit | None = None
    """Words or characters; unsaid, words of labelled texts and characters of running ones."""
    lower: bool = False
    min_count: int = 1
    """A rarer token is unknown."""
    max_size: int = 10_000
    """The most tokens in a vocabulary, with the unknown one."""
    text: str | None = None
    """The name of the column with the text."""
    label: str | None = None
    """The name of the column with the label."""
    regress: bool = False
    """Labels are numbers, not classes."""
    tail: bool = True
    """Keep the end of a running text that does not fill T steps of every stream."""
    chunk: int = 1 << 16
    """How many bytes of a running text are read at a time, at most."""
    known: Known | None = None
    """Read the file in these numbers, instead of finding out what its tokens and labels are."""

    def __post_init__(self) -> None:
        least = {"steps": 1, "batch": 1, "min_count": 1, "max_size": 2, "chunk": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise UsageError(f"{name} is {value}; expected a whole number from {low} up")
            if value is not None and value > MOST:
                raise UsageError(f"{name} is {value}; expected a whole number up to {MOST:,}")
        if not 0 <= self.share < 1:
            raise UsageError(
                f"the share for validation is {self.validation}; expected a number from 0, for"
                " none, to below 1, such as 0.1"
            )
        if self.unit is not None and self.unit not in UNITS:
            raise UsageError(f"'{self.unit}' is no unit of texts; there are {' and '.join(UNITS)}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that are known; unsaid, those that occur."""
        return self.known.task.labels if self.known else ()

    @property
    def tokeniser(self) -> Tokeniser | None:
        """How the known vocabulary takes texts apart."""
        if self.known is None or self.known.vocabulary is None:
            return None
        return self.known.vocabulary.tokeniser

    @property
    def values(self) -> bool:
        """Whether labels are numbers."""
        return self.known.task.kind == "regress" if self.known else self.regress

    @property
    def share(self) -> float:
        return 0.1 if self.validation is None else self.validation
