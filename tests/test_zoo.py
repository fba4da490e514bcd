"""The zoo: every model of the notes, with the figures that the notes have, or should have."""

import pytest

import symrnn
from symrnn.errors import UsageError
from tests.cases import ZOO, model

WANTED = [
    "bilstm",
    "birnn",
    "char",
    "elman",
    "elman_n4",
    "elman_outside",
    "elman_steps",
    "gru",
    "gru_torch",
    "indrnn",
    "jordan",
    "leaky",
    "lstm",
    "lstm_peephole",
    "mgu",
    "stacked",
]


def test_the_models_that_come_along() -> None:
    assert ZOO == WANTED


@pytest.mark.parametrize("name", ZOO)
def test_a_model_is_a_commented_text_with_one_loss_and_one_output(name: str) -> None:
    assert model(name).text.startswith("# ")
    assert symrnn.models()[name] in model(name).text.splitlines()[0]
    assert model(name).system.loss == "L"
    assert len(model(name).system.outputs) == 1


@pytest.mark.parametrize("name", ["elman", "elman_outside"])
def test_the_network_of_the_notes_has_31_parameters_and_not_32(name: str) -> None:
    summary = model(name).summary({"D": 5, "H": 3, "C": 1})
    assert [line.count for line in summary.parameters if len(line.axes) == 2] == [15, 9, 3]
    assert sum(line.count or 0 for line in summary.parameters if len(line.axes) == 1) == 4
    assert summary.total == 31


@pytest.mark.parametrize(
    ("name", "total"),
    [
        # PyTorch counts two biases of every gate: 3 (5·3 + 3·3 + 3 + 3), and 3 + 1 for the head
        ("gru_torch", 3 * (15 + 9 + 6) + 4),
        ("gru", 3 * (15 + 9 + 3) + 4),
        ("lstm", 4 * (15 + 9 + 3) + 4),
        ("lstm_peephole", 4 * (15 + 9 + 3) + 9 + 4),
        ("mgu", 2 * (15 + 9 + 3) + 4),
        ("indrnn", 15 + 3 + 3 + 4),
        ("leaky", 15 + 9 + 3 + 4),
    ],
)
def test_parameters_by_hand(name: str, total: int) -> None:
    assert model(name).summary({"D": 5, "H": 3, "C": 1}).total == total


def test_without_widths_the_summary_says_what_it_needs() -> None:
    assert "--dims D=…,H=…,C=…" in str(model("elman").summary())
    assert model("elman").summary().total is None


@pytest.mark.parametrize("dims", [{"Q": 3}, {"D": 0}, {"D": -1}, {"D": True}, {"D": 2.5}])
def test_widths_that_make_no_sense_are_refused(dims: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        model("elman").summary(dims)


def test_the_forget_gate_starts_open() -> None:
    assert model("lstm").system.symbols["b_f"].start == 1
    assert model("lstm").system.symbols["b_i"].start is None


def test_unknown_models_are_answered_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="unknown model 'elmann'; did you mean 'elman'"):
        symrnn.load("elmann")
