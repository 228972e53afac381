"""A training of pure functions over pytrees, as in JAX: a state goes in, the next state comes out.

    def train(run):
        x, y = data(run.fold)
        lr.functional(run, init=init, step=step, evaluate=evaluate, batches=run.batches(len(x), 32))

    def init(key): ...                              # -> state: any pytree of arrays, such as (weights, opt_state)
    def step(state, batch, key, control): ...       # -> (state, loss); control["lr"] is a multiple of its own LR
    def evaluate(state): ...                        # -> {"val_loss": ...}

Nothing else holds state: the key of an update is a function of seed, fold and update, and so is its batch, where that
comes from `run.batches`. So training forks at any update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lrlab.errors import LrlabError, LrlabTypeError, missing, worded
from lrlab.lab.task.forms import by_name

if TYPE_CHECKING:
    from lrlab.lab.training.run import TrainingRun


def functional(
    run: TrainingRun,
    *,
    init: Callable[[Any], Any],
    step: Callable[[Any, Any, Any, Mapping[str, float]], tuple[Any, Any]],
    evaluate: Callable[[Any], Mapping[str, Any]],
    batches: Iterable[Any],
) -> Any:
    """Train `run` by pure functions, from `init(key)` by `step(state, batch, key, control)`, and give the last state.

    A state is a pytree of arrays and keys (numbers in it become arrays). `batches` is what `run.steps` takes. Functions
    that are jitted outside of the training function are compiled once for all stages of a worker.

    Raises `LrlabError` where a state is not of arrays, `step` gives no (state, loss), or `evaluate` no names.

    >>> import lrlab as lr
    >>> from lrlab.lab.training.run import TrainingRun
    >>> def step(state, batch, key, control):
    ...     return state + 0.5 * control["lr"] * (batch - state), (batch - state) ** 2
    >>> functional(
    ...     TrainingRun(lr.constant(), updates=3),
    ...     init=lambda key: 0.0,
    ...     step=step,
    ...     evaluate=lambda state: {"val_loss": abs(state - 1)},
    ...     batches=[1.0],
    ... )
    Array(0.875, dtype=float32)
    """
    jax = _jax()
    first, later = jax.random.split(jax.random.fold_in(jax.random.key(run.seed), run.fold))
    held = _Held(init(first))
    run.track(state=held)
    for update, batch in run.steps(batches):
        stepped = step(held.state, batch, jax.random.fold_in(later, update), run.control)
        if not isinstance(stepped, tuple) or len(stepped) != 2:
            raise LrlabTypeError(worded("step gives the next state and the loss", stepped, "return state, loss"))
        held.set(stepped[0])
        run.log(loss=stepped[1])
        if run.eval_now:
            run.report(**by_name(evaluate(held.state)))
    return held.state


class _Held:
    """A pytree of arrays, as a thing with a state that can be stored: its leaves, in order."""

    def __init__(self, state: Any) -> None:
        self.state = _jax().tree.map(_strong, state)

    def set(self, state: Any) -> None:
        """The next state. Types that give way to others are made firm, for so they come back from the store."""
        tree = _jax().tree
        before, after = tree.structure(self.state), tree.structure(state)
        if before != after:
            raise LrlabError(
                worded("step gives a state of another structure than init: training cannot fork", after, before)
            )
        self.state = tree.map(_strong, state)

    def state_dict(self) -> dict[str, Any]:
        return {"leaves": [_stored(leaf) for leaf in _jax().tree.leaves(self.state)]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        leaves, tree = _jax().tree.flatten(self.state)
        self.state = tree.unflatten(map(_restored, state["leaves"], leaves))


def _strong(leaf: Any) -> Any:
    """As an array of JAX, or of NumPy where it is one, that is not weakly typed."""
    import numpy as np

    jax = _jax()
    if isinstance(leaf, jax.Array):
        return leaf.astype(leaf.dtype) if getattr(leaf, "weak_type", False) else leaf  # a key has none
    if isinstance(leaf, np.ndarray | np.generic):
        return leaf
    if isinstance(leaf, bool | int | float | complex):
        number = jax.numpy.asarray(leaf)
        return number.astype(number.dtype)
    raise LrlabTypeError(worded("a state is a pytree of arrays", type(leaf).__name__, "arrays, keys and numbers"))


def _stored(leaf: Any) -> dict[str, Any]:
    """A leaf as arrays that the store knows: keys by their data, what NumPy has no numbers for by its bytes."""
    import numpy as np

    jax = _jax()
    if not isinstance(leaf, jax.Array):
        return {"numpy": leaf}
    if jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return {"key": np.asarray(jax.random.key_data(leaf)), "as": str(jax.random.key_impl(leaf))}
    array = np.asarray(leaf)
    if array.dtype.kind in "biuf":
        return {"array": array}
    return {"bytes": array[..., None].view(np.uint8), "as": array.dtype.name}


def _restored(stored: Mapping[str, Any], like: Any) -> Any:
    """The leaf that was stored, on the devices where `like` is."""
    jax = _jax()
    if "numpy" in stored:
        return stored["numpy"]
    if "key" in stored:
        return jax.random.wrap_key_data(stored["key"], impl=stored["as"])
    array = stored["array"] if "array" in stored else stored["bytes"].view(jax.numpy.dtype(stored["as"]))[..., 0]
    return jax.device_put(array, getattr(like, "sharding", None))


def _jax() -> Any:
    try:
        import jax
    except ModuleNotFoundError:
        raise missing("jax", "jax", "lr.functional") from None
    return jax
