"""A system in the language: each kind of equation as the expression that it stands for.

What is printed is what is interpreted, and reading it back gives the same system.
"""

from collections.abc import Iterator
from dataclasses import replace

from symrnn.errors import WidthError
from symrnn.language.tree import (
    ONE,
    STEPS,
    ZERO,
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
    Pad,
    Part,
    Ref,
    Size,
    Transpose,
    Written,
)
from symrnn.system.algebra import number
from symrnn.system.roles import roles
from symrnn.system.symbols import GIVEN, PI, Symbol, Symbols
from symrnn.system.system import (
    Dot,
    Entries,
    Equation,
    Linear,
    Matrix,
    Outer,
    PadTo,
    PartOf,
    Pointwise,
    Row,
    Scale,
    System,
    Term,
    Total,
    Turned,
)
from symrnn.system.widths import infer


def spell(system: System) -> Written:
    """The system as a text's tree: its equations, and what a reader could not infer from them."""
    plain, adjoints = spell_equations(system), tuple(_adjoints(system))
    inferred = roles(replace(plain, declarations=adjoints))
    declared = [*_widths(system, inferred), *_facts(system, inferred), *adjoints]
    written = _with_roles(replace(plain, declarations=tuple(declared)), system)
    if _reads_back(written, system):
        return written
    # an equation that tied two widths is gone: then every width is declared
    symbols = _in_order(system, inferred)
    every = [Declaration(s.name, "width", s.shape) for s in symbols if s.shape and s.of is None]
    declared = [*every, *_facts(system, inferred), *adjoints]
    return _with_roles(replace(plain, declarations=tuple(declared)), system)


def spell_equations(system: System) -> Written:
    """The equations alone, for those who know the symbols."""
    constants = [
        Definition(Ref(s.name), number(s.value))
        for s in system.named("constant")
        if s.value not in (None, PI)  # pi has its value without an equation
    ]
    definitions = [d for e in system.equations for d in spell_equation(e, e.target.name == "L")]
    return Written(tuple(constants + definitions), steps=system.steps)


def spell_equation(equation: Equation, loss: bool = False) -> Iterator[Definition]:
    """One definition, and one more for each step or number of steps at which something is added."""
    target = equation.target
    match equation:
        case Pointwise(body=body):
            yield Definition(target, body)
        case Row(function=function, args=args):
            yield Definition(target, Call(function, args))
        case Total(terms=terms):
            spell_one = spell_term if loss else _batch_term
            yield Definition(target, _sum([spell_one(term) for term in terms]))
        case Linear(terms=terms):
            yield Definition(target, _sum([spell_term(t) for t in terms if t.everywhere]))
            for at, when in dict.fromkeys((t.at, t.when) for t in terms if not t.everywhere):
                added = _sum([spell_term(t) for t in terms if (t.at, t.when) == (at, when)])
                place = Ref(target.name, *at) if at else target
                yield Definition(place, added, True, when)


def spell_term(term: Term) -> Expr:
    """The reference times its Jacobian, under a sum over time where there is one."""
    match term:
        case Term(ref=None, by=Scale(factor=factor)):
            return factor
        case Term(ref=Ref() as ref, by=Scale(factor=factor), over=True) if _is_share(factor):
            return scaled(Call("mean", (ref,)), _without_share(factor))
        case Term(ref=Ref() as ref, by=Scale(factor=Num() as factor), over=True):
            return scaled(Call("sum", (ref,)), factor)
        case Term(over=True):
            return Call("sum", (spell_term(replace(term, over=False)),))
        case Term(ref=Ref() as ref, by=Scale(factor=factor)):
            return scaled(ref, factor)
        case Term(ref=Ref() as ref, by=Dot(factor=factor)):
            return Call("rowsum", (scaled(ref, factor),))
        case Term(ref=Ref() as ref, by=Entries(factor=factor)):
            return Call("total", (scaled(ref, factor),))
        case Term(ref=Ref() as ref, by=Turned()):
            return Transpose(ref)
        case Term(ref=Ref() as ref, by=Matrix(name=name, transposed=transposed)):
            return MatMul(ref, Transpose(Ref(name)) if transposed else Ref(name))
        case Term(ref=Ref() as ref, by=PartOf(skip=skip, width=width)):
            return Part(ref, skip, width)
        case Term(ref=Ref() as ref, by=PadTo(skip=skip, total=total)):
            return Pad(ref, skip, total)
        case Term(ref=Ref() as ref, by=Outer(other=other, flipped=flipped)):
            left, right = (ref, other) if flipped else (other, ref)
            return MatMul(Transpose(left), right)
    raise TypeError(f"no spelling for {term}")


