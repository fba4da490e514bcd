"""What is written beside the arrows of a picture, and where there is room for it."""

from dataclasses import replace
from itertools import pairwise, product

from symrnn.derive.picture.lines import length_of, samples
from symrnn.derive.picture.plan import Plan
from symrnn.derive.picture.shapes import RADIUS, Arrow, Box, Label, extent
from symrnn.language.tree import Ref


def labels_of(plan: Plan, arrows: list[Arrow]) -> list[Label]:
    together = {name: group for group in plan.groups for name in group}
    fixed = [(s.x, s.y, s.half, RADIUS) for s in plan.spots.values()]
    taken: list[Box] = []
    for arrow in arrows:
        taken += [(x, y, 0.03, 0.03) for x, y in samples([*arrow.points])]
    labels: list[Label] = []
    for arrow in arrows:
        u, v = arrow.source, arrow.target
        if arrow.kind == "forward" and plan.edges[u, v]:
            label = Label("weight", tuple(map(Ref, plan.edges[u, v])), 0.0, 0.0)
        elif arrow.kind == "backward" and v.shift != u.shift and v.base and u.base:
            if together.get(u.name) != together.get(v.name):
                continue
            label = Label("partial", (u, v), 0.0, 0.0)
        else:
            continue
        label = _beside(arrow, label, taken, fixed)
        box = (label.x, label.y, *extent(label))
        if any(_overlap(box, other) for other in fixed):
            continue  # there is no room for it
        fixed.append(box)
        labels.append(label)
    return labels


def _overlap(a: Box, b: Box) -> bool:
    return abs(a[0] - b[0]) < a[2] + b[2] and abs(a[1] - b[1]) < a[3] + b[3]


def _beside(arrow: Arrow, label: Label, taken: list[Box], fixed: list[Box]) -> Label:
    """The label at the side of its arrow where least is in the way."""
    wide, high = extent(label)
    (x, y), (u, v) = max(pairwise(arrow.points), key=lambda s: round(length_of(s), 6))
    length = length_of([(x, y), (u, v)])
    a, b = (y - v) / length, (u - x) / length
    out = abs(a) * wide + abs(b) * high + 0.06
    places = [
        replace(label, x=x + (u - x) * k + side * a * out, y=y + (v - y) * k + side * b * out)
        for k, side in product((0.5, 0.4, 0.6, 0.3, 0.7), (1, -1))
    ]

    def crowd(place: Label) -> int:
        box = (place.x, place.y, wide, high)
        lines = sum(_overlap(box, other) for other in taken)
        return lines + 1000 * sum(_overlap(box, other) for other in fixed)

    return min(places, key=crowd)
