"""loss.png: the losses of a run over its steps, from metrics.jsonl."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from warnings import catch_warnings

from symrnn.errors import visible
from symrnn.files import check_kind, opened, write


def plot(metrics: Path, out: Path, title: str) -> str:
    """Draw the curves; why there are none, or nothing. What a run has learnt does not depend on
    its picture, so that whatever goes wrong here ends in a word."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        if out.exists():
            check_kind(out)
        with catch_warnings(action="ignore"):  # of letters that its font has not
            write(out, _drawn(list(_records(metrics)), title, Figure, FigureCanvasAgg))
    except ImportError:
        return "there is no matplotlib"
    except Exception as error:
        return (str(error).splitlines() or [type(error).__name__])[0]
    return ""


def _drawn(records: list[dict[str, Any]], title: str, make: Any, canvas: Any) -> bytes:
    """The picture as a file."""
    steps = [each for each in records if "loss" in each]
    epochs = [each for each in records if "mean_loss" in each]
    figure: Any = make(figsize=(7, 4.5), layout="constrained")
    canvas(figure)
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
    axes.set(xlabel="step", ylabel="loss")
    shown = visible(title.encode(errors="backslashreplace").decode())
    axes.set_title(shown, parse_math=False, usetex=False)  # a name may hold $ and no formula
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=120, metadata={"Software": None})
    return image.getvalue()


def _of(records: list[dict[str, Any]], name: str) -> list[float]:
    return [each[name] for each in records]


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with opened(path) as file:
        for line in file:
            yield json.loads(line)
