"""Functions that a derivation defines: f′ where it is too long to be written out; the text's."""

from collections.abc import Container, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeGuard

from symrnn.derive.build import minus, plus, power, ratio, times
from symrnn.derive.formula import Equation, Formula, Name, Sheet
from symrnn.derive.notation.symbol import GREEK
from symrnn.derive.pieces import map_children, walk
from symrnn.errors import CheckError, UsageError, suggestion
from symrnn.language.calls import calls, own_functions
from symrnn.language.parse import parse_expression, rule
from symrnn.language.table import ELEMENTWISE, SELU_SCALE, SELU_SLOPE, STOPS
from symrnn.language.tree import Add, Call, Div, Expr, Mul, Neg, Num, Own, Pow, Ref, Written, put
from symrnn.language.tree import walk as parts_of

LONGEST = 8
"""A derivative of so many parts still stands where it is read: σ(x) and 1 - o²."""

PRIME = "'"
SLOPES = frozenset(
    name + PRIME
    for name, row in ELEMENTWISE.items()
    if len(row.arguments) == 1 and name not in STOPS
)
"""The derivatives that have a sign of their own: tanh', gelu', …"""


def _length(slope: str) -> int:
    written = rule(ELEMENTWISE[slope.removesuffix(PRIME)].derivatives[0])
    return sum(1 for _ in parts_of(written))


LONG = frozenset(slope for slope in SLOPES if _length(slope) > LONGEST)
"""Those that always stand for themselves: gelu', silu', …"""


def kept(written: Written, names: Sequence[str]) -> frozenset[str]:
    """The functions of these names, whose derivative is to stand for itself; they are applied in
    the text, which may define them itself."""
    applied = {call.function: call.own for d in written.definitions for call in calls(d.body)}
    known = [name for name, own in applied.items() if own is not None or name + PRIME in SLOPES]
    for name in names:
        if name not in known:
            raise UsageError(
                f"cannot keep the derivative of '{name}': the model applies no such function"
                f"{suggestion(name, known)}; it applies"
                f" {', '.join(sorted(known)) or 'none of one argument'}"
            )
    return frozenset(names)


def slope_of(name: str) -> Expr:
    """The derivative gelu' of gelu, in its argument x.

    >>> from symrnn.language.printer import show_expr
    >>> show_expr(slope_of("silu'"))
    'silu(x) + sigmoid(x) * (1 - silu(x))'
    """
    return _of_value(name, ELEMENTWISE[name.removesuffix(PRIME)].derivatives[0])


def by_rule_of(name: str) -> Expr:
    """The same as a rule of calculus gives it."""
    return _of_value(name, ELEMENTWISE[name.removesuffix(PRIME)].by_rule)


def _of_value(name: str, derivative: str) -> Expr:
    return put(rule(derivative), {"o": Call(name.removesuffix(PRIME), (Ref("x"),))})


def definition_of(name: str | Own) -> Expr:
    """What a function that is no elementary one is made of, in its argument."""
    if isinstance(name, Own):
        return name.body
    return slope_of(name) if name in SLOPES else parse_expression(ELEMENTWISE[name].definition)


def formula_of(expr: Expr, argument: Formula | Mapping[str, Formula]) -> Formula:
    """A definition as a formula, of this argument, or of several by their names."""

    def of(inner: Expr) -> Formula:
        return formula_of(inner, argument)

    match expr:
        case Num():
            return expr
        case Ref(name=name):
            return argument[name] if isinstance(argument, Mapping) else argument
        case Neg(arg=arg):
            return minus(of(arg))
        case Add(terms=terms):
            return plus(map(of, terms))
        case Mul(left=left, right=right):
            return times(of(left), of(right))
        case Div(left=left, right=right):
            return ratio(of(left), of(right))
        case Pow(left=left, right=right):
            return power(of(left), of(right))
        case Call(function=function, args=args, own=own):
            return Call(function, tuple(map(of, args)), own)
    raise CheckError(f"no definition holds {type(expr).__name__}")


LETTERS = (
    ("z", "x", "u", "v", "s", "q", "p", r"\xi", r"\zeta", r"\chi", r"\varphi"),
    (r"\lambda", r"\kappa", r"\mu", r"\nu", r"\rho", r"\varrho"),
    (r"\alpha", r"\beta", r"\gamma", r"\omega", r"\psi", r"\varpi"),
)
"""For an argument and the two constants of SELU: of each the first that is free."""

SELU = Fraction("1.0507"), Fraction("1.6733")


def definitions(
    formulas: Iterable[Formula], taken: Container[str], reasoned: bool, said: Container[str]
) -> list[Equation]:
    """What each f′ in the formulas is, but for what is said already, with its reason if that is
    wanted, and the letters in it, none of which is taken."""
    read = (part.function for formula in formulas for part in walk(formula) if is_slope(part))
    names = [name for name in dict.fromkeys(read) if name not in said]
    letters = [Name(next((x for x in each if x not in taken), each[-1])) for each in LETTERS]
    argument, *constants = letters
    known: dict[Formula, Formula] = {
        Num(Fraction(SELU_SCALE)): constants[0],
        Num(Fraction(SELU_SLOPE)): times(*constants),
    }

    def named(formula: Formula) -> Formula:
        return known.get(formula) or map_children(formula, named)

    def definition(name: str) -> Equation:
        row = ELEMENTWISE[name.removesuffix(PRIME)]
        slopes = [*([by_rule_of(name)] if reasoned and row.by_rule else []), slope_of(name)]
        rights = tuple(named(formula_of(slope, argument)) for slope in slopes)
        why = (row.rule, row.why) if row.by_rule else (row.rule or "by its rule",)
        return Equation(
            Call(name, (argument,)), rights, reasons=tuple((s,) for s in why) if reasoned else ()
        )

    found = [definition(name) for name in names]
    used = {part for equation in found for right in equation.rights for part in walk(right)}
    values = zip(constants, SELU, strict=True)
    return [*found, *(Equation(each, (Num(value),)) for each, value in values if each in used)]


def is_slope(formula: Formula) -> TypeGuard[Call[Formula]]:
    return isinstance(formula, Call) and formula.own is None and formula.function in SLOPES


def functions_of(sheets: Iterable[Sheet]) -> tuple[Sheet, ...]:
    """A sheet with the functions of the text that these sheets apply; none, if they apply none."""
    found: dict[Own, None] = {}
    for sheet in sheets:
        for equation in sheet.equations:
            for part in (p for right in equation.rights for p in walk(right)):
                if isinstance(part, Call) and part.own is not None:
                    found.update(dict.fromkeys(_with_callees(part.own)))
    # a derivative stands behind its function
    ordered = sorted(found, key=lambda own: own.of is not None)
    return (Sheet(("Functions",), tuple(map(_equation, ordered))),) if found else ()


def _with_callees(own: Own) -> list[Own]:
    whole = own.of or own
    return [*own_functions([whole.body]), whole, *own_functions([own.body]), own]


def _equation(own: Own) -> Equation:
    letters = tuple(Name(_letter(arg)) for arg in own.args)
    return Equation(
        Call(own.name, letters, own),
        (formula_of(own.body, dict(zip(own.args, letters, strict=True))),),
    )


def _letter(name: str) -> str:
    return rf"\{name}" if name in GREEK else name.replace("_", "")
