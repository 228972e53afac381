"""The contract of `train(run)`: what the function sees, what is recorded, and how each misuse is answered."""

import contextlib
import math

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.controls import ControlSpec
from lrlab.lab.training.bounds import Diverged, StageBounds
from lrlab.lab.training.log import DIVERGENCE, FIRST_LOSSES, LOSS_POINTS
from lrlab.lab.training.run import TrainingRun, evaluation_points


class Optimizer:
    def __init__(self, *lrs):
        self.param_groups = [{"lr": value} for value in lrs]

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class Model:
    def __init__(self):
        self.w = 0.0

    def state_dict(self):
        return {"w": self.w}

    def load_state_dict(self, state):
        self.w = state["w"]


def started(schedule="constant()", updates=10, **options):
    """A run with one tracked optimizer, and its loop."""
    run = TrainingRun(lr.parse(schedule), updates, **options)
    run.track(opt=Optimizer(1.0))
    return run, run.steps([0])


def test_the_lr_stands_before_each_update_in_every_group():
    """Group LR = its own LR at track time x LR multiple x schedule, of all optimizers, read inside the loop."""
    run = TrainingRun(ControlSpec(lr.parse('warmup("20%") >> linear()'), 0.5), 10)
    first, second = Optimizer(1.0, 0.1), Optimizer(3)
    run.track(model=Model(), first=first, second=second)
    seen = [[g["lr"] for g in first.param_groups + second.param_groups] for _ in run.steps([None])]
    expected = np.outer(lr.parse('warmup("20%") >> linear()').over(10).values() * 0.5, [1.0, 0.1, 3.0])
    np.testing.assert_allclose(seen, expected, rtol=1e-15)


def test_a_tensor_lr_stays_the_same_object():
    """Compiled optimizers hold on to the tensor."""
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(2.0)
    run = TrainingRun(lr.linear(), 4)
    run.track(opt=Optimizer(tensor))
    assert [tensor.item() for _ in run.steps([None])] == [2.0, 1.5, 1.0, 0.5]


def test_steps_goes_through_the_loader_again_and_again():
    """Epochs are nobody's business in the training function; batches come in the loader's order."""
    run = TrainingRun(lr.constant(), 7)
    run.track(opt=Optimizer(1.0))
    assert list(run.steps("abc")) == list(enumerate("abcabca"))


def test_steps_takes_no_batch_too_many():
    """A generator that draws random numbers must be asked exactly once per update."""
    asked = iter(range(100))
    run = TrainingRun(lr.constant(), 5)
    run.track(opt=Optimizer(1.0))
    for _ in run.steps(asked):
        pass
    assert next(asked) == 5


@pytest.mark.parametrize(
    ("updates", "evals", "points"),
    [(10, 2, {5, 10}), (10, 3, {3, 6, 10}), (3, 20, {1, 2, 3}), (7, 1, {7}), (1, 1, {1})],
)
def test_evaluations_are_evenly_spaced_and_the_last_update_is_always_one(updates, evals, points):
    """Counted in completed updates; more evaluations than updates are as many as there are."""
    assert evaluation_points(updates, evals) == points
    run, steps = started(updates=updates, evals=evals)
    assert {run.completed for _ in steps if run.eval_now} == points


def test_the_record_holds_losses_by_update_and_evaluations_by_completed_updates():
    """Loss k belongs to update k; what is reported inside the body of update k was seen after k+1 updates."""
    run, steps = started(updates=4, evals=2)
    for update, _ in steps:
        run.log(loss=10 - update)
        if run.eval_now:
            run.report(val_loss=update, error=0.5)
    assert run.loss.updates == (0, 1, 2, 3)
    assert run.loss.values == (10, 9, 8, 7)
    assert run.evals["val_loss"].updates == run.evals["error"].updates == (2, 4)
    assert run.score == 3


def test_long_records_are_thinned_to_means():
    """The mean of the record stays the mean of the losses; the record does not grow with the run."""
    run, steps = started(updates=2 * LOSS_POINTS + 2)
    for update, _ in steps:
        run.log(loss=1 + update % 2)
    assert len(run.loss.values) <= LOSS_POINTS
    assert run.loss.values[0] == pytest.approx(4 / 3)
    assert np.mean(run.loss.values) == pytest.approx(1.5, abs=1e-3)


def test_reports_feed_the_controllers_and_their_decisions_are_kept():
    """The cut that a report causes is in force at the very next update."""
    run = TrainingRun(lr.parse("plateau(patience=1, factor=0.5)"), 4, evals=4)
    opt = Optimizer(1.0)
    run.track(opt=opt)
    seen = []
    for _ in run.steps([0]):
        seen.append(opt.param_groups[0]["lr"])
        run.report(val_loss=1.0)
    assert seen == [1.0, 1.0, 0.5, 0.25]
    assert [(d.update, d.event) for d in run.decisions][:2] == [(2, "cut"), (3, "cut")]


