"""Normal form: every equation becomes one of the four kinds, and what needs a name gets one.

    O[t] = tanh(x[t] @ W + O[t-1] @ U)   =>   a_O[t] = x[t] @ W + O[t-1] @ U;  O[t] = tanh(a_O[t])

A pre-activation gets a name so that its adjoint is the textbook's δ; the value of a function gets
one so that its derivative can be written with it. Equal equations are made once. A loss over its
own link function is computed from what stands inside the link.
"""

from dataclasses import replace
from typing import NoReturn

from symrnn.errors import EquationError
from symrnn.functions import ELEMENTWISE, LOSSES, ROW, TIME
from symrnn.language.tree import (
    NARROW,
    ONE,
    ZERO,
    Add,
    Call,
    Definition,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    Written,
    children,
    refs,
    walk,
)
from symrnn.system.algebra import div, mul, neg, size
from symrnn.system.logits import from_logits
from symrnn.system.resolve import fault, resolve
from symrnn.system.rewrite import map_refs
from symrnn.system.symbols import Role, Symbol, Symbols
from symrnn.system.system import (
    Dot,
    Equation,
    Jacobian,
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
)

STEPS = size(Width(("T",)))


def normal(written: Written, symbols: Symbols | None = None) -> System:
    """The system that a text describes, in normal form.

    >>> from symrnn.language.parse import parse
    >>> print(normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")), end="")
    x: D
    h: H
    a_h[t] = x[t] @ W + h[t-1] @ U
    h[t] = tanh(a_h[t])
    """
    return _Normaliser(written, symbols or resolve(written)).system()


class NotLinear(Exception):
    """An expression is no sum of references times Jacobians."""


