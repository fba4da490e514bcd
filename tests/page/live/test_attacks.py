"""The server under attack: it refuses, bounds what it does, writes nothing, and still answers."""

import json
import os
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import symrnn
from symrnn.derive.pages.images import can_draw
from symrnn.page.live import limits
from symrnn.page.panels import PANELS
from tests.page.live.served import JSON, Served, needs_server, serving

pytestmark = needs_server
TEXT = "h[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T])"


def raw(served: Served, *pieces: bytes) -> bytes:
    """What comes back for bytes as they are, or nothing if the server closes the connection."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
        found = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(1 << 16):
                found += piece
        except OSError:  # it has closed the connection while we were still sending
            pass
        return found


def head(served: Served, path: str = "check", *more: str) -> bytes:
    lines = [
        f"POST /{served.token}/{path} HTTP/1.1",
        f"Host: 127.0.0.1:{served.port}",
        "Content-Type: application/json",
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE"])
def test_without_the_token_there_is_nothing(served: Served, method: str) -> None:
    token = served.token
    for path in (
        "/",
        f"/{'x' * 32}/",
        f"/{token[:-1]}/",
        f"/{token}x/check",
        f"/{token}",
        "/check",
    ):
        found = served.request(method, path, "{}" if method == "POST" else None, JSON)
        assert (found.status, found.body) == (404, b"")
        assert token not in str(found.headers)
    assert served.answers()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_page_learns_nothing(served: Served, headers: dict[str, str]) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        found = served.request(method, f"/{served.token}/", "{}", {**JSON, **headers})
        assert (found.status, found.body) == (404, b"")
        assert not [name for name in found.headers if name.startswith("access-control")]
    found = served.ask("check", headers, text=TEXT)
    assert (found.status, found.body) == (404, b"")
    assert served.answers()


def test_every_answer_says_what_a_browser_may_do_with_it(served: Served) -> None:
    answers = [
        served.request("GET", f"/{served.token}/"),
        served.request("GET", f"/{served.token}/page.js"),
        served.ask("check", text=TEXT),
        served.request("GET", "/"),
    ]
    for found in answers:
        headers = {name.lower(): value for name, value in found.headers.items()}
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self';"
        )
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers
        assert "server" not in headers


def test_a_form_of_another_page_is_no_request(served: Served) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        found = served.ask("check", {"content-type": kind}, text=TEXT)
        assert found.status == 415


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT"]
)
def test_other_methods_are_refused(served: Served, method: str) -> None:
    found = served.request(method, f"/{served.token}/check", None, JSON)
    assert found.status in (404, 405)
    assert served.answers()


@pytest.mark.parametrize(
    "path",
    [
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "panel/..%2f..%2fetc%2fpasswd",
        "panel/%2e%2e/check",
        "download/../../pyproject.toml",
        "page.css/../page.js",
        "templates/page/page.js",
        "%00",
        "page.js%00.css",
    ],
)
def test_a_path_leads_to_no_file(served: Served, path: str) -> None:
    for method in ("GET", "POST"):
        body = json.dumps({"text": TEXT}) if method == "POST" else None
        found = served.request(method, f"/{served.token}/{path}", body, JSON)
        assert found.status in (404, 405, 422)
        assert b"root:" not in found.body
        assert b"[project]" not in found.body
    assert served.answers()


def test_a_body_has_an_end(served: Served) -> None:
    found = raw(served, head(served, "check", f"Content-Length: {1 << 20}"), b" " * (1 << 20))
    assert found.startswith(b"HTTP/1.1 413") or found == b""
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    found = raw(served, head(served, "check", "Transfer-Encoding: chunked"), *[chunk] * 1000)
    assert found.startswith(b"HTTP/1.1 413") or found == b""
    assert served.ask("check", text="#" * limits.BODY).status == 413
    assert served.answers()


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"G" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000,
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"\0" * 1000,
    ],
    ids=range(10),
)
def test_what_is_no_request_ends(served: Served, request_: bytes) -> None:
    found = raw(served, request_)
    assert found == b"" or found.split()[1] in (b"400", b"404", b"431")
    assert served.answers()


def test_a_hundred_at_once(served: Served) -> None:
    texts = [TEXT.replace("W", f"W{number}") for number in range(100)]
    with ThreadPoolExecutor(100) as threads:
        found = list(threads.map(lambda text: served.ask("panel/system", text=text), texts))
    assert {reply.status for reply in found} <= {200, 503}
    for number, reply in enumerate(found):
        if reply.status == 200:
            assert f"@ W{number} ".encode() in reply.body
        else:
            assert reply.json["error"]["message"].startswith("too much is being worked out")
    assert sum(reply.status == 200 for reply in found) >= limits.WAITING
    assert served.answers()


HOSTILE = [
    "(" * 50_000,
    "h[t] = " + "(" * 50 + "x[t]" + ")" * 50,
    "h[t] = " + "-" * 60_000 + "x[t]",
    "h[t] = " + "+".join(["x[t]"] * 10_000),
    "h[t] = x[t] * 9**9**9",
    "h[t] = x[t] @ W\nh: 1000000\nx: 1000000\nL = mse(y, h[T])",
    "h[t] = __import__('os').system('touch /tmp/symrnn-was-here')",
    "h[t] = open('/etc/passwd').read()",
    "\0",
    "\ud800",
    "h[t] = x[t]\r\nSet-Cookie: a=b",
    "# {{ 7*7 }} {% include '/etc/passwd' %}\n" + TEXT,
    "# \\input{/etc/passwd} \\write18{touch x}\n" + TEXT,
    "a0[t] = x[t]\n" + "\n".join(f"a{i}[t] = a{i - 1}[t] * a{i - 1}[t]" for i in range(1, 60))
    + "\nL = mse(y, a59[T])",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_a_text(served: Served, text: str) -> None:
    for path in ("check", "panel/model", "panel/system"):
        found = served.ask(path, text=text)
        assert found.status in (200, 422, 504)
        assert b"root:" not in found.body
        assert b"49 " not in found.body
    assert served.answers()


@pytest.mark.slow
def test_what_takes_long_is_stopped(served: Served) -> None:
    text = "T = 10000\n" + symrnn.load("lstm").text
    found = served.ask("panel/kernel", text=text)
    assert found.status == 504
    assert found.json["error"]["message"] == (
        "this was stopped after 10 s; ask for fewer steps or fewer views"
    )
    assert served.answers()


def test_what_takes_much_memory_is_told_so(served: Served) -> None:
    found = served.ask("panel/flow", text=f"{TEXT}\nh: 30000\nx: 30000")
    assert found.status == 422
    assert found.json["error"]["message"] == (
        "this takes more than the 1024 MiB of memory that a page has; ask for fewer steps or"
        " features"
    )
    assert served.answers()


def test_whoever_goes_leaves_no_work_behind(served: Served) -> None:
    body = json.dumps({"text": "T = 10000\n" + symrnn.load("lstm").text}).encode()
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
            connection.sendall(head(served, "panel/kernel", f"Content-Length: {len(body)}") + body)
    assert served.answers()


def test_the_server_itself_stays_small(served: Served) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not say how much memory a process has")
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    (resident,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    assert int(resident) < 300_000


def test_nobody_else_is_listened_to(served: Served) -> None:
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for address in others - {"127.0.0.1", "::1"}:
        if not str(address).startswith("127."):
            with pytest.raises(OSError, match=r"refused|timed out|unreachable"):
                socket.create_connection((str(address), served.port), timeout=5).close()


@pytest.mark.slow
def test_whoever_dawdles_is_left(served: Served) -> None:
    """The head of a request, and its body, are said within ten seconds."""
    for start in (b"GET / HTT", head(served, "check", "Content-Length: 100") + b"{"):
        with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
            connection.sendall(start)
            found = b""
            while piece := connection.recv(1 << 16):
                found += piece
        assert found == b"" or found.startswith(b"HTTP/1.1 408")
    assert served.answers()


def test_no_file_is_written(served: Served) -> None:
    """Not where it was started, at home, or among temporary files: they are one folder here."""
    for form in ("tex", "html", "py", "rnn"):
        assert served.ask(f"download/{form}", text=TEXT).status == 200
    for panel in PANELS:
        found = served.ask(f"panel/{panel}", text=TEXT)
        assert found.status == 200
        assert panel != "flow" or not can_draw() or b"<img" in found.body
    assert served.files() == []
    assert not os.path.exists("/tmp/symrnn-was-here")


TEX = """#!/bin/sh
[ "$openin_any$openout_any" = pp ] && echo "$*" > document.pdf
"""


def test_tex_alone_writes_and_its_folder_is_removed(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    folder = tmp_path / "served"
    for each in (programs, folder):
        each.mkdir()
    (programs / "pdflatex").write_text(TEX)
    (programs / "pdflatex").chmod(0o755)
    with serving(folder, path=str(programs)) as served:
        page = served.request("GET", f"/{served.token}/")
        assert b'id="download-pdf"' in page.body
        found = served.ask("download/pdf", text=f"# \\input{{/etc/passwd}}\n{TEXT}")
        assert (found.status, found.headers["content-type"]) == (200, "application/pdf")
        assert found.body.split()[-2:] == [b"-no-shell-escape", b"document.tex"]
        assert served.ask("panel/model", text=TEXT).status == 200
        assert served.files() == []


def test_tex_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    """Neither it nor its folder stays behind, if a browser goes or the server is ended."""
    programs, folder, said = (tmp_path / name for name in ("programs", "served", "said"))
    for each in (programs, folder):
        each.mkdir()
    (programs / "pdflatex").write_text(f"#!/bin/sh\necho $$ > {said}\nexec sleep 100\n")
    (programs / "pdflatex").chmod(0o755)
    body = json.dumps({"text": TEXT}).encode()
    request = f"Content-Length: {len(body)}"
    with serving(folder, path=f"{programs}:{os.environ['PATH']}") as served:
        for ends in (socket.socket.close, lambda _: served.process.kill()):
            connection = socket.create_connection(("127.0.0.1", served.port))
            connection.sendall(head(served, "download/pdf", request) + body)
            wait(lambda: said.exists() and said.read_text().endswith("\n"))
            tex = Path(f"/proc/{said.read_text().strip()}")
            said.unlink()
            ends(connection)
            wait(lambda tex=tex: served.files() == [] and not tex.exists())  # type: ignore[misc]
            connection.close()


def wait(until: Callable[[], bool]) -> None:
    late = time.monotonic() + 30
    while not until():
        assert time.monotonic() < late
        time.sleep(0.02)


def test_ctrl_c_ends_it_without_a_word(tmp_path: Path) -> None:
    with serving(tmp_path, "elman") as served:
        assert served.address.startswith("http://127.0.0.1:")
        assert "#m=" in served.address
    assert served.process.returncode == 0
    assert (tmp_path / "stderr").read_text() == "symrnn: Ctrl-C ends it\n"
    assert served.files() == []
