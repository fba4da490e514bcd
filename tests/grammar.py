"""Random systems of the language, made so that they are legal: blocks of equations, each block with
a direction in time, reading whatever stands before it."""

import random
import re
from dataclasses import dataclass, field

SMOOTH = (
    "tanh",
    "sigmoid",
    "softplus",
    "sin",
    "cos",
    "silu",
    "gelu",
    "gelu_tanh",
    "erf",
    "arctan",
    "square",
    "identity",
    "mish",
    "stop",
)
OWN = {
    "mish": "mish(z) = z * tanh(softplus(z))",
    "mix": "mix(a, b) = a * sigmoid(b) - 0.5 * cos(b)",
    "through": "through(v) = surrogate(sin(v), tanh(v))",
}
"""Functions of one's own, defined in front of the text that calls them."""
PAIRS = ("mix", "surrogate")
ROUGH_PAIRS = ("max", "min")
ROUGH = ("relu", "leaky_relu", "elu", "selu", "softsign", "abs", "hard_sigmoid", "hard_tanh")


@dataclass
class Name:
    """A name that expressions may read, and how."""

    name: str
    width: str  # "D", "E" or "1"
    timed: bool = True
    block: int = 0
    made: bool = True
    """Its equation stands already."""


@dataclass
class Writer:
    """Writes one system; every choice comes from one source of randomness."""

    choose: random.Random
    rough: bool = False
    lagged: bool = False
    """Whether the loss reads a variable of its own at earlier steps."""
    attention: bool = False
    """Whether steps may be weighed by a softmax over time."""
    lines: list[str] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    block: int = 0
    sign: int = 0
    declared: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The whole text: inputs, one to three blocks, sometimes a value in between, a loss."""
        self.names = [Name("x", "D"), Name("s", "E")][: self.choose.randint(1, 2)]
        for name in self.names:
            self.declare(name.name, name.width)
        for _ in range(self.choose.randint(1, 3)):
            self.block += 1
            self.write_block()
            if self.chance(0.3):
                self.block += 1
                self.write_once()
            if self.attention and self.chance(0.1):
                self.block += 1
                self.write_weights()
        self.block, self.sign = self.block + 1, 0
        self.write_loss()
        equations = "\n".join(self.lines)
        used = set(re.findall(r"\w+", equations))
        said = [f"{name}: {what}" for name, what in self.declared.items() if name in used]
        own = [text for name, text in OWN.items() if name in used]
        defined = {line.split("[")[0].split(" ")[0] for line in self.lines}
        given = {what for name, what in self.declared.items() if name in used - defined}
        if "E" in self.declared.values() and not any("E" in what for what in given):
            said += ["s: E", "s: input"]  # a width that nothing given has is not known
        return "\n".join([*own, *said, equations])

    # equations

    def write_block(self) -> None:
        """Variables that recur into each other, all in one direction, or none of them at all."""
        self.sign = self.choose.choice((-1, -1, 1, 0))
        own = [
            Name(self.fresh("h"), self.choose.choice(("D", "E", "E", "1")), True, self.block, False)
            for _ in range(self.choose.randint(1, 3))
        ]
        self.names += own
        for name in own:
            self.declare(name.name, name.width)
            self.lines.append(f"{name.name}[t] = {self.bounded(name.width)}")
            name.made = True
        if self.sign and self.chance(0.4):
            start = self.choose.choice(own)
            at = "0" if self.sign < 0 else "T+1"
            value = self.vector(start.width) if self.chance(0.6) else self.once(start.width)
            self.lines.append(f"{start.name}[{at}] = {value}")
        if self.chance(0.2):
            added = self.choose.choice(own)
            at = self.choose.choice(("T", "1", "2", "T-1"))
            self.lines.append(f"{added.name}[{at}] += {self.vector(added.width)}")

    def write_weights(self) -> None:
        """Weights of the steps, as attention has them."""
        width, self.sign = self.choose.choice(("1", "1", "D", "E")), 0
        name = Name(self.fresh("w"), width, True, self.block)
        self.declare(name.name, width)
        self.lines.append(f"{name.name}[t] = timesoftmax({self.expression(width, 1)})")
        self.names.append(name)

    def write_once(self) -> None:
        width = self.choose.choice(("D", "E"))
        name = Name(self.fresh("c"), width, False, self.block)
        self.declare(name.name, width)
        self.lines.append(f"{name.name} = {self.once(width)}")
        self.names.append(name)

    def write_loss(self) -> None:
        terms = [self.loss_term(number) for number in range(self.choose.randint(1, 2))]
        if self.lagged:
            terms.append(self.lagged_term())
        for number in range(1, len(terms)):
            terms[number] = f"{self.choose.choice(('0.5 *', '2 *', '-0.3 *'))} {terms[number]}"
        if self.chance(0.3):
            terms.append(self.penalty())
        self.lines.append("L = " + " + ".join(terms))

    def loss_term(self, number: int) -> str:
        timed = self.chance(0.5)
        width = self.choose.choice(("D", "E"))
        value = self.expression(width, 1) if timed else self.once(width)
        target = f"y{number}[{self.choose.choice(('t', 't', 't+1'))}]" if timed else f"y{number}"
        kind = self.choose.choice(("mse", "bce", "ce", "ce", "mse"))
        if kind != "mse":
            value = f"{'sigmoid' if kind == 'bce' else 'softmax'}({value})"
        if kind == "ce" and self.chance(0.5):
            self.lines.append(f"y{number}: onehot")
        term = f"{kind}({target}, {value})"
        return f"{self.choose.choice(('mean', 'sum'))}({term})" if timed else term

    def lagged_term(self) -> str:
        """A variable that the loss alone reads, at several steps, maybe with a target in it."""
        width = self.choose.choice(("D", "E", "1"))
        name = self.fresh("o")
        self.declare(name, width)
        body = self.expression(width, 1)
        if self.chance(0.3):
            body = f"{body} - z[t]"
            self.lines.append(f"z: target\nz: {width}")
        self.lines.append(f"{name}[t] = {body}")
        lags = [self.choose.choice(("t-1", "t-2", "t-1", "t-3")) for _ in range(2)]
        inner = " - 0.5 * ".join([f"{name}[t]", *(f"{name}[{lag}]" for lag in lags)])
        return f"{self.choose.choice(('mean', 'sum'))}(rowmean(square({inner})))"

    # expressions of a width, with a value at each step

    def bounded(self, width: str) -> str:
        """Something that does not grow from step to step."""
        form = self.choose.randrange(6)
        if form == 0 and width != "1":
            return f"softmax({self.expression(width, 2)})"
        if form == 1:
            gate = self.call("sigmoid", self.expression(width, 2))
            return (
                f"{gate} * {self.call('tanh', self.expression(width, 1))} + 0.5 * {self.ref(width)}"
            )
        if form == 2:
            return f"0.5 * {self.ref(width)} + {self.vector(width)} * tanh({self.ref(width)})"
        return self.call(self.choose.choice(("tanh", "sin", "sigmoid")), self.expression(width, 3))

    def expression(self, width: str, depth: int) -> str:
        if depth == 0:
            return self.ref(width)
        forms = (
            self.product,
            self.affine,
            self.affine,
            self.function,
            self.quotient,
            self.biased,
            self.across,
            self.over_time,
            lambda w, _: self.ref(w),
        )
        return self.choose.choice(forms)(width, depth - 1)

    def affine(self, width: str, depth: int) -> str:
        other = self.choose.choice(("D", "E"))
        matrix = self.computed if self.chance(0.25) else self.matrix
        product = f"{self.atom(other, depth)} @ {matrix(other, width)}"
        rest = self.choose.choice((self.vector(width), self.expression(width, depth)))
        return f"({product} {self.choose.choice('+-')} {rest})"

    def product(self, width: str, depth: int) -> str:
        return f"{self.atom(width, depth)} * {self.atom(width, depth)}"

    def function(self, width: str, depth: int) -> str:
        if self.chance(0.2):
            pairs = PAIRS + ROUGH_PAIRS if self.rough else PAIRS
            both = f"{self.expression(width, depth)}, {self.expression(width, depth)}"
            return self.call(self.choose.choice(pairs), both)
        known = (*SMOOTH, "through", *(ROUGH if self.rough else ()))
        return self.call(self.choose.choice(known), self.expression(width, depth))

    def quotient(self, width: str, depth: int) -> str:
        return f"{self.atom(width, depth)} / (1.5 + square({self.ref(width)}))"

    def biased(self, width: str, depth: int) -> str:
        form = self.choose.choice(
            (
                *("{v} * {e}", "{e} + {v}", "0.5 * {e} - {v}", "{e}**2 * {v}"),
                *("{e} * pi / 4 - {v}", "{e} / sqrt(2 * pi) + {v} * log(pi)"),
            )
        )
        return f"({form.format(v=self.vector(width), e=self.atom(width, depth))})"

    def across(self, width: str, depth: int) -> str:
        """A function across features, of the same width or of width 1."""
        other = self.choose.choice(("D", "E"))
        if width == "1":
            known = ("rowsum", "rowmean", *(("rowmax", "rowmin") if self.rough else ()))
            return f"{self.choose.choice(known)}({self.expression(other, depth)})"
        if self.chance(0.2):
            norm = self.choose.choice(("layernorm({e}, 0.5)", "rmsnorm({e}, 0.5)"))
            return norm.format(e=self.expression(width, depth))
        if self.chance(0.4):
            return f"softmax({self.expression(width, depth)})"
        if self.chance(0.5):
            joined = f"concat({self.expression('D', depth)}, {self.expression('E', depth)})"
            name = self.fresh("J")
            self.declare(name, f"(D + E, {width})")
            return f"({joined} @ {name})"
        return f"({self.atom(width, depth)} + rowmean({self.expression(other, depth)}))"

    def over_time(self, width: str, depth: int) -> str:
        """A sum over all steps of what is finished already."""
        done = self.finished(width)
        if not done:
            return self.ref(width)
        name = self.choose.choice(done).name
        shift = self.choose.choice(("t", "t", "t-1", "t+1"))
        over = self.choose.choice(("mean", "sum"))
        form = self.choose.randrange(6)
        if form == 0:  # what is left of it, beside its mean
            return f"({name}[t] - mean({name}[{shift}]))"
        if form == 1:  # softmax over time, by hand
            weight = f"exp(sin({name}[t] * {self.vector(width)}))"
            return f"({weight} / sum({weight}))"
        if form == 2:  # a sum over a sum
            return f"{over}({name}[t] * square({name}[{shift}] - mean({name}[t])))"
        return f"{over}({name}[{shift}] * {self.vector(width)})"

    def atom(self, width: str, depth: int) -> str:
        return f"({self.expression(width, depth)})" if depth else self.ref(width)

    def call(self, function: str, argument: str) -> str:
        return f"{function}({argument})"

    def ref(self, width: str) -> str:
        """A reading that is legal here: any step of what is finished, a lag of what is not."""
        readings = []
        for name in self.names:
            if name.width == width:
                readings += self.readings(name)
        if not readings:
            other = self.choose.choice(("D", "E")) if width == "1" else "D"
            return f"({self.ref(other)} @ {self.matrix(other, width)})"
        return self.choose.choice(readings)

    def readings(self, name: Name) -> list[str]:
        if not name.timed:
            return [name.name]
        if name.block < self.block:
            steps = ("t", "t", "t-1", "t+1", "t-3", "T", "1", "T-1", "2")
            return [f"{name.name}[{step}]" for step in steps]
        if name.made:
            return [f"{name.name}[t]", *self.lags(name)]
        return self.lags(name)

    def lags(self, name: Name) -> list[str]:
        if not self.sign:
            return []
        sign = "-" if self.sign < 0 else "+"
        return [f"{name.name}[t{sign}{lag}]" for lag in (1, 1, 2)]

    def finished(self, width: str) -> list[Name]:
        return [n for n in self.names if n.timed and n.width == width and n.block < self.block]

    def once(self, width: str) -> str:
        """A value for the whole sequence, of what earlier blocks have finished."""
        done = [n for n in self.names if n.timed and n.block < self.block and n.width != "1"]
        name = self.choose.choice(done)
        reading = self.choose.choice(("{n}[T]", "{n}[1]", "{n}[T-1]", "mean({n}[t])"))
        inner = f"{reading.format(n=name.name)} @ {self.matrix(name.width, width)}"
        return self.choose.choice((inner, f"tanh({inner} + {self.vector(width)})"))

    # parameters

    def matrix(self, rows: str, columns: str) -> str:
        """A new matrix, or one that is there already: weights are shared, and tied transposed."""
        known = [n for n in self.declared if n.startswith(f"W_{rows}{columns}_")]
        turned = [n for n in self.declared if n.startswith(f"W_{columns}{rows}_")]
        if known and self.chance(0.3):
            return self.choose.choice(known)
        if turned and self.chance(0.3):
            return f"transpose({self.choose.choice(turned)})"
        name = self.fresh(f"W_{rows}{columns}_")
        self.declare(name, f"({rows}, {columns})")
        return name

    def computed(self, rows: str, columns: str) -> str:
        """A matrix computed of parameters: in the place where it is read, or under a name."""
        known = [n for n in self.declared if n.startswith(f"V_{rows}{columns}_")]
        if known and self.chance(0.3):
            return self.choose.choice(known)
        one, other = self.matrix(rows, columns), self.matrix(rows, columns)
        turned = self.matrix(columns, rows)
        inner = self.choose.choice(("D", "E"))
        forms = [
            f"({one} * {other})",
            f"({one} - transpose({turned}))" if "transpose" not in turned else f"sin({one})",
            f"tanh({one})",
            f"softmax({one})",
            f"(cos({self.vector(columns)}) * {one})",
            f"({one} / (1.5 + square({other})))",
            f"({one} + {self.vector('1')} * {other})",
            f"({one} / (1.5 + rowmean(square({other}))))",
            f"({self.matrix(rows, inner)} @ {self.matrix(inner, columns)})",
        ]
        found = self.choose.choice(forms)
        if self.chance(0.3):
            name = self.fresh(f"V_{rows}{columns}_")
            self.declare(name, f"({rows}, {columns})")
            self.lines.append(f"{name} = {found}")
            return name
        return found

    def penalty(self) -> str:
        """Σ over the entries of something that is computed of parameters."""
        names = [n for n in self.declared if n[:2] in ("W_", "V_", "b_")]
        if not names:
            return f"0.1 * total(square({self.vector('D')}))"
        form = self.choose.choice(("{n}**2", "tanh({n})", "{n} * sin({n})", "{n}"))
        factor = self.choose.choice(("0.1", "0.5", "-0.2"))
        return f"{factor} * total({form.format(n=self.choose.choice(names))})"

    def vector(self, width: str) -> str:
        known = [n for n in self.declared if n.startswith(f"b_{width}_")]
        if known and self.chance(0.4):
            return self.choose.choice(known)
        name = self.fresh(f"b_{width}_")
        self.declare(name, width)
        return name

    def fresh(self, stem: str) -> str:
        self.counts[stem] = self.counts.get(stem, 0) + 1
        return f"{stem}{self.counts[stem]}"

    def declare(self, name: str, what: str) -> None:
        self.declared[name] = what

    def chance(self, probability: float) -> bool:
        return self.choose.random() < probability
