"""The addresses: the page itself, and what its script asks for."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from symrnn.page.live import limits
from symrnn.page.live.pool import Job, Pool
from symrnn.page.live.reply import Reply, told
from symrnn.page.live.shell import TYPES, Shell

LONG = told(413, f"a request has up to {limits.BODY >> 10} KiB")
LATE = told(408, f"a request is said within {limits.PATIENCE:g} s")
TYPE = told(415, "a request is application/json")


def application(shell: Shell, pool: Pool) -> Starlette:
    """What stands behind the token."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await pool.open()
        yield
        await pool.close()

    def kept(path: str) -> Route:
        kind = TYPES[path.partition(".")[2]]

        async def give(_: Request) -> Response:
            return Response(shell.files[path].encode(), media_type=kind)

        return Route(f"/{path}", give, methods=["GET"])

    def asked(path: str, what: str) -> Route:
        async def do(request: Request) -> Response:
            name = request.path_params.get("name", "")
            return await _answered(request, pool, what, name, shell.slow)

        return Route(path, do, methods=["POST"])

    routes = [
        *map(kept, shell.files),
        asked("/check", "check"),
        asked("/panel/{name}", "panel"),
        asked("/download/{name}", "download"),
    ]
    made = Starlette(routes=routes, lifespan=lifespan)
    made.router.redirect_slashes = False
    return made


async def _answered(
    request: Request, pool: Pool, what: str, name: str, slow: frozenset[str]
) -> Response:
    """The answer of a worker, as long as the client waits for it."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _response(TYPE)
    body = await _body(request)
    if isinstance(body, Reply):
        return _response(body)
    page = request.headers.get("x-page", "")
    key = (page, what, name) if re.fullmatch(r"[\w-]{8,64}", page) and what != "download" else None
    job = Job(what, name, body, *_time(what, name, slow), key=key)
    pool.put(job)
    gone = asyncio.ensure_future(_gone(request))
    either: set[asyncio.Future[Any]] = {job.reply, gone}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not job.reply.done():
            pool.drop(job)
            job.reply.cancel()
    return Response(status_code=408) if job.reply.cancelled() else _response(job.reply.result())


def _time(what: str, name: str, slow: frozenset[str]) -> tuple[float, int]:
    """Seconds that a job has, and its rank: a check first, what is slow last."""
    if what == "download" and name in ("pdf", "html"):  # all panels, or TeX
        return limits.PAPER, 2
    if what == "panel" and name in slow:
        return limits.SLOW, 2
    return limits.QUICK, int(what != "check")


async def _body(request: Request) -> bytes | Reply:
    """All of it, or what is wrong with it."""
    said = request.headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > limits.BODY:
        return LONG
    found = bytearray()
    try:
        async with asyncio.timeout(limits.PATIENCE):
            async for piece in request.stream():
                found += piece
                if len(found) > limits.BODY:
                    return LONG
    except TimeoutError:
        return LATE
    except ClientDisconnect:
        return LATE
    return bytes(found)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _response(reply: Reply) -> Response:
    headers: dict[str, Any] = {}
    if reply.status in (408, 413, 415):
        headers["connection"] = "close"  # whatever else it sends, nobody reads it
    if reply.status == 503:
        headers["retry-after"] = "1"
    return Response(reply.body, reply.status, headers, media_type=reply.type)
