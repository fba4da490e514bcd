"""A source compiled in memory. Its lines are known to tracebacks and debuggers, and what is made
of it can be copied and pickled: a pickle holds the source."""

import hashlib
import linecache
from functools import lru_cache, partial
from types import ModuleType
from typing import Any

from symrnn.errors import CompilerError
from symrnn.kernels.settings import Sizes
from symrnn.language.arrays import np


class Loaded(ModuleType):
    """A module that stands under no name in sys.modules."""

    def __init__(self, source: str, name: str) -> None:
        super().__init__(name)
        self.__source__ = source

    def __reduce__(self) -> tuple[Any, ...]:
        return load_source, (self.__source__, self.__name__)


def load_source(source: str, name: str) -> ModuleType:
    """The module of a source text.

    >>> load_source("def f():\\n    return 7\\n", "seven").f()
    7
    """
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    filename = f"<symrnn {name} {digest}>"
    module = Loaded(source, name)
    module.__file__ = filename
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), module.__dict__)
    if "CompilerError" in module.__dict__:
        module.__dict__["CompilerError"] = CompilerError  # an error of ours, and a RuntimeError too
    if "_kernel_like" in module.__dict__:
        module.__dict__["_kernel_like"] = partial(_kernel_like, source, name)
    return module


def check_compiler(module: ModuleType) -> None:
    """Say now if what a module has to compile cannot be compiled here."""
    getattr(module, "_compiler", list)()  # a module that compiles nothing has no such function


def compile_for(module: ModuleType, sizes: Sizes) -> None:
    """Compile now, where a module has something to compile, what it needs for these sizes."""
    if hasattr(module, "_library"):
        dims = [sizes.dims[name] for name in module.DIMS]
        module._library(np.dtype(sizes.dtype), sizes.batch, *dims)


def _kernel_like(
    source: str, name: str, batch: int, dtype: Any, theta: Any, dims: Any, *fixed: Any
) -> Any:
    """A kernel of a source; see the function of this name in a generated file."""
    given = {"fixed": fixed[0]} if fixed else {}
    return _known(source, name).Kernel(batch, dtype=dtype, theta=theta, **given, **dims)


_known = lru_cache(maxsize=32)(load_source)
