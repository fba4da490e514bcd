"""Every operation of a Program has a spelling in C."""

import pytest

from symrnn.kernels.c import C
from symrnn.kernels.c.expressions import value_of
from symrnn.kernels.infix import Text

APART = {"turned", "pick", "add_at"}
"""Those that are statements of their own."""


@pytest.mark.parametrize("op", sorted(C.elementary - APART))
def test_an_operation_is_spelt(op: str) -> None:
    assert "x" in value_of(op, [Text("x"), Text("y")]).text
