"""Keras: the schedule driven from the host, with controllers, by hand, and in the logs."""

import json

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.run.pacer import Pacer
from lrlab.errors import LrlabError
from lrlab.testing import AdapterCase

keras = pytest.importorskip("keras")

from lrlab.adapters.keras import LearningRateSchedule, SchedulerCallback  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

X = np.linspace(-1, 1, 24, dtype="float32").reshape(24, 1)
SCHEDULE = lr.warmup(3) >> lr.cosine(to=0.1)
FEEDBACK = lr.linear() * lr.plateau(metric="val_loss", patience=1, factor=0.5, threshold=1e9)  # cuts every time


def compiled(optimizer="SGD", learning_rate=0.1, **arguments):
    """A model of one weight."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    accumulation = arguments.pop("gradient_accumulation_steps", None)
    made = getattr(keras.optimizers, optimizer)(learning_rate, gradient_accumulation_steps=accumulation)
    model.compile(optimizer=made, loss="mse", **arguments)
    return model


class Trace(keras.callbacks.Callback):
    """What other callbacks see: the LR in the logs of each batch."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(logs["learning_rate"])


def fit(model, callback, *others, epochs=1, batch_size=8, x=X):
    """Three batches an epoch, in order; the LR of each, and the history."""
    trace = Trace()
    with_validation = {"validation_data": (x, x)} if callback.pacer.curve.controllers else {}
    history = model.fit(
        x,
        x,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=False,
        verbose=0,
        callbacks=[callback, *others, trace],
        **with_validation,
    )
    return trace.rates, history.history


def stored(values):
    """As a float32 variable keeps them."""
    return np.float32(values).tolist()


def test_one_curve_over_several_fits():
    """The LR of every update is the closed form of float64, as float32 keeps it; a second fit() goes on."""
    model, callback = compiled(), SchedulerCallback(SCHEDULE, 9)
    first, history = fit(model, callback, epochs=2)
    second, _ = fit(model, callback)
    assert first + second == stored(0.1 * SCHEDULE.over(9).values())
    assert (callback.update, callback.base_lrs) == (9, [0.1])
    assert history["learning_rate"] == [first[2], first[5]]
    assert float(model.optimizer.learning_rate) == stored([0.1 * SCHEDULE.over(9)(9)])[0]


def test_the_weights_are_those_of_the_traced_schedule():
    """Both ways into Keras train alike."""
    model, traced = compiled(), compiled(learning_rate=LearningRateSchedule(SCHEDULE, 0.1, 9))
    fit(model, SchedulerCallback(SCHEDULE, 9), epochs=3)
    traced.fit(X, X, epochs=3, batch_size=8, shuffle=False, verbose=0)
    assert model.get_weights()[0] == pytest.approx(traced.get_weights()[0], rel=1e-6)


def test_schedule_plateau_and_an_assigned_lr_in_one_fit():
    """An LR that somebody assigns scales the schedule from there on; cuts persist, and all of it is in the logs."""

    class Halve(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) * 0.5

    model, callback = compiled(), SchedulerCallback(FEEDBACK, 12)
    rates, history = fit(model, callback, Halve(), epochs=4)
    factors = np.repeat([1, 1, 0.5 * 0.5, 0.25 * 0.5], 3)  # the first observation sets the best, each later one cuts
    assert rates == pytest.approx(0.1 * lr.linear().over(12).values() * factors, rel=1e-6)
    assert [decision.update for decision in callback.decisions] == [6, 9, 12]
    assert [(change.update, change.how) for change in callback.changes] == [(6, "scale")]
    assert callback.pacer.scale == pytest.approx(0.5)
    assert history["learning_rate"] == rates[2::3]


