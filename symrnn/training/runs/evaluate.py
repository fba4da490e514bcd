"""How good a trained model is: on data of its own, or on others."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from symrnn.training.data import Data, open_data
from symrnn.training.data.notes import BUILT_IN
from symrnn.training.runs.kernels import Kernels
from symrnn.training.runs.scores import Scores, score
from symrnn.training.runs.session import same_data
from symrnn.training.runs.trained import Trained


def evaluate(
    run: Trained, source: str | None = None, text: str | None = None, label: str | None = None
) -> tuple[Scores, str]:
    """The scores, and on what: a file of the same kind, or the run's own data, of which the part
    that was kept apart for validation counts if there is one."""
    if source is None:
        data = same_data(run.config, run.config.data.source, run.vocabulary)
        kernels = run.kernels(data.batch, data.steps, data.ragged)
        return own_scores(data, kernels)
    data = _opened(run, source, text, label)
    kernels = run.kernels(data.batch, data.steps, data.ragged)
    return score(kernels, data.train_batches(0, np.random.default_rng(0))), source


def own_scores(data: Data, kernels: Kernels) -> tuple[Scores, str]:
    """On the validation part, or on what was trained on if there is none."""
    if next(data.validation_batches(), None) is not None:
        return score(kernels, data.validation_batches()), "validation"
    return score(kernels, data.train_batches(0, np.random.default_rng(0))), "training"


def _opened(run: Trained, source: str, text: str | None, label: str | None) -> Data:
    reading = run.config.data
    batch = reading.batch
    if source not in BUILT_IN and Path(source).suffix.lower() == ".txt" and Path(source).exists():
        # streams that are as long as a window where they can be: what comes first has no context
        batch = max(1, min(batch, Path(source).stat().st_size // (4 * run.config.kernel.steps)))
    asked = replace(
        reading,
        batch=batch,
        validation=0.0,
        text=text or reading.text,
        label=label or reading.label,
    )
    options = asked.options(run.config.training.seed, run.config.known(run.vocabulary))
    return open_data(source, options)
