"""`symrnn generate`: a kernel of a model."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from symrnn.cli.options import (
    Answer,
    add_backend,
    add_features,
    add_model,
    add_schedule,
    dims,
    features,
    load,
    passes,
)
from symrnn.errors import UsageError
from symrnn.files import make_folder, read

if TYPE_CHECKING:
    from symrnn.language.arrays import Array
    from symrnn.model import Model

FOLDER = """With --backend c, -o FILE.py is a Python module that compiles the kernel for whatever
sizes it is called with; -o DIR is a folder with NAME.h, NAME.c, that module, a program that shows
it at work and a Makefile, for the sizes that are said. With --backend torch, -o FILE.py is a module
for PyTorch, for any widths and any number of sequences; with --backend jax it is pure functions
that JAX differentiates by the derived gradient."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How the kernel is made."""
    add_model(parser)
    parser.description = f"{parser.description}\n\n{FOLDER}"
    parser.add_argument("--steps", type=int, required=True, metavar="T", help="how many steps")
    add_schedule(parser)
    add_features(parser)
    add_backend(parser)
    sizes = parser.add_argument_group("the sizes of a folder (--backend c)")
    sizes.add_argument("--dims", type=dims, metavar="D=5,H=3", help="widths")
    sizes.add_argument(
        "--batch",
        metavar="B",
        help="sequences at a time (default: 1); any, or any:64: as many as are said when it runs,"
        " 32 or 64 at most",
    )
    sizes.add_argument(
        "--dtype", choices=("float32", "float64"), help="of all numbers (default: float32)"
    )
    sizes.add_argument(
        "--math",
        choices=("poly", "libm"),
        help="exp and tanh as polynomials, in which a compiler works out many at a time and whose"
        " error the header states, or those of libm (default: poly)",
    )
    sizes.add_argument(
        "--memory",
        type=int,
        metavar="BYTES",
        help="refuse a kernel whose structs take more than so many bytes",
    )
    sizes.add_argument(
        "--weights",
        metavar="RUN",
        help="the directory of a run, or a file with weights: they come along as weights.h, and"
        " widths are theirs",
    )
    parser.add_argument("--name", metavar="NAME", help="what the kernel calls itself")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it")


def _check_own(path: str) -> None:
    """A file that is there already is replaced only if it was made like this."""
    from symrnn.kernels.generate import MADE

    if os.path.exists(path) and MADE not in read(path, 10_000_000, "no generated file").decode(
        errors="replace"
    ):
        raise UsageError(
            f"{path} is there already, and symrnn did not make it; expected another -o DIR"
        )


def _weights(path: str, model: "Model") -> "dict[str, Array]":
    from symrnn.weights import load

    return load(os.path.join(path, "weights.safetensors") if os.path.isdir(path) else path, model)


def generate(options: argparse.Namespace) -> str | Answer:
    """The source of the kernel, or its files."""
    model = load(options)
    sizes: dict[str, Any] = {
        key: value
        for key in ("dims", "batch", "dtype", "math", "memory")
        if (value := getattr(options, key)) is not None
    }
    if options.weights is not None:
        sizes["weights"] = _weights(options.weights, model)
    made = {**passes(options), **features(options), "backend": options.backend}
    folder = options.output is not None and not options.output.endswith(".py")
    if not sizes and (not folder or options.backend != "c"):
        return model.generate(options.steps, options.loops, options.wrt, options.name, **made)
    if not folder:
        raise UsageError(
            f"--{min(sizes)} is for a folder with files for one size; expected -o DIR, or a kernel"
            " for all sizes without it"
        )
    found = model.generate_files(
        options.steps, options.loops, options.wrt, options.name, **made, **sizes
    )
    if options.output.endswith((".c", ".h")):
        raise UsageError(f"{options.output} names a file; expected -o DIR, or -o FILE.py")
    make_folder(options.output)
    for name in found:
        _check_own(os.path.join(options.output, name))
    return Answer("", 0, tuple((os.path.join(options.output, n), t) for n, t in found.items()))
