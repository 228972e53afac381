"""Keras: the schedule driven from the host, with controllers, by hand, and in the logs."""

import contextlib
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
from lrlab.adapters.keras.callback import IDLE  # noqa: E402

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


@pytest.mark.parametrize("floatx", ["float64", "float16", "bfloat16"])
def test_resume_is_exact_in_every_float(floatx):
    """Where floatx is not float32 the optimizer stores its LR in that type: it is still known as the schedule's own."""
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        whole, _ = fit(compiled(), SchedulerCallback(SCHEDULE, 9), epochs=3)
        model, callback = compiled(), SchedulerCallback(SCHEDULE, 9)
        begun, _ = fit(model, callback)
        after = SchedulerCallback(SCHEDULE, 9)
        after.load_state_dict(callback.state_dict())
        rest, _ = fit(model, after, epochs=2)
        assert begun + rest == whole
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")  # the same LR again: nothing to tell
        fit(model, after)
        assert after.changes == ()
    finally:
        keras.config.set_floatx(before)


def test_a_loaded_model_goes_on_by_itself(tmp_path):
    """Without controllers the model knows all there is to know: a fresh callback takes over at its count."""
    model = compiled("RMSprop")
    fit(model, SchedulerCallback(SCHEDULE, 9, base_lr=0.1))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    rates, _ = fit(loaded, SchedulerCallback(SCHEDULE, 9, base_lr=0.1))
    assert rates == stored(0.1 * SCHEDULE.over(9).values())[3:6]
    with pytest.raises(LrlabError, match=r"made 6 updates[\s\S]*load_state_dict"):
        fit(loaded, SchedulerCallback(SCHEDULE, 9))  # the LR in there is not the base LR
    with pytest.raises(LrlabError, match="made 6 updates"):
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
    schedule = lr.linear() * lr.plateau(metric="val_accuracy", mode="max")
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


# -- a new optimizer, another one, several ------------------------------------------------------------------------


def test_a_model_that_is_compiled_anew_brings_its_own_lr(caplog):
    """Two phases with LRs of their own, as in fine-tuning: said in `changes` and in the log; a given base LR holds."""
    model, callback = compiled(), SchedulerCallback("constant()", horizon=100)
    fit(model, callback)
    model.compile(optimizer=keras.optimizers.SGD(1e-5), loss="mse")
    rates, _ = fit(model, callback)
    assert rates == stored([1e-5] * 3)
    assert [dict(change.after) for change in callback.changes] == [{"base_lrs": [1e-5]}]
    assert "1e-05 in place of 0.1" in caplog.text
    given = SchedulerCallback("linear()", 12, base_lr=0.2)
    first, _ = fit(compiled(), given)
    second, _ = fit(compiled(learning_rate=1e-5), given)
    assert first + second == stored(0.2 * lr.linear().over(12).values()[:6])


def test_a_loaded_model_with_an_lr_of_its_own_is_refused_with_both(tmp_path):
    """What it has is the LR of some update, and not the one at which the callback is."""
    model, callback = compiled(), SchedulerCallback(SCHEDULE, 9)
    fit(model, callback)
    model.save(tmp_path / "model.keras")
    rates, _ = fit(keras.models.load_model(tmp_path / "model.keras"), callback)
    assert rates == stored(0.1 * SCHEDULE.over(9).values())[3:6]
    with pytest.raises(LrlabError, match=r"update 6 with a base LR of 0.1[\s\S]*3 updates of its own"):
        fit(keras.models.load_model(tmp_path / "model.keras"), callback)


def test_a_record_and_a_model_of_another_lr_disagree():
    """As in every adapter: stop with both, or "take" the code's, or "keep" the record's."""
    before = SchedulerCallback("constant()", 9)
    fit(compiled(), before)
    record = before.state_dict()
    other = compiled(learning_rate=0.5)
    callback = SchedulerCallback("constant()", 9)
    callback.load_state_dict(record)
    with pytest.raises(LrlabError, match=r"base LR of 0.1[\s\S]*given:   0.5"):
        fit(other, callback)
    for on_change, expected in (("take", 0.5), ("keep", 0.1)):
        callback = SchedulerCallback("constant()", 9)
        callback.load_state_dict(record, on_change)
        assert fit(compiled(learning_rate=0.5), callback)[0] == stored([expected] * 3)
        assert callback.update == 6


class Pair(keras.Model):
    """Two parts with an optimizer each, as a GAN has them; the second trains at every second batch only."""

    def __init__(self, held=lambda first, second: {"a_optimizer": first, "b_optimizer": second}):
        super().__init__()
        self.a, self.b = keras.layers.Dense(1), keras.layers.Dense(1)
        self.held, self.turn = held, 0

    def build(self, shape):
        self.a.build(shape), self.b.build(shape)

    def compile(self, a, b):
        super().compile()
        for name, value in self.held(a, b).items():
            setattr(self, name, value)
        self._pair = a, b

    def call(self, x):
        return self.a(x)

    def train_step(self, data):
        self.turn += 1
        for k, (part, optimizer) in enumerate(zip((self.a, self.b), self._pair, strict=True)):
            if k == 0 or self.turn % 2 == 0:
                gradients = [keras.ops.ones_like(v) for v in part.trainable_variables]
                optimizer.apply(gradients, part.trainable_variables)
        return {"loss": 0.0}


