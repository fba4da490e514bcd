"""A softmax over time, folded into one line: what is printed is its gradient."""

from collections.abc import Mapping

import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.paths import LOSS
from symrnn.derive.sheets import as_columns
from symrnn.derive.views.delta import view as delta
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import Slope, complex_step, gradient
from symrnn.kernels.verification.reference import windowed
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref, Written
from symrnn.model import Model
from symrnn.system import resolve
from symrnn.system.windows import Windows
from tests.system.test_matrices import dims, drawn

STATE = "h[t] = tanh(x[t] @ W + h[t-1] @ U); "
TEXTS = {
    "numbers": "e[t] = h[t] @ v; e: 1; a[t] = timesoftmax(e[t]); L = mse(y, sum(a[t] * h[t]) @ V)",
    "rows": "a[t] = timesoftmax(tanh(h[t])); L = mse(y, sum(a[t] * h[t]))",
    "one after the other": "e[t] = h[t] @ v; e: 1; a[t] = timesoftmax(e[t]);"
    " b[t] = timesoftmax(2 * e[t] + a[t]); L = mse(y, sum(b[t] * h[t]) @ V)",
    "read elsewhere too": "e[t] = h[t] @ v; e: 1; a[t] = timesoftmax(e[t]);"
    " L = mse(y, sum(a[t] * h[t]) @ V) + mean(rowsum(square(e[t] - a[t-1])))",
}


@pytest.mark.parametrize("form", ["rows", "columns", "scalar"])
@pytest.mark.parametrize(("fixed", "window"), [(None, 0), (1, 0), (3, 0), (None, 2)], ids=str)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_printed_is_the_gradient(
    text: str, fixed: int | None, window: int, form: str
) -> None:
    """For any T, with the steps written out, and where backpropagation is cut; and each forward
    line is the value of its left side."""
    model = symrnn.parse((f"T = {fixed}; " if fixed else "") + STATE + text)
    count = fixed or 3
    data = drawn(model, count, 1, 1 if form == "scalar" else None)
    derivation = Derivation(
        "cell",
        model.written,
        count if window else None,
        scalar=form == "scalar",
        truncate=window or None,
    )
    sheets = delta(derivation)
    assert "stop" not in str(sheets)
    sheets = as_columns(sheets) if form == "columns" else sheets
    evaluator = Evaluator(
        [equation for sheet in sheets for equation in sheet.equations],
        interpret(derivation.plain, data, count),
        data,
        dims(model, 1 if form == "scalar" else None),
        form == "columns",
    )
    for equation in sheets[0].equations:
        steps = (
            range(1, count + 1) if isinstance(equation.left, Ref) and equation.left.base else [0]
        )
        for step in steps:
            left, right = (
                evaluator.value(side, {"t": step}) for side in (equation.left, equation.rights[-1])
            )
            assert np.allclose(left, right, rtol=1e-10, atol=1e-12), equation.left
    slope = slopes(model, data, count, window)
    for symbol in model.system.named("parameter"):
        found, own = evaluator(Total(LOSS, Ref(symbol.name))), gradient(slope, data, symbol.name)
        turned = found.T if form == "columns" else found
        assert np.allclose(turned.reshape(own.shape), own, rtol=1e-10, atol=1e-12), symbol.name


def slopes(model: Model, data: dict[str, Array], steps: int, window: int) -> Slope:
    """Of the text itself, by complex steps; what another window says is a number."""
    text: Written = model.written
    moved: Mapping[str, Array] = data
    if window:
        text, moved = windowed(text, resolve(text), Windows(steps, window), data)
    return complex_step(text, moved, steps)
