"""Replay: the same decisions and LRs again, through resumes and rollbacks; and it notices what is not so."""

import random

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.run.metered import pacer_of
from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError
from lrlab.record.process.journal import FILE, Journal, rows
from lrlab.record.process.lines import append
from lrlab.record.process.replay import replay

SCHEDULE = (lr.warmup(20) >> lr.cosine(to=0.1)) * lr.plateau(patience=2, factor=0.5) * lr.manual()
CURVE = SCHEDULE.over(400)


class Run:
    """A pacer with a journal, that keeps the LR of every update."""

    def __init__(self, folder, curve=CURVE):
        self.pacer, self.journal, self.lrs = lr.Pacer(curve), Journal(folder), {}
        self.journal.began("start", self.state())

    def state(self):
        return Checkpoint.of(self.pacer, [0.1]).record()

    def train(self, updates):
        for _ in range(updates):
            self.lrs[self.pacer.update] = 0.1 * self.pacer.value
            self.pacer.advance()

    def observe(self, value=None, **metrics):
        known = len(self.pacer.decisions)
        self.pacer.observe(value, **metrics)
        lrs = [0.1 * self.pacer.value]
        self.journal.observed(self.pacer.update, value, metrics, self.pacer.decisions[known:], lrs)


def driven(folder, seed=0):
    """A run with losses that stall, a NaN and a live factor."""
    run, rng = Run(folder), random.Random(seed)
    for k in range(20):
        run.train(rng.randint(1, 20))
        run.observe(float("nan") if k == 7 else round(2 + rng.random(), 1))
        if k == 11:
            run.observe(live=0.25)
    return run


def test_every_decision_and_lr_again(tmp_path):
    """Bit for bit, also after the last observation."""
    run = driven(tmp_path)
    found = replay(tmp_path)
    assert found.differences == ()
    assert found.decisions == run.pacer.decisions
    assert {d.event for d in found.decisions} == {"cut", "nan", "set"}
    assert found.lrs[0].tolist() == [run.lrs[update] for update in range(found.updates)]
    assert found.observations == 21
    assert found.heard == {"plateau1": 20, "manual1": 1}
    run.train(10)
    assert replay(tmp_path, updates=run.pacer.update).lrs[0].tolist() == list(run.lrs.values())


def test_a_resumed_run(tmp_path):
    """Killed at 200, resumed from the checkpoint of 150: what was done in between is done again."""
    run = Run(tmp_path)
    for _ in range(3):
        run.train(50)
        run.observe(2.0)
    state = run.state()
    run.train(50)
    run.observe(2.0)
    run.pacer = Checkpoint.read(state).pacer(CURVE)
    run.journal.began("resumed", run.state())
    run.train(30)
    run.observe(1.0)
    found = replay(tmp_path)
    assert found.differences == ()
    assert found.updates == 180
    assert found.lrs[0].tolist() == [run.lrs[update] for update in range(180)]


def test_a_process_that_goes_on_with_the_run_of_another(tmp_path):
    """Killed at 200 after a checkpoint at 180, which was after the last observation: no update is without its LR."""
    run = Run(tmp_path)
    for _ in range(3):
        run.train(50)
        run.observe(2.0)
    run.train(30)
    state = run.state()
    run.train(20)
    again = Run(tmp_path)
    again.lrs = run.lrs
    again.pacer = Checkpoint.read(state).pacer(CURVE)
    again.journal.began("resumed", again.state())
    again.train(40)
    again.observe(1.0)
    found = replay(tmp_path)
    assert found.differences == ()
    assert found.lrs[0].tolist() == [run.lrs[update] for update in range(220)]
    assert found.observations == 4


def test_another_run_in_the_same_journal(tmp_path):
    """The last one counts."""
    driven(tmp_path, seed=0)
    run = driven(tmp_path, seed=1)
    found = replay(tmp_path)
    assert found.differences == ()
    assert found.observations == 21
    assert found.heard == {"plateau1": 20, "manual1": 1}
    assert found.lrs[0].tolist() == [run.lrs[update] for update in range(found.updates)]


def edited(folder, change):
    """Change one line of the journal, `change(rows)`, as if it had been written like this."""
    found = list(rows(folder))
    change(found)
    (folder / FILE).unlink()
    for row in found:
        append(folder / FILE, row, chained=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[9].update(metrics={"": 0.5}), "decided"),
        (lambda rows: rows[3].update(lrs=[0.1]), "the LR of group 0 was 0.1"),
        (lambda rows: next(row for row in rows[1:] if row["decisions"])["decisions"].clear(), "decided nothing"),
        (lambda rows: rows[5].update(update=1), "goes back from"),
    ],
)
def test_what_was_tampered_with_is_noticed(tmp_path, change, said):
    """Another metric, another LR, a decision left out, a line out of order."""
    driven(tmp_path)
    edited(tmp_path, change)
    assert any(said in difference for difference in replay(tmp_path).differences)


