"""What somebody wants to see on a page."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from symrnn.derive.notation.notation import notations
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError, suggestion

STEPS = 3
"""Of what is unrolled, where nothing is said."""


@dataclass(frozen=True)
class Asked:
    """A text, and how it is to be looked at. Everything is a plain value: nothing of it names a
    file, so that it may come from anywhere."""

    text: str
    name: str = "model"
    steps: int | None = STEPS
    """None for the derivation of any T; what needs a number takes `STEPS` then."""
    scalar: bool = False
    notation: str = "default"
    views: tuple[str, ...] = ()
    """Of the derivation; without, what a document has."""
    data: str = ""
    """For the worked example and flow: JSON, the name of the notes' own, or nothing, where numbers
    are drawn."""
    seed: int = 0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Asked":
        """From values of unknown origin, such as JSON; raises UsageError for what does not fit."""
        known = {field.name for field in fields(cls)}
        for name in values:
            if name not in known:
                near = suggestion(str(name), sorted(known))
                raise UsageError(f"'{name}' is nothing that a page can be asked{near}")
        for name, kind in (("text", str), ("name", str), ("notation", str), ("data", str)):
            if not isinstance(values.get(name, ""), kind):
                raise UsageError(f"{name}: expected a text")
        steps, seed = values.get("steps", STEPS), values.get("seed", 0)
        if steps is not None and (type(steps) is not int or steps < 1):
            raise UsageError(
                f"steps: {steps!r}; expected a whole number from 1 up, or nothing for any T"
            )
        if type(seed) is not int or seed < 0:
            raise UsageError(f"seed: {seed!r}; expected a whole number from 0 up")
        if type(values.get("scalar", False)) is not bool:
            raise UsageError("scalar: expected true or false")
        views = values.get("views", ())
        names = views if isinstance(views, list | tuple) else [None]
        if not all(isinstance(name, str) and name in VIEWS for name in names):
            raise UsageError(f"views: expected some of {', '.join(VIEWS)}")
        if values.get("notation", "default") not in notations():
            raise UsageError(f"notation: expected one of {', '.join(notations())}")
        return cls(**{**values, "text": values.get("text", ""), "views": tuple(views)})
