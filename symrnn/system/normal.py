"""Normal form: every equation becomes one of the four kinds, and what needs a name gets one.

    O[t] = tanh(x[t] @ W + O[t-1] @ U)   =>   a_O[t] = x[t] @ W + O[t-1] @ U;  O[t] = tanh(a_O[t])

A pre-activation gets a name so that its adjoint is the textbook's δ; the value of a function gets
one so that its derivative can be written with it. Equal equations are made once.
"""

from dataclasses import replace
from typing import NoReturn

from symrnn.errors import EquationError
from symrnn.language.calls import is_elementwise
from symrnn.language.table import LOSSES
from symrnn.language.tree import (
    NARROW,
    ONE,
    Add,
    Call,
    Definition,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Size,
    Written,
    map_leaves,
    refs,
    walk,
)
from symrnn.system import names
from symrnn.system.check import check
from symrnn.system.graph import at_step
from symrnn.system.occurrences import fault, runs
from symrnn.system.resolve import resolve
from symrnn.system.shapes import counts_rows, shape_of, width_of
from symrnn.system.simplify import from_logits, without_duplicates
from symrnn.system.symbols import ROWLESS, Role, Symbol, Symbols
from symrnn.system.system import (
    Dot,
    Equation,
    Linear,
    Pointwise,
    Row,
    Scale,
    System,
    Term,
    Total,
    says,
    uses,
)
from symrnn.system.terms import Terms
from symrnn.system.unroll import unroll

ROWS = ("softmax", "logsumexp", "rowmax", "concat", *LOSSES)
"""What makes a Row; rowsum and rowmean are linear."""


def normal(written: Written, stable: bool = True) -> System:
    """The system that a text describes, in normal form.

    A text that fixes the number of steps, `T = 3`, is written out for them. Unless it is to be
    `stable`, a loss over its own link function stays as the author has it.

    >>> from symrnn.language.parse import parse
    >>> print(normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)")), end="")
    x: D
    h: H
    a_h[t] = x[t] @ W + h[t-1] @ U
    h[t] = tanh(a_h[t])
    """
    if written.steps is not None and any(d.target.base == "t" for d in written.definitions):
        return unroll(normal(replace(written, steps=None), stable), written.steps)
    own = {definition.target.name for definition in written.definitions}
    plain = _Normaliser(counted_from_the_first(written), resolve(written)).system()
    system = without_duplicates(plain, own)
    if stable:
        system = from_logits(system)
    check(system, "normal")
    return system


def counted_from_the_first(written: Written) -> Written:
    """Where the text fixes the number of steps, v[T-1] becomes the step that it is."""
    steps = written.steps
    if steps is None:
        return written

    def leaf(expr: Expr) -> Expr:
        return at_step(expr, steps) if isinstance(expr, Ref) else expr

    definitions = tuple(
        replace(d, target=at_step(d.target, steps), body=map_leaves(d.body, leaf))
        for d in written.definitions
    )
    return replace(written, definitions=definitions)


