"""The figures as a picture."""

import importlib.util
import io
import os

from symrnn.bench.report import Report
from symrnn.errors import UsageError

ENDINGS = (".png", ".svg", ".pdf")


def check_plot(path: str) -> None:
    """Said before anything is measured: a file that cannot become a picture."""
    if os.path.splitext(path)[1].lower() not in ENDINGS:
        raise UsageError(f"--plot {path}: expected a file that ends in {' or '.join(ENDINGS)}")
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            "--plot needs matplotlib, which is not installed; pip install matplotlib, or"
            " pip install 'symrnn[bench]'"
        )


def picture(report: Report, ending: str) -> bytes:
    """One field for each model: sizes to the right, microseconds upwards, a line for each peer."""
    from matplotlib.figure import Figure

    models = report.models()
    columns = min(3, len(models))
    lines = -(-len(models) // columns)
    figure = Figure(figsize=(5 * columns, 4.5 * lines), layout="constrained")
    for n, (model, rows) in enumerate(models.items(), 1):
        field = figure.add_subplot(lines, columns, n)
        for peer in report.peers:
            points = [(n, row.figures[peer]) for n, row in enumerate(rows) if peer in row.figures]
            if points:
                where, what = zip(*points, strict=True)
                (line,) = field.plot(where, [1e6 * f.median for f in what], label=peer)
                if peer == "floor":
                    line.set(color="black", linestyle=":")
                else:
                    line.set(marker="o")
        field.set_xticks(range(len(rows)), [str(row.size) for row in rows], rotation=40, ha="right")
        field.set(title=model, yscale="log", xlabel="T, B, D, H")
        field.set_ylabel(f"µs a training step, {report.dtype}, one core")
        field.grid(alpha=0.3)
        field.legend(fontsize="small")
    out = io.BytesIO()
    figure.savefig(out, format=ending.lstrip("."), dpi=150)
    return out.getvalue()
