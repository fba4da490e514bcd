"""Graphs and gradients as SymPy objects, held against SymPy's calculus and the interpreter."""

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import symrnn
from symrnn.derive.sympy.equations import Equations
from symrnn.errors import UsageError
from symrnn.interpret.arithmetic import mpmath_objects
from symrnn.interpret.interpreter import interpret
from symrnn.interpret.sample import sample
from symrnn.language.arrays import Array
from symrnn.model import Model, parse
from symrnn.system import resolve
from symrnn.system.symbols import dimensions
from tests.cases import ZOO, model
from tests.extent import draws
from tests.grammar import Writer

NUMBERS = [n for n in ZOO if "concat" not in model(n).text and "softmax" not in model(n).text]
"""Models that are numbers alone with all widths 1: two concatenated numbers are a row, and softmax
of one number is 1."""
VIEWS = (("closed",), ("delta",), ("chain", "local"))


def point(letters: Mapping[str, Any], seed: int) -> dict[Any, Any]:
    """A random rational number for each letter."""
    choose = random.Random(seed)
    return {letter: sympy.Rational(choose.randint(1, 97), 101) for letter in letters.values()}


def letters_of(graph: Equations) -> dict[str, Any]:
    return {**graph.inputs, **graph.targets, **graph.parameters, **graph.states}


def value(expression: Any, at: Mapping[Any, Any]) -> Any:
    """The number that an expression is at a point, to thirty digits."""
    numbers = [mpmath.mpf(int(v.p)) / int(v.q) for v in at.values()]
    return sympy.lambdify(list(at), expression, "mpmath", cse=True)(*numbers)


CASES = [
    (name, steps)
    for name in NUMBERS
    for steps in (1, 2, 3, 4)
    if steps < 3 or len(model(name).written.definitions) < 5
]
"""Nested gates grow so fast that SymPy takes long to differentiate the whole."""


@pytest.mark.parametrize(("name", "steps"), CASES)
def test_closed_forms_are_what_sympy_differentiates_the_graph_to(name: str, steps: int) -> None:
    graph = model(name).sympy(steps, scalar=True)
    found = model(name).derive(steps, scalar=True).sympy("closed")
    loss = graph.written_out(graph.loss)
    assert not loss.free_symbols - set(letters_of(graph).values())
    parameters = list(graph.parameters)
    if steps > 1:
        parameters = [random.Random(f"{name} {steps}").choice(parameters)]
    with mpmath.workdps(30):
        at = point(letters_of(graph), steps)
        for parameter in parameters:
            own = graph.written_out(found.written_out(found[parameter]))
            gap = value(own, at) - value(loss.diff(graph.parameters[parameter]), at)
            assert abs(gap) < 1e-25, parameter


@pytest.mark.parametrize("name", NUMBERS)
def test_the_loss_of_the_graph_is_the_interpreters(name: str) -> None:
    written = model(name).written
    graph = model(name).sympy(3, scalar=True)
    at = point(letters_of(graph), 1)
    on = mpmath_objects(40)
    data: dict[str, Array] = {}
    symbols = resolve(written)
    for symbol in symbols.values():
        if symbol.role in ("parameter", "input", "target"):
            names = [f"{symbol.name}_{k}" for k in (1, 2, 3)] if symbol.timed else [symbol.name]
            letters = [graph.symbols.get(each) for each in names]
            plain = [Fraction(*at.get(x, sympy.S.Zero).as_numer_denom()) for x in letters]
            shape = [1] * (len(symbol.shape) + (symbol.role != "parameter"))
            data[symbol.name] = np.array([on.number(v) for v in plain], object).reshape(
                [3] * symbol.timed + shape
            )
    for state in graph.states.values():
        at[state] = sympy.S.Zero
    with mpmath.workdps(30):
        got = value(graph.written_out(graph.loss), at)
        assert abs(got - mpmath.mpf(str(interpret(written, data, 3, on).loss))) < 1e-25


