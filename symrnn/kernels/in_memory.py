"""A kernel as a Python module in memory, of whichever back end, for the sizes that are said."""

from collections.abc import Mapping
from types import ModuleType

from symrnn.errors import UsageError
from symrnn.kernels.auto import fastest
from symrnn.kernels.generate import AUTO, check_widths, generate, helpers, target_of
from symrnn.kernels.load import compile_for
from symrnn.kernels.settings import Settings, Sizes
from symrnn.kernels.target import Target
from symrnn.language.tree import Written
from symrnn.system import normal
from symrnn.system.symbols import dimensions


def in_memory(
    written: Written,
    text: str,
    name: str,
    settings: Settings,
    backend: str | Target,
    widths: Mapping[str, int],
    batch: int | None = None,
    dtype: object = None,
    cpu: str | Target | None = None,
) -> ModuleType:
    """The module of a kernel. The sizes that are said hold where no others are; what a back end
    compiles for them is compiled now. A module that leaves its work to kernels on a CPU has them of
    the back end `cpu`.

    >>> from symrnn.model import load
    >>> model, settings = load("elman_n4"), Settings.of(3)
    >>> widths = {"D": 5, "H": 4, "C": 1}
    >>> in_memory(model.written, model.text, model.name, settings, "numpy", widths).SIZES
    {'D': 5, 'H': 4, 'C': 1}
    """
    known = dimensions(normal(written).symbols)
    check_widths(name, known, widths)
    sizes = Sizes.said(widths, batch, dtype)
    if backend == AUTO:
        if sizes is None or batch is None:
            wanted = ", ".join(f"{each}=…" for each in ("batch", *known))
            raise UsageError(f"'{AUTO}' measures for sizes; expected {wanted}")
        backend = fastest(written, text, name, settings, sizes).backend
    target = target_of(backend)
    if sizes is not None and target.contract is not None:
        raise UsageError(
            f"a kernel of the back end {target.name} is one for all sizes; expected batch, dtype"
            " and widths left out"
        )
    source = generate(written, text, name, settings, target, sizes)
    if cpu is not None:
        if target.load_with is None:
            raise UsageError(
                f"cpu= is for modules of the back end torch, and this one is {target.name}"
            )
        if settings.forward_only:
            raise UsageError(
                "a module with --forward-only leaves no work to kernels; expected cpu= left out, or"
                f" a kernel of the back end {target_of(cpu).name} by itself"
            )
        on_cpu = helpers(written, text, name, settings, target_of(cpu))
        return target.load_with(source, f"{name}_t{settings.steps}", on_cpu)
    module = target.load(source, f"{name}_t{settings.steps}")
    if sizes is not None:
        compile_for(module, sizes)
    return module
