"""What is proposed: the baseline first, then nothing twice, and the same again for the same seed."""

import builtins

import pytest

from lrlab.errors import MissingExtra
from lrlab.lab.search.proposals import Proposals
from lrlab.lab.search.space import STRATEGIES, Strategy, strategies_of

LRS = (0.5, 1.0, 2.0)
ALL = strategies_of(STRATEGIES, (80, 160, 320))


def asked(seed, rounds=3, strategies=ALL):
    proposals = Proposals(strategies, LRS, seed)
    found = []
    for _ in range(rounds):
        batch = proposals.ask(6)
        for candidate in batch:
            proposals.tell(candidate, abs(candidate.lr - 1.0))
        found += batch
    return found


def test_the_baseline_comes_first_at_every_lr():
    """The race needs it, and its LR is to be as well chosen as that of others."""
    first = asked(0)[:3]
    assert [(candidate.name, candidate.lr) for candidate in first] == [(ALL[0].name, lr) for lr in LRS]


def test_a_seed_proposes_the_same_again():
    """Another one does not; this is what lets an interrupted search go on."""
    assert asked(7) == asked(7)
    assert asked(7) != asked(8)


def test_nothing_is_proposed_twice():
    """Where the space has no more, there are fewer, and no endless search."""
    found = asked(1, rounds=5)
    assert len(found) == len(set(found)) == 30
    small = asked(1, rounds=4, strategies=(ALL[0], Strategy("s", "linear(to={floor: 0|0.1})")))
    assert len(small) == 9
    assert all(candidate.schedule.over(100) for candidate in small)


def test_a_diverged_candidate_does_no_harm():
    """Its score is infinite."""
    proposals = Proposals(ALL, LRS, 0)
    for _ in range(6):
        for candidate in proposals.ask(4):
            proposals.tell(candidate, float("inf") if candidate.lr > 1 else 1.0)
    assert len(proposals.ask(4)) == 4


def test_without_optuna_it_says_what_to_type(monkeypatch):
    """One line."""
    real = builtins.__import__

    def none(name, *more, **options):
        if name == "optuna":
            raise ModuleNotFoundError("No module named 'optuna'", name="optuna")
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", none)
    with pytest.raises(MissingExtra, match=r'pip install "lrlab\[tune\]"'):
        Proposals(ALL, LRS, 0)


def test_it_says_nothing_on_its_own(capfd):
    """The line that a study has begun belongs to nobody here, and the user's own setting is left alone."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.INFO)
    asked(0, rounds=1)
    assert capfd.readouterr().err == ""
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
