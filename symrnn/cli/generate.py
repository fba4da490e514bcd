"""`symrnn generate`: a NumPy kernel of a model."""

import argparse

from symrnn.cli.options import add_features, add_model, add_schedule, features, load, passes


def add_options(parser: argparse.ArgumentParser) -> None:
    """How the kernel is made."""
    add_model(parser)
    parser.add_argument("--steps", type=int, required=True, metavar="T", help="how many steps")
    add_schedule(parser)
    add_features(parser)
    parser.add_argument("--name", metavar="NAME", help="what the kernel calls itself")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it")


def generate(options: argparse.Namespace) -> str:
    """The source of the kernel."""
    model = load(options)
    return model.generate(
        options.steps,
        options.loops,
        options.wrt,
        options.name,
        passes(options).get("passes"),
        **features(options),
    )
