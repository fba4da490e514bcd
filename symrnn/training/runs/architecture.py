"""The model of a run: its head, its widths, its masks; and which of its names is fed with what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from symrnn.errors import EquationError, SymrnnError, UsageError, suggestion
from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Expr, Ref, Width, children
from symrnn.model import Model
from symrnn.system import initial_states
from symrnn.system.ids import with_ids
from symrnn.system.symbols import Symbol, dimensions
from symrnn.training.data import Task
from symrnn.training.masks import DRAWS

# what its names are for


ALLOWED = {
    "binary": ("bce", "bce_logits", "mse"),
    "classes": ("ce", "ce_logits"),
    "steps": ("ce", "ce_logits"),
    "regress": ("mse",),
}
"""The losses that suit a task; a formula of the author's own suits any."""


@dataclass(frozen=True)
class DataRoles:
    """The symbols of a model's input and of its target, the names of its loss function and of its
    prediction."""

    x: Symbol
    y: Symbol | None
    loss: str | None
    prediction: str | None
    """What the loss compares with the target, where that has a name."""


def roles(model: Model) -> DataRoles:
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
    return DataRoles(timed[0], target, loss, prediction)


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


# a head that suits a task, and widths for what data do not say


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


def ids_of(model: Model, task: Task) -> tuple[str, ...]:
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


# dropout and zoneout by a probability
#
# A number alone is for all names that suit: for dropout what a recurrence gives to equations
# outside of it, so between layers and before the read-out, and the input where it is numbers; for
# recurrent dropout and zoneout every state.


Chances = float | Mapping[str, float] | None
"""One probability for all names that suit, or one for each of these; or none."""


@dataclass(frozen=True)
class MaskKind:
    """One of the three: its option, how its masks begin, and what puts a mask into a model."""

    option: str
    prefix: str
    put: Callable[[Model, str], Model]
    over_time: bool = False
    """Also for what recurrences only read: layers, and the input."""


DROPOUT = MaskKind("--dropout", "drop_", lambda model, name: model.with_dropout(name), True)
RECURRENT = MaskKind("--recurrent-dropout", "keep_", lambda m, name: m.with_dropout(recurrent=name))
ZONEOUT = MaskKind("--zoneout", "zone_", lambda model, name: model.with_zoneout(name))
MASK_KINDS = {"dropout": DROPOUT, "recurrent_dropout": RECURRENT, "zoneout": ZONEOUT}


def with_masks(
    model: Model, asked: Sequence[tuple[MaskKind, Chances]], ids: Sequence[str]
) -> tuple[Model, dict[str, float]]:
    """The model with the masks that are asked for, and the probability of each. An input that
    comes as class ids gets none, unless it is named.

    >>> import symrnn
    >>> found, masks = with_masks(symrnn.load("stacked"), [(DROPOUT, 0.2)], ["x"])
    >>> masks
    {'drop_h1': 0.2, 'drop_h2': 0.2}
    """
    plain = model
    found: dict[str, float] = {}
    for kind, chances in asked:
        if chances is None:
            continue
        each = chances if isinstance(chances, Mapping) else _default(plain, kind, chances, ids)
        if not each:
            raise UsageError(f"{kind.option}: {model.name} has nothing to put a mask on")
        for name, p in each.items():
            if not 0 <= p < 1:
                raise UsageError(
                    f"{kind.option}: the probability is {p:g}; expected one from 0 to below 1"
                )
            model, mask = _put(model, kind, name)
            found[mask] = p
    for name in _masks(model):
        if name not in found:
            raise UsageError(
                f"{name} is a mask of {model.name}; say how likely it is: {_option(name)}"
                f" {name[5:]}=0.2"
            )
    return model, found


def _put(model: Model, kind: MaskKind, name: str) -> tuple[Model, str]:
    """The model with this mask, which the text may have already; and what it is called."""
    before = _masks(model)
    if kind.prefix + name in before:
        return model, kind.prefix + name
    made = kind.put(model, name)
    (new,) = [mask for mask in _masks(made) if mask not in before]
    return Model(model.name, made.written), new


def _masks(model: Model) -> list[str]:
    return [s.name for s in model.system.named("input") if s.name[:5] in DRAWS]


def _default(model: Model, kind: MaskKind, p: float, ids: Sequence[str]) -> dict[str, float]:
    """The names that such a mask can stand on."""
    states = [ref.name for ref in initial_states(model.system).values()]
    names = list(dict.fromkeys(states))
    if kind.over_time and roles(model).x.name not in ids:
        names.append(roles(model).x.name)
    own = {mask[5:] for mask in _masks(model) if mask.startswith(kind.prefix)}
    return {name: p for name in names if name in own or _stands(model, kind, name)}


def _stands(model: Model, kind: MaskKind, name: str) -> bool:
    try:
        kind.put(model, name)
    except SymrnnError:
        return False
    return True


def _option(mask: str) -> str:
    return next(kind.option for kind in MASK_KINDS.values() if kind.prefix == mask[:5])
