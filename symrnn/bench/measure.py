"""The rows of a report, from a request."""

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from symrnn.bench.case import ALLOWED, Answer, Case, case, disagreement
from symrnn.bench.peers import PEERS, Entrant, LeftOut, Peer, absent
from symrnn.bench.peers.kernels import kernel
from symrnn.bench.report import Report, Row
from symrnn.bench.request import Request
from symrnn.clock import take_turns
from symrnn.library.zoo import models
from symrnn.model import load, read


def measure(
    request: Request, say: Callable[[str], None], peers: Mapping[str, Peer] = PEERS
) -> Report:
    """All that was asked for; `say` hears what is being measured."""
    there = {name: peers[name] for name in request.peers if not absent(peers[name])}
    missing = {name: peers[name].needs for name in request.peers if name not in there}
    rows = []
    for name, text in request.models:
        model = load(name) if name in models() else read(text, name)
        for size in request.sizes:
            say(f"{name}: {size}")
            made = case(model, size)
            rows.append(_row(made, there, request))
            for who, reason in rows[-1].wrong.items():
                say(f"{name}: {size}: {who} is not timed: {reason}")
    return Report(request.dtype, request.peers, tuple(rows), missing, _versions(there))


def _row(made: Case, peers: Mapping[str, Peer], request: Request) -> Row:
    """Everyone gets ready, answers, and, with the right answer, is timed."""
    entrants: dict[str, Entrant] = {}
    left_out: dict[str, str] = {}
    wrong: dict[str, str] = {}
    wanted = _answer(kernel(made))
    cast = made.cast(request.dtype)
    for name, peer in peers.items():
        try:
            entrant = peer.prepare(cast)
            if entrant.read is not None and wanted is not None:
                found = disagreement(_answer(entrant), wanted, ALLOWED[request.dtype])
                if found:
                    wrong[name] = found
                    continue
            entrants[name] = entrant
        except LeftOut as reason:
            left_out[name] = str(reason)
        except Exception as error:  # a library's own trouble is no reason to stop
            wrong[name] = f"{type(error).__name__}: {str(error).strip()[:300]}"
    figures = take_turns({name: e.step for name, e in entrants.items()}, request.seconds)
    return Row(made.model.name, made.size, figures, left_out, wrong)


def _answer(entrant: Entrant) -> Answer:
    assert entrant.read is not None
    return entrant.read(entrant.step())


def _versions(peers: Mapping[str, Peer]) -> dict[str, str]:
    """Of Python, and of every package that took part."""
    found = {"python": platform.python_version()}
    for name in dict.fromkeys(["numpy", *(p.needs for p in peers.values() if p.needs)]):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found
