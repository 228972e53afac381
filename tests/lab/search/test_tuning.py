"""The search, on scores that are made up: it keeps to its budget, compares like with like, and finds what is there."""

import dataclasses
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.lab.search.proposals import Candidate, Proposals
from lrlab.lab.search.rungs import lengths_of, price
from lrlab.lab.search.space import STRATEGIES, Strategy, strategies_of
from lrlab.lab.search.tuning import Field, _sifted, candidates_within, least_budget, search
from lrlab.lab.search.units import Unit
from lrlab.lab.task.declaration import load_task

TASK = load_task(str(Path(__file__).parents[1] / "quadratic.py") + ":train")
UPDATES = 80
LRS = (0.5, 1.0, 2.0)
TWO = (Unit(0, 0), Unit(0, 1))


@dataclasses.dataclass
class Ended:
    score: float
    outcome: str = "finished"


class Made:
    """Runs that are made up: `score` of a job, plus noise of its own; and a list of what was asked for."""

    def __init__(self, score, noise=0.0, every=1):
        self.score, self.noise, self.every = score, noise, every
        self.asked, self.spent = [], 0

    def train(self, jobs):
        self.asked.append(jobs)
        self.spent += price(TASK, jobs, self.every)
        return [self.one(job) for job in jobs]

    def one(self, job):
        score = self.score(job)
        if not np.isfinite(score):
            return Ended(0.0, "diverged")
        seed = [job.fold, job.updates, *f"{job.arm.schedule}{job.lr}".encode()]
        return Ended(score + self.noise * np.random.default_rng(seed).normal())


def searched(made, budget=24.0, seed=0, updates=UPDATES, strategies=STRATEGIES, maximise=False):
    texts = strategies_of(strategies, lengths_of(updates))
    field = Field(TWO, 8, updates, 4, maximise, made.train, lambda jobs: price(TASK, jobs, made.every))
    return search(Proposals(texts, LRS, seed), len(LRS), field, int(budget * updates))


def by_lr(job):
    """The nearer to 2, the better; a floor costs."""
    return abs(np.log2(job.lr) - 1) + float(job.arm.schedule.over(job.updates).values()[-1])


@pytest.mark.parametrize(("budget", "noise", "every"), [(18.5, 0.3, 1), (31.3, 0.3, 10), (24.0, 0.0, UPDATES)])
def test_the_budget_is_never_exceeded(budget, noise, every):
    """Counted again by what was asked for; noise makes it carry as many as there is room for."""
    made = Made(by_lr, noise, every)
    found = searched(made, budget)
    assert found.spent == made.spent <= budget * UPDATES
    assert found.spent <= found.naive == sum(job.updates for jobs in made.asked for job in jobs)


def test_a_rung_compares_ends_of_whole_schedules_of_one_length():
    """Every call has runs of one length, under every unit alike; the lengths are a quarter, a half and the whole."""
    made = Made(by_lr, 0.1)
    searched(made)
    for jobs in made.asked:
        assert len({job.updates for job in jobs}) == 1
        fields = [[(job.arm, job.lr) for job in group] for _, group in groupby(jobs, lambda job: job.fold)]
        assert fields[0] == fields[1]
    assert [length for length, _ in groupby(jobs[0].updates for jobs in made.asked)] == [20, 40, 80]


def test_at_least_half_go_on():
    """At both rungs, whatever the noise."""
    found = searched(Made(by_lr, 1.0))
    assert all(2 * rung.kept >= rung.tried for rung in found.rungs[:-1])
    assert [rung.tried for rung in found.rungs[1:]] == [rung.kept for rung in found.rungs[:-1]]


def test_candidates_within_the_noise_are_carried():
    """Where nothing differs but by chance, all stay close, and go on as far as there is room."""
    noisy = searched(Made(lambda job: 0.0, 1.0), 40)
    assert noisy.rungs[0].carried >= 2
    assert noisy.rungs[0].noise > 0


def test_the_best_is_found_and_the_baseline_at_its_best_lr():
    """Without noise; both are chosen on the same runs."""
    found = searched(Made(lambda job: by_lr(job) - 0.1 * ("cosine" in str(job.arm.schedule))), 40)
    assert found.winner.lr == found.baseline.lr == 2.0
    assert "cosine" in str(found.winner.schedule)
    assert found.baseline.name == "warmup + linear"


def test_more_is_better_where_the_task_says_so():
    """The sign is the only difference."""
    least, most = searched(Made(by_lr)), searched(Made(lambda job: -by_lr(job)), maximise=True)
    assert least == most


def test_diverged_runs_are_out():
    """A diverged run never goes on; the baseline may lose LRs, but not all of them."""
    found = searched(Made(lambda job: np.inf if job.lr > 1 else by_lr(job)))
    assert found.winner.lr == found.baseline.lr == 1.0
    others_lost = searched(Made(lambda job: np.inf if job.arm.name != "warmup + linear" else by_lr(job)))
    assert others_lost.winner == others_lost.baseline
    with pytest.raises(LrlabError, match=r"baseline diverged(?s:.)*--lrs"):
        searched(Made(lambda job: np.inf if job.arm.name == "warmup + linear" else by_lr(job)))
    with pytest.raises(LrlabError, match="diverged"):
        searched(Made(lambda job: np.inf))
    made = Made(lambda job: np.inf)
    with pytest.raises(LrlabError, match=r"baseline diverged"):
        searched(made)
    assert all(made.asked)  # nobody is asked to train nothing


