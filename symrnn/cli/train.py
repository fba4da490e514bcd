"""`symrnn train`: its options, and what is done with them."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from symrnn.cli.options import OF_ARRAYS, Answer, add_model, named, one_thread
from symrnn.cli.together import together
from symrnn.errors import UsageError, readable
from symrnn.library import zoo

if TYPE_CHECKING:
    from symrnn.training.ranks import Ranks
    from symrnn.training.runs.architecture import Probabilities
    from symrnn.training.runs.folder import Folder
    from symrnn.training.runs.session import RunRequest, Session
    from symrnn.training.runs.tensorboard import Library

OPTIMISERS = "sgd", "adagrad", "rmsprop", "adam", "adamw"
READING = [
    *("steps", "batch", "validation", "unit", "lower", "min_count", "max_size"),
    *("text", "label", "regress"),
]
TRAINING = [
    *("epochs", "optimiser", "learning_rate", "schedule", "clip", "patience", "seed", "backend"),
    "flow",
]
MASKS = "dropout", "recurrent_dropout", "zoneout"
SAVE_EVERY = 30.0

ABOUT = """FILE is a table of labelled texts (.csv, .tsv, .jsonl), a running text (.txt), sequences
of numbers (.npz: x, y, lengths), or one of the data that come along: cat-mat-rat, reviews, hello.
The model keeps its own head where that suits the data, and else gets the one that does: binary,
classes, steps or regress. DIR gets all that there is of the run, and what is there is never
overwritten; a run that was interrupted or killed goes on from its last checkpoint as if nothing had
happened. Behind mpirun -n N, so many processes train one model. The exit status is 1 if the loss
becomes nan or infinite or more than doubles, 130 after Ctrl-C."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """All of them; what is not said is None, and finds itself."""
    add_model(parser, changed=False)
    parser.description = f"{parser.description}\n\n{ABOUT}"
    parser.add_argument("--data", metavar="FILE", help="what to learn from")
    parser.add_argument(
        "--head",
        metavar="HEAD",
        help=f"another read-out and loss: {', '.join(zoo.heads())}, a file",
    )
    parser.add_argument("--out", metavar="DIR", help="the run directory (default: MODEL-DATA)")
    parser.add_argument("--resume", metavar="DIR", help="go on with the run in this directory")
    parser.add_argument(
        "--save-every",
        type=_seconds,
        default=SAVE_EVERY,
        metavar="S",
        help=f"seconds between checkpoints, beside those after epochs (default: {SAVE_EVERY:g};"
        " 0: after every step)",
    )
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="a file of events in DIR too, for TensorBoard; needs tensorboardX, or PyTorch and"
        " tensorboard",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, only the end")
    _add_training(parser.add_argument_group("how it is trained"))
    _add_reading(parser.add_argument_group("how the data are read"))


def _add_training(group: Any) -> None:
    group.add_argument(
        "--hidden",
        type=_hidden,
        metavar="H",
        help="the width of every state (default: 128), or one for each, as H=64,H_b=32",
    )
    group.add_argument(
        "--epochs",
        type=_whole,
        metavar="N",
        help="passes over the data (default: 10, and 1000 steps or more)",
    )
    group.add_argument("--optimiser", choices=OPTIMISERS, help="default: adam")
    group.add_argument("--learning-rate", type=float, metavar="R", help="default: 0.002")
    group.add_argument(
        "--schedule",
        metavar="TEXT",
        help="what becomes of the learning rate, as cosine (over the whole run), cosine:1000:0.1,"
        " step:1000:0.5, exponential:0.999, or warmup:100 before any of them",
    )
    group.add_argument(
        "--clip", type=float, metavar="N", help="the longest gradient (default: 1; 0: any)"
    )
    for option, what in (
        ("--dropout", "between layers, before the read-out, and on an input of numbers"),
        ("--recurrent-dropout", "inside the recurrence, one mask for all steps"),
        ("--zoneout", "states keep features from step to step"),
    ):
        group.add_argument(
            option, type=_probabilities, metavar="P", help=f"{what}; or by name, as h=0.2,x=0.1"
        )
    group.add_argument(
        "--patience",
        type=_whole,
        metavar="N",
        help="end after so many epochs without a lower validation",
    )
    group.add_argument("--seed", type=int, metavar="S", help="for all that is drawn (default: 0)")
    group.add_argument(
        "--flow",
        type=_whole,
        metavar="N",
        help="measure how the gradient flows through time every N steps (see symrnn flow)",
    )
    group.add_argument(
        "--backend",
        choices=(*OF_ARRAYS, "auto"),
        help="the language of the kernel (default: numpy); auto: whichever is quicker, measured",
    )
    group.add_argument(
        "--weights",
        metavar="FILE",
        help="what it starts from, in .npz or .safetensors: any of the parameters, and what is"
        " fixed and has no init",
    )


def _add_reading(group: Any) -> None:
    group.add_argument(
        "--steps",
        type=int,
        metavar="T",
        help="steps of a window of text (default: 50); where sequences are cut (default: nowhere)",
    )
    group.add_argument(
        "--batch", type=int, metavar="B", help="sequences side by side (default: 32)"
    )
    group.add_argument(
        "--validation",
        type=float,
        metavar="SHARE",
        help="kept apart to validate with (default: 0.1; 0 of the data that come along)",
    )
    group.add_argument("--text", metavar="COLUMN", help="the column with the texts")
    group.add_argument("--label", metavar="COLUMN", help="the column with the labels")
    group.add_argument("--regress", action="store_const", const=True, help="labels are numbers")
    group.add_argument(
        "--unit",
        choices=("words", "characters"),
        help="what a text is taken apart"
        " into (default: words in tables, characters of running texts)",
    )
    group.add_argument("--lower", action="store_const", const=True, help="in small letters")
    group.add_argument("--min-count", type=int, metavar="N", help="rarer tokens are unknown")
    group.add_argument(
        "--max-size",
        type=int,
        metavar="N",
        help="the most tokens in the vocabulary (default: 10,000)",
    )


# what is done


def train(options: argparse.Namespace) -> Answer:
    """A new run, or the rest of one: what is printed at the end, and the exit status."""
    one_thread()
    return together(lambda ranks: _trained(options, ranks))


def _trained(options: argparse.Namespace, ranks: "Ranks") -> Answer:
    from symrnn.training.runs.session import check_shared
    from symrnn.training.runs.train import attend, carry_out

    ready = _prepared(options, ranks)
    session = ready.session
    check_shared(session)
    folder = ranks.agreed(lambda: None if ranks.rank else ready.folder())
    epochs = options.epochs or session.config.training.epochs
    if folder is None:
        found = attend(session, epochs)
    else:
        out = None if options.quiet else sys.stderr
        found = carry_out(session, folder, epochs, options.save_every, out, *ready[2:])
    if found.trouble and sys.stderr is not None:
        print(f"symrnn: {readable(found.trouble)}", file=sys.stderr)
    return Answer(found.text, found.status)


def _prepared(options: argparse.Namespace, ranks: "Ranks") -> "Ready":
    """The run made ready on all ranks. What is quickest is measured, and may be measured otherwise
    on each: the back end of the first is that of all."""
    prepare = _resumed if options.resume is not None else _started
    first: Ready | None = None
    if ranks.size > 1 and options.backend == "auto":
        first = ranks.agreed(lambda: None if ranks.rank else prepare(options, ranks))
        chosen = first.session.config.training.backend if first else ""
        options.backend = ranks.everyone(chosen)[0]
    return ranks.agreed(lambda: first or prepare(options, ranks))


class Ready(NamedTuple):
    """A session, how its directory is made or found, what is said of both, and what tells
    TensorBoard."""

    session: "Session"
    folder: "Callable[[], Folder]"
    remarks: tuple[str, ...]
    events: "Library | None"


def _started(options: argparse.Namespace, ranks: "Ranks") -> Ready:
    from symrnn.training.data.opening import BUILT_IN
    from symrnn.training.runs.folder import check_free, default_path
    from symrnn.training.runs.session import begin, settle
    from symrnn.training.runs.tensorboard import library
    from symrnn.training.runs.train import beginning

    if (options.model, options.file, options.equations) == (None, None, None):
        raise UsageError("no model given; expected MODEL, -f FILE or -e TEXT, or --resume DIR")
    if options.model == "-" and ranks.size > 1:
        raise UsageError("standard input is that of one process; expected a file, or -e TEXT")
    model = named(options)
    if options.data is None:
        raise UsageError(f"no data given; expected --data FILE, or --data {', '.join(BUILT_IN)}")
    events = library() if options.tensorboard and not ranks.rank else None
    path = Path(options.out) if options.out else default_path(model.name, options.data)
    if not ranks.rank:
        check_free(path)
    session = begin(model, options.data, _request(options), ranks)
    remarks = (beginning(session), *session.remarks, *session.data.remarks)
    return Ready(session, lambda: settle(session, path), remarks, events)


def _resumed(options: argparse.Namespace, ranks: "Ranks") -> Ready:
    from symrnn.training.runs.folder import Folder
    from symrnn.training.runs.session import check_agrees, resume
    from symrnn.training.runs.tensorboard import library_of

    folder = Folder(options.resume)
    config = folder.config()
    taken = {"--out": options.out, "-f": options.file, "-e": options.equations}
    for name, value in {**taken, "--weights": options.weights}.items():
        if value is not None:
            raise UsageError(
                f"--resume goes on in its own directory with its own model; leave out {name}"
            )
    names = ["data", "model", "head", "hidden", *READING, *TRAINING, *MASKS]
    check_agrees(config, _said(options, names))
    events, missing = (None, "") if ranks.rank else library_of(folder.path, options.tensorboard)
    session = resume(folder, config, options.data, ranks)
    remarks = f"{folder.path}: from step {session.trainer.count} on", missing
    return Ready(session, lambda: folder, tuple(filter(None, remarks)), events)


# what the options ask for


def _request(options: argparse.Namespace) -> "RunRequest":
    """What is asked of a new run."""
    from symrnn.training.runs.architecture import MASK_KINDS
    from symrnn.training.runs.session import RunRequest

    _check(options)
    return RunRequest(
        _said(options, READING),
        _said(options, TRAINING),
        options.head,
        options.hidden,
        [(kind, getattr(options, name)) for name, kind in MASK_KINDS.items()],
        options.weights,
    )


def _said(options: argparse.Namespace, names: list[str]) -> dict[str, Any]:
    found = {name: getattr(options, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _check(options: argparse.Namespace) -> None:
    """What no other part of the package would say."""
    if options.clip is not None and not 0 <= options.clip < float("inf"):
        raise UsageError(f"--clip is {options.clip}; expected a number above 0, or 0 for none")
    rate = options.learning_rate
    if rate is not None and not 0 < rate < float("inf"):
        raise UsageError(f"--learning-rate is {rate}; expected a number above 0, such as 0.002")
    if options.seed is not None and options.seed < 0:
        raise UsageError(f"--seed is {options.seed}; expected a whole number from 0 up")


# numbers in arguments


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:20]) < 10**15:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 up")
    return int(text)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not found >= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds from 0 up")
    return found


def _hidden(text: str) -> "int | dict[str, int]":
    if "=" not in text:
        return _whole(text)
    pairs = [part.partition("=") for part in text.split(",")]
    return {name.strip(): _whole(size.strip()) for name, _, size in pairs}


def _probabilities(text: str) -> "Probabilities":
    try:
        if "=" not in text:
            return float(text)
        pairs = [part.partition("=") for part in text.split(",")]
        return {name.strip(): float(p) for name, _, p in pairs}
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no probability; expected a number such as 0.2, or names as h=0.2,x=0.1"
        ) from None
