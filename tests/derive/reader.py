"""Reads printed LaTeX back as a person does, and works it out in NumPy.

Nothing here knows the tree that was printed. The rules are those of the page: matrices side by
side are multiplied in the order in which they stand, a number scales, ⊙ and fractions go entry by
entry, w a ⊙ b is (w a) ⊙ b, Σ reaches to the next + or -, ∂u/∂v is what its own equation says. The
factors of a ∏ stand in the order from its lower bound to its upper one, and k + 1 is the first of
the steps behind k, k - 1 the last before it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from symrnn.interpret.arithmetic import Floats
from symrnn.language.arrays import Array
from symrnn.language.table import ELEMENTWISE

Env = Mapping[str, int]
Read = Callable[[Env], Any]
"""A formula as a function of the indices t, k, j; `None` stands for an empty product."""

Place = tuple[str, str, int]
"""What a symbol is: a name, and the step t - 1 as ("t", -1)."""


@dataclass(frozen=True)
class Zero:
    """A block of zeros; of a vector or a square one its length is said, n × m of others."""

    width: int
    height: int = 0


@dataclass(frozen=True)
class Said:
    """An equation: what its left side is, its right sides, and the steps for which it holds."""

    left: tuple[Place | str, ...]
    rights: tuple[Read, ...]
    steps: str


class Page:
    """The equations of a page, with the symbols that a reader knows and the model's numbers."""

    def __init__(
        self,
        latex: str,
        symbols: Mapping[str, Place],
        value: Callable[[str, int | None], Array | None],
        dims: Mapping[str, int],
        columns: bool,
    ) -> None:
        self.symbols, self.value, self.dims, self.columns = symbols, value, dims, columns
        self.lengths = sorted(set(map(len, symbols)), reverse=True)
        self.functions = {row.latex: name for name, row in ELEMENTWISE.items() if row.latex}
        self.functions |= {r"\mathrm{softmax}": "softmax", r"\mathrm{logsumexp}": "logsumexp"}
        self.said: list[Said] = []
        self.known: dict[object, Array] = {}
        for _, block in re.findall(
            r"\\begin\{(align\*|aligned)\}\n(.*?)\n\\end\{\1\}", latex, re.S
        ):
            self.read_block(block)

    def read_block(self, block: str) -> None:
        equations: list[list[str]] = []
        alone = ""
        rows = [row.partition(" && ")[0] for row in block.split(" \\\\\n")]  # reasons are words
        block = " \\\\\n".join(r for r in rows if r != "&" and not r.startswith(r"&\quad\;"))
        for row in block.replace(", \\\\\n&\\qquad ", r", \qquad ").split(" \\\\\n"):
            if row.startswith("& "):
                alone = row[2:]  # a wide left side has a row of its own
                continue
            left, sign, right = row.partition("&= ")
            left, alone = left or alone, ""
            if not sign:
                equations[-1][-1] += " " + row.removeprefix(r"&\quad {}")
            elif left:
                equations.append([left.strip(), right])
            else:
                equations[-1].append(right)
        for left, *rights in equations:
            rights[-1], _, where = rights[-1].partition(r", \qquad ")
            if r"^{\prime}(" in left:
                continue  # what a function's slope is, a reader knows
            if [left] == rights:
                continue  # ∂L/∂b = ∂L/∂b: what it is, another equation says
            parts = where.split(r",\quad ")
            steps = "".join(part for part in parts if r"\in" not in part)
            for one, *others in put_in([left, *rights], "".join(parts).removeprefix(steps)):
                self.said.append(Said(self.parts(one), tuple(map(self.read, others)), steps))

    def read(self, text: str) -> Read:
        found = Line(self, text)
        whole = found.sum()
        assert not found.rest, f"cannot read {found.rest!r} of {text!r}"
        return whole

    def parts(self, text: str) -> tuple[Place | str, ...]:
        """A left side in pieces: symbols, and all other signs one by one."""
        found: list[Place | str] = []
        while text:
            symbol = self.symbol_at(text)
            found.append(self.symbols[symbol] if symbol else text[0])
            text = text[len(symbol or text[0]) :].lstrip()
        return tuple(found)

    def symbol_at(self, text: str) -> str:
        """The longest symbol with which a text begins."""
        for length in self.lengths:
            each, after = text[:length], text[length : length + 1]
            cut = after.isalpha() and re.search(r"\\[A-Za-z]+$", each)
            if each in self.symbols and not cut:
                return each
        return ""

    # what a left side is

    def step(self, place: Place, env: Env) -> int | None:
        _, base, shift = place
        if not base:
            return None
        return {"1": 1, "T": self.dims["T"], **env}[base] + shift

    def bound(self, text: str, env: Env) -> int:
        """t - 1, T, 3."""
        numbers = {"T": self.dims["T"], **env}
        words = re.findall(r"[+-]|\w+", text)
        sign, total = 1, 0
        for word in words:
            if word in "+-":
                sign = 1 if word == "+" else -1
            else:
                total += sign * (numbers[word] if word in numbers else int(word))
        return total

    def defined(self, parts: tuple[Place | str, ...], env: Env) -> tuple[Said, Env] | None:
        wanted = [p if isinstance(p, str) else (p[0], self.step(p, env)) for p in parts]
        general: tuple[Said, Env] | None = None
        for said in self.said:
            inner = self.matching(said, wanted)
            if inner is not None and not inner:
                return said, inner
            if inner is not None and general is None:
                general = said, inner
        return general

    def matching(self, said: Said, wanted: list[Any]) -> Env | None:
        if len(said.left) != len(wanted):
            return None
        inner: dict[str, int] = {}
        for own, other in zip(said.left, wanted, strict=True):
            if isinstance(own, str) or isinstance(other, str):
                if own != other:
                    return None
                continue
            if own[0] != other[0] or (not own[1]) != (other[1] is None):
                return None
            if own[1] in ("1", "T"):
                if self.step(own, {}) != other[1]:
                    return None
            elif own[1] and inner.setdefault(own[1], other[1] - own[2]) != other[1] - own[2]:
                return None
        if said.steps and inner and not self.is_said_at(said, inner[said.steps.split(" = ", 1)[0]]):
            return None
        return inner

    def is_said_at(self, said: Said, step: int) -> bool:
        """Whether an equation holds at a step; one without an index holds anyway."""
        if not said.steps:
            return True
        _, bounds = said.steps.split(" = ", 1)
        first, last, *but = re.split(r", \\ldots, |, (?=\d)|,\\; \w+ \\neq ", bounds)
        low, high = sorted((self.bound(first, {}), self.bound(last, {})))
        return low <= step <= high and step not in [self.bound(b, {}) for b in but]

    def look_up(self, parts: tuple[Place | str, ...], env: Env) -> Array:
        """The value of a derivative: by its equation; by what is outside 1…T it is zero."""
        key = tuple(p if isinstance(p, str) else (p[0], self.step(p, env)) for p in parts)
        if key not in self.known:
            found = self.defined(parts, env)
            if found is None:
                last = next(p for p in reversed(parts) if not isinstance(p, str))
                at = self.step(last, env)
                assert at not in (None, *range(1, self.dims["T"] + 1)), f"nothing says {key}"
                inside = self.value(last[0].removeprefix("δ "), 1)
                assert inside is not None, key
                return np.zeros_like(inside)
            said, inner = found
            values = [right(inner) for right in said.rights]
            for other in values[1:]:
                np.testing.assert_allclose(other, values[0], rtol=1e-9, atol=1e-12)
            self.known[key] = self.whole(parts, values[0])
        return self.known[key]

    def whole(self, parts: tuple[Place | str, ...], value: Array) -> Array:
        """A derivative that is said to be 0 is as wide as that by which it is one."""
        places = [part for part in parts if not isinstance(part, str)]
        if isinstance(value, Zero):
            value = np.zeros((1, 1))
        if value.size > 1 or value.any() or places[0][0][:2] not in ("L", "δ "):
            return value
        inside = self.value(places[-1][0].removeprefix("δ "), 1 if places[-1][1] else None)
        return value if inside is None else np.zeros_like(inside)


