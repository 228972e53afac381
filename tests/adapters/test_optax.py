"""JAX: the schedule as an Optax schedule, and the transformation that carries controllers."""

import functools
import json
import pickle

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.core.run.pacer import Pacer
from lrlab.errors import LrlabError
from lrlab.testing import AdapterCase

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

from jax import numpy as jnp  # noqa: E402

from lrlab.adapters.optax import MOST, RECORD, Scheduler, ScheduleState, schedule  # noqa: E402

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


# -- the schedule ---------------------------------------------------------------------------------------------------


def test_in_an_optimizer_of_optax():
    """The LR of each update, recomputed from the change of the weight under SGD: w' = w - lr * 1."""
    optimizer, w, trace = optax.sgd(schedule(COSINE, 0.1, 9)), jnp.ones(()), []
    state = optimizer.init(w)
    for _ in range(9):
        updates, state = jax.jit(optimizer.update)(jnp.ones(()), state)
        trace.append(-float(updates))
    assert trace == pytest.approx(0.1 * COSINE.over(9).values(), rel=1e-6)


def test_beside_plain_numbers_and_arrays():
    """A Python number, an array, a traced number: the same LR."""
    rate = schedule(COSINE, 0.1, 9)
    wanted = 0.1 * COSINE.over(9).values()
    assert float(rate(4)) == pytest.approx(wanted[4], rel=1e-6)
    assert np.asarray(rate(np.arange(9))) == pytest.approx(wanted, rel=1e-6)
    assert np.asarray(jax.vmap(rate)(jnp.arange(9))) == pytest.approx(wanted, rel=1e-6)
    assert np.asarray(jax.vmap(lambda base: base * rate(4))(jnp.array([1.0, 2.0]))).shape == (2,)


def test_injected():
    """inject_hyperparams takes it as any schedule, and shows the LR that an update has used."""
    optimizer = optax.inject_hyperparams(optax.adamw)(learning_rate=schedule(COSINE, 0.1, 9))
    state = optimizer.init(PARAMS)
    for update in range(4):
        _, state = trained(optimizer, state, 1)
        assert float(state.hyperparams["learning_rate"]) == pytest.approx(0.1 * COSINE.over(9)(update), rel=1e-6)


LONG = 10**9


@pytest.mark.parametrize(
    "s", [lr.step("7/30"), lr.cosine().repeat(cycle="3/70"), lr.constant() >> lr.linear(1000)], ids=str
)
def test_steps_beyond_what_float32_can_count(s):
    """Counts of 32 bits, times of 30: a boundary is where it belongs."""
    curve = s.over(LONG)
    near = np.arange(-4, 5)
    places = (2**24, LONG * 7 // 30, LONG * 14 // 30, LONG * 9 // 70, LONG - 1000, LONG)
    at = np.unique(np.concatenate([near + place for place in places]))
    assert np.asarray(schedule(s, 1.0, LONG)(at)) == pytest.approx(curve(at), abs=1e-6)


def test_a_controller_is_for_the_scheduler():
    """And the message says so."""
    with pytest.raises(LrlabError, match=r"Scheduler\(schedule, base_lr, horizon\)"):
        schedule(CUTS, 0.1, 9)


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
    "two": lr.cosine() * lr.plateau(metric="acc") * lr.plateau(metric="loss"),
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
    with jax.enable_x64(True):
        scheduler = Scheduler(CUTS, 0.1, 12)
        state = scheduler.scale_by_learning_rate().init(None)
        for _ in range(2):
            state = scheduler.observe(state, 1.0)
        assert scheduler.lr(state).dtype == "float64"
        assert float(scheduler.lr(state)) == pytest.approx(0.05, rel=1e-12)


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
    with jax.enable_x64(True):
        assert float(schedule("linear()", 0.1, 2**33)(2**32)) == pytest.approx(0.05, rel=1e-12)
    with pytest.raises(LrlabError, match="32 bits"):
        Scheduler("linear()", 0.1, 2**33)
