"""`%%rnn`: a cell of a notebook that holds equations, and shows what symrnn derives from them.

    %load_ext symrnn

    %%rnn cell --steps 3 --view chain,delta
    h[t] = tanh(x[t] @ W + h[t-1] @ U + b)
    L    = mse(y, h[T])

The model then has the name that was said; what follows it are the options of `symrnn derive`.
"""

import argparse
import keyword
import shlex
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from symrnn.cli import _warn, exercises
from symrnn.cli.derive import add_derivation, output_of, printed_of
from symrnn.cli.options import Answer, add_changes, add_strict, changed
from symrnn.errors import ModelWarning, SymrnnError, UsageError, not_enough, readable

if TYPE_CHECKING:
    from symrnn.derive.output import Output
    from symrnn.model import Model

PRINTED = ("format", "output", "fragment", "macros", "symbols", "update", "title")
"""With one of these options a cell prints what the command would."""


@dataclass(frozen=True)
class Shown:
    """What a cell shows: the views that were asked for, and the network where it was."""

    output: "Output"
    figure: bool = False

    def _repr_html_(self) -> str:
        from symrnn.derive.pages.html import section_html
        from symrnn.derive.pages.paper import Paper

        output, paper = self.output, Paper(self.output)
        found = [paper.unrolled(figure=True)] if self.figure else []
        found += map(paper.part, output.folded(output.parts()))
        name = output.derivation.name
        return "\n".join(section_html(each, f"{name}-{n}") for n, each in enumerate(found, 1))

    def _repr_latex_(self) -> str:
        from symrnn.derive.shown import as_latex, displays

        return as_latex(displays(self.output))

    def __repr__(self) -> str:
        return self.output.plain(self.output.finished(self.output.parts())).rstrip()


class _Parser(argparse.ArgumentParser):
    """One that says what is wrong and leaves nothing."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parser() -> argparse.ArgumentParser:
    """What may stand behind `%%rnn`."""
    found = _Parser(
        prog="%%rnn",
        description="Read equations, call the model NAME, and show its derivation.",
        epilog="example: %%rnn cell --steps 3 --view chain --notation N1",
    )
    found.add_argument(
        "name", nargs="?", default="model", metavar="NAME", help="of the model (default: model)"
    )
    add_strict(found)
    add_changes(found)
    add_derivation(found)
    return found


def register(shell: Any) -> None:
    """Give a shell of IPython the magic."""

    def rnn(line: str, cell: str) -> object:
        """Read equations, and show their derivation; %%rnn --help has the options."""
        try:
            return answered(line, cell, lambda name, model: shell.push({name: model}))
        except SymrnnError as error:
            raise _plain(readable(str(error))) from None
        except MemoryError as error:
            raise _plain(f"{not_enough(error)}; expected fewer steps") from None

    shell.register_magic_function(rnn, magic_kind="cell", magic_name="rnn")


def _plain(message: str) -> Exception:
    """An error that a notebook shows as its message alone, and that ends a run of all cells."""
    try:
        from IPython.core.error import UsageError as Plain
    except ImportError:  # a shell of another kind
        return UsageError(message)
    shown: Exception = Plain(message)
    return shown


def answered(line: str, cell: str, bind: "Callable[[str, Model], object]") -> object:
    """What a cell shows; its model is bound to its name."""
    from symrnn.derive.shown import too_long
    from symrnn.model import parse

    try:
        options = parser().parse_args(shlex.split(line))
    except ValueError as error:
        raise UsageError(f"%%rnn {line}: {error}") from None
    except SystemExit:  # --help has been printed
        return None
    if not options.name.isidentifier() or keyword.iskeyword(options.name):
        raise UsageError(f"'{options.name}' is no name; expected one for the model: %%rnn gru")
    with warnings.catch_warnings():
        warnings.simplefilter("always", ModelWarning)
        warnings.showwarning = _warn
        model = changed(parse(cell, options.name, options.strict), options)
        bind(options.name, model)
        if model.system.loss is None:
            return model
        if exercises.is_asked(options) or any(getattr(options, name) for name in PRINTED):
            _tell(printed_of(model, options), options.output)
            return None
        output = output_of(model, options)
        if not options.view and too_long(output):
            options.view = ("delta",)
            output = output_of(model, options)
        if options.figure and output.derivation.system.steps is None:
            raise UsageError("a picture needs a number of steps; say --steps")
        output.parts()  # what is too much to print says so now
        return Shown(output, options.figure)


def _tell(found: str | bytes | Answer, path: str | None) -> None:
    """Print it, or put it where it was to go."""
    from symrnn.files import write_all

    answer = found if isinstance(found, Answer) else Answer(found, 0)
    if answer.files or path is not None:
        write_all(answer.files or ((path or "", answer.text),))
    elif isinstance(answer.text, bytes):
        raise UsageError("a PDF is no text for a notebook; say where to write it, -o FILE")
    else:
        print(answer.text, end="")
