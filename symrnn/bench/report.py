"""What was found: as data, as tables, and as a picture."""

import importlib.util
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from symrnn.bench.request import Size
from symrnn.clock import Figure
from symrnn.errors import UsageError

AGAINST, FLOOR = "torch", "floor"


@dataclass(frozen=True)
class Row:
    """A model at a size: figures by peer, and why others have none."""

    model: str
    size: Size
    figures: Mapping[str, Figure]
    left_out: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    dtype: str
    peers: tuple[str, ...]
    rows: tuple[Row, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    """Peers that are not installed, with the package that they need."""
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Times in seconds a call."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Report":
        said = json.loads(text)
        rows = tuple(
            Row(
                row["model"],
                Size(*row["size"]),
                {name: Figure(**figure) for name, figure in row["figures"].items()},
                row["left_out"],
                row["wrong"],
            )
            for row in said["rows"]
        )
        peers = tuple(said["peers"])
        return cls(said["dtype"], peers, rows, said["missing"], said["versions"])

    def models(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.model, []).append(row)
        return found


def as_text(report: Report) -> str:
    """A table for each model, then how each peer compares, then what has to be said."""
    peers = [peer for peer in report.peers if peer not in report.missing]
    blocks = []
    for model, rows in report.models().items():
        blocks.append("\n".join(_tables(model, rows, peers, report.dtype)))
    notes = list(_notes(report))
    return "\n\n".join(blocks + (["\n".join(notes)] if notes else [])) + "\n"


def _tables(model: str, rows: list[Row], peers: list[str], dtype: str) -> Iterator[str]:
    yield f"{model}: one training step, {dtype}, µs of one core (medians)"
    yield from _grid(rows, peers, {peer: [_micro(row, peer) for row in rows] for peer in peers})
    if AGAINST in peers:
        others = [peer for peer in peers if peer not in (AGAINST, FLOOR)]
        cells = {peer: [_ratio(row, AGAINST, peer) for row in rows] for peer in others}
        if others:
            yield ""
            yield f"{model}: how many times as quick as PyTorch"
            yield from _grid(rows, others, cells)
    if FLOOR in peers:
        others = [peer for peer in peers if peer != FLOOR]
        cells = {peer: [_ratio(row, peer, FLOOR) for row in rows] for peer in others}
        if others:
            yield ""
            yield f"{model}: time as a multiple of the floor"
            yield from _grid(rows, others, cells)


def _grid(rows: list[Row], peers: list[str], cells: dict[str, list[str]]) -> Iterator[str]:
    sizes = [str(row.size) for row in rows]
    first = max(map(len, ["T, B, D, H", *sizes]))
    widths = {peer: max(map(len, [peer, *cells[peer]])) for peer in peers}
    yield f"{'T, B, D, H':<{first}}" + "".join(f"  {peer:>{widths[peer]}}" for peer in peers)
    for n, size in enumerate(sizes):
        yield f"{size:<{first}}" + "".join(f"  {cells[p][n]:>{widths[p]}}" for p in peers)


def _micro(row: Row, peer: str) -> str:
    """Microseconds, three digits or all that stand before the point."""
    if peer not in row.figures:
        return "wrong" if peer in row.wrong else "-"
    return _digits(1e6 * row.figures[peer].median)


def _ratio(row: Row, above: str, below: str) -> str:
    if above not in row.figures or below not in row.figures:
        return "-"
    return _digits(row.figures[above].median / row.figures[below].median)


def _digits(value: float) -> str:
    """
    >>> [_digits(value) for value in (1.234, 12.34, 99.96, 12345.6)]
    ['1.23', '12.3', '100', '12346']
    """
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def _notes(report: Report) -> Iterator[str]:
    for row in report.rows:
        for peer, reason in row.wrong.items():
            yield f"wrong, not timed: {peer}, {row.model}, {row.size}: {reason}"
    together: dict[tuple[str, str], list[str]] = {}
    for row in report.rows:
        for peer, reason in row.left_out.items():
            together.setdefault((peer, reason), []).append(row.model)
    for (peer, reason), models in together.items():
        yield f"left out: {peer} ({', '.join(dict.fromkeys(models))}): {reason}"
    for package in dict.fromkeys(report.missing.values()):
        names = ", ".join(peer for peer, needs in report.missing.items() if needs == package)
        yield (
            f"left out: {names}: {package} is not installed; pip install {package}, or all that"
            " can be measured: pip install 'symrnn[bench]'"
        )
    if report.versions:
        yield ", ".join(f"{name} {number}" for name, number in report.versions.items())


# the picture


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
