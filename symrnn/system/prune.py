"""Dead equations go: what reaches neither an output, nor the loss, nor a gradient."""

from symrnn.language.tree import Ref
from symrnn.system.activity import reached
from symrnn.system.check import check
from symrnn.system.graph import edges_of
from symrnn.system.system import System, uses


def prune(system: System) -> System:
    """The equations that the outputs, the loss and the gradients need.

    Parameters that nothing reads any more stay known only if their gradient does.
    """
    definitions = {e.target: list(uses(e)) for e in system.equations}
    edges = edges_of(definitions, system.steps)
    roots = [target for target in definitions if _is_root(system, target)]
    needed = reached(roots, {node: [other for other, _ in found] for node, found in edges.items()})
    equations = tuple(e for e in system.equations if e.target in needed)
    names = {e.target.name for e in equations}
    names |= {use.ref.name for target in needed for use in definitions[target]}
    names |= {s.of.name for s in system.symbols.values() if s.of and s.name in names}
    symbols = {name: s for name, s in system.symbols.items() if name in names}
    result = System(equations, symbols, system.steps)
    check(result, "prune")
    return result


def _is_root(system: System, target: Ref) -> bool:
    symbol = system.symbols[target.name]
    by_input = symbol.of is not None and system.symbols[symbol.of.name].role == "input"
    return symbol.output or symbol.role == "total" or by_input
