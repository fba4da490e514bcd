"""What a run was started with, and what followed from it: `config.json`.

A run keeps its configuration. Whatever goes on with it later reads this, and regenerates the rest.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from symrnn.errors import DataError
from symrnn.training.data import Known, Options, Task, Vocabulary
from symrnn.training.data.vocabulary import Unit

VERSION = 1
"""Of the directory's form, with its checkpoint, weights and vocabulary.

What is added has a default, so that a directory from before it is read; that keeps the version. A
name that is not known is refused, and so is another version: whoever wrote it meant something that
is not known here. What changes a meaning makes a new version, and whoever has that reads this one
too.
"""


@dataclass(frozen=True)
class DataConfig:
    """The data, and how batches are made of them: see `symrnn.training.data.Options`."""

    source: str
    """The name of data that come along, or the whole path of a file."""
    digest: str
    """Of its content; empty for data that come along."""
    steps: int | None = None
    batch: int = 32
    validation: float | None = None
    unit: Unit | None = None
    lower: bool = False
    min_count: int = 1
    max_size: int = 10_000
    text: str | None = None
    label: str | None = None
    regress: bool = False

    def options(self, seed: int, known: Known | None = None) -> Options:
        said = {f.name: getattr(self, f.name) for f in fields(Options) if hasattr(self, f.name)}
        return Options(**said, seed=seed, known=known)


@dataclass(frozen=True)
class TrainingConfig:
    """What moves the weights."""

    epochs: int
    optimiser: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "constant"
    clip: float = 1.0
    """The longest gradient; 0 for any."""
    patience: int | None = None
    seed: int = 0
    masks: dict[str, float] = field(default_factory=dict)
    """The probability of each mask of the model."""
    backend: str = "numpy"
    """The language of the kernel that it is trained with."""
    flow: int = 0
    """After so many steps the flow of the gradient is measured and logged; 0 for never."""


@dataclass(frozen=True)
class KernelConfig:
    """What kernels are made with."""

    steps: int
    """T of a window, or of the longest sequence."""
    ragged: bool
    """Some sequences are shorter: there is a second kernel, which takes lengths."""
    ids: tuple[str, ...]
    """Inputs and targets of the model that come as class ids."""
    dims: dict[str, int]
    hidden: dict[str, int]
    """Those of them that the data did not say."""


@dataclass(frozen=True)
class Config:
    """All of it."""

    model: str
    """What the model is called; its text is model.rnn."""
    head: str | None
    """The head that it was given."""
    data: DataConfig
    training: TrainingConfig
    kernel: KernelConfig
    task: Task
    begins: int | None = None
    """The first token of a running text, to begin samples with."""

    def known(self, vocabulary: Vocabulary | None) -> Known:
        return Known(self.task, vocabulary)

    def text(self) -> str:
        """As JSON."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def of(cls, content: bytes, where: str) -> "Config":
        """Read back, and every part of it held against what is expected there."""
        try:
            read = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where} is no configuration of a run: no JSON ({error})") from None
        version = read.pop("version", None) if isinstance(read, dict) else None
        if version != VERSION or isinstance(version, bool):
            later = isinstance(version, int) and version > VERSION
            cure = ": it was made by a later one, which reads it" if later else ""
            raise DataError(
                f"{where} is no configuration of a run that this version of symrnn reads; expected"
                f' "version": {VERSION}{cure}'
            )
        try:
            found: Config = _made(cls, read, "")
        except Odd as odd:
            raise DataError(
                f"{where} is no configuration of a run: {odd}; a run keeps the one that it was"
                " started with"
            ) from None
        return found


class Odd(Exception):  # noqa: N818 (it says what is)
    """What is wrong, and where."""


def _made(kind: Any, read: Any, where: str) -> Any:
    """A value of this type from what JSON has for it."""
    if hasattr(kind, "__dataclass_fields__"):
        return _dataclass(kind, read, where)
    if get_origin(kind) is tuple and isinstance(read, list):
        return tuple(_made(get_args(kind)[0], each, where) for each in read)
    if get_origin(kind) is dict and isinstance(read, dict):
        return {name: _made(get_args(kind)[1], each, where) for name, each in read.items()}
    if not _is(kind, read):
        raise Odd(f"'{where}' is {json.dumps(read)[:40]}")
    return read


def _dataclass(kind: Any, read: Any, where: str) -> Any:
    hints = get_type_hints(kind)
    if not isinstance(read, Mapping):
        raise Odd(f"'{where}' is {json.dumps(read)[:40]}")
    needed = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    odd = sorted((needed - read.keys()) | (read.keys() - hints.keys()))
    if odd:
        place = f"'{where}' has" if where else "there is"
        raise Odd(f"{place} {'no' if odd[0] in hints else 'an unknown'} '{odd[0][:60]}'")
    parts = {
        name: _made(hint, read[name], f"{where}.{name}" if where else name)
        for name, hint in hints.items()
        if name in read
    }
    return kind(**parts)


def _is(kind: Any, read: Any) -> bool:
    """Whether JSON has a value of such a simple type here."""
    match get_origin(kind):
        case _ if kind is NoneType:
            return read is None
        case origin if origin in (Union, UnionType):
            return any(_is(each, read) for each in get_args(kind))
        case origin if origin is Literal:
            return read in get_args(kind)
    if isinstance(read, bool) or kind is bool:
        return isinstance(read, bool) and kind is bool
    return isinstance(read, (int, float) if kind is float else kind)
