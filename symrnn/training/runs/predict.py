"""What a trained model says: of sequences that it is shown, or of what comes next in a text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symrnn.errors import DataError, UsageError
from symrnn.language.arrays import Array
from symrnn.training.data import Batch, Vocabulary, open_data
from symrnn.training.data.arrays import features
from symrnn.training.data.examples import in_order, side_by_side
from symrnn.training.data.labelled import encoded, read_texts
from symrnn.training.data.opening import BUILT_IN
from symrnn.training.data.text import whole
from symrnn.training.kernels import blanks
from symrnn.training.runs.scores import predicted, squashed
from symrnn.training.runs.trained import DTYPE, Kernels, Trained, is_text

BATCH = 64
TOP = 5
"""So many next tokens are told of."""


@dataclass(frozen=True)
class Prediction:
    """Of one sequence: what it is called, the answer in a word, and the numbers behind it."""

    of: str
    answer: Any
    """A label, a number, or a list: of numbers, or a label for each step."""
    probability: float | None
    """Of the answer, if it is one label."""
    others: dict[str, float]
    """The probability of each label, or of the likeliest next tokens."""


def predict(run: Trained, names: Sequence[str], xs: Sequence[Array]) -> list[Prediction]:
    """A prediction for each sequence, in their order."""
    cut = run.config.data.steps
    if cut is not None and not is_text(run.config):
        xs = [x[:cut] for x in xs]
    lengths = np.array([len(x) for x in xs])
    steps = int(lengths.max())
    fixed = run.model.system.steps
    if fixed is not None and (lengths != fixed).any():
        odd = int(lengths[lengths != fixed][0])
        raise DataError(f"{run.config.model} is for {fixed} steps; there is a sequence of {odd}")
    kernels = run.kernels(min(BATCH, len(xs)), steps, bool((lengths < steps).any()))
    if kernels.roles.prediction is None:
        raise UsageError(
            f"{run.config.model} gives its prediction no name; expected a loss of two names, as"
            " in L = mse(y, yhat)"
        )
    found: dict[int, Prediction] = {}
    for rows in in_order(lengths, BATCH):
        batch: Any = {
            "x": side_by_side([xs[row] for row in rows], steps),
            "lengths": lengths[rows],
        }
        outputs = _outputs(kernels, batch)
        for at, row in enumerate(rows.tolist()):
            own = outputs[: lengths[row], at] if outputs.ndim == 3 else outputs[at]
            found[row] = _said(run, names[row], own)
    return [found[row] for row in range(len(xs))]


def _outputs(kernels: Any, batch: Batch) -> Array:
    inputs = kernels.inputs(batch, target=False)
    kernel = kernels.of(inputs)
    inputs = {**inputs, **kernels.neutral(kernel, len(batch["lengths"]))}
    with np.errstate(all="ignore"):
        kernel.forward(**inputs, **blanks(kernel, inputs))
    found = predicted(kernels, kernel)
    assert found is not None
    return found.astype(np.float64)


def _said(run: Trained, name: str, output: Array) -> Prediction:
    """One output in words."""
    task = run.config.task
    if is_text(run.config):
        assert run.vocabulary is not None
        tokens = run.vocabulary.tokens
        order = np.argsort(-output[-1], kind="stable")[:TOP].tolist()
        likely = {tokens[each]: float(output[-1, each]) for each in order}
        return Prediction(name, tokens[order[0]], likely[tokens[order[0]]], likely)
    if task.kind == "regress":
        return Prediction(name, output.tolist() if output.size > 1 else output.item(), None, {})
    if task.kind == "steps":
        return Prediction(name, [task.labels[each] for each in output.argmax(-1)], None, {})
    if task.kind == "binary":
        output = np.array([1 - output[0], output[0]])
    likely = {label: float(p) for label, p in zip(task.labels, output, strict=True)}
    answer = task.labels[int(output.argmax())]
    return Prediction(name, answer, likely[answer], likely)


# what predictions are asked of


def from_texts(run: Trained, texts: Sequence[str]) -> tuple[list[str], list[Array]]:
    """Texts in the ids of the run."""
    return _encoded(run, texts, lambda row: f"text {row + 1}")


def from_data(
    run: Trained, source: str, column: str | None = None
) -> tuple[list[str], list[Array]]:
    """The texts of a table, the lines of a .txt file, the sequences of an .npz file, or data that
    come along; labels are not asked for."""
    if source in BUILT_IN:
        return from_texts(run, _texts_of(source))
    path = Path(source)
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".jsonl":
            lines, texts = read_texts(path, column or run.config.data.text)
            return _encoded(run, texts, lambda row: f"{path}, line {lines[row]}")
        case ".txt":
            lines, texts = _lines(path)
            return _encoded(run, texts, lambda row: f"{path}, line {lines[row]}")
        case ".npz":
            if run.vocabulary is not None:
                raise UsageError(f"{run.config.model} was trained on texts; {source} holds numbers")
            xs = features(path)
            wide = run.config.task.features
            if xs[0].shape[1] != wide:
                raise DataError(f"{source}: x has the width {xs[0].shape[1]}; expected {wide}")
            return [str(row) for row in range(len(xs))], xs
    open_data(source)  # says what there is
    raise UsageError(f"{source}: no predictions can be made of it")


def _encoded(
    run: Trained, texts: Sequence[str], where: Callable[[int], str]
) -> tuple[list[str], list[Array]]:
    if run.vocabulary is None:
        raise UsageError(
            f"{run.config.model} was trained on numbers, not on texts; expected --data FILE.npz"
        )
    return list(texts), encoded(run.vocabulary, texts, where)


def _texts_of(source: str) -> list[str]:
    data: Any = open_data(source)
    return [data.vocabulary.decode(x) for x in data.x]


def _lines(path: Path) -> tuple[list[int], list[str]]:
    """The lines that are not empty, with their numbers."""
    there = enumerate(whole(path).splitlines(), 1)
    lines = [(number, line) for number, line in there if line.strip()]
    if not lines:
        raise DataError(f"{path} holds empty lines alone; expected a text in each line")
    return [number for number, _ in lines], [line for _, line in lines]


# text from a language model, token by token


MOST = 10_000_000
"""So many tokens can be asked for; they are held in memory."""


def sample(
    kernels: Kernels,
    vocabulary: Vocabulary,
    start: str,
    length: int,
    temperature: float = 1.0,
    seed: int = 0,
) -> str:
    """The start, and so many tokens more. A temperature of 0 takes the likeliest each time; below
    1 the likely ones are likelier yet."""
    if not 0 <= temperature < np.inf:
        raise UsageError(
            f"--temperature is {temperature}; expected a number from 0 up, such as 0.8"
        )
    if not 0 <= length <= MOST:
        wanted = "from 0 up" if length < 0 else f"up to {MOST:,}"
        raise UsageError(f"--length is {length}; expected a whole number {wanted}")
    ids = vocabulary.encode(start).tolist()
    if not ids:
        raise UsageError(
            f"--start {start!r} holds no {vocabulary.tokeniser.unit}; expected one or more"
        )
    rng = np.random.default_rng(seed)
    unknown = None if vocabulary.unknown is None else vocabulary.tokens.index(vocabulary.unknown)
    stepping = _Stepping(kernels)
    for one in ids:
        found = stepping.after(one)
    for _ in range(length):
        ids.append(drawn(found, temperature, rng, unknown))
        found = stepping.after(ids[-1])
    return vocabulary.decode(ids)


def drawn(
    probabilities: Array, temperature: float, rng: np.random.Generator, never: int | None = None
) -> int:
    """A class by its probability, at this temperature; one of them never.

    >>> drawn(np.array([0.2, 0.5, 0.3]), 0, np.random.default_rng(0), never=1)
    2
    """
    with np.errstate(all="ignore"):
        logs = np.log(probabilities.astype(np.float64))
        if never is not None and len(logs) > 1:
            logs[never] = -np.inf
        if temperature == 0:
            return int(logs.argmax())
        raised = np.exp((logs - logs.max()) / temperature)
    return int(rng.choice(len(raised), p=raised / raised.sum()))


class _Stepping:
    """A model that is shown one token after the other."""

    def __init__(self, kernels: Kernels) -> None:
        self.kernels, self.kernel = kernels, kernels.plain
        self.states: dict[str, Array] = {}
        masks = kernels.neutral(self.kernel, 1)
        axes = kernels.modules["kernel.py"].INPUTS
        self.masks = {n: m[0] if axes[n][0] == "T" else m for n, m in masks.items()}
        self.ids = kernels.roles.x.name in kernels.config.kernel.ids

    def after(self, token: int) -> Array:
        """What comes next, as probabilities."""
        x = np.array([token])
        if not self.ids:
            x = np.eye(self.kernels.config.task.features, dtype=DTYPE)[x]
        given = {self.kernels.roles.x.name: x, **self.masks, **self.states}
        outputs, states = self.kernel.step(**given, **blanks(self.kernel, given, stepwise=True))
        self.states = {name: array.copy() for name, array in states.items()}
        name = self.kernels.roles.prediction
        if name is None:
            raise UsageError(
                "the model gives its prediction no name; expected a loss of two names, as in"
                " L = mean(ce(y[t], yhat[t]))"
            )
        found: Array = squashed(self.kernels, outputs[name])[0]
        return found
