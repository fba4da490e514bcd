"""The tables name cells that there are, and have a place for each of their weights."""

import pytest

from symrnn.weights.layouts.recurrences import recurrences
from symrnn.weights.layouts.tables import FRAMEWORKS, Framework, Layer, cell, framework

LAYERS = [(name, layer) for name in FRAMEWORKS for layer in framework(name).layers]


@pytest.mark.parametrize(("name", "layer"), LAYERS, ids=[f"{n} {x}" for n, x in LAYERS])
def test_every_weight_has_a_place_and_every_place_a_weight(name: str, layer: Layer) -> None:
    symbols = cell(layer.cell).system.symbols
    letters = [letter for entry in layer.entries for letter in entry.letters]
    assert set(letters) == {s.name for s in symbols.values() if s.role == "parameter"}
    for letter in letters:
        if len(symbols[letter].shape) == 2:
            assert letters.count(letter) == 1
    for entry in layer.entries:
        assert len({symbols[letter].shape for letter in entry.letters}) == 1
        assert len({len(row) for row in entry.rows}) == 1
    keys = {entry.key for entry in layer.entries}
    assert all(optional <= keys for optional in layer.optional)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_tells_its_layers_apart(name: str) -> None:
    asked: Framework = framework(name)
    assert len({str(layer) for layer in asked.layers if layer.cell != "lstm_peephole"}) == len(
        [layer for layer in asked.layers if layer.cell != "lstm_peephole"]
    )
    assert all(entry.key for layer in asked.layers for entry in layer.entries)
    assert asked.stacks != bool(asked.module)


@pytest.mark.parametrize("name", sorted({layer.cell for _, layer in LAYERS}))
def test_a_cell_is_one_recurrence_with_one_output(name: str) -> None:
    known = cell(name)
    (recurrence,) = recurrences(known.system)
    assert recurrence.direction == 1
    assert [symbol.name for symbol in known.system.outputs] == ["h"] == [known.output]
    assert [symbol.name for symbol in known.system.named("input")] == ["x"]
