"""`symrnn show`: a model as it is written, as a system of equations, or as a program."""

import argparse
from typing import TYPE_CHECKING

from symrnn.cli.options import (
    add_features,
    add_format,
    add_model,
    add_schedule,
    as_json,
    features,
    load,
    names,
    passes,
)
from symrnn.errors import UsageError

if TYPE_CHECKING:
    from symrnn.model import Model


def add_options(parser: argparse.ArgumentParser) -> None:
    """In which form it is shown."""
    add_model(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--normal", action="store_true", help="every equation of one kind")
    form.add_argument("--adjoint", action="store_true", help="with the gradient of the loss")
    parser.add_argument("--unroll", type=int, metavar="T", help="written out for T steps")
    parser.add_argument(
        "--wrt",
        type=names,
        default=(),
        metavar="NAMES",
        help="with --adjoint: the gradient by these inputs and initial states too, as x,O0",
    )
    parser.add_argument(
        "--program", action="store_true", help="the statements of the kernel for --steps T"
    )
    parser.add_argument("--steps", type=int, metavar="T", help="with --program: how many steps")
    add_schedule(parser)
    add_features(parser)
    add_format(parser)


def show(options: argparse.Namespace) -> str:
    """The text, or the equations, of a model."""
    model = load(options)
    if options.wrt and not (options.adjoint or options.program):
        raise UsageError("--wrt asks for gradients; say --adjoint too")
    for name in ("steps", "passes", "loops"):
        if getattr(options, name) is not None and not options.program:
            said = {"loops": "--loop"}.get(name, f"--{name}")
            raise UsageError(f"{said} is for --program; say that too")
    form = options.normal or options.adjoint or options.program
    if not form and options.unroll is None:
        if options.format == "json":
            return as_json({"model": model.name, "form": "written", "text": model.text})
        return model.text if model.text.endswith("\n") else model.text + "\n"
    if options.program:
        return _program(model, options)
    from symrnn.system import unroll
    from symrnn.system.listing import as_json as as_data
    from symrnn.system.listing import listing

    form = "normal form"
    system = model.system
    if options.adjoint:
        system, form = model.gradient(options.wrt), "with its adjoint"
    if options.unroll is not None:
        system, form = unroll(system, options.unroll), f"{form}, {options.unroll} steps"
    if options.format == "json":
        return as_json({"model": model.name, "form": form, **as_data(system)})
    return listing(system, f"{model.name}: {form}")


def _program(model: "Model", options: argparse.Namespace) -> str:
    from symrnn.kernels.generate import program
    from symrnn.kernels.settings import Settings

    if options.steps is None:
        raise UsageError("--program is for a number of steps; say --steps T")
    loops = True if options.loops is None else options.loops
    settings = Settings.of(
        options.steps, loops, options.wrt, **passes(options), **features(options)
    )
    if settings.checkpoint:
        raise UsageError(
            "--program shows one program, and --checkpoint makes several; leave it out"
        )
    *_, made = program(model.written, settings)
    if options.format == "json":
        return as_json({"model": model.name, "form": "program", "text": str(made)})
    return str(made)
