"""From texts, files and SymPy's equations to models."""

import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from symrnn.errors import DoubtError, ModelWarning
from symrnn.language.parse import parse as parse_text
from symrnn.language.printer import show_widths
from symrnn.language.tree import Width
from symrnn.library import texts
from symrnn.model.model import Model
from symrnn.system.doubts import check_mistakes
from symrnn.system.names import listed
from symrnn.system.roles import roles


def parse(text: str, name: str = "model", strict: bool = False) -> Model:
    """A model from its equations. What is probably not meant is warned of, or with `strict`
    refused.
    """
    model = read(text, name)
    if model.doubts and strict:
        raise DoubtError("\n".join(model.doubts))
    for doubt in model.doubts:
        warnings.warn(doubt, ModelWarning, _outside())
    return model


def read(text: str, name: str) -> Model:
    """The same without a word about doubts: for texts that have been read before."""
    written = parse_text(text, name)
    check_mistakes(written, roles(written))
    model = Model(name, written)
    _ = model.system  # whatever else is wrong with the text is said now
    return model


def _outside() -> int:
    """How many calls lie between `parse` and whoever called the package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] == "symrnn":
        frame, level = frame.f_back, level + 1
    return level


def from_sympy(
    equations: Iterable[Any],
    name: str = "model",
    activations: Mapping[str, Any] | None = None,
    targets: str | Sequence[str] = (),
    matrices: str | Sequence[str] = (),
    declarations: Sequence[str] = (),
    strict: bool = False,
) -> Model:
    """A model from equations of SymPy's, each `Eq(left, right)`.

    A variable at a time is `Indexed`, h[t-1], or Function("h")(t-1), with t = Symbol("t"); without
    an equation and a time it is a parameter. These are numbers, unless `matrices` names the
    parameters that are matrices; or write rows and matrices as `MatrixSymbol("h[t-1]", 1, H)`.
    `activations` maps names to `Lambda(z, …)`. A loss may be written out; `targets` says what its
    targets are, where that is not plain. `declarations` are lines of the language.
    """
    from symrnn.derive.sympy.reading import text_of

    text, shapes = text_of(equations, activations or {}, listed(targets), listed(matrices))
    text = "".join(f"{line}\n" for line in declarations) + text
    symbols = read(text, name).system.symbols
    odd = [each for each, shape in shapes.items() if symbols[each].shape not in (shape, ())]
    return parse("".join(f"{each}: {_shape(shapes[each])}\n" for each in odd) + text, name, strict)


def _shape(shape: Sequence[Width]) -> str:
    return str(shape[0]) if len(shape) == 1 else show_widths(tuple(shape))


def load(model: str | Path, strict: bool = False) -> Model:
    """A model of the zoo by its name, or the model in a .rnn file by its path."""
    return parse(texts.named("models", model), str(model), strict)
