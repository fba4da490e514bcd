"""Dropout and zoneout by a probability: which masks a model gets, and how likely each is.

A number alone is for all names that suit: for dropout what a recurrence gives to equations outside
of it, so between layers and before the read-out, and the input where it is numbers; for recurrent
dropout and zoneout every state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from symrnn.errors import SymrnnError, UsageError
from symrnn.model import Model
from symrnn.system import initial_states
from symrnn.training.masking import DRAWS
from symrnn.training.runs.roles import roles

Chances = float | Mapping[str, float] | None
"""One probability for all names that suit, or one for each of these; or none."""


@dataclass(frozen=True)
class Kind:
    """One of the three: its option, how its masks begin, and what puts a mask into a model."""

    option: str
    prefix: str
    put: Callable[[Model, str], Model]
    over_time: bool = False
    """Also for what recurrences only read: layers, and the input."""


DROPOUT = Kind("--dropout", "drop_", lambda model, name: model.with_dropout(name), True)
RECURRENT = Kind("--recurrent-dropout", "keep_", lambda m, name: m.with_dropout(recurrent=name))
ZONEOUT = Kind("--zoneout", "zone_", lambda model, name: model.with_zoneout(name))


def with_masks(
    model: Model, asked: Sequence[tuple[Kind, Chances]], ids: Sequence[str]
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


def _put(model: Model, kind: Kind, name: str) -> tuple[Model, str]:
    """The model with this mask, which the text may have already; and what it is called."""
    before = _masks(model)
    if kind.prefix + name in before:
        return model, kind.prefix + name
    made = kind.put(model, name)
    (new,) = [mask for mask in _masks(made) if mask not in before]
    return Model(model.name, made.written), new


def _masks(model: Model) -> list[str]:
    return [s.name for s in model.system.named("input") if s.name[:5] in DRAWS]


def _default(model: Model, kind: Kind, p: float, ids: Sequence[str]) -> dict[str, float]:
    """The names that such a mask can stand on."""
    states = [ref.name for ref in initial_states(model.system).values()]
    names = list(dict.fromkeys(states))
    if kind.over_time and roles(model).x.name not in ids:
        names.append(roles(model).x.name)
    own = {mask[5:] for mask in _masks(model) if mask.startswith(kind.prefix)}
    return {name: p for name in names if name in own or _stands(model, kind, name)}


def _stands(model: Model, kind: Kind, name: str) -> bool:
    try:
        kind.put(model, name)
    except SymrnnError:
        return False
    return True


def _option(mask: str) -> str:
    return next(k.option for k in (DROPOUT, RECURRENT, ZONEOUT) if k.prefix == mask[:5])
