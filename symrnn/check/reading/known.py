"""What a reader knows: a model's symbols and functions in a notation, and what people write."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from symrnn.check.reading.nodes import Unclear
from symrnn.check.reading.symbols import Entry, Key, apart, canon, key_in, key_of, spelt, time_of
from symrnn.check.reading.tex import structure
from symrnn.derive.as_written import definitions
from symrnn.derive.derivation import Derivation
from symrnn.derive.expressions import Expressions
from symrnn.derive.formula import Blocks, Formula
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.notation import Notation, load_notation
from symrnn.derive.notation.spelling import default_symbol
from symrnn.derive.paths import LOSS
from symrnn.derive.pieces import walk
from symrnn.derive.printing.latex import Latex
from symrnn.errors import SymrnnError, UsageError, suggestion
from symrnn.language.calls import own_functions
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import BATCH, STEPS, Add, Call, Own, Ref, Width
from symrnn.system.system import uses

Functions = Mapping[str, "str | Own"]
K = TypeVar("K")
V = TypeVar("V")

USUAL = {r"\sigma": "sigmoid", "sigm": "sigmoid", r"\ln": "log", "ReLU": "relu"}
USUAL |= {
    rf"\{name}": name
    for name in ["tanh", "sinh", "cosh", "sin", "cos", "tan", "arctan", "exp", "log", "max", "min"]
}
USUAL |= {name: name for name in ("softmax", "logsumexp", "rowmax")}
"""Functions by the symbols that people write beside those of the table."""

MOST_STEPS = 100
"""So many steps at most has a network with which a derivation is tried, and no later one may be
named: what is worked out grows with the square of them."""


@dataclass(frozen=True)
class Known:
    """What a reader knows of a model and its letters."""

    derivation: Derivation
    notation: Notation
    steps: int | None
    columns: bool
    symbols: Mapping[tuple[Key, bool], Entry]
    functions: Functions
    sizes: Mapping[Key, Width]
    deltas: Mapping[str, str]
    """The letters that a derivation prints for ∂L/∂a, and a."""
    states: Mapping[str, Formula]
    """The letters of states that have several parts, s_t, and these parts."""
    bare: Mapping[str, tuple[Ref, ...]]
    """For each function the variables that are its values: σ alone is such a value."""
    inside: Mapping["Signature", str]
    """What goes into functions, by the sum that it is: a letter of the writer's own may be it."""
    lags: Mapping[str, tuple[int, int]]
    """How many steps before the first and behind the last a name is read."""
    losses: tuple[str, ...]
    words: frozenset[str]
    """What is written in several letters."""

    @property
    def scalar(self) -> bool:
        return self.derivation.scalar

    @property
    def parameters(self) -> list[str]:
        return [s.name for s in self.derivation.plain.named("parameter")]

    @property
    def carried(self) -> list[str]:
        """The names that are read a step later: the states."""
        return [name for name, (low, _) in self.lags.items() if low < 0]

    def is_outside(self, ref: Ref) -> bool:
        """Whether a name has no value at a step: O_4 for three steps."""
        low, high = self.lags.get(ref.name, (0, 0))
        if ref.base == "1":
            return ref.shift < low or (self.steps is not None and ref.shift >= self.steps + high)
        return ref.base == "T" and ref.shift > high


def known(
    derivation: Derivation,
    notation: Notation | str = "default",
    mapping: Mapping[str, str] | None = None,
    steps: int | None = None,
    columns: bool | None = None,
) -> Known:
    """The symbols of a model's derivation in a notation. `mapping` says for further symbols in
    LaTeX which names or functions of the model they are: {"W_{hh}": "w_h", "f": "tanh"}."""
    notation = load_notation(notation) if isinstance(notation, str) else notation
    letters, deltas = letters_for(derivation, notation)
    system, losses = letters.system, derivation.by_steps.step_losses
    timed = {n: s.timed for n, s in system.symbols.items()} | dict.fromkeys(losses, True)
    glyphs = letters.glyphs(plain=False)
    symbols, functions = _mapped(mapping or {}, timed)

    def add(key: Key, name: str) -> None:
        symbols.setdefault((key, timed[name]), Entry(name, timed[name]))

    names = [n for n in glyphs if system.symbols[n].role != "adjoint" and n not in losses]
    for name in names:
        add(key_of(glyphs[name]), name)
    for number, name in enumerate(losses, 1):
        for letter in ("L", r"\ell"):
            add((letter, (), (f"({number})",) if len(losses) > 1 else ()), name)
    for name in names:  # as one would write it without the notation
        add(key_of(default_symbol(name, notation.time)), name)
        add((name, (), ()), name)
    add((r"\ell", (), ()), LOSS.name)
    dims = {n for s in system.symbols.values() for w in s.shape for n in w.names}
    printer = Latex(letters, deltas)
    sizes = {key_in(structure(printer.dimension(name))[0]): Width((name,)) for name in dims}
    functions = {**_functions(derivation, notation), **functions}
    sizes |= {("T", (), ()): STEPS, ("B", (), ()): BATCH}
    stems = {key[0] for key in (*(key for key, _ in symbols), *sizes)} | set(functions)
    return Known(
        derivation,
        notation,
        steps if steps is not None else derivation.system.steps,
        notation.orientation == "column" if columns is None else columns,
        symbols,
        functions,
        sizes,
        {spelt(key_of(glyphs[adjoint])): name for name, adjoint in deltas.items()},
        _or_none(lambda: _states(derivation.rolled)),
        _bare(derivation),
        _or_none(lambda: _inside(derivation.rolled)),
        _lags(derivation),
        losses,
        frozenset(w for w in stems | {"diag", "concat"} if len(w) > 1 and w.isalpha()),
    )


