"""What the names of a model are for: which is fed with data, which is what it predicts."""

from collections.abc import Iterator
from dataclasses import dataclass

from symrnn.errors import UsageError
from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Expr, Ref, children
from symrnn.model import Model
from symrnn.system.symbols import Symbol
from symrnn.training.data import Task
from symrnn.training.masking import DRAWS

ALLOWED = {
    "binary": ("bce", "bce_logits", "mse"),
    "classes": ("ce", "ce_logits"),
    "steps": ("ce", "ce_logits"),
    "regress": ("mse",),
}
"""The losses that suit a task; a formula of the author's own suits any."""


@dataclass(frozen=True)
class Roles:
    """The symbols of a model's input and of its target, the names of its loss function and of its
    prediction."""

    x: Symbol
    y: Symbol | None
    loss: str | None
    prediction: str | None
    """What the loss compares with the target, where that has a name."""


def roles(model: Model) -> Roles:
    """The roles of a model that can be fed with one sequence and, to train, one target.

    >>> import symrnn
    >>> found = roles(symrnn.load("char"))
    >>> found.x.name, found.y.name, found.loss, found.prediction
    ('x', 'y', 'ce', 'yhat')
    """
    inputs = [s for s in model.system.named("input") if s.name[:5] not in DRAWS]
    timed = [symbol for symbol in inputs if symbol.timed]
    if len(inputs) != 1 or not timed:
        there = ", ".join(symbol.name for symbol in inputs) or "none"
        raise UsageError(
            f"{model.name} has the inputs: {there}; data have one, at every step. Expected a model"
            " with one input such as x[t]"
        )
    targets = model.system.named("target")
    if len(targets) > 1:
        there = ", ".join(symbol.name for symbol in targets)
        raise UsageError(f"{model.name} has the targets {there}; data have one; expected one")
    target = targets[0] if targets else None
    loss, prediction = _loss(model, target.name) if target else (None, None)
    if target and loss is None:  # a formula of the author's own
        outputs = [s for s in model.system.symbols.values() if s.output]
        alike = [s.name for s in outputs if (s.timed, s.width) == (target.timed, target.width)]
        prediction = alike[0] if len(alike) == 1 else None
    return Roles(timed[0], target, loss, prediction)


def suits(model: Model, task: Task) -> str | None:
    """Why the model's own loss is not for this task; nothing if it is.

    >>> import symrnn
    >>> suits(symrnn.load("elman"), Task("classes", 5, 3))
    'its loss is bce; expected ce'
    """
    if "L" not in model.system.symbols:
        return "it has no loss"
    own = roles(model)
    if own.y is None:
        return "it has no target"
    if own.y.timed != task.timed:
        one, other = ("at every step", "for the whole sequence")
        return f"its target is {one if own.y.timed else other}"
    if own.loss is not None and own.loss not in ALLOWED[task.kind]:
        return f"its loss is {own.loss}; expected {ALLOWED[task.kind][0]}"
    wide = own.y.width
    if not wide.names and wide.number != task.outputs:
        return f"its target has the width {wide.number}; the data have {task.outputs}"
    return None


def _loss(model: Model, target: str) -> tuple[str | None, str | None]:
    """The function that compares the target, and what it is compared with."""
    for definition in model.written.definitions:
        for call in _calls(definition.body):
            if call.function in LOSSES and isinstance(call.args[0], Ref):
                if call.args[0].name != target:
                    continue
                other = call.args[1]
                named = isinstance(other, Ref) and other.shift == 0 and other.base in ("", "t")
                return call.function, other.name if named and isinstance(other, Ref) else None
    return None, None


def _calls(expr: Expr) -> Iterator[Call[Expr]]:
    if isinstance(expr, Call):
        yield expr
    for child in children(expr):
        yield from _calls(child)
