"""The C compiler of this machine, and kernels as files for it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cases import model

CC = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), "")
needs_compiler = pytest.mark.skipif(not CC, reason="there is no C compiler here")


def folder(where: Path, name: str, dtype: str = "float32") -> Path:
    """A kernel of four steps and three sequences as files."""
    dims = {dim: 3 + i for i, dim in enumerate(model(name).kernel(2).DIMS)}
    files = model(name).generate_files(4, dims=dims, batch=3, dtype=dtype)
    for file, text in files.items():
        (where / file).write_text(text)
    return where


STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
CLEAN = (
    *("-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "-DINLINE=static inline __attribute__((unused))",  # with each call written out it takes long
)


def compiled(where: Path, *flags: str) -> str:
    """What the compiler says of all C files there."""
    names = sorted(path.name for path in where.glob("*.c"))
    command = [CC, *STRICT, *flags, *names, "-o", "made", "-lm"]
    return subprocess.run(command, cwd=where, capture_output=True, text=True).stderr
