"""Systems made simpler: equal equations once, losses from logits, dead equations gone."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Ref
from symrnn.system.check import check
from symrnn.system.graph import at_step, needs_of, reached
from symrnn.system.system import Equation, Pointwise, Row, System, Total, map_refs, says, uses


def without_duplicates(system: System, own: AbstractSet[str]) -> System:
    """The system with each equation once; `own` are the names of the author, to which a name that
    was made up gives way.

    h[t] = o[t] * tanh_c[t]; tanh_c[t] = tanh(c[t]); k[t] = tanh(c[t])   =>   h[t] = o[t] * k[t]; …
    """
    plain = [e for e in system.equations if not isinstance(e, Total)]  # a total is over the batch
    authors: dict[tuple[str, object], str] = {}
    for equation in plain:
        if equation.target.name in own:
            authors.setdefault((equation.target.base, says(equation)), equation.target.name)
    duplicates = {
        e.target.name: authors[e.target.base, says(e)]
        for e in plain
        if e.target.name not in own and (e.target.base, says(e)) in authors
    }
    if not duplicates:
        return system

    def renamed(ref: Ref) -> Ref:
        return Ref(duplicates.get(ref.name, ref.name), ref.base, ref.shift)

    kept = [e for e in system.equations if e.target.name not in duplicates]
    symbols = {name: s for name, s in system.symbols.items() if name not in duplicates}
    for made_up, name in duplicates.items():
        if system.symbols[made_up].output:
            symbols[name] = replace(symbols[name], output=True)
    return replace(system, equations=tuple(map_refs(e, renamed) for e in kept), symbols=symbols)


def from_logits(system: System) -> System:
    """The system with bce(y, σ(z)) as bce_logits(y, z), and the same for ce of a softmax.

    That is finite where the link saturates, and its adjoint reads ŷ - y.
    """
    links = {e.target: found for e in system.equations if (found := _link(e))}

    def rewrite(equation: Equation) -> Equation:
        if not isinstance(equation, Row) or equation.function not in LOSSES:
            return equation
        loss, (target, prediction) = LOSSES[equation.function], equation.args
        function, inside = links.get(_node(prediction, system.steps), ("", prediction))
        if not loss.link or function != loss.link:
            return equation
        if inside.base == "t":  # read there as the link reads it, which is read at t, 1 or T
            inside = Ref(inside.name, prediction.base, prediction.shift + inside.shift)
        return Row(equation.target, loss.from_logits, (target, inside))

    return replace(system, equations=tuple(map(rewrite, system.equations)))


def _link(equation: Equation) -> tuple[str, Ref] | None:
    """The function and the argument of `v = σ(z)` or `v = softmax(z)`."""
    match equation:
        case Pointwise(body=Call(function=function, args=(Ref() as inside,))):
            return function, inside
        case Row(function="softmax" as function, args=(inside,)):
            return function, inside
    return None


def _node(prediction: Ref, steps: int | None) -> Ref:
    """The equation that a prediction is read from: only v[t], v[1], v[T] surely lie in 1…T."""
    if steps is not None:
        return at_step(prediction, steps)
    return Ref(prediction.name, "t") if prediction.base and not prediction.shift else prediction


def prune(system: System) -> System:
    """The equations that the outputs, the loss and the gradients need.

    Parameters that nothing reads any more stay known only if their gradient does.
    """
    definitions = {e.target: list(uses(e)) for e in system.equations}
    roots = [target for target in definitions if _is_root(system, target)]
    needed = reached(roots, needs_of(definitions, system.steps))
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
