"""`symrnn sample`: text by a model that was trained on running text."""

import argparse

from symrnn.cli.options import add_run, one_thread
from symrnn.errors import UsageError

LENGTH = 200


def add_options(parser: argparse.ArgumentParser) -> None:
    """By which run, and how daring."""
    add_run(parser)
    parser.add_argument(
        "--start", metavar="TEXT", help="how it begins (default: as the text that was learnt)"
    )
    parser.add_argument(
        "--length",
        type=int,
        default=LENGTH,
        metavar="N",
        help=f"tokens after the start (default: {LENGTH})",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="t",
        help="below 1 what is likely is likelier yet, 0 takes the likeliest (default: 1)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="for what is drawn (default: 0)"
    )


def sample(options: argparse.Namespace) -> str:
    """A text."""
    one_thread()
    from symrnn.training.runs.predict import sample as drawn
    from symrnn.training.runs.trained import is_text, trained

    run = trained(options.run)
    if run.vocabulary is None or not is_text(run.config):
        raise UsageError(
            f"{options.run} holds a model for the task '{run.config.task.kind}'; samples are for"
            " one of running texts, which says what comes next. symrnn predict is for this one"
        )
    if options.seed < 0:
        raise UsageError(f"--seed is {options.seed}; expected a whole number from 0 up")
    start = options.start
    if start is None:
        start = run.vocabulary.decode([run.config.begins or 0])
    kernels = run.kernels(1)
    text = drawn(kernels, run.vocabulary, start, options.length, options.temperature, options.seed)
    return text + "\n"
