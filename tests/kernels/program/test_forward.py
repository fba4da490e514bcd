"""The passes of a program without gradients, each by what it makes of a program."""

from symrnn.kernels.numpy import NUMPY
from symrnn.kernels.program import Job
from symrnn.kernels.program.accumulate import accumulate
from symrnn.kernels.program.fuse import fuse
from symrnn.kernels.program.layout import layout
from symrnn.kernels.program.merge import merge
from symrnn.kernels.program.order import order
from symrnn.kernels.program.program import Loop, Program, Window
from symrnn.kernels.program.roll import roll
from symrnn.language import parse
from symrnn.system import System, normal, with_states
from tests.cases import ZOO, model


def system(text: str) -> System:
    return with_states(normal(parse(text), stable=True))


def of(name: str) -> System:
    return system(model(name).text)


def forward(made: Program) -> str:
    return str(made).split("# forward\n")[1].split("\n# ")[0].strip("\n")


def loops(made: Program) -> int:
    return sum(isinstance(statement, Loop) for statement in made.statements())


POOLED = "h[t] = tanh(x[t] + h[t-1] @ U); p = sum(h[t])"


def test_a_sum_over_all_steps_is_a_recurrence() -> None:
    made = accumulate(order(system(POOLED), 4))
    assert forward(made).endswith(
        "for t = 1 … 4:\n"
        "    acc_sum_p[t] = h[t]    (t = 1 … 1)\n"
        "    acc_sum_p[t] = acc_sum_p[t-1] + h[t]    (t = 2 … 4)\n"
        "sum_p = acc_sum_p[4]\n"
        "p = sum_p"
    )


def test_what_comes_out_backwards_is_summed_up_backwards() -> None:
    made = accumulate(order(system("q[t] = tanh(x[t] + q[t+1] @ U); p = sum(q[t])"), 4))
    assert "[t+1] + q[t]    (t = 1 … 3)" in forward(made)


def test_the_read_out_stands_in_the_loop_of_the_recurrence() -> None:
    made = fuse(order(system("h[t] = tanh(x[t] + h[t-1] @ U); yhat[t] = h[t] @ V"), 4))
    assert forward(made).endswith("    h[t] = tanh(a_h[t])\n    yhat[t] = h[t] @ V")
    assert loops(made) == 1


def test_layers_are_one_loop_and_directions_two() -> None:
    assert loops(fuse(order(of("stacked"), 4))) == 1
    assert loops(fuse(order(of("bilstm"), 4))) == 2


def test_what_needs_a_later_step_has_a_loop_of_its_own() -> None:
    made = fuse(order(system("h[t] = tanh(x[t] + h[t-1] @ U); k[t] = h[t] * h[t+1]"), 4))
    assert loops(made) == 2
    assert loops(fuse(order(system("h[t] = tanh(x[t] + h[t-1]); k[t] = h[t] * h[T]"), 4))) == 2


def test_fusing_twice_changes_nothing() -> None:
    for name in ZOO:
        once = fuse(order(of(name), 5))
        assert str(fuse(once)) == str(once)


def test_a_state_is_written_where_the_one_before_was() -> None:
    made = roll(fuse(order(of("elman"), 9)))
    assert made.arrays["O"].window == Window(1, 0)
    assert made.arrays["x"].window is None


def test_final_states_come_last_in_memory() -> None:
    text = "h[t] = tanh(x[t] + h[t-3] @ U); q[t] = tanh(x[t] + q[t+2] @ V); p = h[T] + q[1]"
    for steps in (2, 3, 7):
        arrays = roll(fuse(order(system(text), steps))).arrays
        ahead, back = arrays["h"], arrays["q"]
        assert [ahead.place(steps - k) for k in (2, 1, 0)] == [0, 1, 2]
        assert [back.place(step) for step in (1, 2)] == [0, 1]


def test_a_step_that_is_read_once_the_next_is_there_has_a_place_beside_it() -> None:
    made = roll(fuse(order(system("h[t] = tanh(x[t] + h[t-1] @ U); q[t] = h[t] - h[t-1]"), 9)))
    assert made.arrays["h"].places == 2


def test_a_step_lays_parameters_out_as_it_is_told() -> None:
    for name in ("lstm", "gru_torch", "lstm_peephole"):
        packs = merge(layout(order(of(name), 1))).packs
        own = [pack for pack in packs if pack.members[0] in model(name).system.symbols]
        told = [p for p in own if model(name).system.symbols[p.members[0]].role == "parameter"]
        _, made = NUMPY.step_program(of(name), told)
        assert [pack for pack in made.packs if pack in told] == told


def test_nothing_of_a_step_has_a_time_axis_but_the_states() -> None:
    _, made = NUMPY.step_program(of("char"), ())
    assert {a.name for a in made.arrays.values() if a.places} == {"h"}


def test_written_out_it_is_the_same_statements() -> None:
    _, made = NUMPY.schedule(of("elman"), Job(3, loops=False), NUMPY.forward, ())
    assert loops(made) == 0
    assert "O[3] = tanh(a_O[3])" in forward(made)
