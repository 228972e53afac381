"""The states of schedules inside an optimizer state: found, taken apart, and put together as they were."""

import numpy as np
import pytest

from lrlab.errors import LrlabError

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

from jax import numpy as jnp  # noqa: E402

from lrlab.adapters.optax import Scheduler  # noqa: E402
from lrlab.adapters.optax.state import ScheduleState, replaced, states  # noqa: E402

PLAIN = Scheduler("linear()", 1.0, 4).scale_by_learning_rate()


def test_every_state_is_found_however_deep():
    state = optax.chain(optax.scale_by_adam(), optax.chain(PLAIN, PLAIN)).init(jnp.ones(2))
    assert [type(found) for found in states(state)] == [ScheduleState, ScheduleState]
    with pytest.raises(LrlabError, match="no schedule in this optimizer state"):
        states(optax.adam(0.1).init(jnp.ones(2)))


def test_only_what_is_meant_is_replaced():
    """The others are the very same arrays."""
    first, second = PLAIN.init(None), PLAIN.init(None)._replace(count=jnp.int32(2))
    after = replaced((first, second), lambda s: int(s.count) == 2, lambda s: s._replace(count=jnp.int32(3)))
    assert [int(state.count) for state in after] == [0, 3]
    assert after[0] is first


def test_members_are_taken_apart_and_put_together():
    """In the shapes, the types and on the devices that they had; NumPy's arrays stay NumPy's."""
    many = jax.vmap(PLAIN.init)(jnp.zeros(3))._replace(count=jnp.arange(3, dtype=jnp.int32))
    assert [int(member.count) for member in many.members()] == [0, 1, 2]
    again = many.of(many.members()[::-1])
    assert again.count.tolist() == [2, 1, 0]
    for mine, other in zip(many, again, strict=True):
        assert (mine.shape, mine.dtype, mine.sharding) == (other.shape, other.dtype, other.sharding)
    plain = ScheduleState(*map(np.asarray, many))
    assert type(plain.of(plain.members()).count) is np.ndarray


def test_a_traced_state_has_no_members():
    with pytest.raises(LrlabError, match="between jitted steps"):
        jax.jit(lambda state: state.members()[0])(PLAIN.init(None))
