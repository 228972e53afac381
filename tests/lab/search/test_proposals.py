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


class Repeating:
    """A study that asks for one trial after the other, all alike after the first ones."""

    def __init__(self, lrs):
        self.trials, self.lrs, self.samplers, self.sampler = 0, lrs, [], None

    def ask(self):
        self.trials += 1
        self.samplers.append(type(self.sampler).__name__)
        return self

    def tell(self, *given, **more):
        pass

    def suggest_categorical(self, name, values):
        return values[0]

    def suggest_int(self, name, low, high):
        return min(self.trials - 1, high)


def test_a_thousand_repeats_are_the_end():
    """After five in a row they are drawn at random; each new call tries as often again."""
    proposals = Proposals((Strategy("s", "linear(to={floor: 0|0.1})"),), LRS, 0)
    proposals._study = study = Repeating(LRS)
    proposals._value = lambda *given: "0"
    assert [candidate.lr for candidate in proposals.ask(6)] == [*LRS]
    assert study.trials == 3 + 1000
    assert study.samplers[:8] == ["TPESampler"] * 8
    assert {*study.samplers[8:]} == {"RandomSampler"}
    assert proposals.ask(6) == []
    assert study.trials == 3 + 2000
    assert proposals.ask(0) == []
    assert study.trials == 3 + 2000


def test_a_space_that_is_used_up_is_not_asked():
    """One strategy without slots at three LRs."""
    proposals = Proposals(ALL[:1], LRS, 0)
    assert len(proposals.ask(9)) == 3
    assert proposals.ask(9) == []
    assert len(proposals._study.trials) == 3


def test_numbers_have_neighbours_for_the_sampler():
    """It goes by their place; words it takes as they are, and of LRs their place."""
    strategy = Strategy("s", "wsd(decay='{decay: 10|20|30}%', shape='{shape: linear|cosine}')")
    proposals = Proposals((strategy,), LRS, 0)
    proposals.ask(4)
    asked = proposals._study.trials[-1].distributions
    assert {name: type(each).__name__ for name, each in asked.items()} == {
        "strategy": "CategoricalDistribution",
        "lr": "IntDistribution",
        "s: decay": "IntDistribution",
        "s: shape": "CategoricalDistribution",
    }
    assert [(asked[name].low, asked[name].high) for name in ("lr", "s: decay")] == [(0, 2), (0, 2)]
