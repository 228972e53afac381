"""Loss laws: formulas that map a learning-rate curve to a loss curve.

Every law has the form

    loss(t) = floor + progress * P(t) + noise * N(t)

linear in its three outer coefficients. A form below gives the columns (1, P, N) for its inner parameters, after any
updates t of a curve: on the cells of a fit (`analysis/cells.py`) or, in near-linear time, after every update.
Within a form the LR is in units of 1e-3 and time in units of 1000 updates unless a `Scale` says otherwise, so that
parameters are of order one; "mpl" keeps the raw units of its paper.

    >>> law = FORMS["momentum"]
    >>> columns = every(law, np.array([0.5, 0.99]), np.full(4, 1e-3))
    >>> columns.shape, columns[:, 2].tolist()
    ((4, 3), [0.0, 0.0, 0.0, 0.0])
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from lrlab.analysis.cells import Cells, compress, single
from lrlab.analysis.relaxation import remembered

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The units of a law's parameters: LR, time in updates, and the weight decay (None: unknown, taken as 0.1)."""

    lr: float = 1e-3
    updates: float = 1000.0
    weight_decay: float | None = 0.1


@dataclass(frozen=True)
class Form:
    """One law: the names of its inner parameters, and its columns (times, 3) for their values."""

    name: str
    inner: tuple[str, ...]
    columns: Callable[[Floats, Cells, Scale], Floats]


def every(form: Form, inner: Floats, lrs: Floats, scale: Scale = Scale()) -> Floats:
    """The columns (updates, 3) of `form` after each update of a run with the learning rates `lrs` (updates,)."""
    if form.name != "convex":
        return form.columns(inner, single(lrs), scale)
    # The bound of the convex law at one time costs a pass over the run: a few hundred times stand for all.
    times = np.unique(np.geomspace(1, len(lrs), 300).astype(np.int64))
    columns = form.columns(inner, compress(lrs, times), scale)
    updates = np.arange(1, len(lrs) + 1)
    return np.column_stack([np.interp(updates, times, column) for column in columns.T])


@dataclass(frozen=True)
class Effective:
    """The run as the weights feel it, per cell: effective LR, its sum (progress), and the relaxation clock."""

    lr: Floats
    progress: Floats
    clock: Floats


def effective(inner: Floats, cells: Cells, scale: Scale) -> Effective:
    """Effective learning rate e = lr / w of weights whose norm w obeys d(w^2)/dt = -2 lam lr w^2 + k lr^2, w(0) = 1.

    lam = weight_decay * exp(log_decay), k = exp(log_growth); solved exactly over each cell. Kosson et al.,
    Rotational Equilibrium, 2024, arXiv:2305.17212.
    """
    gamma, log_decay, log_growth = inner[3], inner[5], inner[6]
    lr, time = cells.lr / scale.lr, cells.width / scale.updates
    decay = 0.1 if scale.weight_decay is None else scale.weight_decay
    lost = 2.0 * decay * scale.lr * scale.updates * np.exp(log_decay) * lr * time
    kept = np.exp(-lost)
    gained = np.exp(log_growth) * lr**2 * time * np.where(lost > 1e-8, -np.expm1(-lost) / (lost + 1e-300), 1.0)
    pairs = zip(kept.tolist(), gained.tolist(), strict=True)
    square = np.array(list(accumulate(pairs, lambda w, step: w * step[0] + step[1], initial=1.0)))
    felt = lr / np.sqrt((square[:-1] + square[1:]) / 2.0)
    return Effective(felt, np.cumsum(felt * time), np.cumsum(felt ** (1.0 - gamma) * time))


def elr_columns(inner: Floats, cells: Cells, scale: Scale) -> Floats:
    """Multi-power law in the effective learning rate: the default law.

    P = (S + exp(log_start))^-alpha,   S = sum of e dt
    N = e_t^p - sum over k <= t of (e_k^p - e_{k-1}^p) (1 + exp(log_relaxation) (H_t - H_{k-1}))^-beta,
        H = sum of e^(1 - gamma) dt,   e_0 = 0

    with the effective LR e of `effective`, p = noise_power and cells (dt, e). The noise starts at 0 and follows every
    change of e^p with a power-law lag, so warmup is part of the law and `floor` is the loss without noise.
    """
    alpha, log_relaxation, beta, _, power, _, _, log_start = inner
    felt = effective(inner, cells, scale)
    level = felt.lr**power
    rises = np.diff(level, prepend=0.0)
    speed = np.full(len(level), np.exp(log_relaxation))
    lag = remembered(rises, felt.clock, speed, max(beta, 0.01), cells.ends)
    progress = (felt.progress[cells.ends] + np.exp(log_start)) ** -alpha
    return np.column_stack([np.ones(len(lag)), progress, level[cells.ends] - lag])


