"""A function of tensors for many at once, traced: its operations without the layers of `torch.func` around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrlab.errors import LrlabError, worded

IMPURE = "step draws random numbers, or counts, in Python: vectorise would keep the first for all updates"
_VIEWS = ("view", "_unsafe_view", "expand", "transpose")


def for_many(function: Callable[..., Any], named: Any) -> Callable[..., Any]:
    """`function` of trees of tensors, for trees with one more dimension in front; traced once for all shapes alike.

    Raises `LrlabError`, which names `named`, where it is not a pure function of its tensors.

    >>> import torch
    >>> for_many(lambda x, y: x @ y, "dot")(torch.eye(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])
    """
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.utils import _pytree

    many = torch.func.vmap(function)
    traced: dict[Any, Any] = {}

    def called(*given: Any) -> Any:
        shapes = tuple((leaf.shape, leaf.dtype) for leaf in _pytree.tree_leaves(given))
        if shapes not in traced:
            try:
                # Of copies, for the function may overwrite what it is given; twice, for a trace keeps what Python does.
                first, second = (make_fx(many)(*_pytree.tree_map(torch.clone, given)) for _ in range(2))
            except RuntimeError as error:
                raise LrlabError(_untraceable(named, error)) from error
            if not _same(first, second):
                raise LrlabError(
                    worded(IMPURE, getattr(named, "__qualname__", named), "a pure function of its tensors")
                )
            traced[shapes] = first
            _leave_out_idle_views(traced[shapes])
        return traced[shapes](*given)

    return called


def _same(one: Any, two: Any) -> bool:
    """Whether two traces are one program with the same constants."""
    import torch

    held = [[getattr(each, node.target) for node in each.graph.nodes if node.op == "get_attr"] for each in (one, two)]
    return bool(one.code == two.code and all(map(torch.equal, *held)))


def _leave_out_idle_views(traced: Any) -> None:
    """Take what a view was made of instead of it, where both show the same: most of what vmap adds are such views."""
    import torch

    views = [getattr(torch.ops.aten, name) for name in _VIEWS]
    for node in traced.graph.nodes:
        source = node
        while getattr(source.target, "overloadpacket", None) in views:
            source = source.args[0]
            if _shown(source) == _shown(node):
                node.replace_all_uses_with(source)
                traced.graph.erase_node(node)
                break
    traced.recompile()


def _shown(node: Any) -> tuple[Any, ...]:
    """What of the memory a tensor shows."""
    tensor = node.meta["val"]
    return tensor.shape, tensor.stride(), tensor.storage_offset(), tensor.dtype


def _untraceable(step: Any, error: Exception) -> str:
    text = str(error)
    if "random" in text:
        what, hint = "step draws random numbers, which vectorise would give to all runs alike", "draw them in batches"
    elif "item()" in text or "data-dependent" in text:
        what, hint = "step asks for the value of a tensor, which is another one in each run", "torch.where(a, b, c)"
    else:
        what, hint = f"step cannot be vectorised: {text}".partition("\n")[0], "see torch.func.vmap"
    return worded(what, getattr(step, "__qualname__", step), "a pure function of state, batch and control", hint)
