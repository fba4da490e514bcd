"""`symrnn predict`: what a trained model says of sequences."""

import argparse
from typing import TYPE_CHECKING, Any

from symrnn.cli.options import add_run, as_json, one_thread
from symrnn.errors import UsageError, visible

if TYPE_CHECKING:
    from symrnn.training.runs.predict import Prediction


def add_options(parser: argparse.ArgumentParser) -> None:
    """By which run, and of what."""
    add_run(parser)
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


def predict(options: argparse.Namespace) -> str:
    """A line for each sequence, in their order."""
    one_thread()
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
    return as_json(rows)


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
