"""Names for the losses of single steps: L_t, where the loss is their sum or mean over time."""

from dataclasses import replace

from symrnn.language.table import TIME
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Declaration,
    Definition,
    Div,
    Expr,
    Mul,
    Neg,
    Ref,
    Written,
    map_children,
    refs,
)
from symrnn.system.names import free


def with_step_losses(written: Written) -> tuple[Written, tuple[str, ...]]:
    """The text with an equation for each loss that is summed over time, and their names.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.language.printer import show
    >>> text, names = with_step_losses(parse("q[t] = x[t] @ W; L = mean(mse(y[t], q[t]))"))
    >>> print(show(text).splitlines()[-1], names)
    L = mean(L_t[t]) ('L_t',)
    """
    taken = {d.target.name for d in written.definitions} | {
        ref.name for d in written.definitions for ref in refs(d.body)
    }
    made: list[Definition] = []

    def named(expr: Expr) -> Expr:
        match expr:
            case Neg() | Add() | Mul():
                return map_children(expr, named)
            case Div(left=left, right=right):
                return Div(named(left), right, place=expr.place)
            case Call(function=function, args=(arg,)) if function in TIME:
                if isinstance(arg, Ref) or not any(ref.base == "t" for ref in refs(arg)):
                    return expr
                name = free("L_t", taken)
                taken.add(name)
                made.append(Definition(Ref(name, "t"), arg, place=expr.place))
                return Call(function, (Ref(name, "t"),), place=expr.place)
        return expr

    definitions: list[Definition] = []
    for definition in written.definitions:
        if definition.target == Ref("L"):
            found = replace(definition, body=named(definition.body))
            definitions += [*made, found]
        else:
            definitions.append(definition)
    names = tuple(d.target.name for d in made)
    declared = tuple(Declaration(name, "width", (NARROW,)) for name in names)
    new = replace(
        written,
        definitions=tuple(definitions),
        declarations=(*written.declarations, *declared),
    )
    return (new, names) if names else (written, ())
