"""A system and its gradient in the order in which they are worked out.

    O[t] = tanh(a_O[t]), with a_O[t] = x[t] @ w_i + O[t-1] @ w_h    =>    for t = 1 … T:
                                                                    O_w_h[t] = O[t-1] @ w_h …

What needs itself at an earlier or a later step is a loop; everything else is done for all steps at
once. In a loop every statement stands for the steps at which it happens.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from symrnn.language.tree import BATCH, NARROW, ONE, Expr, Ref, Size, Width
from symrnn.program.forms import NOWHERE, Forms
from symrnn.program.program import (
    Argument,
    Array,
    At,
    Loop,
    Now,
    Number,
    Pair,
    Plain,
    Program,
    Slice,
    Span,
    Statement,
    Steps,
    When,
)
from symrnn.program.writer import MEANS, Open, Scope, Writer
from symrnn.system.algebra import div, mul, size
from symrnn.system.graph import Group
from symrnn.system.states import initial_states
from symrnn.system.symbols import Symbol
from symrnn.system.system import (
    Dot,
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
    uses,
)

ZERO_NUMBER = Number(size(Width()))


def order(system: System, steps: int) -> Program:
    """
    >>> from symrnn.language.parse import parse
    >>> from symrnn.system import normal, with_states
    >>> print(order(with_states(normal(parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)"))), 3), end="")
    T = 3
    <BLANKLINE>
    # forward
    h[0] = h0
    for t = 1 … 3:
        x_W[t] = x[t] @ W
        h_U[t] = h[t-1] @ U
        a_h[t] = x_W[t] + h_U[t]
        h[t] = tanh(a_h[t])
    """
    return _Order(system, steps).program()


class _Order:
    def __init__(self, system: System, steps: int) -> None:
        self.system, self.steps = system, steps
        self.forms = Forms(system, steps)
        self.arrays: dict[str, Array] = {}
        for symbol in system.symbols.values():
            if symbol.role != "constant":
                self.arrays[symbol.name] = self.array(symbol)
        self.writer = Writer(system.symbols, self.arrays)
        self.loops = 0
        self.summed = losses_in_the_total(system)

    def array(self, symbol: Symbol) -> Array:
        known = [step for name, step in self.forms.boundaries if name == symbol.name]
        places = [1, self.steps, *(step for step in known if step is not None)]
        role = {"adjoint": "variable", "total": "gradient"}.get(symbol.role, symbol.role)
        rows = symbol.role not in ("parameter", "total")
        if symbol.name == self.system.loss:
            role = "variable"
        shape = symbol.shape or (NARROW,)
        ends = (min(places), max(places)) if symbol.timed else None
        return Array(symbol.name, role, shape, rows, ends, symbol.of.name if symbol.of else "")  # type: ignore[arg-type]

    def program(self) -> Program:
        groups = self.system.groups()
        where = sections(self.system, groups)
        found: dict[str, list[Statement]] = {"forward": [], "loss": [], "backward": []}
        for group, section in zip(groups, where, strict=True):
            self.writer.out = found[section]
            self.group(group)
        self.arrays.update(self.writer.arrays)
        states = {ref.name for ref in initial_states(self.system).values()}
        kept = {s.name for s in self.system.outputs} | {name for name, _ in self.forms.boundaries}
        inputs = {s.name for s in self.system.named("input")}
        kept |= {s.name for s in self.system.named("adjoint") if s.of and s.of.name in inputs}
        kept |= states | ({self.system.loss} if self.system.loss else set())
        bodies = {name: tuple(body) for name, body in found.items()}
        return Program(self.steps, self.arrays, bodies, kept=frozenset(kept))

    # groups

    def group(self, group: Group) -> None:
        if group.direction:
            self.scan(group)
            return
        for node in group.nodes:
            if node.name in self.summed:
                continue
            if node.base == "t":
                for (first, last), form in self.forms.runs(Group((node,)))[node]:
                    self.all_at_once(form, (first, last))
            else:
                left = self.forms.once(node)
                self.writer.scope = Scope(self.at(0))
                if left is not None:
                    step = self.forms.step(node, 0)
                    self.write(left, Slice((node.name,), None if step is None else At(step)))

    def all_at_once(self, form: Equation, steps: Steps) -> None:
        first, last = steps
        if first == last:
            self.writer.scope = Scope(self.at(first))
            self.write(form, Slice((form.target.name,), At(first)))
            return
        self.writer.scope = Scope(self.span(steps), steps)
        self.write(form, Slice((form.target.name,), Span(first, last)))
        self.writer.scope = Scope(self.at(0))

    def scan(self, group: Group) -> None:
        self.loops += 1
        self.writer.dependent = set()
        runs = self.forms.runs(group)
        members = frozenset(node.name for node in group.nodes)
        body: list[Plain] = []
        for node in group.nodes:
            for steps, form in runs[node]:
                self.writer.scope = Scope(self.now, steps, self.loops, members, body)
                self.write(form, Slice((node.name,), Now()))
        self.writer.scope = Scope(self.at(0))
        if body:
            first = min(s.during[0] for s in body if s.during)
            last = max(s.during[1] for s in body if s.during)
            whole = (first, last)
            kept = tuple(replace(s, during=None if s.during == whole else s.during) for s in body)
            self.writer.out.append(Loop(first, last, group.direction, kept))

    # where references point

    def now(self, ref: Ref) -> When | None:
        if ref.base == "t":
            return Now(ref.shift)
        return At(ref.shift + 1) if ref.base else None

    def at(self, step: int) -> Callable[[Ref], When | None]:
        def when(ref: Ref) -> When | None:
            known = self.forms.step(ref, step)
            return None if known is None else At(known)

        return when

    def span(self, steps: Steps) -> Callable[[Ref], When | None]:
        def when(ref: Ref) -> When | None:
            if ref.base == "t":
                return Span(steps[0] + ref.shift, steps[1] + ref.shift)
            return At(ref.shift + 1) if ref.base else None

        return when

    # equations

    def write(self, equation: Equation, out: Slice) -> None:
        writer = self.writer
        writer.about = equation.target.name
        match equation:
            case Pointwise(body=body):
                writer.into(out, writer.value(body))
            case Row(function="concat", args=args):
                self.concat(args, out)
            case Row(function=function, args=args):
                writer.into(out, writer.row(function, [self.there(ref) for ref in args]))
            case Linear(terms=terms):
                if len(terms) == 1 and isinstance(terms[0].by, PadTo) and not terms[0].over:
                    self.pad(terms[0], out)
                else:
                    self.linear(terms, out)
            case Total(terms=terms):
                self.total(terms, out)

    def there(self, ref: Ref) -> Argument:
        """A reference that may read zeros beyond the ends."""
        if ref.base == NOWHERE:
            return self.zeros(self.arrays[ref.name].shape)
        return self.writer.read(ref)

    def zeros(self, shape: tuple[Width, ...]) -> Slice:
        writer = self.writer
        value = replace(writer.copy(ZERO_NUMBER), shape=shape, rows=True, label="zeros")
        return writer.place(value)

    def concat(self, args: Sequence[Ref], out: Slice) -> None:
        skip = Width()
        for ref in args:
            width = self.arrays[ref.name].width
            self.writer.into(replace(out, part=(skip, width)), self.there(ref))
            skip = skip + width

    def linear(self, terms: Sequence[Term], out: Slice) -> None:
        writer = self.writer
        kinds: dict[tuple[bool, bool], list[Pair]] = {}
        summands: list[tuple[bool, Argument | Open]] = []
        for term in terms:
            if isinstance(term.by, Matrix) and not term.over:
                pair = self.pair(term)
                kind = (writer.is_dependent(pair.left), isinstance(pair.left.when, Now | Span))
                kinds.setdefault(kind, []).append(pair)
            elif term.over:
                summands += [(False, value) for value in self.sums_over(term)]
            else:
                summands.append(self.signed(term))
        products = [(False, writer.product(kinds[kind])) for kind in sorted(kinds)]
        both = [*products, *summands]
        writer.into(out, writer.sum(both) if both else ZERO_NUMBER)

    def pair(self, term: Term) -> Pair:
        assert term.ref is not None
        assert isinstance(term.by, Matrix)
        left = self.writer.read(term.ref)
        assert isinstance(left, Slice)
        return Pair(left, Slice((term.by.name,)), right_turned=term.by.transposed)

    def signed(self, term: Term) -> tuple[bool, Argument | Open]:
        """A summand without its sign."""
        value = self.summand(term)
        return (False, value)

    def summand(self, term: Term) -> Argument | Open:
        """A reference times its Jacobian, at the steps of the scope."""
        writer = self.writer
        match term.by:
            case Scale(factor=factor):
                if term.ref is None:
                    return writer.value(factor)
                return writer.scaled(mul(term.ref, factor) if factor != ONE else term.ref)
            case Dot(factor=factor):
                assert term.ref is not None
                inside = mul(term.ref, factor) if factor != ONE else term.ref
                return writer.reduce("sum", writer.value(inside), "features")
            case Matrix():
                return writer.product([self.pair(term)])
            case PartOf(skip=skip, width=width):
                assert term.ref is not None
                whole = writer.read(term.ref)
                assert isinstance(whole, Slice)
                return replace(whole, part=(skip, width))
            case PadTo(total=total):
                place = self.zeros_for(term, total)
                self.pad(term, place)
                return place
            case Outer():
                return writer.product([self.outer(term)])

    def outer(self, term: Term) -> Pair:
        assert term.ref is not None
        assert isinstance(term.by, Outer)
        first, second = (term.ref, term.by.other) if term.by.flipped else (term.by.other, term.ref)
        left, right = self.writer.read(first), self.writer.read(second)
        assert isinstance(left, Slice)
        assert isinstance(right, Slice)
        return Pair(left, right, left_turned=True)

    def zeros_for(self, term: Term, total: Width) -> Slice:
        """A place for what stands between zeros."""
        writer = self.writer
        inner = self.summand(replace(term, by=Scale()))
        assert isinstance(inner, Slice)
        _, rows, timed = writer.like((inner,))
        empty = Open(writer.copy(inner).make, (total,), rows, timed, f"pad_{inner.name}")
        return writer.temporary(empty)

    def pad(self, term: Term, out: Slice) -> None:
        """v between zeros, written part by part."""
        assert isinstance(term.by, PadTo)
        writer = self.writer
        value = self.summand(replace(term, by=Scale()))
        assert not isinstance(value, Open)
        shape, *_ = writer.like((value,))
        before, total = term.by.skip, term.by.total
        rest = without(total, before + shape[0])
        if before != Width():
            writer.into(replace(out, part=(Width(), before)), ZERO_NUMBER)
        writer.into(replace(out, part=(before, shape[0])), value)
        if rest != Width():
            writer.into(replace(out, part=(before + shape[0], rest)), ZERO_NUMBER)

    # sums over time and batch

    def sums_over(self, term: Term) -> list[Argument | Open]:
        """Σ over the steps, of a term that keeps its rows."""
        writer = self.writer
        found: list[Argument | Open] = []
        for steps, left in self.forms.over(term):
            by = left.by
            inner = replace(left, by=Scale()) if isinstance(by, Matrix | PartOf | PadTo) else left
            value = self.spanned(steps, inner)
            slice_ = writer.place(value)
            if isinstance(slice_.when, Span):
                slice_ = writer.place(writer.reduce("sum", slice_, "steps"))
            else:
                times = Number(size(Width((), steps[1] - steps[0] + 1)))
                if steps[0] != steps[1]:
                    slice_ = writer.place(writer.map("multiply", times, slice_))
            if inner is left:
                found.append(slice_)
            elif isinstance(by, Matrix):
                found.append(
                    writer.product([Pair(slice_, Slice((by.name,)), right_turned=by.transposed)])
                )
            elif isinstance(by, PartOf):
                found.append(replace(slice_, part=(by.skip, by.width)))
            else:
                raise TypeError("a sum over time between zeros")
        return found

    def spanned(self, steps: Steps, term: Term) -> Argument | Open:
        writer = self.writer
        before = writer.scope
        one = steps[0] == steps[1]
        writer.scope = Scope(self.at(steps[0])) if one else Scope(self.span(steps), steps)
        value = self.summand(term)
        if isinstance(value, Open):
            value = writer.place(value) if not isinstance(term.by, Outer) else value
        writer.scope = before
        return value

    def total(self, terms: Sequence[Term], out: Slice) -> None:
        """Σ over steps and sequences: the loss, which is averaged, or a parameter's gradient."""
        writer = self.writer
        is_loss = out.name == self.system.loss
        writer.scope = Scope(self.at(0))
        pairs: list[Pair] = []
        summands: list[tuple[bool, Argument | Open]] = []
        for term in terms:
            pieces = self.forms.over(term) if term.over else [((0, 0), term)]
            for steps, left in pieces:
                if isinstance(left.by, Outer):
                    pairs.append(self.outer_over(steps, left))
                else:
                    summands.append((False, self.all_rows(steps, left, is_loss)))
        both = [*([(False, writer.product(pairs))] if pairs else []), *summands]
        writer.into(out, writer.sum(both) if both else ZERO_NUMBER)

    def outer_over(self, steps: Steps, term: Term) -> Pair:
        """Σ over the steps of transpose(left) @ right: one product, of all rows."""
        writer = self.writer
        many = steps[0] != steps[1]
        writer.scope = Scope(self.span(steps) if many else self.at(steps[0]))
        pair = self.outer(term)
        if many:
            left, right = pair.left, pair.right
            both = [isinstance(side.when, Span) for side in (left, right)]
            if not any(both):
                times = Number(size(Width((), steps[1] - steps[0] + 1)))
                left = writer.place(writer.map("multiply", times, left))
            elif not both[0]:
                right = writer.place(writer.reduce("sum", right, "steps"))
            elif not both[1]:
                left = writer.place(writer.reduce("sum", left, "steps"))
            pair = replace(pair, left=left, right=right)
        writer.scope = Scope(self.at(0))
        return pair

    def whole_loss(self, steps: Steps, term: Term) -> Argument | Open:
        """A mean over the features, summed over steps and averaged over sequences, in one go."""
        writer = self.writer
        assert term.ref is not None
        assert isinstance(term.by, Scale)
        row = self.summed[term.ref.name]
        factor = _shared(writer.plain_number(term.by.factor))
        pieces: list[tuple[bool, Argument | Open]] = []
        runs: list[tuple[Steps, Equation]] = [(steps, row)]
        if term.ref.base == "t":
            runs = self.forms.runs(Group((row.target,)))[row.target]
        for (first, last), form in runs:
            first, last = max(first, steps[0]), min(last, steps[1])
            if first > last:
                continue
            assert isinstance(form, Row)
            ends = (first, last)
            writer.scope = Scope(self.at(first)) if first == last else Scope(self.span(ends), ends)
            writer.about = f"{row.target.name} {self.system.loss}"
            y, p = (self.there(ref) for ref in form.args)
            each = writer.place(writer.loss_of_each(row.function, y, p))
            width = writer.like((y, p))[0][0]
            writer.scope = Scope(self.at(0))
            total = writer.place(writer.reduce("sum", each, "all"))
            pieces.append((False, writer.multiply([total], [], div(factor, size(width)))))
        return writer.sum(pieces)

    def all_rows(self, steps: Steps, term: Term, is_loss: bool) -> Argument | Open:
        """A term summed over the rows of all steps and sequences; averaged over these, if asked."""
        writer = self.writer
        factor: Expr = ONE
        if term.ref is not None and term.ref.name in self.summed:
            return self.whole_loss(steps, term)
        by = term.by
        if isinstance(by, Scale) and term.ref is not None and writer.is_plain(by.factor):
            factor, term = writer.plain_number(by.factor), replace(term, by=Scale())
        value = self.spanned(steps, term)
        if isinstance(value, Number):
            counted = value.value
            counted = counted if is_loss else mul(counted, Size(BATCH))
            return Number(mul(counted, size(Width((), steps[1] - steps[0] + 1))))
        summed = writer.place(value)
        value = summed
        _, rows, timed = writer.like((summed,))
        times = steps[1] - steps[0] + 1
        if not timed and times > 1:
            factor = mul(factor, size(Width((), times)))
        if rows or timed:
            value = writer.reduce("sum", summed, "rows")
            if is_loss:
                factor = _shared(factor)
        elif not is_loss:
            factor = mul(factor, Size(BATCH))
        if factor == ONE:
            return value
        return writer.multiply([writer.place(value)], [], factor)


def losses_in_the_total(system: System) -> dict[str, Row]:
    """The losses that are only ever summed up: no number for each row is needed of them."""
    rows = {
        e.target.name: e
        for e in system.equations
        if isinstance(e, Row) and e.function in MEANS and e.target.base in ("t", "")
    }
    for equation in system.equations:
        for use in uses(equation):
            if use.ref.name in rows and not _is_summed(equation, use.ref, system):
                del rows[use.ref.name]
    return {name: row for name, row in rows.items() if not system.symbols[name].output}


def _is_summed(equation: Equation, ref: Ref, system: System) -> bool:
    if equation.target.name != system.loss or not isinstance(equation, Total):
        return False
    constants = {s.name for s in system.named("constant")}
    if (ref.base, ref.shift) not in (("t", 0), ("", 0)):
        return False
    own = [term for term in equation.terms if term.ref == ref]
    return len(own) == 1 and all(
        isinstance(term.by, Scale) and {r.name for r in term.reads()} <= {ref.name, *constants}
        for term in own
    )


def _shared(factor: Expr) -> Expr:
    return div(factor, Size(BATCH))


def without(total: Width, part: Width) -> Width:
    """
    >>> without(Width(("H", "K"), 3), Width(("H",), 1))
    Width(names=('K',), number=2)
    """
    names = list(total.names)
    for name in part.names:
        names.remove(name)
    return Width(tuple(names), total.number - part.number)


def sections(system: System, groups: Sequence[Group]) -> list[str]:
    """Which part of the work each group belongs to: outputs and states first, then the loss."""
    equations = {e.target: e for e in system.equations}
    by_name: dict[str, list[Ref]] = {}
    for target in equations:
        by_name.setdefault(target.name, []).append(target)
    backward = {s.name for s in system.named("adjoint", "total") if s.name != system.loss}
    found: list[str] = []
    wanted = {s.name for s in system.outputs}
    wanted |= {node.name for group in groups if group.direction for node in group.nodes}
    needed: set[str] = set()
    queue = [name for name in wanted if name not in backward]
    while queue:
        name = queue.pop()
        if name in needed or name not in by_name:
            continue
        needed.add(name)
        for target in by_name[name]:
            queue += [use.ref.name for use in uses(equations[target])]
    loss: set[str] = set()
    queue = [system.loss] if system.loss else []
    while queue:
        name = queue.pop()
        if name in loss or name not in by_name:
            continue
        loss.add(name)
        for target in by_name[name]:
            queue += [use.ref.name for use in uses(equations[target])]
    for group in groups:
        group_names = {node.name for node in group.nodes}
        if group_names & needed:
            found.append("forward")
        elif group_names & loss:
            found.append("loss")
        else:
            found.append("backward")
    return found
