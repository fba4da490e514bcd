"""The floor is the program's products and transcendental functions, as often as they happen."""

from collections import Counter
from typing import Any

import numpy as np

from symrnn.bench.peers.kernels import Evaluate, Multiply, Work, floor, runner
from symrnn.kernels.generate import program
from symrnn.kernels.program.program import (
    Array,
    Loop,
    Map,
    Now,
    Pair,
    Product,
    Program,
    Slice,
    Span,
    Statement,
)
from symrnn.kernels.settings import Settings
from symrnn.language.tree import Width
from tests.cases import model

D, H = Width(("D",)), Width(("H",))


def small() -> Program:
    """Two parts over four steps, side by side; from step 2 on another product."""
    arrays: dict[str, Any] = {
        array.name: array
        for array in (
            Array("x", "input", (D,), rows=True, steps=(1, 4)),
            Array("W", "parameter", (D, H)),
            Array("V", "parameter", (D, H)),
            Array("a", "variable", (H,), rows=True, steps=(1, 4)),
            Array("b", "variable", (H,), rows=True, steps=(1, 4)),
            Array("d_W", "gradient", (D, H)),
        )
    }
    every, both = Span(1, 4), ("a", "b")
    back = Pair(Slice(("a",), Now()), Slice(("W",)), right_turned=True)
    body = (
        Map(Slice(both, Now()), "tanh", (Slice(both, Now()),)),
        Map(Slice(both, Now()), "multiply", (Slice(both, Now()),) * 2),
        Product(Slice(("x",), Now()), (back,), during=(2, 4)),
    )
    forward = Product(Slice(both, every), (Pair(Slice(("x",), every), Slice(("W", "V"))),))
    turned = Pair(Slice(("x",), every), Slice(("a",), every), left_turned=True)
    sections: dict[str, tuple[Statement, ...]] = {
        "forward": (forward, Loop(1, 4, 1, body)),
        "backward": (Product(Slice(("d_W",)), (turned,)),),
    }
    return Program(4, arrays, sections)


def test_spans_neighbours_turned_matrices_and_steps_are_counted() -> None:
    found = floor(small(), {"D": 3, "H": 5}, batch=2)
    assert found[0] == Multiply(8, 3, 10)
    assert found[1:4] == [Evaluate("tanh", 20), Evaluate("tanh", 20), Multiply(2, 5, 3)]
    assert found[-1] == Multiply(3, 8, 5)
    assert Counter(found)[Evaluate("tanh", 20)] == 4
    assert Counter(found)[Multiply(2, 5, 3)] == 3
    assert len(found) == 9


def test_elman_with_three_steps() -> None:
    *_, made = program(model("elman").written, Settings.of(3))
    found = Counter(floor(made, {"D": 4, "H": 6, "C": 1}, batch=2))
    least: Counter[Work] = Counter(
        {
            Multiply(6, 4, 6): 1,  # x @ w_i, all steps at once
            Multiply(2, 6, 6): 5,  # O[t-1] @ w_h, and back at T - 1 and T - 2
            Evaluate("tanh", 12): 3,
            Multiply(2, 6, 1): 1,  # O[T] @ w_o
            Multiply(4, 6, 6): 1,  # d_w_i
            Multiply(6, 6, 6): 1,  # d_w_h
            Multiply(6, 2, 1): 1,  # d_w_o
        }
    )
    assert found >= least
    assert not {w for w in found - least if isinstance(w, Multiply)} - {Multiply(2, 1, 6)}


def test_it_runs_with_arrays_of_its_own() -> None:
    works: list[Work] = [Multiply(2, 3, 4), Evaluate("tanh", 5), Multiply(2, 3, 4)]
    runner(works, np.dtype(np.float32))()
