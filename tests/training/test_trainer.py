"""A trainer: its steps by hand, what it refuses, what it carries, and how it goes on."""

import io
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.errors import DataError, Diverged, UsageError
from symrnn.training import SGD, Adam, AdamW, RMSprop, Trainer, fit, put, started
from symrnn.training.trainer import _to_words
from tests.training.setting import BATCH, DIMS, STEPS, batches, kernel, masked, module


def test_a_step_is_the_gradient_clipped_and_scaled() -> None:
    own, by_hand = kernel(), kernel()
    trainer = Trainer(own, SGD(0.5), schedule="step:2:0.1", clip=0.05, value_clip=0.02)
    for count, batch in enumerate(batches(4)):
        step = trainer.train_step(batch)
        loss, _ = by_hand.loss_and_grads(**batch)
        gradient = by_hand.dtheta.copy()
        length = float(np.linalg.norm(gradient))
        gradient = np.clip(gradient, -0.02, 0.02)
        gradient *= min(1, 0.05 / np.linalg.norm(gradient))
        rate = 0.5 * 0.1 ** (count // 2)
        by_hand.theta -= rate * gradient
        assert (step.number, step.loss) == (count + 1, loss)
        assert (step.norm, step.rate) == pytest.approx((length, rate))
        assert step.seconds > 0
        np.testing.assert_allclose(own.theta, by_hand.theta, rtol=1e-13, atol=1e-15)


def test_the_loss_goes_down_in_single_precision_too() -> None:
    own = started(module(), BATCH, dtype=np.float32, **DIMS)
    trainer, (batch,) = Trainer(own, Adam(0.05), clip=1.0), batches(1)
    losses = [trainer.train_step(batch).loss for _ in range(200)]
    assert losses[-1] < 0.1 * losses[0]
    assert own.theta.dtype == trainer.memory.state["mean"].dtype == np.float32


# divergence


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("poisoned", ["w_o", "w_h"])
def test_divergence_is_caught_before_theta_is_touched(value: float, poisoned: str) -> None:
    own = kernel()
    trainer = Trainer(own, Adam(0.1), clip=1.0)
    for batch in batches(2):
        trainer.train_step(batch)
    own.params[poisoned][0, 0] = value
    before, count = own.theta.copy(), trainer.count
    remembered = {name: array.copy() for name, array in trainer.memory.state.items()}
    with pytest.raises(
        Diverged, match=r"step 3: the loss is .*; theta is as it was before; try a s"
    ):
        trainer.train_step(batches(3)[2])
    assert own.theta.tobytes() == before.tobytes()
    assert trainer.count == count
    for name, array in remembered.items():
        assert np.array_equal(trainer.memory.state[name], array)


def test_a_finite_loss_with_a_gradient_that_is_not_is_caught() -> None:
    own = kernel()
    honest = own.loss_and_grads

    def overflowing(**inputs: Any) -> Any:
        found = honest(**inputs)
        own.dtheta[3] = np.inf
        return found

    trainer = Trainer(own, SGD(0.1), value_clip=1.0)  # which would have hidden it
    own.loss_and_grads = overflowing  # type: ignore[method-assign]
    before = own.theta.copy()
    with pytest.raises(Diverged) as error:
        trainer.train_step(batches(1)[0])
    assert (error.value.step, error.value.norm) == (1, np.inf)
    assert np.isfinite(error.value.loss)
    assert np.array_equal(own.theta, before)


def test_a_learning_rate_that_is_too_large_says_so() -> None:
    regression = symrnn.load("elman").with_head("regress").kernel(STEPS)
    own, (batch,) = started(regression, BATCH, **DIMS), batches(1)
    with pytest.raises(
        Diverged, match=r"step 2: .*try a smaller learning rate, or clip=1\.0"
    ) as error:
        fit(own, [batch], SGD(1e200))
    assert error.value.loss == np.inf
    assert np.isfinite(own.theta).all()


def test_nan_in_the_data_is_named() -> None:
    (batch,) = batches(1)
    batch["x"][1, 1, 1] = np.nan
    with pytest.raises(Diverged, match="x holds nan or inf; expected numbers"):
        Trainer(kernel()).train_step(batch)


# states carried on


def test_the_last_states_are_the_first_of_the_next_step() -> None:
    own, by_hand = kernel("lstm"), kernel("lstm")
    trainer = Trainer(own, SGD(0.1), carry=True)
    states: dict[str, Any] = {}
    for batch in batches(3):
        trainer.train_step(batch)
        by_hand.loss_and_grads(**batch, **states)
        states = {name: value.copy() for name, value in by_hand.states.items()}
        by_hand.theta -= 0.1 * by_hand.dtheta
        assert trainer.carried.keys() == {"c0", "h0"}
        for name, value in states.items():
            assert np.array_equal(trainer.carried[name], value)
            assert not np.shares_memory(trainer.carried[name], own.states[name])
    np.testing.assert_allclose(own.theta, by_hand.theta, rtol=1e-14)


def test_a_validation_in_between_does_not_disturb_what_is_carried() -> None:
    one, other = (Trainer(kernel("lstm"), SGD(0.1), carry=True) for _ in range(2))
    for batch, unseen in zip(batches(3), batches(3, seed=9), strict=True):
        one.train_step(batch)
        other.train_step(batch)
        other.kernel.loss_and_grads(**unseen)
    assert one.kernel.theta.tobytes() == other.kernel.theta.tobytes()


def test_states_can_be_forgotten_and_handed_in() -> None:
    first, second = batches(2)
    trainer = Trainer(kernel(), SGD(0.0), carry=True)
    fresh = trainer.train_step(second).loss
    trainer.reset()
    trainer.train_step(first)
    assert trainer.train_step(second).loss != fresh
    trainer.reset()
    assert trainer.train_step(second).loss == fresh
    zero = {"O0": np.zeros((BATCH, DIMS["H"]))}
    assert trainer.train_step({**second, **zero}).loss == fresh


def test_another_number_of_sequences_needs_a_reset() -> None:
    trainer = Trainer(kernel(), carry=True)
    trainer.train_step(batches(1)[0])
    with pytest.raises(DataError, match="O0 is carried on from 3 sequences, and now there are 2"):
        trainer.train_step(batches(1, batch=2)[0])
    trainer.reset()
    trainer.train_step(batches(1, batch=2)[0])
    assert trainer.carried["O0"].shape == (2, DIMS["H"])


# masks


def test_masks_are_drawn_for_every_step_from_the_seed() -> None:
    chances = {"drop_O": 0.5, "zone_O": 0.3, "keep_O": 0.2}
    own = started(masked(), BATCH, **DIMS)
    trainer, (batch,) = Trainer(own, SGD(0.0), masks=chances, seed=3), batches(1)
    losses = [trainer.train_step(batch).loss for _ in range(4)]
    assert len(set(losses)) == 4
    turned = dict(reversed(chances.items()))
    again = Trainer(started(masked(), BATCH, **DIMS), SGD(0.0), masks=turned, seed=3)
    assert [again.train_step(batch).loss for _ in range(4)] == losses


def test_masks_by_hand() -> None:
    own, (batch,) = started(masked(), BATCH, **DIMS), batches(1)
    step = Trainer(own, SGD(0.0), masks={"drop_O": 0.5, "zone_O": 0.3, "keep_O": 0.2}, seed=3)
    rng = np.random.default_rng(3)
    shapes = {"drop_O": (STEPS, BATCH, 3), "keep_O": (BATCH, 3), "zone_O": (STEPS, BATCH, 3)}
    drawn = {}
    for name in [name for name in masked().INPUTS if name in shapes]:
        kept = rng.random(shapes[name]) >= {"drop_O": 0.5, "keep_O": 0.2, "zone_O": 0.3}[name]
        share = {"drop_O": 2, "keep_O": 1.25}
        drawn[name] = kept * share[name] if name in share else 1.0 - kept
    wanted = masked().loss(own.params, **batch, **drawn)
    assert step.train_step(batch).loss == pytest.approx(wanted, rel=1e-14)


def test_neutral_masks_change_nothing() -> None:
    own, (batch,) = started(masked(), BATCH, **DIMS), batches(1)
    trainer = Trainer(own, masks={"drop_O": 0.5, "keep_O": 0.2, "zone_O": 0.0})
    loss, _ = own.loss_and_grads(**batch, **trainer.neutral(BATCH))
    assert loss == pytest.approx(module().loss(own.params, **batch), rel=1e-14)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"drop_P": 0.1}, "'drop_P' is no mask of this kernel; did you mean 'drop_O'.; there are"),
        ({"x": 0.1}, "'x' is no mask of this kernel; there are"),
        ({"drop_O": 1.0}, "the probability of drop_O is 1.0; expected one from 0 to below 1"),
    ],
)
def test_masks_that_are_none_are_refused(masks: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Trainer(started(masked(), BATCH, **DIMS), masks=masks)


# to stop, and to go on bit for bit


@pytest.mark.parametrize(
    "optimiser",
    [SGD(0.1, momentum=0.9), RMSprop(momentum=0.5, centred=True), Adam(0.05), AdamW(0.05)],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_twelve_steps_and_eighteen_are_thirty(optimiser: Any, dtype: Any) -> None:
    settings: dict[str, Any] = {
        "schedule": "warmup:5,cosine:40",
        "clip": 0.5,
        "carry": True,
        "masks": {"drop_O": 0.3, "keep_O": 0.1, "zone_O": 0.2},
    }
    data = batches(30)

    def made(seed: int) -> Trainer:
        own = started(masked(), BATCH, seed=seed, dtype=dtype, **DIMS)
        return Trainer(own, optimiser, **settings, seed=seed)

    through, first, second = made(0), made(0), made(8)
    wanted = [through.train_step(batch)[:4] for batch in data]
    found = [first.train_step(batch)[:4] for batch in data[:12]]
    file = io.BytesIO()
    np.savez(file, **first.state())
    file.seek(0)
    second.restore(np.load(file))
    found += [second.train_step(batch)[:4] for batch in data[12:]]
    assert found == wanted
    assert second.kernel.theta.tobytes() == through.kernel.theta.tobytes()
    assert np.array_equal(_to_words(second.rng), _to_words(through.rng))


def test_a_state_does_not_change_when_training_goes_on() -> None:
    trainer = Trainer(kernel(), Adam(0.1), carry=True)
    trainer.train_step(batches(1)[0])
    state = trainer.state()
    before = {name: np.array(value) for name, value in state.items()}
    assert set(state) == {
        "theta",
        "count",
        "rng",
        "optimiser.mean",
        "optimiser.square",
        "carried.O0",
    }
    for batch in batches(3):
        trainer.train_step(batch)
    for name, value in before.items():
        assert np.array_equal(state[name], value)


def test_a_state_that_does_not_fit_is_refused_and_nothing_changes() -> None:
    trainer = Trainer(kernel(), Adam(0.1))
    trainer.train_step(batches(1)[0])
    good = trainer.state()
    theta = trainer.kernel.theta.copy()
    for state, message in (
        ({**good, "theta": good["theta"][:-1]}, "theta is float64 of shape"),
        ({name: value for name, value in good.items() if name != "rng"}, "the state has no 'rng'"),
        ({**good, "carried.q0": np.ones(2)}, "the state carries 'q0', which the kernel does not"),
        (Trainer(kernel(), SGD(0.1)).state(), "Adam remembers mean, square; the state holds noth"),
    ):
        with pytest.raises(DataError, match=message):
            trainer.restore({**state, "count": 77})
        assert trainer.count == 1
        assert np.array_equal(trainer.kernel.theta, theta)


# what a trainer is given


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(UsageError, match="this is the module of a kernel; expected a kernel of it"):
        Trainer(module())
    without = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U)").kernel(steps=2)
    with pytest.raises(UsageError, match="no loss_and_grads; expected one of a model with a loss"):
        Trainer(without.Kernel(1, D=2, H=2))
    with pytest.raises(UsageError, match="clip is 0; expected a number above 0, or None"):
        Trainer(kernel(), clip=0)
    stateless = symrnn.parse("yhat[t] = x[t] @ W; L = mean(mse(y[t], yhat[t]))").kernel(steps=2)
    with pytest.raises(UsageError, match="the model has no states to carry"):
        Trainer(stateless.Kernel(1, **dict.fromkeys(stateless.DIMS, 2)), carry=True)


def test_parameters_are_put_in_whole() -> None:
    own, params = kernel(), module().init_params(seed=5, **DIMS)
    put(own, params)
    assert np.array_equal(own.params["w_h"], params["w_h"])
    with pytest.raises(DataError, match="'b' is missing; expected w_i, w_h, b, w_o, b_o"):
        put(own, {name: value for name, value in params.items() if name != "b"})
    with pytest.raises(DataError, match="'q' is no parameter"):
        put(own, {**params, "q": params["b"]})
    with pytest.raises(DataError, match=r"b has shape \(1,\); expected \(3,\)"):
        put(own, {**params, "b": np.ones(1)})


def test_sequences_with_lengths_of_their_own() -> None:
    own = started(symrnn.load("elman").kernel(STEPS, lengths=True), BATCH, **DIMS)
    (batch,) = batches(1)
    batch["x"][2:, 0] = np.nan  # padding is never read
    trainer = Trainer(own, Adam(0.05), carry=True)
    losses = [trainer.train_step({**batch, "lengths": [2, 4, 3]}).loss for _ in range(50)]
    assert losses[-1] < losses[0]
    assert (trainer.carried["O0"] != 0).all()


def test_training_imports_neither_sympy_nor_a_framework() -> None:
    script = "import sys, symrnn.training, symrnn.training.metrics; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"sympy", "jinja2", "mpmath", "torch", "jax", "sklearn", "matplotlib"}


def test_masks_have_as_many_steps_as_the_sequences_where_lengths_differ() -> None:
    model = symrnn.load("elman").with_dropout("x")
    own = started(model.kernel(8, lengths=True), 2, D=2, H=3, C=1)
    trainer = Trainer(own, masks={"drop_x": 0.5})
    inputs = {"x": np.ones((3, 2, 2)), "y": np.ones((2, 1)), "lengths": [3, 1]}
    assert trainer.train_step(inputs).loss > 0


def test_inputs_of_earlier_steps_are_carried_like_states() -> None:
    """Losses of windows are those of one long sequence: x[t-1] reaches into the window before."""
    mine = symrnn.parse(
        "h[t] = tanh(x[t] @ W + x[t-1] @ V + h[t-1] @ U); L = mean(mse(y[t], h[t]))"
    )
    own = started(mine.kernel(3), 2, D=2, C=4)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 2, 2)), rng.normal(size=(9, 2, 4))
    trainer = Trainer(own, SGD(1e-300), carry=True)
    losses = [
        trainer.train_step({"x": x[t : t + 3], "y": y[t : t + 3]}).loss for t in range(0, 9, 3)
    ]
    params = {name: value.copy() for name, value in own.params.items()}
    assert np.mean(losses) == pytest.approx(mine.kernel(9).loss(params, x=x, y=y), rel=1e-13)
    assert np.array_equal(trainer.carried["x0"], x[-1])


