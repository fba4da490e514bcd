"""The C compiler of this machine, and kernels as files for it."""

import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from symrnn.kernels.load import load_source
from tests.cases import model

CC = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), "")
needs_compiler = pytest.mark.skipif(not CC, reason="there is no C compiler here")


def folder(
    where: Path, name: str, dtype: str = "float32", batch: int | str = 3, **features: Any
) -> Path:
    """A kernel of four steps and three sequences as files."""
    dims = {dim: 3 + i for i, dim in enumerate(model(name).kernel(2).DIMS)}
    files = model(name).generate_files(4, dims=dims, batch=batch, dtype=dtype, **features)
    for file, text in files.items():
        (where / file).write_text(text)
    return where


def quick(source: str) -> ModuleType:
    """The module of a source, which compiles in less time what then takes longer to run."""
    flags = '"-O0", "-DINLINE=static inline __attribute__((unused))"'
    return load_source(source.replace('"-O3", "-march=native"', flags), "quick")


CLEAN = (
    *("-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "-DINLINE=static inline __attribute__((unused))",  # with each call written out it takes long
)
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