class _Normaliser:
    def __init__(self, written: Written, symbols: Symbols) -> None:
        self.written = written
        self.symbols = dict(symbols)
        self.equations: list[Equation] = []
        self.made: dict[tuple[str, object], str] = {}
        """The name of each equation without its target, so that equal ones are made once."""
        self.about: Definition = written.definitions[0]

    def system(self) -> System:
        additions = [d for d in self.written.definitions if d.adds]
        added_to = {d.target.name for d in additions}
        for definition in self.written.definitions:
            self.about = definition
            symbol = self.symbols[definition.target.name]
            if definition.adds or symbol.role == "constant":
                continue
            own = [
                d
                for d in additions
                if d.target.name == symbol.name and definition.target.base in ("t", "")
            ]
            if symbol.role == "total":
                self.emit(Total(definition.target, tuple(self.total_terms(definition))))
            elif symbol.role == "adjoint" or symbol.name in added_to:
                self.emit(Linear(definition.target, self.all_terms(definition, own)))
            else:
                self.define(definition.target, definition.body)
        return from_logits(self.without_twins())

    # equations

    def emit(self, equation: Equation) -> None:
        self.equations.append(equation)
        key = (equation.target.base, _body(equation))
        if equation.target.base in ("t", "") and not isinstance(equation, Total):
            self.made.setdefault(key, equation.target.name)

    def define(self, target: Ref, body: Expr) -> None:
        """One equation of the right kind, after the equations for what it needs by name."""
        self.emit(self.equation(target, body))

    def equation(self, target: Ref, body: Expr) -> Equation:
        match body:
            case Call(function=function, args=(arg,)) if function in ELEMENTWISE:
                return Pointwise(target, Call(function, (self.atom(arg, _before(_label(target))),)))
            case Call(function=function, args=args) if self.is_row(body):
                named = self.loss_args(args) if function in LOSSES else self.row_args(target, args)
                return Row(target, function, named)
        try:
            return Linear(target, tuple(self.linear(body, ONE, _label(target))))
        except NotLinear:
            return Pointwise(target, self.arithmetic(body, _label(target)))

    def is_row(self, call: Call) -> bool:
        return call.function in LOSSES or (
            call.function in ROW and call.function not in ("rowsum", "rowmean")
        )

    def row_args(self, target: Ref, args: tuple[Expr, ...]) -> tuple[Ref, ...]:
        return tuple(self.atom(arg, _before(_label(target))) for arg in args)

    def loss_args(self, args: tuple[Expr, ...]) -> tuple[Ref, ...]:
        target = self.atom(args[0], "y")
        prediction = self.atom(args[1], "yhat")
        symbol = self.symbols[prediction.name]
        if prediction != args[1] and symbol.role == "variable":
            self.symbols[symbol.name] = replace(symbol, output=True)
        return target, prediction

    def atom(self, expr: Expr, hint: str) -> Ref:
        """A reference to the value of an expression, which gets an equation if it has none."""
        if isinstance(expr, Ref):
            if self.symbols[expr.name].role == "constant":
                self.fail("a function of a constant alone has no width; write the number")
            return expr
        base = "t" if _runs(expr) else ""
        name = self.free(hint)
        target = Ref(name, base)
        equation = self.equation(target, expr)
        known = self.made.get((base, _body(equation)))
        if known is not None:
            return Ref(known, base)
        role: Role = "variable"
        if any(self.symbols[r.name].role == "adjoint" for r in refs(expr)):
            role = "adjoint"
        self.symbols[name] = Symbol(name, role, base == "t", (self.width(equation),))
        self.emit(equation)
        return target

    def free(self, name: str) -> str:
        candidate, count = name, 2
        while candidate in self.symbols:
            candidate, count = f"{name}_{count}", count + 1
        return candidate

    # sums of references times Jacobians

    def all_terms(self, definition: Definition, additions: list[Definition]) -> tuple[Term, ...]:
        """The terms of an equation and of what is added to it at fixed steps."""
        terms = self.pieces(definition)
        for addition in additions:
            self.about = addition
            at = (addition.target.base, addition.target.shift) if addition.target.base else None
            terms += [replace(t, at=at, when=addition.when) for t in self.pieces(addition)]
        return tuple(terms)

    def pieces(self, definition: Definition) -> list[Term]:
        label = _label(definition.target)
        try:
            return self.linear(definition.body, ONE, label)
        except NotLinear:
            if self.symbols[definition.target.name].role == "adjoint":
                self.fail("an adjoint is a sum of adjoints times Jacobians")
            return [Term(self.atom(definition.body, _part(definition.body, label)))]

    def linear(self, expr: Expr, scale: Expr, label: str) -> list[Term]:
        """
        a + b @ W - 2 * c   =>   (a, 1), (b, W), (c, -2)
        """
        if expr == ZERO and scale == ONE:
            return []
        if self.is_plain(expr):
            return [Term(None, Scale(mul(scale, expr)))]
        match expr:
            case Ref():
                return [Term(expr, Scale(scale))]
            case Add(terms=terms):
                return [found for term in terms for found in self.linear(term, scale, label)]
            case Neg(arg=arg):
                return self.linear(arg, neg(scale), label)
            case Mul(left=left, right=right) if self.is_plain(right):
                return self.linear(left, mul(scale, right), label)
            case Mul(left=left, right=right) if self.is_coefficient(left):
                return self.linear(right, mul(scale, left), label)
            case Mul(left=left, right=right) if self.is_coefficient(right):
                return self.linear(left, mul(scale, right), label)
            case Div(left=left, right=right) if self.is_coefficient(right):
                return self.linear(left, div(scale, right), label)
            case Call(function=function, args=(arg,)) if function in TIME:
                share = div(ONE, STEPS) if function == "mean" else ONE
                return [self.over_time(arg, mul(scale, share), expr, label)]
            case Call(function="rowsum" | "rowmean") if self.is_flat(scale):
                return [self.rowsum(expr, scale, label)]
            case MatMul() | Part() | Pad() if scale == ONE:
                return [self.structural(expr, label)]
            case MatMul() | Part() | Pad() | Call() if not self.is_coefficient(expr):
                return [Term(self.atom(expr, _part(expr, label)), Scale(scale))]
        if self.is_coefficient(expr):
            return [Term(None, Scale(mul(scale, expr)))]
        raise NotLinear

    def is_plain(self, expr: Expr) -> bool:
        """Whether an expression is a factor alone: a number, or, beside adjoints, any seed."""
        if isinstance(expr, Ref):
            return self.symbols[expr.name].role == "constant"
        if self.symbols[self.about.target.name].role in ("adjoint", "total"):
            return self.is_coefficient(expr)
        return self.is_coefficient(expr) and self.is_flat(expr)

    def is_coefficient(self, expr: Expr) -> bool:
        """Whether an expression may be a Jacobian's factor.

        Beside an adjoint that is everything else; in the model's own equations numbers and
        parameters, without a function, whose value wants a name.
        """
        about = self.symbols[self.about.target.name]
        if about.role in ("adjoint", "total") and about.name != "L":
            return all(
                isinstance(node, Num | Size | Ref | Neg | Add | Mul | Div | Pow)
                and not (isinstance(node, Ref) and self.symbols[node.name].role == "adjoint")
                or (isinstance(node, Call) and node.function in ELEMENTWISE)
                for node in walk(expr)
            )
        return all(
            isinstance(node, Num | Size | Neg | Add | Mul | Div | Pow)
            or (isinstance(node, Ref) and self.symbols[node.name].role in ("parameter", "constant"))
            for node in walk(expr)
        )

    def is_flat(self, scale: Expr) -> bool:
        """Whether a factor is one number, the same for every feature."""
        return all(self.symbols[ref.name].role == "constant" for ref in refs(scale))

    def structural(self, expr: Expr, label: str) -> Term:
        """A product with a matrix, or a part of a row: its operand gets a name."""
        match expr:
            case MatMul(left=left, right=right):
                by: Jacobian
                match right:
                    case Ref(name=name):
                        by = Matrix(name)
                    case Transpose(arg=Ref(name=name)):
                        by = Matrix(name, transposed=True)
                    case _:
                        self.fail("right of @ stands a parameter, W or transpose(W)")
                return Term(self.atom(left, _part(left, label)), by)
            case Part(arg=arg, skip=skip, width=width):
                return Term(self.atom(arg, _part(arg, label)), PartOf(skip, width))
            case Pad(arg=arg, skip=skip, total=total):
                return Term(self.atom(arg, _part(arg, label)), PadTo(skip, total))
        raise NotLinear

    def rowsum(self, call: Call, scale: Expr, label: str) -> Term:
        """rowsum(v * factor), or the mean, as one Jacobian of v."""
        term = self.single(call.args[0], label)
        assert term.ref is not None and isinstance(term.by, Scale)
        factor = mul(scale, term.by.factor)
        if call.function == "rowmean":
            widths = [self.symbols[ref.name].width for ref in term.reads()]
            wide = [width for width in widths if width != NARROW]
            factor = div(factor, size(wide[0] if wide else NARROW))
        return Term(term.ref, Dot(factor))

    def over_time(self, arg: Expr, scale: Expr, call: Call, label: str) -> Term:
        """Σ over t of a reference at t itself; anything else gets a name first."""
        adjoint = self.symbols[self.about.target.name].role == "adjoint"
        if adjoint:
            terms = self.linear(arg, scale, label)
            if len(terms) == 1:
                return replace(terms[0], over=True)
        term = self.single(arg, label)
        assert term.ref is not None and isinstance(term.by, Scale)
        if (term.ref.base, term.ref.shift) != ("t", 0):
            term = Term(self.lagged(arg, label))
            assert isinstance(term.by, Scale)
        return Term(term.ref, Scale(mul(scale, term.by.factor)), over=True)

    def lagged(self, expr: Expr, label: str) -> Ref:
        """A variable of its own for an expression, even if that is a reference already."""
        target = Ref(self.free(_part(expr, label)), "t")
        equation = Linear(target, tuple(self.linear(expr, ONE, label)))
        self.symbols[target.name] = Symbol(target.name, "variable", True, (self.width(equation),))
        self.emit(equation)
        return target

    def single(self, expr: Expr, label: str) -> Term:
        """An expression as one reference times a factor, under a name if it must be."""
        try:
            terms = self.linear(expr, ONE, label)
        except NotLinear:
            terms = []
        if len(terms) == 1 and terms[0].ref is not None and isinstance(terms[0].by, Scale):
            return terms[0]
        return Term(self.atom(expr, _part(expr, label)))

    def total_terms(self, definition: Definition) -> list[Term]:
        if definition.target.name == "L":
            return self.loss_terms(definition.body)
        return self.gradient_terms(definition.body, ONE)

    def loss_terms(self, body: Expr) -> list[Term]:
        """L = Σ weight · l, where each l is a number for each row."""
        try:
            terms = self.linear(body, ONE, "L")
        except NotLinear:
            terms = [Term(self.atom(body, _part(body, "L")))]
        return [
            t if isinstance(t.by, Scale) else Term(self.atom_of(t), Scale(), t.over) for t in terms
        ]

    def atom_of(self, term: Term) -> Ref:
        """A variable for a term of the loss that is more than a factor."""
        assert term.ref is not None
        target = Ref(self.free(f"l_{term.ref.name}"), "t" if term.ref.base == "t" else "")
        equation = Linear(target, (replace(term, over=False),))
        known = self.made.get((target.base, _body(equation)))
        if known is not None:
            return Ref(known, target.base)
        self.symbols[target.name] = Symbol(target.name, "variable", target.base == "t", (NARROW,))
        self.emit(equation)
        return target

    def gradient_terms(self, expr: Expr, scale: Expr) -> list[Term]:
        match expr:
            case Num(value=value) if not value:
                return []
            case Add(terms=terms):
                return [found for term in terms for found in self.gradient_terms(term, scale)]
            case Call(function="sum", args=(arg,)):
                return [replace(term, over=True) for term in self.gradient_terms(arg, scale)]
            case Call(function="batchsum", args=(arg,)):
                return self.linear(arg, scale, "gradient")
            case MatMul(left=Transpose(arg=Ref() as left), right=Ref() as right):
                if self.symbols[right.name].role == "adjoint":
                    return [Term(right, Outer(left))]
                return [Term(left, Outer(right, flipped=True))]
        self.fail("a gradient is a sum of transpose(a) @ b or batchsum(b)")

    # arithmetic

    def arithmetic(self, expr: Expr, label: str) -> Expr:
        """An element-wise body over references: what is neither gets a name."""
        match expr:
            case Num() | Size() | Ref():
                return expr
            case Add(terms=terms):
                return self.arithmetic_sum(terms, label)
            case Neg() | Mul() | Div() | Pow():
                parts = [self.arithmetic(child, label) for child in children(expr)]
                return Neg(parts[0]) if isinstance(expr, Neg) else type(expr)(*parts)
        return self.atom(expr, _part(expr, label))

    def arithmetic_sum(self, terms: tuple[Expr, ...], label: str) -> Expr:
        """z * h + x @ W + b   =>   z * h + a, with a = x @ W + b."""
        affine = [term for term in terms if self.is_affine(term)]
        if not any(_has_product(term) for term in affine):
            affine = []
        kept: list[Expr] = []
        for term in terms:
            if term not in affine:
                kept.append(self.arithmetic(term, label))
            elif term is affine[0]:
                whole = Add(tuple(affine)) if len(affine) > 1 else term
                kept.append(self.atom(whole, _part(whole, label)))
        return Add(tuple(kept)) if len(kept) > 1 else kept[0]

    def is_affine(self, term: Expr) -> bool:
        """Whether a term could stand in a pre-activation: a product with a matrix, a bias, …"""
        match term:
            case MatMul() | Ref():
                return True
            case Neg(arg=arg):
                return self.is_affine(arg)
            case Mul(left=left, right=right):
                return (self.is_coefficient(left) and self.is_affine(right)) or (
                    self.is_coefficient(right) and self.is_affine(left)
                )
            case Div(left=left, right=right):
                return self.is_coefficient(right) and self.is_affine(left)
        return self.is_coefficient(term)

    # widths, and passes over the finished equations

    def width(self, equation: Equation) -> Width:
        return width_of(equation, self.symbols)

    def without_twins(self) -> System:
        """A name that was made up gives way to the author's own name for the same equation."""
        own = {d.target.name for d in self.written.definitions}
        keys: dict[tuple[str, object], str] = {}
        for equation in self.equations:
            if equation.target.name in own and not isinstance(equation, Total):
                keys.setdefault((equation.target.base, _body(equation)), equation.target.name)
        twins = {
            e.target.name: keys[e.target.base, _body(e)]
            for e in self.equations
            if e.target.name not in own and (e.target.base, _body(e)) in keys
        }
        kept = [e for e in self.equations if e.target.name not in twins]
        symbols = {name: s for name, s in self.symbols.items() if name not in twins}
        return System(
            tuple(_renamed(e, twins) for e in kept) if twins else tuple(kept),
            symbols,
            self.written.steps,
        )

    def fail(self, message: str) -> NoReturn:
        raise EquationError(fault(self.written, self.about.place, message))


