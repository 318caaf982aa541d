# SPDX-License-Identifier: BSD-3-Clause
"""Schedules of the learning rate and of the penalty."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from ._devices import placed
from ._types import Schedule

#: Factor of the learning rate, by progress in [0, 1) through the fit.
BY_PROGRESS: dict[str, Callable[[Array], Array]] = {
    "constant": jnp.ones_like,
    # optax annotates a number as the result; traced, the result is an array.
    "cosine": optax.cosine_decay_schedule(1.0, 1),  # type: ignore[dict-item]
}
#: Factor of the learning rate, by steps divided by the decay steps.
BY_DECAY_STEPS: dict[str, Callable[[Array, Schedule], Any]] = {
    "power": lambda t, schedule: (1 + t) ** -schedule.power,
    "exponential": lambda t, schedule: optax.exponential_decay(1.0, 1, 0.1)(t),
}


def rate_factor(
    name: str, step: Array, total_steps: Array, schedule: Schedule
) -> Array:
    """eta_t / eta_0 at `step`, counted from zero.

    "performance" is one here: it lowers the rate at plateaus of the loss, see ``_stopping``.
    """
    dtype = total_steps.dtype
    if name in BY_PROGRESS:
        progress = jnp.minimum(step / total_steps, 1.0).astype(dtype)
        return BY_PROGRESS[name](progress)
    if name in BY_DECAY_STEPS:
        return BY_DECAY_STEPS[name](
            (step / schedule.decay_steps).astype(dtype), schedule
        )
    if name == "table":
        return jnp.take(schedule.table, step, mode="clip")
    return jnp.ones((), dtype)


def tabulate_rate(
    rate: Callable[[Any], Any],
    n_steps: int,
    *,
    precision: str = "float32",
    device: str | None = None,
) -> np.ndarray:
    """Learning rates of a schedule of optax at steps 0 to ``n_steps - 1``.

    For ``Hyper.schedule.table``: tabulated, all schedules of a length share a compiled
    program. A schedule that branches on the step in Python is called for every step.
    """
    with placed(device, precision):
        try:
            return np.asarray(jax.vmap(rate)(jnp.arange(n_steps)), float)
        except (jax.errors.ConcretizationTypeError, ValueError):
            return np.array([float(rate(step)) for step in range(n_steps)])


def warmup_factor(step: Array, warmup_steps: Array) -> Array:
    """Share of the full strength of the penalty at `step`: linear, then one."""
    return jnp.minimum(1.0, (step + 1) / jnp.maximum(warmup_steps, 1.0)).astype(
        warmup_steps.dtype
    )
