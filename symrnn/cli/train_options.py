"""The options of `symrnn train`, what they ask for, and whether they agree with a run."""

import argparse
from typing import TYPE_CHECKING, Any

from symrnn.errors import UsageError
from symrnn.library import zoo

if TYPE_CHECKING:
    from symrnn.training.runs.architecture import Chances, MaskKind
    from symrnn.training.runs.config import Config
    from symrnn.training.runs.session import Wish

OPTIMISERS = "sgd", "adagrad", "rmsprop", "adam", "adamw"
READING = [
    *("steps", "batch", "validation", "unit", "lower", "min_count", "max_size"),
    *("text", "label", "regress"),
]
TRAINING = ["epochs", "optimiser", "learning_rate", "schedule", "clip", "patience", "seed"]
MASKS = "dropout", "recurrent_dropout", "zoneout"
SAVE_EVERY = 30.0

ABOUT = """FILE is a table of labelled texts (.csv, .tsv, .jsonl), a running text (.txt), sequences
of numbers (.npz: x, y, lengths), or one of the data that come along: cat-mat-rat, reviews, hello.
The model keeps its own head where that suits the data, and else gets the one that does: binary,
classes, steps or regress. DIR gets all that there is of the run, and what is there is never
overwritten; a run that was interrupted or killed goes on from its last checkpoint as if nothing had
happened. The exit status is 1 if the loss becomes nan or infinite or more than doubles, 130 after
Ctrl-C."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """All of them; what is not said is None, and finds itself."""
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
        help="what becomes of the learning rate: cosine (over the whole run), cosine:1000:0.1,"
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
            option, type=_chances, metavar="P", help=f"{what}; or by name, as h=0.2,x=0.1"
        )
    group.add_argument(
        "--patience",
        type=_whole,
        metavar="N",
        help="end after so many epochs without a lower validation",
    )
    group.add_argument("--seed", type=int, metavar="S", help="for all that is drawn (default: 0)")
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


# what they ask for


def given(options: argparse.Namespace) -> "Wish":
    """What is asked of a new run."""
    from symrnn.training.runs.session import Wish

    _check(options)
    return Wish(
        _said(options, READING),
        _said(options, TRAINING),
        options.head,
        options.hidden,
        [(kind, getattr(options, name)) for name, kind in _kinds().items()],
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


def _kinds() -> "dict[str, MaskKind]":
    from symrnn.training.runs.architecture import DROPOUT, RECURRENT, ZONEOUT

    return dict(zip(MASKS, (DROPOUT, RECURRENT, ZONEOUT), strict=True))


def check_agrees(options: argparse.Namespace, config: "Config") -> None:
    """A resumed run keeps its configuration: whatever is said has to be what it has, but for more
    epochs."""
    from symrnn.training.data.opening import BUILT_IN
    from symrnn.training.runs.folder import short

    own = {"--out": options.out, "-f": options.file, "-e": options.equations}
    for name, value in {**own, "--weights": options.weights}.items():
        if value is not None:
            raise UsageError(
                f"--resume goes on in its own directory with its own model; leave out {name}"
            )
    if options.data in BUILT_IN or (options.data is not None and not config.data.digest):
        _check_one("--data", options.data, config.data.source)
    own = _own(config)
    for name in ("model", "head", "hidden", *READING, *TRAINING, *MASKS):
        said = getattr(options, name)
        if name == "model" and said is not None:
            said = short(said)
        if said is None or (name == "epochs" and said > own[name]):
            continue
        _check_one("MODEL" if name == "model" else f"--{name.replace('_', '-')}", said, own[name])


def _check_one(option: str, said: Any, own: Any) -> None:
    if not _agrees(said, own):
        raise UsageError(
            f"{option} {_shown(said)} contradicts the run's {_shown(own)}; a resumed run keeps its"
            " configuration"
        )


def _own(config: "Config") -> dict[str, Any]:
    """What the run has, under the names of the options."""
    found: dict[str, Any] = {name: getattr(config.data, name) for name in READING}
    found |= {name: getattr(config.training, name) for name in TRAINING}
    found |= {"model": config.model, "head": config.head, "hidden": config.kernel.hidden}
    found["steps"] = config.kernel.steps if found["steps"] is None else found["steps"]
    for name, kind in _kinds().items():
        masks = config.training.masks.items()
        found[name] = {n[5:]: p for n, p in masks if n.startswith(kind.prefix)}
    return found


def _agrees(said: Any, own: Any) -> bool:
    if isinstance(own, dict) and not isinstance(said, dict):  # one number for all of them
        return bool(own) and all(value == said for value in own.values())
    if isinstance(own, dict):
        return all(own.get(name) == value for name, value in said.items())
    return bool(said == own)


def _shown(value: Any) -> str:
    """
    >>> _shown({"H": 128, "H_b": 128}), _shown({"h": 0.5, "x": 0.1}), _shown(None)
    ('128', 'h=0.5,x=0.1', 'none')
    """
    if isinstance(value, dict):
        if len(set(value.values())) == 1:
            return str(next(iter(value.values())))
        return ",".join(f"{name}={each}" for name, each in value.items()) or "none"
    return "none" if value is None else str(value)


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


def _chances(text: str) -> "Chances":
    try:
        if "=" not in text:
            return float(text)
        pairs = [part.partition("=") for part in text.split(",")]
        return {name.strip(): float(p) for name, _, p in pairs}
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no probability; expected a number such as 0.2, or names as h=0.2,x=0.1"
        ) from None