def test_accumulated_gradients_are_one_update():
    """Keras' own accumulation: the LR changes with the update, not with the batch."""
    model, callback = compiled(gradient_accumulation_steps=4), SchedulerCallback(SCHEDULE, 9)
    rates, _ = fit(model, callback, epochs=3, batch_size=2)
    assert rates == stored(np.repeat(0.1 * SCHEDULE.over(9).values(), 4))
    assert callback.update == 9


def test_skipped_updates_do_not_count():
    """A loss scale that overflows: the optimizer makes no update, and the schedule waits."""
    keras.utils.set_random_seed(0)
    inner = keras.optimizers.SGD(0.1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer=keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**127), loss="mse")
    made = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: made.append(int(float(inner.iterations)))
    )
    callback = SchedulerCallback(SCHEDULE, 9)
    rates, _ = fit(model, callback, count, epochs=3, x=4 * X)
    assert 0 < callback.update < 9
    assert rates == stored(0.1 * SCHEDULE.over(9).values()[made])


def test_resume_is_exact():
    """From the JSON record, with controllers, in every epoch: the LRs and weights of the uninterrupted run."""
    model, callback = compiled("Adam"), SchedulerCallback(FEEDBACK, 12)
    whole, _ = fit(model, callback, epochs=4)
    for epoch in range(1, 4):
        first, before = compiled("Adam"), SchedulerCallback(FEEDBACK, 12)
        begun, _ = fit(first, before, epochs=epoch)
        record = json.loads(json.dumps(before.state_dict()))
        after = SchedulerCallback(FEEDBACK, 12)
        after.load_state_dict(record)
        rest, _ = fit(first, after, epochs=4 - epoch)
        assert begun + rest == whole
        assert after.decisions == callback.decisions
        assert np.array_equal(first.get_weights()[0], model.get_weights()[0])


def test_a_loaded_model_goes_on_by_itself(tmp_path):
    """Without controllers the model knows all there is to know: a fresh callback takes over at its count."""
    model = compiled("RMSprop")
    fit(model, SchedulerCallback(SCHEDULE, 9, base_lr=0.1))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    rates, _ = fit(loaded, SchedulerCallback(SCHEDULE, 9, base_lr=0.1))
    assert rates == stored(0.1 * SCHEDULE.over(9).values())[3:6]
    with pytest.raises(LrlabError, match=r"6 updates already[\s\S]*load_state_dict"):
        fit(loaded, SchedulerCallback(SCHEDULE, 9))  # the LR in there is not the base LR
    with pytest.raises(LrlabError, match="6 updates already"):
        fit(loaded, SchedulerCallback(FEEDBACK, 12, base_lr=0.1))  # nor does it know of the plateau


def test_weights_that_are_loaded_in_between_are_nobodys_wish(tmp_path):
    """Going back to a saved optimizer brings its count and its LR: the position follows, nothing is scaled."""
    model, callback = compiled(), SchedulerCallback(SCHEDULE, 9)
    fit(model, callback)
    saved = [np.array(keras.ops.convert_to_numpy(v)) for v in model.optimizer.variables]
    fit(model, callback)
    for variable, value in zip(model.optimizer.variables, saved, strict=True):
        variable.assign(value)
    rates, _ = fit(model, callback)
    assert rates == stored(0.1 * SCHEDULE.over(9).values())[3:6]
    assert callback.changes == ()


def test_a_record_moves_between_frameworks():
    """A position that PyTorch's adapter wrote is taken on here, and the other way round."""
    torch = pytest.importorskip("torch")
    from lrlab.adapters.torch.scheduler import Scheduler

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    scheduler = Scheduler(optimizer, FEEDBACK, horizon=12)
    for _ in range(6):
        optimizer.step(), scheduler.step()
    scheduler.observe(val_loss=1.0), scheduler.observe(val_loss=1.0)
    callback = SchedulerCallback(FEEDBACK, 12)
    callback.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    rates, _ = fit(compiled(), callback)
    assert rates == stored(0.1 * 0.5 * lr.linear().over(12).values()[6:9])
    scheduler.load_state_dict(json.loads(json.dumps(callback.state_dict())))
    assert (scheduler.update, scheduler.get_last_lr()) == (9, [0.1 * callback.pacer.value])
    assert scheduler.decisions == callback.decisions