def test_numbers_may_come_as_arrays_that_hold_one():
    """Tensors with a gradient attached too, without a warning; anything else is named."""
    torch = pytest.importorskip("torch")
    run, steps = started(updates=1)
    for _ in steps:
        run.log(loss=torch.ones(1, requires_grad=True).sum())
        run.report(val_loss=np.float32(0.5))
        with pytest.raises(LrlabError, match="one number"):
            run.log(loss=torch.ones(2))
    assert run.score == 0.5


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf, DIVERGENCE * 2.0 + 0.1])
def test_divergence_ends_the_run(loss):
    """A loss that is not finite, or many times the greatest of the first ones, even inside `except Exception`."""
    run, steps = started(updates=FIRST_LOSSES + 5)

    def body():
        for update, _ in steps:
            with contextlib.suppress(Exception):
                run.log(loss=2.0 if update < FIRST_LOSSES else loss)

    with pytest.raises(Diverged):
        body()
    assert run.completed == FIRST_LOSSES + 1


def test_divergence_is_not_seen_in_a_spike_or_in_negative_losses():
    """Just below the limit; and a log-likelihood that changes sign has no multiple."""
    run, steps = started(updates=30)
    for update, _ in steps:
        run.log(loss=2.0 if update != 20 else DIVERGENCE * 2.0)
    run, steps = started(updates=30)
    for update, _ in steps:
        run.log(loss=-0.01 if update < 20 else 50.0)


def test_a_report_that_is_not_finite_ends_the_run():
    """Whatever the metric is."""
    run, steps = started(updates=3, mode="max")
    next(steps)
    with pytest.raises(Diverged):
        run.report(val_loss=math.nan)


def test_averaged_weights_are_in_the_model_for_the_evaluation_alone():
    """From run.eval_now to run.report; the training, and every update's weights, are those without averaging."""
    run = TrainingRun(lr.constant(), 6, evals=2, averaging=0.5)
    model = Model()
    run.track(model=model, opt=Optimizer(1.0))
    average, trained, evaluated = 0.0, [], []
    for update, _ in run.steps([0]):
        model.w += 1.0
        average += (1 - min(1 - 1 / 3, (update + 1) / (update + 10))) * (model.w - average)
        trained.append(model.w)
        if run.eval_now:
            assert run.eval_now  # asked twice: still in, once
            evaluated.append((model.w, average))
            run.report(val_loss=model.w)
            assert model.w == update + 1
    assert trained == [1, 2, 3, 4, 5, 6]
    assert evaluated[0][0] == pytest.approx(evaluated[0][1], rel=1e-15)
    assert evaluated[1][0] == pytest.approx(evaluated[1][1], rel=1e-15)
    assert len(evaluated) == 2


def test_an_evaluation_without_a_report_does_not_leave_the_average_in():
    """The next update trains the trained weights, whatever the function did with the evaluation."""
    run = TrainingRun(lr.constant(), 4, evals=2, averaging=0.5)
    model = Model()
    run.track(model=model, opt=Optimizer(1.0))
    for _ in run.steps([0]):
        model.w += 1.0
        _ = run.eval_now
    assert model.w == 4.0


@pytest.mark.parametrize("read_at", [(), (4,)])
def test_a_report_without_the_average_is_refused(read_at):
    """Where the training did not ask whether to evaluate now: it would have judged the weights as they are."""
    run = TrainingRun(lr.constant(), 4, evals=1, averaging=0.5)
    run.track(model=Model(), opt=Optimizer(1.0))
    told = []
    for update, _ in run.steps([0]):
        if update + 1 in read_at:
            assert run.eval_now
        elif update == 0 and read_at:  # also between two evaluations
            continue
        try:
            run.report(val_loss=1.0)
        except LrlabError as error:
            told.append((run.completed, str(error).splitlines()[0]))
    said = "this arm is judged by averaged weights, which the model holds after run.eval_now alone"
    assert told == [(each, said) for each in ((2, 3) if read_at else (1, 2, 3, 4))]


