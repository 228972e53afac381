"""Pains of the frameworks, each as its users told it: the peer's way beside ours.

The numbers are those of the table of pains. Run beside PyTorch 2.13, Keras 3.15 and Optax 0.2.8.
"""

import random

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError

SCHEDULE = lr.warmup(3) >> lr.cosine(to=0.1)
N = 9
DECLARED = 0.1 * SCHEDULE.over(N).values()

quiet = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture
def optax():
    """Optax, where it is installed."""
    return pytest.importorskip("optax")


@pytest.fixture
def fitted():
    """`fitted(learning_rate, *callbacks)`: Keras trains one weight with SGD; its values, and the history.

    The loss is |weight + 100|, its gradient 1 at every update, so that the weight falls by the LR.
    """
    keras = pytest.importorskip("keras")

    def fit(learning_rate, *callbacks, epochs=N, model=None):
        if model is None:
            model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
            model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss="mae")
        weights = [model.get_weights()[0].item()]
        seen = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: weights.append(model.get_weights()[0].item())
        )
        one = np.ones((1, 1), "float32")
        history = model.fit(one, -100 * one, epochs=epochs, verbose=0, callbacks=[*callbacks, seen])
        return -np.diff(weights), history.history, model

    return fit


# -- 15 -----------------------------------------------------------------------------------------------------------

KINDS = {"constant": lr.constant(), "cosine": lr.cosine(), "wsd": lr.wsd(), "plateau": lr.cosine() * lr.plateau()}


def test_15_another_schedule_is_another_state_tree(optax):
    """'Switching constant LR to a schedule changes the optimizer-state tree, so old checkpoints do not restore'."""
    import jax

    from lrlab.adapters.optax import Scheduler

    fixed, scheduled = (optax.adam(rate).init(np.ones(2)) for rate in (1e-3, optax.linear_schedule(1e-3, 0, 10)))
    assert jax.tree.structure(fixed) != jax.tree.structure(scheduled)

    states, schedulers = {}, {}
    for name, schedule in KINDS.items():
        schedulers[name] = scheduler = Scheduler(schedule, 0.1, 20)
        optimizer = optax.chain(optax.scale_by_adam(), scheduler.scale_by_learning_rate())
        states[name] = optimizer.init(np.ones(2))
        for _ in range(5):
            _, states[name] = optimizer.update(np.ones(2), states[name])
    (structure,) = {jax.tree.structure(state) for state in states.values()}
    for before, state in states.items():
        for after, scheduler in schedulers.items():
            restored = jax.tree.unflatten(structure, jax.tree.leaves(state))
            expected = 0.1 * KINDS[after].over(20)(5)
            assert float(scheduler.lr(restored)) == pytest.approx(expected, rel=1e-6), (before, after)


# -- 26 -----------------------------------------------------------------------------------------------------------


@quiet
def test_26_the_first_update_has_lr_0(optax, fitted):
    """'First update has LR 0 (wasted), or the peak LR before warmup starts': update i uses value(i), i from 0."""
    torch, jnp = pytest.importorskip("torch"), pytest.importorskip("jax.numpy")
    transformers = pytest.importorskip("transformers")
    from lrlab.adapters.keras import LearningRateSchedule
    from lrlab.adapters.optax import schedule
    from lrlab.adapters.torch.scheduler import Scheduler

    def first_step(attach):
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        attach(optimizer)
        weight.grad = torch.ones(1, dtype=torch.float64)
        optimizer.step()
        return -weight.item()

    assert first_step(lambda o: transformers.get_linear_schedule_with_warmup(o, 3, N)) == 0
    assert first_step(lambda o: Scheduler(o, SCHEDULE, horizon=N)) == DECLARED[0]
    assert fitted(LearningRateSchedule(SCHEDULE, 0.1, N), epochs=1)[0] == pytest.approx(DECLARED[:1], rel=1e-5)
    optimizer = optax.sgd(schedule(SCHEDULE, 0.1, N))
    updates, _ = optimizer.update(jnp.ones(()), optimizer.init(jnp.ones(())))
    assert -float(updates) == pytest.approx(DECLARED[0], rel=1e-6)

    said = [str(finding) for finding in (lr.warmup(3, start=0) >> lr.cosine()).lint(N)]
    assert any("first update" in text for text in said)


# -- 48, 49 -------------------------------------------------------------------------------------------------------


@quiet
def test_48_an_lr_that_is_assigned_by_hand(fitted):
    """'Schedule object and LR callbacks exclude each other': LR == schedule x what was assigned."""
    import keras

    from lrlab.adapters.keras import SchedulerCallback

    class Hand(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 4:
                self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) * 0.5

    with pytest.raises(TypeError, match="not settable"):
        fitted(keras.optimizers.schedules.CosineDecay(0.1, N), Hand())

    callback = SchedulerCallback(SCHEDULE, N)
    used, history, _ = fitted(0.1, callback, Hand())
    expected = DECLARED * np.repeat([1, 0.5], [4, N - 4])
    assert history["learning_rate"] == pytest.approx(expected, rel=1e-6)
    assert used == pytest.approx(expected, rel=1e-4)
    assert [(change.update, change.how) for change in callback.changes] == [(4, "scale")]


