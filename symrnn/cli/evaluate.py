"""`symrnn evaluate`: how good a trained model is."""

import argparse
from typing import Any

from symrnn.cli.options import add_run, as_json, one_thread


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which run, and on what."""
    add_run(parser)
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="of the same kind as the run's; without, what the run kept apart for validation, or"
        " else what it was trained on",
    )
    parser.add_argument("--text", metavar="COLUMN", help="the column with the texts")
    parser.add_argument("--label", metavar="COLUMN", help="the column with the labels")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people or for programs"
    )


def evaluate(options: argparse.Namespace) -> str:
    """Loss, metric, and what was taken for what."""
    one_thread()
    from symrnn.training.runs.display import confusion, table
    from symrnn.training.runs.scores import evaluate as scores_of
    from symrnn.training.runs.trained import trained

    run = trained(options.run)
    scores, part = scores_of(run, options.data, options.text, options.label)
    labels = run.config.task.labels
    if options.format == "json":
        found: dict[str, Any] = {"on": part, "counted": scores.counted, "loss": scores.loss}
        found[scores.metric] = scores.value
        if scores.confusion is not None:
            found |= {"labels": labels, "confusion": scores.confusion.tolist()}
        return as_json(found)
    what = "steps" if run.config.task.timed else "sequences"
    rows = [
        ("on", f"{part}, {scores.counted:,} {what}"),
        ("loss", f"{scores.loss:.4g}"),
        (scores.metric, scores.said()),
    ]
    text = table(str(options.run), rows)
    if scores.confusion is not None:
        text += "\n" + confusion(scores.confusion, labels, part)
    return text
