"""Reading and writing files: whole or not at all, and nothing that has no end."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from symrnn.errors import DataError, UsageError

if TYPE_CHECKING:
    from symrnn.language.arrays import Array

Name = str | os.PathLike[str]

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}

PIECE = 1 << 20
"""Bytes that are read at a time."""

# reading


@contextmanager
def opened(path: Name) -> Iterator[BinaryIO]:
    """A file to be read, as bytes. A device, a pipe, a socket or a folder is refused, whatever link
    leads there: a file says how long it is, and what is read is held against that."""
    with ExitStack() as stack:
        try:
            check_kind(path)
            file = stack.enter_context(open(path, "rb"))
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            raise _unread(path, said) from None
        yield file


def read(path: Name, most: int, what: str) -> bytes:
    """The content of a file, which is no longer than so many bytes if it is what it should be."""
    with opened(path) as file:
        try:
            there = os.fstat(file.fileno()).st_size
            if there > most:
                raise DataError(f"{os.fspath(path)} holds more than {most:,} bytes; {what}")
            return file.read(there)
        except OSError as error:
            raise _unread(path, error.strerror) from None


def beginning(path: Name, most: int, what: str) -> bytes:
    """The content of a file, a pipe or what else can be opened; of one that is too long no more is
    read than is needed to refuse it."""
    try:
        with open(path, "rb") as file:
            return short(file.read(most + 1), most, os.fspath(path), what)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read '{path}': {said}") from None


def short(data: bytes, most: int, name: str, what: str) -> bytes:
    """The data, unless they are too long to be what they should be."""
    if len(data) > most:
        raise DataError(f"{name} holds more than {most:,} bytes; {what}")
    return data


def size(file: BinaryIO) -> int:
    """How many bytes a file has; it is read from its beginning afterwards."""
    found = file.seek(0, os.SEEK_END)
    file.seek(0)
    return found


def fill(file: IO[bytes], flat: "Array") -> int:
    """Read into an array of one axis; how many bytes there were, if the file has so many."""
    room, done = flat.view("u1").data, 0
    while done < len(room) and (part := file.read(min(PIECE, len(room) - done))):
        room[done : done + len(part)] = part
        done += len(part)
    return done


def check_kind(path: Name) -> None:
    """Refuse what is there and no file."""
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "no file")
        raise _unread(path, f"it is {kind}; expected a file")


def _unread(path: Name, said: str | None) -> UsageError:
    return UsageError(f"cannot read {os.fspath(path)}: {said}")


# writing


def write(path: Name, data: bytes | str) -> None:
    """Put the data under this name: a reader finds what was there before, or all of it, whenever
    the machine stops.

    Text is written as UTF-8. What cannot be written is a UsageError, and nothing is left behind.
    """
    write_all([(path, data)])


def write_all(files: Sequence[tuple[Name, bytes | str]]) -> None:
    """Put each of these under its name, or none of them: all are written beside their places
    before the first one is moved there."""
    moves: list[tuple[Path, Path]] = []
    with ExitStack() as waste, ExitStack() as back:
        for path, data in files:
            with _said_of(path):
                content = data.encode(errors="backslashreplace") if isinstance(data, str) else data
                target = _place(path)
                if target in [known for known, _ in moves]:
                    raise UsageError(f"cannot write {path}: another result has this name too")
                if target.exists() and not target.is_file():
                    Path(path).write_bytes(content)  # a terminal or a pipe: no name to take
                else:
                    moves.append((target, _beside(target, content, waste)))
        for target, temporary in moves:
            with _said_of(target):
                if len(moves) > 1:
                    back.callback(_put_back, target, _content(target))
                os.replace(temporary, target)
                settle(target.parent)
        back.pop_all()


def make_folder(path: Name) -> None:
    """A folder of this name, if there is none; that it stands in is there already."""
    with _said_of(path):
        Path(path).mkdir(exist_ok=True)


@contextmanager
def _said_of(path: Name) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    except ValueError as error:  # a null byte in the name
        raise UsageError(f"cannot write {str(path)!r}: {error}") from None


def _place(path: Name) -> Path:
    """Where a file of this name is put; a link stays a link."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder; expected the name of a file")
    if not target.exists() and not target.parent.exists():
        link = f"it is a link to {target}, and " if Path(path).is_symlink() else ""
        folder = target.parent if link else Path(path).parent
        raise UsageError(f"cannot write {path}: {link}there is no folder {folder}; make it first")
    return target


def _beside(target: Path, content: bytes, waste: ExitStack) -> Path:
    """The content in a file beside the target, where a move is one step; it goes with the waste
    unless it is moved."""
    temporary = target.parent / f".symrnn-{secrets.token_hex(8)}.tmp"
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(None, "the file is read-only")
    with open(temporary, "xb") as file:
        waste.callback(temporary.unlink, missing_ok=True)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # a full disk says so here, before the old file is gone
    if mode is not None:
        temporary.chmod(mode)
    return temporary


def _content(target: Path) -> bytes | None:
    return target.read_bytes() if target.exists() else None


def _put_back(target: Path, content: bytes | None) -> None:
    if content is None:
        target.unlink(missing_ok=True)
    else:
        write(target, content)


def settle(folder: Path) -> None:
    """Put on the disk which names a folder has: without it a move may be forgotten when the power
    fails. Where folders cannot be opened (Windows) or synced, the system does it in its own time.
    """
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(number)