def matrices(name: str, steps: int) -> tuple[Equations, dict[Any, Any], dict[str, Any]]:
    """The graph of a model with matrices, values for its letters, and the data they are."""
    written = model(name).written
    dims = {dim: 2 + (dim == "H") for dim in dimensions(resolve(written))}
    data = sample(written, resolve(written), dims, steps, 1, seed=steps)
    graph = model(name).sympy(steps, dims=dims)
    values: dict[Any, Any] = {}
    for each, letter in letters_of(graph).items():
        stem, _, step = each.rpartition("_")
        if each in data:
            values[letter] = np.atleast_2d(data[each])
        elif stem in data:
            values[letter] = data[stem][int(step) - 1]
        else:
            values[letter] = np.zeros(letter.shape)
    return graph, values, {"data": data, "dims": dims}


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("name", ["elman", "char", "birnn", "gru", "indrnn", "leaky", "jordan"])
def test_matrices_have_the_numbers_of_the_interpreter(name: str, steps: int) -> None:
    graph, values, given = matrices(name, steps)
    want = interpret(model(name).written, given["data"], steps).loss
    assert graph.lambdify(list(values), graph.loss)(*values.values()) == pytest.approx(want)
    gradients = interpret(model(name).adjoint, given["data"], steps)
    derivation = model(name).derive(steps, dims=given["dims"])
    for views in VIEWS:
        found = derivation.sympy(views)
        whole = graph + found
        known = {**{s: np.zeros(s.shape) for s in found.states.values()}, **values}
        # SymPy takes a second to print some of them as NumPy
        for parameter in random.Random(f"{name} {views}").sample(sorted(graph.parameters), 2):
            own = whole.lambdify(list(known), found[parameter])(*known.values())
            wanted = np.atleast_2d(np.asarray(gradients.adjoint_of(parameter)))
            assert np.abs(own - wanted).max() <= 1e-12 * max(1, np.abs(wanted).max()), parameter


def test_sympy_itself_works_matrices_out() -> None:
    graph, values, _ = matrices("elman", 1)
    exact = {k: sympy.ImmutableMatrix(v.tolist()) for k, v in values.items()}
    found = graph.written_out(graph["yhat"]).xreplace(exact).doit().as_explicit().evalf()
    want = graph.lambdify(list(values), graph["yhat"])(*values.values())
    assert np.allclose(np.array(found).astype(float), want)


def test_a_sum_over_a_symbolic_time() -> None:
    """δ and O by their own equations, for T = 3, against the chain."""
    elman = model("elman")
    found = elman.derive(scalar=True).sympy("delta", "w_h")
    assert str(found["w_h"]) == "Sum(O[t - 1]*dL_da_O[t], (t, 1, T))"
    assert [str(x) for x in found.steps[found[0].lhs]] == ["t", "1", "T"]
    last = found.widths["T"]
    three = found["w_h"].subs(last, 3).doit()
    delta, o = found.symbols["dL_da_O"], found.symbols["O"]
    assert three == sum(delta[t] * o[t - 1] for t in (1, 2, 3))
    w_h = elman.sympy(scalar=True).symbols["w_h"]
    assert (w_h * found["w_h"]).diff(w_h) == found["w_h"]


def test_what_sympy_cannot_say() -> None:
    with pytest.raises(UsageError, match="no sum of matrices over a symbolic T"):
        model("elman").derive().sympy()
    # without a sum the same is said in matrices
    assert str(model("elman").derive().sympy("delta", "w_o")["w_o"]) == "1/C*O[T].T*(-y + yhat)"
    with pytest.raises(UsageError, match="T is a letter here"):
        model("elman").sympy().written_out(sympy.Symbol("x"))
    with pytest.raises(UsageError, match="no equation for 'w_j'; did you mean"):
        model("elman").derive(2).sympy("closed")["w_j"]
    graph = model("elman").sympy(1, scalar=True)
    with pytest.raises(UsageError, match="needs a value for O_0, w_h, w_i, x_1 too"):
        graph.lambdify([graph.symbols["b"]], graph["O_1"])


