"""Sequences with lengths of their own: a training step, beside padding, beside states that a mask
keeps once a sequence has ended (the same gradients, by a transformation alone), in C, and beside
PyTorch.

Run with one BLAS thread; PyTorch is compared with where it is installed.
"""

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
from timing import medians, table

import symrnn

SIZES = ((50, 8, 16, 32), (50, 32, 32, 64), (100, 64, 128, 256))
"""T, B, D, H."""
STATES = {"elman": "O", "lstm": ("h", "c"), "gru_torch": "h"}
Step = Callable[[], Any]
Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def halves(rng: np.random.Generator, steps: int, batch: int) -> np.ndarray:
    """Every length as likely as any other: T/2 in the mean."""
    return rng.integers(1, steps + 1, size=batch)


def long_tail(rng: np.random.Generator, steps: int, batch: int) -> np.ndarray:
    """Most are short, and one has all steps: T/6 in the mean, about."""
    drawn = 1 + rng.exponential(steps / 8, size=batch).astype(int)
    return np.concatenate([[steps], np.minimum(drawn, steps)[1:]])


def kernels(name: str, size: tuple[int, ...], draw: Draw) -> dict[str, Step]:
    """A kernel that knows of lengths; others whose states a mask keeps, or that take padding."""
    steps, batch, features, hidden = size
    rng = np.random.default_rng(0)
    x = rng.normal(size=(steps, batch, features)).astype(np.float32)
    y = rng.integers(0, 2, size=(batch, 1)).astype(np.float32)
    model = symrnn.load(name)
    dims = {"D": features, "H": hidden, "C": 1}
    same, other = (
        model.kernel(steps, lengths=True).Kernel(batch, dtype=np.float32, **dims) for _ in "ab"
    )
    padded = model.kernel(steps).Kernel(batch, dtype=np.float32, **dims)
    masked = model.with_zoneout(STATES[name]).kernel(steps)
    kept = masked.Kernel(batch, dtype=np.float32, **dims)
    in_c, in_c_padded = (
        model.kernel(steps, backend="c", lengths=own).Kernel(batch, dtype=np.float32, **dims)
        for own in (True, False)
    )
    for kernel in (same, other, padded, kept, in_c, in_c_padded):
        kernel.theta[...] = np.random.default_rng(0).normal(size=kernel.theta.shape) / 10
    lengths = draw(np.random.default_rng(1), steps, batch)
    shuffled = cycle([rng.permutation(lengths) for _ in range(8)])
    ended = np.arange(steps)[:, None, None] >= lengths[:, None]
    masks = {
        mask: np.broadcast_to(ended, (steps, batch, hidden)).astype(np.float32)
        for mask in masked.INPUTS.keys() - {"x", "y"}
    }
    moved = cycle([np.clip(lengths + rng.integers(-1, 2, batch), 1, steps) for _ in range(8)])
    return {
        "kernel, lengths": lambda: other.loss_and_grads(x=x, y=y, lengths=next(moved)),
        "kernel, the same lengths again": lambda: same.loss_and_grads(
            x=x, y=y, lengths=next(shuffled)
        ),
        "kernel, states kept by a mask": lambda: kept.loss_and_grads(x=x, y=y, **masks),
        "kernel, padded": lambda: padded.loss_and_grads(x=x, y=y),
        "C, lengths": lambda: in_c.loss_and_grads(x=x, y=y, lengths=next(moved)),
        "C, padded": lambda: in_c_padded.loss_and_grads(x=x, y=y),
    }


def torch_steps(name: str, size: tuple[int, ...], draw: Draw) -> dict[str, Step]:
    try:
        import torch
    except ImportError:
        return {}
    from torch.nn.utils.rnn import pack_padded_sequence

    torch.set_num_threads(1)
    steps, batch, features, hidden = size
    layer = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru_torch": torch.nn.GRU}[name]
    net, head = layer(features, hidden), torch.nn.Linear(hidden, 1)
    x = torch.randn(steps, batch, features)
    y = torch.randint(0, 2, (batch, 1)).float()
    lens = torch.as_tensor(draw(np.random.default_rng(1), steps, batch))
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def train(state: Any) -> Any:
        loss = loss_of(head(state), y)
        net.zero_grad()
        head.zero_grad()
        loss.backward()
        return loss

    def packed() -> Any:
        together = pack_padded_sequence(x, lens, enforce_sorted=False)
        _, last = net(together)
        return train((last[0] if isinstance(last, tuple) else last)[0])

    def padded() -> Any:
        every, _ = net(x)
        return train(every[lens - 1, torch.arange(batch)])

    return {"PyTorch, packed": packed, "PyTorch, padded": padded}


def main() -> None:
    for name in ("elman", "lstm", "gru_torch"):
        for draw in (halves, long_tail):
            for size in SIZES:
                lengths = draw(np.random.default_rng(1), *size[:2])
                steps = {**kernels(name, size, draw), **torch_steps(name, size, draw)}
                share = lengths.mean() / size[0]
                title = f"{name}, (T, B, D, H) = {size}, {draw.__name__}: {share:.0%} real steps"
                table(title, medians(steps), "kernel, lengths")


if __name__ == "__main__":
    main()