def pair(**arguments):
    keras.utils.set_random_seed(0)
    model = Pair(**arguments)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.2))
    if keras.backend.backend() != "torch":
        pytest.skip("its step is written for a back end without tracing")
    return model


def test_of_two_optimizers_one_must_be_named():
    """Nothing is driven that nobody uses."""
    with pytest.raises(LrlabError, match=r"a_optimizer, b_optimizer[\s\S]*optimizer=\"b_optimizer\""):
        fit(pair(), SchedulerCallback("linear()", 8))
    with pytest.raises(LrlabError, match=r'optimizer="b_optimizer"'):
        fit(pair(), SchedulerCallback("linear()", 8, optimizer="b_optimiser"))


def test_each_of_two_optimizers_has_its_own_callback():
    """The LR of each update of each; one that waits for its turn is not ahead of it."""
    model = pair()
    one = SchedulerCallback("linear()", 6, optimizer="a_optimizer")
    other = SchedulerCallback("linear()", 3, optimizer=model.b_optimizer)
    rates = []
    trace = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: rates.append(
            (logs["learning_rate/a_optimizer"], logs["learning_rate/b_optimizer"])
        )
    )
    model.fit(X, X, epochs=2, batch_size=8, shuffle=False, verbose=0, callbacks=[one, other, trace])
    assert (one.update, other.update) == (6, 3)
    first, second = 0.1 * lr.linear().over(6).values(), 0.2 * lr.linear().over(3).values()
    assert [a for a, _ in rates] == stored(first)
    assert [b for _, b in rates] == stored(second[[0, 0, 1, 1, 2, 2]])
    assert float(model.b_optimizer.learning_rate) == 0.0


def test_an_optimizer_that_makes_no_update_is_said():
    """Those that train are out of sight: an error at the end of the first epoch, where one is driven by default."""
    hidden = pair(held=lambda first, second: {})
    with pytest.raises(LrlabError, match="no update in the last 3 batches"):
        fit(hidden, SchedulerCallback("linear()", 8))
    many = np.zeros((IDLE + 8, 1), "float32")
    with pytest.raises(LrlabError, match=f"no update in the last {IDLE} batches"):
        fit(pair(held=lambda first, second: {}), SchedulerCallback("linear()", 800), x=many, batch_size=1)


def test_a_named_optimizer_may_wait_for_its_turn(caplog):
    """It is said, and no error: the other part may be trained first."""
    model = pair()
    model.turn = -(10**6) + 1
    callback = SchedulerCallback("linear()", 8, optimizer="b_optimizer")
    model._pair = (model.a_optimizer, keras.optimizers.SGD(0.1))
    model.fit(X, X, batch_size=8, shuffle=False, verbose=0, callbacks=[callback])
    assert callback.update == 0
    assert "no update in the last 3 batches: b_optimizer" in caplog.text


def test_two_callbacks_on_one_optimizer_are_refused():
    """Each would take the other's LR for somebody's wish. A fit() that was broken off is forgotten."""
    model = compiled()
    callbacks = [SchedulerCallback("linear()", 8), SchedulerCallback("cosine()", 8)]
    with pytest.raises(LrlabError, match="two SchedulerCallbacks"):
        model.fit(X, X, batch_size=8, verbose=0, callbacks=callbacks)
    fit(model, SchedulerCallback("linear()", 8))


# -- Keras' own backup --------------------------------------------------------------------------------------------


class Stop(keras.callbacks.Callback):
    """Fails at the beginning of a batch of an epoch, as a machine that is taken away does."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize("schedule", [SCHEDULE, FEEDBACK], ids=["schedule", "feedback"])
def test_backup_and_restore_goes_on_as_if_never_stopped(schedule, ours_first, tmp_path):
    """In a fresh process, wherever the callbacks stand: the LRs and the weights of the uninterrupted run."""
    whole = compiled("Adam")
    expected, _ = fit(whole, SchedulerCallback(schedule, 12), epochs=4)

    broken_off(schedule, tmp_path, ours_first, Stop(2, 2))
    model, rest = broken_off(schedule, tmp_path, ours_first)
    assert rest == expected[6:]
    assert np.array_equal(model.get_weights()[0], whole.get_weights()[0])


def broken_off(schedule, folder, ours_first, *others, save_freq="epoch"):
    """A fresh process with Keras' backup; the model and the LRs."""
    ours = SchedulerCallback(schedule, 12, backup=folder / "schedule.json")
    keras_own = keras.callbacks.BackupAndRestore(folder / "backup", save_freq=save_freq)
    first, second = (ours, keras_own) if ours_first else (keras_own, ours)
    model, trace = compiled("Adam"), Trace()
    arguments = {"epochs": 4, "batch_size": 8, "shuffle": False, "verbose": 0, "validation_data": (X, X)}
    with contextlib.suppress(KeyboardInterrupt):
        model.fit(X, X, callbacks=[first, second, *others, trace], **arguments)
    return model, trace.rates


