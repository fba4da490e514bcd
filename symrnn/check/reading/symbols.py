"""Which symbols a reader knows: those of a model in a notation, and what people write beside them.

A symbol is told by its stem and its scripts, fonts aside. The time is among its scripts, as the
last of its subscripts or as a superscript in brackets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from symrnn.check.reading.tex import Fence, Items, Node, Scripts, Sign, Styled, Text, structure
from symrnn.check.reading.tex import ACCENTS, Unclear
from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Blocks, Formula, Name, Total
from symrnn.derive.notation.derivation_letters import letters_for
from symrnn.derive.notation.notation import Notation, load_notation
from symrnn.derive.notation.spelling import default_symbol
from symrnn.derive.notation.symbol import Glyph
from symrnn.derive.paths import LOSS
from symrnn.derive.printing.latex import Latex
from symrnn.errors import SymrnnError, UsageError, suggestion
from symrnn.language.calls import own_functions
from symrnn.language.table import ELEMENTWISE
from symrnn.language.tree import BATCH, STEPS, Call, Own, Ref, Width
from symrnn.system.system import uses

Key = tuple[str, tuple[str, ...], tuple[str, ...]]
"""A symbol: its stem, its subscripts and its superscripts, without a time."""

USUAL = {
    r"\sigma": "sigmoid", "sigm": "sigmoid", "sigmoid": "sigmoid", r"\ln": "log", "relu": "relu",
    "ReLU": "relu", "softmax": "softmax",
}  # fmt: skip
"""Functions by the symbols that people write beside those of the table."""


def canon(items: Items) -> str:
    r"""A sequence of letters, alike for whatever looks alike: \hat{y}, hh, (1)."""
    return "".join(map(_canon, items))


def _canon(node: Node) -> str:
    match node:
        case Sign(text=text):
            return text
        case Text(text=text):
            return "".join(text.split())
        case Styled(style=style, items=items) if style in ACCENTS:
            return f"\\{style}{{{canon(items)}}}"
        case Styled(items=items) | Fence(left="{", items=items):
            return canon(items)
        case Fence(left=left, right=right, items=items) if left in ("(", "["):
            return f"{left}{canon(items)}{right}"
        case Scripts(base=base, below=below, above=above, primes=primes):
            subs, sups = canon(below), canon(above)
            return _canon(base) + "'" * primes + (subs and f"_{subs}") + (sups and f"^{sups}")
    return "\0"  # nothing of that kind is in a symbol


def split(items: Items, sign: str = ",") -> list[Items]:
    """The parts between commas."""
    found: list[list[Node]] = [[]]
    for node in items:
        if isinstance(node, Sign) and node.text == sign:
            found.append([])
        else:
            found[-1].append(node)
    return [tuple(part) for part in found]


INDICES = frozenset("abcdefghijklmnpqrstuvT") | {r"\tau"}
"""What a step may be called."""


def time_of(items: Items) -> Ref | None:
    """The step that these letters are, as a reference without a name: t - 1, T, 3."""
    if len(items) == 1 and isinstance(items[0], Fence) and items[0].left in ("(", "langle"):
        return time_of(items[0].items)
    if any(isinstance(node, Styled) for node in items):
        items = tuple(n.items[0] if isinstance(n, Styled) and n.items else n for n in items)
    words = [node.text for node in items if isinstance(node, Sign)]
    if len(words) != len(items) or not words:
        return None
    sign = 1
    if words[0] == "-" and len(words) == 2:
        sign, words = -1, words[1:]
    if len(words) == 1 and words[0].isdigit() and len(words[0]) < 6:
        return Ref("", "1", sign * int(words[0]) - 1)
    if words[0] not in INDICES or sign < 0:
        return None
    if len(words) == 1:
        return Ref("", words[0])
    if len(words) == 3 and words[1] in ("+", "-") and words[2].isdigit() and len(words[2]) < 6:
        return Ref("", words[0], int(words[1] + words[2]))
    return None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a symbol is: a name of the model, and whether it runs over time."""

    name: str
    timed: bool


