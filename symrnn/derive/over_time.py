"""A softmax over time in a recursion, as people write it: α_t (∂L/∂α_t - Σ_s α_s ∂L/∂α_s).

It is worked out by equations of its own, with names that nobody has given (`language.over_time`).
They go, and what they add to the gradient is put together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from symrnn.derive.build import minus, odot, plus, times
from symrnn.derive.formula import (
    FIRST,
    LAST,
    Big,
    Equation,
    Formula,
    Odot,
    Product,
    Sheet,
    Times,
    Total,
)
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import map_children, moved_to
from symrnn.language.tree import NARROW, ONE, Add, Call, Div, Expr, Mul, Neg, Ref, Written
from symrnn.system.system import System


@dataclass(frozen=True)
class Weights:
    """α_t = exp(e_t) / Σ_s exp(e_s), with what stands behind it."""

    name: str
    share: str
    """The name of α_t where no derivative goes through it."""
    mean: str
    """The name of the number by which each e_t hears of the others."""
    e: Ref
    hidden: frozenset[str]


def folded(sheets: tuple[Sheet, ...], written: Written, system: System) -> tuple[Sheet, ...]:
    """The sheets of a recursion with each softmax over time in one line."""
    for found in softmaxes(written):
        sheets = tuple(_folded(sheet, sheets, found, system) for sheet in sheets)
    return sheets


def softmaxes(written: Written) -> Iterator[Weights]:
    """Those of a text, known by the form in which the parser writes them out.

    >>> from symrnn.language.parse import parse
    >>> [(found.name, found.e.name) for found in softmaxes(parse("a[t] = timesoftmax(e[t])"))]
    [('a', 'e')]
    """
    bodies: dict[str, Expr] = {d.target.name: d.body for d in reversed(written.definitions)}
    for name, body in bodies.items():
        match body:
            case Call(
                function="surrogate",
                args=(
                    Ref(name=share),
                    Mul(
                        left=Call(function="stop", args=(Ref(name=held),)),
                        right=Add(terms=(Ref() as e, Neg(arg=Ref(name=mean)))),
                    ),
                ),
            ) if share == held:
                match bodies.get(share):
                    case Div(left=Ref(name=power), right=Ref(name=total)):
                        top = _top(bodies.get(power))
                        yield Weights(name, share, mean, e, frozenset({power, total, share, top}))


def _top(power: Expr | None) -> str:
    match power:
        case Call(args=(Add(terms=(_, Neg(arg=Ref(name=name)))),)):
            return name
    return ""


def _folded(sheet: Sheet, sheets: tuple[Sheet, ...], found: Weights, system: System) -> Sheet:
    others = Total(LOSS, Ref(found.mean))
    heard = next(
        (e.rights[-1] for each in sheets for e in each.equations if e.left == others), None
    )
    wide = system.symbols[found.name].width != NARROW

    def change(formula: Formula) -> Formula:
        if formula == others and heard is not None:
            return _of_all_steps(map_children(heard, change))
        match formula:
            case Call(function="stop", args=(Ref(name=found.share) as at,)):
                return replace(at, name=found.name)
        return map_children(formula, change)

    def equations() -> Iterator[Equation]:
        for equation in sheet.equations:
            match equation.left:
                case Ref(name=name, base=base, shift=shift) if name == found.name:
                    e = replace(found.e, base=base, shift=shift)
                    yield replace(equation, rights=(_share_of(e, system.steps),))
                case Ref(name=name) if name in found.hidden or name == found.mean:
                    continue
                case Total() if equation.left == others:
                    continue
                case Total(by=Ref(name=name) as e) if name == found.e.name:
                    weight = replace(e, name=found.name)
                    rights = (_factored(change(r), weight, wide) for r in equation.rights)
                    yield replace(equation, rights=tuple(rights))
                case _:
                    yield replace(equation, rights=tuple(map(change, equation.rights)))

    return replace(sheet, equations=tuple(equations()))


def _share_of(e: Ref, steps: int | None) -> Formula:
    if steps is None:
        whole: Formula = Big("sum", "s", FIRST, LAST, Call("exp", (moved_to("s", e),)))
    else:
        whole = plus(Call("exp", (replace(e, base="1", shift=step),)) for step in range(steps))
    return Div(Call("exp", (e,)), whole)


def _of_all_steps(formula: Formula) -> Formula:
    """Sums over t under another index: they stand in an equation for each t."""
    match formula:
        case Big(sign="sum", index="t", body=body):
            return replace(formula, index="s", body=moved_to("s", body))
    return map_children(formula, _of_all_steps)


def _factored(formula: Formula, weight: Ref, wide: bool) -> Formula:
    """The terms that have the weight as a factor, as one product with it in front."""
    terms = formula.terms if isinstance(formula, Add) else (formula,)
    rests = [_without(term, weight) for term in terms]
    inside = plus(rest for rest in rests if rest is not None)
    others = [term for term, rest in zip(terms, rests, strict=True) if rest is None]
    if len(others) == len(terms):
        return formula
    return plus([odot(weight, inside) if wide else times(weight, inside), *others])


def _without(term: Formula, weight: Formula) -> Formula | None:
    """The rest of a product, or None if the weight is no factor of it."""
    if isinstance(term, Neg):
        rest = _without(term.arg, weight)
        return None if rest is None else minus(rest)
    if term == weight:
        return ONE
    if not isinstance(term, Times | Odot | Product) or weight not in term.factors:
        return None
    others = list(term.factors)
    others.remove(weight)  # once: the term of the same step has it twice
    return others[0] if len(others) == 1 else type(term)(tuple(others))
