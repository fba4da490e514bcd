"""Layer norm in its usual form: found by structure, short on the page, true as it is printed."""

import numpy as np
import pytest

import symrnn
from symrnn.derive.derivation import LOSS
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.layer_norm import Norm, with_norms
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language import parse, show
from symrnn.language.tree import Ref
from symrnn.system import resolve
from tests.cases import oracle
from tests.derive.test_literally import LOOKS, Case, holds
from tests.test_papers import cell

PLAIN = "h[t] = tanh(layernorm(x[t] @ W + h[t-1] @ U)); L = mse(y, h[T])"
GAIN = "h[t] = tanh(g * layernorm(x[t] @ W + h[t-1] @ U, 0.1) + b); L = mse(y, h[T] @ V)"
OWN = """
a[t] = x[t] @ W + h[t-1] @ U
m[t] = rowmean(a[t])
v[t] = rowmean((a[t] - m[t])**2)
n[t] = (a[t] - m[t]) / sqrt(v[t] + 0.1)
h[t] = tanh(g * n[t] + b)
L = mse(y, h[T] @ V + m[T])
"""
SIGMA = """
a[t] = x[t] @ W + h[t-1] @ U
d[t] = a[t] - rowmean(a[t])
s[t] = sqrt(0.1 + rowmean(d[t] * d[t]))
h[t] = d[t] / s[t]
L = mean(mse(y[t], h[t] @ V + s[t]))
"""
ROOT = "h[t] = tanh(rmsnorm(x[t] @ W + h[t-1] @ U) * g); L = mse(y, h[T])"
NESTED = "W: (D, K); h[t] = tanh(layernorm(layernorm(x[t] @ W) @ A + h[t-1] @ U)); L = mse(y, h[T])"
AT_END = "h[t] = tanh(x[t] @ W + h[t-1] @ U); q = layernorm(h[T]); L = mse(y, q @ V)"
INPUT = "h[t] = tanh(layernorm(x[t]) @ W + h[t-1] @ U); L = mse(y, h[T])"
TEXTS = {
    "plain": PLAIN, "gain": GAIN, "own": OWN, "sigma": SIGMA, "root": ROOT, "nested": NESTED,
    "end": AT_END, "input": INPUT,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "norms"),
    [
        ("plain", [Norm("n_h", "a_h", "sigma_h", True)]),
        ("gain", [Norm("n_h", "a_h", "sigma_h", True)]),
        ("own", [Norm("n", "a", "sigma_n", True)]),
        ("sigma", [Norm("h", "a", "s", True)]),
        ("root", [Norm("n_h", "a_h", "sigma_h", False)]),
        ("end", []),
        ("input", [Norm("n_h", "x", "sigma_h", True)]),
    ],
)
def test_it_is_found_by_its_structure(name: str, norms: list[Norm]) -> None:
    assert list(with_norms(parse(TEXTS[name]))[1]) == norms


def test_a_norm_within_a_norm_is_named_first() -> None:
    _, (inner, outer) = with_norms(parse(NESTED))
    assert (inner.centred, outer.centred) == (True, True)
    assert (inner.name, outer.name) == ("n_h", "n_h_2")


@pytest.mark.parametrize(
    "body",
    [
        "(a[t] - rowmean(a[t])) / sqrt(rowmean(square(a[t])) + 0.1)",
        "(a[t] - rowmean(a[t])) / sqrt(rowmean(square(b[t] - rowmean(b[t]))) + 0.1)",
        "(a[t] - rowsum(a[t])) / sqrt(rowmean(square(a[t] - rowsum(a[t]))) + 0.1)",
        "(a[t] - rowmean(a[t])) / sqrt(rowmean(square(a[t] - rowmean(a[t]))) + c[t])",
        "(a[t] - rowmean(a[t])) / (rowmean(square(a[t] - rowmean(a[t]))) + 0.1)",
        "(a[t] + rowmean(a[t])) / sqrt(rowmean(square(a[t] + rowmean(a[t]))) + 0.1)",
    ],
)
def test_what_is_none_is_left_alone(body: str) -> None:
    written = parse(f"a[t] = x[t] @ W; b[t] = x[t] @ V; c[t] = rowmean(x[t]); h[t] = {body};"
                    " L = mse(y, h[T])")  # fmt: skip
    assert not any(norm.centred for norm in with_norms(written)[1])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("view", ["chain", "closed", "delta", "product"])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_it_is_true_as_it_is_printed(name: str, view: str, look: str) -> None:
    named, _ = with_norms(parse(TEXTS[name]))  # the reader knows the names' values
    case = Case(symrnn.parse(show(named)), 3, look == "scalar")
    for steps in (None, 3):
        try:
            output = case.output(view, "books" if look == "books" else "default", steps)
            output.parts()
        except UsageError:
            assert view == "product"
            continue
        holds(case, output, look == "books")


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("view", ["closed", "delta"])
@pytest.mark.parametrize("name", ["gain", "own", "root", "nested"])
def test_for_any_width(name: str, view: str, width: int) -> None:
    """Against the written equations alone."""
    written = parse(TEXTS[name])
    dims = {n: width for shape in resolve(written).values() for w in shape.shape for n in w.names}
    data = sample(written, resolve(written), dims, 2, 1, seed=2)
    derivation = symrnn.parse(TEXTS[name]).derive(steps=2, dims=dims)
    equations = [e for sheet in VIEWS[view](derivation) for e in sheet.equations]
    on = Evaluator(equations, interpret(derivation.plain, data, 2), data, dims)
    judge = oracle(written, data, 2)
    for parameter in derivation.parameters:
        got = on(Total(LOSS, Ref(parameter))).reshape(np.shape(data[parameter]))
        assert judge.misses(got, data, parameter) <= 1


def test_the_usual_form() -> None:
    printed = symrnn.parse(GAIN).derive().text("delta", "W")
    assert (
        "∂L/∂a_{h,t} = 1/σ_{h,t} (∂L/∂n_{h,t} - 1/H ∂L/∂n_{h,t} 1_H\n"
        "                  - 1/H ∂L/∂n_{h,t} n_{h,t}ᵀ n_{h,t}),   t = T, …, 1" in printed
    )
    assert "∂L/∂W = ∑_{t=1}^{T} xₜᵀ ∂L/∂a_{h,t}" in printed
    local = symrnn.parse(GAIN).derive(steps=2).text("local", "W")
    assert "1/σ_{h,2} (I_H - 1/H 1_H 1_Hᵀ - 1/H n_{h,2}ᵀ n_{h,2})" in local


def test_softmax_keeps_its_usual_form() -> None:
    text = "s[t] = softmax(x[t] @ W + h[t-1] @ U); h[t] = tanh(s[t] @ V); L = mse(y, h[T])"
    assert "diag(sₜ) - sₜᵀ sₜ" in symrnn.parse(text).derive().text("delta")


def test_that_of_a_paper_in_every_format() -> None:
    derivation = cell("layernorm_lstm").derive()
    assert "n_{i,t} = (a_{i,t} - a_{i,t}/H 1_H)/σ_{i,t}" in derivation.text("delta")
    assert r"\frac{1}{\sigma_{h,t}}" in derivation.latex("delta")
    assert "<math" in derivation.html("delta")
    with pytest.raises(UsageError):
        derivation.text("expanded")