@dataclass(frozen=True)
class Known:
    """What a reader knows of a model and its letters."""

    derivation: Derivation
    notation: Notation
    steps: int | None
    columns: bool
    symbols: Mapping[tuple[Key, bool], Entry]
    """By a symbol, and whether a step is said: L and L_t may both be there."""
    functions: Mapping[str, "str | Own"]
    sizes: Mapping[Key, Width]
    deltas: Mapping[Key, str]
    """The letters that a derivation prints for ∂L/∂a, and a."""
    states: Mapping[str, Formula]
    """The letters of states that have several parts, s_t, and these parts."""
    bare: Mapping[str, tuple[Formula, ...]]
    """For each function what the model applies it to: σ alone is σ of that."""
    lags: Mapping[str, tuple[int, int]]
    """How many steps before the first and behind the last a name is read."""
    losses: tuple[str, ...]

    @property
    def scalar(self) -> bool:
        return self.derivation.scalar

    @property
    def words(self) -> frozenset[str]:
        """What is written in several letters."""
        keys = (*(key for key, _ in self.symbols), *self.sizes)
        stems = {key[0] for key in keys} | set(self.functions)
        usual = {row.name for row in ELEMENTWISE.values()} | {"diag", "softmax", "concat"}
        return frozenset(w for w in stems | usual if len(w) > 1 and w.isalpha())

    def parameters(self) -> list[str]:
        return [s.name for s in self.derivation.plain.named("parameter")]


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
    printer = Latex(letters, deltas, 4, True, None)  # type: ignore[arg-type] # no families here
    symbols: dict[tuple[Key, bool], Entry] = {}
    glyphs = letters.glyphs(plain=False)
    timed = {n: s.timed for n, s in system.symbols.items()} | dict.fromkeys(losses, True)
    for ref in derivation.states.values():
        timed[ref.name] = True
    for name, symbol in glyphs.items():
        if name not in deltas.values() and system.symbols[name].role != "adjoint":
            symbols.setdefault((key_of(symbol), timed[name]), Entry(name, timed[name]))
    for number, name in enumerate(losses, 1):
        above = (f"({number})",) if len(losses) > 1 else ()
        for letter in ("L", r"\ell"):
            symbols.setdefault(((letter, (), above), True), Entry(name, True))
    named = _mapped(mapping or {}, timed)
    symbols |= named[0]
    for name in timed:  # as one would write it without the notation
        if name in glyphs and name not in losses:
            for key in (key_of(default_symbol(name, notation.time)), (name, (), ())):
                symbols.setdefault((key, timed[name]), Entry(name, timed[name]))
    symbols.setdefault(((r"\ell", (), ()), False), Entry(LOSS.name, False))
    dims = {n for s in system.symbols.values() for w in s.shape for n in w.names}
    sizes: dict[Key, Width] = {}
    for width in (*(Width((name,)) for name in dims), STEPS, BATCH):
        text = printer.dimension(width.names[0]) if width.names[0] in dims else width.names[0]
        sizes.setdefault(key_of_latex(text), width)
    return Known(
        derivation,
        notation,
        steps if steps is not None else derivation.system.steps,
        notation.orientation == "column" if columns is None else columns,
        symbols,
        _functions(derivation, notation) | named[1],
        sizes,
        {key_of(glyphs[adjoint]): name for name, adjoint in deltas.items()},
        _states(derivation),
        _bare(derivation),
        _lags(derivation),
        losses,
    )


def key_of(symbol: Glyph) -> Key:
    stem = canon(structure(symbol.stem.latex))
    subs, sups = (
        tuple(canon(structure(piece.latex)) for piece in pieces)
        for pieces in (symbol.subs, symbol.sups)
    )
    return stem, subs, sups


def key_of_latex(text: str) -> Key:
    """The key of a symbol without a time."""
    (node,) = structure(text)
    base, subs, sups = apart(node)
    return canon((base,)), tuple(map(canon, subs)), tuple(map(canon, sups))


def apart(node: Node) -> tuple[Node, list[Items], list[Items]]:
    """A symbol's stem, and its scripts between commas; those of h_{1} in {h_1}_t too."""
    if isinstance(node, Fence) and node.left == "{" and len(node.items) == 1:
        return apart(node.items[0])
    if not isinstance(node, Scripts):
        return node, [], []
    subs = split(node.below) if node.below else []
    sups = split(node.above) if node.above else []
    primes: list[Items] = [(Sign(r"\prime", node.span),)] * node.primes
    base, below, above = apart(node.base)
    return base, [*below, *subs], [*above, *primes, *sups]


