"""Formulas for a symbolic T: a variable is an indexed name, and a sum over time stays one.

    δ_t = δ_{t+1} w (1 - O_t²)   =>   dL_da[t] = dL_da[t + 1]*w*(1 - O[t]**2)

SymPy has no matrix with an index: a row or a matrix at a step is a symbol that is called as it
stands in the text, `O[t-1]`. Such symbols can be multiplied, but not summed over t.
"""

from symrnn.derive.formula import Big, Formula
from symrnn.derive.printing.python.assignments import times
from symrnn.derive.printing.python.code import NUMBER, Code
from symrnn.derive.printing.python.writer import PythonWriter
from symrnn.errors import UsageError
from symrnn.language.tree import STEPS, Ref


class TimelessWriter(PythonWriter):
    """Writes formulas in which the steps are letters."""

    whole = True

    def left(self, key: Formula) -> str:
        return self.read(key).text if times(key) else super().left(key)

    def read(self, key: Formula) -> Code:
        at = times(key)
        if not at:
            return super().read(key)
        name, shape = self.names[key], self.shape_of(key)
        if shape == NUMBER:
            self.prelude.indexed.add(name)
            return Code(f"{name}[{', '.join(map(self.step, at))}]")
        name = key.name if isinstance(key, Ref) else name
        place = ",".join(self.step(each).replace(" ", "") for each in at)
        rows, columns = map(self.prelude.wide, shape)
        text = f'{self.prelude.use("MatrixSymbol")}("{name}[{place}]", {rows}, {columns})'
        return Code(text, shape=shape)

    def step(self, at: Ref) -> str:
        if at.base == "1":
            return super().step(at)
        name = self.index(at.base)
        if not at.shift:
            return name
        return f"{name} {'-' if at.shift < 0 else '+'} {abs(at.shift)}"

    def index(self, base: str) -> str:
        if base == "T":
            return self.prelude.wide(STEPS)
        self.prelude.indices.add(base)
        return base

    def big(self, big: Big) -> Code:
        if big.index == "b" or big.sign == "prod":
            return super().big(big)
        body = self.code(big.body)
        if not body.is_number:
            raise UsageError(
                f"SymPy has no sum of matrices over a symbolic T, and {self.plain.line(big)} is"
                " one; ask for a number of steps"
                + ("" if self.scalar else ", or for numbers (scalar)")
            )
        bounds = f"{self.index(big.index)}, {self.step(big.low)}, {self.step(big.high)}"
        return Code(f"{self.prelude.use('Sum')}({body.text}, ({bounds}))")