@pytest.mark.parametrize("schedule", [SCHEDULE, FEEDBACK], ids=["schedule", "feedback"])
def test_a_backup_in_mid_epoch_goes_on_from_its_update(schedule, tmp_path):
    """Keras begins that epoch again: the position is that of the weights, with what was decided up to there."""
    broken_off(schedule, tmp_path, True, Stop(2, 2), save_freq=4)
    _, rest = broken_off(schedule, tmp_path, True, save_freq=4)
    factor = 0.5 if schedule is FEEDBACK else 1.0  # it was cut once, at update 6
    assert rest[:3] == stored(0.1 * factor * schedule.over(12).values()[[8, 9, 10]])


def test_feedback_without_a_backup_of_its_own_is_refused_with_the_way(tmp_path):
    """What Keras has saved does not know of the plateau."""
    for last in (False, True):
        model = compiled()
        callbacks = [SchedulerCallback(FEEDBACK, 12), keras.callbacks.BackupAndRestore(tmp_path)]
        arguments = {"epochs": 4, "batch_size": 8, "verbose": 0, "validation_data": (X, X)}
        if last:
            with pytest.raises(LrlabError, match=r'backup="schedule.json"'):
                model.fit(X, X, callbacks=callbacks, **arguments)
        else:
            with pytest.raises(KeyboardInterrupt):
                model.fit(X, X, callbacks=[*callbacks, Stop(2, 0)], **arguments)


# -- habits -------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_a_horizon_in_epochs_is_refused():
    """It would be over within the first of them: both ways to say it are named."""
    with pytest.raises(LrlabError, match=r"Horizon\(epochs=3, updates_per_epoch=3\), or 9 updates"):
        fit(compiled(), SchedulerCallback("step(1, gamma=0.1)", horizon=3), epochs=3)

    def batches():
        for _ in range(3):
            yield X[:8], X[:8]

    with pytest.raises(LrlabError, match=r"first of 2 epochs[\s\S]*an epoch has 3"):
        compiled().fit(batches(), epochs=2, shuffle=False, verbose=0, callbacks=[SchedulerCallback("linear()", 2)])
    fit(compiled(), SchedulerCallback("warmup(2)"), epochs=3)  # a schedule of its own length holds its end
    fit(compiled(), SchedulerCallback("linear()", lr.Horizon(epochs=1, updates_per_epoch=3)), epochs=2)
    once = lr.Horizon(epochs=3, updates_per_epoch=1)  # as a loop that steps once an epoch has it
    with pytest.raises(LrlabError, match=r"Horizon\(epochs=3, updates_per_epoch=3\), or 9 updates"):
        fit(compiled(), SchedulerCallback('step("1ep", gamma=0.1)', once), epochs=3)


@pytest.mark.parametrize(("said", "heard"), [(3, False), (4, False), (30, True)])
def test_epochs_of_another_length_than_the_horizon_says_are_told(said, heard, caplog):
    fit(compiled(), SchedulerCallback('step("1ep")', lr.Horizon(epochs=3, updates_per_epoch=said)), epochs=3)
    told = [record.getMessage() for record in caplog.records if "An epoch has" in record.getMessage()]
    assert [f"3 updates, and the horizon says {said}" in one for one in told] == [True] * heard


def test_the_end_of_a_schedule_is_said_once(caplog):
    """Before the training reached it, or long before the training ended."""
    model, callback = compiled(), SchedulerCallback("linear()", 9)
    fit(model, callback), fit(model, callback)
    assert caplog.text.count("ends at update 3 of 9") == 1
    assert "ends at update 6" not in caplog.text
    fit(model, callback)
    assert "after the end" not in caplog.text
    fit(model, callback)
    assert "all 3 updates of this training were made after the end of the schedule (update 9)" in caplog.text.lower()


def test_a_name_that_the_logs_do_not_have_is_said_after_the_first_epoch(caplog):
    """With those that they have, and the one that was meant."""
    fit(compiled(), SchedulerCallback(lr.linear() * lr.plateau(metric="valid_loss"), 9), epochs=2)
    assert caplog.text.count("heard nothing") == 1
    assert 'Did you mean metric="val_loss"?' in caplog.text


def test_a_callback_of_another_training_is_said(caplog):
    """As where one is made for all folds: the second model would see the rest of the schedule alone."""
    callback = SchedulerCallback(lr.linear(), 9)
    fit(compiled(), callback)
    assert "A new optimizer" not in caplog.text
    fit(compiled(), callback)
    assert "A new optimizer goes on at update 3 of the schedule" in caplog.text
