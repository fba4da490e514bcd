"""What a person may write and hardly means: refused where nobody means it, else told in a warning.

Each doubt names what was probably meant, and the declaration that says that nothing else was.
What has been declared is not doubted, nor a text that symrnn has written itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from symrnn.errors import EquationError, is_misspelt, spelling_keys
from symrnn.language.calls import calls
from symrnn.language.printer import show_ref
from symrnn.language.table import LOSSES
from symrnn.language.tree import (
    NARROW,
    Add,
    Call,
    Expr,
    MatMul,
    Mul,
    Neg,
    Place,
    Ref,
    Written,
    refs,
    walk,
)
from symrnn.system.graph import reached
from symrnn.system.occurrences import Occurrence, fault, occurrences
from symrnn.system.symbols import GIVEN, PI, Symbol, Symbols

# what is refused

STEPS = {"_t": "t", "_T": "T", "_prev": "t-1", "_old": "t-1", "_tm1": "t-1", "_next": "t+1"}
"""Ends of names that say a step."""

LAG = re.compile(r"(\s?)[-+\N{MINUS SIGN}]\s?\d+(?![\w.]|\s*[*/])")


def check_mistakes(written: Written, symbols: Symbols) -> None:
    """Refuse H where h is meant, h_t where h[t] is, and a loss with its arguments the wrong way
    round."""
    _check_steps_in_names(written, symbols)
    _check_misspelt(written, symbols)
    _check_swapped(written, symbols)


def _check_steps_in_names(written: Written, symbols: Symbols) -> None:
    """`h_t`, `h_t-1` and `h_prev`, where what is done with them shows that steps are meant."""
    said = {d.name for d in written.declarations}
    own = {d.target.name for d in written.definitions}
    timed = {s.name for s in symbols.values() if s.timed}
    lines = written.source.text.split("\n") if written.source else []
    for definition in written.definitions:
        target, read = definition.target, list(occurrences(definition.body))
        if target.name.endswith("_t") and not target.base and target.name not in said:
            ends = any(o.ref.name.endswith("_t") and not (o.ref.base or o.matrix) for o in read)
            if ends or any(o.ref.base == "t" and not o.summed for o in read):
                _refuse(written, target.place, f"{target.name[:-2]}[t] = …")
        nodes = list(walk(definition.body))
        rows = {id(node.left) for node in nodes if isinstance(node, MatMul)}
        terms = {
            id(t) for node in nodes if isinstance(node, Add) for t in map(_unsigned, node.terms)
        }
        for ref in (o.ref for o in read if not o.matrix and not o.ref.base):
            stem, _, end = ref.name.rpartition("_")
            step = STEPS.get(f"_{end}")
            if step is None or ref.name in said | own:
                continue
            lag = _lag(lines, ref.place, closely=stem not in timed) if step == "t" else ""
            bias = id(ref) in terms and step in ("t", "T")
            if lag or (stem in timed and not bias) or (step == "t" and id(ref) in rows):
                place = ref.place and replace(ref.place, end=ref.place.end + len(lag))
                _refuse(written, place, f"{stem}[{step}{lag.replace(' ', '')}]")


def _unsigned(term: Expr) -> Expr:
    return term.arg if isinstance(term, Neg) else term


def _lag(lines: list[str], place: Place | None, closely: bool) -> str:
    """The `-1` that stands behind a name, as it is written."""
    found = LAG.match(lines[place.line - 1], place.end) if lines and place else None
    return found[0] if found and not (closely and found[1]) else ""


def _refuse(written: Written, place: Place | None, said: str) -> NoReturn:
    said = said.replace("\N{MINUS SIGN}", "-")
    raise EquationError(fault(written, place, f"time stands in square brackets: {said}"))


def _check_misspelt(written: Written, symbols: Symbols) -> None:
    """An undeclared input that differs from a variable in case alone, and is never read at t."""
    found = [o.ref for d in written.definitions for o in occurrences(d.body)]
    plain = {r.name for r in found if (r.base, r.shift) == ("t", 0)}
    plain |= {declaration.name for declaration in written.declarations}
    variables = {s.name.lower(): s.name for s in symbols.values() if s.role == "variable"}
    for ref in found:
        meant = variables.get(ref.name.lower())
        if meant and symbols[ref.name].role == "input" and ref.name not in plain:
            message = (
                f"no equation defines {ref.name}; did you mean '{meant}'? (if it is an input,"
                f" declare it: {ref.name}: input)"
            )
            raise EquationError(fault(written, ref.place, message))


def _check_swapped(written: Written, symbols: Symbols) -> None:
    """A loss takes the target first; the other way round it would become a parameter."""
    predicted = _only_predicted(written, symbols)
    for node in (node for d in written.definitions for node in walk(d.body)):
        match node:
            case Call(function=function, args=(first, Ref(name=name))) if function in LOSSES:
                computed = any(symbols[ref.name].role == "variable" for ref in refs(first))
                computed = computed or any(isinstance(inner, MatMul) for inner in walk(first))
                if computed and name in predicted:
                    message = f"the target stands first in a loss: {function}({name}, …)"
                    raise EquationError(fault(written, node.place, message))


def _only_predicted(written: Written, symbols: Symbols) -> set[str]:
    """Names without an equation that stand nowhere but second in a loss."""
    found = [o for d in written.definitions for o in occurrences(d.body)]
    elsewhere = {o.ref.name for o in found if not o.prediction}
    given = {s.name for s in symbols.values() if s.role in ("input", *GIVEN)}
    said = {d.name for d in written.declarations if d.kind in ("input", *GIVEN)}
    return given - elsewhere - said


# what is told in a warning

LOSS_NAMES = ("loss", "cost", "error", "err", "objective", "nll", "total", "j", "e", "l")
INPUT_NAMES = ("x", "u")
MATRIX_NAME = re.compile(r"[WUVR]|[wuv]\w?_")
SHORT = re.compile(r"[A-Za-z](\d|_\w\w?)?\Z")


@dataclass(frozen=True, slots=True)
class Doubt:
    place: Place | None
    about: str
    message: str


def doubts(written: Written, symbols: Symbols) -> tuple[str, ...]:
    """Every doubt about a text that can be read, with its place, in the order of the text."""
    if any(declaration.kind == "adjoint" for declaration in written.declarations):
        return ()
    asked = _Doubts(written, symbols)
    found: dict[str, Doubt] = {}
    for kind in (asked.near, asked.states, asked.numbers, asked.steps, asked.products, asked.loss):
        for doubt in kind():
            found.setdefault(doubt.about, doubt)
    for doubt in asked.idle(set(found)):
        found.setdefault(doubt.about, doubt)
    ordered = sorted(
        found.values(), key=lambda d: (d.place.line, d.place.start) if d.place else (0, 0)
    )
    return tuple(fault(written, doubt.place, doubt.message) for doubt in ordered)


class _Doubts:
    def __init__(self, written: Written, symbols: Symbols) -> None:
        self.written = written
        self.symbols = symbols
        self.declared = {declaration.name for declaration in written.declarations}
        self.own = {definition.target.name: definition for definition in written.definitions}
        self.uses: dict[str, list[Occurrence]] = {}
        for definition in written.definitions:
            for found in occurrences(definition.body):
                self.uses.setdefault(found.ref.name, []).append(found)

    def unsaid(self, *roles: str) -> Iterator[Symbol]:
        """What has neither an equation nor a declaration, and became something of these roles."""
        for name in self.uses:
            symbol = self.symbols[name]
            if symbol.role in roles and name not in self.own and name not in self.declared:
                yield symbol

    def first(self, name: str) -> Place | None:
        return self.uses[name][0].ref.place

    def about(self, symbol: Symbol, message: str) -> Doubt:
        """A doubt about a name without an equation, where it is read first."""
        role = "a parameter" if symbol.role == "parameter" else f"an {symbol.role}"
        said = f"no equation defines {symbol.name}, so that it is {role.replace('an t', 'a t')}"
        kind = f"{symbol.name}: {symbol.role}"
        return Doubt(
            self.first(symbol.name),
            symbol.name,
            f"{said}; {message} (if {symbol.name} is meant, declare it: {kind})",
        )

    # names

    def near(self) -> Iterator[Doubt]:
        """Z for z, yhatt for yhat."""
        inputs: dict[str, str] = {}
        alike: dict[str, list[str]] = {}
        for name in self.own:
            for key in spelling_keys(name) if name != "L" else ():
                alike.setdefault(key, []).append(name)
        for symbol in self.unsaid("input", "target", "parameter"):
            if any(found.matrix for found in self.uses[symbol.name]):
                continue
            near = (name for key in spelling_keys(symbol.name) for name in alike.get(key, ()))
            meant = next((name for name in near if is_misspelt(symbol.name, name)), None)
            if meant is None and symbol.role != "parameter":
                meant = inputs.setdefault(symbol.name.lower(), symbol.name)
            if meant not in (None, symbol.name):
                yield self.about(symbol, f"did you mean '{meant}'?")

    def states(self) -> Iterator[Doubt]:
        """c[t] without an equation, beside states of its width."""
        recurrent = {
            self.symbols[name].shape
            for name, found in self.uses.items()
            if name in self.own and any(o.ref.base == "t" and o.ref.shift for o in found)
        }
        inputs = [s for s in self.symbols.values() if s.role == "input" and s.timed]
        for symbol in self.unsaid("input"):
            others = {other.shape for other in inputs if other.name != symbol.name}
            short = SHORT.match(symbol.name) and symbol.name.lower() not in INPUT_NAMES
            if short and symbol.timed and others and symbol.shape in recurrent - others:
                yield self.about(
                    symbol, f"is an equation missing, {symbol.name}[t] = …, as states have one?"
                )

    def numbers(self) -> Iterator[Doubt]:
        """e as a number, and pi as a name."""
        for symbol in self.unsaid("parameter"):
            if symbol.name == "e" and not any(found.matrix for found in self.uses["e"]):
                yield self.about(symbol, "e to the power of v is exp(v), and the number is exp(1)")
        for definition in self.written.definitions:
            match definition.body:
                case Ref(name="pi", base="", place=place) if self.symbols["pi"].value == PI:
                    message = "pi is the number 3.14159… (if it has a value of its own, declare it:"
                    yield Doubt(place, "pi", f"{message} pi: parameter)")

    # steps and products

    def steps(self) -> Iterator[Doubt]:
        """h[-1], which is not the last step."""
        if self.written.steps is not None:
            return
        starts = {definition.target for definition in self.written.definitions}
        for name, found in self.uses.items():
            for ref in (o.ref for o in found if o.ref.base == "1" and o.ref.shift < -1):
                if ref not in starts:
                    message = f"{name}[{ref.shift + 1}] is a step before {name}[1], the first"
                    said = f"{message}; the last one is written {name}[T]"
                    yield Doubt(ref.place, f"{name}[-1]", said)
        for target in starts:
            if target.base == "1" and target.shift < -1 and not self.reaches(target):
                said = f"{target.name}[{target.shift + 1}]"
                yield Doubt(
                    target.place,
                    f"{target.name}[-1]",
                    f"no step reads {said}: steps are counted from 1, and what a recurrence with"
                    f" {target.name}[t-1] starts from is {target.name}[0]",
                )

    def reaches(self, start: Ref) -> bool:
        """Whether some step reads this one from before the first."""
        return any(
            o.ref == start or (o.ref.base == "t" and o.ref.shift <= start.shift)
            for o in self.uses.get(start.name, ())
        )

    def products(self) -> Iterator[Doubt]:
        """x[t] * W, where * goes feature by feature."""
        vectors = {s.name for s in self.unsaid("parameter") if MATRIX_NAME.match(s.name)}
        for definition in self.written.definitions:
            for node in walk(definition.body):
                match node:
                    case Mul(left=Ref() as row, right=Ref() as by) if by.name in vectors:
                        pass
                    case Mul(left=Ref() as by, right=Ref() as row) if by.name in vectors:
                        pass
                    case _:
                        continue
                symbol = self.symbols[row.name]
                given = symbol.role == "input" or row.base in ("1", "T")
                if given and symbol.shape != (NARROW,):
                    said = show_ref(row)
                    yield Doubt(
                        node.place,
                        by.name,
                        f"* goes feature by feature, and {by.name} is a vector of as many features"
                        f" as {row.name}; a product with a matrix is written {said} @ {by.name} (if"
                        f" a vector is meant, declare it: {by.name}: {symbol.width})",
                    )

    # the loss

    def loss(self) -> Iterator[Doubt]:
        """`loss = …` where the loss is called L."""
        if "L" in self.own:
            return
        for name, definition in self.own.items():
            known = name.lower().partition("_")[0] in LOSS_NAMES
            compares = any(c.function in LOSSES for c in calls(definition.body))
            if name not in self.declared and known and compares:
                yield Doubt(
                    definition.target.place,
                    name,
                    f"without an equation L = … there is no loss and no gradient, and {name} is an"
                    f" output like others; if it is the loss, call it L (if not, declare it:"
                    f" {name}: output)",
                )

    def idle(self, doubted: set[str]) -> Iterator[Doubt]:
        """What nothing leads from to the loss: its gradient is zero."""
        if "L" not in self.own:
            return
        reads: dict[str, list[str]] = {}
        for definition in self.written.definitions:
            reads.setdefault(definition.target.name, []).extend(
                ref.name for ref in refs(definition.body)
            )
        outputs = [d.name for d in self.written.declarations if d.kind == "output"]
        needed = reached(
            ["L", *outputs], {name: reads.get(name, []) for name in {*self.uses, *reads}}
        )
        idle = [
            symbol.name
            for name in self.uses
            if (symbol := self.symbols[name]).role in ("parameter", "input") and name not in needed
        ]
        missing = {symbol.name for symbol in self.unsaid("parameter", "input", "target")}
        predicted = [
            node.args[1].name
            for node in walk(self.own["L"].body)
            if isinstance(node, Call) and node.function in LOSSES and isinstance(node.args[1], Ref)
            if node.args[1].name in missing
        ]
        if not idle or doubted & {*predicted, *idle}:
            return
        zero = "its gradient is" if len(idle) == 1 else "their gradients are"
        message = f"nothing leads from {_listed(idle)} to L: {zero} zero"
        if predicted:
            message += f"; no equation defines {predicted[0]}, which L compares with the target"
        yield Doubt(self.first((predicted or idle)[0]), idle[0], message)


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} others"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
