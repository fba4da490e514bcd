"""Derivatives as difference quotients of the interpreter: no rule, no adjoint and no network.

The equations are written out step by step, each variable at a step by an equation of its own. For
∂u/∂v the equation of v is a number instead, which is changed a little. For ∂⁺u/∂v so are those of
all other variables that have a name, u apart: they are held fixed, and what has no name is worked
out again.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from symrnn.derive.paths import LOSS
from symrnn.interpret.interpreter import Interpreter, Result
from symrnn.language.arrays import Array
from symrnn.language.tree import Ref
from symrnn.system.symbols import Symbol
from symrnn.system.system import Pointwise, System

H = 1e-6


class Quotients:
    """`system` is written out for its steps; the variables in `named` may be held fixed."""

    def __init__(self, system: System, data: Mapping[str, Array], named: Collection[str]) -> None:
        self.system = system
        self.data = {name: np.asarray(value, float) for name, value in data.items()}
        self.values = Interpreter(system)(self.data, system.steps)
        self.nodes = [e.target for e in system.equations]
        self.named = [node for node in self.nodes if node.name in named]

    def total(self, of: Ref, by: Ref) -> Array:
        """∂of/∂by: a row for each entry of `of`; of the loss as `by` is."""
        return self.slopes(of, by, [by] if by in self.nodes else [])

    def immediate(self, of: Ref, by: Ref) -> Array:
        return self.slopes(of, by, [node for node in self.named if node != of])

    def slopes(self, of: Ref, by: Ref, held: Collection[Ref]) -> Array:
        names = {node: f"held{place}" for place, node in enumerate(held)}
        run = Interpreter(self.holding(names))
        data = {**self.data, **{name: self.number(node) for node, name in names.items()}}
        changed = names.get(by, by.name)
        middle, found = data[changed], []
        for place in np.ndindex(middle.shape):
            step = np.zeros_like(middle)
            step[place] = H
            up, down = (
                read(run({**data, changed: middle + way * step}, self.system.steps), of)
                for way in (1, -1)
            )
            found.append((up - down) / (2 * H))
        slopes = np.stack(found, axis=-1)
        return slopes.reshape(np.atleast_2d(middle).shape) if of == LOSS else slopes

    def holding(self, names: Mapping[Ref, str]) -> System:
        """The system with numbers for some of its variables."""
        shapes = {name: self.system.symbols[node.name].shape for node, name in names.items()}
        symbols = {n: Symbol(n, "parameter", shape=shape) for n, shape in shapes.items()}
        equations = tuple(
            Pointwise(e.target, Ref(names[e.target])) if e.target in names else e
            for e in self.system.equations
        )
        return replace(self.system, equations=equations, symbols={**self.system.symbols, **symbols})

    def number(self, node: Ref) -> Array:
        found = value(self.values, node)
        return found[0] if self.system.symbols[node.name].role == "variable" else found


def read(result: Result, node: Ref) -> Array:
    return np.ravel(value(result, node))


def value(result: Result, node: Ref) -> Array:
    return np.asarray(result.values[node.name, node.shift + 1 if node.base else None], float)
