"""`symrnn models` and `symrnn summary`: what comes along, and what a model has."""

import argparse

from symrnn.cli.options import add_format, add_model, as_json, dims, load
from symrnn.library import zoo


def add_models(parser: argparse.ArgumentParser) -> None:
    """How they are listed."""
    add_format(parser)


def models(options: argparse.Namespace) -> str:
    """A line for each model that comes along."""
    found = zoo.models()
    if options.format == "json":
        return as_json([{"name": name, "about": about} for name, about in found.items()])
    width = max(map(len, found))
    return "".join(f"{name:<{width}}  {about}\n" for name, about in found.items())


def add_summary(parser: argparse.ArgumentParser) -> None:
    """Of which model, and with which widths."""
    add_model(parser)
    parser.add_argument(
        "--dims", type=dims, default={}, metavar="D=5,H=3", help="widths, to count with"
    )
    add_format(parser)


def summary(options: argparse.Namespace) -> str:
    """Parameters with shapes and counts, states, inputs and outputs."""
    found = load(options).summary(options.dims)
    return as_json(found.as_json()) if options.format == "json" else str(found)