def test_a_share_of_a_batch_counts_so_much() -> None:
    """After clipping: what is noisy, since it is short, does not count as much as a whole."""
    (batch,) = batches(1)
    moved = []
    for share in (1.0, 0.25):
        trainer = Trainer(kernel(), SGD(0.5), clip=1e-3)
        before = trainer.kernel.theta.copy()
        step = trainer.train_step(batch, share)
        assert step.norm > 1e-3
        moved.append(before - trainer.kernel.theta)
    np.testing.assert_allclose(moved[1], moved[0] / 4, atol=1e-15)
    assert np.linalg.norm(moved[0]) == pytest.approx(0.5 * 1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1e300, "x holds 1e+300; expected numbers that float32 has"),
        (np.nan, "x holds nan or inf; expected numbers"),
        (1e37, "the parameters are those to start from: scale the data to the order of 1"),
    ],
)
def test_data_that_cannot_be_computed_with_are_said_so(value: float, said: str) -> None:
    """And no warning tells of a line of generated code."""
    (batch,) = batches(1)
    batch["x"][1, 0, 1] = value
    linear = symrnn.parse("h[t] = x[t] @ W + h[t-1] @ U; yhat = h[T] @ V; L = mse(y, yhat)")
    own = started(linear.kernel(4), 3, D=2, H=3, C=1, dtype=np.float32)
    with pytest.raises(Diverged, match=re.escape(said)):
        Trainer(own).train_step(batch)