@quiet
@pytest.mark.parametrize("first", [True, False], ids=["before ours", "after ours"])
def test_49_the_cuts_of_keras_own_plateau_persist(fitted, first):
    """'LearningRateScheduler silently cancels ReduceLROnPlateau': beside our schedule its cuts persist."""
    import keras

    from lrlab.adapters.keras import SchedulerCallback

    def cuts():
        return keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2, min_delta=1e9)

    cancelling = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    assert fitted(0.1, cancelling, cuts())[1]["learning_rate"] == pytest.approx([0.1] * N)

    ours = SchedulerCallback(SCHEDULE, N)
    used, _, _ = fitted(0.1, *([cuts(), ours] if first else [ours, cuts()]))
    assert used == pytest.approx(DECLARED * 0.5 ** np.array([0, 0, 0, 1, 1, 2, 2, 3, 3]), rel=1e-4)


# -- 50 -----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:To get the last learning rate:UserWarning")
def test_50_asking_for_the_lr_gives_a_wrong_number():
    """'get_lr() returns a wrong number': ours is a pure function, asked a thousand times in any order."""
    torch = pytest.importorskip("torch")
    from lrlab.adapters.torch.scheduler import Scheduler

    def stepped(attach):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
        scheduler = attach(optimizer)
        for _ in range(2):
            optimizer.step(), scheduler.step()
        return optimizer.param_groups[0]["lr"], scheduler

    true, theirs = stepped(lambda o: torch.optim.lr_scheduler.StepLR(o, 2))
    assert (true, theirs.get_lr()) == (pytest.approx(0.01), [pytest.approx(0.001)])

    true, ours = stepped(lambda o: Scheduler(o, lr.step(2), horizon=10))
    assert ours.get_lr() == ours.get_last_lr() == [true]
    curve, rng = ours.pacer.curve, random.Random(0)
    values, state = curve.values(), ours.state_dict()
    for update in rng.choices(range(10), k=1000):
        assert curve(update) == pytest.approx(values[update], rel=1e-15)
    assert ours.state_dict() == state


# -- 51 -----------------------------------------------------------------------------------------------------------


@quiet
def test_51_the_lr_is_not_in_the_logs_of_keras(fitted):
    """'Cannot read or log the LR with schedule objects': row i is the LR that update i used, by the weight's change."""
    import keras

    from lrlab.adapters.keras import SchedulerCallback

    assert set(fitted(keras.optimizers.schedules.CosineDecay(0.1, N))[1]) == {"loss"}
    used, history, _ = fitted(0.1, SchedulerCallback(SCHEDULE, N))
    assert history["learning_rate"] == pytest.approx(DECLARED, rel=1e-6)
    assert used == pytest.approx(history["learning_rate"], rel=1e-4)


def test_51_the_lr_is_one_update_late_in_optax(optax):
    """'inject_hyperparams read before update is one step stale'; ours, read there, is what the update uses."""
    jnp = pytest.importorskip("jax.numpy")
    from lrlab.adapters.optax import Scheduler, schedule

    def logged(optimizer, read):
        state, rows = optimizer.init(jnp.ones(())), []
        for _ in range(N):
            row = float(read(state))
            update, state = optimizer.update(jnp.ones(()), state)
            rows.append((row, -float(update)))
        return np.array(rows).T

    theirs = optax.inject_hyperparams(optax.sgd)(schedule(SCHEDULE, 0.1, N))
    row, used = logged(theirs, lambda state: state.hyperparams["learning_rate"])
    assert row[1:] == pytest.approx(used[:-1])

    scheduler = Scheduler(SCHEDULE, 0.1, N)
    row, used = logged(scheduler.scale_by_learning_rate(), scheduler.lr)
    assert row == pytest.approx(used)
    assert used == pytest.approx(DECLARED, rel=1e-6)


# -- 52 -----------------------------------------------------------------------------------------------------------


@quiet
def test_52_the_logged_lr_is_off_by_one(fitted):
    """'Logged LR is off by one': what is in the logs of a batch is what that batch has used, in every adapter's log."""
    import keras

    from lrlab.adapters.keras import SchedulerCallback
    from lrlab.record.logs.rate_log import RateLog

    callback, batches, rows = SchedulerCallback(SCHEDULE, N, base_lr=0.1), [], []
    each = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(logs["learning_rate"]))
    log = RateLog(callback, rows.extend)
    used, _, _ = fitted(0.1, callback, each)
    log()
    assert used == pytest.approx(batches, rel=1e-4)
    assert [row["lr"] for step, row in rows if step < N] == DECLARED.tolist()


# -- 74 -----------------------------------------------------------------------------------------------------------


@quiet
@pytest.mark.parametrize("schedule", [*KINDS.values(), SCHEDULE, lr.one_cycle(), lr.warm_restarts("20%")], ids=str)
def test_74_a_custom_schedule_fails_at_save(fitted, tmp_path, schedule):
    """'NotImplementedError get_config at save, after training': what cannot be saved is refused before training."""
    import keras

    from lrlab.adapters.keras import LearningRateSchedule

    class Custom(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1

    with pytest.raises(NotImplementedError, match="get_config"):
        fitted(Custom(), epochs=1)[2].save(tmp_path / "theirs.keras")

    if schedule == KINDS["plateau"]:
        with pytest.raises(LrlabError, match="SchedulerCallback"):
            LearningRateSchedule(schedule, 0.1, N)
        return
    _, _, model = fitted(LearningRateSchedule(schedule, 0.1, N), epochs=3)
    model.save(tmp_path / "ours.keras")
    used, _, _ = fitted(None, epochs=3, model=keras.models.load_model(tmp_path / "ours.keras"))
    assert used == pytest.approx(0.1 * schedule.over(N).values()[3:6], rel=1e-4, abs=1e-6)
