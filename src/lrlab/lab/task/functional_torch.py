"""A training by pure functions over tensors, in PyTorch: a state goes in, the next state comes out.

    def train(run):
        x, y = data(run.fold)
        lr.functional_torch(run, init=init, step=step, evaluate=evaluate, batches=batches(x, y))

    def init(): ...                                 # -> state: dicts, lists and tuples of tensors
    def step(state, batch, control): ...            # -> (state, loss); control["lr"] is a multiple of its own LR
    def evaluate(state): ...                        # -> {"val_loss": ...}

`step` takes its gradient by `torch.func.grad_and_value` and draws no random numbers: these come with the batch. What
differs from run to run is in the state and the batches, so that `step` is one function for all runs: with `vectorise`
many are trained by one call of it. A state that is a dictionary with a "model" can be averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.task.for_many import for_many
from lrlab.lab.task.forms import by_name
from lrlab.lab.task.functional import pair, take
from lrlab.lab.training.lane import Lane, PureTraining
from lrlab.lab.training.traced import traced
from lrlab.lab.training.worked import FIRST

if TYPE_CHECKING:
    from lrlab.lab.training.run import TrainingRun

MODEL = "model"


def functional_torch(
    run: TrainingRun,
    *,
    init: Callable[[], Any],
    step: Callable[[Any, Any, Mapping[str, Any]], tuple[Any, Any]],
    evaluate: Callable[[Any], Mapping[str, Any]],
    batches: Iterable[Any],
) -> Any:
    """Train `run` by pure functions and return the last state.

    `init()` returns the first state; PyTorch's random numbers are seeded. `step(state, batch, control)` returns the
    next state and the loss, without changing what it was given; `evaluate(state)` the metrics. A state is a tree
    (dictionaries, lists, tuples) of tensors, and so is a batch; arrays and numbers in it become tensors. `batches` is
    what `run.steps` takes. Raises `LrlabError` if one of them returns anything else or no step changes the state.

    >>> import torch
    >>> import lrlab as lr
    >>> from lrlab.lab.training.run import TrainingRun
    >>> def step(state, batch, control):
    ...     return state + 0.5 * control["lr"] * (batch - state), (batch - state) ** 2
    >>> functional_torch(
    ...     TrainingRun(lr.constant(), updates=3),
    ...     init=lambda: torch.zeros(()),
    ...     step=step,
    ...     evaluate=lambda state: {"val_loss": abs(state - 1)},
    ...     batches=[1.0],
    ... )
    tensor(0.8750)
    """
    held = _Held(init())
    if isinstance(held.state, dict) and MODEL in held.state:
        run.track(model=_Part(held, [MODEL]), state=_Part(held, [name for name in held.state if name != MODEL]))
    else:
        run.track(state=held)
    if isinstance(run, Lane):
        run.hand_over(PureTraining(held, (), step, lambda state: by_name(evaluate(state)), batches, _Arrays()))
    for _, batch in run.steps(batches):
        state, loss = pair(step(held.state, _tree().tree_map(tensor_of, batch), _tensors(run.control)))
        state = _tree().tree_map(tensor_of, state)
        take(run, held, state, loss, evaluate)
    return held.state


class _Held:
    """A tree of tensors as an object with a state that can be stored: its leaves, in order."""

    def __init__(self, state: Any) -> None:
        self.state = _tree().tree_map(tensor_of, state)
        self._began = self._written()
        self._idle: int | None = 0  # looks at which nothing had changed; None after the first that saw a change

    def set(self, state: Any) -> None:
        before, after = _tree().tree_structure(self.state), _tree().tree_structure(state)
        shapes = [[(leaf.shape, leaf.dtype) for leaf in _tree().tree_leaves(each)] for each in (self.state, state)]
        if before != after or shapes[0] != shapes[1]:
            told = (str(after), str(before)) if before != after else tuple(map(str, reversed(shapes)))
            raise LrlabError(worded("step gives a state of another structure than init: training cannot fork", *told))
        self.state = state

    def watch(self, state: Any, run: TrainingRun) -> None:
        if self._idle is None or not run.control["lr"]:
            return
        pairs = [*zip(_tree().tree_leaves(self.state), _tree().tree_leaves(state), strict=False)]
        same = all(a.shape == b.shape and bool((a == b).all()) for a, b in pairs)
        self._idle = self._idle + 1 if same else None
        if self._idle == min(FIRST, run.updates):
            if all(a is b for a, b in pairs) and self._written() != self._began:
                what, hint = "step changes the state in place", "state - lr * gradient in place of state.sub_(...)"
                raise LrlabError(worded(what, f"{self._idle} times", "the next state, in new tensors", hint))
            raise LrlabError(
                worded("step gives back the state that it was given", f"{self._idle} times", "the next state")
            )

    def _written(self) -> int:
        """How often the tensors of the state were written."""
        return sum(leaf._version for leaf in _tree().tree_leaves(self.state) if not leaf.is_inference())

    def state_dict(self) -> dict[str, Any]:
        return {"leaves": _tree().tree_leaves(self.state)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        structure = _tree().tree_structure(self.state)
        self.state = _tree().tree_unflatten(list(state["leaves"]), structure)


class _Part:
    """Some entries of a held state that is a dictionary, by the names of their tensors."""

    def __init__(self, held: _Held, names: Sequence[str]) -> None:
        self._held, self._names = held, names

    def state_dict(self) -> dict[str, Any]:
        leaves, _ = _tree().tree_flatten_with_path(self._own())
        return {_tree().keystr(path): leaf for path, leaf in leaves}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        own = self._own()
        mine = _tree().tree_unflatten([state[name] for name in self.state_dict()], _tree().tree_structure(own))
        self._held.state = {**self._held.state, **mine}

    def _own(self) -> dict[str, Any]:
        return {name: self._held.state[name] for name in self._names}


class _Arrays:
    """Trees of tensors, for `lrlab.lab.training.together`."""

    def stacked(self, trees: Sequence[Any], shape: tuple[int, ...]) -> Any:
        import torch

        def together(*leaves: Any) -> Any:
            tensors = [*map(tensor_of, leaves)]
            try:
                if len({each.dtype for each in tensors}) == 1:
                    return torch.stack(tensors).unflatten(0, shape)
            except RuntimeError:  # their shapes differ
                pass
            kinds = {f"{[*each.shape]} {each.dtype}" for each in tensors}
            raise ValueError(" and ".join(sorted(kinds)))

        return _tree().tree_map(together, *trees)

    def each(self, tree: Any, count: int) -> list[Any]:
        leaves, structure = _tree().tree_flatten(tree)
        parts = [leaf.unbind(0) for leaf in leaves]
        return [_tree().tree_unflatten([part[k] for part in parts], structure) for k in range(count)]

    def at(self, tree: Any, index: int) -> Any:
        return _tree().tree_map(lambda leaf: leaf[index].clone(), tree)

    def controls(self, rows: Mapping[str, NDArray[np.float64]]) -> Any:
        return _tensors(rows)

    def vectorised(self, step: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
        return getattr(step, "many", None) or _vectorised(step)

    def numbers(self, losses: Sequence[Any]) -> NDArray[np.float64]:
        import torch

        found: NDArray[np.float64] = torch.stack([*losses]).double().cpu().numpy()
        return found


@traced
def _vectorised(step: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """The step for many; one of a built-in task has its own, which overwrites the states."""
    many = for_many(lambda *given: _tree().tree_map(tensor_of, pair(step(*given))), step)

    def stepped(states: Any, batches: Any, keys: Any, updates: Any, controls: Any) -> tuple[Any, Any]:
        found: tuple[Any, Any] = many(states, batches, controls)
        return found

    return stepped


def tensor_of(leaf: Any) -> Any:
    """A tensor, an array or a number as a tensor; numbers with a point have PyTorch's default type.

    >>> tensor_of(0.5), tensor_of(3)
    (tensor(0.5000), tensor(3))
    """
    import torch

    if isinstance(leaf, torch.Tensor):
        return leaf
    if isinstance(leaf, np.ndarray | np.generic | bool | int | float) and np.asarray(leaf).dtype.kind in "biuf":
        return torch.as_tensor(leaf)
    raise LrlabTypeError(worded("a state is a tree of tensors", type(leaf).__name__, "tensors, arrays and numbers"))


def _tensors(control: Mapping[str, Any]) -> dict[str, Any]:
    import torch

    return {name: torch.as_tensor(value, dtype=torch.get_default_dtype()) for name, value in control.items()}


def _tree() -> Any:
    """PyTorch's functions on trees."""
    from torch.utils import _pytree

    return _pytree
