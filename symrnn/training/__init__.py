"""Training a kernel: what a framework's loop does, on NumPy arrays and the generated file alone.

>>> import numpy as np, symrnn
>>> from symrnn import training
>>> kernel = training.started(symrnn.load("elman").kernel(steps=3), batch=2, D=3, H=4, C=1)
>>> x = np.eye(3)[[[0, 1], [1, 2], [2, 0]]]
>>> batches = [{"x": x, "y": np.array([[1.0], [0.0]])}]
>>> history = training.fit(kernel, batches, training.Adam(0.05), epochs=100)
>>> history.losses[-1] < 0.02
True

fit         epochs over batches of one's own: `fit`, `run`, and their history
loop        the one loop, which they and `runs` feed: epochs, callbacks, validation, patience
trainer     one step after the other: gradient, clipping, schedule, update, states carried on
optimisers  SGD, Adagrad, RMSprop, Adam, AdamW, and what they remember of one vector
schedules   the learning rate over the steps
ranks       processes that train together, each on its rows of every batch
masks       masks for dropout and zoneout, drawn, or such that they change nothing
kernels     what is asked of a kernel; one with parameters to start from
metrics     accuracy, squared error, bits per character, confusion
data        from files to batches
runs        run directories: what `symrnn train` makes

estimators  fit, predict and score on arrays, in scikit-learn's convention
conventions that convention: parameters, X and y, their errors
network     a model under a read-out, and the kernels that train it and read it
"""

from symrnn.training.estimators import SequenceClassifier, SequenceRegressor
from symrnn.training.fit import History, fit, run
from symrnn.training.kernels import Kernel, put, started
from symrnn.training.loop import STOP, Epoch, StopTraining
from symrnn.training.masks import draw_masks, neutral_masks
from symrnn.training.optimisers import (
    OPTIMISERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Memory,
    Optimiser,
    RMSprop,
)
from symrnn.training.ranks import Ranks, launched
from symrnn.training.schedules import Schedule, schedule
from symrnn.training.trainer import Step, Trainer, clip_norm, clip_value, norm

__all__ = [
    "OPTIMISERS",
    "SGD",
    "STOP",
    "Adagrad",
    "Adam",
    "AdamW",
    "Epoch",
    "History",
    "Kernel",
    "Memory",
    "Optimiser",
    "RMSprop",
    "Ranks",
    "Schedule",
    "SequenceClassifier",
    "SequenceRegressor",
    "Step",
    "StopTraining",
    "Trainer",
    "clip_norm",
    "clip_value",
    "draw_masks",
    "fit",
    "launched",
    "neutral_masks",
    "norm",
    "put",
    "run",
    "schedule",
    "started",
]
