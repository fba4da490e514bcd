"""`symrnn bench`: its options, and what is done with them."""

import argparse
import os

from symrnn.bench.request import (
    DTYPES,
    MODELS,
    SIZES,
    Request,
    Size,
    read_names,
    read_seconds,
    read_sizes,
)
from symrnn.cli.options import add_strict


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked of a measurement."""
    listed = "; ".join(f"{n}: {size}" for n, size in enumerate(SIZES, 1))
    parser.add_argument(
        "--models",
        type=_names,
        default=MODELS,
        metavar="NAMES",
        help=f"models, or paths of .rnn files (default: {','.join(MODELS)})",
    )
    add_strict(parser)
    parser.add_argument(
        "--sizes",
        default=",".join(str(n) for n, _ in enumerate(SIZES, 1)),
        metavar="SIZES",
        help=f"numbers, as 1,2,5, or T,B,D,H, several joined by ; (default: all of {listed})",
    )
    parser.add_argument(
        "--peers",
        type=_names,
        default=(),
        metavar="NAMES",
        help="kernel, c, function, numpy, torch, compile, torch_file, jax, jax_file, autograd,"
        " floor (default: all that are installed)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=0.3,
        metavar="S",
        help="how long each is measured (default: 0.3)",
    )
    parser.add_argument("--dtype", choices=DTYPES, default="float32")
    parser.add_argument(
        "--plot", metavar="FILE.png", help="write a picture too (.png, .svg or .pdf)"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people or for programs"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file")


def bench(options: argparse.Namespace) -> str:
    """The report that the options ask for."""
    from symrnn.bench.process import measured
    from symrnn.bench.report import as_text, check_plot, picture
    from symrnn.files import write

    if options.plot is not None:
        check_plot(options.plot)
    report = measured(request(options))
    if options.plot is not None:
        write(options.plot, picture(report, os.path.splitext(options.plot)[1].lower()))
    return report.to_json() if options.format == "json" else as_text(report)


def request(options: argparse.Namespace) -> Request:
    """What is to be measured; whatever cannot be is said here."""
    from symrnn.bench.case import case
    from symrnn.bench.peers import PEERS
    from symrnn.errors import UsageError
    from symrnn.model import load

    sizes = read_sizes(options.sizes)
    peers = read_names(options.peers, tuple(PEERS), "--peers")
    seconds = read_seconds(options.seconds)
    if not options.models:
        raise UsageError("--models is empty; expected names, as elman,lstm")
    models = [load(name, options.strict) for name in dict.fromkeys(options.models)]
    for model in models:
        if model.system.loss is None:
            raise UsageError(f"{model.name} has no loss; there is no training step to measure")
        if model.system.steps is not None:
            raise UsageError(f"{model.name} fixes T = {model.system.steps}; expected any T")
        case(model, Size(1, 1, 1, 1))
    texts = tuple((model.name, model.text) for model in models)
    return Request(texts, sizes, peers, seconds, options.dtype)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
