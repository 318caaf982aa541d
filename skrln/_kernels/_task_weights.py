# SPDX-License-Identifier: BSD-3-Clause
"""Weights of the tasks: fixed, or learned by uncertainty.

Fixed weights are in ``Data.weights``. "uncertainty" multiplies them by ``exp(-s)``, where the
log variance ``s`` of a task is learned with the weights of the network, and costs ``s / 2``
(Kendall, Gal and Cipolla 2018, Eq. 10, with ``s`` for the log of the squared noise): a noisy
task has a lower weight.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array

from ._types import Params


def with_log_variances(params: Params, n_tasks: int, dtype: np.dtype) -> Params:
    """Add log variances of zero to the last layer, unless it has some already."""
    last = params[-1]
    if last.log_variance is None:
        last = last._replace(log_variance=np.zeros(n_tasks, dtype))
    return (*params[:-1], last)


def task_factors(params: Params) -> Array:
    """Learned factor of the fixed weight of each task, (T,)."""
    return jnp.exp(-params[-1].log_variance)


def weighted_objective(losses: Array, params: Params) -> Array:
    """Objective of "uncertainty".

    Parameters
    ----------
    losses : Array of shape (T,)
        Loss of each task, with its fixed weight.
    params : tuple of Layer
    """
    total = jnp.sum(task_factors(params) * losses)
    return total + jnp.mean(params[-1].log_variance) / 2