def _mapped(
    mapping: Mapping[str, str], timed: Mapping[str, bool]
) -> tuple[dict[tuple[Key, bool], Entry], dict[str, "str | Own"]]:
    """The symbols and functions of a mapping; a step on either side is a manner of speaking."""
    symbols: dict[tuple[Key, bool], Entry] = {}
    functions: dict[str, str | Own] = {}
    for written, meant in mapping.items():
        where = f"{written[:60]}={meant[:60]}"
        try:
            nodes = structure(written)
        except Unclear as error:
            raise UsageError(f"--map {where}: {error.message}") from None
        if len(nodes) != 1:
            raise UsageError(f"--map {where}: expected one symbol on the left, such as W_{{hh}}")
        base, subs, sups = apart(nodes[0])
        if meant in (*ELEMENTWISE, "softmax"):
            functions[canon((base,))] = meant
            continue
        name = meant if meant in timed else meant.partition("[")[0].removesuffix("_t")
        if name not in timed:
            near = suggestion(name, list(timed))
            raise UsageError(
                f"--map {where}: the model has no '{name[:60]}'{near};"
                f" there are {', '.join(timed)}"
            )
        if timed[name] and subs and time_of(subs[-1]) is not None:
            subs = subs[:-1]
        if timed[name] and sups and time_of(sups[-1]) is not None:
            sups = sups[:-1]
        key = canon((base,)), tuple(map(canon, subs)), tuple(map(canon, sups))
        symbols[key, timed[name]] = Entry(name, timed[name])
    return symbols, functions


def _functions(derivation: Derivation, notation: Notation) -> dict[str, "str | Own"]:
    found: dict[str, str | Own] = {}
    for name, row in ELEMENTWISE.items():
        usual = "" if name == "sqrt" else row.latex
        for text in filter(None, (notation.functions.get(name), usual, rf"\mathrm{{{name}}}")):
            found.setdefault(canon(structure(text)), name)
    for name in ("softmax", "logsumexp", "rowmax"):
        found[name] = name
    for text, name in USUAL.items():
        found.setdefault(text, name)
    for name in ("tanh", "sin", "cos", "sinh", "cosh", "tan", "arctan", "exp", "log", "max", "min"):
        found.setdefault(rf"\{name}", name)
    for own in own_functions([d.body for d in derivation.written.definitions]):
        found[own.name] = own
    return found


def _states(derivation: Derivation) -> dict[str, Formula]:
    from symrnn.derive.views.product import _Products

    try:
        states = _Products(derivation.rolled).states
    except (SymrnnError, RecursionError):
        return {}
    return {
        state.letter: Blocks((tuple(Ref(name, "t") for name in state.names),))
        for state in states
        if state.letter
    }


def _bare(derivation: Derivation) -> dict[str, tuple[Formula, ...]]:
    """Each function's values in the model: by the author's names for them."""
    found: dict[str, dict[Formula, None]] = {}
    for definition in derivation.written.definitions:
        body = definition.body
        if isinstance(body, Call) and len(body.args) == 1:
            found.setdefault(body.function, {})[definition.target] = None
    return {function: tuple(values) for function, values in found.items()}


def _lags(derivation: Derivation) -> dict[str, tuple[int, int]]:
    """How far a name is read before the first step and behind the last."""
    found: dict[str, tuple[int, int]] = {}
    for equation in derivation.plain.equations:
        for use in uses(equation):
            if use.ref.base == "t":
                low, high = found.get(use.ref.name, (0, 0))
                shift = use.ref.shift - (equation.target.shift if equation.target.base else 0)
                found[use.ref.name] = min(low, shift), max(high, shift)
    return found


DELTA = r"\delta"


def is_delta(letter: str) -> bool:
    """Whether this is a δ, with whatever is above or below it."""
    return letter.lstrip("{").startswith(DELTA)


def is_outside(known: Known, ref: Ref) -> bool:
    """Whether a name has no value at a step: O_4 for three steps."""
    low, high = known.lags.get(ref.name, (0, 0))
    if ref.base == "1":
        last = known.steps
        return ref.shift < low or (last is not None and ref.shift >= last + high)
    return ref.base == "T" and ref.shift > high


Found = tuple[Ref, str, Items]
"""A name of the model, a mark such as old, and what remains above the symbol: a power."""


