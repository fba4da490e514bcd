"""How a kernel with class ids is called, and how it says no."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import SymrnnError
from symrnn.kernels.load import load_source
from symrnn.kernels.verification.case import case
from symrnn.kernels.verification.checks import checks
from symrnn.kernels.verification.generated import compare, verify_source
from symrnn.kernels.verification.reference import reference
from symrnn.language.arrays import Array
from tests.cases import model
from tests.kernels.test_ids import called, off

SIZES = {"D": 5, "H": 3, "C": 4}


@pytest.fixture(scope="module")
def char() -> ModuleType:
    return model("char").kernel(3, ids=("x", "y"))


def numbers(batch: int = 2) -> dict[str, Array]:
    rng = np.random.default_rng(1)
    return {"x": rng.integers(5, size=(3, batch)), "y": rng.integers(4, size=(3, batch))}


def test_the_module_says_what_it_takes(char: ModuleType) -> None:
    assert char.INPUTS == {"x": ("T", "B"), "y": ("T", "B")}
    assert char.IDS == {"x": "D", "y": "C"}
    plain = model("elman").with_head("classes").kernel(2, ids=("y",))
    assert plain.INPUTS == {"x": ("T", "B", "D"), "y": ("B",)}
    assert plain.IDS == {"y": "C"}
    assert not hasattr(model("char").kernel(3), "IDS")


@pytest.mark.parametrize("steps", [2, 9])
@pytest.mark.parametrize("head", ["classes", "steps"])
def test_the_file_holds_its_own_check(head: str, steps: int) -> None:
    for name in ("lstm", "birnn", "indrnn"):
        module = model(name).with_head(head).kernel(steps, ids=("x", "y"))
        for error, allowed in module.self_check(batch=3).values():
            assert error <= allowed


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64, np.uint16, np.uint64])
def test_ids_of_any_integer_type_and_any_order(char: ModuleType, kind: Any) -> None:
    params = char.init_params(0, **SIZES)
    data = numbers()
    wanted = called(char, {**params, **data})
    for given in (
        {name: ids.astype(kind) for name, ids in data.items()},
        {name: np.asfortranarray(ids.astype(kind)) for name, ids in data.items()},
        {name: ids.tolist() for name, ids in data.items()},
    ):
        found = char.loss_and_grads(params, **given)
        assert found[0] == wanted["loss"]
        assert all(np.array_equal(grad, wanted[f"gradient {n}"]) for n, grad in found[1].items())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_what_is_worked_out_has_the_type_of_the_parameters(char: ModuleType, dtype: Any) -> None:
    found = called(char, {**char.init_params(0, dtype, **SIZES), **numbers()})
    assert {array.dtype for array in found.values()} == {np.dtype(dtype)}


def test_a_class_that_does_not_occur_has_no_gradient(char: ModuleType) -> None:
    params = char.init_params(0, **SIZES)
    kernel = char.Kernel(4, **SIZES)
    kernel.dtheta[:] = np.nan
    for name, value in params.items():
        kernel.params[name][...] = value
    x = np.array([[0, 3], [3, 3], [0, 0]])
    _, grads = kernel.loss_and_grads(x=x, y=numbers()["y"])
    assert np.array_equal(grads["W_xh"].any(1), [True, False, False, True, False])
    assert np.isfinite(kernel.dtheta).all()


@pytest.mark.parametrize("steps", [3, 12])
@pytest.mark.parametrize("batch", [1, 4])
def test_the_same_id_everywhere(steps: int, batch: int) -> None:
    made, plain = model("char").kernel(steps, ids=("x", "y")), model("char").kernel(steps)
    params = made.init_params(0, **SIZES)
    ids = {"x": np.full((steps, batch), 4), "y": np.full((steps, batch), 0)}
    rows = {"x": np.eye(5)[ids["x"]], "y": np.eye(4)[ids["y"]]}
    assert not off(called(made, {**params, **ids}), called(plain, {**params, **rows}))


@pytest.mark.parametrize(
    ("count", "classes", "width"),
    [
        (3, 1, 3),
        (50, 7, 40),
        (1300, 3, 40),
        (1300, 40, 40),
        (1300, 500, 40),
        (1300, 70_000, 40),
        (600, 1, 100),
    ],
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "columns"])
def test_gradients_go_back_to_the_rows_they_came_from(
    char: ModuleType, count: int, classes: int, width: int, whole: bool
) -> None:
    """By each of the ways that sizes choose."""
    rng = np.random.default_rng(count)
    for ids in (
        rng.integers(classes, size=count),
        np.minimum(rng.geometric(0.1, count), classes) - 1,
    ):
        rows = rng.normal(size=(count, width))
        wanted = np.zeros((classes, width))
        np.add.at(wanted, ids, rows)
        found = np.full((classes, width if whole else width + 5), np.nan)[:, :width]
        char._scatter(ids, rows, found)
        assert np.abs(found - wanted).max() <= 1e-12


def test_a_second_call_gives_the_same_and_any_batch_is_taken(char: ModuleType) -> None:
    kernel = char.Kernel(5, **SIZES)
    for name, value in char.init_params(0, **SIZES).items():
        kernel.params[name][...] = value
    for batch in (5, 1, 3, 5):
        loss, grads = kernel.loss_and_grads(**numbers(batch))
        wanted, exact = char.loss_and_grads(dict(kernel.params), **numbers(batch))
        assert loss == wanted
        assert all(np.array_equal(grads[name], exact[name]) for name in exact)


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"x": [[0, 1], [2, 3], [5, 4]]}, ValueError, "x holds 5 at step 3, sequence 1; expected ids"),
    ({"x": [[0, -1], [2, 3], [0, 4]]}, ValueError, "x holds -1 at step 1, sequence 2; .* 0 to 4"),
    ({"y": [[0, 1], [2, 4], [0, 1]]}, ValueError, "y holds 4 at step 2, sequence 2; .* 0 to 3"),
    ({"y": np.full((3, 2), 2**63, np.uint64)}, ValueError, "y holds 9223372036854775808 at step 1"),
    ({"y": np.full((3, 2), -128, np.int8)}, ValueError, "y holds -128 at step 1, sequence 1"),
    ({"x": np.zeros((3, 2))}, TypeError, "x holds float64; expected integers from 0 to 4"),
    ({"x": np.zeros((3, 2), bool)}, TypeError, "x holds bool; expected integers"),
    ({"x": np.zeros((3, 2), object)}, TypeError, "x holds object; expected integers"),
    (
        {"x": np.zeros((3, 2, 5))},
        ValueError,
        r"x has shape \(3, 2, 5\); expected the axes \(T, B\)",
    ),
    ({"y": np.zeros((3, 2, 4), int)}, ValueError, r"y has shape \(3, 2, 4\); expected \(3, 2\)"),
    ({"y": np.zeros((2, 2), int)}, ValueError, r"y has shape \(2, 2\); expected \(3, 2\)"),
    ({"y": None}, TypeError, r"y is missing; expected an array of shape \(3, 2\)"),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD)
def test_what_is_no_id_is_named(
    char: ModuleType, change: dict[str, Any], error: type[Exception], message: str
) -> None:
    given = {k: v for k, v in {**numbers(), **change}.items() if v is not None}
    with pytest.raises(error, match=message):
        char.loss_and_grads(char.init_params(0, **SIZES), **given)


def test_a_plain_id_is_named_by_its_sequence() -> None:
    module = model("elman").with_head("classes").kernel(2, ids=("y",))
    params = module.init_params(0, **SIZES)
    with pytest.raises(ValueError, match="y holds 7 at sequence 2; expected ids from 0 to 3"):
        module.loss(params, x=np.zeros((2, 2, 5)), y=[0, 7])


# what ids cannot say

REFUSED = [
    ("elman", "y", "class ids of a target can only stand in ce(y, …)"),
    ("elman_steps", "y", "class ids of a target can only stand in ce(y[t], …)"),
    ("elman", "z", "'z' is no input or target to take as class ids; there are x, y"),
    ("elman", "O0", "'O0' is no input or target"),
    ("elman", "w_i", "'w_i' is no input or target"),
]
TEXTS = [
    ("h[t] = tanh(2 * x[t] + h[t-1] @ U)", "class ids only pick rows of a matrix, as in x[t] @ W"),
    ("h[t] = tanh((2 * x[t]) @ W)", "class ids only pick rows of a matrix"),
    ("h[t] = tanh(x[t] @ transpose(W))", "class ids only pick rows of a matrix"),
    ("h[t] = tanh(concat(x[t], h[t-1]) @ W)", "class ids only pick rows of a matrix"),
    ("h[t] = tanh(x[t] @ W) + rowsum(x[t])", "class ids only pick rows of a matrix"),
    ("h[t] = tanh(x[t] @ W); L = mean(mse(x[t+1], h[t] @ V))", "class ids only pick rows"),
    ("h[t] = tanh(x[t] @ W); L = mean(ce(x[t+1], softmax(h[t] @ V)))", "class ids only pick rows"),
]


@pytest.mark.parametrize(("name", "ids", "message"), REFUSED)
def test_what_cannot_come_as_ids_is_refused(name: str, ids: str, message: str) -> None:
    with pytest.raises(SymrnnError) as caught:
        model(name).generate(3, ids=(ids,))
    assert message in str(caught.value)


@pytest.mark.parametrize(("text", "message"), TEXTS)
def test_other_uses_of_ids_are_refused_with_their_place(text: str, message: str) -> None:
    with pytest.raises(SymrnnError) as caught:
        symrnn.parse(text, "mine").generate(3, ids=("x",))
    assert message in str(caught.value)
    assert "leave x out of --ids" in str(caught.value)
    assert "mine, line 1, column" in str(caught.value)
    assert "^" in str(caught.value)


def test_a_target_is_a_class_at_its_own_step() -> None:
    found = symrnn.parse("h[t] = tanh(x[t] @ W); L = mean(ce(y[t+1], softmax(h[t])))")
    with pytest.raises(SymrnnError, match=r"can only stand in ce\(y\[t\], …\)"):
        found.generate(3, ids=("y",))


def test_there_is_no_gradient_by_ids() -> None:
    with pytest.raises(SymrnnError, match="x comes as class ids, which have no gradient"):
        model("elman").generate(3, ids=("x",), wrt="x")


def test_a_file_with_ids_knows_what_it_was_made_of() -> None:
    source = model("char").generate(3, ids=("x", "y"))
    assert "--ids x,y" in source
    assert compare(source, "char.py").holds
    assert verify_source(source, "char.py").holds


@pytest.mark.parametrize("head", ["classes", "steps"])
def test_a_kernel_with_ids_holds_against_its_text(head: str) -> None:
    for name in ("gru_torch", "leaky", "birnn"):
        report = model(name).with_head(head).verify(ids=("x", "y"))
        assert report.holds, str(report)


def test_a_kernel_that_mixes_up_classes_does_not_hold() -> None:
    source = model("char").generate(3, ids=("x", "y"))
    wrong = source.replace("        scatter(x_rows,", "        scatter(y_rows % D,")
    assert wrong != source
    made = case(model("char").written, 3, features={"ids": ("x", "y")})
    failed = [c for c in checks(load_source(wrong, "wrong"), made, reference(made)) if not c.holds]
    assert {check.what for check in failed} == {"gradient W_xh"}
