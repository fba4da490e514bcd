"""The commands: what each is for, where its options are, and what does it."""

import argparse
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from symrnn import __version__
from symrnn.cli import (
    bench,
    check,
    derive,
    evaluate,
    flow,
    generate,
    models,
    predict,
    report,
    sample,
    serve,
    show,
    train,
    verify,
)
from symrnn.cli.options import Answer
from symrnn.errors import readable


class Command(NamedTuple):
    """One command."""

    about: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], str | bytes | Answer]
    examples: tuple[str, ...]


COMMANDS = {
    "models": Command(
        "list the models that come along", models.add_models, models.models, ("models",)
    ),
    "show": Command(
        "print a model's equations, in normal form, with their adjoint, or unrolled",
        show.add_options,
        show.show,
        (
            "show lstm --adjoint",
            "show elman --adjoint --unroll 3",
            "show -e 'h[t] = tanh(x[t] @ W + u * h[t-1]); L = mse(y, h[T])' --normal",
        ),
    ),
    "summary": Command(
        "print parameters with shapes and counts, states, inputs and outputs",
        models.add_summary,
        models.summary,
        ("summary elman --dims D=5,H=3,C=1",),
    ),
    "derive": Command(
        "derive the gradients by backpropagation through time, and print them",
        derive.add_options,
        derive.derive,
        (
            "derive elman --steps 3",
            "derive lstm --format unicode",
            "derive elman_n4 --view numbers --data notes -o worked.html",
        ),
    ),
    "generate": Command(
        "generate a NumPy kernel: forward pass and gradients for a number of steps",
        generate.add_options,
        generate.generate,
        ("generate elman --steps 3", "generate lstm --steps 25 -o lstm_t25.py"),
    ),
    "verify": Command(
        "hold a kernel against its text: 50 digits, complex step, central differences",
        verify.add_options,
        verify.verify,
        (
            "verify elman",
            "verify lstm --steps 25 --wrt x,h0",
            "verify elman --head steps --loop",
        ),
    ),
    "check": Command(
        "check a derivation that somebody wrote: what is right, and where it goes wrong",
        check.add_options,
        check.check,
        (
            r"check elman_n4 --steps 3 --scalar --wrt w_o '(\hat{y} - y) \, O_3'",
            r"check lstm '\partial c_t / \partial f_t = \operatorname{diag}(c_{t-1})' -o f.html",
        ),
    ),
    "train": Command(
        "train a model on data: a run directory, which predicts, and which can be resumed",
        train.add_options,
        train.train,
        (
            "train elman --data cat-mat-rat",
            "train birnn --data reviews --hidden 16",
            "train char --data hello --out hello",
        ),
    ),
    "predict": Command(
        "predict by a trained model, from texts, a table or arrays",
        predict.add_options,
        predict.predict,
        (
            "predict elman-cat-mat-rat 'cat rat rat' 'mat mat rat'",
            "predict elman-cat-mat-rat --data cat-mat-rat --format json",
        ),
    ),
    "sample": Command(
        "write text by a model that was trained on running text",
        sample.add_options,
        sample.sample,
        ("sample char-hello --start h --length 4 --temperature 0",),
    ),
    "evaluate": Command(
        "tell loss and accuracy, squared error or bits per character of a trained model",
        evaluate.add_options,
        evaluate.evaluate,
        ("evaluate elman-cat-mat-rat",),
    ),
    "flow": Command(
        "show how the gradient flows through time: what each step adds, and what is left of it",
        flow.add_options,
        flow.flow,
        ("flow elman --steps 20", "flow lstm --data cat-mat-rat -o flow.svg"),
    ),
    "serve": Command(
        "open a page on this machine: type equations, and see all of it as you type",
        serve.add_options,
        serve.serve,
        ("serve", "serve lstm --port 8000 --no-open"),
    ),
    "report": Command(
        "show a model or a run on one page: derivation, terms to choose, kernel, proof, flow",
        report.add_options,
        report.report,
        ("report lstm -o lstm.html", "report elman --data cat-mat-rat -o elman.html"),
    ),
    "bench": Command(
        "measure a training step of generated kernels beside NumPy by hand, PyTorch, JAX, autograd",
        bench.add_options,
        bench.bench,
        ("bench --models elman --sizes 1 --peers kernel,numpy,floor --seconds 0.01",),
    ),
}


class Parser(argparse.ArgumentParser):
    """One that a terminal can show whatever it was given."""

    def error(self, message: str) -> NoReturn:
        super().error(readable(message))


def build_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """A parser for these arguments: of all commands, but with the options of the one named alone,
    for the options of all of them take longer than most derivations."""
    asked = next((argument for argument in arguments if argument in COMMANDS), None)
    parser = Parser(
        prog="symrnn",
        description="Write the recurrence; get the derivation you can print and the kernel you"
        " can train with.",
        epilog="example: symrnn show elman --adjoint",
    )
    parser.add_argument("--version", action="version", version=f"symrnn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        examples = "\n         ".join(f"symrnn {example}" for example in command.examples)
        own = commands.add_parser(
            name,
            help=command.about,
            description=command.about[0].upper() + command.about[1:] + ".",
            epilog=f"example: {examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == asked:
            command.add_options(own)
    return parser
