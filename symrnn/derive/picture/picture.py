"""The unrolled network as a picture, before any format.

Everything is drawn from the system; what symrnn made up between two of the author's variables is
folded away.
"""

from collections.abc import Collection
from dataclasses import replace

from symrnn.derive.picture.labels import labels_of
from symrnn.derive.picture.lines import clipped, shifted
from symrnn.derive.picture.network import Network
from symrnn.derive.picture.plan import Plan
from symrnn.derive.picture.routes import Router
from symrnn.derive.picture.shapes import RADIUS, Arrow, Label, Picture, Spot, extent
from symrnn.system.system import System
from symrnn.system.windows import Windows

LANE = 0.06  # from the middle of a route to the arrows of either direction
MARGIN = 0.15


def picture(
    system: System, own: Collection[str], most: int = 6, windows: Windows | None = None
) -> Picture:
    """The picture of an unrolled system with the variables `own`, time from left to right.

    Above `most` steps the middle ones are left out. No gradient comes back from another window.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal, unroll
    >>> system = normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"), stable=False)
    >>> [(a.source.name, a.target.name) for a in picture(unroll(system, 1), ["h", "L"]).arrows]
    [('x', 'h'), ('h', 'h'), ('h', 'L'), ('L', 'h')]
    """
    network = Network(system, own, windows)
    plan = Plan(network, most)
    routes = Router(plan).routes()
    arrows: list[Arrow] = []
    for (u, v), line in routes.items():
        back = (u, v) in plan.flows
        ends = plan.spots[u], plan.spots[v]
        arrows.append(Arrow(u, v, "forward", clipped(shifted(line, LANE * back), *ends)))
        if back:
            lane = clipped(shifted(line, -LANE), *ends)
            arrows.append(Arrow(v, u, "backward", lane[::-1]))
    labels = labels_of(plan, arrows) if plan.labelled else []
    return _framed([*plan.spots.values()], arrows, labels)


def _framed(spots: list[Spot], arrows: list[Arrow], labels: list[Label]) -> Picture:
    """The picture moved to the origin, with a margin around it."""
    boxes = [(s.x, s.y, s.half, RADIUS) for s in spots]
    boxes += [(x, y, 0.1, 0.1) for arrow in arrows for x, y in arrow.points]
    boxes += [(label.x, label.y, *extent(label)) for label in labels]
    dx = MARGIN - min((x - w for x, _, w, _ in boxes), default=0.0)
    dy = MARGIN - min((y - h for _, y, _, h in boxes), default=0.0)
    return Picture(
        tuple(replace(s, x=s.x + dx, y=s.y + dy) for s in spots),
        tuple(replace(a, points=tuple((x + dx, y + dy) for x, y in a.points)) for a in arrows),
        tuple(replace(label, x=label.x + dx, y=label.y + dy) for label in labels),
        MARGIN + dx + max((x + w for x, _, w, _ in boxes), default=0.0),
        MARGIN + dy + max((y + h for _, y, _, h in boxes), default=0.0),
    )
