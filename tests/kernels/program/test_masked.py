"""Lengths as plain statements: what is printed for a recurrence, and which masks there are."""

from symrnn.kernels.jax import JAX
from symrnn.kernels.program import Program
from symrnn.kernels.program.masked import masked
from symrnn.kernels.program.program import Map, plain
from symrnn.kernels.settings import Settings
from symrnn.language import parse
from tests.cases import ZOO, model


def ragged(text: str, *wrt: str) -> Program:
    from symrnn.kernels.generate import program

    return program(parse(text), Settings.of(4, lengths=True, wrt=wrt), JAX)[2]


TEXT = "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"

PRINTED = """\
T = 4

# forward
h_begin = h0
x_W[1 … 4] = x[1 … 4] @ W
h[0] = h_begin
for t = 1 … 4:
    prev_h[t] = where(came_m1[t], h[t-1], 0)
    prev_h_U[t] = prev_h[t] @ U
    a_h[t] = x_W[t] + prev_h_U[t]
    h[t] = tanh(a_h[t])

# loss
at_last_h[1 … 4] = where(ends_0[1 … 4], h[1 … 4], 0)
last_h = sum(at_last_h[1 … 4], steps)
s_l_h = last_h - y
sq_l_h = square(s_l_h)
sum_l_h = sum(sq_l_h, all)
L = 1 / (size(B) * size(C)) * sum_l_h

# backward
d_last_h = 2 / (size(B) * size(C)) * s_l_h
d_h_base[1 … 4] = where(ends_0[1 … 4], d_last_h, 0)
d_prev_h[5] = 0
for t = 4 … 1:
    d_h[t] = where(came_1[t], d_prev_h[t+1], d_h_base[t])
    sq_d_a_h[t] = square(h[t])
    s_d_a_h[t] = 1 - sq_d_a_h[t]
    d_a_h[t] = s_d_a_h[t] * d_h[t]
    d_prev_h[t] = d_a_h[t] @ transpose(U)
d_a_h_there[1 … 4] = where(alive[1 … 4], d_a_h[1 … 4], 0)
d_W = transpose(x[1 … 4]) @ d_a_h_there[1 … 4]
d_U = transpose(prev_h[1 … 4]) @ d_a_h_there[1 … 4]
"""


def test_a_recurrence() -> None:
    made, masks = masked(ragged(TEXT), ())
    assert str(made) == PRINTED
    assert masks == {
        "alive": ("alive", 0),
        "came_m1": ("came", -1),
        "ends_0": ("ends", 0),
        "came_1": ("came", 1),
    }


def test_names_that_somebody_else_has_are_left_to_them() -> None:
    made, masks = masked(ragged(TEXT.replace("x[t]", "ends_0[t]")), {"came_1", "alive"})
    assert set(masks) == {"alive_2", "came_m1", "ends_0_2", "came_1_2"}
    assert "where(ends_0_2[1 … 4], h[1 … 4], 0)" in str(made)


def test_nothing_but_plain_statements_is_left() -> None:
    for name in ZOO:
        made, _ = masked(ragged(model(name).text), ())
        assert not made.ragged
        for body in made.sections.values():
            for statement in plain(body):
                assert not isinstance(statement, Map) or statement.op not in ("begin", "land")
