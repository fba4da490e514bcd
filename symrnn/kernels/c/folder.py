"""A kernel in C as one Python module, which compiles it for the sizes that it is called with; and
as a folder for whoever needs no Python."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import isfinite

from symrnn.errors import UsageError
from symrnn.frame import render
from symrnn.kernels.c.example import example
from symrnn.kernels.c.layout import laid_out
from symrnn.kernels.c.names import identifier
from symrnn.kernels.c.plan import plan
from symrnn.kernels.c.room import check_budget
from symrnn.kernels.c.unit import Work, harmless, header, trains, unit, works
from symrnn.kernels.contract import Kernel
from symrnn.kernels.lines import wrapped
from symrnn.kernels.module import module
from symrnn.kernels.plans import Spelling
from symrnn.kernels.settings import Sizes
from symrnn.language.arrays import Array
from symrnn.system.symbols import dimensions


def source(kernel: Kernel) -> str:
    """The Python module of a kernel, with the C source in it."""
    dims, name = widths(kernel), identifier(kernel.name)
    any_batch = kernel.program.ragged  # where ends differ, a number more is known later only
    made = works(kernel, dims, any_batch)
    sources = {
        f"{name}.h": header(made, Sizes(any_batch=any_batch)),
        f"{name}.c": unit(made),
        "library.c": render(
            "c/library.c.jinja", name=name, macro=name.upper(), works=made, trains=trains(made[0])
        ),
    }
    sizes = [f"{name.upper()}_B", *made[0].macros.values()]
    build = render(
        "c/build.py.jinja",
        sources={key: quoted(text) for key, text in sources.items()},
        macro=name.upper(),
        prefix=name,
        sizes=wrapped("_SIZES = [", [f'"{n}"' for n in sizes], "]"),
        any_batch=any_batch,
    )
    spelling = Spelling(
        partial(plan, any_batch=any_batch),
        imports=lambda calls: "",
        standard=render("c/imports.py.jinja").strip(),
        helpers=lambda helpers: build,
        warns=False,
        complex_numbers=False,
        one_call=trains(made[0]),
        order="c/order.py.jinja",
    )
    return module(kernel, spelling)


def files(kernel: Kernel, sizes: Sizes) -> dict[str, str]:
    """The header and the source for these sizes, a program that shows them at work, and a Makefile;
    and the Python module."""
    if kernel.batch_first:
        raise UsageError(
            "--batch-first is for Python, whose module turns what comes in; in C the steps are"
            " first: leave it out"
        )
    dims, name = widths(kernel), identifier(kernel.name)
    if missing := [dim for dim in dims if dim not in sizes.dims]:
        raise UsageError(f"{missing[0]} is not said; expected --dims {','.join(dims)} with numbers")
    module_of = source(kernel)
    kernel = replace(kernel, remark=f"{kernel.remark} {sizes.options()}")
    made = works(kernel, dims, sizes.any_batch)
    check_budget(made, sizes)
    found = {
        f"{name}.h": header(made, sizes),
        f"{name}.c": unit(made),
        f"{name}.py": module_of,
    }
    if sizes.weights is not None:
        found["weights.h"] = weights_header(made[0], sizes.weights, sizes.dtype)
    found["main.c"] = example(made, sizes)
    found["Makefile"] = render(
        "c/Makefile.jinja",
        name=name,
        made=harmless(kernel.remark),
        comes_with_weights=sizes.weights is not None,
    )
    return found


def weights_header(whole: Work, weights: Mapping[str, Array], dtype: str) -> str:
    """Parameters as a constant struct."""
    digits, suffix = (9, "f") if dtype == "float32" else (17, "")

    def spelt(value: Array) -> str:
        if value.ndim:
            return "{" + ", ".join(map(spelt, value)) + "}"
        if not isfinite(value):
            raise UsageError(f"the weights hold {float(value)}, which C has no number for")
        text = f"{float(value):.{digits}g}"
        return text + ("" if set(text) & set(".en") else ".0") + suffix

    lines = [
        laid_out(f"    .{whole.spelling.own[name]} = {spelt(weights[name])},")
        for name in whole.params
    ]
    return render(
        "c/weights.h.jinja",
        name=whole.prefix,
        macro=whole.macro,
        lines=lines,
        made=harmless(whole.kernel.remark),
    )


def widths(kernel: Kernel) -> tuple[str, ...]:
    return tuple(dimensions(kernel.system.symbols))


def quoted(text: str) -> str:
    """A text as a literal of Python's, line by line as it stands where that is possible."""
    return repr(text) if '"""' in text else f'r"""{text}"""'
