# SPDX-License-Identifier: BSD-3-Clause
"""Patience, and which epoch was the best."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._types import Patience, Values


def init_patience(dtype: np.dtype) -> Patience:
    """Before the first epoch."""
    infinite = np.asarray(np.inf, dtype)
    return Patience(infinite, np.int32(-1), infinite, np.int32(0))


def set_baseline(patience: Patience, value: Array, there: Array) -> Patience:
    """Measure from `value`, the loss before the first epoch, where `there` says so.

    A loss that is not finite is nothing to measure from.
    """
    there &= jnp.isfinite(value)
    return patience._replace(
        best=jnp.where(there, value, patience.best),
        reference=jnp.where(there, value, patience.reference),
    )


def update_patience(
    patience: Patience, value: Array, epoch: Array, tol: Values
) -> tuple[Patience, Array]:
    """Take in the monitored loss of an epoch; also whether it is the lowest so far.

    Any improvement makes an epoch the best; only one of more than `tol` since the last that
    counted resets the patience. A loss that is not finite is no improvement.
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
