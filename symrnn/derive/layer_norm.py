"""Layer norm as people derive it: names for what is normalised, for n and for σ, and one Jacobian.

    n = (a - mean(a)) / σ   =>   ∂L/∂a = (∂L/∂n - mean(∂L/∂n) - n mean(∂L/∂n ⊙ n)) / σ

It is found by its structure, whether the text says layernorm(a[t]) or writes mean and variance out
in equations of its own; so is rmsnorm, which takes no mean away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Declaration,
    Definition,
    Div,
    Expr,
    Mul,
    Neg,
    Num,
    Pow,
    Ref,
    Written,
    map_children,
    refs,
)
from symrnn.system.names import free


@dataclass(frozen=True, slots=True)
class Norm:
    """n[t] = (a[t] - rowmean(a[t])) / σ[t], or without the mean."""

    name: str
    of: str
    scale: str
    centred: bool


def with_norms(written: Written) -> tuple[Written, tuple[Norm, ...]]:
    """The text with names for what is normalised, for its value and its scale.

    >>> from symrnn.language.parse import parse
    >>> from symrnn.language.printer import show
    >>> text, (norm,) = with_norms(parse("h[t] = tanh(layernorm(x[t] @ W)); L = mse(y, h[T])"))
    >>> print(show(text).rpartition("h[t] =")[0].rstrip())
    sigma_h: 1
    a_h[t] = x[t] @ W
    sigma_h[t] = sqrt(rowmean(square(a_h[t] - rowmean(a_h[t]))) + 1e-05)
    n_h[t] = (a_h[t] - rowmean(a_h[t])) / sigma_h[t]
    >>> norm
    Norm(name='n_h', of='a_h', scale='sigma_h', centred=True)
    """
    naming = _Naming(written)
    definitions = tuple(new for d in written.definitions for new in naming.named(d))
    if not naming.norms:
        return written, ()
    declared = tuple(Declaration(name, "width", (NARROW,)) for name in naming.scales)
    declarations = (*written.declarations, *declared)
    new = replace(written, definitions=definitions, declarations=declarations)
    return new, tuple(naming.norms)


class _Naming:
    def __init__(self, written: Written) -> None:
        self.known: Mapping[Ref, Expr] = {
            d.target: d.body
            for d in written.definitions
            if not d.adds and d.target.base in ("t", "")
        }
        self.taken = {d.target.name for d in written.definitions}
        self.taken |= {ref.name for d in written.definitions for ref in refs(d.body)}
        added = [d.target for d in written.definitions if d.adds or d.target.base not in ("t", "")]
        self.several = {ref.name for ref in added}
        """Variables with more than one equation: what one of them says does not hold of all."""
        self.norms: list[Norm] = []
        self.scales: list[str] = []

    def free(self, name: str) -> str:
        found = free(name, self.taken)
        self.taken.add(found)
        return found

    def named(self, definition: Definition) -> list[Definition]:
        """The equation, after equations for each layer norm in it."""
        target = definition.target
        if target.base not in ("t", "") or target.shift or definition.adds:
            return [definition]
        made: list[Definition] = []

        def change(expr: Expr, whole: bool = False) -> Expr:
            found = self.found(expr)
            if found is None or (whole and target.name in self.several):
                return map_children(expr, change)
            if isinstance(found[0], Ref) and (found[0].base, found[0].shift) != (target.base, 0):
                return map_children(expr, change)  # that of another step stays written out
            return self.split(expr, *found, definition, whole, made)

        body = change(definition.body, True)
        return [*made, replace(definition, body=body)]

    def split(
        self,
        expr: Expr,
        operand: Expr,
        centred: bool,
        definition: Definition,
        whole: bool,
        made: list[Definition],
    ) -> Expr:
        """What stands for a layer norm: its equation, if that is the whole one, or its name."""
        assert isinstance(expr, Div)
        target = definition.target
        *inner, last = self.named(Definition(target, Neg(operand)))
        made += inner  # a layer norm within a layer norm
        assert isinstance(last.body, Neg)
        of = operand
        if not isinstance(operand, Ref):
            of = Ref(self.free(f"a_{target.name}"), target.base)
            made.append(Definition(of, last.body.arg))

        def with_name(part: Expr) -> Expr:
            if part == operand:
                return of
            if isinstance(part, Add) and self.deviates(part) == operand:
                return Add((of, Neg(Call("rowmean", (of,)))))
            return map_children(part, with_name)

        scale = expr.right
        if not isinstance(scale, Ref):
            scale = Ref(self.free(f"sigma_{target.name}"), target.base)
            self.scales.append(scale.name)
            made.append(Definition(scale, with_name(expr.right)))
        body = Div(with_name(expr.left), scale, place=expr.place)
        name = target if whole else Ref(self.free(f"n_{target.name}"), target.base)
        assert isinstance(of, Ref)
        self.norms.append(Norm(name.name, of.name, scale.name, centred))
        if whole:
            return body
        made.append(Definition(name, body))
        return name

    # what a layer norm is

    def found(self, expr: Expr) -> tuple[Expr, bool] | None:
        """What is normalised, and whether its mean is taken away; None for anything else."""
        if not isinstance(expr, Div):
            return None
        match self.meant(expr.right):
            case Call(function="sqrt", args=(variance,)):
                square = self.meant(self.without_constant(variance))
            case _:
                return None
        match square:
            case Call(function="rowmean", args=(inside,)):
                deviation = self.base_of(self.meant(inside))
            case _:
                return None
        if deviation is None:
            return None
        operand = self.deviates(deviation)
        if operand is not None and operand == self.deviates(expr.left) and _has_time(operand):
            return operand, True
        return (deviation, False) if deviation == expr.left and _has_time(deviation) else None

    def meant(self, expr: Expr) -> Expr:
        """What a name of the text stands for."""
        if isinstance(expr, Ref) and expr.name not in self.several:
            return self.known.get(expr, expr)
        return expr

    def without_constant(self, expr: Expr) -> Expr:
        """A variance without its ε."""
        match self.meant(expr):
            case Add(terms=(variance, Num())) | Add(terms=(Num(), variance)):
                return variance
        return expr

    def base_of(self, expr: Expr) -> Expr | None:
        """What is squared."""
        match expr:
            case Call(function="square", args=(base,)) | Pow(left=base, right=Num(value=2)):
                return base
            case Mul(left=left, right=right) if left == right:
                return left
        return None

    def deviates(self, expr: Expr) -> Expr | None:
        """v of v - rowmean(v)."""
        match self.meant(expr):
            case Add(terms=(*rest, Neg(arg=mean))):
                v = rest[0] if len(rest) == 1 else Add(tuple(rest))
                return v if self.meant(mean) == Call("rowmean", (v,)) else None
        return None


def _has_time(expr: Expr) -> bool:
    return any(ref.base for ref in refs(expr))