def test_everything_stands_as_it_is_printed() -> None:
    found = model("elman_n4").derive(2, scalar=True).sympy("closed", "w_h")
    yhat, y, w_o, w_h = (found.symbols[name] for name in ("yhat", "y", "w_o", "w_h"))
    factors = found["w_h"].args
    assert factors[0] == sympy.Add(yhat, -y, evaluate=False)
    assert factors[1] == w_o
    assert sympy.latex(found["w_h"], order="none").startswith(
        r"\left(\hat{y} - y\right) w_{o} \left(1 - O_{2}^{2}\right)"
    )
    assert found["w_h"].doit().expand() == found["w_h"].expand()
    assert w_h in found["w_h"].diff(w_o).free_symbols


def test_names_are_those_of_the_model() -> None:
    """Not `gamma_`, though gamma is a function of SymPy's."""
    found = parse("gamma[t] = tanh(beta * x[t] + N); L = mse(y, gamma[T])").sympy(1, scalar=True)
    assert str(found[0]) == "Eq(gamma_1, tanh(N + beta*x_1))"
    assert set(found.parameters) == {"beta", "N"}


def test_constants_and_models_without_a_loss() -> None:
    graph = model("leaky").sympy(1, scalar=True)
    assert str(graph[0]) == "Eq(alpha, 1/10)"
    plain = parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)").sympy(2)
    assert [str(e.lhs) for e in plain] == ["h_1", "h_2"]
    with pytest.raises(UsageError, match="no equation for 'L'"):
        _ = plain.loss


def test_the_first_equations_of_many_are_shown() -> None:
    graph = model("lstm").sympy(50, scalar=True)
    assert repr(graph).count("\n") == 40
    assert repr(graph).endswith("more")
    assert len(graph._repr_latex_()) < 6_000


@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize("name", NUMBERS)
def test_graph_and_derivation_speak_of_the_same_symbols(name: str, steps: int | None) -> None:
    graph = model(name).sympy(steps, scalar=True)
    found = model(name).derive(steps, scalar=True).sympy()
    mine = letters_of(graph)
    for each, letter in letters_of(found).items():
        assert mine.get(each, letter) == letter
    assert set(found.gradients) == set(graph.parameters)


@pytest.mark.parametrize("seed", range(draws(3, 8, 8)))
def test_random_systems(seed: int) -> None:
    """Two steps in numbers: a gradient worked out along the graph is that of the adjoint."""
    drawn = parse(Writer(random.Random(seed)).text())
    dims = dict.fromkeys(dimensions(resolve(drawn.written)), 1)
    data = sample(drawn.written, resolve(drawn.written), dims, 2, 1, seed=seed)
    gradients = interpret(drawn.adjoint, data, 2)
    graph = drawn.sympy(2, scalar=True)
    found = drawn.derive(2, scalar=True).sympy("closed")
    letters = {**letters_of(graph), **letters_of(found)}
    values = []
    for each, letter in letters.items():
        stem, _, step = each.rpartition("_")
        known = data.get(each, data[stem][int(step) - 1] if stem in data else np.zeros(1))
        wide = letter.shape if isinstance(letter, sympy.MatrixSymbol) else (1, 1)
        row = np.broadcast_to(known, wide) if known.size == 1 else known.reshape(wide)
        values.append(row if isinstance(letter, sympy.MatrixSymbol) else row.item())
    for parameter in found.gradients:
        whole = graph + found
        own = whole.lambdify(list(letters.values()), found[parameter])(*values)
        wanted = np.asarray(gradients.adjoint_of(parameter))
        assert np.allclose(np.ravel(own), wanted.ravel(), rtol=1e-9, atol=1e-12), parameter


def test_by_inputs_and_at_steps() -> None:
    found = Model.derive(model("elman"), 2, wrt=["x"], scalar=True).sympy("closed", "x")
    assert list(found.gradients) == ["x_1", "x_2"] or list(found.gradients) == ["x_2", "x_1"]
    assert symrnn.load("elman").derive(wrt=["x"], scalar=True).sympy("delta", "x").gradients
