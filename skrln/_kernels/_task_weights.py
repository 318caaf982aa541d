# SPDX-License-Identifier: BSD-3-Clause
"""What the tasks count against one another: fixed, by uncertainty, or by how fast they learn.

Fixed weights are in ``Data.weights``. The other two multiply them by a factor of each task:

- "uncertainty": ``exp(-s)``, where the log variance ``s`` is learned with the weights of the
  network, and costs ``s / 2`` (Kendall, Gal and Cipolla 2018, Eq. 10, with ``s`` for the log of
  the squared noise): a task with much noise counts less.
- "dynamic": ``T * softmax(r / 2)`` over the ``T`` tasks, where ``r`` is the loss of the last
  epoch over that of the one before (Liu, Johns and Davison 2019, Eq. 7): a task whose loss
  falls slowly counts more. It is one in the first two epochs.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ._types import Params

WEIGHTINGS = ("fixed", "uncertainty", "dynamic")
#: What the ratios of losses are divided by: the higher, the more even the weights.
TEMPERATURE = 2.0


def with_log_variances(params: Params, n_tasks: int, dtype: np.dtype) -> Params:
    """Log variances in the last layer, zero where there are none yet."""
    last = params[-1]
    if last.log_variance is None:
        last = last._replace(log_variance=np.zeros(n_tasks, dtype))
    return (*params[:-1], last)


def task_factors(params: Params, recent: Any, weighting: str) -> Array:
    """What the fixed weight of each task is multiplied by, (T,).

    Parameters
    ----------
    params : tuple of Layer
    recent : Array of shape (2, T) or None
        Losses of the last two epochs, zero before the first; of "dynamic" only.
    weighting : {"uncertainty", "dynamic"}
    """
    if weighting == "uncertainty":
        return jnp.exp(-params[-1].log_variance)
    before, last = recent
    there = before > 0
    ratio = jnp.where(there, last / jnp.where(there, before, 1), 1)
    return ratio.shape[0] * jax.nn.softmax(ratio / TEMPERATURE)


def weighted_objective(
    tasks: Array, params: Params, recent: Array | None, weighting: str
) -> Array:
    """What is minimized.

    Parameters
    ----------
    tasks : Array of shape (T,)
        Loss of each task, with its fixed weight.
    """
    total = jnp.sum(task_factors(params, recent, weighting) * tasks)
    if weighting == "uncertainty":
        total += jnp.mean(params[-1].log_variance) / 2
    return total
