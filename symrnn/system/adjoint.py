"""The gradient of a system, as a system: time runs the other way.

Each operand r of an equation v gets v̄ · (∂v/∂r)ᵀ. A reference at a shift lands that shift the other
way; a reference to a fixed step lands there alone; what is read once by every step gets the
sum over time. An adjoint outside 1…T annihilates its term, so nothing special happens at the ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from symrnn.errors import EquationError, suggestion
from symrnn.functions import LOSSES
from symrnn.language.tree import (
    NARROW,
    ONE,
    ZERO,
    Add,
    Call,
    Expr,
    Ref,
    Width,
    map_children,
    refs,
)
from symrnn.system.algebra import derivative, div, mul, neg, put, rule, size
from symrnn.system.check import check
from symrnn.system.graph import Group, at_step, edges_of
from symrnn.system.normal import step_label, width_of
from symrnn.system.rewrite import map_term
from symrnn.system.symbols import Role, Symbol
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
    uses,
)

BATCH = size(Width(("B",)))


def adjoint(system: System, wrt: Sequence[str] = (), cotangents: bool = False) -> System:
    """The system together with its gradient by every parameter, and by the inputs in `wrt`.

    The gradient is that of the loss; with `cotangents` it is that of all outputs, each weighted
    with an input of its own: the transpose of the model's Jacobian.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.system.normal import normal
    >>> text = str(adjoint(normal(parse("h[t] = u * h[t-1] + x[t]; L = mse(y, h[T])"))))
    >>> print(text[text.index("d_h[t]"):], end="")
    d_h[t] = d_h[t+1] * u
    d_h[T] += 2 * (h[T] - y) / (size(H) * size(B))
    d_u = sum(batchsum(d_h[t] * h[t-1]))
    """
    if any(symbol.role == "adjoint" for symbol in system.symbols.values()):
        raise EquationError("this system holds adjoints already; take the adjoint of the model")
    if system.loss is None and not cotangents:
        raise EquationError(
            "the model has no loss; write L = …, put a head on it, or ask for the adjoint of its"
            " outputs (cotangents)"
        )
    inputs = [s.name for s in system.named("input")]
    for name in wrt:
        if name not in inputs:
            near = suggestion(name, inputs)
            raise EquationError(
                f"'{name}' is no input to take a gradient by{near}; the inputs are"
                f" {', '.join(inputs) or 'none'} (every parameter's gradient is there anyway)"
            )
    result = _Adjoint(system, tuple(wrt), cotangents).system()
    check(result, "adjoint")
    return result


class _Adjoint:
    def __init__(self, system: System, wrt: tuple[str, ...], cotangents: bool) -> None:
        self.primal = system
        self.symbols = dict(system.symbols)
        self.wrt = wrt
        self.cotangents = cotangents
        self.by_target = {e.target: e for e in system.equations}
        self.values = {_value_key(e): e.target for e in system.equations}
        self.boundaries: dict[str, list[Ref]] = {}
        for node in self.by_target:
            if node.base in ("1", "T"):
                self.boundaries.setdefault(node.name, []).append(node)
        self.extra: list[Equation] = []
        """Equations of the model's own values that only the gradient needs."""
        self.made: list[Equation] = []
        self.sources: dict[Ref, list[Term]] = {}
        """What each node's adjoint is the sum of."""
        self.totals: dict[str, list[Term]] = {s.name: [] for s in system.named("parameter")}
        self.bars: dict[Ref, Ref] = {}
        self.active = self.find_active()

    def system(self) -> System:
        self.seed()
        for group in reversed(self.primal.groups()):
            self.propagate(group)
        for node in self.input_nodes():
            self.emit(node)
        for name, terms in self.totals.items():
            target = self.free(f"d_{name}")
            shape = self.symbols[name].shape
            self.symbols[target] = Symbol(target, "total", shape=shape, of=Ref(name))
            self.made.append(Total(Ref(target), _ordered(terms)))
        equations = (*self.primal.equations, *self.extra, *self.made)
        return System(equations, self.symbols, self.primal.steps)

    # which nodes matter: those between a parameter and the loss

    def find_active(self) -> set[Ref]:
        definitions = {e.target: list(uses(e)) for e in self.primal.equations}
        edges = edges_of(definitions, self.primal.steps)
        needed: set[Ref] = set()
        waiting = [node for node in self.by_target if self.is_root(node)]
        while waiting:
            node = waiting.pop()
            if node not in needed:
                needed.add(node)
                waiting += [other for other, _ in edges[node]]
        readers: dict[Ref, list[Ref]] = {}
        waiting = []
        for node, found in definitions.items():
            for other, _ in edges[node]:
                readers.setdefault(other, []).append(node)
            if any(self.is_free(use.ref.name) for use in found):
                waiting.append(node)
        moved: set[Ref] = set()
        while waiting:
            node = waiting.pop()
            if node not in moved:
                moved.add(node)
                waiting += readers.get(node, [])
        return (needed & moved) | set(self.input_nodes())

    def is_root(self, node: Ref) -> bool:
        return self.symbols[node.name].output if self.cotangents else node.name == "L"

    def is_free(self, name: str) -> bool:
        return self.symbols[name].role == "parameter" or name in self.wrt

    def input_nodes(self) -> list[Ref]:
        """The places at which an input can be read, for the inputs whose gradient is wanted."""
        nodes: list[Ref] = []
        for name in self.wrt:
            if not self.symbols[name].timed:
                nodes.append(Ref(name))
            elif self.primal.steps is not None and Ref(name, "t") not in self.read_at_t():
                nodes += [Ref(name, "1", step) for step in range(self.primal.steps)]
            else:
                nodes.append(Ref(name, "t"))
        return nodes

    def read_at_t(self) -> set[Ref]:
        return {
            Ref(use.ref.name, "t")
            for equation in self.primal.equations
            for use in uses(equation)
            if use.ref.base == "t"
        }

    # the walk from the loss back

    def seed(self) -> None:
        if not self.cotangents:
            return
        for symbol in self.primal.outputs:
            name = self.free(f"ct_{symbol.name}")
            self.symbols[name] = replace(symbol, name=name, role="input", output=False)
            for node in self.by_target:
                inside = node.base != "1" or 0 <= node.shift < (self.primal.steps or 0)
                if node.name == symbol.name and node in self.active and inside:
                    self.add(node, Term(Ref(name, node.base, node.shift)))

    def propagate(self, group: Group) -> None:
        """Close the adjoints of a group and hand them on to what its equations read."""
        nodes = [node for node in reversed(group.nodes) if node in self.active]
        if self.symbols[group.nodes[0].name].role == "total":
            if not self.cotangents:
                self.push(group.nodes[0], None, div(ONE, BATCH))
            return
        if len(group.nodes) == 1 and nodes and not group.direction:
            constant = self.constant(nodes[0])
            if constant is not None and self.stays(nodes[0]):
                self.push(nodes[0], None, constant)
                return
        for node in nodes:
            self.name(node)
        for node in nodes:
            self.push(node, self.bars[node], ONE)
        for node in nodes:
            self.emit(node)

    def constant(self, node: Ref) -> Expr | None:
        """The adjoint of a node, if it is the same number for every step and feature."""
        factors: list[Expr] = []
        for term in self.sources.get(node, ()):
            match term:
                case Term(ref=None, by=Scale(factor=factor), over=False) if term.everywhere:
                    if any(self.symbols[ref.name].role != "constant" for ref in refs(factor)):
                        return None
                    factors.append(factor)
                case _:
                    return None
        return factors[0] if len(factors) == 1 else None

    def stays(self, node: Ref) -> bool:
        """Whether an equation hands its adjoint on at the same step and by plain factors alone."""
        equation = self.by_target[node]
        found = [
            u.ref for u in uses(equation) if self.is_free(u.ref.name) or self.reads_active(u.ref)
        ]
        still = all((ref.base, ref.shift) == (node.base, node.shift) for ref in found)
        fixed = node.base in ("1", "T")
        plain = (
            isinstance(equation, Pointwise)
            or (isinstance(equation, Row) and equation.function in LOSSES)
            or (
                isinstance(equation, Linear)
                and all(
                    isinstance(t.by, Scale) and t.everywhere and not t.over for t in equation.terms
                )
            )
        )
        narrow = self.symbols[node.name].width == NARROW
        parameters = any(self.symbols[ref.name].role == "parameter" for ref in found)
        return (
            plain and still and narrow and not parameters and (not fixed or bool(self.primal.steps))
        )

    def reads_active(self, ref: Ref) -> bool:
        return any(True for _ in self.landings(ref))

    def landings(self, ref: Ref) -> Iterator[Ref]:
        for node in self.active:
            if node.name == ref.name:
                yield node

    def push(self, node: Ref, bar: Ref | None, scale: Expr) -> None:
        """Hand the adjoint of a node, `bar` times `scale`, on to what its equation reads."""
        equation = self.by_target[node]
        match equation:
            case Linear(terms=terms):
                for term in terms:
                    source = Ref(node.name, *term.at) if term.at else node
                    own = Ref(bar.name, *term.at) if term.at and bar else bar
                    self.push_term(source, own, scale, term)
            case Total(terms=terms):
                for term in terms:
                    self.push_term(node, bar, scale, term)
            case Pointwise(body=body):
                value = node
                for ref in dict.fromkeys(refs(body)):
                    if self.wants(ref):
                        slope = derivative(body, ref, value)
                        if slope != ZERO:
                            factor = mul(scale, slope)
                            self.give(node, ref, bar, self.spread(node, ref, factor))
            case Row():
                self.push_row(equation, bar, scale)

    def push_term(self, node: Ref, bar: Ref | None, scale: Expr, term: Term) -> None:
        ref, by = term.ref, term.by
        if isinstance(by, Scale | Dot):
            for inner in dict.fromkeys(refs(by.factor)):
                slope = derivative(by.factor, inner) if self.wants(inner) else ZERO
                if slope != ZERO:
                    factor = mul(scale, mul(ref, slope) if ref is not None else slope)
                    changed: Jacobian = Scale(factor)
                    if isinstance(by, Scale):
                        changed = self.spread(node, inner, factor)
                    self.give(node, inner, bar, changed, term.over)
        if ref is None or not (self.wants(ref) or isinstance(by, Matrix)):
            return
        match by:
            case Scale(factor=factor):
                self.give(node, ref, bar, self.spread(node, ref, mul(scale, factor)), term.over)
            case Dot(factor=factor):
                self.give(node, ref, bar, Scale(mul(scale, factor)), term.over)
            case Matrix(name=name, transposed=transposed):
                self.give(node, ref, bar, Matrix(name, not transposed), term.over)
                self.give(node, Ref(name), bar, Outer(ref, transposed), term.over)
            case PartOf(skip=skip):
                total = self.symbols[ref.name].width
                self.give(node, ref, bar, PadTo(skip, total), term.over)
            case PadTo(skip=skip):
                width = self.symbols[ref.name].width
                self.give(node, ref, bar, PartOf(skip, width), term.over)

    def push_row(self, equation: Row, bar: Ref | None, scale: Expr) -> None:
        node, args = equation.target, equation.args
        if equation.function in LOSSES:
            for ref, factor in zip(args, self.loss_slopes(equation), strict=True):
                if self.wants(ref):
                    self.give(node, ref, bar, Scale(mul(scale, self.with_values(factor))))
            return
        if not any(map(self.wants, args)):
            return
        match equation.function:
            case "concat":
                skip = Width()
                for ref in args:
                    width = self.symbols[ref.name].width
                    self.give(node, ref, bar, PartOf(skip, width))
                    skip += width
            case "logsumexp":
                factor = self.with_values(Call("softmax", args))
                self.give(node, args[0], bar, Scale(factor))
            case "softmax":
                assert bar is not None
                spread = Ref(self.free(f"e_{node.name}"), node.base, node.shift)
                inner = Linear(spread, (Term(bar, Dot(node)),))
                if spread.name not in self.symbols:
                    self.symbols[spread.name] = Symbol(
                        spread.name, "adjoint", bool(node.base), (NARROW,)
                    )
                self.made.append(inner)
                self.give(node, args[0], bar, Scale(node))
                self.give(node, args[0], spread, Scale(neg(node)))

    def loss_slopes(self, equation: Row) -> tuple[Expr, Expr]:
        """The derivatives of a loss by its target and its prediction."""
        loss, (target, prediction) = LOSSES[equation.function], equation.args
        known = loss.onehot and self.symbols[target.name].onehot
        names = {
            "y": target,
            "p": prediction,
            "n": size(self.symbols[prediction.name].width),
        }
        by_prediction = loss.onehot if known else loss.by_prediction
        return put(rule(loss.by_target), names), put(rule(by_prediction), names)

    def with_values(self, factor: Expr) -> Expr:
        """Functions of a reference under the names of their values: σ(a_yhat) is yhat."""
        factor = map_children(factor, self.with_values)
        if not isinstance(factor, Call) or not isinstance(factor.args[0], Ref):
            return factor
        ref = factor.args[0]
        known = self.values.get((factor.function, ref))
        if known is None and ref.base in ("1", "T") and not ref.shift and not self.primal.steps:
            known = self.values.get((factor.function, Ref(ref.name, "t")))
            known = Ref(known.name, ref.base, ref.shift) if known else None
        if known is not None:
            return known
        if factor.function not in ("softmax", "logsumexp", "rowsum"):
            return factor
        return self.new_value(factor, ref)

    def new_value(self, call: Call, ref: Ref) -> Ref:
        """An equation for a function across a row that the model itself does not work out."""
        fixed = ref.base in ("1", "T") and self.primal.steps is None
        label = f"_{step_label(ref.base, ref.shift)}" if fixed else ""
        name = self.free(f"{call.function}_{ref.name}{label}")
        target = Ref(name, "" if fixed else ref.base, 0 if fixed or ref.base == "t" else ref.shift)
        equation: Equation = Row(target, call.function, (ref,))
        if call.function == "rowsum":
            equation = Linear(target, (Term(ref, Dot()),))
        width = width_of(equation, self.symbols)
        self.symbols[name] = Symbol(name, "variable", bool(target.base), (width,))
        self.values[call.function, ref] = target
        self.extra.append(equation)
        return target

    # handing on

    def wants(self, ref: Ref) -> bool:
        return self.is_free(ref.name) or self.reads_active(ref)

    def spread(self, node: Ref, ref: Ref, factor: Expr) -> Jacobian:
        """The transpose of `ref * factor`: a value of width 1 that was spread is gathered."""
        narrow = self.symbols[ref.name].shape == (NARROW,)
        gathers = narrow and self.symbols[node.name].width != NARROW
        return Dot(factor) if gathers else Scale(factor)

    def give(self, node: Ref, ref: Ref, bar: Ref | None, by: Jacobian, over: bool = False) -> None:
        """Land `bar` · `by`, worked out at the node's own step, at whatever `ref` reads there.

        `over` says that the node sums ref over time, and is itself defined once.
        """
        term = Term(bar, by)
        sums = node.base == "t"
        if ref.name in self.totals:
            self.totals[ref.name].append(replace(term, over=sums or over))
        elif not ref.base:
            self.add(ref, replace(term, over=sums or over))
        elif ref.base == "t" and not sums:
            self.add(Ref(ref.name, "t"), term)
        elif ref.base == "t":
            self.add(Ref(ref.name, "t"), self.moved(term, "t", -ref.shift))
            for boundary in self.boundaries.get(ref.name, ()):
                shift = boundary.shift - ref.shift
                if shift >= 0 if boundary.base == "1" else shift <= 0:
                    self.add(boundary, self.moved(term, boundary.base, shift))
        else:
            self.land_fixed(ref, replace(term, over=sums or over))

    def land_fixed(self, ref: Ref, term: Term) -> None:
        steps = self.primal.steps
        if steps is not None:
            exact = at_step(ref, steps)
            if exact in self.active:
                self.add(exact, term)
            elif exact not in self.by_target and 0 <= exact.shift < steps:
                self.add(Ref(ref.name, "t"), replace(term, at=(exact.base, exact.shift)))
            return
        if ref in self.by_target:
            self.add(ref, term)
            return
        self.add(Ref(ref.name, "t"), replace(term, at=(ref.base, ref.shift)))
        for boundary in self.boundaries.get(ref.name, ()):
            # v[T-k] reads the boundary v[p] for T = k + p steps alone; v[k] reads v[T+q] likewise
            if ref.base == "T" and boundary.base == "1":
                when = boundary.shift + 1 - ref.shift
            elif ref.base == "1" and boundary.base == "T":
                when = ref.shift + 1 - boundary.shift
            else:
                continue
            if when >= 1:
                self.add(boundary, replace(term, when=when))

    def moved(self, term: Term, base: str, shift: int) -> Term:
        """The term at another step: t becomes `base` plus `shift`."""

        def change(ref: Ref) -> Ref:
            return Ref(ref.name, base, ref.shift + shift) if ref.base == "t" else ref

        return map_term(term, change) if shift or base != "t" else term

    def add(self, node: Ref, term: Term) -> None:
        if node not in self.active:
            return
        terms = self.sources.setdefault(node, [])
        if term.ref is None and isinstance(term.by, Scale):
            factor = term.by.factor
            pieces = factor.terms if isinstance(factor, Add) else (factor,)
            for piece in pieces:
                plain = isinstance(piece, Ref) and self.symbols[piece.name].role != "constant"
                own = Term(piece if plain and isinstance(piece, Ref) else None)
                by = Scale() if plain else Scale(piece)
                terms.append(replace(term, ref=own.ref, by=by))
        else:
            terms.append(term)

    # equations

    def name(self, node: Ref) -> None:
        """The name of a node's adjoint: `d_O` for O[t], `d_O_0` for the boundary O[0]."""
        boundary = node.base in ("1", "T") and self.primal.steps is None
        label = f"{node.name}_{step_label(node.base, node.shift)}" if boundary else node.name
        of = node if boundary else Ref(node.name)
        known = next((s.name for s in self.symbols.values() if s.of == of), None)
        name = known or self.free(f"d_{label}")
        timed = bool(node.base) and not boundary
        shape = self.symbols[node.name].shape
        role: Role = "adjoint"
        self.symbols[name] = Symbol(name, role, timed, shape, of=of)
        self.bars[node] = Ref(name) if boundary else Ref(name, node.base, node.shift)

    def emit(self, node: Ref) -> None:
        if node not in self.bars:
            self.name(node)
        self.made.append(Linear(self.bars[node], _ordered(self.sources.get(node, []))))

    def free(self, name: str) -> str:
        candidate, count = name, 2
        while candidate in self.symbols:
            candidate, count = f"{name}_{count}", count + 1
        return candidate


def _value_key(equation: Equation) -> tuple[str, Ref] | None:
    """What an equation is the value of, where it is one function of one reference."""
    match equation:
        case Pointwise(body=Call(function=function, args=(Ref() as ref,))):
            return function, ref
        case Row(function=function, args=(ref,)):
            return function, ref
        case Linear(terms=(Term(ref=Ref() as ref, by=Dot(factor=factor), over=False),)):
            return ("rowsum", ref) if factor == ONE else None
    return None


def _ordered(terms: list[Term]) -> tuple[Term, ...]:
    """First what holds everywhere, then what lands at fixed steps, step by step."""
    groups: dict[tuple[object, object], list[Term]] = {(None, None): []}
    for term in terms:
        groups.setdefault((term.at, term.when), []).append(term)
    return tuple(term for group in groups.values() for term in group)
