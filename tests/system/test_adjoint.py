"""The adjoint system is the gradient: held against the written equations alone."""

import numpy as np
import pytest

import symrnn
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import error, gradient, precise
from symrnn.language import Written, parse
from symrnn.system import adjoint, normal, prune, unroll
from symrnn.system.listing import listing
from tests.cases import PRECISE, ZOO, explicit_states, model, numbers, oracle

AWKWARD = {
    "a lag larger than T, a boundary and a reading that may hit it": """
        O[0] = h0
        O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h + O[t-4] * v + b)
        L = bce(y, sigmoid(O[T] @ w_o + O[T-2] @ w_2))
    """,
    "a boundary after the end, read backwards and from the front": """
        q[T+1] = q0
        q[t] = tanh(x[t] @ W + q[t+2] @ U)
        L = mse(y, q[3] @ V + q[T+1])
    """,
    "one sequence starts where another ends": """
        e[t] = tanh(x[t] @ W_e + e[t-1] @ U_e)
        s[0] = tanh(e[T] @ W_s)
        s[t] = tanh(z[t] @ W_z + s[t-1] @ U_s)
        L = mean(mse(y[t], s[t] @ V))
    """,
    "sums over time inside timed equations": """
        h[t] = tanh(x[t] @ W + h[t-1] @ U)
        c[t] = h[t] - mean(h[t-1]) + sum(h[t] * x[t+1] @ V)
        L = mse(y, c[1] + c[T])
    """,
    "width 1 spread over features, and gathered again": """
        g: 1
        g[t] = sigmoid(x[t] @ w + b)
        h[t] = g[t] * h[t-1] + (1 - g[t]) * tanh(x[t] @ W) + rowsum(h[t-1] * u)
        L = mse(y, h[T] - 0.5 * rowmean(h[T]))
    """,
    "a softmax in the recurrence, soft targets, two losses and a factor": """
        s[t] = softmax(x[t] @ W + s[t-1] @ U)
        yhat[t] = softmax(s[t] @ V)
        L = mean(ce(y[t], yhat[t])) + 0.3 * mse(z, s[T]) - 0.1 * mse(s[1], s[T])
    """,
    "tied weights, a parameter in several places, powers": """
        alpha = 0.5
        h[t] = tanh(x[t] @ W + b * h[t-1]**2 + b / (2 + square(h[t-1]))) ** 3
        L = mean(mse(x[t+1], h[t] @ transpose(W) * alpha + c))
    """,
    "parts of a row, joined in another order": """
        h: K
        a: M
        a[t] = tanh(x[t] @ W + h[t-1] @ U)
        k: K
        k[t] = concat(part(a[t], 2, 1), part(a[t], 0, 1))
        h[t] = k[t] @ V + pad(part(a[t], 0, 1), 1, K)
        L = mse(y, h[T])
        W: (D, 3)
        V: (2, 2)
    """,
    "parameters alone, a state that feeds nothing, an unused parameter": """
        lam = exp(-exp(nu))
        dead[t] = tanh(dead[t-1] @ Z + x[t])
        h[t] = lam * h[t-1] + x[t] @ W
        L = mse(y, h[T] + 0 * unused)
    """,
    "names that the rules would have taken": """
        d_h[t] = tanh(x[t] @ a_h + d_h[t-1] @ d_W)
        a_d_h = d_h[T] @ tanh_h
        h = tanh(a_d_h) + l
        L = mse(y, h)
    """,
    "a value that is added at one step is not the value at every step": """
        y: 3
        v: 1
        v[t] = 0 * v[t-1]
        v[T] += rowsum(y[T])
        h[t] = x[t] @ W
        L = mean(ce(y[t], softmax(h[t] @ V))) + v[T]
        y: target
    """,
    "made-up names for a softmax, taken already": """
        softmax_z[t] = tanh(x[t] @ V)
        z[t] = softmax_z[t] @ W
        e_s[t] = z[t] + 1
        s[t] = softmax(z[t] + e_s[t])
        L = mean(ce_logits(y[t], z[t])) + mean(mse(r[t], s[t]))
    """,
    "a division by a state that is zero before the first step": """
        h[t] = tanh(x[t] @ W) + 2
        r[t] = h[t] / (h[t-1] + 1) + h[t-1] * q[t+1]
        q[t] = sqrt(h[t]) * x[t-1] @ V
        L = mse(y, mean(r[t]))
    """,
    "a loss that is a sum of neighbouring steps": """
        g: 1
        g[t] = tanh(x[t] @ w + g[t-1] * u)
        q[t] = 2 * g[t-1] - g[t+1]
        L = sum(q[t]) + mse(y, g[T])
    """,
    "a loss that reads sums, products and transposes of matrices": """
        A: (H, H)
        B: (H, H)
        C: (H, H)
        S = 2 * A - B
        P = A @ B
        Q = C + transpose(C)
        h[t] = tanh(x[t] @ A + h[t-1] @ B)
        L = mse(y, h[T]) + 0.1 * total(S) + 0.3 * total(P) - 0.2 * total(Q)
    """,
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", ZOO)
def test_every_entry_of_every_gradient_of_the_zoo(name: str, steps: int, batch: int) -> None:
    holds(explicit_states(model(name).written), steps, batch)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
@pytest.mark.parametrize("about", AWKWARD)
def test_every_entry_of_awkward_systems(about: str, steps: int) -> None:
    text = AWKWARD[about].replace("M\n", "3\n").replace("K", "2")
    holds(explicit_states(symrnn.parse(text).written), steps, 2)


FIXED = {
    "a boundary after the end that a recurrence never reads": """
        T = 3
        h[t] = a * h[t-1] + x[t]
        h[T+1] = c
        g[t] = h[t+1]
        L = mean(mse(y[t], g[t]))
    """,
    "a loss over its link at the last step": """
        T = 3
        p[t] = sigmoid(x[t] @ W)
        L = bce(y, p[T])
    """,
    "a boundary after the last step": """
        T = 3
        q[T+1] = q0
        q[t] = tanh(x[t] @ W + q[t+1] @ U)
        L = mse(y, q[1] + q[T+1])
    """,
    "steps written from both ends": """
        T = 3
        q[1] = tanh(x[1] @ W)
        q[T-1] = tanh(x[2] @ W + q[1] @ U)
        q[T] = tanh(x[T] @ W + q[2] @ U)
        L = mse(y, q[T])
    """,
}


@pytest.mark.parametrize("about", FIXED)
def test_every_entry_where_the_text_fixes_the_steps(about: str) -> None:
    written = symrnn.parse(FIXED[about]).written
    holds(written, 3, 2)
    assert normal(parse(str(normal(written)))) == normal(written)


def holds(written: Written, steps: int, batch: int) -> None:
    """The gradient by every parameter, input and initial state equals the oracle's."""
    system = normal(written)
    inputs = [symbol.name for symbol in system.named("input")]
    data = numbers(written, steps, batch)
    truth = oracle(written, data, steps)
    found = interpret(adjoint(system, inputs), data)
    for name in [s.name for s in system.named("parameter")] + inputs:
        own = found.adjoint_of(name)
        assert own is not None
        assert truth.misses(own, data, name) <= 1, name


@pytest.mark.parametrize("steps", [5, 9])
@pytest.mark.parametrize("name", ZOO)
def test_at_fifty_digits_along_random_directions(name: str, steps: int) -> None:
    written = model(name).written
    data = numbers(written, steps, batch=2)
    slope = precise(written, data, steps)
    found = interpret(model(name).adjoint, data)
    rng = np.random.default_rng(7)
    for symbol in model(name).system.named("parameter"):
        own = found.adjoint_of(symbol.name)
        assert own is not None
        for _ in range(3):
            way = np.asarray(rng.normal(size=own.shape))
            gap = abs(float((own * way).sum()) - slope({symbol.name: way}))
            assert gap <= PRECISE * float(np.linalg.norm(own) * np.linalg.norm(way)), symbol.name


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ZOO)
def test_every_entry_at_fifty_digits(name: str, steps: int) -> None:
    written = model(name).written
    data = numbers(written, steps, batch=1)
    slope = precise(written, data, steps)
    found = interpret(model(name).adjoint, data)
    for symbol in model(name).system.named("parameter"):
        own = found.adjoint_of(symbol.name)
        assert own is not None
        assert error(own, gradient(slope, data, symbol.name)) <= PRECISE, symbol.name


