"""The command line: it reads arguments, calls the package, prints. Nothing else happens here.

Results go to stdout, everything else to stderr. The status is 0, 1 if a check or a run of training
did not hold, 2 for bad input, or 130 after Ctrl-C.

- `parser`   the table of the commands
- `options`  what several of them have: a model, widths, a format, how a kernel is made
- `notebook` the cell magic `%%rnn`, which has the options of `derive`
- `together` one command by several processes, which mpirun has started
- the others are a command each: its options, and what it calls
"""

import io
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from symrnn.cli.check import spaced
from symrnn.cli.options import Answer
from symrnn.cli.parser import COMMANDS, build_parser
from symrnn.cli.together import one_voice
from symrnn.errors import ModelWarning, SymrnnError, not_enough, readable, visible


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; --help and bad options leave by SystemExit."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with one_voice(arguments[0] if arguments else None):
        return _main(arguments)


def _main(arguments: Sequence[str]) -> int:
    parser = build_parser(arguments)
    if arguments and arguments[0] == "check":
        arguments = spaced(arguments)
    options, more = parser.parse_known_args(arguments)
    if any(each.startswith("-") for each in more) or (more and not hasattr(options, "texts")):
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    if more:  # texts behind an option, which argparse takes for nothing
        options.texts += more
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know every letter
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ModelWarning)
            warnings.showwarning = _warn
            answer = COMMANDS[options.command].run(options)
    except SymrnnError as error:
        return _say(str(error))
    except MemoryError as error:
        asked = " ".join(arguments)
        advice = "expected a smaller file, or fewer steps, sequences or features"
        return _say(f"{not_enough(error)}; asked for was {asked}: {advice}")
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    if not isinstance(answer, Answer):
        answer = Answer(answer, 0)
    result, status = answer.text, answer.status
    if answer.files or getattr(options, "output", None) is not None:
        return _write(answer.files or ((options.output, result),)) or status
    if sys.stdout is None:
        return _say("standard output is closed; there is nowhere to print")
    try:
        if isinstance(result, bytes):
            sys.stdout.buffer.write(result)
            sys.stdout.flush()
        else:
            print(visible(result) if sys.stdout.isatty() else result, end="", flush=True)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _say(f"cannot write the result: {error.strerror}")
    return status


def _write(files: Sequence[tuple[str, str | bytes]]) -> int:
    from symrnn.files import write_all

    try:
        write_all(files)
    except SymrnnError as error:
        return _say(str(error))
    return 0


def _warn(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    """A warning about a model without the line of code that gave it; others as they come."""
    if sys.stderr is None:
        return
    if issubclass(category, ModelWarning):
        print(f"symrnn: warning: {readable(str(message))}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, *where[:2]), end="", file=sys.stderr)


def _say(message: str) -> int:
    if sys.stderr is not None:
        print(f"symrnn: {readable(message)}", file=sys.stderr)
    return 2


__all__ = ["COMMANDS", "main"]
