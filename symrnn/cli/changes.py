"""What a command may change about the model that it is given: its options, and what is done."""

import argparse
from typing import TYPE_CHECKING

from symrnn.cli import derive_options
from symrnn.library import zoo

if TYPE_CHECKING:
    from symrnn.model import Model

MASKS = {
    "--dropout": "masks on these, wherever an equation outside of their recurrence reads them: h,x",
    "--recurrent-dropout": "masks on these where their own recurrence reads them, one for all"
    " steps: h",
    "--zoneout": "masks by which these states keep features from step to step: h,c",
}


def add_strict(parser: argparse.ArgumentParser) -> None:
    """For whoever reads a model."""
    parser.add_argument(
        "--strict", action="store_true", help="refuse a model that would be warned of otherwise"
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """In the order in which they are done."""
    parser.add_argument(
        "--head",
        metavar="HEAD",
        help=f"another read-out and loss: {', '.join(zoo.heads())}, a file",
    )
    parser.add_argument(
        "--step-weights",
        action="store_const",
        const=True,
        help="a weight for each step on the loss: 0 where there is no target",
    )
    for option, what in MASKS.items():
        parser.add_argument(option, type=derive_options.names, metavar="NAMES", help=what)


def given(options: argparse.Namespace) -> dict[str, object]:
    """What is asked for, under the name of each option; None where nothing is."""
    return {
        option: getattr(options, option.removeprefix("--").replace("-", "_"))
        for option in ("--head", "--step-weights", *MASKS)
    }


def changed(model: "Model", options: argparse.Namespace) -> "Model":
    """The model under the head, with the weights and the masks that the options ask for."""
    if options.head is not None:
        model = model.with_head(options.head)
    if options.step_weights:
        model = model.with_weights()
    if options.dropout or options.recurrent_dropout:
        model = model.with_dropout(options.dropout or (), options.recurrent_dropout or ())
    if options.zoneout:
        model = model.with_zoneout(options.zoneout)
    return model
