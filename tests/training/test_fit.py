"""Epochs: order, records, callbacks, early stopping, interrupts, and the same seed again."""

import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from symrnn.errors import DataError, Diverged, UsageError
from symrnn.training import (
    SGD,
    STOP,
    Adam,
    Epoch,
    History,
    Kernel,
    Step,
    StopTraining,
    Trainer,
    fit,
    run,
    started,
)
from symrnn.training.loop import Record
from tests.training.setting import BATCH, DIMS, batches, kernel, masked


def trained(**settings: Any) -> tuple[Kernel, History]:
    own = kernel()
    return own, fit(own, batches(), Adam(0.02), **settings)


def test_the_same_seed_does_the_same_again() -> None:
    one, first = trained(epochs=3, seed=4)
    two, second = trained(epochs=3, seed=4)
    other, third = trained(epochs=3, seed=5)
    assert first.losses == second.losses
    assert first.norms == second.norms
    assert one.theta.tobytes() == two.theta.tobytes()
    assert first.losses != third.losses
    assert one.theta.tobytes() != other.theta.tobytes()


def test_a_list_is_shuffled_in_each_epoch_and_nothing_is_left_out() -> None:
    seen: list[int] = []
    data = batches(6)

    def count(batch: Any) -> int:
        seen.append(next(i for i, own in enumerate(data) if own is batch))
        return 1

    fit(kernel(), data, epochs=3, tokens=count)
    epochs = [seen[:6], seen[6:12], seen[12:]]
    assert [sorted(epoch) for epoch in epochs] == [list(range(6))] * 3
    assert len(set(map(tuple, epochs))) == 3


def test_with_states_carried_batches_keep_their_order_and_epochs_start_anew() -> None:
    own, by_hand = kernel(), kernel()
    fit(own, iter(batches(3)), SGD(0.1), epochs=2, carry=True)
    for _ in range(2):
        trainer = Trainer(by_hand, SGD(0.1), carry=True)
        for batch in batches(3):
            trainer.train_step(batch)
    assert own.theta.tobytes() == by_hand.theta.tobytes()


