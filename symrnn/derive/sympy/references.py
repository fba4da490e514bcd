"""Variables at a time, as SymPy's expressions have them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from symrnn.errors import UsageError
from symrnn.language.table import ARITY
from symrnn.language.tree import NARROW, Expr, Ref, Width

TIMED = re.compile(r"([A-Za-z]\w*)(?:\[(.*)\])?")


@dataclass
class References:
    """Reads variables at their times; remembers what they say of widths."""

    activations: Mapping[str, Any]
    matrices: Sequence[str]
    where: str = ""
    shapes: dict[str, tuple[Width, ...]] = field(default_factory=dict)
    dims: set[Any] = field(default_factory=set)
    """Symbols that are widths: the shapes of matrices are made of them."""
    bound: dict[Any, Expr] = field(default_factory=dict)
    """What stands for a letter: the entry that a function is of, the index of a sum."""

    def fail(self, message: str) -> Any:
        raise UsageError(f"{self.where}: {message}")

    # names

    def ref(self, expr: Any) -> Ref | None:
        """The variable, if it is one."""
        match expr:
            case sympy.Indexed():
                if len(expr.indices) != 1:
                    self.fail(
                        f"{expr} has {len(expr.indices)} indices; a variable has one, its time"
                    )
                return self.at(str(expr.base.label), expr.indices[0])
            case AppliedUndef() if self.is_time(expr):
                return self.at(expr.func.__name__, expr.args[0])
            case sympy.MatrixSymbol():
                return self.matrix(expr)
            case sympy.Symbol():
                return self.named(str(expr))
        return None

    def named(self, text: str) -> Ref:
        found = TIMED.fullmatch(text.replace(" ", ""))
        if found is None:
            return self.fail(f"'{text}' is no name; a name is letters, digits and _, as w_h")  # type: ignore[no-any-return]
        name, time = found.groups()
        if time is None:
            return Ref(name)
        letters = {each: sympy.Symbol(each, integer=True) for each in "tT"}
        try:
            at = sympy.Integer(0) + sum(
                letters.get(part.lstrip("+"), 0) or sympy.Integer(part)
                for part in re.findall(r"[+-]?\w+", time)
            )
        except ValueError:
            return self.fail(f"'{text}' is at no time; write h[t], h[t-1], h[T] or h[1]")  # type: ignore[no-any-return]
        return self.at(name, at)

    def is_time(self, expr: Any) -> bool:
        """Whether a function of one argument is a variable at a time."""
        name = expr.func.__name__
        if name in self.activations or name in ARITY or len(expr.args) != 1:
            return False
        return self.time(expr.args[0]) is not None

    def time(self, at: Any) -> tuple[str, int] | None:
        """t - 1 as ("t", -1), T as ("T", 0), 1 as ("1", 0)."""
        if at.is_Integer:
            return "1", int(at) - 1
        letters = [s for s in at.free_symbols if s.name in ("t", "T") or s in self.bound]
        if len(letters) != 1:
            return None
        shift = (at - letters[0]).doit()
        base = "t" if letters[0] in self.bound else letters[0].name
        return (base, int(shift)) if shift.is_Integer else None

    def at(self, name: str, at: Any) -> Ref:
        found = self.time(at)
        if found is None:
            self.fail(
                f"{name} at {at}: a time is t, T or a number, with a number added, where t is"
                ' Symbol("t")'
            )
        return Ref(name, *found)  # type: ignore[misc]

    def matrix(self, symbol: Any) -> Ref:
        """A row or a matrix, and the widths that its shape has."""
        ref = self.named(symbol.name)
        rows, columns = map(self.width, symbol.shape)
        shape = (columns,) if rows == NARROW else (rows, columns)
        known = self.shapes.setdefault(ref.name, shape)
        if known != shape:
            self.fail(f"{ref.name} is {_said(shape)} here, and {_said(known)} elsewhere")
        if ref.base and len(shape) == 2:
            self.fail(
                f"{symbol.name} has {rows} rows; a variable at a time is a row, 1 × {columns}"
            )
        return ref

    def width(self, size: Any) -> Width:
        names, count = [], 0
        for term in sympy.Add.make_args(size):
            if term.is_Symbol:
                names.append(term.name)
                self.dims.add(term)
            elif term.is_Integer:
                count += int(term)
            else:
                self.fail(f"{size} is no width; a width is a symbol or a number, or a sum of them")
        return Width(tuple(sorted(names)), count)


def _said(shape: Sequence[Width]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"
