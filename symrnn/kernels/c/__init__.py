"""Programs as C99: structs for parameters, inputs and memory, and functions without allocation.

- `spelling`    slices and single numbers of a program in C
- `statements`  statements as loops and products; those over the same entries as one loop
- `unit`        the header and the source file
- `plan`        the function of a Python module that makes the structs and calls the functions
"""

from symrnn.frame import render
from symrnn.kernels.c.plan import plan
from symrnn.kernels.c.unit import header, identifier, unit, works
from symrnn.kernels.contract import Kernel
from symrnn.kernels.module import module
from symrnn.kernels.plans import Spelling
from symrnn.kernels.program.lower import ELEMENTARY
from symrnn.kernels.target import Target
from symrnn.system.symbols import dimensions

IMPORTS = """import ctypes
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
"""


def source(kernel: Kernel) -> str:
    """The Python module of a kernel, with the C source in it."""
    dims, name = tuple(dimensions(kernel.system.symbols)), identifier(kernel.name)
    sizes = [f"{work.prefix}_{part}" for work in works(kernel, dims) for part in ("memory", "inputs")]
    texts = {
        f"{name}.h": header(kernel, dims),
        f"{name}.c": unit(kernel, dims),
        "sizes.c": "\n".join(
            [f'#include "{name}.c"', *(f"const long {one}_bytes = sizeof({one});" for one in sizes), ""]
        ),
    }
    build = render(
        "c/build.py.jinja",
        sources={key: quoted(text) for key, text in texts.items()},
        macro=name.upper(),
        prefix=name,
    )
    spelling = Spelling(
        plan,
        imports=lambda calls: IMPORTS,
        helpers=lambda helpers: build,
        complex_numbers=False,
    )
    return module(kernel, spelling)


def quoted(text: str) -> str:
    """A text as a literal of Python's, line by line as it stands where that is possible."""
    if "\\" in text or '"""' in text:
        return repr(text)
    return f'"""\\\n{text}"""'


C = Target(
    name="c",
    gradient=("fold", "hoist_products", "peel", "lower", "turn", "unroll", "shrink"),
    forward=("fuse", "lower", "peel", "turn", "unroll", "shrink"),
    step=("lower", "peel", "turn", "one_place"),
    source=source,
    elementary=ELEMENTARY,
    kinds=(),
    features=frozenset({"forward_only", "batch_first"}),
)
"""One pass over what lies side by side: products leave a loop where they can, and what is worked
out entry by entry is one loop."""

__all__ = ["C", "source"]
