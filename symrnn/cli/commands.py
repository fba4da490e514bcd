"""What each command does: options in, text out."""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symrnn.cli import bench, derive, train, trained, verify
from symrnn.cli.options import features, load, named, passes
from symrnn.errors import UsageError
from symrnn.library import zoo

if TYPE_CHECKING:
    from symrnn.kernels.verification.generated import Comparison
    from symrnn.kernels.verification.report import Report
    from symrnn.model import Model


@dataclass(frozen=True)
class Answer:
    """What a command prints, and an exit status that is not 0 where something did not hold."""

    text: str | bytes
    status: int


def _models(options: argparse.Namespace) -> str:
    found = zoo.models()
    if options.format == "json":
        return _json([{"name": name, "about": about} for name, about in found.items()])
    width = max(map(len, found))
    return "".join(f"{name:<{width}}  {about}\n" for name, about in found.items())


def _show(options: argparse.Namespace) -> str:
    model = load(options)
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
    from symrnn.cli.listing import as_json, listing
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
    from symrnn.kernels.generate import program
    from symrnn.kernels.settings import Settings

    if options.steps is None:
        raise UsageError("--program is for a number of steps; say --steps T")
    loops = True if options.loops is None else options.loops
    settings = Settings.of(
        options.steps, loops, options.wrt, **passes(options), **features(options)
    )
    if settings.checkpoint:
        raise UsageError(
            "--program shows one program, and --checkpoint makes several; leave it out"
        )
    *_, made = program(model.written, settings)
    if options.format == "json":
        return _json({"model": model.name, "form": "program", "text": str(made)})
    return str(made)


def _summary(options: argparse.Namespace) -> str:
    summary = load(options).summary(options.dims)
    return _json(summary.as_json()) if options.format == "json" else str(summary)


def _derive(options: argparse.Namespace) -> str | bytes:
    return derive.derive(load(options), options)


def _generate(options: argparse.Namespace) -> str:
    model = load(options)
    return model.generate(
        options.steps,
        options.loops,
        options.wrt,
        options.name,
        passes(options).get("passes"),
        **features(options),
    )


def _verify(options: argparse.Namespace) -> Answer:
    generated = verify.is_generated(options)
    chosen = features(options)
    if generated:
        found: Report | Comparison = verify.generated(options, chosen)
    else:
        found = verify.model(load(options), options, chosen)
    text = _json(found.as_json()) if options.format == "json" else str(found)
    return Answer(text, 0 if found.holds else 1)


def _bench(options: argparse.Namespace) -> str:
    return bench.bench(options)


def _train(options: argparse.Namespace) -> Answer:
    train.one_thread()
    given = (options.model, options.file, options.equations)
    resumed = options.resume is not None or given == (None, None, None)
    return Answer(*train.train(None if resumed else named(options), options))


def _predict(options: argparse.Namespace) -> str:
    train.one_thread()
    return trained.predict(options)


def _sample(options: argparse.Namespace) -> str:
    train.one_thread()
    return trained.sample(options)


def _evaluate(options: argparse.Namespace) -> str:
    train.one_thread()
    return trained.evaluate(options)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


COMMANDS: dict[str, Callable[[argparse.Namespace], str | bytes | Answer]] = {
    "models": _models,
    "show": _show,
    "summary": _summary,
    "derive": _derive,
    "generate": _generate,
    "verify": _verify,
    "train": _train,
    "predict": _predict,
    "sample": _sample,
    "evaluate": _evaluate,
    "bench": _bench,
}