def width_of(equation: Equation, symbols: Symbols) -> Width:
    """The width of an equation's value: its widest operand's, since only width 1 is spread."""
    match equation:
        case Row(function="softmax", args=args):
            return symbols[args[0].name].width
        case Row(function="concat", args=args):
            total = Width()
            for ref in args:
                total += symbols[ref.name].width
            return total
        case Row():
            return NARROW
        case Pointwise(body=body):
            widths = [_width(ref, symbols) for ref in refs(body)]
        case Linear(terms=terms) | Total(terms=terms):
            widths = [width for term in terms for width in term_widths(term, symbols)]
    return next((width for width in widths if width != NARROW), NARROW)


def term_widths(term: Term, symbols: Symbols) -> list[Width]:
    match term.by:
        case Scale():
            return [_width(ref, symbols) for ref in term.reads()]
        case Dot():
            return [NARROW]
        case Matrix(name=name, transposed=transposed):
            return [symbols[name].shape[0 if transposed else 1]]
        case PartOf(width=width) | PadTo(total=width):
            return [width]
        case Outer():
            return []


def _width(ref: Ref, symbols: Symbols) -> Width:
    return symbols[ref.name].width


def _body(equation: Equation) -> object:
    """What an equation says of its target."""
    match equation:
        case Linear(terms=terms) | Total(terms=terms):
            return terms
        case Pointwise(body=body):
            return body
        case Row(function=function, args=args):
            return (function, args)


