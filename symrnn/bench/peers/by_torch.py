"""PyTorch: its own layer where that is the same function, else each step written out."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from symrnn.bench.case import Answer, Arrays, Case, Entrant, LeftOut
from symrnn.bench.peers.cells import (
    CellNetwork,
    Ops,
    State,
    loss,
    network_of,
    packed,
    packs,
    unpacked,
)

MOST_STEPS = 16  # torch.compile writes every step out; more take it minutes
MOST_SECONDS = 60


def eager(case: Case) -> Entrant:
    network = network_of(case)
    if network.layer:
        return _entrant(layered(case, network))
    import torch

    return _entrant(written_out(case, network, torch))


def compiled(case: Case) -> Entrant:
    """Traced and compiled here, so that what is timed is what comes out of it."""
    if case.size.steps > MOST_STEPS:
        raise LeftOut(f"T = {case.size.steps}: it is compiled for {MOST_STEPS} steps at most")
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    import torch

    network = network_of(case)
    torch._dynamo.reset()
    form = written_out(case, network, torch, torch.compile(dynamic=False))
    entrant = _entrant(form)
    with _at_most(MOST_SECONDS):
        entrant.step()
    return entrant


@dataclass(frozen=True)
class Form:
    """A network in PyTorch: what works out its loss, the tensors to differentiate by, and how the
    gradients are read."""

    loss: Callable[[], Any]
    tensors: list[Any]
    read: Callable[[list[Any]], Arrays]
    outputs: Callable[[], Any] | None = None


def _entrant(form: Form) -> Entrant:
    import torch

    torch.set_num_threads(1)
    gradient, tensors, forward = torch.autograd.grad, form.tensors, form.loss

    def step() -> Any:
        value = forward()
        return value, gradient(value, tensors)

    def read(found: Any) -> Answer:
        return Answer(found[0].item(), form.read([grad.numpy() for grad in found[1]]))

    return Entrant(step, read)


def written_out(
    case: Case,
    network: CellNetwork,
    torch: Any,
    wrap: Callable[[Any], Any] = lambda f: f,
    device: str = "cpu",
) -> Form:
    """Each step as operations on tensors."""
    p = {
        key: torch.from_numpy(value).to(device).requires_grad_()
        for key, value in packed(network, case.params).items()
    }
    x, y = (torch.from_numpy(case.inputs[name]).to(device) for name in "xy")
    ops = _ops(torch, x)
    run = wrap(lambda p, x, y: loss(ops, network, p, x, y))

    def read(grads: list[Any]) -> Arrays:
        return unpacked(network, dict(zip(p, grads, strict=True)), case.params)

    return Form(lambda: run(p, x, y), list(p.values()), read)


def _ops(torch: Any, x: Any) -> Ops:
    def scan(step: Any, inputs: Any, start: State, backward: bool, every: bool) -> Any:
        state, found = start, []
        steps = inputs.unbind(0)
        for u in reversed(steps) if backward else steps:
            state = step(u, state)
            found.append(state[0])
        return torch.stack(found[::-1] if backward else found) if every else found[-1]

    functional = torch.nn.functional
    return Ops(
        torch.tanh,
        torch.sigmoid,
        lambda a, n: a.chunk(n, -1),
        lambda values: torch.cat(values, -1) if len(values) > 1 else values[0],
        functional.binary_cross_entropy_with_logits,
        functional.mse_loss,
        scan,
        lambda rows, columns: x.new_zeros(rows, columns),
    )


def layered(case: Case, network: CellNetwork, device: str = "cpu") -> Form:
    """torch.nn.RNN, LSTM or GRU, and a linear read-out."""
    import torch

    x, y = (torch.from_numpy(case.inputs[name]).to(device) for name in "xy")
    p = packed(network, case.params)
    hidden = p["states 0 0"].shape[0]
    kind = getattr(torch.nn, network.layer)
    like = {"dtype": x.dtype, "device": device}
    layer = kind(x.shape[2], hidden, bidirectional=len(network.ways) > 1, **like)
    head = torch.nn.Linear(p["readout"].shape[0], p["readout"].shape[1], **like)
    places = dict(_places(network, layer, head))
    with torch.no_grad():
        for tensor in layer.parameters():
            tensor.zero_()  # a second bias, where the network has one only
        for key, tensor in places.items():
            tensor.copy_(torch.from_numpy(p[key].T))
    functional = torch.nn.functional
    measure = functional.mse_loss if network.every else functional.binary_cross_entropy_with_logits

    def logits() -> Any:
        found = layer(x)[0]
        return head(found if network.every else found[-1])

    def read(grads: list[Any]) -> Arrays:
        by_key = {key: grad.T for key, grad in zip(places, grads, strict=True)}
        return unpacked(network, by_key, case.params)

    def outputs() -> Any:
        return logits() if network.every else torch.sigmoid(logits())

    return Form(lambda: measure(logits(), y), list(places.values()), read, outputs)


CALLED = {"inputs": "weight_ih", "states": "weight_hh", "biases": "bias_ih", "second": "bias_hh"}


def _places(network: CellNetwork, layer: Any, head: Any) -> Iterator[tuple[str, Any]]:
    """Where a layer has what we call by another name; its matrices are ours, transposed."""
    for key, _ in packs(network):
        if key in ("readout", "offset"):
            yield key, head.weight if key == "readout" else head.bias
        else:
            kind, way, *_ = key.split()
            yield key, getattr(layer, f"{CALLED[kind]}_l0{'_reverse' * (way == '1')}")


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """Whatever takes longer is left out, with the time as the reason."""
    began = time.monotonic()

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    if not hasattr(signal, "SIGALRM"):  # on such a system it takes as long as it takes
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    except Exception as error:  # whatever the compiler makes of being interrupted
        if time.monotonic() - began >= seconds:
            raise LeftOut(f"compiling it takes more than {seconds} s") from None
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise LeftOut(f"torch.compile cannot do it here: {said[0][:200]}") from None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
