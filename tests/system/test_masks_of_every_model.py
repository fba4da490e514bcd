"""Weights, dropout and zoneout on every model: masks that change nothing, and any masks at all."""

from collections.abc import Callable

import numpy as np
import pytest

import symrnn
from symrnn.errors import EquationError
from symrnn.interpret.interpreter import interpret
from symrnn.language import parse, show
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.system import with_dropout, with_weights, with_zoneout
from symrnn.system.check import problems
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model, numbers

OUTER = {  # what some equation outside of its recurrence reads
    "bilstm": ["x", "h_f", "h_b"],
    "birnn": ["x", "O_f", "H"],
    "elman": ["x", "O"],
    "elman_n4": ["x", "O"],
    "elman_outside": ["x", "O"],
    "jordan": ["x"],
    "stacked": ["x", "h1", "h2"],
}
STATES = {  # what a recurrence reads through weights
    "bilstm": ["h_f", "h_b"],
    "birnn": ["O_f", "O_b"],
    "elman": ["O"],
    "elman_n4": ["O"],
    "elman_outside": ["O"],
    "jordan": ["yhat"],
    "lstm_peephole": ["h", "c"],
    "stacked": ["h1", "h2"],
}
CELLS = {"lstm": ["h", "c"], "bilstm": ["h_f", "c_f", "h_b", "c_b"]}


def every_step(name: str) -> Model:
    """The model with a loss at each step."""
    return model(name) if "mean(" in model(name).text else model(name).with_head("steps")


def weighted(name: str) -> Model:
    return every_step(name).with_weights()


def dropped(name: str) -> Model:
    return model(name).with_dropout(OUTER.get(name, ["x", "h"]))


def dropped_inside(name: str) -> Model:
    return model(name).with_dropout(recurrent=STATES.get(name, ["h"]))


def zoned(name: str) -> Model:
    return model(name).with_zoneout(CELLS.get(name, STATES.get(name, ["h"])))


def everything(name: str) -> Model:
    """All at once, under a head that takes any number."""
    found = model(name).with_head("steps").with_weights()
    found = found.with_zoneout(CELLS.get(name, STATES.get(name, ["h"])))
    kept = [own for own in OUTER.get(name, ["x", "h"]) if own in found.system.symbols]
    return found.with_dropout(kept, STATES.get(name, ["h"]))


def original(name: str, change: Callable[[str], Model]) -> Model:
    if change is everything:
        return model(name).with_head("steps")
    return every_step(name) if change is weighted else model(name)


def neutral(changed: Model, data: dict[str, Array]) -> dict[str, Array]:
    """Masks that change nothing."""
    drawn = numbers(changed.written, steps=4, batch=3)
    new = {name: array for name, array in drawn.items() if name not in data}
    assert new
    zones = {name for name in new if name.startswith("zone_")}
    return {name: np.full_like(array, name not in zones) for name, array in new.items()}


CHANGES = [weighted, dropped, dropped_inside, zoned, everything]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ZOO)
def test_neutral_masks_change_neither_loss_nor_gradients(
    name: str, change: Callable[[str], Model]
) -> None:
    plain, changed = original(name, change), change(name)
    data = numbers(plain.written, steps=4, batch=3)
    before = interpret(plain.adjoint, data)
    after = interpret(changed.adjoint, {**data, **neutral(changed, data)})
    assert after.loss == pytest.approx(before.loss, rel=1e-12)
    for symbol in plain.system.named("parameter"):
        wanted, found = before.adjoint_of(symbol.name), after.adjoint_of(symbol.name)
        assert wanted is not None
        assert found is not None
        assert np.linalg.norm(found - wanted) <= 1e-12 * np.linalg.norm(wanted)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ZOO)
def test_no_width_is_renamed_and_the_text_reads_back(
    name: str, change: Callable[[str], Model]
) -> None:
    plain, changed = original(name, change).system.symbols, change(name)
    found = changed.system.symbols
    parameters = [s.name for s in plain.values() if s.role == "parameter"]
    assert set(dimensions(found)) == set(dimensions(plain))
    assert all(found[own].shape == plain[own].shape for own in parameters)
    assert [s.name for s in found.values() if s.role == "parameter"] == parameters
    assert {s.name for s in found.values() if s.output} == {
        s.name for s in plain.values() if s.output
    }
    assert parse(changed.text) == parse(show(changed.written)) == changed.written
    assert list(problems(changed.system)) == []


@pytest.mark.parametrize("name", ZOO)
def test_kernels_hold_with_any_masks(name: str) -> None:
    report = everything(name).verify(steps=3)
    assert report.holds, str(report)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["birnn", "elman", "gru"])
def test_loops_hold_with_any_masks(name: str, change: Callable[[str], Model]) -> None:
    report = change(name).verify(steps=3, loops=True)
    assert report.holds, str(report)


def test_a_derivation_and_a_summary_of_a_model_with_masks() -> None:
    found = symrnn.load("elman_n4").with_dropout("O", "O").with_zoneout("O")
    derived = found.derive(steps=2).text("closed", "w_o")
    assert derived == "Gradient with respect to w_o\n    ∂L/∂w_o = (O₂ ⊙ drop_{O,2})ᵀ (ŷ - y)/C\n"
    assert "  keep_O  (B, H)" in str(found.summary()).splitlines()


def test_a_name_of_the_text_is_left_to_it() -> None:
    found = symrnn.parse(
        "new_h[t] = x[t] @ drop_h\nh[t] = tanh(new_h[t] + h[t-1] @ weights)\nkeep_h: input\n"
        "L = mean(mse(y[t], h[t] @ V)) + mean(rowsum(square(keep_h * h[t])))"
    )
    found = found.with_weights().with_dropout("h", "h").with_zoneout("h")
    assert found.text.splitlines()[-4:] == [
        "new_h[t] = x[t] @ drop_h",
        "new_h_2[t] = tanh(new_h[t] + (h[t-1] * keep_h_2) @ weights)",
        "h[t] = zone_h[t] * h[t-1] + (1 - zone_h[t]) * new_h_2[t]",
        "L = sum(weights_2[t] * mse(y[t], (h[t] * drop_h_2[t]) @ V)) / sum(weights_2[t])"
        " + mean(rowsum(square(keep_h * (h[t] * drop_h_2[t]))))",
    ]
    assert found.verify(steps=2).holds


def test_what_is_written_out_or_derived_already_is_refused() -> None:
    elman = model("elman")
    written = parse(str(elman.unroll(2)))
    said = "O is written out step by step; change the model"
    with pytest.raises(EquationError, match=said):
        with_dropout(written, ["O"])
    with pytest.raises(EquationError, match=said):
        with_dropout(written, recurrent=["O"])
    with pytest.raises(EquationError, match=said):
        with_zoneout(written, ["O"])
    adjoint = parse(str(elman.adjoint))
    with pytest.raises(EquationError, match="the text holds adjoints, which a weight would make"):
        with_weights(adjoint)
    with pytest.raises(EquationError, match="the text holds adjoints, which zoneout would make"):
        with_zoneout(adjoint, ["O"])
