"""A page that is served, in a process of its own, and what may be asked of it."""

import http.client
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

needs_server = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("starlette", "uvicorn"))) or not hasattr(os, "fork"),
    reason="Starlette and uvicorn are not installed, or processes do not fork here",
)

ROOT = Path(__file__).parents[3]
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """`symrnn serve`, in an empty folder that is its home and its folder for temporary files."""

    process: "subprocess.Popen[str]"
    address: str
    folder: Path

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    @property
    def token(self) -> str:
        return urlsplit(self.address).path.strip("/")

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] = {},
    ) -> Reply:
        """A request by its whole path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, dict(headers))
            found = connection.getresponse()
            return Reply(found.status, dict(found.getheaders()), found.read())
        finally:
            connection.close()

    def ask(self, path: str, headers: Mapping[str, str] = {}, **asked: Any) -> Reply:
        """What the page's script asks."""
        body = json.dumps(asked)
        return self.request("POST", f"/{self.token}/{path}", body, {**JSON, **headers})

    def answers(self) -> bool:
        """Whether the server still works."""
        found = self.ask("panel/model", text="h[t] = tanh(x[t] @ W)\nL = mse(y, h[T])")
        return found.status == 200 and b"<math" in found.body

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path != self.folder / "stderr"]


@contextmanager
def serving(folder: Path, *options: str, path: str = "") -> Iterator[Served]:
    """A server with these options; `path` is where programs are looked for, if it is to be said."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PATH": path or os.environ.get("PATH", ""),
        **dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(folder)),
    }
    command = [sys.executable, "-m", "symrnn", "serve", "--no-open", *options]
    with open(folder / "stderr", "w") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    assert process.stdout is not None
    try:
        yield Served(process, process.stdout.readline().strip(), folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()
