"""Each pass does what it says, alone, and changes no number."""

import random
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from symrnn.errors import UsageError
from symrnn.interpret.interpreter import interpret
from symrnn.kernels.generate import program
from symrnn.kernels.numpy import NUMPY
from symrnn.kernels.program import OPTIONAL, Job, Program
from symrnn.kernels.program.accumulate import accumulate
from symrnn.kernels.program.buffers import share, shrink
from symrnn.kernels.program.fold import fold
from symrnn.kernels.program.fuse import fuse
from symrnn.kernels.program.hoist import hoist
from symrnn.kernels.program.layout import layout
from symrnn.kernels.program.lower import ELEMENTARY, lower
from symrnn.kernels.program.merge import merge
from symrnn.kernels.program.order import order
from symrnn.kernels.program.peel import peel, unroll
from symrnn.kernels.program.program import Loop, Map, Product, plain
from symrnn.kernels.program.rotate import rotate
from symrnn.kernels.program.run import run
from symrnn.kernels.settings import Settings
from symrnn.language import parse
from symrnn.system import System, adjoint, normal, with_states
from tests.cases import ZOO, explicit_states, model, numbers, odd_widths
from tests.extent import draws
from tests.grammar import Writer

PASSES: tuple[Callable[[Program], Program], ...] = (
    hoist,
    layout,
    merge,
    peel,
    lower,
    unroll,
    shrink,
    share,
)
FUSED = (accumulate, fuse, lower, peel, shrink, share)
"""What a target runs that wants few loops."""
ROTATED = (
    partial(hoist, products=True),
    partial(layout, kinds=("columns",), in_loops_alone=True),
    *(merge, rotate, peel, lower),
)
"""What a target runs whose loops do the same at all steps."""
DRAWS = draws(12, 60, 600)


def gradient(text: str) -> System:
    return adjoint(with_states(normal(parse(text), stable=True)))


def of(name: str) -> System:
    return adjoint(with_states(normal(model(name).written, stable=True)))


def section(made: Program, name: str) -> str:
    return str(made).split(f"# {name}\n")[1].split("\n# ")[0].strip("\n")


ELMAN = "O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h); yhat = O[T] @ w_o; L = mse(y, yhat)"


def test_what_needs_itself_is_a_loop_and_the_rest_is_done_at_once() -> None:
    made = order(gradient(ELMAN), 4)
    assert section(made, "forward").startswith(
        "O[0] = O0\n"
        "for t = 1 … 4:\n"
        "    x_w_i[t] = x[t] @ w_i\n"
        "    O_w_h[t] = O[t-1] @ w_h\n"
        "    a_O[t] = x_w_i[t] + O_w_h[t]\n"
        "    O[t] = tanh(a_O[t])\n"
    )
    assert "d_w_h = transpose(O[0 … 3]) @ d_a_O[1 … 4]" in section(made, "backward")


def test_a_gradient_that_lands_at_one_step_is_worked_out_there_alone() -> None:
    made = order(gradient(ELMAN), 4)
    assert (
        "for t = 4 … 1:\n"
        "    d_O[t] = d_a_O[t+1] @ transpose(w_h)    (t = 1 … 3)\n"
        "    d_O[t] = d_yhat @ transpose(w_o)    (t = 4 … 4)\n"
    ) in section(made, "backward")


def test_steps_that_no_gradient_reaches_are_left_out() -> None:
    made = order(gradient("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[2])"), 9)
    assert "for t = 2 … 1:" in section(made, "backward")
    assert "d_U = transpose(h[0 … 1]) @ d_a_h[1 … 2]" in section(made, "backward")


def test_a_scan_backwards_in_time_runs_backwards() -> None:
    made = order(gradient("q[t] = tanh(x[t] @ W + q[t+1] @ U); L = mse(y, q[1])"), 3)
    assert "for t = 3 … 1:" in section(made, "forward")
    assert "for t = 1 … 3:" in section(made, "backward")


def test_single_use_jacobians_are_folded() -> None:
    text = str(fold(of("lstm")))
    assert "d_i" not in text.replace("d_a_i", "")
    assert "d_a_i[t] = d_c[t] * (g[t] * (i[t] * (1 - i[t])))" in text


