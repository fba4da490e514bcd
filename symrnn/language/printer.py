"""Trees to text: `parse(show(tree)) == tree`."""

from fractions import Fraction

from symrnn.language.calls import own_functions
from symrnn.language.tree import (
    Add,
    Call,
    Declaration,
    Definition,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Own,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    Written,
)

SUM, PRODUCT, UNARY, POWER, ATOM = range(5)
"""How tightly a form binds, as in Python: `-a * b` is `(-a) * b`, and `-a**2` is `-(a**2)`."""


def show(written: Written) -> str:
    """The whole text: the number of steps, declarations, then definitions."""
    lines = [f"T = {written.steps}"] if written.steps is not None else []
    lines += [show_own(own) for own in own_functions(d.body for d in written.definitions)]
    lines += [show_declaration(d) for d in written.declarations]
    lines += [show_definition(d) for d in written.definitions]
    return "\n".join(lines) + "\n"


def show_own(own: Own) -> str:
    """A function of one's own, as it is written."""
    return f"{own.name}({', '.join(own.args)}) = {show_expr(own.body)}"


def show_definition(definition: Definition) -> str:
    target = show_ref(definition.target)
    if definition.when is not None:
        target += f"[T == {definition.when}]"
    return f"{target} {'+=' if definition.adds else '='} {show_expr(definition.body)}"


def show_declaration(declaration: Declaration) -> str:
    """
    >>> show_declaration(Declaration("b", "init", Fraction(-1, 2)))
    'b: init(-0.5)'
    """
    match declaration.value:
        case "t":
            return f"{declaration.name}[t]: {declaration.kind}"
        case tuple() as widths if len(widths) == 1:
            said = str(widths[0])
        case tuple() as widths:
            said = "(" + ", ".join(map(str, widths)) + ")"
        case None:
            said = declaration.kind
        case Ref() as ref:
            said = f"{declaration.kind}({show_ref(ref)})"
        case Fraction() as number:
            said = f"{declaration.kind}({'-' * (number < 0)}{show_number(abs(number))})"
        case word:
            said = f"{declaration.kind}({word})"
    return f"{declaration.name}: {said}"


def show_ref(ref: Ref) -> str:
    """`O[t-1]`, `O[T]`, `O[3]` or `w`.

    >>> show_ref(Ref("O", "t", -1)), show_ref(Ref("O", "1", 2)), show_ref(Ref("w"))
    ('O[t-1]', 'O[3]', 'w')
    """
    if not ref.base:
        return ref.name
    if ref.base == "1":
        return f"{ref.name}[{1 + ref.shift}]"
    return f"{ref.name}[{ref.base}{ref.shift:+d}]" if ref.shift else f"{ref.name}[{ref.base}]"


def is_decimal(value: Fraction) -> bool:
    """Whether a number can be written with finitely many digits, as a float's shortest form."""
    if value.denominator == 1 or value.numerator.bit_length() > 1000:
        return value.denominator == 1
    return Fraction(repr(float(value))) == value


def show_number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else repr(float(value))


def show_expr(expr: Expr) -> str:
    """
    >>> from symrnn.language.parse import parse_expression
    >>> show_expr(parse_expression("f * x @ W - (a - b) ** 2"))
    '(f * x) @ W - (a - b)**2'
    """
    return _show(expr)[0]


def _show(expr: Expr) -> tuple[str, int]:
    match expr:
        case Num(value=value):
            return show_number(value), ATOM
        case Size(width=width):
            return f"size({width})", ATOM
        case Ref():
            return show_ref(expr), ATOM
        case Neg(arg=arg):
            return "-" + _within(arg, UNARY), UNARY
        case Add(terms=terms):
            return _show_sum(terms), SUM
        case Mul(left=left, right=right):
            return f"{_within(left, PRODUCT)} * {_within(right, POWER)}", PRODUCT
        case Div(left=left, right=right):
            return f"{_within(left, PRODUCT)} / {_within(right, POWER)}", PRODUCT
        case MatMul(left=left, right=right):
            # `@` and `*` bind alike, from the left: brackets say which of them comes first
            first = _within(left, ATOM) if not isinstance(left, MatMul) else _within(left, PRODUCT)
            return f"{first} @ {_within(right, POWER)}", PRODUCT
        case Pow(left=left, right=right):
            return f"{_within(left, ATOM)}**{_within(right, ATOM)}", POWER
        case Transpose(arg=arg):
            return f"transpose({show_expr(arg)})", ATOM
        case Call(function=function, args=args):
            return f"{function}({', '.join(map(show_expr, args))})", ATOM
        case Part(arg=arg, skip=skip, width=width):
            return f"part({show_expr(arg)}, {skip}, {width})", ATOM
        case Pad(arg=arg, skip=skip, total=total):
            return f"pad({show_expr(arg)}, {skip}, {total})", ATOM


def _show_sum(terms: tuple[Expr, ...]) -> str:
    text = _within(terms[0], PRODUCT)
    for term in terms[1:]:
        match term:
            case Neg(arg=arg):
                text += " - " + _within(arg, PRODUCT)
            case _:
                text += " + " + _within(term, PRODUCT)
    return text


def _within(expr: Expr, tightness: int) -> str:
    text, own = _show(expr)
    return text if own >= tightness else f"({text})"


def show_widths(widths: tuple[Width, ...]) -> str:
    """The shape in brackets, for tables and messages: `(D, H)`."""
    return "(" + ", ".join(str(width).replace(" ", "") for width in widths) + ")"
