"""Files of tensors, as they are printed: nothing of PyTorch is needed for that."""

import ast

import pytest

import symrnn
from symrnn.errors import UsageError
from symrnn.kernels.settings import Features
from symrnn.kernels.torch import bridge
from symrnn.kernels.torch.layout import laid_out
from symrnn.kernels.torch.module import class_name
from tests.cases import ZOO, model

ELMAN = "O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h + b)"


@pytest.mark.parametrize("name", ZOO)
def test_a_file_says_how_it_was_made_and_is_the_same_again(name: str) -> None:
    text = model(name).generate(9, backend="torch")
    assert f"--name {name} --backend torch --steps 9 --loop" in text
    assert text == symrnn.load(name).generate(9, backend="torch")
    ast.parse(text)
    code = text.split('"""', 2)[2]
    assert max(map(len, code.splitlines())) <= 100
    imported = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imported == ["import torch"]


def test_a_step_reads_like_one_by_hand() -> None:
    text = symrnn.parse(ELMAN).generate(20, backend="torch")
    assert (
        "        for t in range(1, 21):\n"
        "            # a_O[t] = x[t] @ w_i + O[t-1] @ w_h + b\n"
        "            a_O = torch.addmm(s_a_O_at[t], O_at[t - 1], w_h)\n"
        "            O_at[t] = cell_1(a_O)\n"
    ) in text
    assert (
        "def _cell_1(a_O):\n    # O[t] = tanh(a_O[t])\n    O = torch.tanh(a_O)\n    return O\n"
    ) in text


def test_a_gradient_that_nobody_asks_for_is_not_worked_out() -> None:
    text = symrnn.parse(ELMAN).generate(20, backend="torch")
    ahead, _, behind = text.partition("    d_x = None\n    if need[0]:\n")
    assert "d_x = torch.mm(d_a_O.flatten(0, 1), w_i.t())" in behind.split("if need[1]")[0]
    assert "d_x = torch.mm" not in ahead


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (Features(checkpoint=True), "--checkpoint; expected one of batch_first, forward_only, ids"),
    ],
    ids=str,
)
def test_what_it_has_not_is_refused(features: Features, said: str) -> None:
    with pytest.raises(UsageError, match=f"the back end torch has no kernels with {said}"):
        model("elman").generate(3, backend="torch", **features)


def test_lengths_of_one_step_are_refused() -> None:
    with pytest.raises(UsageError, match="no kernel with lengths for 1 step; expected 2 or more"):
        model("elman").generate(1, backend="torch", lengths=True)


def test_sizes_are_said_to_the_module() -> None:
    with pytest.raises(UsageError, match="torch is one for all sizes; expected batch"):
        model("elman").kernel(3, backend="torch", batch=2, D=2, H=3, C=1)


def test_without_pytorch_there_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs PyTorch, which is not installed here; expected"):
        model("elman").kernel(3, backend="torch")
    with pytest.raises(UsageError, match="needs PyTorch"):
        model("elman").verify(3, backend="torch")


def test_a_class_has_the_name_of_the_model() -> None:
    assert [class_name(n) for n in ("lstm", "gru_torch", "my-cell", "2x", "Ω")] == [
        *("Lstm", "GruTorch", "MyCell", "Cell2x", "Cell"),
    ]


def test_long_statements_stand_on_several_lines() -> None:
    long = "d_h_t = torch.addcmul(" + ", ".join(["a" * 30] * 3) + ")"
    assert laid_out([long]) == [
        "d_h_t = torch.addcmul(",
        *["    " + "a" * 30 + ","] * 3,
        ")",
    ]
    grouped = "d_h = (" + " + ".join(["b" * 30] * 3) + ").unbind(0)"
    made = "\n".join(laid_out([grouped]))
    assert ast.dump(ast.parse(made)) == ast.dump(ast.parse(grouped))
    assert laid_out(["# " + "c" * 120]) == ["# " + "c" * 120]
