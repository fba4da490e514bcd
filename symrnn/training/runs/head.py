"""A model for a task: under a head that suits, and with widths for what data do not say."""

from collections.abc import Mapping

from symrnn.errors import EquationError, UsageError, suggestion
from symrnn.language.tree import Width
from symrnn.model import Model
from symrnn.system.ids import with_ids
from symrnn.system.symbols import dimensions
from symrnn.training.data import Task
from symrnn.training.runs.roles import roles, suits

HIDDEN = 128
"""The width of every state, unless it is said."""


def under_head(model: Model, task: Task, head: str | None) -> tuple[Model, str | None]:
    """The model itself if its own head suits the task and no other is asked for; else under the
    one that is asked for, or that of the task. And the name of that head."""
    if head is None and suits(model, task) is None:
        return model, None
    if head is None and task.kind == "regress" and task.timed:
        raise UsageError(
            f"the data have numbers at every step, and {model.name} is not for them:"
            f" {suits(model, task)}. No such head comes along; write one into a file:"
            " yhat[t] = state[t] @ w_y + b_y; L = mean(mse(y[t], yhat[t])), and say --head FILE"
        )
    name = head or task.kind
    found = model.with_head(name)
    why = suits(found, task)
    if why is not None:
        raise UsageError(
            f"the head {name} is not for these data, which are {_called(task)}: {why}."
            f" Leave --head out, or expected {task.kind}"
        )
    return found, name


def _called(task: Task) -> str:
    what = {"binary": "of two classes", "classes": f"of {task.outputs} classes"}
    return what.get(task.kind, "numbers" if task.kind == "regress" else "of a class at every step")


def ids(model: Model, task: Task) -> tuple[str, ...]:
    """Which of the model's names take the class ids that data have; the others get one-hot rows."""
    own = roles(model)
    named = {"x": own.x.name, "y": own.y.name if own.y else None}
    found = []
    for name in (named[each] for each in task.ids):
        try:
            with_ids(model.written, [name] if name else [])
        except EquationError:
            continue
        found += [name] if name else []
    return tuple(found)


def widths(
    model: Model, task: Task, hidden: int | Mapping[str, int] | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Every dimension of the model as a number; and those that the data do not say.

    >>> import symrnn
    >>> widths(symrnn.load("elman"), Task("binary", 5, 1), 8)
    ({'D': 5, 'H': 8, 'C': 1}, {'H': 8})
    """
    own = roles(model)
    found: dict[str, int] = {}
    _said(found, own.x.name, own.x.width, task.features)
    if own.y is not None:
        _said(found, own.y.name, own.y.width, task.outputs)
    names = dimensions(model.system.symbols)
    free = [name for name in names if name not in found]
    if isinstance(hidden, Mapping):
        for name in hidden:
            if name not in free:
                why = "is what the data say" if name in names else "is no dimension of the model"
                raise UsageError(
                    f"--hidden: {name} {why}{suggestion(name, free)}; there are"
                    f" {', '.join(free) or 'none'}"
                )
        rest = {name: hidden.get(name, HIDDEN) for name in free}
    else:
        rest = dict.fromkeys(free, HIDDEN if hidden is None else hidden)
    for name, size in rest.items():
        if not 1 <= size <= 1_000_000:
            raise UsageError(
                f"--hidden: {name} = {size}; expected a whole number from 1 to 1,000,000"
            )
    return {name: {**found, **rest}[name] for name in names}, rest


def _said(found: dict[str, int], name: str, width: Width, size: int) -> None:
    """What one width says of the dimensions."""
    known = sum(found.get(each, 0) for each in width.names) + width.number
    free = [each for each in width.names if each not in found]
    if len(free) == 1 and size > known:
        found[free[0]] = size - known
    elif free or known != size:
        raise UsageError(
            f"{name} has the width {width} in the model"
            f"{f' ({known})' if width.names and not free else ''}; the data have {size}"
        )
