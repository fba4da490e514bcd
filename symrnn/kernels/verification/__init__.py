"""Proof that a kernel computes what its text says: numbers against oracles that share no code.

- `case`       a text, and random numbers for everything that it asks for
- `reference`  what the text itself gives for them, at 50 digits, also where backpropagation is cut
- `exact`      a text at any number of digits, and with large parameters
- `lengths`    the same for sequences with lengths of their own, one by one
- `calls`      a kernel, called on the same numbers
- `pieces`     the forward pass held against single steps, and windows in a row
- `promises`   what is promised beyond one call: starts, shared vectors, copies, float32, …
- `refusals`   what is refused; and the file's check of itself, checked
- `checks`     the two held against each other, one check after the other
- `report`     what was found, as a table or as JSON
- `generated`  a generated file: checked as it stands, or compared with what is generated today
"""

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Unpack

from symrnn.kernels.generate import generate, target_of
from symrnn.kernels.load import check_compiler
from symrnn.kernels.settings import Settings
from symrnn.kernels.target import Target
from symrnn.kernels.verification.case import DEFAULT_STEPS, case
from symrnn.kernels.verification.checks import checks
from symrnn.kernels.verification.reference import reference
from symrnn.kernels.verification.report import Report
from symrnn.language.tree import Written
from symrnn.system import normal

if TYPE_CHECKING:
    from symrnn.kernels.settings import Features


def verify(
    name: str,
    written: Written,
    module: ModuleType,
    loops: bool | None = None,
    wrt: tuple[str, ...] = (),
    batch: int = 2,
    dims: Mapping[str, int] | None = None,
    seed: int = 0,
    **features: "Unpack[Features]",
) -> Report:
    """A kernel held against the text that it was made of.

    >>> from symrnn.model import load
    >>> model = load("elman_n4")
    >>> print(verify(model.name, model.written, model.kernel(steps=3)).verdict)
    holds: 27 checks
    """
    check_compiler(module)
    made = case(written, module.STEPS, wrt, batch, dims or {}, seed, features)
    loops = True if features.get("checkpoint") else loops
    return Report.of(name, made, loops, checks(module, made, reference(made)))


def verify_text(
    name: str,
    written: Written,
    text: str,
    steps: int | None,
    loops: bool | None,
    wrt: tuple[str, ...],
    backend: str | Target,
    batch: int,
    dims: Mapping[str, int] | None,
    seed: int,
    **features: "Unpack[Features]",
) -> Report:
    """A kernel made of a text for so many steps, by a back end, and held against the text."""
    target = target_of(backend)
    if steps is None:
        steps = normal(written).steps or DEFAULT_STEPS
    asked = Settings.of(steps, loops, wrt, **features)
    module = target.held(generate(written, text, name, asked, target), f"{name}_t{steps}")
    loops = True if target.keeps_loops else loops
    return verify(name, written, module, loops, wrt, batch, dims, seed, **features)


__all__ = ["Report", "verify", "verify_text"]
