"""JAX: the gradient transformation that carries controllers."""

import functools
import json
import pickle

import numpy as np
import pytest

import lrlab as lr
from jax_precision import in_64_bits
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.run.pacer import Pacer
from lrlab.errors import LrlabError
from lrlab.testing import AdapterCase

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

from jax import numpy as jnp  # noqa: E402

from lrlab.adapters.optax import Scheduler, ScheduleState, schedule  # noqa: E402
from lrlab.adapters.optax.scheduler import MOST, RECORD  # noqa: E402

partition = getattr(optax, "partition", None) or optax.multi_transform  # its name before Optax 0.2.4
COSINE = lr.warmup(3) >> lr.cosine(to=0.1)
CUTS = lr.linear() * lr.plateau(patience=1, factor=0.5, threshold=1e9)  # the first sets the best, each later one cuts
PARAMS = {"w": jnp.ones(3), "b": jnp.zeros(())}


def chained(scheduler):
    return optax.chain(optax.scale_by_adam(), scheduler.scale_by_learning_rate())


@functools.cache
def step_of(optimizer):
    """A jitted training step on one loss."""

    def step(params, state):
        grads = jax.grad(lambda p: jnp.sum((p["w"] - 3) ** 2) + (p["b"] - 1) ** 2)(params)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state

    return jax.jit(step)


def trained(optimizer, state, updates, params=PARAMS):
    """So many updates; the parameters and the state."""
    for _ in range(updates):
        params, state = step_of(optimizer)(params, state)
    return params, state


class TestLaws(AdapterCase):
    """The laws of every adapter; a run is [scheduler, optimizer, state]."""

    tolerance = 1e-6

    def start(self, schedule, updates, base_lr):
        scheduler = Scheduler(schedule, base_lr, updates)
        optimizer = scheduler.scale_by_learning_rate()
        return [scheduler, optimizer, optimizer.init(PARAMS)]

    def lr(self, run):
        return float(run[0].lr(run[2]))

    def update(self, run):
        _, run[2] = run[1].update(PARAMS, run[2], PARAMS)

    def state(self, run):
        return run[0].state_dict(run[2])

    def load(self, run, state):
        run[2] = run[0].load_state_dict(run[2], state)

    def observe(self, run, metric):
        run[2] = run[0].observe(run[2], metric)


# -- the transformation ---------------------------------------------------------------------------------------------


def test_the_lr_is_readable():
    """Read before an update, it is what that update uses; inside jit too."""
    scheduler = Scheduler(COSINE, 0.1, 9)
    optimizer = optax.chain(scheduler.scale_by_learning_rate())
    state = optimizer.init(PARAMS)
    for update in range(12):
        rate = float(jax.jit(scheduler.lr)(state))
        updates, state = optimizer.update(PARAMS, state, PARAMS, value=1.0)  # what others take is ignored
        assert rate == pytest.approx(0.1 * COSINE.over(9)(update), rel=1e-6)
        assert np.asarray(updates["w"]) == pytest.approx(-rate, rel=1e-6)


def test_controllers_between_jitted_steps():
    """Each decision is in force from the next update on; the factor acts inside the formula, under jit."""
    scheduler = Scheduler(CUTS, 0.1, 12)
    optimizer = chained(scheduler)
    state = optimizer.init(PARAMS)
    rates = []
    for _ in range(4):
        for _ in range(3):
            rates.append(float(scheduler.lr(state)))
            _, state = trained(optimizer, state, 1)
        state = scheduler.observe(state, 1.0)
    assert rates == pytest.approx(0.1 * lr.linear().over(12).values() * np.repeat([1, 1, 0.5, 0.25], 3), rel=1e-6)
    assert [decision.update for decision in scheduler.decisions(state)] == [6, 9, 12]


def test_a_controller_acts_in_its_own_phase():
    """Inside a phase it neither hears nor acts before or after it, in a traced update as on the host."""
    s = lr.linear(4) >> lr.constant(4) * lr.plateau(patience=1, factor=0.5, threshold=1e9) >> lr.linear(4)
    scheduler, pacer = Scheduler(s, 1.0), Pacer(s.over())
    optimizer = chained(scheduler)
    state = optimizer.init(PARAMS)
    for _ in range(12):
        assert float(scheduler.lr(state)) == pytest.approx(pacer.value, rel=1e-6)
        _, state = trained(optimizer, state, 1)
        pacer.advance()
        state = scheduler.observe(state, 1.0)
        pacer.observe(1.0)
    assert scheduler.decisions(state) == pacer.decisions


