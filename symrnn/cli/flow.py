"""`symrnn flow`: how the gradient flows through time."""

import argparse
import os
from typing import TYPE_CHECKING, Any

from symrnn.cli.options import Answer, add_format, add_model, as_json, dims, named, one_thread
from symrnn.errors import UsageError
from symrnn.library import zoo

if TYPE_CHECKING:
    from symrnn.flow.data import Flow
    from symrnn.training.runs.plain_batch import PlainBatch

STEPS, BATCH, WIDTH = 20, 8, 8
"""Of what is drawn, where nothing is said."""

ABOUT = """MODEL may also be the directory of a run of symrnn train: then its weights and its data
are taken. With --data a model begins as a run on these data would. Without, inputs and targets are
drawn, and parameters start as the model says."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Of which model or run, on what."""
    add_model(parser, changed=False)
    parser.description = f"{parser.description}\n\n{ABOUT}"
    parser.add_argument(
        "--data", metavar="FILE", help="as for train; for a run, data of the same kind as its own"
    )
    parser.add_argument(
        "--head",
        metavar="HEAD",
        help=f"another read-out and loss: {', '.join(zoo.heads())}, a file",
    )
    parser.add_argument(
        "--steps",
        type=int,
        metavar="T",
        help=f"how many are drawn (default: {STEPS}); of data, where sequences are cut",
    )
    parser.add_argument(
        "--batch", type=int, metavar="B", help=f"sequences (default: {BATCH}; of data, as train)"
    )
    parser.add_argument(
        "--dims", type=dims, default={}, metavar="D=5,H=3", help=f"widths (default: {WIDTH} each)"
    )
    parser.add_argument("--weights", metavar="FILE", help="parameters, in .npz or .safetensors")
    parser.add_argument("--seed", type=int, metavar="S", help="for what is drawn (default: 0)")
    parser.add_argument("--text", metavar="COLUMN", help="the column with the texts")
    parser.add_argument("--label", metavar="COLUMN", help="the column with the labels")
    add_format(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="pictures: all in one .svg, .png or .pdf; or each in an .svg of its own in a directory"
        " that is there, with one over training for a run with --flow",
    )


def flow(options: argparse.Namespace) -> str | bytes | Answer:
    """The numbers, or the pictures of them."""
    one_thread()
    form = None if options.output is None else _form(options)
    found = _measured(options)
    if form is None:
        return as_json(found.as_dict()) if options.format == "json" else str(found)
    from symrnn.flow.pictures import kinds

    if not os.path.isdir(options.output):
        return found.picture("all", form)
    there = kinds(found)
    drawn = {each: found.picture(each, form) for each in there} | _over_training(options, form)
    return Answer(
        "", 0, tuple((os.path.join(options.output, f"{n}.{form}"), p) for n, p in drawn.items())
    )


def _over_training(options: argparse.Namespace, form: str) -> dict[str, bytes]:
    """The picture of what a run has logged of its flow, if it has."""
    if not _is_run(options):
        return {}
    from symrnn.flow.pictures import over_training
    from symrnn.training.runs.flow_watch import flows
    from symrnn.training.runs.folder import METRICS, Folder

    folder = Folder(options.model)
    lines = flows(folder / METRICS)
    return {"training": over_training(lines, form, folder.path.name)} if lines else {}


def _form(options: argparse.Namespace) -> str:
    """The form of the pictures, said before anything is worked out."""
    from symrnn.flow.pictures import FORMS, check_pictures

    if options.format == "json":
        raise UsageError("-o writes pictures, and --format json prints numbers; leave one away")
    if os.path.isdir(options.output):
        form = "svg"
    else:
        form = os.path.splitext(options.output)[1].lower().lstrip(".")
        if form not in FORMS:
            endings = ", ".join(f".{each}" for each in FORMS)
            raise UsageError(
                f"-o {options.output}: expected a file that ends in {endings}, or a directory"
            )
    check_pictures(form)
    return form


def _measured(options: argparse.Namespace) -> "Flow":
    from dataclasses import replace

    _check(options)
    given = _given(options)
    found = given.model.flow(given.params, given.inputs, options.steps if _draws(options) else None)
    return replace(found, remarks=(*given.remarks, *found.remarks))


def _draws(options: argparse.Namespace) -> bool:
    return options.data is None and not _is_run(options)


def _is_run(options: argparse.Namespace) -> bool:
    return options.model is not None and os.path.isdir(options.model)


def _check(options: argparse.Namespace) -> None:
    for name in ("steps", "batch"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name} is {value}; expected a whole number from 1 up")
    if options.seed is not None and options.seed < 0:
        raise UsageError(f"--seed is {options.seed}; expected a whole number from 0 up")
    taken: tuple[str, ...] = ()
    if _is_run(options):
        why = "a run has its own"
        taken = ("file", "equations", "head", "steps", "batch", "dims", "weights", "seed")
    elif options.data is not None:
        why, taken = "the data say how wide their inputs and targets are", ()
    else:
        why, taken = "it is for --data", ("text", "label")
    for name in taken:
        if getattr(options, name):
            raise UsageError(f"--{name}: {why}; leave it out")
    if (options.model, options.file, options.equations) == (None, None, None):
        raise UsageError("no model given; expected MODEL, -f FILE, -e TEXT, or the DIR of a run")


def _given(options: argparse.Namespace) -> "PlainBatch":
    """The model, its parameters, and data for it."""
    from symrnn.training.runs.plain_batch import drawn, of_beginning, of_run
    from symrnn.training.runs.session import RunRequest

    if _is_run(options):
        return of_run(options.model, options.data, options.text, options.label)
    model = named(options)
    seed = options.seed or 0
    if options.data is None:
        if options.head is not None:
            model = model.with_head(options.head)
        steps = options.steps or model.system.steps or STEPS
        return drawn(
            model, steps, options.batch or BATCH, options.dims, WIDTH, seed, options.weights
        )
    reading: dict[str, Any] = {n: getattr(options, n) for n in ("steps", "batch", "text", "label")}
    reading = {name: value for name, value in reading.items() if value is not None}
    hidden = options.dims or WIDTH
    return of_beginning(
        model,
        options.data,
        RunRequest(reading, {"seed": seed}, options.head, hidden, weights=options.weights),
    )
