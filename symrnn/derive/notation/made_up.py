"""Which names of a system the author did not write."""

from collections.abc import Collection

from symrnn.language.table import LOSSES
from symrnn.language.tree import Call, Ref
from symrnn.system.symbols import Symbol
from symrnn.system.system import Pointwise, Row, System, uses


def made_up(system: System, own: Collection[str] = ()) -> frozenset[str]:
    """The variables that the author did not write: not in `own`, or named as `names` names them."""
    variables = {symbol.name for symbol in system.named("variable")}
    if own:
        return frozenset(variables - set(own))
    found: set[str] = set()
    for equation in system.equations:
        name = equation.target.name
        if name.startswith("u_"):  # u_n and u_n_2 are parts of a_n
            whole = {f"a_{name[2:]}", f"a_{name[2:].rpartition('_')[0]}"}
            found |= {name} if whole & variables else set()
        match equation:
            case (
                Pointwise(body=Call(function=function, args=args))
                | Row(function=function, args=args)
            ):
                prefix = "l" if function in LOSSES else function
                found |= {name} if name.startswith(f"{prefix}_") else set()
                read = {arg.name for arg in args if isinstance(arg, Ref)}
                found |= {inner for inner in read if inner.startswith("a_")}
    return frozenset(found & variables)


def owners(system: System, made: Collection[str]) -> dict[str, str]:
    """For each name that was made up the author's variable whose equation it is a part of.

    a_sqrt_h for sqrt(v + 1) in h[t] = tanh(x[t] / sqrt(v + 1))   =>   h
    """
    found: dict[str, str] = {}
    own = [e for e in system.equations if not is_derived(system.symbols[e.target.name])]
    readers = [(e.target.name, use.ref.name) for e in own for use in uses(e)]
    waiting = [(reader, name) for reader, name in readers if name in made and reader != name]
    while True:
        known = [(found.get(r, r), name) for r, name in waiting if r not in made or r in found]
        new = {name: owner for owner, name in reversed(known) if name not in found}
        if not new:
            return found
        found |= new


def is_derived(symbol: Symbol) -> bool:
    """Whether it is an adjoint or a gradient."""
    return symbol.role == "adjoint" or symbol.of is not None
