"""The loop itself: what it counts, and that it goes on from its progress, in the middle of an epoch
too."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from symrnn.errors import DataError
from symrnn.training import SGD, STOP, Epoch, Kernel, Step, Trainer
from symrnn.training.loop import Loop, Prepared, Progress, Record
from tests.training.setting import batches, kernel

DATA = batches(5)


class Feed:
    """Five batches an epoch; a feed of a later loop leaves out those that are done."""

    def __init__(self, weights: tuple[int, ...] = (1, 2, 3, 4, 5), done: int = 0) -> None:
        self.weights, self.done = weights, done

    def __call__(self, epoch: int, rng: np.random.Generator) -> Iterator[Prepared]:
        done, self.done = self.done, 0
        for weight, batch in list(zip(self.weights, DATA, strict=True))[done:]:
            yield Prepared(batch, weight, tokens=10)


def loop(trainer: Trainer, feed: Feed, progress: Progress, *callbacks: Any) -> Loop:
    def validate(own: Kernel) -> float:
        return float(np.abs(own.theta).sum())

    return Loop(trainer, feed, progress, callbacks, validate)


@pytest.mark.parametrize("last", [1, 5, 7, 10])
def test_a_loop_that_was_ended_goes_on_to_the_same_bits(last: int) -> None:
    whole, told = Progress(), list[Record]()
    through = Trainer(kernel(), SGD(0.1, momentum=0.9))
    assert loop(through, Feed(), whole, told.append).run(3) == "epochs"

    progress, heard = Progress(), list[Record]()
    trainer = Trainer(kernel(), SGD(0.1, momentum=0.9))

    def end(record: Record) -> object:
        return STOP if isinstance(record, Step) and record.number == last else None

    assert loop(trainer, Feed(), progress, heard.append, end).run(3) == "callback"
    assert trainer.count == last
    rest = Feed(done=last - 5 * progress.epoch)
    assert loop(trainer, rest, progress, heard.append).run(3) == "epochs"
    assert trainer.kernel.theta.tobytes() == through.kernel.theta.tobytes()
    assert [each.loss for each in heard] == [each.loss for each in told]
    assert progress.best is not None
    assert whole.best is not None
    assert progress.best.tobytes() == whole.best.tobytes()
    for name in ("epoch", "loss", "weight", "lowest", "waited", "best_epoch", "tokens", "first"):
        assert getattr(progress, name) == getattr(whole, name), name
    assert (progress.epoch, progress.tokens) == (3, 150)


@pytest.mark.parametrize("weights", [(1, 2, 3, 4, 5), (0, 0, 0, 0, 7), (0, 0, 0, 0, 0)])
def test_the_loss_of_an_epoch_is_a_weighted_mean(weights: tuple[int, ...]) -> None:
    told: list[Record] = []
    loop(Trainer(kernel(), SGD(0.1)), Feed(weights), Progress(), told.append).run(1)
    losses = [record.loss for record in told if isinstance(record, Step)]
    (epoch,) = (record for record in told if isinstance(record, Epoch))
    wanted = np.average(losses, weights=weights if any(weights) else None)
    assert epoch.loss == pytest.approx(wanted, rel=1e-14)
    assert (epoch.steps, epoch.tokens) == (5, 50)


def test_what_the_validation_gave_is_told() -> None:
    class Scores(float):
        pass

    told: list[Record] = []
    own = Loop(Trainer(kernel()), Feed(), Progress(), [told.append], lambda _: Scores(2.5))
    own.run(1)
    epoch = told[-1]
    assert isinstance(epoch, Epoch)
    assert (epoch.validation, type(epoch.validation), type(epoch.scores)) == (2.5, float, Scores)


def test_time_goes_on_where_it_was() -> None:
    progress = Progress(seconds=100.0)
    loop(Trainer(kernel()), Feed(), progress).run(1)
    assert 100 < progress.seconds < 200


def test_an_epoch_of_which_nothing_is_left_ends() -> None:
    """A run may have been ended after the last step of an epoch, and before its validation."""
    told: list[Record] = []
    progress = Progress(loss=6.0, weight=4)
    loop(Trainer(kernel()), Feed(done=5), progress, told.append).run(1)
    assert [record.loss for record in told] == [1.5]
    with pytest.raises(DataError, match="epoch 0 has no batches"):
        loop(Trainer(kernel()), Feed(done=5), Progress()).run(1)