@pytest.mark.parametrize("name", ZOO)
def test_unrolled_before_or_after_is_the_same(name: str) -> None:
    system = model(name).system
    data = numbers(model(name).written, steps=3, batch=2)
    rolled = interpret(model(name).adjoint, data)
    for other in (unroll(model(name).adjoint, 3), adjoint(unroll(system, 3))):
        found = interpret(other, data)
        assert found.loss == pytest.approx(rolled.loss, rel=1e-14)
        for symbol in system.named("parameter"):
            own, wanted = found.adjoint_of(symbol.name), rolled.adjoint_of(symbol.name)
            assert own is not None
            assert wanted is not None
            assert error(own, wanted) <= 1e-14, symbol.name


@pytest.mark.parametrize("about", AWKWARD)
def test_awkward_systems_unrolled_before_or_after(about: str) -> None:
    text = AWKWARD[about].replace("M\n", "3\n").replace("K", "2")
    system = symrnn.parse(text).system
    data = numbers(parse(text), steps=3, batch=2)
    rolled = interpret(adjoint(system), data)
    for other in (unroll(adjoint(system), 3), adjoint(unroll(system, 3))):
        found = interpret(other, data)
        for symbol in system.named("parameter"):
            own, wanted = found.adjoint_of(symbol.name), rolled.adjoint_of(symbol.name)
            assert own is not None
            assert wanted is not None
            assert np.allclose(own, wanted, rtol=1e-12, atol=1e-13), symbol.name
        assert normal(parse(str(other))) == other


