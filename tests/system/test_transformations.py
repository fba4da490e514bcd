"""Unrolling, initial states, heads, pruning: systems in, systems out, and what they keep."""

import numpy as np
import pytest

import symrnn
from symrnn.errors import EquationError, UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.language import parse, show
from symrnn.language.tree import Ref
from symrnn.library.zoo import heads
from symrnn.system import initial_states, normal, prune, unroll, with_head, with_states
from symrnn.system.check import problems
from symrnn.system.system import Linear, Matrix, Row, System, Term
from tests.cases import ZOO, model, numbers, odd_widths, oracle


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("name", ZOO)
def test_unrolling_keeps_every_value(name: str, steps: int) -> None:
    data = numbers(model(name).written, steps, batch=2)
    rolled, flat = interpret(model(name).system, data), interpret(model(name).unroll(steps), data)
    for symbol in model(name).system.named("variable"):
        assert np.allclose(rolled[symbol.name], flat[symbol.name], rtol=1e-14, atol=1e-15)
    assert flat.loss == pytest.approx(rolled.loss, rel=1e-14)


def test_unrolling_reads_like_the_notes() -> None:
    equations = [line for line in str(model("elman_n4").unroll(3)).splitlines() if " = " in line]
    assert equations == [
        "T = 3",
        "a_O[1] = x[1] @ w_i + O[0] @ w_h",
        "O[1] = tanh(a_O[1])",
        "a_O[2] = x[2] @ w_i + O[1] @ w_h",
        "O[2] = tanh(a_O[2])",
        "a_O[3] = x[3] @ w_i + O[2] @ w_h",
        "O[3] = tanh(a_O[3])",
        "a_yhat = O[3] @ w_o",
        "yhat = sigmoid(a_yhat)",
        "l_yhat = bce_logits(y, a_yhat)",
        "L = l_yhat",
    ]


def test_a_backward_recurrence_unrolls_backwards() -> None:
    targets = [e.target for e in model("birnn").unroll(2).equations if e.target.name == "O_b"]
    assert targets == [Ref("O_b", "1", 1), Ref("O_b", "1", 0)]


def test_unrolling_grows_linearly() -> None:
    adjoint = model("elman").adjoint
    sizes = [len(unroll(adjoint, steps).equations) for steps in (10, 20, 30)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0] == 40


@pytest.mark.parametrize("steps", [0, -1, 10_001, True, 2.0])
def test_steps_that_make_no_sense_are_refused(steps: int) -> None:
    with pytest.raises(UsageError, match="cannot unroll"):
        model("elman").unroll(steps)


def test_a_text_may_fix_the_steps_and_is_unrolled_for_those_alone() -> None:
    text = model("elman").text
    fixed = symrnn.parse(f"T = 3\n{text}")
    assert fixed.unroll(3) == model("elman").unroll(3)
    with pytest.raises(UsageError, match="cannot unroll 2 steps; it is written out for 3"):
        fixed.unroll(2)


def test_an_unrolled_system_is_not_unrolled_again() -> None:
    flat = model("elman").unroll(2)
    assert unroll(flat, 2) is flat
    with pytest.raises(UsageError, match="cannot unroll 3 steps; it is written out for 2 already"):
        unroll(flat, 3)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("elman", {"O0": Ref("O", "1", -1)}),
        ("lstm", {"h0": Ref("h", "1", -1), "c0": Ref("c", "1", -1)}),
        ("birnn", {"O_f0": Ref("O_f", "1", -1), "O_bT1": Ref("O_b", "T", 1)}),
        ("jordan", {"yhat0": Ref("yhat", "1", -1)}),
    ],
)
def test_initial_states(name: str, wanted: dict[str, Ref]) -> None:
    assert initial_states(model(name).system) == wanted


def test_a_boundary_of_the_text_is_no_state() -> None:
    system = symrnn.parse("h[0] = h0\nh[t] = tanh(x[t] @ W + h[t-2] @ U)").system
    assert list(initial_states(system)) == ["hm1"]


def test_what_is_written_out_has_no_states_to_carry() -> None:
    assert initial_states(model("birnn").unroll(2)) == {}
    assert initial_states(symrnn.parse(f"T = 2\n{model('birnn').text}").system) == {}


