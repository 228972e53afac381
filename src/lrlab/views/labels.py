"""Labels beside line ends: moved as little as possible so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least `gap` apart within [low, high], in the order of the wanted ones and nearest to them.

    Nearest in the sum of squares: with z = place - rank * gap the constraint is that z does not decrease,
    which is isotonic regression (pool adjacent violators). If there is no room, `gap` shrinks until there is.
    Equal wishes keep their order.

    >>> spread([10, 10, 40.5], 8, 0, 100)
    [6.0, 14.0, 40.5]
    """
    if len(wanted) > 1:
        gap = min(gap, (high - low) / (len(wanted) - 1))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    pools: list[tuple[float, int]] = []  # mean of z, how many
    for rank, i in enumerate(order):
        mean, count = wanted[i] - rank * gap, 1
        while pools and pools[-1][0] >= mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    room = high - (len(wanted) - 1) * gap
    placed = [0.0] * len(wanted)
    flat = (min(max(mean, low), room) for mean, count in pools for _ in range(count))
    for rank, (i, z) in enumerate(zip(order, flat, strict=True)):
        placed[i] = z + rank * gap
    return placed
