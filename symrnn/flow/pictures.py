"""Flow in pictures: contributions by step, the triangle, the spectra.

The colours are those of Okabe and Ito, which people tell apart who see few of them; lines differ
by their marks as well.
"""

import importlib.util
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from warnings import catch_warnings

import numpy as np

from symrnn.errors import UsageError, visible
from symrnn.flow.data import Flow, RecurrenceFlow
from symrnn.flow.verdict import SMALL

FORMS = ("svg", "png", "pdf")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
MOST = len(COLOURS)
"""So many lines can be told apart."""
FLOOR = 1e-12
"""Beside the largest, less than this is drawn as this."""


def check_pictures(form: str) -> None:
    """Said before anything is worked out: a picture that cannot be drawn."""
    if form not in FORMS:
        raise UsageError(f"a picture of the form '{form}'; expected {', '.join(FORMS)}")
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            "pictures need matplotlib, which is not installed; pip install matplotlib, or"
            " pip install 'symrnn[train]'"
        )


def kinds(flow: Flow) -> tuple[str, ...]:
    """The pictures that there are of a flow."""
    there = {
        "steps": any(np.any(each.terms) for each in flow.parameters),
        "triangle": len(flow.entries) > 2 and any(p.triangle is not None for p in flow.parameters),
        "spectrum": any(each.eigenvalues is not None for each in flow.recurrences),
    }
    return tuple(kind for kind in DRAWN if there[kind])


def picture(flow: Flow, kind: str, form: str) -> bytes:
    """One of the pictures, or all of them in one (`all`), as a file."""
    check_pictures(form)
    there = kinds(flow)
    if kind != "all" and kind not in DRAWN:
        raise UsageError(f"no picture is called '{kind}'; expected all, {', '.join(DRAWN)}")
    if not there or (kind != "all" and kind not in there):
        raise UsageError(f"there is nothing to draw: {_why(flow, kind)}")
    chosen = there if kind == "all" else (kind,)
    from matplotlib.figure import Figure

    sizes = {each: _size(flow, each) for each in chosen}
    width = max(w for w, _ in sizes.values())
    heights = [h for _, h in sizes.values()]
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    rows: Any = (
        [figure] if len(chosen) == 1 else figure.subfigures(len(chosen), height_ratios=heights)
    )
    for row, each in zip(rows, chosen, strict=True):
        DRAWN[each](flow, row)
    return _file(figure, form)


def compared(flows: Mapping[str, Flow], form: str, title: str = "") -> bytes:
    """What is left of the gradient at each lag, of several flows in one picture: of each its first
    recurrence, beside what has entered."""
    check_pictures(form)
    if not 1 <= len(flows) <= MOST:
        raise UsageError(f"{len(flows)} flows to compare; expected 1 to {MOST}")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for n, (name, flow) in enumerate(flows.items()):
        profile = flow.recurrences[0].profile if flow.recurrences else np.zeros(0)
        there = np.nonzero(profile)[0]
        if len(there):
            seen = np.where(np.isfinite(profile) & (profile > 0), profile, np.nan)
            lags = np.arange(len(profile))
            axes.plot(
                lags, seen / profile[there[0]], color=COLOURS[n], marker=MARKS[n], ms=4, lw=1.4,
                markevery=max(1, len(lags) // 20), label=_label(name),
            )  # fmt: skip
    axes.axhline(SMALL, color="#000000", lw=0.8, ls=":", label="1 %")
    axes.set(xlabel="lag: steps back from where the gradient enters", yscale="log")
    axes.set_ylabel("norm of ∂L/∂s, beside what enters")
    axes.set_title(_label(title or "what is left of the gradient"))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", frameon=False)
    return _file(figure, form)


def over_training(lines: Sequence[Mapping[str, Any]], form: str, title: str) -> bytes:
    """‖∂L/∂s_t‖ at every step t while a run went on: lines of its log, each with a step of training
    and what flow was there."""
    check_pictures(form)
    if not lines:
        raise UsageError("the log tells of no flow; train with --flow N")
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    count = len(lines[0]["flow"])
    if not count:
        raise UsageError("there is nothing to draw: the model has no recurrence")
    figure = Figure(figsize=(7, 3.4 * count + 0.4), layout="constrained")
    figure.suptitle(_label(f"{title}: norm of ∂L/∂s over training"))
    when = [line["step"] for line in lines]
    for place, field in enumerate(figure.subplots(count, 1, squeeze=False)[:, 0]):
        found = np.array([line["flow"][place]["delta"] for line in lines], float).T
        top = float(np.max(found, initial=0, where=np.isfinite(found))) or 1.0
        seen = np.where(np.isfinite(found) & (found > 0), found, np.nan)
        low = max(1e-9 * top, float(np.min(seen, initial=top, where=np.isfinite(seen))))
        edges = [when[0] - 0.5, *(np.array(when[:-1]) + np.diff(when) / 2), when[-1] + 0.5]
        mesh = field.pcolormesh(
            edges, np.arange(0.5, len(found) + 1), seen, cmap="cividis", rasterized=True,
            norm=LogNorm(low if low < top else top / 10, top),
        )  # fmt: skip
        field.set_facecolor("#e8e8e8")
        field.set(xlabel="step of training", ylabel="step t")
        field.set_title(_label(", ".join(lines[0]["flow"][place]["states"])), fontsize="medium")
        field.yaxis.get_major_locator().set_params(integer=True)
        figure.colorbar(mesh, ax=field, extend="min", label="norm of ∂L/∂s at step t")
    return _file(figure, form)


def _file(figure: Any, form: str) -> bytes:
    """The picture, with no date in it: the same bytes each time."""
    out = io.BytesIO()
    made: dict[str, Any] = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}}
    with catch_warnings(action="ignore"):  # of letters that its font has not
        from matplotlib import rc_context

        with rc_context({"svg.hashsalt": "symrnn", "svg.fonttype": "path"}):
            figure.savefig(out, format=form, dpi=110, metadata=made.get(form, {"Software": None}))
    return out.getvalue()


