"""Processes that read what somebody typed: a nursery, which has imported everything, and its
children, which work.

The nursery is `python -m symrnn.page.live.worker FD`. For each socket that it is sent on FD it
forks a child that serves there, so that a child that had to be ended has a successor at once. A
request is a line of JSON and so many bytes, an answer too. When the server has gone, so do they.

A child cannot write a file, start a program or connect to anything, and has so much memory and no
more; how long a job takes, the server watches.
"""

import gc
import json
import logging
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BufferedRWPair
from pathlib import Path
from typing import Any

from symrnn.page.live import limits

NUMBER = 8
"""Bytes of a message between the server and the nursery: the number of a process."""

Answer = Callable[[str, str, bytes], Any]


def nursery(control: socket.socket) -> None:
    """Fork a child for each socket that comes, until nothing comes any more."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    fence()
    from symrnn.page.live import jobs

    jobs.warm_up()
    gc.collect()
    gc.freeze()  # children share these pages as long as nobody counts in them
    children: set[int] = set()
    with suppress(ConnectionError):  # the server may go at any time, while we import too
        control.sendall(bytes(NUMBER))
        while True:
            ended, sockets, *_ = socket.recv_fds(control, NUMBER, 1)
            if not ended:
                break
            if child := int.from_bytes(ended, "big"):
                os.waitpid(child, 0)  # the server has ended it, and nobody has its number until now
                children.discard(child)
            child = os.fork()
            if child == 0:
                control.close()
                work(socket.socket(fileno=sockets[0]), jobs.answer)
            children.add(child)
            os.close(sockets[0])
            control.sendall(child.to_bytes(NUMBER, "big"))
    _end(children)


def _end(children: set[int]) -> None:
    """Asked first, so that TeX ends with its folder, then without asking."""
    for asked in (signal.SIGTERM, signal.SIGKILL):
        for child in children:
            os.kill(child, asked)  # nobody else has its number until it is waited for
        late = time.monotonic() + limits.LEAVING
        while children and time.monotonic() < late:
            children = {each for each in children if not os.waitpid(each, os.WNOHANG)[0]}
            time.sleep(0.01)


def work(server: socket.socket, answer: Answer) -> None:
    """Answer until the server has gone; never returns."""
    try:
        confine()
        stream = server.makefile("rwb")
        while line := stream.readline():
            _one(stream, line, answer)
    except BrokenPipeError:
        pass
    finally:
        os._exit(0)


def _one(stream: BufferedRWPair, line: bytes, answer: Answer) -> None:
    asked = json.loads(line)
    with writing(asked["name"] == "pdf"):
        reply = answer(asked["what"], asked["name"], stream.read(asked["size"]))
    head = {"status": reply.status, "type": reply.type, "size": len(reply.body)}
    stream.write(json.dumps({**head, "spent": reply.spent}).encode() + b"\n" + reply.body)
    stream.flush()
    if reply.spent:
        os._exit(0)


# what a child may not


def confine() -> None:
    """Limits of this process, for good."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = limits.MEMORY if most == resource.RLIM_INFINITY else min(limits.MEMORY, most)
    with suppress(ValueError, OSError):  # not every system keeps account of it
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, wanted))


def fence() -> None:
    """From now on no file is written, here and in children. matplotlib makes a folder for a list of
    fonts: where it has none it is shown one that is there, and keeps its list to itself."""
    home = Path.home()
    cache, config = os.environ.get("XDG_CACHE_HOME"), os.environ.get("XDG_CONFIG_HOME")
    kept = Path(cache or home / ".cache"), Path(config or home / ".config")
    if not all((each / "matplotlib").is_dir() for each in kept):
        os.environ.setdefault("MPLCONFIGDIR", str(home))
    sys.addaudithook(_audit)


class writing:  # noqa: N801 (it reads as a word)
    """Within it files may be written and programs started: for TeX, in a folder of its own. Who is
    ended there goes by itself, so that no TeX and no folder stays behind."""

    allowed = False

    def __init__(self, allowed: bool) -> None:
        self.wanted = allowed

    def __enter__(self) -> None:
        writing.allowed = self.wanted
        if self.wanted:
            signal.signal(signal.SIGTERM, _leave)

    def __exit__(self, *_: object) -> None:
        writing.allowed = False
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # said twice it would disturb the leaving
    raise SystemExit


WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

NEVER = ("socket.connect", "socket.bind", "os.system")
REFUSED = (
    "subprocess.Popen", "os.exec", "os.posix_spawn", "os.remove", "os.rename", "os.rmdir",
    "os.link", "os.symlink", "os.truncate", "os.chmod", "shutil.rmtree",
)  # fmt: skip


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Nothing that a text says leads here, and if it did, it would end here."""
    if event == "open":
        _, mode, flags = arguments
        refused = bool(isinstance(mode, str) and set(mode) & set("wax+")) or (flags or 0) & WRITES
    elif event == "os.mkdir":
        refused = not os.path.isdir(arguments[0])
    else:
        refused = event in NEVER or event in REFUSED
    if refused and not (writing.allowed and event not in NEVER):
        raise PermissionError(f"a worker of a page does no {event}")


if __name__ == "__main__":
    nursery(socket.socket(fileno=int(sys.argv[1])))