def test_hoisting_leaves_the_recurrence_alone_in_the_loop() -> None:
    made = hoist(order(gradient(ELMAN), 4))
    forward = section(made, "forward")
    assert forward.index("x_w_i[1 … 4] = x[1 … 4] @ w_i") < forward.index("for t = 1")
    backward = section(made, "backward")
    assert backward.index("sq_d_a_O[1 … 4] = square(O[1 … 4])") < backward.index("for t = 4")


def test_the_gates_of_a_gru_are_ordered_so_that_both_operands_see_neighbours() -> None:
    made = layout(hoist(order(fold(of("gru_torch")), 5)))
    packs = {pack.name: pack.members for pack in made.packs}
    (four,) = [p for p in packs.values() if set(p) >= {"d_a_r", "d_a_z", "d_u_n_2", "d_a_n"}]
    assert four in (
        ("d_a_n", "d_a_r", "d_a_z", "d_u_n_2"),
        ("d_a_n", "d_a_z", "d_a_r", "d_u_n_2"),
        ("d_u_n_2", "d_a_r", "d_a_z", "d_a_n"),
        ("d_u_n_2", "d_a_z", "d_a_r", "d_a_n"),
    )
    merged = merge(made)
    products = [s for s in plain(merged.sections["forward"]) if isinstance(s, Product)]
    assert [len(p.out.names) for p in products] == [3, 3, 1]


def matrices_side_by_side(name: str, in_loops_alone: bool) -> set[str]:
    """The matrices among the parameters that a layout puts together."""
    hoisted = hoist(order(fold(of(name)), 5), products=True)
    made = layout(hoisted, ("columns",), in_loops_alone)
    shapes = {n: len(a.shape) for n, a in made.arrays.items() if a.role == "parameter"}
    return {" ".join(sorted(p.members)) for p in made.packs if shapes.get(p.members[0]) == 2}


def test_both_directions_multiply_the_inputs_once() -> None:
    """One operand has two groups of matrices then, and each is one matrix."""
    wanted = {" ".join(f"{m}{g}_{d}" for g in "fgio") for m in "WU" for d in "fb"}
    assert matrices_side_by_side("bilstm", False) == wanted
    assert matrices_side_by_side("bilstm", True) == wanted


@pytest.mark.parametrize(
    ("name", "always", "in_loops"),
    [
        ("mgu", {"W_f W_n"}, set()),
        ("gru", {"W_n W_r W_z", "U_r U_z"}, {"W_r W_z", "U_r U_z"}),
        ("elman", set(), set()),
    ],
)
def test_matrices_are_one_where_a_loop_multiplies_by_them(
    name: str, always: set[str], in_loops: set[str]
) -> None:
    assert matrices_side_by_side(name, False) == always
    assert matrices_side_by_side(name, True) == in_loops


def test_a_step_of_an_lstm_is_one_product_and_a_few_calls() -> None:
    made = merge(layout(hoist(order(fold(of("lstm")), 5))))
    (loop,) = [s for s in made.sections["backward"] if isinstance(s, Loop)]
    inner = [s for s in loop.body if s.during != (5, 5)]
    assert sum(isinstance(s, Product) for s in inner) == 1
    assert len(inner) == 6
    (loop,) = [s for s in made.sections["forward"] if isinstance(s, Loop)]
    assert sum(isinstance(s, Product) for s in loop.body) == 1


def test_peeling_leaves_loops_that_do_the_same_at_every_step() -> None:
    made = peel(hoist(order(gradient(ELMAN), 4)))
    for body in made.sections.values():
        for statement in body:
            if isinstance(statement, Loop):
                assert all(inner.during is None for inner in statement.body)
    assert "d_O[4] = d_yhat @ transpose(w_o)" in section(made, "backward")
    assert "for t = 3 … 1:" in section(made, "backward")


