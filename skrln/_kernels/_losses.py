# SPDX-License-Identifier: BSD-3-Clause
"""Losses per sample and per task, and the one reducer of them all.

A loss maps outputs (B, n_outputs), targets (B, T), the heads and one number to values (B, T).
Targets of regression are on the scaled target; those of classification are class codes.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

#: Name of a loss, or of one for each task.
LossName = str | tuple[str, ...]
Loss = Callable[[Array, Array, tuple[int, ...], Array], Array]


def squared_error(
    outputs: Array, targets: Array, heads: tuple[int, ...], parameter: Array
) -> Array:
    """Half the squared residual."""
    del heads, parameter
    return optax.l2_loss(outputs, targets)


def absolute_error(
    outputs: Array, targets: Array, heads: tuple[int, ...], parameter: Array
) -> Array:
    """Absolute residual."""
    del heads, parameter
    return jnp.abs(outputs - targets)


def huber(
    outputs: Array, targets: Array, heads: tuple[int, ...], parameter: Array
) -> Array:
    """Half the squared residual up to `parameter`, linear beyond."""
    del heads
    residual = jnp.abs(outputs - targets)
    inner = jnp.minimum(residual, parameter)
    return 0.5 * inner**2 + parameter * (residual - inner)


def quantile(
    outputs: Array, targets: Array, heads: tuple[int, ...], parameter: Array
) -> Array:
    """Pinball loss at level `parameter`."""
    del heads
    residual = targets - outputs
    return jnp.maximum(parameter * residual, (parameter - 1) * residual)


def poisson(
    outputs: Array, targets: Array, heads: tuple[int, ...], parameter: Array
) -> Array:
    """Poisson deviance up to terms of the targets; `outputs` is the log of the mean."""
    del heads, parameter
    return jnp.exp(outputs) - targets * outputs


def log_loss(
    outputs: Array, targets: Array, heads: tuple[int, ...], parameter: Array
) -> Array:
    """Cross entropy per task: one logit for two classes, one per class for more."""
    del parameter
    if set(heads) == {1}:
        return optax.sigmoid_binary_cross_entropy(outputs, targets)
    values, start = [], 0
    for task, width in enumerate(heads):
        logits, target = outputs[:, start : start + width], targets[:, task]
        values.append(_one_task(logits, target, width))
        start += width
    return jnp.stack(values, axis=1)


def _one_task(logits: Array, target: Array, width: int) -> Array:
    if width == 1:
        return optax.sigmoid_binary_cross_entropy(logits[:, 0], target)
    # A one-hot product instead of a gather: its gradient is a subtraction, not a scatter.
    chosen = jax.nn.one_hot(target.astype(jnp.int32), width, dtype=logits.dtype)
    return optax.softmax_cross_entropy(logits, chosen)


LOSSES: dict[str, Loss] = {
    "squared_error": squared_error,
    "absolute_error": absolute_error,
    "huber": huber,
    "quantile": quantile,
    "poisson": poisson,
    "log_loss": log_loss,
}


def task_values(
    loss: LossName,
    outputs: Array,
    targets: Array,
    heads: tuple[int, ...],
    parameter: Array,
) -> Array:
    """Values (B, T) of the loss, or of the loss of each task."""
    if isinstance(loss, str):
        return LOSSES[loss](outputs, targets, heads, parameter)
    values, start = [], 0
    for task, (name, width) in enumerate(zip(loss, heads, strict=True)):
        part, target = outputs[:, start : start + width], targets[:, task : task + 1]
        values.append(LOSSES[name](part, target, (width,), parameter))
        start += width
    return jnp.concatenate(values, axis=1)


def sharpened(
    outputs: Array, factor: Array, loss: LossName, heads: tuple[int, ...]
) -> Array:
    """Outputs times `factor` where they are logits; numbers stay as they are."""
    if isinstance(loss, str):
        return outputs * factor
    is_logit = np.repeat([name == "log_loss" for name in loss], heads)
    return outputs * jnp.where(is_logit, factor, 1)


def reduce_tasks(values: Array, weights: Array) -> Array:
    """Sum over the rows of the values that count, (T,); see `reduce_loss`."""
    return jnp.sum(jnp.where(weights > 0, values, 0) * weights, axis=0)


def reduce_loss(values: Array, weights: Array) -> Array:
    """Sum of the values that count.

    Divided by the rows of the table it is the loss; padding and missing labels have weight
    zero. Where the weight is zero the value is replaced before the product, so that an
    infinite loss on padding reaches neither the sum nor its gradient.

    Parameters
    ----------
    values, weights : Array of shape (n, T)
    """
    return jnp.sum(jnp.where(weights > 0, values, 0) * weights)