def _why(flow: Flow, kind: str) -> str:
    if kind == "triangle" and len(flow.entries) <= 2:
        return "the gradient enters at one step or two, so the triangle is a line or two: see steps"
    if kind == "spectrum":
        return "there are no Jacobians of steps"
    return "no parameter is used at a step"


def _size(flow: Flow, kind: str) -> tuple[float, float]:
    """Inches, to the right and down."""
    panels = {
        "steps": 2 if flow.recurrences else 1,
        "triangle": len(_triangles(flow)),
        "spectrum": 2 * sum(each.eigenvalues is not None for each in flow.recurrences),
    }[kind]
    across = min(panels, 3 if kind == "triangle" else 2)
    return 4.6 * max(across, 1) + 0.6, 4.2 * -(-panels // max(across, 1))


def _label(text: str) -> str:
    return visible(text.replace("$", r"\$"))


# contributions by step


def _steps(flow: Flow, figure: Any) -> None:
    figure.suptitle(_label(f"{flow.model}: what each step adds to the gradient"))
    axes = figure.subplots(1, 2 if flow.recurrences else 1, squeeze=False)[0]
    timed = sorted((p for p in flow.parameters if np.any(p.terms)), key=lambda p: -p.norm)
    lines = [(each.name, each.terms) for each in timed[:MOST]]
    _curves(axes[0], lines, flow.steps)
    left = f", the {MOST} largest of {len(timed)}" if len(timed) > MOST else ""
    axes[0].set_title(f"parameters{left}", fontsize="medium")
    axes[0].set_ylabel("norm of the step's term of ∂L/∂w")
    if flow.recurrences:
        deltas = [(_state(each), each.delta) for each in flow.recurrences]
        _curves(axes[1], deltas[:MOST], flow.steps)
        axes[1].set_title("states", fontsize="medium")
        axes[1].set_ylabel("norm of ∂L/∂s at the step")


def _state(each: RecurrenceFlow) -> str:
    return f"{', '.join(each.states)} ({each.verdict.word})"


def _curves(axes: Any, lines: list[tuple[str, Any]], steps: int) -> None:
    """Norms on a logarithmic scale; what is zero or no number has no mark."""
    where = np.arange(1, steps + 1)
    largest = max((float(np.max(v, initial=0, where=np.isfinite(v))) for _, v in lines), default=0)
    for n, (name, values) in enumerate(lines):
        seen = np.where(np.isfinite(values) & (values > FLOOR * largest), values, np.nan)
        axes.plot(
            where, seen, color=COLOURS[n], marker=MARKS[n], ms=4 if steps <= 40 else 0,
            lw=1.4, ls=("-", "--", "-.", ":")[n % 4], label=_label(name),
        )  # fmt: skip
    axes.set(xlabel="step t", yscale="log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", frameon=False)


# the triangle


def _triangles(flow: Flow) -> list[Any]:
    """The parameters of the recurrences with the largest gradients: those whose gradient has
    crossed a step."""
    found = [p for p in flow.parameters if p.triangle is not None and p.reach]
    found = found or [p for p in flow.parameters if p.triangle is not None and np.any(p.triangle)]
    return sorted(found, key=lambda p: -p.norm)[:3]


def _triangle(flow: Flow, figure: Any) -> None:
    from matplotlib.colors import LogNorm

    figure.suptitle(_label(f"{flow.model}: of what enters at step t, what arrives through step k"))
    chosen = _triangles(flow)
    axes = figure.subplots(1, len(chosen), squeeze=False)[0]
    for field, each in zip(axes, chosen, strict=True):
        full = np.full((flow.steps, flow.steps), np.nan)
        for entry, row in zip(flow.entries, each.triangle, strict=True):
            full[entry - 1] = row
        top = float(np.max(full, initial=0, where=np.isfinite(full)))
        full[~(full > 0)] = np.nan
        low = max(1e-6 * top, float(np.min(full, initial=top, where=np.isfinite(full))))
        extent = (0.5, flow.steps + 0.5, 0.5, flow.steps + 0.5)
        image = field.imshow(
            full, origin="lower", extent=extent, cmap="cividis",
            norm=LogNorm(low if low < top else top / 10, top), interpolation="nearest",
        )  # fmt: skip
        field.set_facecolor("#e8e8e8")
        field.set_title(_label(each.name), fontsize="medium")
        field.set(xlabel="step k", ylabel="step t")
        for axis in (field.xaxis, field.yaxis):
            axis.get_major_locator().set_params(integer=True)
        figure.colorbar(image, ax=field, shrink=0.8, extend="min", label="norm")


# spectra


def _spectrum(flow: Flow, figure: Any) -> None:
    figure.suptitle(
        _label(flow.model) + r": Jacobians of the steps, $\partial s_t/\partial s_{t-1}$"
    )
    there = [each for each in flow.recurrences if each.eigenvalues is not None]
    grid = figure.subplots(len(there), 2, squeeze=False)
    for (plane, curve), each in zip(grid, there, strict=True):
        _plane(plane, each)
        _sizes(curve, each)


def _plane(axes: Any, each: RecurrenceFlow) -> None:
    values = np.asarray(each.eigenvalues)
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(turn), np.sin(turn), color="#000000", lw=1, label="unit circle")
    places = np.broadcast_to(np.arange(2, len(values) + 2)[:, np.newaxis, np.newaxis], values.shape)
    found = axes.scatter(
        values.real.ravel(), values.imag.ravel(), c=places.ravel(), cmap="cividis", s=9, alpha=0.7,
        linewidths=0, rasterized=values.size > 5000,
    )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xlabel="real part", ylabel="imaginary part")
    axes.set_title(f"eigenvalues, {_label(_state(each))}", fontsize="medium")
    axes.axhline(0, color="#999999", lw=0.6, zorder=0)
    axes.axvline(0, color="#999999", lw=0.6, zorder=0)
    axes.legend(fontsize="small", frameon=False, loc="upper left")
    axes.figure.colorbar(found, ax=axes, shrink=0.8, label="how many steps in")


def _sizes(axes: Any, each: RecurrenceFlow) -> None:
    assert each.norms is not None
    assert each.radii is not None
    assert each.product_norms is not None
    assert each.product_radii is not None
    lags = np.arange(1, len(each.norms) + 1)
    lines = (
        ("spectral norm of a step", each.norms[::-1]),
        ("spectral radius of a step", each.radii[::-1]),
        ("spectral norm of the product", each.product_norms),
        ("spectral radius of the product", each.product_radii),
    )
    for n, (name, values) in enumerate(lines):
        seen = np.where(np.isfinite(values) & (values > 0), values, np.nan)
        axes.plot(
            lags, seen, color=COLOURS[n], marker=MARKS[n], ms=3 if len(lags) <= 40 else 0, lw=1.4,
            label=name,
        )  # fmt: skip
    axes.axhline(1, color="#000000", lw=0.8)
    axes.set(xlabel="lag: steps back from where the recurrence ends", yscale="log")
    axes.set_title("sizes", fontsize="medium")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", frameon=False)


DRAWN: dict[str, Callable[[Flow, Any], None]] = {
    "steps": _steps,
    "triangle": _triangle,
    "spectrum": _spectrum,
}
