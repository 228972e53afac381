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
    assert mean.tolist() == pytest.approx([0.085, 1.2, 1.4])


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


def test_the_generic_prior_is_half_as_wide_again():
    """In each inner parameter, about the same means."""
    llm, generic = prior_for("elr", "llm"), prior_for("elr", "generic")
    assert generic.inner == {name: (mean, 1.5 * spread) for name, (mean, spread) in llm.inner.items()}
    assert (generic.miss, generic.early, generic.relative) == (0.01, 0.2, True)
    assert (generic.floor, generic.progress, generic.noise) == ((0.85, 0.15), (0.6, 0.6), (0.7, 0.7))


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
