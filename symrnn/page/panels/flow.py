"""How the gradient flows through time: verdicts in words, numbers in tables, pictures."""

from collections.abc import Sequence

from symrnn.derive.pages.document import Section
from symrnn.errors import UsageError
from symrnn.flow.data import Flow
from symrnn.flow.page import section
from symrnn.page.data import FLOW_STEPS
from symrnn.page.refused import refused
from symrnn.page.subject import Subject

TITLE = "How the gradient flows"


def sections(subject: Subject) -> tuple[Section, ...]:
    """What flow is not for, such as a text that fixes its steps, is said in its place; of data
    that do not fit the message comes as it is."""
    if subject.asked.data:
        _ = subject.batch
    try:
        flow, remarks = _measured(subject)
    except UsageError as error:
        return (refused(TITLE, error),)
    return (section(flow, TITLE, remarks),)


def _measured(subject: Subject) -> tuple[Flow, Sequence[str]]:
    batch, symbols = subject.batch, subject.model.system.symbols
    timed = any(symbols[name].timed for name in batch.inputs)
    steps = None if timed else max(subject.steps, FLOW_STEPS)
    return batch.model.flow(batch.params, batch.inputs, steps), batch.remarks
