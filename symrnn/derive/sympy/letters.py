"""A SymPy symbol for every name of a module, and for derivatives one that is printed as such."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import sympy
from sympy.printing.pretty.stringpict import prettyForm

from symrnn.derive.formula import Formula, Immediate
from symrnn.derive.notation.spelling import unavailable
from symrnn.derive.pieces import walk
from symrnn.derive.printing.latex import Latex
from symrnn.derive.printing.plain import Plain
from symrnn.derive.printing.python.assignments import untimed
from symrnn.derive.printing.python.code import NUMBER
from symrnn.derive.printing.python.module import Module
from symrnn.derive.sympy.building import built
from symrnn.derive.sympy.functions import meaning
from symrnn.language.tree import Ref


class Printed:
    """A symbol with a print of its own beside its name: `dO_2_dO_1`, printed ∂O₂/∂O₁."""

    latex: str
    pretty: str

    def _latex(self, printer: Any) -> str:
        return self.latex

    def _pretty(self, printer: Any) -> Any:
        return prettyForm(self.pretty)

    def printed(self, latex: str, pretty: str) -> Any:
        self.latex, self.pretty = latex, pretty
        return self


class Partial(Printed, sympy.Symbol):  # type: ignore[misc]
    """A derivative that is a number."""

    def __new__(cls, name: str, latex: str = "", pretty: str = "", **assumptions: Any) -> Any:
        found = sympy.Symbol.__xnew__(cls, name, **assumptions)
        return found.printed(latex or name, pretty or name)

    def __getnewargs_ex__(self) -> Any:
        (name,), assumptions = super().__getnewargs_ex__()
        return (name, self.latex, self.pretty), assumptions

    def _hashable_content(self) -> Any:
        return (*super()._hashable_content(), self.latex)


class PartialMatrix(Printed, sympy.MatrixSymbol):  # type: ignore[misc]
    """A derivative that is a row or a matrix."""

    def __getnewargs__(self) -> Any:
        return self.args

    def __getstate__(self) -> Any:
        return {"latex": self.latex, "pretty": self.pretty}

    def __setstate__(self, state: Any) -> None:
        self.printed(**state)


class Letters:
    """The objects that the names in a module's text stand for."""

    def __init__(self, module: Module, latex: Latex, plain: Plain) -> None:
        self.module, self.latex, self.plain = module, latex, plain
        self.statements = module.statements  # from here on all names are known
        prelude = module.prelude
        shapes = {key: module.writer.shape_of(key) for key in module.names.names}
        wide = {key: tuple(map(prelude.wide, shape)) for key, shape in shapes.items()}
        self.dimensions = {
            name: sympy.Symbol(name, integer=True, positive=True)
            for name in prelude.dimensions.values()
        }
        self.indices = {name: sympy.Symbol(name, integer=True) for name in sorted(prelude.indices)}
        read = module.functions.read
        self.functions = {name: meaning(name, function) for name, function in read.items()}
        self.shown = dict(self._shown())
        self.symbols: dict[str, Any] = {}
        self.keys: dict[str, Formula] = {}
        for key, name in module.names.names.items():
            number = shapes[key] == NUMBER
            shape = () if number else (self.width(width) for width in wide[key])
            self.keys[name] = key
            self.symbols[name] = self.symbol(key, name, *shape)

    def _shown(self) -> Iterator[tuple[Formula, Formula]]:
        """Immediate derivatives as the equations have them: some are all that there is."""
        names = self.module.names
        for statement in self.statements:
            for formula in (statement.equation.left, *statement.equation.rights):
                for part in walk(formula):
                    if isinstance(part, Immediate):
                        key = names.key(part)
                        whole = untimed(part) if names.whole else part
                        assert isinstance(whole, Immediate)
                        yield key, replace(whole, alone=part.alone)

    @property
    def names(self) -> Mapping[str, Any]:
        return {**self.functions, **self.dimensions, **self.indices, **self.symbols}

    def symbol(self, key: Formula, name: str, *shape: Any) -> Any:
        """A symbol, of a matrix if it has a shape."""
        indexed = name in self.module.prelude.indexed
        if isinstance(key, Ref):
            name = spelt(name)
            if shape:
                return sympy.MatrixSymbol(name, *shape)
            return sympy.IndexedBase(name, real=True) if indexed else sympy.Symbol(name, real=True)
        shown = self.shown.get(key, key)
        prints = self.latex.line(shown), self.plain.line(shown)
        if shape:
            return PartialMatrix(name, *shape).printed(*prints)
        found = Partial(name, *prints, real=True)
        return sympy.IndexedBase(found) if indexed else found

    def width(self, text: str) -> Any:
        return built(text, self.dimensions).doit()

    def built(self, text: str) -> Any:
        return built(text, self.names)


def spelt(name: str) -> str:
    """A name of the model as it is: `gamma_` stands for gamma, which is a function of SymPy's."""
    return name[:-1] if name.endswith("_") and name[:-1] in unavailable() else name
