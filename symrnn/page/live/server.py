"""Listens on 127.0.0.1, until Ctrl-C."""

import asyncio
import errno
import socket
from typing import Any

import uvicorn
from h11 import IDLE
from uvicorn.protocols.http.h11_impl import H11Protocol

from symrnn.errors import UsageError
from symrnn.page.live import limits
from symrnn.page.live.guard import Guard
from symrnn.page.live.pool import Nursery, Pool

HOST = "127.0.0.1"


class Patient(H11Protocol):  # type: ignore[misc]
    """One connection: it is closed if what it wants is not said in time."""

    late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.late is not None:
            self.late.cancel()

    def _watch(self) -> None:
        """A time begins with the head of a request, and ends with it."""
        if self.conn.their_state is not IDLE:
            if self.late is not None:
                self.late.cancel()
            self.late = None
        elif self.late is None:
            self.late = self.loop.call_later(limits.PATIENCE, self._close)

    def _close(self) -> None:
        if self.conn.their_state is IDLE:
            self.transport.abort()


def listening(port: int) -> socket.socket:
    """A socket on a port of this machine alone; raises UsageError where there is none."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen(128)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} is taken; say another one with --port, or 0 for any that is free"
            ) from None
        raise UsageError(f"cannot listen on port {port}: {error.strerror}") from None
    return found


def server(sock: socket.socket, token: str) -> uvicorn.Server:
    """What answers on a socket; `run(sockets=[sock])` does, until Ctrl-C."""
    nursery = Nursery()
    nursery.start()  # it imports for a second; so do we meanwhile
    from symrnn.page.live.app import application
    from symrnn.page.live.shell import Shell

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await guard(scope, receive, send)

    guard = Guard(application(Shell(), Pool(nursery)), token, sock.getsockname()[1])
    config = uvicorn.Config(
        app,
        http=Patient,
        ws="none",
        loop="asyncio",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        limit_concurrency=limits.CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
        backlog=128,
    )
    return uvicorn.Server(config)
