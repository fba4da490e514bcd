"""Which back end is the quickest for some sizes: measured once, and remembered.

What is remembered lies beside what was compiled, a small file for each question: both sources (and
with them their flags), the sizes, the compiler, NumPy, the machine and its threads. Whoever
measures first says it for all; a file that is damaged is as good as none.
"""

import hashlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symrnn.clock import take_turns
from symrnn.errors import UsageError
from symrnn.kernels.generate import BACKENDS, complete, kernel
from symrnn.kernels.load import check_compiler, compile_for
from symrnn.kernels.settings import Settings, Sizes
from symrnn.language.tree import Written

SECONDS = 0.1
"""For about so long each is measured."""
THREADS = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"


@dataclass(frozen=True)
class Choice:
    """A back end, and the seconds that a call takes with each; none where there was no choice."""

    backend: str
    seconds: Mapping[str, float]

    def __str__(self) -> str:
        """
        >>> print(Choice("c", {"numpy": 3.12e-5, "c": 1.8e-6}))
        c (numpy 31.2 µs a step, c 1.8 µs)
        >>> print(Choice("numpy", {}))
        numpy (there is no other)
        """
        each = [f"{name} {1e6 * took:,.1f} µs" for name, took in self.seconds.items()]
        each[:1] = [f"{first} a step" for first in each[:1]]
        return f"{self.backend} ({', '.join(each) or 'there is no other'})"


def fastest(written: Written, text: str, name: str, settings: Settings, sizes: Sizes) -> Choice:
    """The back end whose kernel is the quickest for these sizes, of those that work on NumPy's
    arrays and have its features and, where they compile, a compiler."""
    wanted = {feature for feature, value in settings.features.items() if value}
    able = [t for t in BACKENDS.values() if wanted <= t.features and t.contract is None]
    modules: dict[str, ModuleType] = {}
    for target in able:
        made = kernel(written, text, name, settings, target)
        sizes = complete(made, sizes)
        module = target.load(target.source(made), name)
        with suppress(UsageError):
            check_compiler(module)
            modules[target.name] = module
    places = [module for module in modules.values() if hasattr(module, "_cache")]
    if len(modules) == 1 or not places:
        return Choice(next(iter(modules)), {})
    path = Path(places[0]._cache()) / f"auto-{_key(modules, sizes)}.json"
    found = remembered(path, modules)
    if found is None:
        found = measured(modules, sizes)
        if found.seconds:
            found = remember(path, found, modules)
    return found


def _key(modules: Mapping[str, ModuleType], sizes: Sizes) -> str:
    """What the answer depends on, in short."""
    said = [repr(sizes), np.__version__, platform.python_version(), str(os.cpu_count())]
    said += [os.environ.get(name, "") for name in THREADS]
    for module in modules.values():
        said += [module.__dict__["__source__"]]
        if hasattr(module, "_compiler"):
            said += [repr(module._compiler()), module._machine()]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:24]


# measuring


def measured(modules: Mapping[str, ModuleType], sizes: Sizes) -> Choice:
    """Whichever takes the least time; one that cannot be compiled does not take part."""
    steps: dict[str, Callable[[], object]] = {}
    for name, module in modules.items():
        with suppress(UsageError):
            compile_for(module, sizes)
            steps[name] = call_of(module, sizes)
    if len(steps) == 1:
        return Choice(next(iter(steps)), {})
    figures = take_turns(steps, SECONDS, time.perf_counter)  # with the threads that there are
    seconds = {name: figure.median for name, figure in figures.items()}
    return Choice(min(seconds, key=lambda name: seconds[name]), seconds)


def call_of(module: ModuleType, sizes: Sizes) -> Callable[[], object]:
    """What a training step asks of a kernel; what it has instead, without a loss or gradients."""
    file: dict[str, Any] = module.__dict__
    rng, known = np.random.default_rng(0), {"T": module.STEPS, "B": sizes.batch, **sizes.dims}
    made = module.Kernel(sizes.batch, dtype=sizes.dtype, **sizes.dims)
    for name, value in module.init_params(0, sizes.dtype, **sizes.dims).items():
        made.params[name][...] = value

    def drawn(name: str, axes: Any) -> Any:
        shape = module._sizes(axes, known)
        if name in file.get("IDS", {}):
            return rng.integers(module._sizes((module.IDS[name],), known)[0], size=shape)
        return rng.uniform(0.1, 0.9, shape).astype(sizes.dtype)  # a logarithm has a value there

    weights = {name: drawn(name, axes) for name, axes in module.OUTPUTS.items()}
    inputs = {name: drawn(name, axes) for name, axes in module.INPUTS.items()}
    if hasattr(made, "loss_and_grads"):
        return lambda: made.loss_and_grads(**inputs)
    if hasattr(made, "vjp"):
        return lambda: made.vjp(weights, **inputs)
    return lambda: made.forward(**inputs)


# remembering


def remembered(path: Path, modules: Mapping[str, ModuleType]) -> Choice | None:
    """The answer that a file has, if it has one."""
    try:
        read = json.loads(path.read_bytes())
        seconds = {name: float(read["seconds"][name]) for name in modules}
        return Choice(read["backend"], seconds) if read["backend"] in list(modules) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def remember(path: Path, found: Choice, modules: Mapping[str, ModuleType]) -> Choice:
    """Keep an answer, unless someone else was first: then that is the answer."""
    text = json.dumps({"backend": found.backend, "seconds": dict(found.seconds)})
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / "made.json"
            made.write_text(text, "utf-8")
            try:
                os.link(made, path)  # one step, and none where there is a file
            except OSError:
                if (known := remembered(path, modules)) is not None:
                    return known
                os.replace(made, path)
    except OSError:  # no room: it is measured again next time
        pass
    return found