class _Normaliser:
    def __init__(self, written: Written, symbols: Symbols) -> None:
        self.written = written
        self.symbols = dict(symbols)
        self.equations: list[Equation] = []
        self.made: dict[tuple[str, object], str] = {}
        """The name of what each equation says, so that equal ones are made once."""
        self.about: Definition = written.definitions[0]
        self.added: dict[str, list[Definition]] = {}
        for definition in written.definitions:
            if definition.adds:
                self.added.setdefault(definition.target.name, []).append(definition)
        self.terms = Terms(self)

    def system(self) -> System:
        for definition in self.written.definitions:
            self.about = definition
            role = self.symbols[definition.target.name].role
            if definition.adds or role == "constant":
                continue
            if role == "total":
                self.emit(self.total(definition))
            elif role == "adjoint" or self.additions(definition):
                self.emit(Linear(definition.target, self.all_terms(definition)))
            else:
                self.emit(self.equation(definition.target, definition.body))
        return System(tuple(self.equations), self.symbols, self.written.steps)

    def fail(self, message: str) -> NoReturn:
        raise EquationError(fault(self.written, self.about.place, message))

    # equations

    def emit(self, equation: Equation) -> None:
        self.equations.append(equation)
        if not isinstance(equation, Total):
            self.made.setdefault((equation.target.base, says(equation)), equation.target.name)

    def equation(self, target: Ref, body: Expr) -> Equation:
        """One equation of the right kind, after the equations for what it needs by name."""
        match body:
            case Call(args=args) if is_elementwise(body):
                return Pointwise(target, replace(body, args=self.operands(args, target)))
            case Call(function=function, args=args) if function in LOSSES:
                return Row(target, function, self.loss_args(args))
            case Call(function=function, args=args) if function in ROWS:
                return Row(target, function, tuple(self.operand(arg, target) for arg in args))
        if self.terms.is_linear(body):
            return Linear(target, self.spread(target, self.terms.linear(body, target)))
        return Pointwise(target, self.arithmetic(body, target))

    def total(self, definition: Definition) -> Total:
        loss = definition.target.name == "L"
        found = self.terms.loss if loss else self.terms.gradient
        return Total(definition.target, tuple(found(definition.body)))

    def additions(self, definition: Definition) -> list[Definition]:
        """What the text adds to a definition at fixed steps."""
        timed_or_once = definition.target.base in ("t", "")
        return self.added.get(definition.target.name, []) if timed_or_once else []

    def all_terms(self, definition: Definition) -> tuple[Term, ...]:
        """The terms of an equation and of what is added to it."""
        terms = self.pieces(definition)
        for addition in self.additions(definition):
            self.about = addition
            at = (addition.target.base, addition.target.shift) if addition.target.base else None
            terms += [replace(t, at=at, when=addition.when) for t in self.pieces(addition)]
        return self.spread(definition.target, terms)

    def pieces(self, definition: Definition) -> list[Term]:
        adjoint = self.symbols[definition.target.name].role == "adjoint"
        if adjoint or self.terms.is_linear(definition.body):
            return self.terms.linear(definition.body, definition.target)
        return [Term(self.atom(definition.body, definition.target))]

    def spread(self, target: Ref, terms: list[Term]) -> tuple[Term, ...]:
        """A term of width 1 in a wider equation gets a name, unless it is a factor: so whatever is
        spread over features is a reference times a factor.

            h[t] = x[t] - rowmean(x[t])   =>   rowmean_x[t] = rowmean(x[t]); h[t] = x[t] - …
        """
        known = self.symbols.get(target.name)
        wide = width_of(Linear(target, tuple(terms)), self.symbols) != NARROW
        if known is not None and known.role == "adjoint":
            return tuple(terms)
        if not wide and (known is None or known.width == NARROW):
            return tuple(terms)
        return tuple(term if isinstance(term.by, Scale) else self.gathered(term) for term in terms)

    def gathered(self, term: Term) -> Term:
        """The term, or a reference to it if its value has width 1."""
        assert term.ref is not None
        prefix = "rowsum" if isinstance(term.by, Dot) else "p"
        once = term.over or term.ref.base != "t"
        target = Ref(f"{prefix}_{term.ref.name}", "" if once else "t")
        sign: Expr = ONE
        inner = replace(term, at=None, when=None)
        if isinstance(term.by, Dot) and isinstance(term.by.factor, Neg):
            sign, inner = Neg(ONE), replace(inner, by=Dot(term.by.factor.arg))
        equation = Linear(target, (inner,))
        if width_of(equation, self.symbols) != NARROW:
            return term
        return Term(self.variable(equation), Scale(sign), at=term.at, when=term.when)

    # names for what needs one

    def atom(self, expr: Expr, target: Ref) -> Ref:
        """A reference to the value of an expression, which gets an equation if it has none."""
        return self.named(expr, names.part(expr, names.label(target)))

    def matrix(self, expr: Expr, target: Ref) -> str:
        """The name of what stands right of an @."""
        return self.named(expr, names.matrix(expr, names.label(target))).name

    def operand(self, expr: Expr, target: Ref) -> Ref:
        """The same for what goes into the function that makes the target."""
        return self.named(expr, names.before(names.label(target)))

    def operands(self, args: tuple[Expr, ...], target: Ref) -> tuple[Expr, ...]:
        """What goes into a function element by element: references, and numbers as they are."""
        numbers = [self.is_number(arg) for arg in args]
        if all(numbers):
            numbers = [not any(True for _ in refs(arg)) for arg in args]  # sqrt(2), not sqrt(k)
        return tuple(
            arg if number else self.operand(arg, target)
            for arg, number in zip(args, numbers, strict=True)
        )

    def is_number(self, expr: Expr) -> bool:
        plain = all(
            isinstance(node, Num | Size | Ref | Neg | Add | Mul | Div) for node in walk(expr)
        )
        return plain and all(self.symbols[ref.name].role == "constant" for ref in refs(expr))

    def named(self, expr: Expr, name: str) -> Ref:
        if isinstance(expr, Ref) and self.symbols[expr.name].role != "constant":
            return expr
        target = Ref(names.free(name, self.symbols), "t" if runs(expr) else "")
        return self.variable(self.equation(target, expr))

    def variable(self, equation: Equation) -> Ref:
        """A variable for an equation, whose target's name is taken if it is free."""
        base = equation.target.base
        known = self.made.get((base, says(equation)))
        if known is not None:
            return Ref(known, base)
        name = names.free(equation.target.name, self.symbols)
        equation = replace(equation, target=Ref(name, base))
        shape = shape_of(equation, self.symbols)
        self.symbols[name] = Symbol(name, self.role_of(equation), bool(base), shape)
        self.emit(equation)
        return equation.target

    def role_of(self, equation: Equation) -> Role:
        read = {self.symbols[use.ref.name].role for use in uses(equation)}
        if read <= set(ROWLESS) and not read <= {"constant"} and not counts_rows(equation):
            return "total" if "total" in read else "weight"
        return "adjoint" if "adjoint" in read else "variable"

    def loss_args(self, args: tuple[Expr, ...]) -> tuple[Ref, ...]:
        """The target and the prediction; a prediction that gets a name is an output."""
        target, prediction = self.named(args[0], "y"), self.named(args[1], "yhat")
        symbol = self.symbols[prediction.name]
        if not isinstance(args[1], Ref) and symbol.role in ("variable", "weight"):
            self.symbols[symbol.name] = replace(symbol, role="variable", output=True)
        return target, prediction

    # arithmetic

    def arithmetic(self, expr: Expr, target: Ref) -> Expr:
        """An element-wise body over references: what is neither gets a name."""
        match expr:
            case Num() | Size() | Ref():
                return expr
            case Add(terms=terms):
                return self.arithmetic_sum(terms, target)
            case Neg(arg=arg):
                return Neg(self.arithmetic(arg, target))
            case Mul() | Div() | Pow():
                return type(expr)(
                    self.arithmetic(expr.left, target), self.arithmetic(expr.right, target)
                )
        return self.atom(expr, target)

    def arithmetic_sum(self, terms: tuple[Expr, ...], target: Ref) -> Expr:
        """z * h + x @ W + b   =>   z * h + a, with a = x @ W + b."""
        affine = [term for term in terms if self.terms.is_linear(term)]
        if not any(isinstance(node, MatMul) for term in affine for node in walk(term)):
            affine = []
        kept: list[Expr] = []
        for term in terms:
            if term not in affine:
                kept.append(self.arithmetic(term, target))
            elif term is affine[0]:
                whole = Add(tuple(affine)) if len(affine) > 1 else term
                kept.append(self.atom(whole, target))
        return Add(tuple(kept)) if len(kept) > 1 else kept[0]
