"""What each format says for itself: its signs, letters, fractions, functions, matrices, times."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction

from symrnn.derive.formula import Big, Formula, Name
from symrnn.derive.notation.families import Families
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.symbol import Piece
from symrnn.derive.printing.layout import Atom, Brackets, Doc
from symrnn.language.tree import Own, Ref, Width


class Format(ABC):
    dot: Atom
    odot: Atom
    gap: Atom
    plus: Atom
    minus: Atom
    sign: Atom
    comma: Atom
    dots: str
    """Between the first of several steps and the last: `…, `."""
    unequal: str
    """What stands behind steps of which one is left out, to be filled in: `, {} ≠ {}`."""
    apart: str
    """Between what is said of the steps of an equation and of its members."""
    brackets: Brackets
    ratio_binds: int
    """How tightly a quotient binds."""

    def __init__(
        self,
        letters: Letters,
        deltas: Mapping[str, str] | None = None,
        digits: int = 4,
        shows_plus: bool | None = None,
        families: Families | None = None,
    ) -> None:
        self.letters, self.deltas, self.digits = letters, deltas or {}, digits
        self.shows_plus = letters.notation.immediate if shows_plus is None else shows_plus
        """Whether an immediate partial is printed as ∂⁺."""
        self.families = Families(letters) if families is None else families

    # letters and numbers

    @abstractmethod
    def ref(self, ref: Ref) -> Atom: ...
    @abstractmethod
    def name(self, name: Name) -> Atom: ...
    @abstractmethod
    def marked(self, text: str, mark: str) -> Atom: ...
    @abstractmethod
    def number(self, value: Fraction) -> Atom: ...
    @abstractmethod
    def value(self, rows: tuple[tuple[float, ...], ...]) -> Doc: ...
    @abstractmethod
    def blank(self, number: int) -> Atom: ...
    @abstractmethod
    def time(self, ref: Ref) -> str:
        """A bound: `T - 1`, `1`, `t`."""

    @abstractmethod
    def at(self, at: Ref) -> Atom:
        """The step of a term in brackets."""

    # letters that are alike

    @abstractmethod
    def family(self, refs: Sequence[Ref], index: str) -> Atom:
        """The common letter of references, with their index."""

    @abstractmethod
    def member(self, piece: Piece) -> str: ...
    @abstractmethod
    def element(self, index: str, members: str) -> str: ...

    # shapes

    @abstractmethod
    def size(self, width: Width) -> Atom: ...
    @abstractmethod
    def dimension(self, name: str) -> str:
        """A dimension's letter; n_… where something else in the model is printed so."""

    @abstractmethod
    def shape(self, rows: Width, columns: Width) -> Atom: ...

    # what is made of formulas

    @abstractmethod
    def partial(self, of: Formula, by: Formula, immediate: bool) -> Atom: ...
    @abstractmethod
    def with_fixed(self, partial: Atom, fixed: tuple[Formula, ...]) -> Atom: ...
    @abstractmethod
    def ratio(self, top: Formula, bottom: Formula) -> Doc: ...
    @abstractmethod
    def power(self, base: Formula, exponent: Formula) -> Doc: ...
    @abstractmethod
    def transpose(self, arg: Formula) -> Doc: ...
    @abstractmethod
    def apply(self, function: str, args: tuple[Formula, ...]) -> Doc: ...
    @abstractmethod
    def own_function(self, own: Own) -> Atom:
        """mish, its derivative mish′; of several arguments the derivative by one: ∂_a lerp."""

    @abstractmethod
    def greater(self) -> Atom: ...
    @abstractmethod
    def big(self, formula: Big) -> Atom: ...
    @abstractmethod
    def over(self, body: Formula) -> Atom:
        """Σ over the members of the index in it."""

    # matrices

    @abstractmethod
    def diagonal(self, arg: Formula) -> Doc: ...
    @abstractmethod
    def constant(self, kind: str, width: Width) -> Atom: ...
    @abstractmethod
    def zeros(self, rows: Width, columns: Width) -> Atom: ...
    @abstractmethod
    def grid(self, rows: Sequence[Sequence[Doc]]) -> Doc: ...
    @abstractmethod
    def slice(self, arg: Formula, start: Width, stop: Width) -> Doc: ...
