"""What each operand of an equation gets of its adjoint: v̄ · (∂v/∂r)ᵀ, one rule for each kind."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from symrnn.language.parse import rule
from symrnn.language.table import LOSSES
from symrnn.language.tree import (
    NARROW,
    ONE,
    ZERO,
    Add,
    Call,
    Expr,
    Neg,
    Ref,
    Width,
    map_children,
    put,
    refs,
)
from symrnn.system import names
from symrnn.system.algebra import div, mul, size, tidy
from symrnn.system.calculus import derivative
from symrnn.system.shapes import shape_of
from symrnn.system.symbols import ROWLESS, Role, Symbol, Symbols
from symrnn.system.system import (
    Dot,
    Entries,
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
    Turned,
)

ACROSS = ("softmax", "logsumexp", "rowsum")
"""Functions that a factor cannot hold: their value needs an equation."""


class Values:
    """The values of functions under their names: σ(a_yhat) is yhat, wherever the model works it
    out; of a value that the model itself does not need the equation is made."""

    def __init__(self, system: System, symbols: Symbols) -> None:
        self.steps, self.symbols = system.steps, symbols
        self.known = {key: e.target for e in system.equations if (key := _key(e))}
        self.made: list[Equation] = []
        self.names: dict[tuple[str, str], str] = {}
        """One name for all the steps of a value that is made step by step."""

    def put_in(self, factor: Expr) -> Expr:
        """The factor with names for the values of functions in it."""
        factor = map_children(factor, self.put_in)
        if not isinstance(factor, Call) or not isinstance(factor.args[0], Ref):
            return factor
        found = self.find(factor.function, factor.args[0])
        if found is None and factor.function in ACROSS:
            found = self.make(factor, factor.args[0])
        return found or factor

    def below_the_top(self, ref: Ref, highest: Ref) -> Ref:
        """1 where a row is less than its largest entry, 0 where it is as large."""
        terms = (Term(highest), Term(ref, Scale(Neg(ONE))))
        gap = self.named("gap", highest, lambda at: Linear(at, terms))
        return self.named("below", highest, lambda at: Pointwise(at, Call("step", (gap,))))

    def find(self, function: str, ref: Ref) -> Ref | None:
        exact = self.known.get((function, ref))
        if exact is None and ref.base in ("1", "T") and not ref.shift and self.steps is None:
            timed = self.known.get((function, Ref(ref.name, "t")))
            return Ref(timed.name, ref.base, ref.shift) if timed else None
        return exact

    def named(self, prefix: str, of: Ref, equation: Callable[[Ref], Equation]) -> Ref:
        """The target of an equation that is made for a variable, at the variable's own step."""
        label = names.label(of) if of.base in ("1", "T") and self.steps is None else of.name
        name = self.names.get((prefix, label))
        if name is None:
            name = self.names[prefix, label] = names.free(f"{prefix}_{label}", self.symbols)
        target = Ref(name, of.base, of.shift) if label == of.name else Ref(name)
        if target not in {e.target for e in self.made}:
            made = equation(target)
            rowless = self.symbols[of.name].role in ROWLESS
            role: Role = "weight" if rowless else "variable"
            shape = shape_of(made, self.symbols)
            self.symbols[name] = Symbol(name, role, bool(target.base), shape)
            self.made.append(made)
        return target

    def make(self, call: Call[Expr], ref: Ref) -> Ref:
        """An equation for the value; that at a fixed step is defined once."""
        once = not ref.base or (ref.base != "t" and self.steps is None)
        label = names.label(ref) if once else ref.name
        name = self.names.get((call.function, label))
        if name is None:
            name = names.free(f"{call.function}_{label}", self.symbols)
            self.names[call.function, label] = name
        target = Ref(name) if once else Ref(name, ref.base, 0 if ref.base == "t" else ref.shift)
        equation: Equation = Row(target, call.function, (ref,))
        if call.function == "rowsum":
            equation = Linear(target, (Term(ref, Dot()),))
        shape = shape_of(equation, self.symbols)
        rowless = self.symbols[ref.name].role in ROWLESS
        role: Role = "weight" if rowless else "variable"
        self.symbols[name] = Symbol(name, role, bool(target.base), shape)
        self.known[call.function, ref] = target
        self.made.append(equation)
        return target


def _key(equation: Equation) -> tuple[str, Ref] | None:
    """The function and the reference of which an equation is the value."""
    match equation:
        case Pointwise(body=Call(function=function, args=(Ref() as ref,))):
            return function, ref
        case Row(function=function, args=(ref,)):
            return function, ref
        case Linear(terms=(Term(ref=Ref() as ref, by=Dot(factor=factor), over=False) as term,)):
            return ("rowsum", ref) if factor == ONE and term.everywhere else None
    return None


@dataclass(frozen=True, slots=True)
class Contribution:
    """`ref` gets v̄ · `by`; `over` if the equation sums it over time, `at` if it adds it there."""

    ref: Ref
    by: Jacobian
    over: bool = False
    at: tuple[str, int] | None = None