def put_in(texts: list[str], among: str) -> list[list[str]]:
    r"""The texts for each member of an index: for k \in \{i, f\} with i for k, and with f."""
    if not among:
        return [texts]
    index, members = among.removesuffix(r"\}").split(r" \in \{")
    letters = index.strip("()").split(", ")
    together = members.strip("()").split("), (") if len(letters) > 1 else members.split(", ")
    chosen = [m.split(", ") if len(letters) > 1 else [m] for m in together]
    return [[_with(text, dict(zip(letters, m, strict=True))) for text in texts] for m in chosen]


def _with(text: str, letters: Mapping[str, str]) -> str:
    """The text with something else for single letters; words and macros stay."""
    found = ""
    words = r"\\(?:math[a-z]+|begin|end)\{[A-Za-z]{2,}\}|\\[A-Za-z]+|."
    for token in re.findall(words, text, re.S):
        new = letters.get(token, token)
        script = found.endswith(("_", "^")) and len(new) > 1 and token in letters
        found += f"{{{new}}}" if script else new
    return found


class Line:
    """One formula, read from left to right."""

    def __init__(self, page: Page, text: str) -> None:
        text = re.sub(r"\\(?:left|right|[bB]igg?[lr])(?![A-Za-z])\s*", "", text)
        self.page, self.rest = page, text.strip()

    def takes(self, sign: str) -> bool:
        if not self.rest.startswith(sign):
            return False
        if re.search(r"\\[A-Za-z]+$", sign) and self.rest[len(sign) : len(sign) + 1].isalpha():
            return False
        self.rest = self.rest[len(sign) :].lstrip()
        return True

    def braces(self) -> str:
        """What stands in {…} here."""
        assert self.rest.startswith("{"), self.rest
        depth = 0
        for i, letter in enumerate(self.rest):
            depth += (letter == "{") - (letter == "}")
            if not depth:
                inside, self.rest = self.rest[1:i], self.rest[i + 1 :].lstrip()
                return inside.strip()
        raise AssertionError(self.rest)

    def sum(self) -> Read:
        negative = self.takes("-")
        terms = [(negative, self.term())]
        while self.rest[:1] in ("+", "-") and self.rest:
            negative = self.takes("-") or not self.takes("+")
            terms.append((negative, self.term()))

        def whole(env: Env) -> Any:
            values = [(n, term(env)) for n, term in terms]
            if len(values) == 1 and not values[0][0]:
                return values[0][1]
            signed = [-value if n else value for n, value in values]
            return _entries(np.add, signed)

        return whole

    def term(self) -> Read:
        """Products between ⊙."""
        rows = [self.product()]
        while self.takes(r"\odot"):
            rows.append(self.product())
        if len(rows) == 1:
            return rows[0]
        return lambda env: _entries(np.multiply, [row(env) for row in rows])

    def product(self) -> Read:
        factors = [self.factor()]
        while self.takes(r"\cdot") or self.takes(r"\,") or self.goes_on():
            if self.goes_on():
                factors.append(self.factor())

        def whole(env: Env) -> Any:
            total: Any = None
            for factor in factors:
                value = factor(env)
                total = value if total is None else total if value is None else _times(total, value)
            return total

        return whole

    def goes_on(self) -> bool:
        ends = (
            "+",
            "-",
            ",",
            ")",
            "]",
            "}",
            "|",
            "&",
            "\\\\",
            r"\odot",
            r"\end",
            ">",
            r"\,",
            r"\cdot",
        )
        return bool(self.rest) and not self.rest.startswith(ends)

    def factor(self) -> Read:
        found = self.atom()
        while self.takes("^"):
            exponent = self.braces()
            if exponent == r"\top":
                found = _after(found, np.transpose)
            else:
                found = _raised(found, self.page.read(exponent))
        while self.takes("/"):  # a wide fraction, in one line
            found = _ratio(found, self.factor())
        return found

    def atom(self) -> Read:
        page = self.page
        for sign in ("sum", "prod"):
            if self.takes(rf"\{sign}_"):
                return self.big(sign)
        if self.takes(r"\frac"):
            top, bottom = self.braces(), self.braces()
            if top.startswith(r"\partial"):
                parts = page.parts(rf"\frac{{{top}}}{{{bottom}}}")
                return lambda env: page.look_up(parts, env)
            above, below = page.read(top), page.read(bottom)
            return _ratio(above, below)
        if self.takes("."):  # ∂c/∂h with what is held fixed behind a bar
            assert self.takes(r"\frac"), self.rest
            top, bottom = self.braces(), self.braces()
            assert self.takes("|_"), self.rest
            held = page.parts(rf"\left. \frac{{{top}}}{{{bottom}}} \right|_{{{self.braces()}}}")
            return lambda env: page.look_up(held, env)
        if self.takes(r"\mathrm{diag}("):
            inside = self.until(")")
            return _after(inside, lambda v: np.diag(v.ravel()))
        if self.takes(r"\sqrt"):
            return _after(page.read(self.braces()), np.sqrt)
        for letter, make in (
            ("1", lambda n: np.ones((n, 1))), ("I", np.eye),
        ):  # fmt: skip
            if self.takes(rf"\mathbf{{{letter}}}_"):
                width, made = page.read(self.braces()), make
                return lambda env: made(round(float(width(env)[0, 0])))
        if self.takes(r"\mathbf{0}_"):
            sizes = list(map(page.read, self.braces().split(r" \times ")))
            return lambda env: Zero(*(round(float(s(env)[0, 0])) for s in reversed(sizes)))
        if self.takes(r"\begin{pmatrix}"):
            return self.matrix()
        if self.takes("("):
            return self.until(")")
        if self.takes("|"):
            return _after(self.until("|"), np.abs)
        if self.takes("["):
            return self.square()
        applied = self.function()
        if applied is not None:
            return applied
        symbol = page.symbol_at(self.rest)
        if symbol:
            self.takes(symbol)
            return self.symbol(page.symbols[symbol])
        if self.takes(r"\pi"):
            return lambda env: np.array([[np.pi]])
        if self.takes("e^"):
            return _after(page.read(self.braces()), np.exp)
        number = re.match(r"\d+(?:\.\d+)?", self.rest)
        assert number, f"cannot read {self.rest!r}"
        self.rest = self.rest[number.end() :].lstrip()
        found = np.array([[float(number[0])]])
        return lambda env: found

    def until(self, close: str) -> Read:
        found = self.sum()
        assert self.takes(close), f"{close} expected before {self.rest!r}"
        return found

    def symbol(self, place: Place) -> Read:
        page, (name, _, _) = self.page, place
        if name[0] == "#":
            return lambda env: np.array([[float(page.dims[name[1:]])]])

        def read(env: Env) -> Array:
            found = page.value(name, page.step(place, env))
            return page.look_up((place,), env) if found is None else found

        return read

    def arguments(self) -> list[Read]:
        found = [self.sum()]
        while self.takes(","):
            found.append(self.sum())
        assert self.takes(")"), self.rest
        return found

    def big(self, sign: str) -> Read:
        below = self.braces()
        if r"\in" in below:
            return self.over(below)
        index, low = below.split("=")
        assert self.takes("^")
        high, page = self.braces(), self.page
        body = self.term() if sign == "sum" else self.factor()
        upwards = low.startswith("k+") or high.startswith("k-") or "k" not in low + high
        up = 1 if sign == "sum" or upwards else -1

        def whole(env: Env) -> Any:
            first, last = page.bound(low, env), page.bound(high, env)
            total: Any = None if sign == "prod" else np.zeros((1, 1))
            for position, step in enumerate(range(first, last + up, up)):
                value = body({**env, index: step})
                before = [total] if position else []
                total = reduce(np.add if sign == "sum" else np.matmul, [*before, value])
            return total

        return whole

    def over(self, among: str) -> Read:
        """Σ over the members of an index, which nothing behind the term has."""
        found: list[Read] = []
        for (text,) in put_in([self.rest], among):
            line = Line(self.page, text)
            found.append(line.term())
            after = line.rest
        self.rest = after
        return lambda env: _entries(np.add, [each(env) for each in found])

    def square(self) -> Read:
        """[z > 0], […]_{t=3}, or the part […]_{1 : H}."""
        inside = self.sum()
        if self.takes(">"):
            assert self.takes("0"), self.rest
            assert self.takes("]"), self.rest
            return _after(inside, lambda v: (v > 0).astype(float))
        assert self.takes("]"), self.rest
        assert self.takes("_"), self.rest
        suffix = self.braces()
        if suffix.startswith("t="):
            return inside
        first, _, last = suffix.partition(" : ")
        start, stop = self.page.read(first), self.page.read(last or first)

        def part(env: Env) -> Array:
            cut = slice(round(float(start(env)[0, 0])) - 1, round(float(stop(env)[0, 0])))
            found: Array = inside(env)
            return found[cut] if self.page.columns else found[:, cut]

        return part

    def matrix(self) -> Read:
        grid: list[list[Read]] = [[self.sum()]]
        while not self.takes(r"\end{pmatrix}"):
            if self.takes("\\\\"):
                grid.append([self.sum()])
            else:
                assert self.takes("&"), self.rest
                grid[-1].append(self.sum())

        def whole(env: Env) -> Array:
            cells = [[cell(env) for cell in row] for row in grid]
            tall = [next((c.shape[0] for c in r if not isinstance(c, Zero)), 0) for r in cells]
            wide = [
                next((c.shape[1] for c in column if not isinstance(c, Zero)), 0)
                for column in zip(*cells, strict=True)
            ]
            return np.block(
                [
                    [
                        np.zeros((tall[i] or c.height or c.width, wide[j] or c.width))
                        if isinstance(c, Zero)
                        else c
                        for j, c in enumerate(row)
                    ]
                    for i, row in enumerate(cells)
                ]
            )

        return whole

    def function(self) -> Read | None:
        for symbol, name in self.page.functions.items():
            here = self.rest.startswith(symbol)
            if here and re.match(
                r"\s*(\(|\^\{(\\prime|\w+)\}\s*\(| )", self.rest[len(symbol) :] + "#"
            ):
                self.takes(symbol)
                primed = self.takes(r"^{\prime}")
                power = self.page.read(self.braces()) if self.takes("^") else None
                args = self.arguments() if self.takes("(") else [self.atom()]
                value = _after(args[0], _slope(name)) if primed else _applied(name, args)
                return value if power is None else _raised(value, power)
        return None


