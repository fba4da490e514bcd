"""How the gradient flows while a run goes on: a line of the log every so many steps."""

from pathlib import Path
from typing import Any

from symrnn.training.loop import Record
from symrnn.training.runs.log import Log, records
from symrnn.training.runs.plain_batch import of_session
from symrnn.training.runs.session import Session
from symrnn.training.trainer import Step

DIGITS = 4
"""Of a number in the log."""


def flows(path: Path) -> list[dict[str, Any]]:
    """The lines of a log that tell of flow."""
    return [line for line in records(path) if "flow" in line] if path.exists() else []


class FlowWatch:
    """The callback that measures flow on one batch, the same each time, and logs it: of each
    recurrence ‖∂L/∂s_t‖ at every step, and the verdict. It takes a few passes and no Jacobians."""

    def __init__(self, session: Session, log: Log, every: int) -> None:
        self.session, self.log, self.every = session, log, every
        self.batch = of_session(session)

    def __call__(self, record: Record) -> None:
        if isinstance(record, Step) and (record.number == 1 or record.number % self.every == 0):
            self.log.write({"step": record.number, "flow": self.measured()})

    def measured(self) -> list[dict[str, Any]]:
        plain = self.session.kernels.plain
        params = {**self.batch.params, **plain.params}
        found = self.batch.model.flow(
            params, self.batch.inputs, triangle=False, jacobians=False
        ).as_dict()
        return [
            {
                "states": each["states"],
                "verdict": each["verdict"]["word"],
                **{name: _short(each["verdict"][name]) for name in ("factor", "reach", "left")},
                "delta": [_short(value) for value in each["delta"]],
            }
            for each in found["recurrences"]
        ]


def _short(value: float | None) -> float | None:
    """
    >>> _short(0.123456), _short(3), _short(None)
    (0.1235, 3, None)
    """
    return value if value is None or isinstance(value, int) else float(f"{value:.{DIGITS}g}")