def test_a_record_of_another_schedule_stops():
    """Each difference is shown, nothing is changed; `on_change` says which way to go on."""
    record = Checkpoint.of(Pacer(lr.cosine().over(100)), [0.1]).record()
    callback = SchedulerCallback(lr.linear(), 100, base_lr=0.2)
    with pytest.raises(LrlabError, match=r"schedule[\s\S]*base LR"):
        callback.load_state_dict(record)
    assert callback.pacer.curve.schedule == lr.linear()
    callback.load_state_dict(record, on_change="keep")
    assert (callback.pacer.curve.schedule, callback.base_lrs) == (lr.cosine(), [0.1])
    with pytest.raises(LrlabError, match="one LR"):
        SchedulerCallback(lr.cosine(), 100).load_state_dict(
            Checkpoint.of(Pacer(lr.cosine().over(100)), [0.1, 0.2]).record()
        )


def test_what_cannot_work_is_refused(caplog):
    """Each with what to type: a schedule in the optimizer, several steps at once, a controller without a metric."""
    with pytest.raises(LrlabError, match="plain"):
        fit(compiled(learning_rate=LearningRateSchedule(SCHEDULE, 0.1, 9)), SchedulerCallback(SCHEDULE, 9))
    with pytest.raises(LrlabError, match=r'plateau\(metric="val_loss"\)'):
        SchedulerCallback(lr.cosine() * lr.plateau(), 9)
    callback = SchedulerCallback(SCHEDULE, 9)
    callback.set_model(compiled(steps_per_execution=2))
    with pytest.raises(LrlabError, match=r"steps_per_execution=2[\s\S]*LearningRateSchedule"):
        callback.on_train_begin()
    zero = SchedulerCallback(lr.warmup(3, start=0) >> lr.cosine(), 9)
    zero.set_model(model := compiled())
    zero.on_train_batch_begin(0)
    model.optimizer.learning_rate = 0.1
    with pytest.raises(LrlabError, match="cannot scale"):
        zero.on_train_batch_begin(1)


def test_a_controller_that_hears_nothing_is_said(caplog):
    """A metric that no epoch has in its logs."""
    schedule = lr.linear() * lr.plateau(metric="val_accuracy")
    fit(compiled(), SchedulerCallback(schedule, 9))
    assert "val_accuracy" in caplog.text
    assert "heard nothing" in caplog.text
    caplog.clear()
    fit(compiled(), SchedulerCallback(FEEDBACK * lr.manual(), 9))  # nobody has to set a live factor
    assert "heard nothing" not in caplog.text


class TestLaws(AdapterCase):
    """The laws of every adapter, with the callback's hooks called as fit() does; a run is (model, callback)."""

    tolerance = 1e-6
    feedback = False  # its plateau would need the name of a metric

    def start(self, schedule, updates, base_lr):
        callback = SchedulerCallback(schedule, updates, base_lr)
        callback.set_model(model := compiled())
        return model, callback

    def lr(self, run):
        run[1].on_train_batch_begin(0)
        return float(run[0].optimizer.learning_rate)

    def update(self, run):
        run[1].on_train_batch_begin(0)
        run[0].train_on_batch(X, X)
        run[1].on_train_batch_end(0)

    def state(self, run):
        return run[1].state_dict()

    def load(self, run, state):
        run[1].load_state_dict(state)


def test_a_record_before_the_base_lr_is_known_is_refused():
    """Its own load_state_dict() would not take it."""
    with pytest.raises(LrlabError, match="before the first batch"):
        SchedulerCallback("linear()", 10).state_dict()
    assert SchedulerCallback("linear()", 10, base_lr=0.1).state_dict()["base_lrs"] == [0.1]
