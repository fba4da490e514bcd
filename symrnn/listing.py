"""A system as a page to read: declarations, then the model, its adjoints, its gradients.

The page is in the language: reading it back gives the same system.
"""

from dataclasses import dataclass

from symrnn.frame import render
from symrnn.language.printer import show_declaration, show_definition, show_ref, show_widths
from symrnn.language.tree import Ref
from symrnn.system.spell import spell, spell_equation
from symrnn.system.system import System

KINDS = {"variable": "the model", "adjoint": "adjoints", "total": "gradients"}


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: list[str]


def listing(system: System, title: str) -> str:
    """The page for a system."""
    return render("text/system.rnn", title=title, sections=sections(system))


def sections(system: System) -> list[Section]:
    written = spell(system)
    about_adjoints = [d for d in written.declarations if d.kind == "adjoint"]
    about_model = [d for d in written.declarations if d.kind != "adjoint"]
    steps = [f"T = {written.steps}"] if written.steps is not None else []
    found = [Section("widths and roles", steps + list(map(show_declaration, about_model)))]
    lines: dict[str, list[str]] = {"variable": [], "adjoint": [], "total": []}
    for definition in written.definitions:
        lines[_part(system, definition.target.name)].append(show_definition(definition))
    for kind, own in lines.items():
        declared = [show_declaration(d) for d in about_adjoints if _part(system, d.name) == kind]
        if own:
            backwards = ", time running the other way" if kind == "adjoint" else ""
            found.append(Section(KINDS[kind] + backwards, declared + own))
    return [section for section in found if section.lines]


def _part(system: System, name: str) -> str:
    """The part of the page on which a name is defined; the loss belongs to the model."""
    role = system.symbols[name].role
    return role if role in ("adjoint", "total") and name != "L" else "variable"


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
