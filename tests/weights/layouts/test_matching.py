"""A layer belongs to a model if it computes the same, whatever things are called there."""

from textwrap import dedent

import numpy as np
import pytest

import symrnn
from symrnn.errors import LayoutError
from symrnn.interpret.sample import sample
from symrnn.language.printer import show
from symrnn.model import Model, parse
from symrnn.weights import layouts
from symrnn.weights.layouts.matching import match
from symrnn.weights.layouts.recurrences import recurrences
from symrnn.weights.layouts.tables import cell
from tests.weights.layouts import texts

ZOO = {
    "bilstm": ["lstm", "lstm"],
    "birnn": ["rnn_tanh", "rnn_tanh"],
    "char": ["rnn_tanh"],
    "elman": ["rnn_tanh"],
    "elman_n4": ["rnn_tanh"],
    "elman_outside": [""],
    "elman_steps": ["rnn_tanh"],
    "gru": ["gru_reset_before"],
    "gru_torch": ["gru_reset_after"],
    "indrnn": [""],
    "jordan": [""],
    "leaky": [""],
    "lstm": ["lstm"],
    "lstm_peephole": ["lstm_peephole"],
    "mgu": ["gru_reset_before"],  # one gate, in both senses
    "stacked": ["rnn_tanh", "rnn_tanh"],
}
CELLS = ["rnn_tanh", "rnn_relu", "lstm", "lstm_peephole", "gru_reset_before", "gru_reset_after"]


def computed(model: Model) -> list[str]:
    """The first cell that computes each recurrence, or nothing."""
    return [
        next((n for n in CELLS if match(cell(n), target, model.system.symbols)), "")
        for target in recurrences(model.system)
    ]


def test_every_model_of_the_zoo_is_known_by_what_it_computes() -> None:
    assert {name: computed(symrnn.load(name)) for name in symrnn.models()} == ZOO


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("tanh", "rnn_tanh"),
        ("no_bias", "rnn_tanh"),
        ("relu", "rnn_relu"),
        ("lstm", "lstm"),
        ("lstm_joined", "lstm"),
        ("peephole", "lstm_peephole"),
        ("gru_after", "gru_reset_after"),
        ("gru_after_turned", "gru_reset_after"),
        ("gru_before", "gru_reset_before"),
    ],
)
@pytest.mark.parametrize("shape", texts.SHAPES)
def test_other_letters_and_other_brackets_are_the_same_cell(
    name: str, wanted: str, shape: str
) -> None:
    layers, ways = texts.SHAPES[shape]
    assert computed(texts.model(name, shape)) == [wanted] * (layers * len(ways))