def test_a_base_lr_that_was_changed_holds_from_then_on(tmp_path):
    """What was used before stays what it was; a group that comes later has no LR before."""
    pacer, journal = lr.Pacer(lr.linear().over(10)), Journal(tmp_path)
    journal.began("start", Checkpoint.of(pacer, [0.1]).record())
    pacer.advance(4)
    journal.began("changed", Checkpoint.of(pacer, [0.2, 0.3]).record())
    pacer.advance(3)
    journal.observed(pacer.update, 1.0, {}, [], [0.2 * pacer.value, 0.3 * pacer.value])
    found, values = replay(tmp_path, 10), lr.linear().over(10).values()
    assert found.differences == ()
    assert found.lrs[0].tolist() == [*(0.1 * values[:4]), *(0.2 * values[4:])]
    assert np.isnan(found.lrs[1, :4]).all()
    assert found.lrs[1, 4:].tolist() == (0.3 * values[4:]).tolist()
    assert found.base_lrs == (0.2, 0.3)


def test_a_position_beyond_all_reason_is_a_sentence(tmp_path):
    """The value of each update would be held."""
    journal = Journal(tmp_path)
    journal.began("start", Checkpoint.of(lr.Pacer(lr.linear().over(10)), [0.1]).record())
    with pytest.raises(LrlabError, match="the run has too many updates"):
        replay(tmp_path, 10**15)
    journal.observed(10**17, 1.0, {}, [], [0.1])
    with pytest.raises(LrlabError, match="the run has too many updates"):
        replay(tmp_path)


def test_numbers_that_are_not_finite_replay(tmp_path):
    """A loss, an LR: said where they differ, never an error of Python's."""
    journal = Journal(tmp_path)
    journal.began("start", Checkpoint.of(lr.Pacer((lr.linear() * lr.plateau()).over(10)), [0.1]).record())
    cut = Decision(3, "plateau1", "cut", float("inf"), float("nan"), "")
    journal.observed(3, float("inf"), {}, [cut], [float("inf")])
    first, second = replay(tmp_path).differences
    assert "decided cut (plateau1 inf -> nan)" in first
    assert "was inf" in second


def test_a_state_from_elsewhere_is_noticed(tmp_path):
    """A run that goes on from a checkpoint that it did not come to."""
    run = driven(tmp_path)
    other = lr.Pacer(CURVE)
    other.advance(50)
    for metric in (5.0, 4.0, 3.5):
        other.observe(metric)
    run.journal.began("resumed", Checkpoint.of(other, [0.1]).record())
    assert replay(tmp_path).differences == ("update 50 (resumed): plateau1 is in a state that it did not come to",)


def test_absolute_and_several_groups(tmp_path):
    """`lrs` has a row for each group; an absolute schedule is the LR itself."""
    journal = Journal(tmp_path)
    journal.began("start", Checkpoint.of(lr.Pacer(lr.linear().over(10)), [0.1, 0.2]).record())
    assert np.array_equal(replay(tmp_path, 10).lrs, np.outer([0.1, 0.2], lr.linear().over(10).values()))
    journal.began("changed", Checkpoint.of(lr.Pacer(lr.linear().over(10)), [0.1, 0.2], absolute=True).record())
    assert replay(tmp_path, 10).lrs[1, 0] == 1.0


def test_a_run_in_tokens_is_refused(tmp_path):
    """What its updates consumed is not in the journal; said in the words of a run, not of a curve."""
    pacer = pacer_of(lr.linear().over(lr.Horizon(tokens=1000)))
    Journal(tmp_path).began("start", Checkpoint.of(pacer, [0.1]).record())
    with pytest.raises(LrlabError, match="does not say what each update consumed"):
        replay(tmp_path)


def test_a_journal_without_a_start(tmp_path):
    """There is nothing to replay from."""
    Journal(tmp_path).observed(3, 1.0, {}, [], [0.1])
    with pytest.raises(LrlabError, match="does not begin with"):
        replay(tmp_path)


def test_an_lr_in_a_tensor_has_half_the_digits(tmp_path):
    """That of 32 bits is the same; another is none, in either."""
    for lr_of, differences in (
        (float, 0),
        (lambda value: float(np.float32(value)), 0),
        (lambda value: 1.001 * value, 3),
    ):
        folder = tmp_path / str(differences) / str(lr_of(0.1))
        run = Run(folder)
        for _ in range(3):
            run.train(7)
            run.pacer.observe(1.0)
            run.journal.observed(run.pacer.update, 1.0, {}, [], [lr_of(0.1 * run.pacer.value)])
        found = [each for each in replay(folder).differences if "the LR of group 0" in each]
        assert len(found) == differences


def test_an_lr_of_a_group_that_nobody_knows_is_passed_over(tmp_path):
    """A row may tell of more groups, or of fewer, than the state before it."""
    run = Run(tmp_path)
    for lrs in ([], [0.1 * run.pacer.value, 7.0]):
        run.pacer.observe(1.0)
        run.journal.observed(run.pacer.update, 1.0, {}, [], lrs)
    assert replay(tmp_path).differences == ()


def test_a_run_that_has_only_begun(tmp_path):
    """No update, and the groups that it has."""
    Run(tmp_path)
    found = replay(tmp_path)
    assert (found.updates, found.lrs.shape, found.observations) == (0, (1, 0), 0)
    assert [(piece.start, piece.stop) for piece in found.pieces] == [(0, 0)]


def test_what_was_trained_before_the_first_observation_is_known(tmp_path):
    """A process that is killed and resumed before any."""
    run = Run(tmp_path)
    run.train(30)
    run.journal.began("resumed", run.state())
    run.train(10)
    run.observe(1.0)
    assert replay(tmp_path).lrs[0].tolist() == [run.lrs[update] for update in range(40)]
