"""A softmax over time, folded into one line: what is printed is its gradient."""

import numpy as np
import pytest

import symrnn
from symrnn.derive.columns import as_columns
from symrnn.derive.derivation import Derivation
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.paths import LOSS
from symrnn.derive.views.delta import delta
from symrnn.interpret.interpreter import interpret
from symrnn.language.tree import Ref
from tests.test_matrices import dims, drawn

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
@pytest.mark.parametrize("fixed", [None, 1, 3])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_printed_is_the_gradient(text: str, fixed: int | None, form: str) -> None:
    """For any T, and with the steps written out."""
    model = symrnn.parse((f"T = {fixed}; " if fixed else "") + STATE + text)
    count = fixed or 4
    data = drawn(model, count, 1, 1 if form == "scalar" else None)
    wanted = interpret(model.adjoint, data, count)
    derivation = Derivation("cell", model.written, scalar=form == "scalar")
    sheets = delta(derivation)
    assert "stop" not in str(sheets)
    sheets = as_columns(sheets) if form == "columns" else sheets
    value = Evaluator(
        [equation for sheet in sheets for equation in sheet.equations],
        interpret(derivation.plain, data, count),
        data,
        dims(model, 1 if form == "scalar" else None),
        form == "columns",
    )
    for symbol in model.system.named("parameter"):
        found, own = value(Total(LOSS, Ref(symbol.name))), wanted.adjoint_of(symbol.name)
        assert own is not None
        turned = found.T if form == "columns" else found
        assert np.allclose(turned.reshape(own.shape), own, rtol=1e-10, atol=1e-12), symbol.name
