"""Generated modules on a GPU, beside the layers of cuDNN, loops in eager mode, and JAX.

python benchmarks/gpu.py            (a GPU and PyTorch; under five minutes, float32 throughout)
python benchmarks/gpu.py --cpu      (small, on the CPU: whether it runs, not how fast)

A step is the loss and all gradients. Everyone takes turns; a time is the median over rounds in
which the device has finished whatever it was given. Every answer is held against a NumPy kernel
in double precision first.
"""

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import symrnn
from symrnn.bench.case import Answer, Arrays, Case, Entrant, LeftOut, case, disagreement
from symrnn.bench.peers.by_torch import Form, layered, written_out
from symrnn.bench.peers.cells import NETWORKS, CellNetwork, Ops, State, Way, network_of
from symrnn.bench.request import SIZES, Size, read_sizes
from symrnn.clock import take_turns
from symrnn.errors import SymrnnError

MODELS = "lstm", "gru_torch", "mgu"
"""Two that cuDNN has layers for, and one that nobody has."""
LAYERS = "lstm", "gru_torch"
SECONDS = 0.3
ENOUGH = 240.0
"""Seconds after which what is left is left out."""
SMALL = SIZES[:3]
ALLOWED = 1e-3


def mgu(ops: Ops, u: Any, state: State, w: list[Any], second: Any) -> State:
    (h,) = state
    f, n = ops.split(u, 2)
    f = ops.sigmoid(f + h @ w[0])
    return ((1 - f) * h + f * ops.tanh(n + (f * h) @ w[1]),)


BY_HAND = {
    **NETWORKS,
    "mgu": CellNetwork(
        mgu,
        (Way(("W_f", "W_n"), (("U_f",), ("U_n",)), ("b_f", "b_n")),),
        ("w_y", "b_y"),
    ),
}


def main(arguments: list[str] | None = None) -> int:
    options = read(arguments)
    if importlib.util.find_spec("torch") is None:
        return refuse("PyTorch is not installed: pip install torch")
    import torch

    if not options.cpu and not torch.cuda.is_available():
        return refuse("PyTorch finds no GPU here; --cpu runs it small on the CPU")
    try:
        sizes = read_sizes(options.sizes) if options.sizes else SMALL if options.cpu else SIZES
    except SymrnnError as error:
        return refuse(str(error))
    device = "cpu" if options.cpu else "cuda"
    prepare(torch, device)
    print(f"{machine(torch, device)}, PyTorch {torch.__version__}; milliseconds a step, float32")
    end = time.monotonic() + ENOUGH
    for size in sizes:
        if time.monotonic() > end:
            print(f"\nT, B, D, H = {size}: left out, since {ENOUGH:.0f} s are over")
            continue
        show(size, measured(size, options.models, torch, device, options.seconds))
    return 0


