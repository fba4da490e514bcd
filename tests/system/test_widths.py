"""Widths: inferred, named in a fixed order, and their contradictions explained with both sides."""

import pytest

from symrnn.errors import WidthError
from symrnn.language import parse
from symrnn.system import resolve
from tests.cases import ZOO, model


def shapes(text: str) -> dict[str, str]:
    return {name: " x ".join(map(str, s.shape)) for name, s in resolve(parse(text)).items()}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("elman", {"x": "D", "w_i": "D x H", "w_h": "H x H", "b": "H", "w_o": "H x C", "b_o": "C"}),
        ("char", {"W_xh": "D x H", "W_hy": "H x C", "y": "C", "yhat": "C"}),
        ("birnn", {"O_f": "H", "O_b": "H_O_b", "H": "H + H_O_b", "w_o": "H + H_O_b x C"}),
        ("stacked", {"h1": "H", "h2": "H_h2", "W_2": "H x H_h2", "w_y": "H_h2 x C"}),
        ("indrnn", {"u": "H", "W": "D x H"}),
        ("jordan", {"W_y": "C x H", "W_o": "H x C"}),
    ],
)
def test_shapes_of_the_zoo(name: str, wanted: dict[str, str]) -> None:
    found = shapes(model(name).text)
    assert {key: found[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", ZOO)
def test_every_width_of_the_zoo_is_known(name: str) -> None:
    symbols = model(name).system.symbols.values()
    assert all(s.shape or s.name == "L" or s.role == "constant" for s in symbols)


def test_names_by_preference() -> None:
    text = "h: 64\nx: K\nh[t] = tanh(x[t] @ W + u[t] @ V + h[t-1] @ U)\nL = mse(y, h[T] @ R)"
    found = shapes(text)
    assert found["W"] == "K x 64"
    assert found["V"] == "D_u x 64"
    assert found["R"] == "64 x C"


def test_a_dimension_may_be_called_like_a_parameter() -> None:
    assert shapes("h[t] = tanh(x[t] @ D + h[t-1] @ H)")["D"] == "D x H"


def test_a_declared_width_of_one_spreads() -> None:
    found = shapes("g: 1\ng[t] = sigmoid(x[t] @ w + b)\nh[t] = g[t] * h[t-1] + x[t] @ W")
    assert (found["w"], found["b"], found["h"]) == ("D x 1", "1", "H")


def test_a_row_of_numbers_only_is_narrow() -> None:
    assert shapes("s[t] = s[t-1] + rowsum(x[t])")["s"] == "1"


def test_concat_joins_widths() -> None:
    found = shapes("h[t] = tanh(concat(h[t-1], x[t]) @ W)")
    assert found["W"] == "H + D x H"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "h: 3\nq: 4\nh[t] = x[t] @ W\nq[t] = x[t] @ V\nz[t] = h[t] + q[t]",
            ["3 here meets 4", "`h: 3`, line 1", "`q: 4`, line 2", "line 5, column 8"],
        ),
        (
            "x: D\nh: H\nh[t] = tanh(x[t] + h[t-1] @ U)",
            ["H here meets D", "`x: D`, line 1", "`h: H`, line 2", "line 3"],
        ),
        ("h[t] = concat(h[t-1], x[t])", ["the width of h"]),
        ("e[t] = tanh(x[t] @ W) @ V", ["width of W stays open", "W: (D, K)"]),
        ("b: (D, H)\nh[t] = x[t] @ W + b", ["b is a matrix; beside rows it stands right of an @"]),
        ("W: 3\nh[t] = x[t] @ W", ["W is a matrix"]),
        ("h: 2\nh[t] = x[t] @ W\nL = h[T]", ["the loss is one number", "rowsum"]),
        ("h[t] = W + x[t] @ W", ["W is a matrix; beside rows it stands right of an @"]),
        ("x: 4\nh[t] = part(x[t], 2, 3)", ["5 features do not fit into 4"]),
        ("h[t] = x[t] / size(Q)", ["no width is called Q"]),
        ("h[t] = softmax(3) + x[t]", ["softmax(…) takes rows with features"]),
    ],
)
def test_contradictions_say_where_both_sides_come_from(text: str, said: list[str]) -> None:
    with pytest.raises(WidthError) as caught:
        resolve(parse(text))
    for part in said:
        assert part in str(caught.value)
