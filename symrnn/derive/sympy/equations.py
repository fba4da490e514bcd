"""Equations of SymPy's in their order, with the symbols in them by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, overload

import sympy
from sympy.printing.latex import LatexPrinter

from symrnn.derive.sympy.numbers import lambdify
from symrnn.errors import UsageError, suggestion

MANY = 40
"""So many equations are shown; of a longer list the first ones."""


class Printer(LatexPrinter):  # type: ignore[misc]
    """SymPy's printer, which leaves sums and products as they are; but t - 1 is no -1 + t."""

    def _print_Indexed(self, indexed: Any) -> str:  # noqa: N802 (it is called so)
        base = self._print(indexed.base.label)
        return f"{{{base}}}_{{{','.join(map(sympy.latex, indexed.indices))}}}"


PRINTER = Printer({"order": "none"})


@dataclass(frozen=True, repr=False, eq=False)
class Equations(Sequence[Any]):
    """A sequence of `sympy.Eq`, each behind those whose left sides it reads.

    `["O_2"]` is the right side of the equation for O_2, `["w_h"]` that of ∂L/∂w_h.
    """

    equations: tuple[Any, ...]
    symbols: Mapping[str, Any]
    """Every symbol in them, by its name."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    """Variables at steps where no equation gives them a value: where a recurrence starts."""
    widths: Mapping[str, Any] = field(default_factory=dict)
    gradients: Mapping[str, Any] = field(default_factory=dict)
    """Of each parameter its gradient, as it is printed."""
    steps: Mapping[Any, tuple[Any, Any, Any]] = field(default_factory=dict)
    """For a symbolic T: the index of an equation, with its first and its last value, by the left
    side."""

    @property
    def loss(self) -> Any:
        """The right side of the equation for the loss."""
        return self["L"]

    def __len__(self) -> int:
        return len(self.equations)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.equations)

    @overload
    def __getitem__(self, key: int) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> Any: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: int | slice | str) -> Any:
        if not isinstance(key, str):
            return self.equations[key]
        rights = {str(equation.lhs): equation.rhs for equation in self.equations}
        rights.update(self.gradients)
        if key not in rights:
            known = list(rights)
            raise UsageError(
                f"no equation for '{key}'{suggestion(key, known)}; there are {', '.join(known)}"
            )
        return rights[key]

    def written_out(self, expression: Any) -> Any:
        """The expression with the right side of its equation for everything that has one, until
        only inputs, parameters and targets are left.

        >>> from symrnn.model import load
        >>> graph = load("elman_n4").sympy(steps=1, scalar=True)
        >>> graph.written_out(graph.symbols["yhat"])
        sigmoid(w_o*tanh(O_0*w_h + w_i*x_1))
        """
        self._check_steps()
        known: dict[Any, Any] = {}
        rights = {equation.lhs: equation.rhs for equation in self.equations}

        def put(part: Any) -> Any:
            if part not in known:
                if part in rights:
                    known[part] = put(rights[part])
                elif not part.args or isinstance(part, sympy.MatrixSymbol):
                    known[part] = part
                else:
                    parts = [put(each) for each in part.args]
                    same = all(a is b for a, b in zip(parts, part.args, strict=True))
                    known[part] = part if same else part.func(*parts)
            return known[part]

        return put(sympy.sympify(expression))

    def __add__(self, other: "Equations") -> "Equations":
        """These equations and then others: the model's, and those of its gradients."""
        known = {equation.lhs for equation in self}
        more = tuple(equation for equation in other if equation.lhs not in known)
        joined = {
            each.name: {**getattr(self, each.name), **getattr(other, each.name)}
            for each in fields(self)
            if each.name != "equations"
        }
        return Equations((*self.equations, *more), **joined)

    def lambdify(self, letters: Sequence[Any], expression: Any) -> Callable[..., Any]:
        """A function of numbers and arrays that works out the equations one after another, and
        then the expression: quick where written out it would be long.

        >>> from symrnn.model import load
        >>> graph = load("elman_n4").sympy(steps=2, scalar=True)
        >>> letters = [graph.symbols[name] for name in ("w_i", "w_h", "x_1", "x_2", "O_0")]
        >>> found = graph.lambdify(letters, graph.symbols["O_2"])(0.5, 0.1, 1.0, 2.0, 0.0)
        >>> round(float(found), 6)
        0.780329
        """
        self._check_steps()
        needed, waiting = set(), list(letters_in(expression))
        rights = {e.lhs: e.rhs for e in self.equations if e.lhs not in letters}
        while waiting:
            left = waiting.pop()
            if left in rights and left not in needed:
                needed.add(left)
                waiting += letters_in(rights[left])
        found = [e for e in self.equations if e.lhs in needed]
        free = letters_in(expression).union(*(letters_in(e.rhs) for e in found))
        missing = sorted(map(str, free - needed - set(letters)))
        if missing:
            raise UsageError(f"the expression needs a value for {', '.join(missing)} too")
        works = [(e.lhs, _worker(e.rhs)) for e in found]
        last = _worker(expression)

        def value(*values: Any) -> Any:
            known = dict(zip(letters, values, strict=True))
            for left, work in works:
                known[left] = work(known)
            return last(known)

        return value

    def _check_steps(self) -> None:
        if self.steps:
            raise UsageError("T is a letter here; ask for a number of steps to work equations out")

    def __repr__(self) -> str:
        lines = [str(equation) for equation in self.equations[:MANY]]
        return "\n".join([*lines, *self._rest("… and {} more")])

    def _repr_latex_(self) -> str:
        def line(equation: Any) -> str:
            left, right = map(PRINTER.doprint, (equation.lhs, equation.rhs))
            found = f"{left} &= {right}"
            if equation.lhs in self.steps:
                index, low, high = map(sympy.latex, self.steps[equation.lhs])
                found += rf", \qquad {index} = {low}, \ldots, {high}"
            return found

        lines = [line(equation) for equation in self.equations[:MANY]]
        body = " \\\\\n".join([*lines, *self._rest(r"& \text{{… and {} more}}")])
        return f"$\\displaystyle \\begin{{aligned}}\n{body}\n\\end{{aligned}}$"

    def _rest(self, words: str) -> list[str]:
        more = len(self.equations) - MANY
        return [words.format(more)] if more > 0 else []


LETTERS = (sympy.Symbol, sympy.MatrixSymbol, sympy.IndexedBase)


def letters_in(expression: Any) -> set[Any]:
    """The symbols in an expression, but those that it binds."""
    bound = {letter for each in expression.atoms(sympy.Lambda) for letter in each.variables}
    return set(expression.atoms(*LETTERS)) - bound


def _worker(expression: Any) -> Callable[[Mapping[Any, Any]], Any]:
    """What works out one right side."""
    letters = sorted(letters_in(expression), key=str)
    function = lambdify(letters, expression)
    return lambda known: function(*(known[letter] for letter in letters))
