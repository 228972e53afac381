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
from lrlab.lab.training import foreign
from lrlab.lab.training.values import array_digest, as_numpy
from lrlab.lab.training.worked import FIRST

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

    Raises `LrlabError` if a state is not of arrays, `step` gives no (state, loss), or `evaluate` no names.

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
        held.watch(stepped[0], run)
        held.set(stepped[0])
        run.log(loss=stepped[1])
        if run.eval_now:
            run.report(**by_name(evaluate(held.state)))
    return held.state


class _Held:
    """A pytree of arrays, as a thing with a state that can be stored: its leaves, in order."""

    def __init__(self, state: Any) -> None:
        self.state = _jax().tree.map(_strong, state)
        self._idle: int | None = 0  # updates that have changed nothing; None once one has

    def set(self, state: Any) -> None:
        """The next state. Types that give way to others are made firm, for so they come back from the store."""
        tree = _jax().tree
        before, after = tree.structure(self.state), tree.structure(state)
        if before != after:
            raise LrlabError(
                worded(
                    "step gives a state of another structure than init: training cannot fork", str(after), str(before)
                )
            )
        self.state = tree.map(_strong, state)

    def watch(self, state: Any, run: TrainingRun) -> None:
        """Raise `LrlabError` if the first updates, of an LR above 0, leave the state as it was, to the last bit."""
        if self._idle is None or not run.control["lr"]:
            return
        leaves = _jax().tree.leaves
        pairs = zip(leaves(self.state), leaves(state), strict=False)
        same = all(a is b or array_digest(as_numpy(a)) == array_digest(as_numpy(b)) for a, b in pairs)
        self._idle = self._idle + 1 if same else None
        if self._idle == min(FIRST, run.updates):
            raise LrlabError(
                worded("step gives back the state that it was given", f"{self._idle} updates", "the next state")
            )

    def state_dict(self) -> dict[str, Any]:
        leaves = _jax().tree.leaves(self.state)
        return {"leaves": [foreign.stored(leaf) if isinstance(leaf, _jax().Array) else leaf for leaf in leaves]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        leaves, tree = _jax().tree.flatten(self.state)
        pairs = zip(state["leaves"], leaves, strict=True)
        self.state = tree.unflatten([foreign.restored(a, b) if isinstance(a, dict) else a for a, b in pairs])


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


def _jax() -> Any:
    try:
        import jax
    except ModuleNotFoundError:
        raise missing("jax", "jax", "lr.functional") from None
    return jax