SAME = {
    "named parts": """
        k[t] = x[t] @ W
        s[t] = h[t-1] @ U
        a[t] = k[t] + s[t] + b
        z[t] = tanh(a[t])
        h[t] = z[t]
    """,
    "a bias without time": "s = b + c; h[t] = tanh(h[t-1] @ U + s + x[t] @ W)",
    "a sum in brackets": "h[t] = tanh(x[t] @ W + (h[t-1] @ U - (0 - b)))",
    "minus signs": "h[t] = tanh(b - x[t] @ W - h[t-1] @ U)",
    "numbers that cancel": "h[t] = tanh(2 * (x[t] @ W / 2 + h[t-1] @ U) - h[t-1] @ U + b)",
    "a constant": "one = 1; h[t] = one * tanh(x[t] @ W + one * h[t-1] @ U + b)",
    "the identity": "h[t] = identity(tanh(x[t] @ W + h[t-1] @ U + b))",
    "powers": "a[t] = tanh(x[t] @ W + h[t-1] @ U + b); h[t] = a[t]**2 / a[t]",
    "transposed": "h[t] = tanh(x[t] @ transpose(W) + h[t-1] @ transpose(U) + b)",
    "joined": "h[t] = tanh(concat(h[t-1], x[t]) @ W + b)",
    "an input worked out": "e[t] = relu(x[t] @ E + c); h[t] = tanh(e[t] @ W + h[t-1] @ U + b)",
    "an input one step late": "h[t] = tanh(x[t-1] @ W + h[t-1] @ U + b)",
    "a state handed in": "h[0] = h0; h0: input; h[t] = tanh(x[t] @ W + h[t-1] @ U + b)",
    "a state of zero": "h[0] = 0 * q; h[t] = tanh(x[t] @ W + h[t-1] @ U + b); q: input",
    "tied matrices": "h[t] = tanh(x[t] @ U + h[t-1] @ U + b)",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_the_same_function_in_other_words(text: str) -> None:
    made = parse(f"{dedent(text)}\nh: output")
    assert computed(made) == ["rnn_tanh"]
    assert layouts.layout(made, "pytorch").layers[0].layer.name == "RNN"


OWN_INPUT = (
    "an input worked out",
    "an input one step late",
    "a state of zero",
    "a state handed in",
)
"""These hand the layer something else than x, or take more than x."""


@pytest.mark.parametrize("name", [name for name in SAME if name not in OWN_INPUT])
def test_the_same_function_has_the_same_values(name: str) -> None:
    made = parse(f"{dedent(SAME[name])}\nout[t] = h[t]; out: output")
    agree(made, "rnn_tanh", "pytorch")


@pytest.mark.parametrize("name", texts.CELLS)
def test_a_cell_with_our_weights_has_our_values(name: str) -> None:
    made = texts.model(name, "forward")
    agree(made, computed(made)[0], "onnx")


def agree(made: Model, known: str, framework: str) -> None:
    """A model's values are those of a cell's own text with the weights that a layer would get."""
    dims = dict.fromkeys(made.summary().dims, 3)
    data = sample(made.written, made.system.symbols, dims, texts.STEPS, texts.BATCH)
    x = data.pop("x")
    own = parse(f"{show(cell(known).written)}\nout[t] = h[t]; out: output")
    tensors = layouts.store(made, data, framework)
    found = texts.outputs(own, layouts.load(own, tensors, framework), x)
    np.testing.assert_allclose(found, texts.outputs(made, data, x), rtol=0, atol=1e-14)


OTHER = {
    "twice the bias": "h[t] = tanh(x[t] @ W + h[t-1] @ U + 2 * b)",
    "a fixed bias": "h[t] = tanh(x[t] @ W + h[t-1] @ U + 1)",
    "no input": "h[t] = tanh(h[t-1] @ U + b)",
    "no matrix for the input": "h[t] = tanh(x[t] + h[t-1] @ U + b)",
    "two inputs": "h[t] = tanh(x[t] @ W + y[t] @ V + h[t-1] @ U + b)",
    "half of the state": "h[t] = tanh(x[t] @ W + (0.5 * h[t-1]) @ U + b)",
    "two steps back": "h[t] = tanh(x[t] @ W + h[t-2] @ U + b)",
    "one and two steps back": "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V + b)",
    "a minus outside": "h[t] = -tanh(x[t] @ W + h[t-1] @ U + b)",
    "another function": "h[t] = sigmoid(x[t] @ W + h[t-1] @ U + b)",
    "a factor for each feature": "h[t] = tanh(x[t] @ W + u * h[t-1] + b)",
    "a bias that is an input": "h[t] = tanh(x[t] @ W + h[t-1] @ U + b); b: input",
    "normalised": """
        a[t] = x[t] @ W + h[t-1] @ U + b
        h[t] = tanh(a[t] - rowmean(a[t]))
    """,
    "one output for all": "h[t] = tanh(x[t] @ W + rowsum(h[t-1] @ U) + b); U: (H, H)",
    "a cell read late": """
        c[t] = tanh(x[t] @ W + c[t-1] @ U + b)
        h[t] = c[t] * h[t-1]
    """,
}


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("framework", layouts.FRAMEWORKS)
def test_another_function_is_refused(text: str, framework: str) -> None:
    made = parse(f"{dedent(text)}\nh: output", "mine")
    with pytest.raises(LayoutError, match=r"^mine: no layer of \w+ computes the recurrence of"):
        layouts.layout(made, framework)


LSTM = dedent(texts.CELLS["lstm"].replace("u @", "x[t] @").replace("[p]", "[t-1]"))


@pytest.mark.parametrize(
    ("was", "now", "there", "here"),
    [
        ("m[t-1] * keep[t]", "m[t-1]", "c[t] = ", "m[t] = "),
        ("tanh(x[t] @ A3", "relu(x[t] @ A3", "g[t] = ", "m[t] = "),
        ("v[t-1] @ B4", "m[t-1] @ B4", "o[t] = ", "show[t] = "),
        ("v[t] = tanh(m[t])", "v[t] = sigmoid(m[t])", "h[t] = ", "v[t] = "),
    ],
)
def test_the_equation_that_differs_is_told(was: str, now: str, there: str, here: str) -> None:
    assert was in LSTM
    with pytest.raises(LayoutError) as caught:
        layouts.layout(parse(LSTM.replace(was, now) + "\nv: output", "mine"), "pytorch")
    lines = str(caught.value).split("\n")
    assert "the nearest is LSTM" in lines[0]
    assert any(line.startswith(f"there  {there}") for line in lines)
    assert any(line.startswith(f"here   {here}") for line in lines)


def test_a_gru_is_not_the_other_gru() -> None:
    with pytest.raises(LayoutError) as caught:
        layouts.layout(symrnn.load("gru"), "pytorch")
    assert str(caught.value) == (
        "gru: no layer of PyTorch computes the recurrence of h; the nearest is GRU\n"
        "there  n[t] = tanh(x[t] @ W_n + b_n + r[t] * (h[t-1] @ U_n + c_n))\n"
        "here   n[t] = tanh(x[t] @ W_n + (r[t] * h[t-1]) @ U_n + b_n)\n"
        "Keras's GRU(reset_after=False) and ONNX's GRU(linear_before_reset=0) compute it"
    )


def test_gates_that_see_the_cell_are_told_all_three() -> None:
    with pytest.raises(LayoutError) as caught:
        layouts.layout(symrnn.load("lstm_peephole"), "keras")
    assert str(caught.value).count("p_") == 3
    assert str(caught.value).endswith("ONNX's LSTM computes it")


# models that are no layers as a whole


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("h[t] = tanh(x[t] @ W)", "mine has no recurrence; a layer of PyTorch is one"),
        (
            "h[t] = tanh(x[t] @ W + h[t-1] @ U); T = 3; h: output",
            "mine is written out for 3 steps; leave T = … away",
        ),
        (
            "h[0] = h0; h[t] = tanh(x[t] @ W + h[t-1] @ U)",
            "mine: the text says where h starts; a layer of PyTorch starts at zero or where its"
            " caller says. Leave the boundary away and hand the state in, or declare it an input",
        ),
        (
            "h[t] = tanh(x[t] @ W + h[t+1] @ U)",
            "mine: h runs backwards, and no forward RNN reads the same; layers of PyTorch run"
            " forwards or both ways",
        ),
        (
            "h[t] = tanh(x[t] @ W + h[t-1] @ U); k[t] = tanh(x[t] @ V + k[t-1] @ Q)",
            "mine: in one object of PyTorch all layers are alike and each reads the one below; the"
            " layer of k reads something else. Give each layer a prefix of its own",
        ),
        (
            "h[t] = tanh(x[t] @ W + h[t-1] @ U); k[t] = relu(h[t] @ V + k[t-1] @ Q)",
            "mine: in one object of PyTorch all layers are alike and each reads the one below; the"
            " layer of k is RNN(nonlinearity='relu'), forward. Give each layer a prefix of its own",
        ),
        (
            "f[t] = tanh(x[t] @ A + f[t-1] @ B); b[t] = tanh(x[t] @ C + b[t+1] @ D);"
            "q[t] = concat(b[t], f[t]); g[t] = tanh(q[t] @ E + g[t-1] @ F);"
            "r[t] = tanh(q[t] @ G + r[t+1] @ H)",
            "mine: in one object of PyTorch all layers are alike and each reads the one below; the"
            " layer of g reads something else. Give each layer a prefix of its own",
        ),
    ],
    ids=["no recurrence", "written out", "start", "backwards", "side by side", "unlike", "joined"],
)
def test_what_is_no_layer_is_said(text: str, message: str) -> None:
    with pytest.raises(LayoutError) as caught:
        layouts.layout(parse(text, "mine"), "pytorch")
    assert str(caught.value) == message


