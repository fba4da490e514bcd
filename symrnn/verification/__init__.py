"""Proof that a kernel computes what its text says: numbers against oracles that share no code.

- `case`       a text, and random numbers for everything that it asks for
- `reference`  what the text itself gives for them, at 50 digits (`exact`), and what with `large`
               parameters
- `lengths`    the same for sequences with lengths of their own, one by one
- `windowed`   the text of which slopes are taken where backpropagation is cut
- `calls`      a kernel, called on the same numbers
- `steps`      the forward pass held against single steps
- `stream`     windows in a row held against one long sequence
- `promises`   what is promised beyond one call: starts, shared vectors, float32, refusals, …
- `checks`     the two held against each other, one check after the other
- `report`     what was found, as a table or as JSON
- `generated`  a generated file: checked as it stands, or compared with what is generated today
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack

from symrnn.verification.case import DEFAULT_STEPS, case
from symrnn.verification.checks import checks
from symrnn.verification.reference import reference
from symrnn.verification.report import Report

if TYPE_CHECKING:
    from symrnn.model import Model
    from symrnn.settings import Features


def verify(
    model: "Model",
    steps: int | None = None,
    loops: bool | None = None,
    wrt: tuple[str, ...] = (),
    batch: int = 2,
    dims: Mapping[str, int] | None = None,
    seed: int = 0,
    **features: "Unpack[Features]",
) -> Report:
    """Generate a model's kernel in memory and hold it against the model's text.

    >>> from symrnn.model import load
    >>> print(verify(load("elman_n4")).verdict)
    holds: 27 checks
    """
    if steps is None:
        steps = model.system.steps or DEFAULT_STEPS
    made = case(model.written, steps, wrt, batch, dims or {}, seed, features)
    module = model.kernel(steps, loops, wrt, **features)
    loops = True if features.get("checkpoint") else loops
    return Report.of(model.name, made, loops, checks(module, made, reference(made)))


__all__ = ["Report", "verify"]
