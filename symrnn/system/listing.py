"""A system as a page to read: declarations, then the model, its adjoints, its gradients.

The page is in the language: reading it back gives the same system.
"""

from dataclasses import dataclass

from symrnn.frame import render
from symrnn.language.printer import show_declaration, show_definition, show_ref, show_widths
from symrnn.language.tree import Ref
from symrnn.system.spell import spell, spell_equation
from symrnn.system.system import System, uses

KINDS = {
    "model": "the model",
    "value": "values that the gradient needs beside",
    "adjoint": "adjoints, time running the other way",
    "total": "gradients",
}


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: list[str]


def listing(system: System, title: str) -> str:
    """The page for a system."""
    one_line = " ".join(title.split())  # the title is a comment
    return render("text/system.rnn", title=one_line, sections=sections(system))


def sections(system: System) -> list[Section]:
    written = spell(system)
    about_adjoints = [d for d in written.declarations if d.kind == "adjoint"]
    about_model = [d for d in written.declarations if d.kind != "adjoint"]
    steps = [f"T = {written.steps}"] if written.steps is not None else []
    found = [Section("widths and roles", steps + list(map(show_declaration, about_model)))]
    lines: dict[str, list[str]] = {kind: [] for kind in KINDS}
    parts = _parts(system)
    for definition in written.definitions:
        lines[parts[definition.target.name]].append(show_definition(definition))
    for kind, own in lines.items():
        declared = [show_declaration(d) for d in about_adjoints if parts[d.name] == kind]
        if own:
            found.append(Section(KINDS[kind], declared + own))
    return [section for section in found if section.lines]


def _parts(system: System) -> dict[str, str]:
    """The part of the page on which each name is defined; the loss belongs to the model."""
    readers: dict[str, set[str]] = {}
    for equation in system.equations:
        for use in uses(equation):
            readers.setdefault(use.ref.name, set()).add(equation.target.name)
    gradient = {s.name for s in system.named("adjoint", "total") if s.name != system.loss}
    parts: dict[str, str] = {}
    for symbol in system.symbols.values():
        beside = gradient >= readers.get(symbol.name, {symbol.name}) and not symbol.output
        if symbol.name in gradient:
            parts[symbol.name] = symbol.role
        else:
            parts[symbol.name] = (
                "value" if symbol.role in ("variable", "weight") and beside else "model"
            )
    return parts


def as_json(system: System) -> dict[str, object]:
    """The same as data."""
    return {
        "text": str(system),
        "steps": system.steps,
        "symbols": [
            {
                "name": symbol.name,
                "role": symbol.role,
                "timed": symbol.timed,
                "shape": show_widths(symbol.shape) if symbol.shape else None,
                "output": symbol.output,
                "adjoint_of": show_ref(symbol.of) if symbol.of is not None else None,
            }
            for symbol in system.symbols.values()
        ],
        "equations": [
            {
                "target": show_ref(equation.target),
                "kind": type(equation).__name__.lower(),
                "text": [
                    show_definition(d)
                    for d in spell_equation(equation, equation.target == Ref("L"))
                ],
            }
            for equation in system.equations
        ],
    }