def test_a_narrow_bias_is_another_function() -> None:
    made = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U + b); b: 1", "mine")
    with pytest.raises(LayoutError) as caught:
        layouts.layout(made, "keras")
    assert str(caught.value) == (
        "mine: b has a width of 1, and other weights of the recurrence have H; in a SimpleRNN they"
        " are the same"
    )


def test_an_endless_step_is_refused_in_time() -> None:
    chain = "\n".join(f"a{n + 1}[t] = (a{n}[t] + b{n}) * (a{n}[t] + c{n})" for n in range(12))
    text = f"a0[t] = x[t] @ W + h[t-1] @ U\n{chain}\nh[t] = tanh(a12[t])"
    with pytest.raises(LayoutError, match="a step of it is longer than that of any layer"):
        layouts.layout(parse(text, "mine"), "pytorch")
    twice = "\n".join(f"a{n + 1}[t] = tanh(a{n}[t]) * sigmoid(a{n}[t])" for n in range(60))
    text = f"a0[t] = x[t] @ W + h[t-1] @ U\n{twice}\nh[t] = concat(a60[t], h[t-1]) @ V"
    with pytest.raises(LayoutError, match="no layer of PyTorch computes the recurrence of h"):
        layouts.layout(parse(text, "mine"), "pytorch")
    long = "\n".join(f"a{n + 1}[t] = tanh(a{n}[t])" for n in range(900))
    text = f"a0[t] = x[t] @ W + h[t-1] @ U\n{long}\nh[t] = tanh(a900[t])"
    with pytest.raises(LayoutError):
        layouts.layout(parse(text, "mine"), "pytorch")


def test_prefixes_are_as_many_as_layers() -> None:
    with pytest.raises(LayoutError) as caught:
        layouts.layout(symrnn.load("stacked"), "pytorch", ["one."])
    assert str(caught.value) == (
        "1 prefixes for 2 layers of stacked (h1, h2); expected one for each"
    )


def test_an_unknown_framework_is_named() -> None:
    with pytest.raises(
        symrnn.SymrnnError, match="there is no table of 'pytorc'; did you mean 'pyt"
    ):
        layouts.layout(symrnn.load("lstm"), "pytorc")
