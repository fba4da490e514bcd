"""A system as a function for a library that differentiates by itself: what comes out of it has
adjoints that are handed in.

Two functions are made of a model. Its forward pass gives outputs and final states, and each of them
has a cotangent; its loss is weighed with one number, the cotangent of the loss.

    h[t] = tanh(x[t] @ W + h[t-1] @ U)         forward:   h[t] = …, yhat = …, h_T = h[T]
    yhat = sigmoid(h[T] @ V)              =>
    L    = bce(y, yhat)                        loss:      h[t] = …, yhat = …, L = bce(y, yhat) * d_L
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from symrnn.language.tree import NARROW, ONE, Div, Expr, Mul, Neg, Ref
from symrnn.system.algebra import mul
from symrnn.system.check import check
from symrnn.system.names import free, label
from symrnn.system.states import forward_part, initial_states, with_states
from symrnn.system.symbols import Symbol
from symrnn.system.system import Dot, Entries, Linear, Scale, System, Term, Total


@dataclass(frozen=True)
class ForwardPass:
    """The equations that outputs and final states need, the latter as outputs too."""

    system: System
    finals: Mapping[str, str]
    """For each initial state, the variable that is the same after the last step."""


def forward_pass(form: System, kept: bool = False) -> ForwardPass:
    """The forward pass of a system whose states are not inputs yet. What an input has kept of
    earlier steps is among the results if it is asked for: it stands in the input.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> text = "h[t] = tanh(x[t] @ W + h[t-1] @ U); yhat = h[T] @ V; L = mse(y, yhat)"
    >>> made = forward_pass(normal(parse(text)))
    >>> made.finals, [symbol.name for symbol in made.system.outputs]
    ({'h0': 'h_T'}, ['yhat', 'h_T'])
    """
    part = forward_part(with_states(form))
    symbols, made, finals = dict(part.symbols), list(part.equations), dict[str, str]()
    for key, ref in initial_states(form).items():
        old = symbols.get(ref.name)
        if old is None or (old.keeps and not kept):
            continue
        backward = ref.base == "T"
        last = Ref(ref.name, "1", ref.shift - 1) if backward else Ref(ref.name, "T", ref.shift + 1)
        wish = f"{ref.name}_T" if last == Ref(ref.name, "T") else label(last)
        name = finals[key] = free(wish, symbols)
        symbols[name] = replace(old, name=name, timed=False, output=True)
        made.append(Linear(Ref(name), (Term(last),)))
    system = replace(part, equations=tuple(made), symbols=symbols)
    check(system, "forward_pass")
    return ForwardPass(system, finals)


@dataclass(frozen=True)
class Weighed:
    """A system whose loss is weighed."""

    system: System
    weight: str
    """The name of the number: the cotangent of the loss. It is `fixed`, and has one entry."""

    def plain(self, full: System) -> System:
        """The system with its gradient, which is weighed, and the loss as it was."""

        def without(term: Term) -> Term:
            by = term.by
            assert isinstance(by, Scale | Dot | Entries)
            return replace(term, by=replace(by, factor=_without(by.factor, Ref(self.weight))))

        return _with_terms_of_loss(full, without)


def _without(factor: Expr, weight: Ref) -> Expr:
    """A product without its first factor."""
    match factor:
        case Mul(left=left, right=right):
            return right if left == weight else Mul(_without(left, weight), right)
        case Div(left=left, right=right):
            return Div(_without(left, weight), right)
        case Neg(arg=arg):
            return Neg(_without(arg, weight))
    return ONE if factor == weight else factor


def _with_terms_of_loss(system: System, change: Callable[[Term], Term]) -> System:
    equations = tuple(
        replace(e, terms=tuple(map(change, e.terms)))
        if isinstance(e, Total) and e.target.name == system.loss
        else e
        for e in system.equations
    )
    return replace(system, equations=equations)


def weighed(system: System) -> Weighed:
    """The system with its loss times a number that is handed in; its gradient is then that number
    times the gradient of the loss.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import adjoint, normal
    >>> made = weighed(normal(parse("h[t] = u * x[t]; L = mse(y, h[T])")))
    >>> made.weight
    'd_L'
    >>> print(str(made.plain(adjoint(made.system))).partition("L = l_h\\n")[2], end="")
    d_l_h = d_L / size(B)
    d_h[t] = 0
    d_h[T] += d_l_h * (2 * (h[T] - y) / size(D))
    d_u = sum(batchsum(d_h[t] * x[t]))
    """
    name = free("d_L", system.symbols)
    symbols = {**system.symbols, name: Symbol(name, "fixed", shape=(NARROW,))}

    def weigh(term: Term) -> Term:
        by = term.by
        assert isinstance(by, Scale | Dot | Entries)
        return replace(term, by=replace(by, factor=mul(Ref(name), by.factor)))

    made = replace(_with_terms_of_loss(system, weigh), symbols=symbols)
    check(made, "weighed")
    return Weighed(made, name)
