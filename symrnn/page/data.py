"""The numbers behind a page: one sequence for the worked example, a batch for flow.

They come from the notes, from JSON that came along, from a run, or are drawn by a seed.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symrnn.derive.worked.data import BUILT_IN, meaning, worked_data
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.page.asked import Asked
from symrnn.system.symbols import GIVEN

if TYPE_CHECKING:
    from symrnn.training.runs.plain_batch import PlainBatch

FLOW_STEPS, FLOW_BATCH, FLOW_WIDTH = 20, 8, 8
"""Of what is drawn for flow: a few steps show nothing of what is left of a gradient."""


@dataclass(frozen=True)
class Example:
    """One sequence, its target and all parameters."""

    arrays: dict[str, Array]
    steps: int
    said: str
    """Where they come from."""
    meaning: str = ""
    """What the numbers stand for, where they stand for something."""


def source(asked: Asked) -> str | bytes | None:
    """The data of a page as a worked example takes them: a name, JSON, or nothing."""
    data = asked.data.strip()
    return data if data in BUILT_IN else data.encode() if data else None


def example(asked: Asked, model: Model, steps: int) -> Example:
    """What was asked for; data say how many steps there are, and of what is drawn `steps`."""
    data = source(asked)
    symbols, wanted = model.system.symbols, steps if data is None else None
    found, count = worked_data(
        model.written, symbols, wanted, data, seed=asked.seed, scalar=asked.scalar
    )
    drawn = f"drawn by the seed {asked.seed}"
    said = f"All of its numbers are {drawn}."
    if data is not None:
        whose = "those that were put in"
        if isinstance(data, str):
            whose = f"the notes' ({_suiting(data, model)})"
        said = f"Its data are {whose}, its parameters {drawn}."
        if count != steps:
            said += f" The data have {count} step{'s' * (count != 1)}, and so has this example."
    return Example(found, count, said, meaning(model.written, symbols, asked.scalar, data))


def example_of_run(batch: "PlainBatch") -> Example:
    """The first sequence of a run's data, and the parameters that it has come to."""
    symbols, arrays, steps = batch.model.system.symbols, dict(batch.params), 1
    for name, value in batch.inputs.items():
        arrays[name] = value[:, :1] if symbols[name].timed else value[:1]
        steps = len(value) if symbols[name].timed else steps
    return Example(arrays, steps, "It is the first sequence of the run's data, with its weights.")


def batch(asked: Asked, model: Model, steps: int) -> "PlainBatch":
    """What was asked for, as `symrnn flow` takes it: data of the notes as a run would begin with
    them, JSON as it is, or what is drawn."""
    from symrnn.training.runs import plain_batch
    from symrnn.training.runs.session import RunRequest

    data = source(asked)
    if isinstance(data, bytes):
        found = example(asked, model, steps).arrays
        roles = {name: model.system.symbols[name].role for name in found}
        params = {name: value for name, value in found.items() if roles[name] in GIVEN}
        inputs = {name: value for name, value in found.items() if name not in params}
        return plain_batch.PlainBatch(model, params, inputs)
    if data is not None:
        request = RunRequest({}, {"seed": asked.seed}, hidden=FLOW_WIDTH)
        return plain_batch.of_beginning(model, _suiting(data, model), request)
    steps = model.system.steps or max(steps, FLOW_STEPS)
    width = 1 if asked.scalar else FLOW_WIDTH
    dims: dict[str, Any] = {}
    return plain_batch.drawn(model, steps, FLOW_BATCH, dims, width, asked.seed)


def _suiting(name: str, model: Model) -> str:
    """The notes' data by their own name."""
    if name != "notes":
        return name
    targets = model.system.named("target")
    return "hello" if any(symbol.timed for symbol in targets) else "cat-mat-rat"
