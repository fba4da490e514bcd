"""A weight for each step of each sequence, on what the loss sums over time.

    L = mean(mse(y[t], z[t]))   =>   L = sum(weights[t] * mse(y[t], z[t])) / sum(weights[t])

A step of weight 0 has no target: what stands there counts for nothing.
"""

from dataclasses import replace

from symrnn.errors import EquationError
from symrnn.language.table import LOSSES, TIME
from symrnn.language.tree import (
    NARROW,
    Call,
    Div,
    Expr,
    Mul,
    Ref,
    Written,
    children,
    map_children,
    refs,
    walk,
)
from symrnn.system.inputs import Input, new_name, symbols_of, with_inputs
from symrnn.system.occurrences import head_names
from symrnn.system.symbols import Symbols


def with_weights(written: Written) -> Written:
    """
    >>> from symrnn.language import parse, show
    >>> written = parse("h[t] = u * h[t-1] + x[t]; L = sum(mse(y[t], h[t]))")
    >>> print(show(with_weights(written)), end="")
    weights: 1
    h[t] = u * h[t-1] + x[t]
    L = sum(weights[t] * mse(y[t], h[t]))
    """
    symbols = symbols_of(written, "a weight")
    if "L" not in symbols:
        raise EquationError("weights are for a loss, and the model has none; write L = …")
    steps = _Steps(written, symbols)
    name = new_name(written, "weights")

    def weighted(expr: Expr) -> Expr:
        match expr:
            case Call(function=function, args=(arg,)) if function in TIME and steps.has_loss(arg):
                weight = Ref(name, "t")
                total = Call("sum", (Mul(weight, arg),))
                return total if function == "sum" else Div(total, Call("sum", (weight,)))
        return map_children(expr, weighted)

    definitions = [
        replace(d, body=weighted(d.body)) if d.target.name in steps.head else d
        for d in written.definitions
    ]
    if not any(ref.name == name for d in definitions for ref in refs(d.body)):
        raise EquationError(
            "the loss has no terms that a weight for each step could stand on; expected a sum or a"
            " mean over time, such as L = mean(ce(y[t], yhat[t])) (--head steps makes one)"
        )
    return with_inputs(written, definitions, [Input(name, NARROW)])


def weights_of(written: Written, symbols: Symbols) -> dict[str, str]:
    """The inputs that weigh steps: "mean" where something is divided by their sum, else "sum".

    >>> from symrnn.language import parse
    >>> from symrnn.system.resolve import resolve
    >>> written = parse("m: 1; h[t] = 2 * x[t]; L = sum(m[t] * mse(y[t], h[t])) / sum(m[t])")
    >>> weights_of(written, resolve(written))
    {'m': 'mean'}
    """
    steps = _Steps(written, symbols)
    found: dict[str, str] = {}
    for node in (node for d in written.definitions for node in walk(d.body)):
        match node:
            case Div(right=Call(function="sum", args=(Ref(name=name, base="t", shift=0),))):
                found[name] = "mean"
            case Call(function="sum", args=(Mul(left=Ref(name=name), right=right),)):
                if steps.has_loss(right):
                    found.setdefault(name, "sum")
    return {name: over for name, over in found.items() if symbols[name].role == "input"}


class _Steps:
    """Where a text has losses that run over time: in L, or in equations that only L reads."""

    def __init__(self, written: Written, symbols: Symbols) -> None:
        self.symbols = symbols
        self.head = head_names(written)
        self.names: set[str] = set()
        own = [d for d in written.definitions if d.target.name in self.head and d.target.base]
        while grown := {d.target.name for d in own if self.has_loss(d.body)} - self.names:
            self.names |= grown

    def has_loss(self, expr: Expr) -> bool:
        """Whether an expression has a loss in it, a target, or the name of such a formula; a sum
        over time inside of it has steps of its own."""
        match expr:
            case Ref(name=name, base="t"):
                return name in self.names or self.symbols[name].role == "target"
            case Call(function=function) if function in LOSSES or function in TIME:
                return function in LOSSES
        return any(map(self.has_loss, children(expr)))
