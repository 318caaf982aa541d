# SPDX-License-Identifier: BSD-3-Clause
"""Solvers, clipping and schedules of optax, by name.

A solver gives the direction of a step; the loop multiplies it by minus the learning rate, so
that the rate stays a traced number.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from ._types import Hyper, Schedule

SOLVERS: dict[str, Callable[[Any], optax.GradientTransformation]] = {
    "adam": lambda momentum: optax.scale_by_adam(),
    "rmsprop": lambda momentum: optax.scale_by_rms(decay=0.9, eps=1e-7),
    "sgd": lambda momentum: optax.trace(decay=momentum),
}
CLIPS: dict[str, Callable[[Hyper], optax.GradientTransformation]] = {
    "value": lambda hyper: optax.clip(hyper.clip_value),
    "norm": lambda hyper: optax.clip_by_global_norm(hyper.clip_norm),
}


def _multi_cycle(progress: Array) -> Array:
    """Four cosine cycles, each twice as long as the one before."""
    return 0.5 * (1 - jnp.cos(2 * jnp.pi * jnp.log2(1 + 15 * progress)))


#: Learning rate relative to the initial one, by progress in [0, 1) through the fit.
BY_PROGRESS: dict[str, Callable[[Array], Array]] = {
    "constant": jnp.ones_like,
    # optax types what a schedule returns as a number; traced, it is an array.
    "cosine": optax.cosine_decay_schedule(1.0, 1),  # type: ignore[dict-item]
    "multi_cycle": _multi_cycle,
}
#: The same by the number of decay steps that have passed.
BY_DECAY_STEPS: dict[str, Callable[[Array, Schedule], Any]] = {
    "power": lambda t, schedule: (1 + t) ** -schedule.power,
    "exponential": lambda t, schedule: optax.exponential_decay(1.0, 1, 0.1)(t),
}
#: Names that users may give; "performance" goes by plateaus of the loss, in the loop.
SCHEDULES = (*BY_PROGRESS, *BY_DECAY_STEPS, "performance")


def make_solver(name: str, momentum: Any) -> optax.GradientTransformation:
    """Transformation of gradients into directions."""
    return SOLVERS[name](momentum)


def clip_gradient(gradient: Any, clips: tuple[str, ...], hyper: Hyper) -> Any:
    """Bound the entries, or the length over all layers together."""
    for name in clips:
        gradient, _ = CLIPS[name](hyper).update(gradient, optax.EmptyState())
    return gradient


def rate_factor(
    name: str, step: Array, total_steps: Array, schedule: Schedule
) -> Array:
    """eta_t / eta_0 at `step`, counted from zero."""
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


def tabulate(rate: Callable[[Any], Any], n_steps: int) -> np.ndarray:
    """Values of a schedule of optax at steps 0 to ``n_steps - 1``.

    As a table, all schedules of a length share a compiled program. One that asks about the
    step in Python is called for every step.
    """
    try:
        return np.asarray(jax.vmap(rate)(jnp.arange(n_steps)), float)
    except (jax.errors.ConcretizationTypeError, ValueError):
        return np.array([float(rate(step)) for step in range(n_steps)])


def warmup_factor(step: Array, warmup_steps: Array) -> Array:
    """Share of its full strength that the penalty has at `step`: linear, then one."""
    return jnp.minimum(1.0, (step + 1) / jnp.maximum(warmup_steps, 1.0)).astype(
        warmup_steps.dtype
    )
