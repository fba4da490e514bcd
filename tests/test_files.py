"""A file is written whole or not at all."""

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from symrnn.errors import DataError, UsageError
from symrnn.files import opened, read, write, write_all


def test_text_and_bytes_are_written(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "ŷ\n")
    write(str(tmp_path / "b.bin"), b"\x00\xff\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "ŷ\n".encode()
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\xff\r\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.bin"]


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a longer text than the new one")
    path.chmod(0o640)
    write(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write(tmp_path / "new", "")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    write(tmp_path / ("n" * 255), "x")
    with pytest.raises(UsageError, match=r"cannot write .*: File name too long"):
        write(tmp_path / ("n" * 256), "x")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no/such/a.txt", r"cannot write .*a\.txt: there is no folder .*such; make it first"),
        ("folder", r"cannot write .*folder: it is a folder; expected the name of a file"),
        ("", r"it is a folder; expected the name of a file"),
        ("file/a.txt", r"cannot write .*a\.txt: (Not a directory|there is no folder)"),
        ("nu\0ll", r"cannot write '.*nu\\x00ll': embedded null"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("old")
    with pytest.raises(UsageError, match=message) as caught:
        write(f"{tmp_path}/{name}", "x")
    assert "\n" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Permission denied"):
        write(tmp_path / "a.txt", "x")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot write .*a\.txt: No space left on device"):
        write(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_an_interruption_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_device_is_written_to_and_not_replaced() -> None:
    with pytest.raises(UsageError, match="cannot write /dev/full: No space left on device"):
        write("/dev/full", "x")
    write(os.devnull, "x")
    assert not Path(os.devnull).is_file()


# what fails at any of its calls leaves the old file or the new one


class Faulty:
    """Calls that go through, but for the one of a number, which fails once."""

    def __init__(self, fails: int) -> None:
        self.left, self.failed = fails, False

    def counted(self, what: Any, half: Any = None) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                self.failed = True
                if half is not None:
                    half(*arguments)
                raise OSError(errno.EIO, "Input/output error")
            return what(*arguments, **more)

        return call


class Writing:
    """A file whose calls are counted; a write that fails has written half."""

    def __init__(self, file: Any, faulty: Faulty) -> None:
        self.file = file
        self.fileno, self.flush = file.fileno, faulty.counted(file.flush)
        self.write = faulty.counted(file.write, lambda data: file.write(data[: len(data) // 2]))

    def __enter__(self) -> "Writing":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def faulty(monkeypatch: pytest.MonkeyPatch, number: int) -> Faulty:
    """Every call of `symrnn.files` that reaches the disk is counted, and this one fails."""
    found = Faulty(number)
    real: Any = open

    def opening(path: Any, mode: str = "r", **more: Any) -> Any:
        if mode != "xb":
            return real(path, mode, **more)
        return Writing(found.counted(real)(path, mode, **more), found)

    monkeypatch.setattr("symrnn.files.open", opening, raising=False)
    for name in ("fsync", "replace", "open"):
        monkeypatch.setattr(os, name, found.counted(getattr(os, name)))
    return found


CALLS = 7
"""Of a write: open, write, flush, sync, move, open the folder, sync the folder."""


def test_each_call_of_a_write_may_fail(tmp_path: Path) -> None:
    path, failures = tmp_path / "a.txt", 0
    for number in range(2 * CALLS):
        path.write_text("old")
        with pytest.MonkeyPatch.context() as patch:
            found = faulty(patch, number)
            with suppress(UsageError):
                write(path, "new")
        assert path.read_text() in ("old", "new")
        assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
        failures += found.failed
    assert failures == CALLS


def test_a_folder_is_synced_after_a_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(
        os, "fsync", lambda number: synced.append(stat.S_ISDIR(os.fstat(number).st_mode))
    )
    write(tmp_path / "a.txt", "x")
    assert synced == [False, True]


# what is read is a file


def special(folder: Path, kind: str) -> Path:
    """Something that has no end, or is none of which one could be told."""
    path = folder / kind
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(path))
        case _:
            path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device"])
def test_what_is_no_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    path = special(Path(), kind)
    with (
        pytest.raises(UsageError, match=f"cannot read {kind}: it is a {kind}; expected a file"),
        opened(path),
    ):
        pass


def test_no_more_is_read_than_there_can_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read(tmp_path / "a", 5, "a few bytes") == b"12345"
    with pytest.raises(DataError, match="a holds more than 4 bytes; a few bytes"):
        read(tmp_path / "a", 4, "a few bytes")


def test_several_files_are_written_together(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    write_all([(tmp_path / "a", "one"), (str(tmp_path / "b"), b"two")])
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a": "one", "b": "two"}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("no/such", "there is no folder"),
        ("folder", "it is a folder"),
        ("a", "another result has this name too"),
        ("link", "another result has this name too"),
    ],
)
def test_of_several_files_none_is_written_if_one_cannot_be(
    second: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a").write_text("old")
    (tmp_path / "link").symlink_to("a")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=f"cannot write .*{second}: .*{message}"):
        write_all([(tmp_path / "a", "one"), (tmp_path / second, "two")])
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("old", ["old", None])
def test_a_move_that_fails_takes_back_those_before_it(
    old: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old is not None:
        (tmp_path / "a").write_text(old)
    replace = os.replace

    def fails(source: Path, target: Path) -> None:
        if Path(target).name == "b":
            raise OSError(errno.EIO, "Input/output error")
        replace(source, target)

    monkeypatch.setattr("symrnn.files.os.replace", fails)
    with pytest.raises(UsageError, match=r"cannot write .*b: Input/output error"):
        write_all([(tmp_path / "a", "one"), (tmp_path / "b", "two")])
    left = {p.name: p.read_text() for p in tmp_path.iterdir()}
    assert left == ({} if old is None else {"a": old})
