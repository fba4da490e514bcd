"""`symrnn verify`: its options, and what is done with them."""

import argparse
from typing import TYPE_CHECKING

from symrnn.cli.options import (
    Answer,
    add_backend,
    add_features,
    add_format,
    add_model,
    as_json,
    dims,
    features,
    given_changes,
    load,
    names,
)
from symrnn.errors import UsageError

if TYPE_CHECKING:
    from symrnn.kernels.settings import Features
    from symrnn.kernels.verification.generated import Comparison
    from symrnn.kernels.verification.report import Report
    from symrnn.model import Model

GENERATED = """A path that ends in .py is a file that `symrnn generate` has made: the model's text
is read from it, the file is EXECUTED, and what it computes is held against that text. With
--static nothing is executed: it is generated anew from its text, and the bytes are compared."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How a kernel is made, and what it is tried on."""
    add_model(parser)
    parser.description = f"{parser.description}\n\n{GENERATED}"
    kernel = parser.add_argument_group("the kernel of a model (a generated file says its own)")
    kernel.add_argument("--steps", type=int, metavar="T", help="how many steps (default: 3)")
    way = kernel.add_mutually_exclusive_group()
    way.add_argument(
        "--loop", dest="loops", action="store_true", default=None, help="a loop over the steps"
    )
    way.add_argument(
        "--unroll", dest="loops", action="store_false", default=None, help="every step written out"
    )
    kernel.add_argument(
        "--wrt",
        type=names,
        default=(),
        metavar="NAMES",
        help="gradients by these inputs and initial states too, as x,O0",
    )
    tried = parser.add_argument_group("what it is tried on")
    tried.add_argument("--batch", type=int, metavar="B", help="how many sequences (default: 2)")
    tried.add_argument("--seed", type=int, metavar="S", help="for what is drawn (default: 0)")
    parser.add_argument(
        "--static", action="store_true", help="compare a generated file with what is generated now"
    )
    add_features(parser)
    add_backend(parser)
    parser.add_argument(
        "--dims", type=dims, default={}, metavar="D=5,H=3", help="widths (drawn where unsaid)"
    )
    add_format(parser)


def verify(options: argparse.Namespace) -> Answer:
    """The report, and 1 where something does not hold."""
    chosen = features(options)
    found: Report | Comparison
    if options.model is not None and options.model.endswith(".py"):
        found = _generated(options, chosen)
    else:
        found = _model(load(options), options, chosen)
    text = as_json(found.as_json()) if options.format == "json" else str(found)
    return Answer(text, 0 if found.holds else 1)


def _model(model: "Model", options: argparse.Namespace, features: "Features") -> "Report":
    """A model's kernel, generated in memory."""
    if options.static:
        raise UsageError("--static is for a generated file; expected a path that ends in .py")
    return model.verify(
        options.steps,
        options.loops,
        options.wrt,
        _or(options.batch, 2),
        options.dims,
        _or(options.seed, 0),
        options.backend,
        **features,
    )


def _generated(options: argparse.Namespace, features: "Features") -> "Report | Comparison":
    """A generated file: executed, or compared."""
    from symrnn.kernels.settings import option
    from symrnn.kernels.verification.generated import compare, read_source, verify_source

    file = options.model
    for name in ("file", "equations"):
        if getattr(options, name) is not None:
            raise UsageError(f"{file} is a generated file; -f and -e are for another model")
    for name, value in (
        ("--steps", options.steps),
        ("--loop and --unroll", options.loops),
        ("--wrt", options.wrt or None),
        ("--backend", None if options.backend == "numpy" else options.backend),
        *given_changes(options).items(),
        *((option(name), value or None) for name, value in features.items()),
    ):
        if value is not None:
            raise UsageError(f"{file} is a generated file and says its own; leave out {name}")
    source = read_source(file)
    if options.static:
        for name in ("batch", "seed"):
            if getattr(options, name) is not None:
                raise UsageError(f"--static tries nothing out; leave out --{name}")
        return compare(source, file)
    return verify_source(source, file, _or(options.batch, 2), options.dims, _or(options.seed, 0))


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
