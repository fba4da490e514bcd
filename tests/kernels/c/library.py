"""Functions of a C file, called from Python: the file is included, and what is asked for is
exported."""

import ctypes
import subprocess
from pathlib import Path

from tests.kernels.c.compiler import CC


def library(where: Path, name: str, more: str, *flags: str) -> ctypes.CDLL:
    """`more` behind the source of a kernel, as a shared object."""
    (where / "more.c").write_text(f'#include "{name}.c"\n{more}')
    options = ["-std=c99", "-O3", "-march=native", "-ffp-contract=fast", "-fPIC", "-shared"]
    command = [CC, *options, *flags, "more.c", "-o", "more.so", "-lm"]
    subprocess.run(command, cwd=where, check=True)
    return ctypes.CDLL(str(where / "more.so"))
