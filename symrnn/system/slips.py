"""What the language allows and nobody means; asked of what a person has written.

What somebody may mean is no slip but a doubt (`doubts`): it is read, and the person is told.
"""

import re
from dataclasses import replace
from typing import NoReturn

from symrnn.errors import EquationError
from symrnn.language.table import LOSSES
from symrnn.language.tree import Add, Call, Expr, MatMul, Neg, Place, Ref, Written, refs, walk
from symrnn.system.occurrences import fault, occurrences
from symrnn.system.symbols import GIVEN, Symbols

STEPS = {"_t": "t", "_T": "T", "_prev": "t-1", "_old": "t-1", "_tm1": "t-1", "_next": "t+1"}
"""Ends of names that say a step."""

LAG = re.compile(r"(\s?)[-+\N{MINUS SIGN}]\s?\d+(?![\w.]|\s*[*/])")


def check_slips(written: Written, symbols: Symbols) -> None:
    """Refuse H where h is meant, h_t where h[t] is, and a loss with its arguments the wrong way
    round."""
    _check_steps_in_names(written, symbols)
    _check_misspelt(written, symbols)
    _check_swapped(written, symbols)


def _check_steps_in_names(written: Written, symbols: Symbols) -> None:
    """`h_t`, `h_t-1` and `h_prev`, where what is done with them shows that steps are meant."""
    said = {d.name for d in written.declarations}
    own = {d.target.name for d in written.definitions}
    timed = {s.name for s in symbols.values() if s.timed}
    lines = written.source.text.split("\n") if written.source else []
    for definition in written.definitions:
        target, read = definition.target, list(occurrences(definition.body))
        if target.name.endswith("_t") and not target.base and target.name not in said:
            ends = any(o.ref.name.endswith("_t") and not (o.ref.base or o.matrix) for o in read)
            if ends or any(o.ref.base == "t" and not o.summed for o in read):
                _refuse(written, target.place, f"{target.name[:-2]}[t] = …")
        nodes = list(walk(definition.body))
        rows = {id(node.left) for node in nodes if isinstance(node, MatMul)}
        terms = {
            id(t) for node in nodes if isinstance(node, Add) for t in map(_unsigned, node.terms)
        }
        for ref in (o.ref for o in read if not o.matrix and not o.ref.base):
            stem, _, end = ref.name.rpartition("_")
            step = STEPS.get(f"_{end}")
            if step is None or ref.name in said | own:
                continue
            lag = _lag(lines, ref.place, closely=stem not in timed) if step == "t" else ""
            bias = id(ref) in terms and step in ("t", "T")
            if lag or (stem in timed and not bias) or (step == "t" and id(ref) in rows):
                place = ref.place and replace(ref.place, end=ref.place.end + len(lag))
                _refuse(written, place, f"{stem}[{step}{_ascii(lag)}]")


def _unsigned(term: Expr) -> Expr:
    return term.arg if isinstance(term, Neg) else term


def _lag(lines: list[str], place: Place | None, closely: bool) -> str:
    """The `-1` that stands behind a name, as it is written."""
    found = LAG.match(lines[place.line - 1], place.end) if lines and place else None
    return found[0] if found and not (closely and found[1]) else ""


def _ascii(lag: str) -> str:
    return lag.replace(" ", "").replace("\N{MINUS SIGN}", "-")


def _refuse(written: Written, place: Place | None, said: str) -> NoReturn:
    message = f"time stands in square brackets: {said}"
    raise EquationError(fault(written, place, message))


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
