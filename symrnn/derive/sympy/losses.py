"""Losses that are written out, known again: (ŷ - y)² is mse(y, ŷ).

A sum of products is compared with the formula of each loss, both multiplied out, so that it does
not matter how either is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from symrnn.errors import UsageError
from symrnn.language.printer import show_expr, show_ref
from symrnn.language.tree import (
    NARROW,
    ONE,
    STEPS,
    Add,
    Call,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Size,
    Width,
    map_children,
    walk,
)

TWO = Num(Fraction(2))
Products = dict[tuple[str, ...], Fraction]
"""The number before each product, whose factors are told by their text."""


Widths = Mapping[str, Width]
"""Of each possible target how wide it is; a number is 1."""


def with_losses(body: Expr, targets: Widths) -> Expr:
    """The expression with losses for their formulas, as far as `targets` can be their targets; a
    sum over time, divided by T, is a mean."""
    found = list(_losses(body, targets))
    if found:
        if len({target for target, _ in found}) > 1:
            names = " and ".join(dict.fromkeys(show_ref(target) for target, _ in found))
            raise UsageError(
                f"the loss {show_expr(body)} may have {names} as its target; say which of them,"
                " with targets=[…]"
            )
        return found[0][1]
    return _mean(map_children(_within(body), lambda child: with_losses(child, targets)))


def _losses(body: Expr, targets: Widths) -> Iterator[tuple[Ref, Expr]]:
    """Each target with which the expression is a loss, and that loss."""
    found = products(body)
    for name, target, prediction in candidates(body, targets):
        wanted = products(formula(name, target, prediction, targets[target.name]))
        if found == wanted:
            yield target, Call(name, (target, prediction))
        if found == {key: -value for key, value in wanted.items()}:
            yield target, Neg(Call(name, (target, prediction)))


def candidates(body: Expr, targets: Widths) -> Iterator[tuple[str, Ref, Expr]]:
    """Losses that the expression may be: what stands in a logarithm is a prediction, or what is
    squared is one without the target."""
    letters = [e for e in dict.fromkeys(walk(body)) if isinstance(e, Ref) and e.name in targets]
    for part in dict.fromkeys(walk(body)):
        match part:
            case Call(function="log", args=(prediction,)):
                for target in letters:
                    yield "bce", target, prediction
                    yield "ce", target, prediction
            case Pow(left=Add(terms=terms), right=exponent) if exponent == TWO:
                for target in letters:
                    for sign, mine in ((1, Neg(target)), (-1, target)):
                        if mine in terms:
                            rest = [t if sign > 0 else _minus(t) for t in terms if t != mine]
                            rest.sort(key=lambda term: isinstance(term, Neg))
                            whole = rest[0] if len(rest) == 1 else Add(tuple(rest))
                            yield "mse", target, whole


def formula(name: str, target: Expr, prediction: Expr, width: Width) -> Expr:
    """What a loss is: of numbers, or of rows, with the sum or the mean over their entries."""
    entry = of_entries(name, target, prediction)
    if width == NARROW:
        return entry
    whole = Call("rowsum", (entry,))
    if name == "ce":
        return whole
    return Div(whole, Size(width) if width.names else Num(Fraction(width.number)))


def of_entries(name: str, target: Expr, prediction: Expr) -> Expr:

    def without(e: Expr) -> Expr:
        return Add((ONE, Neg(e)))

    told = Neg(Mul(target, Call("log", (prediction,))))
    if name == "ce":
        return told
    if name == "mse":
        return Pow(Add((prediction, Neg(target))), TWO)
    return Add((told, Neg(Mul(without(target), Call("log", (without(prediction),))))))


def products(body: Expr) -> Products:
    """An expression multiplied out, sums over the entries of a row and divisions by widths too."""
    match body:
        case Num(value=value):
            return {(): value} if value else {}
        case Neg(arg=arg):
            return {key: -value for key, value in products(arg).items()}
        case Add(terms=terms):
            found: Products = {}
            for term in terms:
                for key, value in products(term).items():
                    found[key] = found.get(key, Fraction(0)) + value
            return {key: value for key, value in found.items() if value}
        case Mul(left=left, right=right):
            return _multiplied(products(left), products(right))
        case Pow(left=base, right=exponent) if exponent == TWO:
            return _multiplied(products(base), products(base))
        case Div(left=left, right=Mul(left=one, right=other)):
            return products(Div(Div(left, one), other))
        case Div(left=left, right=Num(value=value)):
            return {key: found / value for key, found in products(left).items()}
        case Div(left=left, right=Size(width=width)):
            return _multiplied(products(left), {(f"1 / {width}",): Fraction(1)})
        case Call(function="rowsum", args=(arg,)):
            return _multiplied(products(arg), {("rowsum",): Fraction(1)})
    return {(repr(body),): Fraction(1)}


def _multiplied(left: Products, right: Products) -> Products:
    found: Products = {}
    for a, x in left.items():
        for b, y in right.items():
            key = tuple(sorted(a + b))
            found[key] = found.get(key, Fraction(0)) + x * y
    return found


def _minus(term: Expr) -> Expr:
    return term.arg if isinstance(term, Neg) else Neg(term)


def _within(body: Expr) -> Expr:
    """A sum over time, divided by a width, as the sum of what is divided."""
    match body:
        case Div(left=Call(function="sum", args=(arg,)), right=right):
            steps = [part for part in _factors(right) if part == Size(STEPS)]
            rest = [part for part in _factors(right) if part != Size(STEPS)]
            if rest:
                return _over(Call("sum", (_over(arg, rest),)), steps)
    return body


def _over(body: Expr, divisors: Sequence[Expr]) -> Expr:
    for divisor in divisors:
        body = Div(body, divisor)
    return body


def _factors(body: Expr) -> list[Expr]:
    return [*_factors(body.left), *_factors(body.right)] if isinstance(body, Mul) else [body]


def _mean(body: Expr) -> Expr:
    """sum(…) / size(T) as mean(…), and its sign in front of the whole."""
    match body:
        case Call(function="sum" | "mean" as over, args=(Neg(arg=arg),)):
            return Neg(Call(over, (arg,)))
        case Neg(arg=Neg(arg=arg)):
            return arg
        case Mul(left=left, right=Neg(arg=arg)):
            return _mean(Neg(_mean(Mul(left, arg))))
        case Div(left=Neg(arg=arg), right=right):
            return _mean(Neg(_mean(Div(arg, right))))
        case Div(left=Call(function="sum", args=args), right=Size(width=width)) if width == STEPS:
            return Call("mean", args)
    return body