@pytest.mark.parametrize("name", ZOO)
def test_prints_as_the_language_and_reads_back(name: str) -> None:
    for system in (model(name).adjoint, adjoint(model(name).system, ["x"], cotangents=True)):
        assert normal(parse(str(system))) == system


def test_an_input_that_stands_first_in_a_loss_stays_an_input_in_print() -> None:
    found = symrnn.parse("y: input\nL = mean(mse(y[t], h[t]))").gradient(["y", "h"])
    assert normal(parse(str(found))) == found


def test_reads_like_the_notes() -> None:
    lines = str(model("elman_n4").adjoint).splitlines()
    assert lines[lines.index("L = l_yhat") + 1 :] == [
        "d_a_yhat = (yhat - y) / (size(B) * size(C))",
        "d_O[t] = d_a_O[t+1] @ transpose(w_h)",
        "d_O[T] += d_a_yhat @ transpose(w_o)",
        "d_a_O[t] = d_O[t] * (1 - O[t]**2)",
        "d_w_i = sum(transpose(x[t]) @ d_a_O[t])",
        "d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])",
        "d_w_o = transpose(O[T]) @ d_a_yhat",
    ]


def test_a_number_goes_on_through_a_sum_of_weights_and_through_no_product_of_them() -> None:
    """Nothing of a matrix is left in what a sum hands on; a product needs it, and a transpose."""

    def gradients(weights: str) -> list[str]:
        text = f"A: (H, H); B: (H, H); S = {weights}; L = mse(y, x[T] @ W) + total(S)"
        found = str(symrnn.parse(text).adjoint).splitlines()
        return [line for line in found if line.startswith(("d_S = ", "d_A = ", "d_B = "))]

    assert gradients("A + 3 * B") == ["d_A = 1", "d_B = 3"]
    assert gradients("A @ B") == [
        "d_S = 1",
        "d_A = d_S @ transpose(B)",
        "d_B = transpose(A) @ d_S",
    ]
    assert gradients("A + transpose(B)") == ["d_S = 1", "d_A = d_S", "d_B = transpose(d_S)"]
    assert gradients("k * A + B; k: 1; k: fixed") == ["d_A = k", "d_B = 1"]  # none by k is asked


def test_what_is_no_variable_is_not_in_the_way_of_a_number() -> None:
    """A target that is read once does not make a loss at every step need a name."""
    found = str(symrnn.parse("h[t] = x[t] @ W; L = mean(mse(y, h[t]))").adjoint)
    assert "\nd_h[t] = 2 * (h[t] - y) / (size(B) * size(T) * size(C))\n" in found
    assert "d_l_h" not in found


