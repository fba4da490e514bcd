"""What can go wrong, one class a stage.

Every message says what was wrong, where, what was expected and what to do. The command line
prints it and leaves with status 2; in Python it is raised as it stands.
"""

import re


class SymrnnError(Exception):
    """Bad input: the base of everything that symrnn raises on purpose."""


class LanguageError(SymrnnError):
    """The text is not in the language (parse)."""


class EquationError(SymrnnError):
    """The equations do not make a system: names, time indices, cycles (resolve)."""


class WidthError(SymrnnError):
    """Widths contradict each other or stay undetermined (widths)."""


class CheckError(SymrnnError):
    """A transformation broke an invariant of systems: a defect of symrnn, not of the input."""


class DataError(SymrnnError):
    """Data do not fit: numbers a system, or a file what is read from it (interpret, weights,
    layouts, training)."""


class LayoutError(SymrnnError):
    """No layer of a framework computes what the model says (layouts)."""


class DoubtError(SymrnnError):
    """What is probably not meant, where no doubt is allowed (strict)."""


class ModelWarning(UserWarning):
    """A text can be read, and probably means something else."""


class UsageError(SymrnnError):
    """A command or a call asks for something that is not there (models, heads, options)."""


class CompilerError(UsageError, RuntimeError):
    """There is no C compiler, or it cannot compile a kernel (load)."""


class EstimatorError(SymrnnError, ValueError):
    """What an estimator is given does not fit: X, y or a parameter (training)."""


class Diverged(SymrnnError):  # noqa: N818 (it says what happened)
    """A loss or a gradient is nan or infinite (training): at which step, and which numbers."""

    def __init__(self, message: str, step: int, loss: float, norm: float) -> None:
        super().__init__(message)
        self.step, self.loss, self.norm = step, loss, norm

    def __reduce__(self) -> tuple[type["Diverged"], tuple[str, int, float, float]]:
        return type(self), (str(self), self.step, self.loss, self.norm)  # another process raised it


def suggestion(name: str, known: list[str], cutoff: float = 0.6) -> str:
    """`did you mean 'tanh'?` for a misspelt name, or nothing.

    >>> suggestion("tanhh", ["tanh", "exp"])
    "; did you mean 'tanh'?"
    >>> suggestion("zzz", ["tanh", "exp"])
    ''
    """
    import difflib

    by_lower = {k.lower(): k for k in known}
    turned = [k for k in by_lower if sorted(k) == sorted(name.lower())]
    if turned:  # the same letters, two of them exchanged
        return f"; did you mean '{by_lower[turned[0]]}'?"
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=cutoff)
    return f"; did you mean '{by_lower[near[0]]}'?" if near else ""


def spelling_keys(name: str) -> set[str]:
    """What a name and its slips have in common: the letters without _, and all but one of them."""
    name = name.lower().replace("_", "")
    return {name, *(name[:i] + name[i + 1 :] for i in range(len(name)))}


def is_misspelt(name: str, meant: str) -> bool:
    """Whether one name was probably written for the other: in case, or in a word of four letters
    by a _ or by one letter that is not the first.

    >>> [is_misspelt(a, b) for a, b in (("Z", "z"), ("y_hat", "yhat"), ("gatte_i", "gate_i"))]
    [True, True, True]
    >>> [is_misspelt(a, b) for a, b in (("h1", "h2"), ("new_h", "new_c"), ("xhat", "yhat"))]
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


HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys: controls, but for the ends of lines and tabs; and what turns the direction
of letters."""


def visible(text: str) -> str:
    r"""A text for a terminal, with what it would obey written out.

    >>> visible("\x1b[31mred\n")
    '\\x1b[31mred\n'
    """
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def not_enough(error: MemoryError) -> str:
    """What is said when there is not enough memory; NumPy knows for what."""
    return f"there is not enough memory{f': {error}' if str(error) else ''}"


LONG, LONGEST = 1_000, 20_000
"""So many letters of a line, and of a message, are shown."""


def readable(message: str) -> str:
    """A message as a terminal shows it, however large and odd what it speaks of.

    >>> readable("a" * 1_002)[-6:]
    'aa […]'
    """
    lines = [line if len(line) <= LONG else f"{line[:LONG]} […]" for line in message.split("\n")]
    return visible("\n".join(lines)[:LONGEST])