def mpl_columns(inner: Floats, cells: Cells, scale: Scale) -> Floats:
    """Multi-Power Law, in its own units (LR as it is, updates).

    P = S^-alpha,   S = sum of lr
    N = -sum over k <= t of (lr_{k-1} - lr_k) (1 - (1 + C lr_k^-gamma (S_t - S_{k-1}))^-beta)

    over the changes after the first rise. Luo et al., A Multi-Power Law for Loss Curve Prediction, 2025,
    arXiv:2503.12811. The published code lets the rises of the warmup into the sum; that adds a nearly constant
    B * peak, which `floor` takes up.
    """
    del scale
    alpha, log_c, beta, gamma = inner
    total = _total(cells.lr * cells.width)
    drops = _drops(cells.lr)
    speed = np.exp(log_c) * np.maximum(cells.lr, 1e-9 * cells.lr.max()) ** -gamma
    lag = remembered(drops, total, speed, max(beta, 0.01), cells.ends)
    gain = np.cumsum(drops)[cells.ends] - lag
    return np.column_stack([np.ones(len(gain)), total[cells.ends] ** -alpha, -gain])


def momentum_columns(inner: Floats, cells: Cells, scale: Scale) -> Floats:
    """Scaling law with learning-rate annealing ("momentum law").

    P = S1^-alpha,   S1 = sum of lr
    N = -S2,   S2 = sum over i of m_i,   m_i = decay m_{i-1} + (lr_{i-1} - lr_i)   (after the first rise)

    Tissue et al., Scaling Law with Learning Rate Annealing, 2024, arXiv:2408.11029.
    """
    alpha, decay = inner[0], min(inner[1], 0.99999)
    total = _total(cells.lr * cells.width) / (scale.lr * scale.updates)
    kept = decay**cells.width
    area, momentum, areas = 0.0, 0.0, []
    for drop, left in zip((_drops(cells.lr) / scale.lr).tolist(), kept.tolist(), strict=True):
        momentum = decay * momentum + drop
        area += momentum * (1.0 - left) / (1.0 - decay)
        momentum *= left / decay
        areas.append(area)
    annealed = np.array(areas)[cells.ends] / scale.updates
    return np.column_stack([np.ones(len(annealed)), total[cells.ends] ** -alpha, -annealed])


def convex_columns(inner: Floats, cells: Cells, scale: Scale) -> Floats:
    """The last-iterate bound of convex optimisation by (sub)gradient steps; for ranking, and without inner parameters.

    P = 1 / (2 S_T),   N = (Q_1 / S_T + sum over k < T of lr_k Q_k / (A_k A_{k-1})) / 2

    S_T = sum of lr, A_k = sum of lr after update k, Q_k = sum of lr^2 from update k on; progress = D^2, noise = G^2.
    Exact on cells of constant LR (a digamma difference each). Updates with lr = 0 at the end are left out, since
    they move nothing. Schaipp et al., The Surprising Agreement Between Convex Optimization Theory and
    Learning-Rate Scheduling, 2025, arXiv:2501.18965.
    """
    del inner
    lr, width = cells.lr / scale.lr, cells.width
    rows = [_bound(lr[: end + 1], width[: end + 1]) for end in cells.ends]
    return np.array([(1.0, p / scale.updates, n) for p, n in rows])


def _bound(lr: Floats, width: Floats) -> tuple[float, float]:
    moving = np.flatnonzero(lr > 0)
    if not len(moving):
        return np.inf, 0.0
    lr, width = lr[: moving[-1] + 1], width[: moving[-1] + 1]
    path, square = lr * width, lr**2 * width
    after = np.cumsum(path[::-1])[::-1] - path
    after[-1] = 0.0
    rest = np.cumsum(square[::-1])[::-1] - square
    felt = np.where(lr > 0, lr, 1.0)
    first = after / felt
    # The last update of the run is left out of the sum: its cell begins one later.
    skipped = (np.arange(len(lr)) == len(lr) - 1).astype(np.float64)
    logs = digamma(first + width) - digamma(np.maximum(first + skipped, 1e-12))
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = (rest - lr * after) * (1.0 / after - 1.0 / (after + path))
    steps[-1] = 0.0
    total = path.sum()
    noise = square.sum() / total + float(np.sum(np.where(lr > 0, steps + lr * logs, 0.0)))
    return 0.5 / total, 0.5 * noise


def _total(path: Floats) -> Floats:
    """Running sum, from its first positive value on: a law has no loss before the first update that moves anything."""
    total = np.cumsum(path)
    return np.maximum(total, path[np.argmax(path > 0)])


def _drops(lr: Floats) -> Floats:
    """Falls of the LR from cell to cell (rises negative), from the end of the first rise on."""
    drops = -np.diff(lr, prepend=lr[0])
    risen = int(np.argmax(drops[1:] >= 0)) if len(lr) > 1 and (drops[1:] >= 0).any() else len(lr)
    drops[: risen + 1] = 0.0
    return drops


FORMS = {
    form.name: form
    for form in (
        Form(
            "elr",
            ("alpha", "log_relaxation", "beta", "gamma", "noise_power", "log_decay", "log_growth", "log_start"),
            elr_columns,
        ),
        Form("mpl", ("alpha", "log_c", "beta", "gamma"), mpl_columns),
        Form("momentum", ("alpha", "decay"), momentum_columns),
        Form("convex", (), convex_columns),
    )
}
