"""Loss laws: formulas that map a learning-rate curve to a loss curve.

Every law has the form

    loss(t) = floor + progress * P(t) + noise * N(t)

linear in its three outer coefficients. A form below gives the columns (1, P, N) for its inner parameters, after any
updates t of a curve: on the cells of a fit (`analysis/cells.py`) or, in near-linear time, after every update.
Within a form the LR is in units of 1e-3 and time in units of 1000 updates unless a `Scale` says otherwise, so that
parameters are of order one; "mpl" keeps the raw units of its paper.

    >>> law = FORMS["momentum"]
    >>> columns = every(law, np.array([0.5, 6.0]), np.full(4, 1e-3))
    >>> columns.shape, bool(np.any(columns[:, 2]))
    ((4, 3), False)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from lrlab.analysis.forecast.cells import Cells, compress, single
from lrlab.analysis.forecast.relaxation import remembered

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The units of a law's parameters: of the LR and of time (updates); and the weight decay (None: unknown)."""

    lr: float = 1e-3
    updates: float = 1000.0
    weight_decay: float | None = 0.1

    @property
    def decay(self) -> float:
        """What the weight norm loses per unit of LR and of time; where it is unknown, as much as in usual units."""
        return 0.1 if self.weight_decay is None else self.weight_decay * self.lr * self.updates


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
    """The run as the weights feel it, per cell: effective LR, its sum (progress), and the relaxation clock.

    `square`, shape (cells + 1,), is the squared weight norm before the first and after each cell.
    """

    lr: Floats
    progress: Floats
    clock: Floats
    square: Floats


def effective(inner: Floats, cells: Cells, scale: Scale) -> Effective:
    """Effective learning rate e = lr / w of weights whose norm w obeys d(w^2)/dt = -2 lam lr w^2 + k lr^2, w(0) = 1.

    lam = weight_decay * exp(log_decay), k = exp(log_growth); solved exactly over each cell. Kosson et al.,
    Rotational Equilibrium, 2024, arXiv:2305.17212.
    """
    gamma, log_decay, log_growth = inner[3], inner[5], inner[6]
    lr, time = cells.lr / scale.lr, cells.width / scale.updates
    rate = np.maximum(2.0 * scale.decay * np.exp(log_decay) * time, 1e-12)
    gained = np.exp(log_growth) * lr * time * -np.expm1(-rate * lr) / rate
    square = _recurrence(rate * lr, gained)
    felt = lr / np.sqrt((square[:-1] + square[1:]) / 2.0)
    return Effective(felt, np.cumsum(felt * time), np.cumsum(felt ** (1.0 - gamma) * time), square)


def _recurrence(lost: Floats, gained: Floats) -> Floats:
    """w_k = w_{k-1} exp(-lost_k) + gained_k from w_0 = 1."""
    total = np.cumsum(lost)
    if total[-1] < 500.0:
        grown = np.exp(total)
        return np.append(1.0, (1.0 + np.cumsum(gained * grown)) / grown)
    # The closed form would overflow, so step by step.
    pairs = zip(np.exp(-lost).tolist(), gained.tolist(), strict=True)
    return np.array(list(accumulate(pairs, lambda w, step: w * step[0] + step[1], initial=1.0)))


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
    drops, _ = falls(cells.lr)
    speed = np.exp(log_c) * np.maximum(cells.lr, 1e-9 * cells.lr.max()) ** -gamma
    lag = remembered(drops, total, speed, max(beta, 0.01), cells.ends)
    gain = np.cumsum(drops)[cells.ends] - lag
    return np.column_stack([np.ones(len(gain)), total[cells.ends] ** -alpha, -gain])


def momentum_columns(inner: Floats, cells: Cells, scale: Scale) -> Floats:
    """Scaling law with learning-rate annealing ("momentum law").

    P = S1^-alpha,   S1 = sum of lr
    N = -S2,   S2 = sum over i of m_i,   m_i = d m_{i-1} + (lr_{i-1} - lr_i)   (after the first rise),
        d = 1 - exp(-log_memory)

    Tissue et al., Scaling Law with Learning Rate Annealing, 2024, arXiv:2408.11029.
    """
    alpha, decay = inner[0], -np.expm1(-max(inner[1], 0.1))
    total = _total(cells.lr * cells.width) / (scale.lr * scale.updates)
    kept = decay**cells.width
    area, momentum, areas = 0.0, 0.0, []
    for drop, left in zip((falls(cells.lr)[0] / scale.lr).tolist(), kept.tolist(), strict=True):
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
    rows = [_bound(lr[:stop], width[:stop]) for stop in cells.ends + 1]
    return np.array([(1.0, p * scale.updates, n) for p, n in rows])


def _bound(lr: Floats, width: Floats) -> tuple[float, float]:
    moving = np.flatnonzero(lr > 0)
    if not len(moving):
        return np.inf, 0.0
    stop = moving[-1] + 1
    lr, width = lr[:stop], width[:stop]
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
    total: Floats = np.maximum(np.cumsum(path), path[np.argmax(path > 0)])
    return total


def falls(lr: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Falls of the LR from cell to cell (rises negative), and which count: those after the first rise."""
    drops = -np.diff(lr, prepend=lr[0])
    ended = np.flatnonzero(drops[1:] >= 0)
    counted = np.arange(len(lr)) > (ended[0] if len(ended) else len(lr))
    return drops * counted, counted


FORMS = {
    form.name: form
    for form in (
        Form(
            "elr",
            ("alpha", "log_relaxation", "beta", "gamma", "noise_power", "log_decay", "log_growth", "log_start"),
            elr_columns,
        ),
        Form("mpl", ("alpha", "log_c", "beta", "gamma"), mpl_columns),
        Form("momentum", ("alpha", "log_memory"), momentum_columns),
        Form("convex", (), convex_columns),
    )
}
