"""loss.png: the losses of a run over its steps, from metrics.jsonl."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from symrnn.errors import UsageError
from symrnn.files import write


def plot(metrics: Path, out: Path, title: str) -> bool:
    """Draw the curves; False where matplotlib is not there."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    records = list(_records(metrics))
    steps = [each for each in records if "loss" in each]
    epochs = [each for each in records if "mean_loss" in each]
    figure: Any = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(_of(steps, "step"), _of(steps, "loss"), color="#b8c4d6", lw=0.8, label="a step")
    mark = "o" if len(epochs) < 30 else ""
    axes.plot(
        _of(epochs, "step"), _of(epochs, "mean_loss"), color="#1f4e9e", marker=mark, ms=3,
        label="mean of an epoch",
    )  # fmt: skip
    checked = [each for each in epochs if "validation" in each]
    if checked:
        axes.plot(
            _of(checked, "step"), _of(checked, "validation"), color="#c2410c", marker=mark, ms=3,
            label="validation",
        )  # fmt: skip
    axes.set(xlabel="step", ylabel="loss", title=title)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=120, metadata={"Software": None})
    write(out, image.getvalue())
    return True


def _of(records: list[dict[str, Any]], name: str) -> list[float]:
    return [each[name] for each in records]


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
