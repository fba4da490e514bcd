"""Everything that going on needs, in one file: the trainer, the place in the data, the best so far.

It is replaced in one step, so that a run that is killed, at whatever moment, finds a whole one.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from symrnn import weights
from symrnn.errors import DataError
from symrnn.language.arrays import Array
from symrnn.training.data import Position
from symrnn.training.loop import Progress

PLACE, BEST = "place", "best"


@dataclass
class RunProgress(Progress):
    """How far a run on files has come: in its epochs, in its data, in its directory."""

    position: Position | None = None
    """The progress in the epoch, if it has begun."""
    lines: int = 0
    """The bytes of metrics.jsonl."""
    digests: dict[str, str] = field(default_factory=dict)
    """Of the files of the run that never change."""


SIMPLE = tuple(each.name for each in fields(RunProgress) if each.name not in ("best", "position"))


def save(path: Path, trainer: Mapping[str, Any], progress: RunProgress) -> None:
    """Put the checkpoint in the place of the one before."""
    said: dict[str, Any] = {name: getattr(progress, name) for name in SIMPLE}
    said["position"] = asdict(progress.position) if progress.position else None
    best = {} if progress.best is None else {BEST: progress.best}
    text = np.frombuffer(json.dumps(said).encode(), np.uint8)
    weights.save(
        path, {f"trainer.{name}": each for name, each in trainer.items()} | best | {PLACE: text}
    )


def load(path: Path) -> tuple[dict[str, Array], RunProgress]:
    """What a trainer restores, and the place."""
    try:
        found = weights.load(path)
        said = json.loads(found.pop(PLACE).tobytes())
        best = found.pop(BEST, None)
        position = said.pop("position")
        progress = RunProgress(
            **said, best=best, position=Position(**position) if position else None
        )
    except DataError as error:
        raise DataError(f"{error}; {DAMAGED}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is no checkpoint of a run ({error}); {DAMAGED}") from None
    return {name.removeprefix("trainer."): each for name, each in found.items()}, progress


DAMAGED = "the run cannot be resumed from it, and what has weights can still predict: start anew"
