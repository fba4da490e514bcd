"""Equal equations are made once: a name that was made up gives way to the author's own.

h[t] = o[t] * tanh_c[t]; tanh_c[t] = tanh(c[t]); k[t] = tanh(c[t])   =>   h[t] = o[t] * k[t]; …
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from symrnn.language.tree import Ref
from symrnn.system.rewrite import map_refs
from symrnn.system.system import System, Total, says


def without_twins(system: System, own: AbstractSet[str]) -> System:
    """The system with each equation once; `own` are the names of the author."""
    plain = [e for e in system.equations if e.target.base in ("t", "") and not isinstance(e, Total)]
    authors: dict[tuple[str, object], str] = {}
    for equation in plain:
        if equation.target.name in own:
            authors.setdefault((equation.target.base, says(equation)), equation.target.name)
    twins = {
        e.target.name: authors[e.target.base, says(e)]
        for e in plain
        if e.target.name not in own and (e.target.base, says(e)) in authors
    }
    if not twins:
        return system

    def renamed(ref: Ref) -> Ref:
        return Ref(twins.get(ref.name, ref.name), ref.base, ref.shift)

    kept = [e for e in system.equations if e.target.name not in twins]
    symbols = {name: s for name, s in system.symbols.items() if name not in twins}
    for made_up, name in twins.items():
        if system.symbols[made_up].output:
            symbols[name] = replace(symbols[name], output=True)
    return replace(system, equations=tuple(map_refs(e, renamed) for e in kept), symbols=symbols)
