"""A run that is ready to go on: from its beginning, or from a checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.language.table import Array
from symrnn.model import Model
from symrnn.training.data import Data, Vocabulary, open_data
from symrnn.training.data.opening import BUILT_IN, READERS
from symrnn.training.optimisers import OPTIMISERS
from symrnn.training.runs import checkpoint
from symrnn.training.runs.architecture import (
    Chances,
    MaskKind,
    ids_of,
    under_head,
    widths,
    with_masks,
)
from symrnn.training.runs.checkpoint import RunProgress
from symrnn.training.runs.config import Config, Made, Reading, Training
from symrnn.training.runs.folder import (
    CHECKPOINT,
    CONFIG,
    MODEL,
    VOCABULARY,
    Folder,
    Unfinished,
    digest,
    short,
)
from symrnn.training.runs.trained import Kernels, is_text
from symrnn.training.trainer import Trainer
from symrnn.weights import check, load

STEPS, EPOCHS = 1000, 10
"""Unless epochs are said: so many steps at least, and so many epochs at least."""


@dataclass(frozen=True)
class Session:
    """All that a loop works with, but for the directory."""

    model: Model
    config: Config
    data: Data
    kernels: Kernels
    trainer: Trainer
    progress: RunProgress


@dataclass(frozen=True)
class Wish:
    """What is asked of a new run; what is None finds itself."""

    reading: Mapping[str, Any]
    """Fields of `Reading`."""
    training: Mapping[str, Any]
    """Fields of `Training`."""
    head: str | None = None
    hidden: int | Mapping[str, int] | None = None
    masks: Sequence[tuple[MaskKind, Chances]] = ()
    weights: str | None = None
    """A file with parameters to start from."""


def begin(model: Model, source: str, wish: Wish) -> Session:
    """A new run, ready for its first step; nothing is written."""
    reading = _reading(source, wish)
    seed = wish.training.get("seed", 0)
    data = open_data(source, reading.options(seed))
    model = Model(short(model.name), model.written)
    chosen, named = under_head(model, data.task, wish.head)
    ids = ids_of(chosen, data.task)
    chosen, masks = with_masks(Model(model.name, chosen.written), wish.masks, ids)
    dims, hidden = widths(chosen, data.task, wish.hidden)
    # a mask on an input makes numbers of its ids
    made = Made(data.steps, data.ragged, ids_of(chosen, data.task), dims, hidden)
    config = Config(
        model.name,
        named,
        replace(reading, batch=data.batch),
        _training(wish.training, masks, data.batches),
        made,
        data.task,
    )
    if is_text(config):
        config = replace(config, begins=_first_token(data))
    weights = load(wish.weights) if wish.weights else {}
    check(weights, chosen, dims, complete=False)
    return _session(chosen, config, data, RunProgress(), weights)


def _reading(source: str, wish: Wish) -> Reading:
    known = source in BUILT_IN
    options = dict(wish.reading)
    options["regress"] = options.get("regress", False) or wish.head == "regress"
    if known:
        return Reading(source, "", **options)
    reading = Reading(str(Path(source).absolute()), "", **options)
    if Path(source).suffix.lower() not in READERS:
        open_data(source)  # says which there are
    return replace(reading, digest=digest(source))


def _training(said: Mapping[str, Any], masks: dict[str, float], batches: int) -> Training:
    """With what is not said filled in."""
    epochs = said.get("epochs") or max(EPOCHS, -(-STEPS // batches))
    found = Training(**{**said, "epochs": epochs}, masks=masks)
    return replace(found, schedule=_whole(found.schedule, batches * epochs))


def _whole(schedule: str, steps: int) -> str:
    """The schedule, in which a cosine lasts to the end of the run, unless it says how long.

    >>> _whole("warmup:10,cosine", 100)
    'warmup:10,cosine:90'
    """
    *before, last = schedule.split(",")
    if last.strip() != "cosine":
        return schedule
    for each in before:
        _, _, count = each.partition(":")
        steps -= int(count) if count.isascii() and count.isdigit() else 0
    return ",".join([*before, f"cosine:{max(steps, 1)}"])


def _first_token(data: Data) -> int:
    batch = next(data.train_batches(0, np.random.default_rng(0)))
    return int(batch["x"][0, 0])


def _session(
    model: Model, config: Config, data: Data, progress: RunProgress, weights: Mapping[str, Array]
) -> Session:
    kernels = Kernels(model, config)
    if is_text(config) and not kernels.causal:
        raise UsageError(
            f"{model.name} reads later steps, and with them what it has to predict; expected a"
            " model that runs forwards alone, such as char, or elman, lstm and gru with --head"
            " steps"
        )
    training = config.training
    kernels.start(training.seed, weights)
    trainer = Trainer(
        kernels.plain,
        OPTIMISERS[training.optimiser](training.learning_rate),
        schedule=training.schedule,
        clip=training.clip or None,
        carry=kernels.carries,
        masks=training.masks,
        seed=training.seed,
    )
    if training.patience is not None and next(data.validation_batches(), None) is None:
        raise UsageError("--patience is for a validation; expected --validation SHARE with it")
    return Session(model, config, data, kernels, trainer, progress)


def settle(session: Session, path: Path) -> Folder:
    """The directory of a new run, with a checkpoint of step 0: it is there whole, or not at all."""
    unfinished = Unfinished(path)
    try:
        unfinished.write(MODEL, session.model.text)
        unfinished.write(CONFIG, session.config.text())
        if session.data.vocabulary:
            session.data.vocabulary.save(unfinished.path / VOCABULARY)
        for name, source in session.kernels.sources.items():
            unfinished.write(name, source)
        inside = Folder(unfinished.path)
        session.progress.digests = inside.digests()
        inside.save_weights(session.kernels.plain.params)
        checkpoint.save(inside / CHECKPOINT, session.trainer.state(), session.progress)
        return unfinished.finish()
    finally:
        unfinished.discard()


# from a checkpoint


def resume(folder: Folder, config: Config, source: str | None = None) -> Session:
    """The run as its checkpoint left it; `source` is where the data are now, if they have moved."""
    if not (folder / CHECKPOINT).exists():
        raise UsageError(f"{folder.path} has no {CHECKPOINT}; it cannot be resumed: start anew")
    state, progress = checkpoint.load(folder / CHECKPOINT)
    _check_digests(folder, progress)
    model = folder.model(config)
    vocabulary = folder.vocabulary(config)
    data = same_data(config, source or config.data.source, vocabulary)
    weights = folder.weights(model, config.kernel.dims)  # of these what is fixed: the rest moved on
    session = _session(model, config, data, progress, weights)
    session.trainer.restore(_numbers(state))
    theta = session.kernels.plain.theta
    if progress.best is not None and progress.best.shape != theta.shape:
        raise DataError(f"{folder / CHECKPOINT} holds other parameters; {checkpoint.DAMAGED}")
    return session


def _numbers(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: int(each) if name == "count" else each for name, each in state.items()}


def _check_digests(folder: Folder, progress: RunProgress) -> None:
    found = folder.digests()
    for name in sorted(found.keys() | progress.digests.keys()):
        if found.get(name) != progress.digests.get(name):
            raise DataError(
                f"{folder / name} is not what the run began with; a resumed run keeps its model and"
                " its configuration: put it back, or start a run of its own"
            )


def same_data(config: Config, source: str, vocabulary: Vocabulary | None) -> Data:
    """The data of the run, or one message."""
    if config.data.digest and (source in BUILT_IN or digest(source) != config.data.digest):
        raise DataError(
            f"{source} has changed since the run began, and its own data are needed: put them back,"
            " or start a run of its own"
        )
    data = open_data(source, config.data.options(config.training.seed))
    if asdict(data.task) != asdict(config.task) or data.vocabulary != vocabulary:
        raise DataError(
            f"{source} is not read as it was when the run began; start a run of its own"
        )
    return data
