"""A run that is ready to go on: from its beginning, or from a checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from symrnn import __version__
from symrnn.errors import DataError, UsageError
from symrnn.kernels.auto import fastest
from symrnn.kernels.generate import AUTO
from symrnn.kernels.settings import Settings, Sizes
from symrnn.language.arrays import Array
from symrnn.language.tree import BATCH, Size, walk
from symrnn.model import Model
from symrnn.training.data import Data, Vocabulary, open_data
from symrnn.training.data.opening import BUILT_IN, READERS
from symrnn.training.optimisers import OPTIMISERS
from symrnn.training.ranks import ALONE, Agreed, Ranks
from symrnn.training.runs import checkpoint
from symrnn.training.runs.architecture import (
    MASK_KINDS,
    MaskKind,
    Probabilities,
    ids_of,
    under_head,
    widths,
    with_masks,
)
from symrnn.training.runs.checkpoint import RunProgress
from symrnn.training.runs.config import Config, DataConfig, KernelConfig, TrainingConfig
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
from symrnn.training.runs.trained import DTYPE, Kernels, is_text
from symrnn.training.schedules import lasting
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
    ranks: Ranks = ALONE
    """The processes that share it."""
    remarks: tuple[str, ...] = ()
    """What has found itself and may be worth knowing."""

    def digest(self) -> str:
        """Of all that has to be the same for whoever shares a run."""
        place = self.progress.epoch, self.progress.position, self.trainer.count
        drawn = self.trainer.rng.bit_generator.state
        said = repr((__version__, self.model.text, self.config.text(), place, drawn))
        return sha256(said.encode() + self.kernels.plain.theta.tobytes()).hexdigest()


@dataclass(frozen=True)
class RunRequest:
    """What is asked of a new run; what is None finds itself."""

    reading: Mapping[str, Any]
    """Fields of `DataConfig`."""
    training: Mapping[str, Any]
    """Fields of `TrainingConfig`."""
    head: str | None = None
    hidden: int | Mapping[str, int] | None = None
    masks: Sequence[tuple[MaskKind, Probabilities]] = ()
    weights: str | None = None
    """A file with parameters to start from."""


def begin(model: Model, source: str, request: RunRequest, ranks: Ranks = ALONE) -> Session:
    """A new run, ready for its first step; nothing is written."""
    reading = _reading(source, request)
    seed = request.training.get("seed", 0)
    data = open_data(source, reading.options(seed))
    model = Model(short(model.name), model.written)
    chosen, named = under_head(model, data.task, request.head)
    ids = ids_of(chosen, data.task)
    chosen, masks = with_masks(Model(model.name, chosen.written), request.masks, ids)
    dims, hidden = widths(chosen, data.task, request.hidden)
    # a mask on an input makes numbers of its ids
    made = KernelConfig(data.steps, data.ragged, ids_of(chosen, data.task), dims, hidden)
    training, remarks = _with_back_end(request.training, chosen, made, data, ranks)
    config = Config(
        model.name,
        named,
        replace(reading, batch=data.batch),
        _training(training, masks, data.batches),
        made,
        data.task,
    )
    if is_text(config):
        config = replace(config, begins=_first_token(data))
    weights = load(request.weights) if request.weights else {}
    check(weights, chosen, dims, complete=False)
    session = _session(chosen, config, data, RunProgress(), weights, ranks)
    return replace(session, remarks=remarks)


def _with_back_end(
    training: Mapping[str, Any], model: Model, made: KernelConfig, data: Data, ranks: Ranks
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """With the quickest back end where that is asked for, and what is said of it."""
    if training.get("backend") != AUTO:
        return training, ()
    settings = Settings.of(made.steps, ids=made.ids, lengths=made.ragged)
    found = fastest(model.written, model.text, model.name, settings, _sizes(made, data, ranks))
    return {**training, "backend": found.backend}, (f"back end: {found}",)


def _sizes(made: KernelConfig, data: Data, ranks: Ranks) -> Sizes:
    """Those of the first batch, and so of most."""
    batch = next(data.train_batches(0, np.random.default_rng(0)))
    return Sizes(made.dims, ranks.most(len(batch["lengths"])), DTYPE.__name__)


def _reading(source: str, request: RunRequest) -> DataConfig:
    known = source in BUILT_IN
    options = dict(request.reading)
    options["regress"] = options.get("regress", False) or request.head == "regress"
    if known:
        return DataConfig(source, "", **options)
    reading = DataConfig(str(Path(source).absolute()), "", **options)
    if Path(source).suffix.lower() not in READERS:
        open_data(source)  # says which there are
    return replace(reading, digest=digest(source))


def _training(said: Mapping[str, Any], masks: dict[str, float], batches: int) -> TrainingConfig:
    """With what is not said filled in."""
    epochs = said.get("epochs") or max(EPOCHS, -(-STEPS // batches))
    found = TrainingConfig(**{**said, "epochs": epochs}, masks=masks)
    return replace(found, schedule=lasting(found.schedule, batches * epochs))


def _first_token(data: Data) -> int:
    batch = next(data.train_batches(0, np.random.default_rng(0)))
    return int(batch["x"][0, 0])


def _session(
    model: Model,
    config: Config,
    data: Data,
    progress: RunProgress,
    weights: Mapping[str, Array],
    ranks: Ranks,
) -> Session:
    if ranks.size > 1:
        _check_rows(model)
    kernels = Kernels(model, config, ranks.most(data.batch), backend=config.training.backend)
    if is_text(config) and not kernels.causal:
        raise UsageError(
            f"{model.name} reads later steps, and with them what it has to predict; expected a"
            " model that runs forwards alone, such as char, or elman, lstm and gru with --head"
            " steps"
        )
    training = config.training
    if training.backend != "numpy":
        first = next(data.train_batches(0, np.random.default_rng(0)))
        kernels.compile_for(first, ranks.most(len(first["lengths"])))
    kernels.start(training.seed, weights)
    trainer = Trainer(
        kernels.plain,
        OPTIMISERS[training.optimiser](training.learning_rate),
        schedule=training.schedule,
        clip=training.clip or None,
        carry=kernels.carries,
        masks=training.masks,
        seed=training.seed,
        ranks=ranks,
    )
    if training.patience is not None and next(data.validation_batches(), None) is None:
        raise UsageError("--patience is for a validation; expected --validation SHARE with it")
    return Session(model, config, data, kernels, trainer, progress, ranks)


def _check_rows(model: Model) -> None:
    """Refuse a model in which a sequence matters to the others: rows cannot be shared out then. It
    is one that counts them; whatever else a text says is of each sequence alone."""
    bodies = [definition.body for definition in model.written.definitions]
    if any(node == Size(BATCH) for body in bodies for node in walk(body)):
        raise UsageError(
            f"{model.name} reads size(B), the number of sequences in a batch, which are shared out"
            " here among several processes; expected a model without, or one process"
        )


def check_shared(session: Session) -> None:
    """Refuse ranks that are ready for different runs."""
    found = session.ranks.everyone(session.digest())
    odd = [rank for rank, each in enumerate(found) if each != found[0]]
    if odd:
        raise Agreed(
            f"rank {odd[0]} of {session.ranks.size} is ready for another run than the first: it has"
            " other options, other data or another version of symrnn; expected the same everywhere"
        )


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


def resume(
    folder: Folder, config: Config, source: str | None = None, ranks: Ranks = ALONE
) -> Session:
    """The run as its checkpoint left it; `source` is where the data are now, if they have moved."""
    if not (folder / CHECKPOINT).exists():
        raise UsageError(f"{folder.path} has no {CHECKPOINT}; it cannot be resumed: start anew")
    state, progress = checkpoint.load(folder / CHECKPOINT)
    _check_digests(folder, progress)
    model = folder.model(config)
    vocabulary = folder.vocabulary(config)
    data = same_data(config, source or config.data.source, vocabulary)
    weights = folder.weights(model, config.kernel.dims)  # of these what is fixed: the rest moved on
    session = _session(model, config, data, progress, weights, ranks)
    session.trainer.restore(_numbers(state))
    theta = session.kernels.plain.theta
    if progress.best is not None and progress.best.shape != theta.shape:
        raise DataError(f"{folder / CHECKPOINT} holds other parameters; {checkpoint.DAMAGED}")
    return session


def check_agrees(config: Config, said: Mapping[str, Any]) -> None:
    """A resumed run keeps its configuration: whatever is `said`, by the names of options of
    `symrnn train`, has to be what it has, but for more epochs."""
    own = {**asdict(config.data), **asdict(config.training), **asdict(config)}
    own |= {"hidden": config.kernel.hidden}
    own["steps"] = config.kernel.steps if own["steps"] is None else own["steps"]
    masks = config.training.masks
    for name, kind in MASK_KINDS.items():
        own[name] = {mask[5:]: p for mask, p in masks.items() if mask.startswith(kind.prefix)}
    for name, value in said.items():
        has = own[name]
        if name == "data":
            if value not in BUILT_IN and config.data.digest:
                continue  # a file that may have moved; its content tells
            has = config.data.source
        elif name == "model":
            value = short(value)
        elif name == "epochs" and value > has:
            continue
        elif name == "backend" and value == AUTO:
            continue  # the one that was found
        if not _agrees(value, has):
            option = "MODEL" if name == "model" else f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{option} {_shown(value)} contradicts the run's {_shown(has)}; a resumed run keeps"
                " its configuration"
            )


def _agrees(said: Any, own: Any) -> bool:
    if isinstance(own, dict) and not isinstance(said, dict):  # one number for all of them
        return bool(own) and all(value == said for value in own.values())
    if isinstance(own, dict):
        return all(own.get(name) == value for name, value in said.items())
    return bool(said == own)


def _shown(value: Any) -> str:
    """
    >>> _shown({"H": 128, "H_b": 128}), _shown({"h": 0.5, "x": 0.1}), _shown(None)
    ('128', 'h=0.5,x=0.1', 'none')
    """
    if isinstance(value, dict):
        if len(set(value.values())) == 1:
            return str(next(iter(value.values())))
        return ",".join(f"{name}={each}" for name, each in value.items()) or "none"
    return "none" if value is None else str(value)


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
