"""Who does the jobs: each has its time, a newer one takes the place of an older of its kind."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import symrnn
from symrnn.page.live import limits
from symrnn.page.live.reply import Reply, told
from symrnn.page.live.worker import NUMBER

PACKAGE = Path(symrnn.__file__).parent.parent

ALONE = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONSAFEPATH": "1",
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
"""The environment of workers: no file is written, none imported from where somebody stands, and one
thread is quickest for products of this size."""


FULL = told(503, "too much is being worked out already; ask again in a moment")
LOST = told(500, "the process that worked this out has ended; ask again")
NOBODY = told(500, "no process can be started that works this out; start symrnn serve again")
SUPERSEDED = told(409, "a newer request has taken the place of this one")


def late(seconds: float) -> Reply:
    return told(504, f"this was stopped after {seconds:g} s; ask for fewer steps or fewer views")


LAST = 9
"""The rank of what can wait longest."""


@dataclass(eq=False)
class Job:
    """One thing to be done."""

    what: str
    name: str
    body: bytes
    seconds: float = limits.QUICK
    rank: int = 1
    """Of those that wait, the one with the lowest is next; 0 is for what is done at once."""
    key: Hashable = None
    """A newer job of the same key takes the place of this one."""
    reply: asyncio.Future[Reply] = field(default_factory=lambda: _future())
    running: "asyncio.Task[Reply] | None" = None
    worker: int = 0
    """The number of the process that does it."""

    @property
    def is_slow(self) -> bool:
        return self.seconds > limits.QUICK


def _future() -> asyncio.Future[Reply]:
    return asyncio.get_running_loop().create_future()


class Pool:
    """A few workers, and a queue before them; beside them one that does the most urgent jobs alone,
    so that what is wrong with a text is said while panels of an older one are made."""

    def __init__(self, nursery: "Nursery", workers: int = limits.WORKERS) -> None:
        self.nursery, self.count = nursery, workers
        self.waiting: list[Job] = []
        self.running: list[Job] = []
        self.bell = asyncio.Event()
        self.desks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        lowest = [0, *[LAST] * self.count]
        self.desks = [asyncio.create_task(self._desk(rank)) for rank in lowest]

    async def close(self) -> None:
        for desk in self.desks:
            desk.cancel()
        await asyncio.gather(*self.desks, return_exceptions=True)
        for job in (*self.waiting, *self.running):
            _settle(job, LOST)
        self.nursery.close()

    def put(self, job: Job) -> None:
        """Have a job done: its `reply` says how it went."""
        if job.key is not None:
            for older in [j for j in (*self.waiting, *self.running) if j.key == job.key]:
                _settle(older, SUPERSEDED)
                self.drop(older)
        if len(self.waiting) >= limits.WAITING:
            _settle(job, FULL)
            return
        self.waiting.append(job)
        self.bell.set()

    def drop(self, job: Job) -> None:
        """Nobody waits for it any more."""
        if job in self.waiting:
            self.waiting.remove(job)
        elif job.running is not None:
            asyncio.get_running_loop().call_later(limits.GRACE, job.running.cancel)

    def _next(self, lowest: int) -> Job | None:
        """The most urgent job; of the slow ones so few at a time that one worker is left."""
        slow = sum(job.is_slow for job in self.running) >= max(1, self.count - 1)
        ready = [j for j in self.waiting if j.rank <= lowest and not (slow and j.is_slow)]
        if not ready:
            return None
        job = min(ready, key=lambda each: each.rank)
        self.waiting.remove(job)
        return job

    async def _desk(self, lowest: int) -> None:
        """One worker after the other, each as long as it lasts, for jobs up to a rank."""
        worker: Worker | None = None
        try:
            while True:
                while (job := self._next(lowest)) is None:
                    self.bell.clear()
                    await self.bell.wait()
                self.running.append(job)
                try:
                    worker = await self._do(job, worker)
                finally:
                    self.running.remove(job)
                    self.bell.set()
        finally:
            if worker is not None:
                worker.end()

    async def _do(self, job: Job, worker: "Worker | None") -> "Worker | None":
        """Have the job done, and return the worker if it can go on."""
        try:
            worker = worker or await self.nursery.worker()
        except (OSError, asyncio.IncompleteReadError):
            self.nursery.close()
            _settle(job, NOBODY)
            return None
        if job.reply.done():
            return worker
        job.worker = worker.number
        job.running = asyncio.create_task(worker.ask(job))
        try:
            await asyncio.wait({job.running}, timeout=job.seconds)
        except asyncio.CancelledError:  # the pool is being closed
            job.running.cancel()
            worker.end()
            raise
        if not job.running.done():
            job.running.cancel()
            _settle(job, late(job.seconds))
        elif not job.running.cancelled() and job.running.exception() is None:
            reply = job.running.result()
            _settle(job, reply)
            if not reply.spent:
                return worker
        _settle(job, LOST)
        self.nursery.end(worker)
        return None


def _settle(job: Job, reply: Reply) -> None:
    if not job.reply.done():
        job.reply.set_result(reply)


@dataclass(eq=False)
class Worker:
    """A process that works, at the other end of a socket."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, job: Job) -> Reply:
        """What it answers; until then nothing else may be asked."""
        head = {"what": job.what, "name": job.name, "size": len(job.body)}
        self.writer.write(json.dumps(head).encode() + b"\n" + job.body)
        await self.writer.drain()
        found = json.loads(await self.reader.readline())
        size = int(found["size"])
        if not 0 <= size <= 2 * limits.REPLY:
            raise ValueError(size)
        body = await self.reader.readexactly(size)
        return Reply(found["status"], found["type"], body, bool(found["spent"]))

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Only TeX takes it as a question: whatever else it does ends at once."""
        self.writer.close()
        with suppress(ProcessLookupError):
            os.kill(self.number, how)


class Nursery:
    """The process that has imported everything, and forks the workers."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.lock = asyncio.Lock()
        self.ended: list[int] = []
        """Workers that have been ended, and whose numbers the nursery still keeps."""

    def start(self) -> None:
        ours, theirs = socket.socketpair()
        paths = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        command = [sys.executable, "-m", "symrnn.page.live.worker", str(theirs.fileno())]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is for the server, which ends the others
            env={**os.environ, **ALONE, "PYTHONPATH": os.pathsep.join(paths)},
        )
        theirs.close()
        ours.setblocking(False)
        self.control = ours
        self.ready = False

    async def worker(self) -> Worker:
        """A new one."""
        async with self.lock:
            if self.process is None:
                self.start()
            if not self.ready:
                await self._number()
                self.ready = True
            ours, theirs = socket.socketpair()
            with theirs:
                number = (self.ended.pop() if self.ended else 0).to_bytes(NUMBER, "big")
                socket.send_fds(self.control, [number], [theirs.fileno()])
            child = await self._number()
        reader, writer = await asyncio.open_connection(sock=ours)
        return Worker(child, reader, writer)

    def end(self, worker: Worker) -> None:
        """End it, without asking if it does not go by itself; then its number may be given away."""

        def kill() -> None:
            worker.end(signal.SIGKILL)
            ended.append(worker.number)

        worker.end()
        ended = self.ended
        asyncio.get_running_loop().call_later(limits.LEAVING, kill)

    async def _number(self) -> int:
        loop, found = asyncio.get_running_loop(), b""
        while len(found) < NUMBER:
            piece = await loop.sock_recv(self.control, NUMBER - len(found))
            if not piece:
                raise asyncio.IncompleteReadError(found, NUMBER)
            found += piece
        return int.from_bytes(found, "big")

    def close(self) -> None:
        """End it, and with it whoever still works."""
        if self.process is not None:
            self.control.close()
            try:
                self.process.wait(2 * limits.LEAVING + 1)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)  # its session, workers too
                self.process.wait()
        self.process, self.ended = None, []
