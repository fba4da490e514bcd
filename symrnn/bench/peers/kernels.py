"""What symrnn generates for a case, and what it could not be quicker than."""

from typing import Any

from symrnn.bench.agree import Answer
from symrnn.bench.case import Case
from symrnn.bench.floor import floor, runner
from symrnn.bench.peers.entrant import Entrant
from symrnn.kernels.generate import program
from symrnn.kernels.settings import Settings


def kernel(case: Case) -> Entrant:
    """The class, called as a training loop does, with its checks of arguments."""
    module = case.model.kernel(case.size.steps)
    made = module.Kernel(case.size.batch, dtype=case.dtype, **case.dims)
    for name, value in case.params.items():
        made.params[name][...] = value
    inputs = case.inputs
    return Entrant(lambda: made.loss_and_grads(**inputs), _read)


def function(case: Case) -> Entrant:
    """The plain function."""
    run = case.model.kernel(case.size.steps).loss_and_grads
    params, inputs = case.params, case.inputs
    return Entrant(lambda: run(params, **inputs), _read)


def _read(found: Any) -> Answer:
    loss, grads = found
    return Answer(float(loss), {name: value.copy() for name, value in grads.items()})


def floor_of(case: Case) -> Entrant:
    *_, made = program(case.model.written, Settings.of(case.size.steps))
    return Entrant(runner(floor(made, case.dims, case.size.batch), case.dtype))
