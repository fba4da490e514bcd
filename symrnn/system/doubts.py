"""What a person may mean and hardly does: it is read all the same, and a warning says so.

Each doubt names what was probably meant, and the declaration that says that nothing else was.
What has been declared is not doubted, nor a text that symrnn has written itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symrnn.language.printer import show_ref
from symrnn.language.table import LOSSES
from symrnn.language.tree import NARROW, Call, Definition, Mul, Place, Ref, Written, refs, walk
from symrnn.system.activity import reached
from symrnn.system.occurrences import Occurrence, fault, occurrences
from symrnn.system.symbols import PI, Symbol, Symbols

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
            for key in _keys(name) if name != "L" else ():
                alike.setdefault(key, []).append(name)
        for symbol in self.unsaid("input", "target", "parameter"):
            if any(found.matrix for found in self.uses[symbol.name]):
                continue
            near = (name for key in _keys(symbol.name) for name in alike.get(key, ()))
            meant = next((name for name in near if _is_slip(symbol.name, name)), None)
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
            if name not in self.declared and known and _computes_loss(definition):
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


def _computes_loss(definition: Definition) -> bool:
    return any(isinstance(node, Call) and node.function in LOSSES for node in walk(definition.body))


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} others"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _keys(name: str) -> set[str]:
    """What a name and its slips have in common: the letters without _, and all but one of them."""
    name = name.lower().replace("_", "")
    return {name, *(name[:i] + name[i + 1 :] for i in range(len(name)))}


def _is_slip(name: str, meant: str) -> bool:
    """Whether one name was probably written for the other: in case, or in a word of four letters
    by a _ or by one letter that is not the first.

    >>> [_is_slip(a, b) for a, b in (("Z", "z"), ("y_hat", "yhat"), ("gatte_i", "gate_i"))]
    [True, True, True]
    >>> [_is_slip(a, b) for a, b in (("h1", "h2"), ("new_h", "new_c"), ("xhat", "yhat"))]
    [False, False, False]
    """
    name, meant = name.lower(), meant.lower()
    if name == meant:
        return True
    if len(name) > 3 and name.replace("_", "") == meant.replace("_", ""):
        return True
    words, others = (re.findall(r"[a-z]+|\d+", each) for each in (name, meant))
    if len(words) != len(others):
        return False
    differ = [(a, b) for a, b in zip(words, others, strict=True) if a != b]
    if len(differ) != 1 or min(map(len, differ[0])) < 4:
        return False
    (a, b) = differ[0]
    return a[0] == b[0] and _one_letter_off(a, b)


def _one_letter_off(a: str, b: str) -> bool:
    """Whether a letter is missing, too much, another, or has changed places with the next."""
    if len(a) < len(b):
        a, b = b, a
    at = next((i for i, (p, q) in enumerate(zip(a, b, strict=False)) if p != q), len(b))
    if len(a) == len(b):
        swapped = a[at + 1 : at + 2] + a[at : at + 1] + a[at + 2 :]
        return a[at + 1 :] == b[at + 1 :] or swapped == b[at:]
    return a[at + 1 :] == b[at:]
