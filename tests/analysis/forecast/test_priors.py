"""Priors by name, in part, and refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lrlab.analysis.forecast.law import fit_law
from lrlab.analysis.forecast.laws import FORMS
from lrlab.analysis.forecast.priors import prior_for, unlike_llm
from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun


@pytest.mark.parametrize("law", FORMS)
def test_every_law_has_a_prior_for_each_parameter(law):
    """By name and in the order of the form; generic is wider at the same centre."""
    llm, generic = prior_for(law, "llm"), prior_for(law, "generic")
    assert tuple(llm.inner) == FORMS[law].inner
    assert llm.mean.tolist() == generic.mean.tolist()
    assert (generic.sd > llm.sd).all()


def test_the_generic_prior_asks_less_of_the_law():
    """Other trainings follow it less closely, and later: the start of a run and small misses count less."""
    llm, generic = prior_for("elr", "llm"), prior_for("elr", "generic")
    assert generic.miss > llm.miss
    assert generic.early > llm.early


def test_a_part_can_be_given():
    """The others stay; the outer coefficients can be given too."""
    prior = prior_for("elr", {"alpha": (0.5, 0.01), "floor": (0.8, 0.2)})
    assert prior.inner["alpha"] == (0.5, 0.01)
    assert prior.floor == (0.8, 0.2)
    assert prior.inner["beta"] == prior_for("elr", "llm").inner["beta"]


def test_the_generic_prior_speaks_in_units_of_the_logs():
    """Progress and noise as shares of what the loss fell."""
    mean, _ = prior_for("elr", "generic").outer(0.1, 2.1)
    assert mean.tolist() == pytest.approx([0.05, 1.2, 1.4])


@pytest.mark.parametrize(
    ("law", "prior", "sentence"),
    [
        ("mlp", "llm", 'law="mpl"'),
        ("elr", "weak", "unknown prior"),
        ("elr", {"alfa": (0.5, 0.1)}, "no such parameter"),
        ("elr", {"alpha": (0.5, 0.0)}, "sd > 0"),
    ],
)
def test_what_there_is_not_is_answered(law, prior, sentence):
    """The error says what there is."""
    with pytest.raises(LrlabError, match=sentence):
        prior_for(law, prior)


def test_the_prior_of_the_multi_power_law_is_around_what_its_paper_found():
    """Within a spread of each parameter of the 400M model (arXiv:2503.12811)."""
    found = prior_for("mpl", "llm").inner
    published = {"alpha": 0.42878731, "log_c": math.log(2.02462735), "beta": 0.59350493, "gamma": 0.63472457}
    assert {name for name, (mean, spread) in found.items() if abs(mean - published[name]) > spread} == set()


@pytest.mark.parametrize(
    ("law", "floor", "progress", "noise"),
    [
        ("mpl", (0.85, 0.3), (0.5, 3.0), (400.0, 2000.0)),
        ("momentum", (0.85, 0.3), (0.5, 3.0), (0.5, 5.0)),
        ("convex", (0.85, 0.3), (0.5, 30.0), (0.5, 30.0)),
    ],
)
def test_reference_laws_are_fitted_nearly_freely(law, floor, progress, noise):
    """The floor within a third of the least loss below it, the other coefficients within many times themselves."""
    found = prior_for(law, "llm")
    assert (found.floor, found.progress, found.noise) == (floor, progress, noise)
    assert progress[1] >= 6 * progress[0]


def test_the_generic_prior_is_wider():
    """Half as wide again around the same means; how fast the loss falls, and to which floor, is hardly known."""
    llm, generic = prior_for("elr", "llm"), prior_for("elr", "generic")
    wider = {name: (mean, 1.5 * spread) for name, (mean, spread) in llm.inner.items()}
    assert generic.inner == {**wider, "alpha": (0.52, pytest.approx(0.18))}
    assert (generic.miss, generic.early, generic.relative) == (0.01, 0.2, True)
    assert (generic.floor, generic.progress, generic.noise) == ((0.5, 0.5), (0.6, 0.6), (0.7, 0.7))


@pytest.mark.parametrize("law", ["elr", "mpl", "momentum"])
def test_a_search_starts_at_the_mean_and_on_both_sides_of_it(law):
    """Two points beside the mean, opposite to each other, less than two spreads away."""
    prior = prior_for(law, "llm")
    mean, first, second = prior.points()
    assert mean.tolist() == [of for of, _ in prior.inner.values()]
    assert first - mean == pytest.approx(mean - second)
    away = np.abs(first - mean) / [spread for _, spread in prior.inner.values()]
    assert 0 < away.max() <= 1


def run(least=3.0, peak=1e-3, updates=3000):
    at = np.arange(updates // 30, updates + 1, updates // 30)
    return LogRun.from_arrays(at, least * (1 + (at / updates) ** -0.3 / 10), np.full(updates, peak))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, ""),
        ({"least": 0.3}, "least loss"),
        ({"least": 40.0}, "least loss"),
        ({"peak": 0.1}, "peak LR of 0.1"),
        ({"updates": 900}, "900 updates"),
    ],
)
def test_what_is_unlike_a_language_model_is_named(given, sentence):
    """Its loss, its LR, its length; then the generic prior is taken, with this as the reason."""
    found = unlike_llm([run(**given)])
    assert found == "" if not sentence else sentence in found
    law = fit_law(run(**given))
    assert law.prior == ("generic" if sentence else "llm")
    assert sentence in law.reason


def test_a_law_that_misses_the_logs_is_fitted_with_the_wider_prior():
    """Losses and LRs of a language model, under a curve that is none: the reason is the miss."""
    log = run()
    bent = replace(log, loss=3.0 + 2.0 * np.exp(-log.updates / 400))
    law = fit_law(bent)
    assert law.prior == "generic"
    assert 'with "llm" the law misses the logs by' in law.reason


def test_an_unknown_weight_decay_is_said_and_widens_the_intervals():
    """In one sentence, in whatever way the prior was chosen, and in the JSON; laws without a decay have none to say."""
    log = run()
    known, unknown = fit_law(replace(log, weight_decay=0.1)), fit_law(log)
    asked = np.linspace(1e-3, 0.0, 3000, endpoint=False)
    (_, low, high), (_, least, most) = (law.predict(asked).final for law in (known, unknown))
    assert most - least > high - low
    sentence = "no weight decay is known"
    assert sentence not in known.reason
    assert unknown.reason.startswith('prior "llm"')
    assert sentence in unknown.reason
    assert sentence in unknown.record()["reason"]
    assert fit_law(log, prior="generic").reason.startswith(sentence)
    assert fit_law(log, "convex", prior="llm").reason == ""


def test_the_prior_of_the_default_law_is_that_of_its_logs():
    """What twelve groups of logged language models came to: centres, and spreads widened by a third."""
    prior = prior_for("elr", "llm")
    assert prior.inner == {
        "alpha": (0.52, 0.06),
        "log_relaxation": (5.0, 1.8),
        "beta": (0.3, 0.25),
        "gamma": (0.0, 0.25),
        "noise_power": (0.79, 0.09),
        "log_decay": (-0.25, 0.4),
        "log_growth": (0.35, 0.75),
        "log_start": (-3.3, 1.2),
    }
    assert (prior.floor, prior.progress, prior.noise) == ((0.91, 0.06), (0.55, 0.35), (0.65, 0.5))
    assert (prior.relative, prior.miss, prior.early, prior.moved, prior.wander) == (
        False,
        1e-3,
        0.04,
        0.25,
        (0.012, 0.3),
    )
    assert prior_for("elr", "generic").moved == 0


@pytest.mark.parametrize(
    ("law", "inner", "step"),
    [
        ("mpl", {"alpha": (0.5, 0.3), "log_c": (0.7, 2.0), "beta": (0.5, 0.3), "gamma": (0.6, 0.3)}, {"log_c": 1}),
        ("momentum", {"alpha": (0.5, 0.3), "log_memory": (6.2, 1.0)}, {"log_memory": 1}),
        ("elr", None, {"log_relaxation": 1, "beta": -0.7, "gamma": 1, "log_growth": -1}),
        ("convex", {}, None),
    ],
)
def test_searches_begin_a_spread_away(law, inner, step):
    """In the direction in which short logs have a second basin; without inner parameters there is one point."""
    prior = prior_for(law, "llm")
    assert inner is None or prior.inner == inner
    starts = [step, {name: -by for name, by in step.items()}] if step else []
    wanted = [{name: mean + by.get(name, 0) * sd for name, (mean, sd) in prior.inner.items()} for by in ({}, *starts)]
    assert [point.tolist() for point in prior.points()] == [pytest.approx([*point.values()]) for point in wanted]


def test_the_outer_coefficients_are_measured_by_the_losses():
    """The floor by the least; progress and noise absolute, or by how far the loss fell. Without a lowered LR the floor
    lies 5 % lower."""
    mean, sd = prior_for("elr", "llm").outer(2.0, 5.0)
    assert (mean.tolist(), sd.tolist()) == (pytest.approx([1.82, 0.55, 0.65]), pytest.approx([0.12, 0.35, 0.5]))
    mean, sd = prior_for("elr", "llm").outer(2.0, 5.0, lowered=False)
    assert (mean.tolist(), sd.tolist()) == (pytest.approx([1.729, 0.55, 0.65]), pytest.approx([0.12, 0.35, 0.5]))
    mean, sd = prior_for("elr", "generic").outer(2.0, 5.0)
    assert (mean.tolist(), sd.tolist()) == (pytest.approx([1.0, 1.8, 2.1]), pytest.approx([1.0, 1.8, 2.1]))
    assert prior_for("elr", "llm").walk(2.0, mean) == pytest.approx((0.024, 0.63))


@pytest.mark.parametrize(
    ("given", "like"),
    [
        ({"least": 1.4}, True),
        ({"least": 1.39}, False),
        ({"least": 7.0}, True),
        ({"least": 7.01}, False),
        ({"peak": 2e-5}, True),
        ({"peak": 1.9e-5}, False),
        ({"peak": 1e-2}, True),
        ({"peak": 1.1e-2}, False),
        ({"updates": 1500}, True),
        ({"updates": 1499}, False),
    ],
)
def test_a_language_model_is_known_by_its_bounds(given, like):
    """1.4 to 7 nats, peaks of 2e-5 to 0.01, 1500 updates or more."""
    log = run(**given)
    if "least" in given:
        log = replace(log, loss=np.maximum(log.loss, given["least"]))
        log.loss[-1] = given["least"]
    assert (unlike_llm([log]) == "") == like


def test_of_several_logs_the_least_loss_the_highest_peak_and_the_longest_count():
    """One log of a short run beside a long one is none."""
    assert unlike_llm([run(updates=900), run()]) == ""
    assert "0.3" in unlike_llm([run(least=0.3), run()])
    assert "0.1" in unlike_llm([run(peak=0.1), run()])