KINDS = {
    "constant": lr.constant(),
    "cosine": lr.cosine(),
    "wsd": lr.wsd(),
    "plateau": CUTS,
    "two": lr.cosine() * lr.plateau(metric="acc", mode="max") * lr.plateau(metric="loss"),
}


@pytest.mark.parametrize("after", KINDS)
@pytest.mark.parametrize("before", KINDS)
def test_the_state_restores_across_schedules(before, after):
    """Every pair: the tree, its shapes and types are equal, the run goes on by the new schedule at the old count."""
    first, second = Scheduler(KINDS[before], 0.1, 50), Scheduler(KINDS[after], 0.1, 50)
    params, state = trained(chained(first), chained(first).init(PARAMS), 3)
    if first.curve.controllers:
        for _ in range(2):
            state = first.observe(state, 1.0, acc=1.0, loss=1.0)
    template = chained(second).init(PARAMS)
    assert jax.tree.structure(state) == jax.tree.structure(template)
    leaves = [[(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(tree)] for tree in (state, template)]
    assert leaves[0] == leaves[1]
    restored = jax.tree.unflatten(jax.tree.structure(template), pickle.loads(pickle.dumps(jax.tree.leaves(state))))
    factor = 0.5 if before == after == "plateau" else 1.0
    assert float(second.lr(restored)) == pytest.approx(0.1 * factor * KINDS[after].over(50)(3), rel=1e-6)
    _, restored = trained(chained(second), restored, 2, params)
    if second.curve.controllers:
        restored = second.observe(restored, 1.0, acc=1.0, loss=1.0)
    assert second.state_dict(restored)["update"] == 5


def test_under_accumulation_and_rejection():
    """MultiSteps and apply_if_finite: only updates that were made count."""
    scheduler = Scheduler(COSINE, 0.1, 9)
    optimizer = optax.MultiSteps(chained(scheduler), every_k_schedule=4)
    _, state = trained(optimizer, optimizer.init(PARAMS), 12)
    assert scheduler.state_dict(state)["update"] == 3
    assert float(scheduler.lr(state)) == pytest.approx(0.1 * COSINE.over(9)(3), rel=1e-6)
    optimizer = optax.apply_if_finite(chained(scheduler), max_consecutive_errors=5)
    state = optimizer.init(PARAMS)
    for bad in (1.0, np.nan, 1.0, np.inf):
        _, state = optimizer.update(jax.tree.map(lambda p, bad=bad: p + bad, PARAMS), state, PARAMS)
    assert scheduler.state_dict(state)["update"] == 2


def test_under_injection_and_vmap():
    """Other hyper-parameters injected around it; a batch of runs at once."""
    scheduler = Scheduler(COSINE, 0.1, 9)

    def made(weight_decay):
        return optax.chain(optax.add_decayed_weights(weight_decay), scheduler.scale_by_learning_rate())

    optimizer = optax.inject_hyperparams(made)(weight_decay=0.01)
    _, state = trained(optimizer, optimizer.init(PARAMS), 3)
    assert float(scheduler.lr(state)) == pytest.approx(0.1 * COSINE.over(9)(3), rel=1e-6)
    plain = scheduler.scale_by_learning_rate()
    states = jax.vmap(plain.init)(jnp.zeros(5))
    updates, _ = jax.vmap(plain.update)(jnp.ones(5), states)
    assert np.asarray(updates) == pytest.approx(-0.1 * COSINE.over(9)(0), rel=1e-6)


def test_the_kind_of_an_update_is_kept():
    """bfloat16 stays bfloat16, rounded once; None stays None."""
    transformation = Scheduler(lr.constant(), 0.1).scale_by_learning_rate()
    updates = {"half": jnp.asarray(3.0, jnp.bfloat16), "none": None}
    scaled, _ = transformation.update(updates, transformation.init(None))
    assert scaled["none"] is None
    assert scaled["half"].dtype == jnp.bfloat16
    assert float(scaled["half"]) == float(jnp.asarray(-0.3, jnp.bfloat16))


def test_a_record_moves_from_torch_to_jax_and_back():
    """Position, controllers and decisions, in mid-run, through JSON; the LR on the far side is the same."""
    torch = pytest.importorskip("torch")
    from lrlab.adapters.torch.scheduler import Scheduler as TorchScheduler

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    there = TorchScheduler(optimizer, CUTS, horizon=12)
    for _ in range(6):
        optimizer.step(), there.step()
    there.observe(1.0), there.observe(1.0)
    here = Scheduler(CUTS, 0.1, 12)
    state = here.load_state_dict(chained(here).init(PARAMS), json.loads(json.dumps(there.state_dict())))
    assert float(here.lr(state)) == pytest.approx(there.get_last_lr()[0], rel=1e-6)
    _, state = trained(chained(here), state, 2)
    state = here.observe(state, 1.0)
    there.load_state_dict(json.loads(json.dumps(here.state_dict(state))))
    assert (there.update, there.decisions) == (8, here.decisions(state))
    assert there.get_last_lr() == [0.1 * lr.linear().over(12)(8) * 0.25]
    for _ in range(2):
        optimizer.step(), there.step()
    assert optimizer.param_groups[0]["lr"] == 0.1 * lr.linear().over(12)(10) * 0.25


def test_a_record_of_another_schedule_stops():
    """The configuration is the code's: the difference is shown, or with "take" passed over."""
    scheduler = Scheduler(lr.cosine(), 0.1, 200)
    state = chained(scheduler).init(PARAMS)
    pacer = Pacer(lr.cosine().over(100))
    pacer.advance(50)
    record = Checkpoint.of(pacer, [0.1]).record()
    with pytest.raises(LrlabError, match="horizon"):
        scheduler.load_state_dict(state, record)
    taken = scheduler.load_state_dict(state, record, on_change="take")
    assert float(scheduler.lr(taken)) == pytest.approx(0.1 * lr.cosine().over(200)(50), rel=1e-6)
    with pytest.raises(LrlabError, match='"stop", "take"'):
        scheduler.load_state_dict(state, record, on_change="keep")


def test_a_record_that_is_full_forgets_the_earliest():
    """Hundreds of decisions: the shape stays, the latest are kept, the controllers' states are whole."""
    s = lr.constant() * lr.plateau(patience=1, factor=0.999, threshold=1e9)
    scheduler = Scheduler(s, 0.1, 1000)
    pacer = Pacer(s.over(1000))
    for _ in range(300):
        pacer.advance()
        pacer.observe(1.0)
    state = scheduler._state(pacer)
    assert state.record.shape == (RECORD,)
    kept = scheduler.decisions(state)
    assert 50 < len(kept) < 299
    assert kept == pacer.decisions[-len(kept) :]
    assert scheduler._pacer(state).states == pacer.states


def test_x64():
    """Under x64 the LR, and what it multiplies, are those of float64."""
    with in_64_bits():
        scheduler = Scheduler(CUTS, 0.1, 12)
        state = scheduler.scale_by_learning_rate().init(None)
        for _ in range(2):
            state = scheduler.observe(state, 1.0)
        assert scheduler.lr(state).dtype == "float64"
        assert float(scheduler.lr(state)) == pytest.approx(0.05, rel=1e-12)
        _, state = jax.jit(scheduler.scale_by_learning_rate().update)(PARAMS, state, PARAMS)
        assert float(scheduler.lr(state)) == pytest.approx(0.05 * CUTS.over(12)(1), rel=1e-12)


def test_what_cannot_work_is_refused():
    """A state without a schedule, too many controllers, an LR that is none."""
    scheduler = Scheduler(lr.cosine(), 0.1, 9)
    with pytest.raises(LrlabError, match="no schedule in this optimizer state"):
        scheduler.lr(optax.adam(0.1).init(PARAMS))
    many = lr.cosine()
    for k in range(MOST + 1):
        many = many * lr.plateau(name=f"p{k}")
    with pytest.raises(LrlabError, match="too many controllers"):
        Scheduler(many, 0.1, 9)
    with pytest.raises(LrlabError, match="base_lr"):
        Scheduler(lr.cosine(), 0, 9)
    assert ScheduleState._fields == ("count", "scale", "factors", "owner", "record")


def test_a_horizon_beyond_32_bits_is_refused_at_construction():
    """A schedule is right under x64; a Scheduler's state counts in 32 bits always."""
    with pytest.raises(LrlabError, match="32 bits"):
        schedule("linear()", 0.1, 2**33)
    with in_64_bits():
        assert float(schedule("linear()", 0.1, 2**33)(2**32)) == pytest.approx(0.05, rel=1e-12)
    with pytest.raises(LrlabError, match="32 bits"):
        Scheduler("linear()", 0.1, 2**33)


# -- whose state ----------------------------------------------------------------------------------------------------


def cutting(metric=None, factor=0.5, **arguments):
    """Cuts at every observation but the first."""
    kept = {"patience": 1, "threshold": 1e9}
    return Scheduler(lr.constant() * lr.plateau(metric=metric, factor=factor, **kept), 1.0, 20, **arguments)


def parted(**schedulers):
    """One label, and one parameter, for each scheduler."""
    transformations = {name: scheduler.scale_by_learning_rate() for name, scheduler in schedulers.items()}
    optimizer = partition(transformations, {name: name for name in schedulers})
    params = dict.fromkeys(schedulers, jnp.ones(()))
    return optimizer, optimizer.init(params), params


def used(optimizer, state, params):
    """The LR that each parameter's next update uses."""
    updates, _ = optimizer.update(params, state, params)
    return {name: -float(update) for name, update in updates.items()}


def test_two_schedulers_in_one_state_hear_their_own_metric():
    """Whoever is asked, reads and writes its own state, in each order; the other's stays as it is."""
    a = Scheduler("constant() * plateau(metric='va', patience=1, factor=0.5)", base_lr=1.0, horizon=20)
    b = Scheduler("constant() * plateau(metric='vb', patience=9, factor=0.1)", base_lr=1.0, horizon=20)
    for labels in ({"x": a, "y": b}, {"y": b, "x": a}, {"b": a, "a": b}):
        optimizer, state, params = parted(**labels)
        names = {id(scheduler): name for name, scheduler in labels.items()}
        for _ in range(3):
            state = a.observe(state, va=1.0)
        assert used(optimizer, state, params) == {names[id(a)]: 0.25, names[id(b)]: 1.0}
        assert (float(a.lr(state)), float(b.lr(state))) == (0.25, 1.0)
        assert (len(a.decisions(state)), b.decisions(state)) == (2, ())


def test_the_lr_of_one_of_two_is_known_inside_jit():
    a, b = cutting("va"), cutting("vb", 0.1)
    _, state, _ = parted(x=a, y=b)
    for _ in range(3):
        state = a.observe(state, va=1.0)
    assert [float(jax.jit(scheduler.lr)(state)) for scheduler in (a, b)] == [0.25, 1.0]


def test_restoring_one_of_two_keeps_the_other():
    """The record of b does not go into a's state."""
    a, b = cutting("va"), cutting("vb", 0.1)
    _, state, _ = parted(x=a, y=b)
    for _ in range(2):
        state = b.observe(a.observe(state, va=1.0), vb=1.0)
    records = a.state_dict(state), b.state_dict(state)
    _, fresh, _ = parted(x=a, y=b)
    fresh = b.load_state_dict(fresh, records[1])
    assert (float(a.lr(fresh)), float(b.lr(fresh))) == pytest.approx((1.0, 0.1))
    fresh = a.load_state_dict(fresh, records[0])
    assert (float(a.lr(fresh)), float(b.lr(fresh))) == pytest.approx((0.5, 0.1))
    assert (a.state_dict(fresh), b.state_dict(fresh)) == records


def test_schedulers_that_differ_in_base_lr_or_horizon_are_two():
    s = lr.linear() * lr.plateau(patience=1, threshold=1e9)
    for other in (Scheduler(s, 0.2, 20), Scheduler(s, 0.1, 40)):
        one = Scheduler(s, 0.1, 20)
        _, state, _ = parted(x=one, y=other)
        for _ in range(2):
            state = other.observe(state, 1.0)
        assert float(one.lr(state)) == pytest.approx(0.1)
        assert (len(one.decisions(state)), len(other.decisions(state))) == (0, 1)


def test_two_schedulers_that_are_alike_need_names():
    """Nobody can say which of them is told: refused, in every call; inside jit the LR is NaN where they differ."""
    one, other = (Scheduler("linear() * plateau()", 1.0, 4) for _ in range(2))
    optimizer, state, params = parted(x=one, y=other)
    with pytest.raises(LrlabError, match='name="encoder"'):
        one.observe(state, 1.0)
    with pytest.raises(LrlabError, match='name="encoder"'):
        one.load_state_dict(state, one.state_dict(state))
    assert float(one.lr(state)) == 1.0  # they agree
    apart = {**state.inner_states, "x": optimizer.update(params, state, params)[1].inner_states["x"]}
    state = state._replace(inner_states=apart)
    for call in (one.lr, one.decisions, one.state_dict):
        with pytest.raises(LrlabError, match='name="encoder"'):
            call(state)
    assert np.isnan(float(jax.jit(one.lr)(state)))


def test_names_tell_two_schedulers_apart():
    """And may go on under another schedule, each with its own count and factor."""
    one, other = cutting(name="one"), cutting(name="other")
    optimizer, state, params = parted(x=one, y=other)
    for _ in range(2):
        state = one.observe(state, 1.0)
    assert used(optimizer, state, params) == {"x": 0.5, "y": 1.0}
    _, state = optimizer.update(params, state, params)
    again = Scheduler(lr.linear(), 1.0, 4, name="other")
    assert float(again.lr(state)) == 0.75
    assert float(cutting("val_loss", name="one").lr(state)) == 0.5
    with pytest.raises(LrlabError, match="name"):
        cutting(name="")


def test_a_name_at_two_places_is_one_scheduler():
    """Who gives one scheduler with a name to two labels means both."""
    both = cutting(name="both")
    optimizer, state, params = parted(x=both, y=both)
    for _ in range(2):
        state = both.observe(state, 1.0)
    assert used(optimizer, state, params) == {"x": 0.5, "y": 0.5}
    assert len(both.decisions(state)) == 1


def test_a_scheduler_that_has_no_state_there_is_refused():
    _, state, _ = parted(x=cutting("va"), y=cutting("vb"))
    for call in (Scheduler.lr, Scheduler.decisions, lambda c, state: c.observe(state, vc=1.0)):
        with pytest.raises(LrlabError, match="none of the 2 schedules"):
            call(cutting("vc"), state)
    assert np.isnan(float(jax.jit(cutting("vc").lr)(state)))


def test_a_state_written_before_states_had_owners_is_read():
    """As version 0.1.0 wrote it before: the mark of its controllers holds, so that the factor acts in jit."""
    scheduler = Scheduler(CUTS, 0.1, 12)
    fresh = scheduler.scale_by_learning_rate().init(None)
    record = json.dumps(
        {"version": 2, "update": 0, "scale": 1.0, "decisions": [], "changes": [], "controllers": {"plateau1": {
            "best": 1.0, "bad": 0, "cooldown": 0, "factor": 0.5, "observed": 2, "event": "", "cause": "",
            "mean": None, "pending": 0,
        }}}
    )  # fmt: skip
    old = fresh._replace(
        count=jnp.int32(3),
        factors=fresh.factors.at[0].set(0.5),
        owner=jnp.int32(1567216783),
        record=jnp.asarray(np.frombuffer(record.encode().ljust(RECORD), np.uint8)),
    )
    expected = 0.1 * 0.5 * lr.linear().over(12)(3)
    assert float(jax.jit(scheduler.lr)(old)) == pytest.approx(expected, rel=1e-6)
    assert float(scheduler.lr(scheduler.observe(old, 1.0))) == pytest.approx(expected / 2, rel=1e-6)


# -- boxes and members ----------------------------------------------------------------------------------------------


def test_in_an_optimizer_of_flax():
    """nnx keeps each array in a box of its own; an observation leaves the boxes as they are."""
    nnx = pytest.importorskip("flax.nnx")
    scheduler, model = cutting(), nnx.Linear(2, 1, rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, chained(scheduler), wrt=nnx.Param)
    before = jax.tree.structure(optimizer.opt_state)
    for _ in range(2):
        optimizer.opt_state = scheduler.observe(optimizer.opt_state, 1.0)
    assert jax.tree.structure(optimizer.opt_state) == before

    @nnx.jit
    def step(model, optimizer):
        rate = scheduler.lr(optimizer.opt_state)
        optimizer.update(model, nnx.grad(lambda m: m(jnp.ones((1, 2))).sum())(model))
        return rate

    assert float(step(model, optimizer)) == 0.5
    record = scheduler.state_dict(optimizer.opt_state)
    assert (record["update"], len(record["decisions"])) == (1, 1)
    fresh = nnx.Optimizer(model, chained(scheduler), wrt=nnx.Param)
    fresh.opt_state = scheduler.load_state_dict(fresh.opt_state, record)
    assert float(step(model, fresh)) == 0.5


def test_each_member_of_a_mapped_state_has_its_own_lr():
    """After observations of its own, each; a number reaches all."""
    scheduler = cutting()
    plain = scheduler.scale_by_learning_rate()
    states = jax.vmap(plain.init)(jnp.zeros(3))
    states = scheduler.observe(states, 1.0)
    states = jax.tree.map(jnp.array, scheduler.observe(states, np.array([1.0, np.nan, 1.0])))
    assert scheduler.lr(states).tolist() == [0.5, 1.0, 0.5]
    assert jax.jit(scheduler.lr)(states).tolist() == [0.5, 1.0, 0.5]
    updates, states = jax.vmap(plain.update)(jnp.ones(3), states)
    assert updates.tolist() == [-0.5, -1.0, -0.5]
    assert states.count.tolist() == [1, 1, 1]
    with pytest.raises(LrlabError, match=r"3 members[\s\S]*leaf\[0\]"):
        scheduler.state_dict(states)
    member = jax.tree.map(lambda leaf: leaf[1], states)
    assert [decision.event for decision in scheduler.decisions(member)] == ["nan"]
    with pytest.raises(LrlabError, match="one for each member"):
        scheduler.observe(states, np.ones(2))


def test_members_that_are_alike_are_one():
    """Replicas: one record, one list of decisions; a record is loaded into each, on its own device."""
    scheduler = cutting()
    plain = scheduler.scale_by_learning_rate()
    replicas = jax.tree.map(lambda leaf: jnp.stack([leaf] * 4).reshape(2, 2, *leaf.shape), plain.init(None))
    for _ in range(2):
        replicas = scheduler.observe(replicas, 1.0)
    assert len(scheduler.decisions(replicas)) == 1
    record = scheduler.state_dict(replicas)
    loaded = scheduler.load_state_dict(jax.vmap(plain.init)(jnp.zeros(2)), record)
    assert scheduler.lr(loaded).tolist() == [0.5, 0.5]
    assert loaded.record.shape == (2, RECORD)


def test_what_is_read_on_the_host_is_refused_inside_jit_in_words():
    scheduler = cutting()
    state = scheduler.scale_by_learning_rate().init(None)
    for call in (lambda s: scheduler.observe(s, 1.0), scheduler.decisions):
        with pytest.raises(LrlabError, match="between jitted steps"):
            jax.jit(call)(state)


@pytest.mark.parametrize("update", [1.0, 2, np.float32(1.0), np.ones(2), jnp.arange(2)], ids=str)
def test_updates_of_any_kind_are_scaled(update):
    """A Python number becomes an array of floats, as Optax' own scale_by_learning_rate makes it."""
    transformation = Scheduler(lr.constant(), 0.5).scale_by_learning_rate()
    scaled, _ = transformation.update(update, transformation.init(None))
    theirs = optax.scale_by_learning_rate(0.5)
    expected, _ = theirs.update(update, theirs.init(None))
    assert np.asarray(scaled).tolist() == np.asarray(expected).tolist()


def test_a_controller_that_hears_nothing_is_said_once(caplog):
    """When the state is looked at, a thousand updates into its phase."""
    scheduler = Scheduler(lr.constant() * lr.plateau(metric="a") * lr.plateau(metric="b"), 0.1, 5000)
    state = scheduler.scale_by_learning_rate().init(None)
    for count in (999, 1000, 2000):
        state = scheduler.observe(state._replace(count=jnp.int32(count)), a=1.0)
        assert caplog.text.count("heard nothing") == (count >= 1000)
    assert 'metric="b"' in caplog.text


def test_updates_after_the_end_are_said_once_where_the_host_looks(caplog):
    """Inside jit nothing can be said; an observation, a look at the position or a checkpoint is on the host."""
    scheduler = Scheduler("linear() * plateau()", 0.1, 3)
    optimizer = scheduler.scale_by_learning_rate()
    _, state = trained(optimizer, optimizer.init(PARAMS), 3)
    scheduler.observe(state, 1.0)
    assert not caplog.records
    _, state = trained(optimizer, state, 1)
    for _ in range(2):
        state = scheduler.observe(state, 1.0)
        scheduler.state_dict(state)
    assert [record.getMessage() for record in caplog.records] == [
        "Updates are made after the end of the schedule (update 3), at an LR of 0: a longer horizon."
    ]
