"""A run directory: complete or not at all, and nothing in it is ever executed.

model.rnn             the model, with its head and its masks
config.json           what it was started with
vocabulary.json       the tokens by their ids, for texts
checkpoint.npz        everything that going on needs: one file, replaced in one step
weights.safetensors   parameters to predict with: those of the lowest validation, or the last
metrics.jsonl         losses, gradient norms, learning rates
kernel.py             the generated kernel, to read; kernel_lengths.py where sequences differ
loss.png              the losses, where matplotlib is there
events.out.tfevents…  the same lines for TensorBoard, where they are asked for
"""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from symrnn import files, weights
from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array
from symrnn.library import texts
from symrnn.model import Model, read
from symrnn.training.data import Vocabulary
from symrnn.training.runs.config import Config

MODEL, CONFIG, VOCABULARY = "model.rnn", "config.json", "vocabulary.json"
CHECKPOINT, WEIGHTS, METRICS = "checkpoint.npz", "weights.safetensors", "metrics.jsonl"
PICTURE = "loss.png"
FIXED = MODEL, CONFIG, VOCABULARY
"""What never changes."""
MAX_CONFIG = 1 << 20
"""Bytes."""


class Folder:
    """The directory of one run."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            what = "is a file" if self.path.exists() else "is not there"
            raise UsageError(f"{path} {what}; expected the directory of a run of symrnn train")
        missing = [n for n in (MODEL, CONFIG) if not (self.path / n).is_file()]
        if missing:
            raise UsageError(
                f"{path} is no directory of a run: it has no {missing[0]}; expected one that"
                " symrnn train has made"
            )
        for name in (VOCABULARY, CHECKPOINT, WEIGHTS, METRICS):
            if (self.path / name).exists():
                files.check_kind(self.path / name)

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def config(self) -> Config:
        what = "the configuration of a run is a page"
        return Config.of(files.read(self / CONFIG, MAX_CONFIG, what), str(self / CONFIG))

    def model(self, config: Config) -> Model:
        """The model, under its name, from its text."""
        data, where = files.read(self / MODEL, texts.MAX_BYTES, texts.WHAT), str(self / MODEL)
        return Model(config.model, read(texts.decoded(data, where), where).written)

    def vocabulary(self, config: Config) -> Vocabulary | None:
        path = self / VOCABULARY
        if not path.exists():
            if config.kernel.ids and config.task.kind == "steps" and not config.task.labels:
                raise UsageError(f"{path} is not there; the ids of the model have no meaning then")
            return None
        found = Vocabulary.load(path)
        if len(found) != config.task.features:
            raise DataError(
                f"{path} has {len(found)} tokens; the model was trained on {config.task.features}"
            )
        return found

    def weights(self, model: Model, dims: Mapping[str, int]) -> dict[str, Array]:
        return weights.load(self / WEIGHTS, model, dims)

    def save_weights(self, params: Mapping[str, Array]) -> None:
        weights.save(self / WEIGHTS, params)

    def digests(self) -> dict[str, str]:
        """Of the files that never change."""
        return {name: digest(self / name) for name in FIXED if (self / name).exists()}

    def sweep(self) -> None:
        """Remove what a write that was cut off has left."""
        for path in self.path.glob(".symrnn-*.tmp"):
            with suppress(OSError):
                path.unlink()


class Unfinished:
    """A directory under another name, until everything is in it."""

    def __init__(self, target: Path) -> None:
        self.target = target
        check_free(target)
        self.path = target.parent / f".symrnn-{secrets.token_hex(8)}.run"
        try:
            self.path.mkdir()
        except OSError as error:
            raise _cannot(target, error) from None

    def write(self, name: str, data: str | bytes) -> None:
        files.write(self.path / name, data)

    def finish(self) -> Folder:
        """The directory under its own name."""
        try:
            os.rename(self.path, self.target)
            files.settle(self.target.absolute().parent)
        except OSError as error:
            raise _cannot(self.target, error) from None
        return Folder(self.target)

    def discard(self) -> None:
        """Leave nothing behind; where it is finished, nothing is done."""
        shutil.rmtree(self.path, ignore_errors=True)


def digest(path: str | Path) -> str:
    """Of the content of a file."""
    found = hashlib.sha256()
    with files.opened(path) as file:
        try:
            while part := file.read(files.PIECE):
                found.update(part)
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
    return found.hexdigest()


def short(name: str) -> str:
    """The name of a model or of data, without folders and endings.

    >>> short("nets/mine.rnn"), short("cat-mat-rat"), short("-e")
    ('mine', 'cat-mat-rat', 'model')
    """
    if name in ("-e", "-", "standard input"):
        return "model"
    stem = re.sub(r"\.\w+$", "", re.split(r"[\\/]", name)[-1])
    return re.sub(r"[^\w.]+", "-", stem).strip("-.") or "model"


def default_path(model: str, data: str) -> Path:
    """A name that is free: MODEL-DATA, or with a number behind."""
    name = f"{short(model)}-{short(data)}"
    found, number = Path(name), 1
    while os.path.lexists(found):
        number += 1
        found = Path(f"{name}-{number}")
    return found


def check_free(target: Path) -> None:
    """Refuse a name that is taken, or that nothing can be put under."""
    if os.path.lexists(target) and not (target.is_dir() and not any(_listed(target))):
        raise UsageError(
            f"{target} is there already, and a run overwrites nothing; expected a new name, or"
            f" --resume {target} to go on with a run"
        )
    if not target.absolute().parent.is_dir():
        raise UsageError(f"cannot make {target}: there is no folder {target.parent}; make it first")


def _listed(target: Path) -> list[str]:
    try:
        return os.listdir(target)
    except OSError as error:
        raise _cannot(target, error) from None


def _cannot(target: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot make {target}: {error.strerror or error}")
