"""Formulas put together: signs come to the front, ones go, products of one kind are one node.

Sums and signs are those of `system.algebra`; what is added here are the products that a page tells
apart, and zeros that are matrices.
"""

from collections.abc import Iterable
from fractions import Fraction

from symrnn.derive.formula import Big, Chain, Diagonal, Eye, Formula, Odot, Product, Times, Zeros
from symrnn.derive.pieces import walk
from symrnn.language.printer import is_decimal
from symrnn.language.tree import ONE, ZERO, Add, Div, Neg, Num, Pow, Ref, Size, Transpose
from symrnn.system.algebra import add, neg


def is_zero(formula: Formula) -> bool:
    return formula == ZERO or isinstance(formula, Zeros)


def minus(formula: Formula) -> Formula:
    return formula if is_zero(formula) else neg(formula)


def plus(terms: Iterable[Formula]) -> Formula:
    return add(term for term in terms if not is_zero(term))


def times(*factors: Formula) -> Formula:
    """Numbers, and at most one that is none: what is a plain number comes first.

    >>> times(Div(ONE, Num(Fraction(2))), Neg(Num(Fraction(3))))
    Neg(arg=Div(left=Num(value=Fraction(3, 1)), right=Num(value=Fraction(2, 1))))
    """
    plain, rest, negative = _parts(factors, Times)
    if any(map(is_zero, rest)):
        return ZERO
    value = Fraction(1)
    for each in plain:
        value *= each.value
    if value == 0:
        return ZERO
    if value != 1:
        rest = [Num(value) if is_decimal(value) else ratio_of(value), *rest]
    return _signed(_joined(_one_fraction(rest), Times), negative)


def _one_fraction(factors: list[Formula]) -> list[Formula]:
    """Numbers join the first fraction over a number: 1/T · (ŷ - y)/C is (ŷ - y)/(T C)."""
    over = [f for f in factors if isinstance(f, Div) and _is_number(f.right)]
    main = next((f for f in over if not _is_number(f.left)), None)
    numbers = [f for f in factors if _is_number(f)]
    if main is None or not numbers:
        return _one_number(factors, numbers)
    top, bottom = [f.left if isinstance(f, Div) else f for f in numbers], main.right
    for each in numbers:
        bottom = times(each.right, bottom) if isinstance(each, Div) else bottom
    joined = _reduced(times(*top, main.left), bottom)
    return [joined if f is main else f for f in factors if f not in numbers]


def _one_number(factors: list[Formula], numbers: list[Formula]) -> list[Formula]:
    """Numbers with a fraction among them are one: 2 · 1/C is 2/C, and 1/2 · 1/C is 1/(2 C)."""
    if len(numbers) < 2 or not any(isinstance(each, Div) for each in numbers):
        return factors
    top: Formula = ONE
    bottom: Formula = ONE
    for each in numbers:
        top = times(top, each.left if isinstance(each, Div) else each)
        bottom = times(bottom, each.right) if isinstance(each, Div) else bottom
    joined, rest = _reduced(top, bottom), [f for f in factors if f not in numbers]
    return rest if joined == ONE else [joined, *rest]


def _reduced(top: Formula, bottom: Formula) -> Formula:
    """The fraction without a common factor of its plain numbers."""
    (above, upper), (below, lower) = _leading(top), _leading(bottom)
    shared = Fraction(above, below)
    return ratio(
        times(Num(Fraction(shared.numerator)), upper),
        times(Num(Fraction(shared.denominator)), lower),
    )


def _leading(formula: Formula) -> tuple[int, Formula]:
    """A whole number in front, and the rest."""
    factors = formula.factors if isinstance(formula, Times) else (formula,)
    if isinstance(factors[0], Num) and factors[0].value.denominator == 1:
        return factors[0].value.numerator, _joined(list(factors[1:]), Times)
    return 1, formula


def total_over(index: str, low: Ref, high: Ref, body: Formula) -> Formula:
    """Σ body, with the sign and the numbers that are the same for every step in front of it."""
    if isinstance(body, Neg):
        return minus(total_over(index, low, high, body.arg))
    if isinstance(body, Times):
        fixed = [f for f in body.factors if _is_number(f)]
        rest = [f for f in body.factors if f not in fixed]
        return times(*fixed, Big("sum", index, low, high, _joined(rest, Times)))
    return Big("sum", index, low, high, body)


def _is_number(formula: Formula) -> bool:
    """Whether a formula is made of numbers and dimensions alone."""
    return all(isinstance(part, Num | Size | Div | Times) for part in walk(formula))