class Contributions:
    """One rule for each kind of equation, at the equation's own step; where in time a contribution
    lands is another question (`adjoint_steps`)."""

    def __init__(self, symbols: Symbols, values: Values, wants: Callable[[Ref], bool]) -> None:
        self.symbols, self.values, self.wants = symbols, values, wants

    def of(self, equation: Equation) -> Iterator[Contribution]:
        """What an equation contributes to the adjoint of each operand that has one; a softmax is
        not here, for it takes two steps."""
        match equation:
            case Linear(terms=terms) | Total(terms=terms):
                for term in terms:
                    yield from self.of_factor(equation.target, term)
                    if term.ref is not None:
                        yield from self.of_term(equation.target, term, term.ref)
            case Pointwise(target=target, body=body):
                for ref in filter(self.wants, dict.fromkeys(refs(body))):
                    slope = derivative(body, ref, value=target)
                    if slope != ZERO:
                        yield Contribution(ref, self.scale(target, ref, slope))
            case Row(function="concat", args=args):
                yield from self.of_parts(args)
            case Row(function="logsumexp", args=(ref,)):
                if self.wants(ref):
                    yield Contribution(ref, Scale(self.values.put_in(Call("softmax", (ref,)))))
            case Row(target=target, function="rowmax", args=(ref,)):
                if self.wants(ref):
                    below = self.values.below_the_top(ref, target)
                    count = self.values.put_in(Call("rowsum", (below,)))
                    width = size(self.symbols[ref.name].width)
                    share = div(Add((ONE, Neg(below))), Add((width, Neg(count))))
                    yield Contribution(ref, Scale(share))
            case Row(function=function) if function in LOSSES:
                yield from self.of_loss(equation)
            case Row(function=function):
                raise TypeError(f"no adjoint is known of {function}")

    def of_term(self, target: Ref, term: Term, ref: Ref) -> Iterator[Contribution]:
        """The transpose of the term's Jacobian."""
        by: Jacobian
        match term.by:
            case Scale(factor=factor):
                by = self.scale(target, ref, factor)
            case Dot(factor=factor):
                by = self.gather(ref, refs(factor), factor)
            case Matrix(name=name, transposed=transposed):
                by = Matrix(name, not transposed)
                yield Contribution(Ref(name), Outer(ref, transposed), term.over, term.at)
            case PartOf(skip=skip):
                by = PadTo(skip, self.symbols[ref.name].width)
            case PadTo(skip=skip):
                by = PartOf(skip, self.symbols[ref.name].width)
            case Turned():
                by = Turned()
            case Entries(factor=factor):
                by = Scale(factor)
            case Outer():
                raise TypeError("the gradient of a gradient is not part of this system")
        if self.wants(ref):
            yield Contribution(ref, by, term.over, term.at)

    def of_factor(self, target: Ref, term: Term) -> Iterator[Contribution]:
        """What the parameters in a term's factor get."""
        if not isinstance(term.by, Scale | Dot | Entries):
            return
        for inner in filter(self.wants, dict.fromkeys(refs(term.by.factor))):
            slope = derivative(term.by.factor, inner)
            if slope == ZERO:
                continue
            factor = mul(term.ref, slope) if term.ref is not None else slope
            if isinstance(term.by, Scale):
                by = self.scale(target, inner, factor)

            else:
                by = self.gather(inner, term.reads(), factor)
            yield Contribution(inner, by, term.over, term.at)

    def of_parts(self, args: tuple[Ref, ...]) -> Iterator[Contribution]:
        skip = Width()
        for ref in args:
            width = self.symbols[ref.name].width
            if self.wants(ref):
                yield Contribution(ref, PartOf(skip, width))
            skip += width

    def of_loss(self, equation: Row) -> Iterator[Contribution]:
        loss, (target, prediction) = LOSSES[equation.function], equation.args
        known = loss.onehot and self.symbols[target.name].onehot and self.is_inside(target)
        slopes = (loss.by_target, loss.onehot if known else loss.by_prediction)
        width = size(self.symbols[prediction.name].width)
        for ref, slope in zip(equation.args, slopes, strict=True):
            if self.wants(ref):
                factor = put(rule(slope), {"y": target, "p": prediction, "n": width})
                yield Contribution(ref, Scale(self.values.put_in(factor)))

    def is_inside(self, ref: Ref) -> bool:
        """Whether a reference surely reads a step of 1…T: outside, a one-hot target is zero."""
        steps = self.values.steps
        if steps is not None and ref.base:
            return 0 <= ref.shift < steps
        return not ref.shift

    def scale(self, target: Ref, ref: Ref, factor: Expr) -> Jacobian:
        """The transpose of `target = ref * factor`: what was spread over features is gathered."""
        return self.gather(ref, [target], factor)

    def gather(self, ref: Ref, others: Iterable[Ref], factor: Expr) -> Jacobian:
        """A factor that goes to `ref` in a product with others: gathered if it alone is narrow."""
        others = list(others)
        wide = any(self.symbols[other.name].width != NARROW for other in others)
        narrow = self.symbols[ref.name].width == NARROW
        if not (narrow and wide):
            return Scale(factor)
        shapes = [self.symbols[other.name].shape for other in others]
        if len(self.symbols[ref.name].shape) == 1 and any(len(shape) == 2 for shape in shapes):
            return Entries(factor)
        return Dot(factor)


def times(by: Jacobian, scale: Expr) -> Jacobian:
    """A Jacobian times a number."""
    if isinstance(by, Scale | Dot | Entries):
        return type(by)(tidy(mul(scale, by.factor)))
    if scale == ONE:
        return by
    raise TypeError(f"{type(by).__name__} takes an adjoint, not a number")


def reads(by: Jacobian) -> Iterator[Ref]:
    """What a Jacobian reads."""
    return Term(None, by).reads()