@pytest.mark.parametrize("name", ZOO)
def test_states_of_zero_change_nothing(name: str) -> None:
    system = with_states(model(name).system)
    data = numbers(model(name).written, 3, batch=2)
    dims = odd_widths(model(name).written)
    zeros = {
        s.name: np.zeros((2, s.width.count(dims)))
        for s in system.named("input")
        if s.name not in data
    }
    plain = interpret(model(name).system, data).loss
    assert interpret(system, data | zeros).loss == plain


@pytest.mark.parametrize("head", sorted(heads()))
@pytest.mark.parametrize("name", ZOO)
def test_every_head_fits_every_body(name: str, head: str) -> None:
    changed = model(name).with_head(head)
    data = numbers(changed.written, 3, batch=2)
    last = changed.system.named("parameter")[-1].name
    own = interpret(changed.adjoint, data).adjoint_of(last)
    assert own is not None
    assert oracle(changed.written, data, 3).misses(own, data, last) <= 1
    assert (changed.system.symbols["y"].timed) == (head == "steps")


def test_a_head_reads_each_direction_where_it_ends() -> None:
    text = model("birnn").with_head("binary").text
    assert "yhat = sigmoid(concat(O_f[T], O_b[1]) @ w_y + b_y)" in text
    assert "H[t]" not in text


def test_a_head_keeps_its_names_apart_from_those_of_the_body() -> None:
    body = parse("w_y[t] = tanh(x[t] @ b_y + w_y[t-1] @ U)\nL = mse(y, w_y[T])")
    head = parse("yhat = state[T] @ w_y + b_y\nL = mse(y, yhat)")
    assert "yhat = w_y[T] @ w_y_head + b_y_head" in show(with_head(body, head))


def test_a_model_without_a_loss_takes_a_head() -> None:
    body = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")
    assert "yhat = h[T] @ w_y + b_y" in body.with_head("regress").text


def test_heads_that_do_not_fit_are_refused() -> None:
    body = model("elman").written
    with pytest.raises(EquationError, match="reads neither"):
        with_head(body, parse("L = mse(y, x[T])"))
    with pytest.raises(EquationError, match="ends in a loss"):
        with_head(body, parse("yhat = state[T] @ W"))
    with pytest.raises(EquationError, match="no body"):
        symrnn.parse("yhat = x[T] @ W\nL = mse(y, yhat)").with_head("binary")
    with pytest.raises(UsageError, match="unknown head 'clases'; did you mean 'classes'"):
        model("elman").with_head("clases")


def test_pruning_removes_what_reaches_nothing_to_a_fixed_point() -> None:
    text = "a[t] = x[t] @ V\nb[t] = a[t] @ U\nh[t] = x[t] @ W\nh: output\nL = mse(y, h[T])"
    system = prune(normal(parse(text)))
    assert [e.target.name for e in system.equations] == ["h", "l_h", "L"]
    assert "V" not in system.symbols


def test_check_finds_what_is_broken() -> None:
    system = model("elman").system
    twice = System((*system.equations, system.equations[0]), system.symbols)
    assert "bound twice" in next(problems(twice))
    alien = Linear(Ref("O", "t"), (Term(Ref("nobody", "t")),))
    kept = tuple(e for e in system.equations if e.target.name != "O")
    assert "unbound" in next(problems(System((*kept, alien), system.symbols)))
    loss = Row(Ref("l_yhat"), "mse", (Ref("y"), Ref("O", "T")))
    others = tuple(e for e in system.equations if e.target.name != "l_yhat")
    assert "do not fit" in next(problems(System((*others, loss), system.symbols)))
    wide = Linear(Ref("O", "t"), (Term(Ref("x", "t")),))
    assert "has shape" in next(problems(System((*kept, wide), system.symbols)))
    turned = Linear(Ref("O", "t"), (Term(Ref("x", "t"), Matrix("w_h")),))
    assert "a product with w_h" in next(problems(System((*kept, turned), system.symbols)))
    looped = Linear(Ref("O", "t"), (Term(Ref("O", "t")),))
    assert "cycle within one time step" in next(problems(System((*kept, looped), system.symbols)))
