# SPDX-License-Identifier: BSD-3-Clause
"""Which epoch is kept, and whether it is the last."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ._config import StopReason
from ._stopping import update_patience
from ._types import Choice, Hyper, LoopState, Params, RowLosses, TrainState

#: Targets are scaled, so that a network of zeros has a loss of about one in every kind of loss;
#: a thousand standard deviations off is no network that will come back.
DIVERGED_LOSS = 1e6


def kept_weights(state: TrainState) -> Params:
    """Weights to predict with: their average where there is one."""
    return state.params if state.average is None else state.average


def count_zeros(params: Params) -> Array:
    return jnp.stack([jnp.sum(layer.weight == 0) for layer in params]).astype(jnp.int32)


def judge(
    state: LoopState,
    trained: TrainState,
    judged: TrainState,
    loss: Array,
    monitored: Array,
    warm: Array,
    hyper: Hyper,
    rows: RowLosses | None = None,
) -> LoopState:
    """Keep the epoch if it is the best so far, and decide whether it is the last.

    While the penalty is growing every epoch takes the place of the one before, and patience
    has not begun: a network that is still dense is not what was asked for.

    With the losses of the `rows` the epoch that is kept is the sparsest of those that are about
    as good as the best; patience is about the best.
    """
    finite = loss < DIVERGED_LOSS  # false for NaN
    for leaf in jax.tree.leaves(trained.params):
        finite &= jnp.all(jnp.isfinite(leaf))
    value = jnp.where(finite, monitored, jnp.nan)
    judging, better = update_patience(state.patience, value, state.epoch, hyper.tol)
    waiting = state.patience._replace(best_epoch=state.epoch)
    patience = jax.tree.map(partial(jnp.where, warm), judging, waiting)
    better, choice = jnp.where(warm, better, finite), state.choice
    if choice is not None and rows is not None:
        zeros = jnp.sum(count_zeros(judged.params))
        epoch = state.epoch
        choice, better = _choose(choice, rows, zeros, epoch, better, warm, finite)
    best = jax.tree.map(
        lambda new, old: jnp.where(better, new, old),
        (kept_weights(judged), judged.moments, judged.penalty),
        state.best,
    )
    exhausted = patience.stale >= hyper.patience
    reason = jnp.where(exhausted, StopReason.PATIENCE, StopReason.RUNNING)
    reason = jnp.where(finite, reason, StopReason.DIVERGED).astype(jnp.int32)
    return state._replace(
        train=trained,
        best=best,
        patience=patience,
        choice=choice,
        epoch=state.epoch + 1,
        reason=reason,
    )


def init_choice(n_rows: int, dtype: np.dtype) -> Choice:
    """Before the first epoch; `n_rows` with padding."""
    rows = np.zeros(n_rows, dtype)
    return Choice(rows, rows, np.int32(-1), np.int32(-1))


def set_start(choice: Choice, rows: Array, zeros: Array, there: Array) -> Choice:
    """Compare with what the fit starts from, where `there` says so."""
    start = Choice(rows, rows, zeros, jnp.int32(-1))
    return jax.tree.map(partial(jnp.where, there), start, choice)


def _choose(
    choice: Choice,
    found: RowLosses,
    zeros: Array,
    epoch: Array,
    lowest: Array,
    warm: Array,
    finite: Array,
) -> tuple[Choice, Array]:
    """Take in an epoch; also whether it is the one to keep.

    Of the epochs whose loss is above the lowest by no more than one standard error of the
    difference, the one with most zeros is kept, the last of equal ones. While the penalty is
    growing nothing is compared.

    Parameters
    ----------
    choice : Choice
    found : RowLosses
    zeros, epoch : Array
        Weights that are zero, and the number of the epoch.
    lowest, warm, finite : Array of bool
        Whether the loss is the lowest so far, whether the penalty has grown, and whether
        the fit has not diverged: such an epoch is never the one.
    """
    reference = jnp.where(lowest, found.values, choice.lowest)

    def is_as_good(values: Array) -> Array:
        excess = values - reference
        mean = jnp.sum(excess) / found.n_rows
        variance = jnp.sum(excess**2) / found.n_rows - mean**2
        return mean <= jnp.sqrt(jnp.maximum(variance, 0) / found.n_rows)

    stands = (choice.zeros >= 0) & is_as_good(choice.kept)
    take = is_as_good(found.values) & (~stands | (zeros >= choice.zeros))
    take = (take | ~warm) & finite
    counted = jnp.where(warm, zeros, -1).astype(choice.zeros.dtype)
    new = Choice(reference, found.values, counted, epoch)
    kept = jax.tree.map(partial(jnp.where, take), new, choice)
    return kept._replace(lowest=reference), take
