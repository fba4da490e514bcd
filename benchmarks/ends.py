"""What the end of a text costs: held-out bits after short windows, beside the same loop in PyTorch.

python benchmarks/ends.py        (one thread, a minute; PyTorch takes part where it is installed)

The text is as long as makes the worst of it: behind the last whole window each stream has two steps
left. `symrnn train char` lets them count by their number. Beside it: the same run in which they
count as a whole step, and a plain loop in PyTorch over the same batches, with the same way to
start, the same optimiser and clipping, that leaves them out, or takes them for a whole step. Five
seeds.
"""

import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from texts import docstrings

from symrnn.cli import main as symrnn
from symrnn.training.data import Data, Options, open_data
from symrnn.training.data.running import StreamLayout

HIDDEN, BATCH, STEPS, EPOCHS, RATE = 64, 32, 25, 10, 1e-2
WINDOWS, LEFT = 20, 2
SEEDS = range(5)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, data = prepared(Path(folder))
        ways: dict[str, Callable[[int], float]] = {
            "symrnn train char": lambda seed: ours(path, seed),
            "symrnn, the end as a whole step": lambda seed: whole(path, seed),
        }
        try:
            import torch

            torch.set_num_threads(1)
            ways["PyTorch, without the end"] = lambda seed: theirs(data, seed, False)
            ways["PyTorch, the end as a whole step"] = lambda seed: theirs(data, seed, True)
        except ImportError:
            print("PyTorch is not installed; nothing to compare with")
        print(
            f"held-out bits per character after {EPOCHS} epochs: mean, lowest and highest of seeds"
        )
        for name, way in ways.items():
            bits = [way(seed) for seed in SEEDS]
            print(f"  {name:<34}{statistics.mean(bits):.3f}  {min(bits):.3f}  {max(bits):.3f}")


def prepared(folder: Path) -> tuple[Path, Data]:
    """A text of which so many steps are left behind the last window, and its batches."""
    text, path = docstrings(), folder / "text.txt"
    for size in range(BATCH * WINDOWS * STEPS, len(text), BATCH // 2):
        path.write_text(text[:size], "utf-8")
        data: Any = open_data(path, Options(steps=STEPS, batch=BATCH))
        if (data.scan.training.tokens - 1) // BATCH % STEPS == LEFT:
            return path, data
    sys.exit("no text of such a length was found")


def ours(path: Path, seed: int) -> float:
    run = f"{path}-{seed}"
    options = f"--hidden {HIDDEN} --batch {BATCH} --steps {STEPS} --epochs {EPOCHS} --quiet"
    more = f"--seed {seed} --learning-rate {RATE} --out {run}"
    with redirect_stdout(StringIO()):
        status = symrnn(["train", "char", "--data", str(path), *options.split(), *more.split()])
    if status:
        sys.exit(status)
    *_, last = Path(run, "metrics.jsonl").read_text().splitlines()
    shutil.rmtree(run)
    return float(json.loads(last)["bits per character"])


def whole(path: Path, seed: int) -> float:
    with patch.object(StreamLayout, "share", lambda windows, window: 1.0):
        return ours(path, seed)


def theirs(data: Data, seed: int, end: bool) -> float:
    """Bits on the validation part, after epochs over the batches of the training part."""
    import torch
    from torch.nn.functional import cross_entropy, one_hot

    torch.manual_seed(seed)
    classes = data.task.features
    layer, out = torch.nn.RNN(classes, HIDDEN), torch.nn.Linear(HIDDEN, classes)
    weights = [*layer.parameters(), *out.parameters()]
    for weight in weights:
        if weight.ndim == 2:
            torch.nn.init.xavier_uniform_(weight)
        else:
            torch.nn.init.zeros_(weight)
    layer.bias_hh_l0.requires_grad_(False)  # one bias, as the model has
    weights = [weight for weight in weights if weight.requires_grad]
    adam = torch.optim.Adam(weights, lr=RATE)

    def losses(batches: Any) -> Iterator[tuple[Any, Any]]:
        """Each batch with its loss."""
        state = None
        for batch in batches:
            behind = np.arange(STEPS)[:, None] >= batch["lengths"]
            steps = int(batch["lengths"].max())
            x, y = (torch.from_numpy(np.where(behind, -100, batch[n])[:steps]) for n in "xy")
            found, state = layer(one_hot(x.clamp(min=0), classes).float(), state)
            state = state.detach()
            yield cross_entropy(out(found).reshape(-1, classes), y.reshape(-1)), batch

    for epoch in range(EPOCHS):
        for loss, batch in losses(data.train_batches(epoch, np.random.default_rng(0))):
            if end or batch["share"] == 1:
                adam.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                adam.step()
    with torch.no_grad():
        held = [(float(loss), b["tokens"]) for loss, b in losses(data.validation_batches())]
    nats = sum(loss * count for loss, count in held) / sum(count for _, count in held)
    return float(nats / np.log(2))


if __name__ == "__main__":
    main()
