"""What an edge says of time: every contradiction is refused."""

import pytest

from symrnn.derive.edges import Edge, check_edge
from symrnn.errors import CheckError
from symrnn.language.tree import Ref

L, H, H_T, U = Ref("L"), Ref("h", "t"), Ref("h", "T"), Ref("U")

SOUND = [
    (Edge(H, U, (), over=True), U, None),
    (Edge(H, U, (), over=True, without=(("1", 0),)), U, None),
    (Edge(H, H, (), without=(("T", 0),)), H, None),
    (Edge(L, H_T, (), at=("T", 0)), H, None),
    (Edge(H, H_T, (), over=True, at=("T", 0), without=(("1", 0),)), H, None),
    (Edge(L, Ref("h", "1", 2), ()), Ref("h", "1", 2), 3),
]
WRONG = [
    (Edge(Ref("h", "1"), U, (), over=True), U, 3, "node of its own"),
    (Edge(L, H_T, (), at=("T", -1)), H, None, "at another step"),
    (Edge(L, H, ()), Ref("q", "t"), None, "into another node"),
    (Edge(L, H_T, ()), H, None, "into another node"),
    (Edge(H, H, (), over=True), H, None, "a sum over the steps"),
    (Edge(L, H_T, (), at=("T", 0), without=(("T", 0),)), H, None, "leaves steps out"),
    (Edge(L, U, (), without=(("T", 0),)), U, None, "leaves steps out"),
    (Edge(H, H, (), without=(("T", 1),)), H, None, "no step within"),
    (Edge(H, H, (), without=(("t", 0),)), H, None, "no step within"),
]


@pytest.mark.parametrize(("edge", "node", "steps"), SOUND)
def test_what_holds_is_taken(edge: Edge, node: Ref, steps: int | None) -> None:
    check_edge(edge, node, steps)


@pytest.mark.parametrize(("edge", "node", "steps", "said"), WRONG)
def test_a_contradiction_is_refused(edge: Edge, node: Ref, steps: int | None, said: str) -> None:
    with pytest.raises(CheckError, match=said):
        check_edge(edge, node, steps)
