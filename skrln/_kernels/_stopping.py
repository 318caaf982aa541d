# SPDX-License-Identifier: BSD-3-Clause
"""Early stopping: patience, plateaus, and the best or the sparsest epoch.

State is created by `init_stopping`, takes in an epoch by `update_stopping`, and `keep` selects
between the kept epoch and the last one.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ._config import StopReason
from ._types import (
    Choice,
    Hyper,
    LoopState,
    Params,
    Patience,
    RowLosses,
    Schedule,
    Stopping,
    TrainState,
    Values,
)

#: Targets are scaled, so that a network of zeros has a loss of about one, whatever the loss. A
#: network a thousand standard deviations off does not recover.
DIVERGED_LOSS = 1e6


class Evidence(NamedTuple):
    """Results of an epoch that decide whether the epoch is kept."""

    epoch: Array
    value: Array  #: monitored loss; NaN where the fit diverged
    finite: Array  #: False where the fit diverged: such an epoch is never kept
    warm: Array  #: the penalty has grown, and epochs compete
    zeros: Array  #: zero weights
    rows: RowLosses | None = None  #: validation losses of single rows


def init_stopping(dtype: np.dtype, n_rows: int | None = None) -> Stopping:
    """State before the first epoch.

    Parameters
    ----------
    dtype : dtype
    n_rows : int or None
        Validation rows with padding, where the sparsest epoch is kept.
    """
    fresh = init_patience(dtype)
    if n_rows is None:
        return Stopping(fresh, fresh)
    rows = np.zeros(n_rows, dtype)
    return Stopping(fresh, fresh, Choice(rows, rows, np.int32(-1), np.int32(-1)))


def init_patience(dtype: np.dtype) -> Patience:
    """Patience before the first epoch."""
    infinite = np.asarray(np.inf, dtype)
    return Patience(infinite, np.int32(-1), infinite, np.int32(0))


def set_start(
    stopping: Stopping,
    value: Array,
    rows: Array | None,
    zeros: Array,
    first: Array,
) -> Stopping:
    """Let the start of the fit compete with its epochs, where `first` is True.

    Parameters
    ----------
    stopping : Stopping
    value : Array
        Monitored loss of the start; ignored where it is not finite.
    rows : Array of shape (n_val,) or None
        Validation losses of the rows.
    zeros : Array
        Zero weights of the start.
    first : Array of bool
    """
    counts = first & jnp.isfinite(value)
    patience = stopping.patience
    patience = patience._replace(
        best=jnp.where(counts, value, patience.best),
        reference=jnp.where(counts, value, patience.reference),
    )
    choice = stopping.choice
    if choice is not None and rows is not None:
        # Another type would compile the next call again.
        zeros = jnp.asarray(zeros, choice.zeros.dtype)
        choice = keep(first, Choice(rows, rows, zeros, jnp.int32(-1)), choice)
    return stopping._replace(patience=patience, choice=choice)


def update_stopping(
    stopping: Stopping, evidence: Evidence, hyper: Hyper
) -> tuple[Stopping, Array, Array]:
    """Take in an epoch; also return whether the epoch is kept, and a StopReason.

    While the penalty grows, every epoch replaces the one before and patience has not begun: a
    network that is still dense is not the wanted result. With `rows`, the sparsest of the
    epochs about as good as the best is kept; patience follows the best.
    """
    epoch, finite, warm = evidence.epoch, evidence.finite, evidence.warm
    judging, better = update_patience(
        stopping.patience, evidence.value, epoch, hyper.tol
    )
    waiting = stopping.patience._replace(best_epoch=epoch)
    patience: Patience = keep(warm, judging, waiting)
    better, choice = jnp.where(warm, better, finite), stopping.choice
    if choice is not None and evidence.rows is not None:
        choice, better = update_choice(choice, evidence, evidence.rows, better)
    exhausted = patience.stale >= hyper.patience
    reason = jnp.where(exhausted, StopReason.PATIENCE, StopReason.RUNNING)
    reason = jnp.where(finite, reason, StopReason.DIVERGED).astype(jnp.int32)
    return stopping._replace(patience=patience, choice=choice), better, reason


def update_patience(
    patience: Patience, value: Array, epoch: Array, tol: Values
) -> tuple[Patience, Array]:
    """Take in the monitored loss of an epoch; also return whether it is the lowest so far.

    Any improvement makes an epoch the best. Only an improvement of more than `tol` on the
    reference resets the patience. A loss that is not finite is no improvement.
    """
    best = value < patience.best
    counts = value < patience.reference - tol
    return (
        Patience(
            jnp.where(best, value, patience.best),
            jnp.where(best, epoch, patience.best_epoch),
            jnp.where(counts, value, patience.reference),
            jnp.where(counts, 0, patience.stale + 1),
        ),
        best,
    )


def update_choice(
    choice: Choice, evidence: Evidence, rows: RowLosses, lowest: Array
) -> tuple[Choice, Array]:
    """Take in an epoch; also return whether the epoch is kept.

    Among the epochs whose loss exceeds the lowest by at most one standard error of the
    difference, the epoch with most zeros is kept, the last of equal ones. While the penalty
    grows, every epoch is kept.

    Parameters
    ----------
    choice : Choice
    evidence : Evidence
    rows : RowLosses
        Validation losses of the rows in this epoch.
    lowest : Array of bool
        The loss of the epoch is the lowest so far.
    """
    epoch, _, finite, warm, zeros, _ = evidence
    reference = jnp.where(lowest, rows.values, choice.lowest)

    def is_as_good(values: Array) -> Array:
        excess = values - reference
        mean = jnp.sum(excess) / rows.n_rows
        variance = jnp.sum(excess**2) / rows.n_rows - mean**2
        return mean <= jnp.sqrt(jnp.maximum(variance, 0) / rows.n_rows)

    stands = (choice.zeros >= 0) & is_as_good(choice.kept)
    take = is_as_good(rows.values) & (~stands | (zeros >= choice.zeros))
    take = (take | ~warm) & finite
    counted = jnp.where(warm, zeros, -1).astype(choice.zeros.dtype)
    kept: Choice = keep(take, Choice(reference, rows.values, counted, epoch), choice)
    return kept._replace(lowest=reference), take


def update_plateau(
    plateau: Patience,
    scale: Array,
    value: Array,
    epoch: Array,
    tol: Values,
    schedule: Schedule,
) -> tuple[Patience, Array]:
    """Take in an epoch of the schedule "performance"; also return the scale of the rate.

    The rate is multiplied by ``schedule.factor`` where the monitored loss has not improved for
    ``schedule.patience`` epochs.
    """
    plateau, _ = update_patience(plateau, value, epoch, tol)
    flat = plateau.stale >= schedule.patience
    stale = jnp.where(flat, -schedule.cooldown.astype(jnp.int32), plateau.stale)
    lowered = jnp.maximum(scale * schedule.factor, schedule.smallest)
    return plateau._replace(stale=stale), jnp.where(flat, lowered, scale)


def keep(better: Array, new: Any, old: Any) -> Any:
    """Leaves of `new` where `better` is True, else those of `old`."""
    return jax.tree.map(partial(jnp.where, better), new, old)


def judge_epoch(
    state: LoopState,
    trained: TrainState,
    judged: TrainState,
    losses: tuple[Array, Array],
    warm: Array,
    hyper: Hyper,
    rows: RowLosses | None = None,
) -> LoopState:
    """Finish an epoch: keep it if it is the best so far, and decide whether to stop.

    Parameters
    ----------
    state : LoopState
        Before the epoch.
    trained : TrainState
        After the epoch.
    judged : TrainState
        The state that the monitored loss belongs to.
    losses : tuple of Array
        Training loss and monitored loss.
    warm : Array of bool
        The penalty has grown.
    hyper : Hyper
    rows : RowLosses or None
        Of the validation data, where the sparsest epoch is kept.
    """
    loss, monitored = losses
    finite = (loss < DIVERGED_LOSS) & all_finite(trained.params)  # false for NaN
    evidence = Evidence(
        state.epoch,
        jnp.where(finite, monitored, jnp.nan),
        finite,
        warm,
        jnp.sum(count_zeros(judged.params)),
        rows,
    )
    stopping, better, reason = update_stopping(state.stopping, evidence, hyper)
    new = (judged.params, judged.moments, judged.penalty)
    best = keep(better, new, state.best)
    return LoopState(trained, best, stopping, state.epoch + 1, reason)


def all_finite(tree: Any) -> Array:
    """True where no number of `tree` is infinite or NaN."""
    finite = jnp.bool_(True)
    for leaf in jax.tree.leaves(tree):
        finite &= jnp.all(jnp.isfinite(leaf))
    return finite


def count_zeros(params: Params) -> Array:
    """Weights of each layer that are exactly zero, (n_layers,)."""
    return jnp.stack([jnp.sum(layer.weight == 0) for layer in params]).astype(jnp.int32)
