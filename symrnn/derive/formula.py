"""What a derivation prints, as data: matrix formulas, partial derivatives, equations of them.

A formula is an expression of the language, with kinds of its own for what the language does not
say. Numbers, references, sums, quotients, powers, calls, transposes and parts are those of
`language.tree`. Products are not: `*` and `@` leave open what the page has to show, so that here
numbers are juxtaposed (`Times`), entries multiplied (`Odot`), matrices multiplied (`Product`) and
partial derivatives chained (`Chain`).

Formulas describe one sequence. A variable is a row (1 × n), a matrix parameter is n × m, a vector
parameter a row. Times of references may be `k` and `j` beside `t`, `1` and `T`, where a sum or a
product binds them.
"""

from dataclasses import dataclass

from symrnn.language.tree import Add, Call, Div, Neg, Num, Part, Pow, Ref, Size, Transpose, Width


@dataclass(frozen=True, slots=True)
class Times:
    """Numbers side by side, and at most one row or matrix among them: `*` by a number."""

    factors: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Odot:
    """Entry by entry, with a ⊙: `*` of rows."""

    factors: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Product:
    """The product of matrices, in this order: `@` of any number of factors, as a page has them."""

    factors: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """A product of partial derivatives, which are matrices: they are multiplied as they stand,
    with a dot between them, as the chain rule is written."""

    factors: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Diagonal:
    """The square matrix with a row on its diagonal."""

    arg: "Formula"


@dataclass(frozen=True, slots=True)
class Ones:
    """A column of ones: v 1 is the sum of v's entries."""

    width: Width


@dataclass(frozen=True, slots=True)
class Eye:
    """The unit matrix."""

    width: Width


@dataclass(frozen=True, slots=True)
class Zeros:
    """A block of zeros."""

    rows: Width
    columns: Width


@dataclass(frozen=True, slots=True)
class Blocks:
    """A matrix of blocks, row by row."""

    rows: tuple[tuple["Formula", ...], ...]


@dataclass(frozen=True, slots=True)
class Total:
    """∂of/∂by along every path; `straight` where a text says so with its d: dL/dw."""

    of: "Formula"
    by: "Formula"
    straight: bool = False


@dataclass(frozen=True, slots=True)
class Immediate:
    """∂⁺of/∂by: every other occurrence held fixed.

    `alone` where there is no other path, so that it equals the total.
    """

    of: "Formula"
    by: "Formula"
    alone: bool = False
    fixed: tuple["Formula", ...] | None = None
    """For one over a step of a recurrence, with whatever happens within the step put in: what it
    holds fixed, if that has to be printed."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """[…]_{t=3}: the term of one time step. `at` is a reference without a name."""

    body: "Formula"
    at: Ref


@dataclass(frozen=True, slots=True)
class Big:
    """Σ or ∏ over an index from `low` to `high`; the bounds are references without a name. Where
    a reader is not told them, both are `ALWAYS`.

    The factors of a ∏ stand in the order from `low` to `high`, upwards or downwards.
    """

    sign: str
    index: str
    low: Ref
    high: Ref
    body: "Formula"


ALWAYS = Ref("")
FIRST, LAST = Ref("", "1"), Ref("", "T")
"""Steps: of what happens once, the first, the last."""


@dataclass(frozen=True, slots=True)
class Name:
    """A letter beside the model's own: η, or a state s_t."""

    letter: str
    at: Ref = ALWAYS


@dataclass(frozen=True, slots=True)
class Marked:
    """A parameter before or after an update: w^new."""

    arg: Ref
    mark: str


@dataclass(frozen=True, slots=True)
class Alike:
    """One of several, in turn: W_k for W_i, W_f, W_o, where `index` is k. Whatever else in an
    equation has the same index stands for the member at the same place."""

    members: tuple["Ref | Marked", ...]
    index: str = ""

    @property
    def names(self) -> list[str]:
        return [ref.name for ref in self.refs]

    @property
    def refs(self) -> list[Ref]:
        return [each.arg if isinstance(each, Marked) else each for each in self.members]


@dataclass(frozen=True, slots=True)
class Over:
    """Σ over the members of the one index in it: Σ_{k ∈ {i, f}} δ^k U_kᵀ."""

    body: "Formula"


@dataclass(frozen=True, slots=True)
class Members:
    """k ∈ {i, f, o}: what the indices of a formula stand for."""

    of: "Formula"


@dataclass(frozen=True, slots=True)
class Value:
    """Numbers: a matrix, row by row."""

    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """How many rows and columns something has: (1 × H)."""

    rows: Width
    columns: Width


@dataclass(frozen=True, slots=True)
class Blank:
    """A gap to fill in, numbered."""

    number: int


Formula = (
    Num
    | Size
    | Ref
    | Neg["Formula"]
    | Add["Formula"]
    | Div["Formula"]
    | Pow["Formula"]
    | Call["Formula"]
    | Transpose["Formula"]
    | Part["Formula"]
    | Times
    | Odot
    | Product
    | Chain
    | Diagonal
    | Ones
    | Eye
    | Zeros
    | Blocks
    | Total
    | Immediate
    | Bracket
    | Big
    | Name
    | Marked
    | Alike
    | Over
    | Members
    | Value
    | Shape
    | Blank
)

Words = tuple["str | Formula", ...]
"""Prose with formulas in it."""


@dataclass(frozen=True, slots=True)
class Equation:
    """left = right = …, and for which steps it holds."""

    left: Formula
    rights: tuple[Formula, ...]
    steps: tuple[Ref, ...] = ()
    """First and last step, where it holds for several: t = T - 1, …, 1."""

    but: tuple[Ref, ...] = ()
    """Steps among them for which another equation holds."""

    by_terms: bool = False
    """Whether each term of a sum has a line of its own."""

    reasons: tuple[Words, ...] = ()
    """Why each right side is equal to what stands before it; nothing where nothing is said."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of formulas: a header, and rows that begin with what they are about."""

    header: tuple[Formula, ...]
    rows: tuple[tuple[Formula | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Equations under one heading; `about` is the parameter whose gradient they give."""

    title: Words
    equations: tuple[Equation, ...]
    about: str = ""
    note: Words = ()
    grid: Grid | None = None
    """A table below them."""