def test_batches_can_be_a_function_of_the_epoch_and_the_generator() -> None:
    asked = []

    def some(epoch: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
        asked.append(epoch)
        yield from batches(2, seed=int(rng.integers(1000)))

    first = fit(kernel(), some, epochs=3, seed=1)
    assert asked == [0, 1, 2]
    assert fit(kernel(), some, epochs=3, seed=1).losses == first.losses
    assert len(set(first.losses)) == 6


def test_records_tell_steps_and_epochs() -> None:
    heard: list[Record] = []
    _, history = trained(
        epochs=2,
        schedule="step:5:0.5",
        callbacks=[heard.append],
        tokens=lambda batch: batch["x"].shape[0] * batch["x"].shape[1],
        validate=lambda own: float(own.theta[0]) * 0 + 1,
    )
    steps = [record for record in heard if isinstance(record, Step)]
    epochs = [record for record in heard if isinstance(record, Epoch)]
    assert [record.number for record in steps] == list(range(1, 11))
    assert [record.epoch for record in steps] == [0] * 5 + [1] * 5
    assert [record.rate for record in steps] == [0.02] * 5 + [0.01] * 5
    assert tuple(record.loss for record in steps) == history.losses
    assert tuple(record.norm for record in steps) == history.norms
    assert {record.tokens for record in steps} == {12}
    assert tuple(epochs) == history.epochs
    assert [heard.index(record) for record in epochs] == [5, 11]
    assert epochs[0].loss == pytest.approx(np.mean(history.losses[:5]))
    assert epochs[0].seconds >= sum(record.seconds for record in steps[:5]) > 0
    assert epochs[0][4:7] == (60, 1.0, True)
    assert epochs[1][4:7] == (60, 1.0, False)
    assert history.best is epochs[0]
    assert history.ended == "epochs"


def test_the_mean_loss_counts_tokens() -> None:
    data = [*batches(1), *batches(1, batch=1, seed=3)]
    history = fit(kernel(), data, SGD(0.0), epochs=1, tokens=lambda batch: 4 * len(batch["y"]))
    by_size = dict(
        zip([3, 1], [fit(kernel(), [d], SGD(0.0), 1).losses[0] for d in data], strict=True)
    )
    assert history.epochs[0].loss == pytest.approx((3 * by_size[3] + by_size[1]) / 4)


def test_a_callback_ends_a_run_by_what_it_returns_or_raises() -> None:
    def returns(record: Record) -> object:
        return STOP if isinstance(record, Step) and record.number == 7 else None

    def raises(record: Record) -> object:
        if isinstance(record, Step) and record.number == 7:
            raise StopTraining
        return None

    for callback in (returns, raises):
        own, history = trained(epochs=9, callbacks=[callback])
        assert len(history.losses) == 7
        assert (len(history.epochs), history.ended) == (1, "callback")
        shorter = Trainer(kernel(), Adam(0.02))
        assert run(shorter, batches(), 1).losses == history.losses[:5]
        assert own.theta.tobytes() != shorter.kernel.theta.tobytes()


def test_an_epoch_can_be_the_last_and_all_callbacks_hear_of_it() -> None:
    heard: list[Record] = []
    ends = lambda record: STOP if isinstance(record, Epoch) else None  # noqa: E731
    _, history = trained(epochs=9, callbacks=[ends, heard.append])
    assert (len(history.epochs), history.ended) == (1, "callback")
    assert heard[-1] is history.epochs[0]


# early stopping


def test_early_stopping_puts_the_best_theta_back() -> None:
    values = iter([3.0, 2.0, 2.5, float("nan"), 2.0, 1.0])
    thetas = []

    def validate(own: Kernel) -> float:
        thetas.append(own.theta.copy())
        return next(values)

    own, history = trained(epochs=6, validate=validate, patience=3)
    assert history.ended == "patience"
    assert [epoch.best for epoch in history.epochs] == [True, True, False, False, False]
    assert history.best is history.epochs[1]
    assert own.theta.tobytes() == thetas[1].tobytes()
    assert own.theta.tobytes() != thetas[-1].tobytes()


def test_with_patience_the_best_is_put_back_however_the_run_ends() -> None:
    values, thetas = iter([1.0, 2.0, 3.0]), []

    def validate(own: Kernel) -> float:
        thetas.append(own.theta.copy())
        return next(values)

    own, history = trained(epochs=3, validate=validate, patience=9)
    assert history.ended == "epochs"
    assert own.theta.tobytes() == thetas[0].tobytes()


def test_without_patience_a_validation_only_looks() -> None:
    plain, first = trained(epochs=3)
    values = iter([1.0, 2.0, 3.0])
    own, second = trained(epochs=3, validate=lambda _: next(values))
    assert own.theta.tobytes() == plain.theta.tobytes()
    assert first.losses == second.losses
    assert second.best is second.epochs[0]


# to stop, and to go on


def test_two_epochs_and_three_are_five() -> None:
    chances = {"drop_O": 0.2, "keep_O": 0.1, "zone_O": 0.1}

    def made(seed: int = 0) -> Trainer:
        return Trainer(started(masked(), BATCH, **DIMS), Adam(0.05), masks=chances, seed=seed)

    through, first, second = made(), made(), made(seed=9)
    wanted = run(through, batches(), epochs=5)
    before = run(first, batches(), epochs=2)
    second.restore(first.state())
    after = run(second, batches(), epochs=5, first=2)
    assert before.losses + after.losses == wanted.losses
    assert [epoch.number for epoch in after.epochs] == [2, 3, 4]
    assert second.kernel.theta.tobytes() == through.kernel.theta.tobytes()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no such signals here")
@pytest.mark.parametrize("seconds", [0.003, 0.0071, 0.0113])
def test_an_interrupt_leaves_theta_between_two_steps(seconds: float) -> None:
    whole = [kernel().theta.tobytes()]
    trainer = Trainer(kernel(), Adam(0.02))
    run(trainer, batches(), 400, callbacks=[lambda _: whole.append(trainer.kernel.theta.tobytes())])
    own = kernel()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        with pytest.raises(KeyboardInterrupt):
            fit(own, batches(), Adam(0.02), epochs=100_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert own.theta.tobytes() in whole


def test_divergence_ends_a_run_with_its_message() -> None:
    data = batches(3)
    data[1]["x"][0, 0, 0] = np.inf
    with pytest.raises(Diverged, match=r"step [1-3]: .*x holds nan or inf"):
        fit(kernel(), data, epochs=2)


@pytest.mark.parametrize(
    ("settings", "wanted", "message"),
    [
        ({"epochs": 0}, UsageError, "epochs is 0; expected a whole number, at least 1"),
        ({"patience": 2}, UsageError, "patience is for a validation; expected validate=…"),
        ({"patience": 0, "validate": len}, UsageError, "patience is 0; expected a whole number"),
        ({"schedule": "cosin:1"}, UsageError, "did you mean 'cosine'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    settings: dict[str, Any], wanted: type[Exception], message: str
) -> None:
    with pytest.raises(wanted, match=message):
        trained(**settings)


def test_an_epoch_without_batches_is_an_error() -> None:
    with pytest.raises(DataError, match="epoch 0 has no batches; expected at least one"):
        fit(kernel(), [])