def ratio_of(value: Fraction) -> Formula:
    return Div(Num(Fraction(value.numerator)), Num(Fraction(value.denominator)))


def odot(*factors: Formula) -> Formula:
    """Rows, entry by entry."""
    plain, rest, negative = _parts(factors, Odot)
    numbers: list[Formula] = list(plain)
    rows: list[Formula] = []
    for factor in rest:
        if isinstance(factor, Times):
            *lead, row = factor.factors
            numbers += lead
            rows += row.factors if isinstance(row, Odot) else [row]
        else:
            rows.append(factor)
    if any(map(is_zero, rows)):
        return ZERO
    return _signed(times(*numbers, _joined(rows, Odot)), negative)


def product(*factors: Formula) -> Formula:
    """Matrices in order; numbers among them come to the front."""
    numbers: list[Formula] = []
    rest: list[Formula] = []
    negative = False
    for factor in factors:
        if isinstance(factor, Neg):
            negative, factor = not negative, factor.arg
        if isinstance(factor, Times):
            *lead, factor = factor.factors
            numbers += lead
        if is_zero(factor):
            return ZERO
        if isinstance(factor, Num):
            numbers.append(factor)
        elif not isinstance(factor, Eye):
            for each in factor.factors if isinstance(factor, Product) else (factor,):
                last = rest[-1] if rest else None
                if isinstance(each, Diagonal) and isinstance(last, Diagonal):
                    rest[-1] = Diagonal(odot(last.arg, each.arg))
                else:
                    rest.append(each)
    return _signed(times(*numbers, _joined(rest, Product)), negative)


def chain(*factors: Formula) -> Formula:
    """Matrices in order, with a dot between them; signs come to the front, units go."""
    kept: list[Formula] = []
    negative = False
    for factor in factors:
        if isinstance(factor, Neg):
            negative, factor = not negative, factor.arg
        if factor == ZERO or isinstance(factor, Zeros):
            return ZERO
        if isinstance(factor, Chain | Product):
            kept += factor.factors
        elif factor != ONE and not isinstance(factor, Eye):
            kept.append(factor)
    return _signed(_joined(kept, Chain), negative)


def ratio(top: Formula, bottom: Formula) -> Formula:
    if bottom == ONE:
        return top
    if isinstance(top, Neg):
        return minus(ratio(top.arg, bottom))
    if isinstance(bottom, Neg):
        return minus(ratio(top, bottom.arg))
    if is_zero(top):
        return ZERO
    if isinstance(top, Div):
        return Div(top.left, times(bottom, top.right))
    return Div(top, bottom)


def power(base: Formula, exponent: Formula) -> Formula:
    return base if exponent == ONE else Pow(base, exponent)


def transposed(formula: Formula) -> Formula:
    """The transpose, as far inside as it goes."""
    match formula:
        case Transpose(arg=arg):
            return arg
        case Num() | Diagonal() | Eye():
            return formula
        case Neg(arg=arg):
            return minus(transposed(arg))
        case Add(terms=terms) if any(isinstance(t, Product | Diagonal | Eye) for t in terms):
            return Add(tuple(map(transposed, terms)))
        case Product(factors=factors):
            return Product(tuple(transposed(f) for f in reversed(factors)))
        case Times(factors=factors):
            return Times((*factors[:-1], transposed(factors[-1])))
        case Zeros(rows=rows, columns=columns):
            return Zeros(columns, rows)
    return Transpose(formula)


def _parts(
    factors: Iterable[Formula], kind: type[Times] | type[Odot]
) -> tuple[list[Num], list[Formula], bool]:
    """Plain numbers, everything else with nested products opened, and the sign."""
    plain: list[Num] = []
    rest: list[Formula] = []
    negative = False
    waiting = list(factors)
    while waiting:
        factor = waiting.pop(0)
        if isinstance(factor, Neg):
            negative = not negative
            waiting.insert(0, factor.arg)
        elif isinstance(factor, Num):
            plain.append(factor)
        elif isinstance(factor, kind):
            waiting[:0] = factor.factors
        else:
            rest.append(factor)
    return plain, rest, negative


def _joined(
    factors: list[Formula], kind: type[Times] | type[Odot] | type[Product] | type[Chain]
) -> Formula:
    if len(factors) < 2:
        return factors[0] if factors else ONE
    return kind(tuple(factors))


def _signed(formula: Formula, negative: bool) -> Formula:
    return minus(formula) if negative else formula
