"""Which names of a system the author did not write."""

from collections.abc import Collection

from symrnn.functions import LOSSES
from symrnn.language.tree import Call, Ref
from symrnn.system.symbols import Symbol
from symrnn.system.system import Pointwise, Row, System


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


def is_derived(symbol: Symbol) -> bool:
    """Whether it is an adjoint or a gradient."""
    return symbol.role == "adjoint" or symbol.of is not None