def scaled(value: Expr, factor: Expr) -> Expr:
    """The product as one would write it: 0.5 * v, v / size(T), v * (1 - o), -v.

    >>> from symrnn.language.printer import show_expr
    >>> show_expr(scaled(Ref("v"), Neg(Div(ONE, Ref("n")))))
    '-(v / n)'
    """
    match factor:
        case Num() if factor == ONE:
            return value
        case Num():
            return Mul(factor, value)
        case Neg(arg=arg):
            return Neg(scaled(value, arg))
        case Div(left=left, right=right) if left == ONE:
            return Div(value, right)
    return Mul(value, factor)


def _is_share(factor: Expr) -> bool:
    """Whether a sum over time with this factor is a mean: 1/size(T), or a number times it."""
    match factor:
        case Neg(arg=arg):
            return _is_share(arg)
        case Div(left=Num(), right=right):
            return right == Size(STEPS)
    return False


def _without_share(factor: Expr) -> Expr:
    match factor:
        case Neg(arg=arg):
            return Neg(_without_share(arg))
        case Div(left=left):
            return left
    raise TypeError("no mean")


def _batch_term(term: Term) -> Expr:
    if isinstance(term.by, Outer) or term.rowless:
        return spell_term(term)
    inner = Call("batchsum", (spell_term(replace(term, over=False)),))
    return Call("sum", (inner,)) if term.over else inner


def _sum(terms: list[Expr]) -> Expr:
    if len(terms) < 2:
        return terms[0] if terms else ZERO
    return Add(tuple(terms))


def _widths(system: System, inferred: Symbols) -> Iterator[Declaration]:
    """Each dimension where it appears first, widths that are numbers or sums, and unread names."""
    named: set[str] = set()
    order = ("input", "target", "variable", "weight", *GIVEN, "adjoint")
    symbols = [s for s in _in_order(system, inferred) if s.role in order]
    for symbol in sorted(symbols, key=lambda s: order.index(s.role)):
        unread = symbol.name not in inferred or inferred[symbol.name].role == "constant"
        if symbol.of is None and (unread or _says_width(symbol, named)):
            named.update(name for width in symbol.shape for name in width.names)
            yield Declaration(symbol.name, "width", symbol.shape)


def _in_order(system: System, inferred: Symbols) -> list[Symbol]:
    """The symbols in order of appearance in the text, then those that no equation reads."""
    unread = [s for s in system.symbols.values() if s.name not in inferred]
    return [system.symbols[name] for name in inferred] + unread


def _facts(system: System, inferred: Symbols) -> Iterator[Declaration]:
    """Roles of names that no equation reads, one-hot rows, starts."""
    for symbol in _in_order(system, inferred):
        if symbol.name not in inferred:
            yield Declaration(symbol.name, symbol.role, "t" if symbol.timed else None)
        elif symbol.role == "input" and (not symbol.timed or inferred[symbol.name].role != "input"):
            yield Declaration(symbol.name, "input")
        elif symbol.role == "fixed":
            yield Declaration(symbol.name, "fixed")
        if symbol.onehot:
            yield Declaration(symbol.name, "onehot")
        if symbol.start is not None:
            yield Declaration(symbol.name, "init", symbol.start)


def _adjoints(system: System) -> Iterator[Declaration]:
    """What is the adjoint of what, in the order of the equations."""
    for name in dict.fromkeys(equation.target.name for equation in system.equations):
        if (of := system.symbols[name].of) is not None:
            yield Declaration(name, "adjoint", of)


def _reads_back(written: Written, system: System) -> bool:
    """Whether a reader finds the same widths."""
    try:
        found = infer(written, roles(written))
    except WidthError:
        return False
    return all(found[s.name].shape == s.shape for s in system.symbols.values())


def _says_width(symbol: Symbol, named: set[str]) -> bool:
    """Whether a name's width must be declared: it names a dimension first, or is a number."""
    if len(symbol.shape) == 1:
        (width,) = symbol.shape
        if not width.names:
            return width.number != 1 or symbol.role not in ("variable", "weight", "adjoint")
        return len(width.names) + bool(width.number) > 1 or width.names[0] not in named
    return any(not w.names or not named.issuperset(w.names) for w in symbol.shape)


def _with_roles(written: Written, system: System) -> Written:
    """Targets and outputs are declared only where a reader would take other names for them."""
    inferred = roles(written)
    said = [
        Declaration(symbol.name, "target")
        for symbol in system.named("target")
        if inferred[symbol.name].role != "target"
    ]
    outputs = [s.name for s in _in_order(system, inferred) if s.output]
    wrong = [s.name for s in inferred.values() if s.output and s.name not in outputs]
    if wrong or any(not inferred[name].output for name in outputs):
        said += [Declaration(name, "output") for name in outputs]
        said += [Declaration(name, "hidden") for name in wrong if not outputs]
    return replace(written, declarations=(*written.declarations, *said))
