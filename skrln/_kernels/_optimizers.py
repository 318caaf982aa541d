# SPDX-License-Identifier: BSD-3-Clause
"""Solvers and schedules of optax, by name.

A solver gives the direction of a step; the loop multiplies it by minus the learning rate, so
that the rate stays a traced number.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import optax
from jax import Array

SOLVERS: dict[str, Callable[[Any], optax.GradientTransformation]] = {
    "adam": lambda momentum: optax.scale_by_adam(),
    "rmsprop": lambda momentum: optax.scale_by_rms(decay=0.9, eps=1e-7),
    "sgd": lambda momentum: optax.trace(decay=momentum),
}


def _multi_cycle(progress: Array) -> Array:
    """Four cosine cycles, each twice as long as the one before."""
    return 0.5 * (1 - jnp.cos(2 * jnp.pi * jnp.log2(1 + 15 * progress)))


#: Learning rate relative to the initial one, by progress in [0, 1) through the schedule.
SCHEDULES: dict[str, Callable[[Array], Array]] = {
    "constant": jnp.ones_like,
    "cosine": optax.cosine_decay_schedule(1.0, 1),  # type: ignore[dict-item]
    "multi_cycle": _multi_cycle,
}


def make_solver(name: str, momentum: Any) -> optax.GradientTransformation:
    """Transformation of gradients into directions."""
    return SOLVERS[name](momentum)


def rate_factor(schedule: str, step: Array, total_steps: Array) -> Array:
    """eta_t / eta_0 at `step`, counted from zero."""
    progress = jnp.minimum(step / total_steps, 1.0).astype(total_steps.dtype)
    return SCHEDULES[schedule](progress)


def warmup_factor(step: Array, warmup_steps: Array) -> Array:
    """Share of its full strength that the penalty has at `step`: linear, then one."""
    return jnp.minimum(1.0, (step + 1) / jnp.maximum(warmup_steps, 1.0)).astype(
        warmup_steps.dtype
    )
