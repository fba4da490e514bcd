"""Character models from the terminal: how quick training is, and whether it learns anything.

make bench        (one BLAS thread; PyTorch takes part where it is installed)

1. Characters a second of `symrnn train char` from the file to the end of the run: reading it,
   generating the kernel, epochs with validation, checkpoints, metrics, samples. Beside it the same
   loop in PyTorch, which does the training and the validation alone. Both take turns.
2. Bits per character of an LSTM on text that it has not seen, beside interpolated n-grams whose
   length and discount are tuned on the same validation part (six minutes).
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from ngrams import tuned
from texts import docstrings

from symrnn.cli import main as symrnn
from symrnn.clock import CLOCK

HIDDEN, BATCH, STEPS, EPOCHS = 128, 32, 25, 2
SIZE, ROUNDS = 500_000, 3
LONGEST = 8
LSTM = (
    "--hidden 256 --batch 16 --epochs 10 --learning-rate 0.004 --schedule cosine --dropout 0.25"
    " --validation 0.1111"
)


def main() -> None:
    text = docstrings()
    with tempfile.TemporaryDirectory() as folder:
        speed(text[:SIZE], Path(folder))
        quality(text, Path(folder))


# 1


def speed(text: str, folder: Path) -> None:
    path = folder / "speed.txt"
    path.write_text(text, "utf-8")
    characters = EPOCHS * len(text)
    ways: dict[str, Callable[[int], None]] = {"symrnn train char": lambda n: ours(path, n)}
    try:
        import torch

        torch.set_num_threads(1)
        ways["the same loop in PyTorch"] = lambda n: theirs(path)
    except ImportError:
        print("PyTorch is not installed; nothing to compare with")
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, way in ways.items():
            start = CLOCK()
            way(number)
            times[name].append(CLOCK() - start)
    print(
        f"{len(text):,} characters, {EPOCHS} epochs, hidden {HIDDEN}, batch {BATCH}, T = {STEPS},"
        " float32, from the file to the end"
    )
    found = {name: characters / statistics.median(each) for name, each in times.items()}
    for name, rate in found.items():
        print(f"  {name:<26}{rate:>10,.0f} characters a second")
    if len(found) == 2:
        one, other = found.values()
        print(f"  {one / other:.2f} times as many")


def ours(path: Path, number: int) -> None:
    options = f"--hidden {HIDDEN} --batch {BATCH} --steps {STEPS} --epochs {EPOCHS} --quiet"
    run("train", "char", "--data", str(path), "--out", f"{path}-{number}", *options.split())


def theirs(path: Path) -> None:
    """One-hot characters, an RNN with tanh, a linear map, cross-entropy, Adam, clipping, states
    carried from window to window."""
    import torch
    from torch.nn.functional import cross_entropy, one_hot

    text = path.read_text("utf-8")
    known = sorted(set(text))
    places = {character: n for n, character in enumerate(known)}
    ids = np.fromiter((places[c] for c in text), np.int64, len(text))
    cut = len(ids) * 9 // 10
    classes = len(known)
    layer, out = torch.nn.RNN(classes, HIDDEN), torch.nn.Linear(HIDDEN, classes)
    weights = [*layer.parameters(), *out.parameters()]
    adam = torch.optim.Adam(weights, lr=2e-3)

    def losses(part: Any) -> Any:
        streams = part[: (len(part) - 1) // BATCH * BATCH].reshape(BATCH, -1).T
        streams = torch.from_numpy(np.ascontiguousarray(streams))
        state = None
        for start in range(0, len(streams) - 1, STEPS):
            x = streams[start : min(start + STEPS, len(streams) - 1)]
            y = streams[start + 1 : start + STEPS + 1]
            found, state = layer(one_hot(x, classes).float(), state)
            state = state.detach()
            yield cross_entropy(out(found).reshape(-1, classes), y.reshape(-1))

    for _ in range(EPOCHS):
        for loss in losses(ids[:cut]):
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            adam.step()
        with torch.no_grad():
            sum(float(loss) for loss in losses(ids[cut:]))


# 2


def quality(text: str, folder: Path) -> None:
    most, less = len(text) * 8 // 10, len(text) * 9 // 10
    train, validation, test = text[:most], text[most:less], text[less:]
    print(
        f"\nPython's documentation strings: {len(train):,} characters to train on,"
        f" {len(validation):,} to validate with, {len(test):,} to test"
    )
    for continuations, name in ((False, "absolute discounts"), (True, "Kneser and Ney")):
        grams, order, discount = tuned(train, validation, LONGEST, continuations)
        found = grams.bits(test, train + validation, order, discount, continuations)
        said = f"{order}-grams, {name}, discount {discount}"
        print(f"  {said:<46}{found:.3f} bits per character")
    (folder / "train.txt").write_text(text[:less], "utf-8")
    (folder / "test.txt").write_text(test, "utf-8")
    out = f"{folder}/lstm"
    run("train", "lstm", "--data", f"{folder}/train.txt", "--out", out, *LSTM.split())
    found = json.loads(run("evaluate", out, "--data", f"{folder}/test.txt", "--format", "json"))
    print(f"  {'symrnn train lstm ' + LSTM.split(' --batch')[0]:<46}", end="")
    print(f"{found['bits per character']:.3f} bits per character")


def run(*words: str) -> str:
    """What a command of symrnn prints."""
    said = StringIO()
    with redirect_stdout(said):
        status = symrnn(words)
    if status:
        sys.exit(status)
    return said.getvalue()


if __name__ == "__main__":
    main()
