"""Writing files: whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from symrnn.errors import UsageError


def write(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Put the data under this name: a reader finds what was there before, or all of it.

    Text is written as UTF-8. What cannot be written is a UsageError, and nothing is left behind.
    """
    content = data.encode(errors="backslashreplace") if isinstance(data, str) else data
    try:
        target = Path(os.path.realpath(path))  # a link stays a link
        if target.is_dir():
            raise UsageError(f"cannot write {path}: it is a folder; expected the name of a file")
        if target.exists() and not target.is_file():
            Path(path).write_bytes(content)  # a terminal or a pipe: there is no name to take
        elif not target.parent.exists():
            link = f"it is a link to {target}, and " if Path(path).is_symlink() else ""
            folder = target.parent if link else Path(path).parent
            raise UsageError(
                f"cannot write {path}: {link}there is no folder {folder}; make it first"
            )
        else:
            _replace(target, content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    except ValueError as error:  # a null byte in the name
        raise UsageError(f"cannot write {str(path)!r}: {error}") from None


def _replace(target: Path, content: bytes) -> None:
    """Write beside the target, where a move is one step, and move it there."""
    temporary = target.parent / f".symrnn-{secrets.token_hex(8)}.tmp"
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(None, "the file is read-only")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a full disk says so here, before the old file is gone
        if mode is not None:
            temporary.chmod(mode)
        os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