def test_misuse_names_what_to_type():
    """Each mistake that can be seen is answered with the line that would be right."""
    run = TrainingRun(lr.constant(), 3)
    with pytest.raises(LrlabError, match=r"(?s)without an optimizer.*run.track\(model=model, opt=opt\)"):
        list(run.steps([0]))
    run = TrainingRun(lr.constant(), 3)
    with pytest.raises(LrlabError, match=r"thing holds no state"):
        run.track(thing=3.0)
    with pytest.raises(LrlabError, match=r"group 0 of the optimizer opt has no lr"):
        run.track(opt=type("O", (Optimizer,), {"param_groups": [{"momentum": 0.9}], "__init__": lambda self: None})())
    with pytest.raises(LrlabError, match=r"group 1 of the optimizer opt has no lr"):
        run.track(opt=Optimizer(1.0, None))  # as an optimizer has it that finds its own
    run.track(opt=Optimizer(1.0))
    with pytest.raises(LrlabError, match=r"run.report was called before the first update"):
        run.report(val_loss=1.0)
    with pytest.raises(LrlabError, match=r"run.log was called before the first update"):
        run.log(loss=1.0)
    with pytest.raises(LrlabError, match=r"no update"):
        _ = run.score
    steps = run.steps([0])
    next(steps)
    with pytest.raises(LrlabError, match=r"ended after 1 of 3 updates"):
        _ = run.score
    with pytest.raises(LrlabError, match=r"called again"):
        next(run.steps([0]))
    with pytest.raises(LrlabError, match=r"(?s)judged by val_loss.*accuracy.*@task\(metric=\.\.\.\)"):
        run.report(accuracy=1.0)
    list(steps)
    with pytest.raises(LrlabError, match=r"not called after the last update"):
        _ = run.score


def test_averaging_needs_a_model():
    """Which of the tracked things is the model cannot be guessed."""
    run = TrainingRun(lr.constant(), 3, averaging=0.1)
    run.track(opt=Optimizer(1.0))
    with pytest.raises(LrlabError, match=r"averaging needs the model"):
        next(run.steps([0]))


@pytest.mark.parametrize(("loader", "said"), [([], "is empty"), (iter([1, 2]), "used up after 2 batches")])
def test_a_loader_without_batches_is_named(loader, said):
    """Empty, or an iterator that cannot be gone through twice."""
    run = TrainingRun(lr.constant(), 3)
    run.track(opt=Optimizer(1.0))
    with pytest.raises(LrlabError, match=said):
        list(run.steps(loader))


def test_config_cannot_be_changed():
    """It is part of the run's identity."""
    run = TrainingRun(lr.constant(), 3, config={"width": 8})
    assert run.config["width"] == 8
    with pytest.raises(TypeError):
        run.config["width"] = 9


def test_an_evaluation_that_nobody_expects_is_refused_where_arms_listen_together():
    """In the middle of an epoch a plateau may part from the others when it is too late to fork."""
    plateau = ControlSpec(lr.constant() * lr.plateau())

    def reporting(others, after, evals=2):
        run = TrainingRun(lr.constant(), 8, evals=evals, stretch=StageBounds(8, others=others, every=4))
        run.track(opt=Optimizer(1.0))
        for update, _ in run.steps(dict.fromkeys(range(4))):
            if update + 1 == after:
                run.report(val_loss=1.0)
                return

    reporting((), 3)
    reporting((plateau,), 4, evals=1)  # not asked for, but an epoch ends there
    reporting((plateau,), 5, evals=3)  # within an epoch, but asked for
    with pytest.raises(LrlabError, match=r"(?s)that nobody expects.*after 3 updates.*run\.eval_now"):
        reporting((plateau,), 3)


def test_a_fork_that_would_lose_weights_is_refused():
    """Forgetting the model is the mistake nearest at hand; a run that is not to be taken up again is let be."""
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(1, 1)
    run = TrainingRun(lr.constant(), 3)
    run.track(opt=torch.optim.SGD(model.parameters(), lr=0.1))
    list(run.steps([0]))
    run = TrainingRun(lr.constant(), 3, stretch=StageBounds(2))
    run.track(opt=torch.optim.SGD(model.parameters(), lr=0.1))
    with pytest.raises(LrlabError, match=r"(?s)optimizer opt trains weights that nothing tracked holds.*model=model"):
        list(run.steps([0]))


def test_a_run_by_itself():
    """Seed 0, the only fold, judged once at its end by the least validation loss."""
    run = TrainingRun(lr.constant(), 3)
    assert (run.seed, run.fold, run.folds, run.device, dict(run.config)) == (0, 0, 1, "cpu", {})
    assert (run.completed, run.every) == (0, 1)
    assert evaluation_points(3, 1) == {3}
    run.track(opt=Optimizer(1.0))
    asked = []
    for _ in run.steps([0]):
        asked.append(run.eval_now)
        if run.eval_now:
            run.report(val_loss=2.0)
    assert asked == [False, False, True]
    assert run.score == 2.0


def test_a_stage_may_end_anywhere():
    """Where nothing else is said; from the beginning, with no other arm along."""
    assert (bounds := StageBounds(5)).every == 1
    assert (bounds.stop, bounds.start, bounds.others, bounds.function, bounds.cell) == (5, None, (), None, "")
