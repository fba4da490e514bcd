r"""How wide TeX sets a formula, in em: by the widths of Computer Modern and TeX's own spacing.

So lines are broken before there is any TeX, and where there is one it finds them as wide as this.
"""

import re
from functools import cache

CHARACTER = 34.5 / 80
"""Of the width that is asked for, in em: 80 characters are the 345 pt of an `article` at 10 pt."""

PAPER = 96
"""Characters on a line of a printed document: 16 cm at 11 pt."""

DENSE = 110
"""Characters on a line of one that is set closely: 17 cm at 10 pt."""


def _table(names: str, widths: str) -> dict[str, float]:
    return dict(zip(names.split(), map(float, widths.split()), strict=True))


LETTERS = " ".join("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
ITALIC = _table(
    LETTERS,
    "53 43 43 52 47 60 51 58 35 47 55 32 88 60 49 50 48 48 47 36 57 52 74 57 53 51"
    " 75 81 79 86 80 78 79 91 52 65 92 68 108 91 79 78 79 77 67 72 79 81 108 91 80 76",
)
"""Letters of a formula, in hundredths of an em, with what their slant needs."""

UPRIGHT = _table(
    LETTERS,
    "50 56 44 56 44 38 51 56 28 31 53 28 83 56 50 56 53 39 39 39 56 54 74 53 54 44"
    " 75 71 72 76 68 65 79 75 36 51 78 63 92 75 78 68 78 74 56 72 75 76 104 75 78 61",
)
GREEK = _table(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau"
    " upsilon phi chi psi omega varepsilon vartheta varpi varrho varsigma varphi Gamma Delta Theta"
    " Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    "64 62 57 48 41 51 53 50 35 58 58 60 56 48 61 52 61 55 57 60 63 69 62 47 62 86 52 44 65 63 83"
    " 78 69 67 75 72 78 72 78 72",
)
SIGNS = {
    "partial": 59, "infty": 100, "top": 78, "bot": 78, "ell": 42, "prime": 28, "star": 50,
    "ast": 50, "dagger": 44, "ldots": 117, "cdots": 117, "ddots": 128, "vdots": 28,
}  # fmt: skip
BINARY = {"+": 78, "-": 78, r"\cdot": 28, r"\odot": 78, r"\times": 78, r"\star": 50}
RELATIONS = {"=": 78, ">": 78, "<": 78, ":": 28, r"\mapsto": 100, r"\neq": 78}
SPACES = {r"\,": 17, r"\:": 22, r"\;": 28, r"\!": -17, r"\quad": 100, r"\qquad": 200, "\\ ": 33}
BIG = {"sum": (144, 106), "prod": (128, 94)}
"""In a display, and elsewhere."""

DELIMITER = {"big": 46, "Big": 60, "bigg": 74, "Bigg": 79}
SMALLER = {1.0: 0.8, 0.8: 0.64, 0.64: 0.64}
"""A script's letters are smaller, though wider for their height."""

ORD, OP, BIN, REL, OPEN, CLOSE, PUNCT, INNER = range(8)
THIN, MEDIUM, THICK = 17, 22, 28

TOKEN = re.compile(r"\\(?:begin|end)\{[a-z]+\}|\\[A-Za-z]+|\\.|\S")


@cache
def measure(latex: str, display: bool = True) -> float:
    r"""The width of a formula in em.

    >>> measure("x"), measure(r"x_t + \frac{1}{2}")
    (0.57, 2.87)
    """
    return round(_Measure(TOKEN.findall(latex), 1.0, display).row() / 100, 2)


def height(line: str) -> float:
    r"""About how much a line takes of a page, in em, with the gap below it.

    >>> height("x_t"), height(r"\frac{1}{2}")
    (1.5, 2.9)
    """
    own = 2.9 if re.search(r"\\frac|\\sum|\\prod|\\boxed|\\Bigg", line) else 1.5
    depth = max((m.count(r"\\") for m in MATRIX.findall(line)), default=0)
    return own + 1.4 * depth


MATRIX = re.compile(r"\\begin\{pmatrix\}.*?\\end\{pmatrix\}")


class _Measure:
    """Tokens one after the other; `row` goes on to what closes it."""

    def __init__(self, tokens: list[str], size: float, display: bool) -> None:
        self.tokens, self.at = tokens, 0
        self.size, self.display = size, display
        self.tall = False

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def row(self) -> float:
        """Everything up to a closing token, with the space between atoms."""
        total, before = 0.0, -1
        while self.peek() not in ("", "}", "&", r"\\", r"\right") and self.peek()[:4] != r"\end":
            kind, wide = self.atom()
            wide += self.scripts(kind, wide)
            if kind == BIN and before not in (ORD, CLOSE, INNER):
                kind = ORD  # a sign
            total += self.between(before, kind) + wide
            before = kind if kind >= 0 else before
        return total

    def between(self, one: int, other: int) -> float:
        if one < 0 or other < 0:
            return 0
        if {one, other} == {ORD, OP} or one == other == OP or (one, other) == (CLOSE, OP):
            return THIN * self.size
        if self.size < 1:
            return 0
        if BIN in (one, other):
            return MEDIUM
        if REL in (one, other) and one != OPEN:
            return THICK if one != other else 0
        if one == PUNCT or (INNER in (one, other) and one != OPEN and other != CLOSE):
            return THIN
        return 0

    def atom(self) -> tuple[int, float]:
        token = self.next()
        name, size = token.removeprefix("\\"), self.size
        if token == "{":
            return ORD, self.group(size, self.display)
        if token in SPACES:
            return -1, SPACES[token] * size
        if token in BINARY:
            return BIN, BINARY[token] * size
        if token in RELATIONS:
            return REL, RELATIONS[token] * size
        if token in "([":
            return OPEN, (39 if token == "(" else 28) * size
        if token in ")]":
            return CLOSE, (39 if token == ")" else 28) * size
        if token == ",":
            return PUNCT, 28 * size
        if token == "|":
            return ORD, 28 * size
        if token[0] != "\\":
            return ORD, ITALIC.get(token, 50) * size
        if name in BIG:
            return OP, BIG[name][not self.display] * size
        if name in ("ldots", "cdots"):
            return INNER, SIGNS[name] * size
        if name in GREEK or name in SIGNS:
            return ORD, (GREEK.get(name) or SIGNS[name]) * size
        return self.macro(name)

    def macro(self, name: str) -> tuple[int, float]:
        size = self.size
        match name:
            case "frac":
                inner = size if self.display else SMALLER[size]
                self.tall = True
                return ORD, max(self.group(inner), self.group(inner)) + 24
            case "left":
                return self.fenced()
            case "sqrt":
                return ORD, 90 * size + self.group(size)
            case "boxed":
                return ORD, 70 + self.group(size)
            case "mathrm" | "operatorname" | "text" | "mathsf" | "textrm":
                return ORD, self.word(UPRIGHT)
            case "mathbf" | "boldsymbol":
                return ORD, 1.16 * self.word(UPRIGHT)
            case "mathit" | "mathcal":
                return ORD, self.word(ITALIC)
            case "hat" | "bar" | "tilde" | "vec" | "dot" | "overline":
                return ORD, self.group(size)
            case "limits" | "nolimits" | "displaystyle":
                return -1, 0
        if name.startswith("begin"):
            return INNER, self.matrix()
        for side in ("l", "r", "m", ""):
            if name.removesuffix(side) in DELIMITER:
                self.next()
                return {"l": OPEN, "r": CLOSE}.get(side, ORD), DELIMITER[name.removesuffix(side)]
        return OP, sum(UPRIGHT.get(letter, 50) for letter in name) * size  # \tanh, \log

    def group(self, size: float, display: bool = False) -> float:
        """A group in braces, or one token."""
        kept = self.size, self.display
        self.size, self.display = size, display
        if self.peek() == "{":
            self.next()
            found = self.row()
            self.next()
        else:
            found = self.atom()[1] if self.peek() not in ("{", "") else 0
        self.size, self.display = kept
        return found

    def word(self, letters: dict[str, float]) -> float:
        if self.peek() != "{":
            return self.group(self.size)
        self.next()
        total, depth = 0.0, 1
        while self.peek() and depth:
            token = self.next()
            depth += {"{": 1, "}": -1}.get(token, 0)
            if len(token) == 1 and token not in "{}_^":
                total += letters.get(token, 50)
            elif token in SPACES:
                total += SPACES[token]
            elif token[0] == "\\":
                total += GREEK.get(token[1:], 50)
        return total * self.size

    def scripts(self, kind: int, base: float) -> float:
        """What stands below and above an atom adds the wider of the two; limits stand under it."""
        widest = 0.0
        while self.peek() in ("_", "^", "'"):
            if self.next() == "'":
                widest = max(widest, 23)
            else:
                widest = max(widest, self.group(SMALLER[self.size]))
        if kind == OP and self.display and base >= BIG["prod"][0]:
            return max(0.0, widest - base)
        return widest + 5 if widest else 0

    def fenced(self) -> tuple[int, float]:
        outer, self.tall = self.tall, False
        self.next()
        inside = self.row()
        self.next()
        self.next()
        found = inside + (150 if self.tall else 88) * self.size
        self.tall = outer or self.tall
        return INNER, found

    def matrix(self) -> float:
        """The widest cell of each column, and what stands between them."""
        columns: list[float] = []
        kept, self.display = self.display, False
        outer, self.tall, rows = self.tall, False, 1
        column = 0
        while self.peek() and self.peek()[:4] != r"\end":
            wide = self.row()
            columns += [0.0] * (column + 1 - len(columns))
            columns[column] = max(columns[column], wide)
            match self.peek():
                case "&":
                    column += 1
                    self.next()
                case r"\\":
                    column, rows = 0, rows + 1
                    self.next()
                case other if other[:4] != r"\end":
                    self.next()  # a stray brace: nothing of ours
        self.next()
        self.display, self.tall = kept, outer or self.tall or rows > 1
        brackets = 2 * (46 if rows == 1 else 74 if rows == 2 else 88)
        return sum(columns) + 100 * (len(columns) - 1) + brackets