def _renamed(equation: Equation, names: dict[str, str]) -> Equation:
    return map_refs(equation, lambda r: Ref(names.get(r.name, r.name), r.base, r.shift))


def _runs(expr: Expr) -> bool:
    """Whether an expression has a value for each step: it reads some v[t] outside of a sum."""
    match expr:
        case Ref(base=base):
            return base == "t"
        case Call(function=function) if function in TIME:
            return False
    return any(map(_runs, children(expr)))


def _has_product(expr: Expr) -> bool:
    return any(isinstance(node, MatMul) for node in walk(expr))


def _before(label: str) -> str:
    """The name of what goes into the function that makes a variable: its pre-activation."""
    return f"a_{label}"


def _part(expr: Expr, label: str) -> str:
    """The name of a part of an equation: by what it is of, or after the variable it is a part of.

    `tanh_c` for tanh(c[t]), `mean_h` for mean(h[t]), `l_yhat` for a loss of yhat, `u_n` for an
    affine part of the pre-activation a_n, `p_h` for other parts of h.
    """
    stem = label.removeprefix("a_")
    if isinstance(expr, Call):
        last = expr.args[-1]
        prefix = "l" if expr.function in LOSSES else expr.function
        return f"{prefix}_{last.name if isinstance(last, Ref) else stem}"
    if label != stem:
        return f"u_{stem}"
    return f"a_{stem}" if _has_product(expr) else f"p_{stem}"


def _label(target: Ref) -> str:
    """`O` for O[t] and O, `O_0` for the boundary O[0], `q_T1` for q[T+1]."""
    if target.base in ("t", ""):
        return target.name
    return f"{target.name}_{step_label(target.base, target.shift)}"


def step_label(base: str, shift: int) -> str:
    """
    >>> step_label("1", -1), step_label("1", -2), step_label("T", 1), step_label("1", 3)
    ('0', 'm1', 'T1', '4')
    """
    if base == "T":
        return f"T{shift}" if shift >= 0 else f"Tm{-shift}"
    return f"m{-shift - 1}" if shift < -1 else str(shift + 1)