@pytest.mark.parametrize("name", ZOO)
def test_lowering_leaves_elementary_functions_and_single_products(name: str) -> None:
    made = lower(peel(merge(layout(hoist(order(fold(of(name)), 3))))))
    for body in made.sections.values():
        for statement in plain(body):
            if isinstance(statement, Map):
                assert statement.op in ELEMENTARY
            if isinstance(statement, Product):
                assert len(statement.pairs) == 1


def test_what_one_step_alone_knows_has_one_place() -> None:
    made = shrink(lower(peel(hoist(order(gradient(ELMAN), 50)))))
    assert made.arrays["O_w_h"].steps is None
    assert made.arrays["a_O"].steps is None
    assert made.arrays["O"].steps == (0, 50)


def test_places_are_used_again() -> None:
    settings = Settings.of(50, loops=True)
    *_, made = program(model("elman").written, settings)
    assert made.shared["a_O"] == "O_w_h"
    assert not {"O", "yhat", "L"} & (set(made.shared) | set(made.shared.values()))


def test_what_all_steps_but_the_first_do_is_done_by_the_step_before() -> None:
    made = rotate(hoist(order(gradient(ELMAN), 4)))
    backward = section(made, "backward")
    assert (
        "for t = 4 … 1:\n"
        "    d_a_O[t] = s_d_a_O[t] * d_O[t]\n"
        "    d_O[t-1] = d_a_O[t] @ transpose(w_h)\n"
    ) in backward
    assert backward.index("d_O[4] = d_yhat @ transpose(w_o)") < backward.index("for t = 4")


def test_a_sum_whose_other_summand_comes_later_begins_with_nothing() -> None:
    made = rotate(hoist(order(fold(of("lstm")), 4), products=True))
    backward = section(made, "backward")
    assert "m_d_c_3[4] = 0\nfor t = 4 … 1:" in backward
    assert "(t = " not in backward


def test_a_second_time_changes_nothing() -> None:
    for name in ("lstm", "gru_torch", "birnn"):
        made = order(fold(of(name)), 4)
        for one in (hoist, rotate, peel, lower, shrink):
            made = one(made)
            assert str(one(made)) == str(made)
        assert str(fold(fold(of(name)))) == str(fold(of(name)))


@pytest.mark.parametrize("passes", [PASSES, FUSED, ROTATED], ids=["hoisted", "fused", "rotated"])
@pytest.mark.parametrize("seed", range(DRAWS))
def test_no_pass_changes_a_number(
    seed: int, passes: tuple[Callable[[Program], Program], ...]
) -> None:
    """Of random systems, worked out by the slow interpreter of programs after every pass."""
    choose = random.Random(seed)
    written = explicit_states(parse(Writer(choose, rough=seed % 3 == 0, attention=True).text()))
    system = normal(written, stable=True)
    both = adjoint(system, [symbol.name for symbol in system.named("input")])
    steps, batch = choose.randint(1, 5), choose.randint(1, 3)
    data = numbers(written, steps, batch, seed)
    wanted = interpret(both, data, steps)
    made = order(fold(both), steps)
    for one in (lambda program: program, *passes):
        made = one(made)
        found = run(made, data, odd_widths(written), batch)
        for symbol in both.symbols.values():
            if symbol.role != "total" and not symbol.output:
                continue
            true = wanted[symbol.name]
            if not np.isfinite(true).all() or np.abs(true).max() > 1e6:
                continue
            array = made.arrays[symbol.name]
            own = found[symbol.name]
            if array.steps is not None:
                own = own[1 - array.steps[0] :][:steps]
            size = max(float(np.linalg.norm(true)), 1e-4)
            assert float(np.linalg.norm(own.reshape(true.shape) - true)) <= 1e-11 * size


def test_a_pass_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"'hoits' is no pass .*did you mean 'hoist'"):
        NUMPY.schedule(of("elman"), Job(3), NUMPY.gradient, ("hoits",))


def test_what_would_be_an_absurd_file_is_refused() -> None:
    with pytest.raises(UsageError, match=r"10000 steps written out are .* statements"):
        NUMPY.schedule(of("elman"), Job(10_000, loops=False), NUMPY.gradient, OPTIONAL)