def test_a_small_space_ends_the_proposals():
    """Two schedules at three LRs beside the baseline."""
    found = searched(Made(by_lr), 60, strategies={"s": "cosine(to={floor: 0|0.1})"})
    assert found.rungs[0].tried == 9


def test_a_budget_too_small_is_said_before_anything_is_trained():
    """With the least one that would do, which does."""
    made = Made(by_lr)
    with pytest.raises(LrlabError, match=r"(?s)too small.*'12 runs'.*runs or more"):
        searched(made, 12)
    assert not made.asked
    least = least_budget(UPDATES, 2, len(LRS))
    assert candidates_within(least, UPDATES, 2, len(LRS)) == 4
    assert candidates_within(least - 1, UPDATES, 2, len(LRS)) == 0
    assert searched(made, least / UPDATES)


def test_an_interrupted_search_ends_the_same():
    """Proposals follow from seed and scores alone: stopped anywhere and begun again, it asks for the same runs."""
    whole = Made(by_lr, 0.1)
    found = searched(whole)
    for stop in (1, 2, len(whole.asked) - 1):
        again = Made(by_lr, 0.1)
        train = again.train

        def interrupted(jobs, again=again, train=train, stop=stop):
            if len(again.asked) == stop:
                raise KeyboardInterrupt
            return train(jobs)

        again.train = interrupted
        with pytest.raises(KeyboardInterrupt):
            searched(again)
        assert again.asked == whole.asked[:stop]
    assert searched(Made(by_lr, 0.1)) == found


def test_a_shortened_run_is_judged_once():
    """At its end; only a whole one is evaluated as often as the task asks."""
    field = Field(TWO, 5, UPDATES, 7, False, None, None, {"width": 8})
    candidates = [Candidate(Strategy("a", text), (), 1.0) for text in ("cosine()", "linear()")]
    for updates, evals in ((UPDATES, 7), (UPDATES // 2, 1)):
        jobs = field.jobs(candidates, updates)
        assert [(job.updates, job.evals, job.folds) for job in jobs] == [(updates, evals, 5)] * 4
        assert [(job.seed, job.fold) for job in jobs] == [(0, 0), (0, 0), (0, 1), (0, 1)]


def test_averaged_weights_are_part_of_a_candidate():
    """Its runs are judged by them; they share nothing with those without, and the price says so."""
    field = Field(TWO, 2, UPDATES, 1, False, None, None)
    bare, averaged = (Candidate(Strategy("a", each), (), 1.0) for each in ("constant()", "constant() @ ema 10%"))
    assert [job.arm.averaging for job in field.jobs([bare, averaged], UPDATES)] == [None, 0.1, None, 0.1]
    both = price(TASK, field.jobs([bare, averaged], UPDATES), 1)
    assert both == 2 * price(TASK, field.jobs([averaged], UPDATES), 1) == 4 * UPDATES


def alone(jobs):
    """The price of jobs that share nothing."""
    return sum(job.updates for job in jobs)


@pytest.mark.parametrize(
    ("length", "left", "kept"),
    [(40, 799, 3), (40, 880, 4), (40, 879, 3), (40, 1199, 5), (40, 1200, 6), (80, 800, 4), (80, 1119, 5), (80, 9e9, 6)],
)
def test_as_many_go_on_as_there_is_room_for(length, left, kept):
    """Half at least; what half of those will take at the whole length is kept back, at the last rung nothing."""
    field = Field(TWO, 5, 80, 7, False, None, alone)
    candidates = [Candidate(Strategy(f"{k}", "cosine()"), (), 1.0) for k in range(8)]
    scores = np.array([[1.0, 1.0], [2.0, 2.0], *([k, 9.0 - k] for k in (4.0, 5.0, 3.0, 6.0, 2.0, 7.0))])
    found = _sifted(candidates, scores, 2, field, length, left)
    assert (found.baselines, found.carried, found.dropped) == (1, kept - 3, 6 - kept)
    assert found.kept[0] == candidates[0]
    assert len({*found.kept}) == len(found.kept) == 1 + kept
    assert found.noise > 0


def test_what_a_search_costs_by_hand():
    """Four candidates and three baselines on two folds, then three and two, two and one: 280 + 400 + 480."""
    assert least_budget(80, 2, 3) == 1160
    with pytest.raises(LrlabError, match=r"(?s)'14\.4875 runs'.*14\.5 runs or more"):
        search(None, 3, Field(TWO, 5, 80, 7, False, None, alone), 1159)
    assert candidates_within(10**9, 80, 2, 3) == 10_000


def test_eight_are_asked_for_at_once():
    """Whatever the number of workers; each is told its mean, and the length of a whole run is judged."""
    made = Made(by_lr)
    found = searched(made)
    assert [len(jobs) for jobs in made.asked[:2]] == [16, 8]
    assert [rung.updates for rung in found.rungs] == [20, 40, 80]
    assert [rung.naive for rung in found.rungs] == [2 * rung.tried * rung.updates for rung in found.rungs]
    assert (found.rungs[-1].kept, found.rungs[-1].carried, found.rungs[-1].dropped) == (1, 0, 0)
