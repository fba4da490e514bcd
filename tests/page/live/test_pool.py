"""Jobs and their workers: what is late is ended, what is superseded makes way, what is too much is
told so."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable

import symrnn
from symrnn.page.live import limits
from symrnn.page.live.pool import Job, Nursery, Pool
from symrnn.page.live.reply import Reply
from tests.page.live.served import needs_server

SHORT = json.dumps({"text": "h[t] = tanh(x[t] @ W)\nL = mse(y, h[T])"}).encode()
LONG = json.dumps({"text": "T = 10000\n" + symrnn.load("lstm").text}).encode()
"""Work of many seconds."""


def short(**said: object) -> Job:
    return Job("check", "", SHORT, **said)  # type: ignore[arg-type]


def long(seconds: float = 60.0, **said: object) -> Job:
    return Job("panel", "kernel", LONG, seconds, **said)  # type: ignore[arg-type]


def with_pool(do: Callable[[Pool], Awaitable[None]], workers: int = 1) -> None:
    async def whole() -> None:
        pool = Pool(Nursery(), workers)
        await pool.open()
        try:
            await do(pool)
        finally:
            await pool.close()

    asyncio.run(asyncio.wait_for(whole(), 120))


async def done(pool: Pool, job: Job) -> Reply:
    pool.put(job)
    return await job.reply


async def begun(job: Job) -> None:
    while job.running is None:
        await asyncio.sleep(0.01)


@needs_server
def test_a_job_that_is_late_is_ended_and_the_next_is_done() -> None:
    async def do(pool: Pool) -> None:
        for _ in range(3):
            assert (await done(pool, long(0.3))).status == 504
        assert (await done(pool, short())).status == 200

    with_pool(do)


@needs_server
def test_a_newer_job_takes_the_place_of_an_older_of_its_key() -> None:
    async def do(pool: Pool) -> None:
        running, waiting, other = long(key="a"), short(key="b"), short()
        pool.put(running)
        await begun(running)
        pool.put(waiting)
        pool.put(other)
        newer, newest = short(key="b"), short(key="a")
        pool.put(newer)
        assert (await waiting.reply).status == 409
        pool.put(newest)
        assert (await running.reply).status == 409
        assert [(await job.reply).status for job in (other, newer, newest)] == [200] * 3

    with_pool(do)


@needs_server
def test_what_nobody_waits_for_is_not_done() -> None:
    async def do(pool: Pool) -> None:
        running, waiting = long(), short()
        pool.put(running)
        await begun(running)
        pool.put(waiting)
        pool.drop(waiting)
        pool.drop(running)
        assert (await done(pool, short())).status == 200
        assert not waiting.reply.done()
        assert waiting.running is None

    with_pool(do)


@needs_server
def test_more_than_may_wait_is_told_so() -> None:
    async def do(pool: Pool) -> None:
        running = long()
        pool.put(running)
        await begun(running)
        jobs = [short() for _ in range(limits.WAITING + 3)]
        for job in jobs:
            pool.put(job)
        pool.drop(running)
        found = [(await job.reply).status for job in jobs]
        assert found == [200] * limits.WAITING + [503] * 3

    with_pool(do)


@needs_server
def test_of_two_workers_one_is_left_for_what_is_quick() -> None:
    async def do(pool: Pool) -> None:
        slow = [long(), long()]
        for job in slow:
            pool.put(job)
        await begun(slow[0])
        assert (await done(pool, short())).status == 200
        assert slow[1].running is None

    with_pool(do, workers=2)


@needs_server
def test_what_is_urgent_waits_for_nobody() -> None:
    async def do(pool: Pool) -> None:
        for job in (long(), long(key="a")):
            pool.put(job)
        assert (await done(pool, short(rank=0))).status == 200
        assert len(pool.running) == 1

    with_pool(do)


@needs_server
def test_a_worker_that_has_died_has_a_successor() -> None:
    async def do(pool: Pool) -> None:
        job = long()
        pool.put(job)
        await begun(job)
        os.kill(job.worker, signal.SIGKILL)
        assert (await job.reply).status == 500
        assert (await done(pool, short())).status == 200

    with_pool(do)
