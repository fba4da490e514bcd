"""Options that several commands have, and what is made of them."""

import argparse
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symrnn.errors import UsageError
from symrnn.library import zoo

if TYPE_CHECKING:
    from symrnn.kernels.settings import Features
    from symrnn.model import Model

THREADS = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"
MODEL = """MODEL is a name of the zoo (see `symrnn models`), the path of a .rnn file (it has a / or
ends in .rnn), or - for standard input; -f FILE reads any file, -e TEXT takes the equations."""


MASKS = {
    "--dropout": "masks on these, wherever an equation outside of their recurrence reads them: h,x",
    "--recurrent-dropout": "masks on these where their own recurrence reads them, one for all"
    " steps: h",
    "--zoneout": "masks by which these states keep features from step to step: h,c",
}


@dataclass(frozen=True)
class Answer:
    """What a command prints, and an exit status that is not 0 where something did not hold."""

    text: str | bytes
    status: int
    files: tuple[tuple[str, str | bytes], ...] = ()
    """Several results, each for a file of its own: all are written, or none."""


def as_json(value: object) -> str:
    """An answer for programs."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


# what a command may be given


def add_model(parser: argparse.ArgumentParser, changed: bool = True) -> None:
    """A model, and what is to be changed about it."""
    parser.description = f"{parser.description}\n\n{MODEL}"
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a name, a path, or -")
    parser.add_argument("-f", "--file", metavar="FILE", help="a file of any name")
    parser.add_argument("-e", "--equations", metavar="TEXT", help="equations, separated by ;")
    add_strict(parser)
    if changed:
        add_changes(parser)


def add_strict(parser: argparse.ArgumentParser) -> None:
    """For whoever reads a model."""
    parser.add_argument(
        "--strict", action="store_true", help="refuse a model that would be warned of otherwise"
    )


def add_changes(parser: argparse.ArgumentParser) -> None:
    """What may be changed about a model, in the order in which it is done."""
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
        parser.add_argument(option, type=names, metavar="NAMES", help=what)


def add_format(parser: argparse.ArgumentParser) -> None:
    """How the answer is printed."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people or for programs"
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """A run to use."""
    parser.add_argument("run", metavar="DIR", help="the directory of a run of symrnn train")


def add_schedule(parser: argparse.ArgumentParser) -> None:
    """What a program is made with."""
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--loop", dest="loops", action="store_true", default=None, help="a loop over the steps"
    )
    way.add_argument(
        "--straight" if parser.prog.endswith("show") else "--unroll",
        dest="loops",
        action="store_false",
        default=None,
        help="every step written out; unsaid, few steps are, and many are a loop",
    )
    if not parser.prog.endswith("show"):
        parser.add_argument(
            "--wrt",
            type=names,
            default=(),
            metavar="NAMES",
            help="gradients by these inputs and initial states too, as x,O0",
        )
    parser.add_argument(
        "--passes",
        type=names,
        metavar="NAMES",
        help="only these passes, as fold,hoist (or none); without, all of them",
    )


def add_features(parser: argparse.ArgumentParser) -> None:
    """What a kernel can do beside."""
    group = parser.add_argument_group("what the kernel can do beside")
    group.add_argument(
        "--lengths", action="store_true", help="each sequence has a length of its own, up to T"
    )
    group.add_argument(
        "--ids",
        type=names,
        default=(),
        metavar="NAMES",
        help="inputs and targets that come as class ids, as x,y",
    )
    group.add_argument(
        "--truncate", type=int, metavar="K", help="backpropagation cut after K steps"
    )
    group.add_argument(
        "--checkpoint",
        action="store_true",
        help="keep few states, and work the rest out again: memory for long sequences",
    )
    group.add_argument(
        "--forward-only", action="store_true", help="no gradients, and no history is kept"
    )
    group.add_argument(
        "--batch-first", action="store_true", help="arrays are (B, T, D) instead of (T, B, D)"
    )


BACKENDS = ("numpy", "c", "torch", "jax")
OF_ARRAYS = ("numpy", "c")
"""Those whose kernels work on NumPy's arrays."""


def add_backend(parser: argparse.ArgumentParser) -> None:
    """The language of a kernel."""
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="numpy",
        help="the language of the kernel, or the library that it is for (default: numpy)",
    )


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas: one at least."""
    found = tuple(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' holds no name; expected one or more, as a,b")
    return found


def dims(text: str) -> dict[str, int]:
    """`D=5,H=3` as a dictionary."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, equals, size = part.partition("=")
        if not equals or not size.strip().isascii() or not size.strip().isdigit():
            raise argparse.ArgumentTypeError(f"'{part}' is no width; expected NAME=NUMBER, as D=5")
        if name.strip() in found:
            raise argparse.ArgumentTypeError(f"{name.strip()} is given twice")
        found[name.strip()] = int(size) if len(size) < 20 else 10**20
    return found


# what is made of it


def load(options: argparse.Namespace) -> "Model":
    """The model that the arguments name, changed as they say."""
    return changed(named(options), options)


def named(options: argparse.Namespace) -> "Model":
    """The model that the arguments name."""
    from symrnn import model as models

    name, text = named_text(options)
    return models.parse(text, name, options.strict)


def named_text(options: argparse.Namespace) -> tuple[str, str]:
    """The name and the text of the model that the arguments name."""
    from symrnn.library import texts

    given = [g for g in (options.model, options.file, options.equations) if g is not None]
    if len(given) != 1:
        raise UsageError(
            f"{'several models' if given else 'no model'} given; expected one of MODEL, -f FILE or"
            " -e TEXT"
        )
    if options.equations is not None:
        return "-e", options.equations
    if options.file is not None:
        return options.file, texts.in_file(options.file)
    if options.model != "-":
        return options.model, texts.named("models", options.model)
    if sys.stdin is None:
        raise UsageError("standard input is closed; there is nothing to read")
    try:
        data = sys.stdin.buffer.read(texts.MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read standard input: {error.strerror}") from None
    return "standard input", texts.decoded(data, "standard input")


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


def given_changes(options: argparse.Namespace) -> dict[str, object]:
    """The changes that are asked for, under the name of each option; None where there is none."""
    return {
        option: getattr(options, option.removeprefix("--").replace("-", "_"))
        for option in ("--head", "--step-weights", *MASKS)
    }


def passes(options: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    """The passes that are asked for, as a setting; no setting if nothing is said."""
    if options.passes is None:
        return {}
    return {"passes": () if options.passes == ("none",) else options.passes}


def features(options: argparse.Namespace) -> "Features":
    """What the kernel can do beside."""
    return {
        "lengths": options.lengths,
        "ids": options.ids,
        "truncate": options.truncate,
        "checkpoint": options.checkpoint,
        "forward_only": options.forward_only,
        "batch_first": options.batch_first,
    }


def one_thread() -> None:
    """Products of this size are quicker on one core, and the same to the bit each time; whoever
    says how many threads there are, or has NumPy already, is left alone."""
    if "numpy" not in sys.modules and not any(name in os.environ for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
