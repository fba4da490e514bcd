"""From a request to rows: only right answers are timed, and whatever is not is told."""

from dataclasses import replace

from symrnn.bench.case import Answer, Case
from symrnn.bench.measure import measure
from symrnn.bench.peers import PEERS, Entrant, Peer
from symrnn.bench.request import Request, Size

REQUEST = Request((("elman", ""),), (Size(2, 1, 2, 3),), ("kernel",), 0.001)


def wrong(case: Case) -> Entrant:
    """The kernel with one number in one gradient a little off."""
    right = PEERS["kernel"].prepare(case)

    def read(found: object) -> Answer:
        assert right.read is not None
        loss, grads = right.read(found)
        return Answer(loss, {**grads, "w_h": grads["w_h"] * 1.001})

    return replace(right, read=read)


def broken(case: Case) -> Entrant:
    raise RuntimeError("no such device")


def test_who_disagrees_is_shown_and_not_timed() -> None:
    said: list[str] = []
    peers = {"kernel": PEERS["kernel"], "liar": Peer("", wrong), "broken": Peer("", broken)}
    request = replace(REQUEST, peers=tuple(peers))
    (row,) = measure(request, said.append, peers).rows
    assert list(row.figures) == ["kernel"]
    assert row.wrong["liar"] == "gradient by w_h: off by 1.0e-03 of its norm, allowed 2.0e-05"
    assert row.wrong["broken"] == "RuntimeError: no such device"
    assert said[0] == "elman: 2, 1, 2, 3"
    assert "elman: 2, 1, 2, 3: broken is not timed: RuntimeError: no such device" in said


def test_who_is_not_installed_is_left_out() -> None:
    peers = {"kernel": PEERS["kernel"], "other": Peer("", broken, "no_such_package")}
    report = measure(replace(REQUEST, peers=tuple(peers)), lambda line: None, peers)
    assert report.missing == {"other": "no_such_package"}
    assert report.rows[0].wrong == {}


def test_a_text_of_ones_own_has_a_kernel_and_a_floor() -> None:
    text = "h[t] = tanh(x[t] @ W + u * h[t-1]); L = mse(y, h[T] @ V)"
    request = replace(
        REQUEST, models=(("./m.rnn", text),), peers=("kernel", "function", "numpy", "floor")
    )
    (row,) = measure(request, lambda line: None).rows
    assert set(row.figures) == {"kernel", "function", "floor"}
    assert row.left_out == {"numpy": "nobody has written it by hand"}