def test_softmax_with_cross_entropy_is_prediction_minus_target_only_where_targets_sum_to_one() -> (
    None
):
    text = "yhat = softmax(x[T] @ W)\nL = ce(y, yhat)"
    soft, onehot = symrnn.parse(text), symrnn.parse(text + "\ny: onehot")
    assert "d_a_yhat = (yhat - y) / size(B)\n" in str(onehot.adjoint)
    assert "d_a_yhat = (yhat * rowsum_y - y) / size(B)\n" in str(soft.adjoint)


def test_values_that_the_gradient_alone_needs_have_their_own_part_of_the_page() -> None:
    soft = symrnn.parse("yhat = softmax(x[T] @ W)\nL = ce(y, yhat)")
    page = listing(soft.adjoint, "soft")
    assert page.index("L = l_yhat") < page.index("# values that the gradient needs beside")
    assert normal(parse(page)) == soft.adjoint


def test_does_not_depend_on_the_name_of_a_model() -> None:
    text = symrnn.load("lstm").text
    assert symrnn.parse(text, "nobody").adjoint == symrnn.load("lstm").adjoint


def test_the_gradient_of_what_the_loss_never_sees_is_zero() -> None:
    found = symrnn.parse("k[t] = x[t] @ V; h[t] = x[t] @ W; L = mse(y, h[T])")
    data = numbers(found.written, steps=2, batch=2)
    own = interpret(found.adjoint, data).adjoint_of("V")
    assert own is not None
    assert own.shape == data["V"].shape
    assert not own.any()


@pytest.mark.parametrize("name", ["elman", "bilstm", "char", "jordan"])
def test_cotangents_give_the_transposed_jacobian(name: str) -> None:
    written = model(name).written
    system = model(name).system
    data = numbers(written, steps=3, batch=2)
    (output,) = [symbol.name for symbol in system.outputs]
    rng = np.random.default_rng(3)
    weight = rng.normal(size=interpret(written, data)[output].shape)
    pulled = interpret(adjoint(system, ["x"], cotangents=True), data | {f"ct_{output}": weight})
    for moved in ("x", system.named("parameter")[0].name):
        way = rng.normal(size=data[moved].shape)
        ahead = interpret(written, data | {moved: data[moved] + 1e-30j * way})[output]
        own = pulled.adjoint_of(moved)
        assert own is not None
        wanted = float((weight * ahead.imag).sum() / 1e-30)
        assert float((own * way).sum()) == pytest.approx(wanted, rel=1e-12)


def test_adjoints_outside_of_time_annihilate_their_term_unevaluated() -> None:
    # before the first step h is zero, and 1 / h is not a number; nothing may be multiplied with it
    written = symrnn.parse("h[t] = x[t] * u + 1; r[t] = h[t-1] * (2 / h[t]); L = mse(y, sum(r[t]))")
    data = numbers(written.written, steps=4, batch=2)
    own = interpret(written.adjoint, data).adjoint_of("u")
    assert own is not None
    assert np.isfinite(own).all()


@pytest.mark.parametrize("name", ["elman", "gru", "bilstm"])
def test_pruning_keeps_the_gradients(name: str) -> None:
    data = numbers(model(name).written, steps=3, batch=2)
    full, less = model(name).adjoint, prune(model(name).adjoint)
    assert len(less.equations) <= len(full.equations)
    assert prune(less) == less
    for symbol in model(name).system.named("parameter"):
        own = interpret(less, data).adjoint_of(symbol.name)
        assert np.array_equal(own, interpret(full, data).adjoint_of(symbol.name))  # type: ignore[arg-type]


def test_refusals_say_what_to_do() -> None:
    silent = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")
    with pytest.raises(EquationError, match="the model has no loss; write L = …"):
        _ = silent.adjoint
    with pytest.raises(UsageError, match=r"'xx' is no input .* did you mean 'x'"):
        model("elman").gradient(["xx"])
    with pytest.raises(EquationError, match="holds adjoints already"):
        adjoint(model("elman").adjoint)
    for text, inputs in (("L = mse(y, x[T] * u)", "x"), ("A: (H, H); L = total(A)", "none")):
        with pytest.raises(EquationError, match=rf"by; the inputs are {inputs} \(every"):
            adjoint(normal(parse(text)), ["unheard"])
