"""A schedule over a run: who may ask for what, and that whoever asks gets the same bits."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch

import lrlab as lr
from lrlab.core.resume.change import extended
from lrlab.core.run.curve import BLOCK, LAST


def test_every_block_is_the_same_bits():
    """values(), between(), block() and the pacer's blocks agree across block borders and the end of the run."""
    for n in (1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7):
        curve = (lr.warmup("3%") >> lr.cosine(to=0.1) * lr.inverse_sqrt()).over(n)
        values = curve.values()
        assert values.shape == (n,)
        for start, stop in [(0, n), (n // 2, n), (n // 3, n // 2), (0, 0), (n, n + 5)]:
            piece = curve.between(start, stop)
            assert piece.shape == (stop - start,)
            assert piece[: max(0, n - start)].tobytes() == values[start:stop].tobytes()
        for at in (0, n // 2, n - 1, n, n + BLOCK):
            first, block = curve.block(at)
            assert first <= at < first + len(block)


def test_a_function_is_asked_for_no_update_beyond_the_run():
    """A user's function may know the updates of its run only."""
    asked = []

    def listed(t):
        asked.append(t)
        return [1.0, 0.5, 0.25][t]

    curve = lr.function(listed).over(3)
    assert curve.values().tolist() == [1, 0.5, 0.25]
    pacer = lr.Pacer(curve)
    for _ in range(3):
        pacer.value  # noqa: B018
        pacer.advance()
    assert max(asked) == 2
    assert (lr.function(listed, span=3) >> lr.constant()).over(5).values().tolist() == [1, 0.5, 0.25, 1, 1]


def test_what_a_curve_may_be_asked():
    """Whole numbers of every kind, arrays of any shape, lists, nothing at all."""
    curve = lr.linear().over(10)
    assert curve(3) == curve(np.int64(3)) == curve(np.array(3)) == pytest.approx(0.7)
    assert type(curve(np.int64(3))) is float
    assert curve([]).shape == (0,)
    assert curve(np.arange(6).reshape(2, 3)).shape == (2, 3)
    assert curve(np.array([7, 1, 7], dtype=np.uint8)).tolist() == [curve(7), curve(1), curve(7)]
    assert curve(range(3)).tolist() == [curve(0), curve(1), curve(2)]
    assert curve(LAST) == 0


def test_a_whole_number_with_a_point_is_a_number_of_updates():
    """How many libraries count: in every reader of an update."""
    curve = lr.linear().over(10)
    for three in (3.0, np.float64(3), np.float32(3), np.array(3.0), torch.tensor(3), torch.tensor(3.0)):
        assert curve(three) == curve(3)
        pacer = lr.Pacer(curve)
        pacer.advance(three)
        assert pacer.update == 3
        assert extended(curve, three, 20, "rescale-rest").values().shape == (20,)
        assert lr.plateau(patience=three) == lr.plateau(patience=3)
    assert curve(np.array([0.0, 3.0])).tolist() == [1.0, curve(3)]
    assert curve([0.0, 3]).tolist() == [1.0, curve(3)]


@pytest.mark.parametrize("n", [1, 3, 10, 391, 10**4, 10**6])
def test_at_a_share_of_the_run(n):
    """The update that the share lies in; however the library has computed it, a whole one is that update."""
    curve = lr.table(np.linspace(1, 0, n)).over(n) if n < 10**5 else lr.linear().over(n)
    updates = np.unique(np.linspace(0, n - 1, min(n, 500), dtype=int))
    for shares in (updates / n, 1 - (n - updates) / n, 1 - (1 - updates / n)):
        assert curve.at(shares).tolist() == curve(updates).tolist()
        assert [curve.at(float(share)) for share in shares] == [curve(int(k)) for k in updates]
    assert curve.at((updates + 0.5) / n).tolist() == curve(updates).tolist()
    assert curve.at(1) == curve(n)
    assert curve.at(1.5) == curve(n + n // 2)
    if n <= 10**4:
        assert curve.at((updates / n).astype(np.float32)).tolist() == curve(updates).tolist()


def test_a_share_of_what_a_run_consumes():
    """In tokens, where it is measured in them; a run of unknown length has no shares."""
    assert lr.linear().over(lr.Horizon(tokens=1000)).at(0.25) == 0.75
    for curve in (lr.constant().over(), (lr.warmup(5) >> lr.linear()).over(lr.Horizon(tokens=1000))):
        with pytest.raises(lr.LrlabError, match=r"at\(\) needs to know how"):
            curve.at(0.5)
    for wrong in (-0.1, float("nan"), float("inf"), "half", None, [0.5, -1]):
        with pytest.raises(lr.LrlabError, match="at:"):
            lr.linear().over(10).at(wrong)


@pytest.mark.parametrize(
    "update",
    [
        -1,
        10**400,
        LAST + 1,
        0.5,
        1e300,
        float("nan"),
        float("inf"),
        True,
        np.bool_(True),
        None,
        "3",
        [1, [2]],
        [0.5],
        [-1],
        np.array([LAST + 1]),
        np.array([1.0, np.nan]),
        np.array([1e300]),
        {1},
        [None],
    ],
)
def test_what_no_curve_answers(update):
    """A worded error for what is not an update."""
    with pytest.raises(lr.LrlabError):
        lr.cosine().over(10)(update)


def test_long_runs_cost_nothing():
    """A curve of a quadrillion updates is made and asked at once; only all of its values are refused."""
    curve = (lr.warmup("1%") >> lr.cosine("33.3%").repeat(3)).over(10**15)
    assert 0 <= curve(10**14 * 7) <= 1
    with pytest.raises(lr.LrlabError, match="too many"):
        curve.values()
    for text in ("cosine(3).repeat()", "step(1)", 'cosine().repeat(cycle="1/7", stretch=2)'):
        assert isinstance(lr.parse(text).over(10**15)(10**15), float)


def test_a_horizon_is_not_needed_where_nothing_is_relative():
    """Fixed spans add up to the run; without them the length stays unknown and values() says what to type."""
    curve = (lr.warmup(10) >> lr.cosine(90)).over()
    assert curve.updates == 100
    assert curve.values().shape == (100,)
    with pytest.raises(lr.LrlabError, match=r"over\(10_000\)"):
        lr.exponential(gamma=0.9).over().values()
    with pytest.raises(lr.LrlabError, match=r"over\(10_000\)"):
        lr.cosine().over()


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_curve_goes_to_another_process(again):
    """Its functions are compiled anew: the same bits; and so may what runs along it, at its position."""
    curve = (lr.warmup("5%") >> lr.cosine(to=0.1) * lr.plateau(patience=1)).over(
        lr.Horizon(epochs=2, samples=300, updates_per_epoch=50)
    )
    assert again(curve).values().tobytes() == curve.values().tobytes()
    assert again(curve).controllers == curve.controllers
    tokens = lr.linear().over(lr.Horizon(tokens=1000))
    assert [again(tokens)(t) for t in (0, 250, 1000)] == [1.0, 0.75, 0.0]
    pacer = lr.Pacer(curve)
    pacer.advance(60)
    pacer.observe(1.0)
    pacer.observe(1.0)
    there = again(pacer)
    there.advance()
    pacer.advance()
    assert (there.value, there.decisions) == (pacer.value, pacer.decisions)
    assert there.decisions


def test_lr_is_the_base_times_the_multiplier():
    """lr(base) is in absolute values."""
    assert lr.linear().over(4).lr(0.2).tolist() == pytest.approx([0.2, 0.15, 0.1, 0.05])
    for wrong in (-0.2, float("nan")):
        with pytest.raises(lr.LrlabError, match="base_lr"):
            lr.linear().over(4).lr(wrong)


def test_common_prefix_ends_where_a_controller_begins():
    """A controller that only one has ends the prefix where it begins to act."""
    a = (lr.warmup(10) >> lr.constant()).over(50)
    b = (lr.warmup(10) >> lr.constant() * lr.plateau()).over(50)
    assert a.common_prefix(b) == 10
    assert b.common_prefix(b) == 50
    c = (lr.warmup(10) >> lr.constant() * lr.plateau(patience=3)).over(50)
    assert b.common_prefix(c) == 10


def test_common_prefix_of_wsd():
    """Two decays of one stable phase share it: the decay's first update is still at the peak."""
    assert lr.wsd(warmup=10, decay=20).over(100).common_prefix(lr.wsd(warmup=10, decay=40).over(100)) == 61
    assert lr.wsd(warmup=10, decay=20).over(10**5).common_prefix(lr.wsd(warmup=10, decay=20).over(10**5 + 9)) == 99981


def test_nothing_is_raised_for_overflow():
    """On the LR path an overflow is inf or nan, in scalars as in arrays."""
    for text in ("cosine().repeat(cycle=2, gain=1e300)", "linear(start=1e308, to=-1e308) * 1e300", "rex(beta=-1e308)"):
        curve = lr.parse(text).over(100)
        for i in (0, 1, 50, 99, 10**6):
            a, b = curve(i), curve(np.array([i]))[0]
            assert a == b or (np.isnan(a) and np.isnan(b))


def test_what_a_run_is_judged_by():
    """All updates, or of a very long run the first, the last, the beginnings of the phases, and many between."""
    times, values = lr.linear().over(1000).some()
    assert (times.tolist(), values.tolist()) == (list(range(1000)), lr.linear().over(1000).values().tolist())
    n = 10**9 + 7
    curve = (lr.warmup(12345) >> lr.cosine()).over(n)
    times, values = curve.some()
    assert {0, 12345, n - 1} <= set(times.tolist())
    assert len(times) < 10**6
    assert values.tolist() == curve(times).tolist()


def test_a_very_long_run_is_judged_by_updates_at_even_distances():
    """The first and the last among them, and the first of every phase."""
    times, values = (lr.warmup(1000) >> lr.cosine()).over(10**9).some()
    assert (times[0], times[-1], 1000 in times) == (0, 10**9 - 1, True)
    apart = np.diff(times[times != 1000])
    assert apart.max() - apart.min() <= 1
    assert len(times) == len(values)


def test_too_many_values_at_once_are_counted():
    """Those that are asked for, from wherever they begin."""
    curve = lr.constant().over(10**9)
    with pytest.raises(lr.LrlabError, match=r"(?s)5e\+08 values at once are too many.*at most 1e\+08"):
        curve.between(4 * 10**8, 9 * 10**8)
    assert curve.between(10**9 - 2, 10**9).tolist() == [1.0, 1.0]
    assert curve.between(5, 5).tolist() == []


@pytest.mark.parametrize("taken", [lambda c: c[0], lambda c: c[1:3], list])
def test_a_curve_is_no_list(taken):
    """Its values are asked for by a call: said, with the ways."""
    with pytest.raises(lr.LrlabError, match=r"curve\.values\(\)\[3:\]"):
        taken(lr.cosine().over(10))


def test_a_run_of_up_to_four_million_updates_is_judged_by_all():
    """A longer one by a sixteenth of so many."""
    assert len(lr.linear().over(2**22).some()[0]) == 2**22
    assert len(lr.linear().over(2**22 + 1).some()[0]) == 2**18
    with pytest.raises(lr.LrlabError, match="too many"):
        lr.linear().over(10**9).between(0, 10**8 + 1)


def test_a_curve_shows_itself_as_it_is_made():
    """By its updates where they are known, or else by what is known of the run."""
    assert repr(lr.linear().over(lr.Horizon(epochs=2, updates_per_epoch=50))) == "(linear()).over(100)"
    tokens = lr.Horizon(tokens=1000)
    assert repr(lr.linear().over(tokens)) == f"(linear()).over({tokens})"


def test_a_scheduler_of_torch_that_follows_a_curve_is_saved():
    """LambdaLR saves what a callable holds in its `__dict__`: with it, the first checkpoint ended the training."""
    curve = lr.parse('warmup("5%") >> cosine()').over(100)
    rates, saved = [], None
    for more in (40, 60):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, curve)
        if saved is not None:
            optimizer.load_state_dict(saved[0])
            scheduler.load_state_dict(saved[1])
        for _ in range(more):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        whole = io.BytesIO()
        torch.save((optimizer.state_dict(), scheduler.state_dict()), whole)
        saved = torch.load(io.BytesIO(whole.getvalue()), weights_only=True)
    assert rates == curve.values().tolist()
