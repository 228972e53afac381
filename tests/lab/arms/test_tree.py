"""The stage tree: as large as the number of distinct prefixes, with forks where they may be; the promised savings."""

import itertools
import random

import pytest

import lrlab as lr
from lrlab.lab.arms.controls import ControlSpec, ControlTrace
from lrlab.lab.arms.tree import NOWHERE, aligned, split, tree, updates_of
from lrlab.testing.stage_sets import PROMISED, SETS, UPDATES


class Rows:
    """A control whose rows are given."""

    def __init__(self, rows):
        self._rows = rows

    def rows(self, start, stop):
        import numpy as np

        return np.array(self._rows[start:stop], dtype=float)[:, None]


def prefixes(all_rows):
    """The size of the trie, counted by its definition: the distinct non-empty prefixes."""
    return len({tuple(rows[:k]) for rows in all_rows for k in range(1, len(rows) + 1)})


@pytest.mark.parametrize("draw", range(30))
def test_the_size_is_the_number_of_distinct_prefixes(draw):
    """On random rows of few values, with equal ones among them; every arm's stages cover its run once."""
    rng = random.Random(draw)
    rows = [[rng.choice((1, 2)) for _ in range(12)] for _ in range(8)]
    rows += [rows[0][: rng.randrange(12)] + [3] * 12 for _ in range(4)]
    rows = [row[:12] for row in rows] + [rows[3][:12]]
    stages = tree([Rows(row) for row in rows], 12)
    assert updates_of(stages) == prefixes(rows)
    for arm in range(len(rows)):
        way = [node for node in stages if arm in node.arms]
        assert [way[0].start, *(node.stop for node in way)] == [*(node.start for node in way), 12]
        assert all(rows[other][: node.stop] == rows[arm][: node.stop] for node in way for other in node.arms)


@pytest.mark.parametrize("every", [2, 3, 5, 7, NOWHERE])
def test_forks_lie_at_multiples(every):
    """Where arms part in between, each trains the rest on its own; nothing is lost and nothing shared wrongly."""
    rng = random.Random(every)
    rows = [[1] * rng.randrange(12) + [k] * 12 for k in range(2, 9)]
    rows = [row[:12] for row in rows]
    stages = tree([Rows(row) for row in rows], 12, every)
    nodes = stages
    assert all(node.stop == 12 or node.stop % every == 0 for node in nodes)
    assert all(rows[a][: node.stop] == rows[b][: node.stop] for node in nodes for a, b in itertools.pairwise(node.arms))
    assert prefixes(rows) <= updates_of(stages) <= 12 * len(rows)
    assert (every != NOWHERE) or updates_of(stages) == 12 * len(rows)


def test_aligned_never_passes_the_update():
    """Down to the multiple; the end of the run always is one."""
    assert [aligned(update, 10, 4) for update in (0, 3, 4, 9, 10, 99)] == [0, 0, 4, 8, 10, 10]
    assert split([4, 2], lambda a, b: 7, 0, 9, every=8) == [((4,), 9), ((2,), 9)]


@pytest.mark.parametrize("name", SETS)
def test_sharing_saves_what_is_promised(name):
    """The four sets of the documentation, exactly counted."""
    controls = [ControlTrace(ControlSpec(schedule, 1.0), UPDATES) for schedule in SETS[name]]
    assert len(controls) == {"zoo of 16": 16}.get(name, len(controls))
    stages = tree(controls, UPDATES)
    assert 1 - updates_of(stages) / (UPDATES * len(controls)) >= PROMISED[name]
    by_epoch = tree(controls, UPDATES, every=100)
    assert updates_of(by_epoch) <= 1.02 * updates_of(stages)  # forks at epoch ends cost almost nothing


def test_smooth_decays_share_their_warmup_alone():
    """The honest case: three smooth decays, one warmup of a tenth."""
    arms = [lr.warmup("10%") >> decay for decay in (lr.cosine(), lr.linear(), lr.polynomial(power=2))]
    stages = tree([ControlTrace(ControlSpec(schedule, 1.0), 1000) for schedule in arms], 1000)
    assert (updates_of(stages), len(stages)) == (101 + 3 * 899, 4)


def test_a_thousand_forks_in_a_row():
    """Each arm decays one update later than the one before: the deepest tree there is, and none too deep."""
    n = 1000
    controls = [Rows([1.0] * k + [0.5] * (n + 1 - k)) for k in range(1, n + 1)]
    stages = tree(controls, n + 1)
    assert updates_of(stages) == n + sum(n + 1 - k for k in range(1, n + 1))
    assert len(stages) == 2 * n - 1


def test_nowhere_is_beyond_every_run():
    """And a whole number of 64 bits."""
    assert NOWHERE == 2**62
    assert aligned(10**9, 10**9 + 1, NOWHERE) == 0
