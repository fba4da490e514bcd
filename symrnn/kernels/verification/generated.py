"""A generated file: checked as it stands, or compared with what is generated today."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import zip_longest
from types import ModuleType

from symrnn import files
from symrnn.errors import UsageError
from symrnn.kernels.generate import Origin, generate, origin
from symrnn.kernels.load import check_compiler
from symrnn.kernels.verification.case import Case, case
from symrnn.kernels.verification.checks import checks
from symrnn.kernels.verification.reference import Reference, reference
from symrnn.kernels.verification.report import CONTRACT, Check, Report
from symrnn.language.parse import parse
from symrnn.language.tree import Written
from symrnn.system import normal

MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A file beside what is generated from the text in it."""

    name: str
    line: int | None = None
    """The first line that differs; None where there is none."""
    found: str = ""
    wanted: str = ""

    @property
    def holds(self) -> bool:
        return self.line is None

    @property
    def verdict(self) -> str:
        if self.holds:
            return "holds: every byte is what is generated from its text"
        return f"DOES NOT HOLD: line {self.line} is not what is generated from its text"

    def __str__(self) -> str:
        if self.holds:
            return f"{self.name}\n{self.verdict}\n"
        lines = [self.name, f"  found     {self.found}", f"  expected  {self.wanted}", self.verdict]
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "verdict": self.verdict, "holds": self.holds}


def read_source(path: str) -> str:
    """The text of a generated file, with its line ends as they are."""
    data = files.beginning(path, MAX_BYTES, "no generated file does")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path}: byte 0x{data[error.start]:02x} at {error.start} is not UTF-8; expected a"
            " file that symrnn has generated"
        ) from None


def written_in(made: Origin, file: str) -> Written:
    written = parse(made.text, f"the model in {file}")
    normal(written)  # whatever is wrong with the text is said now
    return written


def compare(source: str, file: str) -> Comparison:
    """Generate the file anew from the text in it. Nothing of it is executed.

    >>> from symrnn.model import load
    >>> source = load("elman").generate(2)
    >>> print(compare(source.replace("STEPS = 2", "STEPS = 3"), "elman.py").found)
    STEPS = 3
    """
    made = origin(source, file)
    wanted = generate(written_in(made, file), made.text, made.name, made.settings, made.target)
    if source == wanted:
        return Comparison(file)
    pairs = zip_longest(source.split("\n"), wanted.split("\n"))
    for number, (ours, theirs) in enumerate(pairs, 1):
        if ours != theirs:
            return Comparison(file, number, _shown(ours), _shown(theirs))
    raise AssertionError("two texts that differ have a line that does")


def _shown(line: str | None) -> str:
    """A line, with what cannot be seen made visible.

    >>> _shown("x = 1  "), _shown(None)
    ("'x = 1  '", '(nothing)')
    """
    if line is None:
        return "(nothing)"
    return line if line.isprintable() and line == line.rstrip() and line else repr(line)


def verify_source(
    source: str,
    file: str,
    batch: int = 2,
    dims: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Report:
    """Execute a generated file and hold it against the text in it."""
    made = origin(source, file)
    settings = made.settings
    written = written_in(made, file)
    features = settings.features
    tried = case(written, settings.steps, settings.wrt, batch, dims or {}, seed, features)
    found = _checks(made.target.held, source, made.name, tried, reference(tried))
    return Report.of(file, tried, settings.loops, found)


def _checks(
    load: Callable[[str, str], ModuleType],
    source: str,
    name: str,
    tried: Case,
    wanted: Reference,
) -> Iterator[Check]:
    module: ModuleType
    try:
        module = load(source, name)
    except UsageError:
        raise  # nothing is wrong with the file
    except (Exception, SystemExit) as problem:
        said = f"{type(problem).__name__}: {problem}".split("\n")[0]
        yield Check("execution", CONTRACT, False, note=f"raised {said[:200]}")
        return
    check_compiler(module)
    yield from checks(module, tried, wanted)
