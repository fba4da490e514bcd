"""`symrnn predict`, `sample` and `evaluate`: their options, and what is done with them."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from symrnn.errors import UsageError, visible

if TYPE_CHECKING:
    from symrnn.training.runs.predict import Prediction

LENGTH = 200


def add_predict(parser: argparse.ArgumentParser) -> None:
    _add_run(parser)
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="texts to predict of")
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="a table with texts, a .txt file with one in each line, sequences in an .npz file, or"
        " data that come along",
    )
    parser.add_argument("--text", metavar="COLUMN", help="the column with the texts")
    parser.add_argument(
        "--format", choices=("tsv", "json"), default="tsv", help="json has every probability"
    )


def add_sample(parser: argparse.ArgumentParser) -> None:
    _add_run(parser)
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


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    _add_run(parser)
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


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="DIR", help="the directory of a run of symrnn train")


# what is done


def predict(options: argparse.Namespace) -> str:
    """A line for each sequence, in their order."""
    from symrnn.training.runs.predict import from_data, from_texts
    from symrnn.training.runs.predict import predict as predictions
    from symrnn.training.runs.trained import trained

    if bool(options.texts) == (options.data is not None):
        raise UsageError(
            f"{'both texts and --data' if options.texts else 'nothing to predict of'} given;"
            " expected one of TEXT … and --data FILE"
        )
    run = trained(options.run)
    if options.texts:
        names, xs = from_texts(run, options.texts)
    else:
        names, xs = from_data(run, options.data, options.text)
    found = predictions(run, names, xs)
    return _json(found) if options.format == "json" else "".join(map(_line, found))


def _json(found: "list[Prediction]") -> str:
    rows = []
    for each in found:
        row = {"of": each.of, "prediction": each.answer}
        if each.probability is not None:
            row |= {"probability": each.probability, "probabilities": each.others}
        rows.append(row)
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _line(found: "Prediction") -> str:
    cells = [found.of, _cell(found.answer)]
    if found.probability is not None:
        cells.append(f"{found.probability:.4f}")
    return "\t".join(map(_escaped, cells)) + "\n"


def _cell(answer: Any) -> str:
    if isinstance(answer, list):
        return " ".join(map(_cell, answer))
    return f"{answer:.6g}" if isinstance(answer, float) else str(answer)


def _escaped(text: str) -> str:
    r"""
    >>> _escaped("a\tb\n")
    'a\\tb\\n'
    """
    for mark, said in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n")):
        text = text.replace(mark, said)
    return visible(text)


def sample(options: argparse.Namespace) -> str:
    """A text."""
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


def evaluate(options: argparse.Namespace) -> str:
    """Loss, metric, and what was taken for what."""
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
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
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