def look_up(known: Known, node: Node) -> Iterator[tuple[Entry, Ref | None, str, Items]]:
    """What a symbol may be: an entry, the step, a mark, and what remains above it. What uses more
    of the scripts as its own comes first."""
    base, subs, sups = apart(node)
    subs, mark = _marked(subs)
    sups, above_mark = _marked(sups)
    stem = canon((base,))
    tried: set[tuple[Entry, Ref | None]] = set()
    for stem_ in dict.fromkeys((stem, stem.swapcase() if len(stem) == 1 else stem)):
        for own, above, left in _above(sups):
            for tags, below in _below(subs):
                if above is not None and below is not None:
                    continue
                at = above if above is not None else below
                key = stem_, tags, own
                is_timed = at is not None
                entry = known.symbols.get((key, is_timed)) or known.symbols.get((key, not is_timed))
                if entry is not None and (entry, at) not in tried:
                    tried.add((entry, at))
                    yield entry, at, mark or above_mark, left
        if tried:
            return


def _marked(pieces: list[Items]) -> tuple[list[Items], str]:
    found = [p for p in pieces if canon(p) not in ("new", "old")]
    mark = next((canon(p) for p in pieces if canon(p) in ("new", "old")), "")
    return found, mark


def _above(sups: list[Items]) -> Iterator[tuple[tuple[str, ...], Ref | None, Items]]:
    """Superscripts as those of a symbol, as a step, as a power."""
    if not sups:
        yield (), None, ()
        return
    yield tuple(map(canon, sups)), None, ()
    primes = [p for p in sups if canon(p) == r"\prime"]
    last = sups[-1]
    for place, node in enumerate(last):
        if isinstance(node, Fence) and node.left in ("(", "langle"):
            at = time_of(node.items)
            before = tuple(map(canon, [*sups[:-1], *([last[:place]] if place else [])]))
            if at is not None:
                yield before, at, last[place + 1 :]
    words = [node.text if isinstance(node, Sign) else "" for node in last]
    if words[:1] == ["<"] and ">" in words:
        cut = words.index(">")
        at = time_of(last[1:cut])
        if at is not None:
            yield tuple(map(canon, sups[:-1])), at, last[cut + 1 :]
    at = time_of(last)
    if at is not None and at.base not in ("1", "T"):
        yield tuple(map(canon, sups[:-1])), at, ()
    rest = [p for p in sups if canon(p) != r"\prime"]
    if len(rest) == 1:
        yield tuple(map(canon, primes)), None, rest[0]


def _below(subs: list[Items]) -> Iterator[tuple[tuple[str, ...], Ref | None]]:
    """Subscripts as those of a symbol, with a step among them or without."""
    yield tuple(map(canon, subs)), None
    if not subs:
        return
    *before, last = subs
    own = tuple(map(canon, before))
    for cut in range(1, len(last)):
        at = time_of(last[cut:])
        if at is not None and not (isinstance(last[cut], Sign) and last[cut].text in "+-"):
            yield (*own, canon(last[:cut])), at
    if len(last) == 1 and isinstance(last[0], Sign) and last[0].text.isdigit():
        digits = last[0].text
        for cut in range(1, min(len(digits), 6)):
            yield (*own, digits[:cut]), Ref("", "1", int(digits[cut:][:6]) - 1)
    at = time_of(last)
    if at is not None:
        yield own, at


def own_letter(known: Known, node: Node) -> tuple[str, Ref, Items]:
    """A letter of the writer's own: its LaTeX, its step, and what remains above it. A letter of
    the model below it is no step, but tells it from others: δ_h."""
    base, subs, sups = apart(node)
    at: Ref | None = None
    left: Items = ()
    if sups:
        *before, last = sups
        step = time_of(last)
        is_fence = len(last) == 1 and isinstance(last[0], Fence)
        turned = canon(last[-1:]) in (r"\top", "T", r"\intercal")
        if is_fence and step is not None and (not subs or not _is_step(known, subs)):
            at, sups = step, before
        elif turned or canon(last).isdigit():
            left = last[-1:]
            sups = [*before, last[:-1]] if len(last) > 1 else before
        elif step is not None and step.base not in ("1", "T") and not subs:
            at, sups = step, before
    if subs and at is None and _is_step(known, subs):
        at, subs = time_of(subs[-1]), subs[:-1]
    letter = canon((base,))
    if sups:
        letter += f"^{{{','.join(map(canon, sups))}}}"
    if subs:
        letter = f"{{{letter}_{{{','.join(map(canon, subs))}}}}}"
    return letter, at or Ref(""), left


def _is_step(known: Known, subs: list[Items]) -> bool:
    step = time_of(subs[-1])
    if step is None:
        return False
    own = ((canon(subs[-1]), (), ()), True) in known.symbols
    return step.base in ("1", "t", "T") or not own
