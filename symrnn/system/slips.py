"""What the language allows and a person hardly means; asked of what a person has written."""

from symrnn.errors import EquationError
from symrnn.functions import LOSSES
from symrnn.language.tree import Call, MatMul, Ref, Written, refs, walk
from symrnn.system.occurrences import fault, occurrences
from symrnn.system.symbols import GIVEN, Symbols


def check_slips(written: Written, symbols: Symbols) -> None:
    """Refuse H where h is meant, and a loss with its arguments the wrong way round."""
    _check_misspelt(written, symbols)
    _check_swapped(written, symbols)


def _check_misspelt(written: Written, symbols: Symbols) -> None:
    """An undeclared input that differs from a variable in case alone, and is never read at t."""
    found = [o.ref for d in written.definitions for o in occurrences(d.body)]
    plain = {r.name for r in found if (r.base, r.shift) == ("t", 0)}
    plain |= {declaration.name for declaration in written.declarations}
    variables = {s.name.lower(): s.name for s in symbols.values() if s.role == "variable"}
    for ref in found:
        meant = variables.get(ref.name.lower())
        if meant and symbols[ref.name].role == "input" and ref.name not in plain:
            message = (
                f"no equation defines {ref.name}; did you mean '{meant}'? (if it is an input,"
                f" declare it: {ref.name}: input)"
            )
            raise EquationError(fault(written, ref.place, message))


def _check_swapped(written: Written, symbols: Symbols) -> None:
    """A loss takes the target first; the other way round it would become a parameter."""
    predicted = _only_predicted(written, symbols)
    for node in (node for d in written.definitions for node in walk(d.body)):
        match node:
            case Call(function=function, args=(first, Ref(name=name))) if function in LOSSES:
                computed = any(symbols[ref.name].role == "variable" for ref in refs(first))
                computed = computed or any(isinstance(inner, MatMul) for inner in walk(first))
                if computed and name in predicted:
                    message = f"the target stands first in a loss: {function}({name}, …)"
                    raise EquationError(fault(written, node.place, message))


def _only_predicted(written: Written, symbols: Symbols) -> set[str]:
    """Names without an equation that stand nowhere but second in a loss."""
    found = [o for d in written.definitions for o in occurrences(d.body)]
    elsewhere = {o.ref.name for o in found if not o.prediction}
    given = {s.name for s in symbols.values() if s.role in ("input", *GIVEN)}
    said = {d.name for d in written.declarations if d.kind in ("input", *GIVEN)}
    return given - elsewhere - said
