"""Backpropagation cut after k steps: kernels and derivations, against texts with numbers held.

The oracle knows no adjoint: what a step reads from another window is put into the text as the
number that it has, and slopes of that text are taken (`symrnn.kernels.verification.reference`).
Beside it stand kernels of k steps that hand their state on, which know nothing of windows at all.
"""

from functools import cache

import numpy as np
import pytest

import symrnn
from symrnn.derive.data import as_json
from symrnn.derive.evaluate import Evaluator
from symrnn.derive.formula import Total
from symrnn.derive.paths import LOSS
from symrnn.derive.picture.picture import picture
from symrnn.derive.views import VIEWS
from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.oracle import complex_step, error, gradient, precise
from symrnn.kernels.load import load_source
from symrnn.kernels.program import OPTIONAL
from symrnn.kernels.verification.calls import plainly
from symrnn.kernels.verification.case import Case, case
from symrnn.kernels.verification.reference import windowed
from symrnn.language.arrays import Array
from symrnn.language.calls import is_analytic
from symrnn.language.tree import Ref
from symrnn.model import Model
from symrnn.system.windows import Windows
from tests.cases import ZOO, model, numbers, state_names

AWKWARD = {
    "lags": "h[t] = tanh(x[t] @ W + h[t-2] @ U + u * h[t-1])\nyhat[t] = h[t] @ V",
    "outside": "h[t] = tanh(x[t] @ W)\nh: 3\nyhat[t] = h[t-1] @ V + h[t+1] @ Q + x[t-1] @ R",
    "fixed": "h[t] = tanh(x[t] @ W + h[t-1] @ U)\ns[t] = h[T] * h[t] * h[1]\n"
    "p = mean(h[t-1] * h[t])\ng[t] = tanh(g[t+1] * p + s[t-1])\nyhat[t] = g[t] @ V",
    "boundaries": "h[0] = h0\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nq[T+1] = tanh(h[1] @ Z)\n"
    "q[t] = tanh(q[t+1] @ R + h[t] @ S)\nq: 3\nyhat[t] = concat(q[t], h[t-1]) @ V",
    "softmax": "a[t] = softmax(x[t] @ W + h[t-1] @ U)\n"
    "h[t] = a[t-1] * v + h[t-1] * w + rowsum(h[t-1])\nyhat[t] = softmax(h[t] @ V)",
    "sums": "h[t] = tanh(x[t] @ W + h[t-1] @ U)\n"
    "g[t] = h[t] * mean(h[t] * h[t-1]) + 0.5 * g[t-1]\nyhat[t] = g[t-1] @ V + h[t] @ Q",
}
EACH = "\nL = mean(mse(y[t], yhat[t]))"
LENGTHS = ((1, 1), (5, 2), (9, 4))
Slopes = dict[str, list[tuple[Array, float]]]


@cache
def of(name: str) -> Model:
    return symrnn.parse(AWKWARD[name] + EACH, name) if name in AWKWARD else model(name)


@cache
def tried(name: str, steps: int, size: int) -> tuple[Case, Slopes, float]:
    """Numbers for a text, and slopes of the text that is held: along two directions each."""
    wrt = ("x", *state_names(of(name)))
    made = case(of(name).written, steps, wrt, seed=1)
    text, data = windowed(made.written, made.symbols, Windows(steps, size), made.data)
    slope = (complex_step if is_analytic(text) else precise)(text, data, steps)
    rng = np.random.default_rng(steps)
    found: Slopes = {}
    for key in made.wrt:
        ways = rng.normal(size=(2, *made.full_shape(key)))
        found[key] = [(way, slope(made.way(key, way))) for way in ways]
    norm = float(np.linalg.norm([value for own in found.values() for _, value in own]))
    return made, found, norm


def wrong(name: str, steps: int, size: int, loops: bool, passes: tuple[str, ...]) -> list[str]:
    """The gradients that are not the slopes of the text."""
    made, slopes, norm = tried(name, steps, size)
    extra = [key for key in made.wrt if key == "x" or key in made.groups]
    source = of(name).generate(steps, loops, extra, passes=passes, truncate=size)
    grads = plainly(load_source(source, name), made, made.data).grads
    return [
        key
        for key, own in slopes.items()
        for way, value in own
        if not abs(float((grads[key] * way).sum()) - value) <= 1e-12 * max(norm, 1e-2)
    ]


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize("name", [*ZOO, *AWKWARD])
def test_a_kernel_gives_the_gradient_that_is_cut(name: str, loops: bool) -> None:
    for steps, size in LENGTHS:
        assert not wrong(name, steps, size, loops, OPTIONAL), (steps, size)


