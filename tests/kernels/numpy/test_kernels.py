"""Kernels of the whole zoo are right: every number of steps, written out and looped, all passes."""

import numpy as np
import pytest

from symrnn.kernels.load import load_source
from symrnn.kernels.program import OPTIONAL
from tests.cases import ZOO, model
from tests.extent import WIDE, pairs
from tests.kernels.truth import misses, truth

WITHOUT = [(), *((name,) for name in OPTIONAL), OPTIONAL]


@pytest.mark.parametrize(("loops", "steps", "name"), pairs((True, False), (1, 2, 3, 7, 50), ZOO))
def test_a_kernel_gives_what_the_equations_say(name: str, steps: int, loops: bool) -> None:
    # with all passes and with none, and every pass left out once for each number of steps, and for
    # each way of writing them
    chosen = [w for i, w in enumerate(WITHOUT) if w in ((), OPTIONAL) or (i + steps + loops) % 2]
    long = steps == 50 and not loops
    for without in WITHOUT if WIDE else WITHOUT[:1] if long else chosen:
        passes = [each for each in OPTIONAL if each not in without]
        source = model(name).generate(steps, loops, passes=passes)
        module = load_source(source, name)
        for batch in (1, 4):
            true = truth(name, steps, batch)
            inputs = {key: true.data[key] for key in module.INPUTS}
            params = {key: true.data[key] for key in module.PARAMS}
            loss, gradients = module.loss_and_grads(params, **inputs)
            assert loss == pytest.approx(true.loss, rel=1e-12, abs=1e-14), without
            assert not misses(gradients, true), without
            outputs, _ = module.forward(params, **inputs)
            for key, wanted in true.outputs.items():
                assert np.allclose(outputs[key], wanted, rtol=1e-12, atol=1e-13), without


@pytest.mark.parametrize("name", ZOO)
def test_a_loop_and_its_steps_written_out_agree(name: str) -> None:
    true = truth(name, 7, 4)
    results = []
    for loops in (True, False):
        module = model(name).kernel(7, loops)
        inputs = {key: true.data[key] for key in module.INPUTS}
        params = {key: true.data[key] for key in module.PARAMS}
        results.append(module.loss_and_grads(params, **inputs))
    (one, by_loop), (other, by_steps) = results
    assert one == pytest.approx(other, rel=1e-14)
    for key, value in by_loop.items():
        assert np.allclose(value, by_steps[key], rtol=1e-13, atol=1e-15)
