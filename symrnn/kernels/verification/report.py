"""What a verification found: a line for each number, a column for each oracle, and a verdict."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symrnn.kernels.verification.case import Case

PRECISE = "50 digits"
COMPLEX = "complex step"
CENTRAL = "central"
CONTRACT = "contract"
COLUMNS = (PRECISE, COMPLEX, CENTRAL)


@dataclass(frozen=True, slots=True)
class Check:
    """One figure held against another."""

    what: str
    against: str
    holds: bool | None
    """None where the check does not apply."""
    error: float | None = None
    allowed: float | None = None
    note: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(self).items()
        }

    def figure(self) -> str:
        """
        >>> Check("loss", PRECISE, True, 2e-16, 1e-12).figure()
        '2.0e-16 ok'
        """
        said = "" if self.error is None else f"{self.error:.1e} "
        return said + {True: "ok", False: "WRONG", None: "-"}[self.holds]


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of a kernel."""

    name: str
    steps: int
    loops: bool
    batch: int
    dims: dict[str, int]
    seed: int
    checks: tuple[Check, ...]

    @classmethod
    def of(cls, name: str, case: "Case", loops: bool | None, checks: Iterable[Check]) -> "Report":
        from symrnn.kernels.settings import Settings

        looped = Settings.of(case.steps, loops).loops or bool(case.lengths)
        return cls(name, case.steps, looped, case.batch, case.dims, case.seed, tuple(checks))

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.holds is False)

    @property
    def holds(self) -> bool:
        return not self.failed

    @property
    def verdict(self) -> str:
        """The last line."""
        count = sum(check.holds is not None for check in self.checks)
        if self.holds:
            return f"holds: {count} checks"
        first = [f"{check.what} ({check.against})" for check in self.failed[:3]]
        more = ", …" if len(self.failed) > 3 else ""
        return f"DOES NOT HOLD: {len(self.failed)} of {count} checks: {', '.join(first)}{more}"

    def __str__(self) -> str:
        lines = [self.title(), "", *self.table(), *self.others(), *self.skipped(), self.verdict]
        return "\n".join(lines) + "\n"

    def title(self) -> str:
        way = "in a loop" if self.loops else "written out"
        parts = [
            f"{self.steps} step{'s' * (self.steps > 1)} {way}",
            f"{self.batch} sequence{'s' * (self.batch > 1)}",
            " ".join(f"{name}={size}" for name, size in self.dims.items()),
            f"seed {self.seed}",
        ]
        return f"{self.name}: {', '.join(part for part in parts if part)}"

    @property
    def compared(self) -> list[Check]:
        """What was held against an oracle."""
        return [c for c in self.checks if c.against in COLUMNS and c.holds is not None]

    def rows(self) -> list[list[str]]:
        """A header, what is allowed, and what was compared, with a column for each oracle."""
        compared = self.compared
        used = [column for column in COLUMNS if any(c.against == column for c in compared)]
        if not used:
            return []
        rows = [["", *used], ["allowed", *(self.allowed(column) for column in used)]]
        for what in dict.fromkeys(check.what for check in compared):
            mine = {c.against: c.figure() for c in compared if c.what == what}
            rows.append([what, *(mine.get(column, "") for column in used)])
        return rows

    def table(self) -> list[str]:
        """The same in lines."""
        rows = self.rows()
        if not rows:
            return []
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        table = ["   ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        notes = [
            f"{c.what}, {c.against}: {c.note}" for c in self.compared if c.note and c.holds is False
        ]
        return [*table, *notes, ""]

    def allowed(self, column: str) -> str:
        found = {c.allowed for c in self.checks if c.against == column and c.allowed is not None}
        return ", ".join(f"{tolerance:.1e}" for tolerance in sorted(found))

    def others(self) -> list[str]:
        found = [check for check in self.checks if check.against == CONTRACT]
        width = max((len(check.what) for check in found), default=0)
        return [f"{c.what:<{width}}   {c.figure():<13} {c.note}".rstrip() for c in found] + [
            ""
        ] * bool(found)

    def skipped(self) -> list[str]:
        """What was not compared, and what was compared in part only."""
        lines = [
            f"{c.against}: {c.note}"
            for c in self.checks
            if c.holds is None and c.against != CONTRACT
        ]
        for column in COLUMNS:
            notes = {c.note for c in self.checks if c.against == column and c.holds and c.note}
            lines += [f"{column}: {note} of each gradient" for note in sorted(notes)]
        return lines

    def as_json(self) -> dict[str, object]:
        return {
            "model": self.name,
            "steps": self.steps,
            "loops": self.loops,
            "batch": self.batch,
            "dims": self.dims,
            "seed": self.seed,
            "checks": [check.as_json() for check in self.checks],
            "verdict": self.verdict,
            "holds": self.holds,
        }
