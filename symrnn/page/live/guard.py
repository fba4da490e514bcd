"""Which requests are answered at all: those of our own page, and of nobody else.

A page of another origin can make a browser send requests here, and with a name that it turns to
127.0.0.1 even read the answers (DNS rebinding). So the address holds a token that no one can guess,
Host must be this machine, and where a browser says which page asks, it must be ours. What is
refused learns nothing, not even whether the token was right.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # MathML and pictures have lengths and colours of theirs
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Headers of every answer."""


def new_token() -> str:
    """192 bits."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Guard:
    """An application that answers behind its token, and 404 everywhere else."""

    app: App
    token: str
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                always = [(name.encode(), value.encode()) for name, value in ALWAYS.items()]
                message["headers"] = [*message.get("headers", ()), *always]
            await send(message)

        rest = self.inside(scope["path"], scope["headers"])
        if scope["type"] != "http" or rest is None:
            close = [(b"connection", b"close"), (b"content-length", b"0")]
            await dressed({"type": "http.response.start", "status": 404, "headers": close})
            await dressed({"type": "http.response.body"})
            return
        await self.app({**scope, "path": rest, "raw_path": rest.encode()}, receive, dressed)

    def inside(self, path: str, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The path behind the token; None for a request that is not of our page."""
        token, slash, rest = path.removeprefix("/").partition("/")
        right = hmac.compare_digest(token.encode(errors="replace"), self.token.encode())
        return f"/{rest}" if right and slash and self.is_own(list(headers)) else None

    def is_own(self, headers: Headers) -> bool:
        """Whether the headers are those that a browser sends for our page."""
        hosts = {f"{host}:{self.port}".encode() for host in ("127.0.0.1", "localhost")}
        found = {
            name: [value for each, value in headers if each == name]
            for name in (b"host", b"origin", b"sec-fetch-site")
        }
        (host,) = found[b"host"] if len(found[b"host"]) == 1 else (b"",)
        return (
            host in hosts
            and all(origin == b"http://" + host for origin in found[b"origin"])
            and all(site in (b"same-origin", b"none") for site in found[b"sec-fetch-site"])
        )
