"""What a worker may not, whatever a text makes of it."""

import socket
import subprocess
import sys

import pytest

from tests.page.live.served import ROOT, needs_server

CONFINED = """
import socket, subprocess, os, sys
sys.path.insert(0, {root!r})
from symrnn.page.live.worker import confine, fence
fence()
confine()
try:
    {statement}
    print("done")
except (PermissionError, MemoryError) as error:
    print(type(error).__name__)
"""


def outcome(statement: str, folder: str) -> str:
    script = CONFINED.format(root=str(ROOT), statement=statement)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True
    )
    return done.stdout.strip() or done.stderr


@needs_server
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("open(sys.executable, 'rb').close()", "done"),
        ("open('x', 'w')", "PermissionError"),
        ("open('x', 'ab')", "PermissionError"),
        ("os.open('x', os.O_CREAT | os.O_WRONLY)", "PermissionError"),
        ("os.mkdir('x')", "PermissionError"),
        ("os.system('true')", "PermissionError"),
        ("subprocess.run(['true'])", "PermissionError"),
        ("socket.create_connection(('127.0.0.1', 9))", "PermissionError"),
        ("socket.socket().bind(('127.0.0.1', 0))", "PermissionError"),
        ("bytearray(3 << 30)", "MemoryError"),
    ],
)
def test_a_worker_does_not(statement: str, found: str, tmp_path: object) -> None:
    assert outcome(statement, str(tmp_path)) == found


@needs_server
def test_a_nursery_whose_server_has_gone_says_nothing() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        done = subprocess.run(
            [sys.executable, "-m", "symrnn.page.live.worker", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            capture_output=True,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
