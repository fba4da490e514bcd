"""The command line: it reads arguments, calls the package, prints. Nothing else happens here.

Results go to stdout, everything else to stderr. The status is 0, 1 if a check did not hold, or 2
for bad input.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symrnn import __version__, derive, derive_options, verify, zoo
from symrnn.bench import command as bench
from symrnn.errors import SymrnnError, UsageError

if TYPE_CHECKING:
    from symrnn.model import Model

MODEL = """MODEL is a name of the zoo (see `symrnn models`), the path of a .rnn file (it has a / or
ends in .rnn), or - for standard input; -f FILE reads any file, -e TEXT takes the equations."""


@dataclass(frozen=True)
class Checked:
    """What a command prints that has checked something, and whether it held."""

    text: str
    holds: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; --help and bad options leave by SystemExit."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know every letter
            stream.reconfigure(errors="backslashreplace")
    status = 0
    try:
        result = COMMANDS[options.command](options)
    except SymrnnError as error:
        return _say(str(error))
    if isinstance(result, Checked):
        status = 0 if result.holds else 1
        result = result.text
    if getattr(options, "output", None) is not None:
        return _write(options.output, result)
    if sys.stdout is None:
        return _say("standard output is closed; there is nowhere to print")
    try:
        if isinstance(result, bytes):
            sys.stdout.buffer.write(result)
            sys.stdout.flush()
        else:
            print(result, end="", flush=True)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _say(f"cannot write the result: {error.strerror}")
    return status


def _write(path: str, result: str | bytes) -> int:
    from symrnn.files import write

    try:
        write(path, result)
    except SymrnnError as error:
        return _say(str(error))
    return 0


def _say(message: str) -> int:
    if sys.stderr is not None:
        print(f"symrnn: {message}", file=sys.stderr)
    return 2


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="symrnn",
        description="Write the recurrence; get the derivation you can print and the kernel you"
        " can train with.",
        epilog="example: symrnn show elman --adjoint",
    )
    parser.add_argument("--version", action="version", version=f"symrnn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    models = _command(commands, "models", "list the models that come along", "symrnn models")
    _format(models)

    show = _command(
        commands,
        "show",
        "print a model's equations, in normal form, with their adjoint, or unrolled",
        "symrnn show lstm --adjoint\n"
        "         symrnn show elman --adjoint --unroll 3\n"
        "         symrnn show -e 'h[t] = tanh(x[t] @ W + u * h[t-1]); L = mse(y, h[T])' --normal",
    )
    _model(show)
    form = show.add_mutually_exclusive_group()
    form.add_argument("--normal", action="store_true", help="every equation of one kind")
    form.add_argument("--adjoint", action="store_true", help="with the gradient of the loss")
    show.add_argument("--unroll", type=int, metavar="T", help="written out for T steps")
    show.add_argument(
        "--wrt",
        type=derive_options.names,
        default=(),
        metavar="NAMES",
        help="with --adjoint: the gradient by these inputs and initial states too, as x,O0",
    )
    show.add_argument(
        "--program", action="store_true", help="the statements of the kernel for --steps T"
    )
    show.add_argument("--steps", type=int, metavar="T", help="with --program: how many steps")
    _schedule(show)
    _format(show)

    summary = _command(
        commands,
        "summary",
        "print parameters with shapes and counts, states, inputs and outputs",
        "symrnn summary elman --dims D=5,H=3,C=1",
    )
    _model(summary)
    summary.add_argument(
        "--dims", type=_dims, default={}, metavar="D=5,H=3", help="widths, to count with"
    )
    _format(summary)

    derivation = _command(
        commands,
        "derive",
        "derive the gradients by backpropagation through time, and print them",
        "symrnn derive elman --steps 3\n"
        "         symrnn derive lstm --format unicode\n"
        "         symrnn derive elman_n4 --view numbers --data notes -o worked.html",
    )
    _model(derivation)
    derivation.add_argument(
        "--dims", type=_dims, default={}, metavar="C=1", help="dimensions that have a number"
    )
    derive_options.add_options(derivation)

    generation = _command(
        commands,
        "generate",
        "generate a NumPy kernel: forward pass and gradients for a number of steps",
        "symrnn generate elman --steps 3\n         symrnn generate lstm --steps 25 -o lstm_t25.py",
    )
    _model(generation)
    generation.add_argument("--steps", type=int, required=True, metavar="T", help="how many steps")
    _schedule(generation)
    generation.add_argument("--name", metavar="NAME", help="what the kernel calls itself")
    generation.add_argument("-o", "--output", metavar="FILE", help="where to write it")

    verification = _command(
        commands,
        "verify",
        "hold a kernel against its text: 50 digits, complex step, central differences",
        "symrnn verify elman\n"
        "         symrnn verify lstm --steps 25 --wrt x,h0\n"
        "         symrnn verify elman --head steps --loop",
    )
    _model(verification)
    verify.add_options(verification)
    verification.add_argument(
        "--dims", type=_dims, default={}, metavar="D=5,H=3", help="widths (drawn where unsaid)"
    )
    _format(verification)

    measurement = _command(
        commands,
        "bench",
        "measure a training step of generated kernels beside NumPy by hand, PyTorch, JAX, autograd",
        "symrnn bench --models elman --sizes 1 --peers kernel,numpy,floor --seconds 0.01",
    )
    bench.add_options(measurement)
    return parser


def _schedule(parser: argparse.ArgumentParser) -> None:
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
            type=derive_options.names,
            default=(),
            metavar="NAMES",
            help="gradients by these inputs and initial states too, as x,O0",
        )
    parser.add_argument(
        "--passes",
        type=derive_options.names,
        metavar="NAMES",
        help="only these passes, as fold,hoist (or none); without, all of them",
    )


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    what: str,
    example: str,
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=f"example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _model(parser: argparse.ArgumentParser) -> None:
    parser.description = f"{parser.description}\n\n{MODEL}"
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a name, a path, or -")
    parser.add_argument("-f", "--file", metavar="FILE", help="a file of any name")
    parser.add_argument("-e", "--equations", metavar="TEXT", help="equations, separated by ;")
    parser.add_argument(
        "--head",
        metavar="HEAD",
        help=f"another read-out and loss: {', '.join(zoo.heads())}, a file",
    )


def _format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people or for programs"
    )


def _dims(text: str) -> dict[str, int]:
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


def _load(options: argparse.Namespace) -> "Model":
    """The model that the arguments name, under the head that they name."""
    from symrnn import model as models

    given = [g for g in (options.model, options.file, options.equations) if g is not None]
    if len(given) != 1:
        raise UsageError(
            f"{'several models' if given else 'no model'} given; expected one of MODEL, -f FILE or"
            " -e TEXT"
        )
    if options.equations is not None:
        found = models.parse(options.equations, "-e")
    elif options.file is not None:
        found = models.parse(models.read_file(options.file), options.file)
    elif options.model == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed; there is nothing to read")
        try:
            data = sys.stdin.buffer.read(models.MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(f"cannot read standard input: {error.strerror}") from None
        found = models.parse(models.read_bytes(data, "standard input"), "standard input")
    else:
        found = models.load(options.model)
    return found.with_head(options.head) if options.head is not None else found


def _models(options: argparse.Namespace) -> str:
    found = zoo.models()
    if options.format == "json":
        return _json([{"name": name, "about": about} for name, about in found.items()])
    width = max(map(len, found))
    return "".join(f"{name:<{width}}  {about}\n" for name, about in found.items())


def _show(options: argparse.Namespace) -> str:
    model = _load(options)
    if options.wrt and not (options.adjoint or options.program):
        raise UsageError("--wrt asks for gradients; say --adjoint too")
    for name in ("steps", "passes", "loops"):
        if getattr(options, name) is not None and not options.program:
            said = {"loops": "--loop"}.get(name, f"--{name}")
            raise UsageError(f"{said} is for --program; say that too")
    form = options.normal or options.adjoint or options.program
    if not form and options.unroll is None:
        if options.format == "json":
            return _json({"model": model.name, "form": "written", "text": model.text})
        return model.text if model.text.endswith("\n") else model.text + "\n"
    if options.program:
        return _program(model, options)
    from symrnn.listing import as_json, listing
    from symrnn.system import unroll

    form = "normal form"
    system = model.system
    if options.adjoint:
        system, form = model.gradient(options.wrt), "with its adjoint"
    if options.unroll is not None:
        system, form = unroll(system, options.unroll), f"{form}, {options.unroll} steps"
    if options.format == "json":
        return _json({"model": model.name, "form": form, **as_json(system)})
    return listing(system, f"{model.name}: {form}")


def _program(model: "Model", options: argparse.Namespace) -> str:
    from symrnn.generate import Settings, program

    if options.steps is None:
        raise UsageError("--program is for a number of steps; say --steps T")
    loops = True if options.loops is None else options.loops
    settings = Settings.of(options.steps, loops, options.wrt, **_passes(options))
    *_, made = program(model.written, settings)
    if options.format == "json":
        return _json({"model": model.name, "form": "program", "text": str(made)})
    return str(made)


def _passes(options: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    if options.passes is None:
        return {}
    return {"passes": () if options.passes == ("none",) else options.passes}


def _generate(options: argparse.Namespace) -> str:
    model = _load(options)
    return model.generate(
        options.steps,
        options.loops,
        options.wrt,
        options.name,
        _passes(options).get("passes"),
    )


def _bench(options: argparse.Namespace) -> str:
    return bench.bench(options)


def _derive(options: argparse.Namespace) -> str | bytes:
    return derive.derive(_load(options), options)


def _verify(options: argparse.Namespace) -> Checked:
    generated = verify.is_generated(options)
    found = verify.generated(options) if generated else verify.model(_load(options), options)
    text = _json(found.as_json()) if options.format == "json" else str(found)
    return Checked(text, found.holds)


def _summary(options: argparse.Namespace) -> str:
    summary = _load(options).summary(options.dims)
    return _json(summary.as_json()) if options.format == "json" else str(summary)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


COMMANDS: dict[str, Callable[[argparse.Namespace], str | bytes | Checked]] = {
    "models": _models,
    "show": _show,
    "summary": _summary,
    "derive": _derive,
    "generate": _generate,
    "verify": _verify,
    "bench": _bench,
}
