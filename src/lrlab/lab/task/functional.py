"""A training by pure functions over pytrees, as in JAX: a state goes in, the next state comes out.

    def train(run):
        x, y = data(run.fold)
        lr.functional(run, init=init, step=step, evaluate=evaluate, batches=run.batches(len(x), 32))

    def init(key): ...                              # -> state: any pytree of arrays, such as (weights, opt_state)
    def step(state, batch, key, control): ...       # -> (state, loss); control["lr"] is a multiple of its own LR
    def evaluate(state): ...                        # -> {"val_loss": ...}

Nothing else holds state: the key of an update is a function of seed, fold and update, and so is its batch, if it comes
from `run.batches`. Therefore training can fork at any update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrlab.errors import LrlabError, LrlabTypeError, missing, worded
from lrlab.lab.task.for_many import IMPURE
from lrlab.lab.task.forms import by_name
from lrlab.lab.training import foreign
from lrlab.lab.training.lane import Lane, PureTraining
from lrlab.lab.training.traced import traced
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
    """Train `run` by pure functions and return the last state.

    `init(key)` returns the first state, `step(state, batch, key, control)` the next state and the loss, and
    `evaluate(state)` the metrics. A state is a pytree of arrays and keys; numbers become arrays. `batches` is what
    `run.steps` takes. Functions jitted outside the training function are compiled once per worker. Raises `LrlabError`
    if one of them returns anything else or no step changes the state, `MissingExtra` if JAX is not installed.

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
    if isinstance(run, Lane):
        run.hand_over(PureTraining(held, later, step, lambda state: by_name(evaluate(state)), batches, _Arrays()))
    for update, batch in run.steps(batches):
        stepped = step(held.state, batch, jax.random.fold_in(later, update), run.control)
        state, loss = pair(stepped)
        take(run, held, state, loss, evaluate)
    return held.state


def take(run: TrainingRun, held: Any, state: Any, loss: Any, evaluate: Callable[[Any], Mapping[str, Any]]) -> None:
    """Hold the next state, and tell the run its loss and, where it is due, its metrics."""
    held.watch(state, run)
    held.set(state)
    run.log(loss=loss)
    if run.eval_now:
        run.report(**by_name(evaluate(held.state)))


def pair(stepped: Any) -> tuple[Any, Any]:
    """What a step returned. Raises `LrlabTypeError` if it is not the next state and the loss.

    >>> pair(({"w": 1.0}, 0.5))
    ({'w': 1.0}, 0.5)
    """
    if not isinstance(stepped, tuple) or len(stepped) != 2:
        raise LrlabTypeError(worded("step gives the next state and the loss", stepped, "return state, loss"))
    return stepped


class _Arrays:
    """Trees of JAX's arrays, for `lrlab.lab.training.together`."""

    def stacked(self, trees: Sequence[Any], shape: tuple[int, ...]) -> Any:
        import numpy as np

        jax = _jax()

        def together(*leaves: Any) -> Any:
            kinds = {(np.shape(each), getattr(each, "dtype", None) or np.asarray(each).dtype) for each in leaves}
            if len(kinds) > 1:  # stacked they would all have the type of the widest, and train in it
                raise ValueError(" and ".join(sorted(f"{[*shape]} {dtype}" for shape, dtype in kinds)))
            of_jax = any(isinstance(leaf, jax.Array) for leaf in leaves)
            stack = jax.numpy.stack(leaves) if of_jax else np.stack(leaves)
            return stack.reshape(*shape, *stack.shape[1:])

        return jax.tree.map(together, *trees)

    def each(self, tree: Any, count: int) -> list[Any]:
        return [self.at(tree, k) for k in range(count)]

    def at(self, tree: Any, index: int) -> Any:
        return _jax().tree.map(lambda leaf: leaf[index], tree)

    def controls(self, rows: Mapping[str, Any]) -> Any:
        return {name: _jax().numpy.asarray(values) for name, values in rows.items()}

    def vectorised(self, step: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
        return _vectorised(step)

    def numbers(self, losses: Sequence[Any]) -> Any:
        import numpy as np

        return np.stack([np.asarray(loss, np.float64) for loss in losses])


@traced
def _vectorised(step: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """Compiled once for each number of runs, as long as a worker lives."""
    jax = _jax()

    def one(state: Any, batch: Any, key: Any, update: Any, control: Any) -> tuple[Any, Any]:
        return pair(step(state, batch, jax.random.fold_in(key, update), control))

    many = jax.vmap(one)
    compiled, pure = jax.jit(many), False

    def stepped(states: Any, batches: Any, keys: Any, updates: Sequence[int], controls: Any) -> tuple[Any, Any]:
        nonlocal pure
        given = states, batches, keys, jax.numpy.asarray(updates), controls
        if not pure:
            # Of a function of its own each time: what JAX has traced it does not trace again.
            _refuse_python(step, *(jax.make_jaxpr(lambda *given: many(*given))(*given) for _ in range(2)))
            pure = True
        found: tuple[Any, Any] = compiled(*given)
        return found

    return stepped


def _refuse_python(step: Callable[..., Any], one: Any, other: Any) -> None:
    """Raise `LrlabError` where two traces of a step differ: what Python draws or counts would be kept."""
    import numpy as np

    same = str(one.jaxpr) == str(other.jaxpr) and all(map(np.array_equal, one.consts, other.consts))
    if not same:
        raise LrlabError(worded(IMPURE, getattr(step, "__qualname__", step), "jax.random and the key of the update"))


class _Held:
    """A pytree of arrays as an object with a state that can be stored: its leaves, in order."""

    def __init__(self, state: Any) -> None:
        self.state = _jax().tree.map(_strong, state)
        self._idle: int | None = 0  # updates that changed nothing; None after the first that changed something

    def set(self, state: Any) -> None:
        """Take the next state. Weak types are made strong, because the store returns strong ones."""
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
        """Raise `LrlabError` if the first updates with an LR above 0 do not change a single bit of the state."""
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
    """The leaf as an array that is not weakly typed: NumPy's if it is one, else JAX's."""
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
