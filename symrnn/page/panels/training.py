"""How a run was trained: where it has come to, its losses, and its flow on the way."""

from collections.abc import Iterator

from symrnn.derive.pages.document import Item, Paragraph, Section
from symrnn.derive.pages.images import MISSING, can_draw, image
from symrnn.derive.pages.tables import table
from symrnn.page.run import Run
from symrnn.page.subject import Subject


def sections(subject: Subject) -> tuple[Section, ...]:
    """One section, of a run."""
    run = subject.run
    return (Section(("The training",), tuple(_items(run))),) if run is not None else ()


def _items(run: Run) -> Iterator[Item]:
    scores, part = run.scores
    epochs = [line for line in run.log if "mean_loss" in line]
    rows = [("run", run.name), ("data", run.data or run.trained.config.data.source)]
    if epochs:
        rows.append(("epochs", f"{epochs[-1]['epoch']}, {epochs[-1]['step']:,} steps"))
    rows += [("loss", f"{scores.loss:.4g} ({part})"), (scores.metric, f"{scores.said()} ({part})")]
    dims = run.trained.config.kernel.dims
    rows.append(("widths", ", ".join(f"{name} = {size}" for name, size in dims.items())))
    yield table([("what", "of this run"), *rows])
    flows = [line for line in run.log if "flow" in line]
    if not run.log:
        return
    if not can_draw():
        yield Paragraph((MISSING,))
        return
    from symrnn.flow.pictures import over_training
    from symrnn.training.runs.log import curve

    yield image(lambda _: curve(run.log, run.name), ("The loss while it was trained.",), dots=True)
    if flows:
        said = "How the gradient of the state flowed while it was trained, at every step of time."
        yield image(lambda form: over_training(flows, form, run.name), (said,))