@pytest.mark.parametrize("loops", [True, False], ids=["looped", "unrolled"])
@pytest.mark.parametrize("name", ["lstm", "gru", "birnn", *AWKWARD])
def test_no_pass_changes_what_is_cut(name: str, loops: bool) -> None:
    for without in ("", *OPTIONAL):
        passes = tuple(p for p in OPTIONAL if without and p != without)
        assert not wrong(name, 7, 3, loops, passes), passes


@pytest.mark.parametrize("name", ["elman_steps", "char", "jordan"])
def test_windows_are_kernels_that_hand_their_state_on(name: str) -> None:
    steps, size, batch = 12, 4, 3
    data = numbers(of(name).written, steps, batch, seed=2)
    whole, piece = of(name).kernel(steps, truncate=size), of(name).kernel(size)
    params = {key: data[key] for key in whole.PARAMS}
    loss, grads = whole.loss_and_grads(params, x=data["x"], y=data["y"])
    total, summed = 0.0, {key: np.zeros_like(a) for key, a in params.items()}
    states: dict[str, Array] = {}
    for start in range(0, steps, size):
        own = {key: data[key][start : start + size] for key in ("x", "y")}
        value, slopes = piece.loss_and_grads(params, **own, **states)
        _, states = piece.forward(params, x=own["x"], **states)
        total += value * size / steps
        for key, slope in slopes.items():
            summed[key] += slope * size / steps
    assert loss == pytest.approx(total, rel=1e-13)
    for key, slope in summed.items():
        assert error(grads[key], slope) <= 1e-12, key


def test_a_loss_at_the_end_reaches_back_so_many_steps_and_no_further() -> None:
    kernel = of("lstm").kernel(30, wrt="x", truncate=5)
    data = numbers(of("lstm").written, 30, 2)
    params = {key: data[key] for key in kernel.PARAMS}
    _, grads = kernel.loss_and_grads(params, x=data["x"], y=data["y"])
    assert [bool(row.any()) for row in grads["x"]] == [False] * 25 + [True] * 5
    source = of("lstm").generate(30, truncate=5)
    assert "# t = 29 … 26" in source  # and the loop does not go there at all
    assert "_cut(" not in source


@pytest.mark.parametrize("size", [6, 7, 100])
def test_one_window_is_the_kernel_that_it_would_be(size: int) -> None:
    plain, cut = of("lstm").generate(6), of("lstm").generate(6, truncate=size)
    assert cut == plain.replace("--unroll", f"--unroll --truncate {size}")


def test_the_windows_are_said_and_do_not_take_the_loop_apart() -> None:
    source = of("elman_steps").generate(1000, truncate=25)
    said = " ".join(source.split())
    assert "Backpropagation is cut after 25 steps: the windows are 976 … 1000, 951 … 975," in said
    assert "another window is dropped: d_a_h[t+1] for t = 975, 950, 925, 900, 875, …" in said
    assert len(source) < 1.1 * len(of("elman_steps").generate(1000))
    cut = of("elman_steps").generate(3, truncate=2)
    assert "# d_h[1] = d_yhat[1] @ transpose(W_y)\n" in cut
    assert "# d_h[2] = d_yhat[2] @ transpose(W_y) + d_a_h[3] @ transpose(W_h)\n" in cut


def test_what_is_cut_is_not_multiplied_by_zero() -> None:
    text = "s[t] = 0.25 * s[t-1] + x[t] * u\nh[t] = sqrt(s[t-1]) + s[t]\nx: 2" + EACH
    made = symrnn.parse(text.replace("yhat", "h"))
    x = np.array([1.0, -0.25, 1.0, 1.0])[:, None, None] * np.ones((4, 1, 2))  # s[2] is 0
    params = {"u": np.ones(2)}
    for size in (2, None):
        kernel = made.kernel(4, loops=True, truncate=size)
        _, grads = kernel.loss_and_grads(params, x=x, y=np.zeros((4, 1, 2)))
        assert np.isfinite(grads["u"]).all() == (size is not None)


def test_a_file_checks_what_slopes_can_show() -> None:
    module = of("elman_steps").kernel(10, truncate=4)
    assert module.CUT == ("W_x", "W_h", "b_h")
    assert {"W_y", "b_y"} <= module.self_check().keys()
    assert not module.self_check().keys() & set(module.CUT)
    report = of("elman_steps").verify(10, truncate=4)
    assert report.holds
    assert "not applicable: cut after 4 steps" in str(report)