def read(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cpu", action="store_true", help="small, on the CPU")
    parser.add_argument("--models", type=lambda text: text.split(","), default=MODELS)
    parser.add_argument("--sizes", help="numbers of the seven, as 1,2,5, or T,B,D,H")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for everyone")
    return parser.parse_args(arguments)


def refuse(message: str) -> int:
    print(f"benchmarks/gpu.py: {message}", file=sys.stderr)
    return 2


def prepare(torch: Any, device: str) -> None:
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # two libraries, one memory
    if device == "cpu":
        torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False  # everyone in the same precision
    torch.backends.cuda.matmul.allow_tf32 = False


def machine(torch: Any, device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else "CPU, one thread"


# who takes part


def measured(
    size: Size, models: list[str], torch: Any, device: str, seconds: float
) -> dict[str, float | str]:
    """Of everyone at one size the seconds a step, or why there are none."""
    cases = {n: case(symrnn.load(n), size).cast(np.float32) for n in (*LAYERS, *models)}
    answers = {name: right(made) for name, made in cases.items()}
    found: dict[str, float | str] = {}
    steps: dict[str, Callable[[], Any]] = {}
    for name, model, prepare in entrants(models, device):
        try:
            entrant = prepare(cases[model], torch, device)
            wrong = disagreement(asked(entrant), answers[model], ALLOWED)
        except (LeftOut, SymrnnError) as reason:
            wrong = str(reason)
        except Exception as error:  # one that fails is no reason to say nothing of the others
            said = (str(error).splitlines() or [""])[0][:100]
            wrong = f"{type(error).__name__}: {said}"
        found[name] = wrong
        if not wrong:
            steps[name] = entrant.step

    def clock() -> float:
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    times = take_turns(steps, seconds, clock)
    return found | {name: figure.median for name, figure in times.items()}


Prepare = Callable[[Case, Any, str], Entrant]


def entrants(models: list[str], device: str) -> Iterator[tuple[str, str, Prepare]]:
    """What each is called, the model that it works out, and how it gets ready."""
    whose = "cuDNN" if device == "cuda" else "PyTorch"
    for model in LAYERS:
        yield f"nn.{NETWORKS[model].layer} ({whose})", model, layer
    for model in models:
        for what, prepare in WAYS.items():
            yield f"{model}: {what}", model, prepare


def asked(entrant: Entrant) -> Answer:
    assert entrant.read is not None
    return entrant.read(entrant.step())


def right(made: Case) -> Answer:
    """What a kernel says in double precision."""
    exact = made.cast(np.float64)
    kernel = exact.model.kernel(exact.size.steps)
    return Answer(*kernel.loss_and_grads(exact.params, **exact.inputs))


def of_form(form: Form, torch: Any) -> Entrant:
    def step() -> Any:
        value = form.loss()
        return value, torch.autograd.grad(value, form.tensors)

    def read(found: Any) -> Answer:
        return Answer(found[0].item(), form.read([each.cpu().numpy() for each in found[1]]))

    return Entrant(step, read)


def layer(made: Case, torch: Any, device: str) -> Entrant:
    return of_form(layered(made, network_of(made), device), torch)


def by_hand(made: Case, torch: Any, device: str) -> Entrant:
    network = BY_HAND.get(made.model.name)
    if network is None:
        raise LeftOut("nobody has written its loop")
    return of_form(written_out(made, network, torch, device=device), torch)


def module(made: Case, torch: Any, device: str) -> Entrant:
    """The generated module as it stands."""
    _, net, given = loaded(made, torch, device)
    return differentiated(lambda: net.loss(**given), net, torch)


def graphed(made: Case, torch: Any, device: str, **settings: str) -> Entrant:
    """The same, captured in two CUDA graphs: one for the loss, one for the way back."""
    if device != "cuda":
        raise LeftOut("a CUDA graph needs a GPU")
    file, net, given = loaded(made, torch, device, **settings)
    values = [given["x"], given["y"]]
    run = file.graphed(net, *values)
    return differentiated(lambda: run(*values), net, torch)


def loaded(made: Case, torch: Any, device: str, **settings: str) -> tuple[Any, Any, Arrays]:
    """The generated file, its module with the parameters of the case, and its inputs, on the
    device."""
    file = made.model.kernel(made.size.steps, backend="torch")
    kind = getattr(file, "".join(word.capitalize() for word in made.model.name.split("_")))
    net = kind(**made.dims, device=device, dtype=torch.float32, **settings)
    with torch.no_grad():
        for name, tensor in net.params().items():
            tensor.copy_(torch.from_numpy(made.params[name]))
    return file, net, {k: torch.from_numpy(v).to(device) for k, v in made.inputs.items()}


def differentiated(loss: Callable[[], Any], net: Any, torch: Any) -> Entrant:
    params = net.params()

    def step() -> Any:
        value = loss()
        return value, torch.autograd.grad(value, list(params.values()))

    def read(found: Any) -> Answer:
        grads = (each.cpu().numpy() for each in found[1])
        return Answer(found[0].item(), dict(zip(params, grads, strict=True)))

    return Entrant(step, read)


def jitted(made: Case, torch: Any, device: str) -> Entrant:
    """The generated functions of JAX, under jit."""
    if importlib.util.find_spec("jax") is None:
        raise LeftOut("JAX is not installed")
    import jax

    if device == "cuda" and jax.default_backend() != "gpu":
        raise LeftOut("this JAX has no GPU")
    file = made.model.kernel(made.size.steps, backend="jax")
    params = {name: jax.numpy.asarray(value) for name, value in made.params.items()}
    given = {name: jax.numpy.asarray(value) for name, value in made.inputs.items()}
    run = jax.jit(jax.value_and_grad(lambda params: file.loss(params, **given)))

    def read(found: Any) -> Answer:
        return Answer(float(found[0]), {name: np.asarray(v) for name, v in found[1].items()})

    return Entrant(lambda: jax.block_until_ready(run(params)), read)


LOOP = "loop in eager mode"
WAYS: dict[str, Prepare] = {
    "module": module,
    "module in a CUDA graph": graphed,
    "by Triton, in a CUDA graph": partial(graphed, fuse="triton"),
    LOOP: by_hand,
    "JAX": jitted,
}


# what is said


def show(size: Size, found: dict[str, float | str]) -> None:
    """A table: times, each as a multiple of the first, PyTorch's own LSTM, and how many times the
    loop of the same model takes."""
    unit = next(iter(found.values()))
    width = max(map(len, found))
    print(f"\nT, B, D, H = {size!s:<{width - 9}}       ms  of LSTM    loop is")
    for name, took in found.items():
        if isinstance(took, str):
            print(f"  {name:<{width}}  {took}")
            continue
        against = found.get(f"{name.partition(': ')[0]}: {LOOP}", "")
        row = f"  {name:<{width}}  {took * 1e3:9.3f}{times(took, unit)}{times(against, took)}"
        print(row.rstrip())


def times(one: float | str, other: float | str) -> str:
    if isinstance(one, float) and isinstance(other, float):
        return f"{one / other:9.2f}"
    return " " * 9


if __name__ == "__main__":
    sys.exit(main())
