"""The commands and their options."""

import argparse
from typing import NoReturn

from symrnn import __version__
from symrnn.cli import bench, derive_options, train_options, trained, verify
from symrnn.cli.options import add_features, add_format, add_model, add_schedule, dims
from symrnn.errors import readable


class Parser(argparse.ArgumentParser):
    """One that a terminal can show whatever it was given."""

    def error(self, message: str) -> NoReturn:
        super().error(readable(message))


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="symrnn",
        description="Write the recurrence; get the derivation you can print and the kernel you"
        " can train with.",
        epilog="example: symrnn show elman --adjoint",
    )
    parser.add_argument("--version", action="version", version=f"symrnn {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    models = _command(commands, "models", "list the models that come along", "symrnn models")
    add_format(models)

    show = _command(
        commands,
        "show",
        "print a model's equations, in normal form, with their adjoint, or unrolled",
        "symrnn show lstm --adjoint\n"
        "         symrnn show elman --adjoint --unroll 3\n"
        "         symrnn show -e 'h[t] = tanh(x[t] @ W + u * h[t-1]); L = mse(y, h[T])' --normal",
    )
    add_model(show)
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
    add_schedule(show)
    add_features(show)
    add_format(show)

    summary = _command(
        commands,
        "summary",
        "print parameters with shapes and counts, states, inputs and outputs",
        "symrnn summary elman --dims D=5,H=3,C=1",
    )
    add_model(summary)
    summary.add_argument(
        "--dims", type=dims, default={}, metavar="D=5,H=3", help="widths, to count with"
    )
    add_format(summary)

    derivation = _command(
        commands,
        "derive",
        "derive the gradients by backpropagation through time, and print them",
        "symrnn derive elman --steps 3\n"
        "         symrnn derive lstm --format unicode\n"
        "         symrnn derive elman_n4 --view numbers --data notes -o worked.html",
    )
    add_model(derivation)
    derivation.add_argument(
        "--dims", type=dims, default={}, metavar="C=1", help="dimensions that have a number"
    )
    derive_options.add_options(derivation)

    generation = _command(
        commands,
        "generate",
        "generate a NumPy kernel: forward pass and gradients for a number of steps",
        "symrnn generate elman --steps 3\n         symrnn generate lstm --steps 25 -o lstm_t25.py",
    )
    add_model(generation)
    generation.add_argument("--steps", type=int, required=True, metavar="T", help="how many steps")
    add_schedule(generation)
    add_features(generation)
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
    add_model(verification)
    verify.add_options(verification)
    add_features(verification)
    verification.add_argument(
        "--dims", type=dims, default={}, metavar="D=5,H=3", help="widths (drawn where unsaid)"
    )
    add_format(verification)

    training = _command(
        commands,
        "train",
        "train a model on data: a run directory, which predicts, and which can be resumed",
        "symrnn train elman --data cat-mat-rat\n"
        "         symrnn train birnn --data reviews --hidden 16\n"
        "         symrnn train char --data hello --out hello",
    )
    add_model(training, changed=False)
    train_options.add_options(training)

    predicting = _command(
        commands,
        "predict",
        "predict by a trained model, from texts, a table or arrays",
        "symrnn predict elman-cat-mat-rat 'cat rat rat' 'mat mat rat'\n"
        "         symrnn predict elman-cat-mat-rat --data cat-mat-rat --format json",
    )
    trained.add_predict(predicting)

    sampling = _command(
        commands,
        "sample",
        "write text by a model that was trained on running text",
        "symrnn sample char-hello --start h --length 4 --temperature 0",
    )
    trained.add_sample(sampling)

    evaluation = _command(
        commands,
        "evaluate",
        "tell loss and accuracy, squared error or bits per character of a trained model",
        "symrnn evaluate elman-cat-mat-rat",
    )
    trained.add_evaluate(evaluation)

    measurement = _command(
        commands,
        "bench",
        "measure a training step of generated kernels beside NumPy by hand, PyTorch, JAX, autograd",
        "symrnn bench --models elman --sizes 1 --peers kernel,numpy,floor --seconds 0.01",
    )
    bench.add_options(measurement)
    return parser


def _command(
    commands: "argparse._SubParsersAction[Parser]",
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
