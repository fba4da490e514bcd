"""What symrnn generates for a case; and the floor, which it could not be quicker than.

The floor is the matrix products and the transcendental functions of a program, nothing else. What a
program needs beside them (sums, products of elements, calls in between) can be arranged well or
badly; these have to be worked out in any case, at the speed of the library that does it.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from symrnn.bench.case import Answer, Case, Entrant, LeftOut
from symrnn.bench.peers.by_tracing import with_bits_of
from symrnn.clock import CLOCK
from symrnn.errors import UsageError
from symrnn.kernels.generate import program
from symrnn.kernels.load import check_compiler
from symrnn.kernels.program.program import Loop, Map, Plain, Product, Program, Slice, Span
from symrnn.kernels.settings import Settings
from symrnn.kernels.torch.module import class_name
from symrnn.language.tree import Width

# the floor


FUNCTIONS = {
    name: getattr(np, name) for name in ("tanh", "exp", "expm1", "log", "log1p", "sin", "cos")
}
"""What is slow in itself; its name in a program is its name in NumPy."""


@dataclass(frozen=True)
class Multiply:
    """(rows, inner) @ (inner, columns)."""

    rows: int
    inner: int
    columns: int


@dataclass(frozen=True)
class Evaluate:
    """A function of so many numbers."""

    function: str
    count: int


Work = Multiply | Evaluate


def floor(program: Program, dims: dict[str, int], batch: int) -> list[Work]:
    """What has to be worked out, in the order of the program."""
    sizes = _Shapes(program, {**dims, "B": batch, "T": program.steps})
    return [work for statement in _in_order(program) for work in _work(statement, sizes)]


def _in_order(program: Program) -> Iterator[Plain]:
    """Every statement as often as it happens."""
    for statement in program.statements():
        if not isinstance(statement, Loop):
            yield statement
            continue
        for step in statement.steps:
            for inner in statement.body:
                first, last = inner.during or (step, step)
                if first <= step <= last:
                    yield inner


def _work(statement: Plain, sizes: "_Shapes") -> Iterator[Work]:
    match statement:
        case Product(pairs=pairs):
            for pair in pairs:
                left, right = sizes.matrix(pair.left), sizes.matrix(pair.right)
                rows, inner = left[::-1] if pair.left_turned else left
                yield Multiply(rows, inner, right[0] if pair.right_turned else right[1])
        case Map(op=op, out=out) if op in FUNCTIONS:
            rows, columns = sizes.matrix(out)
            yield Evaluate(op, rows * columns)


class _Shapes:
    """How many rows and columns a slice has, neighbours side by side."""

    def __init__(self, program: Program, dims: dict[str, int]) -> None:
        self.program, self.dims = program, dims

    def matrix(self, found: Slice) -> tuple[int, int]:
        first = self.program.arrays[found.names[0]]
        rows = self.dims["B"] if first.rows else 1
        if isinstance(found.when, Span):
            rows *= found.when.last - found.when.first + 1
        elif found.when is None and first.steps is not None:
            rows *= first.steps[1] - first.steps[0] + 1
        if not first.rows and len(first.shape) == 2:
            rows *= first.shape[0].count(self.dims)
        if found.part is not None:
            return rows, found.part[1].count(self.dims)
        widths: list[Width] = [self.program.arrays[name].width for name in found.names]
        return rows, sum(width.count(self.dims) for width in widths)


# worked out


def runner(works: list[Work], dtype: Any) -> Callable[[], None]:
    """A function that does all of this on arrays made beforehand, each product as its matrices lie
    best."""
    rng = np.random.default_rng(0)
    ready = {work: _ready(work, dtype, rng) for work in dict.fromkeys(works)}
    calls = [ready[work] for work in works]

    def run() -> None:
        for function, arguments in calls:
            function(*arguments)

    return run


Call = tuple[Any, tuple[Any, ...]]


def _ready(work: Work, dtype: Any, rng: np.random.Generator) -> Call:
    if isinstance(work, Evaluate):
        values = rng.uniform(0.1, 1, size=work.count).astype(dtype)
        return FUNCTIONS[work.function], (values, np.empty_like(values))
    left = rng.normal(size=(work.rows, work.inner)).astype(dtype)
    right = rng.normal(size=(work.inner, work.columns)).astype(dtype)
    out = np.empty((work.rows, work.columns), dtype)
    lefts, rights = (left, _turned(left)), (right, _turned(right))
    return min(((np.dot, (a, b, out)) for a, b in itertools.product(lefts, rights)), key=_time)


def _turned(matrix: Any) -> Any:
    """The same matrix, its columns one after the other in memory."""
    return np.ascontiguousarray(matrix.T).T


def _time(call: Call, enough: float = 2e-4) -> float:
    """Seconds that one call takes: the best of several."""
    function, arguments = call
    found: list[float] = []
    while len(found) < 2 or (sum(found) < enough and len(found) < 100):
        start = CLOCK()
        function(*arguments)
        found.append(CLOCK() - start)
    return min(found)


# kernels


def kernel(case: Case, backend: str = "numpy") -> Entrant:
    """The class, called as a training loop does, with its checks of arguments."""
    module = case.model.kernel(case.size.steps, backend=backend)
    try:
        check_compiler(module)
    except UsageError as reason:
        raise LeftOut(str(reason)) from None
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


def torch_file(case: Case) -> Entrant:
    """The module of the file for PyTorch: what each step of a training loop does to it."""
    import torch

    torch.set_num_threads(1)
    file = case.model.kernel(case.size.steps, backend="torch")
    cell = getattr(file, class_name(case.model.name))
    net = cell(*case.dims.values(), dtype=torch.from_numpy(np.empty(0, case.dtype)).dtype)
    params = net.params()
    trained = {name: tensor for name, tensor in params.items() if tensor.requires_grad}
    if not trained:
        raise LeftOut("it has no parameters, and autograd has nothing to take a gradient by")
    with torch.no_grad():
        for name, tensor in params.items():
            tensor.copy_(torch.from_numpy(case.params[name]))
    inputs = [torch.from_numpy(case.inputs[name]) for name in file._LOSS_NEEDS]

    def step() -> Any:
        net.zero_grad()
        loss = net.loss(*inputs)
        loss.backward()
        return loss

    def read(loss: Any) -> Answer:
        return Answer(loss.item(), {name: t.grad.numpy().copy() for name, t in trained.items()})

    return Entrant(step, read)


def jax_file(case: Case) -> Entrant:
    """The loss of the file for JAX and its gradient, compiled."""
    import jax

    file = case.model.kernel(case.size.steps, backend="jax")
    run = jax.jit(jax.value_and_grad(lambda params, inputs: file.loss(params, **inputs)))
    params, inputs = with_bits_of(
        case, lambda: jax.tree.map(jax.numpy.asarray, (case.params, case.inputs))
    )()

    def read(found: Any) -> Answer:
        return Answer(float(found[0]), {n: np.array(found[1][n]) for n in file.PARAMS})

    return Entrant(with_bits_of(case, lambda: jax.block_until_ready(run(params, inputs))), read)


def _read(found: Any) -> Answer:
    loss, grads = found
    return Answer(float(loss), {name: value.copy() for name, value in grads.items()})


def floor_of(case: Case) -> Entrant:
    *_, made = program(case.model.written, Settings.of(case.size.steps))
    return Entrant(runner(floor(made, case.dims, case.size.batch), case.dtype))