def _mapped(
    mapping: Mapping[str, str], timed: Mapping[str, bool]
) -> tuple[dict[tuple[Key, bool], Entry], dict[str, "str | Own"]]:
    """The symbols and functions of a mapping; a step on either side is a manner of speaking."""
    symbols: dict[tuple[Key, bool], Entry] = {}
    functions: dict[str, str | Own] = {}
    for written, meant in mapping.items():
        where = f"--map {written[:60]}={meant[:60]}"
        try:
            (node,) = structure(written)
        except (Unclear, ValueError, RecursionError):
            raise UsageError(
                f"{where}: expected one symbol on the left, such as W_{{hh}}"
            ) from None
        base, subs, sups = apart(node)
        if meant in (*ELEMENTWISE, "softmax"):
            functions[canon((base,))] = meant
            continue
        name = meant if meant in timed else meant.partition("[")[0].removesuffix("_t")
        if name not in timed:
            near = suggestion(name, list(timed)) + f"; there are {', '.join(timed)}"
            raise UsageError(f"{where}: the model has no '{name[:60]}'{near}")
        subs, sups = (
            s[:-1] if timed[name] and s and time_of(s[-1]) is not None else s for s in (subs, sups)
        )
        key = canon((base,)), tuple(map(canon, subs)), tuple(map(canon, sups))
        symbols[key, timed[name]] = Entry(name, timed[name])
    return symbols, functions


def _functions(derivation: Derivation, notation: Notation) -> dict[str, "str | Own"]:
    found: dict[str, str | Own] = {}
    for name, row in ELEMENTWISE.items():
        usual = "" if name == "sqrt" else row.latex
        for text in filter(None, (notation.functions.get(name), usual, rf"\mathrm{{{name}}}")):
            found.setdefault(canon(structure(text)), name)
    own = own_functions([d.body for d in derivation.written.definitions])
    return {**USUAL, **found, **{each.name: each for each in own}}


def _or_none(make: Callable[[], dict[K, V]]) -> dict[K, V]:
    try:
        return make()
    except SymrnnError:  # what a view refuses is not printed either
        return {}


def _states(derivation: Derivation) -> dict[str, Formula]:
    from symrnn.derive.views.product import states_of

    return {
        state.letter: Blocks((tuple(Ref(name, "t") for name in state.names),))
        for state in states_of(derivation)
        if state.letter
    }


def _bare(derivation: Derivation) -> dict[str, tuple[Ref, ...]]:
    """The variables that are a function's value and no more."""
    found: dict[str, list[Ref]] = {}
    for definition in derivation.written.definitions:
        body = definition.body
        if isinstance(body, Call) and len(body.args) == 1:
            found.setdefault(body.function, []).append(definition.target)
    return {function: tuple(values) for function, values in found.items()}


Signature = tuple[tuple[tuple[str, ...], int], ...]
"""The names in each term of a sum, in any order."""


def signature(formula: Formula) -> Signature:
    terms = formula.terms if isinstance(formula, Add) else (formula,)
    names = (
        tuple(sorted(f"{p.name}[{p.base}{p.shift}]" for p in walk(term) if isinstance(p, Ref)))
        for term in terms
    )
    return tuple(sorted(Counter(names).items()))


def _inside(derivation: Derivation) -> dict[Signature, str]:
    """The sums that go into functions, and their names."""
    system = derivation.plain
    found = definitions(Expressions(system, {}, derivation.dims), system.symbols)
    sums = [e for e in found if isinstance(e.rights[0], Add) and isinstance(e.left, Ref)]
    names = {e.left.name for e in sums if isinstance(e.left, Ref)} - derivation.named
    return {
        signature(e.rights[0]): e.left.name
        for e in sums
        if isinstance(e.left, Ref) and e.left.name in names
    }


def _lags(derivation: Derivation) -> dict[str, tuple[int, int]]:
    """How far a name is read before the first step and behind the last."""
    found: dict[str, tuple[int, int]] = {}
    for equation in derivation.plain.equations:
        for use in uses(equation):
            if use.ref.base == "t":
                low, high = found.get(use.ref.name, (0, 0))
                found[use.ref.name] = min(low, use.ref.shift), max(high, use.ref.shift)
    return found


def with_symbol(known: Known, key: Key, name: str, timed: bool) -> Known:
    """The same with one more symbol."""
    return replace(known, symbols={**known.symbols, (key, timed): Entry(name, timed)})