def _slope(name: str) -> Callable[[Array], Array]:
    """The derivative of a function, by a complex step where it is analytic."""
    row = ELEMENTWISE[name]
    if row.analytic:
        return lambda v: np.asarray(Floats(np.complex128).apply(name, v + 1e-30j).imag / 1e-30)
    on, h = Floats(np.float64), 1e-5  # a kink is nowhere near a random point
    return lambda v: (on.apply(name, v + h) - on.apply(name, v - h)) / (2 * h)


def _applied(name: str, args: list[Read]) -> Read:
    return lambda env: _function(name, *(arg(env) for arg in args))


def _function(name: str, v: Array, *others: Array) -> Array:
    if name in ("softmax", "logsumexp"):
        e = np.exp(v - v.max())
        return e / e.sum() if name == "softmax" else np.array([[v.max() + np.log(e.sum())]])
    return Floats(v.dtype).apply(name, v, *others)


def _after(inside: Read, f: Callable[[Array], Array]) -> Read:
    return lambda env: f(inside(env))


def _raised(base: Read, exponent: Read) -> Read:
    return lambda env: _entries(np.power, [base(env), exponent(env)])


def _ratio(top: Read, bottom: Read) -> Read:
    return lambda env: _entries(np.divide, [top(env), bottom(env)])


def _times(left: Any, right: Any) -> Any:
    if isinstance(left, Zero) or isinstance(right, Zero):
        raise AssertionError("a block of zeros is no factor")
    return left * right if 1 in (left.size, right.size) else left @ right


def _entries(f: Callable[[Array, Array], Array], values: list[Any]) -> Array:
    """Entry by entry: of one shape, or numbers."""
    shapes = {value.shape for value in values if value.size > 1}
    assert len(shapes) < 2, f"{shapes} are taken entry by entry"
    total = values[0]
    for value in values[1:]:
        total = f(total, value)
    return np.asarray(total)
