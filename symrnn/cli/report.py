"""`symrnn report`: everything that a model or a run shows of itself, as one page to mail."""

import argparse
import os
from typing import TYPE_CHECKING

from symrnn.cli.options import add_model, given_changes, load, names, one_thread
from symrnn.errors import UsageError

if TYPE_CHECKING:
    from symrnn.model import Model
    from symrnn.page.asked import Asked
    from symrnn.page.run import Run

ABOUT = """MODEL may also be the directory of a run of symrnn train: then the page has its weights,
its data and its training too. The page is one file that needs no network; its script only lets
terms light up."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of which model or run, and how it is looked at."""
    add_model(parser)
    parser.description = f"{parser.description}\n\n{ABOUT}"
    parser.add_argument(
        "--steps", type=int, metavar="T", help="of what is unrolled (default: 3, or what fits)"
    )
    parser.add_argument("--scalar", action="store_true", help="every width 1")
    parser.add_argument(
        "--notation", default="default", metavar="N", help="N1 … N5 (the notes' letters), books, …"
    )
    parser.add_argument(
        "--view", type=names, default=(), metavar="V[,V]", help="the views of the derivation"
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="JSON with x and y, or the notes' own: cat-mat-rat, reviews, hello; notes: what"
        " suits; for a run, data of the same kind as its own",
    )
    parser.add_argument("--seed", type=int, metavar="S", help="for what is drawn (default: 0)")
    parser.add_argument("--title", default="", help="the title of the page")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file")


def report(options: argparse.Namespace) -> str:
    """The page."""
    from symrnn.derive.sheets import check_views
    from symrnn.derive.sizes import check_sizes
    from symrnn.page.report import Report
    from symrnn.page.subject import Subject

    one_thread()
    check_views(options.view)
    is_run = options.model is not None and os.path.isdir(options.model)
    run = _run(options) if is_run else None
    model = load(options) if run is None else run.model
    check_sizes(model.system, options.steps, {}, options.scalar)
    asked = _asked(options, model, "" if run else _data(options.data))
    return Report(Subject(asked, run), options.title).html


def _asked(options: argparse.Namespace, model: "Model", data: str) -> "Asked":
    from symrnn.page.asked import Asked

    values = {
        "text": model.text,
        "name": model.name,
        "scalar": options.scalar,
        "notation": options.notation,
        "views": options.view,
        "data": data,
    }
    values |= {n: getattr(options, n) for n in ("steps", "seed") if getattr(options, n) is not None}
    return Asked.of(values)


def _data(source: str | None) -> str:
    """What the page is asked of data: a name, or what stands in a file."""
    from symrnn.derive.worked.data import BUILT_IN, MAX_BYTES
    from symrnn.files import read
    from symrnn.library.texts import decoded

    if source is None or source in BUILT_IN:
        return source or ""
    return decoded(read(source, MAX_BYTES, "a worked example needs a few numbers"), source)


def _run(options: argparse.Namespace) -> "Run":
    from symrnn.page.run import Run

    for name, value in given_changes(options).items():
        if value is not None:
            raise UsageError(f"{name}: a run has its own; leave it out")
    for name in ("file", "equations", "seed"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name}: a run has its own; leave it out")
    return Run(options.model, options.data)
