"""Sense made of a text: the role, the time and the shape of each name, or what is against it."""

from functools import lru_cache

from symrnn.language.tree import Written
from symrnn.system.occurrences import dependencies
from symrnn.system.roles import roles
from symrnn.system.rules import Rules
from symrnn.system.symbols import Symbols
from symrnn.system.widths import infer


def resolve(written: Written) -> Symbols:
    """The symbols of a text, in the order in which they appear in its equations.

    Raises EquationError or WidthError, with line and caret, if they do not make a system.
    """
    return dict(_resolved(written))


@lru_cache(maxsize=64)  # every stage asks for them
def _resolved(written: Written) -> Symbols:
    rules = Rules(written)
    rules.check_declared_once()
    rules.check_definitions()
    symbols = roles(written)
    rules.check_declarations(symbols)
    rules.check_uses(symbols)
    dependencies(written)  # refuses cycles
    return infer(written, symbols)