@pytest.mark.parametrize("size", [0, -1, True, 2.0])
def test_what_is_no_number_of_steps_is_refused(size: int) -> None:
    with pytest.raises(UsageError, match=r"cannot be cut after .* steps; expected 1 or more"):
        of("elman").generate(5, truncate=size)


def test_a_text_that_belongs_to_no_window_is_refused() -> None:
    with pytest.raises(UsageError, match="leave the line with T out"):
        symrnn.parse("T = 3\nh[t] = tanh(h[t-1] + x[t])\nL = mse(y, h[T])").generate(3, truncate=1)
    text = "h[t] = tanh(h[t-1] + x[t])\nk[t] = 2 * h[t]\nk[T] += h[1]\nL = mse(y, k[T])"
    with pytest.raises(UsageError, match=r"k gets something added at one step, k\[T\] \+= …"):
        symrnn.parse(text).generate(3, truncate=1)


# derivations


@pytest.mark.parametrize("scalar", [True, False], ids=["scalar", "matrix"])
@pytest.mark.parametrize("name", ["elman", "lstm", "birnn", "stacked", "lags", "fixed", "sums"])
def test_every_view_of_a_derivation_shows_the_cut(name: str, scalar: bool) -> None:
    steps, size = 5, 2
    written = of(name).written
    derivation = of(name).derive(steps, scalar=scalar, truncate=size)
    dims = case(written, steps).dims
    dims = dict.fromkeys(dims, 1) if scalar else dims
    made = case(written, steps, batch=1, dims=dims, seed=3)
    own = {key: value for key, value in made.data.items() if key not in made.states}
    data = {**made.data, **{key: np.zeros_like(made.data[key]) for key in made.states}}
    text, held = windowed(made.written, made.symbols, Windows(steps, size), data)
    slope = complex_step(text, held, steps)
    for view in ("chain", "closed", "delta"):
        sheets = VIEWS[view](derivation)
        sheets = (*sheets, *VIEWS["local"](derivation)) if view == "chain" else sheets
        equations = [e for sheet in sheets for e in sheet.equations]
        result = interpret(derivation.plain, own, steps)
        evaluate = Evaluator(equations, result, own, dims, False)
        for parameter in derivation.parameters:
            found = evaluate(Total(LOSS, Ref(parameter)))
            wanted = gradient(slope, held, parameter)
            assert error(found.ravel(), wanted.ravel(), 1e-4) <= 1e-12, (view, parameter)


def test_a_derivation_says_where_it_is_cut() -> None:
    derivation = of("elman").derive(3, truncate=2)
    said = "Backpropagation is cut after 2 steps: the windows are 2 … 3, 1, and no path leads from"
    for text in (
        derivation.text(["chain", "delta"]),
        derivation.latex(),
        derivation.html(["closed", "delta"]),
        as_json(derivation.output(), derivation.output().parts()),
    ):
        assert " ".join(text.split()).count(said) == 1
    assert "cut" not in of("elman").derive(3, truncate=3).text()
    assert len(derivation.terms("w_h")) == 2


def test_a_picture_has_no_arrow_back_out_of_a_window() -> None:
    derivation = of("elman_steps").derive(4, truncate=2)
    drawn = picture(derivation.system, derivation.own, windows=derivation.windows)
    back = {(a.source, a.target) for a in drawn.arrows if a.kind == "backward"}
    h = [Ref("h", "1", step) for step in range(4)]
    assert (h[1], h[0]) in back
    assert (h[3], h[2]) in back
    assert (h[2], h[1]) not in back


def test_any_number_of_steps_has_no_windows() -> None:
    with pytest.raises(UsageError, match=r"say how many there are \(--steps T\)"):
        of("elman").derive(truncate=2)
    with pytest.raises(UsageError, match="chain, closed and delta show the cut"):
        of("elman").derive(5, truncate=2).text("product")
    with pytest.raises(UsageError, match=r"would have [\d,]+ factors"):
        of("elman").derive(300, truncate=200).text()


def test_sequences_with_ends_of_their_own_have_no_windows_in_common() -> None:
    with pytest.raises(UsageError, match="--truncate and --lengths do not go together: windows"):
        of("elman").generate(9, truncate=2, lengths=True)
