"""Single-use diagonal Jacobians folded into their neighbours, before a system is ordered.

    d_i[t] = d_c[t] * g[t];  d_a_i[t] = d_i[t] * (i[t] * (1 - i[t]))
        =>  d_a_i[t] = d_c[t] * (g[t] * (i[t] * (1 - i[t])))

so that what does not depend on the scan stands together. An adjoint that is another one under a new
name is read under the old one.
"""

from dataclasses import replace

from symrnn.language.tree import ONE, Expr, Ref
from symrnn.system.algebra import mul
from symrnn.system.check import check
from symrnn.system.system import Equation, Linear, Scale, System, Term, map_expr, map_refs, uses


def fold(system: System, across: bool = True) -> System:
    """Also what is read at another step, unless `across` is false.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import adjoint, normal
    >>> text = "h[t] = tanh(x[t] + u * h[t-1]) * g[t]; L = mse(y, h[T])"
    >>> folded = fold(adjoint(normal(parse(text))))
    >>> str(folded).count("d_tanh"), str(adjoint(normal(parse(text)))).count("d_tanh") > 0
    (0, True)
    """
    equations = {e.target: e for e in system.equations}
    wanted = {s.name for s in system.named("adjoint") if s.of and _is_input(system, s.of)}
    reads = {target: tuple(use.ref for use in uses(e)) for target, e in equations.items()}

    def readers(name: str) -> list[Ref]:
        return [target for target, found in reads.items() for ref in found if ref.name == name]

    def folds(equation: Equation) -> bool:
        if equation.target.name in wanted or not _is_factor(system, equation):
            return False
        found = readers(equation.target.name)
        return _is_new_name(equation) or (
            len(found) == 1 and _takes_factor(equations[found[0]], equation.target.name, across)
        )

    while found := next(filter(folds, equations.values()), None):
        del equations[found.target], reads[found.target]
        for target in readers(found.target.name):
            equations[target] = _without(equations[target], found)
            reads[target] = tuple(use.ref for use in uses(equations[target]))
    kept = {target.name for target in equations}
    symbols = {
        name: symbol
        for name, symbol in system.symbols.items()
        if symbol.role != "adjoint" or name in kept
    }
    result = System(tuple(equations.values()), symbols, system.steps)
    check(result, "fold")
    return result


def _is_input(system: System, of: Ref) -> bool:
    return system.symbols[of.name].role == "input"


def _is_factor(system: System, equation: Equation) -> bool:
    """Whether an adjoint is another one at the same step, entry by entry times a factor."""
    target = equation.target
    if not isinstance(equation, Linear) or len(equation.terms) != 1:
        return False
    (term,) = equation.terms
    if term.ref is None or term.over or not term.everywhere or not isinstance(term.by, Scale):
        return False
    here = (target.base, target.shift) in (("t", 0), ("", 0))
    here = here and (term.ref.base, term.ref.shift) == (target.base, target.shift)
    own, other = system.symbols[target.name], system.symbols[term.ref.name]
    same_width = own.shape == other.shape and own is not other
    return here and same_width and own.role == other.role == "adjoint"


def _is_new_name(equation: Equation) -> bool:
    """Whether an equation of one factor says nothing but another name."""
    return isinstance(equation, Linear) and equation.terms[0].by == Scale(ONE)


def _takes_factor(user: Equation, name: str, across: bool) -> bool:
    """Whether the one equation that reads a variable multiplies it entry by entry as well."""
    if not isinstance(user, Linear):
        return False
    use = next((t for t in user.terms if t.ref and t.ref.name == name), None)
    if use is None or not isinstance(use.by, Scale) or use.over or not use.everywhere:
        return False
    assert use.ref is not None
    return use.ref.base in ("t", "") and (across or not use.ref.shift)


def _without(equation: Equation, gone: Equation) -> Equation:
    assert isinstance(gone, Linear)
    (term,) = gone.terms
    assert term.ref is not None
    assert isinstance(term.by, Scale)
    name, new, factor = gone.target.name, term.ref.name, term.by.factor
    if factor == ONE:
        return map_refs(equation, lambda ref: replace(ref, name=new) if ref.name == name else ref)
    if not isinstance(equation, Linear):
        return equation
    return replace(equation, terms=tuple(_put(t, name, new, factor) for t in equation.terms))


def _put(term: Term, name: str, new: str, factor: Expr) -> Term:
    if term.ref is None or term.ref.name != name or not isinstance(term.by, Scale):
        return term
    shift = term.ref.shift

    def moved(ref: Ref) -> Ref:
        return replace(ref, shift=ref.shift + shift) if ref.base == "t" else ref

    by = Scale(mul(map_expr(factor, moved), term.by.factor))
    return replace(term, ref=replace(term.ref, name=new), by=by)
